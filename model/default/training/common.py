# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the scripts share: labels, the view, targets, colour.

Frames are numpy arrays [height, width, 3] of uint8, RGB with the sRGB transfer function.
"""
import numpy as np
from PIL import Image

LABELS = ('normal', 'dark', 'overexposed', 'defocused', 'obstructed', 'noisy', 'low-contrast',
          'corrupted', 'no-signal')
VIEW = 448  # side of the network's input
STRENGTHS = (0.1, 0.35, 0.65, 0.95)  # strengths 0 to 3 of the test set

# sRGB to linear light, a table of 256 (IEC 61966-2-1).
_CODES = np.arange(256) / 255
_LINEAR = np.where(_CODES <= 0.04045, _CODES / 12.92,
                   ((_CODES + 0.055) / 1.055) ** 2.4).astype(np.float32)
# Linear light to sRGB, a table of 4096, indexed by the square root of the light.
_ROOTS = (np.arange(4096) / 4095) ** 2
_SRGB = np.where(_ROOTS <= 0.0031308, _ROOTS * 12.92,
                 1.055 * _ROOTS ** (1 / 2.4) - 0.055).astype(np.float32) * 255


def to_linear(frame: np.ndarray) -> np.ndarray:
    """A frame in linear light, float32, 0 to 1."""
    return _LINEAR[frame]


def to_srgb(light: np.ndarray) -> np.ndarray:
    """Linear light, clipped to 0 to 1, as a frame."""
    index = (np.sqrt(np.clip(light, 0, 1)) * 4095 + 0.5).astype(np.int32)
    return (_SRGB[index] + 0.5).astype(np.uint8)


def luma(frame: np.ndarray) -> np.ndarray:
    """Luma of BT.601, float32, 0 to 255."""
    return frame.astype(np.float32) @ np.float32([0.299, 0.587, 0.114])


def to_view(frame: np.ndarray, side: int = VIEW) -> np.ndarray:
    """The network's view: the whole frame, resized to a square as Pillow and the element do it
    (bilinear, antialiased)."""
    return np.asarray(Image.fromarray(frame).resize((side, side), Image.Resampling.BILINEAR))


def target(strength: float) -> float:
    """The probability to learn for a fault of this strength: 0.5 if it is just visible (0)."""
    return float(np.interp(strength, (0, 0.35), (0.5, 0.97)))
