#!/bin/bash
# The tracer convnexttimes logs the times of each frame that runs, which gst-stats reads, and nothing
# if it is off. CONVNEXT_BUILD is the build folder.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GST_PLUGIN_PATH=$CONVNEXT_BUILD/gst GST_REGISTRY=$work/registry.bin GST_DEBUG_NO_COLOR=1
export GST_DEBUG=GST_TRACER:7
bad=0

# play LOG TRACERS: plays five frames, of which three run; prints the records in the log.
play()
{
    GST_DEBUG_FILE=$work/$1 GST_TRACERS=$2 gst-launch-1.0 -q videotestsrc num-buffers=5 ! video/x-raw,width=64,height=64 \
        ! convnext name=door input-size=64 interval=2 threads=1 ! fakesink >&2 || bad=1
    grep -o 'convnext-times, element=(string)door.*;$' "$work/$1"
}

play off '' >"$work/records"
[ ! -s "$work/records" ] || { echo "records without the tracer: $(cat "$work/records")"; bad=1; }
play on 'convnexttimes;stats' >"$work/records"
number='\(guint64\)[1-9][0-9]*'
for frame in 0 2 4; do
    grep -q -x -E "convnext-times, element=\(string\)door, frame=\(guint64\)$frame, inputs=\(uint\)1, preprocess=$number, inference=$number, total=$number;" \
        "$work/records" || { echo "no record of frame $frame: $(cat "$work/records")"; bad=1; }
done
[ "$(wc -l <"$work/records")" -eq 3 ] || { echo "expected 3 records: $(cat "$work/records")"; bad=1; }
if command -v gst-stats-1.0 >/dev/null; then
    gst-stats-1.0 "$work/on" >"$work/stats" 2>&1 && grep -q 'door.src' "$work/stats" ||
        { echo "gst-stats cannot read the log: $(head -n 20 "$work/stats")"; bad=1; }
fi
exit $bad
