#!/bin/bash
# quickstart.sh refuses sources that cannot be played, with one sentence and a nonzero status.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

expect_refusal 'the file or device none.mp4 does not exist' "$quickstart" none.mp4
expect_refusal 'the file or device /dev/video77 does not exist' "$quickstart" /dev/video77

: >empty.mp4
expect_refusal 'cannot play empty.mp4: it is empty' "$quickstart" empty.mp4
echo 'This is not a video, and is long enough to be recognised as text.' >text.mp4
expect_refusal 'cannot play text.mp4: it is ' "$quickstart" text.mp4
# A fixed seed, because other noise may happen to be decodable.
python3 -c 'import random, sys
sys.stdout.buffer.write(random.Random(1).randbytes(100000))' >noise.mp4
expect_refusal 'cannot play noise.mp4: ' "$quickstart" noise.mp4
expect_refusal 'cannot play .: ' "$quickstart" .
gst-launch-1.0 -q audiotestsrc num-buffers=20 ! wavenc ! filesink location=sound.wav
expect_refusal 'sound.wav' "$quickstart" sound.wav

# Nothing listens at port 1.
expect_refusal 'cannot play rtsp://127.0.0.1:1/live: 127.0.0.1 refuses connections to port 1' "$quickstart" rtsp://127.0.0.1:1/live

expect_refusal '/nonexistent' "$quickstart" --model /nonexistent test
expect_refusal 'text.mp4' "$quickstart" --model "$work/text.mp4" test
expect_refusal 'expected one source' "$quickstart" text.mp4 sound.wav
for frames in many 5x -1 99999999999 ''; do
    for locale in C C.UTF-8; do
        LC_ALL=$locale expect_refusal \
            "quickstart: --frames is '$frames', expected a number from 0 (all frames) to 2147483647" \
            "$quickstart" --frames "$frames" test
    done
done
for precision in int4 INT8 ''; do
    expect_refusal "quickstart: --precision is '$precision', expected one of auto, fp32, bf16, int8" \
        "$quickstart" --precision "$precision" test
done
expect_refusal '--model is empty' "$quickstart" --model '' test
DISPLAY='' WAYLAND_DISPLAY='' expect_refusal '--show needs a display' convnext-quickstart --show
XDG_RUNTIME_DIR=$work DISPLAY=:7777 expect_refusal 'cannot open a window: ' convnext-quickstart --show
expect_refusal '--write is empty' "$quickstart" --write '' test
expect_refusal '--write names the source' convnext-quickstart --write text.mp4 text.mp4
expect_refusal '--write needs a value' "$quickstart" --write
expect_refusal 'cannot write the picture: ' convnext-quickstart --write none/out.mp4
expect_refusal 'the source is empty' "$quickstart" ''
expect_refusal '--page shows cameras, and text.mp4 is a file' "$quickstart" --page text.mp4
expect_refusal '--json and --page cannot be combined' "$quickstart" --json --page test
expect_refusal '--frames and --page cannot be combined' "$quickstart" --page=0 --frames 5 test
expect_refusal "metrics is 'x', expected a port" "$quickstart" --page=x test
expect_refusal 'the file or device --help does not exist' "$quickstart" -- --help
expect_refusal 'the source is empty' convnext-quickstart ''
expect_refusal 'sound.wav: It has no video, only sound.' "$quickstart" sound.wav
make_clip clip.mov 5
GST_PLUGIN_FEATURE_RANK=jpegdec:NONE,avdec_mjpeg:NONE expect_refusal \
    'cannot play clip.mov: the JPEG decoder is not installed; the package gstreamer1.0-plugins-good has it' \
    convnext-quickstart clip.mov
exit $bad
