"""Data sets: equal to upstream's where asked, and otherwise loadable, consistent and good to train on."""

import json
import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import npz_parity

REPOSITORY = Path(__file__).parents[2]
DATA = REPOSITORY / "tests/data"
PARITY = Path(os.environ.get("RINGRIFT_PARITY_DIR") or REPOSITORY / "../shared/parity")
RRPIPE = str(Path(sys.executable).with_name("rrpipe"))
SAMPLE = (
    "square8_2p_heuristic.single",
    "square8_3p.binary.every5.single",
    "hex8_3p.v3.single",
    "square8_2p_soft.single",
)


def run(*args: str, cwd: Path | None = None) -> str:
    """Runs `rrpipe` and gives what it printed."""
    ran = subprocess.run([RRPIPE, *args], cwd=cwd, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def stored(folder: Path, name: str) -> Path:
    """A database of the repository, unpacked."""
    packed = "npz" if name == "square8_2p_soft.single" else "dbs"
    return npz_parity.unpack(DATA / packed, name, folder)


def export(folder: Path, name: str, output: str, *flags: str) -> dict[str, Any]:
    """Exports the database of a recorded data set; the arrays, read without pickles."""
    board, players = npz_parity.SETS[name][0].split("_")[:2]
    database = stored(folder, name)
    target = ["--board-type", board, "--num-players", players[0], "--output", str(folder / output)]
    run("export", "--db", str(database), *target, *flags)
    with np.load(folder / output, allow_pickle=False) as data:
        return {key: data[key] for key in data.files}


@pytest.mark.parametrize("name", SAMPLE)
def test_sample_of_upstreams_files_is_written_again(tmp_path: Path, name: str) -> None:
    output = tmp_path / "again.npz"
    run(*npz_parity.command(name, stored(tmp_path, name), output))
    assert npz_parity.differences(npz_parity.arrays(output), npz_parity.arrays(DATA / "npz" / f"{name}.npz")) == []


@pytest.mark.skipif(not (PARITY / "npz").is_dir(), reason="RINGRIFT_PARITY_DIR names no folder of parity data")
@pytest.mark.parametrize("name", npz_parity.SETS)
def test_every_file_of_upstream_is_written_again(tmp_path: Path, name: str) -> None:
    output = tmp_path / "again.npz"
    run(*npz_parity.command(name, npz_parity.unpack(PARITY / "dbs", name, tmp_path), output))
    theirs = npz_parity.arrays(PARITY / "npz" / f"{name}.npz")
    assert npz_parity.differences(npz_parity.arrays(output), theirs) == []


def dense(data: dict[str, Any], row: int) -> NDArray[np.float32]:
    """The policy of a row as upstream's loader makes it: by assignment."""
    policy = np.zeros(int(data["policy_size"]), np.float32)
    policy[data["policy_indices"][row]] = data["policy_values"][row]
    return policy


@pytest.mark.parametrize("name", SAMPLE)
def test_plain_files_pass_the_checks_of_upstreams_loader(tmp_path: Path, name: str) -> None:
    data = export(tmp_path, name, "plain.npz")
    rows = len(data["features"])
    by_row = [key for key in data if data[key].shape[:1] == (rows,)]
    assert {"globals", "values", "policy_indices", "values_mp", "phases", "move_types", "game_ids"} < set(by_row)
    assert all(array.dtype != object for array in data.values())
    side = {"square8": 8, "hex8": 9}[str(data["board_type"])]
    assert data["features"].shape == (rows, int(data["in_channels"]), side, side)
    assert int(data["spatial_size"]) == int(data["board_size"]) == side
    indices = data["policy_indices"]
    assert indices.min() >= 0
    assert indices.max() == int(data["max_policy_index"]) < int(data["policy_size"])
    assert all(abs(dense(data, row).sum() - 1) < 1e-5 for row in range(rows))
    players = int(data["num_players"][0])
    assert (data["values_mp"][:, players:] == 0).all()
    assert (abs(data["values_mp"].sum(axis=1)) < 1e-5).all()
    # The scalar target is that of the player to move.
    own = data["values_mp"][np.arange(rows), data["player_numbers"] - 1]
    assert (own == data["values"]).all()
    metadata = json.loads(str(data["metadata"]))
    assert (metadata["sample_count"], metadata["game_count"]) == (rows, len(set(data["game_ids"].tolist())))
    assert str(data["encoder_version"]) == ("v2" if side == 9 else "v3")
    assert str(data["encoder"]) == ("hex_v2" if side == 9 else "square")


def test_plain_planes_are_upstreams(tmp_path: Path) -> None:
    name = "square8_2p_soft.single"
    data, theirs = export(tmp_path, name, "plain.npz"), npz_parity.arrays(DATA / "npz" / f"{name}.npz")
    for key in ("features", "globals", "values", "move_numbers"):
        assert data[key].tobytes() == theirs[key].tobytes(), key
    # Rows with fewer targets than others say their first one again.
    for row in range(len(data["features"])):
        count = int(data["policy_counts"][row])
        mine = list(zip(data["policy_indices"][row].tolist(), data["policy_values"][row].tolist(), strict=True))
        assert set(mine[count:]) <= {mine[0]}
        if str(data["phases"][row]) != "chain_capture":
            other = zip(theirs["policy_indices"][row].tolist(), theirs["policy_values"][row].tolist(), strict=True)
            assert mine[:count] == list(other)


def test_winner_of_three_has_the_highest_value(tmp_path: Path) -> None:
    # In the first of these games player 3 wins as the last one standing, with the lowest score.
    values = export(tmp_path, "square8_3p.binary.every5.single", "plain.npz")["values_mp"]
    theirs = npz_parity.arrays(DATA / "npz/square8_3p.binary.every5.single.npz")["values_mp"]
    assert {tuple(row.argmax() for row in (mine, other)) for mine, other in zip(values[::5], theirs, strict=True)} == {
        (0, 0),
        (2, 2),
    }
    assert set(values[:, :3].flat) == {-1.0, 0.0, 1.0}


def mapped(path: Path, key: str) -> NDArray[Any]:
    """A stored array, mapped into memory: `docs/data.md` says how."""
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo(f"{key}.npy")
    assert entry.compress_type == zipfile.ZIP_STORED
    with path.open("rb") as file:
        file.seek(entry.header_offset + 26)
        lengths = struct.unpack("<HH", file.read(4))
        file.seek(entry.header_offset + 30 + sum(lengths))
        version = np.lib.format.read_magic(file)
        assert version == (1, 0)
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        offset = file.tell()
    assert offset % 64 == 0
    return np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=shape)


def test_packed_planes_can_be_mapped_and_show_the_positions_of_the_plain_ones(tmp_path: Path) -> None:
    name = "square8_2p_soft.single"
    data = export(tmp_path, name, "packed.npz", "--encoder-version", "rr1")
    plain = export(tmp_path, name, "plain.npz")
    planes = mapped(tmp_path / "packed.npz", "planes")
    assert planes.tobytes() == data["planes"].tobytes()
    bits = np.unpackbits(planes, axis=-1, count=64, bitorder="little").reshape(*planes.shape[:2], 8, 8)
    names = [line.split(" ", 2)[2] for line in str(data["layout"]).splitlines() if line.startswith("plane ")]
    assert len(names) == planes.shape[1]
    # Rows are y here, and x there.
    for mine, theirs in (("marker[0]", 2), ("marker[1]", 3), ("collapsed[0]", 4), ("collapsed[1]", 5)):
        assert (bits[:, names.index(mine)].transpose(0, 2, 1) == plain["features"][:, theirs]).all(), mine
    rows = len(planes)
    start = data["policy_start"]
    assert start[0] == 0
    assert len(start) == rows + 1
    assert start[-1] == len(data["policy_indices"])
    sums = np.add.reduceat(data["policy_values"], start[:-1])
    assert (abs(sums - 1) < 1e-5).all()
    assert data["policy_indices"].min() >= 0
    assert data["policy_indices"].max() < int(data["policy_size"])
    assert (data["values"][:, 0] == plain["values"]).all()
    assert (data["values"].sum(axis=1) == 0).all()
    assert (data["game_ids"][data["game_index"]] == plain["game_ids"]).all()
    assert (data["phase_names"][data["phases"]] == plain["phases"]).all()
    assert (data["move_type_names"][data["move_types"]] == plain["move_types"]).all()
    assert (data["player_numbers"] == plain["player_numbers"]).all()


def test_deflated_arrays_are_those_that_are_stored(tmp_path: Path) -> None:
    name = "hex8_3p.v3.single"
    stored_arrays = export(tmp_path, name, "a.npz", "--encoder-version", "rr1")
    deflated = export(tmp_path, name, "b.npz", "--encoder-version", "rr1", "--storage", "deflated")
    assert list(stored_arrays) == list(deflated)
    assert all(stored_arrays[key].tobytes() == deflated[key].tobytes() for key in deflated if key != "metadata")
    assert (tmp_path / "b.npz").stat().st_size * 3 < (tmp_path / "a.npz").stat().st_size


def test_command_loop_of_the_plan_runs_as_written(tmp_path: Path) -> None:
    for board, moves in (("square8", 600), ("square19", 4000), ("hexagonal", 6000)):
        for players in (2, 3, 4):
            game = ["--board-type", board, "--num-players", str(players), "--max-moves", str(moves)]
            run(
                *["selfplay", *game, "--num-games", "2", "--engine-mode", "random-only", "--seed", "5", "--no-log"],
                *["--record-db", "data/games/merged.db"],
                cwd=tmp_path,
            )
    (tmp_path / "scripts").symlink_to(REPOSITORY / "scripts")
    loop = """
for board in square8 square19 hexagonal; do
  for players in 2 3 4; do
    python scripts/export_replay_dataset.py \\
      --db data/games/merged.db \\
      --board-type $board \\
      --num-players $players \\
      --output data/training/${board}_${players}p.npz \\
      --require-completed \\
      --min-moves 20
  done
done
"""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path}
    shell = ["bash", "-euc", loop]
    ran = subprocess.run(shell, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    run("export", "--all-configs", "--require-completed", "--min-moves", "20", "--output-dir", "all", cwd=tmp_path)
    names = [f"{board}_{players}p.npz" for board in ("square8", "square19", "hexagonal") for players in (2, 3, 4)]
    for name in names:
        both = [tmp_path / folder / name for folder in ("data/training", "all")]
        assert both[0].read_bytes() == both[1].read_bytes(), name
        with np.load(both[0]) as data:
            assert len(data["values"]) > 40
            assert f"{data['board_type']}_{data['num_players'][0]}p.npz" == name


def training_batches(path: Path) -> Sequence[tuple[Any, Any, Any, Any]]:
    """Planes, globals, dense policies and values of a plain file."""
    with np.load(path) as data:
        arrays = {key: data[key] for key in data.files}
    policies = np.stack([dense(arrays, row) for row in range(len(arrays["values"]))])
    parts = [arrays["features"], arrays["globals"], policies, arrays["values"]]
    return list(zip(*(np.array_split(part, 8) for part in parts), strict=True))


def test_network_learns_from_a_plain_file(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    export(tmp_path, "square8_2p_soft.single", "plain.npz")
    batches = training_batches(tmp_path / "plain.npz")
    torch.manual_seed(0)
    body = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(32), torch.nn.ReLU())
    policy_head, value_head = torch.nn.LazyLinear(7000), torch.nn.LazyLinear(1)
    modules = torch.nn.ModuleList([body, policy_head, value_head])

    def loss_of(batch: tuple[Any, Any, Any, Any]) -> Any:  # noqa: ANN401 - a tensor, of a module that may be missing
        planes, globals_, policy, value = (torch.from_numpy(part) for part in batch)
        hidden = torch.cat([body(planes), globals_], dim=1)
        log_policy = torch.log_softmax(policy_head(hidden), dim=1)
        error = torch.tanh(value_head(hidden))[:, 0] - value
        return -(policy * log_policy).sum(dim=1).mean() + (error**2).mean()

    loss_of(batches[0])
    optimiser = torch.optim.Adam(modules.parameters(), lr=3e-3)
    losses = []
    for _ in range(6):
        total = 0.0
        for batch in batches:
            loss = loss_of(batch)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item()
        losses.append(total / len(batches))
    assert losses[-1] < 0.7 * losses[0], losses


LOADER = """
import sys
import numpy as np
from app.training.data_loader import StreamingDataLoader
from app.training.data_quality import verify_npz_checksums
good, _, errors = verify_npz_checksums(sys.argv[1])
assert good, errors
loader = StreamingDataLoader(sys.argv[1], batch_size=64, shuffle=False, policy_size=7000)
rows = 0
for (features, globals_), (values, policies) in loader:
    rows += len(values)
    assert abs(np.asarray(policies).sum(axis=1) - 1).max() < 1e-4
print(rows)
"""


def test_upstreams_loader_reads_plain_files(tmp_path: Path) -> None:
    service = os.environ.get("RINGRIFT_AI_SERVICE")
    if not service:
        pytest.skip("RINGRIFT_AI_SERVICE names no checkout of upstream's ai-service")
    pytest.importorskip("torch", reason="torch is not installed")
    data = export(tmp_path, "square8_2p_soft.single", "plain.npz")
    environment = {**os.environ, "PYTHONPATH": service}
    ran = subprocess.run(
        [sys.executable, "-c", LOADER, str(tmp_path / "plain.npz")],
        env=environment,
        cwd=service,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert int(ran.stdout.split()[-1]) == len(data["values"])
