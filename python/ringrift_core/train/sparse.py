"""The first layer: sums of rows by active feature, their products in pairs, and the gradients of both."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ringrift_core import _native

ACCUMULATOR_ONE = 255
"""What the real number 1 is in the accumulator."""
PRODUCT_DIVISOR = 512
"""Products of two accumulator entries are divided by this and rounded down: 0 to 127."""
THREADS = 1
"""Threads of a call: batches are divided among threads before."""


class PairedSums(torch.autograd.Function):
    """Accumulators of all rows, clamped, and the products of their halves: float32[R, H / 2] from 0 to 127.

    What the integers do, in numbers of type float32 that hold them exactly; without `is_quantised` nothing is rounded.
    The gradient is that of the function without rounding.
    """

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch gives it no public type
        weights: torch.Tensor,
        biases: torch.Tensor,
        offsets: torch.Tensor,
        features: torch.Tensor,
        is_quantised: bool,
    ) -> torch.Tensor:
        """Computes the products.

        Args:
            ctx: What `backward` gets to know.
            weights: float32[F, H], in units of the accumulator.
            biases: float32[H], in units of the accumulator.
            offsets: int32[R + 1]: row i has the features `features[offsets[i]:offsets[i + 1]]`.
            features: Active features.
            is_quantised: Rounds products down.
        """
        arrays = (weights.detach().numpy(), biases.detach().numpy(), offsets.numpy(), features.numpy())
        sums = torch.from_numpy(_native.nnue_forward(*arrays, THREADS)).clamp_(0, ACCUMULATOR_ONE)
        left, right = sums.chunk(2, dim=1)
        products = (left * right).mul_(1 / PRODUCT_DIVISOR)
        ctx.save_for_backward(sums, offsets, features)
        ctx.shape = weights.shape
        return products.floor_() if is_quantised else products

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:  # noqa: ANN401 - as above
        """Computes the gradients by weights and biases."""
        sums, offsets, features = ctx.saved_tensors
        gradient = gradient * (1 / PRODUCT_DIVISOR)
        left, right = sums.chunk(2, dim=1)
        by_sums = torch.empty_like(sums)
        torch.mul(gradient, right, out=by_sums[:, : left.shape[1]])
        torch.mul(gradient, left, out=by_sums[:, left.shape[1] :])
        by_sums.mul_((sums > 0) & (sums < ACCUMULATOR_ONE))
        by_weights, by_biases = np.empty(ctx.shape, np.float32), np.empty(ctx.shape[1], np.float32)
        _native.nnue_backward(by_sums.numpy(), offsets.numpy(), features.numpy(), by_weights, THREADS, by_biases)
        return torch.from_numpy(by_weights), torch.from_numpy(by_biases), None, None, None
