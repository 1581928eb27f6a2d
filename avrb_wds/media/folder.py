"""A folder of videos, images and sounds, mirrored with each of them corrupted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..atomic import TEMP_PATTERN, make_folder
from ..building.log import Log, is_log
from ..codecs.suffixes import AUDIO_SUFFIXES, IMAGE_SUFFIXES, VIDEO_SUFFIXES
from ..concurrency import ordered_map
from ..condition import Severity
from ..corrupter import Corrupter
from ..corruptions import Corruption
from ..corruptions.bank import Bank
from ..errors import DataError, UsageError, reason, strip_subject
from ..folders import NOTHING, FolderFiles, PassedOver, list_folder
from ..paths import check_folder, text_to_path
from ..progress import Progress
from ..settings import show_settings
from ..shards.record import escape_key
from .files import suffix_of, write_file

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ..settings import CorruptionKwargs

SETTINGS = ".avrb-corrupt.json"
"""In the folder of corrupted files: what they were made with, so that a run resumes alike."""


@dataclass(frozen=True)
class FileFailure:
    """A file that could not be corrupted.

    Attributes:
        path: The file.
        cause: What is wrong, in a sentence.
    """

    path: Path
    cause: str

    def __str__(self) -> str:
        return f"{self.path}: {self.cause}"


@dataclass(frozen=True)
class FolderResult:
    """What `corrupt_folder` did.

    Attributes:
        made: Number of files written.
        kept: Number of files kept from an earlier run.
        left_out: Number of files of an unknown kind.
        failures: Files, folders and links that could not be corrupted.
        passed_over: Other files in the folder.
    """

    made: int
    kept: int
    left_out: int
    failures: tuple[FileFailure, ...]
    passed_over: PassedOver = NOTHING


@dataclass(frozen=True)
class _Job:
    source: Path
    out: Path
    key: str

    def run(self, corrupter: Corrupter, duration: float | None, log: Log) -> FileFailure | None:
        """Write the file; what kept it from being written, if anything did.

        Raises DataError where the folder, in which `log` is, is no longer the same.
        """
        log.check()
        try:
            make_folder(self.out.parent, below=log.folder)
            write_file(
                self.source, self.out, corrupter, self.key, duration=duration, check=log.check
            )
        except DataError as error:
            log.check()
            return FileFailure(self.source, strip_subject(error, str(self.source)))
        log.check()
        return None

    @property
    def video(self) -> bool:
        return self.source.suffix.lower() in VIDEO_SUFFIXES


@show_settings
def corrupt_folder(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    corruption: str | Corruption,
    severity: Severity,
    *,
    duration: float | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    **settings: Unpack[CorruptionKwargs],
) -> FolderResult:
    """Corrupt every video, image and audio file of a folder to the same relative path.

    The key of a file is its path in `source` without suffix. Videos become .mp4; other files keep
    their format. Each file is complete or does not exist. A file that fails is in the result and
    does not stop the others.

    Args:
        source: The folder.
        out: The folder of the corrupted files.
        corruption: Name of a corruption, or a `Corruption`.
        severity: 1 to 5, or a pair (visual, audio) in which one may be 0 for clean.
        seed: Seed of all random draws.
        profile: "default", or "reference" for what the reference code does.
        modality: "both", or the one modality to corrupt.
        temporal: "frame" draws for each frame, "clip" once for all frames.
        bank: A bank or the path of an imported one; None for the built-in bank.
        duration: Seconds from the start of each file; None for all.
        resume: Keep what an earlier call with the same settings wrote, and write the rest.
        progress: Called with (files done, files).

    Raises:
        UsageError: An argument is not allowed; or `out` is not empty and `resume` is not set, was
            written with other settings, or is in use by another run.
        DataError: `out` was removed or replaced during the run.
    """
    root, target = Path(source), Path(out)
    corrupter = Corrupter.of(corruption, severity, **settings)
    listed = _listed(root, target)
    jobs = _jobs(root, target, listed)
    unread = [FileFailure(root / text_to_path(f.path), f"{f.cause}.") for f in listed.faults]
    failures = list[FileFailure]()
    with hold_folder(target, _settings(corrupter, duration), resume) as log:
        todo = [job for job in jobs if not job.out.exists()]
        results = _results(todo, corrupter, duration, log)
        for done, failure in enumerate(results, len(jobs) - len(todo) + 1):
            failures += [failure] if failure else []
            if progress:
                progress(done, len(jobs))
        _check_there(jobs, failures)
    made = len(todo) - len(failures)
    kept = len(jobs) - len(todo)
    return FolderResult(made, kept, listed.others, (*unread, *failures), listed.passed_over)


def _results(
    jobs: list[_Job], corrupter: Corrupter, duration: float | None, log: Log
) -> Iterator[FileFailure | None]:
    """Images and sounds, several at a time; then videos, each of which takes all cores."""
    small = [job for job in jobs if not job.video]
    yield from ordered_map(lambda job: job.run(corrupter, duration, log), small)
    for job in jobs:
        if job.video:
            yield job.run(corrupter, duration, log)


def _check_there(jobs: list[_Job], failures: list[FileFailure]) -> None:
    failed = {failure.path for failure in failures}
    for job in jobs:
        if job.source not in failed and not job.out.exists():
            raise DataError(f"{job.out} was removed meanwhile; run the same again with --resume.")


def _listed(root: Path, target: Path) -> FolderFiles:
    check_folder(root, "videos, images or sounds")
    if target.resolve().is_relative_to(root.resolve()):
        raise UsageError(f"{target} lies in {root}; write to a folder outside of it.")
    return list_folder(root, VIDEO_SUFFIXES | set(IMAGE_SUFFIXES) | set(AUDIO_SUFFIXES))


def _jobs(root: Path, target: Path, listed: FolderFiles) -> list[_Job]:
    """What is to be done, ordered by path."""
    jobs: dict[Path, _Job] = {}
    made = target.resolve()
    for name in listed.files:
        path, place = root / text_to_path(name), name.rpartition(".")[0]
        job = _Job(path, target / text_to_path(f"{place}{suffix_of(path)}"), escape_key(place))
        if path.resolve().is_relative_to(made):
            raise UsageError(f"{path} lies in {target}; write to a folder outside of {root}.")
        other = jobs.setdefault(job.out, job)
        if other is not job:
            raise UsageError(
                f"{other.source} and {path} would both become {job.out}; rename one of them."
            )
    if not jobs and not listed.faults:
        raise UsageError(f"{root} holds no video, image or sound; give a folder of some.")
    return list(jobs.values())


def _settings(corrupter: Corrupter, duration: float | None) -> dict[str, object]:
    """All that decides what a file becomes."""
    return {
        "corruption": corrupter.corruption.name,
        "visual": corrupter.visual,
        "audio": corrupter.audio,
        "seed": corrupter.seed,
        "profile": corrupter.profile,
        "temporal": corrupter.temporal,
        "bank": (corrupter.bank or Bank.builtin()).digest,
        "duration": duration,
    }


@contextmanager
def hold_folder(target: Path, settings: dict[str, object], resume: bool) -> Iterator[Log]:
    """The log of settings in a folder that nobody else writes to meanwhile.

    They are noted in a new folder, or compared with those of the run before.
    """
    try:
        if not _is_new_or_ours(target):
            raise _not_new(target, resume)
        log = Log(target, SETTINGS)
    except OSError as error:
        raise DataError(f"{target} cannot be written: {reason(error)}.") from error
    with log:
        others = {path.name for path in target.iterdir()} - {SETTINGS}
        if not log.values and not others:
            log.add(settings)
        elif not log.values or not resume:
            raise _not_new(target, resume)
        else:
            _check_settings(target, log.values[0], settings)
            _remove_parts(target)
        yield log
        log.check()


def _is_new_or_ours(target: Path) -> bool:
    if not target.is_dir() or not any(target.iterdir()):
        return True
    return (target / SETTINGS).is_file() and is_log(target / SETTINGS)


def _not_new(target: Path, resume: bool) -> UsageError:
    if not resume:
        return UsageError(f"{target} is not empty; give a new folder, or resume.")
    return UsageError(
        f"{target} was not made by avrb corrupt: it has no {SETTINGS}; give a new folder."
    )


def _check_settings(target: Path, before: dict[str, Any], settings: dict[str, object]) -> None:
    for name, value in settings.items():
        if before.get(name) != value:
            raise UsageError(
                f"{target} was made with {name} {before.get(name)!r}, not {value!r}; "
                f"give the same, or a new folder."
            )


def _remove_parts(target: Path) -> None:
    """Remove what a killed run has left unfinished, where a file in the making needs a name."""
    for folder, _, names in os.walk(target):
        for name in names:
            if fnmatchcase(name, TEMP_PATTERN):
                Path(folder, name).unlink(missing_ok=True)
