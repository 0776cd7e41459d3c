# SPDX-License-Identifier: LGPL-2.1-or-later
"""Trains the network on the frames that frames.py made, and writes the folder that ships.

    python3 train.py --work CACHE --out FOLDER [--samples N] [--seed N] [--start FOLDER]

AdamW with a one-cycle learning rate and a moving average of the weights; binary cross entropy with
soft targets. After a third of the training, healthy frames that still look faulty appear three
times an epoch. Then validation frames give each class a scale and a shift (Platt), stored as its
temperature and in the bias of the head, and thresholds that keep to the budget of false alarms.
"""
import argparse
import copy
import queue
import threading
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

import frames
import network
from common import LABELS, VIEW

BATCH = 32
PEAK_RATE = 8e-4
WEIGHT_DECAY = 0.05
AVERAGE = 0.998          # per step, of the moving average
# Of healthy validation frames, all faults together: as cameras send them, and all with the unusual.
FALSE_ALARMS = (0.008, 0.03)
LOWEST_THRESHOLD = 0.25  # less likely faults never raise an alarm
HEALTHY_SHARE = 0.8      # of the stream that scores are calibrated for


def read(views, place, rows) -> torch.Tensor:
    return torch.from_numpy(np.stack([views[shard][row] for shard, row in place[rows]]))


def run(model, pixels: torch.Tensor, side: int) -> torch.Tensor:
    """Logits of cached views, [n, 9], which are resized first if the network's side differs."""
    pixels = network.to_input(pixels)
    if side != VIEW:
        pixels = functional.interpolate(pixels, size=side, mode='bilinear', antialias=True)
    return model(pixel_values=pixels).logits


def batches(views, place, weights, samples: int, rng):
    """Yields (rows, views), which a thread reads ahead. weights: [frames], how often a frame
    appears in an epoch; changes apply from the next epoch on."""
    ahead = queue.Queue(4)

    def produce():
        left = samples
        while left > 0:
            whole = np.floor(weights + rng.random(len(weights))).astype(int)
            order = rng.permutation(np.repeat(np.arange(len(weights)), whole))
            for start in range(0, len(order) - BATCH + 1, BATCH):
                if left <= 0:
                    break
                rows = order[start:start + BATCH]
                ahead.put((rows, read(views, place, rows)))
                left -= BATCH
        ahead.put(None)

    threading.Thread(target=produce, daemon=True).start()
    while (batch := ahead.get()) is not None:
        yield batch


@torch.no_grad()
def predict(model, views, place, side: int) -> np.ndarray:
    """Logits, [frames, 9]."""
    model.eval()
    return np.concatenate([run(model, read(views, place, slice(start, start + 64)), side).numpy()
                           for start in range(0, len(place), 64)])


def fit(work: Path, samples: int, seed: int, side: int = VIEW, start: Path | None = None):
    """Returns the network with the moving average of the weights. side: of the view, 56 patches
    wide. start: a model folder to start from, instead of random weights."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    views, targets, _, place = frames.load(work, 'train')
    print(f'{len(targets)} frames, {(targets[:, 0] > 0.5).mean():.1%} healthy', flush=True)
    targets = torch.from_numpy(targets)
    weights = np.ones(len(targets))
    model = network.continued(start, side // 56) if start else network.new(side // 56)
    model = model.to(memory_format=torch.channels_last)
    average = copy.deepcopy(model)
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW([{'params': decayed, 'weight_decay': WEIGHT_DECAY},
                                   {'params': others, 'weight_decay': 0}], lr=PEAK_RATE)
    steps = samples // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, steps, pct_start=0.08)
    begin, losses = time.time(), []
    for step, (rows, pixels) in enumerate(batches(views, place, weights, steps * BATCH, rng)):
        model.train()
        if rng.random() < 0.5:
            pixels = pixels.flip(2)
        logits = run(model, pixels, side)
        loss_each = functional.binary_cross_entropy_with_logits(logits, targets[rows],
                                                                reduction='none').sum(1)
        loss_each.mean().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 2)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        follow(average, model, min(AVERAGE, (1 + step) / (10 + step)))
        losses.append(loss_each.mean().item())
        # Hard negatives appear three times an epoch.
        if step > steps / 3:
            healthy = targets[rows, 0] > 0.5
            doubt = torch.sigmoid(logits[:, 1:]).amax(1) > 0.3
            weights[rows] = torch.where(healthy & doubt, 3.0, 1.0).numpy()
        if step % 100 == 99:
            rate = (step + 1) * BATCH / (time.time() - begin)
            print(f'step {step + 1}/{steps} loss {np.mean(losses[-100:]):.4f} '
                  f'{rate:.1f} frames/s', flush=True)
        if step % 1000 == 999:
            report(average, work, side)
    return average


@torch.no_grad()
def follow(average, model, decay: float):
    for a, p in zip(average.parameters(), model.parameters()):
        a.lerp_(p, 1 - decay)


def report(model, work: Path, side: int):
    """Prints recall at 1 % false alarms of each fault on validation frames."""
    views, targets, _, place = frames.load(work, 'val')
    logits, healthy = predict(model, views, place, side), targets[:, 0] > 0.5
    parts = []
    for i, label in enumerate(LABELS[1:], 1):
        faulty = targets[:, i] > 0.6
        limit = np.quantile(logits[healthy, i], 0.99)
        parts.append(f'{label} {(logits[faulty, i] > limit).mean():.3f}')
    print('  recall at 1 % false alarms each: ' + ', '.join(parts), flush=True)


def calibrate(model, work: Path):
    """Fits a scale and a shift of each class's logit on validation frames, weighted as if
    HEALTHY_SHARE of them were healthy. Returns temperatures, shifts and thresholds, and the scores
    and targets of the validation frames."""
    views, targets, records, place = frames.load(work, 'val')
    logits = torch.from_numpy(predict(model, views, place, VIEW)).double()
    healthy = targets[:, 0] > 0.5
    share = healthy.mean()
    weight = torch.from_numpy(np.where(healthy, HEALTHY_SHARE / share,
                                       (1 - HEALTHY_SHARE) / (1 - share)))[:, None]
    plain = np.array([record['kind'] == 'plain' for record in records])
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
    return temperature, shift, choose_thresholds(scores[healthy], plain[healthy]), scores, targets


def choose_thresholds(scores: np.ndarray, is_plain: np.ndarray) -> np.ndarray:
    """Thresholds of the faults, from scores of healthy frames [frames, 9]: the same rate of false
    alarms for each, and FALSE_ALARMS together. The rest class needs none."""
    def at(each: float) -> np.ndarray:
        thresholds = np.maximum(np.quantile(scores, 1 - each, axis=0), LOWEST_THRESHOLD) + 1e-4
        thresholds[0] = 0.5
        return np.minimum(thresholds, 0.98)

    low, high = 0.0, 0.05
    for _ in range(40):
        each = (low + high) / 2
        alarms = (scores[:, 1:] > at(each)[1:]).any(1)
        within = alarms[is_plain].mean() <= FALSE_ALARMS[0] and alarms.mean() <= FALSE_ALARMS[1]
        low, high = (each, high) if within else (low, each)
    return at(low)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--work', type=Path, required=True, help='the cache of frames')
    parser.add_argument('--out', type=Path, required=True, help='the folder that ships')
    parser.add_argument('--samples', type=int, default=105000, help='frames to train on')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--start', type=Path, help='a model folder to start from')
    parser.add_argument('--calibrate', action='store_true',
                        help='keep the weights of the last training with this seed')
    args = parser.parse_args()

    torch.set_num_threads(2)
    trained = args.work / f'average-{args.seed}.pt'
    if args.calibrate:
        model = network.new()
        model.load_state_dict(torch.load(trained))
    else:
        model = fit(args.work, args.samples, args.seed, start=args.start)
        torch.save(model.state_dict(), trained)
    temperature, shift, thresholds, scores, targets = calibrate(model, args.work)
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


if __name__ == '__main__':
    main()
