#!/bin/bash
# Fuzzes the code that reads untrusted files, texts and frames with libFuzzer, or measures how many of its
# lines the inputs reach.
#
#   tests/fuzz/run.sh [--seconds N] [--jobs N] [--fast] [--coverage] [TARGET]...
#
# Each target runs for N seconds (60) on one core with AddressSanitizer and UndefinedBehaviorSanitizer,
# starting with its seeds and the inputs of earlier runs, which are kept in build-fuzz/corpus. --jobs runs
# N targets at a time. --fast runs without sanitizers, several times as fast, in build-fuzz-fast and
# with the same corpora. A failing input is kept in build-fuzz/crashes, and the exit status is 1.
# Prints a table of executions, code locations reached and failures; the totals of
# all runs are in build-fuzz/executions.
# --coverage counts the lines of the readers that seeds, corpora and the tests of model/ reach.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/pipelines/lib.sh"

all="safetensors zip legacy pickle json labels forms detector head head_config head_tensors checkpoint config frame
    result smoothing uri sdp request rtsp cameras metrics"
readers="container safetensors header shards torch torch_zip torch_legacy unwrap state_dict pickle pickle_machine
    pickle_values strings foreign mapping locate json json_scan labels label_file label_lines config_files
    config_open_clip config_preprocessor config_timm config_transformers adapter_config adapters entries formula
    forms parametrised quantised tools detector_config detector_levels anchors boxes nms paste
    meta result tensor bounds frame input detections tracks attach smoothing votes states classify jsonline
    print credentials keys list redirect request sdp server settings source"
# these read files too
tests="checkpoint configs containers extras forms forms_refused heads heads_steps labels origins refusals torture"
containers=$root/tests/fixtures/containers heads=$root/tests/fixtures/heads
here=$root/tests/fuzz
build=$root/build-fuzz
programs=$build kind=sanitized
seconds=60
jobs=1
coverage=
targets=

# number OPTION VALUE: prints the value, or dies.
number()
{
    [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || cnx_die "$1 needs a number"
    printf '%s' "$2"
}

while [ $# -gt 0 ]; do
    case $1 in
    --seconds)
        seconds=$(number "$@") || exit 1
        shift
        ;;
    --jobs)
        jobs=$(number "$@") || exit 1
        shift
        ;;
    --fast) programs=$root/build-fuzz-fast kind=fast ;;
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
cnx_install $cnx_packages_build $cnx_packages_play libsoup-3.0-dev clang llvm
export G_SLICE=always-malloc # otherwise GLib's allocator hides invalid accesses and leaks
export OPENBLAS_NUM_THREADS=1
export GST_REGISTRY_1_0=$build/registry.bin

# seeds_of TARGET: prints the files with which it starts.
seeds_of()
{
    if [ "$1" = checkpoint ]; then
        printf '%s\n' "$heads"/{timm-blocks.safetensors,fastai-learner.pth} \
            "$containers"/{reference.safetensors,bare-legacy.pth,unaligned.pth,ema-legacy.pth}
    else
        printf '%s\n' "$here/seeds/$1"/*
    fi
}

# options_of TARGET: prints libFuzzer's options, one per line.
options_of()
{
    local dictionary=$1 length=4096
    case $1 in
    config | head_config) dictionary=json ;;
    detector) dictionary=json length=512 ;; # few boxes, which is fast
    legacy | zip) dictionary=pickle ;;
    checkpoint) dictionary=pickle length=40000 ;;
    head) length=16384 ;;
    head_tensors) length=128 ;;
    frame | result | smoothing) length=512 ;;
    uri) length=1024 ;;
    request) dictionary=metrics ;;
    rtsp) dictionary=sdp ;;
    esac
    echo -max_len=$length
    [ ! -f "$here/dictionaries/$dictionary.dict" ] || echo "-dict=$here/dictionaries/$dictionary.dict"
}

# fuzz_target TARGET: runs it and appends its row to the table.
fuzz_target()
{
    local target=$1 corpus=$build/corpus/$1 log=$build/fuzz-$1.log failure=- executions
    # GLib's table of the names of fields grows, and leaks the smaller one on purpose.
    case $target in cameras | rtsp) ASAN_OPTIONS+=:detect_leaks=0 ;; esac
    mkdir -p "$corpus"
    seeds_of "$target" | while IFS= read -r seed; do cp "$seed" "$corpus"; done
    # shellcheck disable=SC2046 # a list of options
    nice -n 19 "$programs/tests/fuzz/fuzz-$target" -max_total_time="$seconds" -rss_limit_mb=1500 \
        -malloc_limit_mb=512 -timeout=20 -print_final_stats=1 $(options_of "$target") \
        -artifact_prefix="$build/crashes/$target-" "$corpus" >"$log" 2>&1 ||
        failure=$(grep -a -m 1 -E 'SUMMARY|ERROR|CRITICAL|WARNING' "$log" || echo 'see its log')
    executions=$(sed -n -E 's/^(stat::number_of_executed_units: *|#)([0-9]+).*/\2/p' "$log" | sort -n | tail -n 1)
    printf '%s %s\n' "$target" "${executions:-0}" >>"$build/executions"
    printf '%-12s %12s %10s %8s %8s  %s\n' "$target" "${executions:-0}" \
        $((${executions:-0} / seconds)) \
        "$(grep -a -o 'cov: [0-9]*' "$log" | tail -n 1 | cut -d ' ' -f 2)" \
        "$(find "$corpus" -type f | wc -l)" "${failure:--}" | tee -a "$build/table"
}

fuzz()
{
    local target
    export ASAN_OPTIONS=detect_stack_use_after_return=1:allocator_may_return_null=1
    if [ ! -f "$programs/build.ninja" ]; then
        CC=clang meson setup "$programs" "$root" -Dfuzz=$kind -Db_lundef=false \
            -Dintrospection=disabled >/dev/null || cnx_die "meson cannot configure the build"
    fi
    # shellcheck disable=SC2046,SC2086 # lists of words
    ninja -C "$programs" $(printf 'tests/fuzz/fuzz-%s ' $targets) >/dev/null || cnx_die "the build failed"
    mkdir -p "$build/crashes"
    : >"$build/table"
    printf '%-12s %12s %10s %8s %8s  %s\n' target executions 'per second' edges inputs failure
    for target in $targets; do
        while [ "$(jobs -r | wc -l)" -ge "$jobs" ]; do wait -n; done
        fuzz_target "$target" &
    done
    wait
    awk '{ sum += $2 } $6 != "-" { failed++ }
        END { printf "%-12s %12d %39s %d\n", "all", sum, "failures:", failed; exit (failed > 0) }' "$build/table"
}

# totals: prints the executions of all runs, per target.
totals()
{
    awk '{ sum[$1] += $2; all += $2 }
        END { for (target in sum) printf "%-12s %12d\n", target, sum[target] | "sort"
              close("sort"); printf "%-12s %12d\n", "all", all }' "$build/executions"
}

measure()
{
    local dir=$root/build-coverage target objects=() name mutations
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
        mutations=20000
        [ "$target" = rtsp ] && mutations=20 # of 0.1 s each
        # shellcheck disable=SC2046 # a list of words
        LLVM_PROFILE_FILE=$dir/$target-%m.profraw "$dir/tests/fuzz/replay-$target" --mutations $mutations \
            $(seeds_of "$target") "$build/corpus/$target" || cnx_die "$target failed"
        objects+=(-object "$dir/tests/fuzz/replay-$target")
    done
    for name in $tests; do
        LLVM_PROFILE_FILE=$dir/$name.profraw "$dir/tests/model/test-$name" >/dev/null ||
            cnx_die "test-$name failed"
        objects+=(-object "$dir/tests/model/test-$name")
    done
    llvm-profdata merge -sparse "$dir"/*.profraw -o "$dir/all.profdata"
    objects+=(-object "$dir"/gst/convnext/libgstconvnext-1.0.so)
    # Columns 8 and 9 are the number of lines and of missed lines.
    llvm-cov report -instr-profile "$dir/all.profdata" "${objects[@]:1}" 2>/dev/null |
        awk -v readers=" $(echo $readers) " '
            $1 !~ /tests\// && match($1, /(model|gst|pipelines)\/([a-z]*\/)?[a-z_]*\.c$/) {
                name = substr($1, RSTART, RLENGTH - 2)
                sub(/.*\//, "", name)
                if (!index(readers, " " name " ")) next
                lines += $8; missed += $9
                printf "%-22s %5d lines, %3d missed, %.1f %% reached\n", name, $8, $9, 100 - 100 * $9 / $8
            }
            END { printf "%-22s %5d lines, %3d missed, %.1f %% reached\n", "all", lines, missed,
                100 - 100 * missed / lines }'
}

if [ -n "$coverage" ]; then
    measure
elif fuzz; then
    printf '\nAll runs so far:\n' && totals
else
    exit 1
fi
