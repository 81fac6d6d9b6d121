"""The network in torch: the same function as the integer one of the engine, with gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ringrift_core.train.layout import BUCKETS, HIDDEN_1, HIDDEN_2, FeatureLayout
from ringrift_core.train.sparse import ACCUMULATOR_ONE, PairedSums, Workspace

ACTIVATION_ONE = 127
"""What the real number 1 is in activations."""
WEIGHT_ONE = 64
"""What the real number 1 is in the weights of the layers after the first."""
SUM_ONE = ACTIVATION_ONE * WEIGHT_ONE
"""What the real number 1 is in their sums and biases: 8128."""
WEIGHT_MAX = 127 / WEIGHT_ONE
BIAS_MAX = 64.0
"""Largest bias after the first layer; far beyond what training reaches."""
ACCUMULATOR_SUM_MAX = (1 << 15) - 1
"""What an entry of the accumulator can hold. Files whose weights can exceed it are refused."""
INIT_STD = 0.05
"""About forty features are active: sums then spread by 0.3 around their bias."""

UNITS = {
    "feature_weights": ACCUMULATOR_ONE,
    "feature_biases": ACCUMULATOR_ONE,
    "l1_weights": WEIGHT_ONE,
    "l1_biases": SUM_ONE,
    "l2_weights": WEIGHT_ONE,
    "l2_biases": SUM_ONE,
    "out_weights": WEIGHT_ONE,
    "out_biases": SUM_ONE,
}
"""The parameters, and what the real number 1 is in the integers of each."""


class _Activation(torch.autograd.Function):
    """Sums to activations: divided by 64, rounded down if quantised, clamped to 0..127; gradient without rounding."""

    @staticmethod
    def forward(ctx: Any, sums: torch.Tensor, is_quantised: bool) -> torch.Tensor:  # noqa: ANN401 - no public type
        scaled = sums * (1 / WEIGHT_ONE)
        ctx.save_for_backward((scaled >= 0) & (scaled < ACTIVATION_ONE))
        if is_quantised:
            scaled.floor_()
        return scaled.clamp_(0, ACTIVATION_ONE)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:  # noqa: ANN401 - as above
        (inside,) = ctx.saved_tensors
        return gradient * (1 / WEIGHT_ONE) * inside, None


class NnueModel(nn.Module):
    """The weights of a network for one board and number of players, as real numbers.

    Computation is in the units of the integer network (`scaled`, `logits`): sums, products and activations are the
    integers of the engine, held by float32, which is exact below 2^24.

    F features, H = width, n players, K = 4 buckets: `feature_weights` [F, H], `feature_biases` [H], `l1_weights`
    [K, 16, n * H / 2], `l1_biases` [K, 16], `l2_weights` [K, 32, 16], `l2_biases` [K, 32], `out_weights` [K, 32],
    `out_biases` [K].
    """

    def __init__(self, layout: FeatureLayout, width: int, *, seed: int = 0) -> None:
        """Makes a network with drawn weights.

        Args:
            layout: The features.
            width: H, a multiple of 64.
            seed: Seed of the weights.
        """
        super().__init__()
        self.layout, self.width = layout, width
        random = torch.Generator().manual_seed(seed)

        def drawn(*shape: int) -> nn.Parameter:
            # The same in every bucket.
            values = (2 * torch.rand(*shape, generator=random) - 1) / shape[-1] ** 0.5
            return nn.Parameter(values.expand(BUCKETS, *shape).clone())

        self.feature_weights = nn.Parameter(torch.randn(layout.length, width, generator=random) * INIT_STD)
        self.feature_biases = nn.Parameter(torch.full((width,), 0.5))
        self.l1_weights = drawn(HIDDEN_1, layout.players * width // 2)
        self.l1_biases = nn.Parameter(torch.full((BUCKETS, HIDDEN_1), 0.1))
        self.l2_weights = drawn(HIDDEN_2, HIDDEN_1)
        self.l2_biases = nn.Parameter(torch.full((BUCKETS, HIDDEN_2), 0.1))
        self.out_weights = drawn(HIDDEN_2)
        self.out_biases = nn.Parameter(torch.zeros(BUCKETS))
        self.clip()

    def scaled(self, is_quantised: bool) -> dict[str, torch.Tensor]:
        """The weights in the units of the integer network, on their own: gradients do not reach the parameters.

        Args:
            is_quantised: Rounds them to the integers of `integer_parts`.
        """
        weights = {name: getattr(self, name).detach() * unit for name, unit in UNITS.items()}
        return {name: value.round_() for name, value in weights.items()} if is_quantised else weights

    def clip_head(self) -> None:
        """Brings the weights after the first layer into the ranges that integers can hold."""
        for weights in (self.l1_weights, self.l2_weights, self.out_weights):
            weights.detach().clamp_(-WEIGHT_MAX, WEIGHT_MAX)
        for biases in (self.l1_biases, self.l2_biases, self.out_biases):
            biases.detach().clamp_(-BIAS_MAX, BIAS_MAX)

    def clip(self) -> None:
        """Brings all weights into the ranges that integers can hold, sums of accumulators included."""
        self.clip_head()
        weights, biases = self.feature_weights.detach(), self.feature_biases.detach()
        reach = self.layout.reach(weights, biases) * ACCUMULATOR_ONE
        # Rounding adds at most a half to each of the terms.
        allowed = ACCUMULATOR_SUM_MAX - 0.5 * self.layout.terms - 1
        factor = (allowed / reach).clamp_(max=1)
        if bool((factor < 1).any()):
            weights.mul_(factor)
            biases.mul_(factor)

    def integer_parts(self) -> dict[str, NDArray[Any]]:
        """The weights as the engine has them; `clip` comes before.

        Returns:
            The parameters by name: feature_weights int16, feature_biases int16, other weights int8, other biases int32.
        """

        def kind(name: str) -> type:
            return np.int16 if name.startswith("feature") else np.int8 if name.endswith("weights") else np.int32

        return {name: value.numpy().astype(kind(name)) for name, value in self.scaled(is_quantised=True).items()}


def logits(
    weights: dict[str, torch.Tensor],
    offsets: torch.Tensor,
    features: torch.Tensor,
    bucket_rows: list[int],
    *,
    is_quantised: bool,
    workspace: Workspace,
) -> torch.Tensor:
    """The logits of a batch. With quantised weights and `is_quantised` they are those of the engine.

    Args:
        weights: As `NnueModel.scaled` makes them.
        offsets: int32[B * n + 1]: the features of row b seen from seat p are
            `features[offsets[b * n + p]:offsets[b * n + p + 1]]`.
        features: Active features.
        bucket_rows: Rows of each bucket; the batch is sorted by bucket.
        is_quantised: Rounds activations down.
        workspace: Memory that is in use until gradients are computed.

    Returns:
        float32[B, n]: logits by seat; their softmax is the win share.
    """
    layer = (weights["feature_weights"], weights["feature_biases"])
    products = PairedSums.apply(*layer, offsets, features, is_quantised, workspace)
    return head(weights, products, bucket_rows, is_quantised=is_quantised)


def head(
    weights: dict[str, torch.Tensor], products: torch.Tensor, bucket_rows: list[int], *, is_quantised: bool
) -> torch.Tensor:
    """The layers after the first.

    Args:
        weights: As for `logits`, of the type of `products`.
        products: float[B * n, H / 2] from 0 to 127.
        bucket_rows: Rows of each bucket; the batch is sorted by bucket.
        is_quantised: Rounds activations down.

    Returns:
        float[B, n]: logits by seat.
    """
    players = weights["l1_weights"].shape[2] // products.shape[1]
    # Seat s reads the products of the perspectives s, s + 1, ...: one block of columns each. All blocks are applied to
    # all perspectives at once, and what belongs together is added up afterwards.
    blocks = weights["l1_weights"].view(BUCKETS, HIDDEN_1, players, -1).transpose(1, 2).flatten(1, 2)
    outputs = []
    for bucket, part in enumerate(products.split([rows * players for rows in bucket_rows])):
        if not len(part):
            continue
        partial = (part @ blocks[bucket].T).view(-1, players, players, HIDDEN_1)
        sums = partial[:, :, 0] + weights["l1_biases"][bucket]
        for turn in range(1, players):
            sums = sums + partial[:, :, turn].roll(-turn, dims=1)
        hidden = _Activation.apply(sums.flatten(0, 1), is_quantised)
        sums = torch.addmm(weights["l2_biases"][bucket], hidden, weights["l2_weights"][bucket].T)
        hidden = _Activation.apply(sums, is_quantised)
        outputs.append(
            torch.addmv(weights["out_biases"][bucket].expand(len(hidden)), hidden, weights["out_weights"][bucket])
        )
    return torch.cat(outputs).view(-1, players) / SUM_ONE
