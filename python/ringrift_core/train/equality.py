"""The proof that a file is the network that was trained: equal logits in torch and in the engine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ringrift_core._native import NnueNetwork
from ringrift_core.train.errors import TrainError
from ringrift_core.train.gradients import Workers
from ringrift_core.train.model import SUM_ONE, NnueModel
from ringrift_core.train.source import Loader, Samples

POSITIONS = 4096
"""Positions that are compared at most."""


def check_network(
    model: NnueModel, samples: Samples, rows: NDArray[np.int64], network: NnueNetwork, workers: Workers
) -> int:
    """Compares logits, which both have as integers over 8128: they must be equal.

    Args:
        model: The network in torch.
        samples: The samples.
        rows: Rows to choose from, evenly.
        network: The network as the engine reads it from its file.
        workers: Threads.

    Returns:
        Number of positions compared.

    Raises:
        TrainError: A logit differs.
    """
    chosen = rows[:: max(1, len(rows) // POSITIONS)][:POSITIONS]
    load = Loader(samples, value_lambda=1.0, augment_seed=None)
    weights = model.scaled(is_quantised=True)
    for piece, values in workers.evaluate(weights, workers.build(load, load.sort(chosen))):
        offsets, features, buckets, _ = samples.native.batch(piece.rows, None, 1.0)
        theirs = np.rint(network.evaluate_features(offsets, features, buckets) * SUM_ONE)
        ours = np.rint(values.numpy() * SUM_ONE)
        differ = np.argwhere(ours != theirs)
        if len(differ):
            row, seat = differ[0]
            raise TrainError(
                f"the file and torch differ in {len(differ)} of {ours.size} logits, first for seat {seat} in row "
                f"{piece.rows[row]}: {int(theirs[row, seat])} and {int(ours[row, seat])} of {SUM_ONE}\n"
                "hint: this is a bug; the checkpoint is kept, and no network was put in place"
            )
    return len(chosen)
