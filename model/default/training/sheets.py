# SPDX-License-Identifier: LGPL-2.1-or-later
"""Contact sheets, for people to look at."""
from pathlib import Path

import cv2
import numpy as np


def write(path: Path, tiles: list, columns: int, size: tuple = (320, 240)):
    """Writes a picture of tiles, from left to right and from top to bottom. tiles: [(frame,
    caption)]; size: (width, height) of a tile."""
    drawn = []
    for frame, caption in tiles:
        tile = cv2.resize(np.asarray(frame), size, interpolation=cv2.INTER_AREA)
        for colour, thickness in (((0, 0, 0), 3), ((255, 255, 0), 1)):  # legible on any picture
            cv2.putText(tile, caption, (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, thickness)
        drawn.append(tile)
    drawn += [np.zeros((size[1], size[0], 3), np.uint8)] * (-len(drawn) % columns)
    rows = [np.hstack(drawn[start:start + columns]) for start in range(0, len(drawn), columns)]
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
