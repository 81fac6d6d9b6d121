"""Samples for networks: what their games say, in the parts of exports, by any number of threads; the first layer."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ringrift_core import RecordError, selfplay
from ringrift_core._native import NnueSamples, nnue_backward, nnue_forward

RRPIPE = str(Path(sys.executable).with_name("rrpipe"))
GAMES = 6


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Games of square8 with two players whose moves were searched, but for the first ones."""
    path = tmp_path_factory.mktemp("games") / "games.db"
    selfplay(num_games=GAMES, engine_mode="minimax-only", nodes=60, seed=5, jobs=2, record_db=path, no_log=True)
    return path


@pytest.fixture(scope="module")
def samples(database: Path) -> NnueSamples:
    """All choices of these games."""
    return NnueSamples.open([database], "square8", 2)


def query(database: Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a query."""
    connection = sqlite3.connect(database)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Whether two batches are equal."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def everything(samples: NnueSamples) -> NDArray[np.int64]:
    """All rows."""
    return np.arange(len(samples))


def test_rows_have_what_the_database_says(database: Path, samples: NnueSamples) -> None:
    assert (samples.board, samples.players, samples.game_count, samples.cache) == ("square8", 2, GAMES, "off")
    assert sorted(samples.game_ids()) == sorted(game for (game,) in query(database, "SELECT game_id FROM games"))
    moves = {
        (game, ply): (player, stats)
        for game, ply, player, stats in query(
            database, "SELECT game_id, move_number, player, search_stats_json FROM game_moves"
        )
    }
    winners = dict(query(database, "SELECT game_id, winner FROM games"))
    lengths = dict(query(database, "SELECT game_id, total_moves FROM games"))
    names, searches, has = samples.game_ids(), samples.search_values(), samples.has_search()
    results = samples.targets(everything(samples), 1.0)
    columns = zip(samples.games(), samples.plies(), samples.plies_left(), samples.movers(), strict=True)
    for row, (game, ply, left, mover) in enumerate(columns):
        name = names[game]
        player, stats = moves.pop((name, ply))
        assert (mover + 1, ply + left) == (player, lengths[name])
        assert results[row].tolist() == [float(winners[name] == seat) for seat in (1, 2)]
        assert has[row] == (stats is not None)
        if stats is None:
            assert np.isnan(searches[row]).all()
        else:
            assert np.abs(searches[row] - json.loads(stats)["root_values"]).max() < 1e-4
    assert 0 < has.sum() < len(samples), "the random moves at the beginning have no search"
    assert all(stats is None for _, stats in moves.values()), "whatever was searched was a choice"
    report = json.loads(samples.report_json())
    assert (report["rows"], report["rows_with_search"], report["failed"]) == (len(samples), has.sum(), 0)
    assert samples.memory_bytes < 200 * len(samples)


def test_targets_are_mixed_where_a_search_was_recorded(samples: NnueSamples) -> None:
    rows = everything(samples)[::-1].copy()
    results, searches = samples.targets(rows, 1.0), samples.search_values()[rows]
    for share in (0.0, 0.3, 1.0):
        _, _, buckets, targets = samples.batch(rows, None, share)
        mixed = share * results + np.float32(1 - share) * searches
        expected = np.where(np.isnan(searches), results, mixed)
        np.testing.assert_allclose(targets, expected, atol=1e-6)
        np.testing.assert_array_equal(targets, samples.targets(rows, share))
        np.testing.assert_array_equal(buckets, samples.buckets()[rows])
        np.testing.assert_allclose(targets.sum(1), 1.0, atol=1e-6)


def test_batches_do_not_depend_on_threads(database: Path, samples: NnueSamples) -> None:
    again = NnueSamples.open([database], "square8", 2, threads=3)
    rows = np.random.default_rng(1).integers(0, len(samples), 2000)
    symmetries = (rows % 8).astype(np.uint8)
    batches = [samples.batch(rows, symmetries, 0.5, threads) for threads in (0, 1, 2, 5)]
    batches.append(again.batch(rows, symmetries, 0.5))
    for batch in batches[1:]:
        assert same(batches[0], batch)
    offsets, features, buckets, targets = batches[0]
    types = [str(part) for part in (offsets.dtype, features.dtype, buckets.dtype, targets.dtype)]
    assert types == ["int32", "uint16", "uint8", "float32"]
    assert (offsets.shape, targets.shape) == ((len(rows) * 2 + 1,), (len(rows), 2))
    assert features.max() < samples.feature_count


def test_batches_are_made_by_many_python_threads_at_once(samples: NnueSamples) -> None:
    rows = everything(samples)
    expected = samples.batch(rows, None, 0.5)
    equal: list[bool] = []

    def work() -> None:
        for _ in range(20):
            batch = samples.batch(rows, None, 0.5)
            equal.append(same(batch, expected))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(equal) == 80
    assert all(equal)


def test_split_is_that_of_exports(tmp_path: Path, database: Path, samples: NnueSamples) -> None:
    shares = "0.5,0.25,0.25"
    output = tmp_path / "rows.npz"
    command = [RRPIPE, "export", "--db", str(database), "--board-type", "square8", "--num-players", "2"]
    parts = samples.split(shares)
    names, games = np.array(samples.game_ids()), samples.games()
    for part, rows in zip(("train", "validation", "holdout"), parts, strict=True):
        path = output.with_suffix(f".{part}.npz")
        ran = subprocess.run(
            [*command, "--output", str(path), "--split", shares, "--split-part", part], capture_output=True, text=True
        )
        exported: set[str] = set()
        if ran.returncode == 0:
            with np.load(path) as data:
                exported = {str(name) for name in data["game_ids"]}
        assert {str(name) for name in names[games[rows]]} == exported, ran.stderr
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), everything(samples))
    with pytest.raises(ValueError, match="hint: "):
        samples.split("0.5,0.6,0.1")


def test_options_choose_positions(database: Path, samples: NnueSamples) -> None:
    def kept(**options: Any) -> NnueSamples:  # noqa: ANN401 - options of several types
        return NnueSamples.open([str(database)], "square8", 2, **options)

    plies = samples.plies()
    assert len(kept(every=3)) < len(samples) / 2
    np.testing.assert_array_equal(kept(min_ply=10, max_ply=30).plies(), plies[(plies >= 10) & (plies <= 30)])
    assert len(kept(forced=True)) == sum(length for (length,) in query(database, "SELECT total_moves FROM games"))
    assert kept(max_games=2).game_ids() == samples.game_ids()[:2]
    shortest = min(length for (length,) in query(database, "SELECT total_moves FROM games"))
    assert kept(max_moves=shortest).game_count < GAMES
    assert kept(sources=["selfplay"]).game_count == GAMES
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"every": 0}, "every"),
        ({"failed_share_max": 2.0}, "failed_share_max"),
        ({"sources": ["moon"]}, "selfplay, gauntlet"),
        ({"exclude_sources": ["selfplay"]}, "source 6"),
        ({"min_ply": 5000}, "no_rows 6"),
    ]
    for options, fault in wrong:
        with pytest.raises(ValueError, match=fault):
            kept(**options)


def test_samples_are_kept_in_a_file(tmp_path: Path, database: Path, samples: NnueSamples) -> None:
    def cached(**options: Any) -> NnueSamples:  # noqa: ANN401 - options of several types
        return NnueSamples.open([database], "square8", 2, cache=tmp_path / "samples", **options)

    assert cached().cache == "written"
    loaded = cached(threads=1)
    assert loaded.cache == "loaded"
    assert json.loads(loaded.report_json()) == json.loads(samples.report_json())
    assert loaded.game_ids() == samples.game_ids()
    rows = everything(samples)
    assert same(loaded.batch(rows, None, 0.5), samples.batch(rows, None, 0.5))
    assert cached(every=2).cache.startswith("rewritten: ")
    (tmp_path / "samples").write_bytes((tmp_path / "samples").read_bytes()[:-1])
    assert cached(every=2).cache == "rewritten: it was torn"
    (tmp_path / "samples").write_text("something else")
    with pytest.raises(RecordError, match="hint: "):
        cached()
    assert os.listdir(tmp_path) == ["samples"]


def test_errors_are_those_of_python(tmp_path: Path, database: Path, samples: NnueSamples) -> None:
    with pytest.raises(FileNotFoundError):
        NnueSamples.open([tmp_path / "none.db"], "square8", 2)
    (tmp_path / "text.db").write_text("no database")
    with pytest.raises(RecordError):
        NnueSamples.open([tmp_path / "text.db"], "square8", 2)
    with pytest.raises(ValueError, match="no game of hex8 with 2 players"):
        NnueSamples.open([database], "hex8", 2)
    for board, players in [("square9", 2), ("square8", 5)]:
        with pytest.raises(ValueError, match="hint: "):
            NnueSamples.open([database], board, players)
    rows = np.array([0, len(samples)])
    with pytest.raises(ValueError, match=f"row {len(samples)} at 1"):
        samples.batch(rows)
    with pytest.raises(ValueError, match="symmetry 8 at 0"):
        samples.batch(rows[:1], np.array([8], np.uint8))
    with pytest.raises(ValueError, match="1 symmetries for 2 rows"):
        samples.batch(rows, np.array([0], np.uint8))
    with pytest.raises(ValueError, match="not contiguous"):
        samples.batch(np.arange(10)[::2])
    with pytest.raises(TypeError):
        samples.batch(rows.astype(np.int32))
    for share in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="value_lambda"):
            samples.batch(rows[:1], None, share)


def test_progress_is_told_and_can_end_the_work(database: Path) -> None:
    told: list[tuple[int, int, int]] = []
    NnueSamples.open([database] * 40, "square8", 2, progress=lambda *counts: told.append(counts))
    assert all(games <= total == 40 * GAMES for games, total, _ in told)

    def stop(*_: int) -> None:
        raise InterruptedError

    # Games that were seen before are read and replayed all the same: this takes a while.
    with pytest.raises(InterruptedError):
        NnueSamples.open([database] * 400, "square8", 2, progress=stop)


Arrays = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32], NDArray[np.uint16]]


@pytest.fixture
def layer(samples: NnueSamples) -> Arrays:
    """Weights, biases, and the features of a batch."""
    numbers = np.random.default_rng(3)
    weights = numbers.standard_normal((samples.feature_count, 96)).astype(np.float32)
    biases = numbers.standard_normal(96).astype(np.float32)
    offsets, features, _, _ = samples.batch(numbers.integers(0, len(samples), 300))
    return weights, biases, offsets, features


def test_first_layer_is_a_sum_of_rows(layer: Arrays) -> None:
    weights, biases, offsets, features = layer
    lists = np.split(features, offsets[1:-1])
    sums = nnue_forward(*layer)
    expected = np.array([biases + weights[one].sum(0, dtype=np.float64) for one in lists])
    np.testing.assert_allclose(sums, expected, atol=1e-4)
    out = np.empty_like(sums)
    for threads in (1, 2, 3):
        assert nnue_forward(*layer, threads, out) is out
        np.testing.assert_array_equal(out, sums)
    assert biases.shape == (96,)


def test_gradients_go_to_the_rows(layer: Arrays) -> None:
    weights, biases, offsets, features = layer
    gradients = np.random.default_rng(4).standard_normal((len(offsets) - 1, 96)).astype(np.float32)
    expected = np.zeros(weights.shape)
    np.add.at(expected, features, np.repeat(gradients, np.diff(offsets), axis=0))
    made = []
    for threads in (1, 2, 3):
        by_weights, by_biases = np.full_like(weights, np.nan), np.full_like(biases, np.nan)
        nnue_backward(gradients, offsets, features, by_weights, threads, by_biases)
        np.testing.assert_allclose(by_weights, expected, atol=1e-3)
        np.testing.assert_allclose(by_biases, gradients.sum(0, dtype=np.float64), atol=1e-3)
        made.append((by_weights, by_biases))
    for other in made[1:]:
        assert all(np.array_equal(one, two) for one, two in zip(made[0], other, strict=True))
    alone = np.empty_like(weights)
    nnue_backward(gradients, offsets, features, alone)
    np.testing.assert_array_equal(alone, made[0][0])


def test_torch_computes_the_same(layer: Arrays) -> None:
    torch: Any = pytest.importorskip("torch", reason="torch is not installed")
    weights, biases, offsets, features = layer
    table = torch.from_numpy(weights).requires_grad_()
    bags = torch.nn.functional.embedding_bag(
        torch.from_numpy(features.astype(np.int64)), table, torch.from_numpy(offsets[:-1].astype(np.int64)), mode="sum"
    )
    sums = bags + torch.from_numpy(biases)
    np.testing.assert_allclose(nnue_forward(*layer), sums.detach().numpy(), atol=1e-4)
    gradients = torch.randn(sums.shape, generator=torch.Generator().manual_seed(1))
    sums.backward(gradients)
    by_weights = np.empty_like(weights)
    nnue_backward(gradients.numpy(), offsets, features, by_weights)
    np.testing.assert_allclose(by_weights, table.grad.numpy(), atol=1e-3)


def test_arrays_that_do_not_fit_together_are_refused(layer: Arrays) -> None:
    weights, biases, offsets, features = layer
    gradients, by_weights = np.zeros((len(offsets) - 1, 96), np.float32), np.empty_like(weights)
    broken: list[Callable[[], object]] = [
        lambda: nnue_forward(weights[:, :95].copy(), biases, offsets, features),
        lambda: nnue_forward(weights[:10].copy(), biases, offsets, features),
        lambda: nnue_forward(weights[:, ::2], biases[::2].copy(), offsets, features),
        lambda: nnue_forward(weights, biases, offsets[:-1], features),
        lambda: nnue_forward(weights, biases, offsets[::-1].copy(), features),
        lambda: nnue_forward(weights, biases, offsets[:0], features[:0]),
        lambda: nnue_forward(weights, biases, offsets, features, 1, np.empty((3, 96), np.float32)),
        lambda: nnue_forward(weights, biases, np.array([0], np.int32), features[:0], 1, weights),
        lambda: nnue_backward(gradients[1:], offsets, features, by_weights),
        lambda: nnue_backward(gradients, offsets, features, by_weights[:, :95].copy()),
        lambda: nnue_backward(gradients, offsets, features, by_weights, 1, biases[:3].copy()),
        lambda: nnue_backward(by_weights[: len(gradients)], offsets, features, by_weights),
    ]
    for call in broken:
        with pytest.raises(ValueError, match=r"hint: |cannot be"):
            call()
