"""A packing job: all that decides which bytes come out."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from functools import reduce
from importlib.metadata import PackageNotFoundError, version
from operator import or_
from pathlib import Path

from ..errors import UsageError
from ..shards.canonical import spell
from ..shards.manifest import Manifest, ShardEntry
from .labels import Labelling
from .layout import Layout
from .options import PackOptions
from .source import FrameColumns, Source, VideoFile
from .sources import SourceOptions, open_source
from .video import need_pyav

__all__ = ["Job"]

MADE_BY = ("av", "numpy", "pillow", "scipy", "soundfile")
"""Packages whose versions may change what bytes come out."""


@dataclass(frozen=True)
class Job:
    """Clips, their classes, how they are converted, and the name of the data set."""

    name: str
    source: Source
    labelling: Labelling
    options: PackOptions

    @classmethod
    def of(
        cls, path: Path, source_options: SourceOptions, options: PackOptions, name: str | None
    ) -> Job:
        """The job for these arguments; raises UsageError, DataError or MissingExtra."""
        source, labelling = open_source(path, source_options)
        kinds = {type(clip.pictures) for clip in source.clips}
        if VideoFile in kinds:
            need_pyav()
        if FrameColumns in kinds and options.fps is not None:
            raise UsageError(
                "fps is given for stored frames of unknown rate; give a number of frames instead."
            )
        # Shards are named after the data set: only what every file system and URL takes stays.
        plain = re.sub(r"[^\w.-]+", "-", name or source.name, flags=re.ASCII).strip("-.")
        return cls(plain or "clips", source, labelling, options)

    def describe(self) -> dict[str, str | int]:
        """The job in words that another run is compared by."""
        listed = [[clip.video_id, clip.labels, clip.source] for clip in self.source.clips]
        return {
            "name": self.name,
            "clips": len(self.source.clips),
            **{field: str(value) for field, value in asdict(self.options).items()},
            "source list": hashlib.sha256(spell(listed)).hexdigest(),
            "class list": hashlib.sha256(spell(self.labelling.classes.names)).hexdigest(),
            "versions": ", ".join(f"{package} {_version(package)}" for package in MADE_BY),
        }

    def manifest(self, shards: tuple[ShardEntry, ...], layouts: list[Layout]) -> Manifest:
        """The manifest of finished shards with these layouts, one at least."""
        return Manifest(
            self.name,
            sum(shard.clips for shard in shards),
            shards,
            *reduce(or_, layouts).parts(self.options.audio_format),
            self.labelling.classes.names,
            self.labelling.task,
        )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
