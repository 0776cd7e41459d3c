# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rules and boosted trees on statistics of the luma, as baselines for the model.

    python3 baselines.py --photos DIR --media DIR [--packages DIR] --work CACHE --json OUT
        [--jobs N]

They learn from N jobs of the training split, made like the frames of the network, and are
evaluated on the test set. The statistics are those of features.py, of the frame at its own size, at
448x448 and at 224x224, so the table also shows what a smaller view hides. A rule is a threshold on
one statistic for each fault: the statistic and direction that find most of it at 1 % false alarms.
The trees are scikit-learn's HistGradientBoostingClassifier on all statistics.
"""
import argparse
import hashlib
import json
import multiprocessing
import os
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
from network import alarm_of

SEED = 7
JOBS = 100  # in one file of the cache
SCALES = ('own size', *(f'{side}x{side}' for side in testset.SIDES))


def learn_from_jobs(task) -> Path:
    """Saves statistics [n, 3, 31] and labels [n] of the frames of some jobs."""
    maker, path, jobs = task
    cv2.setNumThreads(1)
    frames.to_view = np.asarray  # so jobs yield frames at their own size
    numbers, labels = [], []
    for frame, _, record in (made for job in jobs for made in maker.job(job)):
        views = [frame, *(to_view(frame, side) for side in testset.SIDES)]
        numbers.append([features.features(view) for view in views])
        targets = record['targets']
        worst = 1 + int(np.argmax(targets[1:]))
        labels.append(worst if targets[worst] >= testset.FAULTY else 0)
    temporary = path.with_suffix(f'.{os.getpid()}.npz')
    np.savez(temporary, numbers=np.array(numbers, np.float32), labels=np.array(labels))
    os.replace(temporary, path)
    return path


def learn_from(args: argparse.Namespace):
    """Statistics [n, 3, 31] and labels [n] of frames of the training split; cached."""
    found = [source for source in sources.find_sources(args.photos, args.media, args.packages)
             if source.split == 'train']
    digest, used = hashlib.sha256(json.dumps([SEED, [s.id for s in found]]).encode()), set()
    for name in sorted(testset.modules_of('frames', used) | {'features'}):
        digest.update(Path(__file__).with_name(f'{name}.py').read_bytes())
    folder = args.work / f'numbers-{digest.hexdigest()[:12]}'
    folder.mkdir(parents=True, exist_ok=True)
    maker = frames.Maker(found, SEED, 'train')
    tasks = [(maker, folder / f'{start}.npz', range(start, min(start + JOBS, args.jobs)))
             for start in range(0, args.jobs, JOBS)]
    missing = [task for task in tasks if not task[1].exists()]
    if missing:
        with multiprocessing.get_context('spawn').Pool(args.processes) as pool:
            list(pool.imap(learn_from_jobs, missing))
    saved = [np.load(path) for _, path, _ in tasks]
    return (np.concatenate([part['numbers'] for part in saved]),
            np.concatenate([part['labels'] for part in saved]))


def best_rules(numbers: np.ndarray, labels: np.ndarray) -> dict:
    """label: (index of the statistic, sign, the value that 1 % of healthy frames exceed, its
    distance from their median)."""
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
    return measures.Outcome(np.array(LABELS)[scores.argmax(1)], alarm_of(scores), scores)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    testset.add_options(parser)
    parser.add_argument('--json', type=Path, required=True, help='file for the figures')
    parser.add_argument('--jobs', type=int, default=3500, help='jobs of frames.py to learn from')
    args = parser.parse_args()

    cv2.setNumThreads(1)
    records, views, own = testset.load(args)
    numbers = np.stack([own, *(np.array([features.features(view) for view in views[side]])
                               for side in testset.SIDES)], axis=1)
    known, labels = learn_from(args)
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
