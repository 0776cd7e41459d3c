# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares the element with AutoModelForImageClassification of transformers on test pictures.

    python3 agree.py FOLDER --photos DIR --media DIR [--packages DIR] [--count N] [--build FOLDER]

Each picture goes through the image processor and the network of transformers, and through the
element as a frame of the same size. Fails if logits or states differ.
"""
import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

import network
import programs
import testset

TOLERANCE = 1e-4  # of the largest logit; float32 is summed in another order


def through_element(folder: Path, frame: np.ndarray, build: Path) -> dict:
    """The element's JSON line for a frame, with logits and all classes."""
    height, width, _ = frame.shape
    with tempfile.NamedTemporaryFile() as file:
        file.write(frame.tobytes())
        file.flush()
        done = programs.run(
            build, 'gst-launch-1.0', '-q', 'filesrc', f'location={file.name}', '!',
            'rawvideoparse', 'format=rgb', f'width={width}', f'height={height}', '!', 'convnext',
            f'model={folder.resolve()}', 'top-k=9', 'outputs=classes+logits', '!',
            'convnextpublish', '!', 'fakesink')
    if done.returncode or not done.stdout:
        raise SystemExit(f'gst-launch-1.0: {done.stderr.decode()}')
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    programs.add_options(parser)
    parser.add_argument('--count', type=int, default=24, help='pictures')
    args = parser.parse_args()

    photos = [source for source in programs.test_sources(args) if source.kind == 'photo']
    classifier = network.Classifier(args.folder)
    differences, largest, others = [], 0.0, []
    for source in photos[::max(1, len(photos) // args.count)][:args.count]:
        frame = testset.picture(source)
        frame = np.ascontiguousarray(frame[:, :frame.shape[1] // 4 * 4])  # rows without padding
        logits = classifier.logits([frame])
        scores = classifier.scores(logits)
        result = through_element(args.folder, frame, args.build)
        found = {entry['index']: entry['score'] for entry in result['classes']}
        differences.append([np.abs(np.array(result['logits']) - logits[0]).max(),
                            max(abs(found[i] - score) for i, score in enumerate(scores[0]))])
        largest = max(largest, np.abs(logits).max())
        if result['classes'][0]['index'] != classifier.decide(scores)[0]:
            others.append(source.id)
    logit, score = np.max(differences, axis=0)
    print(f'{len(differences)} pictures: logits differ by {logit:.1e} at most, of {largest:.1f}; '
          f'scores by {score:.1e}; {len(others)} states differ')
    if others or logit > TOLERANCE * largest:
        raise SystemExit(f'{args.folder}: the element and transformers differ: {others}')


if __name__ == '__main__':
    main()
