"""The head of linear_head.c in Python. Fits weights to the first frame if their file does not exist.

See README.md. SPDX-License-Identifier: LGPL-2.1-or-later
"""
import os
import sys

import gi
import numpy
gi.require_version('Gst', '1.0')
gi.require_version('GstConvnext', '1.0')
from gi.repository import GLib, Gst, GstConvnext

COPY_ALL = (Gst.BufferCopyFlags.FLAGS | Gst.BufferCopyFlags.TIMESTAMPS | Gst.BufferCopyFlags.META
            | Gst.BufferCopyFlags.MEMORY)  # Gst.BUFFER_COPY_ALL is 0 in Python


def features(result):
    """Both maps at the positions of stage3, [h, w, channels of stage3 + stage4]."""
    map3, map4 = (result[name].numpy()[0] for name in ('stage3', 'stage4'))
    (h, w, _), (h4, w4, _) = map3.shape, map4.shape
    rows, columns = ((numpy.arange(n) + 0.5) / n * m for n, m in ((h, h4), (w, w4)))
    return numpy.concatenate((map3, map4[rows.astype(int)[:, None], columns.astype(int)]), 2)


def fit(seen):
    """Weights [n + 1], the bias last, for which w x + bias is positive where features x are nearer to
    the mean of the middle quarter than to the mean of the rest."""
    h, w, _ = seen.shape
    middle = numpy.zeros((h, w), bool)
    middle[h // 4:h - h // 4, w // 4:w - w // 4] = True
    a, b = seen[middle].mean(0, float), seen[~middle].mean(0, float)
    return numpy.append(a - b, (b @ b - a @ a) / 2).astype(numpy.float32)


def attach(frame, seen, mask, legend):
    """Attaches the mask to a frame as a result of its own."""
    meta = GstConvnext.buffer_get_convnext_meta(frame)
    view = seen.get_view()[1]
    h, w = mask.shape
    box = view.box_to_frame(0, 0, view.network_width // w * w, view.network_height // h * h)
    rect = GstConvnext.Rect()
    rect.x, rect.y, rect.w, rect.h = map(int, box)
    found = GstConvnext.Result.new('linear-head', seen.get_pts())
    found.set_frame_size(*seen.get_frame_size())
    found.set_region(meta.x, meta.y, meta.width, meta.height)
    memory = Gst.Buffer.new_wrapped(mask.tobytes()).get_memory(0)
    found.set_segmentation(memory, w, h, 8, rect, legend)
    GstConvnext.buffer_add_convnext_meta(frame, found, meta.age)


def main(source, model, path, label):
    Gst.init(None)
    legend = GstConvnext.Legend.new(1, [label], None)
    pipeline = Gst.parse_launch(
        f'{source} ! convnext name=net outputs=stage3+stage4 orientation=identity '
        '! appsink name=maps sync=false max-buffers=2 '
        'appsrc name=frames format=time ! convnextpublish ! fakesink sync=false async=false')
    net, maps, frames = (pipeline.get_by_name(name) for name in ('net', 'maps', 'frames'))
    net.set_property('model', model)
    weights = None
    if os.path.exists(path):
        with open(path, 'rb') as file:
            weights = file.read()
    bus = pipeline.get_bus()
    pipeline.set_state(Gst.State.PLAYING)
    try:
        while True:
            last = bus.pop_filtered(Gst.MessageType.EOS | Gst.MessageType.ERROR)
            if last and last.type == Gst.MessageType.ERROR:
                raise ValueError(last.parse_error().gerror.message)
            if last:
                return
            sample = maps.emit('try-pull-sample', Gst.SECOND // 10)
            if not sample:
                if maps.get_property('eos'):
                    frames.emit('end-of-stream')
                continue
            frame = sample.get_buffer()
            seen = GstConvnext.buffer_get_convnext_meta(frame).get_result()
            inputs = features(seen)
            if weights is None:
                weights = fit(inputs).tobytes()
                with open(path, 'wb') as file:
                    file.write(weights)
            if len(weights) != 4 * (inputs.shape[2] + 1):
                raise ValueError(f'{path}: {len(weights)} bytes, expected {4 * (inputs.shape[2] + 1)}')
            row = numpy.frombuffer(weights, numpy.float32)
            mask = (inputs.astype(float) @ row[:-1] + row[-1] > 0).astype(numpy.uint8)
            # A copy of the frame that shares its memory, because the sample's frame is not writable.
            frame = frame.copy_region(COPY_ALL, 0, frame.get_size())
            attach(frame, seen, mask, legend)
            frames.emit('push-sample', Gst.Sample.new(frame, sample.get_caps(), None, None))
    finally:
        pipeline.set_state(Gst.State.NULL)


if __name__ == '__main__':
    if len(sys.argv) != 5:
        sys.exit('usage: linear_head.py SOURCE MODEL WEIGHTS LABEL')
    try:
        main(*sys.argv[1:])
    except (OSError, ValueError, GLib.Error) as error:
        sys.exit(f'linear_head.py: {error.message if isinstance(error, GLib.Error) else error}')
