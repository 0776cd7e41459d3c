# SPDX-License-Identifier: LGPL-2.1-or-later
"""Healthy frames with something laid over them: bars, clocks, text, privacy masks, flat colour,
straight lines."""
import cv2
import numpy as np

from paint import FONTS, blended, pick, rgb, shaded, uneven, words


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
    """Bars at the left and right: black, or a blurred copy as portrait clips have."""
    height, width = frame.shape[:2]
    bar = int(width * rng.uniform(0.08, 0.3))
    inner = width - 2 * bar
    result = np.full_like(frame, int(pick(rng, 0, 0, 16)))
    if rng.random() < 0.25:
        small = cv2.resize(frame, (24, 18), interpolation=cv2.INTER_AREA)
        result = cv2.convertScaleAbs(cv2.resize(small, (width, height)), alpha=0.6)
    result[:, bar:bar + inner] = (frame[:, bar:bar + inner] if rng.random() < 0.6 else
                                  cv2.resize(frame, (inner, height),
                                             interpolation=cv2.INTER_AREA))
    return result


def put_text(frame: np.ndarray, text: str, x: float, y: float, size: float, rng) -> None:
    """Draws a line of text at x, y (0 to 1), with an outline, a box or nothing behind it."""
    height, width = frame.shape[:2]
    font, thick = pick(rng, *FONTS), max(1, int(size * 1.8))
    (wide, tall), base = cv2.getTextSize(text, font, size, thick)
    left = int(np.clip(x * width, 4, max(4, width - wide - 4)))
    bottom = int(np.clip(y * height, tall + 4, height - base - 4))
    colour = pick(rng, (255, 255, 255), (255, 255, 255), (255, 235, 60), (90, 255, 90),
                  (20, 20, 20))
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
    """A date and time in a style that cameras use."""
    year, month, day = rng.integers(2009, 2034), rng.integers(1, 13), rng.integers(1, 29)
    clock = f'{rng.integers(24):02d}:{rng.integers(60):02d}:{rng.integers(60):02d}'
    return pick(rng, f'{year}-{month:02d}-{day:02d} {clock}',
                f'{day:02d}/{month:02d}/{year} {clock}',
                f'{month:02d}-{day:02d}-{year} {pick(rng, "Mon", "Wed", "Sat")} {clock}', clock,
                f'{day:02d}.{month:02d}.{year}  {clock}')


def clock(frame: np.ndarray, rng) -> np.ndarray:
    """A clock and perhaps the camera's name near the edges."""
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
    """Subtitles, a banner or lines of figures over the frame."""
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


def flat_colour(frame: np.ndarray, rng) -> np.ndarray:
    """Large areas of one saturated colour: posters, doors, vans, screens, with sharp edges."""
    flat = frame.copy()
    shape = height, width = frame.shape[:2]
    area = np.zeros(shape, np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        wide, tall = (rng.uniform(0.15, 0.5, 2) * (width, height)).astype(int)
        x, y = int(rng.uniform(-0.1, 0.85) * width), int(rng.uniform(-0.1, 0.85) * height)
        colour = np.zeros(3)
        colour[rng.permutation(3)] = rng.uniform(170, 255), rng.uniform(0, 255), rng.uniform(0, 60)
        skew = rng.normal(0, 0.04, 4) * width
        panel = np.int32([[x, y + skew[0]], [x + wide, y + skew[1]],
                          [x + wide + skew[2], y + tall], [x + skew[3], y + tall]])
        cv2.fillPoly(area, [panel], 255, cv2.LINE_AA)
        cv2.fillPoly(flat, [panel], rgb(colour), cv2.LINE_AA)
        cv2.polylines(flat, [panel], True, rgb(colour * 0.4), 2, cv2.LINE_AA)
        if rng.random() < 0.5:
            put = (255, 255, 255) if colour.sum() < 380 else (15, 15, 15)
            cv2.putText(flat, words(rng, 1).upper(), (max(x, 0) + 8, max(y, 0) + int(tall) // 2),
                        pick(rng, *FONTS), wide / 200 + 0.3, put, 2, cv2.LINE_AA)
    return blended(frame, shaded(flat, uneven(shape, rng, 0.1)), area * np.float32(1 / 255))


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
