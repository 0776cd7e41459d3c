# SPDX-License-Identifier: LGPL-2.1-or-later
"""Evaluates model folders in the Hugging Face layout on the test set, with transformers.

    python3 evaluate.py FOLDER --photos DIR --media DIR [--packages DIR] --work CACHE --json OUT
        [--second FOLDER] [--compare FOLDER] [--part SHARE]

The scores may be a softmax over the states or sigmoids with thresholds. Prints tables of the card.
--second is the folder of a second run of the same recipe; the figures show how much the two differ.
"""
import argparse
import json
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

import card
import measures
import network
import testset
from common import LABELS

BATCH = 16
RESAMPLES = 100


def scores_of(folder: Path, views: dict) -> tuple[network.Classifier, np.ndarray]:
    """The classifier of a folder and its logits, [n, 9]. The views already have the size that the
    processor resizes to, so it only normalises them."""
    classifier = network.Classifier(folder)
    if tuple(classifier.labels) != LABELS:
        raise SystemExit(f'{folder}: the labels are not those of the camera states')
    side = classifier.processor.size['height']
    if side not in views:
        raise SystemExit(f'{folder}: no views of {side}x{side}; add the size to testset.SIDES')
    frames = views[side]
    logits = [classifier.logits(list(frames[start:start + BATCH]))
              for start in range(0, len(frames), BATCH)]
    return classifier, np.concatenate(logits)


def outcome_of(classifier: network.Classifier, logits: np.ndarray) -> measures.Outcome:
    scores = classifier.scores(logits)
    states = np.array(classifier.labels)[classifier.decide(scores)]
    return measures.Outcome(states, network.alarm_of(scores), scores)


def noise(records: list, outcomes: list[measures.Outcome]) -> list[float | None]:
    """For each figure of the first table, two standard deviations of the difference between two
    models, when the sources of the test set are drawn anew (a paired bootstrap by source). None if
    the difference is always the same."""
    rng, groups = np.random.default_rng(0), defaultdict(list)
    for row, record in enumerate(records):
        groups[record.get('source', str(row)).split('#')[0]].append(row)
    groups, differences = list(groups.values()), []
    for _ in range(RESAMPLES):
        rows = np.concatenate([groups[i] for i in rng.choice(len(groups), len(groups))])
        some = [records[row] for row in rows]
        one, two = ([rate for _, rate in card.figures_of(measures.measure(
            some, measures.Outcome(*(part[rows] for part in outcome))))] for outcome in outcomes)
        differences.append(np.array(one, float) - np.array(two, float))
    return [deviation or None for deviation in 2 * np.nanstd(differences, axis=0)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('folder', type=Path)
    testset.add_options(parser)
    parser.add_argument('--json', type=Path, required=True, help='file for the figures')
    parser.add_argument('--second', type=Path, help='the folder of a second run')
    parser.add_argument('--compare', type=Path, help='the folder of another model')
    args = parser.parse_args()

    torch.set_num_threads(1)
    records, views, _ = testset.load(args)
    models, outcomes = {}, []
    for name, folder in (('model', args.folder), ('second', args.second),
                         ('before', args.compare)):
        if folder is None:
            continue
        begin = time.time()
        classifier, logits = scores_of(folder, views)
        outcome = outcome_of(classifier, logits)
        outcomes.append(outcome)
        print(f'{folder}: {len(records)} frames in {time.time() - begin:.0f} s', flush=True)
        models[name] = measures.measure(records, outcome) | {'predictions': {
            'states': outcome.states.tolist(), 'alarm': np.round(outcome.alarm, 4).tolist(),
            'scores': np.round(outcome.scores, 5).tolist()}}
    if args.second:
        models['second']['noise'] = noise(records, outcomes[:2])
    args.json.write_text(json.dumps({'models': models, 'records': records}))
    print(card.of_models(models))


if __name__ == '__main__':
    main()
