"""RingRift for Python: the rules engine, positions and moves as values, and the `rrpipe` command.

Importing this package needs nothing but NumPy and the standard library.
"""

from ringrift_core._native import IllegalMoveError, RecordError, RingRiftError, SetupError, __version__

__all__ = [
    "IllegalMoveError",
    "RecordError",
    "RingRiftError",
    "SetupError",
    "__version__",
]
