"""The console script `rrpipe`."""

import sys

from ringrift_core._native import cli_main


def main() -> int:
    """Runs the command line of this process.

    Returns:
        The exit status; the codes are listed by `rrpipe --help`.
    """
    try:
        return cli_main(["rrpipe", *sys.argv[1:]])
    except KeyboardInterrupt:
        # Pressed during a command too short to look for it.
        return 130
