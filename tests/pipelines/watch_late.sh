#!/bin/bash
# convnext-watch on a machine that cannot decode all that a camera sends: what comes too late is left
# out, which is told once, and the camera is not lost.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

start_camera
export GST_PLUGIN_PATH=$SLOW_DECODER:$GST_PLUGIN_PATH GST_REGISTRY=$work/registry.bin
cat >list.ini <<END
[watch]
${WATCH_METRICS:+metrics = 0}
input-size = 64

[yard]
source = $camera
END
start_watch --config list.ini
wait_for said 1 'yard: playing, frames come too late to be decoded'
wait_for lines $(($(wc -l <lines) + 10)) '"stream":"yard"'
port=$(sed -n 's,.*http://127.0.0.1:\([0-9]*\)/metrics$,\1,p' said)
[ -z "$port" ] || scrape scraped
stop_watch INT
grep ': waiting' said && wrong "the camera was lost"
[ "$(grep -c 'too late' said)" -eq 1 ] || wrong "told more than once: $(cat said)"

# From the frame that waited for longest to the newest: more than a second at once, of the camera's
# twenty-fifths.
sed -n 's/.*"pts":\([0-9]*\).*/\1/p' lines |
    awk 'NR > 1 && $1 - last > most { most = $1 - last } { last = $1 } END { exit !(most > 1e9) }' ||
    wrong "nothing was left out: $(cut -c 1-100 lines)"
if [ -n "$port" ]; then
    skipped=$(sed -n 's/^convnext_frames_skipped_total{stream="yard"} //p' scraped)
    [ "$skipped" -gt 10 ] || wrong "$skipped frames were left out"
    lag=$(sed -n 's/^convnext_frame_lag_seconds{stream="yard"} //p' scraped)
    awk -v lag="$lag" 'BEGIN { exit !(lag > 0.3) }' || wrong "decoded within ${lag:-no} s"
fi
exit $bad
