"""The file of a bank: a zip of lossless sounds and images, and a manifest with their checksums.

    bank.json             what there is, in order: name, shape, sample rate, sha256 of the contents
    rain/000.xz …         sounds: 16-bit samples, coded by _lossless
    texture/000.png …     pictures: 8-bit PNG

Members are stored in a fixed order with a fixed date: the same contents give the same bytes.
Reading is safe with files of unknown origin: there are no pickles, no name leads outside, and
nothing is unpacked to more than the manifest says and the limits below allow.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from ._json import parse_json
from ._lossless import ORDERS, best_order, decode_image, decode_pcm, encode_image, encode_pcm
from .errors import UsageError, reason

KINDS = ("snow", "frost", "spatter", "wind", "rain", "underwater", "concert", "smoke", "crowd")
PICTURES = ("texture", "silhouette")
GROUPS = KINDS + PICTURES
MANIFEST, FORMAT, VERSION = "bank.json", "avrb-bank", 1
CHANNELS = {"texture": 3, "silhouette": 4}

MAX_SAMPLES = 1 << 27  # of all channels of a sound: 23 minutes of stereo at 48 kHz
MAX_PIXELS = 1 << 25
MAX_MANIFEST = 1 << 24
_DATE = (1980, 1, 1, 0, 0, 0)
MAX_NAME = 1000
# What zipfile, json, lzma and Pillow raise for bytes that are not what they should be.
_BROKEN = (
    OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SyntaxError,
    ArithmeticError, IndexError, struct.error, zlib.error, zipfile.BadZipFile, lzma.LZMAError,
    Image.DecompressionBombError,
)  # fmt: skip


@dataclass(frozen=True)
class Item:
    """A sound, int16 (channels, samples) and its rate in Hz, or a picture, uint8 (h, w, 3 or 4)."""

    group: str
    name: str
    data: npt.NDArray[Any]
    sample_rate: int = 0


@dataclass(frozen=True)
class Entry:
    """What the manifest says of one item; `order` counts the differences a sound is stored by."""

    name: str
    shape: tuple[int, ...]
    sha256: str
    sample_rate: int = 0
    order: int = 0


def write_bank(file: Path | BinaryIO, items: Iterable[Item]) -> None:
    """Write the items to a new file, each group in the order given.

    Raises UsageError for an item that is not allowed; what is in the file then is no bank.
    """
    found: dict[str, list[Entry]] = {group: [] for group in GROUPS}
    with zipfile.ZipFile(file, "w") as archive:
        for item in items:
            check_item(item)
            entry, coded = _encode(item)
            _store(archive, _member(item.group, len(found[item.group])), coded)
            found[item.group].append(entry)
        groups = {group: [asdict(entry) for entry in found[group]] for group in GROUPS}
        manifest = {"format": FORMAT, "version": VERSION, "groups": groups}
        _store(archive, MANIFEST, json.dumps(manifest, indent=1).encode())


def check_item(item: Item) -> None:
    """Raise UsageError, naming the item, unless it can stand in a bank."""
    shape = item.data.shape
    if item.group in KINDS:
        good = item.data.dtype == np.int16 and len(shape) == 2 and item.sample_rate > 0
        limit, form = MAX_SAMPLES, "int16 (channels, samples)"
    else:
        good = item.data.dtype == np.uint8 and shape[2:] == (CHANNELS.get(item.group),)
        limit, form = 3 * MAX_PIXELS, "uint8 (h, w, 3), or (h, w, 4) for a silhouette"
    if not good or not 0 < item.data.size <= limit:
        raise UsageError(
            f"{item.name} for {item.group} has shape {shape} and dtype {item.data.dtype}; "
            f"a bank holds {form} with at most {limit} numbers."
        )


def _member(group: str, index: int) -> str:
    return f"{group}/{index:03}.{'xz' if group in KINDS else 'png'}"


def _store(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, _DATE)
    info.create_system, info.external_attr = 3, 0o644 << 16  # the same on every system
    archive.writestr(info, data)


def _checksum(data: npt.NDArray[Any]) -> str:
    digest = hashlib.sha256(json.dumps(data.shape).encode())
    digest.update(data.astype(data.dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()


def _encode(item: Item) -> tuple[Entry, bytes]:
    checksum, shape = _checksum(item.data), tuple(map(int, item.data.shape))
    if item.group in PICTURES:
        return Entry(item.name, shape, checksum), encode_image(item.data)
    order = best_order(item.data)
    return Entry(item.name, shape, checksum, item.sample_rate, order), encode_pcm(item.data, order)


@dataclass(frozen=True)
class BankFile:
    """A bank's file, open for reading by any number of threads at once; pickles as its path."""

    path: Path

    @cached_property
    def entries(self) -> Mapping[str, tuple[Entry, ...]]:
        """The manifest: for every group its entries; raises UsageError where this is no bank."""
        try:
            if not stat.S_ISREG(os.stat(self.path).st_mode):
                raise ValueError("it is not a file")
            with zipfile.ZipFile(self.path) as archive:
                value = parse_json(_content(archive, MANIFEST, MAX_MANIFEST))
            manifest = value if isinstance(value, dict) else {}
            if (manifest.get("format"), manifest.get("version")) != (FORMAT, VERSION):
                raise ValueError(f"its {MANIFEST} is of another format")
            return {
                group: tuple(_entry(group, fields) for fields in manifest["groups"][group])
                for group in GROUPS
            }
        except FileNotFoundError:
            raise UsageError(
                f"bank {self.path} does not exist; make one with `avrb bank import DIR OUT`."
            ) from None
        except _BROKEN as error:
            raise UsageError(
                f"{self.path} is not a bank of this version: {reason(error)}; "
                f"make one with `avrb bank import DIR OUT`."
            ) from error

    def read(self, group: str, index: int) -> npt.NDArray[Any]:
        """Read an item, read-only; raises UsageError where it differs from its checksum."""
        entry, member = self.entries[group][index], _member(group, index)
        try:
            with zipfile.ZipFile(self.path) as archive:
                coded = _content(archive, member, 4 * MAX_PIXELS + 2 * MAX_SAMPLES)
            if group in KINDS:
                data: npt.NDArray[Any] = decode_pcm(coded, entry.shape, entry.order)
            else:
                data = decode_image(coded, entry.shape)
            if _checksum(data) != entry.sha256:
                raise ValueError("its checksum is another")
        except _BROKEN as error:
            raise UsageError(
                f"bank {self.path} is damaged at {member}: {reason(error)}; make it again."
            ) from error
        data.setflags(write=False)
        return data


def _content(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    if name not in archive.namelist():
        raise ValueError(f"it holds no {name}")
    info = archive.getinfo(name)
    most = min(limit, os.path.getsize(str(archive.filename)))  # memory is taken for what it claims
    if info.compress_type != zipfile.ZIP_STORED or max(info.file_size, info.compress_size) > most:
        raise ValueError(f"{name} is too large or packed twice")
    return archive.read(info)


def _entry(group: str, fields: Mapping[str, Any]) -> Entry:
    """An entry from its JSON, with all that a reader relies on checked."""
    entry = Entry(**{**fields, "shape": tuple(fields["shape"])})
    if not all(
        isinstance(text, str) and len(text) <= MAX_NAME for text in (entry.name, entry.sha256)
    ):
        raise ValueError(f"an entry of {group} without a name or checksum")
    sizes = all(map(_is_size, entry.shape))
    if group in KINDS:
        fits, limit = len(entry.shape) == 2 and _is_size(entry.sample_rate), MAX_SAMPLES
    else:
        fits, limit = entry.shape[2:] == (CHANNELS[group],), CHANNELS[group] * MAX_PIXELS
    known = type(entry.order) is int and entry.order in ORDERS
    if not (fits and sizes and prod(entry.shape) <= limit and known):
        raise ValueError(f"an entry of {group} of shape {entry.shape}")
    return entry


def _is_size(value: object) -> bool:
    return type(value) is int and value > 0
