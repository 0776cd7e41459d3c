# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares two input sizes by short training runs: 448x448 with patches of 8x8, and 224x224 with
patches of 4x4, which cost nearly the same. Each is trained twice, with other seeds, which shows how
much the figures of two runs differ.

    python3 views.py --frames CACHE --photos DIR --media DIR [--packages DIR] --work CACHE
        --json OUT [--samples N]

The networks learn from the frames that frames.py made in --frames, are saved there, and are
compared on the test set. Views at 224x224 are resized from those at 448x448, in training and in
the test.
"""
import argparse
import itertools
import json
from pathlib import Path

import numpy as np
import torch

import measures
import network
import testset
import train
from common import LABELS

SEEDS = (1, 2)


def trained(folder: Path, samples: int, side: int, seed: int):
    """The network for views of this side; trains it unless an earlier run has saved it."""
    path = folder / f'view-{side}-{samples}-{seed}.pt'
    if not path.exists():
        train.fit(folder, path, samples, seed, side)
    model = network.new(side // 56)
    model.load_state_dict(torch.load(path))
    return model.to(memory_format=torch.channels_last)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    testset.add_options(parser)
    parser.add_argument('--frames', type=Path, required=True, help='the cache of frames.py')
    parser.add_argument('--json', type=Path, required=True, help='file for the figures')
    parser.add_argument('--samples', type=int, default=16000, help='frames to train each on')
    args = parser.parse_args()

    torch.set_num_threads(2)
    torch.set_flush_denormal(True)
    records, views, _ = testset.load(args)
    place = [(0, row) for row in range(len(records))]
    figures = {}
    for side, seed in itertools.product((448, 224), SEEDS):
        name = f'{side}x{side}, run {seed}'
        model = trained(args.frames, args.samples, side, seed)
        logits = train.predict(model, [views[448]], np.array(place), side)
        scores = 1 / (1 + np.exp(-logits.astype(np.float64)))
        outcome = measures.Outcome(np.array(LABELS)[scores.argmax(1)], network.alarm_of(scores))
        measured = measures.measure(records, outcome)
        figures[name] = {key: measured[key] for key in ('alarm', 'large')}
        print(f'{name}: alarm at 1 % false alarms {measured["alarm"]["own"]["mean"]:.3f}, '
              f'of other libraries\' faults {measured["alarm"]["foreign"]["mean"]:.3f}',
              flush=True)
    args.json.write_text(json.dumps({'samples': args.samples, 'views': figures}))


if __name__ == '__main__':
    main()
