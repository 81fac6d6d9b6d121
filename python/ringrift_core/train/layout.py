"""Sizes of a network, and which of its features exclude each other. The features are those of `ringrift-nnue`."""

from __future__ import annotations

from dataclasses import dataclass

import torch

BUCKETS = 4
"""Output buckets: quarters of the rings in hand."""
HIDDEN_1 = 16
HIDDEN_2 = 32

CELLS = {"square8": 64, "square19": 361, "hex8": 61, "hexagonal": 469}
"""Cells of the boards."""
CAPS = 5
"""Classes of cap heights."""
UNDER = 3
"""Classes of the number of rings under the cap: 0, 1, more."""
BURIED = 2
"""Classes of the number of rings of a colour among them: 1, more."""
SEAT_GLOBALS = (16, 16, 16, 7)
"""Classes of what each seat has: rings in hand, eliminated, territory, stacks."""
STREAKS = 2
"""Classes of rounds that the only player with moves has had; at most one seat has any."""


@dataclass(frozen=True)
class FeatureLayout:
    """The features of a board and a number of players, as documented in `docs/nnue.md`."""

    board: str
    """Board name."""
    players: int
    """Number of players n, 2 to 4."""
    length: int
    """Number of features F."""

    def __post_init__(self) -> None:
        """Checks that they fit together."""
        turns = self.length - self._globals_at() - self.players * (sum(SEAT_GLOBALS) + STREAKS) - 1
        if turns <= 0 or turns % self.players:
            raise ValueError(f"{self.length} features are not those of {self.board} with {self.players} players")

    def _globals_at(self) -> int:
        return CELLS[self.board] * self._per_cell()

    def _per_cell(self) -> int:
        return self.players * (2 + CAPS * UNDER + BURIED) + self._next() + 2

    def _next(self) -> int:
        return self.players if self.players > 2 else 0

    @property
    def terms(self) -> int:
        """Most terms of a sum: the bias, and the features that can be active together."""
        per_cell = 1 + self.players + min(self._next(), 1)
        return 1 + CELLS[self.board] * per_cell + 2 + self.players * len(SEAT_GLOBALS) + 3

    def reach(self, weights: torch.Tensor, biases: torch.Tensor) -> torch.Tensor:
        """The largest absolute value that any position could give to each entry of the accumulator.

        The same bound as that of `ringrift-nnue`: of each cell the content that counts most, of each group of classes
        the class that does.

        Args:
            weights: float32[F, H].
            biases: float32[H].

        Returns:
            float32[H].
        """
        return torch.maximum(self._high(weights, biases), self._high(-weights, -biases))

    def _high(self, weights: torch.Tensor, biases: torch.Tensor) -> torch.Tensor:
        n, width, cells = self.players, weights.shape[1], CELLS[self.board]
        by_cell = weights[: self._globals_at()].view(cells, self._per_cell(), width)
        flat, stack, buried, following, flags = by_cell.split(
            [2 * n, n * CAPS * UNDER, n * BURIED, self._next(), 2], dim=1
        )
        stacks = stack.reshape(cells, n * CAPS, UNDER, width).amax(dim=1)
        levels = buried.reshape(cells, n, BURIED, width)
        follows = following.amax(dim=1) if self._next() else torch.zeros(())
        one = stacks[:, 1] + levels[:, :, 0].amax(dim=1) + follows
        more = stacks[:, 2] + levels.amax(dim=2).clamp_(min=0).sum(dim=1) + follows
        cell = torch.maximum(flat.amax(dim=1), stacks[:, 0]).maximum(one).maximum(more).clamp_(min=0)
        total = biases + cell.sum(dim=0) + flags.amax(dim=0).clamp_(min=0).sum(dim=0)
        at = self._globals_at()
        for classes in SEAT_GLOBALS:
            part = weights[at : at + n * classes].view(n, classes, width)
            total = total + part.amax(dim=1).sum(dim=0)
            at += n * classes
        streaks, turns, due = weights[at : at + STREAKS * n], weights[at + STREAKS * n : -1], weights[-1]
        return total + streaks.amax(dim=0).clamp_(min=0) + turns.amax(dim=0) + due.clamp(min=0)
