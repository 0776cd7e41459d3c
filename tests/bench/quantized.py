# SPDX-License-Identifier: LGPL-2.1-or-later
"""int8 versions of an ONNX file, made by the peers' own tools. Each function but kept() takes the file, inputs to
calibrate with (float32 [n, side, side, 3]) and the stem of the path to write, and returns the path."""
import contextlib
import logging
import pathlib
import sys
import warnings

import numpy as np

# Without VNNI, sums of two products of 8-bit numbers saturate, so onnxruntime's documentation
# recommends 7-bit weights.
SATURATES = not {"avx512_vnni", "avx_vnni"} & set(open("/proc/cpuinfo").read().split())


def kept(name, source, pictures, stem):
    """The path that the function of this name writes, or that it has written in an earlier run. pictures: a function
    that returns them, which is called only if the file is missing."""
    complete = pathlib.Path(f"{stem}.complete")  # names the file, and is written last
    if not complete.exists():
        complete.write_text(pathlib.Path(globals()[name](source, pictures(), stem)).name)
    return str(complete.with_name(complete.read_text()))


def batches(source, pictures):
    """The pictures as inputs of the network in the file, with its batch size."""
    import onnx

    size = onnx.load(source, load_external_data=False).graph.input[0].type.tensor_type.shape.dim[0].dim_value
    x = np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))
    return [{"x": x[i:i + size]} for i in range(0, len(x) - size + 1, size)]


def nncf(source, pictures, stem, preset):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import nncf
        import openvino

    logging.getLogger("nncf").setLevel(logging.ERROR)
    data = batches(source, pictures)
    # NNCF prints its progress, which must stay out of the tables.
    with contextlib.redirect_stdout(sys.stderr):
        model = nncf.quantize(openvino.Core().read_model(source), nncf.Dataset(data), subset_size=len(data),
                              preset=preset and nncf.QuantizationPreset(preset))
    openvino.save_model(model, f"{stem}.xml", compress_to_fp16=False)
    return f"{stem}.xml"


def nncf_default(source, pictures, stem):
    return nncf(source, pictures, stem, None)


def nncf_mixed(source, pictures, stem):
    """Activations asymmetric, as NNCF recommends for GELU."""
    return nncf(source, pictures, stem, "mixed")


def prepared(source, stem):
    """onnxruntime's own first step: shapes and fusions."""
    from onnxruntime.quantization.shape_inference import quant_pre_process

    logging.getLogger().setLevel(logging.ERROR)
    quant_pre_process(source, f"{stem}-prepared.onnx", skip_symbolic_shape=True)
    return f"{stem}-prepared.onnx"


def dynamic(source, pictures, stem, **options):
    from onnxruntime.quantization import quantize_dynamic

    quantize_dynamic(prepared(source, stem), f"{stem}.onnx", **options)
    return f"{stem}.onnx"


def dynamic_default(source, pictures, stem):
    return dynamic(source, pictures, stem)


def dynamic_best(source, pictures, stem):
    """Matrix products alone, because convolutions are slower in int8 there."""
    return dynamic(source, pictures, stem, per_channel=True, reduce_range=SATURATES, op_types_to_quantize=["MatMul"])


def static(source, pictures, stem, **options):
    from onnxruntime.quantization import CalibrationDataReader, quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.left = iter(batches(source, pictures))

        def get_next(self):
            return next(self.left, None)

    quantize_static(prepared(source, stem), f"{stem}.onnx", Reader(), **options)
    return f"{stem}.onnx"


def static_default(source, pictures, stem):
    return static(source, pictures, stem)


def static_best(source, pictures, stem):
    return static(source, pictures, stem, per_channel=True, reduce_range=SATURATES,
                  op_types_to_quantize=["MatMul", "Gemm", "Conv"])
