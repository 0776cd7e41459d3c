# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tables of peers.sh: gst-convnext and its peers in turns, on the same cores in the same minutes.

    peers.py BUILD BUNDLED [--only WORD] [--rounds N] [--tables NAMES] [--realtime]

Each contender is a process of its own, pinned with taskset, which times some frames in each of its
turns. Its result is the median over all its frames.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import networks

HERE = pathlib.Path(__file__).parent
TURN_MS = 250  # approximate length of a turn
PAUSE_S = 0.05  # between turns, until the threads of the previous one stop spinning
PIN = ["taskset", "-c"]
FLAGS = open("/proc/cpuinfo").read().split("flags", 1)[1].split("\n", 1)[0].split()
LEVELS = [level for level, flag in (("avx512", "avx512vl"), ("avx2", "avx2"), ("c", "fpu")) if flag in FLAGS][:2]
BF16 = "amx_bf16" in FLAGS or "avx512_bf16" in FLAGS


class Worker:
    """A contender: a program that implements the protocol of serve.h."""

    def __init__(self, command, threads, environment=None):
        cpus = ",".join(map(str, sorted(os.sched_getaffinity(0))[:threads]))
        self.process = subprocess.Popen([*PIN, cpus, *map(str, command)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**os.environ, "OMP_NUM_THREADS": str(threads), **(environment or {})})
        word, load = (self.process.stdout.readline() + "- -").split()[:2]
        if word != "ready":
            raise SystemExit(f"peers.py: {' '.join(map(str, command))} failed")
        self.load = float(load)
        self.times = []

    def turn(self, frames):
        time.sleep(PAUSE_S)
        self.process.stdin.write(f"{frames}\n")
        self.process.stdin.flush()
        times = [float(word) for word in self.process.stdout.readline().split()]
        self.times += times
        return statistics.median(times)

    def median(self):
        return statistics.median(self.times)

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def alternate(workers, rounds):
    frames = {key: max(2, min(50, int(TURN_MS / worker.turn(2)))) for key, worker in workers.items()}
    for worker in workers.values():
        worker.times = []
    for _ in range(rounds):
        for key, worker in workers.items():
            worker.turn(frames[key])


def stop(workers):
    for worker in workers.values():
        worker.stop()


class Bench:
    def __init__(self, build, bundled, folder, rounds):
        self.build, self.bundled, self.folder, self.rounds = build, bundled, folder, rounds
        self.stems = {}

    def stem(self, row):
        name, side = networks.NETWORKS[row]
        if row not in self.stems:
            self.stems[row] = networks.export(name, side, self.bundled, self.folder)
        return self.stems[row], side

    def random(self, side, kind="floats"):
        """Writes a random picture to a file and returns its path."""
        path = self.folder / kind
        generator = np.random.default_rng(1)
        if kind == "floats":
            generator.standard_normal((side, side, 3), np.float32).tofile(path)
        else:
            generator.integers(0, 256, (side, side, 3), np.uint8).tofile(path)
        return path

    def us(self, row, level, threads, source):
        stem, side = self.stem(row)
        return Worker([self.build / "tests/bench/bench-engine", f"{stem}.safetensors", threads, side, source,
                       self.folder / f"us-{level}.out"], threads, {"CONVNEXT_CPU": level})

    def peak(self, level):
        """The peak of a core at this isa level; a frame is one GFLOP."""
        return Worker([self.build / "tests/bench/bench-peak", level], 1)

    def peer(self, row, kind, form, threads, source):
        stem, side = self.stem(row)
        file = f"{stem}.safetensors" if kind == "torch" else f"{stem}-{form}.onnx"
        return Worker([sys.executable, HERE / "peer.py", kind, file, threads, side, source,
                       self.folder / f"{kind}.out"], threads)

    def faster_form(self, row, kind, threads, source):
        """The peer with the form of the network that is faster for it."""
        forms = {form: self.peer(row, kind, form, threads, source) for form in ("linear", "conv")}
        alternate(forms, 2)
        best = min(forms, key=lambda form: forms[form].median())
        stop({form: worker for form, worker in forms.items() if form != best})
        return forms[best]

    def chain(self, chain, level=None):
        return Worker([self.build / "tests/bench/bench-pipeline", 1920, 1080, "NV12", chain], 1,
                      {"CONVNEXT_CPU": level} if level else None)

    def disagreement(self, kind):
        """Largest difference from PyTorch's logits, divided by the largest of those."""
        expected = np.fromfile(self.folder / "torch.out", np.float32)
        logits = np.fromfile(self.folder / f"{kind}.out", np.float32)
        assert logits.size == expected.size
        return float(abs(logits - expected).max() / abs(expected).max())


def row(*cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def head(title, *columns):
    print(f"\n{title}\n")
    row(*columns)
    row(*(["---"] + ["---:"] * (len(columns) - 1)))


def ms(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def frames_table(bench, only, threads):
    kinds = ["onnxruntime", "openvino", "torch"] + (["openvino-bf16"] if BF16 else [])
    head(f"One frame, {threads} thread{'s' * (threads > 1)}, fp32, ms; share: of a core's FMA peak, measured in turns",
         "network", *(f"gst-convnext {level} (share)" for level in LEVELS), "onnxruntime", "OpenVINO", "PyTorch",
         *(["OpenVINO in bf16"] if BF16 else []), "fastest fp32 peer / us", "disagreement: us, peers")
    for name, (_, side) in networks.NETWORKS.items():
        if only.lower() not in name.lower():
            continue
        stem, side = bench.stem(name)
        source = bench.random(side)
        workers = {f"us-{level}": bench.us(name, level, threads, source) for level in LEVELS}
        workers |= {f"peak-{level}": bench.peak(level) for level in LEVELS}
        for kind in kinds:
            if kind == "torch":
                workers[kind] = bench.peer(name, kind, None, threads, source)
            else:
                workers[kind] = bench.faster_form(name, kind, threads, source)
        alternate(workers, bench.rounds)
        us = {level: workers[f"us-{level}"].median() for level in LEVELS}
        share = {level: networks.gflop(stem, side) * workers[f"peak-{level}"].median() / t / threads
                 for level, t in us.items()}
        fastest = min(workers[kind].median() for kind in kinds if kind != "openvino-bf16")
        row(name, *(f"{ms(t)} ({100 * share[level]:.0f} %)" for level, t in us.items()),
            *(ms(workers[kind].median()) for kind in kinds), f"{fastest / us[LEVELS[0]]:.2f}",
            f"{max(bench.disagreement(f'us-{level}') for level in LEVELS):.0e}, "
            f"{max(bench.disagreement(kind) for kind in kinds[:2]):.0e}")
        stop(workers)


def load_table(bench):
    head("Time from the file to the first result, one thread, ms, excluding process start",
         "network", "gst-convnext", "onnxruntime", "OpenVINO", "fastest peer / us")
    for name in ("ConvNeXt-T 224", "bundled 224"):
        loads = {"us": [], "onnxruntime": [], "openvino": []}
        source = bench.random(bench.stem(name)[1])
        for _ in range(max(3, bench.rounds)):
            for kind, times in loads.items():
                worker = bench.us(name, LEVELS[0], 1, source) if kind == "us" else bench.peer(name, kind, "conv", 1, source)
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
    workers["Pillow"] = Worker([sys.executable, HERE / "peer.py", "pillow", "-", 1, 224, os.devnull, os.devnull], 1)
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
    source = bench.random(side, "bytes")
    rgb = f"video/x-raw,format=RGB,width={side},height={side}"
    workers = {"us": bench.chain(f"convnext threads=1 model={stem}.safetensors", LEVELS[0]),
               "bundled": bench.chain("convnext threads=1", LEVELS[0]),
               "engine": bench.us("bundled 224", LEVELS[0], 1, bench.random(side)),
               "preprocess": Worker([bench.build / "tests/bench/bench-preprocess", 1920, 1080, "NV12", "squash"], 1)}
    workers |= {front: bench.chain(f"{front} ! {rgb}") for front in ("videoconvertscale", "videoconvert ! videoscale")}
    workers |= {kind: bench.faster_form(name, kind, 1, source) for kind in ("onnxruntime", "openvino")}
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("bundled", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--tables", default="limits,1,2,load,preprocess,pipeline")
    parser.add_argument("--realtime", action="store_true")
    options = parser.parse_args()
    if options.realtime:
        PIN[:0] = ["chrt", "-f", "10"]
    tables = options.tables.split(",")
    if "limits" in tables:
        subprocess.run([*PIN, str(min(os.sched_getaffinity(0))), options.build / "tests/bench/bench-limits"], check=True)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options.build, options.bundled, pathlib.Path(folder), options.rounds)
        for threads in (1, 2):
            if str(threads) in tables and len(os.sched_getaffinity(0)) >= threads:
                frames_table(bench, options.only, threads)
        if "load" in tables:
            load_table(bench)
        if "preprocess" in tables:
            preprocess_table(bench)
        if "pipeline" in tables:
            pipeline_table(bench)


main()
