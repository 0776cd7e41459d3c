#!/bin/bash
# `meson install` installs the plugin, the programs, the bundled model, and the public library with the
# files needed to build against it; a program builds and runs with the installed library.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

meson install -C "$CONVNEXT_BUILD" --no-rebuild --destdir "$work/root" >log 2>&1 ||
    wrong "meson install: $(tail -n 5 log)"
for file in 'gstreamer-1.0/libgstconvnext.so' 'libgstconvnext-1.0.so' 'gstconvnext-1.0.pc' 'bin/convnext-watch' 'bin/convnext-inspect' \
    'convnext/convnext.h' 'gst-convnext/default/model.safetensors' 'gst-convnext/default/config.json'; do
    [ -n "$(find root -path "*/$file")" ] || wrong "not installed: $file"
done

# gst-inspect names the package and its origin.
for line in '  Version  *0' '  License  *LGPL' '  Source module  *gst-convnext$' \
    '  Binary package  *gst-convnext, built from source$' '  Origin URL  *the source tree of gst-convnext$'; do
    gst-inspect-1.0 --no-colors convnext | grep -q "^$line" || wrong "gst-inspect lacks '$line'"
done
for element in convnext convnextpublish; do
    gst-inspect-1.0 --no-colors $element | grep -q '^  Author  *The gst-convnext developers$' ||
        wrong "gst-inspect names no author of $element"
done

cat >program.c <<'END'
#include <gst/convnext/convnext.h>

int main(int argc, char **argv)
{
    gst_init(&argc, &argv);
    return gst_convnext_meta_get_info() == NULL;
}
END
pc=$(find "$work/root" -name gstconvnext-1.0.pc)
sed -i "s,^prefix=,&$work/root," "$pc" # treat the folder as the root
export PKG_CONFIG_PATH=${pc%/*}
libraries=$(dirname "$(find "$work/root" -name libgstconvnext-1.0.so)")
# shellcheck disable=SC2046 # a list of words
if ${CC:-cc} -Werror -o program program.c \
    $(pkg-config --cflags --libs gstconvnext-1.0); then
    LD_LIBRARY_PATH=$libraries ./program || wrong "a program with the installed library fails"
else
    wrong "a program does not build with the installed library"
fi
exit $bad
