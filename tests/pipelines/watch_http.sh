#!/bin/bash
# convnext-watch on MJPEG over HTTP, whose frames have no timestamps, from a server on localhost.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

if ! gst-inspect-1.0 --exists souphttpsrc; then
    echo "souphttpsrc is not installed"
    exit 77
fi

# Small pictures: the first one must be enough to start, not megabytes of them.
gst-launch-1.0 -q videotestsrc num-buffers=10 pattern=ball ! video/x-raw,width=320,height=240 \
    ! jpegenc ! multifilesink location=picture-%d.jpg || wrong "cannot make pictures"
"$HTTP_CAMERA" picture-*.jpg >camera &
server=$!
wait_for_line camera
cat >list.ini <<END
[fourth]
source = $(cat camera)
interval = 4

[once]
source = $(cat camera)
min-period = 3600000000000
END
start_watch --config list.ini
for name in fourth once; do
    wait_for log 1 "$name: playing, 320x240"
    wait_for lines 1 "\"stream\":\"$name\""
done
wait_for lines 20 '"stream":"fourth"'
stop_watch INT
grep ': waiting' log && wrong "a camera was lost"
grep -v '"pts":' lines && wrong "frames without a timestamp"

# Each result is counted once, however many frames carry it; min-period is respected.
awk '/^fourth: / { exit !($4 > 0 && ($4 - 1) * 4 < $2) }' log ||
    wrong "results were counted again on frames that carry them: $(cat log)"
grep -q '^once: [0-9]* frames, 1 results, 0 reconnects' log || wrong "min-period was ignored: $(cat log)"

# A URI's query, which may contain credentials, is printed neither in a name nor in an error. The causes
# of failures are named.
start_watch --events events "$(cat camera)?user=joe&pwd=s3cr3t" \
    twice="$(cat camera)?user=joe&pwd=s3cr3t" closed=http://127.0.0.1:1/
wait_for log 1 'video.mjpg: waiting, the server answers 404 Not Found: there is no stream at this address; retrying'
wait_for log 1 'twice: waiting, the server answers 404 '
wait_for log 1 'closed: waiting, 127.0.0.1 refuses connections to port 1; retrying'
stop_watch INT
grep -n 's3cr3t' lines log events && wrong "a query was printed"

# A decoder that is missing.
GST_PLUGIN_FEATURE_RANK=jpegdec:NONE,avdec_mjpeg:NONE start_watch "blind=$(cat camera)"
wait_for log 1 'blind: waiting, the JPEG decoder is not installed; the package gstreamer1.0-plugins-good has it; retrying'
stop_watch INT
exit $bad
