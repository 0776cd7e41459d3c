"""How similar each frame is to the first one, by NumPy arrays that share the tensors' memory.

See README.md. SPDX-License-Identifier: LGPL-2.1-or-later
"""
import sys

import gi
import numpy
gi.require_version('Gst', '1.0')
gi.require_version('GstConvnext', '1.0')
from gi.repository import GLib, Gst, GstConvnext


def samples(pipeline):
    """Yields the samples of the element sink. Raises ValueError if the pipeline fails."""
    sink, bus, last = pipeline.get_by_name('sink'), pipeline.get_bus(), None
    while not last:
        sample = sink.emit('try-pull-sample', Gst.SECOND // 10)
        if sample:
            yield sample
        else:  # too early, at the end, or after an error, which does not wake appsink
            last = bus.pop_filtered(Gst.MessageType.EOS | Gst.MessageType.ERROR)
    if last.type == Gst.MessageType.ERROR:
        raise ValueError(last.parse_error().gerror.message)


def main(source):
    Gst.init(None)
    pipeline = Gst.parse_launch(f'{source} ! convnext outputs=classes+embedding '
                                '! appsink name=sink sync=false max-buffers=2')
    pipeline.set_state(Gst.State.PLAYING)
    first = None
    try:
        for sample in samples(pipeline):
            frame = sample.get_buffer()
            result = GstConvnext.buffer_get_convnext_meta(frame).get_result()
            embedding = result['embedding'].numpy().ravel()
            if first is None:
                first = embedding  # keeps the tensor, not the frame
            cosine = embedding @ first / numpy.linalg.norm(embedding) / numpy.linalg.norm(first)
            label = next((label for _, label, _ in result), 'no class')
            print(f'{frame.pts / Gst.SECOND:.3f} s: {label}, cosine {cosine:.2f}')
    finally:
        pipeline.set_state(Gst.State.NULL)


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit('usage: similarity.py SOURCE')
    try:
        main(sys.argv[1])
    except (ValueError, GLib.Error) as error:
        sys.exit(f'similarity.py: {error.message if isinstance(error, GLib.Error) else error}')
