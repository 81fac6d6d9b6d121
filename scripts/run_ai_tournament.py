#!/usr/bin/env python3
"""Tournaments in place of RingRift's script of this name: its flags, and those of the plan. See docs/tournaments.md."""

import sys

try:
    from ringrift_core.tournament import main
except ModuleNotFoundError as error:
    if error.name not in ("ringrift_core", "ringrift_core._native"):
        raise
    sys.exit(
        "error: this Python has no ringrift_core\n"
        "  hint: pip install ringrift-core, or run scripts/setup and activate .venv"
    )

if __name__ == "__main__":
    sys.exit(main())
