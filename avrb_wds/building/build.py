"""A dataset made step by step: clips converted, written, journalled, resumed and concluded."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Protocol

from ..atomic import write_atomic
from ..concurrency import ordered_map
from ..errors import DataError, reason
from ..progress import Progress
from ..shards.manifest import MANIFEST, ShardEntry
from .clip_shape import ClipShape, PackedClip
from .journal import ClipFailure, Journal, JournalEntry


class MissingClipsError(DataError):
    """More clips failed than `max_errors` allows.

    Attributes:
        failures: The clips that failed.
    """

    def __init__(self, message: str, failures: tuple[ClipFailure, ...]) -> None:
        super().__init__(message)
        self.failures = failures


class Writer(Protocol):
    """Where the clips of one step go."""

    def __len__(self) -> int:
        """Clips written."""

    def add(self, key: str, members: Iterable[tuple[str, bytes]]) -> None:
        """Write a clip of members (extension, bytes)."""

    def finish(self) -> ShardEntry | None:
        """Bring everything to the disk; the shard it makes, if it makes one."""

    def discard(self) -> None:
        """Remove what is written so far, unless finished."""


class BuildJob(Protocol):
    """What is to be made: all that decides which bytes come out."""

    @property
    def clips(self) -> int:
        """Source clips."""

    @property
    def clips_per_step(self) -> int:
        """Clips written between two lines of the journal: those of a shard."""

    def describe(self) -> Mapping[str, str | int]:
        """The work in words that another run is compared by."""

    def convert(
        self, start: int, num_workers: int
    ) -> Generator[PackedClip | ClipFailure, None, None]:
        """The source clips from number `start` on, in order, `num_workers` at a time."""

    def failed(self, failure: ClipFailure, count: int) -> None:
        """Told of each failure, the `count`-th; may raise DataError to stop."""

    def writer(self, folder: Path, number: int) -> Writer:
        """Where the clips of shard `number` go."""

    def check(self, folder: Path, step: JournalEntry, *, read: bool) -> None:
        """Raise DataError unless what a step wrote is in `folder`; read: byte by byte."""

    def files(self, journal: Journal) -> Iterator[tuple[str, bytes]]:
        """(name, bytes) of what lies beside the clips; what makes the dataset whole is last."""


def build_dataset(
    work: BuildJob,
    folder: Path,
    *,
    num_workers: int,
    resume: bool = False,
    max_errors: int = 0,
    progress: Progress | None = None,
) -> Journal:
    """Make the dataset in a new or empty folder; the journal of how it was made.

    resume: go on where an earlier call for the same work stopped, however it did; what that has
    written is read once more, and has to be as it was.  progress: called with (clips dealt with,
    clips).  A call that stops before anything is finished leaves nothing behind.  Raises
    MissingClipsError where more than `max_errors` clips failed, UsageError for a folder that holds
    something else or in which another run is at work, DataError where it cannot be written, and
    where it is removed or replaced meanwhile.
    """
    try:
        journal = Journal.start(folder, work.describe(), work.clips, resume)
        try:
            check_steps(journal, work, read=True)
            _write(journal, work, num_workers, progress)
            _check_failures(journal, work, max_errors)
            _conclude(journal, work)
        except BaseException:
            if not journal.shapes:
                with suppress(OSError):  # it is gone
                    journal.discard()
            raise
        finally:
            journal.close()
    except OSError as error:
        raise DataError(f"{folder} cannot be written: {reason(error)}.") from error
    return journal


def check_steps(journal: Journal, work: BuildJob, *, read: bool = False) -> None:
    """Raise DataError unless all that the journal names is there; read: byte by byte."""
    check = partial(work.check, journal.folder, read=read)
    for _ in ordered_map(check, journal.steps):
        pass


def _conclude(journal: Journal, work: BuildJob) -> None:
    """Write what lies beside the clips, and see that all is there."""
    check_steps(journal, work)
    for name, data in work.files(journal):
        journal.check()
        write_atomic(journal.folder / name, data)
    journal.check()


def _write(journal: Journal, work: BuildJob, num_workers: int, progress: Progress | None) -> None:
    """Make what the journal has not done yet; a shard is in the journal once it is whole."""
    writer: Writer | None = None
    shape: ClipShape | None = None
    failures: list[ClipFailure] = []
    notes: list[str] = []
    converted = work.convert(journal.done, num_workers)
    try:
        for done, clip in enumerate(converted, journal.done + 1):
            if isinstance(clip, ClipFailure):
                failures.append(clip)
                work.failed(clip, len(journal.failures) + len(failures))
            else:
                journal.check()
                writer = writer or work.writer(journal.folder, len(journal.shards))
                writer.add(clip.key, clip.members)
                shape = shape | clip.shape if shape else clip.shape
                notes += [clip.note] if clip.note else []
            if done == work.clips or (writer and len(writer) == work.clips_per_step):
                journal.check()
                entry = writer.finish() if writer else None
                journal.add(JournalEntry(done, tuple(failures), entry, shape, tuple(notes)))
                writer, shape, failures, notes = None, None, [], []
            if progress:
                progress(done, work.clips)
    finally:
        converted.close()
        if writer:
            writer.discard()


def _check_failures(journal: Journal, work: BuildJob, max_errors: int) -> None:
    failures = journal.failures
    if not journal.shapes:
        raise MissingClipsError(f"none of the {work.clips} clips could be packed.", failures)
    if len(failures) > max_errors:
        raise MissingClipsError(
            f"{len(failures)} of {work.clips} clips could not be packed and {max_errors} may be "
            f"missing, so {MANIFEST} is not written; to do without them, run the same again with "
            f"--resume --max-errors {len(failures)}.",
            failures,
        )
