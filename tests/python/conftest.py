"""Starting the installed `rrpipe` in a known environment."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import pytest

# The two ways to the command line of the wheel.
FORMS = {
    "script": [str(Path(sys.executable).with_name("rrpipe"))],
    "module": [sys.executable, "-m", "ringrift_core"],
}
FOREIGN = ("NO_COLOR", "PYTHONPATH", "PYTHONUNBUFFERED", "TERM")


class Rrpipe(Protocol):
    """Starts `rrpipe`."""

    def __call__(self, *args: str | bytes, stdout: int = subprocess.PIPE) -> "subprocess.Popen[str]":
        """Starts `rrpipe` with these arguments."""


@pytest.fixture(params=list(FORMS.values()), ids=list(FORMS))
def rrpipe(request: pytest.FixtureRequest) -> Rrpipe:
    """Starts `rrpipe` without the caller's settings, by console script and by module."""
    program: Sequence[str] = request.param
    environment = {name: value for name, value in os.environ.items() if name not in FOREIGN}

    def start(*args: str | bytes, stdout: int = subprocess.PIPE) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*program, *args],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start
