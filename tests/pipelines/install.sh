#!/bin/bash
# `meson install` installs the plugin, the programs, the bundled model, and the public library with the
# files needed to build against it; a program builds and runs with the installed library. With an empty
# environment, GStreamer and Python find it under /usr, and under /usr/local with the variables of README.md.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

meson install -C "$CONVNEXT_BUILD" --no-rebuild --destdir "$work/root" >log 2>&1 ||
    wrong "meson install: $(tail -n 5 log)"
for file in 'gstreamer-1.0/libgstconvnext.so' 'libgstconvnext-1.0.so' 'gstconvnext-1.0.pc' 'bin/convnext-watch' 'bin/convnext-inspect' 'bin/convnext-teach' \
    'convnext/convnext.h' 'gst-convnext/default/model.safetensors' 'gst-convnext/default/config.json'; do
    [ -n "$(find root -path "*/$file")" ] || wrong "not installed: $file"
done

# gst-inspect names the package and its origin.
for line in '  Version  *0' '  License  *LGPL' '  Source module  *gst-convnext$' \
    '  Binary package  *gst-convnext, built from source$' '  Origin URL  *the source tree of gst-convnext$'; do
    gst-inspect-1.0 --no-colors convnext | grep -q "^$line" || wrong "gst-inspect lacks '$line'"
done
for element in convnext convnextoverlay convnextpublish; do
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
[ -e "$(pkg-config --variable=pluginsdir gstconvnext-1.0)/libgstconvnext.so" ] ||
    wrong "pluginsdir: $(pkg-config --variable=pluginsdir gstconvnext-1.0)"
libraries=$(dirname "$(find "$work/root" -name libgstconvnext-1.0.so)")
# shellcheck disable=SC2046 # a list of words
if ${CC:-cc} -Werror -o program program.c \
    $(pkg-config --cflags --libs gstconvnext-1.0); then
    LD_LIBRARY_PATH=$libraries ./program || wrong "a program with the installed library fails"
else
    wrong "a program does not build with the installed library"
fi

# The installed files, as they are with the prefix /usr and with this build's prefix. Each is a private
# view of the file system, because only the tree of the system is searched without any variable.
installed=${libraries%%/lib/*}
prefix=${installed#"$work/root"}
cat >view.sh <<'END'
# view.sh FOLDER USER: the files of $installed appear in FOLDER, those of $cache in the user's cache.
set -e
mkdir -p "$2/.cache/gstreamer-1.0"
mount --bind "$cache" "$2/.cache/gstreamer-1.0"
mount -t overlay overlay -o "lowerdir=$installed:$1" "$1"
ldconfig -C "$cache/ld.so.cache"
[ "$1" = /usr ] || mount --bind "$cache/ld.so.cache" /etc/ld.so.cache
END

# view FOLDER COMMAND...
view()
{
    local folder=$1 as=-m
    shift
    [ "$(id -u)" -eq 0 ] || as=-rm
    installed=$installed cache=$work/cache PATH=$PATH:/usr/sbin:/sbin unshare $as bash -c '
        bash ./view.sh "$0" "$(getent passwd "$(id -u)" | cut -d: -f6)" || exit 99
        exec env -i "$@"' "$folder" "$@"
}

mkdir -p cache
view /usr true 2>log
if [ $? -eq 99 ] || grep -q '^unshare:' log; then
    echo "mounting is not allowed: an empty environment is not tested: $(cat log)"
    exit $bad
fi
sed -n '/^## Install/,/^## [^I]/s/^    \(export [A-Z_]*=\)/\1/p' "$CNX_ROOT/README.md" >variables
[ "$(wc -l <variables)" -ge 2 ] || wrong "README.md names no variables: $(cat variables)"
sed -i "s,=/usr/local/,=$prefix/," variables
cat >named.sh <<'END'
. ./variables
exec "$@"
END
cat >typelib.py <<'END'
import gi
gi.require_version('Gst', '1.0')
gi.require_version('GstConvnext', '1.0')
from gi.repository import Gst, GstConvnext
print(GstConvnext.Result.__gtype__.name, hasattr(GstConvnext.Tensor, "numpy"))
END

# check_view WHAT FOLDER COMMAND...: the command runs others in an environment.
check_view()
{
    local what=$1 folder=$2
    shift 2
    rm -f cache/*
    view "$folder" "$@" gst-inspect-1.0 --no-colors convnext >inspected 2>log ||
        wrong "$what: gst-inspect-1.0: $(cat log)"
    grep -q -E "^  Filename  *($folder|${folder#/usr})/lib/" inspected || wrong "$what: $(grep Filename inspected)"
    view "$folder" "$@" "$work/program" 2>log || wrong "$what: a program: $(cat log)"
    if [ -n "$(find "$installed" -name GstConvnext-1.0.typelib)" ] && /usr/bin/python3 -c 'import gi' 2>/dev/null; then
        [ "$(view "$folder" "$@" /usr/bin/python3 "$work/typelib.py" 2>log)" = 'GstConvnextResult True' ] ||
            wrong "$what: Python: $(cat log)"
    fi
}

check_view 'the prefix /usr' /usr
if [ "$prefix" = /usr/local ]; then
    check_view 'the prefix /usr/local' /usr/local bash "$work/named.sh"
    view /usr/local bash "$work/named.sh" gst-launch-1.0 -q videotestsrc num-buffers=3 ! convnext ! convnextpublish \
        ! fakesink >lines 2>log || wrong "the prefix /usr/local: $(cat log)"
    expect_lines lines 3
    rm -f cache/*
    [ "$(command -v gst-inspect-1.0)" = /usr/bin/gst-inspect-1.0 ] &&
        view /usr/local gst-inspect-1.0 convnext >/dev/null 2>&1 &&
        wrong "README.md is out of date: GStreamer finds plugins in /usr/local without variables"
fi
exit $bad
