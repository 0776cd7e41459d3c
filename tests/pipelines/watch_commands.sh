#!/bin/bash
# The commands that convnext-watch runs for events (on-event): each event, hostile names, and the last event
# of a file.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"
bars=test:smpte

# A command gets each event, whatever the camera is called.
cat >list.ini <<END
[watch]
alarm-after = 0
smoothing-time = 200000000
on-event = sh -c 'cat >>received; echo "\$CONVNEXT_CAMERA: \$CONVNEXT_TEXT" >>texts'
[\$(id) "'; & <b>]
source = $bars
END
: >events
: >received
start_watch --events events --config list.ini
wait_for received 1 '"problem-begin"'
wait_for texts 1 ': the picture is no-signal'
stop_watch TERM
diff events received || wrong "a command does not get the events"
grep -F -x -q "\$(id) \"'; & <b>: the picture is no-signal" texts || wrong "the sentence: $(cat texts)"
# The command for a file's last event ends before convnext-watch does.
make_clip last.mov 60
"$CONVNEXT_WATCH" --set on-event="sh -c 'sleep 1; cat >>last'" last.mov >lines 2>log </dev/null ||
    wrong "last.mov: status $?: $(cat log)"
grep -q '"new":"no-signal"' last || wrong "the last event is lost: $(cat log)"
expect_refusal "on-event: the program 'no-such-program' is not found" \
    "$CONVNEXT_WATCH" test:ball --set on-event='no-such-program x'
exit $bad
