"""The journal beside shards in the making: what is packed and how, and which shards are done.

Its first line describes the job; each further line is one finished shard, or the clips that failed
after the last.  See `Log` for how lines are kept, and one run from another's folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..atomic import TEMP_PATTERN
from ..errors import UsageError
from ..shards.json_io import from_json
from ..shards.locate import JOURNAL
from ..shards.manifest import ShardEntry
from .clip_shape import ClipShape
from .log import Log

FORMAT = "avrb-journal/1"


@dataclass(frozen=True)
class ClipFailure:
    """A clip that could not be converted.

    Attributes:
        video_id: Its id in the source.
        source: Its file.
        cause: What is wrong, in a sentence.
    """

    video_id: str
    source: str
    cause: str

    def __str__(self) -> str:
        return f"{self.video_id} ({self.source}): {self.cause}"


@dataclass(frozen=True)
class JournalEntry:
    """Source clips up to `done` are dealt with: packed into `shard`, or failed.

    layout: of those packed, None where all failed.  notes: what the work wants to remember of them.
    """

    done: int
    failures: tuple[ClipFailure, ...]
    shard: ShardEntry | None
    layout: ClipShape | None
    notes: tuple[str, ...] = ()


def check_empty(folder: Path) -> None:
    """Raise UsageError unless `folder` is empty or not there, but for a journal without a line."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; give a new folder.")
    held = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if JOURNAL in held and b"\n" in (folder / JOURNAL).read_bytes():
        raise UsageError(f"{folder} holds shards; go on with --resume, or give a new folder.")
    if held - {JOURNAL}:
        raise UsageError(f"{folder} is not empty and has no earlier pack in it; give a new folder.")


class Journal:
    """Steps taken, in memory and on disk, of a folder that this process holds until `close`."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.steps: list[JournalEntry] = []

    @classmethod
    def start(cls, folder: Path, job: Mapping[str, Any], clips: int, resume: bool) -> Journal:
        """The journal of `job` in `folder`, which is made where it lacks.

        clips: there are in the source.  resume: go on where a journal of the same job ends.  Raises
        UsageError for a folder that holds something else or that another run is at work in, and for
        a journal of another job, naming what differs; DataError for a journal that was changed.
        """
        if not (folder / JOURNAL).is_file():
            check_empty(folder)
        journal = cls(Log(folder, JOURNAL))
        try:
            if resume and journal._log.values:
                journal._go_on(job, clips)
            else:
                check_empty(folder)
                journal._log.add({"format": FORMAT, "job": dict(job)})
        except BaseException:
            if journal._log.made:
                journal._log.remove()
            journal.close()
            raise
        return journal

    def _go_on(self, job: Mapping[str, Any], clips: int) -> None:
        first, *others = self._log.values
        before = first.get("job")
        if first.get("format") != FORMAT or not isinstance(before, dict):
            raise self._log.changed(1, f"it is no journal of format {FORMAT!r}")
        differing = [name for name in job if before.get(name) != job[name]]
        if differing:
            name = differing[0]
            raise UsageError(
                f"{self.folder} was begun with {name} {before.get(name)!r}, not {job[name]!r}; "
                f"give the same source and options, or a new folder."
            )
        for number, value in enumerate(others, 2):
            step = from_json(JournalEntry, value, f"{self._log.path}: line {number}")
            if not self.done < step.done <= clips:
                raise self._log.changed(number, f"clip {step.done} does not follow {self.done}")
            self.steps.append(step)
        for part in self.folder.glob(TEMP_PATTERN):
            part.unlink()

    @property
    def folder(self) -> Path:
        """Where the journal is."""
        return self._log.folder

    def check(self) -> None:
        """Raise DataError where somebody has removed or replaced the folder or the journal."""
        self._log.check()

    def add(self, step: JournalEntry) -> None:
        """Take a step: from now on it is not repeated."""
        self._log.add(asdict(step))
        self.steps.append(step)

    @property
    def done(self) -> int:
        """Source clips dealt with."""
        return self.steps[-1].done if self.steps else 0

    @property
    def failures(self) -> tuple[ClipFailure, ...]:
        """Clips that failed."""
        return tuple(failure for step in self.steps for failure in step.failures)

    @property
    def shards(self) -> tuple[ShardEntry, ...]:
        """Finished shards."""
        return tuple(step.shard for step in self.steps if step.shard)

    @property
    def shapes(self) -> tuple[ClipShape, ...]:
        """Of all steps in which a clip was packed."""
        return tuple(step.layout for step in self.steps if step.layout)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the work wanted to remember, clip by clip."""
        return tuple(note for step in self.steps for note in step.notes)

    def discard(self) -> None:
        """Remove the journal, and its folder if that was made for it, unless more is in it."""
        if {path.name for path in self.folder.iterdir()} == {JOURNAL}:
            self._log.remove()

    def close(self) -> None:
        """Let others have the folder."""
        self._log.close()
