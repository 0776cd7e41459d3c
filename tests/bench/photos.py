# SPDX-License-Identifier: LGPL-2.1-or-later
"""Photos as network inputs, and labelled photos.

A folder is a class: its name is the label of the photos in it. If a collection's photos have been
renamed and moved, SOURCES.tsv has each photo's original path in its second column, after a colon; the
folder below train, test, val or validation in that path is the class.
"""
import csv
import hashlib
import pathlib
from collections import defaultdict

import numpy as np
from PIL import Image, ImageOps

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)
CROP = 0.875  # of the short side
FEWEST = 10  # photos of a class
HELD_OUT = 0.25
SPLITS = {"train", "test", "val", "validation"}
ENDINGS = {".jpg", ".jpeg", ".png", ".webp"}


def every(folder):
    """The paths of all photos below a folder."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)


def from_sources(folder):
    for row in csv.reader((folder / "SOURCES.tsv").open(), delimiter="\t"):
        parts = row[1].rsplit(":", 1)[-1].split("/")[:-1]
        places = [i for i, part in enumerate(parts) if part in SPLITS]
        if places and parts[places[-1] + 1:]:
            yield folder / row[0], "/".join(parts[places[-1] + 1:])


def labelled(folder):
    """[(path, class)], in the order of the class names; classes with too few photos are left out."""
    if (folder / "SOURCES.tsv").exists():
        found = from_sources(folder)
    else:
        found = ((path, str(path.parent.relative_to(folder))) for path in every(folder)
                 if path.parent != folder)
    classes = defaultdict(list)
    for path, name in found:
        classes[name].append(path)
    classes = {name: sorted(paths) for name, paths in sorted(classes.items()) if len(paths) >= FEWEST}
    if len(classes) < 2:
        raise SystemExit(f"{folder}: expected folders that are classes, with at least {FEWEST} photos each, "
                         f"found {len(classes)}")
    return [(path, name) for name, paths in classes.items() for path in paths]


def split(photos):
    """Training and held-out photos, divided by the hash of a photo's name."""
    parts = [], []
    for path, name in photos:
        number = int.from_bytes(hashlib.sha256(path.name.encode()).digest()[:4], "big")
        parts[number < HELD_OUT * 2**32].append((path, name))
    return parts


def pixels(path, side, crop=CROP):
    """The centre crop of a photo, uint8 [side, side, 3], by the usual recipe of published networks."""
    photo = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    short = round(side / crop)
    scale = short / min(photo.size)
    photo = photo.resize([max(short, round(length * scale)) for length in photo.size], Image.Resampling.BICUBIC)
    left, top = ((length - side) // 2 for length in photo.size)
    return np.asarray(photo.crop((left, top, left + side, top + side)))


def inputs(views):
    """Network inputs, float32, from uint8 [n, side, side, 3]."""
    return (np.asarray(views, np.float32) / 255 - MEAN) / STD
