"""RingRift for Python: the rules engine, positions and moves as values, and the `rrpipe` command.

Importing this package needs nothing but NumPy and the standard library.

    >>> from ringrift_core import Position
    >>> position = Position("hex8", 2)
    >>> len(position.legal_moves())
    183
    >>> position.make_move("P0,0,0x2").phase
    'movement'
"""

import os

from ringrift_core._native import (
    Encoder,
    IllegalMoveError,
    Move,
    MoveSequence,
    NetworkFormatError,
    NnueNetwork,
    Position,
    RecordError,
    RingRiftError,
    SearchLine,
    SearchResult,
    SetupError,
    UpstreamNnue,
    __version__,
    cell_coordinates,
    random_playouts,
    read_game,
    read_state_json,
    set_shipped_models,
)
from ringrift_core.batch import PlayoutBatch
from ringrift_core.engines import Engine
from ringrift_core.runs import SelfplayProgress, SelfplaySummary, selfplay, selfplay_async

set_shipped_models(os.path.join(os.path.dirname(__file__), "models"))

BOARDS = ("square8", "square19", "hex8", "hexagonal")
"""Names of the boards."""

__all__ = [
    "BOARDS",
    "Encoder",
    "Engine",
    "IllegalMoveError",
    "Move",
    "MoveSequence",
    "NetworkFormatError",
    "NnueNetwork",
    "PlayoutBatch",
    "Position",
    "RecordError",
    "RingRiftError",
    "SearchLine",
    "SearchResult",
    "SelfplayProgress",
    "SelfplaySummary",
    "SetupError",
    "UpstreamNnue",
    "__version__",
    "cell_coordinates",
    "random_playouts",
    "read_game",
    "read_state_json",
    "selfplay",
    "selfplay_async",
]
