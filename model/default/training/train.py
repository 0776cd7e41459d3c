# SPDX-License-Identifier: LGPL-2.1-or-later
"""Trains the network on the frames that frames.py made, and writes the folder that ships.

    python3 train.py --work CACHE --out FOLDER [--samples N] [--seed N]

AdamW, Muon for the dense layers, a one-cycle learning rate and a moving average of the weights;
binary cross entropy with soft targets, for the frame and, in training only, for each cell of the
last two stages: which faults are visible there. After a third of the training, healthy frames that
still look faulty appear three times an epoch. Then validation frames give each class a scale and a
shift (Platt), stored as its temperature and in the bias of the head, and thresholds that keep to
the budget of false alarms.

If training was killed, the same command continues from the checkpoint in CACHE. On the same
machine, the weights are those of an uninterrupted run.
"""
import argparse
import copy
import queue
import threading
import time
import zlib
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

import frames
import network
from checkpoint import Checkpoint
from common import LABELS, VIEW
from measures import limit_of
from muon import Muon

BATCH = 32
PEAK_RATE = 2e-3         # of AdamW
MUON_RATE = 0.02
WEIGHT_DECAY = 0.05
CELLS_WEIGHT = 0.5       # of the loss of the cells of a stage
AVERAGE = 0.998          # per step, of the moving average
CHECKPOINT_STEPS = 500
# Of healthy validation frames, all faults together: those like a fixed camera's, ordinary pictures,
# and all with the unusual.
FALSE_ALARMS = (0.005, 0.008, 0.03)
LOWEST_THRESHOLD = 0.25   # less likely faults never raise an alarm
HIGHEST_THRESHOLD = 0.98  # faults more likely than this always do
IS_LOCAL = torch.tensor([label in ('obstructed', 'corrupted') for label in LABELS[1:]])
HALVINGS = 12            # of the validation frames, to compare rankings
HEALTHY_SHARE = 0.8      # of the stream that scores are calibrated for


class CellHeads(torch.nn.Module):
    """Linear classifiers of the cells of stages 3 and 4, for training only. They tell the network
    where a fault is visible; the average pool alone hardly tells it about small ones."""

    def __init__(self, widths: list):
        super().__init__()
        self.heads = torch.nn.ModuleList(
            torch.nn.Sequential(torch.nn.LayerNorm(width), torch.nn.Linear(width, len(LABELS) - 1))
            for width in widths)
        for head in self.heads:
            torch.nn.init.zeros_(head[1].weight)
            torch.nn.init.constant_(head[1].bias, -4.0)

    def forward(self, maps) -> list:
        """Logits [n, side, side, 8] of the feature maps [n, width, side, side]."""
        return [head(features.permute(0, 2, 3, 1)) for head, features in zip(self.heads, maps)]


def cell_targets(cells: torch.Tensor, targets: torch.Tensor) -> list:
    """Targets of the faults in each cell, [n, 14, 14, 8] and [n, 7, 7, 8]. cells: uint8
    [n, 14, 14]; targets: [n, 9]. A cell shows a local fault clearly, even if the frame as a whole
    is hardly affected."""
    faults = targets[:, 1:]
    faults = torch.where(IS_LOCAL & (faults > 0), 0.97, faults)
    fine = cells.float()[:, None] / 255
    return [share.permute(0, 2, 3, 1) * faults[:, None, None]
            for share in (fine, functional.max_pool2d(fine, 2))]


def read(views, place, rows) -> torch.Tensor:
    return torch.from_numpy(np.stack([views[shard][row] for shard, row in place[rows]]))


def resized(pixels: torch.Tensor, side: int) -> torch.Tensor:
    """Input of a network of this side from cached views."""
    pixels = network.to_input(pixels)
    if side != VIEW:
        pixels = functional.interpolate(pixels, size=side, mode='bilinear', antialias=True)
    return pixels


def run(model, pixels: torch.Tensor, side: int):
    """The output for cached views."""
    return model(pixel_values=resized(pixels, side), output_hidden_states=True)


def epoch(weights: torch.Tensor, rng) -> torch.Tensor:
    """Rows in random order. weights: [frames], how often a frame appears in an epoch."""
    whole = np.floor(weights.numpy() + rng.random(len(weights))).astype(int)
    return torch.from_numpy(rng.permutation(np.repeat(np.arange(len(weights)), whole)))


def batches(views, place, order):
    """Yields (rows, views) in this order, which a thread reads ahead."""
    ahead = queue.Queue(4)

    def produce():
        for start in range(0, len(order) - BATCH + 1, BATCH):
            rows = order[start:start + BATCH]
            ahead.put((rows, read(views, place, rows)))
        ahead.put(None)

    threading.Thread(target=produce, daemon=True).start()
    while (batch := ahead.get()) is not None:
        yield batch


@torch.no_grad()
def predict(model, views, place, side: int) -> np.ndarray:
    """Logits, [frames, 9]."""
    model.eval()
    parts = (read(views, place, slice(start, start + 64))
             for start in range(0, len(place), 64))
    return np.concatenate([run(model, batch, side).logits.numpy() for batch in parts])


def spread(model, views, place, side: int, rng):
    """Scales the filters of the stem, so that each one's output has mean 0 and deviation 1 on
    training frames."""
    stem = model.convnext.embeddings.patch_embeddings
    rows = rng.choice(len(place), 256)
    with torch.no_grad():
        output = torch.cat([stem(resized(read(views, place, rows[start:start + 32]), side))
                            for start in range(0, len(rows), 32)])
        deviation = output.std((0, 2, 3)) + 1e-3
        stem.weight /= deviation[:, None, None, None]
        stem.bias.copy_(-output.mean((0, 2, 3)) / deviation)


def fit(work: Path, path: Path, samples: int, seed: int, side: int = VIEW):
    """Trains a network, writes the moving average of its weights to path, and returns it. side: of
    the view, 56 patches wide. Beside path, a checkpoint keeps the state of an unfinished run."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    views, cells, targets, _, place = frames.load(work, 'train')
    print(f'{len(targets)} frames, {(targets[:, 0] > 0.5).mean():.1%} healthy', flush=True)
    recipe = {'seed': seed, 'samples': samples, 'side': side, 'frames': zlib.crc32(targets)}
    share = torch.from_numpy(targets.mean(0))
    cells, targets = torch.from_numpy(cells), torch.from_numpy(targets)
    model = network.new(side // 56).to(memory_format=torch.channels_last)
    spread(model, views, place, side, rng)
    with torch.no_grad():
        model.classifier.weight *= 0.3
        model.classifier.bias.copy_(torch.logit(share))
    cell_heads = CellHeads(model.config.hidden_sizes[-2:])
    average = copy.deepcopy(model)
    steps = samples // BATCH
    optimizers, schedules = optimization(model, cell_heads, steps)
    parts = dict(enumerate([model, cell_heads, average, *optimizers, *schedules]))
    checkpoint = Checkpoint(path.with_suffix('.checkpoint'), recipe, parts, rng)
    # The rows that are left of this epoch, and how often each frame appears in the next.
    step, order, weights = 0, torch.empty(0, dtype=int), torch.ones(len(targets), dtype=float)
    if progress := checkpoint.load():
        step, order, weights = progress['step'], progress['order'], progress['weights']
        print(f'continues after step {step}', flush=True)
    begin, first, losses = time.time(), step, []
    while step < steps:
        if len(order) < BATCH:
            order = epoch(weights, rng)
        for rows, pixels in batches(views, place, order[:(steps - step) * BATCH]):
            order = order[BATCH:]
            model.train()
            changes = cells[rows]
            if rng.random() < 0.5:
                pixels, changes = pixels.flip(2), changes.flip(2)
            output = run(model, pixels, side)
            loss_each = cross_entropy(output.logits, targets[rows])
            loss_cells = sum(
                cross_entropy(logits, goal).mean()
                for logits, goal in zip(cell_heads(output.hidden_states[-2:]),
                                        cell_targets(changes, targets[rows])))
            (loss_each.mean() + CELLS_WEIGHT * loss_cells).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 2)
            for optimizer, schedule in zip(optimizers, schedules):
                optimizer.step()
                optimizer.zero_grad()
                schedule.step()
            follow(average, model, min(AVERAGE, (1 + step) / (10 + step)))
            losses.append((loss_each.mean().item(), loss_cells.item()))
            # Hard negatives appear three times an epoch.
            if step > steps / 3:
                healthy = targets[rows, 0] > 0.5
                doubt = torch.sigmoid(output.logits[:, 1:]).amax(1) > 0.3
                weights[rows] = torch.where(healthy & doubt, 3.0, 1.0).double()
            step += 1
            if step % 100 == 0:
                rate = (step - first) * BATCH / (time.time() - begin)
                frame, cell = np.mean(losses, axis=0)
                print(f'step {step}/{steps} loss {frame:.4f}, of cells {cell:.4f} '
                      f'{rate:.1f} frames/s', flush=True)
                losses.clear()
            if step % 2000 == 0:
                report(average, work, side)
            if step % CHECKPOINT_STEPS == 0:
                checkpoint.save(step=step, order=order.clone(), weights=weights)
    torch.save(average.state_dict(), path)
    checkpoint.remove()
    return average


def cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Summed over the labels, the last axis."""
    return functional.binary_cross_entropy_with_logits(logits, targets, reduction='none').sum(-1)


def optimization(model, cell_heads, steps: int):
    """Optimizers and their schedules: Muon for the dense layers between stem and head, which
    learns faster, and AdamW for the rest."""
    named = [(name, p) for name, p in model.named_parameters() if p.ndim > 1]
    matrices = [p for name, p in named if '.pwconv' in name or '.downsampling' in name]
    others = [p for name, p in named if '.pwconv' not in name and '.downsampling' not in name]
    plain = [p for p in model.parameters() if p.ndim <= 1] + list(cell_heads.parameters())
    optimizers = [
        torch.optim.AdamW([{'params': others, 'weight_decay': WEIGHT_DECAY},
                           {'params': plain, 'weight_decay': 0}], lr=PEAK_RATE),
        Muon(matrices, lr=MUON_RATE, weight_decay=WEIGHT_DECAY)]
    return optimizers, [
        torch.optim.lr_scheduler.OneCycleLR(optimizer, optimizer.defaults['lr'], steps,
                                            pct_start=0.08) for optimizer in optimizers]


@torch.no_grad()
def follow(average, model, decay: float):
    for a, p in zip(average.parameters(), model.parameters()):
        a.lerp_(p, 1 - decay)


def report(model, work: Path, side: int):
    """Prints recall at 1 % false alarms of each fault on validation frames."""
    views, _, targets, _, place = frames.load(work, 'val')
    logits, healthy = predict(model, views, place, side), targets[:, 0] > 0.5
    parts = []
    for i, label in enumerate(LABELS[1:], 1):
        faulty = targets[:, i] > 0.6
        limit = np.quantile(logits[healthy, i], 0.99)
        parts.append(f'{label} {(logits[faulty, i] > limit).mean():.3f}')
    print('  recall at 1 % false alarms each: ' + ', '.join(parts), flush=True)


def calibrate(model, work: Path):
    """Fits a scale and a shift of each class's logit on validation frames, weighted as if
    HEALTHY_SHARE of them were healthy. Returns temperatures, shifts and thresholds, and the scores,
    targets and records of the validation frames."""
    views, _, targets, records, place = frames.load(work, 'val')
    logits = torch.from_numpy(predict(model, views, place, VIEW)).double()
    healthy = targets[:, 0] > 0.5
    share = healthy.mean()
    weight = torch.from_numpy(np.where(healthy, HEALTHY_SHARE / share,
                                       (1 - HEALTHY_SHARE) / (1 - share)))[:, None]
    truth = torch.from_numpy(targets).double()
    scale = torch.ones(len(LABELS), dtype=torch.double, requires_grad=True)
    shift = torch.zeros(len(LABELS), dtype=torch.double, requires_grad=True)
    optimizer = torch.optim.LBFGS([scale, shift], max_iter=200, line_search_fn='strong_wolfe')

    def loss():
        optimizer.zero_grad()
        value = functional.binary_cross_entropy_with_logits(logits * scale + shift, truth,
                                                            weight=weight)
        value.backward()
        return value

    optimizer.step(loss)
    scale, shift = scale.detach(), shift.detach()
    temperature = (1 / scale.clamp(0.2, 5)).numpy()
    shift = (shift / scale).numpy()  # of the logit before the temperature
    scores = 1 / (1 + np.exp(-(logits.numpy() + shift) / temperature))
    return (temperature, shift, choose_thresholds(scores, targets, records), scores, targets,
            records)


def is_picture(targets: np.ndarray, records: list) -> np.ndarray:
    """Which validation frames are healthy and not unusual."""
    return (targets[:, 0] > 0.5) & np.array([record['kind'] == 'plain' for record in records])


def choose_thresholds(scores: np.ndarray, targets: np.ndarray, records: list,
                      budgets=FALSE_ALARMS) -> np.ndarray:
    """Thresholds of the classes, from scores and targets of validation frames, [frames, 9]. They
    start where no healthy frame raises an alarm. Then the threshold is lowered that finds most of
    its fault for the false alarms that it adds, until the budgets are used up."""
    healthy = targets[:, 0] > 0.5
    plain = is_picture(targets, records)
    fixed = plain & np.array([record['camera-like'] for record in records])
    faulty = targets > 0.6
    rates = np.arange(0, 0.05, 0.0005)
    ladder = np.quantile(scores[healthy], 1 - rates, axis=0) + 1e-4
    ladder = np.clip(ladder, LOWEST_THRESHOLD, HIGHEST_THRESHOLD)  # [rates, 9]
    columns = np.arange(len(LABELS))

    def used(steps: np.ndarray) -> float:
        """The share of the budget."""
        alarms = (scores >= ladder[steps, columns])[:, 1:].any(1)
        return max(alarms[group].mean() / budget
                   for group, budget in zip((fixed, plain, healthy), budgets))

    def recall(label: int, step: int) -> float:
        return float((scores[faulty[:, label], label] >= ladder[step, label]).mean())

    steps = np.zeros(len(LABELS), int)
    while True:
        moves = []
        for label in range(1, len(LABELS)):
            for step in range(steps[label] + 1, min(steps[label] + 11, len(rates))):
                gain = recall(label, step) - recall(label, steps[label])
                moved = np.where(columns == label, step, steps)
                if gain > 0 and used(moved) <= 1:
                    moves.append((gain / (used(moved) - used(steps) + 1e-3), label, step))
        if not moves:
            break
        _, label, step = max(moves)
        steps[label] = step
    thresholds = ladder[steps, columns]
    thresholds[0] = 0.5  # the rest class needs none
    return thresholds


def compare_rankings(scores: np.ndarray, targets: np.ndarray, records: list):
    """The recall on validation frames at 1 % false alarms on ordinary pictures, with frames ranked by
    the largest excess over a threshold, and by the score of `normal`. Thresholds come from one half
    of the sources, recall from the other: the mean over both halves of HALVINGS divisions."""
    rng = np.random.default_rng(0)
    sources = np.array([record['source'] or f'drawn {i}' for i, record in enumerate(records)])
    sources = np.char.partition(sources, '#')[:, 0]  # frames of a clip stay together
    names = np.unique(sources)
    faulty, plain = targets > 0.6, is_picture(targets, records)
    found = []
    for _ in range(HALVINGS):
        half = np.isin(sources, names[rng.random(len(names)) < 0.5])
        for known, other in ((half, ~half), (~half, half)):
            thresholds = choose_thresholds(scores[known], targets[known],
                                           [records[i] for i in np.flatnonzero(known)])
            excess = network.logit(scores) - network.logit(thresholds)
            rankings = excess[:, 1:].max(1), network.alarm_of(scores)
            found.append([[(ranking[faulty[:, label] & other] >
                            limit_of(ranking[plain & other])).mean()
                           for label in range(1, len(LABELS))] for ranking in rankings])
    return np.mean(found, axis=(0, 2))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--work', type=Path, required=True, help='the cache of frames')
    parser.add_argument('--out', type=Path, required=True, help='the folder that ships')
    parser.add_argument('--samples', type=int, default=185000, help='frames to train on')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--calibrate', action='store_true',
                        help='keep the weights of the last training with this seed')
    args = parser.parse_args()

    torch.set_num_threads(2)
    torch.set_flush_denormal(True)
    trained = args.work / f'average-{args.seed}.pt'
    if args.calibrate:
        model = network.new()
        model.load_state_dict(torch.load(trained))
    else:
        model = fit(args.work, trained, args.samples, args.seed)
    temperature, shift, thresholds, scores, targets, records = calibrate(model, args.work)
    with torch.no_grad():
        model.classifier.bias += torch.from_numpy(shift).float()
    network.save(model, temperature, thresholds, args.out)
    for i, label in enumerate(LABELS):
        present = targets[:, i] > 0.6
        print(f'{label}: temperature {temperature[i]:.3f}, threshold {thresholds[i]:.3f}, '
              f'{(scores[present, i] >= thresholds[i]).mean():.3f} of {present.sum()} found')
    normal = targets[:, 0] > 0.5
    alarms = (scores[:, 1:] >= thresholds[1:]).any(1)
    print(f'validation: {1 - alarms[normal].mean():.4f} of {normal.sum()} healthy frames are '
          'normal')
    excess, score = compare_rankings(scores, targets, records)
    print('validation: alarm at 1 % false alarms on pictures, ranked by the largest excess over a '
          f'threshold {excess:.3f}, by the score of normal {score:.3f}')
    limit = -limit_of(-scores[is_picture(targets, records), 0])
    print(f'validation: at 1 % false alarms the limit on the score of normal is {limit:.3f}')


if __name__ == '__main__':
    main()
