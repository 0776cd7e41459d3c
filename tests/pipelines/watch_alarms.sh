#!/bin/bash
# The events of convnext-watch, each once: a camera that is lost and back, one that never answers, states and
# problems, a file that cannot be played, quiet hours, and refused values of the keys.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"
time='"20[0-9-]+T[0-9:.]+Z"'

# expect_event LINE: expects one event that matches the extended regular expression.
expect_event()
{
    [ "$(grep -c -E "^\{$1\}\$" events)" -eq 1 ] || wrong "expected one event like $1: $(cat events)"
}

# Colour bars are no signal, which is a problem, since the model's rest class is normal.
bars=test:smpte
: >events
start_watch --events events --set alarm-after=0.2 --set clear-after=0.2 \
    --set smoothing-time=200000000 "bars=$bars"
wait_for events 1 '"problem-begin"'
stop_watch TERM
expect_event "\"event\":\"state\",\"camera\":\"bars\",\"time\":$time,\"new\":\"no-signal\",\"score\":[01]\.[0-9]+,\"since\":$time"
expect_event "\"event\":\"problem-begin\",\"camera\":\"bars\",\"time\":$time,\"label\":\"no-signal\",\"score\":[01]\.[0-9]+,\"since\":$time"
grep -q 'bars: the picture is no-signal$' log || wrong "the status: $(cat log)"

# What is normal, ignored or quiet raises no alarm. At this input size the bars are called normal.
hour=$(date +%H)
next=$(printf '%02d' $(((10#$hour + 2) % 24)))
cat >list.ini <<END
[watch]
alarm-after = 0
smoothing-time = 200000000
input-size = 64
normal = dark
[normal]
source = $bars
normal = dark, normal
[ignored]
source = $bars
ignore = normal
[quiet]
source = $bars
quiet = $hour:00-$next:00
[alarm]
source = $bars
END
: >events
start_watch --events events --config list.ini
wait_for events 4 '"state"'
wait_for events 1 '"problem-begin"'
for name in normal ignored quiet; do
    wait_for lines 20 "\"stream\":\"$name\""
done
stop_watch TERM
grep '"problem-begin"' events | grep -v '"camera":"alarm"' && wrong "an alarm for what is normal, ignored or quiet"

# A file that cannot be played is lost at once, and one that ends is not lost.
echo nothing >text.mp4
make_clip film.mov 60
: >events
"$CONVNEXT_WATCH" --events events --set input-size=64 film.mov text.mp4 >lines 2>log </dev/null && wrong "text.mp4 is a film"
expect_event "\"event\":\"camera-lost\",\"camera\":\"text.mp4\",\"time\":$time,\"cause\":\".*\""
[ "$(grep -c '"camera-lost"' events)" -eq 1 ] || wrong "a film is lost: $(cat events)"

# The problem of a film is measured by its own time: 16 s, played in less.
gst-launch-1.0 -q videotestsrc num-buffers=80 pattern=smpte ! 'video/x-raw,width=320,height=240,framerate=5/1' \
    ! jpegenc ! matroskamux ! filesink location=slate.mkv || wrong "cannot make a film"
: >events
for after in 15 17; do
    "$CONVNEXT_WATCH" --events events --set input-size=64 --set normal=dark --set alarm-after=$after \
        "slate$after=slate.mkv" >lines 2>log </dev/null ||
        wrong "slate.mkv: status $?: $(cat log)"
done
[ "$(grep -c '"problem-begin","camera":"slate15"' events)" -eq 1 ] || wrong "no problem in a film: $(cat events)"
grep '"problem-begin","camera":"slate17"' events && wrong "a film of 16 s shows a problem of 17 s"

expect_refusal "quiet is '25:00-06:00', expected HH:MM-HH:MM" "$CONVNEXT_WATCH" test:ball --set quiet=25:00-06:00
expect_refusal "expect is 'maybe', expected always or sleeps" "$CONVNEXT_WATCH" test:ball --set expect=maybe
expect_refusal "test:ball]: normal names 'Dark', expected labels of the camera's model: normal, dark, " \
    "$CONVNEXT_WATCH" test:ball --set normal=dark,Dark
expect_refusal 'normal names no label' "$CONVNEXT_WATCH" test:ball --set normal=,
expect_refusal "offline-after is '-1', expected a number from 0 to 86400" "$CONVNEXT_WATCH" test:ball --set offline-after=-1

# A camera that never answers is lost once, however often it is tried. Its attempts are printed after the
# first, the second, the fourth, ... failure.
: >events
start_watch --events events --set reconnect-min=0.05 --set reconnect-max=0.05 --set offline-after=1 \
    gone=rtsp://127.0.0.1:1/live sleeps=test:ball
wait_for log 4 'gone: waiting'
wait_for events 1 '"camera-lost"'
wait_for log 5 'gone: waiting'
stop_watch TERM
expect_event "\"event\":\"camera-lost\",\"camera\":\"gone\",\"time\":$time,\"since\":$time,\"cause\":\".*\""
[ "$(grep -c '"camera-lost"' events)" -eq 1 ] || wrong "lost more than once: $(cat events)"
[ "$(grep -c 'gone: connecting' log)" -eq 1 ] || wrong "each attempt is printed: $(cat log)"

# A real camera that is killed and comes back, in a list that is reloaded meanwhile.
start_camera
address=$(cat camera)
port=${address##*:}
port=${port%%/*}
camera=$server
printf '[watch]\noffline-after=1\nreconnect-max=0.5\ninput-size=64\n[door]\nsource=%s\n' "$address" >list.ini
: >events
start_watch --events events --config list.ini
wait_for lines 5 '"stream":"door"'
kill -9 "$camera"
server=${server/$camera/}
wait_for events 1 '"camera-lost"'
echo 'alarm-after=20' >>list.ini
kill -HUP "$watch"
wait_for log 1 'reloaded the camera list'
"$RTSP_SERVER" --port "$port" >camera-again &
server+=" $!"
wait_for events 1 '"camera-back"'
stop_watch TERM
expect_event "\"event\":\"camera-back\",\"camera\":\"door\",\"time\":$time,\"since\":$time,\"outage\":[0-9.]+"
[ "$(grep -c '"camera-lost"' events)" -eq 1 ] || wrong "lost more than once: $(cat events)"
grep -q 'door: the camera is back after' log || wrong "the status: $(cat log)"
exit $bad
