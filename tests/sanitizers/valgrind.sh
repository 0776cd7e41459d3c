#!/bin/bash
# Runs tests of the elements and of convnext-watch under valgrind. An invalid access, a use of
# uninitialised memory or a definite leak fails them. valgrind supports AVX2 but not AVX-512.
#
#   tests/sanitizers/valgrind.sh                    every test; takes half an hour
#   tests/sanitizers/valgrind.sh NAME[=CHECKS]...   some: states, watch_list, watch_metrics or a test
#                                                   of tests/gst, whole or only the checks that match
#                                                   CHECKS (names or patterns separated by commas)
#
# Runs one test per processor at a time, from a build in build-test/, which tests/run.sh makes. Prints
# `passed: NAME`, `skipped: NAME` or `FAILED: NAME` for each; valgrind's reports are in
# build-test/valgrind/. CONVNEXT_CPU defaults to avx2.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${CONVNEXT_BUILD:-$root/build-test}
logs=$build/valgrind
limit=900 # seconds per program
mkdir -p "$logs" || exit 1

# Fair scheduling, because a thread that polls would keep the others from running.
memcheck=(valgrind --quiet --fair-sched=yes --leak-check=full --show-leak-kinds=definite
    --errors-for-leak-kinds=definite --error-exitcode=99 --num-callers=25
    --suppressions="$root/tests/sanitizers/valgrind.supp")
export CONVNEXT_CPU=${CONVNEXT_CPU:-avx2} G_SLICE=always-malloc OPENBLAS_NUM_THREADS=1
export GST_PLUGIN_PATH=$build/gst GST_REGISTRY=$logs/registry.bin GST_REGISTRY_FORK=no
export LD_LIBRARY_PATH=$build/gst/convnext${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

# run_element NAME CHECKS: runs in one process, because a forked child leaks its parent's allocations.
run_element()
{
    CK_FORK=no GST_CHECKS=$2 timeout -k 10 $limit "${memcheck[@]}" "$build/tests/gst/gst-$1"
}

# run_watch NAME: runs the test's script, with convnext-watch under valgrind and long timeouts.
run_watch()
{
    local command status
    printf -v command '%q ' "${memcheck[@]}" --log-file="$logs/$1.%p" \
        "$build/pipelines/convnext-watch" --set stall-timeout=600 --set connect-timeout=600
    printf '#!/bin/bash\nexec %s"$@"\n' "$command" >"$logs/convnext-$1"
    chmod +x "$logs/convnext-$1"
    rm -f "$logs/$1".[0-9]*
    CNX_ROOT=$root CONVNEXT_BUILD=$build CONVNEXT_WATCH=$logs/convnext-$1 PATIENCE=300 \
        JSON_LINES=$build/tests/pipelines/json-lines \
        timeout -k 10 $limit "$root/tests/pipelines/$1.sh"
    status=$?
    cat "$logs/$1".[0-9]*
    return $status
}

# run_test NAME[=CHECKS]
run_test()
{
    local name=${1%%=*} checks log
    checks=${1#"$name"}
    checks=${checks#=}
    log=$logs/$name.log
    case $name in
    states) timeout -k 10 $limit "${memcheck[@]}" "$build/tests/pipelines/states" 2 ;;
    watch_*) run_watch "$name" ;;
    *) run_element "$name" "$checks" ;;
    esac >"$log" 2>&1 </dev/null
    case $? in
    0) printf 'passed: %s\n' "$name" ;;
    77) printf 'skipped: %s\n' "$name" ;;
    *)
        printf '%s\nFAILED: %s, see %s\n' "$(tail -n 60 "$log")" "$name" "$log"
        touch "$logs/failed"
        ;;
    esac
}

# Writes GStreamer's registry of plugins first, since that would take long under valgrind.
GST_REGISTRY_FORK=yes gst-inspect-1.0 convnext >/dev/null 2>&1 </dev/null

if [ $# -eq 0 ]; then
    for program in "$build"/tests/gst/gst-*; do
        if [ -f "$program" ]; then set -- "$@" "${program##*/gst-}"; fi
    done
    set -- "$@" states watch_list watch_metrics
fi
rm -f "$logs/failed"
for test; do
    while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
    run_test "$test" &
done
wait
[ ! -e "$logs/failed" ]
