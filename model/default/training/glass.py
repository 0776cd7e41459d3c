# SPDX-License-Identifier: LGPL-2.1-or-later
"""Things on the glass of a camera that let light through: drops, webs, grease, cracks, a bag.

Each function takes a frame, a strength (number, size and contrast of the things; for grease and a
bag the share that they cover) and a generator, and returns the frame and a mask of what is covered.
A drop on a window is a lens of short focal length: it shows the scene small and upside down (Roser
and Geiger, "Video-based raindrop detection for improved image registration", 2009).
"""
import cv2
import numpy as np
from fields import (ambient, blur, chance, clouds, cover, enlarge, grid, normal, ramp, soften,
                    spots)
from obstructions import covered_share
from paint import blended


def outlines(look, rng, side: int = 72) -> list[tuple[np.ndarray, np.ndarray]]:
    """Outlines of drops on a square of 2.6 radii: for each point how far aside it looks (x, y), its
    opacity and its shade; and its highlight."""
    line = np.linspace(-1.3, 1.3, side, dtype=np.float32)
    u, above = np.meshgrid(line, line)
    v = np.where(above < 0, above * (1 + look['drip'] * (1 - np.abs(u)) * 0.5), above)
    angle = np.arctan2(v, u)
    shine = np.exp(-((u - look['shine'][0]) ** 2 + (v - look['shine'][1]) ** 2) / 0.02)
    results = []
    for _ in range(8):
        ripple = sum(rng.normal(0, look['ragged'] / k) * np.cos(k * angle + rng.uniform(0, 6))
                     for k in (1, 2, 3, 5))
        distance = np.sqrt(u * u + v * v) / (1 + np.clip(ripple, -0.25, 0.25))
        # The scene is inverted, and the more compressed the closer to the rim.
        bend = look['bend'] * (0.35 + 0.65 * np.minimum(distance, 1) ** 2)
        shade = 1 + look['lift'] - look['rim'] * np.minimum(distance, 1.2) ** 6 \
            + look['sky'] * np.clip(v, -1, 1) * 0.35
        alpha = np.clip((1 - distance) / look['soft'], 0, 1) * look['opacity']
        parts = np.stack((u * bend, v * bend, alpha, np.clip(shade, 0, 2)), 2)
        results.append((parts.astype(np.float32), (shine * look['glint']).astype(np.float32)))
    return results


def drop(picture, mask, outline, centre, radius, look):
    """Draws one drop into a picture and its mask; look: what all drops of the picture share."""
    height, width = mask.shape
    across, tall = max(2, round(2.6 * radius)), max(2, round(2.6 * radius * look['tall']))
    left, top = round(centre[0] - across / 2), round(centre[1] - tall / 2)
    rows, columns = (slice(max(0, -first), min(size, limit - first)) for first, size, limit in
                     ((top, tall, height), (left, across, width)))
    if rows.stop - rows.start < 1 or columns.stop - columns.start < 1:
        return
    parts, shine = (cv2.resize(part, (across, tall))[rows, columns] for part in outline)
    u, v, alpha, shade = cv2.split(parts)
    x = (centre[0] + (look['gaze'][0] - u * look['reach']) * width) / look['shrink']
    y = (centre[1] + (look['gaze'][1] - v * look['reach']) * height) / look['shrink']
    piece = cv2.remap(look['scene'], x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR,
                      borderMode=cv2.BORDER_REFLECT)
    piece = np.clip(piece * shade[..., None] + shine[..., None], 0, 255).astype(np.uint8)
    place = (slice(top + rows.start, top + rows.stop), slice(left + columns.start,
                                                             left + columns.stop))
    picture[place] = blended(np.ascontiguousarray(picture[place]), piece, alpha)
    np.maximum(mask[place], alpha, out=mask[place])


def drops(frame, strength, rng):
    """Water drops: few or many, small or large, in focus on a dome or blurred on the lens."""
    height, width = frame.shape[:2]
    share = float(np.clip((0.03 + 0.6 * strength ** 1.2) * rng.uniform(0.8, 1.3), 0.025, 0.75))
    mean = width * np.exp(rng.uniform(np.log(0.008), np.log(0.05))) * (0.8 + 0.5 * strength)
    mean = max(mean, np.sqrt(share * width * height / 500))
    near = chance(rng, 0.35)  # on the lens itself, so out of focus
    shrink = max(1.0, width / 480)
    scene = cv2.resize(frame, (round(width / shrink), round(height / shrink)),
                       interpolation=cv2.INTER_AREA)
    scene = cv2.GaussianBlur(scene, (0, 0), rng.uniform(0.6, 3))
    look = {'tall': rng.uniform(0.9, 1.4), 'drip': rng.uniform(0, 0.6),
            'ragged': rng.uniform(0.02, 0.12), 'soft': rng.uniform(0.05, 0.2),
            'bend': rng.uniform(0.7, 1.4), 'reach': rng.uniform(0.12, 0.4),
            'gaze': rng.normal(0, 0.06, 2), 'rim': rng.uniform(0.2, 0.75),
            'lift': rng.uniform(-0.1, 0.3), 'sky': rng.uniform(-0.4, 1),
            'shine': rng.uniform(-0.5, 0.5, 2), 'glint': rng.uniform(0, 220) * (rng.random() < 0.7),
            'opacity': rng.uniform(0.8, 1), 'scene': scene, 'shrink': shrink}
    if near:
        look['soft'] = rng.uniform(0.3, 0.8)
    shapes = outlines(look, rng)
    picture, mask = frame.copy(), np.zeros((height, width), np.float32)
    uneven = rng.uniform(0, 1, 2) if chance(rng, 0.3) else None
    for number in range(160):
        if number % 5 == 0 and mask[::4, ::4].mean() >= share:
            break
        radius = float(np.clip(mean * rng.lognormal(0, 0.55), 2.0, width * 0.16))
        centre = (rng.uniform(-0.02, 1.02) * width, rng.uniform(-0.02, 1.02) * height)
        if uneven is not None:
            centre = tuple(c + rng.uniform(0, 0.6) * (goal * side - c) for c, goal, side in
                           zip(centre, uneven, (width, height)))
        shape = shapes[int(rng.integers(len(shapes)))]
        drop(picture, mask, shape, centre, radius, look)
        if chance(rng, 0.06) and radius > 0.012 * width:  # it has run down and left a trail
            for step in range(1, int(rng.uniform(3, 9))):
                place = (centre[0] + rng.normal(0, 0.1 * radius), centre[1] - step * radius * 1.1)
                drop(picture, mask, shape, place, radius * rng.uniform(0.15, 0.4), look)
    if chance(rng, 0.25):  # a film of water between the drops
        film = enlarge(cover(clouds(grid(frame.shape), 5, rng, 2), share, 0.5), frame.shape)
        picture = blended(picture, blur(picture, width * 0.006), film)
    return picture, mask


def web(frame, strength, rng):
    """A spider web: threads from a hub and a sagging spiral, or stray threads; out of focus, and
    usually bright."""
    size = grid(frame.shape, 512)
    side = float(max(size))
    canvas = np.zeros(size, np.uint8)
    thick = 1 if chance(rng, 0.6) else 2

    def thread(points, level):
        cv2.polylines(canvas, [np.round(np.float32(points) * 8).astype(np.int32)], False,
                      int(level), thick, cv2.LINE_AA, 3)

    def sagging(first, last, sag, level):
        along = np.linspace(0, 1, 7)[:, None]
        points = first + (last - first) * along
        points = points + sag * (4 * along * (1 - along))
        thread(points, level)

    for _ in range(1 + (chance(rng, 0.2) and strength > 0.5)):
        if chance(rng, 0.7):
            hub = np.float32([rng.uniform(-0.1, 1.1) * size[1], rng.uniform(-0.1, 1.1) * size[0]])
            spokes = int(rng.integers(9, 26))
            angles = np.sort(np.arange(spokes) * 2 * np.pi / spokes + rng.normal(0, 0.1, spokes))
            rays = np.stack((np.cos(angles), np.sin(angles)), 1).astype(np.float32)
            extent = side * (0.25 + 0.75 * strength) * rng.uniform(0.7, 1.2)
            for ray in rays:
                thread((hub, hub + ray * extent * rng.uniform(1, 1.6)), rng.uniform(120, 255))
            turns = int(np.clip(rng.uniform(6, 14) + 16 * strength, 5, 32))
            for turn in range(turns):
                if chance(rng, 0.1):
                    continue
                for spoke in range(spokes):
                    if chance(rng, 0.08):
                        continue
                    next_spoke = (spoke + 1) % spokes
                    near, far = (extent * (turn + 1 + place / spokes + rng.normal(0, 0.06)) / turns
                                 for place in (spoke, spoke + 1))
                    first, last = hub + rays[spoke] * near, hub + rays[next_spoke] * far
                    inward = hub - (first + last) / 2
                    along = np.linspace(0, 1, 5)[:, None]
                    sag = inward * 0.09 * 4 * along * (1 - along)
                    thread(first + (last - first) * along + sag, rng.uniform(60, 220))
        for _ in range(int(rng.integers(2, 6) + 20 * strength * rng.random())):
            first, last = (np.float32([rng.uniform(-0.2, 1.2) * size[1],
                                       rng.uniform(-0.2, 1.2) * size[0]]) for _ in range(2))
            sagging(first, last, np.float32([0, rng.uniform(0, 0.15) * side]),
                    rng.uniform(80, 255))
    for _ in range(int(rng.uniform(0, 60) * (0.3 + strength))):  # dust caught in the threads
        place = np.argwhere(canvas[::4, ::4] > 60)
        if not len(place):
            break
        row, column = place[int(rng.integers(len(place)))] * 4
        cv2.circle(canvas, (int(column), int(row)), int(rng.integers(1, 3)), 255, -1)
    lines = canvas.astype(np.float32) / 255
    sharp = side * rng.uniform(0.0005, 0.003)
    lines = soften(lines, sharp) * (1 + 1.2 * sharp)
    if chance(rng, 0.6):  # a second layer at another distance
        lines = np.maximum(lines, 0.5 * np.roll(soften(lines, sharp * 2.5) * 1.6, 5, 1))
    glow = soften(lines, side * rng.uniform(0.01, 0.03))
    patchy = 0.75 + 0.35 * clouds(size, 4, rng)
    contrast = rng.uniform(0.45, 0.7) + 0.45 * strength
    mask = np.clip((lines * patchy + glow * rng.uniform(0, 0.8)) * contrast, 0, 0.97)
    colour = np.float32((245, 245, 240)) * float(np.clip(ambient(frame, rng, 0.9, 1.6), 0.75, 1.05))
    if chance(rng, 0.12):  # against the light the threads are dark
        colour = colour * 0.12
    mask = enlarge(mask.astype(np.float32), frame.shape)
    layer = np.empty_like(frame)
    layer[:] = np.clip(colour, 0, 255).astype(np.uint8)
    return blended(frame, layer, mask), mask


def grease(frame, strength, rng):
    """Smeared grease: a local blur with haze and streaks."""
    size = grid(frame.shape)
    share = covered_share(strength, rng)
    field = clouds(size, rng.uniform(1, 4), rng, 2) * rng.uniform(0.2, 0.8) + \
        (spots(size, rng) if chance(rng, 0.5) else ramp(size, rng))
    mask = soften(cover(field, share, rng.uniform(0.1, 0.5)), max(size) * 0.01)
    streaks = normal(size, rng)
    length = int(max(size) * rng.uniform(0.05, 0.25)) | 1
    streaks = cv2.blur(streaks, (length, 1))
    turn = cv2.getRotationMatrix2D((size[1] / 2, size[0] / 2), rng.uniform(0, 180), 1.5)
    streaks = cv2.warpAffine(streaks, turn, (size[1], size[0]), borderMode=cv2.BORDER_REFLECT)
    streaks /= max(float(streaks.std()), 1e-6)
    width = frame.shape[1]
    radius = width * rng.uniform(0.008, 0.02) * (0.8 + 1.2 * strength)
    smeared = blur(frame, radius)
    glow = blur(smeared, width * 0.05).astype(np.float32) * rng.uniform(0.8, 1.2) + \
        rng.uniform(0, 50)
    glow = np.clip(glow, 0, 255).astype(np.uint8)
    haze = np.clip(rng.uniform(0.25, 0.5) + 0.2 * strength + 0.1 * streaks, 0, 0.9)
    smeared = blended(smeared, glow, enlarge(haze.astype(np.float32), frame.shape))
    mask = enlarge(np.clip(mask * (0.95 + 0.1 * streaks), 0, 1).astype(np.float32), frame.shape)
    return blended(frame, smeared, mask), mask


def cracked(frame, strength, rng):
    """Cracked glass: cracks from one or more impacts, and pieces that show a shifted scene."""
    size = grid(frame.shape, 512)
    side = float(max(size))
    height, width = frame.shape[:2]
    lines = np.zeros(size, np.uint8)
    shift_x, shift_y = np.zeros(size, np.float32), np.zeros(size, np.float32)
    y, x = np.mgrid[0:size[0], 0:size[1]].astype(np.float32)
    for _ in range(1 + int(rng.random() < strength) + int(rng.random() < strength - 0.4)):
        hub = np.float32([rng.uniform(0.1, 0.9) * size[1], rng.uniform(0.1, 0.9) * size[0]])
        spokes = int(rng.integers(6, 14) + 10 * strength)
        angles = np.sort(rng.uniform(-np.pi, np.pi, spokes))
        extent = side * (0.3 + 0.9 * strength) * rng.uniform(0.8, 1.3)
        tips = []
        for angle in angles:
            steps = np.arange(1, 13)[:, None] / 12
            turns = angle + np.cumsum(rng.normal(0, 0.06, 12))[:, None]
            points = hub + extent * rng.uniform(0.5, 1.1) * steps * \
                np.concatenate((np.cos(turns), np.sin(turns)), 1)
            tips.append(points)
            points = np.concatenate((hub[None], points))
            cv2.polylines(lines, [np.round(points * 8).astype(np.int32)], False,
                          int(rng.uniform(140, 255)), 1, cv2.LINE_AA, 3)
        for ring in range(int(rng.integers(1, 4) + 3 * strength)):
            for first, last in zip(tips, tips[1:] + tips[:1]):
                if chance(rng, 0.6):
                    place = min(11, 1 + 2 * ring)
                    ends = np.round(np.stack((first[place], last[place])) * 8).astype(np.int32)
                    cv2.polylines(lines, [ends], False, int(rng.uniform(120, 255)), 1, cv2.LINE_AA,
                                  3)
        cv2.circle(lines, tuple(int(v) for v in hub), int(side * rng.uniform(0.005, 0.03)), 220, -1)
        sector = np.searchsorted(angles, np.arctan2(y - hub[1], x - hub[0])) % spokes
        inside = np.hypot(x - hub[0], y - hub[1]) < extent * 0.8
        offsets = rng.normal(0, side * 0.012 * (0.5 + strength), (2, spokes)).astype(np.float32)
        shift_x += offsets[0][sector] * inside
        shift_y += offsets[1][sector] * inside
    scale = width / size[1]
    maps = [enlarge(shift * scale, frame.shape, cv2.INTER_NEAREST) for shift in (shift_x, shift_y)]
    maps[0] += np.arange(width, dtype=np.float32)[None, :]
    maps[1] += np.arange(height, dtype=np.float32)[:, None]
    picture = cv2.remap(frame, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    lines = soften(lines.astype(np.float32) / 255, side * rng.uniform(0.0003, 0.0016))
    shade = np.roll(lines, (1, 1), (0, 1)) * rng.uniform(0.2, 0.8)
    dark, bright = (np.full_like(frame, level) for level in (10, int(rng.uniform(170, 250))))
    picture = blended(picture, dark, enlarge(np.clip(shade, 0, 1), frame.shape))
    mask = enlarge(np.clip(lines * rng.uniform(0.9, 1.5), 0, 1), frame.shape)
    return blended(picture, bright, mask), mask


def bag(frame, strength, rng):
    """A plastic bag or a film over the lens: a milky blur with creases that shine."""
    size = grid(frame.shape)
    share = covered_share(strength, rng)
    field = ramp(size, rng) + clouds(size, 3, rng, 2) * 0.2
    mask = soften(cover(field, share, 0.05), max(size) * 0.008)
    if chance(rng, 0.3):
        mask[:] = 1
    wide = (size[0], size[1] * 3)  # creases run along one direction
    ridges = cv2.resize(1 - np.abs(clouds(wide, rng.uniform(4, 12), rng, 2)), size[::-1])
    turn = cv2.getRotationMatrix2D((size[1] / 2, size[0] / 2), rng.uniform(0, 180), 1.6)
    ridges = cv2.warpAffine(ridges, turn, size[::-1], borderMode=cv2.BORDER_REFLECT)
    shine = np.clip((ridges - rng.uniform(0.75, 0.9)) * 6, 0, 1) * rng.uniform(0.1, 0.6)
    shine *= np.clip(clouds(size, 4, rng) + 0.4, 0, 1)
    folds = clouds(size, rng.uniform(2, 5), rng, 2) * 18
    milky = blur(frame, frame.shape[1] * rng.uniform(0.006, 0.025) * (0.7 + strength))
    tint = np.clip(palette_of_bags(rng) * np.clip(ambient(frame, rng, 0.8, 1.4), 0.3, 1.2), 0, 255)
    film = np.clip(tint[None, None] + folds[..., None], 0, 255).astype(np.uint8)
    opacity = np.full(size, np.clip(rng.uniform(0.3, 0.6) + 0.35 * strength, 0, 0.95), np.float32)
    milky = blended(milky, enlarge(film, frame.shape), enlarge(opacity, frame.shape))
    white = np.full_like(frame, int(np.clip(tint.max() * 1.3 + 20, 0, 255)))
    milky = blended(milky, white, enlarge(soften(shine.astype(np.float32), 1), frame.shape))
    mask = enlarge(mask, frame.shape)
    return blended(frame, milky, mask), mask


def palette_of_bags(rng) -> np.ndarray:
    """The colour of a film: mostly white or grey."""
    if chance(rng, 0.75):
        return np.full(3, rng.uniform(140, 230)) + rng.normal(0, 5, 3)
    return rng.uniform(40, 220, 3)


GLASS = {'drops': drops, 'web': web, 'grease': grease, 'cracked': cracked, 'bag': bag}
