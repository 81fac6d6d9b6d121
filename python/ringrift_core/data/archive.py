"""NPZ files as their directory: where each array lies and what it is, found out without loading or trusting it."""

from __future__ import annotations

import os
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ringrift_core.data.errors import ShardError

ENTRIES_MAX = 256
"""Most arrays of a file; an export has about fifty."""
DEFLATE_RATIO_MAX = 1032
"""What DEFLATE can do at best: 258 bytes for two bits. Zlib's technical notes."""
CHUNK_BYTES = 1 << 22

_LOCAL_HEAD_BYTES = 30
_ENCRYPTED = 0x1
_TORN = (zipfile.BadZipFile, zlib.error, EOFError, OverflowError, struct.error)
_NPY_MAGIC = b"\x93NUMPY"
_NPY_HEAD_MAX = 4096
_NPY_HEAD = re.compile(
    rb"\{'descr': '([<|a-zA-Z0-9]{1,12})', 'fortran_order': (True|False), "
    rb"'shape': \(((?:[0-9]{1,18},? ?){0,8})\),? ?\} *\n"
)


@dataclass(frozen=True)
class Entry:
    """An array of a file, by its head."""

    name: str
    """Name, without `.npy`."""
    dtype: np.dtype[np.generic]
    """Type of the elements; never Python objects."""
    shape: tuple[int, ...]
    """Shape, in C order."""
    is_stored: bool
    """Lies there uncompressed."""
    offset: int
    """Of the first element in the file, if stored."""
    info: zipfile.ZipInfo
    """The entry of the directory."""

    @property
    def array_bytes(self) -> int:
        """Bytes of all elements."""
        return prod(self.shape) * self.dtype.itemsize

    @property
    def head_bytes(self) -> int:
        """Bytes before the first element."""
        return self.info.file_size - self.array_bytes


def read_directory(path: Path) -> dict[str, Entry]:
    """Reads the heads of all arrays, and checks that they can be what they say.

    Args:
        path: An NPZ file.

    Returns:
        The arrays by name, in the order of the file.

    Raises:
        OSError: The file cannot be read.
        ShardError: It is no NPZ file, was cut off, has Python objects in it, or declares sizes that it cannot have.
    """
    file_bytes = os.stat(path).st_size
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            infos = archive.infolist()
            if len(infos) > ENTRIES_MAX:
                raise ShardError(
                    f"{path}: {len(infos)} entries, expected at most {ENTRIES_MAX}\nhint: no export has so many"
                )
            entries: dict[str, Entry] = {}
            for info in infos:
                entry = _read_entry(path, archive, file, info, file_bytes)
                if entry.name in entries:
                    raise ShardError(f"{path}: two entries are called {entry.name}\nhint: write the file again")
                entries[entry.name] = entry
    except ShardError:
        raise
    except (*_TORN, NotImplementedError, ValueError) as error:
        raise ShardError(
            f"{path}: not a whole NPZ file: {error}\nhint: it was cut off or is no export; write it again"
        ) from error
    return entries


def _read_entry(path: Path, archive: zipfile.ZipFile, file: BinaryIO, info: zipfile.ZipInfo, file_bytes: int) -> Entry:
    """Checks an entry of the directory and reads the head of its array."""

    def fault(what: str, hint: str = "write the file again") -> ShardError:
        return ShardError(f"{path}: entry {info.filename!r}: {what}\nhint: {hint}")

    if not info.filename.endswith(".npy") or "/" in info.filename:
        raise fault("not an array", "`rrpipe export` makes files of training data")
    if info.flag_bits & _ENCRYPTED:
        raise fault("encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise fault(f"compression method {info.compress_type}, expected 0 (stored) or 8 (deflated)")
    is_stored = info.compress_type == zipfile.ZIP_STORED
    if is_stored and info.compress_size != info.file_size:
        raise fault(f"stored {info.file_size} bytes as {info.compress_size}")
    if info.file_size > DEFLATE_RATIO_MAX * (info.compress_size + 8):
        raise fault(f"{info.compress_size} bytes cannot become {info.file_size}")
    if not 0 <= info.header_offset < file_bytes:
        raise fault(f"begins at byte {info.header_offset} of {file_bytes}")
    file.seek(info.header_offset)
    head = file.read(_LOCAL_HEAD_BYTES)
    if len(head) < _LOCAL_HEAD_BYTES:
        raise fault("cut off")
    start = info.header_offset + _LOCAL_HEAD_BYTES + sum(struct.unpack("<HH", head[26:30]))
    if start + info.compress_size > file_bytes:
        raise fault(f"ends at byte {start + info.compress_size} of {file_bytes}")
    with archive.open(info) as stream:
        head = stream.read(_NPY_HEAD_MAX)
    if not head.startswith(_NPY_MAGIC) or len(head) < 12:
        raise fault("not an array")
    version = (head[6], head[7])
    if version not in ((1, 0), (2, 0)):
        raise fault(f"npy version {version[0]}.{version[1]}, expected 1.0 or 2.0")
    text_at = 10 if version == (1, 0) else 12
    head_bytes = text_at + int.from_bytes(head[8:text_at], "little")
    # Not evaluated as an expression: nothing but this form is ever written.
    described = _NPY_HEAD.fullmatch(head[text_at:head_bytes]) if head_bytes <= len(head) else None
    if described is None:
        raise fault("the head of the array is damaged, or of another form")
    kind, order, lengths = (part.decode() for part in described.groups())
    if kind == "|O":
        raise fault("Python objects, which are pickles", "they can run code when loaded; export without --compat")
    try:
        dtype = np.dtype(kind)
    except TypeError as error:
        raise fault(f"unknown type {kind!r}") from error
    shape = tuple(int(length) for length in lengths.replace(",", " ").split())
    if dtype.kind not in "biufU" or dtype.itemsize == 0 or dtype.byteorder == ">":
        raise fault(f"elements of type {dtype}, expected little-endian numbers or text")
    if order == "True" and len(shape) > 1:
        raise fault("column order, expected row order")
    if head_bytes + prod(shape) * dtype.itemsize != info.file_size:
        raise fault(f"{dtype}{list(shape)} in {info.file_size - head_bytes} bytes")
    name = info.filename.removesuffix(".npy")
    return Entry(name, dtype, shape, is_stored, start + head_bytes, info)


def map_array(path: Path, entry: Entry) -> NDArray[np.generic]:
    """Maps a stored array into memory, read-only: nothing is read before it is used."""
    if entry.array_bytes == 0:
        return np.empty(entry.shape, entry.dtype)
    mapped = np.memmap(path, dtype=entry.dtype, mode="r", offset=entry.offset, shape=entry.shape)
    return mapped.view(np.ndarray)


def load_array(path: Path, entry: Entry, array_bytes_max: int) -> NDArray[np.generic]:
    """Loads an array and checks the CRC-32 of its bytes.

    Raises:
        OSError: The file cannot be read.
        ShardError: The array is larger than `array_bytes_max`, or damaged.
    """
    if entry.array_bytes > array_bytes_max:
        raise ShardError(
            f"{path}: {entry.name} takes {entry.array_bytes} bytes of memory, and {array_bytes_max} are allowed\n"
            "hint: raise array_bytes_max, or export with --encoder-version rr1, whose arrays are mapped"
        )
    array = np.empty(entry.shape, entry.dtype)
    target = array.reshape(-1).view(np.uint8).data if array.nbytes else memoryview(b"")
    try:
        with zipfile.ZipFile(path) as archive, archive.open(entry.info) as stream:
            if len(stream.read(entry.head_bytes)) != entry.head_bytes:
                raise EOFError("the head is cut off")
            done = 0
            while done < len(target):
                part = stream.read(min(CHUNK_BYTES, len(target) - done))
                if not part:
                    raise EOFError(f"{done} of {len(target)} bytes")
                target[done : done + len(part)] = part
                done += len(part)
            stream.read(1)  # At the end the checksum is compared.
    except _TORN as error:
        raise ShardError(f"{path}: {entry.name} is damaged: {error}\nhint: write the file again") from error
    array.flags.writeable = False
    return array


def check_crc(path: Path, entry: Entry) -> None:
    """Reads an entry in pieces and compares its CRC-32.

    Raises:
        OSError: The file cannot be read.
        ShardError: The entry is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(entry.info) as stream:
            while stream.read(CHUNK_BYTES):
                pass
    except _TORN as error:
        raise ShardError(f"{path}: {entry.name} is damaged: {error}\nhint: write the file again") from error
