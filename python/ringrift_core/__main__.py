"""`python -m ringrift_core`: the same as the `rrpipe` command."""

import sys

from ringrift_core._cli import main

if __name__ == "__main__":
    sys.exit(main())
