"""`render`: corrupted clips written down, a dataset for each condition."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..building.build import build_dataset, check_steps
from ..building.journal import check_empty
from ..concurrency import default_workers
from ..condition import Corruptions, Severity, parse_conditions
from ..corrupter import corrupter_for
from ..error_budget import ErrorBudget, MaxErrors
from ..errors import DataError, UsageError, check_int, reason
from ..locks import HeldFile
from ..progress import Progress, part_of
from ..receipts.receipt import Receipt
from ..settings import CorruptionSettings, show_settings
from ..shards import Manifest, ShardSet, Source
from ..storage import RemotePath, Storage, is_remote, redacted
from .options import RenderOptions
from .receipt import RenderReceipt
from .render_job import RenderJob

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ..settings import CorruptionKwargs

LOCK = ".avrb-render.lock"
"""In a folder of several datasets, while they are rendered."""
MADE_BY = ("avrb-wds", "numpy", "pillow", "scipy", "simplejpeg", "soundfile")
"""Packages whose versions may change what bytes come out."""


@dataclass(frozen=True)
class RenderResult:
    """The rendered dataset of one condition.

    Attributes:
        folder: Its folder.
        receipt: The receipt in that folder.
    """

    folder: Path
    receipt: RenderReceipt


@show_settings
def render(
    source: Source,
    out: str | os.PathLike[str],
    corruption: Corruptions = None,
    severity: Severity | None = None,
    options: RenderOptions | None = None,
    *,
    num_workers: int | None = None,
    resume: bool = False,
    max_errors: MaxErrors = 0,
    storage: Storage | None = None,
    progress: Progress | None = None,
    **settings: Unpack[CorruptionKwargs],
) -> tuple[RenderResult, ...]:
    """Write corrupted clips as datasets, one for each condition.

    Audio is stored exactly, and so are frames if `options.frame_format` is "png" or "webp"; then a
    model is shown the same bits as by corruption on the fly. The receipt says whether that is so.

    Args:
        source: Shards, as in `load`.
        out: A new folder; with several conditions each gets a subfolder, such as out/rain-3.
        corruption: As in `load`.
        severity: As in `load`.
        options: Formats and layout; None for the defaults.
        seed: Seed of all random draws.
        modality: "both", or the one modality to corrupt.
        temporal: "frame" draws for each frame, "clip" once for all frames of a clip.
        profile: "default", or "reference" for what the reference code does.
        bank: A bank or the path of an imported one; None for the built-in bank.
        num_workers: Number of workers, which does not change the bytes written; None for one per
            core.
        resume: Continue an earlier call with the same arguments.
        max_errors: Number or fraction of invalid clips that may be left out; the receipt names
            them.
        storage: How remote shards are read (credentials, endpoint, cache); None for the standard
            environment variables and no cache.
        progress: Called with (clips done, clips) over all conditions.

    Returns:
        Folder and receipt for each condition, in order.

    Raises:
        UsageError: An argument is not allowed.
        DataError: A clip is invalid, or `out` cannot be written; there is no dataset until
            `resume` completes it.

    Example:
        >>> render("shards", "shards-rain", "rain", 3, RenderOptions("png"))  # doctest: +SKIP
    """
    if is_remote(str(out)):
        raise UsageError(
            f"out {str(out)!r} is not a folder; render into one and then `publish` it."
        )
    count = default_workers() if num_workers is None else check_int("num_workers", num_workers, 0)
    chosen, wanted = CorruptionSettings.of(**settings), parse_conditions(corruption, severity)
    shards = ShardSet.open(source, storage)
    stored, budget = options or RenderOptions(), ErrorBudget.of(max_errors, len(shards)).clips
    manifest = _manifest(shards, stored)
    check_apart(shards, str(out))
    receipt = Receipt.of(shards, chosen, batch_size=0, packages=MADE_BY)
    jobs = {}
    for condition in wanted:
        corrupter = corrupter_for(condition, chosen)
        folder = Path(out) / str(condition) if len(wanted) > 1 else Path(out)
        jobs[folder] = RenderJob(shards, manifest, condition, corrupter, receipt, stored, budget)
    for folder in jobs if not resume else ():
        check_empty(folder)
    if len(jobs) == 1:
        return tuple(_rendered(jobs, count, resume, progress))
    with _held(Path(out)):
        return tuple(_rendered(jobs, count, resume, progress))


def check_apart(shards: ShardSet, out: str) -> None:
    """Check that `out` is not the folder of `shards` and not in it.

    Args:
        shards: The source.
        out: A folder or URL.

    Raises:
        UsageError: It is.
    """
    source = shards.folder
    if isinstance(source, RemotePath):
        inside = f"{out.rstrip('/')}/".startswith(f"{source.url.rstrip('/')}/")
    else:
        inside = not is_remote(out) and Path(out).resolve().is_relative_to(source.resolve())
    if inside:
        named = redacted(out) if is_remote(out) else out
        raise UsageError(
            f"{named} is the folder that is rendered, or lies in it; give one outside."
        )


def _manifest(shards: ShardSet, options: RenderOptions) -> Manifest:
    """The manifest of shards that can be rendered so."""
    manifest = shards.require_manifest()
    if options.layout == "avrobustbench" and manifest.frames.count is None:
        raise UsageError(
            "layout 'avrobustbench' cannot hold clips that differ in their number of frames; "
            "render them into shards."
        )
    return manifest


@contextmanager
def _held(out: Path) -> Iterator[None]:
    """Keep other runs out of a folder of several datasets, of which one at a time is held."""
    try:
        file = HeldFile(out, LOCK)
    except OSError as error:
        raise DataError(f"{out} cannot be written: {reason(error)}.") from error
    try:
        yield
        file.check()
    finally:
        file.remove()


def _rendered(
    jobs: Mapping[Path, RenderJob], num_workers: int, resume: bool, progress: Progress | None
) -> list[RenderResult]:
    """Every job done, one after another, and all of them still there at the end."""
    made = []
    total = sum(job.clips for job in jobs.values())
    before = 0
    for folder, job in jobs.items():
        journal = build_dataset(
            job,
            folder,
            num_workers=num_workers,
            resume=resume,
            max_errors=job.max_errors,
            progress=part_of(progress, before, total),
        )
        before += job.clips
        made.append((journal, job))
    for journal, job in made:
        check_steps(journal, job)
    return [RenderResult(journal.folder, job.receipt(journal)) for journal, job in made]
