"""Turning and mirroring rows, many at once, by the tables of `Encoder`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringrift_core import Encoder
from ringrift_core.data.errors import ShardError
from ringrift_core.data.shard import Shard


class Symmetries:
    """The symmetries of a shard's board, for its encoder."""

    def __init__(self, shard: Shard) -> None:
        """Makes the tables.

        Args:
            shard: A shard.

        Raises:
            ShardError: The encoder of this build has another layout than the shard.
        """
        encoder = Encoder(
            shard.encoder, shard.board, shard.players, shard.history_length, policy=str(shard["policy_encoding"])
        )
        ours = (encoder.layout_digest, encoder.planes, encoder.policy_size)
        theirs = (shard.layout_digest, shard.plane_count, shard.policy_size)
        if ours != theirs:
            raise ShardError(
                f"{shard.path}: layout digest, planes and policy size are {theirs}, those of this build {ours}\n"
                "hint: export the data again with this version"
            )
        self.count = encoder.symmetries
        """Symmetries of the board; number 0 changes nothing."""
        self._sources = encoder.plane_symmetries().astype(np.int64)
        self._images = encoder.policy_symmetries().astype(np.int64)
        # Whatever an index means, it means the same where nothing is turned.
        self._images[0] = np.arange(encoder.policy_size)

    def usable(
        self, drawn: NDArray[np.int64], indices: NDArray[np.int64], values: NDArray[np.float32]
    ) -> NDArray[np.int64]:
        """Takes back the symmetries of rows that have a target whose image has no index, or none that the row tells.

        Args:
            drawn: int64[B]: a symmetry for each row.
            indices: int64[B, k]: targets.
            values: float32[B, k]: their shares.

        Returns:
            int64[B]: the symmetries; 0 for the rows that have to stay as they are.
        """
        lost = (self._images[drawn[:, None], indices] < 0) & (values > 0)
        return np.where(lost.any(axis=1), 0, drawn)

    def turn_targets(
        self, symmetries: NDArray[np.int64], indices: NDArray[np.int64], values: NDArray[np.float32]
    ) -> NDArray[np.int64]:
        """The indices of targets on the images: int64[B, k], 0 where a row has fewer than k."""
        return np.where(values > 0, self._images[symmetries[:, None], indices], 0)

    def turn_planes(self, symmetries: NDArray[np.int64], planes: NDArray[Any]) -> NDArray[Any]:
        """The planes of the images, as bits or numbers: [B, planes, cells]."""
        # Rows of one symmetry together: one table serves them all.
        turned = np.empty(planes.shape, planes.dtype)
        for symmetry in np.unique(symmetries):
            chosen = np.flatnonzero(symmetries == symmetry)
            sources = self._sources[symmetry]
            image = np.take(planes[chosen], np.maximum(sources, 0), axis=2)
            image[:, :, sources < 0] = 0
            turned[chosen] = image
        return turned
