#!/bin/bash
# convnext-watch --check: a line for each camera with what was found, and a status that says whether all is
# well. It prints no results and opens neither events nor the page.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

# check STATUS ARGUMENT...: puts the lines into the file out.
check()
{
    local expected=$1 status
    shift
    timeout "$PATIENCE" "$CONVNEXT_WATCH" --check --set input-size=64 "$@" >out 2>err </dev/null
    status=$?
    [ $status -eq "$expected" ] || wrong "--check $*: status $status: $(cat out err)"
}

# found LINE PATTERN
found()
{
    sed -n "$1p" out | grep -q -x -E -e "$2" || wrong "line $1 is not '$2': $(cat out err)"
}

make_clip clip.mov 30
cat >list.ini <<END
[watch]
events = events
metrics = 0
[ball]
source = test:ball
[clip]
source = clip.mov
[shy]
source = test:snow
outputs = embedding
END
check 0 --config list.ini
found 1 'ball: 640x360, 30 fps: [a-z-]+ [01]\.[0-9]{2}'
found 2 'clip: [A-Za-z -]*JPEG[A-Za-z -]*, 320x240, 25 fps: [a-z-]+ [01]\.[0-9]{2}'
found 3 'shy: 640x360, 30 fps'
[ "$(wc -l <out)" -eq 3 ] && [ ! -s err ] || wrong "expected 3 lines: $(cat out err)"
[ ! -e events ] || wrong "the events file is made"

: >empty.mov
check 1 door=rtsp://127.0.0.1:1/live ball=test:ball empty.mov
found 1 'door: failed, 127\.0\.0\.1 refuses connections to port 1'
found 2 'ball: 640x360, 30 fps: .*'
found 3 'empty\.mov: failed, it is empty'

cat >parts.ini <<END
[left]
source = test:ball
roi = 0,0,0.5,1
[far]
source = test:ball
roi = 600,0,100,100
END
check 1 --config parts.ini
found 1 'left: 640x360, 30 fps: .*'
found 2 'far: failed, .*roi=600,0,100,100 is not inside frames of 640 x 360 pixels.*'
check 1 --set roi=1,2 ball=test:ball
grep -q 'roi is "1,2": expected x,y,w,h' out err || wrong "a wrong roi: $(cat out err)"

check 1 ball=test:nothing
[ ! -s out ] && grep -q "'nothing' is not a pattern" err || wrong "a bad list: $(cat out err)"
exit $bad
