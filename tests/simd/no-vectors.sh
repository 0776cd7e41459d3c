#!/bin/bash
# The objects of level c must run on any processor of their kind: no register wider than 128 bits,
# no VEX or EVEX instruction. no-vectors.sh LIBRARY OTHER: LIBRARY is searched, but for the members
# named for an instruction set; OTHER, which has vectors, shows that the search finds them.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -euo pipefail
command -v objdump >/dev/null || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Prints the vector instructions of the members of an archive whose name matches, with their file.
search()
{
    objdump -d --no-show-raw-insn "$1" | awk -v skip="$2" '
        /file format/ { file = $1 }
        skip != "" && file ~ skip { next }
        /%[yz]mm|\t *v[a-z0-9]+ .*%xmm/ { print file, $0; n++ }
        END { exit n > 0 }'
}

if search "$2" '' >/dev/null; then
    echo "$2: no vector instruction found where there are some"
    exit 1
fi
if ! search "$1" '_avx' >"$work/found"; then
    echo "$1: instructions that level c may not have:"
    head -n 20 "$work/found"
    exit 1
fi
