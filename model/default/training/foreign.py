# SPDX-License-Identifier: LGPL-2.1-or-later
"""Faults and harmless changes by other libraries, only for evaluation.

A model that learned from our faults may have learned our code instead of the faults. So the test
set also has the corruptions of albumentations and of imagecorruptions (Hendrycks and Dietterich,
"Benchmarking Neural Network Robustness to Common Corruptions and Perturbations", 2019). Each is
assigned to a label and runs at four strengths, 0 the weakest. The scales of the libraries begin
higher than ours: severity 1 of imagecorruptions is our strength 0, and severity 5 is 3.
"""
import functools
import importlib
import importlib.util
import sys
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

Apply = Callable[[np.ndarray, int, np.random.Generator], np.ndarray]


class Foreign(NamedTuple):
    """A corruption of another library. Where two labels describe it equally, `accept` has both; the
    tables count it under the first."""
    accept: tuple[str, ...]
    apply: Apply


@functools.cache
def _corruptions() -> types.ModuleType:
    """The module imagecorruptions.corruptions. Its release 1.1.2 needs names that setuptools, NumPy
    and scikit-image have since removed, and the seed of NumPy, which scikit-image no longer uses."""
    warnings.filterwarnings('ignore', module='imagecorruptions')
    folder = Path(importlib.util.find_spec('imagecorruptions').submodule_search_locations[0])
    if importlib.util.find_spec('pkg_resources') is None:
        resources = types.ModuleType('pkg_resources')
        resources.resource_filename = lambda module, name: str(folder / name)
        sys.modules['pkg_resources'] = resources
    if not hasattr(np, 'float_'):
        np.float_ = np.float64
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        module = importlib.import_module('imagecorruptions.corruptions')
    gaussian = module.gaussian

    def gaussian_of_colour(image, sigma=1, multichannel=False):
        return gaussian(image, sigma=sigma, channel_axis=-1 if multichannel else None)
    module.gaussian = gaussian_of_colour
    skimage = module.sk

    def seeded_noise(*args, **settings):
        return skimage.util.random_noise(*args, rng=np.random.randint(2 ** 31), **settings)
    module.sk = types.SimpleNamespace(
        color=skimage.color, util=types.SimpleNamespace(random_noise=seeded_noise))
    return module


def _hendrycks(name: str, severities: tuple[int, ...] = (1, 2, 3, 5)) -> Apply:
    """A corruption of imagecorruptions; severities (1 to 5) for our strengths 0 to 3."""
    def apply(frame, strength, rng):
        np.random.seed(int(rng.integers(2 ** 32)))
        function = getattr(_corruptions(), name)
        return np.uint8(function(Image.fromarray(frame), severities[strength]))
    return apply


def _album(name: str, *settings: dict) -> Apply:
    """A transform of albumentations; settings for our strengths 0 to 3."""
    def apply(frame, strength, rng):
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            import albumentations
            transform = getattr(albumentations, name)(p=1, **settings[strength])
        transform.set_random_seed(int(rng.integers(2 ** 31)))
        return np.ascontiguousarray(transform(image=frame)['image'])
    return apply


def _range(key: str, *values: float, **fixed) -> tuple[dict, ...]:
    """Settings for a parameter that is a range: for each strength a range of one value."""
    return tuple({key: (value, value), **fixed} for value in values)


def _level(name: str, brightness: tuple = (), contrast: tuple = ()) -> Apply:
    """RandomBrightnessContrast with one of the two."""
    none = ((0, 0),) * 4
    return _album(name, *({'brightness_limit': b, 'contrast_limit': c} for b, c in zip(
        [(v, v) for v in brightness] or none, [(v, v) for v in contrast] or none)))


def _holes(*sizes: tuple[int, float, float]) -> tuple[dict, ...]:
    """Settings of CoarseDropout: a number of holes and the range of their sides."""
    return tuple({'num_holes_range': (count, count), 'hole_height_range': (low, high),
                  'hole_width_range': (low, high)} for count, low, high in sizes)


FOREIGN = {
    'gaussian noise (imagecorruptions)': Foreign(('noisy',), _hendrycks('gaussian_noise')),
    'shot noise (imagecorruptions)': Foreign(('noisy',), _hendrycks('shot_noise')),
    'impulse noise (imagecorruptions)': Foreign(('noisy',), _hendrycks('impulse_noise')),
    'speckle noise (imagecorruptions)': Foreign(('noisy',), _hendrycks('speckle_noise')),
    'GaussNoise (albumentations)': Foreign(
        ('noisy',), _album('GaussNoise', *_range('std_range', 0.04, 0.08, 0.15, 0.3))),
    'ISONoise (albumentations)': Foreign(('noisy',), _album('ISONoise', *_range(
        'intensity', 0.2, 0.4, 0.7, 1.0, color_shift=(0.02, 0.05)))),
    'ShotNoise (albumentations)': Foreign(
        ('noisy',), _album('ShotNoise', *_range('scale_range', 0.05, 0.1, 0.2, 0.4))),
    'MultiplicativeNoise (albumentations)': Foreign(('noisy',), _album(
        'MultiplicativeNoise', *({'multiplier': (1 - v, 1 + v), 'elementwise': True,
                                  'per_channel': True} for v in (0.15, 0.3, 0.5, 0.8)))),
    'SaltAndPepper (albumentations)': Foreign(
        ('noisy',), _album('SaltAndPepper', *_range('amount', 0.01, 0.03, 0.08, 0.2))),
    'defocus blur (imagecorruptions)': Foreign(('defocused',), _hendrycks('defocus_blur')),
    'motion blur (imagecorruptions)': Foreign(('defocused',), _hendrycks('motion_blur')),
    'zoom blur (imagecorruptions)': Foreign(('defocused',), _hendrycks('zoom_blur')),
    'gaussian blur (imagecorruptions)': Foreign(
        ('defocused',), _hendrycks('gaussian_blur', (2, 3, 4, 5))),
    'Defocus (albumentations)': Foreign(('defocused',), _album('Defocus', *(
        {'radius': (r, r), 'alias_blur': (0.2, 0.2)} for r in (3, 5, 7, 11)))),
    'MotionBlur (albumentations)': Foreign(('defocused',), _album('MotionBlur', *(
        {'blur_limit': (k, k), 'allow_shifted': False} for k in (9, 15, 23, 35)))),
    'GlassBlur (albumentations)': Foreign(('defocused',), _album('GlassBlur', *(
        {'sigma': s, 'max_delta': d, 'iterations': 2}
        for s, d in ((0.9, 2), (1.1, 3), (1.5, 4), (2, 7))))),
    'GaussianBlur (albumentations)': Foreign(('defocused',), _album('GaussianBlur', *(
        {'blur_limit': 0, 'sigma_limit': (s, s)} for s in (2, 3, 4.5, 7)))),
    'MedianBlur (albumentations)': Foreign(('defocused',), _album('MedianBlur', *(
        {'blur_limit': (k, k)} for k in (7, 11, 17, 27)))),
    'fog (imagecorruptions)': Foreign(('low-contrast',), _hendrycks('fog')),
    'contrast (imagecorruptions)': Foreign(('low-contrast',), _hendrycks('contrast')),
    'RandomFog (albumentations)': Foreign(('low-contrast',), _album('RandomFog', *_range(
        'fog_coef_range', 0.4, 0.6, 0.8, 1.0, alpha_coef=0.12))),
    'contrast (albumentations)': Foreign(('low-contrast', 'dark'), _level(
        'RandomBrightnessContrast', contrast=(-0.5, -0.65, -0.8, -0.9))),
    'frost (imagecorruptions)': Foreign(('obstructed',), _hendrycks('frost')),
    'spatter (imagecorruptions)': Foreign(('obstructed',), _hendrycks('spatter')),
    'Spatter, rain (albumentations)': Foreign(('obstructed',), _album('Spatter', *(
        {'mode': 'rain', 'cutout_threshold': (c, c), 'gauss_sigma': (g, g), 'mean': (0.65, 0.65)}
        for c, g in ((0.7, 2), (0.68, 2), (0.67, 3), (0.65, 4))))),
    'Spatter, mud (albumentations)': Foreign(('obstructed',), _album('Spatter', *(
        {'mode': 'mud', 'cutout_threshold': (c, c), 'gauss_sigma': (g, g), 'mean': (0.65, 0.65)}
        for c, g in ((0.7, 2), (0.68, 2), (0.67, 3), (0.65, 4))))),
    'CoarseDropout (albumentations)': Foreign(('obstructed', 'corrupted'), _album(
        'CoarseDropout', *_holes((2, 0.1, 0.2), (3, 0.15, 0.25), (4, 0.2, 0.35), (5, 0.3, 0.5)))),
    'GridDropout (albumentations)': Foreign(('corrupted', 'obstructed'), _album(
        'GridDropout', *({'ratio': r} for r in (0.2, 0.35, 0.5, 0.65)))),
    'RandomGridShuffle (albumentations)': Foreign(('corrupted',), _album(
        'RandomGridShuffle', *({'grid': g} for g in ((2, 2), (3, 3), (5, 5), (10, 10))))),
    'brightness (imagecorruptions)': Foreign(
        ('overexposed',), _hendrycks('brightness', (2, 3, 4, 5))),
    'brightness (albumentations)': Foreign(('overexposed',), _level(
        'RandomBrightnessContrast', brightness=(0.3, 0.45, 0.6, 0.8))),
    'RandomGamma, bright (albumentations)': Foreign(('overexposed',), _album(
        'RandomGamma', *_range('gamma_limit', 45, 30, 18, 8))),
    'darkness (albumentations)': Foreign(('dark',), _level(
        'RandomBrightnessContrast', brightness=(-0.25, -0.35, -0.45, -0.6))),
    'RandomGamma, dark (albumentations)': Foreign(('dark',), _album(
        'RandomGamma', *_range('gamma_limit', 220, 320, 450, 700))),
}

# Changes that are not faults: heavy but ordinary compression, low resolution, rain, colours,
# distortion.
HARMLESS = {
    'JPEG (imagecorruptions)': _hendrycks('jpeg_compression'),
    'pixelate (imagecorruptions)': _hendrycks('pixelate'),
    'ImageCompression, WebP (albumentations)': _album('ImageCompression', *(
        {'compression_type': 'webp', 'quality_range': (q, q)} for q in (60, 40, 25, 12))),
    'Downscale (albumentations)': _album('Downscale', *(
        {'scale_range': (v, v), 'interpolation_pair': {'downscale': 3, 'upscale': 1}}
        for v in (0.8, 0.65, 0.5, 0.4))),
    'RandomRain (albumentations)': _album('RandomRain', *(
        {'rain_type': t, 'blur_value': 3, 'brightness_coefficient': b}
        for t, b in (('drizzle', 1.0), ('drizzle', 0.9), ('drizzle', 0.8), ('default', 0.9)))),
    'ToGray (albumentations)': _album('ToGray', {}, {}, {}, {}),
    'HueSaturationValue (albumentations)': _album('HueSaturationValue', *(
        {'hue_shift_limit': (h, h), 'sat_shift_limit': (s, s), 'val_shift_limit': (0, 0)}
        for h, s in ((4, -20), (6, -40), (6, 10), (8, 20)))),
    'OpticalDistortion (albumentations)': _album('OpticalDistortion', *(
        {'distort_limit': (v, v)} for v in (-0.1, -0.2, -0.3, -0.4))),
}
