"""Files that are never seen half-written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def write_whole(path: Path, make: Callable[[Path], object]) -> None:
    """Makes a file beside its name, and moves it there when it is whole and on the disk.

    Args:
        path: The file; its folder is made if it is missing.
        make: Writes the file under the name that it is given.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        made = Path(folder) / path.name
        make(made)
        with made.open("rb") as file:
            os.fsync(file.fileno())
        made.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
