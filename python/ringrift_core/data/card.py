"""Data cards: what is in files of training data, and whether it is fit to train on."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringrift_core.data.errors import ShardError
from ringrift_core.data.shard import Shard
from ringrift_core.data.tally import Tally, tally

GAMES_MIN = 100
"""Fewer games are few."""
SEAT_SHARE_MAX = 0.9
"""Share of the games that one seat may win."""
DUPLICATE_SHARE_MAX = 0.5
"""Share of the rows that may repeat a position."""
ENDINGS = ("elimination", "territory", "lps")
"""Rules that end games of any good player now and then; `stalemate` is rare."""

FINDINGS = {
    "few-games": f"fewer than {GAMES_MIN} games",
    "one-seat-wins": f"one seat wins more than {SEAT_SHARE_MAX:.0%} of the games",
    "duplicates": f"more than {DUPLICATE_SHARE_MAX:.0%} of the rows repeat a position",
    "zero-entropy": "every policy target is a single move",
    "missing-endings": "a rule that ends games never does",
    "same-length": "all games have the same number of moves",
    "repeated-games": "games of one name in several files",
    "label-mismatch": "labels that contradict each other or the manifest",
}
"""What is looked for, by code."""


@dataclass(frozen=True)
class Finding:
    """A sign that data is not fit to train on."""

    code: str
    """One of `FINDINGS`."""
    text: str
    """What was found, in words and numbers."""


@dataclass(frozen=True)
class DataCard:
    """Files of training data in numbers."""

    files: list[tuple[str, int, int]]
    """Name, rows and games of each file."""
    settings: list[tuple[str, str]]
    """What the rows are, and where they come from, by the manifests."""
    rows: int
    """Rows."""
    games: int
    """Games, each name once."""
    wins: list[int]
    """Games that each seat won."""
    shared: int
    """Games without a single winner."""
    seat_values: list[float]
    """Mean value of each seat, over the games."""
    rows_by_seat: list[int]
    """Rows in which each seat is to move."""
    lengths: NDArray[np.int64]
    """int64[games]: moves of each game."""
    endings: Mapping[str, int]
    """Games by the rule that ended them."""
    engines: Mapping[str, int]
    """Games by engine mode."""
    phases: Mapping[str, int]
    """Rows by phase."""
    kinds: Mapping[str, int]
    """Rows by type of move."""
    entropies: NDArray[np.float32]
    """float32[rows]: entropy of the policy targets, in nats."""
    unique_positions: int
    """Different positions, by planes and phase."""
    findings: list[Finding] = field(default_factory=list)
    """Signs that the data is not fit to train on."""

    def to_markdown(self, figure: str | None = None) -> str:
        """The card as Markdown.

        Args:
            figure: Address of the figure, as seen from the card.
        """
        lines = ["# Data card", ""]
        lines += [
            f"{self.rows:,} rows of {self.games:,} games in {len(self.files)} file{'s'[: len(self.files) > 1]}.",
            "",
        ]
        if figure is not None:
            lines += [f"![The tables of this card as charts](<{figure}>)", ""]
        lines += ["## Findings", ""]
        lines += [f"- **{finding.code}**: {_cell(finding.text)}" for finding in self.findings] or ["None."]
        lines += ["", *_table("Files", ("file", "rows", "games"), self.files)]
        lines += _table("Settings and sources", ("what", "value"), self.settings)
        seats: list[tuple[object, ...]] = [
            (seat + 1, wins, _share(wins, self.games), f"{value:+.3f}", rows, _share(rows, self.rows))
            for seat, (wins, value, rows) in enumerate(zip(self.wins, self.seat_values, self.rows_by_seat, strict=True))
        ]
        if self.shared:
            seats.append(("shared", self.shared, _share(self.shared, self.games), "", "", ""))
        lines += _table("Seats", ("seat", "wins", "share", "mean value", "rows to move", "share"), seats)
        lines += _table("Endings", ("rule", "games", "share"), _counts(self.endings, self.games))
        lines += _table("Engines", ("mode", "games", "share"), _counts(self.engines, self.games))
        lines += _table("Quantiles", ("of", "least", "5 %", "half", "95 %", "most", "mean"), self._quantiles())
        soft = int((self.entropies > 0).sum())
        positions = [
            ("different positions (planes and phase)", self.unique_positions, _share(self.unique_positions, self.rows)),
            ("rows whose target is more than one move", soft, _share(soft, self.rows)),
        ]
        lines += _table("Rows", ("what", "rows", "share"), positions)
        lines += _table("Phases", ("phase", "rows", "share"), _counts(self.phases, self.rows))
        lines += _table("Moves", ("type", "rows", "share"), _counts(self.kinds, self.rows))
        return "\n".join(lines)

    def save_figure(self, path: str | os.PathLike[str]) -> None:
        """Draws the card into a file; its ending says how (`.svg`, `.png`, ...).

        Raises:
            ImportError: matplotlib is not installed.
            OSError: The file cannot be written.
        """
        from ringrift_core.data.figure import draw_card

        draw_card(self, Path(path))

    def _quantiles(self) -> list[tuple[object, ...]]:
        rows: list[tuple[object, ...]] = []
        for name, numbers, digits in (
            ("moves of a game", self.lengths, 0),
            ("policy entropy, nats", self.entropies, 3),
        ):
            if len(numbers):
                ends = [*np.quantile(numbers, (0, 0.05, 0.5, 0.95, 1)), numbers.mean(dtype=np.float64)]
                rows.append((name, *(f"{end:,.{digits}f}" for end in ends)))
        return rows


def data_card(paths: Sequence[str | os.PathLike[str]]) -> DataCard:
    """Makes the card of some files.

    Args:
        paths: Files of `rrpipe export`, of one configuration and layout.

    Returns:
        The card.

    Raises:
        OSError: A file cannot be read.
        ShardError: A file is not what it should be, or differs from the first in board, players or layout.
        ValueError: No files.
    """
    if not paths:
        raise ValueError("no files\nhint: pass at least one")
    shards = [Shard(path) for path in paths]
    first = shards[0]
    for shard in shards[1:]:
        if shard.configuration != first.configuration:
            raise ShardError(f"{shard.path} is {shard!r}, and {first.path} {first!r}\nhint: make a card of each")
    tallies = [tally(shard) for shard in shards]
    names = Counter(name for found in tallies for name in found.game_ids)
    winners = np.concatenate([found.winners for found in tallies])
    keys = np.concatenate([found.keys for found in tallies])
    weights = [len(found.lengths) for found in tallies]
    means: Sequence[float] = (
        np.average([found.seat_values for found in tallies], axis=0, weights=weights).tolist() if sum(weights) else []
    )
    movers = _sum(found.movers for found in tallies)
    card = DataCard(
        files=[
            (shard.path.name, len(shard), len(found.game_ids)) for shard, found in zip(shards, tallies, strict=True)
        ],
        settings=_settings(shards),
        rows=sum(len(shard) for shard in shards),
        games=len(names),
        wins=[int((winners == seat).sum()) for seat in range(first.players)],
        shared=int((winners < 0).sum()),
        seat_values=list(means) or [0.0] * first.players,
        rows_by_seat=[movers[seat + 1] for seat in range(first.players)],
        lengths=np.concatenate([found.lengths for found in tallies]),
        endings=_sum(found.endings for found in tallies),
        engines=_sum(found.engines for found in tallies),
        phases=_sum(found.phases for found in tallies),
        kinds=_sum(found.kinds for found in tallies),
        entropies=np.concatenate([found.entropies for found in tallies]),
        unique_positions=len(np.unique(keys)),
    )
    repeated = sum(count - 1 for count in names.values())
    card.findings.extend(_findings(card, repeated, shards, tallies))
    return card


def _findings(card: DataCard, repeated: int, shards: Sequence[Shard], tallies: Sequence[Tally]) -> Iterable[Finding]:
    if card.games < GAMES_MIN:
        yield Finding("few-games", f"{card.games} games, fewer than {GAMES_MIN}")
    best = int(np.argmax(card.wins))
    if card.games and card.wins[best] > SEAT_SHARE_MAX * card.games:
        yield Finding("one-seat-wins", f"seat {best + 1} wins {card.wins[best]} of {card.games} games")
    duplicates = card.rows - card.unique_positions
    if duplicates > DUPLICATE_SHARE_MAX * card.rows:
        yield Finding("duplicates", f"{duplicates:,} of {card.rows:,} rows repeat a position")
    if not (card.entropies > 0).any():
        yield Finding(
            "zero-entropy", "every policy target is a single move: no search recorded what it thought of the others"
        )
    if missing := [name for name in ENDINGS if not card.endings.get(name)]:
        yield Finding("missing-endings", f"no game ends by {', '.join(missing)}")
    if len(card.lengths) > 1 and card.lengths.min() == card.lengths.max():
        yield Finding("same-length", f"all games have {int(card.lengths[0])} moves: a move limit may have cut them off")
    if repeated:
        yield Finding("repeated-games", f"{repeated} games are in more than one file, or twice in one")
    for shard, found in zip(shards, tallies, strict=True):
        for mismatch in found.mismatches:
            yield Finding("label-mismatch", f"{shard.path.name}: {mismatch}")


def _settings(shards: Sequence[Shard]) -> list[tuple[str, str]]:
    first = shards[0]
    rows = [
        ("board, players", f"{first.board}, {first.players}"),
        ("encoder", f"{first.encoder}, {first.plane_count} planes, {first.history_length} earlier positions"),
        ("policy size", str(first.policy_size)),
        ("layout digest", first.layout_digest or "none"),
    ]
    for shard in shards:
        if shard.manifest is None:
            rows.append((shard.path.name, "no manifest"))
            continue
        manifest: Any = shard.manifest
        settings = manifest["settings"]["rows"]
        parts = [
            f"{key} {settings[key]}" for key in ("values", "sample_every", "sample_rate", "seed") if key in settings
        ]
        rows.append((f"{shard.path.name}: rows", ", ".join(parts)))
        rows.append((f"{shard.path.name}: version", str(manifest.get("ringrift_core_version"))))
        filters = manifest["settings"].get("filters")
        used = {key: value for key, value in filters.items() if value} if isinstance(filters, dict) else {}
        rows.append(
            (f"{shard.path.name}: filters", ", ".join(f"{key} {value}" for key, value in used.items()) or "none")
        )
        inputs = manifest.get("inputs")
        for source in inputs if isinstance(inputs, list) else []:
            if isinstance(source, dict):
                digest = str(source.get("sha256") or "in use")[:16]
                rows.append(
                    (
                        f"{shard.path.name}: input",
                        f"{source.get('path')}, {source.get('games')} games, SHA-256 {digest}",
                    )
                )
    return rows


def _sum(counters: Iterable[Counter[Any]]) -> Counter[Any]:
    total: Counter[Any] = Counter()
    for counter in counters:
        total.update(counter)
    return total


def _counts(counts: Mapping[str, int], total: int) -> list[tuple[str, int, str]]:
    """Names by falling counts."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(name, count, _share(count, total)) for name, count in ordered]


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    lines = [f"## {title}", "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return [*lines, *(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows), ""]


def _cell(value: object) -> str:
    """Text for a cell: names of games and files may hold anything."""
    text = f"{value:,}" if isinstance(value, int) else str(value)
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return printable.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
