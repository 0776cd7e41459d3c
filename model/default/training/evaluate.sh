#!/bin/bash
# Evaluates a model folder, and optionally its predecessor, and prints the figures of the card.
# SECOND=FOLDER names a folder that a second run of the same recipe made: the card shows both runs.
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
    ${SECOND:+--second "$SECOND"} ${previous:+--compare "$previous"} > "$figures/models.md"
run baselines "${set_of[@]}" --json "$figures/baselines.json" >&2
run crops "$folder" "${set_of[@]}" --json "$figures/crops.json" >&2
clips=()
play() { # NAME FOLDER BUILD
    [ -n "$2" ] || return 0
    run clips "$2" "${set_of[@]}" --json "$figures/clips-$1.json" --build "$3" >&2
    clips+=("$1=$figures/clips-$1.json")
}
play model "$folder" "$build"
play second "${SECOND:-}" "$build"
play before "$previous" "${BUILD_BEFORE:-$build}"
run gallery "$figures/models.json" "${set_of[@]}" --out "$figures" > "$figures/failures.md"
sides=$figures/views.json # of views.py, which trains for an hour
[ -f "$sides" ] || sides=
run card --models "$figures/models.json" --baselines "$figures/baselines.json" --clips "${clips[@]}" \
    --crops "$figures/crops.json" ${sides:+--sides "$sides"} ${CARD:+--card "$CARD"}
if [ -d "$work/frames" ]; then
    run causes "$folder" --frames "$work/frames" --figures "$figures/models.json" ${CARD:+--card "$CARD"}
fi
