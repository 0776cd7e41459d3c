# SPDX-License-Identifier: LGPL-2.1-or-later
"""The 24 worst failures on the test set, as a contact sheet and a table to describe them in.

    python3 gallery.py EVALUATE.json --photos DIR --media DIR [--packages DIR] --work CACHE
        --out FOLDER

Half are the healthy frames with the highest alarm. The other half are missed faults: of strength 2
or 3, or frames of which more than a fifth is damaged, those called normal first, then by the lowest
alarm. In each half no kind of frame and no source appears more than twice. The sheet does not go
into the repository, because the pictures have their own licences.
"""
import argparse
import json
import re
from pathlib import Path

import numpy as np

import card
import sheets
import testset
from common import LABELS
from measures import MUCH

COUNT = 24


def is_strong(record: dict) -> bool:
    if record['label'] == 'normal':
        return False
    return record['share'] > MUCH if 'share' in record else record['strength'] in (2, 3, None)


def worst(records: list, predictions: dict) -> list[int]:
    states, alarm = predictions['states'], np.array(predictions['alarm'])
    false = [i for i, r in enumerate(records) if r['label'] == 'normal' and states[i] != 'normal']
    missed = [i for i, r in enumerate(records) if is_strong(r) and states[i] not in r['accept']]
    # Calling a fault normal is worse than calling it another fault.
    missed.sort(key=lambda i: (states[i] != 'normal', alarm[i]))
    chosen = []
    for found in (sorted(false, key=lambda i: -alarm[i]), missed):
        seen, own = {}, []
        for i in found:
            keys = [(records[i]['kind'], records[i]['name']),
                    records[i].get('source', '').split('#')[0] or i]
            if len(own) < COUNT // 2 and all(seen.get(key, 0) < 2 for key in keys):
                own.append(i)
                seen.update((key, seen.get(key, 0) + 1) for key in keys)
        chosen += own
    return chosen


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('figures', type=Path)
    testset.add_options(parser)
    parser.add_argument('--out', type=Path, required=True, help='folder for the sheet')
    args = parser.parse_args()

    records, views, _ = testset.load(args)
    figures = json.loads(args.figures.read_text())
    if figures['records'] != records:
        raise SystemExit(f'{args.figures}: the figures are of another test set')
    predictions = figures['models']['model']['predictions']
    chosen, rows = worst(records, predictions), []
    for number, i in enumerate(chosen, 1):
        record, state = records[i], predictions['states'][i]
        strength = '' if record['strength'] is None else f', strength {record["strength"]}'
        if 'share' in record:
            strength = f', {100 * record["share"]:.0f} % of the blocks'
        rows.append([number, re.split('[/#]', record.get('source', 'drawn'))[0],
                     f'{record["kind"]}: {record["name"]}{strength}', record['label'],
                     f'{state} {predictions["scores"][i][LABELS.index(state)]:.2f}', ''])
    sheets.write(args.out / 'failures.png', [(views[448][i], str(number))
                                             for number, i in enumerate(chosen, 1)], 4, (400, 300))
    print(card.table(['', 'collection', 'frame', 'true', 'called', 'what it shows'], rows, 6))


if __name__ == '__main__':
    main()
