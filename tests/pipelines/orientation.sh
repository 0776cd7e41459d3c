#!/bin/bash
# Films that are stored on their side, with a display matrix as phones write it: all tools turn the
# network's input, and find the classes of frames that videoflip turned.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"
zero='\0\0\0\0' one='\0\1\0\0' minus='\377\377\0\0' last='\0100\0\0\0'

# make_side FILE A B C D: makes a film with this display matrix. The muxers of older releases do not
# write one, so it is written into the header of the first track.
make_side()
{
    local at
    make_clip "$1" 5
    at=$(grep -obUaP 'tkhd' "$1" | head -n 1 | cut -d: -f1)
    printf '%b' "$2$3$zero$4$5$zero$zero$zero$last" |
        dd of="$1" bs=1 seek=$((at + 44)) conv=notrunc 2>/dev/null || wrong "$1: no matrix"
}

# classes FILE: the classes and orientations of the lines.
classes()
{
    grep -o -E '"(orientation|classes)":("[^"]*"|\[[^]]*\])' "$1"
}

# play ELEMENT...: plays up.mov through the elements.
play()
{
    gst-launch-1.0 -q filesrc location=up.mov ! decodebin ! "$@" ! convnextpublish ! fakesink
}

make_clip up.mov 5
make_side 90r.mov "$zero" "$one" "$minus" "$zero"
make_side 180.mov "$minus" "$zero" "$zero" "$minus"
make_side 90l.mov "$zero" "$minus" "$one" "$zero"
play convnext >up
classes up >up.classes
for turn in 90r 180 90l; do
    play videoflip video-direction=$turn ! convnext >flipped
    play convnext orientation=$turn >chosen
    "$quickstart" --json $turn.mov 2>log </dev/null | sed '/^$/,$d' >quick || wrong "$turn: $(cat log)"
    timeout "$PATIENCE" "$CONVNEXT_WATCH" $turn.mov >watch 2>log </dev/null || wrong "$turn: $(cat log)"
    timeout "$PATIENCE" "$CONVNEXT_WATCH" --set=orientation=identity $turn.mov >stored 2>log </dev/null ||
        wrong "$turn: $(cat log)"
    printf '[film]\nsource = %s\n[film:all]\nroi = 0,0,1,1\n' "$turn.mov" >list.ini
    timeout "$PATIENCE" "$CONVNEXT_WATCH" --config list.ini 2>log </dev/null | grep '"stream":"film:all"' >part ||
        wrong "$turn: no results of a part: $(cat log)"
    expect_lines quick 5
    [ "$(grep -c "\"region\":\[0,0,320,240\],\"orientation\":\"$turn\"" quick)" -eq 5 ] ||
        wrong "$turn: quickstart does not turn the frames: $(head -n 1 quick)"
    classes flipped >flipped.classes
    grep -q orientation flipped.classes && wrong "$turn: an upright frame has an orientation"
    cmp -s flipped.classes up.classes && wrong "$turn: the picture looks the same when it is turned"
    for lines in chosen quick watch part; do
        classes $lines | grep -v orientation | cmp -s - flipped.classes ||
            wrong "$turn: $lines differs from videoflip: $(head -n 1 $lines flipped)"
    done
    classes stored | cmp -s - up.classes || wrong "$turn: orientation=identity turns the frames"
done
exit $bad
