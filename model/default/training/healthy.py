# SPDX-License-Identifier: LGPL-2.1-or-later
"""Healthy variants of a frame that a network easily takes for faults, and the owner does not.

Night and infrared, weather, letterboxes, clocks, privacy masks, film grain, product pictures and so
on. All of them are labelled normal: a variant that resembles a fault, such as the mild noise of a
night or mild fog, is weaker than what the owner would report. Gains apply to the codes of the
frame, not to light.
"""
from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np

from overlays import caption, clock, flat_colour, letterbox, lines_across, pillarbox, privacy
from paint import (added, blended, coloured, grey, grid, noise_bank, octaves, pick, rgb, shaded,
                   spot, uneven)
from textures import TEXTURES, roofs


def levelled(frame: np.ndarray, high: float, gamma: float = 1.0) -> np.ndarray:
    """The frame with the 95th percentile of its luma at `high`, its black kept."""
    top = max(float(np.percentile(frame[::8, ::8].max(2), 95)), 24.0)
    codes = np.clip(np.arange(256) / top, 0, None) ** gamma * high
    return cv2.LUT(frame, np.clip(codes, 0, 255).astype(np.uint8))


def small_field(shape, make) -> np.ndarray:
    """A smooth field, made at an eighth of the size and enlarged."""
    small = make((shape[0] // 8 + 1, shape[1] // 8 + 1)).astype(np.float32)
    return cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)


def glowing(frame: np.ndarray, lights: np.ndarray, strength: float = 1.6) -> np.ndarray:
    """The frame with lights and the glow around them."""
    height, width = frame.shape[:2]
    small = cv2.resize(lights, (width // 8 + 1, height // 8 + 1), interpolation=cv2.INTER_AREA)
    glow = cv2.resize(cv2.GaussianBlur(small, (0, 0), 4), (width, height))
    return cv2.add(cv2.add(frame, lights), cv2.convertScaleAbs(glow, alpha=strength))


TINTS = ((255, 214, 150), (255, 240, 215), (255, 175, 90), (210, 225, 255))  # of lamps


def night(frame: np.ndarray, rng) -> np.ndarray:
    """A legible night: a dim frame, lit by lamps, with the mild noise of a good sensor."""
    shape = height, width = frame.shape[:2]
    dim = levelled(frame, rng.uniform(70, 110), rng.uniform(1.0, 1.3))
    lights = np.zeros_like(frame)
    places = []
    for _ in range(int(rng.integers(1, 5))):
        x, y, tint = rng.uniform(0.05, 0.95), rng.uniform(0.05, 0.45), pick(rng, *TINTS)
        cv2.circle(lights, (int(x * width), int(y * height)),
                   max(2, int(height * rng.uniform(0.006, 0.018))), tint, -1, cv2.LINE_AA)
        places.append((x, y + rng.uniform(0.1, 0.4), rng.uniform(0.2, 0.5),
                       np.float32(tint) / 215 * rng.uniform(0.7, 1.5)))

    def gain(small):
        field = np.full((*small, 3), np.float32([0.8, 0.9, 1.1]), np.float32)
        for x, y, radius, tint in places:
            field += spot(small, x, y, radius)[..., None] * tint
        return field
    dim = glowing(shaded(dim, small_field(shape, gain)), lights, 2.5)
    return added(dim, noise_bank(shape, rng) * np.float32(rng.uniform(0.5, 2.0)))


def lamps(frame: np.ndarray, rng) -> np.ndarray:
    """A nearly black frame with clearly visible rows of lamps and lit windows."""
    height, width = frame.shape[:2]
    dark = levelled(frame, rng.uniform(50, 80), rng.uniform(1.4, 2))
    lights = np.zeros_like(frame)
    for _ in range(int(rng.integers(1, 4))):  # houses with lit windows
        wide, tall = int(width * rng.uniform(0.012, 0.035)), int(height * rng.uniform(0.02, 0.05))
        left, top = rng.uniform(0, 0.8) * width, rng.uniform(0.1, 0.6) * height
        tint = np.float32(pick(rng, *TINTS))
        for row in range(int(rng.integers(2, 6))):
            for column in range(int(rng.integers(3, 9))):
                if rng.random() < 0.55:
                    x, y = int(left + column * wide * 2), int(top + row * tall * 2)
                    cv2.rectangle(lights, (x, y), (x + wide, y + tall),
                                  rgb(tint * rng.uniform(0.6, 1)), -1)
    start, end = rng.uniform(0, 1, 2) * (width, height), rng.uniform(0.2, 0.8, 2) * (width, height)
    for part in 1 - 0.7 ** np.arange(int(rng.integers(3, 9))):  # lamps along a street
        x, y = (start + (end - start) * part).astype(int)
        cv2.circle(lights, (int(x), int(y)), max(1, int((1 - part) * height / 60)),
                   pick(rng, *TINTS[:3]), -1, cv2.LINE_AA)
    return added(glowing(dark, lights), noise_bank(frame.shape, rng)
                 * np.float32(rng.uniform(0.4, 1.8)))


def infrared(frame: np.ndarray, rng) -> np.ndarray:
    """Grey under infrared lamps: a bright middle, dim corners, mild noise."""
    shape = frame.shape[:2]
    # Foliage and cloth are bright in infrared: weigh red and green, not blue.
    weights = rng.dirichlet((3, 2, 0.5)).astype(np.float32)
    tone = cv2.transform(levelled(frame, rng.uniform(150, 210)), weights[None]).astype(np.float32)
    hot = spot(shape, rng.uniform(0.35, 0.65), rng.uniform(0.4, 0.7), rng.uniform(0.6, 1.1))
    tone = tone * (rng.uniform(0.35, 0.5) + hot * rng.uniform(0.6, 0.9))
    tone += noise_bank(shape, rng) * rng.uniform(0.5, 2.2)
    tint = pick(rng, (1, 1, 1), (1, 1, 1), (0.97, 1, 0.97), (1, 0.94, 1.02), (0.94, 0.97, 1.04))
    return coloured(np.clip(tone / 255, 0, 1), (0, 0, 0), np.float32(tint) * 255)


def snowfall(frame: np.ndarray, rng) -> np.ndarray:
    """Flakes of several sizes over a slightly flat frame."""
    height, width = frame.shape[:2]
    flat = cv2.convertScaleAbs(frame, alpha=rng.uniform(0.8, 0.95), beta=rng.uniform(5, 25))
    flakes = np.zeros((height, width), np.uint8)
    slant = rng.normal(0, 0.5)
    for _ in range(int(rng.integers(60, 350))):
        x, y = rng.integers(0, width), rng.integers(0, height)
        size = max(0.5, rng.exponential(0.9)) * height / 480
        fall = rng.uniform(1, 4) * size
        cv2.line(flakes, (int(x), int(y)), (int(x + slant * fall), int(y + fall)),
                 int(rng.uniform(110, 240)), max(1, int(2 * size)), cv2.LINE_AA)
    flakes = cv2.GaussianBlur(flakes, (3, 3), 0)
    return blended(flat, np.full_like(frame, 245), flakes * np.float32(1 / 255))


def rain(frame: np.ndarray, rng) -> np.ndarray:
    """Thin bright streaks, a wet, slightly grey frame."""
    height, width = frame.shape[:2]
    wet = cv2.convertScaleAbs(frame, alpha=rng.uniform(0.75, 0.95), beta=rng.uniform(0, 18))
    streaks = np.zeros((height, width), np.uint8)
    slant, length = rng.normal(0, 0.2), rng.uniform(0.03, 0.1) * height
    for _ in range(int(rng.integers(80, 350))):
        x, y = rng.integers(0, width), rng.integers(-20, height)
        tall = length * rng.uniform(0.4, 1.2)
        cv2.line(streaks, (int(x), int(y)), (int(x + slant * tall), int(y + tall)),
                 int(rng.uniform(25, 100)), 1, cv2.LINE_AA)
    return blended(wet, np.full_like(frame, 215), streaks * np.float32(1 / 255))


def fog(frame: np.ndarray, rng) -> np.ndarray:
    """Mild fog that thickens towards the horizon; near objects stay clear (Koschmieder's law)."""
    shape = frame.shape[:2]
    _, y = grid(shape)
    horizon = rng.uniform(0.1, 0.4)
    depth = np.clip(1 - np.abs(y - horizon) / np.where(y > horizon, 1 - horizon, 0.7), 0, 1)
    # A flat picture takes less fog before it is faulty.
    most = 0.6 * min(1, grey(frame[::4, ::4]).std() / 45)
    thick = rng.uniform(0.5, 1) * most * depth ** 1.5 * (1 + 0.1 * octaves(shape, rng, 160, 40))
    air = np.full_like(frame, rng.uniform(165, 225)) + np.uint8([0, 2, 5])
    return blended(frame, air, np.clip(thick, 0, 0.65))


def fisheye(frame: np.ndarray, rng) -> np.ndarray:
    """A barrel-distorted circle in black, whole or cut by the frame's edges."""
    height, width = frame.shape[:2]
    radius = rng.uniform(0.48, 0.72) * height
    x = (np.arange(width, dtype=np.float32)[None] - width / 2) / np.float32(radius)
    y = (np.arange(height, dtype=np.float32)[:, None] - height / 2) / np.float32(radius)
    r = np.sqrt(x * x + y * y)
    bend = np.float32(rng.uniform(0.25, 0.6))
    gain = (1 - bend + bend * r * r) * np.float32(0.52)
    bent = cv2.remap(frame, (x * gain + np.float32(0.5)) * width,
                     (y * gain + np.float32(0.5)) * height, cv2.INTER_LINEAR,
                     borderMode=cv2.BORDER_REFLECT)
    edge = np.clip((1 - r) * np.float32(radius / rng.uniform(1.5, 14)), 0, 1)
    return shaded(bent, edge)


def vignette(frame: np.ndarray, rng) -> np.ndarray:
    """Corners darkened by a third or more."""
    x, y = grid(frame.shape)
    r = np.sqrt(((x - 0.5) * 2) ** 2 + ((y - 0.5) * 2) ** 2) / np.float32(np.sqrt(2))
    return shaded(frame, 1 - np.float32(rng.uniform(0.35, 0.85)) * r ** rng.uniform(2, 4))


def upscaled(frame: np.ndarray, rng) -> np.ndarray:
    """Video enlarged from 34 to 80 % of the lines, but from no fewer than 144."""
    height, width = frame.shape[:2]
    share = min(1, max(rng.uniform(0.34, 0.8), 144 / height))
    small = cv2.resize(frame, (int(width * share), int(height * share)),
                       interpolation=cv2.INTER_AREA)
    way = pick(rng, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4, cv2.INTER_NEAREST)
    return cv2.resize(small, (width, height), interpolation=way)


def grain(frame: np.ndarray, rng) -> np.ndarray:
    """Mild film grain: strongest in the mid-tones, slightly larger than a pixel."""
    shape = frame.shape[:2]
    field = noise_bank(shape, rng)
    width = rng.uniform(0.5, 0.9)
    field = cv2.GaussianBlur(field, (5, 5), width)
    field *= np.float32(rng.uniform(1.5, 4.5) / field.std())
    mid = np.sin(np.linspace(0.3, np.pi - 0.3, 256)).astype(np.float32)
    field *= mid[grey(frame)]
    if rng.random() < 0.3:
        other = np.roll(field, (37, 91), (0, 1))
        field = cv2.merge([field, field * 0.6 + other * 0.5, field * 0.5 - other * 0.6])
    return added(frame, field)


def sharpened(frame: np.ndarray, rng) -> np.ndarray:
    """Sharpening with halos, as many cameras apply it."""
    soft = cv2.GaussianBlur(frame, (0, 0), rng.uniform(0.8, 2.0))
    amount = rng.uniform(0.5, 1.6)
    return cv2.addWeighted(frame, 1 + amount, soft, -amount, 0)


def backlight(frame: np.ndarray, rng) -> np.ndarray:
    """The sky or a window is clipped and glares; the rest is in shadow, but legible."""
    shape = height, width = frame.shape[:2]
    small = grey(cv2.resize(frame, (width // 4, height // 4), interpolation=cv2.INTER_AREA))
    limit = np.percentile(small, rng.uniform(80, 95))
    bright = np.clip((small - np.float32(limit - 15)) / 30, 0, 1)
    glare = cv2.resize(cv2.GaussianBlur(bright, (0, 0), 8), shape[::-1])
    codes = np.arange(256, dtype=np.float32)
    codes = codes * rng.uniform(0.6, 0.85) + np.clip((codes - limit + 35) / 70, 0, 1) * 120
    lit = cv2.LUT(frame, np.clip(codes, 0, 255).astype(np.uint8))
    return added(lit, glare * np.float32(rng.uniform(15, 60)))


def low_sun(frame: np.ndarray, rng) -> np.ndarray:
    """The sun in the picture: a clipped disc, a warm glow and lens ghosts."""
    shape = height, width = frame.shape[:2]
    x, y = rng.uniform(0.1, 0.9), rng.uniform(0.05, 0.4)
    glow = spot(shape, x, y, rng.uniform(0.15, 0.35))
    disc = spot(shape, x, y, rng.uniform(0.03, 0.06))
    warm = np.float32(pick(rng, (1, 0.9, 0.65), (1, 0.95, 0.85), (1, 0.8, 0.5)))
    field = (glow * 90 + disc * 260)[..., None] * warm
    frame = added(cv2.convertScaleAbs(frame, alpha=rng.uniform(0.7, 0.95)), field)
    for part in rng.uniform(0.3, 1.8, int(rng.integers(0, 4))):
        centre = (int(width * (x + (0.5 - x) * part)), int(height * (y + (0.5 - y) * part)))
        ghost = np.zeros_like(frame)
        cv2.circle(ghost, centre, int(height * rng.uniform(0.01, 0.04)),
                   rgb(rng.uniform(10, 45, 3)), -1, cv2.LINE_AA)
        frame = cv2.add(frame, ghost)
    return frame


def subject_mask(shape, rng, share: float) -> np.ndarray:
    """The soft-edged mask of a head and shoulders or an ellipse; share: of the frame's width."""
    height, width = shape
    mask = np.zeros(shape, np.uint8)
    x, half = rng.uniform(0.3, 0.7) * width, share * width / 2
    top = rng.uniform(0.1, 0.35) * height
    if rng.random() < 0.5:
        cv2.ellipse(mask, (int(x), int(top + half * 0.4)), (int(half * 0.45), int(half * 0.6)), 0,
                    0, 360, 255, -1)
        cv2.ellipse(mask, (int(x), int(height * 1.02)), (int(half), int(height - top - half)), 0,
                    0, 360, 255, -1)
    else:
        cv2.ellipse(mask, (int(x), int(height * rng.uniform(0.45, 0.6))),
                    (int(half), int(height * rng.uniform(0.28, 0.45))), 0, 0, 360, 255, -1)
    return cv2.GaussianBlur(mask, (7, 7), 2) * np.float32(1 / 255)


@lru_cache(maxsize=64)
def canvas(name: str, seed: int) -> np.ndarray:
    return TEXTURES[name]((600, 800), np.random.default_rng(seed))


def drawn(name: str, shape, rng) -> np.ndarray:
    """A part of one of six canvases of a texture; drawing one for each frame would take long."""
    whole = canvas(name, int(rng.integers(6)))
    height, width = shape
    scale = max(height / whole.shape[0], width / whole.shape[1], 1)
    if scale > 1:
        whole = cv2.resize(whole, None, fx=scale + 0.01, fy=scale + 0.01)
    y = int(rng.integers(whole.shape[0] - height + 1))
    x = int(rng.integers(whole.shape[1] - width + 1))
    part = whole[y:y + height, x:x + width]
    return np.ascontiguousarray(part[:, ::-1] if rng.random() < 0.5 else part)


def soft_background(frame: np.ndarray, rng) -> np.ndarray:
    """A sharp subject in front of a background far out of focus."""
    height, width = frame.shape[:2]
    small = cv2.resize(frame, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    soft = cv2.resize(cv2.GaussianBlur(small, (0, 0), rng.uniform(1.5, 5) * height / 480),
                      (width, height), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.35:  # focus on the ground at one distance
        _, y = grid(frame.shape)
        middle = rng.uniform(0.55, 0.8)
        mask = np.clip(1.6 - np.abs(y - middle) * rng.uniform(3, 5), 0, 1) \
            * np.ones((1, width), np.float32)
    else:
        mask = subject_mask((height, width), rng, rng.uniform(0.4, 0.75))
    # The part in focus needs detail, or the whole frame would look out of focus.
    edges = np.abs(cv2.Laplacian(grey(frame), cv2.CV_16S))
    if float((edges * mask).mean()) < max(0.25 * float(edges.mean()), 1.0):
        return frame.copy()
    return blended(soft, frame, mask)


def near_object(frame: np.ndarray, rng) -> np.ndarray:
    """A large near object in focus over up to a third: a wall, a post, a box, a back, a bonnet."""
    shape = height, width = frame.shape[:2]
    name = pick(rng, 'cloth', 'bricks', 'planks', 'corrugated', 'tiles', 'page', 'stone wall',
                'frame', 'frame', 'leaves')
    if name == 'frame':  # another part of the same picture, mirrored and of another tone
        zoom = rng.uniform(1.0, 1.6)
        part = cv2.resize(frame[:, ::-1], None, fx=zoom, fy=zoom)[-height:, -width:]
        thing = cv2.convertScaleAbs(part, alpha=rng.uniform(0.6, 1.2))
    else:
        thing = drawn(name, shape, rng)
    mask = np.zeros(shape, np.uint8)
    style, share = rng.random(), rng.uniform(0.15, 0.33)
    if style < 0.4:  # a wall or post at a side
        lean = rng.normal(0, 0.06) * width
        x = share * width
        side = np.int32([[0, 0], [x + lean, 0], [x - lean, height], [0, height]])
        if rng.random() < 0.5:
            side[:, 0] = width - side[:, 0]
        cv2.fillPoly(mask, [side], 255, cv2.LINE_AA)
    elif style < 0.65:  # a table, parapet or bonnet below
        cv2.ellipse(mask, (int(width * rng.uniform(0.3, 0.7)), int(height * 1.35)),
                    (int(width * rng.uniform(0.6, 1.1)), int(height * (0.35 + share))), 0, 0, 360,
                    255, -1, cv2.LINE_AA)
    else:  # a box or a back
        mask = np.uint8(subject_mask(shape, rng, np.sqrt(share) * 0.7) * 255)
    weight = mask * np.float32(1 / 255)
    edge = cv2.GaussianBlur(weight, (0, 0), 5)
    shadow = shaded(frame, 1 - 0.35 * edge)
    return blended(shadow, shaded(thing, 0.72 + 0.28 * edge), weight)


def colour_cast(frame: np.ndarray, rng) -> np.ndarray:
    """The light of lamps, shade, neon or a stage: a gain for each channel."""
    if rng.random() < 0.5:
        gain = np.float32(pick(rng, (1.1, 0.95, 0.6), (0.7, 0.9, 1.1), (0.85, 1.05, 0.8),
                               (1.05, 0.8, 1.05))) * rng.uniform(0.93, 1.05, 3)
    else:
        gain = rng.uniform(0.7, 1.1, 3)
    return cv2.multiply(frame, (*[float(g) for g in gain], 0.0), dtype=cv2.CV_8U)


def monochrome(frame: np.ndarray, rng) -> np.ndarray:
    """Grey, sepia or two colours."""
    dark, light = pick(rng, ((0, 0, 0), (255, 255, 255)), ((0, 0, 0), (255, 255, 255)),
                       ((20, 10, 0), (255, 238, 205)), ((0, 5, 20), (235, 245, 255)))
    return coloured(grey(frame) * np.float32(1 / 255), dark, light)


def product(frame: np.ndarray, rng) -> np.ndarray:
    """An object on white or light grey with a soft shadow; the object shows the frame."""
    shape = height, width = frame.shape[:2]
    ground = np.full_like(frame, np.uint8(np.float32([1, 1, rng.uniform(0.96, 1)])
                                          * rng.uniform(215, 252)))
    ground = shaded(ground, np.minimum(uneven(shape, rng, 0.05), 1.02))
    share = rng.uniform(0.35, 0.65)
    wide = int(width * share * rng.uniform(0.6, 1))
    tall = min(int(height * share * rng.uniform(0.8, 1.3)), int(height * 0.85))
    x, y = (width - wide) // 2 + int(rng.normal(0, 0.05) * width), (height - tall) // 2
    cut = cv2.resize(frame, (wide, tall), interpolation=cv2.INTER_AREA)
    mask = np.zeros((tall, wide), np.uint8)
    centre, half = (wide // 2, tall // 2), (wide // 2 - 2, tall // 2 - 2)
    style = rng.random()
    if style < 0.4:
        cv2.ellipse(mask, centre, half, 0, 0, 360, 255, -1, cv2.LINE_AA)
    elif style < 0.75:
        cv2.rectangle(mask, (2, 2), (wide - 3, tall - 3), 255, -1)
    else:  # a bottle: a neck on a body
        cv2.rectangle(mask, (wide // 3, 2), (2 * wide // 3, tall // 2), 255, -1)
        cv2.ellipse(mask, (wide // 2, int(tall * 0.45)), (half[0], int(tall * 0.16)), 0, 180, 360,
                    255, -1, cv2.LINE_AA)
        cv2.rectangle(mask, (3, int(tall * 0.45)), (wide - 4, tall - 3), 255, -1)
    whole = np.zeros(shape, np.float32)
    x = int(np.clip(x, 0, width - wide))
    whole[y:y + tall, x:x + wide] = mask * np.float32(1 / 255)
    shadow = cv2.GaussianBlur(cv2.resize(whole, (width // 8, height // 8)), (0, 0), 3)
    shadow = np.roll(cv2.resize(shadow, (width, height)), (int(height * 0.03), int(width * 0.02)),
                     (0, 1))
    thing = ground.copy()
    u = np.linspace(-1, 1, wide, dtype=np.float32)[None]
    thing[y:y + tall, x:x + wide] = shaded(cut, (1.05 - 0.3 * u ** 2) * np.ones((tall, 1)))
    return blended(shaded(ground, 1 - 0.35 * shadow), thing, whole)


def plain_wall(frame: np.ndarray, rng) -> np.ndarray:
    """A nearly even wall with sharp details: a door, a socket, a picture, a skirting board."""
    shape = height, width = frame.shape[:2]
    colour = np.float32(pick(rng, (225, 222, 214), (205, 210, 212), (190, 178, 160),
                             (150, 170, 185), (170, 150, 140), (140, 142, 140)))
    colour = colour * rng.uniform(0.8, 1.05)
    wall = np.full_like(frame, np.clip(colour, 0, 250).astype(np.uint8))
    floor = int(height * rng.uniform(0.72, 0.92))
    planks = np.float32(pick(rng, (120, 85, 55), (110, 110, 112), (160, 140, 115)))
    wall[floor:] = np.clip(planks * rng.uniform(0.6, 1.1), 0, 255)
    wall[floor - max(3, height // 45):floor] = np.clip(colour * 1.1, 0, 255)
    cv2.line(wall, (0, floor), (width, floor), rgb(colour * 0.35), 2)
    if rng.random() < 0.7:  # the corner of the room
        corner = int(rng.uniform(0.1, 0.9) * width)
        wall[:floor, corner:] = np.clip(wall[:floor, corner:] * rng.uniform(0.8, 0.93), 0, 255)
    if rng.random() < 0.7:  # a door
        x, wide = int(rng.uniform(0, 0.75) * width), int(rng.uniform(0.14, 0.24) * width)
        top = int(height * rng.uniform(0.02, 0.2))
        door = colour * rng.uniform(0.5, 0.9) * rng.uniform(0.8, 1.1, 3)
        cv2.rectangle(wall, (x, top), (x + wide, floor), rgb(door), -1)
        cv2.rectangle(wall, (x, top), (x + wide, floor), rgb(door * 0.5), 3)
        cv2.rectangle(wall, (x + wide // 6, top + wide // 4),
                      (x + 5 * wide // 6, floor - wide // 3), rgb(door * 0.75), 2)
        cv2.circle(wall, (x + int(wide * 0.9), (top + floor) // 2), max(3, wide // 22),
                   (60, 58, 50), -1, cv2.LINE_AA)
    for _ in range(int(rng.integers(1, 4))):  # sockets and switches
        x, y = int(rng.uniform(0.05, 0.9) * width), int(rng.uniform(0.35, 0.85) * floor)
        size = max(8, height // 30)
        cv2.rectangle(wall, (x, y), (x + size, y + size), (243, 243, 240), -1)
        cv2.rectangle(wall, (x, y), (x + size, y + size), rgb(colour * 0.6), 1)
        cv2.circle(wall, (x + size // 3, y + size // 2), 1, (70, 70, 70), -1)
        cv2.circle(wall, (x + 2 * size // 3, y + size // 2), 1, (70, 70, 70), -1)
    if rng.random() < 0.6:  # a picture: the frame, small
        wide = int(width * rng.uniform(0.15, 0.35))
        tall = int(wide * rng.uniform(0.6, 0.9))
        x, y = int(rng.uniform(0.05, 0.6) * width), int(rng.uniform(0.08, 0.25) * height)
        wall[y:y + tall, x:x + wide] = cv2.resize(frame, (wide, tall),
                                                  interpolation=cv2.INTER_AREA)
        cv2.rectangle(wall, (x, y), (x + wide, y + tall), pick(rng, (30, 25, 20), (190, 160, 90),
                                                               (240, 240, 240)), 4)
    x, y, strong = rng.uniform(0, 1), rng.uniform(-0.1, 0.6), rng.uniform(0.1, 0.4)

    def room_light(small):
        return 0.9 - strong / 2 + strong * spot(small, x, y, 0.8)
    wall = shaded(wall, small_field(shape, room_light))
    return added(wall, noise_bank(shape, rng) * np.float32(0.8))


def sky(frame: np.ndarray, rng) -> np.ndarray:
    """Sky over most of the frame; roofs or a strip of the frame itself below."""
    shape = height, width = frame.shape[:2]
    top = np.float32(pick(rng, (70, 120, 200), (120, 150, 190), (175, 182, 190), (205, 208, 212),
                          (60, 70, 120)))
    low = np.float32(pick(rng, (190, 210, 230), (225, 220, 210), (240, 190, 150)))
    _, y = grid(shape)
    blend = y[..., None] ** np.float32(rng.uniform(0.8, 2))
    field = (top + (low - top) * blend) * np.ones((1, width, 1), np.float32)
    if rng.random() < 0.6:
        field += (octaves(shape, rng, 200, 8, 0.5, stretch=2) * rng.uniform(2, 12))[..., None]
    result = np.clip(field, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        roofs(result, rng, rng.uniform(0.72, 0.88))
    else:
        strip = int(height * rng.uniform(0.2, 0.4))
        result[-strip:] = cv2.resize(frame[height // 3:], (width, strip),
                                     interpolation=cv2.INTER_AREA)
    return result


def before_texture(frame: np.ndarray, rng) -> np.ndarray:
    """A part of the frame in front of a wall, blinds, tiles, a shelf or leaves, all in focus."""
    shape = height, width = frame.shape[:2]
    name = pick(rng, 'bricks', 'tiles', 'blinds', 'planks', 'corrugated', 'bookshelf', 'stone wall',
                'leaves', 'cloth', 'mesh fence')
    behind = drawn(name, shape, rng)
    mask = subject_mask(shape, rng, rng.uniform(0.35, 0.7))
    edge = cv2.GaussianBlur(mask, (0, 0), 6)
    return blended(shaded(behind, 1 - 0.3 * edge), frame, mask)


def dim(frame: np.ndarray, rng) -> np.ndarray:
    """Dusk or a room with little light: dimmer than most frames, but legible."""
    return levelled(frame, rng.uniform(120, 170), rng.uniform(0.95, 1.15))


def bright(frame: np.ndarray, rng) -> np.ndarray:
    """A bright day or snow: lighter than most frames, clipped in few places."""
    codes = 255 * np.linspace(0, 1, 256) ** rng.uniform(0.6, 0.85)
    return cv2.LUT(frame, codes.astype(np.uint8))


def muted(frame: np.ndarray, rng) -> np.ndarray:
    """An overcast day: less colour and somewhat less contrast."""
    if grey(frame[::4, ::4]).std() < 35:  # already flat
        return frame.copy()
    share = rng.uniform(0.2, 0.7)
    flat = cv2.addWeighted(frame, 1 - share, cv2.merge([grey(frame)] * 3), share, 0)
    return cv2.convertScaleAbs(flat, alpha=rng.uniform(0.78, 0.95), beta=rng.uniform(5, 25))


HEALTHY: dict[str, Callable] = {
    'night': night, 'lamps': lamps, 'infrared': infrared, 'snowfall': snowfall, 'rain': rain,
    'fog': fog, 'letterbox': letterbox, 'pillarbox': pillarbox, 'clock': clock, 'caption': caption,
    'privacy': privacy, 'fisheye': fisheye, 'vignette': vignette, 'upscaled': upscaled,
    'grain': grain, 'sharpened': sharpened, 'backlight': backlight, 'low sun': low_sun,
    'soft background': soft_background, 'near object': near_object, 'colour cast': colour_cast,
    'monochrome': monochrome, 'flat colour': flat_colour, 'product': product,
    'plain wall': plain_wall, 'sky': sky, 'lines across': lines_across,
    'before texture': before_texture, 'dim': dim, 'bright': bright, 'muted': muted}
