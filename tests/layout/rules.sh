#!/bin/bash
# The rules of the tree's layout, one test each: rules.sh RULE. Prints each offence as file:line and
# exits with 1, or with 77 where a tool that the rule needs is not there.
#
# CNX_ROOT is the tree, CNX_BUILD its build folder, CC the compiler.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
shopt -s lastpipe # so that offences at the end of a pipe are counted
root=${CNX_ROOT:?}
rules=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${CNX_BUILD:-}
cd "$root" || exit 1
offences=0

offence()
{
    printf '%s\n' "$*"
    offences=$((offences + 1))
}

# Prefixes each line of standard input with what is wrong with it; every line is an offence.
offences_from()
{
    local line
    while IFS= read -r line; do
        offence "$line: $1"
    done
}

# The files of the tree whose name matches the extended regular expression.
files()
{
    if [ -e .git ]; then
        git -c safe.directory='*' ls-files --cached --others --exclude-standard
    else
        find . -type f -not -path './build*' | sed 's,^\./,,'
    fi | grep -E "$1" | while IFS= read -r file; do
        if [ -f "$file" ]; then printf '%s\n' "$file"; fi
    done
}

# includes FILES: "file:line:<what>" or "file:line:"what"" of every #include in files that match.
includes()
{
    files "$1" | xargs -r -d '\n' grep -n -E '^ *# *include' /dev/null |
        sed -E 's/^([^:]*:[0-9]+:) *# *include *(<[^>]*>|"[^"]*").*/\1\2/'
}

# only_includes FILES ALLOWED WHY: offends where an include of FILES is not one of ALLOWED.
only_includes()
{
    includes "$1" | grep -v -E "^[^:]*:[0-9]+:($2)$" | offences_from "$3"
}

# include_only_in WHAT FILES WHY: offends where WHAT is included outside FILES.
include_only_in()
{
    includes '\.(c|h|orc)$' | grep -E "^[^:]*:[0-9]+:($1)$" | grep -v -E "^($2):" | offences_from "$3"
}

libc='<(assert|ctype|errno|fcntl|fenv|float|inttypes|limits|locale|malloc|math|pthread|sched|setjmp'
libc+='|signal|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|strings|threads'
libc+='|time|unistd|sys/[a-z]+)\.h>'
glib='<(glib|gio|gmodule|glib-object|glib-unix|glib/[a-z]+|json-glib/[a-z-]+)\.h>'
gst='<gst/[a-z/-]+\.h>'
vector='<(immintrin|x86intrin|[a-z]mmintrin|cpuid|arm_neon|arm_sve)\.h>'
blas='<(cblas|cblas-openblas|openblas_config|lapacke|f77blas)\.h>'
zip='<(unzip|zlib)\.h>'
orc='<orc/[a-z-]+\.h>'
isa='(avx2|avx512|avx512_[a-z0-9]+|neon)'

rule_simd_includes()
{
    only_includes '^simd/' "\"simd/[^\"]*\"|$libc|$vector|$orc" \
        'simd/ stands on libc, ORC and the intrinsics alone'
}

rule_model_includes()
{
    only_includes '^model/' "\"(simd|model)/[^\"]*\"|$libc|$glib|$blas|$zip" \
        'model/ stands on simd/, libc, GLib, json-glib, minizip, zlib and CBLAS alone'
}

rule_gst_includes()
{
    only_includes '^gst/' "\"(gst|model)/[^\"]*\"|\"config\.h\"|$libc|$glib|$gst" \
        'gst/ stands on model/, libc, GLib, json-glib and GStreamer alone'
}

# Programs outside the tree have the installed headers and nothing else. convnext-inspect shows what
# model/ makes of a file, and is built with it.
rule_public_includes()
{
    local inspect='pipelines/inspect/[a-z]+\.[ch]'
    only_includes '^gst/convnext/.*\.h$' "<gst/[a-z/-]+\.h>|<glib(-object)?\.h>" \
        'a public header includes what an installed one can, in <>'
    only_includes "^$inspect$" "\"(pipelines/inspect/[a-z]+|model/[^\"]*)\.h\"|$libc|$glib" \
        'convnext-inspect uses model/ and no GStreamer'
    include_only_in '<libsoup/[a-z]+\.h>' 'pipelines/watch/server\.c|tests/pipelines/.*' \
        'libsoup belongs to the server of the metrics'
    includes '^pipelines/' | grep -v -E "^$inspect:|^pipelines/watch/server.c:.*<libsoup/soup\.h>" |
        grep -v -E "^[^:]*:[0-9]+:(\"pipelines/[^\"]*\"|$libc|$glib|$gst)$" |
        offences_from 'pipelines/ uses the elements and the public library as any program does'
}

rule_vector_includes()
{
    include_only_in "$vector" "simd/[a-z0-9]+/[a-z0-9_]*_$isa\.[ch]|simd/isa\.c|tests/simd/[a-z0-9_]*\.[ch]" \
        'intrinsics belong to files of simd/ that are named for their instruction set'
}

rule_cblas_once()
{
    local users count
    include_only_in "$blas" 'model/[a-z0-9_/]*\.c' 'CBLAS belongs to one file of model/'
    users=$(includes '\.[ch]$' | grep -E ":$blas$" | cut -d: -f1 | sort -u)
    count=$(grep -c . <<<"$users")
    [ "$count" -le 1 ] || offence "CBLAS is included by $count files:" $users
}

rule_orc_in_simd()
{
    include_only_in "$orc" 'simd/[a-z0-9_]*\.[ch]' 'ORC belongs to simd/'
    files '\.orc$' | grep -v '^simd/' | offences_from 'ORC belongs to simd/'
}

rule_glib_places()
{
    include_only_in "$glib" '(model|gst|pipelines|tests/(model|gst|pipelines|bench|fuzz|sanitizers))/.*' \
        'GLib has no place here'
    include_only_in "$gst" '(gst|pipelines|tests/(gst|pipelines|bench|sanitizers))/.*' 'GStreamer has no place here'
}

# "gemm.h" could be any of several; "simd/gemm.h" is one, and shows the layer.
rule_include_paths()
{
    includes '\.[ch]$' | grep '"$' |
        grep -v -E ':"((simd|model|gst|pipelines|tests)/[^"]*|config\.h)"$' |
        offences_from 'write the path from the top of the tree'
    files '\.h$' | while IFS= read -r file; do
        grep -q '^#pragma once$' "$file" || printf '%s\n' "$file"
    done | offences_from 'a header begins with #pragma once'
}

# A kernel's files share the stem of the header with its contract, which kernels.inc includes.
rule_kernel_stems()
{
    local stem
    files "^simd/.*_((c|$isa)\.c|(vec|int)\.inc)$" | while IFS= read -r file; do
        stem=$(sed -E "s,.*/,,; s/_(c|$isa|vec|int)\.[a-z]+$//" <<<"$file")
        [ -f "simd/$stem.h" ] || offence "$file: simd/$stem.h, the kernel's contract, does not exist"
        grep -q -x "#include \"simd/$stem.h\"" simd/kernels.inc ||
            offence "$file: the kernel has no row in simd/kernels.inc"
    done
}

# built NAME: the path of a built library.
built()
{
    find "$build" -name "$1" -type f -not -path '*.p/*' | head -n 1
}

# exports NAME ALLOWED NM_OPTION...: the symbols of a built file are all of the allowed form.
exports()
{
    local name=$1 allowed=$2 path symbols
    shift 2
    path=$(built "$name")
    if [ -z "$path" ]; then
        offence "$name is not built in $build"
        return
    fi
    symbols=$(nm "$@" --defined-only --format=posix "$path" | awk 'NF > 2 && $2 ~ /[A-Z]/ { print $1 }' |
        sort -u)
    [ -n "$symbols" ] || offence "$name exports nothing"
    grep . <<<"$symbols" | grep -v -E "^($allowed)$" | offences_from "a symbol that $name should not export"
}

rule_symbols()
{
    local path symbol
    command -v nm >/dev/null || exit 77
    exports 'libgstconvnext.so' 'gst_plugin_convnext_(get_desc|register)' -D
    exports 'libgstconvnext-1.0.so*' 'gst_(buffer_[a-z]+_)?convnext_[a-z0-9_]+' -D
    exports 'libcnxsimd.a' 'cnx_[a-z0-9_]+'
    exports 'libcnxmodel.a' 'cnx_[a-z0-9_]+'
    path=$(built 'libgstconvnext-1.0.so*')
    [ -n "$path" ] || return
    for symbol in $(nm -D --defined-only --format=posix "$path" | cut -d' ' -f1); do
        grep -q -w "$symbol" gst/convnext/*.h ||
            offence "$symbol is exported by the public library and in none of its headers"
    done
}

# Each header compiles with nothing before it, as C and, the public ones, as C++.
rule_headers_alone()
{
    local flags file isa_flags
    flags="-I. -Igst/convnext -Wall -Wextra -Wno-unused-parameter -Werror -fsyntax-only"
    flags+=" $(pkg-config --cflags gstreamer-video-1.0 gstreamer-audio-1.0 json-glib-1.0)"
    for file in $(files '^(simd|model|gst|pipelines)/.*\.h$'); do
        isa_flags=
        case $file in
        *avx512_vnni*)
            isa_flags='-mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni'
            ;;
        *avx512*) isa_flags='-mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512dq -mavx512vl' ;;
        *avx2*) isa_flags='-mavx2 -mfma -mf16c' ;;
        esac
        echo "#include \"$file\"" | ${CC:-cc} -std=gnu11 $flags $isa_flags -x c - ||
            offence "$file does not compile alone as C"
        case $file in gst/convnext/*) ;; *) continue ;; esac
        command -v c++ >/dev/null || continue
        echo "#include \"$file\"" | c++ -std=c++11 -Wpedantic $flags -x c++ - ||
            offence "$file does not compile alone as C++"
    done
}

rule_format()
{
    local tool version
    tool=$(command -v clang-format-14 || command -v clang-format) || exit 77
    version=$("$tool" --version | grep -o 'version [0-9]*')
    [ "$version" = 'version 14' ] || exit 77
    files '\.[ch]$' | while IFS= read -r file; do
        "$tool" "$file" | diff -q - "$file" >/dev/null || printf '%s\n' "$file"
    done | offences_from 'clang-format 14 would change it'
}

# What clang-format cannot keep; style.py says what that is.
rule_style()
{
    local line
    command -v python3 >/dev/null || exit 77
    files '\.(c|h|inc)$' | xargs -r -d '\n' python3 "$rules/style.py" |
        while IFS= read -r line; do offence "$line"; done
}

rule_whitespace()
{
    local sources='(\.(c|h|orc|sh|py|md|txt|json|supp)|meson\.(build|options)|\.ci/run)$'
    files "$sources" | xargs -r -d '\n' grep -n -P '\t' /dev/null | cut -d: -f1,2 |
        offences_from 'a tab'
    files "$sources" | xargs -r -d '\n' grep -n -E '[[:blank:]]$' /dev/null | cut -d: -f1,2 |
        offences_from 'blanks at the end of the line'
    files "$sources" | while IFS= read -r file; do
        [ ! -s "$file" ] || [ -z "$(tail -c 1 "$file")" ] || printf '%s\n' "$file"
    done | offences_from 'no newline at the end of the file'
}

rule_licence()
{
    files '\.(c|h|orc|sh|py)$|^\.ci/run$' | while IFS= read -r file; do
        head -n 40 "$file" | grep -q 'SPDX-License-Identifier: LGPL-2\.1-or-later' ||
            printf '%s\n' "$file"
    done | offences_from 'no SPDX licence line'
}

# A file is read in one sitting; an element, and a public header with its documentation, may be longer.
rule_length()
{
    local limit
    files '\.(c|h|orc|sh|py)$' | while IFS= read -r file; do
        limit=400
        case $file in gst/*) limit=600 ;; esac
        [ "$(wc -l <"$file")" -le $limit ] || printf '%s\n' "$file: $(wc -l <"$file") lines"
    done | offences_from 'too long'
    files '\.(c|h)$' | xargs -r -d '\n' grep -n -E '^.{101}' /dev/null | cut -d: -f1,2 |
        offences_from 'more than 100 columns'
}

rule_top_level()
{
    files . | sed 's,/.*,/,' | sort -u | grep -v -x -E \
        '(gst|model|simd|pipelines|tests|\.ci)/|meson\.build|meson(\.|_)options(\.txt)?|(README|CHANGELOG|CONTRIBUTING|SECURITY)\.md|LICENSE|\.(clang-format|gitignore)' |
        offences_from 'has no place at the top of the tree'
}

rule_shell()
{
    command -v shellcheck >/dev/null || exit 77
    files '\.sh$|^\.ci/run$' | while IFS= read -r file; do
        shellcheck --shell=bash --severity=warning --external-sources --exclude=SC2034,SC2086,SC2209,SC1091,SC2154 \
            "$file" >&2 || printf '%s\n' "$file"
    done | offences_from 'shellcheck complains'
}

rule=rule_${1//-/_}
if ! declare -F "$rule" >/dev/null; then
    echo "rules.sh: no rule is called '$1'" >&2
    exit 2
fi
$rule
exit $((offences > 0))
