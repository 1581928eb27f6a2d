"""A packing job: all that decides which bytes come out."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from functools import partial, reduce
from operator import or_
from pathlib import Path

from ..av.container import require_pyav
from ..building.clip_shape import ClipShape, PackedClip
from ..building.journal import ClipFailure, Journal, JournalEntry
from ..building.shard_writer import ShardWriter, check_shard, sanitize_name
from ..codecs import encode_audio
from ..concurrency import ordered_map
from ..corruptions import Pcm
from ..errors import DataError, UsageError
from ..paths import check_file
from ..receipts.receipt import package_versions
from ..shards.json_io import dumps
from ..shards.manifest import MANIFEST, Manifest
from ..shards.record import ClipRecord, escape_key
from .audio import clip_audio
from .class_list import LabelEncoder
from .frames import EncodedFrame, clip_frames, resolve_options
from .options import PackOptions
from .sources.base import FrameColumns, Source, SourceClip, VideoFile
from .sources.open import SourceOptions, open_source
from .video_window import VideoWindow

MADE_BY = ("av", "numpy", "pillow", "scipy", "soundfile")
"""Packages whose versions may change what bytes come out."""


@dataclass(frozen=True)
class PackJob:
    """Clips, their classes, how they are converted, and the name of the dataset."""

    name: str
    source: Source
    encoder: LabelEncoder
    options: PackOptions

    @classmethod
    def of(
        cls, path: Path, source_options: SourceOptions, options: PackOptions, name: str | None
    ) -> PackJob:
        """The job for these arguments; raises UsageError, DataError or MissingExtraError."""
        source, encoder = open_source(path, source_options)
        kinds = {type(clip.frames) for clip in source.clips}
        if VideoFile in kinds:
            require_pyav()
        if FrameColumns in kinds and options.fps is not None:
            raise UsageError(
                f"fps {options.fps!r} does not go with stored frames of unknown rate; "
                f"give a number of frames instead."
            )
        return cls(sanitize_name(name or source.name), source, encoder, options)

    def describe(self) -> dict[str, str | int]:
        """The job in words that another run is compared by."""
        listed = [[clip.video_id, clip.labels, clip.source] for clip in self.source.clips]
        listed += [[failure.source, failure.cause] for failure in self.source.failures]
        return {
            "name": self.name,
            "clips": self.clips,
            **{field: str(value) for field, value in asdict(self.options).items()},
            "source list": hashlib.sha256(dumps(listed)).hexdigest(),
            "class list": hashlib.sha256(dumps(self.encoder.classes.names)).hexdigest(),
            "versions": ", ".join(" ".join(pair) for pair in package_versions(MADE_BY)),
        }

    @property
    def clips(self) -> int:
        """Source clips."""
        return len(self.source.clips) + len(self.source.failures)

    @property
    def clips_per_step(self) -> int:
        """Clips a shard."""
        return self.options.clips_per_shard

    def convert(
        self, start: int, num_workers: int
    ) -> Generator[PackedClip | ClipFailure, None, None]:
        """The clips from number `start` on, in order, and then what cannot be reached."""
        work = partial(convert_clip, options=self.options, encoder=self.encoder)
        yield from ordered_map(work, self.source.clips[start:], num_workers, None, name=_name_clip)
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
            *reduce(or_, journal.shapes).parts(self.options.audio_format),
            self.encoder.classes.names,
            self.encoder.task,
        )


def _name_clip(clip: SourceClip) -> str:
    return f"clip {clip.video_id!r} from {clip.source}"


def convert_clip(
    clip: SourceClip, options: PackOptions, encoder: LabelEncoder
) -> PackedClip | ClipFailure:
    """The members of one clip; a ClipFailure where its data is missing, broken or empty."""
    try:
        check_file(clip.audio)
        if isinstance(clip.frames, VideoFile):
            check_file(clip.frames.path)
        frames, (pcm, sample_rate) = _parts(clip, resolve_options(clip.frames, options))
    except DataError as error:
        return ClipFailure(clip.video_id, clip.source, str(error))
    record = ClipRecord(
        clip.video_id,
        clip.labels,
        encoder.target(clip.labels),
        clip.source,
        round(pcm.shape[1] / sample_rate, 6),
    )
    members = (
        ("json", record.to_bytes()),
        (options.audio_format, encode_audio(pcm, sample_rate, options.audio_format)),
        *((f"frame_{number:04d}.jpg", coded) for number, (coded, _) in enumerate(frames)),
    )
    height, width = frames[0][1]
    shape = ClipShape(len(frames), height, width, sample_rate, pcm.shape[0], pcm.shape[1])
    return PackedClip(escape_key(clip.video_id), members, shape)


def _parts(clip: SourceClip, options: PackOptions) -> tuple[list[EncodedFrame], tuple[Pcm, int]]:
    """Frames and audio; of one file they are of the same moments."""
    if not isinstance(clip.frames, VideoFile):
        return clip_frames(clip.frames, options), clip_audio(clip.audio, options)
    together = clip.audio == clip.frames.path
    video = VideoWindow.of(clip.frames.path, options, with_audio=together)
    audio = clip_audio(clip.audio, options, video if together else None)
    return clip_frames(video, options), audio
