#!/bin/bash
# What convnext-watch reports with a baseline and without: false alarms, and cameras that are turned, shifted or show
# another scene.
#
#     tests/bench/baseline.sh CLIP CLIP...
#
# CLIP: a film of a fixed camera, or a folder of films of one. The camera looks at a window of 70 % of the film's width
# and height, at 5 frames per second. The first half of the film is learnt. The second half follows, as after a day, as
# it is or changed: by another window of the film, so that a shift is 20 % of the picture, or by a filter. Problems are
# the events problem-begin. A table for all clips goes to standard output, a line for each film to standard error. It
# needs x264enc and gaussianblur. CONVNEXT_BUILD names the build folder.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/pipelines/env.sh"
watch=$CONVNEXT_BUILD/pipelines/convnext-watch
width=640 height=480 fps=5
moved_after=10
if [ $# -lt 2 ]; then
    sed -n '5p' "$0" | cut -c 7- >&2
    exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The frames of a clip as pictures.
split_clip()
{
    local files file picture n=0
    mkdir "$work/$2" "$work/$2.part"
    mapfile -t files < <(find "$1" -type f | sort)
    for file in "${files[@]}"; do
        gst-launch-1.0 -q filesrc location="$file" ! decodebin ! videorate drop-only=true ! videoconvert ! videoscale \
            ! "video/x-raw,width=$width,height=$height,framerate=$fps/1,pixel-aspect-ratio=1/1" ! jpegenc quality=95 \
            ! multifilesink location="$work/$2.part/%05d.jpg"
        for picture in "$work/$2.part"/*.jpg; do
            mv "$picture" "$work/$2/$(printf '%05d' $n).jpg"
            n=$((n + 1))
        done
    done
}

# A window of the frame, by its left upper corner and its size in percent.
window()
{
    echo "videocrop left=$((width * $1 / 100)) top=$((height * $2 / 100)) \
        right=$((width * (100 - $1 - $3) / 100)) bottom=$((height * (100 - $2 - $3) / 100)) ! videoconvert ! videoscale \
        ! video/x-raw,format=I420,width=$((width * 70 / 100)),height=$((height * 70 / 100)),pixel-aspect-ratio=1/1"
}

pictures()
{
    echo "multifilesrc location=$work/$1/%05d.jpg start-index=$2 stop-index=$3 caps=image/jpeg,framerate=$fps/1 ! jpegdec \
        ! videoconvert"
}

# make_film FILE PICTURES CHANGE...
make_film()
{
    # shellcheck disable=SC2086,SC2048 # elements and their properties
    gst-launch-1.0 -q $2 ! $whole ! ${*:3} ! x264enc speed-preset=ultrafast bitrate=1500 key-int-max=25 ! matroskamux \
        ! filesink location="$1"
}

count_frames()
{
    find "$work/$1" -name '*.jpg' | wc -l
}

# learn CLIP: learns the first half of a clip, as a camera that has been watched for a day.
learn()
{
    local half
    half=$(($(count_frames "$1") / 2))
    make_film "$work/learn.mkv" "$(pictures "$1" 0 $((half - 1)))" "$(window 15 15 70)"
    rm -rf "$work/$1.state"
    mkdir "$work/$1.state"
    "$watch" --set "state-dir=$work/$1.state" --set "baseline=$((half * 8 / 10 / fps))s" with="$work/learn.mkv" \
        >/dev/null 2>"$work/log"
    if ! grep -q 'baseline: learnt$' "$work/log"; then
        echo "$1: $(grep 'baseline: cannot' "$work/log")" >&2
        return
    fi
    python3 - "$work/$1.state/with.baseline" <<'END'
import hashlib, struct, sys
data = bytearray(open(sys.argv[1], 'rb').read()[:-32])
struct.pack_into('<d', data, 48, 86400)
open(sys.argv[1], 'wb').write(data + hashlib.sha256(data).digest())
END
}

# count EVENT CAMERA: how often the event is in the file.
count()
{
    grep "\"event\":\"$1\",\"camera\":\"$2\"" "$work/events" | grep -c -v '"state":"end"' || true
}

# report CLIP OTHER CHANGE...: counts what is reported of the second half of another clip, or of the same, if that is
# changed.
report()
{
    local frames
    frames=$(count_frames "$2")
    make_film "$work/film.mkv" "$(pictures "$2" $((frames / 2)) $((frames - 1)))" "${*:3}"
    rm -rf "$work/state" "$work/events"
    cp -r "$work/$1.state" "$work/state"
    cat >"$work/list.ini" <<END
[with]
source = $work/film.mkv
baseline = 24h
state-dir = $work/state
moved-after = $moved_after
[without]
source = $work/film.mkv
END
    "$watch" --events "$work/events" --config "$work/list.ini" >/dev/null 2>"$work/log"
    moved=$(count moved with)
    with=$(count problem-begin with)
    without=$(count problem-begin without)
    frames=$(((frames + 1) / 2))
    total=$((total + frames))
    echo "$1, $name: moved $moved, problems with the baseline $with, without $without" >&2
}

# row NAME CHANGE...: a line of the table for all clips. CHANGE swap is the next clip.
row()
{
    local i next all_moved=0 all_with=0 all_without=0
    name=$1
    total=0
    for i in "${!clips[@]}"; do
        if [ "$2" = swap ]; then
            next=${clips[$(((i + 1) % ${#clips[@]}))]}
            report "${clips[$i]}" "$next" "$(window 15 15 70)"
        else
            report "${clips[$i]}" "${clips[$i]}" "${@:2}"
        fi
        all_moved=$((all_moved + (moved > 0)))
        all_with=$((all_with + with))
        all_without=$((all_without + without))
    done
    printf '| %s | %d of %d | %d | %d | %.1f |\n' "$name" $all_moved ${#clips[@]} $all_with $all_without \
        "$(awk "BEGIN {print $total / $fps / 60}")"
}

# learn_all FILTER: with a filter for both halves.
learn_all()
{
    whole=$1
    for clip in "${clips[@]}"; do
        learn "$clip"
    done
}

# The processor time of a result of the last film, in milliseconds, with these arguments of convnext-watch.
cost()
{
    local TIMEFORMAT='%U %S' time results
    time=$({ time "$watch" --set threads=1 "$@" film="$work/film.mkv" >"$work/lines" 2>/dev/null; } 2>&1)
    results=$(wc -l <"$work/lines")
    awk "BEGIN {split(\"$time\", t, \" \"); printf \"%.2f\", (t[1] + t[2]) * 1000 / $results}"
}

clips=()
for clip; do
    name=$(basename "$clip")
    split_clip "$clip" "${name%.*}"
    clips+=("${name%.*}")
done
base=$(window 15 15 70)
# shellcheck disable=SC2016 # the name of an event
echo '| second half | `moved` | problems with the baseline | problems without | minutes |'
echo '| --- | --- | --- | --- | --- |'
learn_all identity
row 'as it is' "$base"
row 'brighter by 5 %' "videobalance brightness=0.05 ! $base"
row 'darker by 5 %' "videobalance brightness=-0.05 ! $base"
row 'brighter by 10 %' "videobalance brightness=0.1 ! $base"
row 'shifted by 20 % of the picture, to the left' "$(window 1 15 70)"
row 'shifted by 20 %, to the right' "$(window 29 15 70)"
row 'shifted by 20 %, down' "$(window 15 29 70)"
row 'shifted by 20 %, right and down' "$(window 29 29 70)"
row 'zoomed in by 40 %' "$(window 25 25 50)"
row 'zoomed out by 40 %' "$(window 0 0 100)"
row 'turned by 10 degrees' "rotate angle=0.175 ! videoconvert ! $base"
row 'turned by 30 degrees' "rotate angle=0.524 ! videoconvert ! $base"
row 'upside down' "videoflip video-direction=vert ! $base"
row 'another scene' swap
row 'out of focus' "gaussianblur sigma=5 ! videoconvert ! $base"
learn_all 'videobalance contrast=0.44'
row 'as it is, but all with 44 % of the contrast' "$base"
learn_all 'videobalance contrast=0.36'
row 'as it is, but all with 36 % of the contrast' "$base"
rm -rf "$work/state"
mkdir "$work/state"
echo
echo 'Processor time of a result, decoding included, in ms, three times each:'
for _ in 1 2 3; do
    echo "without $(cost), with the embedding $(cost --set outputs=classes+embedding), with the baseline" \
        "$(cost --set baseline=5s --set "state-dir=$work/state")"
done
