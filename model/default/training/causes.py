# SPDX-License-Identifier: LGPL-2.1-or-later
"""What limits the recall of a model: data, capacity, view or the budget of false alarms.

    python3 causes.py FOLDER --frames CACHE --figures MODELS.json [--card README.md]

Prints four comparisons, or replaces this section of the card:

* frames of training sources with frames of validation sources: if both are missed, more sources
  alone do not help;
* budgets of false alarms;
* trees that learn from the network's embedding, from the statistics of features.py, or from both:
  head or network fail to use what trees find beyond the network's own scores;
* test frames by width: what scaling down to the view hides.

--frames is the cache of frames.py, of which every 6th shard of training frames is used; --figures
is the file of evaluate.py. Embeddings and statistics are cached beside the frames.
"""
import argparse
import json
import zlib
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch

import card
import frames
import measures
import network
import train
from baselines import judge_by_trees
from common import LABELS, VIEW
from features import features
from testset import FAULTY

EACH = 6                 # of the shards of training frames, one is used
BATCH = 32
CLEAR = 0.6              # as in train.py: a target above this is a fault that must be found
BUDGETS = (1, 2, 4)      # times that of train.py
WIDTHS = (0, VIEW, 800, 4000)
SIZED = ('defocused', 'noisy', 'obstructed', 'corrupted')
TITLES = {'train': 'training sources', 'val': 'validation sources'}


class Known(NamedTuple):
    """Frames of a split: embeddings [n, 192], statistics [n, 31], targets [n, 9], records."""
    embeddings: np.ndarray
    numbers: np.ndarray
    targets: np.ndarray
    records: list


@torch.no_grad()
def known(classifier: network.Classifier, folder: Path, cache: Path, split: str,
          each: int) -> Known:
    """What is known of the frames of one in `each` shards."""
    weights = zlib.crc32((folder / 'model.safetensors').read_bytes())
    path = cache / f'embeddings-{split}-{each}-{weights:08x}.npz'
    views, _, targets, records, place = frames.load(cache, split)
    chosen = place[:, 0] % each == 0
    rows = np.flatnonzero(chosen)
    if not path.exists():
        embeddings, numbers = [], []
        for start in range(0, len(rows), BATCH):
            some = train.read(views, place, rows[start:start + BATCH])
            embeddings.append(classifier.model.convnext(network.to_input(some)).pooler_output)
            numbers += [features(view) for view in some.numpy()]
        np.savez(path, embeddings=torch.cat(embeddings).numpy(), numbers=np.array(numbers))
    saved = np.load(path)
    return Known(saved['embeddings'], saved['numbers'], targets[chosen],
                 [records[row] for row in rows])


def scores_of(classifier: network.Classifier, of: Known) -> np.ndarray:
    with torch.no_grad():
        logits = classifier.model.classifier(torch.from_numpy(of.embeddings))
    return classifier.scores(logits.numpy())


def recalls(scores: np.ndarray, thresholds, of: Known) -> dict:
    """label: the share of the frames with this fault whose score reaches its threshold. For
    `normal`: of the healthy frames in which no score does."""
    present = scores >= np.array(thresholds)
    return {LABELS[0]: measures.share(~present[of.targets[:, 0] > 0.5][:, 1:].any(1)),
            **{label: measures.share(present[of.targets[:, i] > CLEAR, i])
               for i, label in enumerate(LABELS[1:], 1)}}


def by_budget(scores: np.ndarray, of: Known) -> dict:
    """Multiple of the budget: recalls, with thresholds chosen on the same frames."""
    return {factor: recalls(scores, train.choose_thresholds(
        scores, of.targets, of.records, [factor * rate for rate in train.FALSE_ALARMS]), of)
            for factor in BUDGETS}


def by_method(scores: np.ndarray, learn: Known, check: Known) -> dict:
    """method: {label: share of the faults that raise an alarm when 1 % of the healthy frames do},
    on validation frames."""
    worst = 1 + learn.targets[:, 1:].argmax(1)
    labels = np.where(learn.targets.max(1, where=np.arange(len(LABELS)) > 0, initial=0) >= FAULTY,
                      worst, 0)
    alarms = {'the network': network.alarm_of(scores)}
    for name, columns in (('trees on its embedding', ('embeddings',)),
                          ('trees on statistics', ('numbers',)),
                          ('trees on both', ('embeddings', 'numbers'))):
        known_numbers, numbers = (np.hstack([getattr(of, column) for column in columns])
                                  for of in (learn, check))
        alarms[name] = judge_by_trees(known_numbers, labels, numbers).alarm
    result = {}
    for name, alarm in alarms.items():
        found = alarm > measures.limit_of(alarm[check.targets[:, 0] > 0.5])
        result[name] = {LABELS[i]: measures.share(found[check.targets[:, i] > CLEAR])
                        for i in range(1, len(LABELS))}
    return result


def by_width(figures: dict) -> dict:
    """label: {range of widths: recall} of strengths 1 to 3 of the test set, of any origin."""
    states = figures['models']['model']['predictions']['states']
    cells = {label: {} for label in SIZED}
    for low, high in zip(WIDTHS, WIDTHS[1:]):
        for label in SIZED:
            cells[label][f'{low + 1} to {high}'] = measures.share([
                state in record['accept'] for state, record in zip(states, figures['records'])
                if record['label'] == label and record['strength'] in (1, 2, 3)
                and not record.get('unsure') and low < record['size'][0] <= high])
    return cells


def grid(head: str, columns: dict[str, dict], labels) -> str:
    """A table of rates. columns: {title: {label: rate and number of frames}}."""
    return card.table([head, *columns], [
        [label, *(card.percent(cells[label]['rate']) for cells in columns.values())]
        for label in labels])


def section(found: dict, budgets: dict, methods: dict, widths: dict) -> str:
    first = found['val']
    rows = {f'{label} ({first[label]["n"]})': label for label in LABELS}
    return '\n\n'.join([
        '### What limits recall\n\nFrames made as for training, of training and of validation '
        'sources. `normal` is the share of the healthy frames that\nare called so; the other rows '
        'are the share of the faults whose score reaches its threshold.',
        grid('% (validation frames)', {TITLES[split]: {
            row: cells[label] for row, label in rows.items()} for split, cells in found.items()},
            rows),
        'Validation frames, with the thresholds that each multiple of the budget of false alarms '
        'allows:', grid('%', {f'{factor}x': cells for factor, cells in budgets.items()}, LABELS),
        'Validation frames that raise an alarm when 1 % of the healthy ones do. The trees learned '
        'from the frames of training\nsources; statistics are those of the view.',
        grid('%', methods, LABELS[1:]),
        'Test frames of strengths 1 to 3 by width, with the number of frames:',
        card.table(['%', *next(iter(widths.values()))], [
            [label, *(f'{card.percent(cell["rate"])} ({cell["n"]})' for cell in cells.values())]
            for label, cells in widths.items()])])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('folder', type=Path)
    parser.add_argument('--frames', type=Path, required=True, help='the cache of frames.py')
    parser.add_argument('--figures', type=Path, required=True, help='figures of evaluate.py')
    parser.add_argument('--card', type=Path)
    args = parser.parse_args()

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    classifier = network.Classifier(args.folder)
    splits = {split: known(classifier, args.folder, args.frames, split, each)
              for split, each in (('train', EACH), ('val', 1))}
    scores = {split: scores_of(classifier, of) for split, of in splits.items()}
    found = {split: recalls(scores[split], classifier.threshold, of)
             for split, of in splits.items()}
    text = section(found, by_budget(scores['val'], splits['val']),
                   by_method(scores['val'], splits['train'], splits['val']),
                   by_width(json.loads(args.figures.read_text())))
    if args.card:
        card.replace(args.card, text)
    else:
        print(text)


if __name__ == '__main__':
    main()
