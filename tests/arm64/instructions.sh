#!/bin/bash
# Prints how many instructions of a 64-bit ARM processor one forward pass takes at each isa level, and
# relative to level c. qemu-user counts them: they say nothing about time per instruction.
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

# instructions LEVEL PASSES: of loading the model and of so many passes.
instructions()
{
    CONVNEXT_CPU=$1 OPENBLAS_NUM_THREADS=1 qemu-aarch64 -L "$sysroot" -plugin "$build/count.so" -d plugin \
        "$build/tests/bench/bench-forward" "$model" 1 "$2" 2>&1 | sed -n 's/^instructions: //p'
}

printf '%-14s %16s %10s\n' level instructions 'level / c'
of_c=
for level in c neon; do
    one=$(instructions $level 1)
    three=$(instructions $level 3)
    pass=$(((three - one) / 2))
    of_c=${of_c:-$pass}
    printf '%-14s %16d %10s\n' $level $pass "$(awk "BEGIN { printf \"%.3f\", $pass / $of_c }")"
done
