# SPDX-License-Identifier: LGPL-2.1-or-later
"""Changes of state an hour on healthy clips, through convnext-watch: clips of the test split, and
an hour of simulated fixed cameras, which cameras.py makes in CACHE.

    python3 clips.py FOLDER --photos DIR --media DIR [--packages DIR] --work CACHE --json OUT
        [--build FOLDER]

Plays each clip with the default settings of convnext-watch, except for longer timeouts. A change is
a state event after the first of a clip. If no clip has a state event, the version does not smooth
results, and each result with another label than its predecessor is a change. All changes are wrong,
because the clips are healthy.
"""
import argparse
import json
import tempfile
from pathlib import Path

import cameras
import programs

BARE_RATE = 25  # frames a second of a stream without timestamps
PATIENCE = ('--set', 'connect-timeout=120', '--set', 'stall-timeout=120')  # for a busy machine


def play(folder: Path, clip: Path, build: Path) -> dict:
    with tempfile.TemporaryDirectory() as place:
        events = Path(place) / 'events'
        results = programs.run(build, 'convnext-watch', *PATIENCE, '--model', folder.resolve(),
                               '--events', events, f'clip={clip.resolve()}')
        if results.returncode:
            raise SystemExit(f'{clip}: {results.stderr.decode()}')
        lines = [json.loads(line) for line in events.read_text().splitlines()]
    states = [line['new'] for line in lines if line['event'] == 'state']
    found = [json.loads(line) for line in results.stdout.splitlines()]
    labels = [result['classes'][0]['label'] for result in found]
    # A stream without a container has no timestamps.
    times = [result.get('pts', 1e9 * number / BARE_RATE) for number, result in enumerate(found)]
    seconds = (times[-1] - times[0]) / 1e9 * len(times) / max(1, len(times) - 1)
    return {'seconds': seconds, 'frames': len(labels), 'states': states,
            'normal': labels.count('normal') / len(labels),
            'flips': sum(a != b for a, b in zip(labels, labels[1:]))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    programs.add_options(parser)
    parser.add_argument('--work', type=Path, required=True, help='the cache of simulated clips')
    parser.add_argument('--json', type=Path, required=True, help='file for the figures')
    args = parser.parse_args()

    found = programs.test_sources(args)
    paths = sorted({source.path for source in found if source.kind == 'clip'})
    paths += cameras.make(found, args.work / 'cameras')
    clips = {path.name: play(args.folder, path, args.build) for path in paths}
    smooth = any(clip['states'] for clip in clips.values())
    for clip in clips.values():
        clip['changes'] = max(0, len(clip['states']) - 1) if smooth else clip['flips']
    seconds = sum(clip['seconds'] for clip in clips.values())
    frames = sum(clip['frames'] for clip in clips.values())
    changes = sum(clip['changes'] for clip in clips.values())
    result = {'clips': clips, 'seconds': seconds, 'changes': changes,
              'changes an hour': 3600 * changes / seconds,
              'normal': sum(c['normal'] * c['frames'] for c in clips.values()) / frames}
    args.json.write_text(json.dumps(result))
    print(f'{len(clips)} clips, {seconds:.0f} s: {changes} changes, '
          f'{result["changes an hour"]:.1f} an hour, {result["normal"]:.4f} normal')


if __name__ == '__main__':
    main()
