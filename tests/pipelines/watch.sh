#!/bin/bash
# convnext-watch without network cameras: files to their end, test pictures until a signal, bad
# arguments.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

# Every frame of a file has a line, and the program ends with the last file.
make_clip street.mov 30
make_clip yard.mov 12
timeout "$PATIENCE" "$CONVNEXT_WATCH" street=street.mov "file://$work/yard.mov" >lines 2>log </dev/null ||
    wrong "two files: status $?: $(cat log)"
expect_lines lines 42
[ "$(grep -c '"stream":"street"' lines)" -eq 30 ] || wrong "not 30 lines of street"
for words in 'street: playing, 320x240' 'street: ended' 'street: 30 frames, 30 results, 0 reconnects, p50 '; do
    grep -q -F "$words" log || wrong "two files: standard error lacks '$words': $(cat log)"
done
awk '/%$/ { sum += $(NF - 1) } END { exit !(sum > 199 && sum < 201) }' log ||
    wrong "the shares of the two cameras do not sum to 100 % each: $(cat log)"

# Properties of the element, for all cameras and for one.
cat >list.ini <<END
[watch]
top-k = 1

[street]
source = street.mov
interval = 10

[yard]
source = yard.mov
top-k = 3
END
timeout "$PATIENCE" "$CONVNEXT_WATCH" --config list.ini >lines 2>log </dev/null ||
    wrong "a key file: status $?: $(cat log)"
grep -q -F 'street: 30 frames, 3 results' log || wrong "interval is not set: $(cat log)"
grep '"stream":"street"' lines | grep -q '"index".*"index"' && wrong "top-k of [watch] is not set"
grep '"stream":"yard"' lines | grep -v -q '"index".*"index".*"index"' && wrong "top-k of [yard] is not set"

# A precision for all cameras and one for a single camera. If no isa level accelerates it, fp32 runs, and
# each camera that requests it has a line about that.
cat >precise.ini <<END
[watch]
precision = bf16

[street]
source = street.mov
precision = fp32

[yard]
source = yard.mov
END
CONVNEXT_CPU=c timeout "$PATIENCE" "$CONVNEXT_WATCH" --config precise.ini >lines 2>log </dev/null ||
    wrong "precision: status $?: $(cat log)"
[ "$(grep -c 'yard: .*, precision=bf16 runs as fp32: none of .* (c) accelerates bf16$' log)" -eq 1 ] ||
    wrong "precision: not one warning of yard: $(cat log)"
grep 'street:' log | grep -q precision && wrong "precision: a warning of street: $(cat log)"

# Without keys for it, a state takes 1.8 of the last 3 seconds of a source, here a file; smoothing=none
# has no states.
make_clip film.mov 60
rm -f events
timeout "$PATIENCE" "$CONVNEXT_WATCH" --events events film.mov street.mov >lines 2>log </dev/null ||
    wrong "default smoothing: status $?: $(cat log)"
grep '"event":"state"' events | sed 's/"\(time\|since\)":"[^"]*"//g; s/"score":[0-9.]*//' >states
echo '{"event":"state","camera":"film.mov",,"new":"no-signal",,}' | diff - states ||
    wrong "default smoothing: unexpected states: $(cat states)"
[ "$(grep -c 'film.mov: shows no-signal$' log)" -eq 1 ] || wrong "default smoothing: no state: $(cat log)"
timeout "$PATIENCE" "$CONVNEXT_WATCH" --set smoothing=none film.mov >lines 2>log </dev/null ||
    wrong "no smoothing: status $?: $(cat log)"
grep -q 'shows' log && wrong "no smoothing: a state: $(cat log)"
timeout "$PATIENCE" "$CONVNEXT_WATCH" --set outputs=embedding yard.mov >lines 2>log </dev/null ||
    wrong "smoothing without classes: status $?: $(cat log)"

# Relative paths in a list start at its own folder, those on the command line at the working folder.
mkdir -p lists/models
cp yard.mov lists/near.mov
cp -r "$CNX_ROOT/model/default" lists/models/own
echo joe:s3cr3t >lists/login
cat >lists/list.ini <<END
[watch]
events = events
model = models/own
credentials-file = login

[near]
source = near.mov

[uri]
source = file://$work/yard.mov

[picture]
source = ../yard.mov
labels = models/own/labels.txt
END
seq 9 >lists/models/own/labels.txt
timeout "$PATIENCE" "$CONVNEXT_WATCH" --config lists/list.ini here=yard.mov >lines 2>log </dev/null ||
    wrong "relative paths: status $?: $(cat log)"
for stream in near uri picture here; do
    [ "$(grep -c "\"stream\":\"$stream\"" lines)" -eq 12 ] || wrong "relative paths: not 12 lines of $stream: $(cat log)"
done
grep '"stream":"picture"' lines | grep -v -q '"label":"[1-9]"' && wrong "relative paths: other labels"
[ -e lists/events ] || wrong "relative paths: no events beside the list"

# A network whose scores are NaN has no label: one warning, no state, and JSON everywhere.
make_broken_model broken
for smoothing in majority exponential; do
    rm -f events
    timeout "$PATIENCE" "$CONVNEXT_WATCH" --events events --set model=broken --set smoothing=$smoothing \
        yard.mov >lines 2>log </dev/null || wrong "scores that are NaN: status $?: $(cat log)"
    [ "$(grep -c '"classes":\[\]' lines)" -eq 12 ] || wrong "scores that are NaN: $(head -n 2 lines)"
    [ "$(grep -c "broken: the network's scores are not finite" log)" -eq 1 ] ||
        wrong "scores that are NaN: not one warning: $(cat log)"
    grep -q 'shows' log && wrong "scores that are NaN have a label: $(cat log)"
    grep -q '(nothing) *100.0 %' log || wrong "scores that are NaN: $(cat log)"
    grep -q '"event":"state"' events && wrong "scores that are NaN have a state: $(cat events)"
    python3 -c 'import json, sys
for line in open(sys.argv[1]): json.loads(line, parse_constant=sys.exit)' events || wrong "no JSON: $(cat events)"
done

# A file that ends does not stop the other cameras; each signal stops all, with their summaries.
for signal in INT TERM; do
    start_watch ball=test:ball bars=test:smpte short=yard.mov
    wait_for log 1 'short: ended'
    wait_for lines 20 '"stream":"ball"'
    wait_for lines 20 '"stream":"bars"'
    stop_watch $signal
    expect_lines lines 0
    [ "$(grep -c -E '^(ball|bars|short): [1-9][0-9]* frames, [1-9][0-9]* results' log)" -eq 3 ] ||
        wrong "expected three summaries: $(cat log)"
done

# A file that cannot be played is reported, and the others are played.
echo 'This is not a video, and is long enough to be recognised as text.' >text.mp4
gst-launch-1.0 -q audiotestsrc num-buffers=20 ! wavenc ! filesink location=sound.wav
timeout "$PATIENCE" "$CONVNEXT_WATCH" text.mp4 sound.wav yard.mov >lines 2>log </dev/null &&
    wrong "files without video: status 0"
expect_lines lines 12
for file in text.mp4 sound.wav; do
    grep -q "$file: failed, ." log || wrong "$file is not reported: $(cat log)"
done

# After a second Ctrl-C, convnext-watch does not wait for a source that hangs while it opens, and
# therefore also while it closes.
mkfifo hung
start_watch hung ball=test:ball --set connect-timeout=0.5
wait_for log 1 'hung: failed, no frame for 0.5 s'
kill -INT "$watch"
wait_for log 1 'stopping'
kill -INT "$watch"
wait "$watch"
status=$?
[ $status -eq 1 ] || wrong "a source that hangs: status $status"
grep -q '2 connections .* left behind' log && wrong "the second Ctrl-C had no effect: $(cat log)"
server=${server/ $watch/}

# An unreachable camera is retried after a delay, and then after one twice as long.
start_watch gone=rtsp://127.0.0.1:1/live --set reconnect-min=0.5 --set reconnect-max=8
wait_for log 2 'gone: waiting'
stop_watch INT
sed -n 's/.*gone: waiting.*retrying in \([0-9.]*\) s$/\1/p' log | head -n 2 | tr '\n' ' ' |
    grep -q -E '^0\.[45] (0\.[89]|1\.0) $' || wrong "unexpected delays: $(cat log)"

# When the reader of the results exits, convnext-watch reports it and ends.
"$CONVNEXT_WATCH" ball=test:ball 2>log </dev/null | head -n 1 >lines
[ "${PIPESTATUS[0]}" -eq 1 ] || wrong "a closed standard output: status ${PIPESTATUS[0]}"
grep -q 'standard output' log || wrong "a closed standard output is not reported: $(cat log)"

# The options' short names mean what their long names do.
timeout "$PATIENCE" "$CONVNEXT_WATCH" -c list.ini -m "$CNX_ROOT/model/default" -s interval=15 -s top-k=1 yard.mov \
    >lines 2>log </dev/null || wrong "short options: status $?: $(cat log)"
grep -q -F 'yard.mov: 12 frames, 1 results' log || wrong "-s interval=15 is not set: $(cat log)"
expect_refusal '/nonexistent' "$CONVNEXT_WATCH" -m /nonexistent test:ball
expect_refusal "unknown key 'intervall'" "$CONVNEXT_WATCH" -s intervall=2 test:ball

expect_refusal 'no camera to watch' "$CONVNEXT_WATCH"
expect_refusal 'the file none.mp4 does not exist' "$CONVNEXT_WATCH" none.mp4
expect_refusal 'has no host name' "$CONVNEXT_WATCH" rtsp://
expect_refusal 'source is not a valid URI' "$CONVNEXT_WATCH" rtsp://127.0.0.1:99999/live
expect_refusal 'a source is empty' "$CONVNEXT_WATCH" ''
expect_refusal 'is not a valid camera name' "$CONVNEXT_WATCH" $'a\tb'
expect_refusal 'reads gopher:// URIs' "$CONVNEXT_WATCH" gopher://127.0.0.1/live
expect_refusal 'has no object detector' "$CONVNEXT_WATCH" test:ball --set region=objects
printf '[a]\nsource = test:ball\n[a]\nsource = test:snow\n' >twice
expect_refusal 'the group [a] appears twice' "$CONVNEXT_WATCH" --config twice
printf '[a]\nsorce = test:ball\n' >misspelt
printf '[a]\nsource = test:ball\n[b]\nsource = test:ball\n source=test:snow\n' >twice
expect_refusal "twice: [b]: the key 'source' appears twice" "$CONVNEXT_WATCH" --config twice
printf '[a]\nsource = \351.mp4\n' >latin
expect_refusal 'latin: [a]: source is not valid UTF-8' "$CONVNEXT_WATCH" --config latin
printf '\357\273\277[a]\r\nsource = yard.mov\r\n' >marked # as Windows' editors write it
timeout "$PATIENCE" "$CONVNEXT_WATCH" --config marked >lines 2>log </dev/null || wrong "a byte order mark: $(cat log)"
expect_lines lines 12
expect_refusal "unknown key 'sorce'" "$CONVNEXT_WATCH" --config misspelt
expect_refusal "two cameras are named 'a'" "$CONVNEXT_WATCH" a=test:ball a=test:smpte
expect_refusal 'not a pattern' "$CONVNEXT_WATCH" test:nothing
expect_refusal 'not a pattern' "$CONVNEXT_WATCH" test:
expect_refusal 'command line: a source is empty' "$CONVNEXT_WATCH" ''
expect_refusal 'KEY=VALUE' "$CONVNEXT_WATCH" test:ball --set interval
expect_refusal "unknown key 'intervall'" "$CONVNEXT_WATCH" test:ball --set intervall=2
expect_refusal "[watch]: top-k is '0', expected a whole number from 1 to 2147483647" \
    "$CONVNEXT_WATCH" test:ball --set top-k=0
expect_refusal "max-memory is '-1', expected a whole number from 0 to 18446744073709551615" \
    "$CONVNEXT_WATCH" test:ball --set max-memory=-1
expect_refusal "top-k is 'abc', expected a whole number from 1 to" "$CONVNEXT_WATCH" test:ball --set top-k=abc
expect_refusal "threshold is '2', expected a number from 0 to 1" "$CONVNEXT_WATCH" test:ball --set threshold=2
expect_refusal "mode is 'fast', expected one of sync, latest" "$CONVNEXT_WATCH" test:ball --set mode=fast
expect_refusal "qos is 'perhaps', expected true or false" "$CONVNEXT_WATCH" test:ball --set qos=perhaps
expect_refusal "[watch]: precision is 'int4', expected one of auto, fp32, bf16, int8" \
    "$CONVNEXT_WATCH" test:ball --set precision=int4
printf '[a]\nsource = test:ball\nprecision = fp64\n' >precise
expect_refusal "precise: [a]: precision is 'fp64', expected one of auto, fp32, bf16, int8" \
    "$CONVNEXT_WATCH" --config precise
expect_refusal "outputs is 'all', expected words joined by +, such as classes+" \
    "$CONVNEXT_WATCH" test:ball --set outputs=all
for protocols in http tcp+tls carrier-pigeon ''; do
    expect_refusal "protocols is '$protocols', expected tcp, udp or udp-mcast" \
        "$CONVNEXT_WATCH" --protocols "$protocols" rtsp://127.0.0.1:1/live
done
expect_refusal "latency is '2.5', expected a whole number from 0 to 60000" \
    "$CONVNEXT_WATCH" test:ball --set latency=2.5
for option in config model events metrics credentials-file credentials-env; do
    expect_refusal "convnext-watch: --$option is empty" "$CONVNEXT_WATCH" test:ball --$option ''
done
expect_refusal "stall-timeout is 'soon'" "$CONVNEXT_WATCH" test:ball --set stall-timeout=soon
expect_refusal '/nonexistent' "$CONVNEXT_WATCH" test:ball --model /nonexistent
expect_refusal 'convnext-watch: nonexistent: cannot be read: No such file or directory' \
    "$CONVNEXT_WATCH" --config nonexistent
expect_refusal "convnext-watch: $work: cannot be read: Is a directory" "$CONVNEXT_WATCH" --config "$work"
expect_refusal 'contains credentials' "$CONVNEXT_WATCH" rtsp://joe:secret@127.0.0.1:1/live
expect_refusal 'cannot read the credentials in nonexistent: No such file' \
    "$CONVNEXT_WATCH" --credentials-file nonexistent test:ball
expect_refusal 'NO_SUCH_LOGIN' "$CONVNEXT_WATCH" --credentials-env NO_SUCH_LOGIN test:ball

# Misplaced credentials: the refusal quotes none of them.
expect_masked_refusal()
{
    expect_refusal "$@"
    grep -q -E 's3cr|s3c#' refused.log && wrong "a password was printed: $(cat refused.log)"
}
for uri in 'rtsp://joe:123#s3cr3t@127.0.0.1/live' 'rtsp://joe:s3cr#3t@127.0.0.1/' \
    'rtsp://joe:s3cr/3t@127.0.0.1/' 'rtsp://joe:123/s3cr3t@127.0.0.1/'; do
    expect_masked_refusal 'contains credentials' "$CONVNEXT_WATCH" "$uri"
    printf '[%s]\nsource = test:ball\n' "$uri" >named
    expect_masked_refusal 'contains credentials' "$CONVNEXT_WATCH" --config named
done
printf '[door]\nsource = rtsp://joe:s3cr3t/live\n' >odd
expect_masked_refusal '[door]: source is not a valid URI' "$CONVNEXT_WATCH" --config odd
printf '[door]\nsource = http:\\t//joe:s3cr3t@127.0.0.1/://\n' >odd
expect_masked_refusal '[door]: source is not a valid URI' "$CONVNEXT_WATCH" --config odd
printf '[door]\nsource = test:ball\njoe:s3cr3t\n' >odd
expect_masked_refusal 'odd: line 3 is neither' "$CONVNEXT_WATCH" --config odd
{ printf '[door]\n' && yes '# a comment' | head -n 100000 && echo joe:s3cr3t; } >odd
expect_masked_refusal 'odd: line 100002 is neither' timeout "$PATIENCE" "$CONVNEXT_WATCH" --config odd
for key in credentials-file credentials-env; do
    expect_masked_refusal "$key takes the name of" "$CONVNEXT_WATCH" --$key joe:s3cr3t test:ball
done
LC_ALL=C expect_refusal 'No such file' "$CONVNEXT_WATCH" --config $'not-utf-8-\xff'
echo secret >login
expect_refusal 'login is not user:password' "$CONVNEXT_WATCH" --credentials-file login test:ball
"$CONVNEXT_WATCH" --help | grep -q -e '--credentials-file' || wrong "--help does not list --credentials-file"

# pipelines/README.md documents every key.
"$CONVNEXT_WATCH" --help | sed -n '/^Keys of a camera/,/^Every other key/s/^  \([a-z][a-z-]*\)  .*/\1/p' | sort >keys
sed -n '/^### Keys/,/^#/s/^| `\([a-z-]*\)` .*/\1/p' "$CNX_ROOT/pipelines/README.md" | sort >documented
[ -s keys ] && diff keys documented || wrong "the keys in --help (<) and pipelines/README.md (>) differ"
exit $bad
