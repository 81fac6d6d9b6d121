"""The figure of a data card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ringrift_core.data.card import DataCard

try:
    import matplotlib
    from matplotlib.figure import Figure
except ImportError as error:
    raise ImportError("figures of data cards need matplotlib\nhint: pip install 'ringrift-core[plots]'") from error

COLOUR = "#3b6ea5"
ACCENT = "#c8553d"
SEATS = ("#3b6ea5", "#c8553d", "#5a9367", "#8d6a9f")
STYLE = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "ringrift",
}


def draw_card(card: DataCard, path: Path) -> None:
    """Draws a card into a file; its ending says how."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(13, 7.4), layout="constrained")
        title = f"{card.settings[0][1]} players: {card.rows:,} rows of {card.games:,} games"
        figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
        places: Any = figure.subplots(2, 3)
        _seats(places[0, 0], card)
        _bars(places[0, 1], "How games end", card.endings, "games")
        _lengths(places[0, 2], card)
        _bars(places[1, 0], "Phases", card.phases, "rows")
        _bars(places[1, 1], "Types of moves", card.kinds, "rows")
        _entropies(places[1, 2], card)
        is_svg = path.suffix.lower() == ".svg"
        # Without the date of drawing: the same card gives the same file.
        figure.savefig(path, dpi=120, metadata={"Date": None} if is_svg else None)


def _seats(axes: Any, card: DataCard) -> None:  # noqa: ANN401 - an axes, of a module that may be missing
    names = [f"seat {seat + 1}" for seat in range(len(card.wins))]
    wins = list(card.wins)
    if card.shared:
        names.append("shared")
        wins.append(card.shared)
    colours = [*SEATS[: len(card.wins)], "#999999"][: len(wins)]
    shares = [100 * count / max(card.games, 1) for count in wins]
    bars = axes.bar(names, shares, color=colours, width=0.6)
    labels = [f"{count:,}\n{share:.1f} %" for count, share in zip(wins, shares, strict=True)]
    axes.bar_label(
        bars, labels=labels, padding=3, fontsize=8, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6}
    )
    axes.axhline(100 / len(card.wins), color="#555555", linewidth=0.9, linestyle=":", zorder=0.5)
    axes.set(title="Who wins (dotted: equal shares)", ylabel="% of games", ylim=(0, max([*shares, 1.0]) * 1.25))


def _bars(axes: Any, title: str, counts: Mapping[str, int], what: str) -> None:  # noqa: ANN401 - as above
    ordered = sorted(counts.items(), key=lambda item: (item[1], item[0]))
    total = max(sum(counts.values()), 1)
    shares = [100 * count / total for _, count in ordered]
    bars = axes.barh([name.replace("_", " ") for name, _ in ordered], shares, color=COLOUR, height=0.7)
    axes.bar_label(bars, labels=[f"{count:,}" for _, count in ordered], padding=3, fontsize=7.5)
    axes.set(title=title, xlabel=f"% of {what}", xlim=(0, max([*shares, 1.0]) * 1.2))
    if len(ordered) > 10:
        axes.tick_params(axis="y", labelsize=7.5)


def _lengths(axes: Any, card: DataCard) -> None:  # noqa: ANN401 - as above
    axes.set(title="Length of games", xlabel="moves", ylabel="games")
    axes.yaxis.get_major_locator().set_params(integer=True)
    if len(card.lengths):
        low, high = int(card.lengths.min()), int(card.lengths.max())
        width = max(1, -(-(high - low + 1) // 40))
        axes.hist(card.lengths, bins=np.arange(low, high + width + 1, width) - 0.5, color=COLOUR)
        half = float(np.median(card.lengths))
        axes.axvline(half, color=ACCENT, linewidth=1.2, label=f"half: {half:,.0f}")
        axes.legend(frameon=False)


def _entropies(axes: Any, card: DataCard) -> None:  # noqa: ANN401 - as above
    soft = card.entropies[card.entropies > 0]
    share = 100 * len(soft) / max(card.rows, 1)
    axes.set(title=f"Soft policy targets: {share:.1f} % of rows", xlabel="entropy, nats", ylabel="rows")
    if len(soft):
        axes.hist(soft, bins=40, color=COLOUR)
        axes.axvline(float(soft.mean()), color=ACCENT, linewidth=1.2, label=f"mean: {float(soft.mean()):.2f}")
        axes.legend(frameon=False)
    else:
        axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
        axes.text(0.5, 0.5, "every target is a single move", ha="center", va="center", transform=axes.transAxes)
