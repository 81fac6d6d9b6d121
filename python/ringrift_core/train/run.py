"""The files of a training run: its folder, metrics, and what is told on the way."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Literal

from ringrift_core._files import write_whole

CHECKPOINT = "checkpoint.pt"
METRICS = "metrics.jsonl"
CONFIG = "config.json"
FIGURE = "loss.svg"
CARD = "data-card.md"
NETWORK = "network.nnue"
TELL_SECONDS = 60.0
DRAW_SECONDS = 0.2

Told = Literal["progress", "results", "nothing"]
"""What a run tells on standard error: how far it is and what comes out, or only that, or nothing."""


class Metrics:
    """The metrics of a run: lines of JSON, and TensorBoard if asked for."""

    def __init__(self, folder: Path, *, keep_bytes: int, tensorboard: Any) -> None:  # noqa: ANN401 - optional module
        """Opens the file.

        Args:
            folder: Folder of the run.
            keep_bytes: Length to go on from; what is beyond it was written after the checkpoint.
            tensorboard: A `SummaryWriter`, or None.
        """
        self._file = (folder / METRICS).open("ab")
        self._file.truncate(keep_bytes)
        self._file.seek(0, os.SEEK_END)
        self._tensorboard = tensorboard

    def write(self, kind: str, step: int, numbers: dict[str, Any]) -> None:
        """Adds a line.

        Args:
            kind: `step` or `epoch`.
            step: Steps done so far.
            numbers: What was measured.
        """
        self._file.write(json.dumps({"kind": kind, "step": step, **numbers}).encode() + b"\n")
        self._file.flush()
        if self._tensorboard is not None:
            for name, value in numbers.items():
                if isinstance(value, (int, float)):
                    self._tensorboard.add_scalar(f"{kind}/{name}", value, step)

    def sync(self) -> int:
        """Makes sure that all lines are on the disk, and returns their length in bytes."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        """Closes the files."""
        self._file.close()
        if self._tensorboard is not None:
            self._tensorboard.close()


class Progress:
    """What a run tells on standard error: a line that is drawn again on a terminal, else a line a minute."""

    def __init__(self, told: Told) -> None:
        """Begins.

        Args:
            told: What is told.
        """
        self._is_drawn = told == "progress" and sys.stderr.isatty()
        self._seconds = DRAW_SECONDS if self._is_drawn else TELL_SECONDS
        self._is_on, self._says = told == "progress", told != "nothing"
        self._told = time.monotonic()
        self._has_drawn = False

    def tell(self, text: str) -> None:
        """Tells something now and then only."""
        now = time.monotonic()
        if not self._is_on or now - self._told < self._seconds:
            return
        self._told = now
        if self._is_drawn:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
            self._has_drawn = True
        else:
            print(text, file=sys.stderr, flush=True)

    def say(self, text: str) -> None:
        """Tells something that stays."""
        if not self._says:
            return
        if self._has_drawn:
            print("\r\x1b[K", end="", file=sys.stderr)
            self._has_drawn = False
        print(text, file=sys.stderr, flush=True)


def write_text(path: Path, text: str) -> None:
    """Writes a text file whole or not at all."""
    write_whole(path, lambda made: made.write_text(text, encoding="utf-8"))


def to_json(value: object) -> str:
    """JSON for people and programs."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
