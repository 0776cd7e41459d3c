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

if [ -n "${RTSP_SERVER:-}" ]; then
    start_camera
    : >mixed
    timeout --foreground -k 10 60 "$CNX_ROOT/pipelines/cameras.sh" "$camera" street.mov >mixed \
        </dev/null &
    for stream in "$camera" street.mov; do
        wait_for mixed 1 "\"stream\":\"$stream\""
    done
    kill -INT $!
    wait $!
    expect_lines mixed 0
fi
exit $bad
