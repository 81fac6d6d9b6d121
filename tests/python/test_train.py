"""`rrpipe train nnue` before it needs torch: flags, settings, databases, and what is refused."""

import argparse
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from conftest import Rrpipe
from ringrift_core import selfplay
from ringrift_core.train import NnueConfig, TrainUsageError
from ringrift_core.train.command import nnue
from ringrift_core.train.flags import INERT, REFUSED, add_unused, given
from test_export import REPOSITORY

PLAN = [
    *("--db", "data/games/merged.db", "--board-type", "square8", "--num-players", "2", "--epochs", "50"),
    *("--batch-size", "1024", "--output", "models/nnue/square8_2p_v1.nnue"),
]
"""The command line of the plan."""


def complaint(capsys: pytest.CaptureFixture[str], *flags: str) -> tuple[int, str]:
    """Status and complaint of a command line."""
    status = nnue(flags)
    return status, capsys.readouterr().err


def test_settings_out_of_range_are_all_named() -> None:
    with pytest.raises(TrainUsageError) as caught:
        NnueConfig((), board_type="chess", num_players=5, width=100, epochs=0, value_lambda=(0.5, 2.0), val_split=1.0)
    text = str(caught.value)
    for name in ("board_type", "num_players", "width", "epochs", "value_lambda", "val_split"):
        assert name in text
    with pytest.raises(TrainUsageError, match="learning_rate is nan"):
        NnueConfig((), learning_rate=float("nan"))


def test_rate_rises_then_falls() -> None:
    config = NnueConfig((), epochs=10, learning_rate=0.1, warmup_epochs=1, final_rate_share=0.01)
    rates = [config.rate_at(step, 10) for step in range(101)]
    assert rates[0] == pytest.approx(0.1 / 11)
    assert max(rates) == pytest.approx(0.1)
    assert rates.index(max(rates)) == 10
    assert all(a > b for a, b in pairwise(rates[10:]))
    assert rates[100] == pytest.approx(0.001)


def test_weight_of_results_goes_from_first_to_last_epoch() -> None:
    config = NnueConfig((), epochs=3, value_lambda=(0.2, 0.8))
    assert [config.lambda_at(epoch) for epoch in range(3)] == pytest.approx([0.2, 0.5, 0.8])


@pytest.mark.parametrize("flag", REFUSED, ids=lambda flag: flag.name)
def test_refused_flags_say_why(capsys: pytest.CaptureFixture[str], flag: tuple[str, int, str]) -> None:
    name, values, reason = flag
    status, text = complaint(capsys, *PLAN, name, *["1"] * values)
    assert status == 2
    assert f"{name} is not supported: {reason}" in text


def test_flags_without_effect_are_found() -> None:
    parser = argparse.ArgumentParser()
    add_unused(parser)
    line = [word for flag in INERT for word in (flag.name, *["1"] * flag.values)]
    assert given(INERT, parser.parse_args(line)) == list(INERT)
    assert given(INERT, parser.parse_args([])) == []


@pytest.mark.parametrize(
    ("flags", "status", "words"),
    [
        (["--board-type", "chess"], 2, "invalid choice: 'chess'"),
        (["--num-players", "5"], 2, "invalid choice: 5"),
        (["--epochs", "many"], 2, "invalid int value: 'many'"),
        (["--frobnicate"], 2, "unrecognized arguments: --frobnicate"),
        (["--lr-schedule", "plateau"], 2, "plateau is not supported"),
        (["--device", "cuda"], 2, "--device cuda is not supported"),
        (["--value-lambda", "half"], 2, "--value-lambda is 'half'"),
        (["--value-lambda", "1.5"], 2, "value_lambda is (1.5, 1.5)"),
        (["--all-configs"], 2, "--output with --all-configs"),
        (["--db", "no/such/*.db"], 5, "no/such/*.db: no such file"),
        (["--hidden-dim", "100"], 2, "width is 100"),
    ],
)
def test_wrong_flags_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], status: int, words: str
) -> None:
    database = tmp_path / "games.db"
    database.touch()
    got, text = complaint(capsys, "--db", str(database), "--output", str(tmp_path / "a.nnue"), *flags)
    assert got == status
    assert words in text
    assert text.startswith("error: ")


def test_without_databases_the_defaults_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    status, text = complaint(capsys)
    assert status == 2
    assert "data/games/merged.db" in text
    assert "hint: rrpipe selfplay" in text


def test_all_configs_needs_games(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = tmp_path / "games.db"
    database.write_text("no database")
    status, text = complaint(capsys, "--db", str(database), "--all-configs")
    assert status == 4
    assert "not a replay database" in text


def test_help_and_missing_torch_need_no_torch(tmp_path: Path) -> None:
    selfplay(num_games=2, engine_mode="random-only", no_log=True, record_db=tmp_path / "games.db", seed=1, jobs=1)
    hidden = "import sys; sys.modules['torch'] = None; from ringrift_core.train.__main__ import main; "
    for flags, status, words in [
        (["nnue", "--help"], 0, "--early-stopping-patience"),
        (["nnue", "--db", "games.db", "--output", "a.nnue"], 6, "hint: pip install 'ringrift-core[train]'"),
        (["chess"], 2, "'chess' cannot be trained"),
    ]:
        program = [sys.executable, "-c", f"{hidden}sys.exit(main({flags!r}))"]
        ran = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert (ran.returncode, words in ran.stdout + ran.stderr) == (status, True), ran.stdout + ran.stderr
        assert "Traceback" not in ran.stderr
    assert not (tmp_path / "a.nnue").exists()


def test_command_reaches_python(rrpipe: Rrpipe) -> None:
    ran = rrpipe("train", "nnue", "--help")
    out, _ = ran.communicate(timeout=120)
    assert ran.returncode == 0
    assert "--upstream-output" in out
    ran = rrpipe("train", "nnue", "--db", "no-such.db")
    _, err = ran.communicate(timeout=120)
    assert ran.returncode == 5
    assert "no-such.db: no such file" in err


def test_script_takes_the_same_flags(tmp_path: Path) -> None:
    script = REPOSITORY / "scripts" / "train_nnue.py"
    ran = subprocess.run([sys.executable, script, *PLAN], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 1
    assert "data/games/merged.db: no such file" in ran.stderr
    assert len(script.read_text().splitlines()) <= 40
