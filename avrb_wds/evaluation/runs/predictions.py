"""A model's scores on disk: one file per rank, one record per batch, readable after a kill.

A file begins with MAGIC and the digest of the run's plan. A record is four little-endian uint32
(its mark, the length of its head, the length of its body, the CRC-32 of both), the head as JSON,
and the body: the scores as float32, then the digest of every clip as the model got it. Readers
ignore what follows the last complete record.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from ...condition import Condition
from ...errors import DataError, reason
from ...loading import SkippedClip
from ...locks import HeldFile, in_use, is_held
from ...receipts.digests import ClipDigest
from ...shards.json_io import Fields, dumps, loads

FOLDER = "predictions"
MAGIC = b"avrb-predictions/2\n"
MARK = 0x52565641
DIGEST_BYTES = 32
_HEAD = struct.Struct("<4I")


@dataclass(frozen=True)
class Record:
    """One batch of one condition.

    Attributes:
        condition: The condition.
        start: Position of the batch's first clip in the dataset.
        keys: Keys of the scored clips.
        targets: Class indices of each scored clip.
        scores: float32 (b, classes).
        digests: Digest of each scored clip.
        skipped: Clips of the batch that were skipped.
    """

    condition: Condition
    start: int
    keys: tuple[str, ...]
    targets: tuple[tuple[int, ...], ...]
    scores: npt.NDArray[np.float32]
    digests: tuple[ClipDigest, ...]
    skipped: tuple[SkippedClip, ...] = ()

    def to_bytes(self) -> bytes:
        """Return the bytes of the record in a file."""
        head = {
            "condition": str(self.condition),
            "start": self.start,
            "keys": self.keys,
            "targets": self.targets,
            "skipped": self.skipped,
        }
        coded = dumps(head)
        body = self.scores.astype("<f4", copy=False).tobytes() + b"".join(self.digests)
        check = zlib.crc32(body, zlib.crc32(coded))
        return _HEAD.pack(MARK, len(coded), len(body), check) + coded + body

    @classmethod
    def of(cls, head: bytes, body: bytes, where: str) -> Record:
        """Read a record from a complete head and body; raise DataError if they are invalid."""
        given = Fields.of(loads(head, where), where, _HEAD_NAMES)
        keys = given.texts("keys")
        end = len(body) - DIGEST_BYTES * len(keys)
        width = end // (4 * len(keys)) if keys else 0
        if end != 4 * len(keys) * width:
            raise DataError(f"{where} holds {len(body)} bytes for {len(keys)} clips.")
        numbers = np.frombuffer(body[:end], "<f4").astype(np.float32, copy=False)
        if not np.isfinite(numbers).all():
            raise DataError(f"{where} holds a score that is NaN or infinite.")
        return cls(
            given.condition("condition"),
            given.non_negative_int("start"),
            keys,
            _targets(given, len(keys) if width else 0, width),
            numbers.reshape(len(keys), width),
            tuple(body[at : at + DIGEST_BYTES] for at in range(end, len(body), DIGEST_BYTES)),
            _skipped(given),
        )


_HEAD_NAMES = ("condition", "start", "keys", "targets", "skipped")


def _targets(given: Fields, clips: int, classes: int) -> tuple[tuple[int, ...], ...]:
    """Return the class indices of each clip."""
    value = given.values["targets"]
    if not isinstance(value, list) or len(value) != clips:
        raise DataError(f"{given.where}: 'targets' are not those of {clips} clips.")
    for numbers in value:
        whole = isinstance(numbers, list) and all(type(number) is int for number in numbers)
        if not whole or not all(0 <= number < classes for number in numbers):
            raise DataError(f"{given.where}: {numbers!r} are not numbers of {classes} classes.")
    return tuple(tuple(numbers) for numbers in value)


def _skipped(given: Fields) -> tuple[SkippedClip, ...]:
    value = given.values["skipped"]
    if not isinstance(value, list):
        raise DataError(f"{given.where}: 'skipped' is not a list.")
    clips = [Fields({"clip": clip}, f"{given.where}: skipped").texts("clip") for clip in value]
    if not all(len(clip) == len(SkippedClip._fields) for clip in clips):
        raise DataError(f"{given.where}: 'skipped' holds what is not a key, a shard and a cause.")
    return tuple(SkippedClip(*clip) for clip in clips)


class PredictionWriter:
    """Appends records to one rank's file, after it removes an incomplete record at the end.

    No other process can write the file until it is closed. Raises UsageError if another process
    has the file open, or if the folder is in use with another number of ranks. Raises DataError if
    the file cannot be written.
    """

    def __init__(self, folder: Path, plan: bytes, rank: int, world_size: int) -> None:
        name = rank_file(rank, world_size)
        self._path = folder / FOLDER / name
        try:
            self._file = HeldFile(folder, f"{FOLDER}/{name}")
        except OSError as error:
            raise _unwritten(self._path, error) from error
        try:
            for path in prediction_files(folder):  # of other ranks, which look for this one too
                if _world_size(path) != world_size and is_held(path):
                    raise in_use(folder)
            size = _complete_size(self._path, plan)
            self._file.truncate(size)
            if not size:
                self._write(MAGIC + plan)
        except BaseException:
            self._file.close()
            raise

    def check(self) -> None:
        """Raise DataError if another process removed or replaced the folder of the run."""
        self._file.check()

    def append(self, record: Record) -> None:
        """Write a record, which a kill of the process does not lose afterward.

        Raises DataError if it cannot be written, or if the file has been removed.
        """
        self.check()
        self._write(record.to_bytes())

    def _write(self, data: bytes) -> None:
        try:
            self._file.append(data)
        except OSError as error:
            raise _unwritten(self._path, error) from error

    def __enter__(self) -> PredictionWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _unwritten(path: Path, error: OSError) -> DataError:
    return DataError(
        f"{path} cannot be written: {reason(error)}; make room and repeat the run, which goes on "
        f"where it was."
    )


def rank_file(rank: int, world_size: int) -> str:
    """Return the name of the file of a rank."""
    return f"rank-{rank:04d}-of-{world_size:04d}.bin"


def _world_size(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])


def prediction_files(folder: Path) -> list[Path]:
    """Return the files of all ranks that ever ran."""
    files = sorted((folder / FOLDER).glob("rank-*.bin"))
    return [path for path in files if is_rank_file(path.name)]


def is_rank_file(name: str) -> bool:
    """Return whether `name` is the name of a rank's file."""
    return re.fullmatch(r"rank-\d{4,9}-of-\d{4,9}\.bin", name) is not None


def read_records(path: Path, plan: bytes) -> Iterator[tuple[int, Record]]:
    """Yield the byte offset and the record of each complete record of a file.

    Raises DataError if the file belongs to another plan or a record is invalid.
    """
    with _opened(path) as file:
        offset = _begin(file, path, plan)
        while offset:
            record = _next(file, path)
            if record is None:
                return
            yield offset, record
            offset = file.tell()


def record_at(path: Path, offset: int) -> Record:
    """Read the record at a byte offset; raise DataError if it no longer exists."""
    with _opened(path) as file:
        file.seek(offset)
        record = _next(file, path)
    if record is None:
        raise DataError(f"{path} no longer has a complete record at byte {offset}.")
    return record


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise DataError(
            f"{path} cannot be opened: {reason(error)}; evaluate again in another folder."
        ) from error
    with file:
        yield file


def _begin(file: BinaryIO, path: Path, plan: bytes) -> int:
    """Return the offset of the first record; 0 if the header is incomplete."""
    header, expected = file.read(len(MAGIC) + len(plan)), MAGIC + plan
    if len(header) < len(expected):
        return 0
    if header != expected:
        raise DataError(f"{path} does not belong to the run beside it.")
    return len(header)


def _next(file: BinaryIO, path: Path) -> Record | None:
    """Read the record at the file's position; return None if it is incomplete."""
    offset, lengths = file.tell(), file.read(_HEAD.size)
    if len(lengths) < _HEAD.size:
        return None
    mark, head_length, body_length, check = _HEAD.unpack(lengths)
    left = os.fstat(file.fileno()).st_size - file.tell()
    if mark != MARK or head_length + body_length > left:
        return None
    head, body = file.read(head_length), file.read(body_length)
    if len(body) < body_length or zlib.crc32(body, zlib.crc32(head)) != check:
        return None
    return Record.of(head, body, f"{path}: the record at byte {offset}")


def _complete_size(path: Path, plan: bytes) -> int:
    """Return the size of the file up to the end of its last complete record."""
    with _opened(path) as file:
        end = _begin(file, path, plan)
        while end and _next(file, path) is not None:
            end = file.tell()
    return end
