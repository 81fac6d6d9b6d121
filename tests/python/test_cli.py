"""The command line inside the wheel: both entries, streams, exit codes, Ctrl-C, Python programs."""

import json
import os
import platform
import signal
import subprocess
from pathlib import Path

import pytest

import ringrift_core
from conftest import Rrpipe
from ringrift_core._native import cli_main


def finish(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """Status, standard output and standard error of a process."""
    out, err = process.communicate(timeout=60)
    return process.returncode, out or "", err


def test_version_names_this_interpreter(rrpipe: Rrpipe) -> None:
    status, out, err = finish(rrpipe("version", "--format", "json"))
    assert (status, err) == (0, "")
    fields = json.loads(out)
    assert fields["form"] == "wheel"
    assert fields["python"] == platform.python_version()
    assert fields["version"] == ringrift_core.__version__


def test_wrong_usage_is_status_2_with_a_hint(rrpipe: Rrpipe) -> None:
    status, out, err = finish(rrpipe("complations"))
    assert (status, out) == (2, "")
    assert "hint: a similar subcommand exists: 'completions'" in err


def test_pipe_without_reader_ends_quietly(rrpipe: Rrpipe) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer):
        process = rrpipe("completions", "bash", stdout=writer)
    assert finish(process) == (141, "", "")


@pytest.mark.parametrize("code", ["print('x')", "print('x' * 100000)"])
def test_program_without_reader_ends_quietly(rrpipe: Rrpipe, code: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer):
        process = rrpipe("python", "-c", code, stdout=writer)
    assert finish(process) == (141, "", "")


def test_name_that_is_not_text_is_an_error_not_a_crash(rrpipe: Rrpipe) -> None:
    status, _, err = finish(rrpipe("python", b"no-\xff.py"))
    assert status == 5
    assert err.startswith("error: cannot read no-")


@pytest.mark.parametrize("wait", ["time.sleep(60)", "while True: pass"])
def test_ctrl_c_runs_cleanup_and_is_status_130(rrpipe: Rrpipe, wait: str) -> None:
    code = f"import time\ntry:\n    print('ready', flush=True)\n    {wait}\nfinally:\n    print('cleaned')"
    process = rrpipe("python", "-c", code)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    assert finish(process) == (130, "cleaned\n", "")


def test_program_keeps_its_status_and_output(rrpipe: Rrpipe) -> None:
    assert finish(rrpipe("python", "-c", "import sys; print(sys.argv, end=''); sys.exit(7)", "-c", "x")) == (
        7,
        "['-c', '-c', 'x']",
        "",
    )
    assert finish(rrpipe("python", "-c", "import sys; sys.exit('gone')")) == (1, "", "gone\n")


def test_exception_shows_the_frames_of_the_program_only(rrpipe: Rrpipe, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("raise LookupError('planted')\n")
    status, out, err = finish(rrpipe("python", str(script)))
    assert (status, out) == (1, "")
    assert err.splitlines()[1].strip().startswith(f'File "{script}", line 1')
    assert err.endswith("LookupError: planted\n")


def test_call_from_python_returns_the_status(capfd: pytest.CaptureFixture[str]) -> None:
    assert cli_main(["rrpipe", "--version"]) == 0
    assert capfd.readouterr().out == f"rrpipe {ringrift_core.__version__}\n"
    assert cli_main(["rrpipe", "--no-such-option"]) == 2
    assert cli_main(["rrpipe", "python", "-c", "import sys; sys.exit(9)"]) == 9


def test_wrong_argument_type_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        cli_main([1])  # type: ignore[list-item]
    with pytest.raises(TypeError):
        cli_main(None)  # type: ignore[arg-type]
