# SPDX-License-Identifier: LGPL-2.1-or-later
"""Noise of sensors, of their gain and of analogue lines.

Each function takes a frame, the noise's standard deviation as the network's view shows it (grey
levels of 255) and a generator. The view averages pixels, so a frame larger than the view gets more
noise than that. The filter that makes the view is a triangle of half-width s, the ratio of the
sizes, and sum(w^2) = 2 / (3 s) in each direction.
Photon and read noise: variance = a L + b in linear light L (Foi et al., "Practical
Poissonian-Gaussian noise modeling and fitting for single-image raw-data", 2008).
"""
import cv2
import numpy as np
from common import VIEW, to_linear
from fields import chance, clouds, enlarge, grid, normal
from paint import added

LARGEST_WIDTH = 800  # wider frames get the noise of this width
LARGEST_SIGMA = 110


def native_sigma(sigma: float, shape: tuple[int, int], pixel: float = 1) -> float:
    """The deviation that noise needs in the frame to have this deviation in the view; its grains
    are `pixel` pixels wide."""
    width = min(shape[1], LARGEST_WIDTH)
    height = shape[0] * width / shape[1]
    kept = (1 / max(1.0, width / pixel / VIEW * 1.5)) * (1 / max(1.0, height / pixel / VIEW * 1.5))
    return float(min(sigma / np.sqrt(kept), max(LARGEST_SIGMA, sigma)))


def grains(shape: tuple, pixel: float, rng) -> np.ndarray:
    """Noise of deviation 1 whose grains are `pixel` pixels wide."""
    if pixel == 1:
        return normal(shape, rng)
    small = normal((int(shape[0] / pixel) + 1, int(shape[1] / pixel) + 1) + tuple(shape[2:]), rng)
    field = enlarge(small, shape)
    return field / max(float(field[::3, ::3].std()), 1e-6)


def pixel_size(rng) -> float:
    """How wide a grain is: the sensor's own pixel, or that of a sensor whose frame is upscaled."""
    return float(rng.choice((1, 1, 1, 1.5, 2, 2.5)))


def gaussian(frame: np.ndarray, sigma: float, rng) -> np.ndarray:
    """The same everywhere, in each channel or in luma."""
    pixel = pixel_size(rng)
    shape = frame.shape if chance(rng, 0.6) else frame.shape[:2]
    return added(frame, grains(shape, pixel, rng) * native_sigma(sigma, frame.shape, pixel))


def sensor(frame: np.ndarray, sigma: float, rng) -> np.ndarray:
    """Photon and read noise that gain has raised, through the transfer function."""
    pixel = pixel_size(rng)
    light = to_linear(np.arange(256, dtype=np.uint8))
    slope = np.gradient(np.arange(256, dtype=np.float32), light)
    read = 10 ** rng.uniform(-3.5, -1)
    deviation = (slope * np.sqrt(light + read)).astype(np.float32)
    deviation = np.minimum(deviation, 4 * np.median(deviation))
    deviation *= native_sigma(sigma, frame.shape, pixel) / float(deviation[frame[::8, ::8]].mean())
    noise = grains(frame.shape, pixel, rng)
    if chance(rng, 0.5):  # red and blue are amplified more than green by the white balance
        noise *= np.float32([rng.uniform(1, 1.4), rng.uniform(0.7, 1), rng.uniform(1, 1.6)])
    if chance(rng, 0.4):  # demosaicing mixes the channels and their neighbours
        noise = cv2.blur(noise, (2, 2)) * 1.9
    return added(frame, noise * cv2.LUT(frame, np.minimum(deviation, 140)))


def chroma(frame: np.ndarray, sigma: float, rng) -> np.ndarray:
    """Blotches of colour, low-pass noise of Cb and Cr, with some luma noise."""
    size = max(2, frame.shape[1] / 640 * rng.uniform(2, 9))
    blotches = grains((*frame.shape[:2], 2), size, rng) * np.float32(sigma * rng.uniform(0.9, 1.4))
    blue, red = blotches[..., 0], blotches[..., 1]
    noise = cv2.merge((red, -0.35 * blue - 0.5 * red, blue))
    level = native_sigma(sigma * rng.uniform(0.2, 0.6), frame.shape)
    return added(added(frame, noise), normal(frame.shape[:2], rng) * level)


def pattern(frame: np.ndarray, sigma: float, rng) -> np.ndarray:
    """Fixed pattern: each column, each row or both have an offset, over noise of the pixels."""
    height, width = frame.shape[:2]
    kind = rng.integers(3)
    pixel = max(1.0, width / 640) * rng.choice((1, 2))
    noise = np.zeros((height, width), np.float32)
    level = native_sigma(sigma, frame.shape, pixel) ** 0.5 * sigma ** 0.5
    if kind != 1:
        noise += enlarge(normal((1, int(width / pixel) + 1), rng), (height, width)) * level
    if kind != 0:
        noise += enlarge(normal((int(height / pixel) + 1, 1), rng), (height, width)) * level
    noise *= rng.uniform(0.5, 1)
    noise += normal((height, width), rng) * native_sigma(sigma * rng.uniform(0.2, 0.7), frame.shape)
    return added(frame, noise)


def impulse(frame: np.ndarray, sigma: float, rng) -> np.ndarray:
    """Salt and pepper, hot pixels, or values at random, in each channel or in all of them."""
    pixel = float(rng.choice((1, 1, 2)))
    share = min(0.6, (native_sigma(sigma, frame.shape, pixel) / 150) ** 2)
    shape = (int(frame.shape[0] / pixel) + 1, int(frame.shape[1] / pixel) + 1,
             3 if chance(rng, 0.5) else 1)
    dice = np.frombuffer(rng.bytes(2 * int(np.prod(shape))), np.uint16).reshape(shape)
    hit = (dice < share * 65535).astype(np.uint8)
    kind = rng.integers(3)
    if kind == 0:
        value = (dice & 1).astype(np.uint8) * 255
    elif kind == 1:
        value = np.full(shape, 255, np.uint8)
    else:
        value = (dice % 251).astype(np.uint8)
    if shape[2] == 1:
        hit, value = cv2.merge((hit,) * 3), cv2.merge((value,) * 3)
    if pixel != 1:
        hit = enlarge(hit, frame.shape, cv2.INTER_NEAREST)
        value = enlarge(value, frame.shape, cv2.INTER_NEAREST)
    height, width = frame.shape[:2]
    return np.where(hit[:height, :width], value[:height, :width], frame)


def speckle(frame: np.ndarray, sigma: float, rng) -> np.ndarray:
    """Noise that is proportional to the light."""
    pixel = pixel_size(rng)
    mean = max(30.0, float(frame[::8, ::8].mean()))
    share = native_sigma(sigma, frame.shape, pixel) / mean
    noise = grains(frame.shape if chance(rng, 0.6) else frame.shape[:2], pixel, rng) * share
    if noise.ndim == 2:
        noise = cv2.merge((noise, noise, noise))
    return added(frame, noise * frame)


def bands(frame: np.ndarray, sigma: float, rng) -> np.ndarray:
    """Banding rows of a readout that drifts, or the slanted bars of interference, over noise."""
    height, width = frame.shape[:2]
    if chance(rng, 0.5):
        rows = enlarge(normal((int(rng.uniform(30, 160)), 1), rng), (height, width),
                       cv2.INTER_NEAREST if chance(rng, 0.5) else cv2.INTER_LINEAR)
        noise = rows * sigma * rng.uniform(0.6, 1)
    else:
        angle = rng.uniform(0, np.pi)
        waves = 2 * np.pi * np.exp(rng.uniform(np.log(15), np.log(120))) / width
        y = np.arange(height, dtype=np.float32)[:, None]
        x = np.arange(width, dtype=np.float32)[None, :]
        phase = waves * (np.cos(angle) * x + np.sin(angle) * y) + rng.uniform(0, 6)
        phase += enlarge(clouds(grid(frame.shape, 32), 3, rng), frame.shape) * rng.uniform(0, 2)
        noise = np.sin(phase) * sigma * rng.uniform(0.9, 1.4)
    noise += normal((height, width), rng) * native_sigma(sigma * rng.uniform(0.4, 0.8), frame.shape)
    return added(frame, noise)


def grain(frame: np.ndarray, sigma: float, rng) -> np.ndarray:
    """Grain far coarser than a film's own, strongest in the middle tones."""
    size = max(1.0, frame.shape[1] / 640) * rng.uniform(0.6, 1.3)
    noise = cv2.GaussianBlur(normal(frame.shape[:2], rng), (0, 0), size)
    noise *= native_sigma(sigma, frame.shape, 2 * size) / max(float(noise[::3, ::3].std()), 1e-6)
    codes = np.arange(256, dtype=np.float32) / 255
    weight = (0.35 + 2.6 * codes * (1 - codes)).astype(np.float32)
    return added(frame, noise * cv2.LUT(np.ascontiguousarray(frame[..., 1]), weight))


def smeared(frame: np.ndarray, sigma: float, rng) -> np.ndarray:
    """What a denoiser leaves of strong noise: a smeared picture with blotches and worms."""
    noise = grains(frame.shape, rng.choice((1, 1.5, 2)), rng)
    noise *= native_sigma(sigma * 1.2, frame.shape, 1.5)
    for _ in range(int(rng.integers(1, 3))):
        frame = cv2.medianBlur(added(frame, noise), 3)
        noise = grains(frame.shape, rng.uniform(2, 5), rng) * np.float32(sigma * 0.8)
    return added(frame, noise)


NOISES = {'gaussian': gaussian, 'sensor': sensor, 'chroma': chroma, 'pattern': pattern,
          'impulse': impulse, 'speckle': speckle, 'bands': bands, 'grain': grain,
          'smeared': smeared}
