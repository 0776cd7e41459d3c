#!/bin/bash
# What cannot be played is refused with one sentence and a status that is not zero.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

expect_refusal 'there is no file or device none.mp4' "$quickstart" none.mp4
expect_refusal 'there is no file or device /dev/video77' "$quickstart" /dev/video77

: >empty.mp4
expect_refusal 'empty.mp4' "$quickstart" empty.mp4
echo 'This is not a film, and has enough words to be known as text.' >text.mp4
expect_refusal 'cannot play text.mp4: ' "$quickstart" text.mp4
# Always the same: now and then noise is something that can be decoded.
python3 -c 'import random, sys
sys.stdout.buffer.write(random.Random(1).randbytes(100000))' >noise.mp4
expect_refusal 'cannot play noise.mp4: ' "$quickstart" noise.mp4
expect_refusal 'cannot play .: ' "$quickstart" .
gst-launch-1.0 -q audiotestsrc num-buffers=20 ! wavenc ! filesink location=sound.wav
expect_refusal 'sound.wav' "$quickstart" sound.wav

# Port 1 of the loopback: nobody listens there.
expect_refusal 'cannot play rtsp://127.0.0.1:1/live: ' "$quickstart" rtsp://127.0.0.1:1/live

expect_refusal '/nonexistent' "$quickstart" --model /nonexistent test
expect_refusal 'text.mp4' "$quickstart" --model "$work/text.mp4" test
expect_refusal 'one too many' "$quickstart" text.mp4 sound.wav
expect_refusal 'many' "$quickstart" --frames many test
exit $bad
