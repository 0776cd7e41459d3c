#!/bin/bash
# Installs missing packages, builds, and runs every test suite:
#
#   simd, model        each test at the isa levels whose kernels it reaches
#   gst                at the highest isa level; its suite `isa` at each, set with CONVNEXT_CPU
#   layout, pipelines  once
#   simd, model        again with AddressSanitizer and UndefinedBehaviorSanitizer
#   threads            the tests of model, gst and pipelines that involve threads, with ThreadSanitizer
#   states             the elements' state changes, and some of their threads, under valgrind
#
# and, with --suite arm64 only,
#
#   arm64              kernels and networks in a build for 64-bit ARM, emulated by qemu-user
#
# Isa levels that this processor lacks are skipped. The last line is `N passed, N failed, N skipped`;
# the exit status is 0 if nothing failed. Builds into build-test/, build-asan/, build-tsan/ and
# build-arm64/.
# tests/README.md describes the suites.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/pipelines/lib.sh"

all_suites="simd model threads gst layout pipelines states"
other_suites="arm64" # too slow to run by default

usage()
{
    cat <<END
usage: tests/run.sh [--quick] [--suite NAME]...

  --quick        no sanitizers, no valgrind, and gst at the highest isa level only
  --suite NAME   run only this suite, one of $all_suites $other_suites;
                 may be repeated; $other_suites runs only if it is named here,
                 because it emulates 64-bit ARM and takes a quarter of an hour

Longer runs than those of the suites \`threads\` and \`states\`:

  meson test -C build-tsan -t 8 --suite gst   all tests of the elements with ThreadSanitizer
  meson test -C build-tsan -t 8 watch         the longest test of convnext-watch
  tests/sanitizers/valgrind.sh                all tests of the elements under valgrind
END
}

quick=
suites=
while [ $# -gt 0 ]; do
    case $1 in
    --quick) quick=1 ;;
    --suite)
        [ $# -gt 1 ] || cnx_die "--suite needs the name of a suite"
        [[ " $all_suites $other_suites " == *" $2 "* ]] ||
            cnx_die "unknown suite '$2'; the suites are $all_suites $other_suites"
        suites+=" $2"
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
suites=${suites:- $all_suites}

passed=0 failed=0 skipped=0
failures=()
started=$SECONDS

heading()
{
    printf '\n== %s (after %d s)\n' "$*" $((SECONDS - started))
}

# chosen SUITE...: prints the suites among these that the command line selects.
chosen()
{
    local suite
    for suite; do
        [[ "$suites " != *" $suite "* ]] || printf '%s ' "$suite"
    done
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

# has_level LEVEL: whether the processor and Linux support this isa level.
has_level()
{
    local flags flag
    case $1 in
    c) return 0 ;;
    avx2) flags="avx2 fma f16c" ;;
    avx2_vnni) flags="avx2 fma f16c avx_vnni" ;;
    avx512) flags="avx2 fma f16c avx512f avx512bw avx512dq avx512vl" ;;
    avx512_vnni) flags="avx2 fma f16c avx512f avx512bw avx512dq avx512vl avx512_vnni" ;;
    avx512_bf16) flags="avx512f avx512bw avx512dq avx512vl avx512_vnni avx512_bf16" ;;
    amx) flags="avx512f avx512_vnni avx512_bf16 amx_tile amx_bf16 amx_int8" ;;
    esac
    for flag in $flags; do
        grep -qw -m 1 "$flag" /proc/cpuinfo || return 1
    done
}

# run_meson DIR TITLE TIMEOUT_FACTOR SUITE...: runs suites of a build and counts the results.
run_meson()
{
    local dir=$1 title=$2 factor=$3 log suite arguments=() status test
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
        fail "$title: meson ran no test of $* (status $status)"
        return
    fi
    passed=$((passed + $(grep -c -E '"result": "(OK|EXPECTEDFAIL)"' "$log")))
    skipped=$((skipped + $(grep -c '"result": "SKIP"' "$log")))
    while read -r -d '' test; do
        failed=$((failed + 1))
        failures+=("$title: $test")
    done < <(failed_tests <"$log")
}

# Reads meson's log; prints the name and the last lines of output of each failed test, then a zero byte.
failed_tests()
{
    PYTHONIOENCODING=utf-8:backslashreplace python3 -c 'import json, sys
for test in map(json.loads, sys.stdin):
    if test["result"] not in ("OK", "EXPECTEDFAIL", "SKIP"):
        output = test.get("stdout", "") + test.get("stderr", "")
        print(test["name"], *(line[:300] for line in output.splitlines()[-12:]), sep="\n", end="\0")'
}

# run_gst: runs the suite at the highest isa level, and its tests of computed values (suite `isa`) at
# each. The tests of simd and model set their levels themselves.
run_gst()
{
    local level highest="" names=gst
    for level in amx avx512_bf16 avx512_vnni avx512 avx2_vnni avx2 c; do
        if ! has_level $level; then
            skip "gst at CONVNEXT_CPU=$level: not supported by this processor"
        elif [ -n "$quick" ] && [ -n "$highest" ]; then
            skip "gst at CONVNEXT_CPU=$level: --quick"
        else
            highest=${highest:-$level}
            heading "$names at CONVNEXT_CPU=$level"
            CONVNEXT_CPU=$level run_meson "$test_build" "gst, $level" 3 $names
            names=isa
        fi
    done
}

# in_background NAME LOG COMMAND...: runs a command while tests wait and processors idle. finish NAME waits
# for it and returns its status. Its process group ends with this script.
in_background()
{
    set -m
    "${@:3}" >"$2" 2>&1 &
    groups[$1]=$!
    set +m
}

finish()
{
    local status
    wait "${groups[$1]}"
    status=$?
    unset "groups[$1]"
    return $status
}

# start_build DIR SUITES MESON_OPTION...: build_suites in the background. finish_build DIR waits for it.
start_build()
{
    mkdir -p "$1" || cnx_die "cannot create the folder $1"
    in_background "$1" "$1/build.out" build_suites "$@"
}

finish_build()
{
    heading "build ${1#"$root/"}"
    if ! finish "$1"; then
        cat "$1/build.out" >&2
        exit 1
    fi
}

# build_suites DIR SUITES MESON_OPTION...: builds only what the tests of these suites need.
build_suites()
{
    local dir=$1 names=$2 log
    shift 2
    mkdir -p "$dir" || cnx_die "cannot create the folder $dir"
    log=$dir/build.log
    if [ ! -f "$dir/build.ninja" ] && ! meson setup "$@" "$dir" "$root" >"$log" 2>&1 </dev/null; then
        tail -n 25 "$log" >&2
        cnx_die "meson cannot configure the build; the end of its output is above"
    fi
    # shellcheck disable=SC2046,SC2086 # lists of words
    if ! ninja -C "$dir" build.ninja >"$log" 2>&1 </dev/null ||
        ! nice ninja -C "$dir" $(targets_of "$dir" $names) >>"$log" 2>&1 </dev/null; then
        grep -v '^\[' "$log" | tail -n 40 >&2
        cnx_die "the build failed; the end of its output is above, the full log is $log"
    fi
}

# targets_of DIR SUITE...: prints the targets that the tests depend on, the modules that are preloaded
# for ThreadSanitizer, and the bundled model.
targets_of()
{
    local dir=$1
    shift
    python3 - "$dir" "$@" <<'END'
import json, os, subprocess, sys
build, *suites = sys.argv[1:]
def introspect(what):
    return json.loads(subprocess.check_output(["meson", "introspect", what, build]))
common = ("tests/sanitizers/meson.build", "model/default/meson.build")
needed = {target for test in introspect("--tests") for target in test["depends"]
          if any(suite.split(":")[-1] in suites for suite in test["suite"])}
for target in introspect("--targets"):
    if target["id"] in needed or target["defined_in"].endswith(common):
        print(*(os.path.relpath(name, build) for name in target["filename"]))
END
}

# start_states: runs states and threads under valgrind in the background; of the tests that involve
# threads only short ones. tests/sanitizers/valgrind.sh runs the others. finish_states counts the results.
start_states()
{
    local level=c
    command -v valgrind >/dev/null || return 0
    has_level avx2 && level=avx2
    in_background states "$test_build/states.out" env CONVNEXT_CPU=$level nice \
        "$root/tests/sanitizers/valgrind.sh" states convnext_detections \
        'convnext_worker=test_busy,test_no_carry,test_pool,test_flush*,test_caps_change' \
        convnext_reload=test_new_model,test_message convnext_shared=test_threads,test_sizes
}

finish_states()
{
    local line
    heading "states and threads under valgrind"
    if ! command -v valgrind >/dev/null; then
        skip "states and threads under valgrind: valgrind is not installed"
        return
    fi
    finish states || grep -q '^FAILED' "$test_build/states.out" || fail "tests/sanitizers/valgrind.sh"
    while IFS= read -r line; do
        case $line in
        passed:*) pass "${line#passed: } under valgrind" ;;
        skipped:*) skip "${line#skipped: } under valgrind" ;;
        FAILED:*) fail "${line#FAILED: } under valgrind: a leak or an invalid access" ;;
        *) printf '%s\n' "$line" ;;
        esac
    done <"$test_build/states.out"
}

# Builds with the compiler for 64-bit ARM, against a sysroot that is made once.
run_arm64()
{
    heading "arm64, emulated"
    if ! (cnx_install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user &&
        "$root/tests/arm64/sysroot.sh" "$arm64_build"); then
        skip "arm64: the compiler, qemu-user or the packages for 64-bit ARM are not available"
        return
    fi
    heading "build build-arm64"
    build_suites "$arm64_build" arm64 --cross-file "$arm64_build/sysroot.ini" \
        --cross-file "$root/tests/arm64/aarch64.ini" -Dintrospection=disabled
    heading "arm64, emulated"
    OPENBLAS_NUM_THREADS=1 run_meson "$arm64_build" arm64 20 arm64
}

# Features that need a newer GStreamer than 1.22 are built and tested if it is available. The tree is
# formatted with clang-format 14, because other versions format differently.
install_packages()
{
    local version
    # shellcheck disable=SC2086 # lists of words
    cnx_install $cnx_packages_build $cnx_packages_play libgstrtspserver-1.0-dev \
        gstreamer1.0-plugins-ugly libsoup-3.0-dev curl mosquitto mosquitto-clients openssl valgrind \
        gi-docgen gobject-introspection libgirepository1.0-dev python3-gi python3-numpy gir1.2-gst-plugins-base-1.0
    version=$(dpkg-query -W -f '${Version}' libgstreamer1.0-dev 2>/dev/null) || return 0
    if dpkg --compare-versions "$version" ge 1.24; then
        cnx_install libgstreamer-plugins-bad1.0-dev
    fi
    # Loads the page of convnext-watch. Ubuntu's package needs snapd.
    if (. /etc/os-release && [ "$ID" = debian ]); then
        cnx_install chromium
    fi
    if apt-cache show clang-format-14 >/dev/null 2>&1; then
        cnx_install clang-format-14
    fi
}

# fetch_promtool FOLDER: puts promtool, for the test `dashboards`, into the folder. Its package is not
# installed, because it would start a server. Without it the test is skipped.
fetch_promtool()
{
    local work
    if [ -x "$1/promtool" ] || command -v promtool >/dev/null || ! work=$(mktemp -d); then
        return
    fi
    if (cd "$work" && apt-get -q download prometheus && dpkg-deb --fsys-tarfile prometheus_*.deb |
        tar -x ./usr/bin/promtool) >/dev/null 2>&1; then
        mkdir -p "$1" && mv "$work/usr/bin/promtool" "$1"
    fi
    rm -rf "$work"
}

unset CONVNEXT_CPU
declare -A groups # of processes in the background
trap 'for group in "${groups[@]}"; do kill -- "-$group"; done 2>/dev/null' EXIT
export GST_DEBUG_NO_COLOR=1
test_build=$root/build-test
asan_build=$root/build-asan
tsan_build=$root/build-tsan
arm64_build=$root/build-arm64
# Reports name lines, and nothing needs the rest of -g, which takes a third of the compiler's time.
line_numbers=-Dc_args=-g1
sanitized="-Db_lundef=false -Doptimization=1 -Dintrospection=disabled $line_numbers"

heading "packages"
install_packages
fetch_promtool "$root/build-tools"
export PATH=$PATH:$root/build-tools
if [ "$suites" != " arm64" ]; then
    heading "build"
    cnx_build "$test_build" $line_numbers
    cnx_environment "$test_build"
fi
if [ -z "$quick" ]; then
    names=$(chosen simd model)
    if [ -n "$names" ]; then
        start_build "$asan_build" "$names" -Db_sanitize=address,undefined $sanitized
    fi
    if [ -n "$(chosen threads)" ]; then
        start_build "$tsan_build" threads -Db_sanitize=thread $sanitized
    fi
fi

# Each meson run covers several suites, so that processors do not idle at the end of each suite.
names=$(chosen simd model layout)
if [ -n "$names" ]; then
    heading "$names"
    run_meson "$test_build" build-test 3 $names
fi
if [ -n "$(chosen gst)" ]; then
    run_gst
fi
names=$(chosen pipelines)
if [ -n "$quick" ]; then # without ThreadSanitizer and valgrind, these repeat tests of other suites
    [ "$(chosen model gst pipelines)" = "model gst pipelines " ] || names+=$(chosen threads)
    [ -n "$(chosen pipelines)" ] || names+=$(chosen states)
fi
if [ -n "$names" ]; then
    heading "$names"
    run_meson "$test_build" build-test 3 $names
fi

if [ -z "$quick" ]; then
    names=$(chosen simd model)
    if [ -n "$names" ]; then
        finish_build "$asan_build"
        heading "$names with sanitizers"
        ASAN_OPTIONS=detect_stack_use_after_return=1:allocator_may_return_null=1 \
            UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
            run_meson "$asan_build" "with sanitizers" 8 $names
    fi
    [ -z "$(chosen states)" ] || start_states
    if [ -n "$(chosen threads)" ]; then
        finish_build "$tsan_build"
        heading "threads with ThreadSanitizer"
        run_meson "$tsan_build" "with ThreadSanitizer" 8 threads
    fi
    if [ -n "$(chosen states)" ]; then
        finish_states
    fi
fi

if [ -n "$(chosen arm64)" ]; then
    run_arm64
fi

heading "done"
for failure in "${failures[@]}"; do
    printf 'FAILED: %s\n' "$failure"
done
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
