"""Training data of `rrpipe export` in Python: reading shards, batches for torch, data cards. See `docs/data.md`.

Reading needs NumPy. `ShardDataset` and `unpack_tensor` need torch (extra `train`), figures of data cards matplotlib
(extra `plots`); both are imported when they are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ringrift_core.data.card import FINDINGS, DataCard, Finding, data_card
from ringrift_core.data.errors import ShardError
from ringrift_core.data.shard import Rows, Shard, unpack

if TYPE_CHECKING:
    from ringrift_core.data.dataset import ShardDataset, unpack_tensor

__all__ = [
    "FINDINGS",
    "DataCard",
    "Finding",
    "Rows",
    "Shard",
    "ShardDataset",
    "ShardError",
    "data_card",
    "unpack",
    "unpack_tensor",
]

_TORCH = ("ShardDataset", "unpack_tensor")


def __getattr__(name: str) -> Any:  # noqa: ANN401 - what the name stands for
    """Imports what needs torch."""
    if name in _TORCH:
        from ringrift_core.data import dataset

        return getattr(dataset, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
