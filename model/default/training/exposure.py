# SPDX-License-Identifier: LGPL-2.1-or-later
"""Wrong exposure and lost contrast.

Exposure is a gain in linear light. Haze follows Koschmieder: light t J + (1 - t) A of a scene J
through air of transmission t and airlight A.
"""
import cv2
import numpy as np
from common import luma, to_linear, to_srgb
from fields import blur, chance, clouds, enlarge, grid, normal, ramp, soften, spots
from noise import native_sigma
from paint import added, blended

CODES = np.arange(256, dtype=np.uint8)
LIGHT = to_linear(CODES)


def brightness(frame: np.ndarray) -> float:
    """Mean luma."""
    return float(luma(frame[::6, ::6]).mean())


def table(frame: np.ndarray, values: np.ndarray) -> np.ndarray:
    """A frame with each code replaced by that of a table of 256."""
    return cv2.LUT(frame, np.clip(values + 0.5, 0, 255).astype(np.uint8))


def solve(error, low: float, high: float) -> float:
    """Where a falling function crosses zero, by halving."""
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if error(middle) > 0 else (low, middle)
    return (low + high) / 2


def darken(frame, strength, rng):
    """An exposure that is too short. Returns the frame, by how many stops, and the strength of the
    noise: half of the time the camera's gain raises it as the fault `noisy` does (None if not)."""
    before = brightness(frame)
    goal = float(np.exp(np.interp(strength, (0, 1), np.log((64, 8))))) * rng.uniform(0.88, 1.12)
    sample = luma(frame[::6, ::6]).astype(np.uint8)
    gamma = chance(rng, 0.2)  # some cameras darken the codes, not the light
    power = rng.uniform(0.3, 1)

    def darker(stops):
        if gamma:  # between a factor and a power of the codes
            codes = CODES / 255
            return 255 * codes ** (1 + 0.45 * stops * power) * 2 ** (-0.35 * stops * (1 - power))
        return to_srgb(LIGHT * 2 ** -stops).astype(np.float32)
    stops = solve(lambda stops: darker(stops)[sample].mean() - goal, 0.0, 12.0 if gamma else 6.5)
    stops = max(stops, 0.8 + 0.8 * strength)
    values = darker(stops)
    values -= rng.uniform(0, 4) if chance(rng, 0.3) else 0  # black level
    if chance(rng, 0.2):
        values = values + rng.uniform(0, 8)
    dark = table(frame, values)
    if chance(rng, 0.2) and before > 40:  # lamps stay bright, and glow
        level = float(np.clip(np.quantile(sample, rng.uniform(0.985, 0.998)), 190, 250))
        lamps = np.clip((cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) - np.float32(level)) / 6, 0, 1)
        lamps *= float(lamps.mean()) < 0.04
        glow = cv2.resize(lamps, grid(frame.shape, 160)[::-1], interpolation=cv2.INTER_AREA)
        lamps = np.clip(lamps + enlarge(soften(glow, rng.uniform(1, 4)) * rng.uniform(0, 1.5),
                                        frame.shape), 0, 1)
        dark = blended(dark, frame, lamps * np.float32(rng.uniform(0.5, 1)))
    noisy = None
    if chance(rng, 0.5):
        noisy = float(np.clip(rng.normal(strength * 0.35, 0.2), -0.25, 0.8))
        sigma = np.interp(noisy, (-0.25, 0, 1), (2, 8, 45))
        deviation = np.sqrt(np.interp(CODES, (0, 10, 60, 255), (0.35, 0.6, 1, 1.2)))
        deviation = deviation * native_sigma(sigma, frame.shape)
        noise = normal(frame.shape if chance(rng, 0.7) else frame.shape[:2], rng)
        noise = noise if noise.ndim == 3 else cv2.merge((noise,) * 3)
        dark = added(dark, noise * cv2.LUT(dark, deviation.astype(np.float32)))
    elif chance(rng, 0.7):
        dark = added(dark, normal(frame.shape[:2], rng) * rng.uniform(0.3, 2.5))
    if chance(rng, 0.15):  # the camera turns to grey at night
        dark = cv2.merge((luma(dark).astype(np.uint8),) * 3)
    return dark, stops, noisy


def overexpose(frame, strength, rng):
    """An exposure that is too long."""
    share = np.interp(strength, (0, 1), (0.25, 0.9)) * rng.uniform(0.9, 1.08)
    kind = rng.choice(('linear', 'linear', 'linear', 'additive', 'gamma'))
    sample = frame[::6, ::6].reshape(-1, 3)
    level = float(np.quantile(np.sort(sample, 1)[:, 1], max(0.0, 1 - share)))
    if kind == 'linear':
        white = float(np.interp(level, np.arange(256), LIGHT))
        stops = float(np.clip(-np.log2(max(white, 1e-4)), 1.1 + 0.9 * strength, 5.2))
        if chance(rng, 0.5):
            light = LIGHT * 2 ** stops
            if chance(rng, 0.5):  # a shoulder before it clips
                knee = rng.uniform(0.6, 0.9)
                light = np.where(light > knee, knee + (1 - knee) * (1 - np.exp(
                    -(light - knee) / (1 - knee) / rng.uniform(0.8, 1.6))), light)
            values = to_srgb(light)
        else:  # a factor of the codes
            values = CODES * 2 ** (stops / 2.2)
    else:  # as image libraries do it, by the mean
        codes, grey = CODES / np.float32(255), luma(frame[::6, ::6]).astype(np.uint8)
        before = float(grey.mean())
        goal = before + (255 - before) * np.interp(strength, (0, 1), (0.45, 0.95))
        factor = rng.uniform(0.9, 1.3)

        def brighter(amount):
            if kind == 'additive':
                return np.clip(255 * (factor * codes + amount), 0, 255)
            return 255 * np.maximum(codes, 0.004) ** (1 - amount)
        amount = solve(lambda amount: goal - brighter(amount)[grey].mean(), 0.0, 1.0)
        values = brighter(amount)
    bright = table(frame, np.asarray(values, np.float32))
    if chance(rng, 0.4):  # light that spills over
        small = cv2.resize(bright, grid(frame.shape, 160)[::-1], interpolation=cv2.INTER_AREA)
        spill = np.clip(small.astype(np.float32) - 225, 0, 30) * rng.uniform(1, 6)
        spill = cv2.GaussianBlur(spill, (0, 0), rng.uniform(2, 10))
        bright = cv2.add(bright, enlarge(np.clip(spill, 0, 255).astype(np.uint8), frame.shape))
    if chance(rng, 0.3):
        tint = rng.uniform(0.93, 1, 3).astype(np.float32)
        bright = np.minimum(bright, (255 * tint).astype(np.uint8))
    return bright


def kept_contrast(strength, rng) -> float:
    """The share of the contrast that a fault of low contrast leaves."""
    return float(np.clip(0.55 * (0.05 / 0.55) ** strength * rng.uniform(0.88, 1.12), 0.04, 0.6))


def haze(frame, strength, rng):
    """Haze or fog on the lens: airlight, thicker towards the top or in patches."""
    size = grid(frame.shape, 160)
    kept = kept_contrast(strength, rng)
    depth = 1 + rng.uniform(0, 0.5) * clouds(size, rng.uniform(1, 3), rng, 2) * 0.4
    if chance(rng, 0.5):
        depth = depth + np.linspace(rng.uniform(0, 0.4), -0.2, size[0], dtype=np.float32)[:, None]
    through = np.clip(kept ** np.clip(depth, 0.4, 2), 0.02, 0.9)
    air = np.float32(rng.uniform(110, 240)) * rng.uniform(0.94, 1, 3).astype(np.float32)
    air = np.clip(air, 0, 250)
    if chance(rng, 0.4):
        near = frame
    else:  # drops of fog scatter the light a little
        near = blur(frame, frame.shape[1] * rng.uniform(0.0006, 0.0025))
    layer = np.empty_like(frame)
    layer[:] = air.astype(np.uint8)
    return blended(near, layer, enlarge((1 - through).astype(np.float32), frame.shape))


def flat(frame, strength, rng):
    """Contrast compressed around a grey level, in the codes or in linear light."""
    kept = kept_contrast(strength, rng)
    grey = brightness(frame) if chance(rng, 0.5) else rng.uniform(70, 190)
    if chance(rng, 0.25):
        light = float(np.interp(grey, np.arange(256), LIGHT))
        return table(frame, to_srgb(light + (LIGHT - light) * kept * 0.7).astype(np.float32))
    values = grey + (CODES.astype(np.float32) - grey) * kept
    result = table(frame, values)
    if chance(rng, 0.3):  # colour fades too
        grey_frame = cv2.cvtColor(result, cv2.COLOR_RGB2GRAY)
        result = cv2.addWeighted(result, 0.4, cv2.merge((grey_frame,) * 3), 0.6, 0)
    return result


def washed(frame, strength, rng):
    """Raised black: dark tones turn grey, and white stays."""
    kept = kept_contrast(strength, rng)
    white = rng.uniform(170, 250)
    tint = rng.uniform(0.9, 1.0, 3)
    channels = [table(np.ascontiguousarray(frame[..., c]),
                      (white * tint[c] - (255 - CODES.astype(np.float32)) * kept))
                for c in range(3)]
    return cv2.merge(channels)


def flare(frame, strength, rng):
    """A milky flare: a lamp or the sun near the picture's edge lights the lens."""
    size = grid(frame.shape, 128)
    kept = kept_contrast(strength, rng)
    glow = np.exp(spots(size, rng) * rng.uniform(0.15, 0.8))
    glow = glow / glow.mean()
    veil = np.clip((1 - kept) * (0.7 + 0.3 * glow), 0, 0.97)
    colour = np.float32((255, rng.uniform(225, 255), rng.uniform(190, 250)))
    colour = colour * rng.uniform(0.6, 0.95)
    layer = np.clip(colour * (0.8 + 0.25 * np.minimum(glow, 2))[..., None], 0, 252)
    return blended(frame, enlarge(layer.astype(np.uint8), frame.shape),
                   enlarge(veil.astype(np.float32), frame.shape))


def dome(frame, strength, rng):
    """A dirty or scratched dome: a grey veil with patches, and some loss of sharpness."""
    size = grid(frame.shape)
    kept = kept_contrast(strength, rng)
    patches = clouds(size, rng.uniform(2, 8), rng, 4, 0.6) * rng.uniform(0.05, 0.2)
    veil = np.clip((1 - kept) * (1 + patches + ramp(size, rng) * rng.uniform(0, 0.15)), 0, 0.97)
    colour = np.full(3, rng.uniform(80, 200)) + rng.normal(0, 8, 3)
    layer = np.empty_like(frame)
    layer[:] = np.clip(colour, 0, 255).astype(np.uint8)
    near = blur(frame, frame.shape[1] * rng.uniform(0.0006, 0.002))
    return blended(near, layer, enlarge(veil.astype(np.float32), frame.shape))


CONTRASTS = {'haze': haze, 'flat': flat, 'washed': washed, 'flare': flare, 'dome': dome}
