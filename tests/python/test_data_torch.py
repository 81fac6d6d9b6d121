"""Batches for torch: order, workers, resumption, symmetries, and a network that learns from them."""

import hashlib
import pickle
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ringrift_core import Encoder, read_game
from ringrift_core.data import Shard, ShardError
from test_data import HEX, PACKED, SOFT, THREE, changed
from test_export import REPOSITORY, export, run

torch = pytest.importorskip("torch", reason="torch is not installed")

from torch.utils.data import DataLoader  # noqa: E402 - only where torch is installed

from ringrift_core.data import ShardDataset, unpack_tensor  # noqa: E402

# The tensors here are so small that threads cost more than they win.
torch.set_num_threads(1)

# Python warns of forks beside threads, which torch's loaders do by themselves.
# And they warn of more workers than cores.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning"),
]


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of exports and their databases, for reading only."""
    folder = tmp_path_factory.mktemp("exports")
    export(folder, SOFT, "soft.npz", *PACKED)
    export(folder, SOFT, "deflated.npz", *PACKED, "--storage", "deflated", "--sample-every", "3")
    export(folder, SOFT, "plain.npz")
    export(folder, THREE, "three.npz", *PACKED)
    export(folder, HEX, "hex.npz", *PACKED)
    export(folder, HEX, "hex.plain.npz")
    return folder


def rows_of(batches: Iterable[Any]) -> list[int]:
    return [row for batch in batches for row in batch["rows"].tolist()]


def equal(one: Iterable[Any], other: Iterable[Any]) -> bool:
    return all(
        a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a) for a, b in zip(one, other, strict=True)
    )


def test_every_row_comes_once_in_an_epoch_and_orders_repeat(exports: Path) -> None:
    paths = [exports / "soft.npz", exports / "deflated.npz"]
    dataset = ShardDataset(paths, batch_size=37, seed=4)
    lengths = [len(Shard(path)) for path in paths]
    first = rows_of(dataset)
    assert sorted(first) == list(range(sum(lengths)))
    assert len(list(dataset)) == len(dataset) == -(-sum(lengths) // 37)
    assert rows_of(ShardDataset(paths, batch_size=50, seed=4)) == first
    assert rows_of(ShardDataset(paths, batch_size=37, seed=5)) != first
    # Rows of both files in one batch.
    batch = next(iter(dataset))
    assert {int(row) < lengths[0] for row in batch["rows"]} == {True, False}
    dataset.set_epoch(1)
    assert sorted(rows_of(dataset)) == sorted(first)
    assert rows_of(dataset) != first
    dataset.set_epoch(0)
    assert rows_of(dataset) == first
    assert rows_of(ShardDataset(paths, shuffle=False)) == sorted(first)
    short = ShardDataset(paths, batch_size=37, seed=4, drop_last=True)
    assert rows_of(short) == first[: len(first) // 37 * 37]
    assert len(short) == len(first) // 37


def test_batches_hold_the_rows_of_the_shards(exports: Path) -> None:
    shards = [Shard(exports / "soft.npz"), Shard(exports / "deflated.npz")]
    for batch in ShardDataset(shards, batch_size=64, seed=1):
        for at, row in enumerate(batch["rows"].tolist()):
            shard, local = (shards[0], row) if row < len(shards[0]) else (shards[1], row - len(shards[0]))
            only = shard.rows([local])
            bits = np.unpackbits(only.planes[0], axis=-1, count=64, bitorder="little").reshape(-1, 8, 8)
            assert (batch["planes"][at].numpy() == bits).all()
            assert (batch["globals"][at].numpy() == only.globals[0]).all()
            assert (batch["values"][at].numpy() == only.values[0]).all()
            width = only.policy_values.shape[1]
            assert (batch["policy_values"][at, :width].numpy() == only.policy_values[0]).all()
            assert (batch["policy_indices"][at, :width].numpy() == only.policy_indices[0]).all()
            assert not batch["policy_values"][at, width:].any()


def test_forms_of_planes_and_policies_say_the_same(exports: Path) -> None:
    for name in ("soft.npz", "hex.npz"):
        path, side = exports / name, Shard(exports / name).side
        for augment in (False, True):
            settings: dict[str, Any] = {"batch_size": 64, "seed": 3, "augment": augment}
            pairs, dense = ShardDataset([path], **settings), ShardDataset([path], policy="dense", **settings)
            packed = ShardDataset([path], packed=True, **settings)
            for one, two, three in zip(pairs, dense, packed, strict=True):
                assert three["planes"].dtype == torch.uint8
                assert torch.equal(unpack_tensor(three["planes"], side), one["planes"])
                for at in range(len(one["rows"])):
                    has = one["policy_values"][at] > 0
                    indices = one["policy_indices"][at][has]
                    assert len(set(indices.tolist())) == int(has.sum())
                    assert torch.equal(two["policy"][at][indices], one["policy_values"][at][has])
                    assert int((two["policy"][at] > 0).sum()) == int(has.sum())


def test_an_epoch_goes_on_where_it_was_left(exports: Path) -> None:
    settings: dict[str, Any] = {"batch_size": 37, "seed": 4, "augment": True}
    dataset = ShardDataset([exports / "soft.npz"], **settings)
    dataset.set_epoch(3)
    whole = list(dataset)
    for seen in (1, 4, len(whole) - 1, len(whole)):
        again = ShardDataset([exports / "soft.npz"], **settings)
        again.set_epoch(int(whole[seen - 1]["epoch"]), int(whole[seen - 1]["position"]))
        assert len(again) == len(whole) - seen
        assert equal(again, whole[seen:])
    for epoch, position in ((-1, 0), (0, -1), (0, dataset.row_count + 1)):
        with pytest.raises(ValueError, match="hint: positions are"):
            dataset.set_epoch(epoch, position)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_workers_share_the_batches_and_keep_their_order(exports: Path, workers: int) -> None:
    dataset = ShardDataset([exports / "soft.npz", exports / "deflated.npz"], batch_size=50, seed=2, augment=True)
    alone = list(dataset)
    loader = DataLoader(dataset, batch_size=None, num_workers=workers)
    assert len(loader) == len(alone)
    assert equal(loader, alone)


def test_workers_that_live_on_see_the_next_epoch(exports: Path) -> None:
    dataset = ShardDataset([exports / "soft.npz"], batch_size=50, seed=2)
    loader = DataLoader(dataset, batch_size=None, num_workers=2, persistent_workers=True)
    first = rows_of(loader)
    dataset.set_epoch(1, 100)
    assert dataset.epoch == 1
    second = rows_of(loader)
    assert (len(first), len(second)) == (dataset.row_count, dataset.row_count - 100)
    assert second == rows_of(dataset)


def test_datasets_can_be_pickled_for_workers_that_are_spawned(exports: Path) -> None:
    dataset = ShardDataset([exports / "soft.npz"], batch_size=50, seed=2, augment=True)
    assert equal(pickle.loads(pickle.dumps(dataset)), dataset)


def lines(database: Path) -> dict[str, list[Any]]:
    """The moves of each game."""
    with sqlite3.connect(database) as connection:
        names = [name for (name,) in connection.execute("SELECT game_id FROM games")]
    return {name: read_game(database, name) for name in names}


@pytest.mark.parametrize(
    ("name", "database"),
    [("soft", "square8_2p_soft"), ("three", "square8_3p_random"), ("hex", "hex8_3p_random")],
)
def test_turned_rows_are_those_of_turned_games(exports: Path, name: str, database: str) -> None:
    shard = Shard(exports / f"{name}.npz")
    encoder = Encoder("rr1", shard.board, shard.players, shard.history_length)
    games = lines(exports / f"{database}.db")
    images: dict[tuple[str, int], NDArray[np.float32]] = {}
    turned, stayed, seen = 0, 0, set()
    for batch in ShardDataset([shard], batch_size=100, seed=6, augment=True):
        for at, row in enumerate(batch["rows"].tolist()):
            game, number = str(shard["game_ids"][shard["game_index"][row]]), int(shard["move_numbers"][row])
            symmetry = int(batch["symmetries"][at])
            seen.add(symmetry)
            if (game, symmetry) not in images:
                line = [encoder.image(move.position, symmetry) for move in games[game]]
                images[game, symmetry] = encoder.encode_line(line)[0]
            assert (batch["planes"][at].numpy() == images[game, symmetry][number]).all()
            # Every target is the index of a legal move there. A recovery slide over several lines is an exception of
            # the rules, which no game here has.
            image = encoder.image(games[game][number].position, symmetry)
            targets = batch["policy_indices"][at][batch["policy_values"][at] > 0].tolist()
            assert set(targets) <= set(encoder.legal_indices(image).tolist())
            # And each of the same share as before.
            before = shard.rows([row]).policy_values[0]
            after = batch["policy_values"][at].numpy()
            assert sorted(before[before > 0]) == sorted(after[after > 0])
            kind = str(shard["move_type_names"][shard["move_types"][row]])
            turned += symmetry > 0
            stayed += symmetry == 0 and kind == "choose_territory_option"
    assert seen == set(range(encoder.symmetries))
    assert turned > 0.75 * len(shard)
    regions = shard["move_type_names"][shard["move_types"]] == "choose_territory_option"
    assert stayed == int(regions.sum()) or name == "soft"


@pytest.mark.parametrize("name", ["plain", "hex.plain"])
def test_turned_rows_of_upstreams_planes_are_those_of_turned_games(exports: Path, name: str) -> None:
    shard = Shard(exports / f"{name}.npz")
    encoder = Encoder(shard.encoder, shard.board, shard.players, shard.history_length)
    games = lines(exports / ("square8_2p_soft.db" if name == "plain" else "hex8_3p_random.db"))
    images: dict[tuple[str, int], NDArray[np.float32]] = {}
    turned = 0
    for batch in ShardDataset([shard], batch_size=100, seed=6, augment=True):
        for at, row in enumerate(batch["rows"].tolist()):
            game, number = str(shard["game_ids"][row]), int(shard["move_numbers"][row])
            symmetry = int(batch["symmetries"][at])
            if (game, symmetry) not in images:
                line = [encoder.image(move.position, symmetry) for move in games[game]]
                images[game, symmetry] = encoder.encode_line(line)[0]
            assert (batch["planes"][at].numpy() == images[game, symmetry][number]).all()
            image = encoder.image(games[game][number].position, symmetry)
            targets = batch["policy_indices"][at][batch["policy_values"][at] > 0].tolist()
            assert set(targets) <= set(encoder.legal_indices(image).tolist())
            turned += symmetry > 0
    assert turned > 0.7 * len(shard)


def test_weights_come_with_the_rows(exports: Path, tmp_path: Path) -> None:
    export(tmp_path, SOFT, "a.npz", *PACKED, "--quality-weighted")
    shard = Shard(tmp_path / "a.npz")
    for batch in ShardDataset([shard, shard], batch_size=50, seed=1):
        assert (batch["weights"].numpy() == shard["sample_weights"][batch["rows"].numpy() % len(shard)]).all()


def test_shards_that_do_not_go_together_are_refused(exports: Path, tmp_path: Path) -> None:
    soft = exports / "soft.npz"
    for other in ("hex.npz", "three.npz", "plain.npz"):
        with pytest.raises(ShardError, match="export both alike"):
            ShardDataset([soft, exports / other])
    for settings in ({"batch_size": 0}, {"policy": "sparse"}):
        with pytest.raises(ValueError, match="hint:"):
            ShardDataset([soft], **settings)
    with pytest.raises(ValueError, match="no shards"):
        ShardDataset([])
    with pytest.raises(ValueError, match="no packed planes"):
        ShardDataset([exports / "plain.npz"], packed=True)
    text = str(Shard(soft)["layout"]).replace("height>=8", "height>=9")
    digest = np.array(hashlib.sha256(text.encode()).hexdigest()[:16])
    path = changed(soft, tmp_path / "a.npz", layout=np.array(text), layout_digest=digest)
    with pytest.raises(ShardError, match="export the data again with this version"):
        ShardDataset([path], augment=True)


def test_network_learns_from_packed_shards(tmp_path: Path) -> None:
    game = ["--board-type", "square8", "--num-players", "2"]
    play = ["--num-games", "30", "--engine-mode", "heuristic-only", "--seed", "5", "--no-log"]
    run("selfplay", *game, *play, "--record-db", str(tmp_path / "g.db"))
    split = ["--output", str(tmp_path / "g.npz"), "--split", "0.8,0.2,0"]
    run("export", "--db", str(tmp_path / "g.db"), *game, *split, *PACKED)
    dataset = ShardDataset([tmp_path / "g.train.npz"], batch_size=128, seed=1, augment=True)
    unseen = next(iter(ShardDataset([tmp_path / "g.validation.npz"], batch_size=500)))
    torch.manual_seed(0)
    first = dataset.shards[0]
    inputs = first.plane_count * 64 + 51
    body = torch.nn.Sequential(torch.nn.Linear(inputs, 32), torch.nn.ReLU())
    policy_head, value_head = torch.nn.Linear(32, first.policy_size), torch.nn.Linear(32, 2)
    modules = torch.nn.ModuleList([body, policy_head, value_head])

    def losses(batch: Any) -> tuple[Any, Any]:  # noqa: ANN401 - tensors, of a module that may be missing
        hidden = body(torch.cat([batch["planes"].flatten(1), batch["globals"]], dim=1))
        log_policy = torch.log_softmax(policy_head(hidden), dim=1)
        error = torch.tanh(value_head(hidden)) - batch["values"]
        chosen = log_policy.gather(1, batch["policy_indices"])
        return -(batch["policy_values"] * chosen).sum(dim=1).mean(), (error**2).mean()

    optimiser = torch.optim.Adam(modules.parameters(), lr=3e-3)
    with torch.no_grad():
        before = float(losses(unseen)[0])
    for epoch in range(4):
        dataset.set_epoch(epoch)
        for batch in dataset:
            loss = sum(losses(batch))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    with torch.no_grad():
        after = float(losses(unseen)[0])
    # From the log of the number of indices, 8.4, to a good part of it on games that it has not seen.
    assert before > 8
    assert after < 0.65 * before


def test_example_of_the_manual_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export(tmp_path, SOFT, "square8_2p.npz", *PACKED)
    text = (REPOSITORY / "docs/data.md").read_text()
    example = text.split("## Loading in Python", 1)[1].split("```python", 1)[1].split("```", 1)[0]
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(example, names)
    assert names["planes"].shape == (3, names["shard"].plane_count, 8, 8)
    assert len(names["dataset"]) == 0
    assert names["card"].rows == len(names["shard"])
