"""Losses and gradients of batches on several threads, with the same bits for any number of them.

A batch is divided into pieces of a size that depends on the batch alone. Each piece is built, evaluated and
differentiated by one thread, and the gradients are added up in the order of the pieces.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from ringrift_core.train.model import logits
from ringrift_core.train.source import Piece
from ringrift_core.train.sparse import Workspace

PIECE_ROWS_MAX = 2048
"""Accumulators of so many rows stay near a core; the gradients of all pieces are dense, so more pieces cost more."""
PIECE_ROWS_MIN = 256


def piece_rows(batch_size: int) -> int:
    """Rows of a piece of a batch: half of it, within limits."""
    return min(max(-(-batch_size // 2), PIECE_ROWS_MIN), PIECE_ROWS_MAX)


def cross_entropy(values: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The sum over rows of the cross entropy of the softmax of `values` float32[B, n] with `targets` float32[B, n]."""
    return -(functional.log_softmax(values, dim=1) * targets).sum()


class Workers:
    """Threads that build pieces of batches and differentiate them."""

    def __init__(self, threads: int) -> None:
        """Starts them.

        Args:
            threads: How many.
        """
        self._torch_threads = torch.get_num_threads()
        # Torch's own threads would wait for each other after each of thousands of small operations.
        torch.set_num_threads(1)
        self._own = threading.local()
        self._pool = ThreadPoolExecutor(threads, "nnue", lambda: torch.set_num_threads(1))

    def build(self, load: Callable[[NDArray[np.int64]], Piece], rows: NDArray[np.int64]) -> list[Future[Piece]]:
        """Begins to build the pieces of a batch.

        Args:
            load: Makes a piece of rows.
            rows: int64[B]: the rows of the batch, sorted by bucket.
        """
        size = piece_rows(len(rows))
        return [self._pool.submit(load, rows[start : start + size]) for start in range(0, len(rows), size)]

    def differentiate(
        self, weights: dict[str, torch.Tensor], pieces: list[Future[Piece]], *, is_quantised: bool
    ) -> Iterator[tuple[int, float, list[torch.Tensor]]]:
        """Rows, losses as sums over rows, and gradients by `weights` of the pieces, in their order."""

        def work(future: Future[Piece]) -> tuple[int, float, list[torch.Tensor]]:
            piece = future.result()
            leaves = {name: value.detach().requires_grad_() for name, value in weights.items()}
            with torch.enable_grad():
                values = self._logits(leaves, piece, is_quantised=is_quantised)
                loss = cross_entropy(values, piece.targets)
            return len(piece.rows), loss.item(), list(torch.autograd.grad(loss, list(leaves.values())))

        futures = [self._pool.submit(work, piece) for piece in pieces]
        return (future.result() for future in futures)

    def evaluate(
        self, weights: dict[str, torch.Tensor], pieces: list[Future[Piece]]
    ) -> Iterator[tuple[Piece, torch.Tensor]]:
        """Pieces with their logits float32[B, n], as the engine has them."""

        def work(future: Future[Piece]) -> tuple[Piece, torch.Tensor]:
            piece = future.result()
            with torch.no_grad():
                return piece, self._logits(weights, piece, is_quantised=True)

        futures = [self._pool.submit(work, piece) for piece in pieces]
        return (future.result() for future in futures)

    def _logits(self, weights: dict[str, torch.Tensor], piece: Piece, *, is_quantised: bool) -> torch.Tensor:
        if not hasattr(self._own, "workspace"):
            self._own.workspace = Workspace()
        return logits(
            weights,
            piece.offsets,
            piece.features,
            piece.bucket_rows,
            is_quantised=is_quantised,
            workspace=self._own.workspace,
        )

    def __enter__(self) -> Workers:
        """These threads, ended with the block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Ends them."""
        self._pool.shutdown(cancel_futures=True)
        torch.set_num_threads(self._torch_threads)
