#!/bin/bash
# Prints how many instructions of a 64-bit ARM processor one forward pass takes at level neon and at
# level c, with this project's kernels only and with OpenBLAS. qemu-user counts them; counts do not show
# how long an instruction takes.
#
#   tests/arm64/instructions.sh [MODEL]    by default the bundled model
#
# Uses the build and the sysroot of `tests/run.sh --suite arm64`.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/pipelines/lib.sh"

model=${1:-$root/model/default}
build=${CNX_ARM64_BUILD:-$root/build-arm64}
[ -f "$build/sysroot.ini" ] && [ -f "$build/build.ninja" ] ||
    cnx_die "$build has no build: run tests/run.sh --suite arm64 first"
sysroot=$(sed -n "s/^sysroot = '\(.*\)'$/\1/p" "$build/sysroot.ini")
ninja -C "$build" tests/bench/bench-forward >"$build/build.log" || cnx_die "the build failed: see $build/build.log"

version=$(qemu-aarch64 --version | sed -n '1s/.*version \([0-9]*\).*/\1/p')
cc -shared -fPIC -O2 -DVERSION=$((version < 9 ? 1 : 2)) -o "$build/count.so" "$root/tests/arm64/count.c"

# An empty file in place of OpenBLAS cannot be loaded.
mkdir -p "$build/no-openblas"
: >"$build/no-openblas/libopenblas.so.0"

# instructions LEVEL LIBRARIES PASSES: prints the count for loading the model, a first pass, and PASSES more.
instructions()
{
    CONVNEXT_CPU=$1 OPENBLAS_NUM_THREADS=1 qemu-aarch64 -L "$sysroot" -E LD_LIBRARY_PATH="$2" \
        -plugin "$build/count.so" -d plugin "$build/tests/bench/bench-forward" "$model" 1 "$3" 2>&1 |
        sed -n 's/^instructions: //p'
}

# row TITLE LEVEL LIBRARIES
row()
{
    local one two
    one=$(instructions "$2" "$3" 1)
    two=$(instructions "$2" "$3" 2)
    of_c=${of_c:-$((two - one))}
    awk -v title="$1" -v n=$((two - one)) -v c="$of_c" \
        'BEGIN { printf "| %s | %.1f | %.3f |\n", title, n / 1e6, n / c }'
}

printf '| level | million instructions | of level `c` |\n| --- | ---: | ---: |\n'
of_c=
row '`c`' c "$build/no-openblas"
row '`c` with OpenBLAS' c ""
row '`neon`' neon ""
