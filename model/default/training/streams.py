# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compression as cameras use it, and damage of encoded streams as networks and disks do it.

Clips are encoded in memory (x264, x265, MPEG-4 Part 2, MPEG-2, JPEG). Units of the bit stream are
lost, cut, reordered, or have bits flipped, and FFmpeg decodes the rest with error concealment. The
target of a damaged frame follows from the share of its macroblocks that differ visibly from the
same frame of the undamaged stream, so compression alone is never a fault. Losses come in bursts (E.
N. Gilbert, "Capacity of a burst-noise channel", 1960) of packets of up to 1400 bytes (RFC 6184).
"""
import argparse
import re
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

import sheets
from tears import TEARS, to_frame, to_planes, visible_blocks

ENCODERS = {'h264': 'libx264', 'hevc': 'libx265', 'mpeg4': 'mpeg4', 'mpeg2video': 'mpeg2video',
            'mjpeg': 'mjpeg'}
Planes = tuple[np.ndarray, np.ndarray, np.ndarray]
Units = list[tuple[bytes, bool]]  # parts of a coded picture; True: a header that is never damaged


def target_of_share(share: float) -> float:
    """The probability of `corrupted` to learn for a share of visibly damaged blocks."""
    return float(np.interp(share, (0.005, 0.04, 0.16), (0, 0.5, 0.97)))


def _encode(pictures: list[Planes], codec: str, options: dict, gop: int,
            keys: tuple = ()) -> list[bytes]:
    """The coded pictures of a clip; those in `keys` are key frames, wherever they are in a GOP."""
    if codec == 'mjpeg':
        settings = [cv2.IMWRITE_JPEG_QUALITY, options['quality'],
                    cv2.IMWRITE_JPEG_RST_INTERVAL, options.get('restart', 0)]
        return [cv2.imencode('.jpg', cv2.cvtColor(to_frame(picture, picture[0].shape),
                                                  cv2.COLOR_RGB2BGR), settings)[1].tobytes()
                for picture in pictures]
    encoder = av.CodecContext.create(ENCODERS[codec], 'w')
    encoder.height, encoder.width = pictures[0][0].shape
    encoder.pix_fmt, encoder.time_base, encoder.framerate = 'yuv420p', Fraction(1, 25), 25
    encoder.gop_size, encoder.max_b_frames, encoder.thread_count = gop, 0, 1
    encoder.bit_rate = int(options.get('bit_rate', 0))
    encoder.options = {key: value for key, value in options.items() if key != 'bit_rate'}
    packets = {}
    for number, picture in enumerate(pictures):
        buffer = np.concatenate([plane.reshape(-1) for plane in picture])
        frame = av.VideoFrame.from_ndarray(buffer.reshape(-1, encoder.width), format='yuv420p')
        frame.pts = number
        if number in keys:
            frame.pict_type = av.video.frame.PictureType.I
        packets |= {packet.pts: bytes(packet) for packet in encoder.encode(frame)}
    packets |= {packet.pts: bytes(packet) for packet in encoder.encode(None)}
    return [packets[number] for number in range(len(pictures))]


def _decode(packets: list[bytes], codec: str, options: dict | None = None) -> dict[int, Planes]:
    """The decoded pictures by number; a damaged packet may not give one."""
    decoder = av.CodecContext.create(codec, 'r')
    decoder.thread_count = 1
    decoder.options = options or {}
    pictures = {}
    for number, data in enumerate([*packets, None]):
        packet = None
        if data is not None:
            if not data:
                continue
            # FFmpeg reads past the end of a packet, where av.Packet(data) may have no zeros.
            packet = av.Packet(len(data))
            packet.update(data)
            packet.pts = packet.dts = number
            packet.time_base = Fraction(1, 25)
        try:
            frames = decoder.decode(packet)
        except av.FFmpegError:
            continue
        for frame in frames:
            if frame.format.name != 'yuv420p':
                frame = frame.reformat(format='yuv420p')
            buffer = frame.to_ndarray().reshape(-1)
            pixels, half = frame.width * frame.height, (frame.height // 2, frame.width // 2)
            if frame.pts is not None and frame.width % 2 == 0 and frame.height % 2 == 0:
                pictures[frame.pts] = (buffer[:pixels].reshape(frame.height, frame.width),
                                       buffer[pixels:pixels * 5 // 4].reshape(half),
                                       buffer[pixels * 5 // 4:].reshape(half))
    return pictures


def _settings(rng: np.random.Generator, codec: str, heavy: bool, slices: int = 1,
              pixels: int = 0) -> dict:
    """Options of an encoder as cameras set them. pixels: of a picture; 0 never sets a bit rate."""
    if codec == 'h264':
        options = {'preset': str(rng.choice(('ultrafast', 'superfast', 'veryfast'),
                                            p=(0.5, 0.4, 0.1))),
                   'tune': 'zerolatency', 'forced-idr': '1',
                   'crf': f'{rng.uniform(34, 40) if heavy else rng.uniform(20, 33):.1f}',
                   'x264-params': f'slices={slices}:scenecut=0:deblock={int(rng.random() < 0.8)}'}
        if pixels and rng.random() < 0.3:
            del options['crf']
            rate = rng.uniform(0.01, 0.03) if heavy else rng.uniform(0.05, 0.2)
            options['bit_rate'] = str(int(pixels * 25 * rate))
        return options
    if codec == 'hevc':
        return {'preset': 'ultrafast', 'tune': 'zerolatency', 'forced-idr': '1',
                'crf': f'{rng.uniform(35, 41) if heavy else rng.uniform(22, 34):.1f}',
                'x265-params': 'log-level=none:pools=none:frame-threads=1:wpp=0:scenecut=0:'
                               'rc-lookahead=0:subme=0:me=dia:max-merge=1'}
    if codec == 'mjpeg':
        return {'quality': int(rng.integers(22, 50) if heavy else rng.integers(60, 96)),
                'restart': int(rng.choice((0, 1, 4, 20, 40))) if slices > 1 else 0}
    quantizer = str(int(rng.integers(11, 22) if heavy else rng.integers(2, 10)))
    options = {'qmin': quantizer, 'qmax': quantizer}
    if slices > 1 and codec == 'mpeg4':
        options['ps'] = str(int(rng.integers(200, 1400)))
    return options


def compress(frames: list, rng: np.random.Generator, heavy: bool = False) -> list:
    """A clip of one or more frames, encoded and decoded. One or two moved copies may precede a
    single frame, so that the result is a predicted frame."""
    codec = str(rng.choice(('h264', 'mjpeg', 'mpeg4', 'hevc'), p=(0.58, 0.22, 0.12, 0.08)))
    clip = list(frames)
    if len(frames) == 1 and codec != 'mjpeg' and rng.random() < 0.5:
        for _ in range(int(rng.integers(1, 3)) if codec != 'hevc' else 1):
            clip.insert(0, np.roll(frames[0], rng.integers(-3, 4, 2), (0, 1)))
    pictures = [to_planes(frame) for frame in clip]
    pixels = pictures[0][0].size if len(frames) > 4 else 0
    options = _settings(rng, codec, heavy, pixels=pixels)
    coded = _encode(pictures, codec, options, int(rng.choice((12, 25, 50, 250))))
    decoded = _decode(coded, codec)
    result = [to_frame(decoded[number], frames[0].shape) for number in range(len(clip))]
    return result[-len(frames):]


def _moving_patches(frame: np.ndarray, rng: np.random.Generator) -> list:
    """Up to three soft patches of the picture: (patch, 1 - its mask, place, speed)."""
    height, width = frame.shape[:2]
    patches = []
    for _ in range(int(rng.integers(0, 4))):
        size = (rng.uniform(0.06, 0.3, 2) * (height, width)).astype(int) + 2
        y, x = (int(rng.integers(0, limit - side + 1))
                for limit, side in zip((height, width), size))
        place = np.float64((y, x))
        if rng.random() < 0.3:
            place = rng.uniform(0, 1, 2) * (height - size[0], width - size[1])
        down, across = (np.abs(np.linspace(-1, 1, side, dtype=np.float32)) for side in size)
        power = rng.uniform(1, 6)  # from a diamond to nearly a rectangle
        edge = 1 - down[:, None] ** power - across ** rng.uniform(1, 6)
        mask = np.clip(edge * rng.uniform(1.5, 8), 0, 1)[..., None]
        patches.append((frame[y:y + size[0], x:x + size[1]] * mask, 1 - mask, place,
                        rng.normal(0, 7 * width / 640, 2)))
    return patches


def still_clip(frame: np.ndarray, rng: np.random.Generator, n: int) -> list:
    """A short clip from a still. The camera may move, parts of the scene may sway, patches of the
    picture may move, and there may be light noise, so predicted frames have motion vectors and
    residuals."""
    height, width = frame.shape[:2]
    unit = width / 640
    pan = rng.normal(0, 3 * unit, 2) if rng.random() < 0.55 else np.zeros(2)
    growth = rng.normal(0, 0.004) if rng.random() < 0.4 else 0
    start = 1 + np.abs(pan).max() * n / min(height, width) * 2 + abs(growth) * n
    patches = _moving_patches(frame, rng)
    sway = None
    if rng.random() < 0.7:
        field = rng.normal(0, 1, (5, 7, 2)) * (rng.random((5, 7, 1)) < rng.uniform(0.1, 0.5))
        field = cv2.resize(field.astype(np.float32), (width // 8, height // 8),
                           interpolation=cv2.INTER_CUBIC)
        sway = cv2.resize(field, (width, height)) * np.float32(rng.uniform(3, 16) * unit)
        speed, phase = rng.uniform(0.1, 0.9), rng.uniform(0, 6.3)
    noise = None
    if rng.random() < 0.7:
        noise = rng.standard_normal((height, width), np.float32) * rng.uniform(0.5, 3)
        noise = cv2.merge([noise.astype(np.int16)] * 3)
    x = np.arange(width, dtype=np.float32)
    y = np.arange(height, dtype=np.float32)[:, None]
    clip = []
    for number in range(n):
        zoom = np.float32(start + growth * number)
        away = pan * (number - n / 2)
        map_x = (x - width / 2) / zoom + np.float32(width / 2 + away[0])
        map_y = (y - height / 2) / zoom + np.float32(height / 2 + away[1])
        if sway is not None:
            now = np.float32(np.sin(speed * number + phase))
            moved = cv2.remap(frame, map_x + sway[..., 0] * now, map_y + sway[..., 1] * now,
                              cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        elif pan.any() or growth:
            move = np.float32([[1 / zoom, 0, map_x[0]], [0, 1 / zoom, map_y[0, 0]]])
            moved = cv2.warpAffine(frame, move, (width, height),
                                   flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                                   borderMode=cv2.BORDER_REFLECT)
        else:
            moved = frame.copy()
        for patch, ground, place, speed_of_patch in patches:
            top, left = np.clip(place + speed_of_patch * number, 0,
                                (height - patch.shape[0], width - patch.shape[1])).astype(int)
            window = moved[top:top + patch.shape[0], left:left + patch.shape[1]]
            window[:] = patch + window * ground
        if noise is not None:
            rolled = np.roll(noise, rng.integers(0, height), 0)
            moved = cv2.add(moved, rolled, dtype=cv2.CV_8U)
        clip.append(moved)
    return clip


def _units(data: bytes, codec: str) -> Units:
    """The NAL units, slices or pictures of coded data, and whether each is a header."""
    if codec == 'mjpeg':
        scan = data.find(b'\xff\xda') + 14
        return [(data[:scan], True), (data[scan:], False)]
    starts = [match.start() for match in re.finditer(b'\x00\x00\x01', data)] + [len(data)]
    if len(starts) < 2:
        return [(data, False)]
    units = [(data[:starts[0]], True)] if starts[0] else []
    for start, end in zip(starts, starts[1:]):
        unit = data[start:end]
        code = unit[3] if len(unit) > 3 else 0
        if codec == 'h264':
            header = code & 31 not in (1, 5)
        elif codec == 'hevc':
            header = code >> 1 & 63 >= 32
        elif codec == 'mpeg4':
            header = code != 0xb6
        else:
            header = not 1 <= code <= 0xaf
        units.append((unit, header))
    return units


def _packets_lost(units: Units, rng, rate: float, habit: str, size: int) -> Units:
    """Network packets lost in bursts. habit: whether a unit with a gap is dropped, cut at the gap,
    joined across it or filled with zeros."""
    result, losing = [], False
    for data, header in units:
        if header:
            result.append((data, header))
            continue
        kept, whole = [], True
        for start in range(0, len(data), size):
            losing = rng.random() < (0.5 if losing else rate)
            if not losing:
                kept.append(data[start:start + size])
                continue
            whole = False
            if habit == 'cut':
                break
            if habit == 'zeros':
                kept.append(bytes(min(size, len(data) - start)))
        if whole or habit != 'drop':
            result.append((b''.join(kept), False))
    return result


def _bits_flipped(units: Units, rng, rate: float) -> Units:
    result = []
    for data, header in units:
        if not header and len(data) > 12:
            changed = bytearray(data)
            for place in rng.integers(10, len(data), rng.poisson(len(data) * rate / 400)):
                changed[place] ^= 1 << int(rng.integers(0, 8))
            data = bytes(changed)
        result.append((data, header))
    return result


def _reordered(units: Units, rng, rate: float, size: int) -> Units:
    """Packets swapped or doubled within a unit."""
    result = []
    for data, header in units:
        parts = [data[start:start + size] for start in range(0, len(data), size)]
        for place in range(1, len(parts)):
            if not header and rng.random() < rate:
                if rng.random() < 0.5:
                    parts[place - 1], parts[place] = parts[place], parts[place - 1]
                else:
                    parts[place] = parts[place - 1]
        result.append((b''.join(parts), header))
    return result


def _headers(units: Units) -> Units:
    return [unit for unit in units if unit[1]]


def _damage_units(coded: list[Units], keys: list[int], rng, strength: float) -> list[Units]:
    """A stream as a network or a disk leaves it."""
    key = 0.04 + 0.2 * strength
    kind = str(rng.choice(('packets', 'slices', 'bits', 'cut', 'order', 'frames', 'key'),
                          p=(*np.array((0.4, 0.18, 0.12, 0.1, 0.08, 0.12)) * (1 - key), key)))
    rate = 0.02 * 30 ** strength
    habit = str(rng.choice(('drop', 'cut', 'join', 'zeros'), p=(0.3, 0.25, 0.3, 0.15)))
    size = int(rng.choice((188, 500, 1000, 1400, 1400)))
    first = int(rng.integers(0, max(1, len(coded) - 2)))
    result = list(coded)
    if kind == 'key':
        number = keys[int(rng.integers(0, len(keys)))]
        result[number] = (_headers(coded[number]) if rng.random() < 0.7 else
                          _packets_lost(coded[number], rng, 0.1 + rate, habit, size))
        if rng.random() < 0.6:
            return result
        kind, rate = 'packets', rate / 4
    for _ in range(8):
        hit = False
        for number in range(first, len(coded)):
            units = result[number]
            if kind == 'packets':
                units = _packets_lost(units, rng, rate, habit, size)
            elif kind == 'slices':
                units = [unit for unit in units if unit[1] or rng.random() > rate]
            elif kind == 'bits':
                units = _bits_flipped(units, rng, rate)
            elif kind == 'order':
                units = _reordered(units, rng, rate, min(size, 188))
            elif rng.random() < rate:
                if kind == 'frames':
                    units = _headers(units)
                elif units:
                    data, header = units[-1]
                    keep = int(len(data) * rng.uniform(0.02, 1))
                    units = [*units[:-1], (data[:max(keep, 12)], header)]
            hit |= units != result[number]
            result[number] = units
        if hit:
            break
        rate = min(rate * 2, 1)
    return result


def _before(frame: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An earlier view of the scene, from another position and in another light."""
    height, width = frame.shape[:2]
    zoom = rng.uniform(1, 1.6)
    move = np.float32([[zoom, 0, rng.uniform(1 - zoom, 0) * width + rng.normal(0, 0.1) * width],
                       [0, zoom, rng.uniform(1 - zoom, 0) * height]])
    view = cv2.warpAffine(frame, move, (width, height), borderMode=cv2.BORDER_REFLECT)
    return cv2.convertScaleAbs(view, alpha=rng.uniform(0.6, 1.2), beta=rng.uniform(0, 20))


def damage(frames: list, rng: np.random.Generator, strength: float) -> list:
    """Damages the stream of a clip. Returns [(damaged, undamaged, share)] of the frames that are
    visibly damaged. Blocks that repeat an earlier picture do not count: one frame cannot show that
    it is late."""
    shape = frames[0].shape
    clip = list(frames)
    small = rng.random()
    if small < 0.35:
        limit = int(rng.choice((176, 352, 352, 480)))
        if limit < shape[1]:
            size = (limit, max(round(limit * shape[0] / shape[1] / 2) * 2, 16))
            clip = [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in clip]
    codec = str(rng.choice(('h264', 'hevc', 'mpeg4', 'mpeg2video', 'mjpeg'),
                           p=(0.58, 0.1, 0.15, 0.06, 0.11)))
    before = int(rng.integers(1, 3)) if codec != 'mjpeg' and rng.random() < 0.3 else 0
    clip = [_before(clip[0], rng)] * before + clip
    slices = int(rng.choice((1, 2, 4, 8, 16))) if strength > 0.3 else int(rng.choice((1, 8, 16)))
    gop = int(rng.integers(3, 30))
    pictures = [to_planes(frame) for frame in clip]
    coded = _encode(pictures, codec, _settings(rng, codec, rng.random() < 0.15, slices), gop,
                    (before,))
    keys = [number for number in range(before, len(coded)) if (number - before) % gop == 0]
    whole = _decode(coded, codec)
    broken = _damage_units([_units(data, codec) for data in coded], keys, rng, strength)
    concealment = str(rng.choice(('guess_mvs+deblock', 'favor_inter+guess_mvs+deblock', '0'),
                                 p=(0.66, 0.2, 0.14)))
    decoded = _decode([b''.join(data for data, _ in units) for units in broken], codec,
                      {'flags': '+output_corrupt', 'flags2': '+showall', 'ec': concealment,
                       'err_detect': str(rng.choice(('ignore_err', 'crccheck')))})
    result = []
    for number in range(before, len(clip)):
        picture = decoded.get(number)
        if picture is None or number not in whole or picture[0].shape != whole[number][0].shape:
            continue
        if picture[0].std() < 2:  # no picture is left: no signal, not damage
            continue
        visible = visible_blocks(picture, whole[number])
        for past in range(max(number - 6, 0), number):
            if past in whole and visible.mean() >= 0.005:
                visible &= visible_blocks(picture, whole[past], moved=False)
        share = float(visible.mean())
        if share >= 0.005:
            pair = [to_frame(planes, clip[0].shape) for planes in (picture, whole[number])]
            if clip[0].shape != shape:
                way = cv2.INTER_CUBIC if small < 0.15 else cv2.INTER_LINEAR
                pair = [cv2.resize(frame, shape[1::-1], interpolation=way) for frame in pair]
            result.append((*pair, share))
    return result


def _decode_file(path: Path) -> list[Planes]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.options = {'flags': '+output_corrupt', 'flags2': '+showall'}
        stream.thread_count = 1
        pictures = []
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue
            pictures += [to_planes(frame.to_ndarray(format='rgb24')) for frame in frames]
        return pictures


def real_damage(media: Path) -> list:
    """[(damaged, undamaged, share)] of streams with real losses. undamaged is the most similar
    frame of the undamaged stream; it and share are None if there is no such stream."""
    folder = Path(media) / 'openh264'
    whole = _decode_file(folder / 'BA_MW_D.264')
    result = []
    for name in ('BA_MW_D_IDR_LOST.264', 'BA_MW_D_P_LOST.264'):
        for picture in _decode_file(folder / name):
            twin = min(whole, key=lambda other: cv2.norm(picture[0], other[0], cv2.NORM_L1))
            shape = (*picture[0].shape, 3)
            result.append((to_frame(picture, shape), to_frame(twin, shape),
                           float(visible_blocks(picture, twin).mean())))
    for picture in _decode_file(folder / 'Error_I_P.264'):
        result.append((to_frame(picture, (*picture[0].shape, 3)), None, None))
    return result


def main() -> None:
    """Writes contact sheets of damaged streams, tears and real losses."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument('--sheet', type=Path, required=True, help='folder for the sheets')
    parser.add_argument('--photos', type=Path, required=True)
    parser.add_argument('--media', type=Path, required=True)
    parser.add_argument('--count', type=int, default=30, help='clips to damage')
    parser.add_argument('--seed', type=int, default=0)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    rng = np.random.default_rng(arguments.seed)
    photos = sorted(arguments.photos.glob('*/*.jp*g'))

    def photo() -> np.ndarray:
        image = cv2.imread(str(photos[int(rng.integers(0, len(photos)))]))
        image = cv2.resize(image, (640, 480), interpolation=cv2.INTER_AREA)
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)

    tiles = []
    for _ in range(arguments.count):
        strength = rng.random()
        pairs = damage(still_clip(photo(), rng, 6), rng, strength)
        tiles += [(pair[0], f'strength {strength:.2f} share {pair[2]:.2f}')
                  for pair in pairs[-1:] + pairs[:-1][::3]]
    sheets.write(arguments.sheet / 'streams.jpg', tiles, 5)
    tiles = []
    for name, tear in TEARS.items():
        for strength in (0, 0.1, 0.35, 0.65, 0.95):
            frame, share = tear(photo(), None, strength, rng)
            tiles.append((frame, f'{name} {strength} share {share:.2f}'))
    sheets.write(arguments.sheet / 'tears.jpg', tiles, 5)
    tiles = [(compress([photo()], rng, heavy)[0], f'heavy {heavy}')
             for heavy in (False, True) for _ in range(10)]
    sheets.write(arguments.sheet / 'healthy.jpg', tiles, 5)
    real = [pair for pair in real_damage(arguments.media) if pair[2] is None or pair[2] > 0.005]
    sheets.write(arguments.sheet / 'real.jpg', [
        (frame, 'no twin' if share is None else f'share {share:.2f}')
        for frame, _, share in real[::max(1, len(real) // 40)]], 5)


if __name__ == '__main__':
    main()
