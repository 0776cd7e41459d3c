#!/bin/bash
# convnext-watch --collect: pictures of a camera in the folder of a label, from which convnext-teach learns,
# and what it refuses.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

# collect ARGUMENT...
collect()
{
    timeout "$PATIENCE" "$CONVNEXT_WATCH" --set input-size=64 --collect "$@" >out 2>err </dev/null ||
        wrong "--collect $*: status $?: $(cat out err)"
}

# refuses WORDS ARGUMENT...
refuses()
{
    local words=$1
    shift
    expect_refusal "$words" "$CONVNEXT_WATCH" --set input-size=64 --collect "$@"
}

cat >list.ini <<END
[watch]
events = events
metrics = 0
snapshot-width = 32
[gate]
source = test:ball
[yard 1]
source = test:snow
END
collect gate --label open --out gate --every 0.1s --count 4 --config list.ini
grep -q -x '4 pictures of gate in gate/open' out && [ "$(wc -l <out)" -eq 1 ] && [ ! -s err ] ||
    wrong "the summary: $(cat out err)"
collect 'yard 1' --label shut --out gate --every 0.1s --count 4 --config list.ini
[ ! -e events ] || wrong "the events file is made"
find gate -type f >files
[ "$(grep -c -E '^gate/open/gate-[0-9]{8}T[0-9]{6}\.[0-9]{6}Z\.jpg$' files)" -eq 4 ] &&
    [ "$(grep -c -E '^gate/shut/yard_1~[0-9a-f]{8}-[0-9T]{15}\.[0-9]{6}Z\.jpg$' files)" -eq 4 ] &&
    [ "$(wc -l <files)" -eq 8 ] || wrong "the files: $(cat files)"
gst-launch-1.0 -v filesrc location="$(find gate/open -name '*.jpg' | head -n 1)" ! jpegdec ! fakesink >caps
grep -q 'width=(int)640, height=(int)360' caps || wrong "a picture is no whole frame: $(grep caps caps)"
convnext-teach --out taught gate >out 2>err || wrong "convnext-teach: $(cat out err)"
grep -q -x '2 classes, 8 pictures: open 4, shut 4' out && grep -q '^accuracy over 4 folds: 100.0 %' out ||
    wrong "convnext-teach cannot tell them apart: $(cat out err)"

# Without --count, until a signal arrives.
start_watch --set input-size=64 --collect gate --label open --out more --every 0.1s gate=test:ball
for _ in $(seq $((PATIENCE * 10))); do
    [ "$(find more -name '*.jpg' 2>/dev/null | wc -l)" -lt 3 ] || break
    sleep 0.1
done
stop_watch INT
count=$(find more -name '*.jpg' | wc -l)
grep -q -x "$count pictures of gate in more/open" lines && [ "$count" -ge 3 ] ||
    wrong "after Ctrl-C: $count pictures, $(cat lines log)"

refuses "no camera is named 'door', expected one of: gate, yard 1" door --label a --out new --config list.ini
refuses "expected the name of a folder" gate --label a/b --out new --config list.ini
refuses "expected the name of a folder" gate --label .. --out new --config list.ini
refuses '--label: the class " a" has an invalid name' gate --label ' a' --out new --config list.ini
refuses "a class has an empty name" gate --label '' --out new --config list.ini
refuses "--every is '1ms', expected a time from 0.1s to 24h" gate --label a --out new --every 1ms --config list.ini
refuses "--count is -1, expected 1 or more" gate --label a --out new --count -1 --config list.ini
refuses "--collect needs --label LABEL and --out FOLDER" gate --label a --config list.ini
refuses "cannot write to the folder list.ini/a: Not a directory" gate --label a --out list.ini --config list.ini
make_clip clip.mov 5
refuses "clip is a file, expected a live camera" clip --label a --out new clip=clip.mov
refuses "door: 127.0.0.1 refuses connections to port 1" door --label a --out new door=rtsp://127.0.0.1:1/live
[ ! -e new/a ] || wrong "a folder without pictures is left"
expect_refusal "--label, --out, --every and --count need --collect" "$CONVNEXT_WATCH" --label a test:ball
exit $bad
