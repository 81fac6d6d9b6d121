"""Training of networks; needs torch (extra `train`), which is imported when it is used. See `docs/nnue-training.md`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ringrift_core.train.config import NnueConfig
from ringrift_core.train.errors import TrainError, TrainUnavailableError, TrainUsageError

if TYPE_CHECKING:
    from ringrift_core.train.nnue import NnueSummary, train_nnue

__all__ = ["NnueConfig", "NnueSummary", "TrainError", "TrainUnavailableError", "TrainUsageError", "train_nnue"]

_TORCH = ("NnueSummary", "train_nnue")


def __getattr__(name: str) -> Any:  # noqa: ANN401 - what the name stands for
    """Imports what needs torch."""
    if name in _TORCH:
        from ringrift_core.train import nnue

        return getattr(nnue, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
