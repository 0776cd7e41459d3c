# SPDX-License-Identifier: LGPL-2.1-or-later
"""Muon (K. Jordan, "Muon: An optimizer for hidden layers in neural networks", 2024): momentum whose
update of a matrix is replaced by the nearest orthogonal matrix. PyTorch's own computes in bfloat16,
which is slow on processors without it.
"""
import torch


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    """Approximately the nearest orthogonal matrix, by five steps of a Newton-Schulz iteration with
    the coefficients that Jordan gives: singular values end between about 0.7 and 1.2."""
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """For weights of layers; those of convolutions count as matrices [outputs, fan-in]."""

    def __init__(self, params, lr: float, weight_decay: float, momentum: float = 0.95):
        super().__init__(params, {'lr': lr, 'weight_decay': weight_decay, 'momentum': momentum})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for weights in group['params']:
                mean = self.state[weights].setdefault('mean', torch.zeros_like(weights))
                mean.lerp_(weights.grad, 1 - group['momentum'])
                update = orthogonal(weights.grad.lerp(mean, group['momentum']).flatten(1))
                scale = max(1, update.shape[0] / update.shape[1]) ** 0.5
                weights.mul_(1 - group['lr'] * group['weight_decay'])
                weights.add_(update.reshape(weights.shape), alpha=-group['lr'] * scale)
