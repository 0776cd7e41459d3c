#!/bin/bash
# cameras.sh: several sources in one process; each line names its source.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

make_clip street.mov 20
make_clip yard.mov 20
timeout "$PATIENCE" "$CNX_ROOT/pipelines/cameras.sh" street.mov yard.mov >files </dev/null ||
    wrong "two files: status $?"
expect_lines files 0
for stream in street.mov yard.mov; do
    grep -q "\"stream\":\"$stream\"" files || wrong "no line for $stream"
done

"$CNX_ROOT/pipelines/cameras.sh" --help >help || wrong "--help: status $?"
grep -q '^usage: ' help || wrong "--help: $(cat help)"
expect_refusal "INTERVAL is 'often', expected a whole number of at least 1" \
    env INTERVAL=often "$CNX_ROOT/pipelines/cameras.sh" street.mov
expect_refusal 'the file none.mov does not exist' "$CNX_ROOT/pipelines/cameras.sh" none.mov
expect_refusal "$work is a folder" "$CNX_ROOT/pipelines/cameras.sh" "$work"
expect_refusal 'a source is empty' "$CNX_ROOT/pipelines/cameras.sh" ''
"$CNX_ROOT/pipelines/cameras.sh" -x 2>log && wrong "-x: status 0"
grep -q 'unknown option -x' log || wrong "-x: $(cat log)"

if [ -n "${RTSP_SERVER:-}" ]; then
    start_camera
    : >mixed
    timeout --foreground -k 10 "$PATIENCE" "$CNX_ROOT/pipelines/cameras.sh" "$camera" street.mov >mixed \
        </dev/null &
    for stream in "$camera" street.mov; do
        wait_for mixed 1 "\"stream\":\"$stream\""
    done
    kill -INT $!
    wait $!
    expect_lines mixed 0
fi
exit $bad
