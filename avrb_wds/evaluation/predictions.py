"""A model's scores on disk: one file a rank, a record a batch, readable up to where it was killed.

A file begins with MAGIC and the digest of the run's plan.  A record is four little-endian uint32
(its mark, the length of its head, the length of its body, the CRC-32 of both), the head as JSON,
and the body: the scores as float32, then the digest of every clip as the model was shown it.  What
follows the last whole record of a file was never written.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from ..condition import Condition
from ..errors import DataError, UsageError, cause
from ..loading import Skipped
from ..shards.canonical import parse_object, spell
from ..shown import ClipDigest
from ..whole import make_folder

__all__ = ["PredictionWriter", "Record", "prediction_files", "read_records", "record_at"]

FOLDER = "predictions"
MAGIC = b"avrb-predictions/2\n"
MARK = 0x52565641
DIGEST_BYTES = 32
_HEAD = struct.Struct("<4I")


@dataclass(frozen=True)
class Record:
    """One batch of one condition.

    start: position of the batch's first clip.  keys, targets (class numbers), scores (b, classes)
    float32 and digests of its clips, but for those skipped.
    """

    condition: Condition
    start: int
    keys: tuple[str, ...]
    targets: tuple[tuple[int, ...], ...]
    scores: npt.NDArray[np.float32]
    digests: tuple[ClipDigest, ...]
    skipped: tuple[Skipped, ...] = ()

    def to_bytes(self) -> bytes:
        """The record as it stands in a file."""
        head = {
            "condition": str(self.condition),
            "start": self.start,
            "keys": self.keys,
            "targets": self.targets,
            "skipped": self.skipped,
        }
        coded = spell(head)
        body = self.scores.astype("<f4", copy=False).tobytes() + b"".join(self.digests)
        check = zlib.crc32(body, zlib.crc32(coded))
        return _HEAD.pack(MARK, len(coded), len(body), check) + coded + body

    @classmethod
    def of(cls, head: bytes, body: bytes) -> Record:
        """The record of this head and body, both whole."""
        value = parse_object(head, "a record")
        keys = tuple(value["keys"])
        end = len(body) - DIGEST_BYTES * len(keys)
        numbers = np.frombuffer(body[:end], "<f4").astype(np.float32, copy=False)
        return cls(
            Condition.parse(value["condition"]),
            value["start"],
            keys,
            tuple(tuple(target) for target in value["targets"]),
            numbers.reshape(len(keys), -1) if keys else numbers.reshape(0, 0),
            tuple(body[at : at + DIGEST_BYTES] for at in range(end, len(body), DIGEST_BYTES)),
            tuple(Skipped(*clip) for clip in value["skipped"]),
        )


class PredictionWriter:
    """Appends records to one rank's file; what a kill left torn at its end is cut off first.

    Raises UsageError where another process is writing to it, DataError where it cannot be written.
    """

    def __init__(self, folder: Path, plan: bytes, rank: int, world_size: int) -> None:
        path = folder / FOLDER / f"rank-{rank:04d}-of-{world_size:04d}.bin"
        make_folder(path.parent)
        self._path = path
        try:
            self._file = FileIO(path, "ab")
        except OSError as error:
            raise _unwritten(path, error) from error
        try:
            _lock(self._file, path)
            whole = _whole(path, plan)
            if whole < path.stat().st_size:
                os.truncate(path, whole)
            if not whole:
                self._write(MAGIC + plan)
        except BaseException:
            self._file.close()
            raise

    def append(self, record: Record) -> None:
        """Write a record; once this returns, killing the process does not lose it."""
        self._write(record.to_bytes())

    def _write(self, whole: bytes) -> None:
        data = memoryview(whole)
        try:
            while data:
                data = data[self._file.write(data) or 0 :]
        except OSError as error:
            raise _unwritten(self._path, error) from error

    def __enter__(self) -> PredictionWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


def _unwritten(path: Path, error: OSError) -> DataError:
    return DataError(
        f"{path} cannot be written: {cause(error)}; make room and repeat the run, which goes on "
        f"where it was."
    )


def _lock(file: FileIO, path: Path) -> None:
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UsageError(
            f"{path} is being written by another process; let it end, or give another folder."
        ) from None


def prediction_files(folder: Path) -> list[Path]:
    """The files of all ranks that ever ran."""
    return sorted((folder / FOLDER).glob("rank-*.bin"))


def read_records(path: Path, plan: bytes) -> Iterator[tuple[int, Record]]:
    """The whole records of a file and where each begins, in bytes.

    Raises DataError where the file belongs to another plan.
    """
    with path.open("rb") as file:
        begin = file.read(len(MAGIC) + len(plan))
        if len(begin) < len(MAGIC) + len(plan):
            return
        if begin != MAGIC + plan:
            raise DataError(f"{path} does not belong to the run beside it.")
        while True:
            offset = file.tell()
            record = _next(file)
            if record is None:
                return
            yield offset, record


def record_at(path: Path, offset: int) -> Record:
    """The record that begins at a byte; raises DataError if there is none any more."""
    with path.open("rb") as file:
        file.seek(offset)
        record = _next(file)
    if record is None:
        raise DataError(f"{path} has no whole record at byte {offset} any more.")
    return record


def _next(file: BinaryIO) -> Record | None:
    """The record at the file's position; None if it is not whole."""
    lengths = file.read(_HEAD.size)
    if len(lengths) < _HEAD.size:
        return None
    mark, head_length, body_length, check = _HEAD.unpack(lengths)
    if mark != MARK:
        return None
    head, body = file.read(head_length), file.read(body_length)
    if len(body) < body_length or zlib.crc32(body, zlib.crc32(head)) != check:
        return None
    return Record.of(head, body)


def _whole(path: Path, plan: bytes) -> int:
    """The length of the file up to the end of its last whole record."""
    end = len(MAGIC) + len(plan) if path.stat().st_size >= len(MAGIC) + len(plan) else 0
    for offset, record in read_records(path, plan):
        end = offset + len(record.to_bytes())
    return end
