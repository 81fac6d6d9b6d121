"""`python -m ringrift_core.train`: what `rrpipe train` runs."""

from __future__ import annotations

import sys

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


if __name__ == "__main__":
    sys.exit(main())
