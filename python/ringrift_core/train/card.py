"""The data card of a run: what positions a network was trained with."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ringrift_core.train.config import NnueConfig
from ringrift_core.train.layout import BUCKETS
from ringrift_core.train.source import Samples


def card_text(samples: Samples, config: NnueConfig) -> str:
    """Describes samples in Markdown."""
    native = samples.native
    report: dict[str, Any] = json.loads(native.report_json())
    _, first, counts = np.unique(native.games(), return_index=True, return_counts=True)
    results = native.targets(first.astype(np.int64), 1.0)
    has_winner = (results == results.max(axis=1, keepdims=True)).sum(axis=1) == 1
    wins = np.bincount(results.argmax(axis=1)[has_winner], minlength=native.players)
    lengths = (native.plies() + native.plies_left())[first]
    training, validation = samples.split(config)
    searched = native.has_search()
    lines = [
        f"# Positions for {config.name}",
        "",
        "| what | |",
        "|---|---|",
        f"| databases | {', '.join(path.name for path in config.databases)} |",
        f"| games | {len(first):,} |",
        f"| positions | {len(samples):,}, {len(training):,} to train with and {len(validation):,} to validate with |",
        f"| positions of a game | {counts.min():,} to {counts.max():,}, half have {int(np.median(counts)):,} or more |",
        f"| moves of a game | {lengths.min():,} to {lengths.max():,}, half have {int(np.median(lengths)):,} or more |",
        f"| with a search value | {searched.mean():.1%} |",
        f"| weight of results | {config.value_lambda[0]:g} in the first epoch, {config.value_lambda[1]:g} at the end |",
        "",
        "| seat | games won | share |",
        "|---|---|---|",
        *(f"| {seat + 1} | {count:,} | {count / len(first):.1%} |" for seat, count in enumerate(wins)),
        f"| shared | {len(first) - int(wins.sum()):,} | {1 - wins.sum() / len(first):.1%} |",
        "",
        "| rings in hand | positions | share |",
        "|---|---|---|",
    ]
    for bucket, count in enumerate(np.bincount(samples.buckets, minlength=BUCKETS)):
        lines.append(f"| quarter {bucket + 1} | {count:,} | {count / len(samples):.1%} |")
    if searched.any():
        rows = np.flatnonzero(searched)
        value, result = native.targets(rows, 0.0), native.targets(rows, 1.0)
        error = float(((value - result) ** 2).sum(axis=1).mean())
        lines += ["", f"Squared distance of search values from results: {error:.3f} (0 would be certain and right)."]
    lines += ["", "What was read and left out:", "", "```json", json.dumps(report, indent=2), "```", ""]
    return "\n".join(lines)
