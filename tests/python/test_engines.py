"""Searches from Python: results and their shapes, repeatability, errors, and ends before the end."""

import asyncio
import threading
import time
from typing import Any

import numpy as np
import pytest

from ringrift_core import BOARDS, Engine, Position, RingRiftError, SearchResult

SOON = 5.0
"""Seconds that the end of a search may take on a busy machine; the searches that are ended would take hours."""

ENDLESS_MS = 10**8


def content(result: SearchResult) -> dict[str, Any]:
    """All of a result but its time."""
    return {
        "best": result.best.text,
        "score": result.score,
        "nodes": result.nodes,
        "evaluations": result.evaluations,
        "depth": result.depth,
        "ended": result.ended,
        "values": result.values.tolist(),
        "lines": [
            (line.move.text, line.visits, line.values.tolist(), line.exact, line.policy, [mv.text for mv in line.pv])
            for line in result.lines
        ],
    }


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("spec", ["random", "heuristic", "d4", "maxn", "descent", "mcts", "gumbel_mcts"])
def test_results_describe_every_move(board: str, spec: str) -> None:
    players = 3
    position = Position(board, players)
    result = Engine(spec, board=board, players=players).search(position, nodes=300)
    assert result.position == position
    assert result.best in position.legal_moves()
    assert result.nodes <= 300
    assert result.elapsed >= 0
    assert sorted(line.move.text for line in result.lines) == sorted(position.legal_moves().texts())
    first = result.lines[0]
    assert first.move == result.best
    assert first.pv[0] == result.best
    for values in (result.values, first.values):
        assert values.dtype == np.float64
        assert values.shape == (players,)
        assert values.min() >= 0
        assert values.sum() == pytest.approx(1)
    assert sum(line.policy for line in result.lines) == pytest.approx(1)
    for line in result.lines[:3]:
        after = position
        for mv in line.pv:
            after = after.make_move(mv)


def test_equal_searches_are_equal_by_every_way() -> None:
    position = Position("hex8", 2).make_move("P0,0,0x2")
    engine = Engine("mcts:nodes=200", board="hex8")
    expected = content(engine.search(position, seed=3))
    assert expected["nodes"] == 200
    engine.search(Position("hex8", 2), nodes=50)
    assert content(engine.search(position, seed=3)) == expected

    async def several() -> list[SearchResult]:
        return await asyncio.gather(*(engine.search_async(position, seed=3) for _ in range(3)))

    for result in asyncio.run(several()):
        assert content(result) == expected


def test_limits_are_the_engines_unless_given() -> None:
    position = Position()
    engine = Engine("d4")
    assert engine.search(position).nodes == 2000
    assert engine.search(position, nodes=70).nodes == 70
    assert engine.search(position, time_ms=20).ended == "time"
    assert "nodes=2000" in engine.spec
    assert repr(engine).startswith("Engine('minimax:")


def test_end_of_a_game_is_known_and_not_searched() -> None:
    position = Position()
    engine = Engine("heuristic")
    while not position.is_over:
        result = engine.search(position)
        position = position.make_move(result.best)
    assert position.winner is not None
    assert result.values[position.winner] == pytest.approx(1)
    with pytest.raises(ValueError, match=r"the game is over: player \d has won by .*\nhint: "):
        engine.search(position)


def test_what_cannot_be_searched_is_a_value_error() -> None:
    for spec, says in (
        ("minmax", "there is no engine"),
        ("d12", "no rung d12"),
        ("mcts:nodes=0", "budget of 0 nodes"),
        ("mcts:node=5", "no setting"),
    ):
        with pytest.raises(ValueError, match=rf"(?s){says}.*hint: "):
            Engine(spec)
    with pytest.raises(ValueError, match="chess"):
        Engine("d6", board="chess")
    with pytest.raises(ValueError, match="players"):
        Engine("d6", players=5)
    with pytest.raises(FileNotFoundError, match="no_such"):
        Engine("heuristic:weights=no_such.json#x")
    engine = Engine("d4")
    for other in (Position("hex8"), Position(players=3)):
        with pytest.raises(ValueError, match=r"a position of .*the engine is for square8 and 2 players\nhint: "):
            engine.search(other)
        with pytest.raises(ValueError, match="the engine is for square8"):
            asyncio.run(engine.search_async(other))
    limits: dict[str, int]
    for limits in ({"nodes": 0}, {"time_ms": 0}, {"nodes": -5}, {"nodes": 5, "time_ms": -1}):
        with pytest.raises(ValueError, match=r"(budget of 0|is -\d)(.|\n)*hint: "):
            engine.search(Position(), **limits)
    assert not issubclass(ValueError, RingRiftError)


def test_interpreter_is_released() -> None:
    done = threading.Event()
    counted = 0

    def search() -> None:
        Engine("mcts").search(Position(), time_ms=200)
        done.set()

    thread = threading.Thread(target=search)
    thread.start()
    while not done.wait(0.001):
        counted += 1
    thread.join()
    assert counted > 10


def test_ctrl_c_ends_a_search() -> None:
    import _thread

    began = time.monotonic()
    timer = threading.Timer(0.2, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        Engine("minimax", board="square19").search(Position("square19"), time_ms=ENDLESS_MS)
    assert time.monotonic() - began < SOON


def test_cancelled_task_ends_its_search() -> None:
    async def cancelled() -> float:
        engine = Engine("mcts", board="square19")
        task = asyncio.create_task(engine.search_async(Position("square19"), time_ms=ENDLESS_MS))
        await asyncio.sleep(0.1)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - began

    assert asyncio.run(cancelled()) < SOON


def test_deadline_ends_a_search() -> None:
    async def late() -> None:
        await asyncio.wait_for(Engine("d4").search_async(Position(), time_ms=ENDLESS_MS), timeout=0.1)

    began = time.monotonic()
    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(late())
    assert time.monotonic() - began < SOON
