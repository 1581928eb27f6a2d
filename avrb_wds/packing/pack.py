"""`pack`: from a source to shards, indexes and a manifest, the same bytes every time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..building.build import build_dataset
from ..building.journal import ClipFailure
from ..concurrency import default_workers
from ..error_budget import ErrorBudget, MaxErrors
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

    Attributes:
        manifest: Manifest of the dataset.
        failures: Clips that could not be packed.
        left_out: Number of videos that the CSV of labels does not name.
        passed_over: Other files in the folder.
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
    max_errors: MaxErrors = 0,
    progress: Progress | None = None,
) -> PackResult:
    """Pack a source into WebDataset shards, with indexes and a manifest.

    Clips that cannot be packed are left out and reported.

    Args:
        source: A folder of videos, a JSON of AVROBUSTBENCH, or a clip list of Tian & Xu.
        out: A new or empty folder.
        options: How clips are converted.
        source_options: How the source is read.
        name: Name of the dataset and prefix of its shards; None for the source's name.
        num_workers: Number of worker processes, which does not change the bytes written; None for
            one per core.
        resume: Continue an earlier call with the same arguments.
        max_errors: Number or fraction of clips that may fail.
        progress: Called with (clips done, clips).

    Returns:
        The manifest, the clips that failed, and what was left out.

    Raises:
        MissingClipsError: More than `max_errors` clips failed. The others are packed, but there is
            no manifest until `resume` with a higher `max_errors` completes the dataset.
        UsageError: `out` is not empty, or an option is not allowed.
        DataError: The source is empty or repeats an id, or `out` cannot be written.

    Example:
        >>> pack("videos/", "shards/", PackOptions(frames=16))  # doctest: +SKIP
    """
    num_workers = (
        default_workers() if num_workers is None else check_int("num_workers", num_workers, 1)
    )
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
        max_errors=ErrorBudget.of(max_errors, job.clips).clips,
        progress=progress,
    )
    return PackResult(
        job.manifest(journal), journal.failures, job.source.left_out, job.source.passed_over
    )
