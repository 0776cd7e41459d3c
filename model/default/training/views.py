# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares views: the same network and frames at 448x448 with 8x8 patches and at 224x224 with 4x4
patches, which cost nearly the same. Each is trained for a short time.

    python3 views.py --work CACHE [--samples N]
"""
import argparse
from pathlib import Path

import torch

import train


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--work', type=Path, required=True, help='the cache of frames')
    parser.add_argument('--samples', type=int, default=32000, help='frames that each sees')
    args = parser.parse_args()
    torch.set_num_threads(2)
    for side in (448, 224):
        print(f'== {side}x{side}', flush=True)
        train.report(train.fit(args.work, args.samples, 1, side), args.work, side)


if __name__ == '__main__':
    main()
