# SPDX-License-Identifier: LGPL-2.1-or-later
"""Faults of cameras by name, each with a strength from 0 (just visible) to 1 (extreme).

A fault returns the frame and the probability to learn for each label that applies; the other labels
have probability 0. The probability follows from the strength and from what the fault changes in the
network's view: blur on a plain wall is invisible.
`python3 faults.py --sheet FOLDER --photos DIRECTORY` writes contact sheets of all faults.
"""
import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import cv2
import numpy as np
from PIL import Image

import exposure
import sheets
from common import STRENGTHS, VIEW, target
from fields import chance
from glass import GLASS
from noise import NOISES
from obstructions import OBSTRUCTIONS
from optics import BLURS, camera
from slates import SLATES

Targets = dict[str, float]


@dataclass(frozen=True)
class Fault:
    """A fault: the label it belongs to and what it does to a frame."""
    label: str
    apply: Callable[[np.ndarray, float, np.random.Generator], tuple[np.ndarray, Targets]]


def view(frame: np.ndarray) -> np.ndarray:
    """The luma of the network's view, approximately, to measure a change."""
    small = cv2.resize(frame, (VIEW, VIEW), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)


def seen(probability: float, change: float, nearly: float, clearly: float) -> float:
    """A probability, reduced if the change is below `clearly`: to 0.3 or less at `nearly`, where it
    is nearly invisible, and to 0 if nothing changes."""
    return float(np.interp(change, (0, nearly, clearly),
                           (0, min(0.3, probability), probability)))


def detail(picture: np.ndarray) -> float:
    """The mean gradient of a view, in grey levels per pixel."""
    return float(np.abs(np.diff(picture, axis=0)).mean() + np.abs(np.diff(picture, axis=1)).mean())


def roughness(picture: np.ndarray) -> float:
    """The roughness of the calm parts of a view: a low quantile of the local deviation."""
    high = np.abs(picture - cv2.GaussianBlur(picture, (0, 0), 1.2))
    return float(np.quantile(cv2.blur(high, (15, 15))[4::8, 4::8], 0.3))


def darkness(frame: np.ndarray) -> float:
    """The probability that a picture of this brightness is too dark."""
    return float(np.interp(exposure.brightness(frame), (12, 30, 55), (0.95, 0.5, 0)))


def dark(frame, strength, rng):
    """Too dark, and noisy half of the time."""
    result, stops, noisy = exposure.darken(frame, strength, rng)
    lost = exposure.brightness(frame) - exposure.brightness(result)
    probability = seen(seen(target(strength), stops, 0.7, 1.5), lost, 6, 25)
    probability *= np.interp(exposure.brightness(result), (75, 110), (1, 0.3))
    targets = {'dark': float(probability)}
    if noisy is not None:
        rough = roughness(view(result)) - roughness(view(exposure.table(
            frame, np.linspace(0, 255 * 2 ** (-stops / 2.2), 256))))
        learnt = target(noisy) if noisy >= 0 else 0.5 + 2 * noisy
        targets['noisy'] = seen(learnt, rough, 1, 2.5)
    return result, targets


def overexposed(frame, strength, rng):
    """Too bright: clipped."""
    result = exposure.overexpose(frame, strength, rng)
    clipped = ((result[::6, ::6] >= 250).sum(2) >= 2).mean() - \
        ((frame[::6, ::6] >= 250).sum(2) >= 2).mean()
    gained = exposure.brightness(result) - exposure.brightness(frame)
    headroom = max(255 - exposure.brightness(frame), 1)
    return result, {'overexposed': seen(seen(target(strength), gained, 8, 22),
                                        max(clipped * 100, 60 * gained / headroom - 10), 5, 20)}


def blurred(function):
    """A fault of the lens or of a camera that moves."""
    def apply(frame, strength, rng):
        radius = 0.0033 * (0.04 / 0.0033) ** strength * rng.uniform(0.9, 1.15)
        result = function(frame, radius, rng)
        before, after = detail(view(frame)), detail(view(result))
        probability = seen(seen(target(strength), before - after, 0.3, 1.5),
                           1 - after / max(before, 0.1), 0.06, 0.2)
        return camera(result, rng), {'defocused': probability}
    return Fault('defocused', apply)


def noised(function):
    """Noise."""
    def apply(frame, strength, rng):
        sigma = 10 * 7 ** strength * rng.uniform(0.9, 1.1)
        result = function(frame, sigma, rng)
        before, after = view(frame), view(result)
        rough = max(roughness(after) - roughness(before),
                    0.6 * (float(np.abs(after - before).mean()) - roughness(before)))
        if function is NOISES['impulse']:  # sparse, so the calm parts stay calm
            rough = max(rough, 0.25 * float((after - before).std()))
        elif function is NOISES['chroma']:
            rough = max(rough, sigma * 0.4 - 0.5 * roughness(before))
        return result, {'noisy': seen(target(strength), rough, 0.8, 2.5)}
    return Fault('noisy', apply)


def obstructed(function):
    """Something in front of the lens or on it."""
    def apply(frame, strength, rng):
        result, mask = function(frame, strength, rng)
        change = np.abs(view(result) - view(frame))
        visible = float((change > 9).mean())
        thin = function in (GLASS['web'], GLASS['cracked'])
        sure = target(strength + 0.2 if function is OBSTRUCTIONS['covered'] else strength)
        probability = seen(sure, visible, *((0.004, 0.02) if thin else (0.01, 0.04)))
        targets = {'obstructed': probability}
        black = darkness(result) - darkness(frame)
        if black > 0.05:
            targets['dark'] = black * 0.9
        share = float(mask.mean())
        if function is GLASS['grease'] and share > 0.4:
            targets['defocused'] = float(np.interp(share, (0.4, 0.9), (0.1, 0.5)))
        if function is GLASS['bag'] and share > 0.4:
            targets['low-contrast'] = float(np.interp(share, (0.4, 0.9), (0.1, 0.5)))
        return result, targets
    return Fault('obstructed', apply)


def veiled(function):
    """Lost contrast, with some defocus in a fifth of the cases."""
    def apply(frame, strength, rng):
        result = function(frame, strength, rng)
        before, after = view(frame).std(), view(result).std()
        probability = seen(seen(target(strength), before - after, 4, 14),
                           1 - after / max(before, 1), 0.15, 0.4)
        targets = {'low-contrast': probability}
        if chance(rng, 0.2):
            milder = strength * rng.uniform(0, 0.6)
            name = str(rng.choice(('disc', 'gaussian')))
            blurry, also = FAULTS['defocused-' + name].apply(frame, milder, rng)
            result = function(blurry, strength, rng)
            targets.update({label: seen(value, after, 3, 12) for label, value in also.items()})
        if chance(rng, 0.5):  # an encoder's or the sensor's noise on top
            result = camera(result, rng)
        return result, targets
    return Fault('low-contrast', apply)


def together(label: str, *names: str, share: tuple = (1, 1)) -> Fault:
    """Several faults of one frame, each at a random part of the strength within a range."""
    def apply(frame, strength, rng):
        targets: Targets = {}
        for name in names:
            frame, more = FAULTS[name].apply(frame, strength * rng.uniform(*share), rng)
            for other, value in more.items():
                targets[other] = max(value, targets.get(other, 0))
        return frame, targets
    return Fault(label, apply)


FAULTS: dict[str, Fault] = {'dark': Fault('dark', dark),
                            'overexposed': Fault('overexposed', overexposed)}
FAULTS |= {'defocused-' + name: blurred(function) for name, function in BLURS.items()}
FAULTS |= {'obstructed-' + name: obstructed(function)
           for name, function in (OBSTRUCTIONS | GLASS).items()}
FAULTS |= {'noisy-' + name: noised(function) for name, function in NOISES.items()}
FAULTS |= {'low-contrast-' + name: veiled(function)
           for name, function in exposure.CONTRASTS.items()}
# Faults that come together in the field.
COMBINED: dict[str, Fault] = {
    'dark-and-noisy': together('dark', 'dark', 'noisy-sensor', share=(0.3, 0.7)),
    'hazy-and-defocused': together('low-contrast', 'defocused-disc', 'low-contrast-haze',
                                   share=(0.5, 1)),
    'dirty-and-dark': together('obstructed', 'obstructed-dirt', 'dark', share=(0.5, 1)),
    'web-and-dark': together('obstructed', 'dark', 'obstructed-web', share=(0.5, 1)),
    'drops-and-hazy': together('obstructed', 'low-contrast-haze', 'obstructed-drops',
                               share=(0.5, 1)),
    'defocused-and-noisy': together('defocused', 'defocused-gaussian', 'noisy-sensor',
                                    share=(0.5, 0.9)),
}


def sheet(folder: Path, photos: Path, names: list[str], count: int) -> None:
    """Writes a sheet for each fault, with strengths from left to right, and one for slates."""
    files = sorted(path for path in photos.rglob('*') if path.suffix in ('.jpg', '.png'))
    files = [files[i] for i in np.linspace(0, len(files) - 1, count + 2).astype(int)[1:-1]]
    frames = []
    for file in files:
        picture = Image.open(file).convert('RGB')
        picture.thumbnail((640, 640))
        frames.append(np.asarray(picture))
    for name, fault in (FAULTS | COMBINED).items():
        if names and name not in names:
            continue
        tiles = []
        for number, frame in enumerate(frames):
            for strength in STRENGTHS:
                rng = np.random.default_rng((number, round(100 * strength)))
                result, targets = fault.apply(frame, strength, rng)
                words = ' '.join(f'{label} {value:.2f}' for label, value in targets.items())
                tiles.append((result, words))
        sheets.write(folder / f'{name}.jpg', tiles, len(STRENGTHS), (400, 300))
    if not names or 'slates' in names:
        sheets.write(folder / 'slates.jpg', [
            (slate((480, 640), np.random.default_rng(number)), name)
            for name, slate in SLATES.items() for number in range(6)], 6, (240, 180))


def main() -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--sheet', type=Path, required=True, help='folder for the contact sheets')
    parser.add_argument('--photos', type=Path, required=True, help='folder of pictures')
    parser.add_argument('--pictures', type=int, default=5, help='pictures per sheet (5)')
    parser.add_argument('names', nargs='*', help='faults, or `slates`; everything without names')
    options = parser.parse_args()
    sheet(options.sheet, options.photos, options.names, options.pictures)
    return 0


if __name__ == '__main__':
    sys.exit(main())
