"""`python -m ringrift_core.merge`: merging replay databases with the command line of upstream's script."""

import sys

from ringrift_core._cli import run_as_script


def main(argv: list[str] | None = None) -> int:
    """Runs `rrpipe merge`.

    Args:
        argv: The flags; those of this process by default.

    Returns:
        0 for a merge that finished, 2 for wrong flags, 130 after Ctrl-C, 1 for everything else. The original returns 0
        whatever it met.
    """
    return run_as_script("merge", argv)


if __name__ == "__main__":
    sys.exit(main())
