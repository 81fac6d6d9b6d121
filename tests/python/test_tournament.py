"""Tournaments by the script that stands in for upstream's."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts/run_ai_tournament.py"


def run(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(SCRIPT), *args], capture_output=True, text=True, cwd=cwd)


def test_the_loops_call_has_the_words_that_it_looks_for(tmp_path: Path) -> None:
    ran = run("--p1", "Heuristic", "--p2", "Random", "--board", "square8", "--games", "6", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("P1 wins: ")
    assert "/6 (" in ran.stdout.splitlines()[0]
    assert len(list(tmp_path.glob("logs/tournaments/square8_2p_*/games.jsonl"))) == 1


def test_all_engines_meet(tmp_path: Path) -> None:
    args = ["--round-robin", "--all-engines", "--nodes", "20", "--games", "2", "--board", "hex8", "--output-dir", "out"]
    ran = run(*args, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("hex8 2p, 56 different games")
    assert (tmp_path / "out/ratings.svg").is_file()


def test_wrong_flags_have_status_2_and_no_network_1(tmp_path: Path) -> None:
    assert run("--p1", "Random", cwd=tmp_path).returncode == 2
    ran = run("--p1", "Neural", "--p1-model", "a.pth", "--p2", "Random", cwd=tmp_path)
    assert ran.returncode == 1
    assert "a.pth" in ran.stderr
