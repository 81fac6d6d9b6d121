"""Shapes of the results of batch functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    # Loaded by the first call that makes an array, so that importing the package stays quick.
    import numpy as np
    import numpy.typing as npt


class PlayoutBatch(TypedDict):
    """Results of random games, by game."""

    plies: npt.NDArray[np.int32]
    """int32[games]: moves made, bookkeeping moves included."""
    winners: npt.NDArray[np.int8]
    """int8[games]: seat that won, -1 if the move limit stopped the game."""
    returns: npt.NDArray[np.float32]
    """float32[games, players] in [-1, 1]: see `Position.returns`."""
    keys: npt.NDArray[np.uint64]
    """uint64[games]: `Position.key` of the final positions."""
