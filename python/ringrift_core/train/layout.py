"""Sizes of a network, and which of its features exclude each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch

BUCKETS = 4
"""Output buckets: quarters of the rings in hand."""
HIDDEN_1 = 16
HIDDEN_2 = 32

CELLS = {"square8": 64, "square19": 361, "hex8": 61, "hexagonal": 469}
"""Cells of the boards."""
CAPS = 15
"""Classes of a controlled stack by cap height and rings under the cap."""
BURIED = 2
"""Classes of the number of buried rings of one colour."""
SEAT_GLOBALS = (16, 16, 16, 7, 2)
"""Classes of what each seat has: hand, eliminated, territory, stacks, rounds alone; the last may be absent."""


@dataclass(frozen=True)
class FeatureLayout:
    """The features of a board and a number of players, as documented in `docs/nnue.md`."""

    board: str
    """Board name."""
    players: int
    """Number of players n, 2 to 4."""
    length: int
    """Number of features F."""

    @cached_property
    def cells(self) -> int:
        """Cells of the board."""
        return CELLS[self.board]

    @cached_property
    def cell_features(self) -> int:
        """Features of a cell."""
        under = self.players if self.players > 2 else 0
        return self.players * (2 + CAPS + BURIED) + under + 2

    @cached_property
    def phases(self) -> int:
        """Phases of a turn."""
        rest = self.length - self.cells * self.cell_features - self.players * sum(SEAT_GLOBALS) - 1
        if rest <= 0 or rest % self.players:
            raise ValueError(f"{self.length} features do not fit {self.board} with {self.players} players")
        return rest // self.players

    @cached_property
    def terms(self) -> int:
        """Most terms of a sum: the bias, and the features that can be active together."""
        under = 1 if self.players > 2 else 0
        return 1 + self.cells * (1 + self.players + under + 2) + self.players * len(SEAT_GLOBALS) + 2

    def sum_bound(self, weights: torch.Tensor, biases: torch.Tensor) -> torch.Tensor:
        """An upper bound of the absolute value of every entry of the accumulator.

        Args:
            weights: float32[F, H]: absolute values.
            biases: float32[H]: absolute values.

        Returns:
            float32[H].
        """
        players, width = self.players, weights.shape[1]
        at = self.cells * self.cell_features
        by_cell = weights[:at].view(self.cells, self.cell_features, width)
        sizes = [2 * players, CAPS * players, BURIED * players, self.cell_features - players * (2 + CAPS + BURIED) - 2, 2]
        flat, caps, buried, under, flags = by_cell.split(sizes, dim=1)
        stack = caps.amax(dim=1) + buried.reshape(self.cells, players, BURIED, width).amax(dim=2).sum(dim=1)
        stack = stack + flags.sum(dim=1)
        if sizes[3]:
            stack = stack + under.amax(dim=1)
        bound = biases + torch.maximum(flat.amax(dim=1), stack).sum(dim=0)
        for classes in SEAT_GLOBALS:
            part = weights[at : at + players * classes].view(players, classes, width)
            bound = bound + part.amax(dim=1).sum(dim=0)
            at += players * classes
        return bound + weights[at : at + players * self.phases].amax(dim=0) + weights[-1]
