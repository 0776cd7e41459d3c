# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random fields, masks and layers that faults are built from.

A mask is float32 [height, width], 0 to 1. Soft shapes are drawn on a coarse grid and enlarged. That
loses nothing, because an object that touches the lens is far out of focus.
"""
import cv2
import numpy as np

cv2.setNumThreads(1)


def chance(rng: np.random.Generator, probability: float) -> bool:
    """True with this probability."""
    return bool(rng.random() < probability)


def normal(shape: tuple, rng: np.random.Generator) -> np.ndarray:
    """Normal noise, float32, from OpenCV's generator, which is faster; rng seeds it."""
    noise = np.empty((shape[0], int(np.prod(shape[1:]))), np.float32)
    cv2.setRNGSeed(int(rng.integers(1, 1 << 31)))
    cv2.randn(noise, 0, 1)
    return noise.reshape(shape)


def grid(shape: tuple[int, int], side: int = 256) -> tuple[int, int]:
    """The shape of a coarse grid of the same aspect, its longer side at most `side`."""
    scale = min(1, side / max(shape[:2]))
    return max(8, round(shape[0] * scale)), max(8, round(shape[1] * scale))


def enlarge(field: np.ndarray, shape: tuple[int, int],
            interpolation=cv2.INTER_LINEAR) -> np.ndarray:
    """A field of a grid, enlarged to the shape of a frame."""
    return cv2.resize(field, (shape[1], shape[0]), interpolation=interpolation)


def clouds(shape: tuple[int, int], cells: float, rng: np.random.Generator, octaves: int = 1,
           fall: float = 0.5) -> np.ndarray:
    """A smooth random field of mean 0 and deviation 1: `cells` bumps along the longer side, and
    octaves of twice the frequency and `fall` times the amplitude on top."""
    field = np.zeros(shape, np.float32)
    for octave in range(octaves):
        size = max(shape) / (cells * 2 ** octave)
        rows, columns = int(shape[0] / size) + 4, int(shape[1] / size) + 4
        bumps = rng.standard_normal((rows, columns)).astype(np.float32)
        layer = cv2.resize(bumps, (max(shape[1], round(columns * size)),
                                   max(shape[0], round(rows * size))),
                           interpolation=cv2.INTER_CUBIC)
        top = (layer.shape[0] - shape[0]) // 2
        left = (layer.shape[1] - shape[1]) // 2
        field += fall ** octave * layer[top:top + shape[0], left:left + shape[1]]
    return (field - field.mean()) / max(float(field.std()), 1e-6)


def ramp(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """A field that falls from about 1 at one random side or corner to -1 at the opposite one."""
    angle = rng.uniform(0, 2 * np.pi)
    y = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, shape[1], dtype=np.float32)[None, :]
    return (np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y) / np.float32(1.2)


def spots(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """A field that falls with the distance from a random point."""
    y = np.arange(shape[0], dtype=np.float32)[:, None] - rng.uniform(0, shape[0])
    x = np.arange(shape[1], dtype=np.float32)[None, :] - rng.uniform(0, shape[1])
    return -np.sqrt(x * x * rng.uniform(0.5, 2) + y * y) / max(shape) * 3


def cover(field: np.ndarray, share: float, softness: float) -> np.ndarray:
    """The mask of the highest `share` of a field, with an edge as wide as `softness`."""
    level = np.quantile(field[::2, ::2], 1 - min(share, 1))
    return np.clip((field - level) / max(softness, 1e-3) + 0.5, 0, 1).astype(np.float32)


def soften(mask: np.ndarray, sigma: float) -> np.ndarray:
    """A mask, blurred; sigma in pixels of its grid."""
    return cv2.GaussianBlur(mask, (0, 0), sigma) if sigma > 0.3 else mask


def coloured(shape: tuple[int, int], colour, shade: np.ndarray) -> np.ndarray:
    """A layer of one colour, lit by a shade field (1 leaves the colour)."""
    layer = shade[..., None] * np.asarray(colour, np.float32)
    return enlarge(np.clip(layer, 0, 255).astype(np.uint8), shape)


def ambient(frame: np.ndarray, rng: np.random.Generator, low: float = 0.35,
            high: float = 1.3) -> float:
    """How bright an object on the lens is: it is lit by the scene, mostly from behind."""
    level = float(frame[::8, ::8].mean()) / 110
    return float(np.clip(level, 0.15, 1.5)) * rng.uniform(low, high)


def blur(frame: np.ndarray, sigma: float) -> np.ndarray:
    """A gaussian blur; a wide one is computed on a smaller frame."""
    shrink = int(max(1, sigma / 2.5))
    if shrink == 1:
        return cv2.GaussianBlur(frame, (0, 0), sigma)
    height, width = frame.shape[:2]
    small = cv2.resize(frame, (max(8, width // shrink), max(8, height // shrink)),
                       interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / shrink)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
