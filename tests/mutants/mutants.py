#!/usr/bin/env python3
"""Applies the changes that tests/mutants/*.txt list, and runs the tests that must notice them.

A row begins with its id in brackets:

    [grn-eps]
    file: model/network/forward.c
    old: mean = mean / wide + 1e-6;
    new: mean = mean / wide + 1e-5;
    tests: model-grn-c model-grn-avx2

`old` is a part of one line and occurs once in the file, or else once or more after `after`, which
does; the first one is replaced. At least one of the tests must fail with
`new` in its place; they run in this order until one does. A row with `struck: REASON` in place of
`tests` is not run: no input shows the change. Empty lines and lines that begin with # do not count.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import argparse
import fcntl
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(os.environ.get('CNX_ROOT', pathlib.Path(__file__).parents[2])).resolve()
WORK = ROOT / 'build-mutants'
TREE = WORK / 'tree'
BUILD = TREE / 'build'
SKIPPED = 77  # exit status
KEYS = ('file', 'after', 'old', 'new', 'tests', 'struck')


class Row:
    def __init__(self, row_id, place):
        self.id, self.place = row_id, place
        self.file = self.after = self.old = self.new = self.struck = ''
        self.tests = []

    def fault(self):
        """What is wrong with the row, or None."""
        path = ROOT / self.file
        if not (self.file and self.old and self.new) or bool(self.tests) == bool(self.struck):
            return 'expected file, old, new, and either tests or struck'
        if not path.is_file():
            return f'{self.file} does not exist'
        text = path.read_text()
        unique = self.after or self.old
        if text.count(unique) != 1:
            return f'{self.file} contains "{unique}" {text.count(unique)} times, expected once'
        if self.change(text) == text:
            return f'{self.file} does not contain "{self.old}" after "{self.after}", or old is new'
        return None

    def change(self, text):
        before, after, rest = text.partition(self.after) if self.after else ('', '', text)
        return before + after + rest.replace(self.old, self.new, 1)


def read_rows():
    rows = []
    for path in sorted((ROOT / 'tests' / 'mutants').glob('*.txt')):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            place = f'{path.relative_to(ROOT)}:{number}'
            key, _, value = line.partition(': ')
            if not line or line.startswith('#'):
                continue
            if line.startswith('[') and line.endswith(']'):
                rows.append(Row(line[1:-1], place))
            elif key not in KEYS or not value or not rows:
                sys.exit(f'{place}: expected [ID] or one of {", ".join(KEYS)}, found "{line}"')
            else:
                setattr(rows[-1], key, value.split() if key == 'tests' else value)
    return rows


def check_rows(rows):
    faults = [f'{row.place}: row {row.id}: {row.fault()}: update the row'
              for row in rows if row.fault()]
    ids = [row.id for row in rows]
    faults += [f'{row.place}: the id {row.id} occurs twice' for i, row in enumerate(rows)
               if row.id in ids[:i]]
    return faults


def copy_tree():
    """Makes the copy equal to the tree. Files that are equal keep their times."""
    listed = subprocess.run(
        ['git', '-c', 'safe.directory=*', 'ls-files', '-co', '--exclude-standard'],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    files = {name for name in listed if (ROOT / name).is_file()}
    for name in files:
        source, target = ROOT / name, TREE / name
        if target.is_file() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    for path in TREE.glob('[!b]*/**/*'): # the build folder is not compared
        if path.is_file() and str(path.relative_to(TREE)) not in files:
            path.unlink()


def run(command, limit=None, **options):
    """Returns the exit status, or None if the command takes longer than limit seconds."""
    with open(WORK / 'log.txt', 'w') as log:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                 start_new_session=True, **options)
        try:
            return child.wait(limit)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def introspect(what):
    return json.loads(subprocess.run(['meson', 'introspect', what, str(BUILD)], check=True,
                                     stdout=subprocess.PIPE).stdout)


class Tests:
    def __init__(self, jobs):
        self.jobs = jobs
        self.files = {t['id']: t['filename'] for t in introspect('--targets')}
        self.all = {t['name']: t for t in introspect('--tests')}
        self.seconds = {}  # of each test without a change

    def build(self, names):
        targets = {os.path.relpath(file, BUILD) for name in names
                   for target in self.all[name]['depends'] for file in self.files[target]}
        return run(['ninja', '-C', str(BUILD), '-j', str(self.jobs), *sorted(targets)]) == 0

    def run(self, name):
        """Returns the exit status of a test, or None if it takes far longer than usual."""
        test = self.all[name]
        limit = 60 + 10 * self.seconds[name] if name in self.seconds else 3 * test['timeout']
        begin = time.monotonic()
        status = run(test['cmd'], limit, cwd=test['workdir'] or BUILD,
                     env={**os.environ, **test['env']})
        self.seconds.setdefault(name, time.monotonic() - begin)
        return status

    def check_unchanged(self, names):
        """Builds and runs the tests without a change. Returns those that are skipped."""
        unknown = [name for name in names if name not in self.all]
        if unknown:
            sys.exit(f'mutants.sh: no test is named {", ".join(unknown)}')
        if not self.build(names):
            sys.exit(f'mutants.sh: the build failed; see {WORK}/log.txt')
        status = {name: self.run(name) for name in names}
        failing = [name for name in names if status[name] not in (0, SKIPPED)]
        if failing:
            sys.exit(f'mutants.sh: fails without any change: {", ".join(failing)}')
        return {name for name in names if status[name] == SKIPPED}


def try_row(row, tests, skipped):
    """Returns killed, survived, skipped or broken, and a remark."""
    names = [name for name in row.tests if name not in skipped]
    path = TREE / row.file
    before = path.read_text()
    if not names:
        return 'skipped', 'this machine skips its tests'
    try:
        path.write_text(row.change(before))
        if not tests.build(names):
            return 'broken', f'does not build; see {WORK}/log.txt'
        for name in names:
            status = tests.run(name)
            if status != 0:
                return 'killed', name if status else f'{name} takes too long'
        return 'survived', ' '.join(names)
    finally:
        path.write_text(before)


def run_rows(rows, jobs):
    counts = dict.fromkeys(('killed', 'survived', 'struck', 'skipped', 'broken'), 0)
    copy_tree()
    configure = ['ninja', '-C', str(BUILD), 'build.ninja']
    if not (BUILD / 'build.ninja').is_file():
        configure = ['meson', 'setup', str(BUILD), str(TREE), '-Dintrospection=disabled']
    if run(configure) != 0:
        sys.exit(f'mutants.sh: meson cannot configure the build; see {WORK}/log.txt')
    tests = Tests(jobs)
    skipped = tests.check_unchanged(list(dict.fromkeys(n for row in rows for n in row.tests)))
    os.environ['CCACHE_DISABLE'] = '1'  # it has returned the object of the unchanged file
    for row in rows:
        begin = time.monotonic()
        outcome, remark = ('struck', row.struck) if row.struck else try_row(row, tests, skipped)
        counts[outcome] += 1
        print(f'{outcome:8} {time.monotonic() - begin:4.0f} s  {row.id:40} {remark}', flush=True)
    print(', '.join(f'{n} {word}' for word, n in counts.items() if n or word in
                    ('killed', 'survived', 'struck')))
    return counts['survived'] + counts['broken']


def main():
    parser = argparse.ArgumentParser(prog='mutants.sh', description='Breaks one rule at a time.')
    parser.add_argument('--list', action='store_true', help='print the rows')
    parser.add_argument('--check', action='store_true', help='check that the rows apply')
    parser.add_argument('--jobs', type=int, default=os.cpu_count(), help='compilers at a time')
    parser.add_argument('patterns', nargs='*', metavar='PATTERN', help='part of an id or file')
    options = parser.parse_args()
    rows = read_rows()
    faults = check_rows(rows)
    if options.patterns:
        rows = [row for row in rows if any(p in row.id or p in row.file for p in options.patterns)]
    if options.list:
        for row in rows:
            print(f'{row.id:40} {row.file}: {row.old}  ->  {row.new}')
        return 0
    for fault in faults:
        print(fault)
    if faults or options.check:
        return len(faults) > 0
    if not rows:
        sys.exit('mutants.sh: no row matches')
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))  # ends the tests too
    TREE.mkdir(parents=True, exist_ok=True)
    lock = open(WORK / 'lock', 'w')
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit('mutants.sh: another one is running')
    os.environ.update(CCACHE_BASEDIR=str(TREE), CCACHE_NOHASHDIR='1')
    return run_rows(rows, options.jobs) > 0


if __name__ == '__main__':
    sys.exit(main())
