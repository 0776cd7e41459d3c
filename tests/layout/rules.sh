#!/bin/bash
# Checks one rule of the tree's layout: rules.sh RULE. Prints each offence as file:line and exits with
# 1; exits with 77 if a tool that the rule needs is missing.
#
# CNX_ROOT is the tree, CNX_BUILD its build folder, CC the compiler.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
shopt -s lastpipe # the last command of a pipe counts offences in this shell
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

# offences_from WHY: every line of standard input is an offence, printed with the reason.
offences_from()
{
    local line
    while IFS= read -r line; do
        offence "$line: $1"
    done
}

# offences_by COMMAND...: every line that the command prints is an offence; so is its failure.
offences_by()
{
    local line output
    output=$("$@") || [ -n "$output" ] || output="failed: $*"
    [ -n "$output" ] || return
    while IFS= read -r line; do offence "$line"; done <<<"$output"
}

# files REGEX: the files of the tree whose path matches the extended regular expression.
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

# includes FILES: every #include in matching files, as file:line:<header> or file:line:"header".
includes()
{
    files "$1" | xargs -r -d '\n' grep -n -E '^ *# *include' /dev/null |
        sed -E 's/^([^:]*:[0-9]+:) *# *include *(<[^>]*>|"[^"]*").*/\1\2/'
}

# only_includes FILES ALLOWED WHY: FILES may include nothing but ALLOWED.
only_includes()
{
    includes "$1" | grep -v -E "^[^:]*:[0-9]+:($2)$" | offences_from "$3"
}

# include_only_in HEADER FILES WHY: only FILES may include HEADER.
include_only_in()
{
    includes '\.(c|h|orc)$' | grep -E "^[^:]*:[0-9]+:($1)$" | grep -v -E "^($2):" | offences_from "$3"
}

libc='<(assert|ctype|dirent|dlfcn|errno|fcntl|fenv|float|glob|inttypes|limits|locale|malloc|math|pthread|sched|setjmp'
libc+='|signal|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|strings|threads'
libc+='|time|unistd|sys/[a-z]+)\.h>'
glib='<(glib|gio|gmodule|glib-object|glib-unix|glib/[a-z]+|json-glib/[a-z-]+)\.h>'
gst='<gst/[a-z/-]+\.h>'
vector='<(immintrin|x86intrin|[a-z]mmintrin|cpuid|arm_neon|arm_sve)\.h>'
blas='<(cblas|cblas-openblas|openblas_config|lapacke|f77blas)\.h>'
zip='<(unzip|zlib)\.h>'
png='<png\.h>'
pango='<pango/pangocairo\.h>'
orc='<orc/[a-z-]+\.h>'
isa='(avx2|avx2_[a-z0-9]+|avx512|avx512_[a-z0-9]+|amx|neon|neon_[a-z0-9]+)'

rule_simd_includes()
{
    only_includes '^simd/' "\"simd/[^\"]*\"|$libc|$vector|$orc" \
        'simd/ depends on libc, ORC and intrinsics only'
}

rule_model_includes()
{
    only_includes '^model/' "\"(simd|model)/[^\"]*\"|$libc|$glib|$blas|$zip" \
        'model/ depends on simd/, libc, GLib, json-glib, minizip, zlib and CBLAS only'
}

rule_gst_includes()
{
    only_includes '^gst/' "\"(gst|model)/[^\"]*\"|\"config\.h\"|$libc|$glib|$gst|$png|$pango|<(mosquitto|librdkafka/rdkafka)\.h>" \
        'gst/ depends on model/, libc, GLib, json-glib, libpng, pango, brokers and GStreamer only'
    include_only_in "$png" 'gst/publish/png\.c|tests/gst/.*' 'one file uses libpng'
}

# Programs use the installed headers, as an application outside the tree does. The exceptions are
# convnext-inspect, which prints how model/ reads a file, and convnext-teach, which writes one. Only its
# evaluation of pictures makes convnext-inspect use GStreamer.
rule_public_includes()
{
    local inspect='pipelines/inspect/(evaluate_print|head|inspect|json|report|text)\.[ch]'
    local both='pipelines/(inspect/evaluate|teach/(base|teach))\.[ch]'
    only_includes '^gst/convnext/.*\.h$' "<gst/[a-z/-]+\.h>|<glib(-object)?\.h>" \
        'a public header includes only installed headers, in <>'
    only_includes "^$inspect$" "\"(pipelines/(inspect/[a-z]+|common/[a-z]+)|model/[^\"]*)\.h\"|$libc|$glib" \
        'convnext-inspect uses model/ but not GStreamer'
    include_only_in '<libsoup/[a-z]+\.h>' 'pipelines/watch/alarms/webhook\.c|tests/pipelines/.*' \
        'only webhooks use libsoup'
    include_only_in '<mosquitto\.h>' 'gst/network/mqttclient\.c' 'one file uses libmosquitto'
    include_only_in '<librdkafka/.*>' 'gst/publish/kafka\.c|tests/gst/publish_remote\.c' 'one file uses librdkafka'
    only_includes "^$both$" "\"(pipelines/((inspect|teach)/[a-z]+|common/[a-z]+)|model/[^\"]*)\.h\"|$libc|$glib|$gst" \
        'convnext-inspect and convnext-teach use model/, GLib and GStreamer only'
    includes '^pipelines/' | grep -v -E "^$inspect:|^$both:" |
        grep -v -E "^pipelines/watch/[^:]*:[0-9]+:\"gst/network/[a-z]+\.h\"$" |
        grep -v -E "^[^:]*:[0-9]+:(\"pipelines/[^\"]*\"|$libc|$glib|$gst|<(gio/gio|libsoup/soup)\.h>)$" |
        offences_from 'pipelines/ uses the elements and the public library only; watch also gst/network'
}

rule_vector_includes()
{
    include_only_in "$vector" "simd/[a-z0-9]+/[a-z0-9_]*_$isa\.[ch]|simd/isa\.c|tests/model/isa\.c|tests/simd/[a-z0-9_]*\.[ch]" \
        'intrinsics belong in files of simd/ that are named after their instruction set'
}

rule_cblas_once()
{
    local users count
    include_only_in "$blas" 'model/[a-z0-9_/]*\.c' 'CBLAS belongs in one file of model/'
    users=$(includes '\.[ch]$' | grep -E ":$blas$" | cut -d: -f1 | sort -u)
    count=$(grep -c . <<<"$users")
    [ "$count" -le 1 ] || offence "$count files include CBLAS:" $users
}

rule_orc_in_simd()
{
    include_only_in "$orc" 'simd/[a-z0-9_]*\.[ch]' 'ORC belongs in simd/'
    files '\.orc$' | grep -v '^simd/' | offences_from 'ORC belongs in simd/'
}

rule_glib_places()
{
    include_only_in "$glib" '(model|gst|pipelines|tests/(model|gst|pipelines|bench|fuzz|sanitizers))/.*' \
        'GLib is not allowed here'
    include_only_in "$gst" '(gst|pipelines|tests/(gst|pipelines|bench|fuzz|sanitizers))/.*' 'GStreamer is not allowed here'
}

# Full paths are unambiguous and show the layer.
rule_include_paths()
{
    includes '\.[ch]$' | grep '"$' |
        grep -v -E ':"((simd|model|gst|pipelines|tests)/[^"]*|config\.h)"$' |
        offences_from 'the path does not start at the top of the tree'
    files '\.h$' | while IFS= read -r file; do
        grep -q '^#pragma once$' "$file" || printf '%s\n' "$file"
    done | offences_from 'the header lacks #pragma once'
}

# A kernel's files share the stem of the header with its contract, which kernels.inc includes.
rule_kernel_stems()
{
    local stem
    files "^simd/.*_((c|$isa)\.c|(vec|int)\.inc)$" | while IFS= read -r file; do
        stem=$(sed -E "s,.*/,,; s/_(c|$isa|vec|int)\.[a-z]+$//" <<<"$file")
        [ -f "simd/$stem.h" ] || offence "$file: the kernel's contract, simd/$stem.h, does not exist"
        grep -q -x "#include \"simd/$stem.h\"" simd/kernels.inc ||
            offence "$file: the kernel has no row in simd/kernels.inc"
    done
}

# built NAME: the path of a built library.
built()
{
    find "$build" -name "$1" -type f -not -path '*.p/*' | head -n 1
}

# exports NAME ALLOWED NM_OPTION...: a built library may export only symbols that match ALLOWED.
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
    grep . <<<"$symbols" | grep -v -E "^($allowed)$" | offences_from "$name must not export this symbol"
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
            offence "$symbol is exported by the public library but declared in none of its headers"
    done
}

# Each header compiles alone: as C and, if it is public, also as C++. The build compiles those that a
# source includes before anything else, so only the others are compiled as C here.
rule_headers_alone()
{
    compile_flags="-I. -Igst/convnext -Wall -Wextra -Wno-unused-parameter -Werror -fsyntax-only"
    compile_flags+=" $(pkg-config --cflags gstreamer-video-1.0 gstreamer-audio-1.0 json-glib-1.0)"
    compiled=$(files '^(simd|model|gst|pipelines)/.*\.c$' | xargs -r -d '\n' awk '
        FNR == 1 { done = 0 }
        !done && /^#(if|include)/ { print $2; done = 1 }' | tr -d '"<>')
    export compile_flags compiled
    export -f compile_header
    files '^(simd|model|gst|pipelines)/.*\.h$' |
        offences_by xargs -r -d '\n' -n 1 -P "$(nproc)" bash -c 'compile_header "$1"' compile_header
}

compile_header()
{
    local isa_flags=
    case $1 in
    simd/arm/*)
        ${CC:-cc} -dM -E -x c /dev/null | grep -q -w __aarch64__ || return 0
        ;;
    *avx512_vnni*)
        isa_flags='-mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni'
        ;;
    */tile_emulated.h | */tile_config.h) ;;
    */tile*)
        isa_flags='-mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni'
        isa_flags+=' -mavx512bf16 -mamx-tile -mamx-bf16 -mamx-int8'
        ;;
    *avx512*) isa_flags='-mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512dq -mavx512vl' ;;
    *avx2*) isa_flags='-mavx2 -mfma -mf16c' ;;
    esac
    [[ $'\n'$compiled$'\n' == *$'\n'"$1"$'\n'* ]] ||
        ${CC:-cc} -std=gnu11 $compile_flags $isa_flags -x c - <<<"#include \"$1\"" ||
        echo "$1: does not compile alone as C"
    case $1 in gst/convnext/*) ;; *) return 0 ;; esac
    command -v c++ >/dev/null || return 0
    c++ -std=c++11 -Wpedantic $compile_flags -x c++ - <<<"#include \"$1\"" ||
        echo "$1: does not compile alone as C++"
}

rule_format()
{
    local tool version
    tool=$(command -v clang-format-14 || command -v clang-format) || exit 77
    version=$("$tool" --version | grep -o 'version [0-9]*')
    [ "$version" = 'version 14' ] || exit 77
    files '\.[ch]$' | xargs -r -d '\n' "$tool" --dry-run 2>&1 |
        grep ': warning: ' | cut -d: -f1,2 | sort -u | offences_from 'clang-format 14 changes this line'
}

# The rules that clang-format cannot check; style.py lists them.
rule_style()
{
    command -v python3 >/dev/null || exit 77
    files '\.(c|h|inc)$' | offences_by xargs -r -d '\n' python3 "$rules/style.py"
}

# The arrows between folders point one way; folders.txt lists them.
rule_folders()
{
    command -v python3 >/dev/null || exit 77
    offences_by python3 "$rules/arrows.py" --rule --root . \
        --table "${CNX_FOLDERS:-$rules/folders.txt}"
}

# The picture of the folders in CONTRIBUTING.md matches the include lines.
rule_folders_picture()
{
    command -v python3 >/dev/null || exit 77
    [ -f CONTRIBUTING.md ] || exit 77
    offences_by python3 "$rules/arrows.py" --root . --check CONTRIBUTING.md
}

# Each change that tests/mutants.sh makes still applies.
rule_mutants()
{
    command -v python3 >/dev/null || exit 77
    offences_by python3 "$rules/../mutants/mutants.py" --check
}

rule_whitespace()
{
    local sources='(\.(c|h|orc|sh|py|md|txt|json|supp)|meson\.(build|options)|\.ci/run)$'
    files "$sources" | xargs -r -d '\n' grep -n -P '\t' /dev/null | cut -d: -f1,2 |
        offences_from 'a tab'
    files "$sources" | xargs -r -d '\n' grep -n -E '[[:blank:]]$' /dev/null | cut -d: -f1,2 |
        offences_from 'trailing blanks'
    files "$sources" | while IFS= read -r file; do
        [ ! -s "$file" ] || [ -z "$(tail -c 1 "$file")" ] || printf '%s\n' "$file"
    done | offences_from 'no newline at the end of the file'
}

rule_licence()
{
    files '\.(c|h|orc|sh|py)$|^\.ci/run$' | xargs -r -d '\n' awk '
        FNR == 1 { if (missing) print name; name = FILENAME; missing = 1 }
        FNR <= 40 && /SPDX-License-Identifier: LGPL-2\.1-or-later/ { missing = 0 }
        END { if (missing) print name }' | offences_from 'the SPDX licence line is missing'
}

rule_length()
{
    files '\.(c|h|inc|orc|sh|py)$' | grep -v '^tests/fixtures/.*\.inc$' | xargs -r -d '\n' wc -l |
        awk '$1 > 600 && $2 != "total" { print $2 ": " $1 " lines" }' |
        offences_from 'a file has at most 600 lines'
    files '\.(c|h)$' | xargs -r -d '\n' grep -n -E '^.{101}' /dev/null | cut -d: -f1,2 |
        offences_from 'more than 100 columns'
}

rule_top_level()
{
    files . | sed 's,/.*,/,' | sort -u | grep -v -x -E \
        '(gst|model|simd|pipelines|tests|\.ci)/|meson\.build|meson(\.|_)options(\.txt)?|(README|CHANGELOG|CONTRIBUTING|SECURITY)\.md|LICENSE|\.(clang-format|gitignore)' |
        offences_from 'not allowed at the top of the tree'
}

rule_shell()
{
    command -v shellcheck >/dev/null || exit 77
    files '\.sh$|^\.ci/run$' | offences_by xargs -r -d '\n' -n 4 -P "$(nproc)" shellcheck --format=gcc \
        --shell=bash --severity=warning --external-sources --exclude=SC2034,SC2086,SC2209,SC1091,SC2154
}

rule=rule_${1//-/_}
if ! declare -F "$rule" >/dev/null; then
    echo "rules.sh: unknown rule '$1'" >&2
    exit 2
fi
$rule
exit $((offences > 0))
