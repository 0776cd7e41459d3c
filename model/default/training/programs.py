# SPDX-License-Identifier: LGPL-2.1-or-later
"""What scripts share that run the element or a tool of a build folder on the test split."""
import argparse
import os
import subprocess
from pathlib import Path

import sources

ROOT = Path(__file__).resolve().parents[3]
SHELL = '. "$0/pipelines/env.sh" && exec "$@"'


def add_options(parser: argparse.ArgumentParser):
    parser.add_argument('folder', type=Path)
    parser.add_argument('--photos', type=Path, required=True)
    parser.add_argument('--media', type=Path, required=True)
    parser.add_argument('--packages', type=Path)
    parser.add_argument('--build', type=Path,
                        default=Path(os.environ.get('CONVNEXT_BUILD', ROOT / 'build')))


def test_sources(args: argparse.Namespace) -> list[sources.Source]:
    return [source for source in sources.find_sources(args.photos, args.media, args.packages)
            if source.split == 'test']


def run(build: Path, *command) -> subprocess.CompletedProcess:
    """Runs a command in the environment of pipelines/env.sh, and captures its output."""
    return subprocess.run(['bash', '-c', SHELL, ROOT, *command], capture_output=True, check=False,
                          env={**os.environ, 'CONVNEXT_BUILD': str(build.resolve())})
