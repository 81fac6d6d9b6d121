"""The figure of a training run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ringrift_core.data.figure import ACCENT, COLOUR, STYLE

import matplotlib  # isort: skip - its absence is explained by the import above
from matplotlib.figure import Figure  # isort: skip


def draw_losses(history: Sequence[dict[str, Any]], path: Path) -> None:
    """Draws losses and accuracy by epoch into a file.

    Args:
        history: The metrics of the epochs.
        path: The file; its ending says how.
    """
    epochs = [numbers["epoch"] for numbers in history]
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(10, 3.6), layout="constrained")
        losses, shares = figure.subplots(1, 2)
        losses.plot(epochs, [numbers["train_loss"] for numbers in history], color=COLOUR, label="training")
        losses.set(title="Cross entropy", xlabel="epoch")
        shares.set(title="Games of validation", xlabel="epoch")
        if all("val_loss" in numbers for numbers in history):
            validation = [numbers["val_loss"] for numbers in history]
            losses.plot(epochs, validation, color=ACCENT, label="validation")
            losses.axhline(
                history[0]["val_entropy"], color="#555555", linewidth=0.9, linestyle=":", label="least possible"
            )
            best = min(range(len(validation)), key=validation.__getitem__)
            losses.plot(epochs[best], validation[best], "o", color=ACCENT, markersize=5)
            accuracy = [100 * numbers["val_accuracy"] for numbers in history]
            correlation = [100 * numbers["val_correlation"] for numbers in history]
            shares.plot(epochs, accuracy, color=COLOUR, label="winner named, %")
            shares.plot(epochs, correlation, color=ACCENT, label="correlation with search, %")
            shares.legend(frameon=False)
        losses.legend(frameon=False)
        for axes in (losses, shares):
            axes.xaxis.get_major_locator().set_params(integer=True)
        is_svg = path.suffix.lower() == ".svg"
        # Without the date of drawing: the same run gives the same file.
        figure.savefig(path, dpi=120, metadata={"Date": None} if is_svg else None)
