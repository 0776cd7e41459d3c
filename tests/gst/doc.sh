#!/bin/bash
# Builds the reference pages and looks for the library's types and functions and the elements'
# properties in them: doc.sh BUILD PAGES. Without -Ddoc=true nothing else builds them.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
build=$1 pages=$2
status=0

ninja -C "$build" "${pages#"$build/"}" >/dev/null || exit 1

# expect PAGE TEXT...: the page exists and has each text.
expect()
{
    local page=$1 text
    shift
    if [ ! -f "$pages/$page" ]; then
        echo "$page: missing"
        status=1
        return
    fi
    for text; do
        if ! grep -q -F -- "$text" "$pages/$page"; then
            echo "$page: does not contain '$text'"
            status=1
        fi
    done
}

expect index.html GstConvnext convnext.html convnextdetect.html convnextoverlay.html convnextpublish.html convnextsegment.html
expect struct.Result.html GstConvnextResult
expect method.Result.get_classes.html gst_convnext_result_get_classes
expect func.buffer_get_convnext_meta.html gst_buffer_get_convnext_meta
properties=$(gst-inspect-1.0 convnext | sed -n '/^Element Properties/,$p' |
    sed -n -E 's/^  ([a-z][a-z-]*) +: .*/\1/p' | grep -v -x -e name -e parent)
[ "$(wc -w <<<"$properties")" -gt 30 ] || { echo "gst-inspect-1.0 does not list the properties"; status=1; }
for property in $properties; do
    expect convnext.html "id=\"$property\""
done
expect convnextsegment.html 'id="mask-size"' 'id="paint"'
expect convnextdetect.html 'id="min-size"' 'id="proposals"'
expect convnextoverlay.html 'id="show"' 'id="heatmap"'
expect convnextpublish.html 'id="location"' 'id="stream"' 'id="tensor-dir"'
exit $status
