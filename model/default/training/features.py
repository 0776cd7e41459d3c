# SPDX-License-Identifier: LGPL-2.1-or-later
"""Thirty-one statistics of a frame's luma, from which rules and boosted trees classify it.

The variance of the Laplacian measures focus (Pech-Pacheco et al., "Diatom autofocusing in
brightfield microscopy", 2000); the noise estimate is that of Immerkaer ("Fast noise variance
estimation", 1996), the second one the median of the diagonal wavelet band (Donoho and Johnstone,
"Ideal spatial adaptation by wavelet shrinkage", 1994). Blockiness compares the steps across edges
of blocks with the others (Wang, Bovik and Evans, "Blind measurement of blocking artifacts in
images", 2000).
"""
import cv2
import numpy as np

NAMES = (
    'mean', 'deviation', 'percentile 1', 'percentile 5', 'percentile 25', 'percentile 50',
    'percentile 75', 'percentile 95', 'percentile 99', 'range', 'contrast', 'black share',
    'white share', 'entropy', 'most frequent value', 'Laplacian variance', 'Laplacian mean',
    'Laplacian kurtosis', 'Laplacian at half size', 'Laplacian at quarter size', 'gradient',
    'edge density', 'noise (Immerkaer)', 'noise (wavelet)', 'noise in flat blocks',
    'block deviation', 'block deviation, high', 'flat blocks', 'blockiness of 8',
    'blockiness of 16', 'largest step between rows')
IMMERKAER = np.float32([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])


def _laplacian(y: np.ndarray) -> np.ndarray:
    return cv2.Laplacian(y, cv2.CV_32F, ksize=1)


def _blockiness(across: np.ndarray, down: np.ndarray, side: int) -> float:
    """across, down: mean absolute difference of each column and of each row to the next. The grid
    is where the steps are largest, because the picture may be shifted."""
    ratios = []
    for steps in (across, down):
        if len(steps) >= 2 * side:
            phases = np.array([steps[phase::side].mean() for phase in range(side)])
            ratios.append(phases.max() / (np.median(phases) + 0.1))
    return float(max(ratios, default=1.0))


def features(frame: np.ndarray) -> np.ndarray:
    """The statistics of a frame, float32 [31], in the order of NAMES."""
    y = cv2.cvtColor(frame.astype(np.float32), cv2.COLOR_RGB2GRAY)
    histogram = np.bincount(y.astype(np.uint8).ravel(), minlength=256) / y.size
    p1, p5, p25, p50, p75, p95, p99 = np.searchsorted(
        np.cumsum(histogram), (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99))
    used = histogram[histogram > 0]
    laplacian = _laplacian(y)
    variance = float(laplacian.var())
    power = cv2.multiply(laplacian, laplacian)
    kurtosis = float(cv2.mean(cv2.multiply(power, power))[0]) / (variance ** 2 + 1e-3)
    half = cv2.resize(y, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    quarter = cv2.resize(half, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    gradient = cv2.magnitude(cv2.Sobel(y, cv2.CV_32F, 1, 0), cv2.Sobel(y, cv2.CV_32F, 0, 1))
    noise = float(np.abs(cv2.filter2D(y, cv2.CV_32F, IMMERKAER)).mean()) * (np.pi / 2) ** 0.5 / 6
    h, w = y.shape[0] // 2 * 2, y.shape[1] // 2 * 2
    diagonal = (y[:h:2, :w:2] - y[1:h:2, :w:2] - y[:h:2, 1:w:2] + y[1:h:2, 1:w:2]) / 2
    h, w = y.shape[0] // 8 * 8, y.shape[1] // 8 * 8
    blocks = cv2.resize(y[:h, :w], (w // 8, h // 8), interpolation=cv2.INTER_AREA)
    powers = cv2.resize(cv2.multiply(y, y)[:h, :w], (w // 8, h // 8), interpolation=cv2.INTER_AREA)
    deviation = np.sqrt(np.maximum(powers - blocks ** 2, 0))
    across = cv2.absdiff(y[:, 1:], y[:, :-1]).mean(0)
    down = cv2.absdiff(y[1:], y[:-1]).mean(1)
    return np.float32([
        y.mean(), y.std(), p1, p5, p25, p50, p75, p95, p99, p95 - p5, (p95 - p5) / (p95 + p5 + 1),
        histogram[:9].sum(), histogram[247:].sum(), -(used * np.log2(used)).sum(),
        histogram.max(), np.log(variance + 0.01), np.log(np.abs(laplacian).mean() + 0.01),
        np.log(kurtosis + 0.01), np.log((_laplacian(half).var() + 0.01) / (variance + 0.01)),
        np.log((_laplacian(quarter).var() + 0.01) / (variance + 0.01)), gradient.mean(),
        (gradient > 40).mean(), noise, np.median(np.abs(diagonal)) / 0.6745,
        np.percentile(deviation, 10), np.median(deviation), np.percentile(deviation, 90),
        (deviation < 1.5).mean(), _blockiness(across, down, 8), _blockiness(across, down, 16),
        down.max() / (np.median(down) + 0.1)])
