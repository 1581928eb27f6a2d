"""The journal beside shards in the making: what is packed and how, and which shards are done.

Its first line describes the job; each further line is one finished shard, or the clips that failed
after the last.  A line that a kill cut short does not count.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import DataError, UsageError, cause
from ..shards.canonical import parse_object, spell
from ..shards.manifest import ShardEntry
from ..shards.sources import JOURNAL
from ..whole import PARTS, write_whole
from .convert import Failure
from .layout import Layout

__all__ = ["Journal", "Step", "check_new"]


@dataclass(frozen=True)
class Step:
    """Source clips up to `done` are dealt with: packed into `shard`, or failed.

    layout: of those packed, None where all failed.  notes: what the work wants to remember of them.
    """

    done: int
    failures: tuple[Failure, ...]
    shard: ShardEntry | None
    layout: Layout | None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Step:
        """The step that a line of the journal holds."""
        return cls(
            value["done"],
            tuple(Failure(**failure) for failure in value["failures"]),
            ShardEntry(**value["shard"]) if value["shard"] else None,
            Layout(**value["layout"]) if value["layout"] else None,
            tuple(value.get("notes", ())),
        )


def check_new(folder: Path) -> None:
    """Raise UsageError unless `folder` is empty or not there."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; give a new folder.")
    held = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if JOURNAL in held:
        raise UsageError(f"{folder} holds shards; go on with --resume, or give a new folder.")
    if held:
        raise UsageError(f"{folder} is not empty and has no earlier pack in it; give a new folder.")


@dataclass
class Journal:
    """Steps taken, in memory and on disk."""

    path: Path
    steps: list[Step] = field(default_factory=list)

    @classmethod
    def start(cls, folder: Path, job: Mapping[str, Any], resume: bool) -> Journal:
        """The journal of `job` in `folder`, which is made where it lacks.

        resume: go on where a journal of the same job ends.  Raises UsageError for a folder that
        holds something else, and for a journal of another job, naming what differs.
        """
        journal = cls(folder / JOURNAL)
        if resume and journal.path.is_file():
            journal._go_on(job)
            return journal
        check_new(folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(journal.path, spell(job) + b"\n")
        return journal

    def _go_on(self, job: Mapping[str, Any]) -> None:
        lines = self.path.read_bytes().split(b"\n")[:-1]
        try:
            first = parse_object(lines[0], "line 1") if lines else {}
            self.steps = [
                Step.of(parse_object(line, f"line {number}"))
                for number, line in enumerate(lines[1:], 2)
            ]
        except (ValueError, TypeError, KeyError) as error:
            raise DataError(
                f"{self.path} is damaged: {cause(error)}; give a new folder."
            ) from error
        differing = [name for name in job if first.get(name) != job[name]]
        if differing:
            name = differing[0]
            raise UsageError(
                f"{self.path.parent} was begun with {name} {first.get(name)!r}, not {job[name]!r}; "
                f"give the same source and options, or a new folder."
            )
        for step in self.steps:
            self._check(step.shard)
        for part in self.path.parent.glob(PARTS):
            part.unlink()
        write_whole(self.path, b"".join(line + b"\n" for line in lines))

    def _check(self, shard: ShardEntry | None) -> None:
        path = self.path.parent / shard.file if shard else None
        if shard and path and not (path.is_file() and path.stat().st_size == shard.bytes):
            raise DataError(f"{path} is gone or changed since it was packed; give a new folder.")

    def add(self, step: Step) -> None:
        """Take a step: from now on it is not repeated."""
        with open(self.path, "ab") as file:
            file.write(spell(asdict(step)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.steps.append(step)

    @property
    def done(self) -> int:
        """Source clips dealt with."""
        return self.steps[-1].done if self.steps else 0

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Clips that failed."""
        return tuple(failure for step in self.steps for failure in step.failures)

    @property
    def shards(self) -> tuple[ShardEntry, ...]:
        """Finished shards."""
        return tuple(step.shard for step in self.steps if step.shard)

    @property
    def layouts(self) -> tuple[Layout, ...]:
        """Of all steps in which a clip was packed."""
        return tuple(step.layout for step in self.steps if step.layout)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the work wanted to remember, clip by clip."""
        return tuple(note for step in self.steps for note in step.notes)

    def discard(self) -> None:
        """Remove the journal, and its folder where that leaves it empty."""
        self.path.unlink()
        if not any(self.path.parent.iterdir()):
            self.path.parent.rmdir()
