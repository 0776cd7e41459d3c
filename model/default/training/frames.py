# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the frames for training and validation, and reads them back.

A job makes one frame, or the frames of one damaged stream, from a source of the training or
validation split. Its number and the seed determine the frames, so any number of processes can make
the shards in any order. A shard is two files in the cache:

    SPLIT-NNNN.npy         uint8 [frames, 448, 448, 3], views
    SPLIT-NNNN.cells.npy   uint8 [frames, 14, 14], how visibly the fault changed each 32x32 pixels
    SPLIT-NNNN.json        a record per frame: targets, source, scene, kind, name, strength

    python3 frames.py --photos DIR --media DIR --packages DIR --work CACHE [--previous MODEL]
"""
import argparse
import dataclasses
import json
import multiprocessing
import os
import zlib
from functools import partial
from pathlib import Path

import cv2
import numpy as np

import faults
import healthy
import sources
import streams
from common import LABELS, VIEW, to_view
from paint import pick

JOBS_PER_SHARD = 250
CELLS = 14            # along a side of the view
CELL_CHANGE = (1.5, 6)  # RMS difference in a cell, in levels: invisible, clear
MINED_WEIGHT = 2.5  # of a source that the previous model calls faulty

# What a job makes, and how often. With the undamaged twins of damaged streams, slightly more than
# half of the frames are healthy.
PLAN = {
    'plain': 0.26, 'healthy': 0.20, 'texture': 0.05,
    'dark': 0.05, 'overexposed': 0.045, 'defocused': 0.07, 'obstructed': 0.11, 'noisy': 0.065,
    'low-contrast': 0.05, 'no-signal': 0.04, 'stream': 0.065, 'tear': 0.1,
}
FAULTS_BY_LABEL = {label: [name for name, fault in faults.FAULTS.items() if fault.label == label]
                   for label in LABELS}
SIZES = ((480, 640), (360, 640), (432, 768), (288, 352), (400, 400))  # of drawn frames
ASPECTS = (16 / 9, 16 / 9, 4 / 3, 4 / 3, 5 / 4, 1, 3 / 4)


def camera_frame(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A part of a picture at the size and aspect of a camera's frame, enlarged by 20 % at most."""
    height, width = picture.shape[:2]
    aspect = pick(rng, *ASPECTS)
    w = min(width, height * aspect) * rng.uniform(0.7, 1)
    h = w / aspect
    left, top = rng.uniform(0, width - w), rng.uniform(0, height - h)
    part = picture[int(top):int(top + h), int(left):int(left + w)]
    scale = min(rng.uniform(0.65, 1.2), 800 / w)
    size = max(32, round(w * scale / 2) * 2), max(32, round(h * scale / 2) * 2)
    frame = cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    if rng.random() < 0.5:
        frame = frame[:, ::-1]
    return np.ascontiguousarray(frame)


def as_sent(frame: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The frame as a camera sends it: compressed, most of the time."""
    choice = rng.random()
    if choice < 0.2:
        return frame
    return streams.compress([frame], rng, heavy=choice > 0.9)[0]


def visible_change(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """How visibly each cell of the view differs, uint8 [14, 14]: 0 invisible, 255 clear."""
    side = VIEW // CELLS
    before, after = (cv2.resize(frame, (VIEW, VIEW), interpolation=cv2.INTER_AREA)
                     for frame in (before, after))
    squares = (before.astype(np.float32) - after) ** 2
    rms = np.sqrt(squares.reshape(CELLS, side, CELLS, side, 3).mean((1, 3, 4)))
    return np.interp(rms, CELL_CHANGE, (0, 255)).astype(np.uint8)


class Maker:
    """Draws sources of one split and makes frames of them."""

    def __init__(self, split_sources: list, seed: int, split: str):
        self.sources = split_sources
        self.seed = [seed, zlib.crc32(split.encode())]
        weights = np.array([source.weight for source in split_sources])
        self.shares = weights / weights.sum()

    def draw(self, rng: np.random.Generator):
        return self.sources[rng.choice(len(self.sources), p=self.shares)]

    def draw_frame(self, rng: np.random.Generator):
        source = self.draw(rng)
        return source, camera_frame(sources.read_frame(source), rng)

    def job(self, number: int):
        """Yields (view, cells, record) for each frame of a job."""
        rng = np.random.default_rng([*self.seed, number])
        kind = rng.choice(list(PLAN), p=np.array(list(PLAN.values())) / sum(PLAN.values()))
        if kind == 'stream':
            yield from self.stream(rng)
            return
        size = pick(rng, *SIZES)
        source, targets, strength, name = None, {}, None, kind
        cells = np.zeros((CELLS, CELLS), np.uint8)
        if kind == 'no-signal':
            name = pick(rng, *faults.SLATES)
            frame, targets = faults.SLATES[name](size, rng), {'no-signal': 0.97}
            cells[:] = 255
        elif kind == 'texture':
            name = pick(rng, *healthy.TEXTURES)
            draw = healthy.TEXTURES[name] if rng.random() < 0.5 else partial(healthy.drawn, name)
            frame = draw(size, rng)
        else:
            source, frame = self.draw_frame(rng)
        if kind == 'healthy':
            name = pick(rng, *healthy.HEALTHY)
            frame = healthy.HEALTHY[name](frame, rng)
        elif kind == 'tear':
            name, strength = pick(rng, *streams.TEARS), rng.random()
            frame, targets, cells = self.tear(name, frame, strength, rng)
        elif FAULTS_BY_LABEL.get(kind):
            name, strength = pick(rng, *FAULTS_BY_LABEL[kind]), rng.random()
            # A fault of a healthy variant is a fault too.
            if rng.random() < 0.15:
                frame = healthy.HEALTHY[pick(rng, *healthy.HEALTHY)](frame, rng)
            before = frame
            frame, targets = faults.FAULTS[name].apply(before, strength, rng)
            cells = visible_change(before, frame)
        if kind != 'tear':
            frame = as_sent(frame, rng)
        yield to_view(frame), cells, self.record(source, kind, name, strength, targets)

    def tear(self, name: str, frame: np.ndarray, strength: float, rng: np.random.Generator):
        """A torn frame. The previous frame is this one, moved a little, or another scene."""
        if rng.random() < 0.6:
            previous = np.roll(frame, tuple(rng.integers(-24, 25, 2)), (0, 1))
        else:
            previous = cv2.resize(self.draw_frame(rng)[1], frame.shape[1::-1])
        frame, previous = streams.compress([frame], rng)[0], streams.compress([previous], rng)[0]
        damaged, share = streams.TEARS[name](frame, previous, strength, rng)
        targets = {'corrupted': streams.target_of_share(share)}
        return damaged, targets, visible_change(frame, damaged)

    def stream(self, rng: np.random.Generator):
        source = self.draw(rng)
        if source.frame is None:
            frame = camera_frame(sources.read_frame(source), rng)
            frames = streams.still_clip(frame, rng, int(rng.integers(6, 13)))
        else:
            frames = sources.clip_frames(source.path, source.frame, 10)
        strength = rng.random()
        found = [f for f in streams.damage(frames, rng, strength) if f[2] > 0.005]
        rng.shuffle(found)
        for damaged, undamaged, share in found[:2]:
            targets = {'corrupted': streams.target_of_share(share)}
            yield (to_view(damaged), visible_change(undamaged, damaged),
                   self.record(source, 'stream', 'stream', share, targets))
            yield (to_view(undamaged), np.zeros((CELLS, CELLS), np.uint8),
                   self.record(source, 'plain', 'undamaged', None, {}))

    @staticmethod
    def record(source, kind: str, name: str, strength, targets: dict) -> dict:
        faulty = [targets.get(label, 0.0) for label in LABELS[1:]]
        rest = float(np.prod(1 - np.array(faulty)))
        return {'kind': kind, 'name': name, 'source': source.id if source else None,
                'scene': source.scene if source else name, 'strength': strength,
                'camera-like': bool(source and source.camera_like),
                'targets': [rest, *faulty]}


def make_shard(task):
    maker, split, shard, work = task
    path = work / f'{split}-{shard:04d}.npy'
    if path.exists():
        return path.name, 0
    views, changes, records = [], [], []
    for number in range(shard * JOBS_PER_SHARD, (shard + 1) * JOBS_PER_SHARD):
        for view, cells, record in maker.job(number):
            views.append(view)
            changes.append(cells)
            records.append(record)
    path.with_suffix('.json').write_text(json.dumps(records))
    np.save(path.with_suffix('.cells.npy'), np.stack(changes))
    np.save(path.with_suffix('.new.npy'), np.stack(views))
    os.replace(path.with_suffix('.new.npy'), path)
    return path.name, len(views)


def load(work: Path, split: str):
    """Views, a memory map uint8 [frames, 448, 448, 3] per shard; cells [frames, 14, 14]; targets
    [frames, 9]; records; and place [frames, 2], the shard and the row of each frame."""
    views, cells, records, place = [], [], [], []
    for path in sorted(work.glob(f'{split}-????.npy')):
        rows = json.loads(path.with_suffix('.json').read_text())
        place += [(len(views), row) for row in range(len(rows))]
        views.append(np.load(path, mmap_mode='r'))
        cells.append(np.load(path.with_suffix('.cells.npy')))
        records += rows
    targets = np.array([record['targets'] for record in records], np.float32)
    return views, np.concatenate(cells), targets, records, np.array(place)


def mine(split_sources: list, folder: Path) -> list:
    """The sources, with more weight for hard negatives, which the model in folder calls faulty."""
    import network  # slow, because of PyTorch

    model = network.Classifier(folder)
    mined, faulty = [], 0
    for start in range(0, len(split_sources), 64):
        batch = split_sources[start:start + 64]
        states = model.states([sources.read_frame(source) for source in batch])
        for source, state in zip(batch, states):
            faulty += state != 'normal'
            weight = source.weight * (MINED_WEIGHT if state != 'normal' else 1)
            mined.append(dataclasses.replace(source, weight=weight))
    print(f'{faulty} of {len(mined)} clean pictures are hard negatives', flush=True)
    return mined


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--photos', type=Path, required=True)
    parser.add_argument('--media', type=Path, required=True)
    parser.add_argument('--packages', type=Path)
    parser.add_argument('--work', type=Path, required=True, help='the cache')
    parser.add_argument('--previous', type=Path, help='a model folder that finds hard negatives')
    parser.add_argument('--train', type=int, default=90, help='shards of training frames')
    parser.add_argument('--val', type=int, default=14, help='shards of validation frames')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--processes', type=int, default=2)
    args = parser.parse_args()

    cv2.setNumThreads(1)
    args.work.mkdir(parents=True, exist_ok=True)
    found = sources.find_sources(args.photos, args.media, args.packages)
    tasks = []
    for split, shards in (('val', args.val), ('train', args.train)):
        own = [source for source in found if source.split == split]
        if args.previous and split == 'train':
            own = mine(own, args.previous)
        maker = Maker(own, args.seed, split)
        tasks += [(maker, split, shard, args.work) for shard in range(shards)]
    with multiprocessing.get_context('spawn').Pool(args.processes) as pool:
        for done, (name, frames) in enumerate(pool.imap(make_shard, tasks), 1):
            print(f'{done}/{len(tasks)} {name}: {frames} frames', flush=True)


if __name__ == '__main__':
    main()
