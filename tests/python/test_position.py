"""Positions, moves and batches of random games from Python."""

import copy
import doctest
import json
import pickle
import random
import signal
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

import ringrift_core
from ringrift_core import BOARDS, IllegalMoveError, Position, SetupError, cell_coordinates, random_playouts

CELLS = {"square8": 64, "square19": 361, "hex8": 61, "hexagonal": 469}


def walk(position: Position, plies: int, seed: int = 0) -> Position:
    """The position after random moves, or at the end of the game."""
    chooser = random.Random(seed)
    for _ in range(plies):
        moves = position.legal_moves()
        if not moves:
            break
        position = position.make_move(moves[chooser.randrange(len(moves))])
    return position


def test_examples_of_the_package_run() -> None:
    assert doctest.testmod(ringrift_core).failed == 0


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("players", [2, 3, 4])
def test_start_of_every_game(board: str, players: int) -> None:
    position = Position(board, players)
    assert (position.board, position.players, position.phase) == (board, players, "ring_placement")
    assert (position.to_move, position.plies, position.turn, position.is_over) == (0, 0, 1, False)
    assert len(position.legal_moves()) == 3 * CELLS[board]
    assert (position.winner, position.end_reason, position.ranks) == (None, None, None)
    assert position.returns().tolist() == [0.0] * players
    assert cell_coordinates(board).shape == (CELLS[board], 2)


def test_make_move_leaves_the_position_alone() -> None:
    position = Position()
    before = position.to_text()
    after = position.make_move("P3,3x2")
    assert (position.to_text(), position.plies) == (before, 0)
    assert (after.plies, after.phase, after.hands) == (1, "movement", [16, 18])
    assert after.rings("3,3") == [0, 0]
    assert after == Position().make_move(Position().parse_move("P3,3x2"))
    assert hash(after) == hash(Position().make_move("P3,3x2"))
    assert after != position


def test_moves_describe_themselves() -> None:
    position = Position().make_move("P3,3x2")
    move = position.parse_move("M3,3>3,5")
    assert (move.text, str(move), move.kind, move.player) == ("M3,3>3,5", "M3,3>3,5", "move_stack", 0)
    assert (move.origin, move.target, move.landing, move.is_bookkeeping) == ("3,3", None, "3,5", False)
    assert repr(move) == "<Move move_stack M3,3>3,5>"
    assert move in position.legal_moves()
    assert "M3,3>3,5" in position.legal_moves()
    assert "M3,3>3,4" not in position.legal_moves()
    assert {move, position.parse_move("M3,3>3,5")} == {move}


def test_legal_moves_are_a_sequence() -> None:
    moves = Position().legal_moves()
    assert [move.text for move in moves] == moves.texts()
    assert moves[-1] == moves[len(moves) - 1]
    for index in (len(moves), -len(moves) - 1):
        with pytest.raises(IndexError):
            moves[index]


def test_cells_are_the_board() -> None:
    position = walk(Position("hex8", 3), 60)
    cells, coordinates = position.cells(), cell_coordinates("hex8")
    assert cells.dtype == np.int16
    assert cells.shape == (61, 4)
    for (kind, owner, height, cap), (x, y) in zip(cells.tolist(), coordinates.tolist(), strict=True):
        rings = position.rings(f"{x},{y},{-x - y}")
        assert (len(rings), kind == 2) == (height, bool(rings))
        if rings:
            assert owner == rings[-1]
            assert rings[-cap:] == [owner] * cap
    assert (cells[:, 0] == 3).sum() == sum(position.territory)


@pytest.mark.parametrize("board", BOARDS)
def test_positions_survive_text_json_pickle_and_copy(board: str) -> None:
    position = walk(Position(board, 3), 120, seed=1)
    assert Position.from_text(position.to_text()) == position
    assert pickle.loads(pickle.dumps(position)) == position
    assert copy.deepcopy(position) == position
    read = Position.from_json(position.to_json())
    assert (read.state_hash, read.zobrist) == (position.state_hash, position.zobrist)
    assert sorted(read.legal_moves().texts()) == sorted(position.legal_moves().texts())
    move = position.legal_moves()[0]
    assert pickle.loads(pickle.dumps(move)) == move
    assert position.move_from_json(move.to_json()) == move


def test_repr_leads_back_to_the_position() -> None:
    position = walk(Position(), 30)
    assert eval(repr(position), {"Position": Position}) == position


def test_state_json_is_that_of_upstream() -> None:
    state = json.loads(walk(Position(), 30).to_json())
    assert state["boardType"] == "square8"
    assert state["board"]["size"] == 8
    assert [player["playerNumber"] for player in state["players"]] == [1, 2]


def test_finished_games_have_a_winner_ranks_and_returns() -> None:
    position = walk(Position("square8", 4), 2000, seed=3)
    assert position.is_over
    assert position.phase == "game_over"
    assert len(position.legal_moves()) == 0
    assert position.ranks is not None
    assert position.winner is not None
    assert position.ranks[position.winner] == 1
    assert position.to_move == position.winner
    returns = position.returns()
    assert returns.dtype == np.float32
    assert returns[position.winner] == 1.0
    assert abs(returns.sum()) < 1e-6
    assert position.end_reason in ("ring_elimination", "territory", "last_player_standing", "stalemate")


def test_pictures_are_svg() -> None:
    before = Position().make_move("P3,3x2")
    move = before.parse_move("M3,3>3,5")
    after = before.make_move(move)
    assert after._repr_svg_().startswith("<svg ")
    assert after.to_svg(before=before, played=move, scheme="dark", width=300).startswith("<svg ")
    assert "square8" in str(after)
    with pytest.raises(ValueError, match="unknown scheme"):
        after.to_svg(scheme="pink")
    with pytest.raises(ValueError, match="both before and played"):
        after.to_svg(played=move)
    with pytest.raises(ValueError, match="not legal in the position before"):
        after.to_svg(before=after, played=move)


def test_perft_counts_paths() -> None:
    assert [Position().perft(depth) for depth in range(4)] == [1, 192, 3192, 3192]
    with pytest.raises(ValueError, match="at most 64"):
        Position().perft(65)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: Position("chess"), ValueError, 'unknown board "chess"'),
        (lambda: Position("hex8", 5), ValueError, "5 players are not possible"),
        (lambda: Position(lps_rounds=0), SetupError, "the number of LPS rounds is 0"),
        (lambda: Position().make_move("hello"), IllegalMoveError, '"hello" is not a move'),
        (lambda: Position().make_move("M0,0>0,1"), IllegalMoveError, "is not legal for player 1 in ring_placement"),
        (lambda: Position().rings("9,9"), ValueError, '"9,9" is no cell of square8'),
        (lambda: Position.from_text("square8:2"), SetupError, "cannot read player to move"),
        (lambda: Position.from_text("square8:2 1:movement 1/0/0 9,9:1 - -"), SetupError, "cell of a stack"),
        (lambda: Position.from_text("square8:2 7:movement 1/0/0 0,0:9 0,0:1 -"), SetupError, "breaks 6 rule"),
        (lambda: Position.from_json("{"), SetupError, "JSON"),
        (lambda: Position.from_json("[]"), SetupError, "expected an object, got a list"),
        (lambda: Position.from_json("{}"), SetupError, r"3 fault\(s\)"),
        (lambda: Position.from_json("{}", ring_order="up"), ValueError, "unknown ring order"),
        (lambda: cell_coordinates("go"), ValueError, "unknown board"),
        (lambda: random_playouts(Position(), 1, threads=10**6), ValueError, "at most 4096"),
    ],
)
def test_wrong_values_are_explained(call: Callable[[], object], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: Position(8),  # type: ignore[arg-type]
        lambda: Position("hex8", "two"),  # type: ignore[arg-type]
        lambda: Position().make_move(3),  # type: ignore[arg-type]
        lambda: Position.from_json(b"{}"),  # type: ignore[arg-type]
        lambda: random_playouts("hex8", 3),  # type: ignore[arg-type]
        lambda: Position().legal_moves()["x"],  # type: ignore[index]
    ],
)
def test_wrong_types_are_type_errors(call: Callable[[], object]) -> None:
    with pytest.raises(TypeError):
        call()


@pytest.mark.parametrize("value", [-1, 2**70])
def test_numbers_out_of_range_are_overflow_errors(value: int) -> None:
    with pytest.raises(OverflowError):
        random_playouts(Position(), value)


def test_a_move_of_another_position_is_illegal() -> None:
    move = Position().parse_move("P3,3x2")
    with pytest.raises(IllegalMoveError, match="P3,3x2"):
        Position().make_move("P0,0x1").make_move(move)


def test_playouts_do_not_depend_on_threads() -> None:
    start = Position("hex8", 3)
    batch = random_playouts(start, 30, seed=7)
    one = random_playouts(start, 30, seed=7, threads=1)
    for name in ("plies", "winners", "returns", "keys"):
        assert np.array_equal(batch[name], one[name])
    assert batch["plies"].dtype == np.int32
    assert batch["winners"].dtype == np.int8
    assert batch["returns"].shape == (30, 3)
    assert batch["keys"].dtype == np.uint64
    assert not np.array_equal(batch["keys"], random_playouts(start, 30, seed=8)["keys"])
    stopped = random_playouts(start, 5, max_moves=10)
    assert stopped["winners"].tolist() == [-1] * 5
    assert stopped["plies"].tolist() == [10] * 5


def test_playouts_release_the_interpreter() -> None:
    done = threading.Event()
    counted = 0

    def play() -> None:
        random_playouts(Position("hexagonal", 4), 400, threads=1)
        done.set()

    thread = threading.Thread(target=play)
    thread.start()
    while not done.wait(0.001):
        counted += 1
    thread.join()
    assert counted > 10


def test_ctrl_c_stops_a_batch() -> None:
    interrupt = threading.Timer(0.2, signal.raise_signal, [signal.SIGINT])
    began = time.monotonic()
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        random_playouts(Position("hexagonal", 4), 10**7)
    interrupt.join()
    assert time.monotonic() - began < 30
