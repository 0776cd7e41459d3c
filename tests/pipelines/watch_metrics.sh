#!/bin/bash
# The metrics that convnext-watch serves to Prometheus, parsed, and its events file.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

# metric NAME{LABELS} FILE: prints the value of one sample.
metric()
{
    name=$1 awk 'index($0, ENVIRON["name"] " ") == 1 { print $NF }' "$2"
}

# expect_exposition FILE: every line follows Prometheus's text format; every metric is described once,
# before its samples; counters and histograms have the right names and sums.
expect_exposition()
{
    awk '
        function bad(why) { print FILENAME ":" NR ": " why ": " $0; wrong = 1 }
        /^# HELP [a-z_]+ [A-Z].*\.$/ { helped[$3] = 1; next }
        /^# TYPE [a-z_]+ (counter|gauge|histogram)$/ {
            if (!helped[$3] || $3 in type) bad("not described, or described twice")
            if (($4 == "counter") != ($3 ~ /_total$/)) bad("the name does not match the type")
            type[$3] = $4
            next
        }
        !/^[a-z_]+(\{[a-z]+="([^"\\]|\\.)*"(,[a-z]+="([^"\\]|\\.)*")*\})? [0-9.e+-]+$/ { bad("not a sample"); next }
        {
            match($0, /^[a-z_]+/)
            name = family = substr($0, 1, RLENGTH)
            if (!(family in type)) sub(/_(bucket|count|sum)$/, "", family)
            if (!(family in type)) bad("no type")
            stream = $0
            sub(/^[^"]*"/, "", stream)
            sub(/"[,}].*/, "", stream)
            key = family SUBSEP stream
            if (name ~ /_bucket$/) {
                if ($NF + 0 < last[key] + 0) bad("a bucket below the previous one")
                last[key] = $NF
            }
            if (name ~ /_count$/ && $NF != last[key]) bad("differs from the last bucket")
            if (name == "convnext_camera_state") { states[stream] += $NF; }
            samples++
        }
        END {
            for (stream in states) if (states[stream] != 1) { print stream " is in " states[stream] " states"; wrong = 1 }
            if (samples < 20) { print samples + 0 " samples"; wrong = 1 }
            exit wrong
        }' "$1" || wrong "$1 is not valid for Prometheus"
}

cat >list.ini <<END
[watch]
metrics = 0
events = events

[ball]
source = test:ball
precision = int8

[the "bars"]
source = test:smpte
END
printf '\n[not UTF-8: \xff]\nsource = test:black\n' >>list.ini
start_watch --config list.ini --set input-size=64 # fast, under valgrind too
wait_for log 1 'convnext-watch: metrics at http://127\.0\.0\.1:[0-9]+/metrics$'
port=$(sed -n 's,.*http://127.0.0.1:\([0-9]*\)/metrics$,\1,p' log)
wait_for log 1 'ball: shows [a-z-]+'
wait_for log 1 'the "bars": shows [a-z-]+'

scrape first
[ "$status" = 200 ] || wrong "status $status"
grep -q -i '^content-type: text/plain; version=0.0.4' first.head || wrong "$(cat first.head)"
expect_exposition first
for _ in $(seq $((PATIENCE * 2))); do
    sleep 0.5
    scrape second
    [ "$(metric 'convnext_inferences_total{stream="ball"}' second)" = \
        "$(metric 'convnext_inferences_total{stream="ball"}' first)" ] || break
done
expect_exposition second
iconv -f UTF-8 -t UTF-8 second >/dev/null || wrong "the metrics are not UTF-8"
for name in frames inferences; do
    before=$(metric "convnext_${name}_total{stream=\"ball\"}" first)
    after=$(metric "convnext_${name}_total{stream=\"ball\"}" second)
    [ "$before" -gt 0 ] && [ "$after" -gt "$before" ] || wrong "$name: $before, then $after"
done
[ "$(metric 'convnext_camera_state{stream="the \"bars\"",state="playing"}' second)" = 1 ] ||
    wrong "a playing camera is in another state"
grep -q -E '^convnext_engine_info\{stream="ball",precision="(int8|fp32)",cpu="[a-z0-9_]+"\} 1$' second ||
    wrong "no engine of ball: $(grep engine second)"
grep -q -F 'convnext_engine_info{stream="the \"bars\"",precision="fp32",cpu="' second ||
    wrong "no engine of bars: $(grep engine second)"
[ "$(awk '/^convnext_results_total\{stream="ball",/ { n += $NF } END { print n }' second)" = \
    "$(metric 'convnext_inference_duration_seconds_count{stream="ball"}' second)" ] ||
    wrong "the counts of labels and times differ"

# A scrape leaves no socket behind.
before=$(find "/proc/$watch/fd" -type l | wc -l)
for _ in {1..30}; do
    scrape again
done
after=$(find "/proc/$watch/fd" -type l | wc -l)
[ "$after" -lt $((before + 15)) ] || wrong "$after open files after 30 scrapes, $before before"

path=/other scrape other
[ "$status" = 404 ] || wrong "another path: status $status"
method=POST scrape other
[ "$status" = 405 ] || wrong "POST: status $status"
expect_refusal "cannot serve metrics at 127.0.0.1:$port: " \
    "$CONVNEXT_WATCH" --metrics "127.0.0.1:$port" test:ball
expect_refusal "metrics is 'somewhere'" "$CONVNEXT_WATCH" --metrics somewhere test:ball
expect_refusal '/nonexistent/events' "$CONVNEXT_WATCH" --events /nonexistent/events test:ball
mkfifo unread
expect_refusal 'events file unread' "$CONVNEXT_WATCH" --events unread test:ball

# On a full disk, events are lost but results are not, and the failure is reported once.
gst-launch-1.0 -q videotestsrc num-buffers=10 ! jpegenc ! avimux ! filesink location=yard.avi
timeout "$PATIENCE" "$CONVNEXT_WATCH" --events /dev/full --set input-size=64 --set smoothing-time=100000000 yard.avi >full 2>full.log ||
    wrong "a full disk: status $?"
expect_lines full 10
[ "$(grep -c 'cannot write events to /dev/full: No space left on device' full.log)" -eq 1 ] ||
    wrong "a full disk is not reported exactly once: $(cat full.log)"

# A removed camera disappears from the metrics. After the events file is moved, a new one is written.
mv events events.old
sed -i '/bars/,$d' list.ini
kill -HUP "$watch"
wait_for log 1 'convnext-watch: reloaded the camera list: 1 cameras'
scrape third
expect_exposition third
grep -q 'bars' third && wrong "a removed camera is in the metrics"

# The same port at another address.
sed -i "s/^metrics = .*/metrics = $port/" list.ini
kill -HUP "$watch"
wait_for log 2 'convnext-watch: reloaded the camera list: 1 cameras'
sed -i "s/^metrics = .*/metrics = 0.0.0.0:$port/" list.ini
kill -HUP "$watch"
wait_for log 1 "metrics at http://0\\.0\\.0\\.0:$port/metrics"
scrape fourth
expect_exposition fourth
stop_watch INT

time='"time":"20[0-9-]+T[0-9:.]+Z"'
event='"event":"state","camera":"the ..bars.."'
scores='"new":"[a-z-]+","score":[01]\.[0-9]+'
[ "$(grep -c -E "^\{$event,$time,$scores,${time/time/since}\}$" events.old)" -eq 1 ] ||
    wrong "expected one event like $event: $(cat events.old)"
[ -e events ] || wrong "SIGHUP opens no new events file"
exit $bad
