# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lenses out of focus and cameras that move.

Each function takes a frame, the radius of the circle of confusion as a share of the frame's width
and a generator. A thin lens out of focus images a point as the evenly lit shape of its aperture, a
moving camera as the path that it travels while the shutter is open.
"""
import cv2
import numpy as np
from common import to_linear, to_srgb
from fields import blur as gaussian_blur
from fields import chance, normal
from paint import added


def disc(radius: float) -> np.ndarray:
    """The kernel of a round aperture; its edge is antialiased."""
    half = int(np.ceil(radius))
    y, x = np.mgrid[-half:half + 1, -half:half + 1]
    kernel = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return kernel / kernel.sum()


def reduced(drawing: np.ndarray, half: int) -> np.ndarray:
    """The kernel of a drawing at a multiple of its size."""
    kernel = cv2.resize(drawing, (2 * half + 1,) * 2, interpolation=cv2.INTER_AREA)
    kernel = kernel.astype(np.float32)
    return kernel / kernel.sum()


def polygon(radius: float, rng) -> np.ndarray:
    """The kernel of an aperture of five to eight blades."""
    half = int(np.ceil(radius)) + 1
    blades = int(rng.integers(5, 9))
    angles = rng.uniform(0, np.pi) + np.arange(blades) * 2 * np.pi / blades
    corners = half + 0.5 + 1.1 * radius * np.stack((np.cos(angles), np.sin(angles)), 1)
    drawing = np.zeros((8 * (2 * half + 1),) * 2, np.uint8)
    cv2.fillPoly(drawing, [np.round(corners * 8).astype(np.int32)], 255)
    return reduced(drawing, half)


def path(points: np.ndarray) -> np.ndarray:
    """The kernel of a camera that travels along these points (pixels) at an even speed."""
    points = points - points.mean(0)
    half = int(np.ceil(np.abs(points).max())) + 2
    drawing = np.zeros((4 * (2 * half + 1),) * 2, np.uint8)
    cv2.polylines(drawing, [np.round((points + half + 0.5) * 4).astype(np.int32)], False, 255, 5,
                  cv2.LINE_AA)
    return reduced(drawing, half)


def convolve(frame: np.ndarray, kernel, radius: float, rng) -> np.ndarray:
    """A frame convolved with the kernel that a function makes for a radius in pixels; for a large
    radius on a smaller frame. Half of the time in linear light, where highlights become discs."""
    shrink = max(1.0, radius / 6)
    height, width = frame.shape[:2]
    small = frame
    if shrink > 1:
        small = cv2.resize(frame, (max(8, round(width / shrink)), max(8, round(height / shrink))),
                           interpolation=cv2.INTER_AREA)
    weights = kernel(radius / shrink)
    if chance(rng, 0.5):
        small = to_srgb(cv2.filter2D(to_linear(small), -1, weights,
                                     borderType=cv2.BORDER_REFLECT))
    else:
        small = cv2.filter2D(small, -1, weights, borderType=cv2.BORDER_REFLECT)
    if shrink > 1:
        small = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return small


def camera(frame: np.ndarray, rng) -> np.ndarray:
    """What the camera adds behind the lens: mild sharpening and mild noise."""
    if chance(rng, 0.4):
        soft = cv2.GaussianBlur(frame, (0, 0), max(0.8, frame.shape[1] / 640))
        amount = rng.uniform(0.3, 1.2)
        frame = cv2.addWeighted(frame, 1 + amount, soft, -amount, 0)
    if chance(rng, 0.6):
        frame = added(frame, normal(frame.shape[:2], rng) * rng.uniform(0.3, 3))
    return frame


def defocus(frame, radius, rng):
    """A round aperture."""
    return convolve(frame, disc, radius * frame.shape[1], rng)


def bladed(frame, radius, rng):
    """An aperture with blades."""
    return convolve(frame, lambda size: polygon(size, rng), radius * frame.shape[1], rng)


def gaussian(frame, radius, rng):
    """A gaussian of about the deviation of the disc, half of its radius."""
    return gaussian_blur(frame, max(0.5, radius * frame.shape[1] * rng.uniform(0.5, 0.65)))


def anisotropic(frame, radius, rng):
    """Astigmatism: a gaussian wider along one axis than along the other."""
    angle, ratio = rng.uniform(0, np.pi), rng.uniform(0.25, 0.6)

    def kernel(size):
        half = int(np.ceil(2 * size))
        y, x = np.mgrid[-half:half + 1, -half:half + 1].astype(np.float32)
        along = np.cos(angle) * x + np.sin(angle) * y
        across = np.cos(angle) * y - np.sin(angle) * x
        sigma = 0.8 * size
        weights = np.exp(-0.5 * ((along / sigma) ** 2 + (across / (sigma * ratio)) ** 2))
        return weights / weights.sum()
    return convolve(frame, kernel, radius * frame.shape[1], rng)


def motion(frame, radius, rng):
    """A camera that moves along a line while the shutter is open."""
    angle = rng.uniform(0, np.pi)
    ends = np.float32([[-1, -1], [1, 1]]) * np.float32([np.cos(angle), np.sin(angle)])
    return convolve(frame, lambda size: path(ends * size), radius * frame.shape[1] * 1.6, rng)


def shake(frame, radius, rng):
    """A camera that shakes: a curved path of random turns."""
    steps = int(rng.integers(8, 40))
    turns = np.cumsum(rng.normal(0, rng.uniform(0.15, 0.7), steps)) + rng.uniform(0, 2 * np.pi)
    points = np.cumsum(np.stack((np.cos(turns), np.sin(turns)), 1), 0)
    points -= points.mean(0)
    points /= np.abs(points).max()
    return convolve(frame, lambda size: path(points * size), radius * frame.shape[1] * 1.6, rng)


def double(frame, radius, rng):
    """A camera that jumps from one place to another while the shutter is open."""
    angle = rng.uniform(0, 2 * np.pi)
    distance = frame.shape[1] * radius * rng.uniform(1.5, 2.5)
    shift = np.float32([[1, 0, distance * np.cos(angle)], [0, 1, distance * np.sin(angle)]])
    moved = cv2.warpAffine(frame, shift, (frame.shape[1], frame.shape[0]),
                           borderMode=cv2.BORDER_REFLECT)
    weight = rng.uniform(0.4, 0.6)
    both = cv2.addWeighted(frame, weight, moved, 1 - weight, 0)
    return gaussian_blur(both, max(0.6, radius * frame.shape[1] * rng.uniform(0.2, 0.4)))


def upscaled(frame, radius, rng):
    """A picture scaled down to a far smaller one and up again."""
    height, width = frame.shape[:2]
    shrink = max(1.6, radius * width * rng.uniform(1.1, 1.5))
    small = cv2.resize(frame, (max(6, round(width / shrink)), max(6, round(height / shrink))),
                       interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC if chance(rng, 0.5)
                      else cv2.INTER_LINEAR)


BLURS = {'disc': defocus, 'bladed': bladed, 'gaussian': gaussian, 'anisotropic': anisotropic,
         'motion': motion, 'shake': shake, 'double': double, 'upscaled': upscaled}
