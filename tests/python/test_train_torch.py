"""Training: the same numbers as the engine, the same network however a run was interrupted, and what goes wrong."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ringrift_core import BOARDS, NetworkFormatError, selfplay
from ringrift_core._native import NnueNetwork, NnueSamples, RecordError
from test_export import RRPIPE, run

torch = pytest.importorskip("torch", reason="torch is not installed")

from ringrift_core.train import NnueConfig, NnueSummary, TrainError, TrainUsageError, train_nnue  # noqa: E402
from ringrift_core.train.equality import POSITIONS as CHECKED_MAX  # noqa: E402
from ringrift_core.train.equality import check_network  # noqa: E402
from ringrift_core.train.gradients import Workers, cross_entropy  # noqa: E402
from ringrift_core.train.model import ACCUMULATOR_SUM_MAX, NnueModel, logits  # noqa: E402
from ringrift_core.train.source import Batches, Loader, Samples  # noqa: E402
from ringrift_core.train.sparse import PairedSums, Workspace  # noqa: E402

POSITIONS = int(os.environ.get("RINGRIFT_TEST_POSITIONS") or 300)
"""Positions of each board and number of players that are compared."""
PATIENCE_SECONDS = 600
"""Longest wait for a process; torch alone takes seconds to load, on a busy machine many."""
SETTINGS: dict[str, Any] = {
    "width": 64,
    "epochs": 2,
    "batch_size": 256,
    "seed": 5,
    "checkpoint_steps": 2,
    "val_split": 0.3,
}


def play(path: Path, games: int, *, board: str = "square8", players: int = 2, mode: str = "random-only") -> Path:
    """Records games."""
    selfplay(
        board_type=board,
        num_players=players,
        num_games=games,
        engine_mode=mode,
        nodes=20 if mode == "minimax-only" else None,
        seed=7,
        jobs=2,
        no_log=True,
        record_db=path,
    )
    return path


@pytest.fixture(scope="session")
def games(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of searched games, for reading only."""
    return play(tmp_path_factory.mktemp("train") / "games.db", 30, mode="minimax-only")


def samples_of(database: Path, board: str = "square8", players: int = 2) -> Samples:
    return Samples(NnueSamples.open([database], board, players))


def rough_model(samples: Samples, width: int, seed: int = 3) -> NnueModel:
    """A network whose weights reach every clamp of the forward pass."""
    model = NnueModel(samples.layout, width, seed=seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            random = torch.Generator().manual_seed(seed + len(name))
            spread = 0.12 if name.startswith("feature") else 1.2
            parameter.add_(torch.randn(parameter.shape, generator=random) * spread)
    model.clip()
    return model


def saved(model: NnueModel, path: Path) -> NnueNetwork:
    layout = model.layout
    NnueNetwork.save_parts(path, board=layout.board, players=layout.players, lineage="{}", **model.integer_parts())
    return NnueNetwork.load(path)


@pytest.mark.parametrize("players", [2, 3, 4])
@pytest.mark.parametrize("board", BOARDS)
def test_quantised_forward_is_that_of_the_engine(tmp_path: Path, board: str, players: int) -> None:
    rows_of_game = 60
    database = play(tmp_path / "games.db", 2 + POSITIONS // rows_of_game, board=board, players=players)
    samples = samples_of(database, board, players)
    model = rough_model(samples, 64)
    network = saved(model, tmp_path / "a.nnue")
    with Workers(2) as workers:
        rows = np.arange(len(samples))
        parts = np.array_split(rows, -(-len(rows) // CHECKED_MAX))
        assert sum(check_network(model, samples, part, network, workers) for part in parts) == len(samples)
        # Not every network would be found equal.
        with torch.no_grad():
            model.out_biases.add_(1 / 8128)
        with pytest.raises(TrainError, match="differ"):
            check_network(model, samples, rows, network, workers)
    assert len(samples) >= POSITIONS


def test_rough_networks_reach_all_clamps(games: Path) -> None:
    samples = samples_of(games)
    weights = rough_model(samples, 64).scaled(is_quantised=True)
    piece = Loader(samples, value_lambda=1.0, augment_seed=None)(np.arange(100))
    products = PairedSums.apply(
        weights["feature_weights"], weights["feature_biases"], piece.offsets, piece.features, True, Workspace()
    )
    assert products.min() == 0
    assert products.max() == 127
    values = logits(weights, piece.offsets, piece.features, piece.bucket_rows, is_quantised=True, workspace=Workspace())
    assert values.std() > 0.1


@pytest.mark.parametrize("players", [2, 3])
def test_gradients_are_those_of_a_plain_network(tmp_path: Path, players: int) -> None:
    samples = samples_of(play(tmp_path / "games.db", 2, players=players), players=players)
    model = rough_model(samples, 64)
    rows = Loader(samples, value_lambda=1.0, augment_seed=None).sort(np.arange(0, 120, 7))
    piece = Loader(samples, value_lambda=1.0, augment_seed=None)(rows)
    leaves = {name: value.requires_grad_() for name, value in model.scaled(is_quantised=False).items()}
    values = logits(leaves, piece.offsets, piece.features, piece.bucket_rows, is_quantised=False, workspace=Workspace())
    gradients = torch.autograd.grad(cross_entropy(values, piece.targets), list(leaves.values()))

    def plain(weights: dict[str, Any]) -> Any:  # noqa: ANN401 - a tensor
        """The definition, seat by seat and row by row, in float64."""
        outputs = []
        buckets = np.repeat(np.arange(4), piece.bucket_rows)
        for row in range(len(rows)):
            products = []
            for seat in range(players):
                start, end = piece.offsets[row * players + seat : row * players + seat + 2].tolist()
                active = weights["feature_weights"][piece.features[start:end].long()]
                sums = (weights["feature_biases"] + active.sum(0)).clamp(0, 255)
                products.append(sums[:32] * sums[32:] / 512)
            bucket = int(buckets[row])
            for seat in range(players):
                hidden = torch.cat([products[(seat + turn) % players] for turn in range(players)])
                for layer in ("l1", "l2"):
                    hidden = weights[f"{layer}_weights"][bucket] @ hidden + weights[f"{layer}_biases"][bucket]
                    hidden = (hidden / 64).clamp(0, 127)
                outputs.append((weights["out_weights"][bucket] @ hidden + weights["out_biases"][bucket]) / 8128)
        return torch.stack(outputs).view(-1, players)

    exact = {name: value.detach().double().requires_grad_() for name, value in leaves.items()}
    expected = plain(exact)
    assert torch.allclose(values.double(), expected, atol=1e-3)
    theirs = torch.autograd.grad(cross_entropy(expected, piece.targets.double()), list(exact.values()))
    for name, ours, other in list(zip(exact, gradients, theirs, strict=True))[:-1]:
        # Single entries at a clamp may fall on either side of it.
        close = torch.isclose(ours.double(), other, rtol=1e-3, atol=1e-3 * float(other.abs().max()))
        assert close.double().mean() > 0.999, name
        assert other.abs().max() > 0, name
    # What is added to the logits of all seats changes no share.
    assert gradients[-1].abs().max() < 1e-6


def test_clipped_sums_fit_and_larger_ones_are_refused(tmp_path: Path, games: Path) -> None:
    model = NnueModel(samples_of(games).layout, 64, seed=1)
    with torch.no_grad():
        model.feature_weights.mul_(40)
    model.clip()
    saved(model, tmp_path / "fits.nnue")
    reach = model.layout.reach(model.scaled(True)["feature_weights"], model.scaled(True)["feature_biases"])
    assert reach.max() <= ACCUMULATOR_SUM_MAX
    assert reach.max() > 0.98 * ACCUMULATOR_SUM_MAX
    with torch.no_grad():
        model.feature_weights.mul_(1.03)
    with pytest.raises(NetworkFormatError, match="accumulator"):
        saved(model, tmp_path / "too-large.nnue")


def test_batches_have_every_row_once() -> None:
    rows = np.arange(100, 1100)
    batches = Batches(rows, batch_size=64, seed=1, epoch=0)
    drawn = [batches[step] for step in range(len(batches))]
    assert np.array_equal(np.sort(np.concatenate(drawn)), rows)
    assert [len(batch) for batch in drawn] == [64] * 15 + [40]
    other = Batches(rows, batch_size=64, seed=1, epoch=1)[0]
    assert not np.array_equal(drawn[0], other)


def stop_after(steps: int) -> Callable[[], bool]:
    """Says after so many steps that the run is to stop."""
    done = 0

    def is_stopped() -> bool:
        nonlocal done
        done += 1
        return done >= steps

    return is_stopped


def trained(games: Path, folder: Path, **settings: Any) -> tuple[NnueSummary, bytes]:  # noqa: ANN401 - of any type
    """Trains in a folder; the summary and the network."""
    run_settings = {"resume": settings.pop("resume", False), "is_stopped": settings.pop("is_stopped", None)}
    config = NnueConfig((games,), output=folder / "a.nnue", run_dir=folder / "run", **{**SETTINGS, **settings})
    summary = train_nnue(config, told="nothing", **run_settings)
    return summary, summary.output.read_bytes()


@pytest.fixture(scope="session")
def straight(games: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[NnueSummary, bytes]:
    """A run without interruption."""
    return trained(games, tmp_path_factory.mktemp("straight"), threads=1)


def test_run_learns_and_leaves_its_files(straight: tuple[NnueSummary, bytes]) -> None:
    summary, network = straight
    folder = summary.run_dir
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    epochs = [line for line in lines if line["kind"] == "epoch"]
    assert [line["epoch"] for line in epochs] == [1, 2]
    assert epochs[1]["train_loss"] < epochs[0]["train_loss"]
    assert epochs[summary.best_epoch - 1]["val_loss"] == summary.best_loss == min(line["val_loss"] for line in epochs)
    assert all(line["val_entropy"] < line["val_loss"] for line in epochs)
    assert all(0 <= line["val_accuracy"] <= 1 and -1 <= line["val_correlation"] <= 1 for line in epochs)
    assert summary.checked >= 100
    assert (folder / "network.nnue").read_bytes() == network
    config = json.loads((folder / "config.json").read_text())
    assert (config["width"], config["batch_size"], config["databases"]) == (64, 256, ["games.db"])
    assert "| games | 30 |" in (folder / "data-card.md").read_text()
    lineage = json.loads(NnueNetwork.load(summary.output).lineage)
    assert lineage["config"]["seed"] == 5
    assert lineage["best"]["epoch"] == summary.best_epoch
    assert len(lineage["databases"][0]["sha256"]) == 64


def test_figure_is_drawn(straight: tuple[NnueSummary, bytes]) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    assert (straight[0].run_dir / "loss.svg").read_text().startswith("<?xml")


@pytest.mark.parametrize("steps", [1, 3, 8])
def test_stopped_and_resumed_is_not_stopped(
    tmp_path: Path, games: Path, straight: tuple[NnueSummary, bytes], steps: int
) -> None:
    with pytest.raises(KeyboardInterrupt):
        trained(games, tmp_path, is_stopped=stop_after(steps))
    assert not (tmp_path / "a.nnue").exists()
    summary, network = trained(games, tmp_path, resume=True, threads=2)
    assert network == straight[1]
    ours, theirs = (
        [
            {key: value for key, value in json.loads(line).items() if "second" not in key}
            for line in (folder / "metrics.jsonl").read_text().splitlines()
        ]
        for folder in (summary.run_dir, straight[0].run_dir)
    )
    assert ours == theirs


def test_positions_without_a_search_can_be_left_out(tmp_path: Path, games: Path) -> None:
    random = play(tmp_path / "random.db", 10)
    samples = Samples(NnueSamples.open([games, random], "square8", 2))
    has_search = samples.native.has_search()
    everything, searched = (
        np.sort(np.concatenate(samples.split(NnueConfig((), searched_only=only)))) for only in (False, True)
    )
    assert 0 < len(searched) < len(everything) == len(samples)
    np.testing.assert_array_equal(searched, np.flatnonzero(has_search))
    with pytest.raises(TrainError, match="no positions with searches to train with\nhint: "):
        trained(random, tmp_path, searched_only=True)


def test_finished_run_resumes_to_the_same_network(
    tmp_path: Path, games: Path, straight: tuple[NnueSummary, bytes]
) -> None:
    trained(games, tmp_path)
    (tmp_path / "a.nnue").unlink()
    assert trained(games, tmp_path, resume=True)[1] == straight[1]


def command(games: Path, *flags: str) -> list[str]:
    """A command line with the settings of `straight`."""
    settings = ["--hidden-dim", "64", "--epochs", "2", "--batch-size", "256", "--seed", "5", "--checkpoint-steps", "2"]
    settings += ["--val-split", "0.3", "--min-game-length", "10"]
    return [RRPIPE, "train", "nnue", "--db", str(games), *settings, *flags]


def wait_for(path: Path, process: "subprocess.Popen[str]") -> None:
    """Waits until a file is there."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_killed_and_resumed_is_not_killed(
    tmp_path: Path, games: Path, straight: tuple[NnueSummary, bytes], number: signal.Signals
) -> None:
    line = command(games, "--output", "a.nnue", "--run-dir", "run")
    with subprocess.Popen(line, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_for(tmp_path / "run" / "checkpoint.pt", process)
            process.send_signal(number)
            _, told = process.communicate(timeout=PATIENCE_SECONDS)
        finally:
            process.kill()
    if number == signal.SIGINT:
        # It may have been too late.
        assert process.returncode in (0, 130), told
        assert process.returncode == 0 or "hint: the same command with --resume goes on" in told
        assert "Traceback" not in told
    run(*line[1:], "--resume", cwd=tmp_path)
    assert (tmp_path / "a.nnue").read_bytes() == straight[1]


def test_plans_command_line_trains(tmp_path: Path, games: Path) -> None:
    (tmp_path / "data/games").mkdir(parents=True)
    (tmp_path / "data/games/merged.db").write_bytes(games.read_bytes())
    flags = ["--board-type", "square8", "--num-players", "2", "--epochs", "1", "--batch-size", "1024"]
    output = "models/nnue/square8_2p_v1.nnue"
    run("train", "nnue", "--db", "data/games/merged.db", *flags, "--output", output, cwd=tmp_path)
    network = NnueNetwork.load(tmp_path / output)
    assert (network.board, network.players, network.width) == ("square8", 2, 256)
    assert len(list((tmp_path / "runs").glob("nnue_square8_2p_*"))) == 1


def test_all_configs_trains_what_has_games(tmp_path: Path, games: Path) -> None:
    play(tmp_path / "more.db", 3, board="hex8", players=3)
    flags = ["--db", str(games), str(tmp_path / "*.db"), "--all-configs", "--epochs", "1", "--hidden-dim", "64"]
    run("train", "nnue", *flags, "--val-split", "0", cwd=tmp_path)
    made = sorted(path.name for path in (tmp_path / "models/nnue").iterdir())
    assert made == ["hex8_3p.nnue", "square8_2p.nnue"]


def test_checkpoint_of_other_settings_is_refused(tmp_path: Path, games: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        trained(games, tmp_path, is_stopped=stop_after(1))
    with pytest.raises(TrainError, match="width is 64 in the checkpoint and 128 now"):
        trained(games, tmp_path, resume=True, width=128)
    with pytest.raises(TrainError, match="board_type is 'square8' in the checkpoint and 'hex8' now"):
        trained(play(tmp_path / "hex.db", 12, board="hex8"), tmp_path, resume=True, board_type="hex8")
    with pytest.raises(TrainError, match="the databases have other positions"):
        trained(play(tmp_path / "other.db", 12), tmp_path, resume=True)
    with pytest.raises(TrainUsageError, match="has a checkpoint of another run\nhint: --resume"):
        trained(games, tmp_path)
    checkpoint = tmp_path / "run" / "checkpoint.pt"
    whole = checkpoint.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], b"x" + whole[1:]):
        checkpoint.write_bytes(damaged)
        with pytest.raises(TrainError, match="not a checkpoint"):
            trained(games, tmp_path, resume=True)


def test_checkpoints_run_no_code(tmp_path: Path, games: Path) -> None:
    class Hostile:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "ran"),)

    (tmp_path / "run").mkdir()
    torch.save({"format": "ringrift-nnue-checkpoint", "version": 1, "x": Hostile()}, tmp_path / "run/checkpoint.pt")
    with pytest.raises(TrainError, match="not a checkpoint"):
        trained(games, tmp_path, resume=True)
    assert not (tmp_path / "ran").exists()


def test_loss_that_is_no_number_stops_the_run(tmp_path: Path, games: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def poisoned(values: Any, targets: Any) -> Any:  # noqa: ANN401 - tensors
        nonlocal calls
        calls += 1
        return cross_entropy(values, targets) * (float("nan") if calls == 3 else 1)

    monkeypatch.setattr("ringrift_core.train.gradients.cross_entropy", poisoned)
    with pytest.raises(TrainError, match="the loss is nan in step 3 of epoch 1\nhint: the last checkpoint is kept"):
        trained(games, tmp_path, threads=1)
    assert (tmp_path / "run" / "checkpoint.pt").exists()
    assert not (tmp_path / "a.nnue").exists()


def test_wrong_inputs_are_refused(tmp_path: Path, games: Path) -> None:
    def config(**settings: Any) -> NnueConfig:  # noqa: ANN401 - of any type
        return NnueConfig(**{"databases": (games,), "output": tmp_path / "a.nnue", "run_dir": tmp_path, **settings})

    with pytest.raises(TrainUsageError, match="no database"):
        train_nnue(config(databases=()), told="nothing")
    with pytest.raises(FileNotFoundError):
        train_nnue(config(databases=(tmp_path / "missing.db",)), told="nothing")
    with pytest.raises(TrainError, match="hex8"):
        train_nnue(config(board_type="hex8"), told="nothing")
    (tmp_path / "text.db").write_text("no database at all, but a long enough text")
    with pytest.raises(RecordError):
        train_nnue(config(databases=(tmp_path / "text.db",)), told="nothing")
    with pytest.raises(IsADirectoryError):
        train_nnue(config(output=tmp_path), told="nothing")
    with pytest.raises(NotADirectoryError):
        train_nnue(config(output=tmp_path / "text.db" / "a.nnue"), told="nothing")
    assert not (tmp_path / "a.nnue").exists()


def test_folder_in_use_is_refused(tmp_path: Path, games: Path) -> None:
    refused: list[str] = []

    def is_stopped() -> bool:
        with pytest.raises(TrainUsageError, match="in use by another run") as caught:
            trained(games, tmp_path, resume=True)
        refused.append(str(caught.value))
        return True

    with pytest.raises(KeyboardInterrupt):
        trained(games, tmp_path, is_stopped=is_stopped)
    assert len(refused) == 1
