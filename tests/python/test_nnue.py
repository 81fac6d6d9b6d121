"""Networks of `.nnue` files from Python."""

import json
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ringrift_core import BOARDS, NetworkFormatError, NnueNetwork, Position, RingRiftError

SHAPES = {
    "feature_weights": "i2",
    "feature_biases": "i2",
    "l1_weights": "i1",
    "l1_biases": "i4",
    "l2_weights": "i1",
    "l2_biases": "i4",
    "out_weights": "i1",
    "out_biases": "i4",
}


def line(board: str, players: int, seed: int) -> list[Position]:
    """The positions of a random game."""
    rng = random.Random(seed)
    positions = [Position(board, players)]
    while len(positions) < 120 and not positions[-1].is_over:
        positions.append(positions[-1].make_move(rng.choice(positions[-1].legal_moves())))
    return positions


def save(path: Path, network: NnueNetwork, **changes: object) -> NnueNetwork:
    """Saves the parts of a network, some of them changed."""
    arguments: dict[str, Any] = {
        "board": network.board,
        "players": network.players,
        "lineage": network.lineage,
        **network.parts(),
        **changes,
    }
    return NnueNetwork.save_parts(path, **arguments)


def test_network_comes_back_from_its_file(tmp_path: Path) -> None:
    network = NnueNetwork.random("hex8", 3, 128, 5)
    path = tmp_path / "a.nnue"
    saved = save(path, network, lineage='{"run": "a", "games": 3}')
    loaded = NnueNetwork.load(path)
    assert path.read_bytes() == saved.to_bytes() == loaded.to_bytes()
    assert saved.sha256 == loaded.sha256 != network.sha256
    assert (loaded.board, loaded.players, loaded.width) == ("hex8", 3, 128)
    assert json.loads(loaded.lineage) == {"run": "a", "games": 3}
    assert loaded.feature_hash == network.feature_hash != NnueNetwork.random("hex8", 2, 64).feature_hash
    assert loaded.simd in {"avx512", "avx2", "neon", "scalar"}
    assert repr(loaded) == f"<NnueNetwork hex8 3p, width 128, {loaded.sha256[:16]}>"
    for name, kind in SHAPES.items():
        array = loaded.parts()[name]
        assert array.dtype == np.dtype(kind)
        np.testing.assert_array_equal(array, network.parts()[name])
    assert network.parts()["feature_weights"].shape == (NnueNetwork.feature_count("hex8", 3), 128)


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("players", [2, 3, 4])
def test_logits_do_not_depend_on_order(board: str, players: int) -> None:
    network = NnueNetwork.random(board, players, 64, 1)
    positions = line(board, players, 7)
    logits = network.evaluate(positions)
    assert logits.shape == (len(positions), players)
    assert logits.dtype == np.float32
    np.testing.assert_array_equal(network.evaluate(iter(positions[::-1])), logits[::-1])
    np.testing.assert_array_equal(network.evaluate(positions[30:31]), logits[30:31])
    assert len(np.unique(logits[:, 0])) > len(positions) // 3
    assert network.evaluate([]).shape == (0, players)


def head(parts: dict[str, NDArray[Any]], bucket: int, inputs: NDArray[np.int64]) -> int:
    """The layers after the accumulators, once more."""

    def shifted(sums: NDArray[np.int64]) -> NDArray[np.int64]:
        clipped: NDArray[np.int64] = np.clip(sums >> 6, 0, 127)
        return clipped

    x = shifted(parts["l1_weights"][bucket].astype(np.int64) @ inputs + parts["l1_biases"][bucket])
    x = shifted(parts["l2_weights"][bucket].astype(np.int64) @ x + parts["l2_biases"][bucket])
    return int(parts["out_weights"][bucket].astype(np.int64) @ x + parts["out_biases"][bucket])


def test_start_is_evaluated_as_documented() -> None:
    # At the start only globals are active: full hands, no eliminated rings, no territory, no stacks, and the turn.
    network = NnueNetwork.random("square8", 2, 64, 3)
    parts = network.parts()
    base = 64 * 40
    start = [12, 16 + 12, 32, 48, 64, 80, 96, 103]
    rows = {seat: [base + offset for offset in [*start, 114 + 8 * seat]] for seat in (0, 1)}
    activations = []
    for seat in (0, 1):
        sums = parts["feature_biases"].astype(np.int64) + parts["feature_weights"][rows[seat]].astype(np.int64).sum(0)
        low, high = np.clip(sums[:32], 0, 255), np.clip(sums[32:], 0, 255)
        activations.append(low * high >> 9)
    expected = [
        head(parts, 3, np.concatenate([activations[seat], activations[1 - seat]])) / np.float32(8128) for seat in (0, 1)
    ]
    np.testing.assert_array_equal(network.evaluate([Position("square8", 2)])[0], np.array(expected, np.float32))


def test_faults_are_named(tmp_path: Path) -> None:
    network = NnueNetwork.random("square8", 2, 64)
    path = tmp_path / "a.nnue"
    with pytest.raises(FileNotFoundError, match="hint"):
        NnueNetwork.load(path)
    save(path, network)
    data = bytearray(path.read_bytes())
    data[2000] ^= 4
    path.write_bytes(data)
    with pytest.raises(NetworkFormatError, match=r"a\.nnue: the checksum of the network is wrong\nhint: "):
        NnueNetwork.load(path)
    path.write_bytes(data[:70])
    with pytest.raises(NetworkFormatError, match="cut off"):
        NnueNetwork.load(path)
    assert issubclass(NetworkFormatError, RingRiftError)
    assert issubclass(NetworkFormatError, ValueError)
    with pytest.raises(NetworkFormatError, match="for square8, not for hex8"):
        network.evaluate([Position("hex8", 2)])
    with pytest.raises(NetworkFormatError, match="for 2 players, not for 3"):
        network.evaluate([Position("square8", 2), Position("square8", 3)])
    with pytest.raises(TypeError, match=r"row 1 is .*int"):
        network.evaluate([Position("square8", 2), 3])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="width 100"):
        NnueNetwork.random("square8", 2, 100)


def test_parts_are_checked(tmp_path: Path) -> None:
    network = NnueNetwork.random("square8", 2, 64)
    parts = network.parts()
    path = tmp_path / "a.nnue"
    with pytest.raises(TypeError, match="l1_weights is int16, expected an array of int8"):
        save(path, network, l1_weights=parts["l1_weights"].astype(np.int16))
    with pytest.raises(TypeError, match="out_biases is list, expected an array of int32"):
        save(path, network, out_biases=[0, 0, 0, 0])
    with pytest.raises(ValueError, match=r"out_biases has shape \[5\], expected \[4\]\nhint: "):
        save(path, network, out_biases=np.zeros(5, np.int32))
    with pytest.raises(ValueError, match="feature_weights has shape"):
        save(path, network, players=3)
    with pytest.raises(ValueError, match="unknown board"):
        save(path, network, board="square9")
    with pytest.raises(NetworkFormatError, match="accumulator 0 could reach"):
        save(path, network, feature_weights=np.full_like(parts["feature_weights"], 3000))
    with pytest.raises(NetworkFormatError, match="lineage"):
        save(path, network, lineage="no JSON")
    assert not path.exists()
    with pytest.raises(OSError, match="cannot be written"):
        save(tmp_path / "none" / "a.nnue", network)
    # Not contiguous, and of other byte order: taken as what they say, or refused.
    turned = np.asfortranarray(parts["feature_weights"])
    assert save(path, network, feature_weights=turned).sha256 == network.sha256
    with pytest.raises(TypeError, match="expected an array of int16"):
        save(path, network, feature_biases=parts["feature_biases"].astype(">i2"))
    assert os.listdir(tmp_path) == ["a.nnue"]
