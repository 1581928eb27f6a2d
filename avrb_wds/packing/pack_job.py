"""A packing job: all that decides which bytes come out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial, reduce
from importlib.metadata import PackageNotFoundError, version
from operator import or_
from pathlib import Path

from ..av.container import require_pyav
from ..building.clip_shape import PackedClip
from ..building.journal import ClipFailure, Journal, JournalEntry
from ..building.shard_writer import ShardWriter, check_shard
from ..concurrency import ordered_map
from ..errors import UsageError
from ..shards.json_io import dumps
from ..shards.manifest import MANIFEST, Manifest
from .class_list import LabelEncoder
from .convert import convert
from .options import PackOptions
from .sources.base import FrameColumns, Source, SourceClip, VideoFile
from .sources.open import SourceOptions, open_source

MADE_BY = ("av", "numpy", "pillow", "scipy", "soundfile")
"""Packages whose versions may change what bytes come out."""


@dataclass(frozen=True)
class PackJob:
    """Clips, their classes, how they are converted, and the name of the dataset."""

    name: str
    source: Source
    labelling: LabelEncoder
    options: PackOptions

    @classmethod
    def of(
        cls, path: Path, source_options: SourceOptions, options: PackOptions, name: str | None
    ) -> PackJob:
        """The job for these arguments; raises UsageError, DataError or MissingExtraError."""
        source, labelling = open_source(path, source_options)
        kinds = {type(clip.pictures) for clip in source.clips}
        if VideoFile in kinds:
            require_pyav()
        if FrameColumns in kinds and options.fps is not None:
            raise UsageError(
                f"fps {options.fps!r} does not go with stored frames of unknown rate; "
                f"give a number of frames instead."
            )
        return cls(sanitize_name(name or source.name), source, labelling, options)

    def describe(self) -> dict[str, str | int]:
        """The job in words that another run is compared by."""
        listed = [[clip.video_id, clip.labels, clip.source] for clip in self.source.clips]
        listed += [[failure.source, failure.cause] for failure in self.source.failures]
        return {
            "name": self.name,
            "clips": self.clips,
            **{field: str(value) for field, value in asdict(self.options).items()},
            "source list": hashlib.sha256(dumps(listed)).hexdigest(),
            "class list": hashlib.sha256(dumps(self.labelling.classes.names)).hexdigest(),
            "versions": ", ".join(" ".join(pair) for pair in versions_of(MADE_BY)),
        }

    @property
    def clips(self) -> int:
        """Source clips."""
        return len(self.source.clips) + len(self.source.failures)

    @property
    def allowance(self) -> str:
        """The option that lets clips fail."""
        return "--max-errors"

    @property
    def clips_per_step(self) -> int:
        """Clips a shard."""
        return self.options.clips_per_shard

    def convert(
        self, start: int, num_workers: int
    ) -> Generator[PackedClip | ClipFailure, None, None]:
        """The clips from number `start` on, in order, and then what cannot be reached."""
        work = partial(convert, options=self.options, labelling=self.labelling)
        yield from ordered_map(work, self.source.clips[start:], num_workers, None, name=_named)
        yield from self.source.failures[max(0, start - len(self.source.clips)) :]

    def failed(self, failure: ClipFailure, count: int) -> None:
        """Nothing: all others are packed, and the failures named at the end."""

    def writer(self, folder: Path, number: int) -> ShardWriter:
        """Shard `number`."""
        return ShardWriter(folder, self.name, number)

    def check(self, folder: Path, step: JournalEntry, *, read: bool) -> None:
        """Raise DataError unless the shard of a step is in `folder`; read: byte by byte."""
        if step.shard:
            check_shard(folder, step.shard, read=read)

    def files(self, journal: Journal) -> Iterator[tuple[str, bytes]]:
        """The manifest."""
        yield MANIFEST, self.manifest(journal).to_bytes()

    def manifest(self, journal: Journal) -> Manifest:
        """The manifest of finished shards, one at least."""
        return Manifest(
            self.name,
            sum(shard.clips for shard in journal.shards),
            journal.shards,
            *reduce(or_, journal.layouts).parts(self.options.audio_format),
            self.labelling.classes.names,
            self.labelling.task,
        )


def _named(clip: SourceClip) -> str:
    return f"clip {clip.video_id!r} from {clip.source}"


def sanitize_name(text: str) -> str:
    """What of a name every file system and URL takes: shards are named after their dataset.

    >>> sanitize_name("vgg: rain-0+5")
    'vgg-rain-0-5'
    """
    return re.sub(r"[^\w.-]+", "-", text, flags=re.ASCII).strip("-.") or "clips"


def versions_of(packages: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """(package, version) of each, "absent" for one that is not installed."""
    return tuple((package, _version(package)) for package in packages)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
