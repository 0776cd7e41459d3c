# SPDX-License-Identifier: LGPL-2.1-or-later
"""The test set: frames made from sources of the test split, then read from a cache.

The kind, name, strength and number of a job and the seed determine its frames. A shard has the
frames of up to 40 jobs: views at both input sizes of our networks (resized from the frame's own
size, as the element does it), the statistics of features.py at the frame's own size, and a record
per frame. A hash of everything that determines a shard is part of its name, so an interrupted run
continues where it stopped.

    python3 testset.py --photos DIR --media DIR [--packages DIR] --work CACHE [--part SHARE]
        [--processes N]
"""
import argparse
import hashlib
import inspect
import json
import multiprocessing
import os
import re
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
JOBS_PER_SHARD = 40
MADE_BY = {'healthy': ('healthy',), 'texture': ('healthy',), 'fault': ('faults',),
           'slate': ('faults',), 'large': ('faults',), 'foreign': ('foreign',),
           'harmless': ('foreign',)}  # modules for a kind, besides those for all
EACH = {                   # jobs per name and strength; frames per clip
    'clean': 400, 'clip': 14, 'healthy': 12, 'texture': 6, 'harmless': 4,
    'fault': 5, 'slate': 5, 'foreign': 5, 'stream': 72, 'tear': 5, 'large': 5,
}
LARGE = ('noisy-gaussian', 'noisy-sensor', 'defocused-disc', 'defocused-motion')  # at 1080p too
MANY = {'grocerystore': 48, 'clothing': 24}  # the most photographs of each
SIZES = ((480, 640), (360, 640), (432, 768), (576, 704), (400, 400))
FAULTS = faults.FAULTS | faults.COMBINED
FAULTY = 0.5               # a label with at least this target is present


def modules_of(name: str, seen: set) -> set:
    """A module and all modules of this folder that it imports."""
    path = Path(__file__).with_name(f'{name}.py')
    if name not in seen and path.exists():
        seen.add(name)
        for other in re.findall(r'^(?:from|import) (\w+)', path.read_text(), re.MULTILINE):
            modules_of(other, seen)
    return seen


def fingerprint(kind: str, found: list, jobs: list) -> str:
    """A hash of the code that makes the frames of a kind, of the sources and of the jobs."""
    digest, used = hashlib.sha256(), set()
    for name in ('common', 'features', 'sources', 'streams', *MADE_BY.get(kind, ())):
        modules_of(name, used)
    for name in sorted(used):
        digest.update(Path(__file__).with_name(f'{name}.py').read_bytes())
    for code in (camera_frame, picture, whole_frame, balanced, fit, about, has, damaged,
                 Maker.frame_of, getattr(Maker, f'_{kind}')):
        digest.update(inspect.getsource(code).encode())
    digest.update(json.dumps([SEED, STRENGTHS, SIZES, jobs, [[s.id, s.sha256] for s in found]],
                             default=str).encode())
    return digest.hexdigest()[:16]


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
                self.clips[source.id.split('#')[0]].append(source)
        # Faults come to photographs and clips alike; few frames of each clip.
        some = [source for frames in self.clips.values()
                for source in frames[::max(1, len(frames) // 4)]]
        self.drawn = self.photos + some

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
        for name in sorted(self.clips):
            yield 'clip', name, None, 0
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
        frames = self.clips[record['name']]
        count = min(EACH['clip'], len(frames))
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
            names = sorted(self.clips)
            source = self.clips[names[number // 2 % len(names)]]
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
    """The part of a record about faults: the label under which tables count the frame, the labels
    that are right answers, and all labels that are present."""
    present = [label for label, target in targets.items() if target >= FAULTY]
    return {'label': accept[0], 'accept': list(accept),
            'present': sorted({*present, accept[0]})}


def damaged(share: float) -> dict:
    """The part of a record about damage. If the target is below FAULTY, no answer is wrong."""
    sure = streams.target_of_share(share) >= FAULTY
    return {'share': float(share)} | has({}, 'corrupted') | ({} if sure else {'unsure': True})


def make_shard(task) -> float:
    """Makes the frames of some jobs. The records are written last and mark a complete shard."""
    maker, path, jobs = task
    cv2.setNumThreads(1)
    begin = time.time()
    views, records, numbers = {side: [] for side in SIDES}, [], []
    for job in jobs:
        for frame, record in maker.run(*job):
            for side in SIDES:
                views[side].append(to_view(frame, side))
            numbers.append(features(frame))
            records.append(record | {'size': list(frame.shape[1::-1])})
    for side in SIDES:
        np.save(path.with_suffix(f'.{side}.npy'),
                np.array(views[side], np.uint8).reshape(-1, side, side, 3))
    np.save(path.with_suffix('.numbers.npy'), np.array(numbers, np.float32).reshape(-1, 31))
    temporary = path.with_suffix(f'.{os.getpid()}.new')
    temporary.write_text(json.dumps(records))
    os.replace(temporary, path)
    return time.time() - begin


def shards(maker: Maker, found: list, work: Path) -> list:
    """(maker, path, jobs) of every shard of the set."""
    jobs, tasks = defaultdict(list), []
    for job in maker.jobs():
        jobs[job[0]].append(job)
    for kind, own in jobs.items():
        for start in range(0, len(own), JOBS_PER_SHARD):
            some = own[start:start + JOBS_PER_SHARD]
            tasks.append((maker, work / f'{kind}-{fingerprint(kind, found, some)}.json', some))
    return tasks


def load(args: argparse.Namespace):
    """The set, whose missing shards are made first: records; views by side, lists of uint8
    [side, side, 3]; and statistics [n, 31]. args: those of add_options()."""
    found = [source for source in sources.find_sources(args.photos, args.media, args.packages)
             if source.split == 'test']
    work = args.work / 'test'
    work.mkdir(parents=True, exist_ok=True)
    tasks = shards(Maker(found, args.media, args.part), found, work)
    missing = [task for task in tasks if not task[1].exists()]
    if missing:
        begin, spent = time.time(), defaultdict(float)
        with multiprocessing.get_context('spawn').Pool(args.processes) as pool:
            for (_, path, _), seconds in zip(missing, pool.imap(make_shard, missing)):
                spent[path.stem.split('-')[0]] += seconds
        parts = ', '.join(f'{kind} {seconds:.0f}' for kind, seconds in spent.items())
        print(f'test set: {len(missing)} shards in {time.time() - begin:.0f} s ({parts})',
              flush=True)
    records, views, numbers = [], {side: [] for side in SIDES}, []
    for _, path, _ in tasks:
        records += json.loads(path.read_text())
        for side in SIDES:
            views[side] += list(np.load(path.with_suffix(f'.{side}.npy'), mmap_mode='r'))
        numbers.append(np.load(path.with_suffix('.numbers.npy')))
    return records, views, np.concatenate(numbers)


def add_options(parser: argparse.ArgumentParser):
    parser.add_argument('--photos', type=Path, required=True)
    parser.add_argument('--media', type=Path, required=True)
    parser.add_argument('--packages', type=Path)
    parser.add_argument('--work', type=Path, required=True, help='the cache')
    parser.add_argument('--processes', type=int, default=2, help='processes that make frames')
    parser.add_argument('--part', type=float, default=1.0, help='share of the set, for a trial')


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    add_options(parser)
    args = parser.parse_args()
    print(len(load(args)[0]), 'frames')


if __name__ == '__main__':
    main()
