#!/bin/bash
# cameras.sh: several sources in one process, each line with the name of its own.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

make_clip street.mov 20
make_clip yard.mov 20
timeout 60 "$CNX_ROOT/pipelines/cameras.sh" street.mov yard.mov >files </dev/null ||
    wrong "two files: status $?"
expect_lines files 0
for stream in street.mov yard.mov; do
    grep -q "\"stream\":\"$stream\"" files || wrong "no line of $stream"
done

if [ -n "${RTSP_SERVER:-}" ]; then
    start_camera
    timeout -s INT 10 "$CNX_ROOT/pipelines/cameras.sh" "$camera" street.mov >mixed </dev/null
    expect_lines mixed 0
    for stream in "$camera" street.mov; do
        grep -q "\"stream\":\"$stream\"" mixed || wrong "no line of $stream"
    done
fi
exit $bad
