"""What the rows of a shard are, counted without work in Python for each row."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringrift_core.data.order import mix
from ringrift_core.data.shard import Shard

CHUNK_ROWS = 1 << 14
SUM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Tally:
    """A shard in numbers. R rows, G games."""

    game_ids: list[str]
    """Names of the games."""
    lengths: NDArray[np.int64]
    """int64[G]: moves of each game."""
    winners: NDArray[np.int64]
    """int64[G]: seat with the highest value, from 0; -1 if several share it."""
    seat_values: NDArray[np.float64]
    """float64[players]: mean of the games' values by seat."""
    endings: Counter[str]
    """Games by the rule that ended them."""
    engines: Counter[str]
    """Games by engine mode."""
    phases: Counter[str]
    """Rows by phase."""
    kinds: Counter[str]
    """Rows by type of move."""
    movers: Counter[int]
    """Rows by player to move, from 1."""
    entropies: NDArray[np.float32]
    """float32[R]: entropy of the policy targets, in nats."""
    keys: NDArray[np.uint64]
    """uint64[R]: hash of planes and phase."""
    mismatches: list[str]
    """What contradicts itself."""


def tally(shard: Shard) -> Tally:
    """Counts a shard.

    Raises:
        ShardError: An array is damaged.
    """
    ids, game, endings, engines = _games(shard)
    count = len(ids)
    first = np.full(count, -1)
    first[game[::-1]] = np.arange(len(game))[::-1]
    player = np.asarray(shard["player_numbers"], np.int64)
    total, number = shard["total_game_moves"], shard["move_numbers"]
    values = _seat_values(shard, player)
    entropies, sums = _policies(shard)
    mismatches = []
    has_rows = first >= 0
    kept = first[has_rows]

    def note(wrong: NDArray[np.bool_] | np.bool_, what: str) -> None:
        if wrong.any():
            mismatches.append(f"{what}: {int(wrong.sum())} rows, the first is row {int(np.flatnonzero(wrong)[0])}")

    note(np.isnan(sums) | (np.abs(sums - 1) > SUM_TOLERANCE), "policy shares that do not add up to 1")
    note((np.isnan(values) | (np.abs(values) > 1)).any(axis=1), "values beyond -1 to 1")
    note((values != values[first[game]]).any(axis=1), "values that differ within a game")
    note(total != total[first[game]], "numbers of moves that differ within a game")
    note((number < 0) | (number >= total), "moves after the end of their game")
    note((player < 1) | (player > shard.players), "players that the game does not have")
    if not has_rows.all():
        mismatches.append(f"games without rows: {int((~has_rows).sum())}")
    best = values[kept].max(axis=1, keepdims=True) if len(kept) else np.zeros((0, 1))
    is_best = values[kept] == best
    phases, kinds = _names(shard, "phases", "phase_names"), _names(shard, "move_types", "move_type_names")
    movers = Counter({int(seat): int(rows) for seat, rows in zip(*np.unique(player, return_counts=True), strict=True)})
    found = Tally(
        game_ids=ids,
        lengths=np.asarray(total, np.int64)[kept],
        winners=np.where(is_best.sum(axis=1) == 1, is_best.argmax(axis=1), -1),
        seat_values=values[kept].mean(axis=0, dtype=np.float64) if len(kept) else np.zeros(shard.players),
        endings=Counter(endings),
        engines=Counter(engines),
        phases=phases,
        kinds=kinds,
        movers=movers,
        entropies=entropies,
        keys=_keys(shard),
        mismatches=mismatches,
    )
    mismatches += _against_manifest(shard, found)
    return found


def _games(shard: Shard) -> tuple[list[str], NDArray[np.int64], list[str], list[str]]:
    """Names, the game of each row, endings and engine modes by game."""
    if shard.is_packed:
        names = (shard[key].tolist() for key in ("game_ids", "game_victory_types", "game_engine_modes"))
        ids, endings, engines = names
        return ids, np.asarray(shard["game_index"], np.int64), endings, engines
    found, first, game = np.unique(shard["game_ids"], return_index=True, return_inverse=True)
    by_game = (shard[key][first].tolist() for key in ("victory_types", "engine_modes"))
    endings, engines = by_game
    return found.tolist(), game.reshape(-1).astype(np.int64), endings, engines


def _seat_values(shard: Shard, player: NDArray[np.int64]) -> NDArray[np.float32]:
    """Values by seat of the game: float32[R, players]."""
    if not shard.is_packed:
        return np.asarray(shard["values_mp"][:, : shard.players])
    seats = (np.arange(shard.players) - (player[:, None] - 1)) % shard.players
    return np.take_along_axis(shard["values"], seats, axis=1)


def _policies(shard: Shard) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Entropy and sum of the targets of each row."""
    shares = np.asarray(shard["policy_values"])
    if shard.is_packed:
        starts = np.asarray(shard["policy_start"])[:-1]
        terms = _entropy_terms(shares)
        if len(starts) == 0:
            return terms, shares
        return np.add.reduceat(terms, starts), np.add.reduceat(shares, starts)
    has = np.arange(shares.shape[1]) < shard["policy_counts"][:, None]
    shares = np.where(has, shares, np.float32(0))
    return _entropy_terms(shares).sum(axis=1), shares.sum(axis=1)


def _entropy_terms(shares: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.abs(shares * np.log(np.where(shares > 0, shares, np.float32(1))))


def _names(shard: Shard, key: str, legend: str) -> Counter[str]:
    """Rows by a name."""
    if shard.is_packed:
        names = shard[legend].tolist()
        counts = np.bincount(shard[key], minlength=len(names))
        return Counter({name: int(rows) for name, rows in zip(names, counts, strict=True) if rows})
    found, counts = np.unique(shard[key], return_counts=True)
    return Counter(dict(zip(found.tolist(), counts.tolist(), strict=True)))


def _keys(shard: Shard) -> NDArray[np.uint64]:
    """A hash of planes and phase of each row: sums of mixed words, each with its place."""
    planes = shard["planes" if shard.is_packed else "features"]
    phases = shard["phases"]
    if not shard.is_packed:
        phases = np.unique(phases, return_inverse=True)[1].reshape(-1)
    row_bytes = planes[:1].nbytes
    salts = mix(np.arange(1, -(-row_bytes // 8) + 1, dtype=np.uint64))
    keys = np.empty(len(shard), np.uint64)
    for start in range(0, len(shard), CHUNK_ROWS):
        part = np.ascontiguousarray(planes[start : start + CHUNK_ROWS])
        words = np.zeros((len(part), 8 * len(salts)), np.uint8)
        words[:, :row_bytes] = part.reshape(len(part), -1).view(np.uint8)
        mixed = mix(words.view(np.uint64) ^ salts)
        with np.errstate(over="ignore"):
            total = mixed.sum(axis=1, dtype=np.uint64)
        keys[start : start + len(part)] = mix(total ^ mix(phases[start : start + len(part)].astype(np.uint64)))
    return keys


def _against_manifest(shard: Shard, found: Tally) -> list[str]:
    """What the counts of the manifest contradict."""
    if shard.manifest is None:
        return []
    counts: Any = shard.manifest.get("counts")
    if not isinstance(counts, dict):
        return ["the manifest has no counts"]
    pairs: dict[str, object] = {
        "rows": len(shard),
        "games": len(found.game_ids),
        "rows_by_phase": dict(found.phases),
        "rows_by_move_type": dict(found.kinds),
        "rows_by_player": {str(seat): rows for seat, rows in found.movers.items()},
        "games_by_ending": dict(found.endings),
    }
    return [
        f"{name} is {got}, in the manifest {counts.get(name)}" for name, got in pairs.items() if counts.get(name) != got
    ]
