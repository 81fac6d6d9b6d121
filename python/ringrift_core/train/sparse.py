"""The first layer: sums of rows by active feature, their products in pairs, and the gradients of both."""

from __future__ import annotations

from math import prod
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


class Workspace:
    """Memory of a thread, for arrays whose pages would cost more to get from the system than to fill."""

    def __init__(self) -> None:
        """Has none yet."""
        self._memory: dict[str, torch.Tensor] = {}

    def array(self, name: str, *shape: int) -> torch.Tensor:
        """An array with any content, float32[shape]; the one of the same name before is overwritten."""
        memory = self._memory.get(name)
        if memory is None or len(memory) < prod(shape):
            memory = self._memory[name] = torch.empty(prod(shape))
        return memory[: prod(shape)].view(shape)


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
        workspace: Workspace,
    ) -> torch.Tensor:
        """Computes the products.

        Args:
            ctx: What `backward` gets to know.
            weights: float32[F, H], in units of the accumulator.
            biases: float32[H], in units of the accumulator.
            offsets: int32[R + 1]: row i has the features `features[offsets[i]:offsets[i + 1]]`.
            features: Active features.
            is_quantised: Rounds products down.
            workspace: Memory that holds the result until `backward` is done: one call at a time.
        """
        rows, width = len(offsets) - 1, len(biases)
        sums = workspace.array("sums", rows, width)
        arrays = (weights.detach().numpy(), biases.detach().numpy(), offsets.numpy(), features.numpy())
        _native.nnue_forward(*arrays, THREADS, sums.numpy())
        left, right = sums.clamp_(0, ACCUMULATOR_ONE).chunk(2, dim=1)
        products = (left * right).mul_(1 / PRODUCT_DIVISOR)
        ctx.sums, ctx.lists, ctx.shape, ctx.workspace = sums, (offsets, features), weights.shape, workspace
        return products.floor_() if is_quantised else products

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:  # noqa: ANN401 - as above
        """Computes the gradients by weights and biases."""
        sums, (offsets, features) = ctx.sums, ctx.lists
        half = sums.shape[1] // 2
        by_sums = ctx.workspace.array("by_sums", *sums.shape)
        torch.mul(gradient, sums[:, half:], out=by_sums[:, :half])
        torch.mul(gradient, sums[:, :half], out=by_sums[:, half:])
        # Sums that were clamped pass nothing on: the distance to the nearer clamp is 0.
        inside = torch.sub(sums, ACCUMULATOR_ONE, out=ctx.workspace.array("inside", *sums.shape))
        by_sums.mul_(inside.mul_(sums).sign_().mul_(-1 / PRODUCT_DIVISOR))
        by_weights, by_biases = np.empty(ctx.shape, np.float32), np.empty(ctx.shape[1], np.float32)
        _native.nnue_backward(by_sums.numpy(), offsets.numpy(), features.numpy(), by_weights, THREADS, by_biases)
        return torch.from_numpy(by_weights), torch.from_numpy(by_biases), None, None, None, None
