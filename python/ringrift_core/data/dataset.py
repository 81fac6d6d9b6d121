"""Training data for torch: batches of rows from several shards, shuffled, resumable, and turned if asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ringrift_core.data.errors import ShardError
from ringrift_core.data.order import Order, draw
from ringrift_core.data.shard import Rows, Shard, unpack, unpack_bits

try:
    import torch
    from torch.utils.data import IterableDataset, get_worker_info
except ImportError as error:
    raise ImportError("ShardDataset needs torch\nhint: pip install 'ringrift-core[train]'") from error

Batch = Mapping[str, Any]
"""A batch by name, as tensors; see `ShardDataset`."""


class ShardDataset(IterableDataset):
    """Batches of rows of one or several shards. Give it to a `DataLoader` with `batch_size=None`, or iterate over it.

    The order is that of a seeded permutation of all rows of all shards. It is the same for any number of workers,
    repeats for the same seed and epoch, and goes on anywhere (`set_epoch`). A batch is a dictionary of tensors, B rows:

    - `planes: float32[B, planes, side, side]`, 0 or 1; with `packed`: `uint8[B, planes, bytes]` (`unpack_tensor`)
    - `globals: float32[B, globals]`
    - `values: float32[B, players] in [-1, 1]`, by seat, counted from the player to move
    - `policy_indices: int64[B, k]` and `policy_values: float32[B, k]`, filled up with zeros; with `policy="dense"`:
      `policy: float32[B, policy_size]`
    - `weights: float32[B]`, if the shards have `sample_weights`
    - `rows: int64[B]`, numbers of the rows, the shards one after the other; `symmetries: int64[B]`
    - `epoch: int64[]`, `position: int64[]`: what `set_epoch` needs to go on after this batch

        >>> dataset = ShardDataset(["a.npz", "b.npz"], batch_size=512, seed=1)  # doctest: +SKIP
        >>> loader = torch.utils.data.DataLoader(dataset, batch_size=None, num_workers=2)  # doctest: +SKIP
    """

    def __init__(
        self,
        shards: Sequence[str | os.PathLike[str] | Shard],
        *,
        batch_size: int = 256,
        seed: int = 0,
        shuffle: bool = True,
        augment: bool = False,
        packed: bool = False,
        policy: Literal["pairs", "dense"] = "pairs",
        drop_last: bool = False,
    ) -> None:
        """Opens the shards.

        Args:
            shards: Files, or shards, of one configuration and layout.
            batch_size: Rows of a batch.
            seed: Seed of order and symmetries.
            shuffle: Mix the rows of all shards; else they come in the order of the files.
            augment: Turn or mirror each row by a symmetry drawn for row and epoch. Rows with a target whose image has
                no index that follows from the row, as the choice of a region, stay as they are.
            packed: Leave planes packed; needs the packed layout.
            policy: Targets as pairs of index and share, or dense.
            drop_last: Leave out a last batch that is not full.

        Raises:
            OSError: A file cannot be read.
            ShardError: A file is not what it should be, or differs from the first in board, players or layout.
            ValueError: No shards or rows, a batch size of 0, an unknown form of policies, or no packed planes.
        """
        super().__init__()
        if not shards:
            raise ValueError("no shards\nhint: pass at least one file")
        if batch_size < 1:
            raise ValueError(f"a batch of {batch_size} rows\nhint: at least 1")
        if policy not in ("pairs", "dense"):
            raise ValueError(f"unknown form of policies {policy!r}\nhint: 'pairs' or 'dense'")
        self.shards = [shard if isinstance(shard, Shard) else Shard(shard) for shard in shards]
        """The shards, in order."""
        first = self.shards[0]
        for shard in self.shards[1:]:
            if shard.configuration != first.configuration:
                raise ShardError(f"{shard.path} is {shard!r}, and {first.path} {first!r}\nhint: export both alike")
        if packed and not first.is_packed:
            raise ValueError(f"{first.path} has no packed planes\nhint: export with --encoder-version rr1")
        self._starts = np.cumsum([0, *(len(shard) for shard in self.shards)])
        self.row_count = int(self._starts[-1])
        """Rows of all shards."""
        if self.row_count == 0:
            raise ValueError("no rows\nhint: the shards are empty")
        self._batch_size, self._seed, self._shuffle = batch_size, seed, shuffle
        self._packed, self._policy, self._drop_last = packed, policy, drop_last
        self._symmetries = None
        if augment:
            from ringrift_core.data.symmetry import Symmetries

            self._symmetries = Symmetries(first)
        # Shared, so that workers that live on see the next epoch.
        self._cursor = torch.zeros(2, dtype=torch.int64).share_memory_()

    @property
    def epoch(self) -> int:
        """The epoch that the next iteration gives."""
        return int(self._cursor[0])

    def set_epoch(self, epoch: int, position: int = 0) -> None:
        """Chooses the epoch that the next iteration gives, and where it begins.

        Args:
            epoch: Number of the epoch, from 0.
            position: Rows of it that an earlier iteration gave, and that are left out: `position` of its last batch.

        Raises:
            ValueError: A negative epoch, or a position that the epoch does not have.
        """
        if epoch < 0 or not 0 <= position <= self.row_count:
            raise ValueError(f"epoch {epoch}, position {position}\nhint: positions are 0 to {self.row_count}")
        self._cursor[0], self._cursor[1] = epoch, position

    def __len__(self) -> int:
        """Batches that the next iteration gives."""
        rows = self.row_count - int(self._cursor[1])
        return rows // self._batch_size if self._drop_last else -(-rows // self._batch_size)

    def __iter__(self) -> Iterator[Batch]:
        """The batches of the epoch; in a worker of a `DataLoader`, its share of them."""
        epoch, position = (int(number) for number in self._cursor)
        order = Order(self.row_count, seed=self._seed, epoch=epoch)
        worker = get_worker_info()
        first, step = (0, 1) if worker is None else (worker.id, worker.num_workers)
        for number in range(first, len(self), step):
            start = position + number * self._batch_size
            stop = min(start + self._batch_size, self.row_count)
            places = np.arange(start, stop)
            batch = self.batch(order(places) if self._shuffle else places, epoch)
            batch["epoch"], batch["position"] = torch.tensor(epoch), torch.tensor(stop)
            yield batch

    def batch(self, rows: NDArray[np.int64], epoch: int = 0) -> dict[str, Any]:
        """Makes a batch of some rows.

        Args:
            rows: int64[B]: numbers of rows, the shards one after the other.
            epoch: The epoch that symmetries are drawn for.

        Returns:
            The batch, without `epoch` and `position`.
        """
        taken, weights = self._gather(rows)
        planes, indices = taken.planes, taken.policy_indices
        symmetries = np.zeros(len(rows), np.int64)
        first = self.shards[0]
        if self._symmetries is not None:
            drawn = draw(rows, below=self._symmetries.count, seed=self._seed, epoch=epoch)
            symmetries = self._symmetries.usable(drawn, indices, taken.policy_values)
            indices = self._symmetries.turn_targets(symmetries, indices, taken.policy_values)
            flat = unpack_bits(planes, first.side) if first.is_packed else planes.reshape(*planes.shape[:2], -1)
            flat = self._symmetries.turn_planes(symmetries, flat)
            if self._packed:
                planes = np.packbits(flat, axis=-1, bitorder="little")
            else:
                planes = flat.reshape(*flat.shape[:2], first.side, first.side).astype(np.float32, copy=False)
        elif first.is_packed and not self._packed:
            planes = unpack(planes, first.side)
        arrays = {"planes": planes, "globals": taken.globals, "values": taken.values, "rows": rows}
        batch = {name: torch.from_numpy(array) for name, array in arrays.items()}
        batch["symmetries"] = torch.from_numpy(symmetries)
        pairs = torch.from_numpy(indices), torch.from_numpy(taken.policy_values)
        if self._policy == "dense":
            # Adding leaves index 0 alone where a row has fewer targets than others.
            batch["policy"] = torch.zeros(len(rows), first.policy_size).scatter_add_(1, *pairs)
        else:
            batch["policy_indices"], batch["policy_values"] = pairs
        if weights is not None:
            batch["weights"] = torch.from_numpy(weights)
        return batch

    def _gather(self, rows: NDArray[np.int64]) -> tuple[Rows, NDArray[np.float32] | None]:
        """Rows of any shards, in the order asked for, and their weights."""
        owner = np.searchsorted(self._starts, rows, side="right") - 1
        used = np.unique(owner)
        parts: list[tuple[NDArray[np.intp], Rows, NDArray[np.float32] | None]] = []
        for number in used:
            shard, chosen = self.shards[number], np.flatnonzero(owner == number)
            local = rows[chosen] - self._starts[number]
            weights = shard["sample_weights"][local] if "sample_weights" in shard else None
            parts.append((chosen, shard.rows(local), weights))
        if len(parts) == 1:
            return parts[0][1], parts[0][2]
        width = max(part.policy_indices.shape[1] for _, part, _ in parts)
        _, sample, sample_weights = parts[0]
        whole = Rows(
            planes=np.empty((len(rows), *sample.planes.shape[1:]), sample.planes.dtype),
            globals=np.empty((len(rows), sample.globals.shape[1]), np.float32),
            values=np.empty((len(rows), sample.values.shape[1]), np.float32),
            policy_indices=np.zeros((len(rows), width), np.int64),
            policy_values=np.zeros((len(rows), width), np.float32),
        )
        together = None if sample_weights is None else np.empty(len(rows), np.float32)
        for chosen, part, weights in parts:
            whole.planes[chosen], whole.globals[chosen], whole.values[chosen] = part.planes, part.globals, part.values
            whole.policy_indices[chosen, : part.policy_indices.shape[1]] = part.policy_indices
            whole.policy_values[chosen, : part.policy_values.shape[1]] = part.policy_values
            if together is not None and weights is not None:
                together[chosen] = weights
        return whole, together


def unpack_tensor(packed: Any, side: int) -> Any:  # noqa: ANN401 - tensors, of a module that may be missing
    """Unpacks planes on the device that they are on.

    Args:
        packed: uint8[..., bytes] tensor: bits of `side * side` cells in little bit order.
        side: Rows and columns of a plane.

    Returns:
        float32[..., side, side] tensor, 0 or 1.
    """
    cells = side * side
    bits = (packed.unsqueeze(-1) >> torch.arange(8, dtype=torch.uint8, device=packed.device)) & 1
    return bits.flatten(-2)[..., :cells].unflatten(-1, (side, side)).to(torch.float32)
