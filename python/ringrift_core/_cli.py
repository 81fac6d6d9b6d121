"""The console script `rrpipe`, and commands of it that stand in for scripts of upstream."""

import sys

from ringrift_core._native import cli_main


def _run(args: list[str]) -> int:
    try:
        return cli_main(["rrpipe", *args])
    except KeyboardInterrupt:
        # Pressed before the command looked for it, or during one too short to look.
        return 130


def main() -> int:
    """Runs the command line of this process.

    Returns:
        The exit status; the codes are listed by `rrpipe --help`.
    """
    return _run(sys.argv[1:])


def run_as_script(command: str, argv: list[str] | None) -> int:
    """Runs a command in place of a script of upstream, whose callers know few exit statuses.

    Args:
        command: The command of `rrpipe`.
        argv: Its flags; None for those of this process.

    Returns:
        0 if it did its work, 2 for wrong flags, 130 after Ctrl-C, 1 for everything else.
    """
    status = _run([command, *(sys.argv[1:] if argv is None else argv)])
    return status if status in (0, 2, 130) else 1
