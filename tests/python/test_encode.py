"""Network inputs, policy indices and symmetries from Python."""

import copy
import gzip
import json
import pickle
import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import npz_parity
from ringrift_core import BOARDS, Encoder, IllegalMoveError, Move, Position, RecordError, SetupError, read_game

DATA = Path(__file__).parents[2] / "tests/data"
RRPIPE = str(Path(sys.executable).with_name("rrpipe"))
SIDES = {"square8": 8, "square19": 19, "hex8": 9, "hexagonal": 25}
NAMES = {"square8": ["square", "rr1"], "square19": ["square", "rr1"]}
HEX_NAMES = ["hex_v2", "hex_v3", "rr1"]
ENCODERS = [(name, board) for board in BOARDS for name in NAMES.get(board, HEX_NAMES)]
# The encoder and the version of the globals of each recorded input.
INPUTS = {
    "square14": ("square", 2),
    "hex10_fv1": ("hex_v2", 1),
    "hex10_fv2": ("hex_v2", 2),
    "hex16_fv2": ("hex_v3", 2),
}
# Recorded states that are no positions: too many rings, or no legal move.
UNPLAYABLE = {
    "square8-2p-20263024-71",
    "square19-2p-synthetic-20763080",
    "square19-4p-20265074-43",
    "hex8-3p-20263709-19",
}


def play(board: str, players: int, seed: int, plies: int = 150) -> tuple[list[Position], list[Move]]:
    """The beginning of a random game: positions, and the move made from each."""
    chooser, position = random.Random(seed), Position(board, players)
    positions: list[Position] = []
    moves: list[Move] = []
    while not position.is_over and len(moves) < plies:
        legal = position.legal_moves()
        positions.append(position)
        moves.append(legal[chooser.randrange(len(legal))])
        position = position.make_move(moves[-1])
    return positions, moves


def unpacked(planes: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """Packed planes as floats."""
    flat = np.unpackbits(planes, axis=-1, count=side * side, bitorder="little")
    return flat.reshape(*planes.shape[:2], side, side).astype(np.float32)


@pytest.mark.parametrize("line", gzip.decompress((DATA / "encode/sample.jsonl.gz").read_bytes()).splitlines())
def test_recorded_inputs_and_indices_of_upstream(line: bytes) -> None:
    case = json.loads(line)
    if case["id"] in UNPLAYABLE:
        with pytest.raises(SetupError):
            Position.from_json(json.dumps(case["state"]))
        return
    position = Position.from_json(json.dumps(case["state"]))
    for key, given in case["inputs"].items():
        name, version = INPUTS[key]
        encoder = Encoder(name, case["board"], case["num_players"], 0, feature_version=version)
        expected = np.zeros(given["shape"], np.float32)
        for plane, row, column, value in given["nonzero"]:
            expected[plane, row, column] = value
        planes, values = encoder.encode([position])
        assert planes.shape == (1, *given["shape"])
        assert (planes[0] == expected).all()
        assert values.tolist() == [np.float32(given["globals"]).tolist()]
        for text, index in case["moves"]:
            move = position.move_from_json(json.dumps(text))
            assert encoder.policy_index(position, [move]).tolist() == [index]
            assert move in encoder.moves_at(position, index)


@pytest.mark.parametrize(("name", "board"), ENCODERS)
@pytest.mark.parametrize("players", [2, 3])
def test_shapes_follow_from_the_encoder(name: str, board: str, players: int) -> None:
    encoder = Encoder(name, board, players, history=2)
    positions, _ = play(board, players, 1, 5)
    planes, values = encoder.encode(positions)
    assert (encoder.name, encoder.board, encoder.players, encoder.history) == (name, board, players, 2)
    assert (encoder.side, encoder.symmetries) == (SIDES[board], 8 if "square" in board else 12)
    assert planes.shape == (5, encoder.planes, encoder.side, encoder.side)
    assert values.shape == (5, encoder.globals)
    assert planes.dtype == values.dtype == np.float32
    empty, none = encoder.encode([])
    assert (empty.shape, none.shape) == ((0, *planes.shape[1:]), (0, encoder.globals))
    if name == "rr1":
        assert encoder.plane_names is not None
        assert encoder.global_names is not None
        assert (len(encoder.plane_names), len(encoder.global_names)) == (encoder.planes, encoder.globals)
        assert encoder.description is not None
        assert encoder.description.count("\nplane ") == encoder.planes
        assert (encoder.policy, len(str(encoder.layout_digest))) == ("rr1", 16)
        assert encoder.packed_bytes == (encoder.side**2 + 7) // 8
    else:
        assert encoder.policy == "board_aware"
        named = (encoder.plane_names, encoder.global_names, encoder.description, encoder.layout_digest)
        assert (*named, encoder.packed_bytes) == (None,) * 5


@pytest.mark.parametrize(("name", "board"), ENCODERS)
def test_lines_have_the_positions_before_and_single_ones_have_none(name: str, board: str) -> None:
    positions, moves = play(board, 2, 2, 80)
    encoder, now = Encoder(name, board, 2, history=2), Encoder(name, board, 2, history=0)
    alone, alone_values = encoder.encode(positions)
    line, values = encoder.encode_line(positions)
    current, _ = now.encode(positions)
    count = now.planes
    for planes in (alone, line):
        assert (planes[:, :count] == current).all()
    assert not alone[:, count:].any()
    assert (values == alone_values).all()
    assert (encoder.encode_line(moves)[0] == line).all(), "moves stand for the positions before them"
    if name == "rr1":
        marker = encoder.plane_names.index("marker[0]") if encoder.plane_names else 0
        for row in range(1, len(positions)):
            same_seat = positions[row].to_move == positions[row - 1].to_move
            earlier = line[row, count + 2 : count + 4]
            before = current[row - 1, marker : marker + 2]
            assert (earlier == (before if same_seat else before[::-1])).all()
        assert encoder.planes == count + 2 * 9
    else:
        for age in (1, 2):
            frames = line[:, age * count : (age + 1) * count]
            assert (frames[age:] == current[:-age]).all()
            assert not frames[:age].any()


@pytest.mark.parametrize("mode", ["zeros", "repeat"])
def test_other_history_modes_ignore_the_past(mode: str) -> None:
    positions, _ = play("hex8", 2, 3, 40)
    encoder = Encoder("hex_v2", "hex8", 2, history=2, history_mode=mode)
    line, _ = encoder.encode_line(positions)
    assert (line == encoder.encode(positions)[0]).all()
    again = line[:, :10] if mode == "repeat" else np.zeros_like(line[:, :10])
    assert (line[:, 10:20] == again).all()
    assert (line[:, 20:] == again).all()


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("players", [2, 4])
def test_packed_planes_are_the_same_as_bits(board: str, players: int) -> None:
    encoder = Encoder("rr1", board, players, history=2)
    positions, _ = play(board, players, 4, 100)
    for floats, packed in (
        (encoder.encode(positions), encoder.encode(positions, packed=True)),
        (encoder.encode_line(positions), encoder.encode_line(positions, packed=True)),
    ):
        assert packed[0].dtype == np.uint8
        assert packed[0].shape == (len(positions), encoder.planes, encoder.packed_bytes)
        assert (unpacked(packed[0], encoder.side) == floats[0]).all()
        assert (packed[1] == floats[1]).all()


@pytest.mark.parametrize(
    ("name", "data", "flags"),
    [
        ("square", "square8_2p_soft.single", []),
        ("square", "square8_2p_swap.single", ["--legacy-max-n-encoding", "--history-mode", "repeat"]),
        ("hex_v3", "hex8_3p.v3.single", ["--encoder-version", "v3"]),
        ("hex_v2", "hex8_3p.v3.single", ["--encoder-version", "v2", "--feature-version", "1", "--history-length", "1"]),
        ("rr1", "hex8_3p.v3.single", ["--encoder-version", "rr1"]),
        ("rr1", "square8_2p_soft.single", ["--encoder-version", "rr1", "--history-length", "1"]),
    ],
)
def test_stored_games_give_the_rows_of_their_export(tmp_path: Path, name: str, data: str, flags: list[str]) -> None:
    board, players = npz_parity.SETS[data][0].split("_")[:2]
    database = npz_parity.unpack(DATA / ("npz" if "soft" in data else "dbs"), data, tmp_path)
    output = tmp_path / "rows.npz"
    command = [RRPIPE, "export", "--db", str(database), "--board-type", board, "--num-players", players[0], *flags]
    ran = subprocess.run([*command, "--output", str(output)], capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    with np.load(output, allow_pickle=False) as file:
        rows = {key: file[key] for key in file.files}
    manifest = json.loads(next(tmp_path.glob("rows*.json")).read_text())
    plan = manifest["settings"]["rows"]
    is_packed = name == "rr1"
    encoder = Encoder(
        *(name, board, int(players[0]), plan["history_length"], plan["feature_version"]),
        *(plan["policy_encoding"], plan["history_mode"]),
    )
    assert encoder.layout_digest == plan["layout_digest"]
    games = rows["game_ids"][rows["game_index"]] if is_packed else rows["game_ids"]
    targets = rows["policy_indices"][rows["policy_start"][:-1]] if is_packed else rows["policy_indices"][:, 0]
    order = list(dict.fromkeys(games.tolist()))
    lines = [read_game(database, game) for game in order]
    made = np.concatenate([encoder.policy_index(move.position, [move]) for line in lines for move in line])
    kept = made >= 0  # An export has no rows for moves without an index, but they are history for others.
    assert kept.all() == (encoder.policy != "legacy_max_n")
    if is_packed:
        planes, values = encoder.encode_games(lines, packed=True, threads=2)
        assert (planes == rows["planes"]).all()
    else:
        dense, values = encoder.encode_games(lines, threads=2)
        assert dense[kept].tobytes() == rows["features"].tobytes()
    assert values[kept].tobytes() == rows["globals"].tobytes()
    if "soft" not in data:
        assert (made[kept] == targets).all()


def test_games_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_game(tmp_path / "none.db", "game")
    database = npz_parity.unpack(DATA / "dbs", "square8_2p_swap.single", tmp_path)
    with pytest.raises(RecordError, match="no such game"):
        read_game(database, "no such game")


@pytest.mark.parametrize("threads", [1, 3, 0])
def test_arrays_are_written_in_place(threads: int) -> None:
    positions, _ = play("square8", 2, 5)
    encoder = Encoder("square", "square8", 2)
    expected = encoder.encode(positions)
    lines = [positions[:40], [], positions[40:]]
    expected_lines = encoder.encode_games(lines)
    for wanted in (expected, expected_lines):
        out = (np.full_like(wanted[0], np.nan), np.full_like(wanted[1], np.nan))
        if wanted is expected:
            got = encoder.encode(positions, out=out, threads=threads)
        else:
            got = encoder.encode_games(lines, out=out, threads=threads)
        assert got[0] is out[0]
        assert got[1] is out[1]
        assert (out[0] == wanted[0]).all()
        assert (out[1] == wanted[1]).all()
    assert (expected_lines[0][:40] == encoder.encode_line(positions[:40])[0]).all()
    assert (expected_lines[0][40:] == encoder.encode_line(positions[40:])[0]).all()
    part = np.full((400, 56, 8, 8), 7, np.float32)
    encoder.encode(positions[:3], out=(part[10:13], np.empty((3, 20), np.float32)))
    assert (part[10:13] == expected[0][:3]).all()
    assert (part[:10] == 7).all()
    assert (part[13:] == 7).all()


FLOATS = np.zeros((1, 14, 8, 8), np.float32)
VALUES = np.zeros((1, 20), np.float32)
FROZEN = np.zeros((1, 14, 8, 8), np.float32)
FROZEN.setflags(write=False)
SHARED = np.zeros(14 * 64 + 20, np.float32)


@pytest.mark.parametrize(
    ("out", "error", "text"),
    [
        ((FLOATS[:, :13], VALUES), ValueError, r"float32\(1, 13, 8, 8\), expected float32\(1, 14, 8, 8\)"),
        ((FLOATS[0], VALUES), ValueError, r"float32\(14, 8, 8\), expected float32\(1, 14, 8, 8\)"),
        (
            (FLOATS.astype(np.float64), VALUES),
            ValueError,
            r"planes of out are float64\(1, 14, 8, 8\), expected float32",
        ),
        ((FLOATS.astype(">f4"), VALUES), ValueError, "expected float32"),
        ((FLOATS.transpose(0, 1, 3, 2), VALUES), ValueError, "not contiguous"),
        ((FLOATS, VALUES[:, :19]), ValueError, r"globals of out are float32\(1, 19\), expected float32\(1, 20\)"),
        ((FLOATS, VALUES.astype(np.int32)), ValueError, r"globals of out are int32\(1, 20\)"),
        ((FLOATS.tolist(), VALUES), TypeError, r"planes of out are list, expected an array float32\(1, 14, 8, 8\)"),
        ((FROZEN, VALUES), ValueError, "cannot be written"),
        ((SHARED[:896].reshape(1, 14, 8, 8), SHARED[890:910].reshape(1, 20)), ValueError, "share no memory"),
        ((FLOATS,), ValueError, "length"),
        (FLOATS, TypeError, "tuple"),
    ],
)
def test_other_arrays_are_refused(out: Any, error: type[Exception], text: str) -> None:  # noqa: ANN401
    encoder = Encoder("square", "square8", 2, history=0)
    with pytest.raises(error, match=text):
        encoder.encode([Position()], out=out)
    assert not FLOATS.any()


def test_positions_of_other_games_are_refused_before_anything_is_written() -> None:
    encoder = Encoder("square", "square8", 2, history=0)
    out = (np.full((3, 14, 8, 8), 7, np.float32), np.full((3, 20), 7, np.float32))
    for other, got in ((Position("square19"), "square19 with 2"), (Position("square8", 3), "square8 with 3")):
        with pytest.raises(ValueError, match=rf"row 2 is on {got} players, expected square8 with 2\nhint: "):
            encoder.encode([Position(), Position(), other], out=out)
        with pytest.raises(ValueError, match=rf"row 1 is on {got} players"):
            encoder.encode_games([[Position()], [other]])
        for call in (encoder.legal_indices, lambda p: encoder.moves_at(p, 0), lambda p: encoder.image(p, 0)):
            with pytest.raises(ValueError, match="an encoder serves one board"):
                call(other)
    assert (out[0] == 7).all()
    anything: Any = [Position(), "P3,3"]
    with pytest.raises(TypeError, match="row 1 is str, expected a Position or a Move"):
        encoder.encode(anything)
    with pytest.raises(ValueError, match="no packed form\nhint: rr1 has one"):
        encoder.encode([Position()], packed=True)
    with pytest.raises(ValueError, match="at most 4096"):
        encoder.encode([Position()], threads=5000)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("v3", "hex8", 2), 'unknown encoder "v3"\nhint: it is one of square, hex_v2, hex_v3 and rr1'),
        (("square", "hex8", 2), "square does not serve hex8\nhint: it is made for square boards"),
        (("hex_v2", "square19", 2), "made for hex boards"),
        (("rr1", "chess", 2), "chess"),
        (("rr1", "square8", 5), "5"),
        (("rr1", "square8", 2, 33), "history is 33\nhint: the most is 32"),
        (("hex_v2", "hex8", 2, 3, 3), "feature_version is 3"),
        (("square", "square8", 2, 3, 2, "rr1"), "unknown policy layout"),
        (("rr1", "square8", 2, 3, 2, "board_aware"), "rr1 has no policy layout"),
        (("rr1", "square8", 2, 3, 2, None, "zeros"), "rr1 has no history mode zeros"),
        (("square", "square8", 2, 3, 2, None, "all"), 'unknown history mode "all"'),
    ],
)
def test_impossible_encoders_are_refused(arguments: Any, text: str) -> None:  # noqa: ANN401
    with pytest.raises(ValueError, match=text):
        Encoder(*arguments)


def test_encoders_are_values() -> None:
    encoder = Encoder("hex_v2", "hexagonal", 3, 1, 1, "legacy_max_n", "repeat")
    assert repr(encoder) == (
        'Encoder("hex_v2", "hexagonal", 3, history=1, feature_version=1, policy="legacy_max_n", history_mode="repeat")'
    )
    for other in (encoder, Encoder("rr1", "square8", 2)):
        for again in (pickle.loads(pickle.dumps(other)), copy.deepcopy(other), eval(repr(other))):
            assert again == other
            assert hash(again) == hash(other)
    assert encoder != Encoder("hex_v2", "hexagonal", 3, 1, 1, "legacy_max_n", "zeros")
    assert len({Encoder("rr1", "square8", 2), Encoder("rr1", "square8", 2), Encoder("rr1", "square8", 3)}) == 2


@pytest.mark.parametrize(("name", "board"), ENCODERS)
def test_indices_find_their_moves_again(name: str, board: str) -> None:
    encoder = Encoder(name, board, 2)
    for position in play(board, 2, 6)[0][::7]:
        legal = position.legal_moves()
        indices = encoder.legal_indices(position)
        assert indices.dtype == np.int64
        assert (encoder.policy_index(position, legal) == indices).all()
        assert (encoder.policy_index(position, legal.texts()) == indices).all()
        assert indices.max() < encoder.policy_size
        if name == "rr1":
            assert len(set(indices.tolist())) == len(legal)
            assert indices.min() >= 0
        for move, index in list(zip(legal, indices.tolist(), strict=True))[:20]:
            if index >= 0:
                found = encoder.moves_at(position, index)
                assert move in found
                assert len(found) == indices.tolist().count(index)
    assert encoder.moves_at(Position(board), encoder.policy_size - 1) == []
    for index in (-1, encoder.policy_size, 2**40):
        with pytest.raises(ValueError, match=f"policy index {index}\nhint: they count from 0 to"):
            encoder.moves_at(Position(board), index)


def test_moves_that_are_not_legal_have_no_index() -> None:
    encoder, position = Encoder("rr1", "square8", 2), Position()
    later = position.make_move("P3,3x2")
    move = later.legal_moves()[0]
    for moves in ([move], later.legal_moves(), [move.text]):
        with pytest.raises(IllegalMoveError):
            encoder.policy_index(position, moves)
    # Equal positions share their moves.
    assert encoder.policy_index(position.make_move("P3,3x2"), [move]).tolist() == [encoder.legal_indices(later)[0]]


def turned(planes: NDArray[np.float32], source: NDArray[np.int32]) -> NDArray[np.float32]:
    """Planes that went through a row of the table."""
    flat = planes.reshape(*planes.shape[:2], -1)
    return np.where(source < 0, np.float32(0), flat[..., source]).reshape(planes.shape)


@pytest.mark.parametrize(("name", "board"), ENCODERS)
def test_symmetries_of_planes_and_indices_are_those_of_positions(name: str, board: str) -> None:
    encoder = Encoder(name, board, 2, history=1)
    cells, indices = encoder.plane_symmetries(), encoder.policy_symmetries()
    assert cells.shape == (encoder.symmetries, encoder.side**2)
    assert indices.shape == (encoder.symmetries, encoder.policy_size)
    assert cells.dtype == indices.dtype == np.int32
    assert (cells[0][cells[0] >= 0] == np.flatnonzero(cells[0] >= 0)).all()
    assert (indices[0] == np.arange(encoder.policy_size)).all()
    positions, _ = play(board, 2, 7, 120)
    line, values = encoder.encode_line(positions)
    for symmetry in range(encoder.symmetries):
        images = [encoder.image(position, symmetry) for position in positions]
        planes, same = encoder.encode_line(images)
        assert (planes == turned(line, cells[symmetry])).all(), symmetry
        assert (same == values).all()
        compared = 0
        for position, image in list(zip(positions, images, strict=True))[::5]:
            legal = position.legal_moves()
            if any(move.kind == "recovery_slide" for move in legal):
                continue  # Which line such a slide takes depends on axes.
            moved = encoder.legal_indices(position)
            moved = indices[symmetry][moved[moved >= 0]]
            assert set(moved[moved >= 0].tolist()) <= set(encoder.legal_indices(image).tolist())
            compared += int((moved >= 0).sum())
        assert compared > 100
    for symmetry in (-1, encoder.symmetries, 256):
        with pytest.raises(ValueError, match=f"symmetry is {symmetry}\nhint: they count from 0 to"):
            encoder.image(positions[0], symmetry)
    assert (encoder.encode(iter(positions))[0] == encoder.encode(positions)[0]).all()


@pytest.mark.parametrize(("name", "board"), [("square", "square8"), ("rr1", "square8"), ("hex_v2", "hex8")])
def test_indices_without_a_sure_image_are_marked(name: str, board: str) -> None:
    encoder = Encoder(name, board, 2)
    table = encoder.policy_symmetries()
    for row in table:
        images = row[row >= 0]
        assert len(set(images.tolist())) == len(images)
        assert images.max() < encoder.policy_size
    if name == "rr1":
        # Regions, and nothing else.
        lost = np.flatnonzero(table[1] < 0)
        assert len(lost) == lost[-1] - lost[0] + 1 == 4 * 64
    elif board == "square8":
        assert (table[1:, 3776:4032] == -1).all(), "process_line"
        assert (table[1:, 4103:6151] == -1).all(), "choose_territory_option"


def test_threads_of_python_encode_at_the_same_time() -> None:
    positions, _ = play("square8", 2, 8)
    encoder = Encoder("rr1", "square8", 2)
    expected, _ = encoder.encode(positions)
    wrong: list[int] = []

    def work(number: int) -> None:
        for _ in range(20):
            if not (encoder.encode(positions)[0] == expected).all():
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
