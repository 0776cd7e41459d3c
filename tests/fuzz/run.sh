#!/bin/bash
# Fuzzes the file readers with libFuzzer, or measures how many of their lines the inputs reach.
#
#   tests/fuzz/run.sh [--seconds N] [--coverage] [TARGET]...
#
# Each target runs for N seconds (60) on one core with AddressSanitizer and
# UndefinedBehaviorSanitizer, starting with its seeds and the inputs of earlier runs, which are kept in
# build-fuzz/corpus. A failing input is kept in build-fuzz/crashes, and the exit status is 1.
# --coverage counts the lines of the readers that seeds, corpora and the tests of model/ reach.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/pipelines/lib.sh"

all="safetensors zip legacy pickle json labels forms checkpoint"
readers="container safetensors header shards torch torch_zip torch_legacy unwrap state_dict pickle pickle_machine
    pickle_values strings foreign mapping locate json json_scan labels config_files config_open_clip
    config_preprocessor config_timm config_transformers adapter_config adapters entries formula forms
    parametrised quantised tools"
tests="checkpoint configs containers extras forms forms_refused labels origins refusals torture" # these read files too
containers=$root/tests/fixtures/containers
build=$root/build-fuzz
seconds=60
coverage=
targets=
while [ $# -gt 0 ]; do
    case $1 in
    --seconds)
        [ $# -gt 1 ] || cnx_die "--seconds needs a number"
        seconds=$2
        shift
        ;;
    --coverage) coverage=1 ;;
    *)
        [[ " $all " == *" $1 "* ]] || cnx_die "unknown target '$1'; the targets are $all"
        targets+=" $1"
        ;;
    esac
    shift
done
targets=${targets:-$all}
# shellcheck disable=SC2086 # a list of words
cnx_install $cnx_packages_build clang llvm
export G_SLICE=always-malloc # otherwise GLib's allocator hides invalid accesses and leaks

# seeds_of TARGET: prints the files with which it starts.
seeds_of()
{
    if [ "$1" = checkpoint ]; then
        printf '%s\n' "$containers"/{reference.safetensors,bare-legacy.pth,unaligned.pth,ema-legacy.pth}
    else
        printf '%s\n' "$root/tests/fuzz/seeds/$1"/*
    fi
}

fuzz()
{
    local target found=0 log corpus length
    export ASAN_OPTIONS=detect_stack_use_after_return=1:allocator_may_return_null=1
    if [ ! -f "$build/build.ninja" ]; then
        CC=clang meson setup "$build" "$root" -Dfuzz=true -Db_lundef=false \
            -Dintrospection=disabled >/dev/null || cnx_die "meson cannot configure the build"
    fi
    # shellcheck disable=SC2046,SC2086 # lists of words
    ninja -C "$build" $(printf 'tests/fuzz/fuzz-%s ' $targets) >/dev/null || cnx_die "the build failed"
    mkdir -p "$build/crashes"
    for target in $targets; do
        corpus=$build/corpus/$target log=$build/fuzz-$target.log length=4096
        mkdir -p "$corpus"
        seeds_of "$target" | while IFS= read -r seed; do cp "$seed" "$corpus"; done
        [ "$target" = checkpoint ] && length=40000
        if ! nice "$build/tests/fuzz/fuzz-$target" -max_total_time="$seconds" -max_len=$length \
            -rss_limit_mb=1500 -malloc_limit_mb=512 -timeout=20 -print_final_stats=1 \
            -artifact_prefix="$build/crashes/$target-" "$corpus" >"$log" 2>&1; then
            found=1
            printf '%s: FAILED, %s\n' "$target" "$(grep -m 1 -E 'SUMMARY|ERROR' "$log")"
        fi
        printf '%s: %s executions in %s s, %s inputs kept\n' "$target" \
            "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" "$seconds" \
            "$(find "$corpus" -type f | wc -l)"
    done
    return $found
}

measure()
{
    local dir=$root/build-coverage target objects=() name
    export LLVM_PROFILE_FILE=/dev/null # programs that meson runs write no profile
    if [ ! -f "$dir/build.ninja" ]; then
        CC=clang meson setup "$dir" "$root" -Db_lundef=false -Dintrospection=disabled \
            -Doptimization=1 -Dc_args='-fprofile-instr-generate -fcoverage-mapping' \
            -Dc_link_args=-fprofile-instr-generate >/dev/null ||
            cnx_die "meson cannot configure the build"
    fi
    # shellcheck disable=SC2046,SC2086 # lists of words
    ninja -C "$dir" $(printf 'tests/model/test-%s ' $tests) \
        $(printf 'tests/fuzz/replay-%s ' $all) >/dev/null || cnx_die "the build failed"
    rm -f "$dir"/*.profraw
    for target in $all; do
        mkdir -p "$build/corpus/$target"
        # shellcheck disable=SC2046 # a list of words
        LLVM_PROFILE_FILE=$dir/$target.profraw "$dir/tests/fuzz/replay-$target" --mutations 20000 \
            $(seeds_of "$target") "$build/corpus/$target" || cnx_die "$target failed"
        objects+=(-object "$dir/tests/fuzz/replay-$target")
    done
    for name in $tests; do
        LLVM_PROFILE_FILE=$dir/$name.profraw "$dir/tests/model/test-$name" >/dev/null ||
            cnx_die "test-$name failed"
        objects+=(-object "$dir/tests/model/test-$name")
    done
    llvm-profdata merge -sparse "$dir"/*.profraw -o "$dir/all.profdata"
    # Columns 8 and 9 are the number of lines and of missed lines.
    llvm-cov report -instr-profile "$dir/all.profdata" "${objects[@]:1}" 2>/dev/null |
        awk -v readers=" $(echo $readers) " '
            $1 !~ /tests\// && match($1, /model\/([a-z]*\/)?[a-z_]*\.c$/) {
                name = substr($1, RSTART, RLENGTH - 2)
                sub(/.*\//, "", name)
                if (!index(readers, " " name " ")) next
                lines += $8; missed += $9
                printf "%-22s %5d lines, %3d missed, %.1f %% reached\n", name, $8, $9, 100 - 100 * $9 / $8
            }
            END { printf "%-22s %5d lines, %3d missed, %.1f %% reached\n", "all", lines, missed,
                100 - 100 * missed / lines }'
}

if [ -n "$coverage" ]; then measure; else fuzz; fi
