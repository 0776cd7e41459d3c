#!/bin/bash
# Shows that each rule of rules.sh can fail: makes a small tree that obeys every rule, breaks one rule
# in each of several copies, and expects the rule to notice.
#
#   rules-can-fail.sh RULE...    also fails if nothing below breaks one of these rules
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
rules=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cc=${CC:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
licence='SPDX-License-Identifier: LGPL-2.1-or-later'
number=0
broken=' '

# Everything below works in the current folder, which is a copy of the tree.

# write FILE LINE...: a source file with its licence.
write()
{
    local file=$1
    shift
    mkdir -p "$(dirname "$file")"
    printf '%s\n' "/* $licence */" "$@" >"$file"
}

# library FILE FUNCTION...: a built library that exports these functions.
library()
{
    local file=build/$1 function
    shift
    for function; do
        printf 'int %s(void);\nint %s(void) { return 0; }\n' "$function" "$function"
    done >build/exports.c
    case $file in
    *.a)
        rm -f "$file"
        $cc -c -o build/exports.o build/exports.c && ar rc "$file" build/exports.o
        ;;
    *) $cc -shared -fPIC -o "$file" build/exports.c ;;
    esac
}

obedient_tree()
{
    mkdir -p build
    cp "$CNX_ROOT/.clang-format" .
    write simd/add.h '#pragma once' '' '#include <stddef.h>' '' 'size_t cnx_add(size_t a);'
    write simd/kernels.inc '#include "simd/add.h"' 'KERNEL(CnxAddFn, add, c, avx2)'
    write simd/add_c.c '#include "simd/add.h"'
    write simd/x86/add_avx2.c '#include "simd/add.h"' '#include <immintrin.h>'
    write model/sum.h '#pragma once' '' '#include <glib.h>' '' 'guint cnx_sum(guint a);'
    write model/sum.c '#include "model/sum.h"' '#include "simd/add.h"' '#include <cblas.h>'
    write gst/element.c '#include "gst/stream/stream.h"' '#include "model/sum.h"' \
        '#include <gst/gst.h>'
    write gst/stream/stream.h '#pragma once'
    write gst/convnext/convnext.h '#pragma once' '' '#include <gst/gst.h>' '' \
        'int gst_convnext_one(void);'
    write pipelines/app.c '#include <gst/convnext/convnext.h>'
    write pipelines/inspect/inspect.c '#include "model/sum.h"'
    printf '%s\n' '#!/bin/bash' "# $licence" 'echo "$#"' >pipelines/app.sh
    printf '%s\n' 'gst: stream convnext' 'gst/stream: convnext' 'gst/convnext:' 'model:' \
        >build/folders.txt
    printf '%s\n' '<!-- folders -->' '<!-- /folders -->' >CONTRIBUTING.md
    python3 "$rules/arrows.py" --root . --write CONTRIBUTING.md
    library libgstconvnext.so gst_plugin_convnext_get_desc
    library libgstconvnext-1.0.so.0 gst_convnext_one
    library libcnxsimd.a cnx_add
    library libcnxmodel.a cnx_sum
}

# mutant FILE OLD: a row of tests/mutants.
mutant()
{
    mkdir -p tests/mutants
    printf '%s\n' '[row]' "file: $1" "old: $2" 'new: #' 'tests: sum' >tests/mutants/model.txt
}

run_rule()
{
    CNX_ROOT=$PWD CNX_BUILD=$PWD/build CNX_FOLDERS=build/folders.txt "$rules/rules.sh" "$1" 2>&1
}

# break_rule RULE COMMAND...: expects the rule to fail after the command. Prints a line if it does not.
break_rule()
{
    local rule=$1 tree=$work/$number
    shift
    cp -a "$work/obedient" "$tree" && cd "$tree" || exit 1
    "$@"
    run_rule "$rule" >build/output
    [ $? -eq 1 ] || echo "$rule: does not notice: $*"
    rm -rf "$tree"
}

# Expects the rule to hold in the obedient tree. Prints the rule's output if it does not.
obey_rule()
{
    cd "$work/obedient" || exit 1
    run_rule "$1" >"$work/$1.output"
    case $? in
    0) ;;
    77) touch "$work/$1.skipped" ;;
    *)
        echo "$1: fails in a tree that obeys it:"
        cat "$work/$1.output"
        ;;
    esac
}

# in_background COMMAND...: runs the command in the background, at most one per processor.
in_background()
{
    number=$((number + 1))
    while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
    "$@" >"$work/$number.log" &
}

# breaks RULE COMMAND...: see break_rule.
breaks()
{
    broken+="$1 "
    if [ -e "$work/$1.skipped" ]; then
        echo "$1: skipped, a tool is missing"
    else
        in_background break_rule "$@"
    fi
}

append()
{
    printf '%s\n' "$2" >>"$1"
}

remove_last_newline()
{
    printf '#' >>"$1"
}

long_file()
{
    seq 1 "$2" | sed 's,.*,/* & */,' >>"$1"
}

mkdir "$work/obedient"
cd "$work/obedient" || exit 1
obedient_tree
for rule; do
    in_background obey_rule "$rule"
done
wait

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
breaks public-includes append pipelines/app.c '#include <mosquitto.h>'
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
breaks include-paths sed -i '/pragma/d' model/sum.h
breaks kernel-stems write simd/mul_c.c
breaks kernel-stems write simd/x86/mul_avx2.c
breaks kernel-stems write simd/x86/mul_vec.inc
breaks kernel-stems sed -i 's/add\.h/mul.h/' simd/kernels.inc
breaks symbols library libgstconvnext.so gst_plugin_convnext_get_desc helper
breaks symbols library libgstconvnext-1.0.so.0 gst_convnext_one gst_convnext_undeclared
breaks symbols library libgstconvnext-1.0.so.0 gst_convnext_one g_helper
breaks symbols library libcnxsimd.a add
breaks symbols library libcnxmodel.a sum
breaks symbols rm build/libgstconvnext.so
breaks headers-alone write model/lone.h '#pragma once' '' 'GstBuffer *cnx_buffer(void);'
breaks headers-alone append gst/convnext/convnext.h 'int gst_convnext_of(int class);'
breaks format append model/sum.c 'int  a;'
breaks style append model/sum.c $'int f(int *p)\n{\n    return *p;\n}\nint g(int *p)\n{\n    int a = *p;\n    return a;\n}'
breaks style append model/sum.c $'int f(int *p)\n{\n    if (p == NULL)\n        return 0;\n    return *p;\n}'
breaks style append model/sum.c 'static gint number;'
breaks style append model/sum.c $'\n/* ---- Sums ---- */\n'
breaks style append model/sum.c $'\n/* Sums. */\n'
breaks style append model/sum.c 'enum { /* colours */'
for free in g_free g_ptr_array_unref g_error_free; do
    breaks style append model/sum.c \
        $'int f(int n)\n{\n    void *p = g_new(int, n);\n\n    n++;\n    '$free$'(p);\n    return n;\n}'
done
breaks folders write gst/objects/objects.c
breaks folders write gst/convnext/meta.c '#include "gst/stream/stream.h"'
breaks folders append build/folders.txt 'gst/objects:'
breaks folders sed -i 's/^gst.convnext:/& stream/' build/folders.txt
breaks folders-picture write gst/stream/messages.c '#include "gst/convnext/convnext.h"'
breaks folders-picture sed -i '/folders/d' CONTRIBUTING.md
breaks mutants mutant model/sum.c '#include "simd/sub.h"'
breaks mutants mutant model/sum.c '#include'
breaks mutants mutant model/product.c '#include "simd/add.h"'
breaks whitespace append model/sum.c $'\tint a;'
breaks whitespace append model/sum.c 'int a; '
breaks whitespace remove_last_newline pipelines/app.sh
breaks licence sed -i '/SPDX/d' model/sum.c
breaks licence sed -i '/SPDX/d' pipelines/app.sh
breaks length long_file model/sum.c 600
breaks length long_file gst/element.c 600
breaks length append model/sum.c "/* $(printf '%098d' 0) */"
breaks top-level write helpers/list.c
breaks top-level write list.c
breaks shell append pipelines/app.sh 'cd "$missing" && for'

for rule; do
    case $broken in
    *" $rule "*) ;;
    *) echo "$rule: nothing here breaks it" ;;
    esac
done >"$work/unbroken.log"
wait
cat "$work"/*.log
[ -z "$(cat "$work"/*.log)" ]
