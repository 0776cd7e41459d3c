# SPDX-License-Identifier: LGPL-2.1-or-later
"""The segmenters and detectors that peers.py compares, each as two files with the same weights:

    NAME.model         what the library saves, for gst-convnext
    NAME-FORM.onnx     for the peers; FORM is that of the pointwise layers, as in networks.py

Weights are random but sane (tests/fixtures/sane.py), so that a detector finds objects. The input is a drawn
picture, normalised. A segmenter's output is the logits of its last layer, before they are interpolated to the
picture's size, for all contenders; a detector's are objects, [n, 6]: box, score, label from 1, and their masks
of 28x28. The ONNX file of a detector has all of that in it, with proposals and suppression; masks are not pasted
into the picture, because OpenVINO cannot read the loop that does it.

export() writes them into a folder, and beside them NAME.json and NAME.npy with what peers.py needs to know. In a
folder that is kept, a head with a NAME.json is taken as it is.
"""
import dataclasses
import json
import pathlib
import sys
import typing
import warnings

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

sys.path.append(str(pathlib.Path(__file__).parent.parent / "fixtures"))

import sane  # noqa: E402
from picture import picture  # noqa: E402

T = {"dims": (96, 192, 384, 768), "depths": (3, 3, 9, 3)}
FORMS = ("linear", "conv")


@dataclasses.dataclass(frozen=True)
class Head:
    """make(): the network with settled weights; wrap(net): what is exported; save(net, path): gst-convnext's file."""
    make: typing.Callable
    wrap: typing.Callable
    save: typing.Callable
    width: int
    height: int
    detects: bool = False


# Segmenters

class UperNetLogits(nn.Module):
    """transformers' network up to its last layer."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net.decode_head(self.net.backbone(x).feature_maps)


class SmpLogits(nn.Module):
    """smp's network up to its last layer."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net.segmentation_head[0](self.net.decoder(self.net.encoder(x)))


def settle_segmenter(net, last):
    sane.draw(net, 1)
    batch = sane.views(128, 96)
    sane.settle_norms(net, batch)
    sane.settle_layer(last(net), lambda: net(batch), 2)
    return net.float()


def make_upernet():
    import transformers

    backbone = transformers.ConvNextConfig(hidden_sizes=list(T["dims"]), depths=list(T["depths"]),
                                           out_features=[f"stage{i}" for i in (1, 2, 3, 4)])
    config = transformers.UperNetConfig(backbone_config=backbone, use_auxiliary_head=False, num_labels=150)
    return settle_segmenter(transformers.UperNetForSemanticSegmentation(config), lambda net: net.decode_head.classifier)


def smp_maker(kind, encoder, classes):
    def make():
        import segmentation_models_pytorch as smp

        net = getattr(smp, kind)(encoder, encoder_weights=None, classes=classes)
        return settle_segmenter(net, lambda net: net.segmentation_head[0])
    return make


def save_folder(net, path):
    net.save_pretrained(path)


# Detectors

class Objects(nn.Module):
    """torchvision's network, whose input is already normalised and of the right size, so that it does not paste."""

    def __init__(self, net):
        super().__init__()
        self.net = net
        net.transform.image_mean, net.transform.image_std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
        net.transform.postprocess = lambda result, *sizes: result

    def forward(self, x):
        found = self.net([x[0]])[0]
        objects = torch.cat([found["boxes"], found["scores"][:, None], found["labels"][:, None].to(x.dtype)], 1)
        return (objects, found["masks"]) if "masks" in found else objects


def rcnn_maker(masks, background):
    def make():
        import make_detectors
        import torchvision
        from torchvision.models.detection import FasterRCNN, MaskRCNN
        from torchvision.models.detection.backbone_utils import BackboneWithFPN

        body = torchvision.models.convnext_tiny().features
        backbone = BackboneWithFPN(body, {str(2 * i + 1): str(i) for i in range(4)}, list(T["dims"]), 256)
        net = sane.draw((MaskRCNN if masks else FasterRCNN)(backbone, num_classes=91), 1).float()
        make_detectors.settle(net, background)
        return net
    return make


def save_state(net, path):
    path.mkdir(exist_ok=True)
    save_file({key: t.contiguous() for key, t in net.state_dict().items()}, path / "model.safetensors")


HEADS = {
    "transformers UPerNet-T 512": Head(make_upernet, UperNetLogits, save_folder, 512, 512),
    "smp UPerNet-T 512": Head(smp_maker("UPerNet", "tu-convnext_tiny", 21), SmpLogits, save_folder, 512, 512),
    "smp Unet-T 512": Head(smp_maker("Unet", "tu-convnext_tiny", 21), SmpLogits, save_folder, 512, 512),
    "smp FPN-T 512": Head(smp_maker("FPN", "tu-convnext_tiny", 21), SmpLogits, save_folder, 512, 512),
    "smp Unet V2-atto 256": Head(smp_maker("Unet", "tu-convnextv2_atto", 21), SmpLogits, save_folder, 256, 256),
    "Faster R-CNN-T 1333x800": Head(rcnn_maker(False, 12), Objects, save_state, 1333, 800, True),
    "Mask R-CNN-T 1333x800": Head(rcnn_maker(True, 12), Objects, save_state, 1333, 800, True),
}


# Forms of the network that suit the peers

class ConvBlock(nn.Module):
    """A block of ConvNeXt V1 whose linear layers are 1x1 convolutions."""

    def __init__(self, depthwise, norm, first, second, gamma):
        super().__init__()
        self.depthwise, self.norm, self.gamma = depthwise, norm, nn.Parameter(gamma.reshape(-1, 1, 1))
        self.first, self.second = (self.convolution(layer) for layer in (first, second))

    @staticmethod
    def convolution(layer):
        result = nn.Conv2d(layer.in_features, layer.out_features, 1)
        result.weight.data, result.bias.data = layer.weight.data[:, :, None, None], layer.bias.data
        return result

    def forward(self, x):
        normed = self.norm(self.depthwise(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return x + self.gamma * self.second(nn.functional.gelu(self.first(normed)))


class Pool(nn.Module):
    """Adaptive pooling of maps of one size as two products, because the exporter does not know it."""

    def __init__(self, bins, height, width):
        super().__init__()
        self.register_buffer("rows", self.means(bins, height))
        self.register_buffer("columns", self.means(bins, width).T.contiguous())

    @staticmethod
    def means(bins, size):
        result = torch.zeros(bins, size)
        for i in range(bins):
            begin, end = i * size // bins, -(-(i + 1) * size // bins)
            result[i, begin:end] = 1 / (end - begin)
        return result

    def forward(self, x):
        return self.rows @ (x @ self.columns)


def replace(net, find):
    """Replaces each module for which find(module) returns another one."""
    for module in list(net.modules()):
        for name, child in module.named_children():
            new = find(child)
            if new is not None:
                setattr(module, name, new)
                layers = getattr(module, "layers", None)  # transformers' pooling keeps its modules in a list as well
                if isinstance(layers, list):
                    layers[layers.index(child)] = new


def conv_block(module):
    kind = type(module).__name__
    if kind == "ConvNextLayer":
        return ConvBlock(module.dwconv, module.layernorm, module.pwconv1, module.pwconv2, module.layer_scale_parameter)
    if kind == "CNBlock":
        depthwise, _, norm, first, _, second, _ = module.block
        return ConvBlock(depthwise, norm, first, second, module.layer_scale)
    if kind == "ConvNeXtBlock" and not module.use_conv_mlp and module.gamma is not None:
        return ConvBlock(module.conv_dw, module.norm, module.mlp.fc1, module.mlp.fc2, module.gamma)
    return None


def pool_of(module, width, height):
    if not isinstance(module, nn.AdaptiveAvgPool2d):
        return None
    bins = module.output_size if isinstance(module.output_size, int) else module.output_size[0]
    return Pool(bins, height // 32, width // 32)


def gflop(net, x):
    """Multiplications and additions of the convolutions and linear layers as written, in billions."""
    total, hooks = 0, []

    def count(module, inputs, output):
        nonlocal total
        outputs = inputs[0] if isinstance(module, nn.ConvTranspose2d) else output
        total += 2 * outputs.numel() * (module.weight.numel() // module.weight.shape[0])
    for module in net.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            hooks.append(module.register_forward_hook(count))
    net(x)
    for hook in hooks:
        hook.remove()
    return total * 1e-9


@dataclasses.dataclass
class Made:
    """The files of a head. stem: of their names; source: the input, [height, width, 3] floats; expected: PyTorch's
    output, channels last; faster: the form that is faster for a kind of peer, as far as it was measured."""
    stem: str
    expected: np.ndarray
    gflop: float
    faster: dict

    @property
    def model(self):
        return f"{self.stem}.model"

    @property
    def source(self):
        return f"{self.stem}.input"

    def onnx(self, form):
        return f"{self.stem}-{form}.onnx"

    def save(self):
        np.save(f"{self.stem}.npy", self.expected)
        pathlib.Path(f"{self.stem}.json").write_text(json.dumps({"gflop": self.gflop, "faster": self.faster}))


def export(name, folder):
    """The files of a head in the folder, which are written if they are not there."""
    stem = str(folder / name.replace(" ", "-"))
    kept = pathlib.Path(f"{stem}.json")
    if kept.exists():
        return Made(stem, np.load(f"{stem}.npy"), **json.loads(kept.read_text()))
    made = write(HEADS[name], Made(stem, None, 0, {}))
    made.save()
    return made


@torch.no_grad()
def write(head, made):
    """Writes the files, and fills in what is known of them."""
    net = head.make().eval()
    head.save(net, pathlib.Path(made.model))
    wrapped = head.wrap(net)
    if head.detects:
        net.transform.min_size, net.transform.max_size = (head.height,), head.width
    x = sane.normalise(picture(head.width, head.height, sane.SEED)).float()
    x[0].permute(1, 2, 0).numpy().tofile(made.source)
    made.gflop, expected = gflop(wrapped, x), wrapped(x)
    made.expected = (expected[0] if isinstance(expected, tuple) else sane.channels_last(expected)).numpy()
    replace(wrapped, lambda module: pool_of(module, head.width, head.height))
    for form in FORMS:
        if form == "conv":
            replace(wrapped, conv_block)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(wrapped, (x,), made.onnx(form), opset_version=17, dynamo=False, input_names=["x"])
    return made
