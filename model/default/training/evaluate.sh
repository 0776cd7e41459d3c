#!/bin/bash
# Evaluates a model folder, and optionally its predecessor, and prints the figures of the card.
#
# usage: model/default/training/evaluate.sh PHOTOS MEDIA WORK FOLDER [PREVIOUS]
#
# PHOTOS, MEDIA and WORK are those of build.sh; FOLDER and PREVIOUS are model folders. Figures go to
# WORK/figures as JSON, with a contact sheet of the worst failures. The tables are printed or, with
# CARD=FILE, replace those in that card. CONVNEXT_BUILD names a build folder of this repository;
# BUILD_BEFORE names the one whose convnext-watch plays the clips with PREVIOUS, if it is another.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ $# -ge 4 ] || cnx_die "expected PHOTOS MEDIA WORK FOLDER [PREVIOUS], found $# arguments"
work=$3 folder=$4 previous=${5:-}
build=${CONVNEXT_BUILD:-$root/build} figures=$3/figures
mkdir -p "$figures"
prepare "$work"
pictures=(--photos "$1" --media "$2" --packages "$work/packages")
set_of=("${pictures[@]}" --work "$work")
run() { "$python" "$training/$1.py" "${@:2}" || cnx_die "$1.py failed"; }

run agree "$folder" "${pictures[@]}" --build "$build" >&2
run testset "${set_of[@]}" >&2
run evaluate "$folder" "${set_of[@]}" --json "$figures/models.json" \
    ${previous:+--compare "$previous"} > "$figures/models.md"
run baselines "${set_of[@]}" --json "$figures/baselines.json" >&2
run crops "$folder" "${set_of[@]}" --json "$figures/crops.json" >&2
run clips "$folder" "${set_of[@]}" --json "$figures/clips.json" --build "$build" >&2
clips=("$figures/clips.json")
if [ -n "$previous" ]; then
    run clips "$previous" "${set_of[@]}" --json "$figures/clips-before.json" \
        --build "${BUILD_BEFORE:-$build}" >&2
    clips+=("$figures/clips-before.json")
fi
run gallery "$figures/models.json" "${set_of[@]}" --out "$figures" > "$figures/failures.md"
sides=$figures/views.json # of views.py, which trains for an hour
[ -f "$sides" ] || sides=
run card --models "$figures/models.json" --baselines "$figures/baselines.json" --clips "${clips[@]}" \
    --crops "$figures/crops.json" ${sides:+--sides "$sides"} ${CARD:+--card "$CARD"}
