#!/bin/bash
# The heads of pipelines/heads/, built with pkg-config only: their mask, its share of the frame, the memory
# that the Python head shares with the tensors, and what each says about broken input.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"
heads=$CNX_ROOT/pipelines/heads
networks=$CNX_ROOT/tests/fixtures/networks
model=$networks/openmmlab-dense
# A white square in the middle, with a quarter of the frame.
source='videotestsrc pattern=white num-buffers=2 ! video/x-raw,format=I420,width=160,height=120
    ! videobox top=-60 bottom=-60 left=-80 right=-80'

[ "$(wc -l <"$heads/linear_head.c")" -le 100 ] || wrong "linear_head.c has more than 100 lines"
# shellcheck disable=SC2046 # a list of words
${CC:-cc} -Wall -Werror -o linear-head "$heads/linear_head.c" \
    $(pkg-config --cflags --libs gstconvnext-1.0 gstreamer-1.0) || {
    wrong "linear_head.c does not build"
    exit $bad
}

# check_lines FILE SHARES: the program's results have a mask of 14 x 14 with shares that match.
check_lines()
{
    grep '"model":"linear-head"' "$1" >"$1.masks"
    [ "$(grep -c '"segmentation":{"width":14,"height":14,' "$1.masks")" -eq 2 ] ||
        wrong "$1: expected two masks of 14 x 14: $(cat "$1")"
    [ "$(grep -c -E "\"classes\":\[{\"index\":0,\"label\":\"square\",\"share\":$2,\"box\":" "$1.masks")" -eq 2 ] ||
        wrong "$1: expected the share $2: $(cat "$1.masks")"
}

# A bias alone: the mask covers what the network saw, the center crop of 210 x 210 pixels of 320 x 240.
head -c 144 /dev/zero >all
printf '\0\0\200?' >>all
./linear-head "$source" "$model" all square >lines || wrong "linear-head: status $?"
check_lines lines 0.57421875
head -c 144 all >few
expect_refusal 'linear-head: few: 144 bytes, expected 148' ./linear-head "$source" "$model" few square
expect_refusal 'linear-head: Failed to open file' ./linear-head "$source" "$model" none square
expect_refusal 'the model has 3 stages' ./linear-head "$source" "$networks/timm-features-only" all square
expect_refusal 'no element "nothing"' ./linear-head nothing "$model" all square

if ! [ -f "$CONVNEXT_BUILD/gst/convnext/GstConvnext-1.0.typelib" ] ||
    ! /usr/bin/python3 -c 'import gi, numpy; gi.require_version("Gst", "1.0")' 2>/dev/null; then
    echo "python3-gi or python3-numpy is not installed, or the typelib is not built: Python is not tested"
    [ $bad -eq 0 ] || exit $bad
    exit 77
fi

# Runs linear_head.py, and compares the address of each array with that of the tensor, which C returns.
cat >shared.py <<'END2'
import ctypes, re, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv.pop(1))
import linear_head

library = ctypes.CDLL('libgstconvnext-1.0.so.0')
library.gst_convnext_tensor_get_values.restype = ctypes.c_void_p
Tensor = linear_head.GstConvnext.Tensor
numpy, names = Tensor.numpy, []

def checked(tensor):
    array = numpy(tensor)
    pointer = int(re.search(r'GstConvnextTensor at (0x[0-9a-f]+)', repr(tensor))[1], 16)
    address = library.gst_convnext_tensor_get_values(ctypes.c_void_p(pointer), None)
    if array.ctypes.data != address:
        sys.exit(f'{tensor.get_name()}: the array is at {array.ctypes.data:#x}, the tensor at {address:#x}')
    names.append(tensor.get_name())
    return array

Tensor.numpy = checked
linear_head.main(*sys.argv[1:])
if names != ['stage3', 'stage4'] * 2:
    sys.exit(f'arrays of {names}')
END2
python=(timeout "$PATIENCE" /usr/bin/python3 -B)
"${python[@]}" shared.py "$heads" "$source" "$model" fitted square >lines || wrong "shared.py: status $?"
check_lines lines '0\.2[0-9]*'
mv lines.masks python.masks
./linear-head "$source" "$model" fitted square >lines || wrong "linear-head: status $?"
check_lines lines '0\.2[0-9]*'
cmp python.masks lines.masks || wrong "C and Python differ: $(cat python.masks lines.masks)"
expect_refusal "linear_head.py: $networks/timm-features-only: the model has 3 stages" \
    "${python[@]}" "$heads/linear_head.py" "$source" "$networks/timm-features-only" all square
expect_refusal "linear_head.py: few: 144 bytes, expected 148" \
    "${python[@]}" "$heads/linear_head.py" "$source" "$model" few square
exit $bad
