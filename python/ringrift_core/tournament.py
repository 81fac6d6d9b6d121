"""`python -m ringrift_core.tournament`: tournaments with the command line of upstream's script, and of the plan."""

import sys

from ringrift_core._cli import run_as_script


def main(argv: list[str] | None = None) -> int:
    """Runs `rrpipe tournament`.

    Args:
        argv: The flags; those of this process by default.

    Returns:
        0 if all games were played and rated, 2 for wrong flags, 130 after Ctrl-C, 1 for everything else.
    """
    return run_as_script("tournament", argv)


if __name__ == "__main__":
    sys.exit(main())
