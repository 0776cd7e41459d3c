# SPDX-License-Identifier: LGPL-2.1-or-later
"""A peer of bench-engine: peer.py KIND PRECISION FILE THREADS SIZE BATCH INPUT OUTPUT

KIND is onnxruntime, openvino or torch. PRECISION is

    default      the library's own choice; for torch, also its default memory layout
    fp32, bf16   this precision, requested from the library
    int8         FILE is quantized, and the rest is fp32
    int8-bf16    FILE is quantized, and the rest is bf16 (openvino)

The protocol is that of serve.h. SIZE is SIDE, WIDTHxHEIGHT or WIDTHxHEIGHTxCHANNELS, of 3 channels where it does
not say. INPUT holds [n, HEIGHT, WIDTH, CHANNELS] floats, n a multiple of BATCH; OUTPUT receives the first output. A frame is the first batch. If INPUT holds the bytes of one picture, a frame
includes their normalisation, which a picture scaled by GStreamer needs. KIND pillow has no network: it
resizes a 1080p picture of RGB bytes.
"""
import sys
import time

import numpy as np

SCALE = np.float32(1 / 255 / np.array([0.229, 0.224, 0.225]))
OFFSET = np.float32(-np.array([0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225])
HINTS = {"fp32": "f32", "int8": "f32", "bf16": "bf16", "int8-bf16": "bf16"}


# Each of these returns a function that loads the network. That function returns the network as a
# function of the input, and the precision that runs.

def load_onnxruntime(path, threads, precision):
    import onnxruntime

    def load():
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # no warnings of shapes that depend on the number of objects
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return lambda x: session.run(None, {"x": x})[0], "int8" if precision == "int8" else "fp32"
    return load


def load_openvino(path, threads, precision):
    import openvino

    def load():
        settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1}
        if precision in HINTS:
            settings["INFERENCE_PRECISION_HINT"] = HINTS[precision]
        model = openvino.Core().compile_model(path, "CPU", settings)
        request = model.create_infer_request()
        between = model.get_property("INFERENCE_PRECISION_HINT").get_type_name().replace("f32", "fp32")
        runs = f"int8-{between}" if precision.startswith("int8") else between
        return lambda x: request.infer({"x": x}, share_inputs=True, share_outputs=True)[0], runs
    return load


def load_torch(path, threads, precision):
    import torch
    from safetensors.torch import load_file

    import networks

    torch.set_num_threads(threads)
    layout = torch.contiguous_format if precision == "default" else torch.channels_last

    def load():
        weights = load_file(path)
        name = path.rsplit("/", 1)[-1].rsplit("-", 1)[0]
        model = networks.fill(networks.make(name, weights, False), weights).to(memory_format=layout)

        def run(x):
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                return model(torch.from_numpy(x).to(memory_format=layout)).float().numpy()
        return run, "bf16" if precision == "bf16" else "fp32"
    return load


def load_pillow(size):
    from PIL import Image

    picture = Image.fromarray(np.random.default_rng(1).integers(0, 256, (1080, 1920, 3), np.uint8))
    return lambda: picture.resize(size, Image.Resampling.BICUBIC)


def parse_size(text):
    """width, height, channels"""
    words = [int(word) for word in text.split("x")]
    return (words * 2 if len(words) == 1 else words) + [3] * (len(words) < 3)


def read_input(source, width, height, channels):
    """[n, channels, height, width] floats, or the bytes of one picture, [height, width, channels]."""
    raw = np.fromfile(source, np.uint8)
    if raw.size == width * height * channels:
        return raw.reshape(height, width, channels)
    return np.ascontiguousarray(raw.view(np.float32).reshape(-1, height, width, channels).transpose(0, 3, 1, 2))


def with_input(run, x, batch):
    """A function without arguments that runs one frame."""
    if x.dtype == np.uint8:
        return lambda: run(np.ascontiguousarray((x * SCALE + OFFSET).transpose(2, 0, 1))[None])
    first = x[:batch]
    return lambda: run(first)


def serve(frame):
    for line in sys.stdin:
        times = []
        frame()
        for _ in range(int(line)):
            begin = time.perf_counter()
            frame()
            times.append(f"{1e3 * (time.perf_counter() - begin):.6f}")
        print(*times, flush=True)


def main():
    kind, precision, path, threads, size, batch, source, target = sys.argv[1:]
    threads, size, batch = int(threads), parse_size(size), int(batch)
    if kind == "pillow":
        print("ready 0 -", flush=True)
        return serve(load_pillow(size[:2]))
    load = {"onnxruntime": load_onnxruntime, "openvino": load_openvino, "torch": load_torch}[kind](
        path, threads, precision)
    x = read_input(source, *size)

    begin = time.perf_counter()
    run, runs = load()
    frame = with_input(run, x, batch)
    first = np.array(frame(), np.float32)
    elapsed = 1e3 * (time.perf_counter() - begin)
    rest = [np.array(run(x[i:i + batch]), np.float32) for i in range(batch, len(x), batch) if x.dtype == np.float32]
    np.concatenate([first, *rest]).tofile(target)
    print(f"ready {elapsed:.6f} {runs}", flush=True)
    serve(frame)


main()
