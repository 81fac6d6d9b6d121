"""Engines and self-play with networks from Python: by name, from the folder of models, and what records say."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ringrift_core
from ringrift_core import Engine, NetworkFormatError, NnueNetwork, Position, selfplay

GAME = ("square8", 2)


def write(path: Path, board: str = "square8", players: int = 2, seed: int = 1) -> Path:
    """Writes a network with random weights."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(NnueNetwork.random(board, players, 64, seed).to_bytes())
    return path


@pytest.mark.parametrize("spec", ["minimax", "maxn", "descent", "mcts", "heuristic", "d4"])
def test_engines_evaluate_with_the_network_of_a_file(spec: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a, b.nnue")  # a comma would end a setting
    engine = Engine(spec, nnue=path)
    assert f"nnue={path}" in engine.spec
    position = Position(*GAME)
    result = engine.search(position, nodes=400, seed=1)
    assert result.best in position.legal_moves()
    assert result.evaluations > 0
    other = Engine(spec, nnue=write(tmp_path / "other.nnue", seed=2)).search(position, nodes=400, seed=1)
    plain = Engine(spec, nnue="none").search(position, nodes=400, seed=1)
    values = [found.values.tolist() for found in (result, other, plain)]
    assert values[0] != values[1] != values[2] != values[0]
    again = engine.search(position, nodes=400, seed=1)
    assert (again.best.text, again.values.tolist()) == (result.best.text, values[0])


def test_networks_that_cannot_play_are_explained(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nnue")
    with pytest.raises(FileNotFoundError, match=r"no\.nnue"):
        Engine("minimax", nnue=tmp_path / "no.nnue")
    with pytest.raises(ValueError, match=r"network for square8 and 2 players, the game is hex8"):
        Engine("minimax", board="hex8", nnue=path)
    with pytest.raises(ValueError, match="leave out nnue or profile"):
        Engine("minimax:profile=heuristic_v1_balanced", nnue=path)
    with pytest.raises(ValueError, match="random evaluates nothing"):
        Engine("random", nnue=path)
    (tmp_path / "a.pt").write_bytes(b"PK")
    with pytest.raises(ValueError, match="checkpoint of torch"):
        Engine("minimax", nnue=tmp_path / "a.pt")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(NetworkFormatError, match=r"a\.nnue"):
        Engine("minimax", nnue=path)


def test_rungs_find_their_network_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGRIFT_MODELS_DIR", "")
    assert "nnue=" not in Engine("d4").spec
    path = write(tmp_path / "models" / "nnue" / "square8_2p.nnue")
    monkeypatch.setenv("RINGRIFT_MODELS_DIR", str(tmp_path / "models"))
    assert f"nnue={path}" in Engine("d4").spec
    assert "nnue=" not in Engine("d4:nnue=none").spec
    assert "nnue=" not in Engine("minimax").spec
    best = write(tmp_path / "models" / "nnue" / "square8_2p_best.nnue", seed=2)
    assert f"nnue={best}" in Engine("d6").spec
    monkeypatch.delenv("RINGRIFT_MODELS_DIR")
    monkeypatch.chdir(tmp_path)
    assert "nnue=models/nnue/square8_2p_best.nnue" in Engine("d4").spec
    monkeypatch.setenv("RINGRIFT_MODELS_DIR", str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError, match="RINGRIFT_MODELS_DIR"):
        Engine("d4")


def test_networks_of_the_package_come_last(tmp_path: Path) -> None:
    package = tmp_path / "site" / "ringrift_core"
    shutil.copytree(Path(ringrift_core.__file__).parent, package)
    shipped = write(package / "models" / "nnue" / "hex8_4p_best.nnue", "hex8", 4)
    code = "from ringrift_core import Engine; print(Engine('d4', board='hex8', players=4).spec)"
    environment = {name: value for name, value in os.environ.items() if name != "RINGRIFT_MODELS_DIR"}
    environment["PYTHONPATH"] = str(tmp_path / "site")

    def spec() -> str:
        command = [sys.executable, "-c", code]
        ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        return ran.stdout.strip()

    assert f"nnue={shipped}" in spec()
    write(tmp_path / "models" / "nnue" / "hex8_4p.nnue", "hex8", 4, seed=2)
    assert "nnue=models/nnue/hex8_4p.nnue" in spec()
    environment["RINGRIFT_MODELS_DIR"] = ""
    assert "nnue=" not in spec()


def test_self_play_records_its_network(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nnue")
    log = tmp_path / "g.jsonl"
    options = {"engine_mode": "descent-only", "nodes": 40, "seed": 5, "log_jsonl": log, "record_db": None, "jobs": 1}
    summary = selfplay(num_games=1, nnue=path, **options)  # type: ignore[arg-type]
    assert summary.games == 1
    digest = NnueNetwork.load(path).sha256
    game = json.loads(log.read_text())
    assert [(seat["nn_model_id"], seat["model_sha256"]) for seat in game["seats"]] == [("a", digest)] * 2
    with pytest.raises(ValueError, match="the run to be resumed has nnue"):
        selfplay(num_games=2, nnue="none", resume_from_jsonl=True, **options)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no seat that evaluates"):
        selfplay(num_games=1, engine_mode="random-only", nnue=path, record_db=None, no_log=True)
