"""The drop-in for RingRift's merge script: the same command lines and a merged database."""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from ringrift_core import selfplay

SCRIPTS = Path(__file__).parents[2] / "scripts"

# The lines of the plan, but for the copies from other machines.
PLAN = r"""
set -euo pipefail
TIMESTAMP=$(date +%Y%m%d_%H%M%S)
LOCAL_DIR="data/games/synced_${TIMESTAMP}"
mkdir -p "$LOCAL_DIR"
cp host-*/*.db "$LOCAL_DIR/"

# Merge all DBs
python scripts/merge_game_dbs.py \
  --output data/games/merged_${TIMESTAMP}.db \
  $(find "$LOCAL_DIR" -name "*.db" -printf "--db %p ")
"""


def merge(*args: str, module: bool = False) -> "subprocess.CompletedProcess[str]":
    """Runs the script, or the module."""
    entry = ["-m", "ringrift_core.merge"] if module else [str(SCRIPTS / "merge_game_dbs.py")]
    return subprocess.run([sys.executable, *entry, *args], capture_output=True, text=True, timeout=120)


def count(path: Path) -> int:
    """Games of a database."""
    with sqlite3.connect(path) as connection:
        return int(connection.execute("SELECT COUNT(*) FROM games").fetchone()[0])


def test_plan_command_runs_as_written(tmp_path: Path) -> None:
    for seed, host in ((1, "host-a"), (500, "host-b")):
        (tmp_path / host).mkdir()
        selfplay(
            num_games=4, engine_mode="random-only", seed=seed, record_db=tmp_path / host / f"{host}.db", no_log=True
        )
    (tmp_path / "scripts").mkdir()
    shutil.copy(SCRIPTS / "merge_game_dbs.py", tmp_path / "scripts")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    script = f'PATH="{Path(sys.executable).parent}:{tmp_path / "bin"}:$PATH"\n' + PLAN
    ran = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (ran.returncode, ran.stderr) == (0, "")
    (merged,) = (tmp_path / "data/games").glob("merged_*.db")
    assert count(merged) == 8
    assert "8 games" in ran.stdout
    with sqlite3.connect(merged) as connection:
        # Triggers and tables are those of the service: its writers go on with the file.
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        triggers = connection.execute("SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger'").fetchone()
        assert triggers == (2,)


def test_flags_of_the_original_are_taken_and_faults_have_a_status(tmp_path: Path) -> None:
    first, output = tmp_path / "a.db", tmp_path / "m.db"
    selfplay(num_games=3, engine_mode="random-only", seed=1, record_db=first, no_log=True)
    flags = ["--on-conflict", "rename", "--dedupe-by-game-id", "--resume", "--wal-mode", "--no-compress-states"]
    ran = merge("--output", str(output), "--db", str(first), *flags, module=True)
    assert ran.returncode == 0
    assert ran.stderr == "warning: --no-compress-states has no effect: states are kept in the form that they have\n"
    assert count(output) == 3
    missing = merge("--output", str(output), "--db", str(tmp_path / "none.db"))
    assert missing.returncode == 1
    assert "no database at" in missing.stderr
    assert "hint: " in missing.stderr
    assert merge("--output", str(output)).returncode == 2
    assert merge("--output", str(output), "--db", str(output)).returncode == 2
