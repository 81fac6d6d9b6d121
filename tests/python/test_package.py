"""The package itself: what an import brings, version, exceptions."""

import importlib.metadata
import json
import pickle
import subprocess
import sys

import pytest

import ringrift_core


def test_import_needs_only_numpy_and_the_standard_library() -> None:
    code = """
import json, sys
before = set(sys.modules)
import ringrift_core
print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""
    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    foreign = set(json.loads(output)) - set(sys.stdlib_module_names) - {"numpy", "ringrift_core"}
    assert foreign == set()


def test_version_is_that_of_the_distribution() -> None:
    assert ringrift_core.__version__ == importlib.metadata.version("ringrift-core")


def test_public_names_exist() -> None:
    assert all(hasattr(ringrift_core, name) for name in ringrift_core.__all__)


@pytest.mark.parametrize("name", ["IllegalMoveError", "RecordError", "SetupError"])
def test_errors_are_ringrift_errors_and_value_errors(name: str) -> None:
    error = getattr(ringrift_core, name)
    assert issubclass(error, ringrift_core.RingRiftError)
    assert issubclass(error, ValueError)
    assert (error.__module__, error.__qualname__) == ("ringrift_core", name)
    assert error.__doc__
    copy = pickle.loads(pickle.dumps(error("planted")))
    assert (type(copy), copy.args) == (error, ("planted",))
