"""`python -m ringrift_core.train`: what `rrpipe train` runs."""

from __future__ import annotations

import sys

from ringrift_core._cli import run_as_script
from ringrift_core.train.command import nnue


def main(argv: list[str] | None = None) -> int:
    """Runs a kind of training.

    Args:
        argv: `nnue` and its flags; those of this process by default.

    Returns:
        The exit status; see `nnue`.
    """
    kind, *flags = (sys.argv[1:] if argv is None else argv) or [""]
    if kind != "nnue":
        print(f"error: {kind!r} cannot be trained\n  hint: rrpipe train nnue --help", file=sys.stderr)
        return 2
    return nnue(flags)


def train_nnue(argv: list[str] | None = None) -> int:
    """Runs `rrpipe train nnue` in place of upstream's script, whose callers know few exit statuses.

    Args:
        argv: The flags; those of this process by default.

    Returns:
        0 if it did its work, 2 for wrong flags, 130 after Ctrl-C, 1 for everything else.
    """
    return run_as_script("train", ["nnue", *(sys.argv[1:] if argv is None else argv)])


if __name__ == "__main__":
    sys.exit(main())
