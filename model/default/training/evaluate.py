# SPDX-License-Identifier: LGPL-2.1-or-later
"""Evaluates model folders in the Hugging Face layout on the test set, with transformers.

    python3 evaluate.py FOLDER --photos DIR --media DIR [--packages DIR] --work CACHE --json OUT
        [--compare FOLDER] [--part SHARE]

The scores may be a softmax over the states or sigmoids with thresholds. Prints tables of the card.
"""
import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

import card
import measures
import network
import testset
from common import LABELS

BATCH = 16


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


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('folder', type=Path)
    testset.add_options(parser)
    parser.add_argument('--json', type=Path, required=True, help='file for the figures')
    parser.add_argument('--compare', type=Path, help='the folder of another model')
    args = parser.parse_args()

    torch.set_num_threads(1)
    records, views, _ = testset.load(args)
    models = {}
    for name, folder in (('model', args.folder), ('before', args.compare)):
        if folder is None:
            continue
        begin = time.time()
        classifier, logits = scores_of(folder, views)
        outcome = outcome_of(classifier, logits)
        print(f'{folder}: {len(records)} frames in {time.time() - begin:.0f} s', flush=True)
        models[name] = measures.measure(records, outcome) | {'predictions': {
            'states': outcome.states.tolist(), 'alarm': np.round(outcome.alarm, 4).tolist(),
            'scores': np.round(outcome.scores, 5).tolist()}}
    args.json.write_text(json.dumps({'models': models, 'records': records}))
    print(card.of_models(models))


if __name__ == '__main__':
    main()
