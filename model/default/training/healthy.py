# SPDX-License-Identifier: LGPL-2.1-or-later
"""Healthy variants of a frame: what a network easily takes for a fault and an owner does not.

Night and infrared, weather, letterboxes, clocks, privacy masks, film grain, product pictures and so
on. All of them are labelled normal: where a variant comes near a fault (mild noise of a night, mild
fog), it stays below what its owner would complain about. Gains are applied to the codes of the
frame, as powers of gains of light (light ** (1 / 2.2)).
"""
from collections.abc import Callable

import cv2
import numpy as np

from textures import (FONTS, TEXTURES, coloured, octaves, pick, rgb, roofs, shaded, tilted, uneven,
                      words)

BANK = np.random.default_rng(14).standard_normal((1024, 1024), dtype=np.float32)


def noise_bank(shape, rng) -> np.ndarray:
    """White noise of deviation 1: a random window, repeated where the frame is larger."""
    y, x = rng.integers(0, 1024, 2)
    return np.take(np.take(BANK, range(y, y + shape[0]), 0, mode='wrap'),
                   range(x, x + shape[1]), 1, mode='wrap')


def added(frame: np.ndarray, field: np.ndarray) -> np.ndarray:
    """A frame plus a field of one or three numbers per pixel."""
    if field.ndim == 2:
        field = cv2.merge([field] * 3)
    return cv2.add(frame, field, dtype=cv2.CV_8U)


def blended(below: np.ndarray, above: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Two frames by a mask from 0 (below) to 1."""
    mask = np.ascontiguousarray(mask, np.float32)
    return cv2.blendLinear(above, below, mask, 1 - mask)


def grid(shape) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates x and y of the pixels in shares of the frame, as a row and a column."""
    return (np.linspace(0, 1, shape[1], dtype=np.float32)[None],
            np.linspace(0, 1, shape[0], dtype=np.float32)[:, None])


def spot(shape, x: float, y: float, radius: float) -> np.ndarray:
    """A soft spot of height 1 around a place in shares; the radius is one of the height."""
    u, v = grid(shape)
    aspect = shape[1] / shape[0]
    distance = ((u - x) * aspect) ** 2 + (v - y) ** 2
    return 1 / (1 + distance / np.float32(radius ** 2)) ** 2


def grey(frame: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)


def levelled(frame: np.ndarray, high: float, gamma: float = 1.0) -> np.ndarray:
    """The frame with the 95th percentile of its luma at `high`, its black kept."""
    top = max(float(np.percentile(frame[::8, ::8].max(2), 95)), 24.0)
    codes = np.clip(np.arange(256) / top, 0, None) ** gamma * high
    return cv2.LUT(frame, np.clip(codes, 0, 255).astype(np.uint8))


def night(frame: np.ndarray, rng) -> np.ndarray:
    """A legible night: a dim frame, lit by lamps, with the mild noise of a good sensor."""
    shape = frame.shape[:2]
    dim = levelled(frame, rng.uniform(70, 110), rng.uniform(1.0, 1.3)).astype(np.float32)
    gain = np.full((*shape, 3), np.float32([0.8, 0.9, 1.1]), np.float32)
    lamps = []
    for _ in range(int(rng.integers(1, 5))):
        x, y = rng.uniform(0.05, 0.95), rng.uniform(0.05, 0.45)
        tint = np.float32(pick(rng, (1.25, 1.0, 0.6), (1.1, 1.05, 0.95), (1.3, 0.9, 0.45)))
        pool = spot(shape, x, y + rng.uniform(0.1, 0.4), rng.uniform(0.2, 0.5))
        gain += pool[..., None] * tint * rng.uniform(0.7, 1.5)
        lamps.append((x, y, tint))
    dim *= gain
    for x, y, tint in lamps:
        radius = rng.uniform(0.008, 0.02)
        dim += spot(shape, x, y, radius)[..., None] * tint * 330
    dim += noise_bank(shape, rng)[..., None] * rng.uniform(0.5, 2.0)
    return np.clip(dim, 0, 255).astype(np.uint8)


def lamps(frame: np.ndarray, rng) -> np.ndarray:
    """Nearly black, with rows of lamps and lit windows that are plainly to be seen."""
    height, width = frame.shape[:2]
    dark = levelled(frame, rng.uniform(55, 85), 1.2)
    draw = np.zeros_like(frame)
    for _ in range(int(rng.integers(8, 30))):
        x, y = int(rng.uniform(0, width)), int(rng.uniform(0.1, 0.75) * height)
        tint = pick(rng, (255, 214, 150), (255, 240, 215), (255, 175, 90), (210, 225, 255))
        if rng.random() < 0.5:
            cv2.circle(draw, (x, y), int(rng.integers(2, 6)), tint, -1, cv2.LINE_AA)
        else:
            wide, tall = rng.integers(6, 22, 2)
            cv2.rectangle(draw, (x, y), (x + int(wide), y + int(tall)), tint, -1)
    small = cv2.resize(draw, (width // 8, height // 8), interpolation=cv2.INTER_AREA)
    glow = cv2.resize(cv2.GaussianBlur(small, (0, 0), 4), (width, height))
    frame = cv2.add(cv2.add(dark, draw), cv2.convertScaleAbs(glow, alpha=1.6))
    return added(frame, noise_bank(frame.shape, rng) * rng.uniform(0.4, 1.8))


def infrared(frame: np.ndarray, rng) -> np.ndarray:
    """Grey light of infrared lamps: a hot middle, dim corners, mild noise."""
    shape = frame.shape[:2]
    # Foliage and cloth are bright in infrared: weigh red and green, not blue.
    weights = rng.dirichlet((3, 2, 0.5)).astype(np.float32)
    tone = cv2.transform(levelled(frame, rng.uniform(150, 210)), weights[None]).astype(np.float32)
    hot = spot(shape, rng.uniform(0.35, 0.65), rng.uniform(0.4, 0.7), rng.uniform(0.6, 1.1))
    tone = tone * (rng.uniform(0.3, 0.5) + hot * rng.uniform(0.6, 0.9))
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
    """Mild fog that thickens towards the horizon; what is near stays clear (Koschmieder's law)."""
    shape = frame.shape[:2]
    _, y = grid(shape)
    horizon = rng.uniform(0.1, 0.4)
    depth = np.clip(1 - np.abs(y - horizon) / np.where(y > horizon, 1 - horizon, 0.7), 0, 1)
    thick = rng.uniform(0.35, 0.7) * depth ** 1.5 * (1 + 0.1 * octaves(shape, rng, 160, 40))
    air = np.full_like(frame, rng.uniform(165, 225)) + np.uint8([0, 2, 5])
    return blended(frame, air, np.clip(thick, 0, 0.75))


def letterbox(frame: np.ndarray, rng) -> np.ndarray:
    """Black bars above and below, with the picture squeezed or cut between them."""
    height, width = frame.shape[:2]
    bar = int(height * rng.uniform(0.04, 0.2))
    inner = height - 2 * bar
    result = np.full_like(frame, int(pick(rng, 0, 0, 16)))
    result[bar:bar + inner] = (frame[bar:bar + inner] if rng.random() < 0.5 else
                               cv2.resize(frame, (width, inner), interpolation=cv2.INTER_AREA))
    return result


def pillarbox(frame: np.ndarray, rng) -> np.ndarray:
    """Bars at the left and right: black, or grown from a blurred copy as portrait clips have."""
    height, width = frame.shape[:2]
    bar = int(width * rng.uniform(0.08, 0.3))
    inner = width - 2 * bar
    result = np.full_like(frame, int(pick(rng, 0, 0, 16)))
    result[:, bar:bar + inner] = (frame[:, bar:bar + inner] if rng.random() < 0.6 else
                                  cv2.resize(frame, (inner, height),
                                             interpolation=cv2.INTER_AREA))
    return result


def put_text(frame: np.ndarray, text: str, x: float, y: float, size: float, rng) -> None:
    """Draw a line of text at a place in shares, with an outline, a box or nothing behind it."""
    height, width = frame.shape[:2]
    font, thick = pick(rng, *FONTS), max(1, int(size * 1.8))
    (wide, tall), base = cv2.getTextSize(text, font, size, thick)
    left = int(np.clip(x * width, 4, max(4, width - wide - 4)))
    bottom = int(np.clip(y * height, tall + 4, height - base - 4))
    colour = pick(rng, (255, 255, 255), (255, 255, 255), (255, 235, 60), (90, 255, 90), (20, 20, 20))
    style = rng.random()
    dark = sum(colour) < 200
    if style < 0.35:
        cv2.rectangle(frame, (left - 4, bottom - tall - 5), (left + wide + 4, bottom + base + 2),
                      (235, 235, 235) if dark else (0, 0, 0), -1)
    elif style < 0.8:
        cv2.putText(frame, text, (left, bottom), font, size,
                    (240, 240, 240) if dark else (0, 0, 0), thick + 2, cv2.LINE_AA)
    cv2.putText(frame, text, (left, bottom), font, size, colour, thick, cv2.LINE_AA)


def stamp(rng) -> str:
    """A date and time in one of the styles of cameras."""
    year, month, day = rng.integers(2009, 2034), rng.integers(1, 13), rng.integers(1, 29)
    clock = f'{rng.integers(24):02d}:{rng.integers(60):02d}:{rng.integers(60):02d}'
    return pick(rng, f'{year}-{month:02d}-{day:02d} {clock}', f'{day:02d}/{month:02d}/{year} {clock}',
                f'{month:02d}-{day:02d}-{year} {pick(rng, "Mon", "Wed", "Sat")} {clock}', clock,
                f'{day:02d}.{month:02d}.{year}  {clock}')


def clock(frame: np.ndarray, rng) -> np.ndarray:
    """A clock and the camera's name in the corners."""
    frame = frame.copy()
    size = rng.uniform(0.4, 1.1) * frame.shape[0] / 480
    x, y = pick(rng, (0.01, 0.04), (0.6, 0.04), (0.01, 0.97), (0.6, 0.97), (0.35, 0.04))
    put_text(frame, stamp(rng), x, y, size, rng)
    if rng.random() < 0.6:
        name = pick(rng, f'CAM {rng.integers(1, 33)}', f'Camera {rng.integers(1, 100):02d}',
                    words(rng, 2).upper(), f'CH{rng.integers(1, 17):02d}', 'REC')
        put_text(frame, name, 1 - x, 1 - y, size, rng)
    return frame


def caption(frame: np.ndarray, rng) -> np.ndarray:
    """Subtitles, a banner, a block of figures or a sign of text over the frame."""
    frame = frame.copy()
    height, width = frame.shape[:2]
    style, scale = rng.random(), height / 480
    if style < 0.4:
        for row in range(int(rng.integers(1, 3))):
            put_text(frame, words(rng, 6)[:38], 0.12, 0.88 + 0.07 * row,
                     rng.uniform(0.6, 0.9) * scale, rng)
    elif style < 0.7:
        top, tall = int(height * pick(rng, 0.0, 0.8)), int(height * rng.uniform(0.08, 0.18))
        colour = rgb(rng.uniform(0, 255, 3))
        cv2.rectangle(frame, (0, top), (width, top + tall), colour, -1)
        light = (255, 255, 255) if sum(colour) < 380 else (10, 10, 10)
        cv2.putText(frame, words(rng, 5)[:32].upper(), (int(width * 0.03), top + int(tall * 0.7)),
                    pick(rng, *FONTS), tall / 45, light, max(1, int(tall / 24)), cv2.LINE_AA)
    else:
        size = rng.uniform(0.4, 0.6) * scale
        for row in range(int(rng.integers(3, 9))):
            put_text(frame, f'{words(rng, 1)}: {rng.uniform(0, 999):.1f}', 0.02,
                     0.08 + 0.055 * row, size, rng)
    return frame


def privacy(frame: np.ndarray, rng) -> np.ndarray:
    """Privacy masks: up to a third of the frame black, grey, coloured or in coarse pixels."""
    frame = frame.copy()
    height, width = frame.shape[:2]
    left_over = rng.uniform(0.05, 0.33)
    for _ in range(int(rng.integers(1, 5))):
        area = min(left_over, rng.uniform(0.02, 0.25))
        aspect = rng.uniform(0.4, 2.5)
        tall = int(np.clip(np.sqrt(area / aspect), 0.05, 0.9) * height)
        wide = int(np.clip(area * height / tall, 0.04, 0.9) * width)
        y = int(pick(rng, 0, height - tall, rng.integers(0, height - tall + 1)))
        x = int(pick(rng, 0, width - wide, rng.integers(0, width - wide + 1)))
        if rng.random() < 0.35:
            block = int(rng.integers(8, 24))
            part = cv2.resize(frame[y:y + tall, x:x + wide],
                              (max(1, wide // block), max(1, tall // block)),
                              interpolation=cv2.INTER_AREA)
            frame[y:y + tall, x:x + wide] = cv2.resize(part, (wide, tall),
                                                       interpolation=cv2.INTER_NEAREST)
        else:
            frame[y:y + tall, x:x + wide] = pick(rng, (0, 0, 0), (0, 0, 0), (128, 128, 128),
                                                 (60, 60, 60), (220, 220, 220), (30, 40, 120))
        left_over -= area
        if left_over < 0.02:
            break
    return frame


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
    """Corners that fall to a third or more, in a round or wide shape."""
    x, y = grid(frame.shape)
    r = np.sqrt(((x - 0.5) * 2) ** 2 + ((y - 0.5) * 2) ** 2) / np.float32(np.sqrt(2))
    return shaded(frame, 1 - np.float32(rng.uniform(0.35, 0.85)) * r ** rng.uniform(2, 4))


def upscaled(frame: np.ndarray, rng) -> np.ndarray:
    """Video of a half to two thirds of the lines, scaled up."""
    height, width = frame.shape[:2]
    share = rng.uniform(0.45, 0.75)
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
    """A bright window or sky behind: a part is clipped, the rest is legible in shadow."""
    shape = frame.shape[:2]
    x, y = rng.uniform(0.2, 0.8), rng.uniform(0.05, 0.45)
    wide, tall = rng.uniform(0.08, 0.2), rng.uniform(0.1, 0.22)
    u, v = grid(shape)
    pane = 1 / (1 + np.exp(np.maximum(np.abs(u - x) / wide, np.abs(v - y) / tall) * 14 - 14))
    halo = spot(shape, x, y, rng.uniform(0.2, 0.4))
    frame = shaded(frame, rng.uniform(0.6, 0.85) + 0.6 * halo + 0.8 * pane)
    return added(frame, (150 * pane + 30 * halo).astype(np.float32))


def low_sun(frame: np.ndarray, rng) -> np.ndarray:
    """The sun in the picture: a clipped disc, a warm glow, rays and ghosts of the lens."""
    shape = height, width = frame.shape[:2]
    x, y = rng.uniform(0.1, 0.9), rng.uniform(0.05, 0.4)
    glow = spot(shape, x, y, rng.uniform(0.15, 0.35))
    disc = spot(shape, x, y, rng.uniform(0.03, 0.06))
    warm = np.float32(pick(rng, (1, 0.9, 0.65), (1, 0.95, 0.85), (1, 0.8, 0.5)))
    field = (glow * 90 + disc * 260)[..., None] * warm
    frame = added(cv2.convertScaleAbs(frame, alpha=rng.uniform(0.7, 0.95)), field)
    for part in rng.uniform(0.3, 1.8, int(rng.integers(0, 4))):
        centre = (int(width * (x + (0.5 - x) * part * 1.2)), int(height * (y + (0.5 - y) * part * 1.2)))
        ghost = np.zeros_like(frame)
        cv2.circle(ghost, centre, int(height * rng.uniform(0.01, 0.04)),
                   rgb(rng.uniform(10, 45, 3)), -1, cv2.LINE_AA)
        frame = cv2.add(frame, ghost)
    return frame


def subject_mask(shape, rng, share: float) -> np.ndarray:
    """A soft-edged upright body: an ellipse or a rounded box, of a share of the frame's width."""
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


def soft_background(frame: np.ndarray, rng) -> np.ndarray:
    """A sharp subject before a background far out of focus."""
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
    return blended(soft, frame, mask)


def near_object(frame: np.ndarray, rng) -> np.ndarray:
    """A big near thing in focus over up to a third: a wall, a post, a box, a back, a bonnet."""
    shape = height, width = frame.shape[:2]
    name = pick(rng, 'cloth', 'bricks', 'planks', 'corrugated', 'tiles', 'page', 'stone wall',
                'frame', 'frame', 'leaves')
    if name == 'frame':  # another part of the same picture, mirrored and of another tone
        zoom = rng.uniform(1.0, 1.6)
        part = cv2.resize(frame[:, ::-1], None, fx=zoom, fy=zoom)[-height:, -width:]
        thing = cv2.convertScaleAbs(part, alpha=rng.uniform(0.6, 1.2))
    else:
        thing = TEXTURES[name](shape, rng)
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
    """The light of lamps, shade, neon or a stage: each channel has its gain."""
    if rng.random() < 0.5:
        gain = np.float32(pick(rng, (1.15, 1.0, 0.6), (0.75, 0.95, 1.25), (0.85, 1.1, 0.8),
                               (1.1, 0.8, 1.1))) * rng.uniform(0.93, 1.05, 3)
    else:
        gain = rng.uniform(0.55, 1.2, 3)
    return cv2.multiply(frame, (*[float(g) for g in gain], 0.0), dtype=cv2.CV_8U)


def monochrome(frame: np.ndarray, rng) -> np.ndarray:
    """Grey, sepia or two colours."""
    dark, light = pick(rng, ((0, 0, 0), (255, 255, 255)), ((0, 0, 0), (255, 255, 255)),
                       ((20, 10, 0), (255, 238, 205)), ((0, 5, 20), (235, 245, 255)))
    return coloured(grey(frame) * np.float32(1 / 255), dark, light)


def flat_colour(frame: np.ndarray, rng) -> np.ndarray:
    """Large areas of one saturated colour: posters, doors, vans, screens, with sharp edges."""
    frame = frame.copy()
    shape = height, width = frame.shape[:2]
    for _ in range(int(rng.integers(1, 4))):
        wide, tall = (rng.uniform(0.15, 0.5, 2) * (width, height)).astype(int)
        x, y = int(rng.uniform(-0.1, 0.85) * width), int(rng.uniform(-0.1, 0.85) * height)
        colour = np.zeros(3)
        colour[rng.permutation(3)] = rng.uniform(170, 255), rng.uniform(0, 255), rng.uniform(0, 60)
        skew = rng.normal(0, 0.08, 4) * width
        panel = np.int32([[x, y + skew[0]], [x + wide, y + skew[1]],
                          [x + wide + skew[2], y + tall], [x + skew[3], y + tall]])
        area = np.zeros(shape, np.uint8)
        cv2.fillPoly(area, [panel], 255, cv2.LINE_AA)
        flat = shaded(np.full_like(frame, np.uint8(colour)), uneven(shape, rng, 0.12))
        if rng.random() < 0.5:
            put = (255, 255, 255) if colour.sum() < 380 else (15, 15, 15)
            cv2.putText(flat, words(rng, 1).upper(), (max(x, 0) + 8, max(y, 0) + tall // 2),
                        pick(rng, *FONTS), wide / 160 + 0.3, put, 2, cv2.LINE_AA)
        frame = blended(frame, flat, area * np.float32(1 / 255))
        cv2.polylines(frame, [panel], True, rgb(colour * 0.4), 1, cv2.LINE_AA)
    return frame


def product(frame: np.ndarray, rng) -> np.ndarray:
    """A thing on white or light grey with a soft shadow; the thing is a cut of the frame."""
    shape = height, width = frame.shape[:2]
    ground = np.full_like(frame, np.uint8(np.float32([1, 1, rng.uniform(0.96, 1)])
                                          * rng.uniform(215, 252)))
    ground = shaded(ground, np.minimum(uneven(shape, rng, 0.05), 1.02))
    share = rng.uniform(0.35, 0.65)
    wide, tall = int(width * share * rng.uniform(0.6, 1)), int(height * share * rng.uniform(0.8, 1.3))
    tall = min(tall, int(height * 0.85))
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
    """A nearly even wall with a few sharp edges: a door, a socket, a picture, a skirting board."""
    shape = height, width = frame.shape[:2]
    colour = np.float32(pick(rng, (225, 222, 214), (205, 210, 212), (190, 178, 160), (150, 170, 185),
                             (170, 150, 140), (140, 142, 140))) * rng.uniform(0.8, 1.05)
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
        cv2.rectangle(wall, (x + wide // 6, top + wide // 4), (x + 5 * wide // 6, floor - wide // 3),
                      rgb(door * 0.75), 2)
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
    return added(shaded(wall, uneven(shape, rng, 0.14)), noise_bank(shape, rng) * np.float32(0.8))


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


def lines_across(frame: np.ndarray, rng) -> np.ndarray:
    """Straight edges in focus over the frame: railings, window bars, wires, blinds, a goal net."""
    frame = frame.copy()
    height, width = frame.shape[:2]
    tone = rgb(np.float32(pick(rng, (40, 42, 45), (205, 205, 200), (110, 80, 60), (60, 90, 70)))
               * rng.uniform(0.7, 1.1))
    style = rng.random()
    thick = int(rng.integers(2, 9))
    if style < 0.4:
        for x in range(int(rng.integers(0, 40)), width, int(rng.integers(28, 110)) + thick):
            cv2.line(frame, (x, 0), (x, height), tone, thick, cv2.LINE_AA)
        for y in rng.uniform(0, height, 2):
            cv2.line(frame, (0, int(y)), (width, int(y)), tone, thick, cv2.LINE_AA)
    elif style < 0.65:
        for _ in range(int(rng.integers(2, 8))):
            start, end = rng.uniform(-0.1, 0.8, 2) * height
            cv2.line(frame, (0, int(start)), (width, int(end)), tone, max(1, thick // 3),
                     cv2.LINE_AA)
    elif style < 0.85:
        pitch = int(rng.integers(14, 40))
        for y in range(0, height, pitch):
            cv2.line(frame, (0, y), (width, y), tone, max(2, pitch // 4), cv2.LINE_AA)
    else:
        for x in range(-height, width + height, int(rng.integers(30, 70))):
            cv2.line(frame, (x, 0), (x + height, height), tone, 2, cv2.LINE_AA)
            cv2.line(frame, (x + height, 0), (x, height), tone, 2, cv2.LINE_AA)
    return frame


def before_texture(frame: np.ndarray, rng) -> np.ndarray:
    """A part of the frame before a wall, blinds, tiles, a shelf or leaves, all in focus."""
    shape = height, width = frame.shape[:2]
    name = pick(rng, 'bricks', 'tiles', 'blinds', 'planks', 'corrugated', 'bookshelf', 'stone wall',
                'leaves', 'cloth', 'mesh fence')
    behind = TEXTURES[name](shape, rng)
    mask = subject_mask(shape, rng, rng.uniform(0.35, 0.7))
    edge = cv2.GaussianBlur(mask, (0, 0), 6)
    return blended(shaded(behind, 1 - 0.3 * edge), frame, mask)


def dim(frame: np.ndarray, rng) -> np.ndarray:
    """Dusk or a room with little light: dimmer than most, legible."""
    return levelled(frame, rng.uniform(100, 150), rng.uniform(0.95, 1.2))


def bright(frame: np.ndarray, rng) -> np.ndarray:
    """A bright day or snow: lighter than most, clipped in few places."""
    codes = 255 * np.linspace(0, 1, 256) ** rng.uniform(0.6, 0.85)
    return cv2.LUT(frame, codes.astype(np.uint8))


def muted(frame: np.ndarray, rng) -> np.ndarray:
    """An overcast day: less colour and somewhat less contrast."""
    flat = cv2.addWeighted(frame, 1, cv2.merge([grey(frame)] * 3), 0, 0)
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
