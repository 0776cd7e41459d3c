#!/bin/bash
# Installs what is missing, builds, and runs every suite:
#
#   simd, model, gst   at each level of CONVNEXT_CPU that this processor has; others are skipped
#   simd, model        once more in a build with AddressSanitizer and UndefinedBehaviorSanitizer
#   threads            what threads share, in a build with ThreadSanitizer (and, without, in model,
#                      gst and pipelines)
#   states             the elements' state cycles, and some of what they do in threads, under valgrind
#   layout, pipelines  once
#
# Ends with the line `N passed, N failed, N skipped`; the status is 0 when nothing failed.
# Builds into build-test/, build-asan/ and build-tsan/ in the tree.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/pipelines/lib.sh"

usage()
{
    cat <<'END'
usage: tests/run.sh [--quick] [--suite NAME]...

  --quick        gst at the highest level of CONVNEXT_CPU only, no sanitizers, no valgrind
  --suite NAME   only this suite: simd, model, threads, gst, layout, pipelines, states (may be
                 repeated)

What a suite does not run with ThreadSanitizer is there all the same, in the build that it has made:

  meson test -C build-tsan --suite gst     all tests of the elements
  meson test -C build-tsan -t 8 watch      the longest of convnext-watch

And what it does not run under valgrind: tests/sanitizers/valgrind.sh
END
}

quick=
suites=
while [ $# -gt 0 ]; do
    case $1 in
    --quick) quick=1 ;;
    --suite)
        [ $# -gt 1 ] || cnx_die "--suite takes the name of a suite"
        case $2 in
        simd | model | threads | gst | layout | pipelines | states) suites+=" $2" ;;
        *) cnx_die "no suite is called '$2'; there are simd, model, threads, gst, layout, pipelines, states" ;;
        esac
        shift
        ;;
    -h | --help)
        usage
        exit 0
        ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
    shift
done
suites=${suites:- simd model threads gst layout pipelines states}

passed=0 failed=0 skipped=0
failures=()
started=$SECONDS

heading()
{
    printf '\n== %s (after %d s)\n' "$*" $((SECONDS - started))
}

wanted()
{
    [[ "$suites " == *" $1 "* ]]
}

pass()
{
    passed=$((passed + 1))
    printf 'passed: %s\n' "$*"
}

fail()
{
    failed=$((failed + 1))
    failures+=("$*")
    printf 'FAILED: %s\n' "$*"
}

skip()
{
    skipped=$((skipped + 1))
    printf 'skipped: %s\n' "$*"
}

# has_level LEVEL: whether this processor and its system offer the level's instruction sets.
has_level()
{
    local flags flag
    case $1 in
    c) return 0 ;;
    avx2) flags="avx2 fma f16c" ;;
    avx512) flags="avx2 fma f16c avx512f avx512bw avx512dq avx512vl" ;;
    avx512_vnni) flags="avx2 fma f16c avx512f avx512bw avx512dq avx512vl avx512_vnni" ;;
    esac
    for flag in $flags; do
        grep -qw -m 1 "$flag" /proc/cpuinfo || return 1
    done
}

# run_meson DIR WHAT TIMEOUT_FACTOR SUITE...: runs suites of a build and counts each test's result.
run_meson()
{
    local dir=$1 what=$2 factor=$3 log suite arguments=() status test
    shift 3
    for suite; do
        arguments+=(--suite "$suite")
    done
    log=$dir/meson-logs/run.json
    rm -f "$log"
    meson test -C "$dir" --no-rebuild --logbase run -t "$factor" --print-errorlogs \
        --num-processes "$(nproc)" "${arguments[@]}" </dev/null
    status=$?
    if [ ! -s "$log" ]; then
        fail "$what: meson ran no test of $* (status $status)"
        return
    fi
    passed=$((passed + $(grep -c -E '"result": "(OK|EXPECTEDFAIL)"' "$log")))
    skipped=$((skipped + $(grep -c '"result": "SKIP"' "$log")))
    while read -r -d '' test; do
        failed=$((failed + 1))
        failures+=("$what: $test")
    done < <(failed_tests <"$log")
}

# From meson's log, for each test that failed: its name, the last lines that it said, and a zero.
failed_tests()
{
    PYTHONIOENCODING=utf-8:backslashreplace python3 -c 'import json, sys
for test in map(json.loads, sys.stdin):
    if test["result"] not in ("OK", "EXPECTEDFAIL", "SKIP"):
        said = test.get("stdout", "") + test.get("stderr", "")
        print(test["name"], *(line[:300] for line in said.splitlines()[-12:]), sep="\n", end="\0")'
}

# The tests of simd and model are registered once per level; those of gst take the level from the
# environment.
run_levels()
{
    local dir=$1 what=$2 factor=$3 suite=$4 level highest=
    for level in avx512_vnni avx512 avx2 c; do
        if ! has_level $level; then
            skip "$what at CONVNEXT_CPU=$level: this processor lacks it"
            continue
        fi
        if [ -n "$quick" ] && [ -n "$highest" ]; then
            skip "$what at CONVNEXT_CPU=$level: --quick"
            continue
        fi
        highest=${highest:-$level}
        heading "$what at CONVNEXT_CPU=$level"
        CONVNEXT_CPU=$level run_meson "$dir" "$what, $level" "$factor" "$suite"
    done
}

# run_valgrind NAME [CHECKS]: one program, or some of its checks.
run_valgrind()
{
    if "$root/tests/sanitizers/valgrind.sh" "$@"; then
        pass "$1 under valgrind"
    else
        fail "$1 under valgrind: a leak, an error or a bad access"
    fi
}

# The elements' state cycles, and of what they do in threads what does not take long: the rest is
# for tests/sanitizers/valgrind.sh alone.
run_states()
{
    heading "states and threads under valgrind"
    if ! command -v valgrind >/dev/null; then
        skip "states and threads under valgrind: no valgrind here"
        return
    fi
    run_valgrind states
    run_valgrind convnext_worker 'test_busy,test_no_carry,test_pool,test_flush*,test_caps_change'
    run_valgrind convnext_reload test_new_model,test_message
    run_valgrind convnext_shared test_threads,test_sizes
    run_valgrind convnext_detections
}

# Everything newer than GStreamer 1.22 is built where it is there, and tested then. The formatter is
# the one version whose output the tree has.
install_packages()
{
    local version
    # shellcheck disable=SC2086 # lists of words
    cnx_install $cnx_packages_build $cnx_packages_play libgstrtspserver-1.0-dev \
        gstreamer1.0-plugins-ugly libsoup-3.0-dev valgrind \
        gobject-introspection libgirepository1.0-dev python3-gi gir1.2-gst-plugins-base-1.0
    version=$(dpkg-query -W -f '${Version}' libgstreamer1.0-dev 2>/dev/null) || return 0
    if dpkg --compare-versions "$version" ge 1.24; then
        cnx_install libgstreamer-plugins-bad1.0-dev
    fi
    if apt-cache show clang-format-14 >/dev/null 2>&1; then
        cnx_install clang-format-14
    fi
}

unset CONVNEXT_CPU
export GST_DEBUG_NO_COLOR=1
test_build=$root/build-test
asan_build=$root/build-asan
tsan_build=$root/build-tsan

heading "what is needed"
install_packages
heading "build"
cnx_build "$test_build"
cnx_environment "$test_build"

for suite in simd model; do
    wanted $suite || continue
    heading "$suite"
    run_meson "$test_build" $suite 3 $suite
done
if wanted gst; then
    run_levels "$test_build" gst 3 gst
fi

if { wanted simd || wanted model; } && [ -z "$quick" ]; then
    heading "build with sanitizers"
    cnx_build "$asan_build" -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1 \
        -Dintrospection=disabled
    export ASAN_OPTIONS=detect_stack_use_after_return=1:allocator_may_return_null=1
    export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
    for suite in simd model; do
        wanted $suite || continue
        heading "$suite with sanitizers"
        run_meson "$asan_build" "$suite with sanitizers" 8 $suite
    done
    unset ASAN_OPTIONS UBSAN_OPTIONS
fi

# tests/sanitizers has what makes it understand GLib and GStreamer.
if wanted threads && [ -z "$quick" ]; then
    heading "build with ThreadSanitizer"
    cnx_build "$tsan_build" -Db_sanitize=thread -Db_lundef=false -Doptimization=1 \
        -Dintrospection=disabled
    heading "threads with ThreadSanitizer"
    run_meson "$tsan_build" "threads with ThreadSanitizer" 8 threads
fi

if wanted states && [ -z "$quick" ]; then
    if has_level avx2; then CONVNEXT_CPU=avx2 run_states; else CONVNEXT_CPU=c run_states; fi
fi

for suite in layout pipelines; do
    wanted $suite || continue
    heading "$suite"
    run_meson "$test_build" $suite 3 $suite
done

heading "done"
for failure in "${failures[@]}"; do
    printf 'FAILED: %s\n' "$failure"
done
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
