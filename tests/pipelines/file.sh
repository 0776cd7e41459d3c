#!/bin/bash
# quickstart.sh on a file: changes of the state, or with --json a line per frame, then the summary; --frames; the
# test picture; --write; Ctrl-C in the middle.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

make_clip 'a clip, 50 %.mov' 30
"$quickstart" --json 'a clip, 50 %.mov' >all </dev/null || wrong "a file: status $?"
expect_lines all 30
expect_summary all 30

"$quickstart" --json --frames 7 'a clip, 50 %.mov' >some </dev/null || wrong "--frames: status $?"
expect_lines some 7
expect_summary some 7

for option in --frames=0 '-n 0'; do
    # shellcheck disable=SC2086 # two words
    "$quickstart" --json $option 'a clip, 50 %.mov' >every </dev/null || wrong "$option: status $?"
    expect_lines every 30
done

"$quickstart" --json --frames=5 "file://$work/a%20clip,%2050%20%25.mov" >uri </dev/null ||
    wrong "a file's URI: status $?"
expect_lines uri 5

"$quickstart" --json test >picture </dev/null || wrong "the test picture: status $?"
expect_lines picture 150
expect_summary picture 150

# If no isa level accelerates a precision, fp32 runs, with a warning.
CONVNEXT_CPU=c "$quickstart" --json --frames 3 --precision=bf16 'a clip, 50 %.mov' >rounded 2>log </dev/null ||
    wrong "--precision: status $?"
expect_lines rounded 3
[ "$(grep -c '^quickstart: precision=bf16 runs as fp32: none of .* (c) accelerates bf16$' log)" -eq 1 ] ||
    wrong "--precision: not one warning: $(cat log)"

make_clip long.mov 3000

# Without --json: a line for each state, also at the end, and the progress on a terminal only.
gst-launch-1.0 -q concat name=all ! video/x-raw,width=320,height=240,framerate=25/1 ! jpegenc ! qtmux \
    ! filesink location=two.mov videotestsrc num-buffers=80 pattern=black ! all. \
    videotestsrc num-buffers=150 pattern=pinwheel ! all. || wrong "cannot make a film"
"$quickstart" two.mov >states 2>log </dev/null || wrong "states: status $?"
expect_summary states 230
sed '/^$/,$d' states >states.lines
[ "$(grep -c -E '^0:00:0[0-9]  [a-z-]+ [01]\.[0-9]{2}$' states.lines)" -eq 2 ] &&
    [ "$(wc -l <states.lines)" -eq 2 ] || wrong "not two states: $(cat states)"
grep -v '^Classifying ' log && wrong "states: standard error has more"
script -qec "timeout $PATIENCE '$quickstart' long.mov" /dev/null >terminal </dev/null ||
    wrong "a terminal: status $?"
grep -q -a $'\033\\[K[0-9]* frames, [0-9.]* fps, ' terminal || wrong "no progress: $(cat -v terminal)"

version=$(sed -n "s/^ *version: '\(.*\)',.*/\1/p" "$CNX_ROOT/meson.build" | head -n 1)
for tool in quickstart watch inspect teach; do
    [ "$(convnext-$tool --version)" = "convnext-$tool $version" ] || wrong "convnext-$tool --version"
done

make_broken_model broken
"$quickstart" --json --frames 5 --model broken 'a clip, 50 %.mov' >nothing 2>log </dev/null ||
    wrong "scores that are NaN: status $?"
[ "$(grep -c '"classes":\[\]' nothing)" -eq 5 ] || wrong "scores that are NaN: $(cat nothing)"
grep -q "^quickstart: .*broken: the network's scores are not finite" log ||
    wrong "scores that are NaN: no warning: $(cat log)"

# A file with the results drawn in, complete in spite of the limit.
if gst-inspect-1.0 --exists x264enc || gst-inspect-1.0 --exists openh264enc; then
    "$quickstart" --frames 6 --json --write drawn.mp4 'a clip, 50 %.mov' >some 2>log </dev/null ||
        wrong "--write: status $?: $(cat log)"
    expect_lines some 6
    convnext-quickstart --json drawn.mp4 >again 2>log </dev/null || wrong "--write: $(cat log)"
    expect_lines again 6
else
    echo "no encoder is installed: --write was not run"
fi

expect_interruption long.mov
[ "$count" -lt 3000 ] || wrong "the interruption came after the last frame"
exit $bad
