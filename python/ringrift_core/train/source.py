"""Samples for training: which rows in which order, and as tensors."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ringrift_core import Encoder
from ringrift_core._native import NnueSamples
from ringrift_core.data.order import Order, draw
from ringrift_core.train.config import NnueConfig
from ringrift_core.train.layout import BUCKETS, FeatureLayout

CHOICE_EPOCH = 1 << 32
"""Beyond all epochs: which rows are taken does not depend on their order in an epoch."""


class Samples:
    """Positions of recorded games, to be trained with. N rows, n players."""

    def __init__(self, native: NnueSamples) -> None:
        """Takes the samples of databases.

        Args:
            native: The samples.
        """
        self.native = native
        self.layout = FeatureLayout(native.board, native.players, native.feature_count)
        """The features."""
        self.symmetries = Encoder("rr1", native.board, native.players).symmetries
        """Symmetries of the board; number 0 changes nothing."""
        self.buckets = native.buckets()
        """uint8[N]: the output bucket of each row."""

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.native)

    def digest(self) -> str:
        """A hash of what the rows are and what is to be learnt from them, in hexadecimal."""
        state = hashlib.sha256(str(self.native.feature_hash).encode())
        for name in self.native.game_ids():
            state.update(name.encode() + b"\n")
        state.update(self.native.games().tobytes())
        state.update(self.native.plies().tobytes())
        state.update(self.native.targets(np.arange(len(self)), 0.5).tobytes())
        return state.hexdigest()

    def split(self, config: NnueConfig) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Divides rows by game, in the way of `rrpipe export --split`: games that are added later change no part.

        Args:
            config: The share of the games for validation, and which rows are taken.

        Returns:
            Rows to train with and rows to validate with: int64[...].
        """
        if config.val_split == 0:
            training, validation = np.arange(len(self)), np.empty(0, np.int64)
        else:
            training, validation, _ = self.native.split(f"{1 - config.val_split!r},{config.val_split!r},0")
        if config.searched_only:
            has_search = self.native.has_search()
            training, validation = training[has_search[training]], validation[has_search[validation]]
        if config.max_samples is not None and config.max_samples < len(self):
            is_taken = np.zeros(len(self), np.bool_)
            order = Order(len(self), seed=config.seed, epoch=CHOICE_EPOCH)
            is_taken[order(np.arange(config.max_samples))] = True
            training, validation = training[is_taken[training]], validation[is_taken[validation]]
        return training, validation


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

    def __init__(self, samples: Samples, *, value_lambda: float, augment_seed: int | None, epoch: int = 0) -> None:
        """Says how.

        Args:
            samples: The samples.
            value_lambda: Weight of results in targets.
            augment_seed: Seed of the symmetries by which rows are turned; None to leave them as they are.
            epoch: Epoch for which they are drawn.
        """
        self._samples, self._lambda, self._seed, self._epoch = samples, value_lambda, augment_seed, epoch

    def sort(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same rows sorted by bucket; those of one bucket stay in their order."""
        return rows[np.argsort(self._samples.buckets[rows], kind="stable")]

    def __call__(self, rows: NDArray[np.int64]) -> Piece:
        """Loads rows that are sorted by bucket."""
        symmetries = None
        if self._seed is not None and self._samples.symmetries > 1:
            drawn = draw(rows, below=self._samples.symmetries, seed=self._seed, epoch=self._epoch)
            symmetries = drawn.astype(np.uint8)
        offsets, features, buckets, targets = self._samples.native.batch(rows, symmetries, self._lambda, threads=1)
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
