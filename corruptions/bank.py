"""Banks: the recordings and images that environmental corruptions add, built in or imported."""

from __future__ import annotations

import hashlib
import json
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from math import prod
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from ._bankfile import GROUPS as GROUPS
from ._bankfile import KINDS as KINDS
from ._bankfile import BankFile
from ._bankfile import Entry as Entry
from ._bankfile import Item as Item
from ._bankfile import write_bank as write_bank
from .errors import UsageError, check_one_of
from .resampling import resample

ASSETS = Path(__file__).parent / "assets"
CACHE_BYTES = 1 << 28
MAX_RESAMPLED = 1 << 29  # samples: of the longest sound there may be, at four times its rate


class Bank:
    """Sounds of nine kinds, frost textures and silhouettes of people; immutable.

    The kinds are named by the corruption that adds them: snow, frost, spatter (water drops), wind,
    rain, underwater, concert, smoke (fire and siren), crowd.  What is read stays in memory within
    256 MiB.  Threads may share a bank; a pickle of it holds the path and the digest, and unpickles
    only where the file has the same contents.

    >>> bank = Bank.builtin()
    >>> bank.count("rain")
    6
    >>> bank.sound("rain", 0, sample_rate=44_100, channels=2).shape
    (2, 441000)
    """

    def __init__(self, *paths: Path, builtin: bool = False) -> None:
        self._files = tuple(BankFile(path) for path in paths)
        self._builtin = builtin
        self._cache = _Cache(CACHE_BYTES)

    @classmethod
    @lru_cache(maxsize=1)
    def builtin(cls) -> Bank:
        """The bank that comes with the package; it carries no licence but the package's own."""
        return cls(*sorted(ASSETS.glob("*.avrbbank")), builtin=True)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Bank:
        """The bank in a file made by `avrb bank import`; raises UsageError where it is none."""
        file = Path(path).absolute()
        try:
            status = file.stat()
        except (OSError, ValueError):  # which reading it says
            return _opened(file, None)
        return _opened(file, (status.st_mtime_ns, status.st_size))

    @classmethod
    def of(cls, bank: Bank | str | os.PathLike[str] | None) -> Bank:
        """A bank as arguments give it: one itself, the path of one, or None for the built-in."""
        if bank is None:
            return cls.builtin()
        return bank if isinstance(bank, Bank) else cls.open(bank)

    @cached_property
    def _index(self) -> dict[str, tuple[tuple[BankFile, int, Entry], ...]]:
        """Where each item of each group is."""
        return {
            group: tuple(
                (file, place, entry)
                for file in self._files
                for place, entry in enumerate(file.entries[group])
            )
            for group in GROUPS
        }

    @cached_property
    def digest(self) -> str:
        """sha256 over all contents in their order, in hexadecimal; names and coding don't count."""
        contents = [
            [group, [[entry.sample_rate, entry.sha256] for _, _, entry in items]]
            for group, items in self._index.items()
        ]
        return hashlib.sha256(json.dumps(contents).encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bank) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)  # for caches of this process; `digest` is what is written down

    def __repr__(self) -> str:
        where = "builtin" if self._builtin else ", ".join(str(file.path) for file in self._files)
        return f"<Bank {where} {self.digest[:12]}>"

    def __reduce__(self) -> tuple[Any, ...]:
        paths = () if self._builtin else tuple(str(file.path) for file in self._files)
        return _reopen, (paths, self.digest)

    def entries(self, group: str) -> tuple[Entry, ...]:
        """What is known of the items of a kind, of "texture" or of "silhouette" without reading."""
        check_one_of("group", group, GROUPS)
        return tuple(entry for _, _, entry in self._index[group])

    def items(self, group: str) -> Iterator[Item]:
        """The items of a group as they are stored: sounds at their own rate and channels."""
        for file, place, entry in self._index[group]:
            yield Item(group, entry.name, file.read(group, place), entry.sample_rate)

    def count(self, kind: str) -> int:
        """How many there are of a kind or group; 0 where an imported bank lacks it."""
        return len(self.entries(kind))

    def sound(
        self, kind: str, index: int, sample_rate: int, channels: int
    ) -> npt.NDArray[np.int16]:
        """A sound brought to a clip's sample rate and channels: (channels, samples), read-only.

        Where its own channel count is another, the rounded mean of its channels fills all.
        Raises UsageError where there is no such sound.
        """
        _, _, entry = self._item(kind, index)
        mixed = entry.shape[0] != channels
        key = (kind, index, sample_rate, mixed)
        pcm = self._cache.get(key, lambda: self._bring(kind, index, sample_rate, mixed))
        return np.broadcast_to(pcm, (channels, pcm.shape[1])) if mixed else pcm

    def _bring(self, kind: str, index: int, rate: int, mixed: bool) -> npt.NDArray[np.int16]:
        file, place, entry = self._item(kind, index)
        if prod(entry.shape) * rate > MAX_RESAMPLED * entry.sample_rate:
            raise UsageError(
                f"sound {entry.name!r} of {kind} in {self!r} is too long to be brought from "
                f"{entry.sample_rate} to {rate} Hz; cut it, and import it again."
            )
        pcm: npt.NDArray[np.int16] = file.read(kind, place)
        if mixed and pcm.shape[0] > 1:
            total = pcm.sum(axis=0, keepdims=True, dtype=np.int64)
            pcm = np.rint(total / pcm.shape[0]).astype(np.int16)
        pcm = resample(pcm, entry.sample_rate, rate)
        pcm.setflags(write=False)
        return pcm

    def texture(self, index: int) -> npt.NDArray[np.uint8]:
        """A frost texture, (h, w, 3) of any size, read-only; UsageError where there is none."""
        return self._picture("texture", index)

    def silhouette(self, index: int) -> npt.NDArray[np.uint8]:
        """A person, (h, w, 4) of any size: RGB and alpha, read-only; UsageError as above."""
        return self._picture("silhouette", index)

    def _picture(self, group: str, index: int) -> npt.NDArray[np.uint8]:
        file, place, _ = self._item(group, index)
        return self._cache.get((group, index), lambda: file.read(group, place))

    def _item(self, group: str, index: int) -> tuple[BankFile, int, Entry]:
        count = self.count(group)
        if not count:
            raise UsageError(
                f"{self!r} holds no {group}; add some and import it again, "
                f"or import with --fill to take what is missing from the built-in bank."
            )
        if not 0 <= index < count:
            raise UsageError(
                f"{self!r} holds no number {index} of {group}; give one from 0 to {count - 1}."
            )
        return self._index[group][index]


@lru_cache(maxsize=8)
def _opened(path: Path, version: tuple[int, int] | None) -> Bank:
    """One `Bank` a file, so that whoever names it again finds what is in memory already."""
    bank = Bank(path)
    _ = bank.digest  # an unreadable file is known at once
    return bank


def _reopen(paths: tuple[str, ...], digest: str) -> Bank:
    bank = Bank.open(paths[0]) if len(paths) == 1 else Bank.builtin()
    if bank.digest != digest:
        raise UsageError(
            f"{bank!r} has other contents here than where it was sent from; bring the same here."
        )
    return bank


class _Cache:
    """The arrays used last, up to a number of bytes; for any number of threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[tuple[Any, ...], npt.NDArray[Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[Any, ...], make: Callable[[], npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """The array of that key; made, outside the lock, where it is not kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made
                self._size += made.nbytes
            while self._size > self._limit:
                self._size -= self._kept.popitem(last=False)[1].nbytes
        return made
