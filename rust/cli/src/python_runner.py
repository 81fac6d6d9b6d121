"""Runs one Python program inside the current interpreter, as `python` itself would."""

import io
import os
import sys
import traceback
import types


def _status(exit_: SystemExit) -> int:
    """The process exit status that a SystemExit asks for."""
    if exit_.code is None:
        return 0
    if isinstance(exit_.code, int):
        return exit_.code & 0xFF
    print(exit_.code, file=sys.stderr)
    return 1


def _execute(argv: list[str], code: str | None) -> None:
    """Executes the source text `code`, or the file `argv[0]` when there is none, as module `__main__`."""
    module = types.ModuleType("__main__")
    source: str | bytes
    if code is None:
        module.__file__ = argv[0]
        sys.path.insert(0, os.path.dirname(os.path.realpath(argv[0])))
        with io.open_code(argv[0]) as file:
            source = file.read()
    else:
        sys.path.insert(0, "")
        source = code
    sys.modules["__main__"] = module
    exec(compile(source, argv[0] if code is None else "<string>", "exec"), module.__dict__)


def _flush() -> int:
    """Writes out what Python holds back, and returns the exit status that this deserves."""
    status = 0
    for stream in (sys.stdout, sys.stderr):
        if stream is None or stream.closed:
            continue
        try:
            stream.flush()
        except BrokenPipeError:
            status = status or 141
            # What is still held back has no reader: let it vanish, or the end of Python complains about it.
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)
        except OSError as error:
            status = status or 5
            if stream is not sys.stderr:
                print(f"error: cannot write to standard output\n  cause: {error}", file=sys.stderr)
    return status


def run(argv: list[str], code: str | None) -> int:
    """Runs a program and returns its exit status.

    Args:
        argv: `sys.argv` of the program; `argv[0]` is its path, or `-c`.
        code: source text, or None to run the file `argv[0]`.

    Returns:
        The status from 0 to 255: that of SystemExit, 130 after Ctrl-C, 141 when the reader of the output went away,
        1 after any other exception.
    """
    saved = sys.argv, list(sys.path), sys.modules["__main__"]
    sys.argv = argv
    try:
        _execute(argv, code)
        status = 0
    except SystemExit as exit_:
        status = _status(exit_)
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        status = 141
    except BaseException as error:  # as the interpreter's own top level
        shown = error.__traceback__
        while shown is not None and shown.tb_frame.f_code.co_filename == run.__code__.co_filename:
            shown = shown.tb_next
        traceback.print_exception(type(error), error, shown)
        status = 1
    finally:
        sys.argv, sys.path[:], sys.modules["__main__"] = saved
    flushed = _flush()
    return status or flushed
