"""Networks in upstream's layout and torch: both read the other's files and compute the same; and training of them."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ringrift_core import BOARDS, NetworkFormatError, UpstreamNnue, selfplay
from ringrift_core._native import NnueSamples
from test_upstream_nnue import LENGTHS, PARITY, network, played

torch = pytest.importorskip("torch", reason="torch is not installed")

from ringrift_core.train.upstream_nnue import (  # noqa: E402 - only where torch is installed
    UpstreamModel,
    UpstreamTrainer,
    Views,
    train_upstream,
)

torch.set_num_threads(1)


def test_torch_reads_what_is_written(tmp_path: Path) -> None:
    tensors, path = network(), tmp_path / "a.pt"
    metadata = {"epoch": 3, "val_loss": 0.5, "big": 1 << 40, "small": -(1 << 20), "none": None, "list": [1, "ü", True]}
    UpstreamNnue.save(path, tensors, players=2, metadata=json.dumps(metadata))
    for mapped in (False, True):
        found = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
        assert {name: found[name] for name in metadata} == metadata
        assert (found["board_type"], found["hidden_dim"], found["num_hidden_layers"]) == ("square8", 8, 2)
        assert (found["architecture_version"], found["feature_version"], found["input_dim"]) == ("v1.4.0", 3, 1696)
        assert list(found["model_state_dict"]) == list(tensors)
        for name, value in found["model_state_dict"].items():
            assert value.is_contiguous()
            assert np.array_equal(value.numpy(), tensors[name])


def test_what_torch_writes_is_read(tmp_path: Path) -> None:
    model = UpstreamModel(1696, width=16)
    whole = {"model_state_dict": model.state_dict(), "board_type": "square8", "epoch": 1, "val_loss": 0.5}
    halves = {name: value.half() for name, value in model.state_dict().items()}
    turned = {name: value.t().contiguous().t() for name, value in model.state_dict().items()}
    for number, content in enumerate(
        [
            whole,
            {**whole, "optimizer_state_dict": torch.optim.AdamW(model.parameters()).state_dict()},
            model.state_dict(),
            {"model_state_dict": dict(model.named_parameters())},
            {**whole, "model_state_dict": turned},
            {**whole, "model_state_dict": halves},
        ]
    ):
        path = tmp_path / f"{number}.pt"
        torch.save(content, path)
        found = UpstreamNnue.load(path)
        assert (found.board, found.width) == ("square8", 16)
        close = 1e-3 if number == 5 else 0
        for name, value in found.tensors().items():
            assert np.allclose(value, model.state_dict()[name].numpy(), rtol=close, atol=close / 1e2)
    torch.save(whole, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(NetworkFormatError, match="bare pickle"):
        UpstreamNnue.load(tmp_path / "old.pt")
    torch.save({**whole, "extra": complex(1, 2)}, tmp_path / "complex.pt")
    with pytest.raises(NetworkFormatError, match=r"builtins\.complex|__builtin__\.complex"):
        UpstreamNnue.load(tmp_path / "complex.pt")
    torch.save(model, tmp_path / "model.pt")
    with pytest.raises(NetworkFormatError, match=r"ringrift_core\.train\.upstream_nnue\.UpstreamModel"):
        UpstreamNnue.load(tmp_path / "model.pt")


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("players", [2, 3, 4])
def test_engine_computes_what_torch_computes(tmp_path: Path, board: str, players: int) -> None:
    inputs = LENGTHS[board][2]
    positions = [played(board, players, plies) for plies in range(0, 60, 4)]
    for outputs in (1, players):
        tensors = network(inputs, outputs, width=32, seed=players)
        tensors["output.weight"] /= 8
        model = UpstreamModel(inputs, outputs, width=32)
        model.load_state_dict({name: torch.from_numpy(value) for name, value in tensors.items()})
        made = UpstreamNnue.save(tmp_path / "a.pt", tensors, players=players)
        for seat in range(players):
            seats = [seat] * len(positions)
            with torch.no_grad():
                expected = model(torch.from_numpy(UpstreamNnue.features(board, positions, seats))).numpy()
            got = made.evaluate(positions, seats)
            assert got.shape == (len(positions), outputs)
            assert np.ptp(got) > 1e-3
            assert np.abs(got - expected).max() < 1e-5


def test_trained_network_of_upstream_is_read_as_torch_reads_it() -> None:
    path = PARITY / "models" / "nnue_square8_2p_v1_trained.pt"
    if not path.exists():
        pytest.skip(f"{path} is absent (RINGRIFT_PARITY_DIR names the folder of the parity data)")
    state = torch.load(path, map_location="cpu", weights_only=True)
    found = UpstreamNnue.load(path)
    assert (found.version, found.feature_version, found.width) == ("v1.0.0", 1, 256)
    assert json.loads(found.metadata)["val_loss"] == state["val_loss"]
    for name, value in state["model_state_dict"].items():
        assert np.array_equal(found.tensors()[name], value.numpy())


def test_views_give_back_features_and_targets() -> None:
    positions = [played("hex8", 2, plies) for plies in range(0, 200, 2)]
    seats = [number % 2 for number in range(len(positions))]
    targets = np.linspace(-1, 1, len(positions), dtype=np.float32).reshape(-1, 1)
    whole = Views.of("hex8", positions, seats, targets)
    half = len(positions) // 2
    parts = [Views.of("hex8", positions[at], seats[at], targets[at]) for at in (slice(half), slice(half, None))]
    dense = UpstreamNnue.features("hex8", positions, seats)
    rows = np.array([3, 0, 99, 3, 50])
    for views in (whole, Views.joined(parts)):
        features, found = views.batch(rows)
        assert np.array_equal(features.numpy(), dense[rows])
        assert np.array_equal(found.numpy(), targets[rows])


def test_trainer_learns_and_repeats(tmp_path: Path) -> None:
    positions = [played("square8", 2, plies) for plies in range(2, 50)]
    seats = [0, 1] * (len(positions) // 2)
    # Who has more rings in hand.
    features = UpstreamNnue.features("square8", positions, seats)
    targets = np.sign(features[:, -5] - features[:, -4]).reshape(-1, 1).astype(np.float32)
    views = Views.of("square8", positions, seats, targets)
    files = []
    for name in ("a.pt", "b.pt"):
        trainer = UpstreamTrainer("square8", 2, width=16, seed=7)
        before = trainer.loss(views)
        history = trainer.fit(views, views, epochs=30, batch_size=16, learning_rate=3e-3)
        assert trainer.best_loss < before / 2
        assert trainer.best_loss == min(epoch["val_loss"] for epoch in history)
        trainer.save(tmp_path / name)
        files.append((tmp_path / name).read_bytes())
    assert files[0] == files[1]


@pytest.fixture(scope="module")
def games(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two databases of short games."""
    folder = tmp_path_factory.mktemp("games")
    for number, players in enumerate((2, 2, 3)):
        selfplay(
            num_games=6,
            board_type="square8",
            num_players=players,
            seed=number,
            engine_mode="random-only",
            record_db=folder / f"{number}.db",
        )
    return folder


@pytest.mark.parametrize(("players", "by_seat"), [(2, False), (3, False), (3, True)])
def test_training_from_databases_writes_a_network_for_upstream(
    tmp_path: Path, games: Path, players: int, by_seat: bool
) -> None:
    databases = [games / name for name in (("0.db", "1.db") if players == 2 else ("2.db",))]
    samples = NnueSamples.open(databases, "square8", players, every=7)
    training, validation, _ = samples.split("0.6,0.4,0")
    output = tmp_path / "models" / "nnue.pt"
    lines: list[str] = []
    summary = train_upstream(
        output,
        databases,
        samples,
        training,
        validation,
        epochs=2,
        by_seat=by_seat,
        tell=lines.append,
        metadata={"note": "test"},
    )
    assert summary.checked > 0
    assert summary.difference < 1e-4
    assert len(lines) == 2
    made = UpstreamNnue.load(output)
    assert made.kind == ("MultiPlayerNNUE" if by_seat else "RingRiftNNUE")
    assert (made.board, made.players, made.width) == ("square8", players, 256)
    assert summary.sha256 == made.sha256
    metadata = json.loads(made.metadata)
    assert (metadata["note"], metadata["epoch"]) == ("test", summary.best_epoch)
    # With the command that tells what a network is.
    told = subprocess.run(
        [sys.executable, "-m", "ringrift_core", "nnue", "info", str(output), "--format", "json"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert json.loads(told)["ai_service_reads_it"] is True
