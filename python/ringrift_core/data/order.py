"""Orders of rows from counters: any place of any epoch's order can be told without the places before it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ROUNDS = 6
"""Of the Feistel network; four already make a pseudorandom permutation (Luby and Rackoff 1988)."""

_GOLDEN = 0x9E3779B97F4A7C15
_WORD = (1 << 64) - 1


def mix(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014), element by element: uint64[...]."""
    with np.errstate(over="ignore"):
        words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: NDArray[np.uint64] = words ^ (words >> np.uint64(31))
    return mixed


def key(*numbers: int) -> int:
    """A 64-bit key of some numbers, which depends on each of them and on their order."""
    state = 0
    for number in numbers:
        state = (state + _GOLDEN + (number & _WORD)) & _WORD
        state = int(mix(np.array([state], np.uint64))[0])
    return state


class Order:
    """A permutation of `range(length)` that takes no memory: a Feistel network, walked until it is in range.

    >>> import numpy as np
    >>> sorted(Order(5, seed=1, epoch=0)(np.arange(5)).tolist())
    [0, 1, 2, 3, 4]
    """

    def __init__(self, length: int, *, seed: int, epoch: int) -> None:
        """Makes the order of an epoch.

        Args:
            length: Number of rows.
            seed: Seed of the orders.
            epoch: Number of the epoch, from 0.
        """
        self._length = length
        self._half = np.uint64(max(1, ((max(length, 2) - 1).bit_length() + 1) // 2))
        self._mask = np.uint64((1 << int(self._half)) - 1)
        self._keys = [np.uint64(key(seed, epoch, index)) for index in range(ROUNDS)]

    def __call__(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows at some places.

        Args:
            places: int64[B], each in `range(length)`.

        Returns:
            int64[B]: the row at each.
        """
        rows = self._step(places.astype(np.uint64))
        while len(outside := np.flatnonzero(rows >= self._length)):
            rows[outside] = self._step(rows[outside])
        return rows.astype(np.int64)

    def _step(self, values: NDArray[np.uint64]) -> NDArray[np.uint64]:
        left, right = values >> self._half, values & self._mask
        for round_key in self._keys:
            left, right = right, left ^ (mix(right ^ round_key) & self._mask)
        joined: NDArray[np.uint64] = (left << self._half) | right
        return joined


def draw(rows: NDArray[np.int64], *, below: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """A number for each row, which depends on seed, epoch and row alone.

    Args:
        rows: int64[B]: numbers of rows.
        below: How many numbers there are.
        seed: Seed of the draws.
        epoch: Number of the epoch, from 0.

    Returns:
        int64[B], each in `range(below)`.
    """
    words = mix(mix(rows.astype(np.uint64) ^ np.uint64(key(seed, epoch, ROUNDS))))
    drawn: NDArray[np.int64] = (words % np.uint64(below)).astype(np.int64)
    return drawn
