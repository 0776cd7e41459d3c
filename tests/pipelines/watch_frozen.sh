#!/bin/bash
# convnext-watch reports a picture that is frozen in a stream that goes on, and not one that is lost.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

# make_film FILE STILL: 10 s that move, STILL s that do not, 10 s that move.
make_film()
{
    local caps='video/x-raw,width=320,height=240,framerate=2/1'
    gst-launch-1.0 -q concat name=film ! jpegenc ! matroskamux ! filesink location="$1" \
        videotestsrc num-buffers=20 pattern=ball ! $caps ! film. \
        videotestsrc num-buffers=$(($2 * 2)) pattern=smpte75 ! $caps ! film. \
        videotestsrc num-buffers=20 pattern=ball ! $caps ! film. || wrong "cannot make a film"
}

# play FILE [ARGUMENT...]: puts the events of the freezes into the file freezes.
play()
{
    rm -f events
    timeout "$PATIENCE" "$CONVNEXT_WATCH" --set interval=1000 --events events "film=$1" "${@:2}" >lines 2>log \
        </dev/null || wrong "$1: status $?: $(cat log)"
    grep '"frozen"' events | sed 's/"time":"[^"]*",//' >freezes
}

# Time is that of the film, which plays faster. A freeze of a file has no time of day.
make_film still.mkv 75
play still.mkv
diff - freezes <<'END' || wrong "a still passage: $(cat events)"
{"stream":"film","event":"frozen","state":"begin","pts":10000000000,"seconds":60.0}
{"stream":"film","event":"frozen","state":"end","pts":10000000000,"seconds":75.5}
END
grep -q 'film: frozen, the picture has not changed for 60 s' log || wrong "the status: $(cat log)"
grep -q 'film: no longer frozen, the picture did not change for 76 s' log || wrong "the status: $(cat log)"
for never in 76 0; do
    play still.mkv --set "frozen-time=$never"
    [ ! -s freezes ] || wrong "frozen-time=$never: $(cat freezes)"
done

# A file that ends while it is frozen.
gst-launch-1.0 -q videotestsrc num-buffers=20 pattern=smpte75 ! 'video/x-raw,framerate=2/1' ! jpegenc \
    ! matroskamux ! filesink location=end.mkv || wrong "cannot make a film"
play end.mkv --set frozen-time=5
[ "$(tail -n 1 freezes)" = '{"stream":"film","event":"frozen","state":"end","pts":0,"seconds":9.5}' ] ||
    wrong "the end of a frozen file: $(cat events)"
[ "$(tail -n 3 events | grep -c -E '"(frozen","state":"end|ended|stopped)"')" -eq 3 ] ||
    wrong "the order at the end of a frozen file: $(cat events)"

# A live picture: noise is not frozen, and neither is a camera that has stopped.
: >events
start_watch --events events --set frozen-time=1 --set input-size=64 bars=test:smpte75 snow=test:snow
wait_for events 1 '"bars","event":"frozen","state":"begin"'
wait_for lines 60 '"stream":"snow"'
stop_watch TERM
time='"20[0-9-]+T[0-9:.]+Z"'
grep -q -E "^\{\"time\":$time,\"stream\":\"bars\",\"event\":\"frozen\",\"state\":\"begin\",\"since\":$time,\"pts\":[0-9]+,\"seconds\":1\.[0-9]+\}\$" events ||
    wrong "a live picture: $(cat events)"
[ "$(grep -c '"bars","event":"frozen","state":"end"' events)" -eq 1 ] || wrong "no end: $(cat events)"
grep -q '"snow","event":"frozen"' events && wrong "noise is frozen: $(cat events)"
expect_refusal "frozen-time is '1e-9', expected 0 or a number from 1 to 86400" \
    "$CONVNEXT_WATCH" test:ball --set frozen-time=1e-9
exit $bad
