"""`python -m ringrift_core.data`: data cards on the command line."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from urllib.parse import quote

from ringrift_core._files import write_whole
from ringrift_core.data.card import FINDINGS, data_card
from ringrift_core.data.errors import ShardError

OK = 0
UNEXPECTED = 1
DATA = 4
SYSTEM = 5


def main(argv: list[str] | None = None) -> int:
    """Makes a data card.

    Args:
        argv: The flags; those of this process by default.

    Returns:
        0 if the card was made, 4 for files that are not what they should be and, with `--strict`, for findings, 5 for
        what the system refuses, 1 if matplotlib is missing for a figure.
    """
    args = _parser().parse_args(argv)
    output: Path | None = args.output
    figure: Path | None = args.figure
    try:
        card = data_card(args.files)
        if figure is not None:
            write_whole(figure, card.save_figure)
        start = output.parent if output is not None else Path()
        text = card.to_markdown(None if figure is None else quote(os.path.relpath(figure, start)))
        if output is None:
            sys.stdout.write(text)
        else:
            write_whole(output, lambda path: _write_text(path, text))
    except ShardError as error:
        print(f"error: {error}", file=sys.stderr)
        return DATA
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return SYSTEM
    except ImportError as error:
        print(f"error: {error}", file=sys.stderr)
        return UNEXPECTED
    allowed = set(args.allow)
    findings = [finding for finding in card.findings if finding.code not in allowed]
    for finding in findings:
        print(f"warning: {finding.code}: {finding.text}", file=sys.stderr)
    return DATA if findings and args.strict else OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ringrift_core.data", description="Files of training data.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    codes = "; ".join(f"{code}: {meaning}" for code, meaning in FINDINGS.items()).replace("%", "%%")
    card = commands.add_parser(
        "card",
        help="what is in files, and whether it is fit to train on",
        description="Describes files of one configuration in Markdown, and warns of what makes them unfit to train on.",
        epilog=f"Findings are {codes}.",
    )
    card.add_argument("files", nargs="+", metavar="FILE", type=Path, help="NPZ file of rrpipe export")
    card.add_argument("--output", type=Path, metavar="FILE", help="file for the card [default: standard output]")
    card.add_argument("--figure", type=Path, metavar="FILE", help="draw it too, as .svg or .png; needs matplotlib")
    card.add_argument("--strict", action="store_true", help="end with status 4 if anything is found")
    card.add_argument(
        "--allow",
        action="append",
        default=[],
        choices=list(FINDINGS),
        metavar="CODE",
        help="a finding that is no fault here",
    )
    return parser


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
