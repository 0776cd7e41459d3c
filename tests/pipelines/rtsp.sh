#!/bin/bash
# quickstart.sh on an RTSP stream from a server on localhost.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

start_camera
timeout "$PATIENCE" "$quickstart" --json --frames 20 "$camera" >live </dev/null || wrong "status $?"
expect_lines live 20
expect_summary live 20

expect_interruption "$camera"

expect_refusal "cannot play ${camera%/live}/none: " "$quickstart" "${camera%/live}/none"
exit $bad
