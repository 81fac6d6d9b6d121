"""The end of the interpreter with work of ours in progress: exit status 0, nothing on standard error, whole files."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

PRELUDE = """
import asyncio, atexit, sys, threading, time
late = []
atexit.register(lambda: [work() for work in late])  # Handlers run in the opposite order: after those of the module.
from ringrift_core import Encoder, Engine, Position, random_playouts, selfplay, selfplay_async
short = dict(num_games=2, jobs=1, engine_mode="random-only", log_jsonl="e.jsonl", record_db="e.db")
endless = dict(short, num_games=20000)
def in_daemon(work):
    threading.Thread(target=work, daemon=True).start()
    time.sleep(0.05)
"""
# Each is run several times, 42 processes in all, since what they look for are races. Without the handler that ends the
# work (rust/py/src/lifetime.rs), a third of those with a daemon thread and of those after an await fail.
ENDS = {
    "after await": "asyncio.run(selfplay_async(**short))",
    "after cancel": """
async def main():
    task = asyncio.create_task(selfplay_async(**endless))
    await asyncio.sleep(0.03)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass
asyncio.run(main())
""",
    "after progress": "asyncio.run(selfplay_async(**dict(short, num_games=20), progress=lambda now: None))",
    "in flight, loop left": """
async def main():
    task = loop.create_task(selfplay_async(**endless))
    await asyncio.sleep(0.03)
    task._log_destroy_pending = False  # asyncio complains about what this program does.
    return task
loop = asyncio.new_event_loop()
task = loop.run_until_complete(main())
""",
    "in flight, loop closed": """
async def main():
    task = loop.create_task(selfplay_async(**endless))
    await asyncio.sleep(0.03)
    task._log_destroy_pending = False
loop = asyncio.new_event_loop()
loop.run_until_complete(main())
loop.close()
""",
    "in flight, loop in a thread": "in_daemon(lambda: asyncio.run(selfplay_async(**endless)))",
    "in flight, daemon thread": "in_daemon(lambda: selfplay(**endless))",
    "in flight, playouts": "in_daemon(lambda: random_playouts(Position('hexagonal', 4), 10**7))",
    "in flight, encoder": """
rows = [Position("hexagonal")] * 30000
in_daemon(lambda: Encoder("rr1", "hexagonal", 2, 0).encode(rows, packed=True))
""",
    "in flight, search": "in_daemon(lambda: Engine('mcts').search(Position(), time_ms=10**8))",
    "in flight, awaited search": "in_daemon(lambda: asyncio.run(Engine('d4').search_async(Position(), time_ms=10**8)))",
    "in flight, sys.exit": """
async def main():
    asyncio.get_running_loop().create_task(selfplay_async(**endless))
    await asyncio.sleep(0.03)
    sys.exit(0)
asyncio.run(main())
""",
    "again after fork": """
import os, warnings
warnings.simplefilter("ignore")  # Newer versions warn of threads at every fork; here they are the point.
asyncio.run(selfplay_async(**short))
Encoder("rr1", "square8", 2).encode([Position()] * 500, threads=0)
child = os.fork()
if child == 0:
    Encoder("rr1", "square8", 2).encode([Position()] * 500)
    asyncio.run(selfplay_async(**dict(short, log_jsonl="child.jsonl")))
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
""",
    "refused in exit": """
def refused():
    try:
        selfplay(**short)
    except RuntimeError as error:
        assert "shutting down" in str(error)
    else:
        print("played", file=sys.stderr)
late.append(refused)
""",
}
ROUNDS = 3


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_interpreter_ends_quietly(tmp_path: Path, end: str) -> None:
    for attempt in range(ROUNDS):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        ran = subprocess.run(
            [sys.executable, "-c", PRELUDE + end], cwd=folder, capture_output=True, text=True, timeout=60
        )
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
        games = 0
        for log in folder.glob("*.jsonl"):
            text = log.read_text()
            assert text == "" or text.endswith("\n")
            games += text.count("\n")
        if (folder / "e.db").exists():
            connection = sqlite3.connect(folder / "e.db", timeout=0)
            connection.execute("BEGIN EXCLUSIVE")
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("SELECT count(*) FROM games").fetchone() == (games,)
            connection.close()
