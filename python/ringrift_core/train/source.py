"""Samples for training: which rows in which order, and as tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from ringrift_core.data.order import Order, draw, key, mix
from ringrift_core.train.layout import BUCKETS, FeatureLayout

SPLIT_EPOCH = 1 << 32
"""Beyond all epochs: the split must not depend on what epochs draw."""


class SampleSource(Protocol):
    """Positions of stored games, as `NnueSamples` has them. N rows, n players."""

    @property
    def layout(self) -> FeatureLayout:
        """The features."""

    @property
    def games(self) -> NDArray[np.uint32]:
        """uint32[N]: the game of each row."""

    @property
    def buckets(self) -> NDArray[np.uint8]:
        """uint8[N]: the output bucket of each row."""

    @property
    def digest(self) -> str:
        """A hash of all rows."""

    @property
    def symmetries(self) -> int:
        """Symmetries of the board; number 0 changes nothing."""

    def __len__(self) -> int:
        """Number of rows."""

    def batch(
        self, rows: NDArray[np.int64], symmetries: NDArray[np.uint8] | None, value_lambda: float
    ) -> tuple[NDArray[np.int32], NDArray[np.uint16], NDArray[np.uint8], NDArray[np.float32]]:
        """Rows as sparse features.

        Args:
            rows: int64[B].
            symmetries: uint8[B], or None to leave all as they are.
            value_lambda: Weight in [0, 1] of the game's result; the rest is that of the search's values.

        Returns:
            offsets int32[B * n + 1], features, buckets uint8[B], targets float32[B, n].
        """


@dataclass(frozen=True)
class Piece:
    """Rows of a batch as tensors, sorted by bucket. B rows, n players."""

    rows: NDArray[np.int64]
    """int64[B]: which rows."""
    offsets: torch.Tensor
    """int32[B * n + 1]."""
    features: torch.Tensor
    """Active features."""
    bucket_rows: list[int]
    """Rows of each bucket."""
    targets: torch.Tensor
    """float32[B, n]: win shares by seat."""


class Loader:
    """Loads rows, some of them turned."""

    def __init__(self, source: SampleSource, *, value_lambda: float, augment_seed: int | None, epoch: int = 0) -> None:
        """Says how.

        Args:
            source: The samples.
            value_lambda: Weight of results in targets.
            augment_seed: Seed of the symmetries by which rows are turned; None to leave them as they are.
            epoch: Epoch for which they are drawn.
        """
        self._source, self._lambda, self._seed, self._epoch = source, value_lambda, augment_seed, epoch

    def sort(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same rows sorted by bucket; those of one bucket stay in their order."""
        return rows[np.argsort(self._source.buckets[rows], kind="stable")]

    def __call__(self, rows: NDArray[np.int64]) -> Piece:
        """Loads rows that are sorted by bucket."""
        symmetries = None
        if self._seed is not None and self._source.symmetries > 1:
            drawn = draw(rows, below=self._source.symmetries, seed=self._seed, epoch=self._epoch)
            symmetries = drawn.astype(np.uint8)
        offsets, features, buckets, targets = self._source.batch(rows, symmetries, self._lambda)
        return Piece(
            rows=rows,
            offsets=torch.from_numpy(offsets),
            features=torch.from_numpy(features),
            bucket_rows=np.bincount(buckets, minlength=BUCKETS).tolist(),
            targets=torch.from_numpy(targets),
        )


class Batches:
    """The batches of an epoch, in an order that depends on seed and epoch alone."""

    def __init__(self, rows: NDArray[np.int64], *, batch_size: int, seed: int, epoch: int) -> None:
        """Says which.

        Args:
            rows: Rows to draw from.
            batch_size: Rows of a batch; the last one of the epoch may have fewer.
            seed: Seed of the order.
            epoch: Number of the epoch, from 0.
        """
        self._rows, self._size = rows, batch_size
        self._order = Order(len(rows), seed=seed, epoch=epoch)

    def __len__(self) -> int:
        """Batches of an epoch."""
        return -(-len(self._rows) // self._size)

    def __getitem__(self, step: int) -> NDArray[np.int64]:
        """The rows of a batch: int64[B]."""
        start = step * self._size
        return self._rows[self._order(np.arange(start, min(start + self._size, len(self._rows))))]


def split_rows(
    games: NDArray[np.uint32], val_split: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Divides rows by game: each game is drawn by its number, and all its rows go to one side.

    Args:
        games: uint32[N]: the game of each row.
        val_split: Share of the games for validation, in [0, 1). At least one game, if above 0.
        seed: Seed of the draw.

    Returns:
        Rows to train with and rows to validate with, both ascending.
    """
    numbers = np.unique(games)
    drawn = mix(numbers.astype(np.uint64) ^ np.uint64(key(seed, SPLIT_EPOCH)))
    count = min(max(1, round(val_split * len(numbers))), len(numbers) - 1) if val_split > 0 else 0
    chosen = numbers[np.argsort(drawn, kind="stable")[: max(count, 0)]]
    is_validation = np.isin(games, chosen)
    return np.flatnonzero(~is_validation), np.flatnonzero(is_validation)
