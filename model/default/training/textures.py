# SPDX-License-Identifier: LGPL-2.1-or-later
"""Healthy pictures that a program draws: surfaces that a camera may see and that a network easily
takes for noise, defocus or damage.

Noise with a shaped spectrum is a sum of octaves; cells are the Voronoi diagram of jittered points.
All surfaces are sharp at the scale of single pixels, and none is white noise.
"""
from collections.abc import Callable

import cv2
import numpy as np

from paint import (FONTS, Shape, coloured, octaves, pick, rgb, shaded, tilted, uneven, warped,
                   words)


def muted(rng) -> tuple[float, float, float]:
    """A colour of clothes and book covers: any hue, mostly of low saturation."""
    colour = rng.uniform(20, 235, 3)
    return rgb(colour.mean() + (colour - colour.mean()) * rng.uniform(0.1, 1))


def cells(shape: Shape, size: float, rng) -> tuple[np.ndarray, np.ndarray, int]:
    """The label of each pixel's cell, its distance to the cell's edge, and the number of labels."""
    height, width = shape
    y, x = np.mgrid[0:height:size, 0:width:size]
    jitter = rng.uniform(-0.45, 0.45, (2, *y.shape)) * size
    mask = np.full(shape, 255, np.uint8)
    mask[np.clip(y + jitter[0], 0, height - 1).astype(int),
         np.clip(x + jitter[1], 0, width - 1).astype(int)] = 0
    _, labels = cv2.distanceTransformWithLabels(mask, cv2.DIST_L2, 3,
                                                labelType=cv2.DIST_LABEL_PIXEL)
    inside = np.full(shape, 255, np.uint8)
    inside[:, 1:][labels[:, 1:] != labels[:, :-1]] = 0
    inside[1:][labels[1:] != labels[:-1]] = 0
    return labels, cv2.distanceTransform(inside, cv2.DIST_L2, 3), int(labels.max()) + 1


def lit(surface: np.ndarray, rng) -> np.ndarray:
    """The shading of a height map under a light from one side."""
    angle = rng.uniform(0, 2 * np.pi)
    return (np.float32(np.cos(angle)) * cv2.Sobel(surface, cv2.CV_32F, 1, 0, ksize=3)
            + np.float32(np.sin(angle)) * cv2.Sobel(surface, cv2.CV_32F, 0, 1, ksize=3))


def gravel(shape: Shape, rng) -> np.ndarray:
    labels, edge, count = cells(shape, rng.uniform(9, 30), rng)
    tone = rng.uniform(0.25, 0.8, count).astype(np.float32)[labels]
    dome = np.sqrt(np.minimum(edge, 8))
    tone = (tone + 0.12 * lit(dome, rng) / 4) * np.clip(0.3 + edge / 3, 0, 1)
    dark, light = pick(rng, ((20, 18, 16), (225, 220, 212)), ((35, 25, 15), (220, 195, 160)),
                       ((15, 18, 22), (175, 185, 200)))
    frame = coloured(tone + 0.03 * octaves(shape, rng, 6), dark, light)
    return tilted(frame, rng, floor=rng.random() < 0.5)


def stone_wall(shape: Shape, rng) -> np.ndarray:
    labels, edge, count = cells(shape, rng.uniform(50, 110), rng)
    rough = octaves(shape, rng, 24, 2, 0.75)
    tone = rng.uniform(0.4, 0.75, count).astype(np.float32)[labels] + 0.05 * rough \
        + 0.04 * lit(rough, rng)
    tone = np.where(edge < rng.uniform(2, 5), 0.18 + 0.03 * rough, tone)
    dark, light = pick(rng, ((30, 28, 26), (215, 208, 196)), ((45, 32, 22), (222, 200, 165)))
    return shaded(coloured(tone, dark, light), uneven(shape, rng))


def leaf_outlines(length: float, rng, number: int = 16) -> list[np.ndarray]:
    """Outlines of leaves of several sizes and directions; points 0 and 8 are the tips."""
    t = np.linspace(0, np.pi, 9)
    outlines = []
    for angle in rng.uniform(0, 2 * np.pi, number):
        long = length * rng.uniform(0.7, 1.3)
        across, along = np.sin(t) * long * rng.uniform(0.15, 0.28), -np.cos(t) * long / 2
        points = np.concatenate([np.stack([along, across], 1), np.stack([along, -across], 1)[::-1]])
        outlines.append(points @ np.float32([[np.cos(angle), np.sin(angle)],
                                             [-np.sin(angle), np.cos(angle)]]))
    return outlines


def leaves(shape: Shape, rng) -> np.ndarray:
    height, width = shape
    autumn = rng.random() < 0.35
    frame = coloured(0.4 + 0.12 * octaves(shape, rng, 14, 2, 0.9), (8, 12, 3), (75, 92, 40))
    size = rng.uniform(26, 64) * height / 480
    number = int(min(700, 4 * height * width / size ** 2))
    outlines = leaf_outlines(size, rng)
    centres = rng.uniform(0, 1, (number, 1, 2)) * (width, height)
    hues = rng.uniform(0.6, 1.3, number)
    colours = np.stack([75 * hues, np.full(number, 130), 40 / hues], 1)
    if autumn:
        yellow = rng.random(number) < 0.7
        colours[yellow] = np.stack([185 * hues, 100 * hues, np.full(number, 30)], 1)[yellow]
    colours *= np.linspace(0.35, 1, number)[:, None] * rng.uniform(0.7, 1.4, (number, 1))
    for index in range(number):
        points = np.int32((outlines[index % len(outlines)] + centres[index]) * 8)
        cv2.fillPoly(frame, [points], rgb(colours[index]), cv2.LINE_AA, 3)
        cv2.line(frame, points[0], points[8], rgb(colours[index] * 1.3 + 8), 1, cv2.LINE_AA, 3)
    return shaded(frame, uneven(shape, rng, 0.25))


def grass(shape: Shape, rng) -> np.ndarray:
    height, width = shape
    dry = rng.uniform(0, 0.6)
    frame = coloured(0.4 + 0.1 * octaves(shape, rng, 12, 2, 0.9, stretch=0.3), (10, 18, 4),
                     (110 + 60 * dry, 150 + 30 * dry, 70 + 30 * dry))
    base = np.sort(rng.uniform(-0.02, 1.12, 1100))
    near = 0.3 + np.maximum(base, 0)
    x, y = rng.uniform(0, width, base.size), base * height
    tall, lean = near * height * rng.uniform(0.06, 0.14, base.size), rng.normal(0, 0.5, base.size)
    points = np.stack([x, y, x + lean * tall * 0.3, y - tall * 0.55, x + lean * tall, y - tall], 1)
    points = np.int32(points.reshape(-1, 3, 2) * 8)
    colours = np.float32([70 + 130 * dry, 125 + 40 * dry, 40 + 40 * dry]) \
        * rng.uniform(0.45, 1.35, (base.size, 1))
    for index in range(base.size):
        cv2.polylines(frame, [points[index]], False, rgb(colours[index]),
                      1 if near[index] < 0.8 else 2, cv2.LINE_AA, 3)
    return shaded(frame, uneven(shape, rng, 0.2))


def fur(shape: Shape, rng) -> np.ndarray:
    tone = octaves(shape, rng, 6, 1.5, 1.0, stretch=rng.uniform(10, 20))
    coat = octaves(shape, rng, max(shape) / 3, max(shape) / 12, 0.7)
    tone = warped(0.14 * tone, rng, rng.uniform(10, 24), max(shape) / rng.uniform(2, 5))
    dark, light = pick(rng, ((25, 16, 10), (205, 165, 120)), ((18, 18, 20), (150, 148, 150)),
                       ((95, 80, 62), (248, 240, 225)), ((30, 20, 12), (190, 110, 50)))
    frame = coloured(0.5 + tone + 0.12 * coat, dark, light)
    return frame if rng.random() < 0.5 else np.ascontiguousarray(np.rot90(
        cv2.resize(frame, shape)))


def water(shape: Shape, rng) -> np.ndarray:
    height, width = shape
    near = octaves(shape, rng, 28, 1.7, 0.85, stretch=3)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    depth = (y / height) ** np.float32(0.6)
    wave = cv2.remap(near, width / 2 + (x - width / 2) / (0.35 + depth), depth * (height - 1),
                     cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    tone = 0.4 + 0.1 * wave + 0.12 * lit(wave, rng) * 0.25
    glint = np.clip(wave - rng.uniform(1.6, 2.2), 0, 1)
    dark, light = pick(rng, ((5, 30, 50), (130, 190, 220)), ((10, 40, 40), (150, 200, 190)),
                       ((20, 28, 36), (190, 200, 210)))
    return coloured(tone + 0.5 * glint + 0.15 * (1 - depth), dark, light)


def asphalt(shape: Shape, rng) -> np.ndarray:
    height, width = shape
    grain = octaves(shape, rng, 5, 1.3, 1.0)
    tone = 0.42 + 0.045 * grain + 0.04 * octaves(shape, rng, 160, 20, 0.6)
    frame = coloured(tone, (20, 20, 22), (205, 203, 200))
    if rng.random() < 0.7:  # cracks
        for _ in range(int(rng.integers(1, 5))):
            steps = rng.normal(0, 9, (50, 2)) + rng.normal(0, 9, 2)
            path = np.cumsum(steps, 0) + rng.uniform(0, 1, 2) * (width, height)
            cv2.polylines(frame, [np.int32(path)], False, (38, 37, 36), 1 + int(rng.random() * 2),
                          cv2.LINE_AA)
    if rng.random() < 0.6:  # a line of paint
        x, wide = rng.uniform(0.1, 0.9) * width, rng.uniform(8, 26)
        paint = np.abs(np.arange(width)[None] - x) < wide + 2 * octaves(shape, rng, 8)
        worn = paint & (grain > -1.6)
        frame[worn] = np.clip(frame[worn].astype(np.int16) + 105, 0, 240)
    return shaded(tilted(frame, rng, floor=True), uneven(shape, rng, 0.1))


def sand(shape: Shape, rng) -> np.ndarray:
    height, width = shape
    phase = np.arange(height, dtype=np.float32)[:, None] / rng.uniform(4, 9) \
        + 2.2 * octaves(shape, rng, 110, 25)
    ripple = np.sin(phase)
    fine = octaves(shape, rng, 5, 2, 0.9)
    tone = 0.6 + 0.07 * ripple * (0.6 + 0.3 * octaves(shape, rng, 120, 60)) + 0.035 * fine
    dark, light = pick(rng, ((70, 50, 30), (250, 225, 180)), ((60, 55, 50), (232, 222, 208)))
    return tilted(shaded(coloured(tone, dark, light), uneven(shape, rng)), rng, floor=True)


def cloth(shape: Shape, rng) -> np.ndarray:
    height, width = shape
    pitch = rng.uniform(4, 11)
    x = np.arange(width, dtype=np.float32)[None] / pitch * np.float32(np.pi)
    y = np.arange(height, dtype=np.float32)[:, None] / pitch * np.float32(np.pi)
    weave = (np.abs(np.sin(x + y)) * np.abs(np.sin(y - x)) if rng.random() < 0.5
             else np.abs(np.sin(y + 0.7 * np.abs(np.sin(x)))))
    tone = 0.3 + 0.4 * weave + 0.03 * octaves(shape, rng, 6)
    colour = rng.uniform(60, 235, 3)
    frame = warped(coloured(tone, colour * 0.25, colour * 1.15), rng, 6, 120)
    if rng.random() < 0.5:  # stripes or checks
        band = np.float32([0.6, 1.0])[(np.arange(width) // rng.integers(30, 90)) % 2]
        gain = np.broadcast_to(band[None], shape)
        if rng.random() < 0.5:
            gain = gain * np.float32([0.7, 1.0])[(np.arange(height) // rng.integers(30, 90))
                                                 % 2][:, None]
        frame = shaded(frame, np.ascontiguousarray(gain))
    folds = 1 + 0.18 * octaves(shape, rng, 130, 50, stretch=0.5)
    return shaded(frame, folds)


def wall_of(shape: Shape, rng, brick: Shape, offset: float, joint: int, palette, grout,
            rough: float) -> np.ndarray:
    """A wall of bricks or tiles of one size, seen at a slight angle."""
    height, width = shape
    tall, wide = brick
    y, x = np.mgrid[0:height, 0:width].astype(np.int32)
    row = y // tall
    x = x + (row * int(wide * offset))
    column = x // wide
    number = (row * 61 + column) % 4099
    base = np.float32(palette)[rng.integers(len(palette), size=4099)] \
        * rng.uniform(0.85, 1.12, (4099, 1)).astype(np.float32)
    frame = np.clip(base, 0, 255).astype(np.uint8)[number]
    frame[(y % tall < joint) | (x % wide < joint)] = grout
    relief = octaves(shape, rng, 12, 2, 0.8)
    return tilted(shaded(frame, uneven(shape, rng) + rough * relief), rng)


def bricks(shape: Shape, rng) -> np.ndarray:
    tall = int(rng.integers(16, 38))
    palette = pick(rng, [(150, 75, 55), (165, 88, 66), (132, 62, 48), (176, 104, 80)],
                   [(205, 190, 165), (190, 172, 146), (216, 204, 184)],
                   [(120, 60, 52), (98, 58, 50), (140, 84, 70)])
    grout = pick(rng, (200, 195, 185), (110, 105, 100), (70, 66, 62))
    return wall_of(shape, rng, (tall, int(tall * rng.uniform(2.4, 3.4))), 0.5,
                   int(rng.integers(2, 5)), palette, grout, 0.05)


def tiles(shape: Shape, rng) -> np.ndarray:
    size = int(rng.integers(24, 80))
    colour = rng.uniform(70, 240, 3)
    palette = pick(rng, [colour, colour * 0.96], [colour, 255 - colour * 0.5],
                   [(235, 236, 232), (228, 230, 228)])
    return wall_of(shape, rng, (size, size), 0, int(rng.integers(1, 4)), palette,
                   pick(rng, (90, 90, 90), (215, 213, 208)), 0.008)


def planks(shape: Shape, rng) -> np.ndarray:
    height, width = shape
    wide = int(rng.integers(40, 110))
    plank = np.arange(height) // wide
    tone = rng.uniform(0.35, 0.7, plank.max() + 1).astype(np.float32)[plank][:, None]
    grain = octaves(shape, rng, 14, 2, 0.8, stretch=18)
    tone = tone + 0.07 * warped(grain, rng, 5, 90)
    tone[np.arange(height) % wide < 2] = 0.06
    dark, light = pick(rng, ((40, 22, 10), (225, 175, 115)), ((45, 42, 40), (205, 200, 192)),
                       ((30, 14, 6), (180, 110, 60)))
    frame = coloured(tone, dark, light)
    return tilted(frame, rng, floor=rng.random() < 0.6)


def blinds(shape: Shape, rng) -> np.ndarray:
    height, width = shape
    pitch = int(rng.integers(14, 34))
    slat = (np.arange(height) % pitch) / pitch
    openness = rng.uniform(0.1, 0.4)
    tone = np.where(slat < openness, 0.97, 0.45 + 0.35 * (slat - openness) / (1 - openness))
    tone = np.repeat(tone[:, None].astype(np.float32), width, 1)
    colour = np.float32(pick(rng, (250, 248, 240), (215, 190, 150), (190, 200, 210)))
    frame = coloured(tone, colour * 0.15, colour)
    for part in np.linspace(0, 1, int(rng.integers(3, 6)))[1:-1]:
        cv2.line(frame, (int(part * width), 0), (int(part * width), height), (90, 86, 80), 2,
                 cv2.LINE_AA)
    wall = int(width * rng.uniform(0.08, 0.2))
    frame[:, :wall] = frame[:, -wall:] = np.clip(colour * 0.55, 0, 255)
    frame[:, wall:wall + 4] = frame[:, -wall - 4:-wall] = np.clip(colour * 0.9, 0, 255)
    return tilted(shaded(frame, uneven(shape, rng, 0.12)), rng)


def corrugated(shape: Shape, rng) -> np.ndarray:
    height, width = shape
    pitch = rng.uniform(7, 22)
    x = np.arange(width, dtype=np.float32)[None] / pitch
    tone = np.float32(0.55) + 0.28 * np.sin(x * np.float32(2 * np.pi)) \
        + 0.02 * octaves(shape, rng, 60, 3, 0.7)
    colour = rng.uniform(80, 230, 3)
    frame = coloured(tone, colour * 0.25, colour * 1.1)
    for row in range(0, height, int(rng.integers(90, 180))):
        cv2.line(frame, (0, row), (width, row), rgb(colour * 0.35), 2)
        for column in np.arange(0, width, pitch * 2):
            cv2.circle(frame, (int(column), row + 8), 2, rgb(colour * 0.3), -1, cv2.LINE_AA)
    return tilted(shaded(frame, uneven(shape, rng)), rng)


def page(shape: Shape, rng) -> np.ndarray:
    height, width = shape
    paper, ink = rng.uniform(205, 246), rng.uniform(10, 60)
    frame = np.full((height, width, 3), (paper, paper * 0.99, paper * rng.uniform(0.9, 1)),
                    np.uint8)
    font, scale = pick(rng, *FONTS[:4]), rng.uniform(0.45, 1.0)
    pitch = int(34 * scale)
    text = words(rng, 30).split(' ')
    for row in range(pitch, height, pitch):
        if rng.random() < 0.08:
            continue
        start = int(rng.integers(20))
        line = ' '.join(text[start:start + 10])[:int(width / 17 / scale)]
        cv2.putText(frame, line, (int(width * 0.06), row), font, scale, (ink, ink, ink),
                    1 if scale < 0.8 else 2, cv2.LINE_AA)
    return tilted(shaded(frame, uneven(shape, rng, 0.1)), rng)


def bookshelf(shape: Shape, rng) -> np.ndarray:
    height, width = shape
    frame = np.full((height, width, 3), (40, 30, 22), np.uint8)
    shelf = height // int(rng.integers(2, 5))
    wood = np.float32([150, 105, 65]) * rng.uniform(0.5, 1.3)
    for top in range(0, height, shelf):
        x = 0
        while x < width:
            wide = int(rng.integers(10, 38))
            tall = int(shelf * rng.uniform(0.62, 0.9))
            colour = muted(rng)
            base = top + shelf - 9
            ramp = 0.65 + 0.35 * np.sin(np.linspace(0.3, 2.8, max(1, min(wide, width - x))))
            spine = np.clip(ramp[:, None] * np.float32(colour), 0, 255)
            frame[max(0, base - tall):base, x:x + wide] = spine
            band = base - int(tall * rng.uniform(0.15, 0.85))
            cv2.rectangle(frame, (x + 2, band), (x + wide - 3, band + int(rng.integers(3, 24))),
                          rgb(300 - np.float32(colour)), -1)
            for mark in range(base - tall + 8, band - 4, 5):
                if rng.random() < 0.6:
                    cv2.line(frame, (x + wide // 3, mark), (x + 2 * wide // 3, mark),
                             rgb(np.float32(colour) + 90), 2)
            x += wide + 1
        frame[top + shelf - 9:top + shelf] = np.clip(wood, 0, 255)
    return tilted(shaded(frame, uneven(shape, rng)), rng)


def crowd(shape: Shape, rng) -> np.ndarray:
    height, width = shape
    frame = np.full((height, width, 3), (70, 72, 78), np.uint8)
    row = height * rng.uniform(-0.05, 0.1)
    while row < height * 1.1:
        size = 8 + 24 * max(row, 0) / height
        for x in np.arange(-size, width + size, size * 2.3):
            cx, cy = x + rng.normal(0, size * 0.4), row + rng.normal(0, size * 0.4)
            coat = muted(rng)
            skin = rgb(np.float32([225, 175, 145]) * rng.uniform(0.4, 1.05))
            hair = rgb(np.float32([90, 62, 40]) * rng.uniform(0.2, 1.9))
            cv2.ellipse(frame, (int(cx), int(cy + size * 1.9)), (int(size * 1.15), int(size * 1.5)),
                        0, 0, 360, coat, -1, cv2.LINE_AA)
            cv2.ellipse(frame, (int(cx), int(cy)), (int(size * 0.55), int(size * 0.72)), 0, 0, 360,
                        skin, -1, cv2.LINE_AA)
            cv2.ellipse(frame, (int(cx), int(cy - size * 0.1)), (int(size * 0.6), int(size * 0.68)),
                        0, 180, 360, hair, -1, cv2.LINE_AA)
        row += size * 1.5
    return shaded(frame, uneven(shape, rng, 0.2))


def roofs(frame: np.ndarray, rng, floor: float) -> None:
    """Draws a strip of roofs, poles and windows below `floor`, a share of the height."""
    height, width = frame.shape[:2]
    x = -int(rng.integers(40))
    while x < width:
        wide = int(width * rng.uniform(0.06, 0.2))
        top = int(height * (floor + rng.uniform(-0.1, 0.1)))
        wall = rgb(np.float32(pick(rng, (120, 70, 55), (150, 145, 138), (95, 90, 88),
                                   (190, 180, 160))) * rng.uniform(0.5, 1.1))
        cv2.rectangle(frame, (x, top), (x + wide, height), wall, -1)
        if rng.random() < 0.5:
            peak = np.int32([[x - 4, top], [x + wide // 2, top - wide // 4], [x + wide + 4, top]])
            cv2.fillPoly(frame, [peak], rgb(np.float32(wall) * 0.6), cv2.LINE_AA)
        for window in range(x + 8, x + wide - 10, 16):
            for level in range(top + 10, height - 12, 22):
                cv2.rectangle(frame, (window, level), (window + 7, level + 11),
                              pick(rng, (35, 40, 48), (60, 70, 85), (210, 205, 170)), -1)
        if rng.random() < 0.5:
            mast = x + wide // 2
            cv2.line(frame, (mast, top - int(height * 0.1)), (mast, top), (50, 50, 52), 1,
                     cv2.LINE_AA)
        x += wide


def clouds(shape: Shape, rng) -> np.ndarray:
    height, width = shape
    base = np.linspace(1, 0, height, dtype=np.float32)[:, None]
    puff = np.clip(octaves(shape, rng, 190, 3, 0.55, stretch=1.7) * 0.4 + rng.uniform(0, 0.6), 0, 1)
    blue = np.float32(pick(rng, (70, 125, 205), (110, 155, 210), (130, 150, 175)))
    white = np.float32(pick(rng, (246, 247, 250), (214, 218, 224)))
    sky = blue + (225 - blue) * (1 - base[..., None]) * 0.6
    frame = np.clip(sky + puff[..., None] * (white - sky), 0, 255).astype(np.uint8)
    if rng.random() < 0.85:
        roofs(frame, rng, rng.uniform(0.78, 0.92))
    return frame


def mesh_fence(shape: Shape, rng) -> np.ndarray:
    """A wire fence in front of foliage or a wall, both in focus."""
    frame = pick(rng, leaves, bricks, stone_wall)(shape, rng)
    height, width = shape
    pitch = int(rng.integers(22, 60))
    wire = rgb(np.float32([175, 180, 182]) * rng.uniform(0.35, 1.1))
    for x in range(-height, width + height, pitch):
        cv2.line(frame, (x, 0), (x + height, height), wire, 2, cv2.LINE_AA)
        cv2.line(frame, (x + height, 0), (x, height), wire, 2, cv2.LINE_AA)
    return frame


TEXTURES: dict[str, Callable] = {
    'gravel': gravel, 'stone wall': stone_wall, 'leaves': leaves, 'grass': grass, 'fur': fur,
    'water': water, 'asphalt': asphalt, 'sand': sand, 'cloth': cloth, 'bricks': bricks,
    'tiles': tiles, 'planks': planks, 'blinds': blinds, 'corrugated': corrugated, 'page': page,
    'bookshelf': bookshelf, 'crowd': crowd, 'clouds': clouds, 'mesh fence': mesh_fence}
