"""Networks in upstream's layout: files that torch reads, and evaluations that are those of torch."""

import io
import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ringrift_core import BOARDS, NetworkFormatError, Position, UpstreamNnue
from test_export import REPOSITORY

PARITY = Path(os.environ.get("RINGRIFT_PARITY_DIR", REPOSITORY.parent / "shared" / "parity")) / "nnue"
LENGTHS = {
    "square8": (768, 788, 1696),
    "square19": (4332, 4352, 9418),
    "hex8": (972, 992, 2138),
    "hexagonal": (7500, 7520, 16282),
}
"""Lengths of features by version. Source: nnue.md section 1."""


def network(inputs: int = 1696, outputs: int = 1, width: int = 8, *, seed: int = 1) -> dict[str, NDArray[np.float32]]:
    """The tensors of a network with random weights."""
    random = np.random.default_rng(seed)
    shapes = {
        "accumulator": (width, inputs),
        "hidden_blocks.0.fc": (32, 2 * width),
        "hidden_blocks.0.projection": (32, 2 * width),
        "hidden_blocks.1.fc": (32, 32),
        "output": (outputs, 32),
    }
    tensors = {}
    for name, (rows, columns) in shapes.items():
        tensors[f"{name}.weight"] = random.normal(0, 0.4, (rows, columns)).astype(np.float32)
        tensors[f"{name}.bias"] = random.normal(0, 0.4, rows).astype(np.float32)
    return tensors


def played(board: str, players: int, plies: int) -> Position:
    """A position after some moves, each chosen by its number."""
    position = Position(board, players)
    for ply in range(plies):
        moves = position.legal_moves()
        if not len(moves):
            break
        position = position.make_move(moves[(37 * ply + 11) % len(moves)])
    return position


def test_features_have_the_lengths_of_every_board_and_version() -> None:
    for board in BOARDS:
        for version, length in enumerate(LENGTHS[board], 1):
            features = UpstreamNnue.features(board, [played(board, 3, 12)] * 3, [0, 1, 2], version=version)
            assert features.shape == (3, length)
            assert features.dtype == np.float32
            assert not np.array_equal(features[0], features[1])


def test_files_are_written_read_and_the_same_again(tmp_path: Path) -> None:
    tensors, path = network(), tmp_path / "a.pt"
    made = UpstreamNnue.save(path, tensors, players=2, metadata=json.dumps({"epoch": 4, "val_loss": 0.25}))
    found = UpstreamNnue.load(path)
    assert (found.kind, found.board, found.players, found.width) == ("RingRiftNNUE", "square8", 2, 8)
    assert (found.version, found.feature_version, found.outputs) == ("v1.4.0", 3, 1)
    assert found.sha256 == made.sha256
    assert json.loads(found.metadata)["epoch"] == 4
    assert found.tensors().keys() == tensors.keys()
    assert all(np.array_equal(found.tensors()[name], tensors[name]) for name in tensors)
    again = tmp_path / "b.pt"
    UpstreamNnue.save(again, dict(reversed(tensors.items())), players=2, metadata='{"epoch": 4, "val_loss": 0.25}')
    assert again.read_bytes() == path.read_bytes()
    assert "RingRiftNNUE square8" in repr(found)


def test_arguments_that_make_no_sense_are_named(tmp_path: Path) -> None:
    made = UpstreamNnue.save(tmp_path / "a.pt", network(outputs=3))
    start, other = Position("square8", 3), Position("hex8", 3)
    for positions, seats, error, words in [
        ([start], [3], ValueError, "seat 3"),
        ([start], [-1], ValueError, "seat -1"),
        ([start, start], [0], ValueError, "1 seats for more positions"),
        ([start], [0, 1], ValueError, "more seats than the 1 positions"),
        ([other], [0], NetworkFormatError, "for square8, the position on hex8"),
        ([Position("square8", 2)], [0], NetworkFormatError, "for 3 players, the position has 2"),
        (["a"], [0], TypeError, "expected a Position"),
    ]:
        with pytest.raises(error, match=words):
            made.evaluate(positions, seats)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="has no policy"):
        made.policy([start], [0])
    with pytest.raises(ValueError, match="version is 4"):
        UpstreamNnue.features("square8", [start], [0], version=4)
    with pytest.raises(ValueError, match="no JSON object"):
        UpstreamNnue.save(tmp_path / "b.pt", network(), metadata="[]")
    with pytest.raises(TypeError, match="expected an array of float32"):
        UpstreamNnue.save(tmp_path / "b.pt", {"output.bias": np.zeros(1)})  # type: ignore[dict-item]
    with pytest.raises(NetworkFormatError, match=r"missing: output\.bias"):
        UpstreamNnue.save(tmp_path / "b.pt", {name: w for name, w in network().items() if name != "output.bias"})
    with pytest.raises(FileNotFoundError):
        UpstreamNnue.load(tmp_path / "b.pt")
    with pytest.raises(OSError, match="cannot be written"):
        UpstreamNnue.save(tmp_path / "no" / "b.pt", network())


class Harm:
    """Something that does harm when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        """Touches a file."""
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("protocol", range(6))
def test_pickles_that_call_something_are_refused_and_not_run(tmp_path: Path, protocol: int) -> None:
    harmed, path = tmp_path / "harmed", tmp_path / "bad.pt"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a/data.pkl", pickle.dumps({"model_state_dict": {}, "x": Harm(harmed)}, protocol))
        archive.writestr("a/version", "3\n")
    path.write_bytes(content.getvalue())
    with pytest.raises(NetworkFormatError, match=r"posix\.system|protocol|instruction"):
        UpstreamNnue.load(path)
    assert not harmed.exists()


def test_checkpoint_of_another_network_is_refused_as_what_it_is() -> None:
    path = PARITY / "upstream" / "public_models_nnue_square8_2p.pt"
    if not path.exists():
        pytest.skip(f"{path} is absent (RINGRIFT_PARITY_DIR names the folder of the parity data)")
    with pytest.raises(NetworkFormatError, match="CAGE"):
        UpstreamNnue.load(path)
