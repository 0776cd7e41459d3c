#!/bin/bash
# Runs tests of the elements and of convnext-watch under valgrind: a bad access, a use of what was
# never set, or what is definitely lost fails them. valgrind knows AVX2 but not AVX-512.
#
#   tests/sanitizers/valgrind.sh                  all of them: half an hour
#   tests/sanitizers/valgrind.sh NAME [CHECKS]    one: states, watch_list, watch_metrics, or
#                                                 one of tests/gst; of it only these checks (names
#                                                 or patterns, separated by commas)
#
# Wants what tests/run.sh has built in build-test/. Says `passed: NAME` or `FAILED: NAME`; what
# valgrind says is in build-test/valgrind/. CONVNEXT_CPU is avx2 unless it is set.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${CONVNEXT_BUILD:-$root/build-test}
logs=$build/valgrind
limit=900 # seconds for one program
mkdir -p "$logs" || exit 1

memcheck=(valgrind --quiet --leak-check=full --show-leak-kinds=definite
    --errors-for-leak-kinds=definite --error-exitcode=99 --num-callers=25
    --suppressions="$root/tests/sanitizers/valgrind.supp")
export CONVNEXT_CPU=${CONVNEXT_CPU:-avx2} G_SLICE=always-malloc OPENBLAS_NUM_THREADS=1
export GST_PLUGIN_PATH=$build/gst GST_REGISTRY=$logs/registry.bin GST_REGISTRY_FORK=no
export LD_LIBRARY_PATH=$build/gst/convnext${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
status=0

# element NAME CHECKS: without forks, whose children would leave behind what their parents know; and
# fair, or a thread that waits in a loop keeps the others from what it waits for.
element()
{
    CK_FORK=no GST_CHECKS=$2 timeout -k 10 $limit "${memcheck[@]}" --fair-sched=yes \
        "$build/tests/gst/gst-$1"
}

# watch NAME: its tests, with the program under valgrind, where frames take their time.
watch()
{
    local command
    printf -v command '%q ' "${memcheck[@]}" --fair-sched=yes --log-file="$logs/$1.%p" \
        "$build/pipelines/convnext-watch" --set stall-timeout=600 --set connect-timeout=600
    printf '#!/bin/bash\nexec %s"$@"\n' "$command" >"$logs/convnext-watch"
    chmod +x "$logs/convnext-watch"
    rm -f "$logs/$1".[0-9]*
    CNX_ROOT=$root CONVNEXT_BUILD=$build CONVNEXT_WATCH=$logs/convnext-watch PATIENCE=300 \
        JSON_LINES=$build/tests/pipelines/json-lines \
        timeout -k 10 $limit "$root/tests/pipelines/$1.sh"
    local status=$?
    cat "$logs/$1".[0-9]*
    return $status
}

# run NAME CHECKS
run()
{
    local log=$logs/$1.log
    case $1 in
    states) timeout -k 10 $limit "${memcheck[@]}" "$build/tests/pipelines/states" ;;
    watch_*) watch "$1" ;;
    *) element "$1" "$2" ;;
    esac >"$log" 2>&1 </dev/null
    case $? in
    0) printf 'passed: %s\n' "$1" ;;
    77) printf 'skipped: %s\n' "$1" ;;
    *)
        tail -n 60 "$log"
        printf 'FAILED: %s; all of it in %s\n' "$1" "$log"
        status=1
        ;;
    esac
}

# GStreamer's list of plugins, which it would otherwise make under valgrind.
GST_REGISTRY_FORK=yes gst-inspect-1.0 convnext >/dev/null 2>&1 </dev/null

if [ $# -gt 0 ]; then
    run "$1" "${2:-}"
    exit $status
fi
for program in "$build"/tests/gst/gst-*; do
    name=${program##*/}
    if [ -f "$program" ]; then run "${name#gst-}" ''; fi
done
for name in states watch_list watch_metrics; do
    run $name ''
done
exit $status
