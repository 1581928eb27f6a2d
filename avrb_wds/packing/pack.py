"""`pack`: from a source to shards, indexes and a manifest, the same bytes every time."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError, UsageError
from ..shards.manifest import MANIFEST, Manifest
from ..storage import is_remote
from .convert import Failure, convert_all
from .job import Job
from .journal import Journal, Step
from .layout import Layout
from .options import PackOptions
from .sources import SourceOptions
from .writer import ShardWriter, write_whole

__all__ = ["ClipsMissing", "Packed", "pack"]

Progress = Callable[[int, int], None]


class ClipsMissing(DataError):
    """More clips failed than may be missing; `failures` names them all."""

    def __init__(self, message: str, failures: tuple[Failure, ...]) -> None:
        super().__init__(message)
        self.failures = failures


@dataclass(frozen=True)
class Packed:
    """What `pack` did.  left_out: videos that the CSV of labels does not name."""

    manifest: Manifest
    failures: tuple[Failure, ...]
    left_out: int


def pack(
    source: str | Path,
    out: str | Path,
    options: PackOptions | None = None,
    source_options: SourceOptions | None = None,
    *,
    name: str | None = None,
    workers: int | None = None,
    resume: bool = False,
    allow_missing: int = 0,
    progress: Progress | None = None,
) -> Packed:
    """Pack a source into WebDataset shards with indexes and a manifest.

    source: a folder of videos, a JSON of AVROBUSTBENCH, or a clip list of Tian & Xu.  out: a new
    or empty folder.  name: of the data set, and how its shards' names start; the source's by
    default.  workers: threads, one a core by default; the bytes written do not depend on it.
    resume: go on where an earlier call with the same arguments stopped, however it did.
    progress: called with (clips dealt with, clips).

    Clips that cannot be packed are left out and named.  Where they are more than `allow_missing`,
    all others are packed still, but no manifest is written and ClipsMissing is raised: the folder
    does not pass for a data set until `resume` with a higher `allow_missing` completes it.
    Raises UsageError for a folder that is not empty and for wrong options, DataError for a source
    that is empty or has an id twice, and where `out` cannot be written.
    """
    if workers is not None and workers < 1:
        raise UsageError(f"workers {workers} is not a number above 0.")
    if is_remote(str(out)):
        raise UsageError(f"out {str(out)!r} is no folder; pack into one and then `publish` it.")
    job = Job.of(Path(source), source_options or SourceOptions(), options or PackOptions(), name)
    try:
        journal = Journal.start(Path(out), job.describe(), resume)
        _write_shards(journal, job, workers or os.cpu_count() or 1, progress)
        return _conclude(journal, job, allow_missing)
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error.strerror}.") from error


def _write_shards(journal: Journal, job: Job, workers: int, progress: Progress | None) -> None:
    """Pack what the journal has not done yet; a shard is in the journal once it is whole."""
    writer: ShardWriter | None = None
    layout: Layout | None = None
    failures: list[Failure] = []
    total, rest = len(job.source.clips), job.source.clips[journal.done :]
    converted = convert_all(rest, job.options, job.labelling, workers)
    try:
        for done, clip in enumerate(converted, journal.done + 1):
            if isinstance(clip, Failure):
                failures.append(clip)
            else:
                writer = writer or ShardWriter(journal.path.parent, job.name, len(journal.shards))
                writer.add(clip.key, clip.members)
                layout = layout | clip.layout if layout else clip.layout
            if done == total or (writer and len(writer) == job.options.clips_per_shard):
                entry = writer.finish() if writer else None
                journal.add(Step(done, tuple(failures), entry, layout))
                writer, layout, failures = None, None, []
            if progress:
                progress(done, total)
    finally:
        converted.close()
        if writer:
            writer.discard()


def _conclude(journal: Journal, job: Job, allow_missing: int) -> Packed:
    """Write the manifest, or raise ClipsMissing."""
    failures, total = journal.failures, len(job.source.clips)
    if not journal.shards:
        journal.discard()
        raise ClipsMissing(f"none of the {total} clips could be packed.", failures)
    if len(failures) > allow_missing:
        raise ClipsMissing(
            f"{len(failures)} of {total} clips could not be packed and {allow_missing} may be "
            f"missing, so {MANIFEST} is not written; to do without them, run the same again with "
            f"--resume --allow-missing {len(failures)}.",
            failures,
        )
    layouts = [step.layout for step in journal.steps if step.layout]
    manifest = job.manifest(journal.shards, layouts)
    write_whole(journal.path.parent / MANIFEST, manifest.to_bytes())
    return Packed(manifest, failures, job.source.left_out)
