# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures of a model, or of any other method, on the test set.

A method gives each frame a state, an alarm (a number that grows with the suspicion of a fault) and,
if it has them, a probability for each class. The calibration error is that
of Naeini, Cooper and Hauskrecht ("Obtaining well calibrated probabilities using Bayesian binning",
2015).
"""
from collections import defaultdict
from typing import NamedTuple

import numpy as np

from common import LABELS

FALSE_ALARMS = 0.01
BINS = 15
SHARES = (0.005, 0.05, 0.2, 0.5, 1.001)  # of damaged blocks
MUCH = 0.2                               # more damage than this share must be detected
HEALTHY_KINDS = ('clean', 'clip', 'healthy', 'texture', 'twin')
USUAL_HEALTH = 0.95
LIMITS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)  # on the score of `normal`


class Outcome(NamedTuple):
    """states [n], of LABELS; alarm [n]; scores [n, 9] or None."""
    states: np.ndarray
    alarm: np.ndarray
    scores: np.ndarray | None = None


def share(flags) -> dict:
    """A rate and the number of frames behind it."""
    flags = np.asarray(flags, bool)
    return {'n': len(flags), 'rate': float(flags.mean()) if len(flags) else None}


def grouped(flags, keys) -> dict:
    """The rate by key, in the order of first appearance."""
    groups = defaultdict(list)
    for flag, key in zip(flags, keys):
        groups[key].append(flag)
    return {key: share(group) for key, group in groups.items()}


def group_of(record: dict) -> str | None:
    """The fault under which recall counts the frame; None if recall does not count it."""
    if record['label'] == 'normal' or record.get('unsure') or record['kind'] == 'large':
        return None
    if record['kind'] in ('stream', 'real'):
        return {'stream': 'damaged streams', 'real': 'damaged streams of others'}[record['kind']]
    return record['name']


def by_strength(records: list, flags, foreign: bool) -> dict:
    """label: {name: {strength: rate}}. Slates have no strength and count as strength 3."""
    cells = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for record, flag in zip(records, flags):
        name = group_of(record)
        if name is None or (record['kind'] in ('foreign', 'real')) != foreign:
            continue
        strength = record['strength']
        if record['kind'] == 'real':
            strength = 3 if record['share'] > MUCH else 1
        cells[record['label']][name][3 if strength is None else strength].append(flag)
    return {label: {name: {str(strength): share(cells[label][name][strength])
                           for strength in sorted(cells[label][name])} for name in cells[label]}
            for label in LABELS if label in cells}


def macro(cells: dict) -> dict:
    """For each label the mean over its faults of the mean over strengths 1 to 3, and the mean over
    labels."""
    means = {}
    for label, names in cells.items():
        rows = [[cell['rate'] for strength, cell in row.items() if strength != '0']
                for row in names.values()]
        means[label] = float(np.mean([np.mean(row) for row in rows if row]))
    return {'mean': float(np.mean(list(means.values()))), 'labels': means} if means else {}


def limit_of(alarm: np.ndarray, budget: float = FALSE_ALARMS) -> float:
    """The alarm that at most the share `budget` of these healthy frames exceeds."""
    return float(np.sort(alarm)[::-1][int(budget * len(alarm))])


def bins_of(confidence, right, weight) -> list[dict]:
    index = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = []
    for i in range(BINS):
        own = index == i
        if (total := weight[own].sum()) > 0:
            bins.append({'from': i / BINS, 'to': (i + 1) / BINS, 'n': int(own.sum()),
                         'weight': float(total / weight.sum()),
                         'confidence': float((confidence[own] * weight[own]).sum() / total),
                         'accuracy': float((right[own] * weight[own]).sum() / total)})
    return bins


def error_of(bins: list[dict]) -> float:
    return sum(b['weight'] * abs(b['confidence'] - b['accuracy']) for b in bins)


def calibration(records: list, outcome: Outcome) -> dict:
    """Calibration of the state's score and of each fault's probability: for the mix of the test
    set, where half of the healthy frames are unusual, and for a camera's, where nearly all frames
    are healthy and none unusual."""
    sure = np.array([not record.get('unsure') for record in records])
    records = [record for record in records if not record.get('unsure')]
    states, scores = outcome.states[sure], outcome.scores[sure]
    healthy = np.array([record['label'] == 'normal' for record in records])
    right = np.array([state in record.get('accept', ('normal',)) or state in
                      record.get('present', ()) for state, record in zip(states, records)])
    confidence = scores[np.arange(len(scores)), [LABELS.index(state) for state in states]]
    truth = np.array([[label in record.get('present', ()) for label in LABELS[1:]]
                      for record in records])
    plain = np.array([record['kind'] in ('clean', 'clip', 'twin') for record in records])
    usual = np.where(healthy, plain * USUAL_HEALTH / plain.mean(),
                     (1 - USUAL_HEALTH) / (1 - healthy.mean()))
    result = {}
    for name, weight in (('set', np.ones(len(records))), ('usual', usual)):
        bins = bins_of(confidence, right, weight)
        each = {label: error_of(bins_of(scores[:, i + 1], truth[:, i], weight))
                for i, label in enumerate(LABELS[1:])}
        result[name] = {
            'error': error_of(bins), 'bins': bins, 'each': each,
            'faults': bins_of(scores[:, 1:].ravel(), truth.ravel(), np.repeat(weight, 8)),
            'faults error': float(np.mean(list(each.values())))}
    return result


def limits(records: list, scores: np.ndarray) -> dict:
    """The faults and the false alarms for each limit, if frames raise an alarm when the score of
    `normal` is below it."""
    kinds = np.array([record['kind'] for record in records])
    cameras = np.array([record.get('camera-like', False) for record in records])
    result = {}
    for limit in LIMITS:
        alarmed = scores[:, 0] < limit
        result[str(limit)] = {
            'clean': share(alarmed[kinds == 'clean']),
            'clean, camera-like': share(alarmed[(kinds == 'clean') & cameras]),
            'clips': share(alarmed[kinds == 'clip']), 'healthy': share(alarmed[kinds == 'healthy']),
            **{name: macro(by_strength(records, alarmed, foreign))['mean']
               for name, foreign in (('own', False), ('foreign', True))}}
    return result


def streams(records: list, states, alarmed) -> dict:
    """Frames of damaged streams by the share of blocks that differ."""
    result = {}
    for kind in ('stream', 'real'):
        rows = [i for i, record in enumerate(records) if record['kind'] == kind]
        shares = np.array([records[i]['share'] for i in rows])
        called = np.array([states[i] == 'corrupted' for i in rows], bool)
        loud = np.array([states[i] != 'normal' for i in rows], bool)
        budget = np.array([alarmed[i] for i in rows], bool)
        cells = {f'{low:.3g} to {min(high, 1):.3g}': (shares > low) & (shares <= high)
                 for low, high in zip(SHARES, SHARES[1:])}
        cells['more than 0.2'] = shares > MUCH
        result[kind] = {name: {'n': int(own.sum()), 'corrupted': share(called[own])['rate'],
                               'faulty': share(loud[own])['rate'],
                               'alarm': share(budget[own])['rate']}
                        for name, own in cells.items() if own.any()}
    return result


def measure(records: list, outcome: Outcome) -> dict:
    kinds = np.array([record['kind'] for record in records])
    states = outcome.states
    normal = states == 'normal'
    clean = kinds == 'clean'
    right = [state in record.get('accept', ('normal',)) for state, record in zip(states, records)]
    found = [state != 'normal' for state in states]
    alarmed = outcome.alarm > limit_of(outcome.alarm[clean])

    def of_kind(kind, key):
        rows = np.flatnonzero(kinds == kind)
        return grouped(normal[rows], [key(records[i]) for i in rows])

    own, foreign = (by_strength(records, right, flag) for flag in (False, True))
    cameras = np.array([record.get('camera-like', False) for record in records])
    confusion = {label: {state: 0 for state in LABELS} for label in LABELS}
    for record, state in zip(records, states):
        if record['kind'] in HEALTHY_KINDS or group_of(record):
            if record['kind'] not in ('foreign', 'harmless'):
                confusion[record['label']][str(state)] += 1
    large = kinds == 'large'
    alarms = {name: by_strength(records, alarmed, flag)
              for name, flag in (('own', False), ('foreign', True))}
    return {
        'frames': len(records),
        'normal': {
            'clean': share(normal[clean]), 'clean, camera-like': share(normal[clean & cameras]),
            'clips': share(normal[kinds == 'clip']), 'twins': share(normal[kinds == 'twin']),
            'harmless': share(normal[kinds == 'harmless']),
            'healthy': share(normal[kinds == 'healthy']),
            'textures': share(normal[kinds == 'texture']),
            'by scene': of_kind('clean', lambda r: r['scene']),
            'by clip': of_kind('clip', lambda r: r['name']),
            'by variant': of_kind('healthy', lambda r: r['name']),
            'by texture': of_kind('texture', lambda r: r['name']),
            'by harmless': of_kind('harmless', lambda r: r['name'])},
        'confusion': confusion,
        'recall': {'own': own, 'foreign': foreign},
        'macro': {'own': macro(own), 'foreign': macro(foreign),
                  'own, any fault': macro(by_strength(records, found, False)),
                  'foreign, any fault': macro(by_strength(records, found, True))},
        'alarm': {name: macro(cells) for name, cells in alarms.items()},
        'alarm by name': alarms,
        'large': {name: grouped(np.array(flags)[large], [
            f'{r["name"]}, strength {r["strength"]}' for r in records if r['kind'] == 'large'])
            for name, flags in (('right', right), ('alarm', alarmed))},
        'streams': streams(records, states, alarmed),
        'calibration': None if outcome.scores is None else calibration(records, outcome),
        'limits': None if outcome.scores is None else limits(records, outcome.scores),
    }
