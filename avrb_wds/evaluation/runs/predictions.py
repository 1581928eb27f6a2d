"""A model's scores on disk: one file a rank, a record a batch, readable up to where it was killed.

A file begins with MAGIC and the digest of the run's plan.  A record is four little-endian uint32
(its mark, the length of its head, the length of its body, the CRC-32 of both), the head as JSON,
and the body: the scores as float32, then the digest of every clip as the model was shown it.  What
follows the last whole record of a file was never written.
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

    start: position of the batch's first clip.  keys, targets (class numbers), scores (b, classes)
    float32 and digests of its clips, but for those skipped.
    """

    condition: Condition
    start: int
    keys: tuple[str, ...]
    targets: tuple[tuple[int, ...], ...]
    scores: npt.NDArray[np.float32]
    digests: tuple[ClipDigest, ...]
    skipped: tuple[SkippedClip, ...] = ()

    def to_bytes(self) -> bytes:
        """The record as it stands in a file."""
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
        """The record of this head and body, both whole; raises DataError where they are none."""
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
    """Class numbers of each clip."""
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
    """Appends records to one rank's file; what a kill left torn at its end is cut off first.

    Nobody else can until it is closed.  Raises UsageError where another process holds the file, or
    a rank of a run that is divided otherwise is at work, and DataError where it cannot be written.
    """

    def __init__(self, folder: Path, plan: bytes, rank: int, world_size: int) -> None:
        name = rank_file(rank, world_size)
        self._path = folder / FOLDER / name
        try:
            self._file = HeldFile(folder, f"{FOLDER}/{name}")
        except OSError as error:
            raise _unwritten(self._path, error) from error
        try:
            for path in prediction_files(folder):  # of others, who look for this one in turn
                if _world_size(path) != world_size and is_held(path):
                    raise in_use(folder)
            whole = _whole(self._path, plan)
            self._file.truncate(whole)
            if not whole:
                self._write(MAGIC + plan)
        except BaseException:
            self._file.close()
            raise

    def check(self) -> None:
        """Raise DataError where somebody has removed or replaced the folder of the run."""
        self._file.check()

    def append(self, record: Record) -> None:
        """Write a record; once this returns, killing the process does not lose it.

        Raises DataError where it cannot be written, or would be to a file that has been removed.
        """
        self.check()
        self._write(record.to_bytes())

    def _write(self, whole: bytes) -> None:
        try:
            self._file.append(whole)
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
    """What the file of a rank is called."""
    return f"rank-{rank:04d}-of-{world_size:04d}.bin"


def _world_size(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])


def prediction_files(folder: Path) -> list[Path]:
    """The files of all ranks that ever ran."""
    files = sorted((folder / FOLDER).glob("rank-*.bin"))
    return [path for path in files if is_rank_file(path.name)]


def is_rank_file(name: str) -> bool:
    """Whether the file of some rank is called so."""
    return re.fullmatch(r"rank-\d{4,9}-of-\d{4,9}\.bin", name) is not None


def read_records(path: Path, plan: bytes) -> Iterator[tuple[int, Record]]:
    """The whole records of a file and where each begins, in bytes.

    Raises DataError where the file belongs to another plan, and for a record that makes no sense.
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
    """The record that begins at a byte; raises DataError if there is none any more."""
    with _opened(path) as file:
        file.seek(offset)
        record = _next(file, path)
    if record is None:
        raise DataError(f"{path} has no whole record at byte {offset} any more.")
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
    """Where the first record is to begin; 0 where what comes before is not whole."""
    begin, wanted = file.read(len(MAGIC) + len(plan)), MAGIC + plan
    if len(begin) < len(wanted):
        return 0
    if begin != wanted:
        raise DataError(f"{path} does not belong to the run beside it.")
    return len(begin)


def _next(file: BinaryIO, path: Path) -> Record | None:
    """The record at the file's position; None if it is not whole."""
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


def _whole(path: Path, plan: bytes) -> int:
    """The length of the file up to the end of its last whole record."""
    with _opened(path) as file:
        end = _begin(file, path, plan)
        while end and _next(file, path) is not None:
            end = file.tell()
    return end
