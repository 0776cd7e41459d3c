# SPDX-License-Identifier: LGPL-2.1-or-later
"""A peer of bench-engine: peer.py KIND FILE THREADS SIDE INPUT OUTPUT

KIND is onnxruntime, openvino, openvino-bf16 or torch. The protocol is that of serve.h. INPUT holds
[SIDE, SIDE, 3] floats; OUTPUT receives the logits. If INPUT holds bytes, a frame includes
normalising them, as a picture scaled by GStreamer needs. KIND pillow has no network: it resizes a
1080p picture of RGB bytes to SIDE x SIDE.
"""
import sys
import time

import numpy as np

SCALE = np.float32(1 / 255 / np.array([0.229, 0.224, 0.225]))
OFFSET = np.float32(-np.array([0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225])


def load_onnxruntime(path, threads):
    import onnxruntime

    def load():
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return lambda x: session.run(None, {"x": x})[0]
    return load


def load_openvino(path, threads, precision):
    import openvino

    def load():
        settings = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads,
                    "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1}
        request = openvino.Core().compile_model(path, "CPU", settings).create_infer_request()
        return lambda x: request.infer({"x": x}, share_inputs=True, share_outputs=True)[0]
    return load


def load_torch(path, threads):
    import torch
    from safetensors.torch import load_file

    import networks

    torch.set_num_threads(threads)

    def load():
        weights = load_file(path)
        name = path.rsplit("/", 1)[-1].rsplit("-", 1)[0]
        model = networks.fill(networks.make(name, weights, False), weights)
        model = model.to(memory_format=torch.channels_last)

        def run(x):
            with torch.inference_mode():
                return model(torch.from_numpy(x).to(memory_format=torch.channels_last)).numpy()
        return run
    return load


def load_pillow(side):
    from PIL import Image

    picture = Image.fromarray(np.random.default_rng(1).integers(0, 256, (1080, 1920, 3), np.uint8))
    return lambda: lambda: picture.resize((side, side), Image.Resampling.BICUBIC)


def with_input(load, source, side):
    """Turns load, which returns a function of the input, into one that returns a function of nothing."""
    raw = np.fromfile(source, np.uint8)

    def from_bytes(run):
        pixels = raw.reshape(side, side, 3)
        return lambda: run(np.ascontiguousarray((pixels * SCALE + OFFSET).transpose(2, 0, 1))[None])

    def from_floats(run):
        x = np.ascontiguousarray(raw.view(np.float32).reshape(side, side, 3).transpose(2, 0, 1))[None]
        return lambda: run(x)

    return lambda: (from_bytes if raw.size == 3 * side * side else from_floats)(load())


def main():
    kind, path, threads, side, source, target = sys.argv[1:]
    threads, side = int(threads), int(side)
    if kind == "pillow":
        load = load_pillow(side)
    elif kind == "onnxruntime":
        load = with_input(load_onnxruntime(path, threads), source, side)
    elif kind == "torch":
        load = with_input(load_torch(path, threads), source, side)
    else:
        load = with_input(load_openvino(path, threads, "bf16" if kind.endswith("bf16") else "f32"), source, side)

    begin = time.perf_counter()
    frame = load()
    first = frame()
    print(f"ready {1e3 * (time.perf_counter() - begin):.6f}", flush=True)
    if kind != "pillow":
        np.asarray(first, np.float32).tofile(target)
    for line in sys.stdin:
        times = []
        frame()
        for _ in range(int(line)):
            begin = time.perf_counter()
            frame()
            times.append(f"{1e3 * (time.perf_counter() - begin):.6f}")
        print(*times, flush=True)


main()
