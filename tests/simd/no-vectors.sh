#!/bin/bash
# Level c must run on every x86-64 processor: its code uses no register wider than 128 bits and no
# VEX or EVEX instruction. no-vectors.sh LIBRARY OTHER searches LIBRARY, except for members named
# after an instruction set. OTHER has vector code, which shows that the search works.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -euo pipefail
command -v objdump >/dev/null || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# search ARCHIVE SKIP: prints the vector instructions of members whose name does not match SKIP.
search()
{
    objdump -d --no-show-raw-insn "$1" | awk -v skip="$2" '
        /file format/ { file = $1 }
        skip != "" && file ~ skip { next }
        /%[yz]mm|\t *v[a-z0-9]+ .*%xmm/ { print file, $0; n++ }
        END { exit n > 0 }'
}

if search "$2" '' >/dev/null; then
    echo "$2: the search finds no vector instructions, but the library has some"
    exit 1
fi
if ! search "$1" '_(avx|amx)' >"$work/found"; then
    echo "$1: instructions that level c must not use:"
    head -n 20 "$work/found"
    exit 1
fi
