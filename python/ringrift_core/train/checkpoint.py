"""Checkpoints: everything that a run needs to go on as if it had never ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from ringrift_core._files import write_whole
from ringrift_core.train.errors import TrainError

FORMAT = "ringrift-nnue-checkpoint"
VERSION = 1


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Writes a checkpoint; the one before stays until this one is whole and on the disk.

    Args:
        path: The file.
        state: Tensors, numbers, texts, lists and dictionaries of them.
    """
    content = {"format": FORMAT, "version": VERSION, **state}
    write_whole(path, lambda made: torch.save(content, made))


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Reads a checkpoint, without running what may be in it.

    Raises:
        OSError: The file cannot be read.
        TrainError: It is no checkpoint of this version.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # torch raises whatever its readers meet
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TrainError(f"{path}: not a checkpoint: {reason}\nhint: remove it and start the run anew") from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise TrainError(f"{path}: not a checkpoint of this trainer\nhint: remove it and start the run anew")
    if state.get("version") != VERSION:
        raise TrainError(
            f"{path}: checkpoint of version {state.get('version')}, expected {VERSION}\n"
            "hint: finish the run with the version that began it"
        )
    return state
