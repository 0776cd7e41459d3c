# SPDX-License-Identifier: LGPL-2.1-or-later
"""Trains a ConvNeXt V1 and a V2 of 3.4 million parameters on labelled photos, and measures with them
how each precision changes the results of gst-convnext and of its peers.

    trained.py BUILD WORK --photos FOLDER [--networks NAMES] [--samples N] [--seed N] [--only WORDS]

photos.py describes how photos are labelled. Each network is saved in WORK/NAME as timm saves it for the
Hugging Face Hub, with a list of the photos that it has not seen, held-out.tsv, and the peers' files; an
existing network is not trained again. Every contender runs the same held-out photos and their mirror images.
"""
import argparse
import pathlib
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import timm
import torch
from safetensors.torch import load_file
from torch.nn import functional

import contenders
import networks
import photos
import quantized
from contenders import FLAGS, PRECISIONS, SETTINGS, Setting, has_word, head, levels, row

sys.path.append(str(contenders.HERE.parents[1] / "model/default/training"))
from muon import Muon  # noqa: E402

NETWORKS = {"convnext_atto": {"ls_init_value": 0.5}, "convnextv2_atto": {}}
SIDE = 128
# Most of the training runs on small pictures, which cost less: side, share of the samples.
PHASES = ((64, 5 / 8), (96, 2 / 8), (SIDE, 1 / 8))
MARGIN = 1.15  # of the stored pictures around a crop
BATCH = 64
RATE = 2e-3  # of AdamW
MUON_RATE = 0.02
WARM_UP = 0.1  # of the steps
SMOOTHING = 0.1  # of the targets
CALIBRATION = 256  # photos of the training set
EIGHT_BITS = {"amx_int8", "avx512_vnni", "avx_vnni"}  # CPU flags of levels with 8-bit activations
FORM = "conv"  # of the ONNX files, unless a setting needs the other one


def stored(paths, side):
    with ThreadPoolExecutor(2) as pool:
        return torch.from_numpy(np.stack(list(pool.map(lambda path: photos.pixels(path, side), paths))))


def augmented(views, side, generator):
    """float32 [n, 3, side, side] from uint8 [n, 3, wide, wide]: shifted, scaled, turned, mirrored, and changed
    in brightness, contrast and colour."""
    def uniform(low, high, *shape):
        return torch.empty(len(views), *shape).uniform_(low, high, generator=generator)

    scale, angle = uniform(0.6, 1), uniform(-0.15, 0.15)
    mirror = uniform(-1, 1).sign()
    x, y = (uniform(-1, 1) * (1 - scale) for _ in range(2))
    turn = torch.stack([torch.stack([scale * angle.cos() * mirror, -scale * angle.sin(), x], 1),
                        torch.stack([scale * angle.sin() * mirror, scale * angle.cos(), y], 1)], 1)
    grid = functional.affine_grid(turn, [len(views), 3, side, side], align_corners=False)
    pixels = functional.grid_sample(views.float() / 255, grid, padding_mode="reflection", align_corners=False)
    mean = pixels.mean((1, 2, 3), keepdim=True)
    pixels = (pixels - mean) * uniform(0.7, 1.3, 1, 1, 1) + mean * uniform(0.75, 1.25, 1, 1, 1)
    pixels = (pixels * uniform(0.9, 1.1, 3, 1, 1)).clamp(0, 1)
    mean, std = (torch.from_numpy(values)[:, None, None] for values in (photos.MEAN, photos.STD))
    return ((pixels - mean) / std).contiguous(memory_format=torch.channels_last)


def new(name, classes):
    """An untrained network. Its weights have the deviation 1 / sqrt(fan-in): with timm's 0.02, which suits
    wide networks, a narrow one learns slowly, as it does with a layer scale that begins at 1e-6."""
    model = networks.make(name, None, False, num_classes=classes, drop_path_rate=0.05, **NETWORKS[name])
    for weights in model.parameters():
        if weights.ndim > 1 and min(weights.shape[:2]) > 0 and weights.any():
            torch.nn.init.trunc_normal_(weights, std=weights[0].numel() ** -0.5)
    with torch.no_grad():
        model.head.fc.weight *= 0.3
    return model.to(memory_format=torch.channels_last)


def optimizers(model, steps):
    """Muon for the dense layers and downsampling convolutions, AdamW for the rest; one cycle."""
    dense = [weights for key, weights in model.named_parameters()
             if "mlp.fc" in key and key.endswith("weight") or "downsample.1.weight" in key]
    chosen = {id(weights) for weights in dense}
    rest = [weights for weights in model.parameters() if id(weights) not in chosen]
    for optimizer in (Muon(dense, MUON_RATE, 0.05), torch.optim.AdamW(rest, RATE, weight_decay=0.05)):
        rate = optimizer.param_groups[0]["lr"]
        yield optimizer, torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps, pct_start=WARM_UP,
                                                              cycle_momentum=False)


def train(name, classes, samples, seed, photos_of_training):
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = new(name, len(classes)).train()
    paths = [path for path, _ in photos_of_training]
    targets = torch.tensor([classes.index(label) for _, label in photos_of_training])
    counts = [round(samples * share) // BATCH for _, share in PHASES]
    pairs = list(optimizers(model, sum(counts)))
    begin, losses = time.time(), []
    for (side, _), count in zip(PHASES, counts):
        views = stored(paths, round(MARGIN * side)).permute(0, 3, 1, 2)
        order = torch.cat([torch.randperm(len(paths), generator=generator)
                           for _ in range(count * BATCH // len(paths) + 1)])
        for rows in order[:count * BATCH].split(BATCH):
            logits = model(augmented(views[rows], side, generator))
            loss = functional.cross_entropy(logits, targets[rows], label_smoothing=SMOOTHING)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 2)
            for optimizer, schedule in pairs:
                optimizer.step()
                optimizer.zero_grad()
                schedule.step()
            losses.append(loss.item())
            if len(losses) % 50 == 0:
                print(f"{name}: step {len(losses)}/{sum(counts)}, side {side}, loss {np.mean(losses[-50:]):.3f}, "
                      f"{time.time() - begin:.0f} s", file=sys.stderr, flush=True)
    return model.eval()


def save(model, name, classes, folder):
    cfg = {"input_size": (3, SIDE, SIDE), "crop_pct": photos.CROP, "interpolation": "bicubic",
           "mean": tuple(photos.MEAN.tolist()), "std": tuple(photos.STD.tolist())}
    timm.models.save_for_hf(model.to(memory_format=torch.contiguous_format), folder, safe_serialization=True,
                            model_config={"label_names": classes, "pretrained_cfg": cfg})


def ensure(name, options, classes, parts):
    """The network's folder; trains it if it is missing."""
    folder = options.work / name
    if not (folder / "model.safetensors").exists():
        model = train(name, classes, options.samples, options.seed, parts[0])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "held-out.tsv").write_text("".join(f"{path}\t{label}\n" for path, label in parts[1]))
        save(model, name, classes, folder)
    return folder


class Judge:
    def __init__(self, name, folder, options, classes, parts):
        self.name, self.folder, self.options = name, folder, options
        paths, labels = zip(*[line.split("\t") for line in (folder / "held-out.tsv").read_text().splitlines()])
        views = stored([pathlib.Path(path) for path in paths], SIDE).numpy()
        views = np.concatenate([views, views[:, :, ::-1]])
        self.targets = np.array([classes.index(label) for label in labels] * 2)
        self.source = folder / "inputs"
        photos.inputs(views).tofile(self.source)
        # Spread evenly over the classes, by which the photos are ordered.
        self.calibration = [path for path, _ in parts[0]][::max(1, len(parts[0]) // CALIBRATION)]
        self.stem = networks.export(name, lambda: load_file(folder / "model.safetensors"), SIDE, 1, folder)
        self.expected = self.logits_of(self.peer(Setting("PyTorch", "torch", "fp32")))

    def logits_of(self, worker):
        worker.stop()
        self.runs = worker.precision
        return contenders.read_logits(self.folder / "logits", len(self.targets))

    def peer(self, setting):
        file = f"{self.stem}.safetensors"
        if setting.kind != "torch":
            form = setting.form or FORM
            file = f"{self.stem}-{form}-1.onnx"
            if setting.quantizer:
                file = quantized.kept(setting.quantizer, file,
                                      lambda: photos.inputs(stored(self.calibration, SIDE).numpy()),
                                      f"{self.stem}-{form}-{setting.quantizer}")
        return contenders.peer(setting, file, self.options.threads, SIDE, 1, self.source, self.folder / "logits")

    def ours(self, precision, level=None):
        return contenders.ours(self.options.build, self.folder, precision, self.options.threads, SIDE, 1, self.source,
                               self.folder / "logits", level)

    def accuracy(self, logits):
        return 100 * (logits.argmax(1) == self.targets).mean()

    def print(self, contender, worker):
        logits = self.logits_of(worker)
        errors = contenders.errors(logits, self.expected)
        agrees = logits.argmax(1) == self.expected.argmax(1)
        accuracy = self.accuracy(logits)
        row(self.name, contender, self.runs, f"{accuracy:.2f}", f"{accuracy - self.accuracy(self.expected):+.2f}",
            f"{100 * agrees.mean():.2f}", str((~agrees).sum()), f"{errors.max():.2g}", f"{errors.mean():.2g}")

    def rows(self):
        rows = [(f"gst-convnext, {precision}, {level}", self.ours, precision, level) for precision in PRECISIONS
                for level in levels(precision)]
        # The results on processors with other levels, from the C versions of the kernels.
        if not levels("bf16"):
            rows.append(("gst-convnext, bf16 in C", self.ours, "exactly-bf16"))
        if not EIGHT_BITS & FLAGS:
            rows.append(("gst-convnext, int8 with 8-bit activations in C", self.ours, "exactly-int8", "c"))
        rows += [(setting.name, self.peer, setting) for precision in PRECISIONS for setting in SETTINGS[precision]]
        for contender, start, *what in rows:
            if has_word(contender, self.options.only):
                self.print(contender, start(*what))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--photos", type=pathlib.Path, required=True)
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--samples", type=int, default=32000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    found = photos.labelled(options.photos)
    classes = sorted({label for _, label in found})
    parts = photos.split(found)
    print(f"{len(classes)} classes, {len(parts[0])} photos to train on, {len(parts[1])} held out")
    folders = {name: ensure(name, options, classes, parts) for name in options.networks.split(",")}
    head(f"Held-out photos and their mirror images, {SIDE} x {SIDE}; agreement, changes and errors against PyTorch's "
         "fp32, errors in standard deviations of the logits", "network", "contender", "runs", "accuracy, %", "points",
         "agreement of top-1, %", "changes", "largest error", "mean error")
    for name, folder in folders.items():
        Judge(name, folder, options, classes, parts).rows()


main()
