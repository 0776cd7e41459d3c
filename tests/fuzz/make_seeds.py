#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes tests/fuzz/seeds: small inputs with which the fuzz targets start, one folder per target.

    python3 -m venv venv && venv/bin/pip install torch numpy safetensors
    venv/bin/python tests/fuzz/make_seeds.py

Run by hand; the results are committed. The target `checkpoint` starts with files of
tests/fixtures/containers and tests/fixtures/heads instead.
"""
import argparse
import collections
import io
import json
import pathlib
import pickle
import shutil
import struct
import sys
import warnings
import zipfile

import numpy as np
import torch
import torch.distributed.tensor
from safetensors.torch import load_file, save

HERE = pathlib.Path(__file__).parent / "seeds"
FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures" / "networks"


def put(target, name, contents):
    path = HERE / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents if isinstance(contents, bytes) else contents.encode())


def saved(value, **options):
    f = io.BytesIO()
    torch.save(value, f, **options)
    return f.getvalue()


def rezipped(archive, method):
    old, out = zipfile.ZipFile(io.BytesIO(archive)), io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as new:
        for entry in old.infolist():
            if "/." not in entry.filename:
                new.writestr(entry.filename.replace("archive", "a"), old.read(entry))
    return out.getvalue()


def quantised():
    """State dicts of quantised layers, per tensor and per channel."""
    layer = torch.nn.Sequential(torch.nn.Linear(3, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layers = [torch.ao.quantization.quantize_dynamic(layer, rule).state_dict() for rule in (
            {torch.nn.Linear}, {torch.nn.Linear: torch.ao.quantization.per_channel_dynamic_qconfig})]
    return collections.OrderedDict([(f"{i}.{k}", v) for i, d in enumerate(layers) for k, v in d.items()])


def distributed(t):
    mesh = torch.distributed.device_mesh.init_device_mesh("cpu", (1,))
    whole = torch.distributed.tensor.distribute_tensor(t, mesh, [torch.distributed.tensor.Shard(0)])
    part = torch.distributed.tensor.DTensor.from_local(t, mesh, [torch.distributed.tensor.Shard(0)], run_check=False,
                                                       shape=(4, 3), stride=(3, 1))
    return {"a": whole, "b": part}


def values():
    t = torch.arange(6.0).reshape(2, 3)
    plain = collections.OrderedDict(a=t, b=torch.zeros(2, dtype=torch.int64))
    return {
        "plain": plain,
        "strided": {"a": t.t(), "b": t[:, 1], "c": t.half(), "d": t.double(), "e": t.bfloat16()},
        "parameter": {"a": torch.nn.Parameter(t)},
        "wrapped": {"model": plain, "epoch": 3, "args": argparse.Namespace(lr=0.1, x=None, y=(1, 2), z=True)},
        "ema": {"state_dict": plain, "state_dict_ema": {"module": plain}, "message_hub": {}},
        "members": {"backbone": plain, "head": {"w": t}},
        "prefix": {"model_ema.a": t, "a": t},
        "objects": {"best": np.float64(1), "d": collections.defaultdict(list), "s": {1, 2}, "f": frozenset("a"),
                    "z": 1j, "big": 10 ** 30, "neg": -5, "far": 2 ** 40, "b": b"xy", "l": [1.5, "t"], "m": plain},
        "list": [1, 2],
        "listed": [3, plain],
        "eight": {"a": t.to(torch.float8_e4m3fn), "b": t.to(torch.float8_e5m2).t(), "c": t.to(torch.float8_e5m2fnuz)},
        "quantised": quantised(),
        "dtensor": distributed(t),
        "sparse": {"a": t.to_sparse(), "b": torch._neg_view(t)},
        "empty": {},
    }


def make_pickles():
    """Pickles of torch.save, and hand-written ones with opcodes that it does not use."""
    for name, value in values().items():
        for protocol in (2, 4):
            archive = saved(value, pickle_protocol=protocol)
            with zipfile.ZipFile(io.BytesIO(archive)) as z:
                data = next(n for n in z.namelist() if n.endswith("data.pkl"))
                put("pickle", f"{name}-{protocol}", z.read(data))
    storage = b"(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x06"
    tensor = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"NtQK\x00K\x02K\x03\x86K\x03K\x01\x86\x89Ntr\x00\x00\x00\x00R"
    by_hand = {
        "python2": b"\x80\x02ccollections\nOrderedDict\n]((U\x01a" + tensor + b"le\x85R.",
        "python2-bytes": b"\x80\x02}(T\x01\x00\x00\x00a" + tensor + b"u.",
        "view": b"\x80\x02}U\x01a" + tensor.replace(b"NtQ", b"(U\x01vK\x00K\x06ttQ") + b"s.",
        "size": b"\x80\x02}U\x01actorch._utils\n_rebuild_tensor\n(" + storage +
                b"tQK\x00ctorch\nSize\n(K\x02t\x85R(K\x01ttRs.",
        "subclass": b"\x80\x02}U\x01actorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\n"
                    b"ca\nB\n(" + storage + b"tQK\x00K\x06\x85K\x01\x85\x89Nt}tRs.",
        "module": b"\x80\x02(U\x06moduleca\nB\nU\x01xU\x01ytQ)\x81}b.",
        "stack": b"\x80\x04]0N2200(1(NN10\x88\x890(K\x01M\x02\x00J\x03\x00\x00\x00l0(d0(\x90" b"0N.",
        "numbers": b"\x80\x05(\x8a\x00\x8a\x01\xff\x8a\x09123456789\x8b\x02\x00\x00\x00\x01\x02G?\xf0\x00\x00\x00\x00\x00\x00t.",
        "strings": b"\x80\x05\x95\x20\x00\x00\x00\x00\x00\x00\x00(\x8d\x01\x00\x00\x00\x00\x00\x00\x00a\x8e\x01\x00\x00\x00"
                   b"\x00\x00\x00\x00b\x96\x01\x00\x00\x00\x00\x00\x00\x00cB\x01\x00\x00\x00dC\x01e\x8c\x01ft.",
        "sets": b"\x80\x04\x8f(K\x01K\x02\x90(K\x03\x91\x86.",
        "new": b"\x80\x04\x8c\x01a\x8c\x01b\x93)}\x92}\x94K\x01K\x02s(K\x03K\x04u]\x94K\x01a(K\x02ebh\x00j\x01\x00\x00\x00q\x05t.",
        "text": b"(lp0\nI01\na.",
    }
    for name, contents in by_hand.items():
        put("pickle", name, contents)


def make_containers():
    t = torch.arange(4.0)
    put("safetensors", "plain", save({"a": t, "b": t.half(), "c": t.bfloat16(), "d": t.long(), "e": t.double()}))
    put("safetensors", "metadata", save({"a": t}, {"format": "pt", "note": "ä\u2028\"\\\U0001f600"}))
    put("safetensors", "empty", struct.pack("<Q", 2) + b"{}")
    header = b'{"\\u0061\\ud83d\\ude00\\n": {"shape": [ 1, 1 ] , "dtype":"I8","data_offsets":[0,1]}}  '
    put("safetensors", "escapes", struct.pack("<Q", len(header)) + header + b"x")
    put("safetensors", "ema", save({"model_ema.a": t + 1, "a": t}))
    for name in ("saved_model.pb", "frozen_graph.pb", "model.ckpt.index", "flax_model.msgpack", "model.gguf"):
        put("safetensors", name, (FIXTURES.parent / "refused" / name).read_bytes())
    put("safetensors", "openvino", b'<?xml version="1.0"?>\n<net name="Model0" version="11">\n')
    for name in ("lfs", "html", "onnx", "pickle"):
        put("safetensors", name, {"lfs": b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n",
                                  "html": b"<!DOCTYPE html><html></html>", "onnx": b"\x08\x07\x12\x07pytorch",
                                  "pickle": pickle.dumps({"a": np.zeros(2)}, 4)}[name])
    for name, value in values().items():
        put("legacy", name, saved(value, _use_new_zipfile_serialization=False))
        if name in ("plain", "wrapped", "strided", "prefix"):
            put("zip", name, rezipped(saved(value), zipfile.ZIP_STORED))
            put("zip", name + "-deflated", rezipped(saved(value), zipfile.ZIP_DEFLATED))
    put("zip", "torch", saved({"a": t}))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        with z.open("a/data.pkl", "w", force_zip64=True) as f:
            f.write(b"}.")
        z.writestr("a/constants.pkl", "")
    put("zip", "script", out.getvalue())


def make_forms():
    """Each is an adapter_config.json, a zero byte, and a checkpoint."""
    w, v = torch.arange(12.0).reshape(4, 3) - 5, torch.arange(1.0, 5)
    q = w.to(torch.int8)
    forms = {
        "lora": {"x.base_layer.weight": w, "x.lora_A.default.weight": w[:2], "x.lora_B.default.weight": w[:, :2],
                 "y.modules_to_save.default.weight": w, "y.original_module.weight": w},
        "dora": {"x.weight": w, "x.lora_A.a.weight": w[:2], "x.lora_B.a.weight": w[:, :2],
                 "x.lora_magnitude_vector.a.weight": v},
        "ia3": {"x.weight": w, "x.bias": v, "x.ia3_l.a": v[:, None], "y.weight": w, "y.ia3_l.a": v[None, :3]},
        "pruned": {"x.weight_orig": w, "x.weight_mask": (w > 0).float(), "y.bias_orig": v, "y.bias_mask": v > 2},
        "norms": {"x.weight_g": v[:, None], "x.weight_v": w, "y.weight_orig": w, "y.weight_u": v, "y.weight_v": v[:3],
                  "z.parametrizations.weight.original0": torch.tensor(2.0), "z.parametrizations.weight.original1": w,
                  "t.parametrizations.weight.original": w, "t.parametrizations.weight.0._u": v,
                  "t.parametrizations.weight.0._v": v[:3], "s.parametrizations.weight.original": w},
        "scales": {"x.weight": q, "x.weight_scale": v[:, None], "x.weight_zero_point": v[:, None].to(torch.int8),
                   "y.weight": w.to(torch.float8_e4m3fn), "y.weight_scale_inv": torch.tensor([[0.5]]),
                   "z.weight": q, "z.SCB": v, "z.weight_format": torch.zeros((), dtype=torch.uint8),
                   "t.weight": w.to(torch.float8_e5m2), "t.scale_weight": torch.tensor(2.0),
                   "s.weight._data": q, "s.weight._scale": v[:, None], "s.input_scale": torch.tensor(1.0),
                   "scaled_fp8": torch.zeros(0)},
    }
    config = {"peft_type": "LORA", "r": 2, "lora_alpha": 3, "rank_pattern": {"x": 2}, "alpha_pattern": {"z.y": 1}}
    for name, tensors in forms.items():
        text = json.dumps(config | ({"use_dora": True} if name == "dora" else {"use_rslora": True}))
        put("forms", name, text.encode() + b"\0" + save({k: t.contiguous().clone() for k, t in tensors.items()}))
    put("forms", "quantised", b"{}\0" + saved(quantised(), _use_new_zipfile_serialization=False))


def make_texts():
    for name, letter, file in (("timm", "t", "timm-v1/config.json"), ("timm-hidden", "t", "timm-mlp-head/config.json"),
                               ("transformers", "T", "transformers-v1/config.json"),
                               ("transformers-v2", "T", "transformers-v2-tanh/config.json")):
        put("json", name, letter + json.dumps(json.loads((FIXTURES / file).read_text())))
    put("json", "timm-labels", "t" + json.dumps({
        "architecture": "convnext_tiny", "num_classes": 3, "input_size": [3, 64, 64], "crop_pct": 0.9,
        "crop_mode": "squash", "interpolation": "bicubic", "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5],
        "label_names": ["a", "b", "c"], "label_descriptions": {"a": "A"}, "global_pool": "avg",
        "model_args": {"depths": [1, 1, 2, 1], "dims": [8, 16, 24, 32], "norm_eps": 1e-5, "act_layer": "silu"}}))
    put("json", "transformers-labels", "T" + json.dumps({
        "model_type": "convnext", "hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 2, 1], "hidden_act": "gelu",
        "layer_norm_eps": 1e-12, "id2label": {"0": "a", "1": 7, "2": "c"}, "image_size": 64, "num_channels": 3,
        "problem_type": "multi_label_classification"}))
    put("json", "preprocessor", "p" + json.dumps({
        "do_resize": True, "size": {"shortest_edge": 224}, "crop_pct": 0.875, "resample": 3, "do_rescale": True,
        "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.2, 0.2]}))
    put("json", "preprocessor-old", "p" + json.dumps({
        "do_resize": True, "size": 384, "resample": 2, "do_normalize": False, "image_mean": 0.5, "image_std": 0.5,
        "do_center_crop": True, "crop_size": {"height": 224, "width": 224}}))
    put("json", "open-clip", "o" + json.dumps({
        "model_cfg": {"embed_dim": 640, "vision_cfg": {"timm_model_name": "convnext_base", "image_size": [320, 320]}},
        "preprocess_cfg": {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.2], "interpolation": "bicubic",
                           "resize_mode": "shortest"}}))
    put("json", "index", "s" + json.dumps({"metadata": {"total_size": 8}, "weight_map": {"a": "x.bin", "b": "y.bin"}}))
    put("json", "broken", 't{"a": [1, 2.5e3, true, null, "\\u00e4", {}], } // no')
    put("labels", "plain", "a\nb\nc\n")
    put("labels", "windows", "\ufeffcat\r\ndog, hound\r\n  bird\t")
    put("labels", "empty-line", "a\n\nb\n")
    put("labels", "latin", b"K\xe4se\n")


def make_detectors():
    """'c', or 'm' for a cascade, and a config.json, or 'n' and floats: a box and its deltas, eight a time."""
    three = (FIXTURES.parent / "detectors" / "torchvision-faster-rcnn-three" / "config.json").read_text()
    put("detector", "config", "c" + json.dumps(json.loads(three)))
    put("detector", "sizes", "c" + json.dumps({
        "min_size": [300, 200], "max_size": 400, "anchor_sizes": [32, 64, 128], "aspect_ratios": [0.5, 1, 2, 3],
        "num_classes": 4, "out_channels": 20, "in_channels_list": [16, 24, 32], "image_mean": [0, 0, 0],
        "image_std": 1, "size_divisible": 32, "id2label": {"0": "background", "1": "a", "2": "b", "3": "c"}}))
    put("detector", "cascade", "m" + json.dumps({
        "bbox_reg_weights": [[10, 10, 5, 5], [20, 20, 10, 10], [30, 30, 15, 15]], "aspect_ratios": [0.5, 1, 2, 3],
        "id2label": {"0": "a", "1": "b", "2": "c"}}))
    numbers = [x for i in range(8) for x in (i, i, i + 9.5, i + 6, 0.5, -1, 0.1 * i, 0.3)]
    numbers += [-5, 4, 1e9, 2, 0, 0, 100, -100, 9, 9, 3, 3, 0, 0, 0, 0]
    put("detector", "boxes", b"n" + struct.pack(f"<{len(numbers)}f", *numbers))


HEADS = (  # a fixture, and the bits of the first byte: 1 a detector, 2 the file is named, 4 it runs
    ("segmenters/transformers-upernet-v2", 4), ("segmenters/mmsegmentation-upernet.pth", 4), ("segmenters/smp-unet", 4),
    ("segmenters/smp-unet-scse", 6), ("segmenters/smp-unet-plain.pth", 4), ("segmenters/smp-fpn", 4),
    ("segmenters/smp-fpn-cat", 6), ("segmenters/smp-upernet", 4), ("segmenters/smp-segformer", 4),
    ("segmenters/smp-deeplab", 6), ("segmenters/smp-deeplab-dense", 4), ("segmenters/dinov3-linear.pth", 4),
    ("segmenters/dinov3-linear-last.pth", 4), ("detectors/torchvision-mask-rcnn", 5),
    ("detectors/torchvision-faster-rcnn.pth", 5), ("detectors/torchvision-faster-rcnn-three", 7),
    ("detectors/mmdetection-mask-rcnn", 5), ("detectors/mmdetection-cascade-rcnn", 5),
    ("detectors/facebook-cascade-mask-rcnn.pth", 5))


def make_heads():
    """A byte, config.json, names and shapes of the tensors, and numbers of half precision for all of them."""
    numbers = (np.random.default_rng(1).random(61) / 8).astype("<f2").tobytes()  # variances are not negative
    names = sorted(pathlib.Path(name).stem for name, kind in HEADS)
    for i, name in enumerate(names):  # unchanged, with their config; some run, some in bf16 or at another level
        put("head_tensors", name, bytes([i, 1 + 2 * (i % 2) + 4 * (i % 3 == 0) + 8 * (i % 5 == 0)]))
    for name, kind in HEADS:
        path = FIXTURES.parent / name
        if path.is_dir():
            state, config = load_file(path / "model.safetensors"), (path / "config.json").read_text()
        else:
            state, config = torch.load(path, weights_only=True), ""
            state = state.get("state_dict", state.get("model", state))
        lines = [key + " " + ",".join(map(str, t.shape)) for key, t in state.items() if t.is_floating_point()]
        if not kind & 1 and config:
            put("head_config", path.stem, bytes([names.index(path.stem)]) + config.encode())
        put("head", path.stem, bytes([kind]) + config.encode() + b"\xff" + "\n".join(lines).encode() + b"\xff" + numbers)


def main():
    for target in ("pickle", "safetensors", "legacy", "zip", "json", "forms", "detector", "head", "head_config", "head_tensors"):
        shutil.rmtree(HERE / target, ignore_errors=True)
    torch.distributed.init_process_group("gloo", rank=0, world_size=1, store=torch.distributed.HashStore())
    make_pickles()
    make_containers()
    make_forms()
    make_texts()
    make_detectors()
    make_heads()
    files = [f for f in HERE.rglob("*") if f.is_file()]
    print(len(files), "files,", sum(f.stat().st_size for f in files), "bytes")


if __name__ == "__main__":
    sys.exit(main())
