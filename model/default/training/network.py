# SPDX-License-Identifier: LGPL-2.1-or-later
"""The network, its folder in the Hugging Face layout, and the state that follows from its scores.

ConvNeXt V1 with a stem of 8x8 patches: at 448x448 it costs as much as 4x4 patches at 224x224, and
sees a frame at four times the pixels.
"""
import json
from pathlib import Path

import numpy as np
import torch
from transformers import (AutoImageProcessor, AutoModelForImageClassification, ConvNextConfig,
                          ConvNextForImageClassification)

from common import LABELS, VIEW

MEAN = (0.485, 0.456, 0.406)  # of ImageNet, as in published ConvNeXts
STD = (0.229, 0.224, 0.225)

WIDTHS = [32, 64, 128, 192]
DEPTHS = [1, 1, 3, 1]
VERSION = 3  # in the card; embeddings of another version are other numbers


def cosines(patch: int, count: int) -> np.ndarray:
    """Basis functions of the discrete cosine transform of a patch, [count, patch, patch], evenly
    spaced from low to high frequency."""
    wave = np.cos(np.pi * np.outer(np.arange(patch), 2 * np.arange(patch) + 1) / (2 * patch))
    wave /= np.linalg.norm(wave, axis=1, keepdims=True)
    pairs = sorted(np.ndindex(patch, patch), key=lambda pair: (sum(pair), pair))
    chosen = np.linspace(0, len(pairs) - 1, count).round().astype(int)
    return np.stack([np.outer(wave[pairs[i][0]], wave[pairs[i][1]]) for i in chosen])


def frequency_filters(patch: int, count: int) -> torch.Tensor:
    """Filters of a stem, [count, 3, patch, patch]: frequencies of luma, and of two differences of
    colour for a sixth of the filters each."""
    chroma = count // 6
    parts = [(count - 2 * chroma, (0.299, 0.587, 0.114)), (chroma, (-0.169, -0.331, 0.5)),
             (chroma, (0.5, -0.419, -0.081))]
    return torch.from_numpy(np.concatenate([
        cosines(patch, n)[:, None] * np.array(weights)[:, None, None]
        for n, weights in parts])).float()


def new(patch: int = 8) -> ConvNextForImageClassification:
    """A network whose stem starts with cosines, so that it sees noise and blur at once, and random
    weights of deviation 1 / sqrt(fan-in) elsewhere. With the 0.02 of transformers, which suits wide
    networks, such a narrow one hardly learns."""
    model = ConvNextForImageClassification(ConvNextConfig(
        patch_size=patch, hidden_sizes=WIDTHS, depths=DEPTHS,
        image_size=56 * patch, layer_scale_init_value=1.0, layer_norm_eps=1e-6,
        num_labels=len(LABELS), id2label=dict(enumerate(LABELS)),
        label2id={name: i for i, name in enumerate(LABELS)},
        problem_type='multi_label_classification'))
    for weights in model.parameters():
        if weights.ndim > 1:
            torch.nn.init.trunc_normal_(weights, std=weights[0].numel() ** -0.5)
    with torch.no_grad():
        model.convnext.embeddings.patch_embeddings.weight.copy_(
            frequency_filters(patch, WIDTHS[0]))
    return model


def to_input(views: torch.Tensor) -> torch.Tensor:
    """uint8 [n, side, side, 3] to the network's float32 [n, 3, side, side], channels last."""
    n, height, width, _ = views.shape
    # By rows, because PyTorch is slow where the last axis is short.
    mean, std = (255 * torch.tensor(numbers).repeat(width) for numbers in (MEAN, STD))
    rows = views.reshape(n, height, 3 * width).float().sub_(mean).mul_(1 / std)
    return rows.view(n, height, width, 3).permute(0, 3, 1, 2)


def save(model: ConvNextForImageClassification, temperature, threshold, folder: Path):
    """Writes the folder that ships: weights in half precision, config, preprocessing, labels."""
    model = model.half()
    model.save_pretrained(folder)
    path = folder / 'config.json'
    config = json.loads(path.read_text())
    config.pop('transformers_version', None)
    config.update({'temperature': [round(float(t), 4) for t in temperature],
                   'threshold': [round(float(t), 4) for t in threshold],
                   'rest_class': LABELS[0], 'version': VERSION})
    path.write_text(json.dumps(config, indent=2) + '\n')
    (folder / 'preprocessor_config.json').write_text(json.dumps({
        'image_processor_type': 'ViTImageProcessor', 'do_resize': True,
        'size': {'height': VIEW, 'width': VIEW}, 'resample': 2, 'do_rescale': True,
        'rescale_factor': 1 / 255, 'do_normalize': True, 'image_mean': MEAN, 'image_std': STD,
    }, indent=2) + '\n')
    (folder / 'labels.txt').write_text(''.join(name + '\n' for name in LABELS))


def logit(p):
    p = np.clip(np.asarray(p, np.float64), 1e-12, 1 - 1e-12)
    return np.log(p) - np.log1p(-p)


def alarm_of(scores: np.ndarray) -> np.ndarray:
    """The suspicion of a fault, [frames], by which figures rank frames: it rises as the score of
    `normal` falls. On validation frames it finds more faults than the largest excess over a
    threshold; train.py prints both."""
    return -logit(scores[:, LABELS.index('normal')])


class Classifier:
    """A model folder, its scores, and the states that follow by the rules of its config."""

    def __init__(self, folder: Path):
        self.model = AutoModelForImageClassification.from_pretrained(folder).float().eval()
        # The backend that uses Pillow, as the element resizes; the other one differs.
        self.processor = AutoImageProcessor.from_pretrained(folder, backend='pil')
        config = json.loads((Path(folder) / 'config.json').read_text())
        self.labels = [config['id2label'][str(i)] for i in range(len(config['id2label']))]
        self.is_sigmoid = config.get('problem_type') == 'multi_label_classification'
        self.temperature = np.array(config.get('temperature', 1.0))
        self.threshold = config.get('threshold')
        self.rest = self.labels.index(config['rest_class']) if 'rest_class' in config else None

    @torch.no_grad()
    def logits(self, frames: list) -> np.ndarray:
        """[frames, classes] of frames of any size."""
        pixels = [self.processor(images=frame, return_tensors='pt')['pixel_values']
                  for frame in frames]
        return self.model(pixel_values=torch.cat(pixels)).logits.numpy()

    def scores(self, logits: np.ndarray) -> np.ndarray:
        logits = logits / self.temperature
        if self.is_sigmoid:
            return 1 / (1 + np.exp(-logits))
        powers = np.exp(logits - logits.max(1, keepdims=True))
        return powers / powers.sum(1, keepdims=True)

    def excess(self, scores: np.ndarray) -> np.ndarray | None:
        """By how much each class exceeds its threshold, in logits, [frames, classes]; -inf for the
        rest class. None for a model without thresholds or without a rest class."""
        if self.threshold is None or self.rest is None:
            return None
        excess = logit(scores) - logit(self.threshold)
        excess[:, self.rest] = -np.inf
        return excess

    def decide(self, scores: np.ndarray) -> np.ndarray:
        """The index of the class that comes first, [frames]: the one that exceeds its threshold by
        most, or the rest class if none reaches its threshold. Otherwise the highest score."""
        excess = self.excess(scores)
        if excess is None:
            return scores.argmax(1)
        return np.where(excess.max(1) >= 0, excess.argmax(1), self.rest)

    def states(self, frames: list) -> list:
        return [self.labels[i] for i in self.decide(self.scores(self.logits(frames)))]
