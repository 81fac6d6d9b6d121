"""Reading exports: shards, their faults, data cards. `test_data_torch.py` has what needs torch."""

import hashlib
import json
import pickle
import random
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import npz_parity
from ringrift_core.data import FINDINGS, Shard, ShardError, data_card, unpack
from ringrift_core.data.order import Order, draw
from test_export import export, run, stored

SOFT = "square8_2p_soft.single"
THREE = "square8_3p.binary.every5.single"
HEX = "hex8_3p.v3.single"
PACKED = ("--encoder-version", "rr1")


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of exports, for reading only."""
    folder = tmp_path_factory.mktemp("exports")
    for name, output in ((SOFT, "soft"), (HEX, "hex")):
        export(folder, name, f"{output}.npz", *PACKED)
        export(folder, name, f"{output}.plain.npz")
    export(folder, THREE, "three.npz", *PACKED)
    export(folder, SOFT, "deflated.npz", *PACKED, "--storage", "deflated")
    return folder


def copied(source: Path, folder: Path, *, manifest: bool = True) -> Path:
    """A copy of an export, with its manifest."""
    copy = folder / source.name
    shutil.copyfile(source, copy)
    if manifest:
        shutil.copyfile(source.with_suffix(".manifest.json"), copy.with_suffix(".manifest.json"))
    return copy


def changed(source: Path, target: Path, **arrays: Any) -> Path:  # noqa: ANN401 - arrays, or None
    """A copy of an export without manifest, in which some arrays are others, or gone."""
    with np.load(source) as data:
        content = {key: data[key] for key in data.files}
    content.update(arrays)
    np.savez(target, **{key: array for key, array in content.items() if array is not None})
    return target


def is_mapped(array: Any) -> bool:  # noqa: ANN401 - an array of any type
    while array is not None:
        if isinstance(array, np.memmap):
            return True
        array = getattr(array, "base", None)
    return False


@pytest.mark.parametrize("name", ["soft", "hex", "three", "deflated", "soft.plain", "hex.plain"])
def test_arrays_of_a_shard_are_those_that_numpy_loads(exports: Path, name: str) -> None:
    path = exports / f"{name}.npz"
    shard = Shard(path, verify=True)
    with np.load(path) as data:
        assert list(shard) == data.files
        for key in data.files:
            assert shard[key].dtype == data[key].dtype, key
            assert shard[key].shape == data[key].shape, key
            assert shard[key].tobytes() == data[key].tobytes(), key
            assert not shard[key].flags.writeable, key
        assert len(shard) == len(data["values"])
    assert (shard.board, shard.players) == {
        "soft": ("square8", 2),
        "hex": ("hex8", 3),
        "three": ("square8", 3),
        "deflated": ("square8", 2),
    }[name.split(".")[0]]
    assert is_mapped(shard["planes" if shard.is_packed else "features"]) == (name in ("soft", "hex", "three"))


def test_rows_are_gathered_in_any_order(exports: Path) -> None:
    index = [7, 0, 7, 31, 2]
    shard, plain = Shard(exports / "soft.npz"), Shard(exports / "soft.plain.npz")
    rows = shard.rows(index)
    assert (rows.planes == shard["planes"][index]).all()
    assert (rows.globals == shard["globals"][index]).all()
    assert (rows.values == shard["values"][index]).all()
    for row, at in enumerate(index):
        targets = slice(*shard["policy_start"][at : at + 2])
        count = targets.stop - targets.start
        assert rows.policy_indices[row, :count].tolist() == shard["policy_indices"][targets].tolist()
        assert rows.policy_values[row, :count].tolist() == shard["policy_values"][targets].tolist()
        assert not rows.policy_values[row, count:].any()
        assert not rows.policy_indices[row, count:].any()
    assert rows.policy_values.shape[1] > 1
    # Both layouts tell the same values, from the player to move on.
    everything = np.arange(len(shard))
    assert (plain.rows(everything).values == shard.rows(everything).values).all()
    assert np.allclose(plain.rows(everything).policy_values.sum(axis=1), 1)
    assert len(shard.rows([]).planes) == 0
    for wrong in (-1, len(shard)):
        with pytest.raises(IndexError, match=f"row {wrong} of"):
            shard.rows([0, wrong])


@pytest.mark.parametrize("name", ["soft", "hex"])
def test_planes_are_unpacked_as_documented(exports: Path, name: str) -> None:
    shard = Shard(exports / f"{name}.npz")
    packed = shard["planes"][:40]
    bits = np.unpackbits(packed, axis=-1, count=shard.side**2, bitorder="little")
    planes = unpack(packed, shard.side)
    assert planes.dtype == np.float32
    assert (planes == bits.reshape(40, shard.plane_count, shard.side, shard.side)).all()
    with pytest.raises(ValueError, match="packed planes are"):
        unpack(packed, shard.side + 1)


def test_a_pickled_shard_is_opened_again(exports: Path) -> None:
    shard = Shard(exports / "soft.npz")
    again = pickle.loads(pickle.dumps(shard))
    assert repr(again) == repr(shard)
    assert len(pickle.dumps(shard)) < 1000


def test_torn_files_are_refused(exports: Path, tmp_path: Path) -> None:
    for name in ("soft.npz", "deflated.npz"):
        path = copied(exports / name, tmp_path, manifest=False)
        whole = path.read_bytes()
        for length in (0, 1, 29, 100, len(whole) // 2, len(whole) - 1000, len(whole) - 1):
            path.write_bytes(whole[:length])
            with pytest.raises(ShardError, match="hint:"):
                Shard(path)
        # The beginning is lost: the directory is there, and what it names is elsewhere.
        path.write_bytes(whole[5000:])
        with pytest.raises(ShardError, match="hint:"):
            Shard(path)


def test_damaged_files_are_refused_or_read_and_nothing_else(exports: Path, tmp_path: Path) -> None:
    draws = random.Random(5)
    for name in ("soft.npz", "deflated.npz"):
        path = copied(exports / name, tmp_path)
        whole = path.read_bytes()
        refused = 0
        for _ in range(150):
            damaged = bytearray(whole)
            # Most of what can go wrong is in the directory at the end and in the heads.
            at = draws.randrange(len(whole)) if draws.random() < 0.3 else len(whole) - 1 - draws.randrange(3000)
            damaged[at] ^= 1 << draws.randrange(8)
            path.write_bytes(damaged)
            with pytest.raises(ShardError, match="hint:"):
                Shard(path, verify=True)
            try:
                shard = Shard(path)
                shard.rows(np.arange(len(shard)))
            except ShardError:
                refused += 1
        assert refused > 50


def test_foreign_files_are_refused(exports: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.npz"
    text.write_text("no archive")
    archive = tmp_path / "archive.npz"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("readme.txt", "hello")
    other = tmp_path / "other.npz"
    np.savez(other, weights=np.zeros(3))
    soft = exports / "soft.npz"
    short = changed(soft, tmp_path / "short.npz", values=np.zeros((5, 2), np.float32))
    wide = changed(soft, tmp_path / "wide.npz", globals=np.zeros((len(Shard(soft)), 51)))
    missing = changed(soft, tmp_path / "missing.npz", policy_start=None)
    swapped = changed(soft, tmp_path / "swapped.npz", layout_digest=np.array("0123456789abcdef"))
    board = changed(soft, tmp_path / "board.npz", board_type=np.array("chess"))
    starts = Shard(soft)["policy_start"].copy()
    starts[3] = 10**15
    beyond = changed(soft, tmp_path / "beyond.npz", policy_start=starts)
    for path, what in (
        (text, "not a whole NPZ file"),
        (archive, "not an array"),
        (other, "neither planes nor features"),
        (short, "values has 5 on axis 0"),
        (wide, "globals is float64"),
        (missing, "no array policy_start"),
        (swapped, "layout digest 0123456789abcdef"),
        (board, "unknown board 'chess'"),
        (beyond, "policy_start does not divide"),
    ):
        with pytest.raises(ShardError, match=what):
            Shard(path)
    with pytest.raises(FileNotFoundError):
        Shard(tmp_path / "nothing.npz")
    too_high = changed(soft, tmp_path / "index.npz", policy_indices=Shard(soft)["policy_indices"] + 5000)
    with pytest.raises(ShardError, match="a policy index beyond"):
        Shard(too_high).rows([0])


def test_pickles_are_refused_unread(exports: Path, tmp_path: Path) -> None:
    run(*npz_parity.command(SOFT, stored(tmp_path, SOFT), tmp_path / "upstream.npz"))
    with pytest.raises(ShardError, match=r"Python objects.*\nhint: .*--compat"):
        Shard(tmp_path / "upstream.npz")
    marker = tmp_path / "was_run"

    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (marker.write_text, ("boom",))

    bomb = np.empty(1, object)
    bomb[0] = Bomb()
    for key in ("planes", "extra"):
        with pytest.raises(ShardError, match="Python objects"):
            Shard(changed(exports / "soft.npz", tmp_path / "bomb.npz", **{key: bomb}))
    assert not marker.exists()


def test_sizes_are_checked_before_memory_is_taken(exports: Path, tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, planes=np.zeros((1, 74, 8), np.uint8))
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("planes.npy")
        head = archive.read(info)[:128]
    # A head that promises 74 TB in an entry of a few bytes.
    lie = head.replace(b"(1, 74, 8), }         ", b"(125000000000, 74, 8)}")
    assert len(lie) == len(head)
    assert lie != head
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("planes.npy", lie + bytes(592))
    with pytest.raises(ShardError, match="in 592 bytes"):
        Shard(path)
    # A directory that agrees with it cannot be true: DEFLATE does not shrink so much.
    raw = bytearray(path.read_bytes())
    size = (128 + 592).to_bytes(4, "little")
    at = raw.rindex(size)
    raw[at : at + 4] = (4_000_000_000).to_bytes(4, "little")
    path.write_bytes(raw)
    with pytest.raises(ShardError, match="cannot become 4000000000"):
        Shard(path)
    # What can be true is taken only as far as the caller allows.
    shard = Shard(exports / "soft.plain.npz", array_bytes_max=1 << 20)
    with pytest.raises(ShardError, match=r"features takes .* bytes of memory, and 1048576 are allowed"):
        shard.rows([0])


def test_file_and_manifest_have_to_fit(exports: Path, tmp_path: Path) -> None:
    path = copied(exports / "soft.npz", tmp_path)
    manifest_path = path.with_suffix(".manifest.json")
    shutil.copyfile(exports / "hex.manifest.json", manifest_path)
    with pytest.raises(ShardError, match="bytes, expected"):
        Shard(path)
    manifest = json.loads((exports / "soft.manifest.json").read_text())
    changes: list[tuple[Callable[[Any], Any], str]] = [
        (lambda m: m["arrays"].pop(), "in the manifest None"),
        (lambda m: m["arrays"][0].update(shape=[1, 2, 3]), "planes is"),
        (lambda m: m["settings"]["rows"].update(layout_digest="0" * 16), "layout digest"),
        (lambda m: m.pop("output"), "incomplete"),
        (lambda m: m.update(manifest_version=2), "not a manifest of version 1"),
    ]
    for change, what in changes:
        other = json.loads(json.dumps(manifest))
        change(other)
        manifest_path.write_text(json.dumps(other))
        with pytest.raises(ShardError, match=what):
            Shard(path)
    for text in ("{", "[]", "[" * 100_000):
        manifest_path.write_text(text)
        with pytest.raises(ShardError, match="not "):
            Shard(path)
    # Another file of the same length: only reading it all tells.
    shutil.copyfile(exports / "soft.manifest.json", manifest_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ShardError, match="SHA-256"):
        Shard(path).verify()
    manifest_path.unlink()
    with pytest.raises(ShardError, match="no manifest"):
        Shard(path, verify=True)


def test_damage_in_a_stored_array_is_found_by_its_checksum(exports: Path, tmp_path: Path) -> None:
    path = copied(exports / "soft.npz", tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    manifest = json.loads(path.with_suffix(".manifest.json").read_text())
    manifest["output"]["sha256"] = hashlib.sha256(data).hexdigest()
    path.with_suffix(".manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ShardError, match="is damaged"):
        Shard(path, verify=True)


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 16, 17, 1000, 4097])
def test_orders_are_permutations_that_repeat(length: int) -> None:
    places = np.arange(length)
    rows = Order(length, seed=1, epoch=2)(places)
    assert sorted(rows.tolist()) == list(range(length))
    assert (Order(length, seed=1, epoch=2)(places[length // 2 :]) == rows[length // 2 :]).all()
    if length >= 1000:
        for other in (Order(length, seed=2, epoch=2), Order(length, seed=1, epoch=3)):
            assert (other(places) == rows).mean() < 0.02
        # Neighbours are scattered: their mean distance is that of two random rows, a third of the length.
        assert 0.3 < np.abs(np.diff(rows)).mean() / length < 0.37


def test_orders_and_draws_stay_the_same() -> None:
    # Kept from version to version, so that a run can be resumed after an update.
    assert Order(1000, seed=1, epoch=0)(np.arange(8)).tolist() == [349, 903, 551, 560, 141, 812, 663, 563]
    drawn = draw(np.arange(80_000), below=8, seed=1, epoch=0)
    assert np.bincount(drawn).min() > 9_600
    assert np.bincount(drawn).max() < 10_400
    assert (draw(np.arange(80_000), below=8, seed=1, epoch=1) == drawn).mean() < 0.14


def test_card_counts_what_is_there(exports: Path) -> None:
    path = exports / "soft.npz"
    card = data_card([path])
    manifest = json.loads((exports / "soft.manifest.json").read_text())
    counts = manifest["counts"]
    assert (card.rows, card.games) == (counts["rows"], counts["games"])
    assert card.phases == counts["rows_by_phase"]
    assert card.kinds == counts["rows_by_move_type"]
    assert card.endings == counts["games_by_ending"]
    assert card.rows_by_seat == [counts["rows_by_player"]["1"], counts["rows_by_player"]["2"]]
    assert sum(card.wins) + card.shared == card.games
    with np.load(path) as data:
        rows = [row.tobytes() + bytes([phase]) for row, phase in zip(data["planes"], data["phases"], strict=True)]
        assert card.unique_positions == len(set(rows))
        start = data["policy_start"]
        for row in range(0, card.rows, 17):
            shares = data["policy_values"][start[row] : start[row + 1]].astype(np.float64)
            expected = -(shares[shares > 0] * np.log(shares[shares > 0])).sum()
            assert abs(card.entropies[row] - expected) < 1e-5
    plain = data_card([exports / "soft.plain.npz"])
    assert (plain.wins, plain.seat_values, plain.endings) == (card.wins, card.seat_values, card.endings)
    assert sorted(plain.lengths) == sorted(card.lengths)
    assert plain.kinds == card.kinds
    text = card.to_markdown("a b.svg")
    assert f"{card.rows:,} rows of {card.games} games" in text
    assert "](<a b.svg>)" in text
    assert [finding.code for finding in card.findings] == ["few-games", "missing-endings"]


def codes(path: Path) -> set[str]:
    return {finding.code for finding in data_card([path]).findings}


def test_card_finds_what_makes_data_unfit(exports: Path, tmp_path: Path) -> None:
    source = exports / "soft.npz"
    shard, target = Shard(source), tmp_path / "planted.npz"
    rows = len(shard)
    clean = codes(source)
    planted: list[tuple[str, dict[str, Any]]] = [
        ("duplicates", {"planes": np.repeat(shard["planes"][:1], rows, axis=0)}),
        ("same-length", {"total_game_moves": np.full(rows, 5000, np.int32)}),
        ("label-mismatch", {"move_numbers": shard["total_game_moves"]}),
        ("label-mismatch", {"values": np.where(np.arange(rows)[:, None] == 9, -shard["values"], shard["values"])}),
        ("label-mismatch", {"values": np.full_like(shard["values"], np.nan)}),
        ("label-mismatch", {"policy_values": shard["policy_values"] * np.float32(0.5)}),
        ("label-mismatch", {"player_numbers": np.zeros(rows, np.uint8)}),
    ]
    first = shard["policy_start"][:-1]
    one_hot = {"policy_start": np.arange(rows + 1), "policy_indices": shard["policy_indices"][first]}
    planted.append(("zero-entropy", {**one_hot, "policy_values": np.ones(rows, np.float32)}))
    always = np.where(shard["player_numbers"][:, None] == [[1, 2]], 1, -1).astype(np.float32)
    planted.append(("one-seat-wins", {"values": always}))
    for code, arrays in planted:
        assert code not in clean - {"few-games"}
        assert code in codes(changed(source, target, **arrays)), code
    assert {finding.code for finding in data_card([source, source]).findings} >= {"repeated-games"}
    with pytest.raises(ShardError, match="make a card of each"):
        data_card([source, exports / "hex.npz"])


def test_card_finds_a_manifest_that_tells_other_counts(exports: Path, tmp_path: Path) -> None:
    path = copied(exports / "soft.npz", tmp_path)
    manifest = json.loads(path.with_suffix(".manifest.json").read_text())
    manifest["counts"]["rows_by_phase"]["movement"] += 1
    path.with_suffix(".manifest.json").write_text(json.dumps(manifest))
    assert "label-mismatch" in codes(path)


def test_games_of_both_players_and_all_endings_have_no_findings(tmp_path: Path) -> None:
    game = ["--board-type", "square8", "--num-players", "2"]
    play = ["--num-games", "120", "--engine-mode", "heuristic-only", "--seed", "5", "--no-log"]
    run("selfplay", *game, *play, "--record-db", str(tmp_path / "g.db"))
    run("export", "--db", str(tmp_path / "g.db"), *game, "--output", str(tmp_path / "g.npz"), *PACKED)
    # No search played them.
    assert codes(tmp_path / "g.npz") == {"zero-entropy"}
    status, text = card(str(tmp_path / "g.npz"), "--strict", "--allow", "zero-entropy")
    assert status == 0, text
    assert Counter(data_card([tmp_path / "g.npz"]).engines) == {"heuristic": 120}


def card(*args: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "ringrift_core.data", "card", *args]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return ran.returncode, ran.stdout + ran.stderr


def test_card_command_has_the_statuses_that_it_documents(exports: Path, tmp_path: Path) -> None:
    soft, output = str(exports / "soft.npz"), tmp_path / "new" / "card.md"
    status, text = card(soft, "--output", str(output))
    assert status == 0, text
    assert output.read_text() == data_card([soft]).to_markdown()
    assert [path.name for path in output.parent.iterdir()] == ["card.md"]
    assert "warning: few-games: " in text
    status, text = card(soft, "--strict")
    assert (status, text.startswith("# Data card\n")) == (4, True)
    torn = tmp_path / "torn.npz"
    torn.write_bytes(Path(soft).read_bytes()[:-9])
    assert card(str(torn))[0] == 4
    assert card(str(tmp_path / "nothing.npz"))[0] == 5
    assert card(soft, "--allow", "nonsense")[0] == 2
    assert card()[0] == 2


def test_cells_of_cards_cannot_be_left(exports: Path, tmp_path: Path) -> None:
    modes = Shard(exports / "soft.npz")["game_engine_modes"]
    path = changed(exports / "soft.npz", tmp_path / "a.npz", game_engine_modes=np.full(modes.shape, "a|b\n<img>"))
    text = data_card([path]).to_markdown()
    assert "| a\\|b &lt;img> |" in text
    assert "<img" not in text


def test_card_is_drawn(exports: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    for name in ("soft", "hex.plain"):
        drawn = data_card([exports / f"{name}.npz"])
        drawn.save_figure(tmp_path / "a.svg")
        drawn.save_figure(tmp_path / "b.svg")
        text = (tmp_path / "a.svg").read_text()
        assert text == (tmp_path / "b.svg").read_text()
        assert text.startswith("<?xml")
    status, text = card(str(exports / "soft.npz"), "--figure", str(tmp_path / "c d.png"))
    assert status == 0, text
    assert "](<c%20d.png>)" in text or "c%20d.png>)" in text
    picture = (tmp_path / "c d.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    # The size of the picture, and that it is whole.
    assert int.from_bytes(picture[16:20], "big") == 1560
    assert picture[-8:-4] == b"IEND"
    assert zlib.crc32(b"IEND").to_bytes(4, "big") == picture[-4:]


MISSING = """
import sys
sys.modules["torch"] = sys.modules["matplotlib"] = None
import ringrift_core.data
try:
    ringrift_core.data.ShardDataset
except ImportError as error:
    print(error)
try:
    ringrift_core.data.data_card([sys.argv[1]]).save_figure("never.svg")
except ImportError as error:
    print(error)
"""


def test_extras_are_named_where_they_are_missing(exports: Path) -> None:
    command = [sys.executable, "-c", MISSING, str(exports / "soft.npz")]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    assert "ringrift-core[train]" in ran.stdout
    assert "ringrift-core[plots]" in ran.stdout


def test_every_finding_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs/data.md").read_text()
    assert all(f"`{code}`" in text for code in FINDINGS)
