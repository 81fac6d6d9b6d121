#!/usr/bin/env python3
"""Self-play by ringrift_core in place of the script of this name, whose original is kept beside this file.

Run as a script it takes the original's flags and writes the same files. To whoever imports it, every name is the
original's, which is loaded into this module when one is first asked for.
"""
# rrpipe-dropin version: 1
# rrpipe-dropin original: ORIGINAL
# rrpipe-dropin self: SELF

import os
import sys
import threading

_ORIGINAL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "run_self_play_soak.original.py")
_lock, _begun = threading.RLock(), [False]


def __getattr__(name: str) -> object:
    with _lock:
        if not _begun[0] and (not name.startswith("__") or name == "__all__"):
            _begun[0] = True
            try:
                with open(_ORIGINAL, "rb") as file:
                    exec(compile(file.read(), _ORIGINAL, "exec"), globals())
            except BaseException:
                _begun[0] = False
                raise
    if name not in globals():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals()[name]


if __name__ == "__main__":
    try:
        from ringrift_core.soak import main
    except ImportError as error:
        hints = f"{sys.executable} -m pip install ringrift-core", f'to undo: mv "{_ORIGINAL}" "{__file__}"'
        sys.exit("\n  hint: ".join((f"error: ringrift_core cannot be used: {error}", *hints)))
    sys.exit(main())
