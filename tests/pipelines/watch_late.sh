#!/bin/bash
# convnext-watch on a machine that cannot decode everything a camera sends: late frames are dropped and
# reported once, and the camera is not lost.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

start_camera
export GST_PLUGIN_PATH=$SLOW_DECODER:$GST_PLUGIN_PATH GST_REGISTRY=$work/registry.bin
cat >list.ini <<END
[watch]
metrics = 0
input-size = 64

[yard]
source = $camera
END
start_watch --config list.ini
wait_for log 1 'yard: playing, frames arrive too late and are dropped before decoding'
wait_for lines $(($(wc -l <lines) + 10)) '"stream":"yard"'
port=$(sed -n 's,.*http://127.0.0.1:\([0-9]*\)/metrics$,\1,p' log)
scrape scraped
stop_watch INT
grep ': waiting' log && wrong "the camera was lost"
[ "$(grep -c 'too late' log)" -eq 1 ] || wrong "reported more than once: $(cat log)"

# The gap between the last late frame and the first recent one is more than a second, at 25 frames per
# second.
sed -n 's/.*"pts":\([0-9]*\).*/\1/p' lines |
    awk 'NR > 1 && $1 - last > most { most = $1 - last } { last = $1 } END { exit !(most > 1e9) }' ||
    wrong "no frame was dropped: $(cut -c 1-100 lines)"
if [ -n "$port" ]; then
    dropped=$(sed -n 's/^convnext_frames_skipped_total{stream="yard"} //p' scraped)
    [ "$dropped" -gt 10 ] || wrong "only $dropped frames were dropped"
    lag=$(sed -n 's/^convnext_frame_lag_seconds{stream="yard"} //p' scraped)
    awk -v lag="$lag" 'BEGIN { exit !(lag > 0.3) }' || wrong "expected a lag of more than 0.3 s, found ${lag:-none}"
fi
exit $bad
