# SPDX-License-Identifier: LGPL-2.1-or-later
"""The state of a training run in a file, so that a run that was killed continues."""
import os
from pathlib import Path

import numpy as np
import torch


class Checkpoint:
    """recipe: what determines the run, numbers and strings by name; a file of another run is
    refused. parts: the objects by name whose state_dict() changes. rng: the generator from which
    the run draws."""

    def __init__(self, path: Path, recipe: dict, parts: dict, rng: np.random.Generator):
        self.path, self.recipe, self.parts, self.rng = path, recipe, parts, rng

    def save(self, **progress):
        """progress: numbers and tensors that load() returns. The file is complete or absent."""
        temporary = self.path.with_suffix('.new')
        torch.save({'recipe': self.recipe, 'progress': progress,
                    'rng': self.rng.bit_generator.state,
                    'parts': {name: part.state_dict() for name, part in self.parts.items()}},
                   temporary)
        os.replace(temporary, self.path)

    def load(self) -> dict | None:
        """Restores the parts and the generator, and returns the progress. None without a file."""
        if not self.path.exists():
            return None
        saved = torch.load(self.path)
        for name, value in self.recipe.items():
            if saved['recipe'].get(name) != value:
                raise SystemExit(f'{self.path}: expected a run with {name} {value}, found '
                                 f'{saved["recipe"].get(name)}; remove the file to start anew')
        for name, part in self.parts.items():
            part.load_state_dict(saved['parts'][name])
        self.rng.bit_generator.state = saved['rng']
        return saved['progress']

    def remove(self):
        self.path.unlink(missing_ok=True)
