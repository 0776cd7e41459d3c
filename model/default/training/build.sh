#!/bin/bash
# From pictures to the model folder that ships: frames, training, thresholds.
#
# usage: model/default/training/build.sh PHOTOS MEDIA WORK OUT [PREVIOUS]
#
# PHOTOS and MEDIA are the folders of pictures and clips with their lists of sources, WORK a folder for
# intermediate files (30 GB), OUT the model folder to write. PREVIOUS is a model folder whose false alarms
# on clean pictures become hard negatives. SEED, TRAIN_SHARDS and SAMPLES set the seed, the number of
# shards of training frames and the number of frames to train on.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ $# -ge 4 ] || cnx_die "expected PHOTOS MEDIA WORK OUT [PREVIOUS], found $# arguments"
photos=$1 media=$2 work=$3 out=$4
mkdir -p "$work"
prepare "$work"
"$python" "$training/frames.py" --photos "$photos" --media "$media" --packages "$work/packages" \
    --work "$work/frames" --seed "${SEED:-1}" --train "${TRAIN_SHARDS:-150}" ${5:+--previous "$5"} ||
    exit 1
# Training allocates the same large blocks in every step. Keeping them, in huge pages, saves a third of
# the time.
export MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=8589934592
export GLIBC_TUNABLES=glibc.malloc.hugetlb=1
"$python" "$training/train.py" --work "$work/frames" --out "$out" --seed "${SEED:-1}" \
    --samples "${SAMPLES:-185000}"
