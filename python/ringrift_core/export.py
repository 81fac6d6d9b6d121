"""`python -m ringrift_core.export`: data sets with the command line of upstream's export script."""

import sys

from ringrift_core._native import cli_main


def main(argv: list[str] | None = None) -> int:
    """Runs `rrpipe export`.

    Args:
        argv: The flags; those of this process by default.

    Returns:
        0 if the file was written, 2 for wrong flags, 130 after Ctrl-C, 1 for everything else.
    """
    try:
        status = cli_main(["rrpipe", "export", *(sys.argv[1:] if argv is None else argv)])
    except KeyboardInterrupt:
        # Pressed before the export looked for it.
        return 130
    return status if status in (0, 2, 130) else 1


if __name__ == "__main__":
    sys.exit(main())
