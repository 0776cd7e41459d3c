#!/bin/bash
# The page of convnext-watch and what it reads: paths, hostile names, pictures, films and snapshots, the
# login, the stream of events and its limits, and the page itself in Chromium where that is installed; also
# quickstart.sh --page.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

# expect PATH STATUS [OPTION...]: requests a path as it is written, into the files body and head.
expect()
{
    local found
    found=$(curl -s --path-as-is -m "$PATIENCE" -D head -o body -w '%{http_code}' "${@:3}" "$url$1")
    [ "$found" = "$2" ] || wrong "${*:3} $1: status $found, expected $2: $(head -c 300 body)"
}

# expect_python PROGRAM: expects the program to hold for `body`, parsed as JSON.
expect_python()
{
    python3 -c "import json; body = json.load(open('body')); assert $1, body" || wrong "not so: $1"
}

# listen FILE [OPTION...]: keeps a stream of events open.
listen()
{
    : >"$1"
    curl -s -N "${@:2}" "$url/events" >"$1" &
    listener=$!
    server+=" $listener"
}

mkdir pictures
markup='<b>shed</b><script>alert(1)</script>&amp;"'
long=$(printf 'x%.0s' $(seq 10000))
cat >list.ini <<END
[watch]
metrics = 0
snapshots = pictures
snapshot-width = 320
input-size = 64
offline-after = 0.5
alarm-after = 0.5

[ball]
source = test:ball
normal = corrupted

[$markup]
source = test:black
normal = corrupted

[a/../b%2f?#]
source = test:black

[metrics]
source = rtsp://127.0.0.1:9/live

[$long]
source = rtsp://127.0.0.1:9/live
END
printf '\n[not UTF-8: \xff]\nsource = test:black\n' >>list.ini
start_watch --config list.ini
wait_for log 1 'page at http://127\.0\.0\.1:[0-9]+/$'
url=$(sed -n 's,.*page at \(http://127.0.0.1:[0-9]*\)/$,\1,p' log)
wait_for log 1 '^[0-9:]+ ball: the picture is '
wait_for log 1 '^[0-9:]+ <b>shed.*: the picture is '
wait_for log 1 '^[0-9:]+ metrics: the camera is lost'

# Paths
expect / 200
grep -q '<main' body || wrong "$(cat body)"
grep -q -i "^content-security-policy: default-src 'none'; script-src 'self';" head || wrong "$(cat head)"
expect /page.css 200
expect /page.js 200
expect /healthz 200
expect /readyz 200
expect /metrics 200
grep -q '^# HELP convnext_' body || wrong "a camera hides the metrics"
expect '/ball?x=1' 200
grep -q '<main' body || wrong "$(cat body)"
expect /camera/metrics 200
grep -q '<main' body || wrong "$(cat body)"
expect /ball.jpg 200
[ "$(head -c 3 body | od -A n -t x1 | tr -d ' ')" = ffd8ff ] || wrong "not a JPEG"
grep -q -i '^content-type: image/jpeg' head || wrong "$(cat head)"
expect /camera/metrics.jpg 503
expect /a%2f..%2Fb%252f%3F%23.jpg 200

# A client that closes its side after its request gets the picture, for which it has to wait.
python3 - "$url" <<'END' || wrong "a half-closed client gets no picture"
import socket, sys

host, port = sys.argv[1][len('http://'):].split(':')
with socket.create_connection((host, int(port))) as client:
    client.sendall(b'GET /not%20UTF-8:%20%EF%BF%BD.jpg HTTP/1.1\r\nHost: localhost\r\n\r\n')
    client.shutdown(socket.SHUT_WR)
    answer = b''.join(iter(lambda: client.recv(65536), b''))
assert b' 200 OK\r\n' in answer and answer.endswith(b'\xff\xd9'), answer[:300]
END

# A film, as a player reads it
expect /camera/metrics.mjpg 503
expect /ball.mjpg 200 -I
grep -q -i '^content-type: multipart/x-mixed-replace; boundary=picture' head || wrong "$(cat head)"
timeout "$PATIENCE" gst-launch-1.0 -q souphttpsrc location="$url/camera/ball.mjpg" ! multipartdemux ! jpegdec \
    ! video/x-raw,width=320 ! fakesink num-buffers=3 || wrong "the film cannot be played"

# Snapshots: of this camera, of its folder only
expect /api/cameras/ball 200
file=$(python3 -c 'import json; print(*(e["snapshot"] for e in json.load(open("body"))["events"] if "snapshot" in e))')
file=$(basename "${file%% *}")
expect "/camera/ball/snapshots/$file" 200
cmp body "pictures/$file" || wrong "not the picture of the event"
grep -q '^Cache-Control: private, max-age=86400, immutable' head || wrong "$(cat head)"
expect "/ball/snapshots/$file" 200 -I
ln -s /etc/passwd pictures/ball-20260105T120310.500000Z-state.jpg
for path in "metrics/snapshots/$file" ball/snapshots/ ball/snapshots/ball-20260105T120310.500000Z-state.jpg \
    "ball/snapshots/../snapshots/$file" "ball/snapshots/..%2fpictures%2f$file" ball/snapshots/..%2flist.ini \
    ball/snapshots/ball-20260105T120310.500000Z-frozen.jpg ball/snapshots "nothing/snapshots/$file"; do
    expect "/camera/$path" 404
done

expect /api/cameras/ball 200
expect_python "body['camera']['name'] == 'ball' and body['events'][0]['event'] == 'problem-begin'"
expect /api/cameras/a%2f..%2Fb%252f%3F%23 200
expect_python "body['camera']['name'] == 'a/../b%2f?#'"
expect /camera/not%20UTF-8:%20%EF%BF%BD 200
for path in /nothing /camera/ /camera/nothing /api /api/ /api/cameras/ /api/cameras/nothing /../etc/passwd \
    /..%2f..%2fetc/passwd /page.html /convnext-watch/page.html //metrics /metrics/ /camera/ball.jpg.jpg; do
    expect "$path" 404
done
expect "/camera/$long" 400
expect /%00 400
expect / 405 -X POST -d x
grep -q '^Allow: GET, HEAD' head || wrong "$(cat head)"
expect / 405 -X DELETE
expect / 200 -I
expect / 403 -H 'Host: example.org'
expect /healthz 200 -H 'Host: example.org'
expect / 200 -H 'Host: localhost:1'

# The names of all cameras, as JSON
expect /api/cameras 200
MARKUP=$markup LONG=$long python3 - <<'END' || wrong "/api/cameras: $(cut -c 1-600 body)"
import json, os

cameras = {camera['name']: camera for camera in json.load(open('body'))}
assert list(cameras) == ['ball', os.environ['MARKUP'], 'a/../b%2f?#', 'metrics', os.environ['LONG'], 'not UTF-8: \ufffd']
for camera in cameras.values():
    assert set(camera) == {'name', 'state', 'score', 'since', 'online', 'problem', 'cause', 'age', 'moved', 'baseline'}, camera
ball, lost = cameras['ball'], cameras['metrics']
assert ball['online'] and ball['problem'] and ball['state'] and 0 < ball['score'] <= 1 and ball['age'] >= 0, ball
assert ball['since'].endswith('Z') and ball['cause'] is None, ball
assert not lost['online'] and lost['cause'] and lost['state'] is None, lost
END

# Events: those after Last-Event-ID, and no more streams than 32, with films.
listen events -H 'Last-Event-ID: 0'
wait_for events 1 '^data: {"event":"problem-begin","camera":"ball",'
last=$(sed -n 's/^id: //p' events | sed -n '$p')
kill "$listener"
expect /events 400 -H 'Last-Event-ID: x'
: >film
curl -s -N "$url/ball.mjpg" >film &
film=$!
server+=" $film"
wait_for film 1 'image/jpeg'
for i in $(seq 31); do
    listen "stream.$i" -H "Last-Event-ID: $last"
    wait_for "stream.$i" 1 '^retry:'
done
awk -v last="$last" '/^id: / && $2 + 0 <= last + 0 { exit 1 }' stream.* || wrong "old events are sent again"
expect /events 503
expect /ball.mjpg 503

# Chromium waits for the end of a stream, so there must be none when it loads the page.
if browser=$(command -v chromium); then
    for path in / /camera/ball; do
        HOME=$work timeout "$PATIENCE" "$browser" --headless=new --no-sandbox --disable-gpu --user-data-dir="$work/profile" \
            --virtual-time-budget=3000 --enable-logging=stderr --dump-dom --screenshot="$work/page.png" \
            "$url$path" >page 2>page.log
        grep 'CONSOLE' page.log | grep -v -E ' 503 ' && wrong "$path: an error in the page"
        [ "$path" != / ] || grep -q -F '<p class="status">No picture</p>' page || wrong "$path: $(cat page)"
        [ "$path" = / ] || grep -q -F '<span>Problem: ' page || wrong "$path has no events: $(cat page)"
        [ "$path" = / ] || grep -q -F '<a class="snapshot" href="/camera/ball/snapshots/ball-' page ||
            wrong "$path has no pictures of events: $(cat page)"
        [ "$path" != / ] || cp page all
    done
    grep -q -F '&lt;b&gt;shed&lt;/b&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;"</a>' all ||
        wrong "a name is not text: $(cat all)"
    grep -q -F 'class="camera problem"' all || wrong "no problem is shown: $(cat all)"
else
    echo "chromium is not installed: the page was not loaded"
fi

# A reader that stops does not hold back the others. After SIGHUP a login is asked for, the film of a camera
# that is no longer in the list ends, and one with a new source does not show a picture of the old one.
kill -STOP "$listener"
echo 'joe:s3cr3t:word' >login
sed -i 's/^input-size/web-credentials-file = login\n&/; s/^\[ball\]/[door]/
    /^\[a/,/^source/s,test:black,rtsp://127.0.0.1:9/live,' list.ini
kill -HUP "$watch"
wait_for log 1 'reloaded the camera list'
wait_for stream.1 1 '"camera":"door"'
wait "$film" # the test times out if it does not end
kill -CONT "$listener"
expect / 401
grep -q '^WWW-Authenticate: Basic ' head || wrong "$(cat head)"
for path in /metrics /api/cameras /events /nothing /readyz; do
    expect $path 401
done
expect / 401 -u joe:s3cr3t
expect / 401 -u 'joe:s3cr3t:words'
expect / 200 -u 'joe:s3cr3t:word'
expect / 200 -u 'joe:s3cr3t:word' -H 'Host: example.org'
expect /api/cameras/ball 404 -u 'joe:s3cr3t:word'
expect /healthz 200
expect /a%2f..%2Fb%252f%3F%23.jpg 503 -u 'joe:s3cr3t:word'
stop_watch INT
grep -s -n s3cr3t log lines && wrong "the password was printed"
echo nothing >login

# From nothing to a page
CONVNEXT_WATCH=$quickstart start_watch --page=0 -m "$CNX_ROOT/model/default" --precision=fp32 test
wait_for log 1 'page at http://127\.0\.0\.1:[0-9]+/$'
url=$(sed -n 's,.*page at \(http://127.0.0.1:[0-9]*\)/$,\1,p' log)
wait_for log 1 'camera: shows no-signal'
expect /camera/camera 200
expect /camera/camera.jpg 200
stop_watch INT
[ ! -s lines ] || wrong "--page prints results: $(head -n 1 lines)"
expect_refusal 'web-credentials-file: the first line of' "$CONVNEXT_WATCH" --config list.ini
exit $bad
