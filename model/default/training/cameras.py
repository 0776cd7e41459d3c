# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clips of simulated fixed cameras, made from pictures of the test split, all healthy.

A picture is the scene. Its light drifts and sometimes a lamp is switched, up to three soft-edged
parts of other pictures pass, the sensor adds noise, and x264 encodes the result at ordinary
qualities. The real clips of the test split are too short to count changes an hour.
"""
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np

import sources
from common import to_linear, to_srgb
from frames import camera_frame

SEED = 60
CLIPS = 31
EACH = 4         # clips of a kind of scene
SECONDS = 120
RATE = 5  # frames a second
LONGEST_SIDE = 640


def scenes(test_sources: list) -> list:
    """Pictures in a fixed random order, those like a fixed camera's first, and at most EACH of a
    kind of scene."""
    pictures = [source for source in test_sources if source.kind != 'clip']
    order = np.random.default_rng(SEED).permutation(len(pictures))
    mixed = sorted((pictures[i] for i in order), key=lambda source: not source.camera_like)
    chosen, kinds = [], Counter()
    for source in mixed:
        kinds[source.scene] += 1
        if kinds[source.scene] <= EACH:
            chosen.append(source)
    return chosen[:CLIPS]


def passers(others: list, shape: tuple, rng: np.random.Generator) -> list:
    """(picture, its mask, start of the passage in frames, frames it takes, height of the path)."""
    height, width = shape
    result = []
    for other in others:
        w, h = int(width * rng.uniform(0.08, 0.3)), int(height * rng.uniform(0.15, 0.5))
        picture = cv2.resize(other, (w, h), interpolation=cv2.INTER_AREA).astype(np.float32)
        x, y = np.linspace(-1, 1, w), np.linspace(-1, 1, h)[:, None]
        mask = np.clip((1 - np.abs(x) ** 4 - np.abs(y) ** 4) * 4, 0, 1)[..., None]
        result.append((picture, mask.astype(np.float32), rng.integers(0, SECONDS * RATE - 50),
                       rng.integers(15, 100), rng.uniform(0.2, 0.9)))
    return result


def shown(scene: np.ndarray, moving: list, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """The frames of a clip."""
    height, width = scene.shape[:2]
    period, depth, phase = rng.uniform(40, 200), rng.uniform(0.02, 0.25), rng.uniform(0, 6.3)
    lamp, switched = rng.integers(0, SECONDS * RATE * 2), rng.uniform(0.75, 1.25)
    noise = rng.normal(0, rng.uniform(0.5, 3), (height * 2, width, 1))
    for number in range(SECONDS * RATE):
        gain = 1 + depth * np.sin(6.28 * number / RATE / period + phase)
        gain *= switched if number >= lamp else 1
        table = to_srgb(np.clip(to_linear(np.arange(256, dtype=np.uint8)) * gain, 0, 1))
        frame = cv2.LUT(scene, table).astype(np.float32)
        for picture, mask, start, length, path in moving:
            h, w = mask.shape[:2]
            left = int((number - start) / length * (width + w)) - w
            if not 0 <= number - start < length:
                continue
            top, a, b = int(path * (height - h)), max(left, 0), min(left + w, width)
            if a < b:
                part = slice(a - left, b - left)
                window = frame[top:top + h, a:b]
                window += (picture[:, part] - window) * mask[:, part]
        row = rng.integers(0, height)
        yield np.clip(frame + noise[row:row + height] + 0.5, 0, 255).astype(np.uint8)


def write(path: Path, frames: Iterator[np.ndarray], shape: tuple, rng: np.random.Generator):
    options = {'preset': 'veryfast', 'crf': str(rng.integers(20, 32)), 'threads': '1',
               'g': str(rng.integers(10, 100))}
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=RATE, width=shape[1], height=shape[0],
                                      pix_fmt='yuv420p', options=options)
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame)))
        container.mux(stream.encode(None))


def make(test_sources: list, folder: Path) -> list:
    """Writes the clips that are missing in the folder. Returns the paths of all."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen, paths = scenes(test_sources), []
    for number, source in enumerate(chosen):
        rng = np.random.default_rng([SEED, number])
        path = folder / f'camera-{number:02d}.mkv'
        paths.append(path)
        if path.exists():
            continue
        scene = camera_frame(sources.read_frame(source), rng)
        scale = LONGEST_SIDE / max(scene.shape)
        scene = cv2.resize(scene, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        scene = scene[:len(scene) // 2 * 2, :scene.shape[1] // 2 * 2]
        others = [sources.read_frame(chosen[i]) for i in
                  rng.choice(len(chosen), rng.integers(0, 4))]
        new = path.with_name(f'new-{path.name}')
        moving = passers(others, scene.shape[:2], rng)
        write(new, shown(scene, moving, rng), scene.shape, rng)
        new.rename(path)
    return paths
