# SPDX-License-Identifier: LGPL-2.1-or-later
"""The networks that peers.py and trained.py compare, each as three files with the same weights:

    NAME-SIDE.safetensors             timm's names, for gst-convnext and PyTorch
    NAME-SIDE-linear-BATCH.onnx       pointwise layers as matrix products over channels-last maps
    NAME-SIDE-conv-BATCH.onnx         pointwise layers as 1x1 convolutions

Which form is faster for a peer depends on the processor, so both are tried. Weights are random, from
a seed, except for the bundled model.
"""
import re
import warnings

import timm.models.convnext
import torch
from safetensors.torch import load_file, save_file

# name -> timm's name or "bundled", side of the input
NETWORKS = {
    "ConvNeXt-T 224": ("convnext_tiny", 224),
    "ConvNeXt-B 224": ("convnext_base", 224),
    "ConvNeXt-T 384": ("convnext_tiny", 384),
    "V2-atto 224": ("convnextv2_atto", 224),
    "V2-nano 224": ("convnextv2_nano", 224),
    "bundled 448": ("bundled", 448),
}

# transformers' names to timm's
NAMES = [
    (r"convnext\.embeddings\.patch_embeddings\.(.*)", r"stem.0.\1"),
    (r"convnext\.embeddings\.layernorm\.(.*)", r"stem.1.\1"),
    (r"convnext\.encoder\.stages\.(\d)\.downsampling_layer\.(\d)\.(.*)", r"stages.\1.downsample.\2.\3"),
    (r"convnext\.encoder\.stages\.(\d)\.layers\.(\d+)\.dwconv\.(.*)", r"stages.\1.blocks.\2.conv_dw.\3"),
    (r"convnext\.encoder\.stages\.(\d)\.layers\.(\d+)\.layernorm\.(.*)", r"stages.\1.blocks.\2.norm.\3"),
    (r"convnext\.encoder\.stages\.(\d)\.layers\.(\d+)\.pwconv(\d)\.(.*)", r"stages.\1.blocks.\2.mlp.fc\3.\4"),
    (r"convnext\.encoder\.stages\.(\d)\.layers\.(\d+)\.layer_scale_parameter", r"stages.\1.blocks.\2.gamma"),
    (r"convnext\.layernorm\.(.*)", r"head.norm.\1"),
    (r"classifier\.(.*)", r"head.fc.\1"),
]


def rename(name):
    for pattern, new in NAMES:
        if re.fullmatch(pattern, name):
            return re.sub(pattern, new, name)
    raise KeyError(name)


def make(name, weights, conv, **options):
    """timm's network in the linear or the 1x1 convolution form, not filled in. weights: give the number of
    classes, and the sizes of the bundled model; None means ImageNet's classes."""
    if weights:
        options["num_classes"] = weights["head.fc.bias"].numel()
    if name != "bundled":
        return timm.create_model(name, pretrained=False, conv_mlp=conv, **options).eval()
    stages = [key for key in weights if re.fullmatch(r"stages\.\d\.blocks\.\d+\.gamma", key)]
    depths = [sum(key.startswith(f"stages.{i}.") for key in stages) for i in range(4)]
    dims = [weights[f"stages.{i}.blocks.0.gamma"].numel() for i in range(4)]
    return timm.models.convnext.ConvNeXt(patch_size=weights["stem.0.weight"].shape[-1], depths=depths, dims=dims,
                                         conv_mlp=conv, **options).eval()


def random_weights(model):
    """Weights like those of a trained network; with timm's initial ones the blocks have no effect."""
    generator = torch.Generator().manual_seed(1)
    result = {}
    for key, old in model.state_dict().items():
        noise = torch.empty_like(old).uniform_(-1, 1, generator=generator)
        if old.ndim == 1 or "grn" in key:
            center, spread = (0, 0.2) if key.endswith("bias") else (0.6, 0.4)
        else:
            center, spread = 0, (3 / (old.numel() / old.shape[0])) ** 0.5
        result[key] = center + spread * noise
    return result


def fill(model, weights):
    """Loads the weights; those of linear layers are reshaped for 1x1 convolutions."""
    model.load_state_dict({key: weights[key].reshape(old.shape) for key, old in model.state_dict().items()})
    return model


def weights_of(name, bundled_file):
    if name != "bundled":
        return random_weights(make(name, None, False))
    return {rename(key): value.float() for key, value in load_file(bundled_file).items()}


def gflop(stem, side):
    """Multiplications and additions of the convolutions and linear layers for one frame, in billions."""
    name = stem.name.rsplit("-", 1)[0]
    model = make(name, load_file(f"{stem}.safetensors"), False)
    total = 0

    def count(module, inputs, output):
        nonlocal total
        total += 2 * output.numel() * (module.weight.numel() // module.weight.shape[0])
    for module in model.modules():
        if isinstance(module, (torch.nn.Linear, torch.nn.Conv2d)):
            module.register_forward_hook(count)
    with torch.inference_mode():
        model(torch.zeros(1, 3, side, side))
    return total * 1e-9


def export(name, weights, side, batch, folder):
    """Writes the three files, unless an earlier run has; returns the stem of their names. weights: a function that
    returns them. batch: of the ONNX files."""
    stem = folder / f"{name}-{side}"
    complete = folder / f"{stem.name}-{batch}.complete"
    if complete.exists():
        return stem
    weights = weights()
    save_file({key: value.contiguous() for key, value in weights.items()}, f"{stem}.safetensors")
    for conv in (False, True):
        model = fill(make(name, weights, conv), weights)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(model, (torch.zeros(batch, 3, side, side),),
                              f"{stem}-{'conv' if conv else 'linear'}-{batch}.onnx",
                              opset_version=20, dynamo=False, input_names=["x"], output_names=["y"])
    complete.touch()
    return stem
