# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs that peers.py and trained.py compare: gst-convnext and its peers, each a process that
implements the protocol of serve.h, pinned with taskset."""
import dataclasses
import os
import pathlib
import statistics
import subprocess
import sys
import time

import numpy as np

HERE = pathlib.Path(__file__).parent
TURN_MS = 250  # approximate length of a turn
PAUSE_S = 0.05  # between turns, until the threads of the previous one stop spinning
PIN = ["taskset", "-c"]
FLAGS = set(open("/proc/cpuinfo").read().split("flags", 1)[1].split("\n", 1)[0].split())
BF16 = bool({"amx_bf16", "avx512_bf16"} & FLAGS)
PRECISIONS = ("fp32", "bf16", "int8")
# The isa levels with products in a precision, and a CPU flag that shows the level.
LEVELS = {"fp32": {"amx": "amx_bf16", "avx512": "avx512vl", "avx2": "avx2", "c": "fpu"},
          "bf16": {"amx": "amx_bf16", "avx512_bf16": "avx512_bf16"},
          "int8": {"amx": "amx_int8", "avx512_vnni": "avx512_vnni", "avx512": "avx512vl", "avx2_vnni": "avx_vnni",
                   "avx2": "avx2"}}


@dataclasses.dataclass(frozen=True)
class Setting:
    """A peer and how it runs: the precision for peer.py, the function of quantized.py that makes its
    file, and the form of the network if only one makes sense."""
    name: str
    kind: str
    precision: str
    quantizer: str = ""
    form: str = ""


SETTINGS = {
    "fp32": [Setting("onnxruntime", "onnxruntime", "fp32"),
             Setting("OpenVINO, default", "openvino", "default"),
             Setting("OpenVINO, f32", "openvino", "fp32"),
             Setting("PyTorch, default", "torch", "default"),
             Setting("PyTorch, channels last", "torch", "fp32")],
    "bf16": [Setting("OpenVINO, bf16", "openvino", "bf16"),
             Setting("PyTorch, autocast to bf16", "torch", "bf16")],
    "int8": [Setting("OpenVINO, NNCF, default", "openvino", "int8", "nncf_default"),
             Setting("OpenVINO, NNCF, mixed preset", "openvino", "int8", "nncf_mixed"),
             *([Setting("OpenVINO, NNCF, mixed preset, bf16 between", "openvino", "int8-bf16", "nncf_mixed")]
               if BF16 else []),
             Setting("onnxruntime, dynamic, default", "onnxruntime", "int8", "dynamic_default", "linear"),
             Setting("onnxruntime, dynamic, best", "onnxruntime", "int8", "dynamic_best", "linear"),
             Setting("onnxruntime, static, default", "onnxruntime", "int8", "static_default"),
             Setting("onnxruntime, static, best", "onnxruntime", "int8", "static_best")],
}


def levels(precision):
    """The two highest levels of this processor that accelerate the precision."""
    return [level for level, flag in LEVELS[precision].items() if flag in FLAGS][:2]


class Worker:
    def __init__(self, command, threads, environment=None, batch=1):
        cpus = ",".join(map(str, sorted(os.sched_getaffinity(0))[:threads]))
        self.process = subprocess.Popen([*PIN, cpus, *map(str, command)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**os.environ, "OMP_NUM_THREADS": str(threads), **(environment or {})})
        word, load, self.precision = (self.process.stdout.readline() + "- - -").split()[:3]
        if word != "ready":
            raise SystemExit(f"{' '.join(map(str, command))} failed")
        self.load = float(load)
        self.batch = batch
        self.times = []

    def turn(self, frames):
        time.sleep(PAUSE_S)
        self.process.stdin.write(f"{frames}\n")
        self.process.stdin.flush()
        times = [float(word) for word in self.process.stdout.readline().split()]
        self.times += times
        return statistics.median(times)

    def median(self):
        """Median time per image, in milliseconds."""
        return statistics.median(self.times) / self.batch

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


def ours(build, model, precision, threads, side, batch, source, target, level=None):
    """gst-convnext. level: an isa level below the processor's."""
    return Worker([build / "tests/bench/bench-engine", model, precision, threads, side, batch, source, target],
                  threads, {"CONVNEXT_CPU": level} if level else None, batch)


def peer(setting, file, threads, side, batch, source, target):
    return Worker([sys.executable, HERE / "peer.py", setting.kind, setting.precision, file, threads, side, batch,
                   source, target], threads, None, batch)


def errors(logits, expected):
    """Differences from the expected logits, in their standard deviation, [n, classes]."""
    return abs(logits - expected) / expected.std()


def read_logits(path, pictures):
    return np.fromfile(path, np.float32).reshape(pictures, -1)


def has_word(name, words):
    """Whether the name contains one of the words, which are separated by commas."""
    return any(word.lower() in name.lower() for word in words.split(","))


def row(*cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def head(title, *columns):
    print(f"\n{title}\n")
    row(*columns)
    row(*(["---"] + ["---:"] * (len(columns) - 1)))
