# SPDX-License-Identifier: LGPL-2.1-or-later
"""The frames that a model is judged by: made once from the test split, then read from a cache.

A job makes the frames of one row of the plan. Its name and the seed determine them, so a part of
the set is the same frames as in the whole. The cache holds the views of the frames at both sizes
that networks of this project have (resized from the frame's own size, as the element does), the
numbers of features.py at three scales, and a record per frame. Its name is a hash of everything
that makes it.

    python3 testset.py --photos DIR --media DIR [--packages DIR] --work CACHE [--part SHARE]
"""
import argparse
import hashlib
import inspect
import json
import os
import sys
import time
import zlib
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

import faults
import foreign
import healthy
import sources
import streams
from common import STRENGTHS, to_view
from features import features
from frames import camera_frame

SEED = 2026
SIDES = (448, 224)
SCALES = ('own size', *(f'{side}x{side}' for side in SIDES))  # of the numbers of features.py
EACH = {                   # frames or jobs of each name, and strength where there is one
    'clean': 400, 'clip': 14, 'healthy': 12, 'texture': 6, 'harmless': 4,
    'fault': 5, 'slate': 5, 'foreign': 5, 'stream': 72, 'tear': 5, 'large': 5,
}
LARGE = ('noisy-gaussian', 'noisy-sensor', 'defocused-disc', 'defocused-motion')  # at 1080p too
MANY = {'grocerystore': 48, 'clothing': 24}  # photographs at most of the large collections
SIZES = ((480, 640), (360, 640), (432, 768), (576, 704), (400, 400))
FAULTS = faults.FAULTS | faults.COMBINED
FAULTY = 0.5               # the least target of a label that a frame is said to have


def fingerprint(found: list, part: float) -> str:
    """A hash of the modules that make the set, of its sources and of its size."""
    here, digest = Path(__file__).parent, hashlib.sha256()
    users = ('frames', 'network', 'evaluate', 'measures', 'baselines', 'gallery', 'clips', 'card')
    loaded = {Path(module.__file__) for module in list(sys.modules.values())
              if getattr(module, '__file__', None)}
    for path in sorted(path for path in loaded if path.parent == here and path.stem not in users):
        digest.update(path.read_bytes())
    digest.update(inspect.getsource(camera_frame).encode())
    digest.update(json.dumps([SEED, part, EACH, [[s.id, s.sha256] for s in found]]).encode())
    return digest.hexdigest()[:12]


@lru_cache(maxsize=None)
def picture(source) -> np.ndarray:
    """A photograph, its longer side 1600 at most: all of the split stay in memory."""
    frame = sources.read_frame(source)
    scale = 1600 / max(frame.shape[:2])
    if source.kind == 'clip' or scale >= 1:
        return frame
    return cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def whole_frame(source) -> np.ndarray:
    """The whole picture, as large as a camera of 1080p would show it."""
    frame = sources.read_frame(source)
    scale = min(1, 1920 / frame.shape[1], 1080 / frame.shape[0])
    return cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def balanced(photos: list) -> list:
    """The photographs, of the large collections only some, spread evenly over their groups."""
    chosen = [s for s in photos if not s.collection.startswith(tuple(MANY))]
    for family, count in MANY.items():
        own = [s for s in photos if s.collection.startswith(family)]
        chosen += own[::max(1, -(-len(own) // count))]
    return chosen


class Maker:
    """Makes the frames of the jobs of the plan."""

    def __init__(self, found: list, media: Path, part: float = 1.0):
        self.media, self.part = media, part
        self.photos = balanced([source for source in found if source.kind == 'photo'])
        self.clips = defaultdict(list)
        for source in found:
            if source.kind == 'clip':
                self.clips[source.path].append(source)
        # Faults come to photographs and clips alike; few frames of each clip.
        some = [source for frames in self.clips.values()
                for source in frames[::max(1, len(frames) // 4)]]
        self.drawn = self.photos + some
        for source in some:  # clip by clip: each is decoded once
            picture(source)

    def rng(self, *name) -> np.random.Generator:
        return np.random.default_rng([SEED, zlib.crc32('/'.join(map(str, name)).encode())])

    def count(self, kind: str) -> int:
        return max(1, round(EACH[kind] * self.part))

    def frame_of(self, record: dict, number: int, rng):
        """A camera's frame of a source: for each kind, name and strength another run of sources."""
        order = self.rng('order', record['kind']).permutation(len(self.drawn))
        begin = zlib.crc32(f'{record["name"]}/{record["strength"]}'.encode())
        source = self.drawn[order[(begin + number) % len(order)]]
        return source, camera_frame(picture(source), rng)

    def jobs(self):
        """(kind, name, strength, number), in the order in which they run."""
        photos = len(self.photos)
        for number in range(self.count('clean')):
            yield 'clean', 'whole' if number < photos else 'camera', None, number
        for path in sorted(self.clips):
            yield 'clip', str(path), None, 0
        for kind, names in (('healthy', healthy.HEALTHY), ('texture', healthy.TEXTURES),
                            ('slate', faults.SLATES)):
            for name in names:
                for number in range(self.count(kind)):
                    yield kind, name, None, number
        for kind, names in (('fault', FAULTS), ('tear', streams.TEARS),
                            ('foreign', foreign.FOREIGN), ('harmless', foreign.HARMLESS),
                            ('large', LARGE)):
            for name in names:
                for strength in range(len(STRENGTHS)):
                    for number in range(self.count(kind)):
                        yield kind, name, strength, number
        for number in range(self.count('stream')):
            yield 'stream', 'stream', number % len(STRENGTHS), number
        yield 'real', 'real', None, 0

    def run(self, kind: str, name: str, strength, number: int):
        """Yields (frame, record) for each frame of a job."""
        rng = self.rng(kind, name, strength, number)
        record = {'kind': kind, 'name': name, 'strength': strength, 'label': 'normal'}
        yield from getattr(self, f'_{kind}')(record, strength, number, rng)

    def _clean(self, record, strength, number, rng):
        source = self.photos[number % len(self.photos)]
        frame = whole_frame(source) if record['name'] == 'whole' else camera_frame(
            picture(source), rng)
        yield streams.compress([frame], rng)[0], record | about(source)

    def _clip(self, record, strength, number, rng):
        frames = self.clips[Path(record['name'])]
        record['name'] = Path(record['name']).name
        count = min(self.count('clip'), len(frames))
        for index in np.linspace(0, len(frames) - 1, count).round().astype(int):
            yield sources.read_frame(frames[index]), record | about(frames[index])

    def _healthy(self, record, strength, number, rng):
        source, frame = self.frame_of(record, number, rng)
        frame = healthy.HEALTHY[record['name']](frame, rng)
        yield streams.compress([frame], rng)[0], record | about(source)

    def _texture(self, record, strength, number, rng):
        frame = healthy.TEXTURES[record['name']](SIZES[number % len(SIZES)], rng)
        yield streams.compress([frame], rng)[0], record

    def _slate(self, record, strength, number, rng):
        frame = faults.SLATES[record['name']](SIZES[number % len(SIZES)], rng)
        yield (streams.compress([frame], rng)[0] if number % 2 else frame,
               record | has({'no-signal': 1.0}, 'no-signal'))

    def _fault(self, record, strength, number, rng):
        source, frame = self.frame_of(record, number, rng)
        fault = FAULTS[record['name']]
        frame, targets = fault.apply(frame, STRENGTHS[strength], rng)
        yield (streams.compress([frame], rng)[0] if number % 2 else frame,
               record | about(source) | has(targets, fault.label, *(
                   sorted(set(targets) - {fault.label})
                   if record['name'] in faults.COMBINED else ())))

    def _large(self, record, strength, number, rng):
        wide = [source for source in self.photos if picture(source).shape[1] >= 1600]
        source = (wide or self.photos)[int(rng.integers(len(wide or self.photos)))]
        fault = FAULTS[record['name']]
        frame, targets = fault.apply(whole_frame(source), STRENGTHS[strength], rng)
        yield frame, record | about(source) | has(targets, fault.label)

    def _foreign(self, record, strength, number, rng):
        source, frame = self.frame_of(record, number, rng)
        frame = fit(frame, 640)
        fault = foreign.FOREIGN[record['name']]
        frame = fault.apply(frame, strength, rng)
        yield (streams.compress([frame], rng)[0] if number % 2 else frame,
               record | about(source) | has(dict.fromkeys(fault.accept[:1], 1.0), *fault.accept))

    def _harmless(self, record, strength, number, rng):
        source, frame = self.frame_of(record, number, rng)
        frame = foreign.HARMLESS[record['name']](fit(frame, 640), strength, rng)
        yield frame, record | about(source)

    def _tear(self, record, strength, number, rng):
        source, frame = self.frame_of(record, number, rng)
        if number % 2:
            previous = np.roll(frame, tuple(rng.integers(-24, 25, 2)), (0, 1))
        else:
            other = self.drawn[rng.integers(len(self.drawn))]
            previous = cv2.resize(camera_frame(picture(other), rng), frame.shape[1::-1])
        frame, previous = streams.compress([frame], rng)[0], streams.compress([previous], rng)[0]
        frame, share = streams.TEARS[record['name']](frame, previous, STRENGTHS[strength], rng)
        yield frame, record | about(source) | damaged(share)

    def _stream(self, record, strength, number, rng):
        # Clips and photographs in turn; a photograph moves as a camera shakes.
        if number % 2 and self.clips:
            paths = sorted(self.clips)
            source = self.clips[paths[number // 2 % len(paths)]]
            source = source[int(rng.integers(len(source)))]
            found = [fit(frame, 800) for frame in
                     sources.clip_frames(source.path, max(0, source.frame - 10), 10)]
        else:
            source = self.photos[int(rng.integers(len(self.photos)))]
            found = streams.still_clip(camera_frame(picture(source), rng), rng, 10)
        found = [(frame, twin, share) for frame, twin, share in
                 streams.damage(found, rng, STRENGTHS[strength]) if share > 0.005]
        found = [found[index] for index in rng.permutation(len(found))[:5]]
        for frame, _, share in found:
            yield frame, record | about(source) | damaged(share)
        for _, twin, _ in found[:2]:
            yield twin, record | about(source) | {'kind': 'twin', 'strength': None}

    def _real(self, record, strength, number, rng):
        """Streams that somebody else's encoder and loss made."""
        record |= {'source': 'openh264', 'scene': 'person'}
        found = [pair for pair in streams.real_damage(self.media) if pair[1] is not None]
        for frame, _, share in found[::max(1, round(1 / self.part))]:
            if share > 0.005:
                yield frame, record | damaged(share)
        for _, twin, _ in found[::len(found) // 12]:
            yield twin, record | {'kind': 'twin'}


def fit(frame: np.ndarray, width: int) -> np.ndarray:
    """The frame, no wider than width."""
    scale = width / frame.shape[1]
    return frame if scale >= 1 else cv2.resize(frame, None, fx=scale, fy=scale,
                                               interpolation=cv2.INTER_AREA)


def about(source) -> dict:
    return {'source': source.id, 'scene': source.scene, 'camera-like': source.camera_like}


def has(targets: dict, *accept: str) -> dict:
    """The part of a record that says what is wrong: the label under which tables count the frame,
    the labels that are right answers, and every label that the frame truly has."""
    present = [label for label, target in targets.items() if target >= FAULTY]
    return {'label': accept[0], 'accept': list(accept),
            'present': sorted({*present, accept[0]})}


def damaged(share: float) -> dict:
    """Below a target of one half, damage is so small that neither answer is wrong."""
    sure = streams.target_of_share(share) >= FAULTY
    return {'share': float(share)} | has({}, 'corrupted') | ({} if sure else {'unsure': True})


def make(maker: Maker, folder: Path):
    """Makes the set below folder."""
    folder.mkdir(parents=True, exist_ok=True)
    records, numbers, begin = [], [], time.time()
    files = {side: (folder / f'views-{side}.u8').open('wb') for side in SIDES}
    spent = defaultdict(float)
    for kind, name, strength, number in maker.jobs():
        start = time.time()
        for frame, record in maker.run(kind, name, strength, number):
            views = {side: to_view(frame, side) for side in SIDES}
            for side, view in views.items():
                files[side].write(view.tobytes())
            numbers.append([features(frame), *(features(views[side]) for side in SIDES)])
            records.append(record | {'size': list(frame.shape[1::-1])})
        spent[kind] += time.time() - start
    for file in files.values():
        file.close()
    np.save(folder / 'features.npy', np.array(numbers, np.float32))
    temporary = folder / 'records.new.json'
    temporary.write_text(json.dumps(records))
    os.replace(temporary, folder / 'records.json')
    parts = ', '.join(f'{kind} {seconds:.0f}' for kind, seconds in spent.items())
    print(f'test set: {len(records)} frames in {time.time() - begin:.0f} s ({parts})', flush=True)


def load(work: Path, photos: Path, media: Path, packages: Path | None, part: float = 1.0):
    """The set, made first where it is missing: records; views by side, uint8 [n, side, side, 3];
    and numbers [n, 3, 31], of SCALES."""
    cv2.setNumThreads(1)
    found = [source for source in sources.find_sources(photos, media, packages)
             if source.split == 'test']
    folder = work / f'test-{fingerprint(found, part)}'
    if not (folder / 'records.json').exists():
        make(Maker(found, media, part), folder)
    records = json.loads((folder / 'records.json').read_text())
    views = {side: np.memmap(folder / f'views-{side}.u8', np.uint8, 'r',
                             shape=(len(records), side, side, 3)) for side in SIDES}
    return records, views, np.load(folder / 'features.npy')


def add_options(parser: argparse.ArgumentParser):
    parser.add_argument('--photos', type=Path, required=True)
    parser.add_argument('--media', type=Path, required=True)
    parser.add_argument('--packages', type=Path)
    parser.add_argument('--work', type=Path, required=True, help='the cache')
    parser.add_argument('--part', type=float, default=1.0, help='share of the set, for a trial')


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    add_options(parser)
    args = parser.parse_args()
    records = load(args.work, args.photos, args.media, args.packages, args.part)[0]
    print(len(records), 'frames')


if __name__ == '__main__':
    main()
