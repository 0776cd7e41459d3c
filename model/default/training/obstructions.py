# SPDX-License-Identifier: LGPL-2.1-or-later
"""Opaque things in front of the lens or on it.

Each function takes a frame, a strength (0 covers about 6 % of the frame, 1 about 95 %) and a
generator, and returns the frame and a mask of what is covered.
"""
import cv2
import numpy as np
from fields import (ambient, blur, chance, clouds, coloured, cover, enlarge, grid, normal, ramp,
                    soften, spots)
from paint import blended

SKIN = ((255, 219, 190), (241, 194, 160), (224, 172, 125), (198, 134, 95), (141, 85, 60),
        (92, 56, 42), (205, 150, 130))
CLOTH = ((30, 30, 34), (200, 200, 196), (60, 70, 110), (120, 30, 36), (90, 92, 70), (150, 130, 105),
         (40, 80, 60), (220, 200, 60), (170, 60, 120), (80, 80, 84))
TAPE = ((214, 190, 140), (20, 20, 22), (170, 172, 176), (120, 84, 50), (235, 235, 230),
        (40, 60, 140), (190, 30, 30), (230, 200, 40))
SPRAY = ((10, 10, 10), (235, 235, 235), (200, 20, 30), (20, 60, 190), (30, 150, 60), (240, 210, 20),
         (230, 110, 20), (190, 190, 200), (220, 40, 140))


def covered_share(strength: float, rng) -> float:
    """The share of the frame that a thing covers."""
    share = 0.06 + 0.89 * strength ** 1.3
    return float(np.clip(share * rng.uniform(0.85, 1.2), 0.055, 0.98))


def palette(colours, rng) -> np.ndarray:
    """A colour near one of a list, or between two of them."""
    first, second = (np.float32(colours[int(rng.integers(len(colours)))]) for _ in range(2))
    return np.clip(first + (second - first) * rng.uniform(0, 0.4) + rng.normal(0, 8, 3), 4, 255)


def lit(size, rng, depth: float = 0.25) -> np.ndarray:
    """The shade of a near object: darker towards one side, with soft folds."""
    slope = ramp(size, rng) * rng.uniform(0, 1.5 * depth)
    return np.clip(1 + slope + clouds(size, rng.uniform(1, 4), rng) * depth * 0.5, 0.1, 1.9)


def hand(frame, strength, rng):
    """A palm or fingers that reach in from one side, far out of focus."""
    size = grid(frame.shape)
    share = covered_share(strength, rng)
    side = float(max(size))
    if share > 0.45 or chance(rng, 0.3):  # a palm or a thumb
        field = ramp(size, rng) + clouds(size, rng.uniform(1, 3), rng) * rng.uniform(0.1, 0.3)
        mask = cover(field, share, rng.uniform(0.05, 0.4))
        lines = np.zeros(size, np.float32)
    else:
        canvas, lines = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
        angle = rng.uniform(0, 2 * np.pi)
        inward = np.float32([np.cos(angle), np.sin(angle)])
        middle = np.float32([size[1] / 2, size[0] / 2])
        across = np.float32([-inward[1], inward[0]])
        root = middle - inward * (np.abs(inward) @ middle + side * 0.04)
        width = side * rng.uniform(0.09, 0.17)
        place = rng.uniform(-0.25, 0.25) * side
        for finger in range(30):
            if canvas[::2, ::2].mean() / 255 >= share * 0.92:
                break
            number = finger % 5
            start = root + across * (place + (number - 1.5) * width * 1.05)
            reach = side * (0.25 + 0.12 * (finger // 5) + rng.uniform(-0.04, 0.1)
                            + 0.5 * share - 0.03 * abs(number - 2))
            end = start + (inward + across * rng.normal(0, 0.12)) * reach
            start, end = (tuple(int(v) for v in point) for point in (start, end))
            cv2.line(canvas, start, end, 255, max(3, int(width * rng.uniform(0.85, 1))))
            cv2.line(lines, start, end, 255, max(1, int(width * 0.35)))
        mask = canvas.astype(np.float32) / 255
        lines = lines.astype(np.float32) / 255
    mask = soften(mask, side * rng.uniform(0.008, 0.035))
    shade = lit(size, rng) * (0.8 + 0.3 * soften(lines, side * 0.02))
    colour = palette(SKIN, rng)
    shade = ambient(frame, rng, 0.3, 1.1) * shade
    layer = shade[..., None] * colour
    layer[..., 0] += 25 * mask * (1 - mask) * 4 * rng.uniform(0, 1)  # light shines through an edge
    layer = enlarge(np.clip(layer, 0, 255).astype(np.uint8), frame.shape)
    mask = enlarge(mask, frame.shape)
    return blended(frame, layer, mask), mask


def tape(frame, strength, rng):
    """Strips or a patch of tape, paper or a sticker with straight edges."""
    size = grid(frame.shape)
    share = covered_share(strength, rng)
    side = float(max(size))
    mask = np.zeros(size, np.float32)
    shade = lit(size, rng, 0.12)
    angle = rng.uniform(0, np.pi)
    for _ in range(12):
        missing = share - float(mask[::2, ::2].mean())
        if missing < 0.012:
            break
        area = missing * size[0] * size[1] * rng.uniform(0.8, 1.1)
        length = np.sqrt(area) * rng.uniform(1.0, 3.5)
        box = ((rng.uniform(0.1, 0.9) * size[1], rng.uniform(0.1, 0.9) * size[0]),
               (length, area / length), np.degrees(angle) + rng.normal(0, 12))
        strip = np.zeros(size, np.uint8)
        cv2.fillPoly(strip, [np.round(cv2.boxPoints(box) * 16).astype(np.int32)], 255, cv2.LINE_AA,
                     4)
        strip = strip.astype(np.float32) / 255
        shade = shade * (1 - strip * rng.uniform(0, 0.15))
        mask = np.maximum(mask, strip)
    mask = soften(mask, side * rng.uniform(0.002, 0.02))
    if chance(rng, 0.3):  # creases
        shade = shade + 0.1 * np.sin(clouds(size, 2, rng) * 6) * rng.uniform(0, 1)
    layer = coloured(frame.shape, palette(TAPE, rng) * ambient(frame, rng, 0.4, 1.2), shade)
    opacity = rng.uniform(0.75, 0.95) if chance(rng, 0.2) else 1
    mask = enlarge(mask, frame.shape) * np.float32(opacity)
    behind = blur(frame, frame.shape[1] * 0.015) if opacity < 1 else frame
    return blended(frame, blended(behind, layer, mask), np.minimum(mask * 1.2, 1)), mask


def cloth(frame, strength, rng):
    """A cloth that hangs over the lens: folds, and a weave where it is not too near."""
    size = grid(frame.shape, 320)
    share = covered_share(strength, rng)
    side = float(max(size))
    field = ramp(size, rng) + clouds(size, rng.uniform(1, 4), rng, 2) * rng.uniform(0.08, 0.3)
    mask = soften(cover(field, share, rng.uniform(0.02, 0.2)), side * rng.uniform(0.004, 0.03))
    folds = clouds(size, rng.uniform(1.5, 6), rng, 2) * rng.uniform(0.1, 0.35)
    shade = 0.9 + folds + ramp(size, rng) * 0.2
    if chance(rng, 0.6):
        warp = clouds(size, 3, rng) * rng.uniform(0, 2)
        angle, waves = rng.uniform(0, np.pi), rng.uniform(20, 70) * 2 * np.pi / side
        y, x = np.mgrid[0:size[0], 0:size[1]].astype(np.float32)
        along = np.cos(angle) * x + np.sin(angle) * y
        across = np.cos(angle) * y - np.sin(angle) * x
        weave = np.sin(along * waves + warp) + np.sin(across * waves + warp)
        shade += soften(weave * rng.uniform(0.03, 0.15), rng.uniform(0.3, 2))
    layer = coloured(frame.shape, palette(CLOTH, rng) * ambient(frame, rng, 0.4, 1.2),
                     np.clip(shade, 0.05, 2))
    if chance(rng, 0.3):  # stripes of a second colour
        bend = ramp(size, rng) * rng.uniform(5, 40) + clouds(size, 2, rng) * rng.uniform(0, 1)
        stripes = np.clip(np.sin(bend) * 3 + 0.5, 0, 1)
        other = coloured(frame.shape, palette(CLOTH, rng) * ambient(frame, rng, 0.4, 1.2),
                         np.clip(shade, 0.05, 2))
        layer = blended(layer, other, enlarge(stripes, frame.shape))
    mask = enlarge(mask, frame.shape)
    return blended(frame, layer, mask), mask


def leaf(frame, strength, rng):
    """Leaves or twigs that hang before the lens."""
    size = grid(frame.shape, 176)
    share = covered_share(strength, rng)
    side = float(max(size))
    mask = np.zeros(size, np.float32)
    layer = np.zeros((*size, 3), np.float32)
    autumn = chance(rng, 0.25)
    level = ambient(frame, rng, 0.4, 1.2)
    defocus = side * rng.uniform(0.006, 0.025)
    shades = [lit(size, rng, 0.2) for _ in range(3)]
    for _ in range(16):
        missing = share - float(mask[::2, ::2].mean())
        if missing < 0.01:
            break
        length = side * np.clip(np.sqrt(missing) * rng.uniform(0.6, 1.4), 0.12, 1)
        across = length * rng.uniform(0.16, 0.4)
        angle = rng.uniform(0, 2 * np.pi)
        along = np.linspace(0, np.pi, 24)
        bend = rng.normal(0, 0.15) * length * np.sin(along)
        outline = np.concatenate((np.stack((-np.cos(along) * length / 2,
                                            np.sin(along) ** 1.4 * across + bend), 1),
                                  np.stack((np.cos(along) * length / 2,
                                            -np.sin(along) ** 1.4 * across + bend), 1)))
        turn = np.float32([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        place = np.float32([rng.uniform(0, size[1]), rng.uniform(0, size[0])])
        one = np.zeros(size, np.uint8)
        cv2.fillPoly(one, [np.round((outline @ turn + place) * 16).astype(np.int32)], 255,
                     cv2.LINE_AA, 4)
        stem = np.float32([[-length / 2, 0], [-length * rng.uniform(0.6, 1.2), 0]]) @ turn + place
        cv2.line(one, *(tuple(int(v) for v in point) for point in stem), 255,
                 max(1, int(side * 0.012)))
        vein = np.zeros(size, np.uint8)
        rib = np.float32([[-length / 2, 0], [length / 2, 0]]) @ turn + place
        cv2.line(vein, *(tuple(int(v) for v in point) for point in rib), 255,
                 max(1, int(across * 0.08)))
        one = soften(one.astype(np.float32) / 255, defocus)[..., None]
        hue = (rng.uniform(110, 210), rng.uniform(60, 130), 30) if autumn else \
            (rng.uniform(25, 110), rng.uniform(70, 160), rng.uniform(15, 60))
        shade = level * (shades[int(rng.integers(3))] + 0.15 * soften(vein.astype(np.float32) / 255,
                                                             defocus))
        layer += one * (shade[..., None] * np.float32(hue) - layer)
        mask += one[..., 0] * (1 - mask)
    layer = enlarge(np.clip(layer / np.maximum(mask, 0.05)[..., None], 0, 255).astype(np.uint8),
                    frame.shape)
    mask = enlarge(mask, frame.shape)
    return blended(frame, layer, mask), mask


def dirt(frame, strength, rng):
    """Dirt and dust on the lens: blurred spots, dark or pale, of many sizes."""
    size = grid(frame.shape)
    share = covered_share(strength, rng)
    side = float(max(size))
    mask = np.zeros(size, np.float32)
    mean = rng.uniform(0.006, 0.07) * side
    for _ in range(40):
        if (mask[::2, ::2] > 0.25).mean() >= share:
            break
        spots_now = np.zeros(size, np.uint8)
        for _ in range(int(np.clip(share * 8e3 / mean ** 2, 2, 40))):
            radius = min(side / 3, mean * rng.lognormal(0, 0.6))
            place = (int(rng.uniform(0, size[1])), int(rng.uniform(0, size[0])))
            axes = (max(1, int(radius)), max(1, int(radius * rng.uniform(0.5, 1))))
            cv2.ellipse(spots_now, place, axes, rng.uniform(0, 180), 0, 360,
                        int(rng.uniform(110, 255)), -1)
        mask = np.maximum(mask, soften(spots_now.astype(np.float32) / 255, 0.35 * mean + 0.5))
    mask = np.clip(mask * (1 + 0.25 * clouds(size, 30, rng)), 0, 1)
    opacity = rng.uniform(0.45, 0.75) + 0.3 * strength
    colour = rng.uniform(15, 90) * np.float32((1, rng.uniform(0.75, 1), rng.uniform(0.5, 1)))
    if chance(rng, 0.25):  # dust that light from the front makes pale
        colour = np.float32((190, 182, 168)) * rng.uniform(0.7, 1.2)
    layer = coloured(frame.shape, colour * ambient(frame, rng, 0.7, 1.3), lit(size, rng, 0.3))
    mask = enlarge(mask, frame.shape) * np.float32(min(opacity, 0.98))
    return blended(frame, layer, mask), mask


def mud(frame, strength, rng):
    """Mud or snow that sticks to the lens in ragged patches."""
    size = grid(frame.shape, 320)
    share = covered_share(strength, rng)
    snow = chance(rng, 0.5)
    field = clouds(size, rng.uniform(3, 12), rng, 4, 0.6)
    if chance(rng, 0.6):  # it lies at one side
        field = field * rng.uniform(0.15, 0.5) + ramp(size, rng)
    mask = cover(field, share, rng.uniform(0.05, 0.5))
    mask = soften(mask, max(size) * rng.uniform(0.002, 0.012))
    colour = np.float32((225, 230, 238)) if snow else \
        palette(((96, 74, 52), (60, 48, 38), (120, 100, 76), (45, 42, 36)), rng)
    light = ambient(frame, rng, 0.6, 1.25) if snow else ambient(frame, rng, 0.3, 1.2)
    shade = lit(size, rng, 0.15) + clouds(size, 20, rng, 3) * rng.uniform(0.01, 0.12)
    layer = coloured(frame.shape, colour * light, np.clip(shade, 0.1, 1.8))
    mask = enlarge(mask, frame.shape)
    return blended(frame, layer, mask), mask


def spray(frame, strength, rng):
    """Spray paint: opaque with soft edges, drips and droplets around."""
    size = grid(frame.shape, 320)
    share = covered_share(strength, rng)
    side = float(max(size))
    field = np.maximum(spots(size, rng), spots(size, rng) - rng.uniform(0, 1.5))
    if chance(rng, 0.4):  # a stroke of the can
        turns = rng.uniform(0, 1, (4, 2)) * (size[1], size[0])
        canvas = np.full(size, 255, np.uint8)
        cv2.polylines(canvas, [turns.astype(np.int32)], False, 0, 2)
        field = -cv2.distanceTransform(canvas, cv2.DIST_L2, 5) / side * 4
    field += clouds(size, 5, rng, 3) * rng.uniform(0.03, 0.15)
    mask = cover(field, share, rng.uniform(0.1, 0.6))
    dots = np.zeros(size, np.uint8)
    for _ in range(int(rng.uniform(0, 150))):
        place = (int(rng.uniform(0, size[1])), int(rng.uniform(0, size[0])))
        cv2.circle(dots, place, int(rng.exponential(side * 0.006)), 255, -1, cv2.LINE_AA)
    dots = soften(dots.astype(np.float32) / 255, rng.uniform(0.5, 2.5))
    mask = np.maximum(mask, dots * soften(mask, side * 0.12) ** 0.5)
    layer = coloured(frame.shape, palette(SPRAY, rng) * ambient(frame, rng, 0.5, 1.2),
                     lit(size, rng, 0.1))
    mask = enlarge(soften(mask, rng.uniform(0.5, 3)), frame.shape)
    return blended(frame, layer, mask), mask


def insect(frame, strength, rng):
    """Insects on the lens, one large or several: bodies, legs and wings as dark soft shapes."""
    size = grid(frame.shape, 320)
    share = covered_share(strength, rng) * 0.45
    side = float(max(size))
    mask = np.zeros(size, np.float32)
    for _ in range(14):
        missing = share - float(mask[::2, ::2].mean())
        if missing < 0.01:
            break
        length = side * np.clip(np.sqrt(missing) * rng.uniform(0.9, 1.6), 0.12, 1.0)
        place = np.float32([rng.uniform(0.1, 0.9) * size[1], rng.uniform(0.1, 0.9) * size[0]])
        angle = rng.uniform(0, 360)
        ahead = np.float32([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        beside = np.float32([-ahead[1], ahead[0]])
        one = np.zeros(size, np.uint8)

        def point(forward, sideways):
            spot = place + ahead * forward * length + beside * sideways * length
            return tuple(int(v) for v in np.clip(spot, -4 * side, 4 * side))
        spider = chance(rng, 0.4)
        if not spider and chance(rng, 0.6):  # wings let light through
            for sign in (-1, 1):
                cv2.ellipse(one, point(-0.1, 0.22 * sign), (int(length * 0.32),
                            int(length * 0.15)), angle + sign * 35, 0, 360,
                            int(rng.uniform(90, 200)), -1, cv2.LINE_AA)
        for joint in (-0.12, 0.0, 0.12, 0.2)[:4 if spider else 3]:
            for sign in (-1, 1):
                knee = point(joint * 2 + rng.normal(0, 0.05), sign * rng.uniform(0.22, 0.35))
                foot = point(joint * 3.2 + rng.normal(0, 0.08), sign * rng.uniform(0.35, 0.6))
                cv2.polylines(one, [np.int32([point(joint, 0), knee, foot])], False, 255,
                              max(1, int(length * 0.035)), cv2.LINE_AA)
        for forward, long, wide in ((-0.2, 0.24, 0.13), (0.05, 0.15, 0.1), (0.22, 0.09, 0.08)):
            cv2.ellipse(one, point(forward, 0), (int(length * long), int(length * wide)), angle, 0,
                        360, 255, -1, cv2.LINE_AA)
        mask = np.maximum(mask, one.astype(np.float32) / 255)
    mask = soften(mask, side * rng.uniform(0.002, 0.015))
    colour = palette(((20, 16, 12), (50, 36, 24), (12, 12, 14), (120, 105, 85)), rng)
    layer = coloured(frame.shape, colour * ambient(frame, rng, 0.7, 1.5), lit(size, rng, 0.4))
    mask = enlarge(mask, frame.shape)
    return blended(frame, layer, mask), mask


def covered(frame, strength, rng):
    """The lens wholly covered by something near: a colour, dark or bright, light at the edges."""
    size = grid(frame.shape)
    colours = (SKIN, CLOTH, TAPE)[int(rng.integers(3))]
    level = ambient(frame, rng, 0.03, 0.3) if chance(rng, 0.5) else ambient(frame, rng, 0.3, 1.1)
    colour = palette(colours, rng)
    if chance(rng, 0.2):  # a finger or a red cloth that light shines through
        colour = np.float32((230, 60, 30)) * rng.uniform(0.7, 1)
    layer = coloured(frame.shape, colour * level, lit(size, rng, rng.uniform(0.05, 0.4)))
    opacity = np.clip(0.55 + 0.45 * (strength + rng.normal(0, 0.08)), 0.6, 1)
    mask = np.full(size, opacity, np.float32)
    if chance(rng, 0.5):  # a gap at one side
        gap = cover(ramp(size, rng) + 0.1 * clouds(size, 3, rng),
                    rng.uniform(0.01, 0.2) * (1.1 - strength), 0.3)
        mask *= 1 - soften(gap, max(size) * 0.02)
    mask = enlarge(mask, frame.shape)
    behind = blur(frame, frame.shape[1] * rng.uniform(0.01, 0.04))
    result = blended(behind, layer, mask)
    noise = normal(frame.shape[:2], rng) * rng.uniform(0, 3)
    return cv2.add(result, cv2.merge((noise,) * 3), dtype=cv2.CV_8U), mask


OBSTRUCTIONS = {'hand': hand, 'tape': tape, 'cloth': cloth, 'leaf': leaf, 'dirt': dirt, 'mud': mud,
                'spray': spray, 'insect': insect, 'covered': covered}
