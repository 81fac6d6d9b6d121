"""Recorded self-play from Python: the same games by every way, files that verify, errors, ends before the end."""

import asyncio
import json
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ringrift_core
from ringrift_core import RecordError, RingRiftError, SelfplayProgress, SelfplaySummary, selfplay, selfplay_async
from ringrift_core._native import cli_main

ENDLESS: dict[str, Any] = {"num_games": 2000, "board_type": "square19", "jobs": 2}
"""A run that no test waits for."""


def files(folder: Path, name: str = "run") -> dict[str, Any]:
    """Arguments that name files in a folder."""
    return {"log_jsonl": folder / f"{name}.jsonl", "record_db": folder / f"{name}.db"}


def games(jsonl: Path) -> list[dict[str, Any]]:
    """The games of a file without names and times."""
    found = []
    for line in jsonl.read_text().splitlines():
        game = json.loads(line)
        for key in ("run_id", "db_game_id"):
            del game[key]
        for move in game["moves"]:
            del move["timestamp"]
        for key in ("created_at", "last_move_at"):
            del game["initial_state"][key]
        found.append(game)
    return found


def recorded(database: Path) -> int:
    """Number of games of a database that is whole, that nobody holds, and whose games replay."""
    connection = sqlite3.connect(database, timeout=0)
    with connection:
        connection.execute("BEGIN EXCLUSIVE")
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        (count,) = connection.execute("SELECT count(*) FROM games").fetchone()
    connection.close()
    assert cli_main(["rrpipe", "verify", str(database)]) == 0
    assert isinstance(count, int)
    return count


def assert_whole(folder: Path, name: str = "run") -> int:
    """Checks the files of a run that was ended: whole games only, the same in both. Returns their number."""
    count = len(games(folder / f"{name}.jsonl"))
    assert recorded(folder / f"{name}.db") == count
    return count


def test_games_are_the_same_by_every_way(tmp_path: Path) -> None:
    options: dict[str, Any] = {"num_games": 12, "seed": 5, "num_players": 3, "board_type": "hex8"}
    one = selfplay(**options, jobs=1, **files(tmp_path, "one"))
    selfplay(**options, jobs=2, **files(tmp_path, "two"))
    asyncio.run(selfplay_async(**options, jobs=2, **files(tmp_path, "async")))
    flags = ["--num-games", "12", "--seed", "5", "--num-players", "3", "--board-type", "hex8"]
    cli = ["--log-jsonl", str(tmp_path / "cli.jsonl"), "--record-db", str(tmp_path / "cli.db")]
    assert cli_main(["rrpipe", "selfplay", "--engine-mode", "heuristic-only", *flags, *cli]) == 0
    expected = games(tmp_path / "one.jsonl")
    assert len(expected) == 12
    for name in ("two", "async", "cli"):
        assert games(tmp_path / f"{name}.jsonl") == expected
        assert recorded(tmp_path / f"{name}.db") == one.recorded


def test_summary_tells_what_was_done(tmp_path: Path) -> None:
    summary = selfplay(num_games=5, seed=-3, engine_mode="random-only", **files(tmp_path))
    assert isinstance(summary, SelfplaySummary)
    assert (summary.games, summary.completed, summary.recorded, summary.faults) == (5, 5, 5, 0)
    assert (summary.seed, summary.max_moves, summary.first_index) == (-3, 600, 0)
    assert (summary.engine_mode, summary.stopped_early, summary.completion_share) == ("random-only", None, 1.0)
    assert (summary.log_jsonl, summary.record_db) == (tmp_path / "run.jsonl", tmp_path / "run.db")
    assert summary.moves == sum(len(game["moves"]) for game in games(tmp_path / "run.jsonl"))
    assert summary.counts["completed_games"] == 5
    assert summary.games_per_second > 0
    assert json.loads((tmp_path / "run.jsonl.run.json").read_text())["run_id"] == summary.run_id


def test_run_without_database_and_with_pool(tmp_path: Path) -> None:
    pool = tmp_path / "pool.jsonl"
    log = tmp_path / "run.jsonl"
    summary = selfplay(num_games=3, log_jsonl=str(log), record_db=None, state_pool_output=pool, state_pool_max_states=7)
    assert (summary.record_db, summary.recorded) == (None, 0)
    assert len(pool.read_text().splitlines()) == 7
    assert 0 <= summary.seed < 2**31


def test_run_without_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    summary = selfplay(num_games=3, seed=1, no_log=True, record_db=None)
    assert (summary.games, summary.log_jsonl, summary.record_db) == (3, None, None)
    assert list(tmp_path.iterdir()) == []
    selfplay(num_games=3, seed=1, no_log=True, record_db="run.db")
    assert [path.name for path in tmp_path.iterdir()] == ["run.db"]
    assert recorded(tmp_path / "run.db") == 3


def test_run_is_resumed(tmp_path: Path) -> None:
    options: dict[str, Any] = {"seed": 8, "engine_mode": "random-only"}
    selfplay(num_games=9, **options, **files(tmp_path, "whole"))
    first = selfplay(num_games=4, **options, **files(tmp_path))
    with (tmp_path / "run.jsonl").open("a") as log:
        log.write('{"torn')
    with pytest.warns(RuntimeWarning, match="torn last line of 6 bytes"):
        rest = selfplay(num_games=9, engine_mode="random-only", resume_from_jsonl=True, **files(tmp_path))
    assert (rest.first_index, rest.games, rest.run_id, rest.seed) == (4, 5, first.run_id, 8)
    assert games(tmp_path / "run.jsonl") == games(tmp_path / "whole.jsonl")
    with pytest.raises(ValueError, match=r"max_moves 600, this command 9\nhint: .*without resume_from_jsonl"):
        selfplay(num_games=9, **options, max_moves=9, resume_from_jsonl=True, **files(tmp_path))


def test_cut_games_are_a_warning(tmp_path: Path) -> None:
    with pytest.warns(RuntimeWarning, match=r"only 0 % of the square8_2p games(.|\n)*use max_moves=600") as caught:
        summary = selfplay(num_games=2, max_moves=20, seed=1, **files(tmp_path))
    assert caught[0].filename == __file__
    assert (summary.completed, summary.completion_share) == (0, 0.0)


def test_interpreter_is_released(tmp_path: Path) -> None:
    done = threading.Event()
    counted = 0

    def play() -> None:
        selfplay(num_games=40, jobs=1, **files(tmp_path))
        done.set()

    thread = threading.Thread(target=play)
    thread.start()
    while not done.wait(0.001):
        counted += 1
    thread.join()
    assert counted > 10


def test_progress_is_told_in_the_thread_that_called(tmp_path: Path) -> None:
    told: list[SelfplayProgress] = []
    threads = set()

    def progress(now: SelfplayProgress) -> None:
        told.append(now)
        threads.add(threading.get_ident())

    summary = selfplay(num_games=60, progress=progress, **files(tmp_path, "sync"))
    assert told[-1][:3] == (60, 60, summary.moves)
    assert [now.games for now in told] == sorted({now.games for now in told})
    assert 0 <= told[0].seconds <= told[-1].seconds
    told.clear()
    asyncio.run(selfplay_async(num_games=60, progress=progress, **files(tmp_path, "async")))
    assert told[-1].games == 60
    assert threads == {threading.get_ident()}


def test_what_progress_raises_ends_the_run(tmp_path: Path) -> None:
    def progress(now: SelfplayProgress) -> None:
        raise LookupError(f"planted at {now.games}")

    with pytest.raises(LookupError, match="planted"):
        selfplay(**ENDLESS, progress=progress, **files(tmp_path, "sync"))
    assert assert_whole(tmp_path, "sync") > 0
    with pytest.raises(LookupError, match="planted"):
        asyncio.run(selfplay_async(**ENDLESS, progress=progress, **files(tmp_path, "async")))
    assert assert_whole(tmp_path, "async") > 0


def test_ctrl_c_keeps_whole_games(tmp_path: Path) -> None:
    interrupt = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
    interrupt.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        selfplay(**ENDLESS, seed=1, **files(tmp_path))
    interrupt.join()
    assert time.monotonic() - began < 30
    count = assert_whole(tmp_path)
    options = {**ENDLESS, "num_games": count + 2}
    rest = selfplay(**options, seed=1, resume_from_jsonl=True, **files(tmp_path))
    assert (rest.first_index, rest.games) == (count, 2)


def test_ctrl_c_ends_a_coroutine(tmp_path: Path) -> None:
    # Sent to the process, as a terminal does: the main thread gets it, and its `select` ends.
    interrupt = threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT])
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(selfplay_async(**ENDLESS, **files(tmp_path)))
    interrupt.join()
    assert_whole(tmp_path)


async def cancelled(task: "asyncio.Task[SelfplaySummary]") -> None:
    """Waits for a task that was cancelled."""
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


@pytest.mark.parametrize("seconds", [0.0, 0.02, 0.4])
def test_cancelled_run_leaves_whole_games_and_no_lock(tmp_path: Path, seconds: float) -> None:
    async def main() -> None:
        task = asyncio.create_task(selfplay_async(**ENDLESS, seed=2, **files(tmp_path)))
        await asyncio.sleep(seconds)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()  # Once more while it is being cancelled.
        await cancelled(task)
        if (tmp_path / "run.jsonl").exists():
            count = assert_whole(tmp_path)
            options = {**ENDLESS, "num_games": count + 2}
            rest = await selfplay_async(**options, seed=2, resume_from_jsonl=True, **files(tmp_path))
            assert (rest.first_index, rest.games) == (count, 2)

    asyncio.run(main())


def test_timeout_is_a_cancellation(tmp_path: Path) -> None:
    async def main() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(selfplay_async(**ENDLESS, **files(tmp_path)), timeout=0.2)
        assert_whole(tmp_path)

    asyncio.run(main())


def test_several_runs_at_once(tmp_path: Path) -> None:
    database = tmp_path / "all.db"
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    async def main() -> list[SelfplaySummary]:
        clock = asyncio.create_task(tick())
        endless = asyncio.create_task(selfplay_async(**ENDLESS, **files(tmp_path, "endless")))
        runs = (
            selfplay_async(num_games=15, seed=i, jobs=1, log_jsonl=tmp_path / f"{i}.jsonl", record_db=database)
            for i in range(4)
        )
        summaries = await asyncio.gather(*runs)
        assert not endless.done()
        endless.cancel()
        await cancelled(endless)
        clock.cancel()
        return summaries

    summaries = asyncio.run(main())
    assert [summary.seed for summary in summaries] == [0, 1, 2, 3]
    assert [len(games(tmp_path / f"{i}.jsonl")) for i in range(4)] == [15] * 4
    assert recorded(database) == sum(summary.recorded for summary in summaries) == 60
    assert ticks > 10


def test_one_file_has_one_writer(tmp_path: Path) -> None:
    async def main() -> None:
        first = asyncio.create_task(selfplay_async(**ENDLESS, **files(tmp_path)))
        while not (tmp_path / "run.jsonl.run.json").exists():
            await asyncio.sleep(0.01)
        with pytest.raises(BlockingIOError, match=r"another process\nhint: .* choose another file"):
            await selfplay_async(**ENDLESS, **files(tmp_path))
        assert not first.done()
        first.cancel()
        await cancelled(first)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"board_type": "square9"}, ValueError, 'unknown board "square9"\nhint: the boards are'),
        ({"num_players": 5}, ValueError, "5 players are not possible\nhint: "),
        ({"num_games": 0}, ValueError, "num_games is 0\nhint: "),
        ({"max_moves": 0}, ValueError, "max_moves is 0\nhint: "),
        ({"num_games": -1}, OverflowError, "negative"),
        ({"num_games": "many"}, TypeError, "integer"),
        ({"log_jsonl": 3}, TypeError, "PathLike"),
        ({"num_gamez": 3}, TypeError, "num_gamez"),
        ({"engine_mode": "mixt"}, ValueError, "hint: the modes are random-only, heuristic-only"),
        ({"engine_mode": "nn-only"}, ValueError, "engine mode nn-only is not available"),
        ({"jobs": 5000}, ValueError, "jobs is at most 1024\nhint: "),
        ({"nodes": 0}, ValueError, "budget of 0 nodes\nhint: "),
        ({"nodes": 5, "think_time_ms": 5}, ValueError, "contradicts think_time_ms\nhint: "),
        ({"swap_sides_probability": 2.0}, ValueError, "is no probability\nhint: "),
        ({"swap_sides_probability": float("nan")}, ValueError, "is no probability\nhint: "),
        ({"state_pool_sampling_interval": 0}, ValueError, "state_pool_sampling_interval is 0\nhint: "),
        ({"no_log": True}, ValueError, "no_log contradicts log_jsonl(.|\n)*hint: "),
        ({"heuristic_profile": "x"}, ValueError, "belong together\nhint: "),
        ({"heuristic_weights_file": "no.json", "heuristic_profile": "x"}, FileNotFoundError, "no.json(.|\n)*hint: "),
        ({"log_jsonl": "/dev/null/x.jsonl"}, OSError, "/dev/null(.|\n)*hint: "),
        ({"record_db": "/dev/null/x.db"}, OSError, "/dev/null(.|\n)*hint: "),
        (
            {"record_db": "one.file", "log_jsonl": "one.file"},
            ValueError,
            "log_jsonl and record_db are the same file(.|\n)*hint: ",
        ),
        ({"record_db": __file__}, RecordError, "is not an SQLite database\nhint: "),
        (
            {"resume_from_jsonl": True, "log_jsonl": None},
            ValueError,
            "which run(.|\n)*hint: give log_jsonl",
        ),
    ],
)
def test_wrong_arguments_are_named(
    tmp_path: Path, options: dict[str, Any], error: type[Exception], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.jsonl").write_text("kept")
    calls: list[Callable[..., object]] = [selfplay, lambda **options: asyncio.run(selfplay_async(**options))]
    for call in calls:
        with pytest.raises(error, match=words):
            call(**{**files(tmp_path), **options})
    assert (tmp_path / "run.jsonl").read_text() == "kept"


def test_file_of_something_else_is_not_resumed(tmp_path: Path) -> None:
    (tmp_path / "run.jsonl").write_text("words\n")
    with pytest.raises(RecordError, match="line 1: not a JSON object"):
        selfplay(num_games=2, seed=1, resume_from_jsonl=True, **files(tmp_path))
    assert (tmp_path / "run.jsonl").read_text() == "words\n"


def test_strict_run_stops_at_the_first_skipped_game(tmp_path: Path) -> None:
    with pytest.warns(RuntimeWarning, match="max_moves"):
        summary = selfplay(num_games=50, max_moves=20, seed=1, fail_on_anomaly=True, **files(tmp_path))
    assert (summary.games, summary.faults, summary.stopped_early) == (1, 0, "skipped game")
    assert issubclass(RecordError, RingRiftError)


def test_coroutine_needs_a_loop(tmp_path: Path) -> None:
    coroutine = selfplay_async(num_games=2, **files(tmp_path))
    with pytest.raises(RuntimeError, match="no running event loop"):
        coroutine.send(None)
    assert list(tmp_path.iterdir()) == []


def test_functions_are_public() -> None:
    assert ringrift_core.selfplay is selfplay
    assert asyncio.iscoroutinefunction(ringrift_core.selfplay_async)
