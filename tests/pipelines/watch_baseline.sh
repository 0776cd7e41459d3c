#!/bin/bash
# The baseline of a camera: a picture that leaves it for good has moved, once; a label outside normal that is inside it
# raises no alarm; a restart keeps it, and damage or another model begins it anew; refused values of the keys.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"
mkdir state

# make_film FILE PATTERN:SECONDS...: test pictures, one after the other. At the tests' input size, each is called normal,
# and these two have the same brightness: circular, home, and checkers-8, away.
make_film()
{
    local part parts=()
    for part in "${@:2}"; do
        parts+=(videotestsrc "num-buffers=$((5 * ${part#*:}))" "pattern=${part%:*}" !
            'video/x-raw,width=320,height=240,framerate=5/1' ! c.)
    done
    gst-launch-1.0 -q concat name=c ! jpegenc ! matroskamux ! filesink location="$1" "${parts[@]}" ||
        wrong "cannot make $1"
}

# play FILM KEY=VALUE...: plays a film as the camera cam. Its events are in the file events, its messages in log.
play()
{
    local value arguments=()
    for value in "${@:2}"; do
        arguments+=(--set "$value")
    done
    rm -f events
    "$CONVNEXT_WATCH" --events events --set input-size=64 --set state-dir=state --set baseline=20s --set moved-after=20 \
        --set alarm-after=5 "${arguments[@]}" "cam=$1" >lines 2>log </dev/null || wrong "$1: $(tail -n 3 log)"
}

# expect_events COUNT PATTERN
expect_events()
{
    [ "$(grep -c -E "$2" events)" -eq "$1" ] || wrong "expected $1 of $2: $(cat events log)"
}

expect_log()
{
    grep -q -F "$1" log || wrong "expected '$1': $(cat log)"
}

make_film visit.mkv circular:30 checkers-8:40 circular:30
make_film home.mkv circular:20
make_film away.mkv checkers-8:60

# Learnt, left, and back.
play visit.mkv
expect_log 'baseline: learning, for 20 s of normal pictures'
expect_log 'baseline: learnt'
expect_events 1 '"event":"moved","camera":"cam",.*"state":"begin",.*"seconds":(19\.9|20)'
expect_events 1 '"event":"moved","camera":"cam",.*"state":"end"'
expect_events 2 '"moved"'
grep -q embedding lines && wrong "the lines have the embedding: $(head -n 1 lines)"

# A restart keeps it: another picture has moved from the start, once, and the same one is still known.
play away.mkv
expect_log 'baseline: known'
expect_events 1 '"moved"'
play home.mkv
expect_events 0 '"moved"'

# A label outside normal: inside the baseline it is no problem, outside it is one.
play home.mkv normal=dark
expect_events 1 '"state".*"new":"normal"'
expect_events 0 '"problem-begin"'
play home.mkv normal=dark baseline=none
expect_events 1 '"problem-begin"'
play away.mkv normal=dark
expect_events 1 '"problem-begin"'
expect_events 0 '"moved"'
cp state/cam.baseline kept

# What is damaged, or of other embeddings, is learnt anew.
printf x | dd of=state/cam.baseline bs=1 seek=1000 conv=notrunc 2>/dev/null
play home.mkv
expect_log 'baseline: cam.baseline is damaged; learning begins anew'
cp kept state/cam.baseline
play visit.mkv input-size=96
expect_log 'baseline: cam.baseline is of another model, or of other settings'
expect_log 'baseline: learnt'
cmp -s kept state/cam.baseline && wrong "the file is still that of the other model"

# A camera that is broken while it is learnt.
rm state/cam.baseline
play away.mkv normal=dark
expect_log 'baseline: cannot be learnt, because less than half of the pictures are normal'
[ -z "$(ls state)" ] || wrong "a fault is learnt: $(ls state)"

# No name leaves the folder, and a file that cannot be written stops nothing.
mkdir outside
printf '[../outside/x]\nsource = visit.mkv\n' >list.ini
"$CONVNEXT_WATCH" --set input-size=64 --set state-dir=state --set baseline=5s --config list.ini >lines 2>log </dev/null ||
    wrong "a hostile name: $(tail -n 3 log)"
[ "$(ls state)" = '_._outside_x~'"$(printf ../outside/x | sha256sum | cut -c 1-8).baseline" ] || wrong "files: $(ls state)"
[ -z "$(ls outside)" ] || wrong "a name leaves the folder"

# A live camera: what the page and the metrics say.
rm -rf state
mkdir state
start_watch --set input-size=64 --set state-dir=state --set baseline=3s --metrics 0 live=test:circular
wait_for log 1 'metrics at '
port=$(sed -n 's|.*metrics at .*:\([0-9]*\)/metrics|\1|p' log)
wait_for log 1 'baseline: learnt'
path=/metrics scrape metrics
grep -q '^convnext_baseline_progress{stream="live"} 1$' metrics || wrong "metrics: $(grep baseline metrics)"
grep -q '^convnext_camera_moved{stream="live"} 0$' metrics || wrong "metrics: $(grep moved metrics)"
path=/api/cameras scrape api
grep -q '"moved":false,"baseline":1' api || wrong "the list: $(cat api)"
stop_watch TERM
[ -s state/live.baseline ] || wrong "no file: $(ls state)"

# Refused values.
for value in -1 10x 25h nan; do
    expect_refusal "baseline is '$value', expected none, or a time from 1s to 24h, such as 10min" \
        "$CONVNEXT_WATCH" --set state-dir=state --set "baseline=$value" a=test:ball
done
expect_refusal 'baseline needs state-dir' "$CONVNEXT_WATCH" --set baseline=10min a=test:ball
expect_refusal "state-dir is 'nowhere', which is no folder" \
    "$CONVNEXT_WATCH" --set baseline=1h --set state-dir=nowhere a=test:ball
expect_refusal "baseline needs classes among the outputs, which are 'embedding'" \
    "$CONVNEXT_WATCH" --set baseline=600 --set state-dir=state --set outputs=embedding a=test:ball
expect_refusal "moved-after is '0', expected a number from 1 to 86400" "$CONVNEXT_WATCH" --set moved-after=0 a=test:ball
exit $bad
