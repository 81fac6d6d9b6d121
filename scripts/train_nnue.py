#!/usr/bin/env python3
"""Training of NNUE networks in place of RingRift's script of this name: the same flags. See docs/nnue-training.md."""

import sys

try:
    from ringrift_core.train.__main__ import train_nnue
except ModuleNotFoundError as error:
    if error.name not in ("ringrift_core", "ringrift_core._native"):
        raise
    sys.exit(
        "error: this Python has no ringrift_core\n"
        "  hint: pip install ringrift-core, or run scripts/setup and activate .venv"
    )

if __name__ == "__main__":
    sys.exit(train_nnue())
