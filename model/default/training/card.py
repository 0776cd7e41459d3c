# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints the tables of the model's card from the figures of evaluate.py, baselines.py, clips.py,
views.py and crops.py.

    python3 card.py --models EVALUATE.json [--baselines BASELINES.json]
        [--clips NAME=CLIPS.json ...] [--sides VIEWS.json] [--crops CROPS.json] [--card README.md]

With --card, the sections replace those of the same title between the two markers of the card, and
are not printed. Sections without new figures stay as they are.
"""
import argparse
import json
import sys
from pathlib import Path

from common import LABELS

MARKERS = ('<!-- figures: begin -->', '<!-- figures: end -->')
TITLES = {'model': 'this model', 'second': 'the second run', 'before': 'the previous model'}
HARD = {'drop': 'drops', 'web': 'spider web', 'torn': 'torn', 'slant': 'slanted'}


def percent(rate: float | None, digits: int = 1) -> str:
    return '–' if rate is None else f'{100 * rate:.{digits}f}'


def table(head: list[str], rows: list[list], left: int = 1) -> str:
    """A Markdown table. The first `left` columns are text, the others numbers."""
    rule = ['---'] * left + ['---:'] * (len(head) - left)
    return '\n'.join('| ' + ' | '.join(map(str, row)) + ' |' for row in [head, rule, *rows])


def titles(models: dict) -> list[str]:
    return [TITLES.get(name, name) for name in models]


def first(models: dict) -> dict:
    return next(iter(models.values()))


def figures_of(model: dict) -> list[tuple]:
    """(title, rate) of the figures of the first table."""
    normal, macro, alarm = model['normal'], model['macro'], model['alarm']
    found = [(f'{title} ({normal[key]["n"]})', normal[key]['rate']) for key, title in (
        ('clean', 'clean pictures called normal'),
        ('clean, camera-like', '… of those like a fixed camera\'s'),
        ('clips', 'frames of healthy clips called normal'),
        ('healthy', 'healthy but unusual frames called normal'),
        ('textures', 'healthy textures called normal'),
        ('twins', 'undamaged frames of streams called normal'),
        ('harmless', 'harmless changes of other libraries called normal'))]
    for title, own, foreign in (
            ('recall of faults, strengths 1 to 3, macro', macro['own'], macro['foreign']),
            ('any fault found, strengths 1 to 3, macro', macro['own, any fault'],
             macro['foreign, any fault']),
            ('alarm at 1 % false alarms, macro', alarm['own'], alarm['foreign'])):
        found += [(title, own['mean']), ('… of other libraries\' faults', foreign['mean'])]
    found += [(f'recall of {label}', macro['own']['labels'].get(label)) for label in LABELS[1:]]
    for kind, title in (('stream', 'damaged streams: frames with more than a fifth of the blocks'
                         ' damaged, called corrupted'),
                        ('real', '… of streams that others damaged')):
        found.append((title, model['streams'].get(kind, {}).get('more than 0.2', {}).get(
            'corrupted')))
    for key, title in (
            ('error', 'calibration error of the state\'s score, this set'),
            ('faults error', 'calibration error of the faults\' scores, mean, this set')):
        found += [(title, model['calibration']['set'][key]),
                  ('… if 95 % of the frames are healthy', model['calibration']['usual'][key])]
    return found


def summary(models: dict) -> str:
    """The first table. If there is a second run of the recipe: how much the two differ."""
    found = {name: figures_of(model) for name, model in models.items()}
    columns = {}
    for name, rows in found.items():
        columns[TITLES[name]] = [rate for _, rate in rows]
        if name == 'second':
            columns['difference'] = [None if None in (one, two) else abs(one - two)
                                     for (_, one), (_, two) in zip(found['model'], rows)]
            columns['noise'] = models[name]['noise']
    return table(['%', *columns], [
        [title, *map(percent, rates)]
        for (title, _), *rates in zip(found['model'], *columns.values())])


def rates(models: dict, *path: str) -> str:
    """A table of rates by name, with the number of frames."""
    def find(model):
        for key in path:
            model = model[key]
        return model
    return table(['%', 'frames', *titles(models)], [
        [name, cell['n'], *(percent(find(model)[name]['rate']) for model in models.values())]
        for name, cell in find(first(models)).items()])


def confusion(model: dict) -> str:
    rows = []
    for label in LABELS:
        counts = model['confusion'][label]
        total = sum(counts.values())
        rows.append([label, *(counts[state] for state in LABELS),
                     percent(counts[label] / total if total else None)])
    return table(['true \\ state', *LABELS, 'recall %'], rows)


def strengths(cells: dict, others: list[dict]) -> str:
    """Recall by fault and strength. others: cells of other models, shown as the mean over the
    strengths 1 to 3."""
    rows = []
    for label, names in cells.items():
        for name, row in names.items():
            means = []
            for other in (cells, *others):
                found = [c['rate'] for s, c in other[label][name].items() if s != '0']
                means.append(percent(sum(found) / len(found) if found else None, 0))
            rows.append([label, name, *(percent(row[s]['rate'], 0) if s in row else '–'
                                        for s in '0123'), *means])
    return table(['label', 'fault', '0', '1', '2', '3', '1 to 3',
                  *(['before'] if others else [])], rows, 2)


def by_label(models: dict, origin: str) -> str:
    """Recall by label and strength, the mean over the faults of the label."""
    rows = []
    cells = {name: model['recall'][origin] for name, model in models.items()}
    for label in next(iter(cells.values())):
        row = [label]
        for found in cells.values():
            for strength in '0123':
                values = [c[strength]['rate'] for c in found[label].values() if strength in c]
                row.append(percent(sum(values) / len(values) if values else None, 0))
        rows.append(row)
    return table(['%', *(f'{title}: {s}' if s == '0' else s
                         for title in titles(models) for s in '0123')], rows)


def hard(models: dict) -> str:
    """Looks of faults that a model misses unless it has learned from examples."""
    rows = []
    for part, title in HARD.items():
        for label, names in first(models)['recall']['own'].items():
            for name in names:
                if part in name:
                    rows.append([title, name] + [
                        percent(model['recall']['own'][label][name].get(s, {}).get('rate'), 0)
                        for model in models.values() for s in '23'])
    return table(['', 'fault', *(f'{title}: {s}' for title in titles(models) for s in '23')],
                 rows, 2)


def large(models: dict) -> str:
    """Faults of pictures 1920 pixels wide, which a small view hides."""
    return table(['%', *(f'{title}: {key}' for title in titles(models)
                         for key in ('right', 'alarm at 1 %'))], [
        [name, *(percent(model['large'][key][name]['rate'], 0)
                 for model in models.values() for key in ('right', 'alarm'))]
        for name in first(models)['large']['right']])


def limits(models: dict) -> str:
    """How many faults and how many false alarms each limit on the score of `normal` gives."""
    kinds = {'clean': 'clean pictures', 'clean, camera-like': '… of those like a fixed camera\'s',
             'clips': 'healthy clips', 'healthy': 'healthy but unusual'}
    return table(['alarm if `normal` is below', *kinds.values(), 'our faults',
                  'other libraries\' faults'], [
        [limit, *(percent(row[kind]['rate']) for kind in kinds), percent(row['own']),
         percent(row['foreign'])] for limit, row in first(models)['limits'].items()])


def streams(models: dict) -> str:
    rows = []
    for kind, title in (('stream', 'ours'), ('real', 'of others')):
        for name, cell in first(models)['streams'][kind].items():
            rows.append([title, name, cell['n']] + [
                percent(model['streams'][kind][name][key], 0)
                for model in models.values() for key in ('corrupted', 'faulty', 'alarm')])
    return table(['streams', 'share of blocks', 'frames', *(
        f'{title}: {key}' if key == 'corrupted' else key for title in titles(models)
        for key in ('corrupted', 'any fault', 'alarm at 1 %'))], rows, 2)


def reliability(model: dict) -> str:
    """The reliability diagram as a table: calibrated scores equal the share that is right."""
    usual = {b['from']: b for b in model['calibration']['usual']['bins']}
    faults = {b['from']: b for b in model['calibration']['set']['faults']}
    rows = []
    for b in model['calibration']['set']['bins']:
        u, f = usual.get(b['from'], {}), faults.get(b['from'], {})
        rows.append([f'{b["from"]:.2f} to {b["to"]:.2f}', b['n'], percent(b['confidence']),
                     percent(b['accuracy']), percent(u.get('weight')), percent(u.get('accuracy')),
                     percent(f.get('confidence')), percent(f.get('accuracy'))])
    return table(['score of the state', 'frames', 'mean score', 'right', 'share at 95 % healthy',
                  'right at 95 % healthy', 'mean score of faults', 'fault present'], rows)


def of_models(models: dict) -> str:
    model = models['model']
    parts = [
        f'### In one table\n\n{model["frames"]} frames of sources that neither training nor '
        'validation saw. States are those that the element reports.', summary(models)]
    if 'second' in models:
        parts.append(
            'The second run repeats the training with another seed: other frames of the same '
            'sources, other initial weights.\nNoise is two standard deviations of the difference '
            'between the runs when the sources of the test set are drawn anew.\nThe tables below '
            'show this model and the previous one.')
    models = {name: figures for name, figures in models.items() if name != 'second'}
    others = list(models.values())[1:]
    parts += [
        '### Confusion by state\n\nOur own faults and healthy frames; each frame counts once.',
        confusion(model)]
    if others:
        parts += ['The model before, on the same frames:', confusion(others[0])]
    parts += [
        '### Normal by kind of scene', rates(models, 'normal', 'by scene'),
        '### Healthy clips, frame by frame', rates(models, 'normal', 'by clip'),
        '### Healthy but unusual', rates(models, 'normal', 'by variant'),
        rates(models, 'normal', 'by texture'), rates(models, 'normal', 'by harmless'),
        '### Recall by strength\n\nStrength 0 is just visible, 3 extreme. Our own faults:',
        by_label(models, 'own'), 'Faults that albumentations and imagecorruptions make:',
        by_label(models, 'foreign'), '### Recall by fault',
        strengths(model['recall']['own'], [other['recall']['own'] for other in others]),
        strengths(model['recall']['foreign'], [other['recall']['foreign'] for other in others]),
        '### A limit on the score of `normal`\n\nFrames that raise an alarm, in percent: healthy '
        'ones, and faults of strengths 1 to 3, macro.',
        limits(models),
        '### Drops, webs, torn and slanted frames', hard(models),
        '### Noise and defocus of large frames\n\n1920 pixels wide, the camera\'s own noise and '
        'blur at that size.', large(models),
        '### Damaged streams\n\nThe share of 16x16 blocks that differ visibly from the undamaged '
        'decode.', streams(models), '### Reliability', reliability(model)]
    return '\n\n'.join(parts)


def of_baselines(baselines: dict, models: dict) -> str:
    """Rules and trees compared with the models at the same rate of false alarms."""
    rows, found = [], {**models, **baselines['methods']}
    labels = LABELS[1:]
    for origin, title in (('own', 'our faults'), ('foreign', 'of other libraries')):
        for name, model in found.items():
            alarm = model['alarm'][origin]
            rows.append([title, TITLES.get(name, name), percent(alarm['mean']),
                         *(percent(alarm['labels'].get(label)) for label in labels)])
    places = {name: {'large': m['large']} for name, m in found.items() if 'rules' not in name}
    chosen = [[label, *(f'{rule["sign"]} {rule["number"]}' for rule in rules.values())]
              for label, rules in zip(labels, zip_rules(baselines['rules']))]
    return '\n\n'.join([
        '### Rules and boosted trees\n\nShare of faulty frames, strengths 1 to 3, that raise an '
        'alarm when 1 % of the clean pictures do. A rule is a\nthreshold on the statistic of the '
        'luma that finds a fault best; the trees use all 31 statistics. Both learned from\n'
        f'{baselines["learned from"]} frames of the training split.',
        table(['faults', 'method', 'mean', *labels], rows, 2),
        'Frames 1920 pixels wide, alarm at 1 % false alarms: how much of a fault each view '
        'preserves.',
        table(['%', *(TITLES.get(name, name) for name in places)], [
            [name, *(percent(m['large']['alarm'][name]['rate'], 0) for m in places.values())]
            for name in first(places)['large']['alarm']]), 'The statistics that the rules use:',
        table(['fault', *baselines['rules']], chosen, 1 + len(baselines['rules']))])


def of_sides(figures: dict) -> str:
    """Networks that see different sizes, from short training runs."""
    views = figures['views']
    rows = [[f'{title}, {label or "mean"}', *(
        percent(view['alarm'][origin]['labels'][label] if label else view['alarm'][origin]['mean'])
        for view in views.values())]
            for origin, title in (('own', 'our faults'), ('foreign', 'of other libraries'))
            for label in (None, *(first(views)['alarm'][origin]['labels']
                                  if origin == 'own' else ()))]
    names = dict.fromkeys(key.split(',')[0] for key in first(views)['large']['alarm'])
    for name in names:
        means = [[cell['rate'] for key, cell in view['large']['alarm'].items()
                  if key.startswith(name)] for view in views.values()]
        rows.append([f'1920 pixels wide, {name}', *(percent(sum(m) / len(m)) for m in means)])
    return '\n\n'.join([
        '### Two sizes of the view\n\nShare of the faults that networks trained on '
        f'{figures["samples"]} samples each find, at 1 % false alarms:',
        table(['%', *views], rows)])


def of_crops(figures: dict) -> str:
    views = figures['views']
    return '\n\n'.join([
        '### Crops of large frames\n\nFrames up to 1920 pixels wide, faults of strengths 1 to 3, '
        'in percent of the number of frames in brackets. The view\nwith the highest alarm decides. '
        f'The limit on it lets {first(views)["false"]} of {figures["clean"]} clean pictures raise a '
        'false alarm.',
        table(['%', 'inferences', *(f'{name} ({cell["n"]})'
                                    for name, cell in first(views)['alarm'].items())], [
            [title, view['views'], *(percent(cell['rate'], 0) for cell in view['alarm'].values())]
            for title, view in views.items()])])


def zip_rules(rules: dict) -> list[dict]:
    return [{scale: rules[scale][label] for scale in rules} for label in LABELS[1:]]


def of_clips(clips: dict[str, dict]) -> str:
    def row(title: str, chosen: list) -> list:
        """Of one or more clips: seconds, and for each model the share of normal and changes."""
        cells = [title, f'{sum(clip["seconds"] for clip in chosen[0]):.0f}']
        for played in chosen:
            frames = sum(clip['frames'] for clip in played)
            cells += [percent(sum(c['normal'] * c['frames'] for c in played) / frames),
                      sum(clip['changes'] for clip in played)]
        return cells

    names, played = list(clips), [model['clips'] for model in clips.values()]
    simulated = [name for name in played[0] if name.startswith('camera-')]
    rows = [row(name, [[model[name]] for model in played])
            for name in played[0] if name not in simulated]
    rows += [row(title, [[model[name] for name in chosen] for model in played])
             for title, chosen in ((f'simulated fixed cameras ({len(simulated)})', simulated),
                                   ('all', list(played[0]))) if chosen]
    hours = '; '.join(f'{TITLES.get(name, name)}: {model["changes an hour"]:.1f}'
                      for name, model in clips.items())
    return '\n\n'.join([
        '### Changes of state\n\nHealthy clips, played by `convnext-watch` with its default '
        'smoothing: every change is wrong. `training/cameras.py` simulates\nfixed cameras. '
        f'Changes an hour: {hours}.', table(['clip', 'seconds', *(
            column for name in names for column in (f'{TITLES.get(name, name)}: normal %',
                                                    'changes'))], rows)])


def sections(text: str) -> dict[str, str]:
    """title: text of the sections, each from its heading to the next."""
    parts = ('\n' + text.strip()).split('\n### ')[1:]
    return {part.split('\n', 1)[0]: '### ' + part.strip() for part in parts}


def replace(path: Path, text: str):
    """Replaces the sections of the card that the text has, and keeps the others."""
    begin, end = MARKERS
    before, rest = path.read_text().split(begin)
    old, after = rest.split(end)
    old, new = sections(old), sections(text)
    if kept := old.keys() - new.keys():
        print(f'{path}: kept without new figures: {", ".join(sorted(kept))}', file=sys.stderr)
    merged = '\n\n'.join((old | new).values())
    path.write_text(f'{before}{begin}\n\n{merged}\n\n{end}{after}')


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--models', type=Path, required=True)
    parser.add_argument('--baselines', type=Path)
    parser.add_argument('--clips', nargs='*', default=[], metavar='NAME=FILE',
                        help='figures of clips.py; the names are model, second and before')
    parser.add_argument('--sides', type=Path, help='figures of views.py')
    parser.add_argument('--crops', type=Path, help='figures of crops.py')
    parser.add_argument('--card', type=Path)
    args = parser.parse_args()

    models = json.loads(args.models.read_text())['models']
    parts = [of_models(models)]
    models.pop('second', None)
    if args.clips:
        parts.append(of_clips({name: json.loads(Path(path).read_text())
                               for name, path in (pair.split('=', 1) for pair in args.clips)}))
    if args.baselines:
        parts.append(of_baselines(json.loads(args.baselines.read_text()), models))
    for path, section in ((args.sides, of_sides), (args.crops, of_crops)):
        if path:
            parts.append(section(json.loads(path.read_text())))
    text = '\n\n'.join(parts)
    if args.card:
        replace(args.card, text)
    else:
        print(text)


if __name__ == '__main__':
    main()
