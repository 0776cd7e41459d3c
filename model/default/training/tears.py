# SPDX-License-Identifier: LGPL-2.1-or-later
"""Damage of pictures outside of the encoded stream: tears, wrong strides and formats, lost blocks.

Drivers, DMA engines and wrong caps cause most of it, decoders without concealment the rest. Each
tear takes (frame, previous, strength, rng) and returns (frame, share). strength is roughly the
share of the picture that it touches, share the result of visible_share(). An invisible tear, such
as swapped chroma planes of a grey picture, has a share of about 0.
"""
from collections.abc import Callable

import cv2
import numpy as np

Tear = Callable[[np.ndarray, np.ndarray | None, float, np.random.Generator],
                tuple[np.ndarray, float]]

WITHOUT_PICTURE = 0.85  # the most that flat colour and noise cover; more would be no signal


def _differing(first: np.ndarray, second: np.ndarray, size: tuple) -> np.ndarray:
    """The blocks whose luma differs by 6 in the mean or by 40 in a twentieth of the pixels."""
    difference = cv2.absdiff(first, second)
    strong = cv2.compare(difference, 40, cv2.CMP_GT)
    return ((cv2.resize(difference, size, interpolation=cv2.INTER_AREA) > 6)
            | (cv2.resize(strong, size, interpolation=cv2.INTER_AREA) > 255 / 20))


def visible_blocks(first: tuple, second: tuple, moved: bool = True) -> np.ndarray:
    """The macroblocks (16x16 of luma) that differ visibly between two pictures (Y, U, V) with
    chroma at half the size: in luma, or by 9 in the mean of a chroma plane. With `moved`, a block
    does not count if it is only displaced by a pixel at a width of at most 480: a picture that lags
    behind a pan by a pixel does not look damaged."""
    height, width = first[0].shape
    size = (max(width // 16, 1), max(height // 16, 1))
    visible = _differing(first[0], second[0], size)
    if moved and visible.any():
        scale = max(1, -(-width // 480))
        small = (max(width // scale, 1), max(height // scale, 1))
        old, new = (cv2.resize(planes[0], small, interpolation=cv2.INTER_AREA)
                    for planes in (first, second))
        new = cv2.copyMakeBorder(new, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
        for y in range(3):
            for x in range(3):
                visible &= _differing(old, new[y:y + small[1], x:x + small[0]], size)
    for plane in (1, 2):
        difference = cv2.absdiff(first[plane], second[plane])
        visible |= cv2.resize(difference, size, interpolation=cv2.INTER_AREA) > 9
    return visible


def to_planes(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A frame as Y, U and V (BT.601, 4:2:0); a frame of odd size gains a row or a column."""
    height, width = frame.shape[:2]
    if height % 2 or width % 2:
        frame = cv2.copyMakeBorder(frame, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
        height, width = frame.shape[:2]
    buffer = cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).reshape(-1)
    pixels = height * width
    half = (height // 2, width // 2)
    return (buffer[:pixels].reshape(height, width), buffer[pixels:pixels * 5 // 4].reshape(half),
            buffer[pixels * 5 // 4:].reshape(half))


def to_frame(planes: tuple, shape: tuple) -> np.ndarray:
    """The frame of this shape that has these planes."""
    height, width = planes[0].shape
    buffer = np.concatenate([plane.reshape(-1) for plane in planes])
    frame = cv2.cvtColor(buffer.reshape(height * 3 // 2, width), cv2.COLOR_YUV2RGB_I420)
    return np.ascontiguousarray(frame[:shape[0], :shape[1]])


def visible_share(damaged: np.ndarray, undamaged: np.ndarray) -> float:
    """The fraction of 16x16 blocks in which two frames differ visibly."""
    return float(visible_blocks(to_planes(damaged), to_planes(undamaged)).mean())


def _area(strength: float) -> float:
    return 0.03 + 0.97 * strength


def _rows(height: int, strength: float, rng: np.random.Generator) -> slice:
    """A band of rows, mostly at the bottom, where a transfer was not finished."""
    count = max(2, round(height * _area(strength)))
    if rng.random() < 0.3:
        start = int(rng.integers(0, height - count + 1))
    else:
        start = height - count
    return slice(start, start + count)


def _blocks(shape: tuple, strength: float, rng: np.random.Generator, side: int = 16) -> np.ndarray:
    """A mask of lost macroblocks, at the size of the picture: the tail, a slice or several runs."""
    high, wide = -(-shape[0] // side), -(-shape[1] // side)
    total = high * wide
    count = max(1, round(total * _area(strength)))
    lost = np.zeros(total, bool)
    look = rng.random()
    if look < 0.4:  # from a block to the end of the picture
        lost[total - count:] = True
    elif look < 0.7:  # one slice
        start = int(rng.integers(0, total - count + 1))
        lost[start:start + count] = True
    else:  # runs of blocks, one per packet
        run = int(rng.integers(1, max(2, wide)))
        for start in rng.integers(0, total, max(1, count // run)):
            lost[start:start + run] = True
    mask = np.repeat(np.repeat(lost.reshape(high, wide), side, 0), side, 1)
    return mask[:shape[0], :shape[1]]


def _other(frame: np.ndarray, previous: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
    """Another picture of the same size: the previous one, or another view of the frame."""
    if previous is not None and previous.shape == frame.shape and rng.random() < 0.6:
        return previous
    height, width = frame.shape[:2]
    zoom = rng.uniform(1, 1.5)
    move = np.float32([[zoom, 0, -rng.uniform(0, zoom - 1) * width + rng.normal(0, 0.06) * width],
                       [0, zoom, -rng.uniform(0, zoom - 1) * height
                        + rng.normal(0, 0.06) * height]])
    other = cv2.warpAffine(frame, move, (width, height), borderMode=cv2.BORDER_REFLECT)
    if rng.random() < 0.3:
        other = np.ascontiguousarray(other[:, ::-1])
    return other


def _measured(look: Callable) -> Tear:
    """The tear that a function makes, with its share. A roll displaces the whole picture, but the
    eye sees only the seam, so its share is at most that of the part that wrapped around."""
    def tear(frame, previous, strength, rng):
        damaged = np.ascontiguousarray(look(frame, previous, strength, rng))
        share = visible_share(damaged, frame)
        return damaged, min(share, 0.06 + 0.44 * strength) if look is _rolled else share
    return tear


def _torn(frame, previous, strength, rng):
    """A band, mostly the lower part, shows another frame, or this one moved."""
    height, width = frame.shape[:2]
    rows = _rows(height, min(strength, 0.75), rng)  # a whole other picture is not torn
    source = _other(frame, previous, rng) if rng.random() < 0.6 else frame
    across = int(rng.uniform(0.02, 0.5) * width) * int(rng.choice((-1, 1)))
    if source is not frame and rng.random() < 0.4:
        across = 0
    down = int(rng.normal(0, 0.1) * height) if rng.random() < 0.3 else 0
    damaged = frame.copy()
    damaged[rows] = np.roll(source, (down, across), (0, 1))[rows]
    return damaged


def _torn_often(frame, previous, strength, rng):
    """Several bands, each moved by its own distance."""
    height, width = frame.shape[:2]
    count = int(rng.integers(2, 12))
    cuts = np.sort(rng.integers(0, height, count * 2))
    damaged = frame.copy()
    source = _other(frame, previous, rng) if rng.random() < 0.3 else frame
    start = 0
    for cut in (*cuts, height):
        if cut > start and rng.random() < _area(strength):
            across = int(rng.uniform(0.01, 0.4) * width) * int(rng.choice((-1, 1)))
            damaged[start:cut] = np.roll(source[start:cut], across, 1)
        start = cut
    return damaged


def _read_as(buffer: np.ndarray, stride: int, rows: int, columns: int, offset: int) -> np.ndarray:
    """A plane of bytes or pixels read with another stride from an offset, wrapped."""
    flat = buffer.reshape(buffer.shape[0] * buffer.shape[1], *buffer.shape[2:])
    index = (np.arange(rows) * stride + offset)[:, None] + np.arange(columns)
    return flat[index % len(flat)]


def _slanted(frame, previous, strength, rng):
    """Rows read with a wrong stride: by pixels, by bytes of RGB (colours change) or by planes."""
    height, width = frame.shape[:2]
    extra = int(rng.choice((1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64))) * int(rng.choice((-1, 1)))
    look = rng.random()
    if look < 0.4:
        slanted = _read_as(frame, width + extra, height, width, 0)
    elif look < 0.7:
        slanted = _read_as(frame.reshape(height, width * 3), width * 3 + extra, height, width * 3,
                           0).reshape(height, width, 3)
    else:
        y, u, v = to_planes(frame)
        if look < 0.9:
            y = _read_as(y, y.shape[1] + extra, *y.shape, 0)
        half = extra // 2 or extra
        u, v = (_read_as(plane, plane.shape[1] + half, *plane.shape, 0) for plane in (u, v))
        slanted = to_frame((y, u, v), frame.shape)
    rows = slice(0, height) if strength > 0.5 else _rows(height, strength, rng)
    damaged = frame.copy()
    damaged[rows] = slanted[rows]
    return damaged


def _wrong_size(frame, previous, strength, rng):
    """The buffer of a picture of another width: small copies side by side."""
    height, width = frame.shape[:2]
    times = float(rng.choice((2, 2, 3, 0.5, 1.5)))
    if rng.random() < 0.5:
        wrong = _read_as(frame, int(width * times), height, width, 0)
    else:
        y, u, v = to_planes(frame)
        planes = [_read_as(plane, int(plane.shape[1] * times), *plane.shape, 0)
                  for plane in (y, u, v)]
        wrong = to_frame(tuple(planes), frame.shape)
    rows = slice(0, height) if strength > 0.5 else _rows(height, strength, rng)
    damaged = frame.copy()
    damaged[rows] = wrong[rows]
    return damaged


def _wrong_format(frame, previous, strength, rng):
    """The bytes of one pixel format taken for another."""
    height = frame.shape[0]
    y, u, v = to_planes(frame)
    look = int(rng.integers(0, 8))
    if look == 0:  # YV12 as I420
        planes = (y, v, u)
    elif look == 1:  # NV12 as I420
        both = np.stack([u, v], -1).reshape(2, *u.shape)
        planes = (y, both[0], both[1])
    elif look == 2:  # I420 as NV12
        both = np.stack([u, v]).reshape(*u.shape, 2)
        planes = (y, np.ascontiguousarray(both[..., 0]), np.ascontiguousarray(both[..., 1]))
    elif look == 3:  # chroma at a wrong offset, as of a padded height
        down = int(rng.integers(4, max(5, u.shape[0] // 4)))
        planes = (y, np.roll(u, down, 0), np.roll(v, down, 0))
        for plane in planes[1:]:
            plane[:down] = rng.choice((0, 16, 128))
    elif look in (4, 5):  # YUYV as I420, UYVY as YUYV
        whole = [cv2.resize(plane, (y.shape[1] // 2, y.shape[0])) for plane in (u, v)]
        packed = np.stack([y[:, ::2], whole[0], y[:, 1::2], whole[1]], -1)
        if look == 4:
            flat, pixels = packed.reshape(-1), y.size
            planes = (flat[:pixels].reshape(y.shape), flat[pixels:pixels * 5 // 4].reshape(u.shape),
                      flat[pixels * 5 // 4:pixels * 3 // 2].reshape(v.shape))
        else:
            luma = packed[..., 1::2].reshape(y.shape)
            planes = (luma, np.ascontiguousarray(packed[::2, :, 0]),
                      np.ascontiguousarray(packed[::2, :, 2]))
    elif look == 6:  # red and blue swapped
        planes = to_planes(np.ascontiguousarray(frame[..., ::-1]))
    else:  # chroma with a sign (0 for 128)
        planes = (y, u ^ 128, v ^ 128)
    wrong = to_frame(planes, frame.shape)
    rows = slice(0, height) if strength > 0.3 else _rows(height, strength, rng)
    damaged = frame.copy()
    damaged[rows] = wrong[rows]
    return damaged


def _grey(frame, previous, strength, rng):
    """Macroblocks that were not decoded are grey, in some pictures with residuals on top."""
    lost = _blocks(frame.shape, min(strength, WITHOUT_PICTURE), rng)
    damaged = frame.copy()
    value = np.full(3, rng.choice((128, 128, 127, 130, int(rng.integers(100, 160)))))
    if rng.random() < 0.4:
        blur = cv2.blur(frame, (33, 33)).astype(np.float32)
        damaged[lost] = np.clip(value + rng.uniform(0.2, 0.7)
                                * (frame[lost] - blur[lost]), 0, 255)
    else:
        damaged[lost] = value
    return damaged


def _coloured(frame, lost, y, u, v, rng):
    """The frame with Y, U and V of lost blocks replaced by numbers; None keeps a plane."""
    planes = [plane.copy() for plane in to_planes(frame)]
    for index, value in enumerate((y, u, v)):
        if value is not None:
            plane = planes[index]
            mask = cv2.resize(lost.astype(np.uint8), plane.shape[::-1],
                              interpolation=cv2.INTER_NEAREST)
            plane[mask > 0] = value
    return to_frame(tuple(planes), frame.shape)


def _green(frame, previous, strength, rng):
    """Zeros in all planes, or in chroma alone, are green."""
    strength = min(strength, WITHOUT_PICTURE)
    lost = _blocks(frame.shape, strength, rng) if rng.random() < 0.7 else None
    if lost is None:
        lost = np.zeros(frame.shape[:2], bool)
        lost[_rows(frame.shape[0], strength, rng)] = True
    y = None if rng.random() < 0.35 else int(rng.choice((0, 0, 16, 40)))
    return _coloured(frame, lost, y, 0, 0, rng)


def _pink(frame, previous, strength, rng):
    """Chroma that overflows or has lost a plane: magenta, purple, blue or orange."""
    lost = _blocks(frame.shape, min(strength, WITHOUT_PICTURE), rng)
    u, v = ((255, 255), (200, 220), (128, 255), (255, 128), (0, 255), (None, 0), (0, None),
            (160, 240))[int(rng.integers(0, 8))]
    y = int(rng.integers(60, 256)) if rng.random() < 0.3 else None
    return _coloured(frame, lost, y, u, v, rng)


def _stripes(frame, previous, strength, rng):
    """Rows that never arrived are of one colour, mostly black, or of another frame."""
    height = frame.shape[0]
    run = int(rng.integers(1, 17))
    starts = np.arange(0, height, run)
    if rng.random() < 0.5:
        missing = rng.random(len(starts)) < _area(strength) * 0.8
    else:
        period = max(2, round(1 / _area(strength)))
        missing = np.arange(len(starts)) % period == 0
    mask = np.repeat(missing, run)[:height]
    damaged = frame.copy()
    look = rng.random()
    if look < 0.7:
        damaged[mask] = 0
    elif look < 0.85:
        damaged[mask] = int(rng.choice((128, 255)))
    else:
        damaged[mask] = np.roll(_other(frame, previous, rng),
                                int(rng.uniform(0.05, 0.5) * frame.shape[1]), 1)[mask]
    return damaged


def _repeated(frame, previous, strength, rng):
    """Groups of lines that repeat: the first of each group, or a band over and over."""
    height = frame.shape[0]
    rows = _rows(height, strength, rng)
    index = np.arange(height)
    inside = index[rows]
    group = int(rng.choice((4, 6, 8, 12, 16, 24, 32, 48)))
    if rng.random() < 0.5:
        index[rows] = inside - (inside - rows.start) % group
    else:
        index[rows] = max(rows.start - group, 0) + (inside - rows.start) % group
    return frame[index]


def _misplaced(frame, previous, strength, rng):
    """Macroblocks at wrong places: a raster that slipped by some blocks, or single ones."""
    side = int(rng.choice((8, 16, 16, 32)))
    height, width = (n - n % side for n in frame.shape[:2])
    if height < side or width < side:
        return frame
    high, wide = height // side, width // side
    grid = frame[:height, :width].reshape(high, side, wide, side, 3).swapaxes(1, 2)
    blocks = grid.reshape(high * wide, side, side, 3)
    order = np.arange(len(blocks))
    count = max(1, round(len(blocks) * _area(strength)))
    if rng.random() < 0.5:
        start = len(blocks) - count
        slip = int(rng.integers(1, max(2, wide)))
        order[start:] = np.maximum(order[start:] - slip, 0)
    else:
        chosen = rng.choice(len(blocks), count, replace=False)
        if rng.random() < 0.5:
            order[chosen] = rng.permutation(chosen)
        else:  # what a wrong vector points to
            order[chosen] = (chosen + rng.integers(-3, 4, count)
                             + wide * rng.integers(-3, 4, count)) % len(blocks)
    damaged = frame.copy()
    damaged[:height, :width] = blocks[order].reshape(high, wide, side, side, 3).swapaxes(
        1, 2).reshape(height, width, 3)
    return damaged


def _vectors(height, width, rng, reach):
    """A field of motion, constant in each block."""
    side = int(rng.choice((8, 16, 16)))
    size = (-(-width // side), -(-height // side))
    rough = rng.normal(0, reach, (4, 5, 2)).astype(np.float32)
    field = cv2.resize(rough, size, interpolation=cv2.INTER_CUBIC)
    field += rng.normal(0, reach * 0.4, field.shape).astype(np.float32)
    field = np.repeat(np.repeat(field, side, 0), side, 1)
    return field[:height, :width]


def _ghost(frame, previous, strength, rng):
    """After a lost key frame: residuals of the new pictures on grey or on an old picture."""
    height, width = frame.shape[:2]
    detail = frame.astype(np.float32) - cv2.blur(frame, (int(rng.integers(5, 40)),) * 2)
    detail *= rng.uniform(0.5, 1)
    moving = cv2.resize(rng.random((6, 8)).astype(np.float32), (-(-width // 16), -(-height // 16)),
                        interpolation=cv2.INTER_CUBIC)
    coded = moving > np.quantile(moving, rng.uniform(0.1, 0.6))  # skipped blocks stay old
    coded = np.repeat(np.repeat(coded, 16, 0), 16, 1)[:height, :width, None]
    if rng.random() < 0.4:
        base = np.full(frame.shape, int(rng.integers(118, 138)), np.float32)
    else:
        base = _other(frame, None if rng.random() < 0.5 else previous, rng).astype(np.float32)
    ghost = np.clip(base + detail * coded, 0, 255).astype(np.uint8)
    lost = _blocks(frame.shape, strength, rng)[..., None]
    return np.where(lost, ghost, frame)


def _dragged(frame, previous, strength, rng):
    """An old picture that the vectors of lost frames drag along, block by block."""
    height, width = frame.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    source = _other(frame, previous, rng) if rng.random() < 0.5 else frame
    for _ in range(int(rng.integers(1, 4))):
        field = _vectors(height, width, rng, rng.uniform(3, 14))
        source = cv2.remap(source, x + field[..., 0], y + field[..., 1], cv2.INTER_NEAREST,
                           borderMode=cv2.BORDER_REPLICATE)
    lost = _blocks(frame.shape, strength, rng)[..., None]
    return np.where(lost, source, frame)


def _channel(frame, previous, strength, rng):
    """A colour channel, or chroma, is displaced."""
    height, width = frame.shape[:2]
    across = int(rng.uniform(0.015, 0.25) * width) * int(rng.choice((-1, 1)))
    down = int(rng.normal(0, 0.04) * height)
    damaged = frame.copy()
    rows = slice(0, height) if strength > 0.3 else _rows(height, strength, rng)
    if rng.random() < 0.6:
        channel = int(rng.integers(0, 3))
        damaged[rows, :, channel] = np.roll(frame[..., channel], (down, across), (0, 1))[rows]
    else:
        y, u, v = to_planes(frame)
        u, v = (np.roll(plane, (down // 2, across // 2), (0, 1)) for plane in (u, v))
        damaged[rows] = to_frame((y, u, v), frame.shape)[rows]
    return damaged


def _combed(frame, previous, strength, rng):
    """Fields that do not belong together: every second row, or pair, is moved."""
    height, width = frame.shape[:2]
    step = int(rng.choice((1, 1, 1, 2, 4)))
    odd = np.arange(height) // step % 2 == 1
    rows = np.zeros(height, bool)
    rows[_rows(height, strength, rng)] = True
    source = _other(frame, previous, rng) if rng.random() < 0.4 else frame
    across = int(rng.uniform(0.012, 0.12) * width) * int(rng.choice((-1, 1)))
    damaged = frame.copy()
    damaged[odd & rows] = np.roll(source, across, 1)[odd & rows]
    return damaged


def _smeared(frame, previous, strength, rng):
    """The last decoded row repeats to the bottom of its blocks, with or without a drift to grey."""
    strength = min(strength, WITHOUT_PICTURE)
    height, width = frame.shape[:2]
    lost = np.zeros(frame.shape[:2], bool)
    start = height - max(2, round(height * _area(strength)))
    if rng.random() < 0.4:
        lost[start:] = True
    else:  # the last row of macroblocks is decoded in part
        split = int(rng.integers(0, width))
        lost[start:, split:] = True
        lost[min(start + 16, height):, :split] = True
    first = np.argmax(lost, 0)
    edge = frame[np.maximum(first - 1, 0), np.arange(width)].astype(np.float32)
    if rng.random() < 0.4:
        edge = np.repeat(edge[::8], 8, 0)[:width]
    smear = np.broadcast_to(edge, frame.shape).copy()
    if rng.random() < 0.4:
        fade = np.exp(-np.arange(height) / rng.uniform(20, 200))[:, None, None]
        fade = np.roll(fade, start, 0)
        smear = 128 + (smear - 128) * fade
    return np.where(lost[..., None], smear, frame).astype(np.uint8)


def _confetti(frame, previous, strength, rng):
    """Macroblocks of wrong coefficients: flat colours, cosine patterns, inverted contrast."""
    side = int(rng.choice((8, 16, 16)))
    high, wide = -(-frame.shape[0] // side), -(-frame.shape[1] // side)
    lost = _blocks((high, wide), strength, rng, 1)
    keep = rng.random() < 0.5
    size = (high, wide, 1, 1, 3)
    colour = rng.normal(0, rng.uniform(20, 110), size) * rng.choice((1, 1, 0.3), size[:4] + (1,))
    ramp = np.pi * (np.arange(side) + 0.5) / side
    u, v = rng.integers(0, 6, (2, high, wide, 1, 1))
    wave = np.cos(u * ramp[:, None]) * np.cos(v * ramp)
    wave = wave[..., None] * rng.normal(0, rng.uniform(10, 100), (high, wide, 1, 1, 1))
    blocks = (colour + wave).astype(np.float32) * lost[..., None, None, None]
    noise = blocks.swapaxes(1, 2).reshape(high * side, wide * side, 3)
    noise = noise[:frame.shape[0], :frame.shape[1]]
    mask = np.repeat(np.repeat(lost, side, 0), side, 1)[:frame.shape[0], :frame.shape[1], None]
    base = frame if keep else np.where(mask, 128, frame)
    return np.clip(base + noise, 0, 255).astype(np.uint8)


def _drifting(frame, previous, strength, rng):
    """A lost run of JPEG data: the blocks after it slip and keep a wrong brightness and tint."""
    height, width = frame.shape[:2]
    offset = np.zeros(frame.shape, np.float32)
    damaged = frame
    start = height - max(8, round(height * _area(strength)))
    start -= start % 8
    while start < height:
        column = int(rng.integers(0, width // 8 + 1)) * 8
        slip = int(rng.integers(0, max(2, width // 8))) * 8
        rolled = np.roll(damaged, slip, 1)
        damaged = damaged.copy()
        damaged[start:] = rolled[start:]
        tint = rng.normal(0, 45) + rng.normal(0, 25, 3)
        offset[start:start + 8, column:] += tint
        offset[start + 8:] += tint
        start += max(8, int(rng.exponential(height * 0.3)) // 8 * 8)
    return np.clip(damaged + offset, 0, 255).astype(np.uint8)


def _rolled(frame, previous, strength, rng):
    """A vertical roll with the bar between two pictures."""
    height = frame.shape[0]
    shift = max(4, round(height * (0.06 + 0.44 * strength)))
    bar = int(rng.uniform(0, 0.08) * height)
    damaged = np.roll(frame, shift * int(rng.choice((-1, 1))), 0)
    cut = shift % height
    damaged[cut:cut + bar] = int(rng.choice((0, 0, 16, 40)))
    if rng.random() < 0.3:
        damaged = np.roll(damaged, int(rng.uniform(0.1, 0.6) * frame.shape[1]), 1)
    return damaged


def _garbage(frame, previous, strength, rng):
    """Memory that was never written: random bytes, a short pattern or parts of other buffers."""
    height, width = frame.shape[:2]
    look = rng.random()
    if look < 0.35:
        memory = rng.integers(0, 256, frame.shape, dtype=np.uint8)
        memory &= np.uint8(rng.choice((255, 0xf0, 0xc0, 0x7f)))
    elif look < 0.65:
        pattern = rng.integers(0, 256, int(rng.choice((6, 12, 48, 192, 1000))), dtype=np.uint8)
        memory = np.resize(pattern, frame.size).reshape(frame.shape)
    else:
        memory = _read_as(_other(frame, previous, rng), width + int(rng.integers(-200, 200)),
                          height, width, int(rng.integers(0, width * height)))
    lost = _blocks(frame.shape, min(strength, WITHOUT_PICTURE), rng, int(rng.choice((1, 4, 16))))
    return np.where(lost[..., None], memory, frame)


def _bits(frame, previous, strength, rng):
    """A bit of the bus that is stuck or inverted, or samples shifted by a bit or two."""
    height = frame.shape[0]
    look = int(rng.integers(0, 4))
    if look == 0:
        wrong = frame & np.uint8(0xff ^ int(rng.choice((128, 64))))
    elif look == 1:
        wrong = frame | np.uint8(rng.choice((128, 64)))
    elif look == 2:
        wrong = frame << np.uint8(rng.integers(1, 3))
    else:
        wrong = frame ^ np.uint8(rng.choice((128, 64)))
    rows = slice(0, height) if strength > 0.5 else _rows(height, strength, rng)
    damaged = frame.copy()
    damaged[rows] = wrong[rows]
    return damaged


TEARS: dict[str, Tear] = {look.__name__.strip('_').replace('_', '-'): _measured(look) for look in (
    _torn, _torn_often, _slanted, _wrong_size, _wrong_format, _grey, _green, _pink, _stripes,
    _repeated, _misplaced, _ghost, _dragged, _channel, _combed, _smeared, _confetti, _drifting,
    _rolled, _garbage, _bits)}
