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
    timeout "$PATIENCE" "$CONVNEXT_WATCH" --set interval=1000 --set input-size=64 --events events "film=$1" "${@:2}" >lines 2>log \
        </dev/null || wrong "$1: status $?: $(cat log)"
    grep '"frozen"' events | sed 's/"time":"[^"]*",//' >freezes
}

# Time is that of the film, which plays faster. A freeze of a file has no time of day.
make_film still.mkv 75
play still.mkv
diff - freezes <<'END' || wrong "a still passage: $(cat events)"
{"event":"frozen","camera":"film","state":"begin","pts":10000000000,"seconds":60.0}
{"event":"frozen","camera":"film","state":"end","pts":10000000000,"seconds":75.5}
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
[ "$(tail -n 1 freezes)" = '{"event":"frozen","camera":"film","state":"end","pts":0,"seconds":9.5}' ] ||
    wrong "the end of a frozen file: $(cat events)"
[ "$(grep -c '' freezes)" -eq 2 ] || wrong "more than one freeze: $(cat events)"
grep -q 'film: no longer frozen, the picture did not change for 10 s' log || wrong "the status: $(cat log)"

# A live picture: noise is not frozen. A camera that is removed or stops shows no new picture.
: >events
printf '[watch]\nfrozen-time=1\ninput-size=64\n[bars]\nsource=test:smpte75\n[snow]\nsource=test:snow\n' >list.ini
cp list.ini both.ini
printf '[gone]\nsource=test:smpte100\n' >>list.ini
start_watch --events events --config list.ini
wait_for events 1 '"frozen","camera":"bars",.*"state":"begin"'
wait_for events 1 '"frozen","camera":"gone",.*"state":"begin"'
wait_for lines 60 '"stream":"snow"'
mv both.ini list.ini
kill -HUP "$watch"
wait_for log 1 'gone: stopped'
stop_watch TERM
grep 'no longer frozen' log && wrong "a camera that has stopped is reported as moving"
time='"20[0-9-]+T[0-9:.]+Z"'
grep -q -E "^\{\"event\":\"frozen\",\"camera\":\"bars\",\"time\":$time,\"state\":\"begin\",\"since\":$time,\"pts\":[0-9]+,\"seconds\":1\.[0-9]+\}\$" events ||
    wrong "a live picture: $(cat events)"
grep -E '"frozen","camera":"(bars|gone)",.*"state":"end"' events && wrong "a camera that has stopped moves again"
grep -q '"frozen","camera":"snow"' events && wrong "noise is frozen: $(cat events)"
expect_refusal "frozen-time is '1e-9', expected 0 or a number from 1 to 86400" \
    "$CONVNEXT_WATCH" test:ball --set frozen-time=1e-9

# A camera that is lost while it is frozen: the freeze lasts until it is back and its picture moves.
serve()
{
    "$RTSP_SERVER" --port "$1" "videotestsrc is-live=true pattern=$2
        ! video/x-raw,format=I420,width=320,height=240,framerate=10/1 ! jpegenc ! rtpjpegpay name=pay0 pt=26" >"camera-$2" &
    camera=$!
    server+=" $camera"
    wait_for_line "camera-$2"
}

# lose COUNT: kills the camera, and waits for the loss number COUNT.
lose()
{
    kill "$camera"
    wait "$camera" 2>/dev/null
    server=${server/ $camera/}
    wait_for log "$1" 'door: waiting'
}

if [ -n "${RTSP_SERVER:-}" ]; then
    serve 0 smpte75
    address=$(cat camera-smpte75)
    port=${address##*:}
    port=${port%%/*}
    : >events
    start_watch --events events --set frozen-time=2 --set input-size=64 "door=$address"
    wait_for events 1 '"frozen".*"state":"begin"'
    lose 1
    serve "$port" smpte75
    wait_for log 2 'door: playing'
    shown=$(wc -l <lines)
    wait_for lines $((shown + 40)) 'door'
    lose 2
    [ "$(grep -c '"frozen"' events)" -eq 1 ] || wrong "a loss changes a freeze: $(cat events)"
    serve "$port" ball
    wait_for events 1 '"frozen".*"state":"end"'
    wait_for log 1 'door: no longer frozen'
    stop_watch TERM
    [ "$(grep -c '"frozen"' events)" -eq 2 ] || wrong "more than one freeze: $(cat events)"
fi
exit $bad
