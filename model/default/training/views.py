# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares two input sizes by short training runs: 448x448 with patches of 8x8, and 224x224 with
patches of 4x4, which cost nearly the same.

    python3 views.py --work CACHE [--samples N]
"""
import argparse
from pathlib import Path

import torch

import train


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--work', type=Path, required=True, help='the cache of frames')
    parser.add_argument('--samples', type=int, default=32000, help='frames to train each on')
    args = parser.parse_args()
    torch.set_num_threads(2)
    for side in (448, 224):
        print(f'== {side}x{side}', flush=True)
        train.report(train.fit(args.work, args.samples, 1, side), args.work, side)


if __name__ == '__main__':
    main()
