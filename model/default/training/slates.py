# SPDX-License-Identifier: LGPL-2.1-or-later
"""Slates: what a recorder, a converter or a camera shows when it has no signal.

Each function takes a shape (height, width) and a generator, and returns a frame.
Colour bars follow SMPTE ECR 1-1978 and EBU Tech 3325 in RGB.
"""
import functools
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fields import chance, clouds, enlarge, grid, normal
from paint import added

WORDS = ('NO SIGNAL', 'No Signal', 'NO VIDEO', 'VIDEO LOSS', 'Video Loss', 'CAMERA OFFLINE',
         'Camera offline', 'SIGNAL LOST', 'Connecting...', 'CONNECTION LOST', 'Disconnected',
         'NO INPUT', 'Please wait', 'Loading...', 'Reconnecting', 'NO LINK', 'Stream unavailable',
         'Check cable', 'CHANNEL OFF', 'HDMI: no signal', 'UNPLUGGED', 'Kein Signal',
         'Pas de signal', 'SIN SEÑAL', 'Nessun segnale', 'Brak sygnału', 'NETWORK ERROR',
         'Camera not available', 'Video lost', 'Standby', 'LOSS', 'NO CAMERA', 'Out of range',
         'Authentication failed', 'Please stand by', 'OFF AIR', 'Waiting for stream')
BACKGROUNDS = ((0, 0, 0), (0, 0, 0), (16, 16, 16), (0, 0, 255), (0, 0, 160), (10, 20, 90),
               (40, 40, 40), (128, 128, 128), (200, 200, 200), (255, 255, 255), (0, 90, 40),
               (60, 0, 0), (30, 60, 110), (25, 28, 34), (0, 128, 128))


@functools.cache
def font_files() -> tuple[str, ...]:
    """The installed TrueType fonts for text, among them those that Matplotlib bundles."""
    folders = [Path('/usr/share/fonts/truetype')]
    try:
        import matplotlib
        folders.append(Path(matplotlib.get_data_path()) / 'fonts' / 'ttf')
    except ImportError:
        pass
    files = {file.name: str(file) for folder in folders for file in sorted(folder.rglob('*.ttf'))
             if file.name.startswith(('DejaVuSans', 'DejaVuSerif', 'Liberation'))
             and 'Display' not in file.name}
    return tuple(files[name] for name in sorted(files))


def write(frame: np.ndarray, text: str, place: tuple[float, float], size: float, colour,
          rng: np.random.Generator) -> None:
    """Writes text centred at a place (x, y); size is its height in pixels."""
    colour = tuple(int(c) for c in colour)
    fonts = font_files()
    if fonts and chance(rng, 0.75):
        font = ImageFont.truetype(fonts[int(rng.integers(len(fonts)))], max(8, int(size)))
        picture = Image.fromarray(frame)
        ImageDraw.Draw(picture).text(place, text, fill=colour, font=font, anchor='mm')
        frame[:] = np.asarray(picture)
        return
    text = text.encode('ascii', 'ignore').decode()
    face = int(rng.choice((cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_PLAIN,
                           cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX)))
    thick = max(1, round(size / rng.uniform(8, 25)))
    scale = cv2.getFontScaleFromHeight(face, max(6, int(size * 0.75)), thick)
    (width, height), _ = cv2.getTextSize(text, face, scale, thick)
    cv2.putText(frame, text, (int(place[0] - width / 2), int(place[1] + height / 2)), face, scale,
                colour, thick, cv2.LINE_AA)


def plain(shape, colour) -> np.ndarray:
    """A frame of one colour."""
    frame = np.empty((*shape, 3), np.uint8)
    frame[:] = np.clip(colour, 0, 255).astype(np.uint8)
    return frame


def contrasting(colour, rng) -> tuple[int, int, int]:
    """A colour of text that is legible on this one."""
    dark = np.dot(colour, (0.3, 0.6, 0.1)) < 120
    if chance(rng, 0.65):
        return (255, 255, 255) if dark else (0, 0, 0)
    inks = ((230, 230, 40), (255, 80, 60), (120, 230, 120), (150, 150, 160)) if dark else \
        ((180, 0, 0), (0, 0, 140), (60, 60, 60))
    return inks[int(rng.integers(len(inks)))]


def timestamp(frame, rng) -> None:
    """A clock or the name of a channel, or both, in corners."""
    height, width = frame.shape[:2]
    size = height * rng.uniform(0.03, 0.06)
    day = (f'{rng.integers(2012, 2031)}-{rng.integers(1, 13):02}-{rng.integers(1, 29):02} '
           f'{rng.integers(24):02}:{rng.integers(60):02}:{rng.integers(60):02}')
    channel = f'{rng.choice(("CAM", "CH", "Camera ", "D", "IPC-"))}{rng.integers(1, 33)}'
    colour = contrasting(frame[int(size), width // 2], rng)
    for text in (day, channel)[int(rng.integers(2)):]:
        place = (width * rng.choice((0.22, 0.78)), rng.choice((size, height - size)))
        write(frame, text, place, size, colour, rng)


def camera_noise(frame, rng, most: float = 6) -> np.ndarray:
    """The frame with mild noise, most of the time."""
    if chance(rng, 0.4):
        return frame
    return added(frame, normal(frame.shape[:2] if chance(rng, 0.5) else frame.shape, rng)
                 * rng.uniform(0.3, most))


def black(shape, rng):
    """Black or nearly black, with or without noise."""
    level = 0 if chance(rng, 0.4) else rng.uniform(0, 22)
    frame = plain(shape, np.clip(level + rng.normal(0, 1.5, 3), 0, 40) if level else (0, 0, 0))
    if chance(rng, 0.5):
        frame = added(frame, normal(frame.shape, rng) * rng.uniform(0.5, 7))
    if chance(rng, 0.25):
        timestamp(frame, rng)
    return frame


def flat_colour(shape, rng):
    """One colour: blue, grey, green, white, any."""
    colours = ((0, 0, 255), (0, 0, 128), (20, 40, 200), (128, 128, 128), (0, 135, 0), (0, 255, 0),
               (255, 255, 255), (235, 235, 235), (192, 192, 192), (255, 0, 255), (64, 64, 64),
               (0, 77, 0))
    colour = np.float32(colours[int(rng.integers(len(colours)))]) + rng.normal(0, 4, 3)
    if chance(rng, 0.2):
        colour = rng.uniform(0, 255, 3)
    frame = camera_noise(plain(shape, np.float32(colour)), rng, 4)
    if chance(rng, 0.3):
        timestamp(frame, rng)
    return frame


def bars(shape, rng):
    """Colour bars: SMPTE or EBU, 75 % or full, plain or with the lower rows; or grey steps."""
    height, width = shape
    level = int(rng.choice((191, 255, 180)))
    order = [(1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1)]
    kind = rng.integers(4)
    if kind:
        order = order + [(0, 0, 0)] if kind == 1 else order
        row = np.uint8(order) * np.uint8(level)
        if kind == 1 and chance(rng, 0.5):
            row[0] = 255
    else:
        steps = int(rng.integers(6, 17))
        row = np.repeat(np.linspace(0, 255, steps).astype(np.uint8)[:, None], 3, 1)
        row = row[::-1] if chance(rng, 0.5) else row
    index = np.arange(width) * len(row) // width
    frame = np.repeat(row[index][None], height, 0)
    if kind == 2:  # the SMPTE rows below
        top, middle = int(height * 0.67), int(height * 0.75)
        back = np.uint8([(0, 0, 1), (0, 0, 0), (1, 0, 1), (0, 0, 0), (0, 1, 1), (0, 0, 0),
                         (1, 1, 1)]) * np.uint8(level)
        frame[top:middle] = back[index][None]
        low = np.uint8([(0, 33, 76), (255, 255, 255), (50, 0, 106), (19, 19, 19), (9, 9, 9),
                        (29, 29, 29), (19, 19, 19)])
        frame[middle:] = low[index][None]
    elif kind == 3 and chance(rng, 0.5):  # vertical bars over a ramp
        half = int(height * rng.uniform(0.5, 0.8))
        frame[half:] = np.linspace(0, 255, width).astype(np.uint8)[None, :, None]
    if chance(rng, 0.1):
        frame = cv2.resize(np.ascontiguousarray(np.rot90(frame)), (width, height),
                           interpolation=cv2.INTER_NEAREST)
    frame = np.ascontiguousarray(frame)
    if chance(rng, 0.3):
        place = (width * rng.uniform(0.35, 0.65), height * rng.uniform(0.2, 0.85))
        size = height * rng.uniform(0.06, 0.13)
        box_width, box_height = int(size * 3.4), int(size * 0.8)
        cv2.rectangle(frame, (int(place[0] - box_width), int(place[1] - box_height)),
                      (int(place[0] + box_width), int(place[1] + box_height)), (0, 0, 0), -1)
        write(frame, str(rng.choice(WORDS)), place, size * 0.8, (255, 255, 255), rng)
    if chance(rng, 0.2):
        timestamp(frame, rng)
    return camera_noise(frame, rng)


def icon(frame, place, size, colour, rng) -> None:
    """A crossed-out camera, a warning triangle, a crossed-out monitor or a waiting circle."""
    x, y = place
    thick = max(1, int(size * rng.uniform(0.04, 0.1)))
    colour = tuple(int(c) for c in colour)

    def at(dx, dy):
        return int(x + dx * size), int(y + dy * size)
    kind = rng.integers(4)
    if kind == 0:
        cv2.rectangle(frame, at(-0.5, -0.3), at(0.2, 0.3), colour,
                      thick if chance(rng, 0.6) else -1)
        cv2.fillPoly(frame, [np.int32([at(0.25, 0), at(0.5, -0.25), at(0.5, 0.25)])], colour)
        if chance(rng, 0.8):
            cv2.line(frame, at(-0.5, -0.5), at(0.5, 0.5), (220, 40, 40) if chance(rng, 0.4)
                     else colour, thick, cv2.LINE_AA)
    elif kind == 1:
        cv2.polylines(frame, [np.int32([at(-0.5, 0.45), at(0, -0.45), at(0.5, 0.45)])], True,
                      colour, thick, cv2.LINE_AA)
        cv2.line(frame, at(0, -0.15), at(0, 0.18), colour, thick, cv2.LINE_AA)
        cv2.circle(frame, at(0, 0.32), thick, colour, -1)
    elif kind == 2:
        cv2.rectangle(frame, at(-0.5, -0.35), at(0.5, 0.25), colour, thick)
        cv2.line(frame, at(-0.2, 0.42), at(0.2, 0.42), colour, thick)
        cv2.line(frame, at(-0.2, -0.2), at(0.2, 0.1), colour, thick, cv2.LINE_AA)
        cv2.line(frame, at(-0.2, 0.1), at(0.2, -0.2), colour, thick, cv2.LINE_AA)
    else:
        start = int(rng.uniform(0, 360))
        cv2.ellipse(frame, at(0, 0), (int(size * 0.4),) * 2, start, 0, int(rng.uniform(60, 360)),
                    colour, thick, cv2.LINE_AA)


def text(shape, rng):
    """Words on one colour, a gradient or static, some with an icon, a box or a clock."""
    height, width = shape
    colour = np.float32(BACKGROUNDS[int(rng.integers(len(BACKGROUNDS)))]) + rng.normal(0, 3, 3)
    colour = np.clip(colour, 0, 255)
    frame = gradient(shape, rng) if chance(rng, 0.12) else plain(shape, colour)
    if chance(rng, 0.08):
        frame = cv2.convertScaleAbs(snow(shape, rng), alpha=0.4)
    words = str(rng.choice(WORDS))
    ink = contrasting(frame[::9, ::9].reshape(-1, 3).mean(0), rng)
    size = height * np.exp(rng.uniform(np.log(0.04), np.log(0.2)))
    size = min(size, 1.7 * width / max(4, len(words)))
    middle = chance(rng, 0.75)
    place = (width / 2, height / 2) if middle else \
        (width * rng.uniform(0.3, 0.7), height * rng.uniform(0.1, 0.9))
    if chance(rng, 0.15):  # a box around the words
        box = (int(0.34 * size * len(words) + size * 0.5), int(size))
        fill = np.clip(np.float32(frame[0, 0]) * 0.6 + rng.uniform(0, 40, 3), 0, 255)
        cv2.rectangle(frame, (int(place[0] - box[0]), int(place[1] - box[1])),
                      (int(place[0] + box[0]), int(place[1] + box[1])), fill.tolist(),
                      -1 if chance(rng, 0.7) else 2)
    if chance(rng, 0.9):
        write(frame, words, place, size, ink, rng)
    if chance(rng, 0.2):
        below = (place[0], place[1] + size * 1.5)
        write(frame, str(rng.choice(WORDS)), below, size * 0.5, ink, rng)
    if chance(rng, 0.35):
        icon(frame, (place[0], place[1] - height * rng.uniform(0.18, 0.3)),
             height * rng.uniform(0.1, 0.35), ink, rng)
    if chance(rng, 0.3):
        timestamp(frame, rng)
    return camera_noise(frame, rng, 5) if chance(rng, 0.4) else frame


def logo(shape, rng):
    """A logo of simple shapes or an icon on a plain background."""
    height, width = shape
    colour = np.float32(BACKGROUNDS[int(rng.integers(len(BACKGROUNDS)))])
    frame = plain(shape, colour)
    ink = contrasting(colour, rng)
    place = (width / 2, height * rng.uniform(0.35, 0.6))
    size = height * rng.uniform(0.12, 0.5)
    if chance(rng, 0.5):
        icon(frame, place, size, ink, rng)
    else:
        for _ in range(int(rng.integers(2, 6))):
            tone = rng.uniform(30, 255, 3).tolist()
            x, y = (int(v + rng.normal(0, size * 0.2)) for v in place)
            span = max(3, int(size * rng.uniform(0.1, 0.45)))
            if chance(rng, 0.5):
                cv2.circle(frame, (x, y), span, tone, -1 if chance(rng, 0.6) else span // 5 + 1,
                           cv2.LINE_AA)
            else:
                cv2.fillPoly(frame, [np.int32(rng.uniform(-span, span, (4, 2)) + (x, y))], tone,
                             cv2.LINE_AA)
    if chance(rng, 0.4):
        write(frame, str(rng.choice(WORDS)), (width / 2, height * 0.85), height * 0.06, ink, rng)
    return frame


def gradient(shape, rng):
    """A gradient between two colours."""
    first, second = (np.float32(BACKGROUNDS[int(rng.integers(len(BACKGROUNDS)))]) for _ in range(2))
    if np.abs(first - second).max() < 30:
        second = rng.uniform(0, 255, 3).astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    y = np.linspace(-0.5, 0.5, shape[0], dtype=np.float32)[:, None]
    x = np.linspace(-0.5, 0.5, shape[1], dtype=np.float32)[None, :]
    along = np.clip(np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y + 0.5, 0, 1)
    return (first + along[..., None] * (second - first)).astype(np.uint8)


def snow(shape, rng):
    """The static of an analogue receiver, grey or coloured, fine or coarse, some with bars."""
    height, width = shape
    size = float(rng.choice((1, 1, 1.5, 2, 3)))
    small = (int(height / size) + 1, int(width / size) + 1)
    noise = normal((*small, 3) if chance(rng, 0.3) else small, rng)
    if chance(rng, 0.4):  # a line of video is smeared along itself
        noise = cv2.blur(noise, (int(rng.integers(2, 7)), 1)) * 1.7
    if noise.ndim == 2:
        noise = cv2.merge((noise,) * 3)
    noise = cv2.resize(noise, (width, height), interpolation=cv2.INTER_NEAREST if chance(rng, 0.5)
                       else cv2.INTER_LINEAR)
    level, spread = rng.uniform(70, 140), rng.uniform(45, 110)
    frame = noise * spread + level
    if chance(rng, 0.35):
        wave = np.sin(np.arange(height) / height * rng.uniform(3, 20) + rng.uniform(0, 6))
        frame += (wave * rng.uniform(10, 60))[:, None, None]
    if chance(rng, 0.2):
        frame += enlarge(clouds(grid(shape, 64), 3, rng), shape)[..., None] * 25
    return np.clip(frame, 0, 255).astype(np.uint8)


def checks(shape, rng):
    """A checkerboard or a grid of lines."""
    height, width = shape
    cell = max(4, int(width * np.exp(rng.uniform(np.log(0.01), np.log(0.15)))))
    first, second = ((0, 0, 0), (255, 255, 255)) if chance(rng, 0.6) else \
        (tuple(rng.uniform(0, 90, 3)), tuple(rng.uniform(140, 255, 3)))
    y, x = np.arange(height)[:, None], np.arange(width)[None, :]
    if chance(rng, 0.6):
        pattern = (y // cell + x // cell) % 2
    else:
        thick = max(1, cell // 12)
        pattern = ((y % cell < thick) | (x % cell < thick)).astype(int)
    return np.float32([first, second]).astype(np.uint8)[pattern]


def chart(shape, rng):
    """A resolution chart or a test card: a grid, a circle, colours, steps, fine lines, a star."""
    height, width = shape
    back = int(rng.choice((128, 0, 255, 90)))
    frame = plain(shape, (back,) * 3)
    ink = (255,) * 3 if back < 130 else (0, 0, 0)
    centre = (width // 2, height // 2)
    if chance(rng, 0.7):
        cell = height // int(rng.integers(8, 16))
        frame[cell // 2::cell] = ink
        frame[:, cell // 2::cell] = ink
    radius = int(height * rng.uniform(0.3, 0.47))
    if chance(rng, 0.8):
        cv2.circle(frame, centre, radius, ink, -1 if chance(rng, 0.3) else max(2, height // 120),
                   cv2.LINE_AA)
    row = int(height * rng.uniform(0.1, 0.3))
    tall, wide = height // 10, int(radius * rng.uniform(0.8, 1.6))
    colours = np.uint8([(191, 191, 191), (191, 191, 0), (0, 191, 191), (0, 191, 0), (191, 0, 191),
                        (191, 0, 0), (0, 0, 191), (0, 0, 0)])
    left = max(0, centre[0] - wide // 2)
    right = min(width, left + wide)
    index = np.arange(right - left) * 8 // max(1, right - left)
    bands = [colours[index], np.repeat((index * 36)[:, None], 3, 1)]
    phase = np.arange(right - left)
    lines = phase // (1 + phase * 6 // max(1, right - left)) % 2 * 255
    bands.append(np.repeat(lines[:, None], 3, 1))
    for number in rng.permutation(3)[:int(rng.integers(1, 4))]:
        frame[row:row + tall, left:right] = bands[number][None].astype(np.uint8)
        row += tall + int(rng.uniform(0, 0.6) * tall)
    if chance(rng, 0.5):  # a Siemens star
        spokes = int(rng.integers(12, 48))
        size = int(radius * rng.uniform(0.2, 0.5))
        y, x = np.mgrid[-size:size, -size:size]
        star = (np.floor((np.arctan2(y, x) / np.pi + 1) * spokes) % 2 * 255).astype(np.uint8)
        place = (int(height * rng.uniform(0.5, 0.75)), centre[0])
        region = frame[max(0, place[0] - size):place[0] + size,
                       max(0, place[1] - size):place[1] + size]
        star = star[:region.shape[0], :region.shape[1]]
        round_ = (np.hypot(y, x) < size)[:region.shape[0], :region.shape[1]]
        region[round_] = star[round_][:, None]
    if chance(rng, 0.4):
        write(frame, str(rng.choice(('TEST', 'PM5544', 'CAM 1', 'HD 1080p', '16:9', 'NO SIGNAL'))),
              (centre[0], int(height * 0.85)), height * 0.06, ink, rng)
    return camera_noise(frame, rng)


def ball(shape, rng):
    """A ball on a plain background, as in the test pattern of a generator."""
    height, width = shape
    frame = plain(shape, BACKGROUNDS[int(rng.integers(len(BACKGROUNDS)))])
    radius = max(3, int(height * rng.uniform(0.02, 0.12)))
    place = (int(rng.uniform(radius, width - radius)), int(rng.uniform(radius, height - radius)))
    cv2.circle(frame, place, radius, contrasting(frame[0, 0], rng), -1, cv2.LINE_AA)
    if chance(rng, 0.2):
        timestamp(frame, rng)
    return frame


def hum(shape, rng):
    """Hum bars on black or grey: an analogue line without a picture."""
    height, width = shape
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(width, dtype=np.float32)[None, :]
    slant = rng.normal(0, 0.3)
    phase = (y + slant * x) / height * 2 * np.pi * rng.uniform(0.7, 6) + rng.uniform(0, 6)
    field = rng.uniform(0, 50) + rng.uniform(15, 90) * np.clip(np.sin(phase), rng.uniform(-1, 0), 1)
    if chance(rng, 0.4):
        field += (np.sin(x / width * rng.uniform(60, 900)) > 0.8) * rng.uniform(5, 60)
    if chance(rng, 0.5):
        field = field + normal(shape, rng) * rng.uniform(2, 25)
    tint = rng.uniform(0.7, 1, 3) if chance(rng, 0.3) else np.ones(3)
    return np.clip(field[..., None] * tint, 0, 255).astype(np.uint8)


SLATES = {'black': black, 'flat': flat_colour, 'bars': bars, 'text': text, 'logo': logo,
          'gradient': gradient, 'snow': snow, 'checks': checks, 'chart': chart, 'ball': ball,
          'hum': hum}
