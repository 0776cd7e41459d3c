# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tools to draw and change pictures: noise of a shaped spectrum, light, blends, words."""
import cv2
import numpy as np

Shape = tuple[int, int]
FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX,
         cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_PLAIN)
BANK = np.random.default_rng(14).standard_normal((1024, 1024), dtype=np.float32)


def pick(rng, *choices):
    return choices[int(rng.integers(len(choices)))]


def rgb(colour) -> tuple[float, float, float]:
    """A colour for the drawing functions of OpenCV."""
    return tuple(float(value) for value in np.clip(colour, 0, 255))


def words(rng, count: int) -> str:
    """Invented words of a plausible length."""
    letters = 'aaabcdeeeefghiiiklmnnoooprrssttuvwyz'
    return ' '.join(''.join(pick(rng, *letters) for _ in range(int(rng.integers(2, 10))))
                    for _ in range(count))


def grid(shape) -> tuple[np.ndarray, np.ndarray]:
    """The coordinates x and y of the pixels, 0 to 1, as a row and a column."""
    return (np.linspace(0, 1, shape[1], dtype=np.float32)[None],
            np.linspace(0, 1, shape[0], dtype=np.float32)[:, None])


def spot(shape, x: float, y: float, radius: float) -> np.ndarray:
    """A soft spot of height 1 at x, y (0 to 1); the radius is a share of the frame's height."""
    u, v = grid(shape)
    aspect = shape[1] / shape[0]
    distance = ((u - x) * aspect) ** 2 + (v - y) ** 2
    return 1 / (1 + distance / np.float32(radius ** 2)) ** 2


def octaves(shape: Shape, rng, coarse: float, fine: float = 2, decay: float = 0.6,
            stretch: float = 1) -> np.ndarray:
    """Noise with cells from `coarse` down to `fine` pixels. Each octave has `decay` times the
    amplitude of the coarser one; `stretch` widens the cells. Mean 0, deviation about 1."""
    height, width = shape
    total, amplitude, cell = np.zeros((2, 2), np.float32), 1.0, float(coarse)
    while cell >= fine:
        grid = (max(2, int(width / cell / stretch) + 2), max(2, int(height / cell) + 2))
        total = cv2.resize(total, grid, interpolation=cv2.INTER_CUBIC)
        total += amplitude * rng.standard_normal(grid[::-1], dtype=np.float32)
        amplitude, cell = amplitude * decay, cell / 2
    mean, deviation = cv2.meanStdDev(total)
    total = (total - np.float32(mean[0, 0])) * np.float32(1 / (deviation[0, 0] + 1e-6))
    return cv2.resize(total, (width, height), interpolation=cv2.INTER_CUBIC)


def noise_bank(shape, rng) -> np.ndarray:
    """White noise of deviation 1: a random window of a bank, which repeats in larger frames."""
    y, x = rng.integers(0, 1024, 2)
    return np.take(np.take(BANK, range(y, y + shape[0]), 0, mode='wrap'),
                   range(x, x + shape[1]), 1, mode='wrap')


def grey(frame: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)


def coloured(tone: np.ndarray, dark, light) -> np.ndarray:
    """A frame of tones from 0 (dark) to 1 (light)."""
    ramp = np.linspace(0, 1, 256)[:, None]
    table = np.clip(np.float32(dark) * (1 - ramp) + np.float32(light) * ramp, 0, 255)
    codes = cv2.multiply(tone, 255.0, dtype=cv2.CV_8U)
    return cv2.LUT(cv2.merge([codes] * 3), table.astype(np.uint8)[None])


def shaded(frame: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """A frame times a gain of one or three numbers per pixel."""
    gain = cv2.merge([gain.astype(np.float32)] * 3) if gain.ndim == 2 else gain
    return cv2.multiply(frame, gain, dtype=cv2.CV_8U)


def added(frame: np.ndarray, field: np.ndarray) -> np.ndarray:
    """A frame plus a field of one or three numbers per pixel."""
    if field.ndim == 2:
        field = cv2.merge([field] * 3)
    return cv2.add(frame, field, dtype=cv2.CV_8U)


def blended(below: np.ndarray, above: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A frame over another where the mask is 1; 0 shows the one below."""
    mask = np.ascontiguousarray(mask, np.float32)
    return cv2.blendLinear(above, below, mask, 1 - mask)


def uneven(shape: Shape, rng, depth: float = 0.15) -> np.ndarray:
    """The gain of uneven light: a slope and a soft field."""
    height, width = shape[0] // 8 + 1, shape[1] // 8 + 1
    slope = np.linspace(-1, 1, width)[None] * rng.uniform(-1, 1) \
        + np.linspace(-1, 1, height)[:, None] * rng.uniform(-1, 1)
    soft = octaves((height, width), rng, width / 2, width / 4)
    return cv2.resize((1 + depth * (slope + 0.4 * soft)).astype(np.float32), shape[::-1])


def tilted(frame: np.ndarray, rng, floor: bool = False) -> np.ndarray:
    """The frame as a surface seen at an angle; floor: as the ground in front of the camera."""
    height, width = frame.shape[:2]
    corner = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    shift = np.float32([width, height]) * rng.uniform(0, 0.22, (4, 2)).astype(np.float32)
    source = corner + shift * np.float32([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    if floor:
        inset = width * rng.uniform(0.1, 0.25)
        source = np.float32([[0, 0], [width, 0], [width - inset, height], [inset, height]])
    return cv2.warpPerspective(frame, cv2.getPerspectiveTransform(source, corner),
                               (width, height), flags=cv2.INTER_LINEAR,
                               borderMode=cv2.BORDER_REFLECT)


def warped(frame: np.ndarray, rng, by: float, scale: float) -> np.ndarray:
    """The frame with its pixels displaced by up to about `by` pixels in a smooth field."""
    shape = height, width = frame.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return cv2.remap(frame, x + by * octaves(shape, rng, scale, scale),
                     y + by * octaves(shape, rng, scale, scale), cv2.INTER_LINEAR,
                     borderMode=cv2.BORDER_REFLECT)
