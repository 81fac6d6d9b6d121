"""`rrpipe dropin` in a checkout made for the purpose: the script runs here, imports get the original's names."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ORIGINAL = '''\
#!/usr/bin/env python
"""Stands for the service's script."""
from __future__ import annotations

import sys
from dataclasses import dataclass

import app.heavy

LOADED = app.heavy.count()


@dataclass
class GameRecord:
    index: int
    state: app.heavy.State | None = None


def _limit() -> int:
    return 5


def run_self_play_soak(args: object) -> list[GameRecord]:
    return [GameRecord(i) for i in range(_limit())]


def main() -> int:
    print(len(run_self_play_soak(None)), __doc__)
    return 0


if __name__ == "__main__":
    sys.exit("the original was run")
'''

HEAVY = """\
print("heavy module loaded")


class State:
    pass


_calls = []


def count() -> int:
    _calls.append(None)
    return len(_calls)
"""


def python(checkout: Path, *args: str) -> "subprocess.CompletedProcess[str]":
    """Runs Python in a checkout, the way its own programs are run."""
    return subprocess.run([sys.executable, *args], cwd=checkout, capture_output=True, text=True, timeout=120)


def dropin(action: str, checkout: Path) -> "subprocess.CompletedProcess[str]":
    return python(checkout, "-m", "ringrift_core", "dropin", action, str(checkout))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the drop-in."""
    for package in ("scripts", "app"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "app/heavy.py").write_text(HEAVY)
    script = tmp_path / "scripts/run_self_play_soak.py"
    script.write_text(ORIGINAL)
    script.chmod(0o750)
    ran = dropin("install", tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    return tmp_path


@pytest.mark.parametrize("entry", [["scripts/run_self_play_soak.py"], ["-m", "scripts.run_self_play_soak"]])
def test_script_plays_here_and_writes_below_the_working_folder(checkout: Path, entry: list[str]) -> None:
    ran = python(checkout, *entry, "--num-games", "2", "--engine-mode", "random-only", "--seed", "3")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "heavy" not in ran.stdout
    lines = (checkout / "logs/selfplay/soak_square8_2p_3.jsonl").read_text().splitlines()
    assert [json.loads(line)["seed"] for line in lines] == [3, 4]
    assert (checkout / "data/games/selfplay.db").stat().st_size > 0
    assert python(checkout, *entry, "--no-such-flag").returncode == 2
    assert python(checkout, *entry, "--engine-mode", "nn-only").returncode == 1


def test_imports_get_the_names_of_the_original(checkout: Path) -> None:
    code = """
import pickle, scripts.run_self_play_soak as soak
print("imported")
from scripts.run_self_play_soak import GameRecord, _limit
assert soak.LOADED == 1 and soak.GameRecord is GameRecord
assert GameRecord.__module__ == "scripts.run_self_play_soak"
assert pickle.loads(pickle.dumps(GameRecord(3))) == GameRecord(3)
assert "run_self_play_soak" in dir(soak) and not hasattr(soak, "no_such_name")
try:
    soak.no_such_name
except AttributeError as error:
    print(error)
assert soak.main() == 0
"""
    ran = python(checkout, "-c", code)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines() == [
        "imported",
        "heavy module loaded",
        "module 'scripts.run_self_play_soak' has no attribute 'no_such_name'",
        "5 Stands for the service's script.",
    ]


def test_patched_names_are_seen_by_the_original(checkout: Path) -> None:
    code = """
from unittest import mock
with mock.patch("scripts.run_self_play_soak._limit", lambda: 2):
    from scripts import run_self_play_soak as soak
    assert len(soak.run_self_play_soak(None)) == 2
    with mock.patch.object(soak, "run_self_play_soak", lambda args: []):
        soak.main()
assert len(soak.run_self_play_soak(None)) == 5
from scripts.run_self_play_soak import *
assert GameRecord(1).index == 1
"""
    ran = python(checkout, "-c", code)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[1:] == ["0 Stands for the service's script."]


def test_fault_of_the_original_is_shown_at_every_use(checkout: Path) -> None:
    (checkout / "app/heavy.py").unlink()
    code = """
import scripts.run_self_play_soak as soak
for _ in range(2):
    try:
        soak.GameRecord
    except ModuleNotFoundError as error:
        print(error)
"""
    assert python(checkout, "-c", code).stdout == "No module named 'app.heavy'\n" * 2
    (checkout / "scripts/run_self_play_soak.original.py").unlink()
    ran = python(checkout, "-c", "from scripts.run_self_play_soak import GameRecord")
    assert "run_self_play_soak.original.py" in ran.stderr.splitlines()[-1]


def test_python_without_the_module_is_told_what_to_do(checkout: Path) -> None:
    # -S leaves out the installed packages, -E the paths of the environment.
    ran = python(checkout, "-S", "-E", "scripts/run_self_play_soak.py", "--num-games", "1")
    assert ran.returncode == 1
    error, install, remove = ran.stderr.splitlines()
    assert error == "error: ringrift_core cannot be used: No module named 'ringrift_core'"
    assert install.startswith("  hint: ")
    assert install.endswith(" -m pip install ringrift-core")
    assert remove.startswith("  hint: to undo: mv ")
    command = remove.split(": ", 2)[2]
    assert subprocess.run(command, shell=True, cwd=checkout, timeout=60).returncode == 0
    assert (checkout / "scripts/run_self_play_soak.py").read_text() == ORIGINAL


def test_removing_restores_the_original(checkout: Path) -> None:
    script = checkout / "scripts/run_self_play_soak.py"
    assert dropin("status", checkout).returncode == 0
    assert len(script.read_text().splitlines()) <= 40
    assert dropin("remove", checkout).returncode == 0
    assert (script.read_text(), script.stat().st_mode & 0o777) == (ORIGINAL, 0o750)
    assert sorted(path.name for path in (checkout / "scripts").iterdir()) == ["__init__.py", script.name]
    assert dropin("status", checkout).returncode == 3
    assert "the original was run" in python(checkout, "-m", "scripts.run_self_play_soak").stderr
