#!/bin/bash
# convnext-watch: groups [CAMERA:PART] look at the frames of one camera, which has one connection and one
# decoder. Each part has its own results, states, events, pictures and topics; losing the camera is an
# event of the camera alone. Parts come and go by SIGHUP while their camera keeps playing.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

# The refusals: groups that cannot be parts, and keys that a part cannot have.
# refuse WORDS LINE...: expects a list with these lines to be refused.
refuse()
{
    local words=$1
    shift
    printf '%s\n' '[door]' 'source = test:ball' "$@" >bad.ini
    expect_refusal "bad.ini: $words" "$CONVNEXT_WATCH" --config bad.ini
}
refuse '[door:]: the part has no name: write [door:NAME]' '[door:]'
refuse '[:x]: it has no source, and is no part of a camera, since the list has no group []' '[:x]'
refuse '[gate:latch]: it has no source, and is no part of a camera, since the list has no group [gate]' \
    '[gate:latch]'
refuse '[door:a:b]: [door:a] is a part itself, expected a camera' '[door:a]' '[door:a:b]'
refuse 'the group [door:a] appears twice' '[door:a]' '[door:a]'
refuse '[watch:a]: it has no source' '[watch:a]'
for key in 'source = test:snow' 'latency = 100' 'frozen-time = 0' 'expect = sleeps' 'credentials-env = HOME'; do
    refuse "[door:latch]: ${key%% *} is a key of the connection: set it in [door]" '[door:latch]' "$key"
done
refuse "[door:latch]: unknown key 'no-such-key'" '[door:latch]' 'no-such-key = 1'
refuse '[door:latch]: /nonexistent: cannot be opened' '[door:latch]' 'model = /nonexistent'

# A file: every part gets every frame, and the run ends with the file.
make_clip clip.mov 30
cat >clip.ini <<END
[watch]
input-size = 64
[clip:left]
roi = 0,0,0.5,1
[clip]
source = clip.mov
[clip:right]
roi = 160,0,160,240
top-k = 1
END
timeout "$PATIENCE" "$CONVNEXT_WATCH" --config clip.ini >lines 2>log </dev/null ||
    wrong "a file with parts: $(cat log)"
count=$(grep -c '"stream":"clip",.*"region":\[0,0,320,240\]' lines)
left=$(grep -c '"stream":"clip:left",.*"region":\[0,0,160,240\]' lines)
right=$(grep -c '"stream":"clip:right",.*"region":\[160,0,160,240\]' lines)
[ "$count $left $right" = "30 30 30" ] || wrong "results of a file and its parts: $count $left $right"
for part in clip:left clip:right; do
    [ "$(grep -o "\"stream\":\"$part\",\"frame\":[0-9]*,\"pts\":[0-9]*" lines | sed 's/.*"pts"/"pts"/')" = \
        "$(grep -o '"stream":"clip","frame":[0-9]*,"pts":[0-9]*' lines | sed 's/.*"pts"/"pts"/')" ] ||
        wrong "$part has other frames than its camera"
done

# A camera by RTSP. Its pattern is no signal on the right and a moving ball on the left.
if [ -z "${RTSP_SERVER:-}" ]; then
    echo "gst-rtsp-server is not installed"
    [ $bad -ne 0 ] || exit 77
    exit $bad
fi
scene="compositor name=c sink_1::xpos=160 ! video/x-raw,format=I420,width=320,height=240,framerate=15/1
    ! jpegenc ! rtpjpegpay name=pay0 pt=26
    videotestsrc is-live=true pattern=ball ! video/x-raw,width=160,height=240,framerate=15/1 ! c.
    videotestsrc is-live=true pattern=smpte ! video/x-raw,width=160,height=240,framerate=15/1 ! c."
"$RTSP_SERVER" "$scene" >camera &
camera=$!
server+=" $camera"
wait_for_line camera
address=$(cat camera)

# list PART...: writes a list with these parts.
list()
{
    cat >list.ini <<END
[watch]
metrics = 0
events = events
reconnect-max = 1
alarm-after = 1
offline-after = 0
smoothing-time = 200000000
stall-timeout = 60
connect-timeout = 120
[yard]
source = $address
input-size = 64
END
    printf '%s\n' "$@" >>list.ini
}

left='[yard:left]
roi = 0,0,0.5,1
normal = normal,dark,overexposed,defocused,obstructed,noisy,low-contrast,corrupted,no-signal'
right='[yard:right]
roi = 0.5,0,0.5,1
normal = dark
ignore = '
list "$left" "$right"
: >events
start_watch --config list.ini
wait_for events 1 '"event":"problem-begin".*"camera":"yard:right"'
for name in yard yard:left yard:right; do
    wait_for lines 3 "\"stream\":\"$name\""
    wait_for log 1 " $name: playing"
done

# connections: prints how many connections to the camera there are.
connections()
{
    local port=${address##*:}
    port=$(printf '%04X' "${port%%/*}")
    awk -v to=":$port" '$4 == "01" && substr($3, length($3) - 4) == to' /proc/net/tcp | wc -l
}
[ "$(connections)" -eq 1 ] || wrong "$(connections) connections to one camera with two parts"

port=$(sed -n 's,^.*metrics at http://127.0.0.1:\([0-9]*\)/metrics,\1,p' log)
path=/api/cameras scrape cameras
python3 - cameras <<'END' || wrong "the API: $(cat cameras)"
import json, sys
cameras = {camera['name']: camera for camera in json.load(open(sys.argv[1]))}
assert list(cameras) == ['yard', 'yard:left', 'yard:right']
assert all(camera['online'] for camera in cameras.values())
assert cameras['yard:right']['problem'] and not cameras['yard:left']['problem']
END
path=/yard:right.jpg scrape picture
[ "$status" -eq 200 ] && [ "$(head -c 3 picture | od -An -tx1)" = ' ff d8 ff' ] ||
    wrong "the picture of a part: $status"
path=/metrics scrape metrics
grep -q 'convnext_label{stream="yard:right",label="[a-z-]*"} 1' metrics || wrong "no metrics of a part"

# Parts come and go while the camera plays.
list "$left" '[yard:top]
roi = 0,0,1,0.5'
kill -HUP "$watch"
wait_for lines 3 '"stream":"yard:top".*"region":\[0,0,320,120\]'
wait_for log 1 '^yard:right: [1-9][0-9]* frames'
[ "$(grep -c ' yard: connecting' log)" -eq 1 ] || wrong "the camera was connected again: $(cat log)"
[ "$(grep -c ' yard:left: connecting' log)" -eq 1 ] || wrong "an unchanged part was made again: $(cat log)"
[ "$(connections)" -eq 1 ] || wrong "$(connections) connections after SIGHUP"

# Lost and back: one event each, of the camera. Its parts are offline with it.
kill $camera
wait $camera 2>/dev/null
wait_for events 1 '"event":"camera-lost","camera":"yard"|"event":"camera-lost".*"camera":"yard"'
path=/api/cameras scrape cameras
for _ in $(seq $((PATIENCE * 10))); do
    ! grep -q '"online":true' cameras || { sleep 0.1; path=/api/cameras scrape cameras; continue; }
    break
done
grep -q '"online":true' cameras && wrong "a part is online without its camera: $(cat cameras)"
before=$(grep -c '"stream":"yard:left"' lines)
port_of_camera=${address##*:}
"$RTSP_SERVER" --port "${port_of_camera%%/*}" "$scene" >camera &
camera=$!
server+=" $camera"
wait_for events 1 '"event":"camera-back".*"camera":"yard"'
wait_for lines $((before + 3)) '"stream":"yard:left"'
grep -E '"event":"(camera-lost|camera-back|frozen)"' events | grep -q '"camera":"yard:' &&
    wrong "an event of the connection for a part: $(cat events)"
stop_watch TERM
expect_summary_of()
{
    grep -q -E "^$1: [1-9][0-9]* frames, [1-9][0-9]* results" log || wrong "no summary of $1: $(tail log)"
}
for name in yard yard:left yard:top; do
    expect_summary_of $name
done

# Pictures of a part, for convnext-teach, and a check: both with one connection.
list "$left" "$right"
timeout "$PATIENCE" "$CONVNEXT_WATCH" --config list.ini --collect yard:left --label open --out taught \
    --every 0.1s --count 2 >out 2>err </dev/null || wrong "--collect of a part: $(cat out err)"
[ "$(find taught/open -name '*.jpg' | wc -l)" -eq 2 ] || wrong "--collect of a part: $(find taught)"
timeout "$PATIENCE" "$CONVNEXT_WATCH" --check --config list.ini >out 2>err </dev/null ||
    wrong "--check: $(cat out err)"
[ "$(grep -c -E '^yard(:left|:right)?: .*320x240' out)" -eq 3 ] || wrong "--check: $(cat out err)"
kill $camera
timeout "$PATIENCE" "$CONVNEXT_WATCH" --check --config list.ini >out 2>err </dev/null &&
    wrong "--check of a camera that is off succeeds: $(cat out)"
[ "$(grep -c -E '^yard(:left|:right)?: failed, .*refuses connections' out)" -eq 3 ] ||
    wrong "--check of a camera that is off: $(cat out err)"
exit $bad
