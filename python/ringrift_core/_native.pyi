"""The native half of ringrift_core."""

from collections.abc import Sequence

__all__ = ["IllegalMoveError", "RecordError", "RingRiftError", "SetupError", "__version__", "cli_main"]

__version__: str

class RingRiftError(Exception):
    """Base of all errors of ringrift_core."""

class IllegalMoveError(RingRiftError, ValueError):
    """A move that the rules do not allow in this position."""

class SetupError(RingRiftError, ValueError):
    """A state that breaks the rules. The message lists every violation."""

class RecordError(RingRiftError, ValueError):
    """A game record that is damaged, or that does not follow the rules."""

def cli_main(argv: Sequence[str]) -> int:
    """Run one `rrpipe` command line, `argv[0]` being the program's name, and return its exit status."""
