#!/bin/bash
# Prints a markdown table of what a second thread gains: the time of a frame with one thread, with one
# thread in each of two processes at the same time, and with two threads.
#
#   tests/bench/scaling.sh [--realtime] [MODEL...]
#
# Two processes share nothing but the machine, so the middle column divided by two is the shortest time
# that two threads can take there. The three run in turns, ROUNDS times (5), on two processors; the table
# has medians. MODEL is a checkpoint or the name of a seeded network. PRECISIONS lists the precisions
# (fp32 int8), REPEATS is the number of frames in a turn (15). --realtime gives the programs real-time
# priority, which needs root or CAP_SYS_NICE: without it, a program in the background that takes one of the
# processors for a moment makes both threads wait, but only one of two processes.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/pipelines/lib.sh"
pin=(taskset -c)
if [ "${1:-}" = --realtime ]; then
    pin=(chrt -f 10 taskset -c)
    shift
fi
build=${CONVNEXT_BUILD:-$root/build}
cnx_build "$build" >&2
cnx_environment "$build"
[ $# -gt 0 ] || set -- torchvision-convnext_tiny timm-convnextv2_femto "$root/model/default"
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
mapfile -t processors < <(grep -Po '^processor\s*: \K.*' /proc/cpuinfo)
[ ${#processors[@]} -ge 2 ] || cnx_die "scaling.sh needs two processors, and this machine has one"

# frame PROCESSORS MODEL THREADS PRECISION FILE: appends the median time of a frame, in ms. If the network
# does not run, bench-forward says why, and the script ends.
frame()
{
    local line
    line=$("${pin[@]}" "$1" "$build/tests/bench/bench-forward" "$2" "$3" "${REPEATS:-15}" 0 "$4") || exit 1
    sed -n 's/.*frame median \([0-9.]*\) ms.*/\1/p' <<< "$line" >> "$temporary/$5"
}

median()
{
    sort -n "$temporary/$1" | awk '{ t[NR] = $1 } END { print t[int((NR + 1) / 2)] }'
}

one=${processors[0]} two=${processors[1]}
echo '| ms | one thread | in two processes | two threads | one / two threads | processes / (2 · two threads) |'
echo '| --- | ---: | ---: | ---: | ---: | ---: |'
for model; do
    for precision in ${PRECISIONS:-fp32 int8}; do
        rm -f "$temporary"/*
        for ((round = 0; round < ${ROUNDS:-5}; round++)); do
            frame "$one" "$model" 1 "$precision" alone
            frame "$one" "$model" 1 "$precision" beside &
            frame "$two" "$model" 1 "$precision" beside
            wait
            frame "$one,$two" "$model" 2 "$precision" both
        done
        awk -v name="$(basename "$model"), $precision" -v a="$(median alone)" -v b="$(median beside)" -v c="$(median both)" \
            'BEGIN { printf "| %s | %.4g | %.4g | %.4g | %.2f | %.2f |\n", name, a, b, c, a / c, b / 2 / c }'
    done
done
