#!/bin/bash
# Shows that each rule of rules.sh can fail: makes a small tree that obeys them all, breaks one rule
# at a time in it, and expects that rule to notice, and to be content again afterwards.
# rules-can-fail.sh RULE...: every one of these must have been broken here.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
rules=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/rules.sh
cc=${CC:-cc}
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
licence='SPDX-License-Identifier: LGPL-2.1-or-later'
bad=0
broken=' '

# write FILE LINE...: a source file with its licence.
write()
{
    local file=$tree/$1
    shift
    mkdir -p "$(dirname "$file")"
    printf '%s\n' "/* $licence */" "$@" >"$file"
}

# shared OUTPUT FUNCTION...: a built file that exports these functions.
shared()
{
    local output=$tree/build/$1 function
    shift
    mkdir -p "$tree/build"
    for function; do
        printf 'int %s(void);\nint %s(void) { return 0; }\n' "$function" "$function"
    done >"$tree/build/exports.c"
    case $output in
    *.a)
        $cc -c -o "$tree/build/exports.o" "$tree/build/exports.c" &&
            ar rc "$output" "$tree/build/exports.o"
        ;;
    *) $cc -shared -fPIC -o "$output" "$tree/build/exports.c" ;;
    esac
}

obedient_tree()
{
    rm -rf "${tree:?}"/*
    cp "$CNX_ROOT/.clang-format" "$tree/"
    write simd/add.h '#pragma once' '' '#include <stddef.h>' '' 'size_t cnx_add(size_t a);'
    write simd/kernels.inc '#include "simd/add.h"' 'KERNEL(CnxAddFn, add, c, avx2)'
    write simd/add_c.c '#include "simd/add.h"'
    write simd/x86/add_avx2.c '#include "simd/add.h"' '#include <immintrin.h>'
    write model/sum.h '#pragma once' '' '#include <glib.h>' '' 'guint cnx_sum(guint a);'
    write model/sum.c '#include "model/sum.h"' '#include "simd/add.h"' '#include <cblas.h>'
    write gst/element.c '#include "model/sum.h"' '#include <gst/gst.h>'
    write gst/convnext/convnext.h '#pragma once' '' '#include <gst/gst.h>' '' \
        'int gst_convnext_one(void);'
    write pipelines/app.c '#include <gst/convnext/convnext.h>'
    write pipelines/inspect/inspect.c '#include "model/sum.h"'
    printf '%s\n' '#!/bin/bash' "# $licence" 'echo "$#"' >"$tree/pipelines/app.sh"
    shared libgstconvnext.so gst_plugin_convnext_get_desc
    shared libgstconvnext-1.0.so.0 gst_convnext_one
    shared libcnxsimd.a cnx_add
    shared libcnxmodel.a cnx_sum
}

run_rule()
{
    CNX_ROOT=$tree CNX_BUILD=$tree/build "$rules" "$1" >"$tree/build/said" 2>&1
}

# breaks RULE COMMAND...: the rule holds, and does not after the command.
breaks()
{
    local rule=$1 status
    shift
    broken+="$rule "
    obedient_tree
    run_rule "$rule"
    status=$?
    if [ $status -eq 77 ]; then
        echo "$rule: needs a tool that is not here"
        return
    fi
    if [ $status -ne 0 ]; then
        echo "$rule: fails on a tree that obeys it:"
        cat "$tree/build/said"
        bad=1
        return
    fi
    "$@"
    run_rule "$rule"
    status=$?
    if [ $status -ne 1 ]; then
        echo "$rule: does not notice: $*"
        bad=1
    fi
}

append()
{
    printf '%s\n' "$2" >>"$tree/$1"
}

unfinished()
{
    printf '#' >>"$tree/$1"
}

long_file()
{
    seq 1 "$2" | sed 's,.*,/* & */,' >>"$tree/$1"
}

breaks simd-includes append simd/add_c.c '#include <glib.h>'
breaks simd-includes append simd/add_c.c '#include "model/sum.h"'
breaks model-includes append model/sum.c '#include <gst/gst.h>'
breaks model-includes append model/sum.h '#include "gst/element.h"'
breaks gst-includes append gst/element.c '#include "simd/add.h"'
breaks gst-includes append gst/element.c '#include <cblas.h>'
breaks public-includes append gst/convnext/convnext.h '#include "model/sum.h"'
breaks public-includes append pipelines/app.c '#include "model/sum.h"'
breaks public-includes append pipelines/inspect/inspect.c '#include <gst/gst.h>'
breaks public-includes write pipelines/instance.c '#include "model/sum.h"'
breaks public-includes append pipelines/app.c '#include <libsoup/soup.h>'
breaks vector-includes write simd/mul_avx2.c '#include <immintrin.h>'
breaks vector-includes append simd/add_c.c '#include <immintrin.h>'
breaks vector-includes append model/sum.c '#  include <immintrin.h>'
breaks cblas-once write model/other.c '#include <cblas.h>'
breaks cblas-once append simd/add_c.c '#include <cblas.h>'
breaks orc-in-simd append model/sum.c '#include <orc/orc.h>'
breaks orc-in-simd write gst/pixels.orc '.function pixels'
breaks glib-places write tests/simd/add.c '#include <glib.h>'
breaks glib-places write tests/model/sum.c '#include <gst/gst.h>'
breaks include-paths append model/sum.c '#include "sum.h"'
breaks include-paths sed -i '/pragma/d' "$tree/model/sum.h"
breaks kernel-stems write simd/mul_c.c
breaks kernel-stems write simd/x86/mul_avx2.c
breaks kernel-stems write simd/x86/mul_vec.inc
breaks kernel-stems sed -i 's/add\.h/mul.h/' "$tree/simd/kernels.inc"
breaks symbols shared libgstconvnext.so gst_plugin_convnext_get_desc helper
breaks symbols shared libgstconvnext-1.0.so.0 gst_convnext_one gst_convnext_undeclared
breaks symbols shared libgstconvnext-1.0.so.0 gst_convnext_one g_helper
breaks symbols shared libcnxsimd.a add
breaks symbols shared libcnxmodel.a sum
breaks symbols rm "$tree/build/libgstconvnext.so"
breaks headers-alone append model/sum.h 'GstBuffer *cnx_buffer(void);'
breaks headers-alone append gst/convnext/convnext.h 'int gst_convnext_of(int class);'
breaks format append model/sum.c 'int  a;'
breaks style append model/sum.c $'int f(int *p)\n{\n    return *p;\n}\nint g(int *p)\n{\n    int a = *p;\n    return a;\n}'
breaks style append model/sum.c $'int f(int *p)\n{\n    if (p == NULL)\n        return 0;\n    return *p;\n}'
breaks style append model/sum.c 'static gint number;'
breaks style append model/sum.c $'\n/* ---- Sums ---- */\n'
breaks style append model/sum.c $'\n/* Sums. */\n'
breaks style append model/sum.c 'enum { /* colours */'
breaks whitespace append model/sum.c $'\tint a;'
breaks whitespace append model/sum.c 'int a; '
breaks whitespace unfinished pipelines/app.sh
breaks licence sed -i '/SPDX/d' "$tree/model/sum.c"
breaks licence sed -i '/SPDX/d' "$tree/pipelines/app.sh"
breaks length long_file model/sum.c 400
breaks length long_file gst/element.c 600
breaks length append model/sum.c "/* $(printf '%098d' 0) */"
breaks top-level write helpers/list.c
breaks top-level write list.c
breaks shell append pipelines/app.sh 'cd "$missing" && for'

for rule; do
    case $broken in
    *" $rule "*) ;;
    *)
        echo "$rule: nothing here breaks it"
        bad=1
        ;;
    esac
done
exit $bad
