#!/bin/bash
# Writes lists of ImageNet's class names, for models without labels:
#
#   imagenet-labels.sh [--wheel FILE] [FOLDER]
#
# The element finds them in the default folder, $XDG_DATA_HOME/gst-convnext.
#
# The names are WordNet's and come from the Python package timm (Apache-2.0). One version is downloaded
# from PyPI, compared with its SHA-256, and not executed. --wheel FILE uses a downloaded copy, of any
# version.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/pipelines/lib.sh"
timm_version=1.0.31
timm_sha256=5bd50f7d0fe6d09bf9285ac2523234a1b7e6bf075c0be3e7aed09139fcb617c7
usage='usage: imagenet-labels.sh [--wheel FILE] [FOLDER]'
folder=${XDG_DATA_HOME:-$HOME/.local/share}/gst-convnext
wheel=
given=

while [ $# -gt 0 ]; do
    case $1 in
    --wheel)
        [ $# -ge 2 ] || cnx_die "--wheel needs a file"
        wheel=$2
        [ -f "$wheel" ] || cnx_die "the file $wheel does not exist"
        shift
        ;;
    -h | --help)
        printf '%s\n\n' "$usage"
        echo "Writes lists of ImageNet's class names, for models without labels. The default folder is"
        echo "$folder; --wheel FILE uses a downloaded copy of the Python package timm."
        exit 0
        ;;
    -*)
        printf '%s\n' "$usage" >&2
        cnx_die "unknown option $1"
        ;;
    *)
        [ -z "$given" ] || cnx_die "expected one folder, found a second one: '$1'"
        [ -n "$1" ] || cnx_die "the folder's name is empty"
        folder=$1 given=1
        ;;
    esac
    shift
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if [ -z "$wheel" ]; then
    cnx_install python3 python3-pip
    python3 -m pip download -q --no-deps --only-binary :all: --dest "$scratch" "timm==$timm_version" >&2 ||
        cnx_die "cannot download version $timm_version of the Python package timm"
    wheel=$(echo "$scratch"/timm-*.whl)
    found=$(sha256sum "$wheel")
    [ "${found%% *}" = "$timm_sha256" ] ||
        cnx_die "${wheel##*/}: has the SHA-256 ${found%% *}, expected $timm_sha256"
else
    cnx_install python3
fi
python3 -m zipfile -e "$wheel" "$scratch/timm" 2>/dev/null || cnx_die "$wheel: not a wheel of timm"
info=$scratch/timm/timm/data/_info

# make_list NAME SYNSETS COUNT: writes the names for a list of WordNet numbers, one per line.
make_list()
{
    local synsets=$info/$2 count
    [ -f "$synsets" ] || cnx_die "$wheel: lacks timm/data/_info/$2"
    awk -F '\t' 'NR == FNR { name[$1] = $2; next }
        !($1 in name) || name[$1] == "" { exit 1 }
        { print name[$1] }' "$info/imagenet_synset_to_lemma.txt" "$synsets" >"$scratch/list" ||
        cnx_die "$wheel: lacks a name for a class of $2"
    count=$(wc -l <"$scratch/list")
    [ "$count" -eq "$3" ] || cnx_die "$wheel: $2 lists $count classes, expected $3"
    mkdir -p "$folder" 2>/dev/null || cnx_die "$folder: cannot be created as a folder"
    mv "$scratch/list" "$folder/$1"
    cnx_say "$folder/$1: $count names"
}

make_list imagenet-1k.txt imagenet_synsets.txt 1000
make_list imagenet-12k.txt imagenet12k_synsets.txt 11821
make_list imagenet-22k.txt imagenet22k_synsets.txt 21841
