"""What a network is worth on games that it was not trained with."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ringrift_core.train.gradients import Workers, cross_entropy
from ringrift_core.train.model import NnueModel
from ringrift_core.train.source import Loader, Samples

ROWS = 1 << 14
"""Rows in memory at once."""


class Validator:
    """Measures networks on fixed rows."""

    def __init__(self, samples: Samples, rows: NDArray[np.int64], value_lambda: float) -> None:
        """Keeps what to measure with.

        Args:
            samples: The samples.
            rows: Rows to measure with.
            value_lambda: Weight of results in the targets of the loss.
        """
        self._load = Loader(samples, value_lambda=value_lambda, augment_seed=None)
        self._rows = self._load.sort(rows)
        self._native = samples.native
        self._has_search = samples.native.has_search()[self._rows]

    def measure(self, model: NnueModel, workers: Workers) -> dict[str, float]:
        """Measures a network as the engine will have it, with rounding.

        Args:
            model: The network.
            workers: Threads.

        Returns:
            `val_loss`: cross entropy; `val_entropy`: that of the targets, below which no loss can be; `val_accuracy`:
            share of rows whose winner has the highest logit, rows of shared wins left out; `val_correlation`: with the
            win shares of searches, where there were any.
        """
        loss = entropy = 0.0
        shares = []
        weights = model.scaled(is_quantised=True)
        for start in range(0, len(self._rows), ROWS):
            pieces = workers.build(self._load, self._rows[start : start + ROWS])
            for piece, values in workers.evaluate(weights, pieces):
                loss += float(cross_entropy(values, piece.targets))
                entropy += float(torch.special.entr(piece.targets).sum())
                shares.append(torch.softmax(values, dim=1).numpy())
        ours = np.concatenate(shares)
        results, searches = self._native.targets(self._rows, 1.0), self._native.targets(self._rows, 0.0)
        has_winner = (results == results.max(axis=1, keepdims=True)).sum(axis=1) == 1
        hits = (ours.argmax(axis=1) == results.argmax(axis=1))[has_winner]
        count = len(self._rows)
        return {
            "val_loss": loss / count,
            "val_entropy": entropy / count,
            "val_accuracy": float(hits.mean()) if len(hits) else 0.0,
            "val_correlation": _correlation(ours[self._has_search], searches[self._has_search]),
        }


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Pearson's correlation of all numbers; 0 if one of them is constant."""
    a, b = one.reshape(-1).astype(np.float64), other.reshape(-1).astype(np.float64)
    if not len(a):
        return 0.0
    a, b = a - a.mean(), b - b.mean()
    scale = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / scale) if scale > 0 else 0.0
