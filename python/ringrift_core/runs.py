"""Recorded self-play from Python: `selfplay` and `selfplay_async`."""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ringrift_core._native import SelfplayRun

if TYPE_CHECKING:
    import asyncio

POLL_SECONDS = 0.05
"""Time between two looks at the progress of an asynchronous run."""


class SelfplayProgress(NamedTuple):
    """How far a run is, as its `progress` callback gets it."""

    games: int
    """Games recorded and safe; in a resumed run those that were there before, too."""
    num_games: int
    """Games that the run is to have."""
    moves: int
    """Moves recorded by this call, bookkeeping moves included."""
    seconds: float
    """Time since the call began."""


@dataclass(frozen=True)
class SelfplaySummary:
    """What a run did. Counts are those of the games of this call: a resumed run does not count those before it."""

    run_id: str
    """Name of the run, in every record; kept when it is resumed."""
    board_type: str
    """Board name."""
    num_players: int
    """Number of players, 2 to 4."""
    engine_mode: str
    """Who played."""
    seed: int
    """Seed of the run; game `i` is recorded with `seed + i`."""
    max_moves: int
    """Moves after which games were cut off."""
    log_jsonl: Path | None
    """The JSONL file, if there is one."""
    record_db: Path | None
    """The replay database, if there is one."""
    first_index: int
    """Index of the first game of this call; above 0 if the run was resumed."""
    games: int
    """Games played."""
    completed: int
    """Games that the rules ended; the others were cut off."""
    recorded: int
    """Games in the replay database."""
    faults: int
    """Games that broke an invariant or could not be stored; cut-off games are none."""
    moves: int
    """Recorded moves, bookkeeping moves included."""
    seconds: float
    """Time that the run took."""
    stopped_early: str | None
    """None, or why games are missing: `resources` (disk or memory ran short)."""
    counts: dict[str, Any] = field(repr=False)
    """Everything that the summary of `rrpipe selfplay` counts, by its names: lengths, reasons, swaps, samples, ..."""

    @property
    def completion_share(self) -> float | None:
        """Completed games per game, in [0, 1]; None without games."""
        return self.completed / self.games if self.games else None

    @property
    def games_per_second(self) -> float:
        """Games per second of the run."""
        return self.games / self.seconds if self.seconds > 0 else 0.0


def selfplay(
    *,
    board_type: str = "square8",
    num_players: int = 2,
    num_games: int = 100,
    engine_mode: str = "heuristic-only",
    max_moves: int | None = None,
    seed: int | None = None,
    jobs: int = 0,
    log_jsonl: str | os.PathLike[str] | None = None,
    no_log: bool = False,
    record_db: str | os.PathLike[str] | None = "data/games/selfplay.db",
    lean_db: bool = True,
    nodes: int | None = None,
    think_time_ms: int | None = None,
    nnue: str | os.PathLike[str] | None = None,
    opening_random_moves: int = 4,
    swap_rule: bool = False,
    swap_sides_probability: float = 0.5,
    heuristic_weights_file: str | os.PathLike[str] | None = None,
    heuristic_profile: str | None = None,
    state_pool_output: str | os.PathLike[str] | None = None,
    state_pool_max_states: int = 500,
    state_pool_sampling_interval: int = 4,
    resume_from_jsonl: bool = False,
    checkpoint_interval: int = 0,
    fail_on_anomaly: bool = False,
    progress: Callable[[SelfplayProgress], object] | None = None,
) -> SelfplaySummary:
    """Plays games of engines against themselves and records them, as `rrpipe selfplay` does.

    Game `i` of a seed is the same with any number of jobs, on any machine, and from the command line. The interpreter
    is released: other threads go on. Ctrl-C ends the run: games in progress vanish, those before them are recorded,
    and the same call with its `seed` and `resume_from_jsonl=True` plays the rest.

    Args:
        board_type: `square8`, `square19`, `hex8` or `hexagonal`.
        num_players: Number of players, 2 to 4.
        num_games: Number of games, at least 1; in a resumed run those that are there count.
        engine_mode: `heuristic-only` or `random-only`.
        max_moves: Moves after which a game is cut off, at least 1, bookkeeping moves included; the default depends on
            board and players.
        seed: Seed of the run; if None, that of the run to be resumed, or else a drawn one, which the summary tells.
        jobs: Threads, at most 4096; 0 for one per core.
        log_jsonl: File for the games, one JSON object per line;
            `logs/selfplay/soak_<board_type>_<num_players>p_<seed>.jsonl` if None. Emptied unless the run is resumed.
        no_log: Writes no JSONL file: games go to `record_db` alone, or nowhere; the run cannot be resumed.
        record_db: Replay database that completed games are added to; None for none.
        lean_db: False records the states before and after every move as well (a hundred times the space).
        nodes: Budget of every decision of seats that search, at least 1; by default 1000 on square8 and hex8, 2000 on
            the large boards.
        think_time_ms: The same as a time in milliseconds, at least 1, instead of nodes; such games do not repeat.
        nnue: Network (`.nnue`) that seats which search evaluate with; `"none"` for none. By default, `mixed` takes the
            one in the folder of models for the rungs that use it, and other modes none.
        opening_random_moves: Decisions at the start of each game that are made at random.
        swap_rule: Whether the second of two players may swap sides.
        swap_sides_probability: Probability in [0, 1] that an offered swap is taken outright.
        heuristic_weights_file: JSON file with weight profiles for `heuristic-only`.
        heuristic_profile: Name of the profile in that file.
        state_pool_output: File that sampled positions are appended to, one JSON state per line; None for none.
        state_pool_max_states: Most sampled positions of a run, at least 1.
        state_pool_sampling_interval: A position after every so many decisions, at least 1.
        resume_from_jsonl: Goes on after the games that `log_jsonl` has.
        checkpoint_interval: Writes `<log_jsonl>.checkpoint.json` after every so many games; 0 for never.
        fail_on_anomaly: Stops at the first skipped game, and raises if a game shows a fault.
        progress: Called in this thread when games have been recorded, at most 20 times a second, and at the end. What
            it raises ends the run, as Ctrl-C does, and is raised here.

    Returns:
        The summary of the run.

    Raises:
        ValueError: An argument out of range, an unknown board, mode or profile; or the run to be resumed has other
            settings.
        OSError: A file cannot be written, is in use by another run, or disk or memory are short; the class is that of
            the cause, such as `FileNotFoundError` or `BlockingIOError`.
        RecordError: A file to be added to or read is damaged, or something else.
        RingRiftError: `fail_on_anomaly`, and a game shows a fault.
        KeyboardInterrupt: Ctrl-C.

    Warns:
        RuntimeWarning: Less than half of the games were completed, the run stopped since a resource was short, or a
            torn line of a resumed file was removed.
    """
    run = SelfplayRun(
        board_type=board_type,
        num_players=num_players,
        num_games=num_games,
        engine_mode=engine_mode,
        max_moves=max_moves,
        seed=seed,
        jobs=jobs,
        log_jsonl=log_jsonl,
        no_log=no_log,
        record_db=record_db,
        lean_db=lean_db,
        nodes=nodes,
        think_time_ms=think_time_ms,
        nnue=nnue,
        opening_random_moves=opening_random_moves,
        swap_rule=swap_rule,
        swap_sides_probability=swap_sides_probability,
        heuristic_weights_file=heuristic_weights_file,
        heuristic_profile=heuristic_profile,
        state_pool_output=state_pool_output,
        state_pool_max_states=state_pool_max_states,
        state_pool_sampling_interval=state_pool_sampling_interval,
        resume_from_jsonl=resume_from_jsonl,
        checkpoint_interval=checkpoint_interval,
        fail_on_anomaly=fail_on_anomaly,
    )
    if progress is None:
        return _summary(run.play(None))
    began = time.monotonic()

    def tell(games: int, moves: int) -> None:
        progress(SelfplayProgress(games, num_games, moves, time.monotonic() - began))

    return _summary(run.play(tell))


async def selfplay_async(
    *,
    board_type: str = "square8",
    num_players: int = 2,
    num_games: int = 100,
    engine_mode: str = "heuristic-only",
    max_moves: int | None = None,
    seed: int | None = None,
    jobs: int = 0,
    log_jsonl: str | os.PathLike[str] | None = None,
    no_log: bool = False,
    record_db: str | os.PathLike[str] | None = "data/games/selfplay.db",
    lean_db: bool = True,
    nodes: int | None = None,
    think_time_ms: int | None = None,
    nnue: str | os.PathLike[str] | None = None,
    opening_random_moves: int = 4,
    swap_rule: bool = False,
    swap_sides_probability: float = 0.5,
    heuristic_weights_file: str | os.PathLike[str] | None = None,
    heuristic_profile: str | None = None,
    state_pool_output: str | os.PathLike[str] | None = None,
    state_pool_max_states: int = 500,
    state_pool_sampling_interval: int = 4,
    resume_from_jsonl: bool = False,
    checkpoint_interval: int = 0,
    fail_on_anomaly: bool = False,
    progress: Callable[[SelfplayProgress], object] | None = None,
) -> SelfplaySummary:
    """Plays and records games like `selfplay`, while the event loop goes on.

    Cancelling the task ends the run as Ctrl-C does. `CancelledError` comes out when the files are closed, a fraction of
    a second later: games in progress have vanished, the database is whole and nobody holds it. Several runs may be in
    progress, each with a `log_jsonl` of its own; they may share a `record_db`. Runs that are still in progress when the
    interpreter exits are ended in the same way.

    Args:
        board_type: See `selfplay`, also for the arguments that follow.
        num_players: Number of players, 2 to 4.
        num_games: Number of games, at least 1.
        engine_mode: `heuristic-only` or `random-only`.
        max_moves: Moves after which a game is cut off, at least 1.
        seed: Seed of the run.
        jobs: Threads of this run, at most 4096; 0 for one per core.
        log_jsonl: File for the games.
        no_log: Writes no JSONL file.
        record_db: Replay database; None for none.
        lean_db: False records the states around every move as well.
        nodes: Budget of every decision of seats that search, in nodes.
        think_time_ms: The same in milliseconds, instead of nodes.
        nnue: Network of seats that search.
        opening_random_moves: Random decisions at the start of each game.
        swap_rule: Whether the second of two players may swap sides.
        swap_sides_probability: Probability in [0, 1] that an offered swap is taken outright.
        heuristic_weights_file: File with weight profiles.
        heuristic_profile: Name of the profile in that file.
        state_pool_output: File for sampled positions.
        state_pool_max_states: Most sampled positions, at least 1.
        state_pool_sampling_interval: Decisions between two of them, at least 1.
        resume_from_jsonl: Goes on after the games that `log_jsonl` has.
        checkpoint_interval: Games between two checkpoints; 0 for none.
        fail_on_anomaly: Stops at the first skipped game, and raises if a game shows a fault.
        progress: Called in the task when games have been recorded, at most 20 times a second, and at the end. What it
            raises ends the run and is raised here.

    Returns:
        The summary of the run.

    Raises:
        asyncio.CancelledError: The task was cancelled.
        ValueError: See `selfplay`, also for the errors and warnings that follow.
        OSError: A file or a resource.
        RecordError: A file to be added to or read is damaged, or something else.
        RingRiftError: `fail_on_anomaly`, and a game shows a fault.
    """
    import asyncio  # Not at the top, so that importing the package stays quick.

    run = SelfplayRun(
        board_type=board_type,
        num_players=num_players,
        num_games=num_games,
        engine_mode=engine_mode,
        max_moves=max_moves,
        seed=seed,
        jobs=jobs,
        log_jsonl=log_jsonl,
        no_log=no_log,
        record_db=record_db,
        lean_db=lean_db,
        nodes=nodes,
        think_time_ms=think_time_ms,
        nnue=nnue,
        opening_random_moves=opening_random_moves,
        swap_rule=swap_rule,
        swap_sides_probability=swap_sides_probability,
        heuristic_weights_file=heuristic_weights_file,
        heuristic_profile=heuristic_profile,
        state_pool_output=state_pool_output,
        state_pool_max_states=state_pool_max_states,
        state_pool_sampling_interval=state_pool_sampling_interval,
        resume_from_jsonl=resume_from_jsonl,
        checkpoint_interval=checkpoint_interval,
        fail_on_anomaly=fail_on_anomaly,
    )
    began = time.monotonic()
    told = 0
    ended = run.start()
    try:
        while not ended.done():
            # Waiting for it in this way leaves it alone when this task is cancelled.
            await asyncio.wait([ended], timeout=None if progress is None else POLL_SECONDS)
            games, moves = run.progress
            if progress is not None and games != told:
                told = games
                progress(SelfplayProgress(games, num_games, moves, time.monotonic() - began))
    except GeneratorExit:  # The loop is gone, and nothing can be waited for.
        run.stop()
        raise
    except BaseException as error:
        run.stop()
        fault = await end_of(ended)
        if fault is not None:
            raise error from fault
        raise
    return _summary(ended.result())


async def end_of(ended: asyncio.Future[Any]) -> BaseException | None:
    """Waits for work that was told to stop, whatever happens to the task, and returns what it failed with."""
    import asyncio

    while not ended.done():
        try:
            await asyncio.wait([ended])
        except asyncio.CancelledError:
            continue  # The task is being cancelled anyway, and the run is about to end.
    return ended.exception()


def _summary(text: str) -> SelfplaySummary:
    """The summary of a run, its warnings given on the way."""
    counts: dict[str, Any] = json.loads(text)
    for warning in counts.pop("warnings"):
        warnings.warn(warning, RuntimeWarning, stacklevel=3)

    def path(name: str) -> Path | None:
        return None if counts[name] is None else Path(counts[name])

    return SelfplaySummary(
        run_id=counts["run_id"],
        board_type=counts["board_type"],
        num_players=counts["num_players"],
        engine_mode=counts["engine_mode"],
        seed=counts["seed"],
        max_moves=counts["max_moves"],
        log_jsonl=path("log_jsonl"),
        record_db=path("record_db"),
        first_index=counts["first_index"],
        games=counts["total_games"],
        completed=counts["completed_games"],
        recorded=counts["db_recorded_games"],
        faults=counts["anomalies"],
        moves=counts["total_recorded_moves"],
        seconds=counts["elapsed_seconds"],
        stopped_early=counts["stopped_early"],
        counts=counts,
    )
