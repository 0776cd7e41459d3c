#!/bin/bash
# Shows which files and functions of gst/ a frame enters that only wants a class (mode=sync, whole
# frames, no smoothing), and checks that there are at most 16 files, so that features that are off
# cost nothing. plain_path.sh [--list]: --list prints the functions too; a build without
# optimisation shows those that the compiler inlines elsewhere.
#
# CNX_ROOT is the tree, CONVNEXT_BUILD its build folder.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
most=16
command -v valgrind >/dev/null || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GST_PLUGIN_PATH=$CONVNEXT_BUILD/gst GST_REGISTRY=$work/registry.bin
export CONVNEXT_CPU=c OPENBLAS_NUM_THREADS=1

# The registry is made first, so that valgrind does not see the plugin scanner.
gst-inspect-1.0 convnext >/dev/null || exit 1
valgrind -q --tool=callgrind --callgrind-out-file="$work/callgrind.out" --compress-strings=no \
    --toggle-collect=gst_convnext_transform_ip \
    gst-launch-1.0 -q videotestsrc num-buffers=4 ! video/x-raw,width=320,height=240 \
    ! convnext model="$CNX_ROOT/tests/fixtures/networks/facebook-v1/model.safetensors" threads=1 \
    ! fakesink >"$work/out" 2>&1 || { cat "$work/out"; exit 1; }

# A function "fn=NAME" is in the file of the last "fl=", "fi=" or "fe=" line.
awk -v root="$CNX_ROOT/" '
    /^f[lie]=/ { file = substr($0, 4) }
    /^fn=/ { print file, substr($0, 4) }' "$work/callgrind.out" |
    sed -n 's,^[^ ]*/\(gst/[a-z]*/*[a-z]*\.[ch]\) ,\1 ,p' | sort -u >"$work/functions"
cut -d' ' -f1 "$work/functions" | grep '\.c$' | sort -u >"$work/files"
count=$(wc -l <"$work/files")
[ "${1:-}" != --list ] || cat "$work/functions"
cat "$work/files"
echo "$count files"
if [ "$count" -eq 0 ] || [ "$count" -gt $most ]; then
    echo "a frame that only wants a class enters $count files of gst/, expected 1 to $most" >&2
    exit 1
fi
