"""`python -m ringrift_core.merge`: merging replay databases with the command line of upstream's script."""

import sys

from ringrift_core._native import cli_main


def main(argv: list[str] | None = None) -> int:
    """Runs `rrpipe merge`.

    Args:
        argv: The flags; those of this process by default.

    Returns:
        0 for a merge that finished, 2 for wrong flags, 130 after Ctrl-C, 1 for everything else. The original returns 0
        whatever it met.
    """
    try:
        status = cli_main(["rrpipe", "merge", *(sys.argv[1:] if argv is None else argv)])
    except KeyboardInterrupt:
        # Pressed before the merge looked for it.
        return 130
    return status if status in (0, 2, 130) else 1


if __name__ == "__main__":
    sys.exit(main())
