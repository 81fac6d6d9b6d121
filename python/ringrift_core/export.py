"""`python -m ringrift_core.export`: data sets with the command line of upstream's export script."""

import sys

from ringrift_core._cli import run_as_script


def main(argv: list[str] | None = None) -> int:
    """Runs `rrpipe export`.

    Args:
        argv: The flags; those of this process by default.

    Returns:
        0 if the file was written, 2 for wrong flags, 130 after Ctrl-C, 1 for everything else.
    """
    return run_as_script("export", argv)


if __name__ == "__main__":
    sys.exit(main())
