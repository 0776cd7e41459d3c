#!/bin/bash
# convnext-watch on real RTSP streams from servers on localhost: an H.264 clip whose server is killed
# and restarted, an MJPEG clip that ends and starts again, a camera with a login that changes its frame
# size and stalls, one with a wrong password, one whose UDP packets a firewall drops, one that replies
# slowly and hangs up before its first frame, and one that keeps playing throughout. No password is
# printed anywhere.
#
# The network is small and the film waits for it, so that there are results on a machine that needs
# seconds for each.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

if [ -z "${RTSP_SERVER:-}" ]; then
    echo "gst-rtsp-server is not installed"
    exit 77
fi
if ! gst-inspect-1.0 --exists x264enc; then
    echo "x264enc is not installed"
    exit 77
fi

# run NAME COMMAND...: starts a server, which writes its address to the file NAME and reads commands
# from the pipe NAME.in. This shell keeps the pipe open, so that writing a command does not block.
declare -A pids
run()
{
    local name=$1 held
    shift
    if [ ! -p "$name.in" ]; then
        mkfifo "$name.in"
        exec {held}<>"$name.in"
    fi
    : >"$name"
    "$@" >"$name" <>"$name.in" &
    pids[$name]=$!
    server+=" $!"
    wait_for_line "$name"
}

# serve NAME ARGUMENT...
serve()
{
    run "$1" "$RTSP_SERVER" "${@:2}"
}

picture='video/x-raw,format=I420,width=320,height=240,framerate=15/1'
h264='x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15'
# shellcheck disable=SC2086 # lists of words
gst-launch-1.0 -q videotestsrc num-buffers=45 pattern=ball ! $picture ! $h264 \
    ! video/x-h264,stream-format=byte-stream ! filesink location=clip.h264 ||
    wrong "cannot make an H.264 clip"
gst-launch-1.0 -q videotestsrc num-buffers=45 pattern=ball ! $picture ! jpegenc \
    ! avimux ! filesink location=film.avi || wrong "cannot make an MJPEG clip"

clip="multifilesrc location=$work/clip.h264 loop=true ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1"
serve clip "$clip"
serve film "filesrc location=$work/film.avi ! avidemux ! rtpjpegpay name=pay0 pt=26"
serve door --login 'joe:s3cr3t:word' "videotestsrc is-live=true pattern=ball ! capsfilter name=size
    caps=video/x-raw,width=320,height=240 ! video/x-raw,framerate=15/1 ! $h264
    ! rtph264pay name=pay0 pt=96 config-interval=-1"
serve walled
echo firewall >walled.in
run rude "$RTSP_HANGUP"

printf '\357\273\277joe:s3cr3t:word\r\n' >login # as Windows' editors write it
export WRONG_LOGIN=joe:w3akw0rd
cat >list.ini <<END
[watch]
metrics = 0
events = events
reconnect-max = 1
stall-timeout = 60
connect-timeout = 120
input-size = 64

[clip]
source = $(cat clip)

[film]
source = $(sed s/rtsp:/rtspu:/ film)
mode = sync

[door]
source = $(cat door)
credentials-file = login
stall-timeout = 4

[locked]
source = $(cat door)
credentials-env = WRONG_LOGIN

[walled]
source = $(cat walled)
protocols = tcp+udp

[rude]
source = $(cat rude)
stall-timeout = 1.5

[still]
source = test:ball
END
start_watch --config list.ini
for name in clip film door still; do
    wait_for log 1 "$name: playing, "
    wait_for lines 5 "\"stream\":\"$name\""
done
wait_for log 1 'locked: waiting, the camera refuses the credentials: .*[Uu]nauthorized'
wait_for log 1 'rude: waiting, the camera closed the connection' # its slow reply is not taken for a stall

# One camera is lost while another changes its frame size.
kill -9 "${pids[clip]}"
echo 'size 640 480' >door.in
wait_for log 1 'clip: waiting, '
wait_for log 1 'door: playing, 640x480'
wait_for lines 1 '"stream":"door".*"width":640,"height":480'
wait_for log 1 'film: waiting, the stream ended'
wait_for log 2 'clip: waiting, ' # its last frame has been published by then
gone=$(grep -c '"stream":"clip"' lines)
still=$(grep -c '"stream":"still"' lines)
wait_for lines $((still + 20)) '"stream":"still"'
[ "$(grep -c '"stream":"clip"' lines)" -eq "$gone" ] || wrong "a lost camera still has new lines"

# The first camera comes back while the other stalls with its connection open.
port=$(sed 's,.*:\([0-9]*\)/live,\1,' clip)
serve clip --port "$port" "$clip"
echo stall >door.in
wait_for log 2 'clip: playing, [0-9]'
wait_for lines $((gone + 5)) '"stream":"clip"'
wait_for log 1 'door: waiting, no frame for 4 s'
stalled=$(grep -c '"stream":"door"' lines)
echo go >door.in
wait_for log 3 'door: playing, [0-9]'
wait_for lines $((stalled + 5)) '"stream":"door"'
wait_for lines 5 '"stream":"walled"'

# All lost connections close, however long that takes.
port=$(sed -n 's,.*http://127.0.0.1:\([0-9]*\)/metrics$,\1,p' log)
for _ in $(seq $((PATIENCE * 2))); do
    scrape scraped
    grep -q '^convnext_connections_left_behind [1-9]' scraped || break
    sleep 0.5
done
grep '^convnext_connections_left_behind [1-9]' scraped && wrong "a connection did not close: $(cat log)"
tr '\0' '\n' <"/proc/$watch/cmdline" >arguments
stop_watch INT
grep -E '(still|walled): waiting' log && wrong "an available camera was lost"
grep -q '^still: [1-9][0-9]* frames, [1-9][0-9]* results, 0 reconnects' log ||
    wrong "an undisturbed camera has reconnected: $(cat log)"
grep -q '^clip: .* [1-9][0-9]* reconnects' log || wrong "no reconnect is reported: $(cat log)"
grep -q '^locked: 0 frames, 0 results' log || wrong "frames despite a refused login: $(cat log)"
expect_lines lines 0 # frame numbers continue after a reconnect
grep -v -q '"time":"20[0-9-]*T[0-9:]*\.[0-9]*Z"' lines && wrong "a line of a camera without the time: $(head -n 1 lines)"
grep -q '^convnext_reconnects_total{stream="clip"} [1-9]' scraped || wrong "$(cat scraped)"
grep -q '^convnext_camera_state{stream="locked",state="waiting"} 1' scraped || wrong "$(cat scraped)"

# The caps at the jitter buffer contain neither the film's end, which could hang it while it is closed,
# nor ssrc fields, which GStreamer would never free.
GST_DEBUG=rtpjitterbuffer:5,rtspsrc:5 GST_DEBUG_FILE=debug start_watch "film=$(cat film)"
wait_for log 1 'film: playing'
stop_watch INT
grep 'npt start/stop: ' debug | grep -v -q -e '-99:99:99' && wrong "$(grep 'npt start/stop: ' debug)"
grep -q ' caps .*encoding-name' debug || wrong "no caps: $(tail -n 20 debug)"
grep -o -E 'ssrc-[0-9]+-[a-z]+' debug && wrong "ssrc fields in the caps"

grep -s -n -E 's3cr3t|w3akw0rd' lines log arguments events scraped scraped.head && wrong "a password was printed"
exit $bad
