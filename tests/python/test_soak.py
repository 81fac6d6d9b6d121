"""The drop-in for RingRift's soak script: the same command lines, files and exit status."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "run_self_play_soak.py"


def soak(folder: Path, *args: str, script: bool = True) -> "subprocess.CompletedProcess[str]":
    """Runs the script, or the module, in a folder."""
    entry = [str(SCRIPT)] if script else ["-m", "ringrift_core.soak"]
    return subprocess.run([sys.executable, *entry, *args], cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("script", [True, False])
def test_plan_command_runs_as_written(tmp_path: Path, script: bool) -> None:
    flags = "--num-games 5 --board-type square8 --engine-mode heuristic-only --num-players 2 --max-moves 500 --seed 20"
    ran = soak(tmp_path, *flags.split(), script=script)
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = (tmp_path / "logs/selfplay/soak_square8_2p_20.jsonl").read_text().splitlines()
    assert [json.loads(line)["seed"] for line in lines] == [20, 21, 22, 23, 24]
    # Lines are text as Python writes it: callers look for this very string.
    assert all('"status": "completed"' in line and json.dumps(json.loads(line)) == line for line in lines)
    assert (tmp_path / "data/games/selfplay.db").stat().st_size > 0
    summary = json.loads(ran.stdout.split("=== Self-play soak summary ===\n")[1])
    assert summary["completion_share"] == {"square8_2p": 1.0}


def test_status_is_that_of_the_original(tmp_path: Path) -> None:
    ran = soak(tmp_path, "--engine-mode", "nn-only")
    assert ran.returncode == 1
    assert "engine mode nn-only is not available" in ran.stderr
    assert soak(tmp_path, "--no-such-flag").returncode == 2
