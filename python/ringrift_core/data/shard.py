"""Files of training data: opened without loading them, checked, and read by rows."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ringrift_core.data.archive import CHUNK_BYTES, Entry, check_crc, load_array, map_array, read_directory
from ringrift_core.data.errors import ShardError

SEATS_MAX = 4
MANIFEST_BYTES_MAX = 1 << 24
ARRAY_BYTES_MAX = 16 << 30
SIDES = {"square8": 8, "square19": 19, "hex8": 9, "hexagonal": 25}

# The shapes of `docs/data.md`, by letter: lengths that a file chooses, the same wherever the letter is.
_PACKED: dict[str, tuple[str, tuple[str | int, ...]]] = {
    "planes": ("uint8", ("N", "P", "B")),
    "globals": ("float32", ("N", "g")),
    "values": ("float32", ("N", "players")),
    "policy_start": ("int64", ("N+1",)),
    "policy_indices": ("int32", ("M",)),
    "policy_values": ("float32", ("M",)),
    "move_numbers": ("int32", ("N",)),
    "total_game_moves": ("int32", ("N",)),
    "player_numbers": ("uint8", ("N",)),
    "phases": ("uint8", ("N",)),
    "move_types": ("uint8", ("N",)),
    "game_index": ("int32", ("N",)),
    "game_ids": ("text", ("G",)),
    "game_victory_types": ("text", ("G",)),
    "game_engine_modes": ("text", ("G",)),
    "phase_names": ("text", ("phases",)),
    "move_type_names": ("text", ("kinds",)),
    "board_type": ("text", ()),
    "num_players": ("int64", ()),
    "spatial_size": ("int64", ()),
    "history_length": ("int64", ()),
    "encoder": ("text", ()),
    "layout_digest": ("text", ()),
    "layout": ("text", ()),
    "policy_encoding": ("text", ()),
    "policy_size": ("int64", ()),
}
_PLAIN: dict[str, tuple[str, tuple[str | int, ...]]] = {
    "features": ("float32", ("N", "P", "S", "S")),
    "globals": ("float32", ("N", "g")),
    "values": ("float32", ("N",)),
    "values_mp": ("float32", ("N", SEATS_MAX)),
    "policy_indices": ("int32", ("N", "k")),
    "policy_values": ("float32", ("N", "k")),
    "policy_counts": ("int32", ("N",)),
    "move_numbers": ("int32", ("N",)),
    "total_game_moves": ("int32", ("N",)),
    "player_numbers": ("int32", ("N",)),
    "num_players": ("int32", ("N",)),
    "phases": ("text", ("N",)),
    "move_types": ("text", ("N",)),
    "victory_types": ("text", ("N",)),
    "engine_modes": ("text", ("N",)),
    "game_ids": ("text", ("N",)),
    "board_type": ("text", ()),
    "spatial_size": ("int64", ()),
    "history_length": ("int64", ()),
    "encoder": ("text", ()),
    "policy_encoding": ("text", ()),
    "policy_size": ("int64", ()),
}
_OPTIONAL: dict[str, tuple[str, tuple[str | int, ...]]] = {
    "sample_weights": ("float32", ("N",)),
    "timestamps": ("float64", ("N",)),
}


@dataclass(frozen=True)
class Rows:
    """Some rows of a shard, or of several alike. B rows."""

    planes: NDArray[Any]
    """uint8[B, planes, bytes] as bits (packed layout), or float32[B, planes, side, side] (plain layout)."""
    globals: NDArray[np.float32]
    """float32[B, globals]: numbers of the whole position."""
    values: NDArray[np.float32]
    """float32[B, players] in [-1, 1]: what the game was worth to each seat, counted from the player to move."""
    policy_indices: NDArray[np.int64]
    """int64[B, k]: targets; 0 where a row has fewer than k."""
    policy_values: NDArray[np.float32]
    """float32[B, k] in [0, 1]: their shares, which add up to 1; 0 where a row has fewer than k."""


class Shard:
    """A file of training data (`docs/data.md`), in the packed or the plain layout.

    Opening reads the heads of the arrays and what divides them into rows and games, and checks names, types, shapes and
    settings. Stored arrays are mapped into
    memory, read-only; deflated ones are loaded when they are asked for. A pickled shard is opened again.

        >>> shard = Shard("square8_2p.npz")  # doctest: +SKIP
        >>> rows = shard.rows([5, 3])  # doctest: +SKIP
        >>> unpack(rows.planes, shard.side).shape  # doctest: +SKIP
        (2, 74, 8, 8)
    """

    def __init__(
        self, path: str | os.PathLike[str], *, verify: bool = False, array_bytes_max: int = ARRAY_BYTES_MAX
    ) -> None:
        """Opens a file.

        Args:
            path: The NPZ file; the manifest is looked for beside it.
            verify: Read all of it, and compare its length and SHA-256 with the manifest, which must be there.
            array_bytes_max: Most bytes of memory that one deflated array may take.

        Raises:
            OSError: The file cannot be read.
            ShardError: It is torn, foreign, has Python objects in it, or is not what the manifest describes.
        """
        self.path = Path(path)
        """The file."""
        self._array_bytes_max = array_bytes_max
        self._arrays: dict[str, NDArray[Any]] = {}
        self._entries = read_directory(self.path)
        self.manifest: Mapping[str, Any] | None = self._read_manifest()
        """The manifest, if there is one."""
        self.is_packed = "planes" in self._entries
        """The layout is the packed one."""
        if not self.is_packed and "features" not in self._entries:
            raise self._fault("neither planes nor features", "`rrpipe export` makes files of training data")
        lengths = self._check_shapes()
        self._len = lengths["N"]
        self.board = self._text("board_type")
        """Name of the board."""
        if self.board not in SIDES:
            raise self._fault(f"unknown board {self.board!r}", f"one of {', '.join(SIDES)}")
        self.side = int(self["spatial_size"])
        """Rows and columns of a plane."""
        if self.side != SIDES[self.board] or lengths.get("S", self.side) != self.side:
            raise self._fault(f"planes of side {self.side} on {self.board}", f"expected {SIDES[self.board]}")
        self.players = self._read_players(lengths)
        """Number of players."""
        self.encoder = self._text("encoder")
        """Name of the encoder: `rr1`, `square`, `hex_v2` or `hex_v3`."""
        self.history_length = int(self["history_length"])
        """Earlier positions in each row."""
        self.plane_count = lengths["P"]
        """Planes of a row."""
        self.policy_size = int(self["policy_size"])
        """Policy indices that there are."""
        self.layout_digest = self._check_layout(lengths) if self.is_packed else None
        """Digest of the meaning of planes, globals and indices; none in the plain layout."""
        self._check_manifest()
        if verify:
            self.verify()

    def __len__(self) -> int:
        """Number of rows."""
        return self._len

    def __repr__(self) -> str:
        """The shard in a line."""
        layout = "packed" if self.is_packed else "plain"
        return f"<Shard {self.path} {self.board} {self.players}p {layout} {self.encoder}, {self._len} rows>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as its path."""
        return (_reopen, (self.path, self._array_bytes_max))

    def __contains__(self, name: object) -> bool:
        """Whether there is an array of this name."""
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        """Names of the arrays, in the order of the file."""
        return iter(self._entries)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """An array, read-only: mapped if it is stored, else loaded and kept.

        Raises:
            KeyError: There is no such array.
            ShardError: The array is damaged, or larger than `array_bytes_max`.
        """
        if name not in self._arrays:
            entry = self._entries[name]
            mapped = entry.is_stored and entry.shape != ()
            self._arrays[name] = (
                map_array(self.path, entry) if mapped else load_array(self.path, entry, self._array_bytes_max)
            )
        return self._arrays[name]

    @property
    def configuration(self) -> tuple[object, ...]:
        """What shards must have in common to be read together."""
        layout = self.layout_digest, self.plane_count, self.policy_size, self.history_length
        names = self.encoder, self._text("policy_encoding")
        return (self.is_packed, self.board, self.players, *names, *layout, "sample_weights" in self)

    def rows(self, indices: ArrayLike) -> Rows:
        """Gathers rows, without work in Python for each of them.

        Args:
            indices: int[B]: numbers of rows, from 0, in any order, also several times.

        Returns:
            The rows, as arrays of their own.

        Raises:
            IndexError: There is no such row.
            ShardError: A row is damaged.
        """
        index = np.asarray(indices, np.int64)
        if index.ndim != 1:
            raise ValueError(f"row numbers of shape {index.shape}, expected one axis\nhint: pass a list of numbers")
        if len(index) and (index.min() < 0 or index.max() >= self._len):
            wrong = index[(index < 0) | (index >= self._len)][0]
            raise IndexError(f"row {wrong} of {self.path}\nhint: it has rows 0 to {self._len - 1}")
        take = (self._packed_rows if self.is_packed else self._plain_rows)(index)
        targets = take.policy_indices
        if targets.size and (targets.min() < 0 or targets.max() >= self.policy_size):
            raise self._fault(f"a policy index beyond 0 to {self.policy_size - 1}", "write the file again")
        return take

    def verify(self) -> None:
        """Reads the whole file: checksums of all arrays, targets, and the SHA-256 of the manifest.

        Raises:
            OSError: The file cannot be read.
            ShardError: The file is damaged, is not the one that the manifest describes, or has no manifest.
        """
        if self.manifest is None:
            raise self._fault("no manifest beside it", f"keep {self._manifest_path.name} with the file")
        output = self.manifest.get("output")
        expected = output.get("sha256") if isinstance(output, dict) else None
        digest = hashlib.sha256()
        with self.path.open("rb") as file:
            while part := file.read(CHUNK_BYTES):
                digest.update(part)
        if digest.hexdigest() != expected:
            raise self._fault(
                f"SHA-256 {digest.hexdigest()}, expected {expected}", "file and manifest are of two exports"
            )
        for entry in self._entries.values():
            check_crc(self.path, entry)

    def _packed_rows(self, index: NDArray[np.int64]) -> Rows:
        start = np.asarray(self["policy_start"])
        first = start[index]
        count = start[index + 1] - first
        width = int(count.max()) if len(count) else 0
        step = np.arange(width)
        has = step < count[:, None]
        at = np.where(has, first[:, None] + step, 0)
        return Rows(
            planes=np.take(self["planes"], index, axis=0),
            globals=np.take(self["globals"], index, axis=0),
            values=np.take(self["values"], index, axis=0),
            policy_indices=np.where(has, np.take(self["policy_indices"], at), 0).astype(np.int64),
            policy_values=np.where(has, np.take(self["policy_values"], at), np.float32(0)),
        )

    def _plain_rows(self, index: NDArray[np.int64]) -> Rows:
        seats = (self["player_numbers"][index, None] - 1 + np.arange(self.players)) % self.players
        has = np.arange(self["policy_indices"].shape[1]) < self["policy_counts"][index, None]
        return Rows(
            planes=np.take(self["features"], index, axis=0),
            globals=np.take(self["globals"], index, axis=0),
            values=np.take_along_axis(self["values_mp"][index], seats, axis=1),
            policy_indices=np.where(has, self["policy_indices"][index], 0).astype(np.int64),
            policy_values=np.where(has, self["policy_values"][index], np.float32(0)),
        )

    def _fault(self, what: str, hint: str) -> ShardError:
        return ShardError(f"{self.path}: {what}\nhint: {hint}")

    def _text(self, name: str) -> str:
        return str(self[name])

    def _check_shapes(self) -> dict[str, int]:
        """Checks names, types and shapes; gives the lengths that the file chose, by letter."""
        required = _PACKED if self.is_packed else _PLAIN
        lengths: dict[str, int] = {}
        for name, (kind, shape) in {**required, **_OPTIONAL}.items():
            entry = self._entries.get(name)
            if entry is None:
                if name in required:
                    raise self._fault(f"no array {name}", "export it with this version of rrpipe, without --compat")
                continue
            is_kind = entry.dtype.kind == "U" if kind == "text" else entry.dtype == np.dtype(kind)
            if not is_kind or len(entry.shape) != len(shape):
                got = f"{entry.dtype}{list(entry.shape)}"
                raise self._fault(
                    f"{name} is {got}, expected {kind}{list(shape)}", "export it with this version of rrpipe"
                )
            for axis, (letter, length) in enumerate(zip(shape, entry.shape, strict=True)):
                expected = self._expected_length(lengths, letter, length)
                if length != expected:
                    raise self._fault(
                        f"{name} has {length} on axis {axis}, expected {expected}", "write the file again"
                    )
        return lengths

    @staticmethod
    def _expected_length(lengths: dict[str, int], letter: str | int, length: int) -> int:
        if isinstance(letter, int):
            return letter
        if letter == "N+1":
            return lengths["N"] + 1
        return lengths.setdefault(letter, length)

    def _read_players(self, lengths: dict[str, int]) -> int:
        players = self["num_players"]
        if players.size == 0 or (players != players.flat[0]).any():
            raise self._fault("rows of several numbers of players, or none", "write the file again")
        count = int(players.flat[0])
        if not 2 <= count <= SEATS_MAX or lengths.get("players", count) != count:
            raise self._fault(f"{count} players, values of {lengths.get('players')}", "write the file again")
        return count

    def _check_layout(self, lengths: dict[str, int]) -> str:
        """Checks the packed layout against its own text; gives the digest."""
        digest, text = self._text("layout_digest"), self._text("layout")
        found = hashlib.sha256(text.encode()).hexdigest()[: len(digest)]
        if len(digest) < 16 or found != digest:
            raise self._fault(f"layout digest {digest}, of its text {found}", "the file was changed; write it again")
        bits = self.side * self.side
        if lengths["B"] != (bits + 7) // 8:
            raise self._fault(f"planes of {lengths['B']} bytes, expected {(bits + 7) // 8}", "write the file again")
        said = f"planes [{lengths['P']}, {self.side}, {self.side}], packed [{lengths['P']}, {lengths['B']}] little"
        if said not in text:
            raise self._fault(f"the layout does not say {said!r}", "write the file again")
        start = np.asarray(self["policy_start"])
        if start[0] != 0 or start[-1] != lengths["M"] or (np.diff(start) < 1).any():
            raise self._fault("policy_start does not divide the targets into rows", "write the file again")
        for name, names, length in (
            ("phases", "phase_names", "phases"),
            ("move_types", "move_type_names", "kinds"),
            ("game_index", "game_ids", "G"),
        ):
            places = self[name]
            if len(places) and not 0 <= int(places.min()) <= int(places.max()) < lengths[length]:
                raise self._fault(f"{name} beyond the {lengths[length]} {names}", "write the file again")
        return digest

    @property
    def _manifest_path(self) -> Path:
        return self.path.with_suffix(".manifest.json")

    def _read_manifest(self) -> Mapping[str, Any] | None:
        path = self._manifest_path
        try:
            if path.stat().st_size > MANIFEST_BYTES_MAX:
                raise ShardError(
                    f"{path}: more than {MANIFEST_BYTES_MAX} bytes\nhint: no manifest of an export is so long"
                )
            manifest = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError) as error:
            if isinstance(error, ShardError):
                raise
            raise ShardError(f"{path}: not JSON: {error}\nhint: remove it, or write the data set again") from error
        if not isinstance(manifest, dict) or manifest.get("manifest_version") != 1:
            raise ShardError(f"{path}: not a manifest of version 1\nhint: remove it, or write the data set again")
        return manifest

    def _check_manifest(self) -> None:
        """Compares length, arrays and layout with the manifest, if there is one."""
        if self.manifest is None:
            return
        hint = "file and manifest are of two exports"
        manifest: Any = self.manifest
        try:
            file_bytes = manifest["output"]["bytes"]
            arrays = {array["name"]: (array["dtype"], tuple(array["shape"])) for array in manifest["arrays"]}
            digest = manifest["settings"]["rows"].get("layout_digest")
        except (KeyError, TypeError, AttributeError) as error:
            raise ShardError(f"{self._manifest_path}: incomplete: {error!r}\nhint: write the data set again") from error
        if file_bytes != self.path.stat().st_size:
            raise self._fault(f"{self.path.stat().st_size} bytes, expected {file_bytes}", hint)
        for name in {**arrays, **self._entries}:
            entry, expected = self._entries.get(name), arrays.get(name)
            if entry is None or expected != (_type_name(entry), entry.shape):
                found = entry and (_type_name(entry), entry.shape)
                raise self._fault(f"{name} is {found}, in the manifest {expected}", hint)
        if self.is_packed and digest != self.layout_digest:
            raise self._fault(f"layout digest {self.layout_digest}, in the manifest {digest}", hint)


def _type_name(entry: Entry) -> str:
    """The type of an array as manifests spell it."""
    return str(entry.dtype.str if entry.dtype.kind == "U" else entry.dtype.name)


def _reopen(path: Path, array_bytes_max: int) -> Shard:
    return Shard(path, array_bytes_max=array_bytes_max)


def unpack(packed: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """Unpacks planes that are stored as bits.

    Args:
        packed: uint8[..., bytes]: bits of `side * side` cells in little bit order, then zeros.
        side: Rows and columns of a plane.

    Returns:
        float32[..., side, side], 0 or 1.

    Raises:
        ValueError: The planes are of another length.
    """
    return unpack_bits(packed, side).reshape(*packed.shape[:-1], side, side).astype(np.float32)


def unpack_bits(packed: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The bits of planes, as `unpack`: uint8[..., side * side], 0 or 1."""
    cells = side * side
    if packed.dtype != np.uint8 or packed.ndim == 0 or packed.shape[-1] != (cells + 7) // 8:
        got = f"{packed.dtype}{list(packed.shape)}"
        raise ValueError(
            f"packed planes are {got}, expected uint8[..., {(cells + 7) // 8}]\nhint: pass the side of the shard"
        )
    # In one piece: along an axis of few bytes NumPy does it plane by plane.
    bits = np.unpackbits(np.ascontiguousarray(packed).reshape(-1), bitorder="little")
    return bits.reshape(*packed.shape[:-1], 8 * packed.shape[-1])[..., :cells]
