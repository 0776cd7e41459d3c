#!/bin/bash
# `meson devenv` finds the plugin, the programs, the library and its typelib in the build folder, and
# pipelines/env.sh names the same folders.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
clean_path=$PATH
. "$(dirname "$0")/lib.sh"

if ! command -v meson >/dev/null; then
    echo "meson is not on PATH"
    exit 77
fi

# devenv COMMAND...: runs a command with nothing of this project in its environment but what meson adds.
devenv()
{
    env -u GST_PLUGIN_PATH -u GST_REGISTRY -u LD_LIBRARY_PATH -u GI_TYPELIB_PATH -u PKG_CONFIG_PATH -u PYTHONPATH PATH="$clean_path" \
        meson devenv -C "$CONVNEXT_BUILD" "$@"
}

devenv gst-inspect-1.0 --no-colors convnext >inspected || wrong "gst-inspect-1.0: status $?"
grep -q "Filename *$CONVNEXT_BUILD/gst/" inspected || wrong "another plugin: $(grep Filename inspected)"
devenv convnext-inspect "$CONVNEXT_BUILD/model/default" >report || wrong "convnext-inspect: status $?"
grep -q '^variant ' report || wrong "not a report: $(head -n 3 report)"

typelib=$CONVNEXT_BUILD/gst/convnext/GstConvnext-1.0.typelib
if [ -f "$typelib" ] && /usr/bin/python3 -c 'import gi' 2>/dev/null; then
    devenv /usr/bin/python3 -c 'import gi
gi.require_version("GstConvnext", "1.0")
from gi.repository import GstConvnext
print(GstConvnext.Result.__gtype__.name, hasattr(GstConvnext.Tensor, "numpy"))' >printed || wrong "Python: status $?"
    [ "$(cat printed)" = 'GstConvnextResult True' ] || wrong "Python: expected GstConvnextResult True, found $(cat printed)"
else
    echo "python3-gi is not installed or the typelib is not built: Python is not tested"
fi

names='GST_PLUGIN_PATH GST_REGISTRY LD_LIBRARY_PATH PATH PKG_CONFIG_PATH PYTHONPATH'
[ ! -f "$typelib" ] || names+=' GI_TYPELIB_PATH'
for name in $names; do
    found=$(devenv printenv $name | cut -d: -f1)
    expected=$(printenv $name | cut -d: -f1)
    [ "$found" = "$expected" ] || wrong "$name begins with '$found', in env.sh with '$expected'"
done

# A relative CONVNEXT_BUILD, which a shell that goes to another folder must still find.
found=$(cd "$CONVNEXT_BUILD/.." && CONVNEXT_BUILD=${CONVNEXT_BUILD##*/} && . "$CNX_ROOT/pipelines/env.sh" &&
    printenv GST_PLUGIN_PATH | cut -d: -f1)
[ "$found" = "$CONVNEXT_BUILD/gst" ] || wrong "with a relative CONVNEXT_BUILD, GST_PLUGIN_PATH begins with '$found'"
exit $bad
