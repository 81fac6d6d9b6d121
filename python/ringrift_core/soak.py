"""`python -m ringrift_core.soak`: self-play with the command line and the exit status of upstream's soak script."""

import sys

from ringrift_core._cli import run_as_script


def main(argv: list[str] | None = None) -> int:
    """Runs `rrpipe selfplay`.

    Args:
        argv: The flags; those of this process by default.

    Returns:
        0 for a run that finished, 2 for wrong flags, 130 after Ctrl-C, 1 for everything else.
    """
    return run_as_script("selfplay", argv)


if __name__ == "__main__":
    sys.exit(main())
