"""The data sets that upstream's exporter wrote, and the command that writes each again."""

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

# Name of each file, its database, its flags beside --compat upstream. Source: the README beside the files.
SETS = {
    "square8_2p.single": ("square8_2p_random", "--single-threaded"),
    "square8_2p.parallel": ("square8_2p_random", ""),
    "square8_2p.every3.single": ("square8_2p_random", "--single-threaded --sample-every 3"),
    "square8_2p.hist0.single": ("square8_2p_random", "--single-threaded --history-length 0 --sample-every 4"),
    "square8_2p.legacy.every5.single": (
        "square8_2p_random",
        "--single-threaded --legacy-max-n-encoding --sample-every 5",
    ),
    "square8_2p.heur.every10.single": (
        "square8_2p_random",
        "--single-threaded --include-heuristics --sample-every 10",
    ),
    "square8_2p.fullheur.every20.single": (
        "square8_2p_random",
        "--single-threaded --full-heuristics --sample-every 20",
    ),
    "square8_2p_lps.single": ("square8_2p_lps", "--single-threaded"),
    "square8_2p_swap.single": ("square8_2p_swap", "--single-threaded"),
    "square8_2p_heuristic.single": ("square8_2p_heuristic", "--single-threaded"),
    "square8_2p_soft.single": ("square8_2p_soft", "--single-threaded"),
    "square8_2p_soft.parallel": ("square8_2p_soft", ""),
    "square8_3p.single": ("square8_3p_random", "--single-threaded"),
    "square8_3p.binary.every5.single": (
        "square8_3p_random",
        "--single-threaded --no-rank-aware-values --sample-every 5",
    ),
    "square8_4p.single": ("square8_4p_random", "--single-threaded"),
    "hex8_2p.v3.single": ("hex8_2p_random", "--single-threaded"),
    "hex8_2p.v2.single": ("hex8_2p_random", "--single-threaded --encoder-version v2"),
    "hex8_2p.v2.fv1.every5.single": (
        "hex8_2p_random",
        "--single-threaded --encoder-version v2 --feature-version 1 --sample-every 5",
    ),
    "hex8_2p.default.parallel": ("hex8_2p_random", ""),
    "hex8_2p.v3.parallel": ("hex8_2p_random", "--encoder-version v3"),
    "hex8_3p.v3.single": ("hex8_3p_random", "--single-threaded"),
    "square19_2p.every5.single": ("square19_2p_random", "--single-threaded --sample-every 5"),
    "hexagonal_2p.v3.every10.single": ("hexagonal_2p_random", "--single-threaded --sample-every 10"),
    "hexagonal_2p.v2.every10.single": (
        "hexagonal_2p_random",
        "--single-threaded --sample-every 10 --encoder-version v2",
    ),
}


def command(name: str, database: Path, output: Path) -> list[str]:
    """The arguments that write a data set again."""
    board, players = SETS[name][0].split("_")[:2]
    return [
        *["export", "--db", str(database), "--board-type", board, "--num-players", players[0]],
        *["--output", str(output), "--allow-noncanonical", "--compat", "upstream", *SETS[name][1].split()],
    ]


def unpack(folder: Path, name: str, into: Path) -> Path:
    """The database of a data set, unpacked."""
    database = into / f"{SETS[name][0]}.db"
    if not database.exists():
        with gzip.open(folder / f"{SETS[name][0]}.db.gz") as packed, database.open("wb") as out:
            shutil.copyfileobj(packed, out)
    return database


def arrays(path: Path) -> dict[str, Any]:
    """All arrays, in file order. These files are made by tests: their pickles are ours or upstream's."""
    with np.load(path, allow_pickle=True) as data:
        return {key: data[key] for key in data.files}


def _same(ours: object, theirs: object) -> bool:
    if isinstance(theirs, np.ndarray):
        return (
            isinstance(ours, np.ndarray)
            and ours.dtype == theirs.dtype
            and ours.shape == theirs.shape
            and bool(np.array_equal(ours, theirs))
        )
    return type(ours) is type(theirs) and bool(ours == theirs)


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """What differs between two data sets: keys, their order, types, shapes, elements; not the time of the export."""
    found = []
    if list(ours) != list(theirs):
        found.append(f"keys {list(ours)} instead of {list(theirs)}")
    for key in set(ours) & set(theirs):
        mine, other = ours[key], theirs[key]
        if key == "metadata":
            mine, other = (dict(one.item()) for one in (mine, other))
            equal = mine.pop("export_time") is not None and other.pop("export_time") is not None and mine == other
        elif key == "data_checksums":
            mine, other = (json.loads(str(one)) for one in (mine, other))
            mine.pop("metadata")
            other.pop("metadata")
            equal = list(mine.items()) == list(other.items())
        elif mine.dtype != other.dtype or mine.shape != other.shape:
            found.append(f"{key}: {mine.dtype} {mine.shape} instead of {other.dtype} {other.shape}")
            continue
        elif mine.dtype == object:
            equal = all(_same(a, b) for a, b in zip(mine.flat, other.flat, strict=True))
        else:
            equal = mine.tobytes() == other.tobytes()
        if not equal:
            found.append(f"{key} differs")
    return found
