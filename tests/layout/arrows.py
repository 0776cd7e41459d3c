"""The dependencies between the folders of the tree, read from the include lines.

  arrows.py --rule         check the folders of gst/ and model/ against folders.txt
  arrows.py                print the picture of the folders
  arrows.py --dot          print the picture for Graphviz
  arrows.py --check FILE   check that the picture in FILE is up to date
  arrows.py --write FILE   update the picture in FILE

--root DIR takes another tree. The picture in FILE is between the lines `<!-- folders -->` and
`<!-- /folders -->`. Offences are printed as `file:line: reason`, and the exit status is 1.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import argparse
import collections
import os
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
LAYERS = ('pipelines', 'gst', 'model', 'simd')
RULED = ('gst', 'model')
SOURCE = ('.c', '.h', '.inc')
INCLUDE = re.compile(r'\s*#\s*include\s*["<]([^">]+)[">]')
BEGIN, END = '<!-- folders -->', '<!-- /folders -->'


def folder_of(path):
    return os.path.dirname(path)


def read_includes(root):
    """{folder: [(file, line, included folder)]}; a folder that includes no other has an empty list."""
    arrows = {}
    for layer in LAYERS:
        for path in sorted((root / layer).rglob('*')):
            if path.suffix not in SOURCE or not path.is_file():
                continue
            name = path.relative_to(root).as_posix()
            found = arrows.setdefault(folder_of(name), [])
            for number, line in enumerate(path.read_text(encoding='utf-8').split('\n'), 1):
                match = INCLUDE.match(line)
                if match and (root / match[1]).is_file() and folder_of(match[1]) != folder_of(name):
                    found.append((name, number, folder_of(match[1])))
    return arrows


def read_table(path):
    """{folder: (line, allowed folders)}, in the order of the file."""
    table = {}
    for number, line in enumerate(path.read_text(encoding='utf-8').split('\n'), 1):
        folder, colon, uses = line.partition(':')
        if colon and not line.startswith('#'):
            layer = folder.split('/')[0]
            table[folder] = (number, [f'{layer}/{use}' for use in uses.split()])
    return table


def check_table(table, name):
    """An allowed arrow must lead to a row further down, so the table has no cycle."""
    rows = list(table)
    for folder, (line, uses) in table.items():
        for use in uses:
            if use not in table:
                yield f'{name}:{line}: {use} has no row'
            elif rows.index(use) <= rows.index(folder):
                yield f'{name}:{line}: the arrow from {folder} to {use} does not point down'


def check_arrows(arrows, table, name):
    for folder in table:
        if folder not in arrows:
            yield f'{name}:{table[folder][0]}: {folder} has a row but no source file'
    for folder, includes in arrows.items():
        layer = folder.split('/')[0]
        if layer not in RULED:
            continue
        if folder not in table:
            yield f'{folder}: the folder has no row in {name}'
            continue
        for file, line, use in includes:
            if use.split('/')[0] == layer and use not in table[folder][1]:
                yield f'{file}:{line}: {folder} may not include headers of {use}; see {name}'


def reach(uses, start):
    """All folders that can be reached from this one."""
    found, todo = set(), [start]
    while todo:
        for use in uses[todo.pop()] - found:
            found.add(use)
            todo.append(use)
    return found


def reduce_arrows(uses):
    """Removes the arrows that a longer path implies."""
    below = {folder: reach(uses, folder) for folder in uses}
    return {folder: {use for use in found
                     if not any(use in below[other] and other not in below[use] for other in found - {use})}
            for folder, found in uses.items()}


def sort_by_height(uses):
    """The folders, top first, sorted by height: the length of the longest path down."""
    heights = {}

    def height(folder, path=()):
        if folder not in heights:
            lower = [height(use, path + (folder,)) for use in sorted(uses[folder]) if use not in path]
            heights[folder] = 1 + max(lower, default=-1)
        return heights[folder]

    return sorted(uses, key=lambda folder: (-height(folder), folder))


def reduced_graph(root):
    uses = collections.defaultdict(set)
    for folder, includes in read_includes(root).items():
        uses[folder] |= {use for _, _, use in includes}
    order = sort_by_height(dict(uses))
    return order, reduce_arrows(dict(uses))


def short_name(folder, layer, root):
    """A folder's name within its layer; for files directly in the layer, the only file's name or (top)."""
    if folder != layer:
        return folder[len(layer) + 1:] if folder.startswith(layer + '/') else folder
    files = sorted(path.name for path in (root / layer).iterdir() if path.suffix in SOURCE)
    return files[0] if len(files) == 1 else '(top)'


def draw_text(root):
    order, uses = reduced_graph(root)
    rows = []
    for layer in LAYERS:
        members = [folder for folder in order if folder.split('/')[0] == layer]
        if not members:
            continue
        rows.append((layer + '/', None))
        for folder in members:
            used = [use for use in order if use in uses[folder]]
            rows.append(('  ' + short_name(folder, layer, root),
                         ', '.join(short_name(use, layer, root) for use in used)))
    width = max(len(name) for name, _ in rows)
    return '\n'.join(f'{name:{width}}  -> {used}' if used else name for name, used in rows)


def draw_dot(root):
    order, uses = reduced_graph(root)
    lines = ['digraph folders {', '  node [shape=box];']
    for layer in LAYERS:
        names = ' '.join(f'"{folder}";' for folder in order if folder.split('/')[0] == layer)
        if names:
            lines.append(f'  subgraph "cluster_{layer}" {{ label="{layer}"; {names} }}')
    lines += [f'  "{folder}" -> "{use}";' for folder in order for use in order if use in uses[folder]]
    return '\n'.join(lines + ['}'])


def replace_picture(text, picture):
    """The text with this picture, or None if the markers are missing."""
    before, begin, rest = text.partition(BEGIN + '\n')
    _, end, after = rest.partition(END)
    if not begin or not end:
        return None
    return f'{before}{begin}```\n{picture}\n```\n{end}{after}'


def check_picture(path, root, write):
    text = path.read_text(encoding='utf-8')
    current = replace_picture(text, draw_text(root))
    if current is None:
        yield f'{path}: the lines {BEGIN} and {END} are missing'
    elif write:
        path.write_text(current, encoding='utf-8')
    elif current != text:
        yield f'{path}: the picture of the folders is out of date; run tests/layout/arrows.py --write {path}'


def main():
    parser = argparse.ArgumentParser(description='Draws and checks the dependencies between the folders of the tree.')
    parser.add_argument('--root', type=pathlib.Path, default=HERE.parent.parent, metavar='DIR')
    parser.add_argument('--table', type=pathlib.Path, default=HERE / 'folders.txt', metavar='FILE')
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument('--rule', action='store_true')
    mode.add_argument('--dot', action='store_true')
    mode.add_argument('--check', type=pathlib.Path, metavar='FILE')
    mode.add_argument('--write', type=pathlib.Path, metavar='FILE')
    options = parser.parse_args()
    if options.rule:
        table, name = read_table(options.table), options.table.name
        offences = [*check_table(table, name), *check_arrows(read_includes(options.root), table, name)]
    elif options.check or options.write:
        offences = list(check_picture(options.check or options.write, options.root, bool(options.write)))
    else:
        offences = []
        print(draw_dot(options.root) if options.dot else draw_text(options.root))
    for offence in offences:
        print(offence)
    return 1 if offences else 0


if __name__ == '__main__':
    sys.exit(main())
