# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares the view of the whole frame with crops at the frame's own scale, on large frames.

    python3 crops.py FOLDER --photos DIR --media DIR [--packages DIR] --work CACHE --json OUT

The clean frames are the test pictures at least WIDE pixels wide; the faulty ones are testset.py's
frames 1920 pixels wide, and each fault at that size. The alarm of a frame is the highest of its
views.
"""
import argparse
import json
from pathlib import Path

import numpy as np
import torch

import faults
import measures
import network
import programs
import testset
from common import LABELS, VIEW, to_view

WIDE = 900
GRID = (4, 2)  # crops across and down
VIEWS = {'whole': slice(0, 1), 'centre crop': slice(1, 2), 'whole and centre crop': slice(0, 2),
         'eight crops': slice(2, None), 'whole and all crops': slice(0, None)}
BUDGET = 0.05  # of false alarms; only 30 test pictures are that wide


def crops(frame: np.ndarray) -> list:
    """The centre crop, then a grid of crops over the frame, which overlap if the frame is small."""
    def crop(across: float, down: float) -> np.ndarray:
        left, top = (round(share * max(0, length - VIEW))
                     for share, length in ((across, frame.shape[1]), (down, frame.shape[0])))
        part = frame[top:top + VIEW, left:left + VIEW]
        return part if part.shape[:2] == (VIEW, VIEW) else to_view(part)

    return [crop(0.5, 0.5)] + [crop(x / (GRID[0] - 1), y / (GRID[1] - 1))
                               for y in range(GRID[1]) for x in range(GRID[0])]


def frames_of(maker: testset.Maker):
    """Yields (frame, record) of clean and faulty frames at their own size."""
    for number, source in enumerate(maker.photos):
        if testset.picture(source).shape[1] >= WIDE:
            yield from maker.run('clean', 'whole', None, number)
    for name in (*testset.LARGE, *(name for name in faults.FAULTS if name not in testset.LARGE)):
        for strength in range(1, len(testset.STRENGTHS)):
            for number in range(maker.count('large') if name in testset.LARGE else 1):
                yield from maker.run('large', name, strength, number)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('folder', type=Path)
    testset.add_options(parser)
    parser.add_argument('--json', type=Path, required=True, help='file for the figures')
    args = parser.parse_args()

    torch.set_num_threads(1)
    classifier = network.Classifier(args.folder)
    alarms, records = [], []
    for frame, record in frames_of(testset.Maker(programs.test_sources(args), args.media, args.part)):
        views = [to_view(frame), *crops(frame)]
        alarms.append(network.alarm_of(classifier.scores(classifier.logits(views))))
        records.append(record)
    alarms = np.array(alarms)
    clean = np.array([record['kind'] == 'clean' for record in records])
    labels = np.array([record['label'] for record in records])
    groups = {'all': ~clean} | {label: labels == label for label in LABELS[1:]
                                if (labels == label).any()}
    figures = {}
    for view, chosen in VIEWS.items():
        alarm = alarms[:, chosen].max(1)
        alarmed = alarm > measures.limit_of(alarm[clean], BUDGET)
        figures[view] = {
            'views': len(range(*chosen.indices(alarms.shape[1]))), 'false': int(alarmed[clean].sum()),
            'alarm': {name: measures.share(alarmed[group]) for name, group in groups.items()}}
        print(f'{view}: alarm {figures[view]["alarm"]["all"]["rate"]:.3f}', flush=True)
    args.json.write_text(json.dumps({'clean': int(clean.sum()), 'views': figures}))


if __name__ == '__main__':
    main()
