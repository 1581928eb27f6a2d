"""`pack`: from a source to shards, indexes and a manifest, the same bytes every time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..building.build import build_dataset
from ..building.journal import ClipFailure
from ..concurrency import default_workers
from ..errors import UsageError, check_int
from ..folders import NOTHING, PassedOver
from ..progress import Progress
from ..shards.manifest import Manifest
from ..storage import is_remote
from .options import PackOptions
from .pack_job import PackJob
from .sources.open import SourceOptions


@dataclass(frozen=True)
class PackResult:
    """What `pack` did.

    left_out: videos that the CSV of labels does not name.  passed_over: what else lies in the
    folder.
    """

    manifest: Manifest
    failures: tuple[ClipFailure, ...]
    left_out: int
    passed_over: PassedOver = NOTHING


def pack(
    source: str | Path,
    out: str | Path,
    options: PackOptions | None = None,
    source_options: SourceOptions | None = None,
    *,
    name: str | None = None,
    num_workers: int | None = None,
    resume: bool = False,
    max_errors: int = 0,
    progress: Progress | None = None,
) -> PackResult:
    """Pack a source into WebDataset shards with indexes and a manifest.

    source: a folder of videos, a JSON of AVROBUSTBENCH, or a clip list of Tian & Xu.  out: a new
    or empty folder.  name: of the data set, and how its shards' names start; the source's by
    default.  num_workers: one a core by default; the bytes written do not depend on it.
    resume: go on where an earlier call with the same arguments stopped, however it did.
    progress: called with (clips dealt with, clips).

    Clips that cannot be packed are left out and named.  Where they are more than `max_errors`,
    all others are packed still, but no manifest is written and MissingClipsError is raised: the
    folder does not pass for a data set until `resume` with a higher `max_errors` completes it.
    Raises UsageError for a folder that is not empty and for wrong options, DataError for a source
    that is empty or has an id twice, and where `out` cannot be written.
    """
    num_workers = (
        default_workers() if num_workers is None else check_int("num_workers", num_workers, 1)
    )
    max_errors = check_int("max_errors", max_errors, 0)
    if is_remote(str(out)):
        raise UsageError(f"out {str(out)!r} is not a folder; pack into one and then `publish` it.")
    job = PackJob.of(
        Path(source), source_options or SourceOptions(), options or PackOptions(), name
    )
    journal = build_dataset(
        job,
        Path(out),
        num_workers=num_workers,
        resume=resume,
        max_errors=max_errors,
        progress=progress,
    )
    return PackResult(
        job.manifest(journal), journal.failures, job.source.left_out, job.source.passed_over
    )
