# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rules and boosted trees on numbers of the luma: what a model has to beat.

    python3 baselines.py --photos DIR --media DIR [--packages DIR] --work CACHE --json OUT
        [--frames N]

They learn from N frames of the training split, made as those of the network are, and are judged on
the test set. The numbers come from the frame at its own size, at 448x448 and at 224x224, so the
table also says what a view of that size hides. A rule is a threshold on one number for each fault:
the number and the direction that find most of it at 1 % false alarms. The trees are scikit-learn's
HistGradientBoostingClassifier on all of the numbers.
"""
import argparse
import hashlib
import inspect
import json
from pathlib import Path

import cv2
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

import features
import frames
import measures
import sources
import testset
from common import LABELS, to_view
from network import logit

SEED = 7
SCALES = ('own size', *(f'{side}x{side}' for side in testset.SIDES))


def learn_from(found: list, count: int, work: Path):
    """Numbers [n, 3, 31] and labels [n] of frames of the training split; cached."""
    digest = hashlib.sha256(json.dumps([SEED, count, [s.id for s in found]]).encode())
    for module in (frames, features):
        digest.update(inspect.getsource(module).encode())
    path = work / f'numbers-{digest.hexdigest()[:12]}.npz'
    if not path.exists():
        frames.to_view = np.asarray  # the jobs then yield frames at their own size
        maker, numbers, labels, job = frames.Maker(found, SEED, 'train'), [], [], 0
        while len(labels) < count:
            for frame, record in maker.job(job):
                views = [frame, *(to_view(frame, side) for side in testset.SIDES)]
                numbers.append([features.features(view) for view in views])
                targets = record['targets']
                worst = 1 + int(np.argmax(targets[1:]))
                labels.append(worst if targets[worst] >= 0.5 else 0)
            job += 1
        np.savez(path, numbers=np.array(numbers, np.float32), labels=np.array(labels))
    with np.load(path) as saved:
        return saved['numbers'], saved['labels']


def best_rules(numbers: np.ndarray, labels: np.ndarray) -> dict:
    """label: (index of the number, sign, the value that 1 % of healthy frames pass, the scale)."""
    healthy, rules = labels == 0, {}
    for label in range(1, len(LABELS)):
        best = -1.0
        for index in range(numbers.shape[1]):
            for sign in (1, -1):
                values = sign * numbers[:, index]
                middle, limit = np.quantile(values[healthy], (0.5, 0.99))
                found = float((values[labels == label] > limit).mean())
                if found > best:
                    best = found
                    rules[LABELS[label]] = index, sign, limit, limit - middle + 1e-3
    return rules


def judge_by_rules(rules: dict, numbers: np.ndarray) -> measures.Outcome:
    excess = np.stack([(sign * numbers[:, index] - limit) / scale
                       for index, sign, limit, scale in rules.values()], axis=1)
    alarm = excess.max(1)
    states = np.where(alarm > 0, np.array(list(rules))[excess.argmax(1)], LABELS[0])
    return measures.Outcome(states, alarm)


def judge_by_trees(known: np.ndarray, labels: np.ndarray, numbers) -> measures.Outcome:
    trees = HistGradientBoostingClassifier(learning_rate=0.08, max_iter=250, max_leaf_nodes=15,
                                           l2_regularization=1.0, random_state=SEED)
    trees.fit(known, labels)
    scores = np.zeros((len(numbers), len(LABELS)))
    scores[:, trees.classes_] = trees.predict_proba(numbers)
    return measures.Outcome(np.array(LABELS)[scores.argmax(1)], -logit(scores[:, 0]), scores)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    testset.add_options(parser)
    parser.add_argument('--json', type=Path, required=True, help='where the figures go')
    parser.add_argument('--frames', type=int, default=5000, help='to learn from')
    args = parser.parse_args()

    cv2.setNumThreads(1)
    records, views, own = testset.load(args)
    numbers = np.stack([own, *(np.array([features.features(view) for view in views[side]])
                               for side in testset.SIDES)], axis=1)
    found = [source for source in sources.find_sources(args.photos, args.media, args.packages)
             if source.split == 'train']
    known, labels = learn_from(found, args.frames, args.work)
    methods, used = {}, {}
    for place, scale in enumerate(SCALES):
        rules = best_rules(known[:, place], labels)
        used[scale] = {label: {'number': features.NAMES[index],
                               'sign': 'high' if sign > 0 else 'low'}
                       for label, (index, sign, _, _) in rules.items()}
        methods[f'rules, {scale}'] = measures.measure(
            records, judge_by_rules(rules, numbers[:, place]))
        methods[f'trees, {scale}'] = measures.measure(
            records, judge_by_trees(known[:, place], labels, numbers[:, place]))
    args.json.write_text(json.dumps(
        {'methods': methods, 'rules': used, 'learned from': len(labels)}))
    for name, method in methods.items():
        print(f'{name}: alarm at 1 % false alarms {method["alarm"]["own"]["mean"]:.3f}, '
              f'of other libraries\' faults {method["alarm"]["foreign"]["mean"]:.3f}')


if __name__ == '__main__':
    main()
