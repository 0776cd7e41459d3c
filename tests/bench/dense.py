# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tables of peers.py about segmenters, detectors and their convolutions."""
import warnings

import numpy as np
import torch

import contenders
from contenders import SETTINGS, Worker, alternate, has_word, head, levels, row, stop
from heads import FORMS, HEADS, export

LAYERS = 4  # LAYERS of convolution.c
CONVOLUTIONS = ((256, 64), (512, 64))  # channels, side of the map
WAYS = ("direct", "winograd2", "winograd4")
OURS = "gst-convnext"


def peers_of(precision):
    return [setting for setting in SETTINGS[precision] if setting.kind != "torch"]


def size(name):
    return f"{HEADS[name].width}x{HEADS[name].height}"


class Dense:
    """The contenders of one segmenter or detector. bench: Bench of peers.py."""

    def __init__(self, bench, name):
        self.bench, self.name, self.made = bench, name, export(name, bench.folder)

    def ours(self, precision, threads, target, level, environment):
        program = "bench-detect" if HEADS[self.name].detects else "bench-segment"
        command = [self.bench.build / "tests/bench" / program, self.made.model, precision, threads,
                   HEADS[self.name].width, HEADS[self.name].height, self.made.source, target]
        return Worker(command, threads, {"CONVNEXT_CPU": level, **environment})

    def peer(self, setting, threads, form=None):
        form = form or self.faster_form(setting, threads)
        return contenders.peer(setting, self.made.onnx(form), threads, size(self.name), 1, self.made.source,
                               self.target(setting.name))

    def faster_form(self, setting, threads):
        faster = self.made.faster
        if setting.kind not in faster:
            faster[setting.kind] = min(FORMS, key=lambda form: self.trial(setting, threads, form))
            self.made.save()
        return faster[setting.kind]

    def trial(self, setting, threads, form):
        """The time of a few frames, ms."""
        worker = self.peer(setting, threads, form)
        ms = worker.turn(2)
        worker.stop()
        return ms

    def prepare(self):
        """What does not depend on the time that is measured."""
        for setting in peers_of("fp32"):
            self.faster_form(setting, max(self.bench.threads))

    def target(self, word):
        return self.bench.folder / f"{word}.out"

    def errors(self, word, is_ours):
        found, expected = np.fromfile(self.target(word), np.float32), self.made.expected
        if HEADS[self.name].detects:
            return describe_objects(found.reshape(-1, 6), expected)
        n, height, width, classes = expected.shape
        found = found.reshape(expected.shape) if is_ours else \
            found.reshape(n, classes, height, width).transpose(0, 2, 3, 1)
        same = (found.argmax(-1) == expected.argmax(-1)).mean()
        return f"logits {abs(found - expected).max() / expected.std():.1e}, {100 * same:.3f} % of classes equal"


def describe_objects(found, expected):
    """How far the objects are from the expected ones of the same label that overlap them most."""
    boxes, scores, matched = 0, 0, 0
    for one in expected:
        same = found[found[:, 5] == one[5]]
        if len(same):
            nearest = same[abs(same[:, :4] - one[:4]).max(1).argmin()]
            distance = abs(nearest[:4] - one[:4]).max()
            if distance < 1:
                boxes, scores, matched = max(boxes, distance), max(scores, abs(nearest[4] - one[4])), matched + 1
    return f"{matched} of {len(expected)} objects ({len(found)} found), boxes {boxes:.1e} pixels, scores {scores:.1e}"


def head_rows(bench, dense, threads):
    """Rows of one network with so many threads."""
    name, level = dense.name, levels("fp32")[0]
    kinds = {f"{OURS}, {level}": ("fp32", level, {})}
    if not HEADS[name].detects:
        kinds[f"{OURS}, {level}, direct convolutions"] = ("fp32", level, {"CONVNEXT_CONV": "direct"})
    if levels("bf16"):
        kinds[f"{OURS}, {levels('bf16')[0]}, bf16"] = ("bf16", levels("bf16")[0], {})
    workers = {word: dense.ours(precision, threads, dense.target(word), at, environment)
               for word, (precision, at, environment) in kinds.items()}
    workers |= {setting.name: dense.peer(setting, threads) for setting in peers_of("fp32")}
    everything = {("network", word): worker for word, worker in workers.items()} | {"peak": bench.peak(level)}
    alternate(everything, bench.rounds)
    fastest = next(iter(workers.values())).median()
    for word, worker in workers.items():
        share = f"{dense.made.gflop * everything['peak'].median() / worker.median() / threads:.2f}"
        row(name, word, worker.precision, f"{worker.median():.1f}", f"{1e3 / worker.median():.2f}",
            f"{worker.median() / fastest:.2f}", share,
            dense.errors(word, word in kinds))
    stop(everything)


def heads_tables(bench, only):
    for name in HEADS:
        if not has_word(name, only):
            continue
        dense = Dense(bench, name)
        if bench.prepares:
            dense.prepare()
            continue
        for threads in bench.threads:
            what = "objects, masks not pasted" if HEADS[name].detects else "logits of the last layer"
            head(f"{name}, {threads} thread{'s' * (threads > 1)}, to the {what}; {dense.made.gflop:.0f} GFLOP as "
                 "written; errors against PyTorch's fp32, of logits in its standard deviations",
                 "network", "contender", "runs", "ms", "frames/s", "relative to ours", "GFLOP as written / FMA peak", "errors")
            head_rows(bench, dense, threads)


def export_convolution(bench, channels, side):
    """Files with LAYERS equal convolutions: the ONNX file, its input, the input of ours."""
    generator = torch.Generator().manual_seed(1)
    layer = torch.nn.Conv2d(channels, channels, 3, padding=1)
    layer.weight.data = torch.randn(layer.weight.shape, generator=generator) * (9 * channels) ** -0.5
    layer.bias.data.zero_()
    x = torch.randn(1, channels, side, side, generator=generator)
    stem = bench.folder / f"convolution-{channels}-{side}"
    picture = x[0].permute(1, 2, 0).contiguous().numpy()
    picture.tofile(f"{stem}.input")
    np.concatenate([picture.ravel(), layer.weight.data.numpy().ravel()]).tofile(f"{stem}.ours")
    net = torch.nn.Sequential(*[layer] * LAYERS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(net, (x,), f"{stem}.onnx", opset_version=17, dynamo=False, input_names=["x"])
    with torch.inference_mode():
        return stem, net(x)[0].permute(1, 2, 0).numpy()


def convolution_rows(bench, channels, side, threads, level):
    stem, expected = export_convolution(bench, channels, side)
    program = bench.build / "tests/bench/bench-convolution"
    workers = {f"{OURS}, {way}": Worker([program, channels, side, way, threads, f"{stem}.ours", f"{stem}-{way}.out"],
                                        threads, {"CONVNEXT_CPU": level}, LAYERS) for way in WAYS}
    outputs = {f"{OURS}, {way}": f"{stem}-{way}.out" for way in WAYS}
    for setting in peers_of("fp32"):
        outputs[setting.name] = f"{stem}-{setting.name}.out"
        workers[setting.name] = contenders.peer(setting, f"{stem}.onnx", threads, f"{side}x{side}x{channels}", 1,
                                                f"{stem}.input", outputs[setting.name])
        workers[setting.name].batch = LAYERS
    everything = workers | {"peak": bench.peak(level)}
    alternate(everything, bench.rounds)
    gflop = 2e-9 * 9 * channels * channels * side * side
    for word, worker in workers.items():
        found = np.fromfile(outputs[word], np.float32)
        found = found.reshape(expected.shape) if word.startswith(OURS) else \
            found.reshape(channels, side, side).transpose(1, 2, 0)
        row(f"{channels} to {channels} at {side}x{side}", word, f"{worker.median():.2f}",
            f"{gflop * everything['peak'].median() / worker.median() / threads:.2f}",
            f"{abs(found - expected).max() / expected.std():.1e}")
    stop(everything)


def convolution_tables(bench):
    for threads in bench.threads:
        head(f"A 3x3 convolution, {threads} thread{'s' * (threads > 1)}, mean of {LAYERS} in sequence; errors in "
             "standard deviations of PyTorch's fp32 result", "layer", "contender", "ms",
             "GFLOP as written / FMA peak", "largest error")
        for channels, side in CONVOLUTIONS:
            convolution_rows(bench, channels, side, threads, levels("fp32")[0])
