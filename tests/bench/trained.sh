#!/bin/bash
# Trains a ConvNeXt V1 and a V2 on labelled photos, and prints a markdown table of how each precision of
# gst-convnext and of its peers changes their results on photos that they have not seen.
#
#   tests/bench/trained.sh --photos FOLDER [--networks convnext_atto,convnextv2_atto] [--samples N]
#                          [--seed N] [--threads N] [--only WORDS]
#
# The folders in FOLDER are the classes and hold their photos; or SOURCES.tsv in FOLDER has the original
# path of each photo. Networks, and the peers' versions of them, are kept in build/trained and not made
# again, so that --networks and --only can print the rows in several runs; CONVNEXT_TRAINED names another
# folder. --samples is the number of pictures to train a network on, --only selects the contenders whose
# name contains one of WORDS, separated by commas. Takes about half an hour on two cores.
#
# The peers are installed as in peers.sh.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/tests/bench/lib.sh"
bench_prepare
# Training allocates the same large blocks in every step, so they are kept, in huge pages.
export MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=8589934592
export GLIBC_TUNABLES=glibc.malloc.hugetlb=1
exec "$python" "$root/tests/bench/trained.py" "$build" "${CONVNEXT_TRAINED:-$build/trained}" "$@"
