# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tables of peers.sh: gst-convnext and its peers in turns, on the same cores in the same minutes.

    peers.py BUILD BUNDLED [--precision NAMES] [--photos FOLDER] [--only WORDS] [--peers WORDS]
             [--rounds N] [--tables NAMES] [--threads NUMBERS] [--cache FOLDER [--prepare]] [--realtime]

Each contender times some frames in each of its turns. Its result is the median over all its frames. --threads is of
the tables convolution and heads. --cache keeps the files of the tables 1, 2, batches and heads for the next run, so
that --prepare, which only writes them, can run on a busy machine, and the tables can be printed in pieces; delete the
folder when networks.py, heads.py, the photos or a library change.
"""
import argparse
import contextlib
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy as np

import contenders
import dense
import networks
import photos
import quantized
from contenders import PIN, PRECISIONS, SETTINGS, Setting, Worker, alternate, has_word, head, levels, row, stop

PICTURES = 8  # to measure errors on
CALIBRATION = 96
BATCHES = (4, 8)  # of BATCHED
BATCHED = "ConvNeXt-T 224"
FORMS = ("linear", "conv")
PREPARED = {"1", "2", "batches", "heads"}
TABLES = ("limits", "1", "2", "batches", "load", "preprocess", "pipeline", "convolution", "heads")


class Bench:
    def __init__(self, options, folder):
        self.build, self.bundled, self.rounds, self.folder = options.build, options.bundled, options.rounds, folder
        self.threads = [n for n in options.threads if n <= len(os.sched_getaffinity(0))]
        self.prepares, self.words = options.prepare, options.peers
        self.photos = photos.every(options.photos) if options.photos else []
        if options.photos and len(self.photos) < PICTURES + CALIBRATION:
            raise SystemExit(f"{options.photos}: expected {PICTURES + CALIBRATION} photos, found {len(self.photos)}")

    def stem(self, name, batch=1):
        kind, side = networks.NETWORKS[name]
        return networks.export(kind, lambda: networks.weights_of(kind, self.bundled), side, batch, self.folder), side

    def pictures(self, side, calibration=False):
        """Photos, spread evenly over the folder, if there are any; otherwise random inputs."""
        paths = self.photos[:: max(1, len(self.photos) // (PICTURES + CALIBRATION))]
        paths = paths[PICTURES:PICTURES + CALIBRATION] if calibration else paths[:PICTURES]
        if paths:
            return photos.inputs([photos.pixels(path, side) for path in paths])
        return np.random.default_rng(1).standard_normal((PICTURES, side, side, 3), np.float32)

    def source(self, side):
        """A file with inputs."""
        path = self.folder / f"inputs-{side}"
        if not path.exists():
            self.pictures(side).tofile(path)
        return path

    def bytes_source(self, side):
        """A file with the bytes of a picture."""
        path = self.folder / f"bytes-{side}"
        np.random.default_rng(1).integers(0, 256, (side, side, 3), np.uint8).tofile(path)
        return path

    def us(self, name, precision="fp32", threads=1, batch=1, level=None):
        stem, side = self.stem(name)
        return contenders.ours(self.build, f"{stem}.safetensors", precision, threads, side, batch, self.source(side),
                               self.folder / f"gst-convnext, {level}.out", level)

    def settings(self, precision):
        """The settings of peers that --peers selects."""
        return [setting for setting in SETTINGS[precision] if has_word(setting.name, self.words)]

    def peak(self, level):
        """The peak of a core at this isa level; a frame is one GFLOP."""
        return Worker([self.build / "tests/bench/bench-peak", level], 1)

    def file(self, name, setting, form, batch):
        """The network's file for this setting of a peer."""
        stem, side = self.stem(name, batch)
        if setting.kind == "torch":
            return f"{stem}.safetensors"
        onnx = f"{stem}-{form}-{batch}.onnx"
        if not setting.quantizer:
            return onnx
        return quantized.kept(setting.quantizer, onnx, lambda: self.pictures(side, True),
                              f"{stem}-{form}-{batch}-{setting.quantizer}")

    def peer(self, name, setting, threads=1, batch=1, source=None, form=None):
        """A peer, with the form of the network that is faster for it."""
        side = networks.NETWORKS[name][1]
        form = form or self.form(name, setting)
        return contenders.peer(setting, self.file(name, setting, form, batch), threads, side, batch,
                               source or self.source(side), self.folder / f"{setting.name}.out")

    def form(self, name, setting):
        """The form of the network in this setting of a peer. The first time, both are measured in fp32."""
        if setting.form or setting.kind == "torch":
            return setting.form or FORMS[0]
        kept = self.folder / f"{self.stem(name)[0].name}-{setting.kind}.form"
        if not kept.exists():
            workers = {form: self.peer(name, Setting(f"form {form}", setting.kind, "fp32"), form=form)
                       for form in FORMS}
            alternate(workers, 2)
            kept.write_text(min(FORMS, key=lambda form: workers[form].median()))
            stop(workers)
        return kept.read_text()

    def prepare(self, name, precision, batch):
        """Writes the files of a table's rows."""
        self.stem(name)
        self.stem(name, batch)
        for setting in self.settings(precision):
            if setting.quantizer and self.photos:
                self.file(name, setting, self.form(name, setting), batch)

    def errors(self, output):
        """Errors against PyTorch's fp32, in standard deviations."""
        logits, expected = (contenders.read_logits(self.folder / f"{kind}.out", PICTURES)
                            for kind in (output, "expected"))
        return contenders.errors(logits, expected)

    def expect(self, name):
        """Writes the logits that errors are measured against."""
        contenders.peer(Setting("expected", "torch", "fp32"), f"{self.stem(name)[0]}.safetensors",
                        len(os.sched_getaffinity(0)), networks.NETWORKS[name][1], 1,
                        self.source(networks.NETWORKS[name][1]), self.folder / "expected.out").stop()

    def chain(self, chain, level=None):
        return Worker([self.build / "tests/bench/bench-pipeline", 1920, 1080, "NV12", chain], 1,
                      {"CONVNEXT_CPU": level} if level else None)


def ms(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def frames_table(bench, name, precision, threads, batch):
    """Rows of one network: ours at each level, and the peers' settings of this precision."""
    bench.expect(name)
    ours = {f"gst-convnext, {level}": bench.us(name, precision, threads, batch, level) for level in levels(precision)}
    peaks = {f"gst-convnext, {level}": bench.peak(level) for level in levels(precision) if precision == "fp32"}
    peers = {setting.name: bench.peer(name, setting, threads, batch) for setting in bench.settings(precision)
             if bench.photos or not setting.quantizer}
    workers = {("network", word): worker for word, worker in (ours | peers).items()}
    workers |= {("peak", word): worker for word, worker in peaks.items()}
    alternate(workers, bench.rounds)
    fastest = next(iter(ours.values())).median() if ours else None
    for word, worker in (ours | peers).items():
        error = bench.errors(word)
        runs = worker.precision
        if word in peaks:
            share = networks.gflop(*bench.stem(name)) * peaks[word].median() / worker.median() / threads
            runs += f", {100 * share:.0f} % of the FMA peak"
        row(name, word, runs, ms(worker.median()), f"{worker.median() / fastest:.2f}" if fastest else "-",
            f"{error.max():.1e}", f"{error.mean():.1e}")
    if not ours:
        row(name, "gst-convnext", f"{precision}: no isa level of this processor accelerates it", *["-"] * 4)
    if not bench.photos and any(setting.quantizer for setting in SETTINGS[precision]):
        row(name, "peers", "calibration needs --photos", *["-"] * 4)
    stop(workers)


def frames_tables(bench, only, precisions, threads, batch=1):
    names = [name for name in networks.NETWORKS if has_word(name, only) and (batch == 1 or name == BATCHED)]
    for precision in precisions:
        if bench.prepares:
            for name in names:
                bench.prepare(name, precision, batch)
            continue
        plural = f"{threads} thread{'s' * (threads > 1)}"
        what = f"an image in a batch of {batch}" if batch > 1 else "one frame"
        head(f"{precision}, {what}, {plural}; errors in standard deviations of PyTorch's fp32 logits", "network", "contender",
             "runs", "ms", "relative to ours", "largest error", "mean error")
        for name in names:
            frames_table(bench, name, precision, threads, batch)


def load_table(bench):
    head("Time from the file to the first result, one thread, ms, excluding process start",
         "network", "gst-convnext", "onnxruntime", "OpenVINO", "fastest peer / us")
    for name in ("ConvNeXt-T 224", "bundled 448"):
        loads = {"us": [], "onnxruntime": [], "openvino": []}
        for _ in range(max(3, bench.rounds)):
            for kind, times in loads.items():
                worker = bench.us(name) if kind == "us" else bench.peer(name, Setting(kind, kind, "fp32"), form="conv")
                times.append(worker.load)
                worker.stop()
        us, *peers = (statistics.median(times) for times in loads.values())
        row(name, ms(us), *map(ms, peers), f"{min(peers) / us:.1f}")


def preprocess_table(bench):
    rgb = "video/x-raw,format=RGB,width=224,height=224"
    program = bench.build / "tests/bench/bench-preprocess"
    workers = {(format, crop): Worker([program, 1920, 1080, format, crop], 1)
               for format in ("NV12", "I420", "RGB") for crop in ("center", "squash")}
    workers |= {chain: bench.chain(f"{chain} ! {rgb}") for chain in ("videoconvertscale", "videoconvert ! videoscale")}
    workers["nothing"] = bench.chain("identity")
    workers["Pillow"] = Worker([sys.executable, contenders.HERE / "peer.py", "pillow", "-", "-", 1, 224, 1,
                                os.devnull, os.devnull], 1)
    alternate(workers, bench.rounds)
    head("1080p to 224x224, one thread, ms", "what", "format", "ms", "antialiased", "normalised")
    for format in ("NV12", "I420", "RGB"):
        for crop, words in (("center", "center crop of the published recipe"), ("squash", "whole frame")):
            row(f"gst-convnext, {words}", format, ms(workers[format, crop].median()), "yes", "yes")
    nothing = workers["nothing"].median()
    for chain in ("videoconvertscale", "videoconvert ! videoscale"):
        row(f"`{chain}`, whole frame, without the rest of the pipeline", "NV12", ms(workers[chain].median() - nothing),
            "no", "no")
    row("Pillow's resize, whole frame", "RGB", ms(workers["Pillow"].median()), "yes", "no")
    stop(workers)


def pipeline_table(bench):
    """The peers run in their own process on the bytes of a scaled frame, which they normalise."""
    name = "ConvNeXt-T 224"
    stem, side = bench.stem(name)
    rgb = f"video/x-raw,format=RGB,width={side},height={side}"
    workers = {"us": bench.chain(f"convnext threads=1 model={stem}.safetensors"),
               "bundled": bench.chain("convnext threads=1"),
               "engine": bench.us("bundled 448"),
               "preprocess": Worker([bench.build / "tests/bench/bench-preprocess", 1920, 1080, "NV12", "squash"], 1)}
    workers |= {front: bench.chain(f"{front} ! {rgb}") for front in ("videoconvertscale", "videoconvert ! videoscale")}
    workers |= {kind: bench.peer(name, Setting(kind, kind, "fp32"), source=bench.bytes_source(side))
                for kind in ("onnxruntime", "openvino")}
    alternate(workers, bench.rounds)
    us = workers["us"].median()
    head(f"From frame to metadata: 1080p NV12, {name}, one thread, ms", "pipeline", "ms", "relative to ours")
    row("`convnext`", ms(us), "1.00")
    for front in ("videoconvertscale", "videoconvert ! videoscale"):
        for kind in ("onnxruntime", "openvino"):
            total = workers[front].median() + workers[kind].median()
            row(f"`{front}`, then {kind} on the RGB bytes, without anything between them", ms(total), f"{total / us:.2f}")
    bundled, engine, preprocess = (workers[word].median() for word in ("bundled", "engine", "preprocess"))
    print(f"\nThe bundled model in a pipeline takes {bundled:.2f} ms: the forward pass {engine:.2f}, preprocessing "
          f"{preprocess:.2f}, the element itself {bundled - engine - preprocess:.2f}.")
    stop(workers)


def known_words(text, known):
    """The words of a comma-separated list; "all" means all known ones."""
    words = known if text == "all" else tuple(text.split(","))
    if not set(words) <= set(known):
        raise argparse.ArgumentTypeError(f"expected {', '.join(known)} or all, found {text}")
    return words


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("bundled", type=pathlib.Path)
    parser.add_argument("--precision", type=lambda text: known_words(text, PRECISIONS), default=PRECISIONS)
    parser.add_argument("--photos", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--peers", default="")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--tables", type=lambda text: known_words(text, TABLES), default=TABLES)
    parser.add_argument("--threads", type=lambda text: [int(n) for n in text.split(",")], default=[1, 2])
    parser.add_argument("--cache", type=pathlib.Path)
    parser.add_argument("--prepare", action="store_true")
    parser.add_argument("--realtime", action="store_true")
    options = parser.parse_args()
    if options.prepare and not options.cache:
        parser.error("--prepare: expected --cache FOLDER")
    if options.cache:
        options.cache.mkdir(parents=True, exist_ok=True)
    if options.realtime:
        PIN[:0] = ["chrt", "-f", "10"]
    if options.prepare:
        options.tables = PREPARED & set(options.tables)
    if "limits" in options.tables:
        subprocess.run([*PIN, str(min(os.sched_getaffinity(0))), options.build / "tests/bench/bench-limits"], check=True)
    with contextlib.nullcontext(options.cache) if options.cache else tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, pathlib.Path(folder))
        for threads in (1, 2):
            if str(threads) in options.tables and len(os.sched_getaffinity(0)) >= threads:
                frames_tables(bench, options.only, options.precision, threads)
        if "batches" in options.tables:
            for batch in BATCHES:
                frames_tables(bench, options.only, options.precision, 1, batch)
        if "load" in options.tables:
            load_table(bench)
        if "preprocess" in options.tables:
            preprocess_table(bench)
        if "pipeline" in options.tables:
            pipeline_table(bench)
        if "convolution" in options.tables:
            dense.convolution_tables(bench)
        if "heads" in options.tables:
            dense.heads_tables(bench, options.only)


main()
