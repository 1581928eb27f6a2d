"""`manifest.json`: which shards make up a dataset, and what its clips look like."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Literal

from ..errors import DataError
from ..limits import DecodeLimits
from ..paths import read_file
from ..storage import AnyPath, to_path
from .json_io import FileName, Sha256, check_format, dumps, from_json, loads

MANIFEST = "manifest.json"
FORMAT = "avrb-wds/1"
Task = Literal["single-label", "multi-label", "unlabeled"]


@dataclass(frozen=True)
class ShardEntry:
    """One shard of a manifest.

    Attributes:
        file: File name of the tar, beside the manifest.
        bytes: Size of the tar.
        clips: Number of clips.
        sha256: SHA-256 of the tar, in hexadecimal.
        index: File name of the index.
        index_sha256: SHA-256 of the index.
    """

    file: FileName
    bytes: int
    clips: int
    sha256: Sha256
    index: FileName
    index_sha256: Sha256


@dataclass(frozen=True)
class FrameLayout:
    """The frames of the clips of a dataset.

    Attributes:
        count: Frames per clip; None if clips differ.
        height: In pixels; None if clips differ.
        width: In pixels; None if clips differ.
        format: "jpg", "png" or "webp".
    """

    count: int | None
    height: int | None
    width: int | None
    format: str


@dataclass(frozen=True)
class AudioLayout:
    """The audio of the clips of a dataset.

    Attributes:
        sample_rate: In Hz; None if clips differ.
        channels: Number of channels; None if clips differ.
        max_samples: Samples of the longest clip, in each channel.
        format: "wav" or "flac".
    """

    sample_rate: int | None
    channels: int | None
    max_samples: int
    format: str


@dataclass(frozen=True)
class Manifest:
    """The manifest of a dataset of shards.

    Attributes:
        name: Name of the dataset, and prefix of its shards.
        clips: Number of clips.
        shards: The shards, in order.
        frames: Layout of the frames.
        audio: Layout of the audio.
        classes: Label of each class; a target is an index into it.
        task: "single-label", "multi-label" or "unlabeled".
        format: Version of the format.
    """

    name: str
    clips: int
    shards: tuple[ShardEntry, ...]
    frames: FrameLayout
    audio: AudioLayout
    classes: tuple[str, ...]
    task: Task
    format: str = FORMAT

    @classmethod
    def read(cls, path: str | AnyPath) -> Manifest:
        """Read a manifest.

        Args:
            path: Path of the file.

        Raises:
            DataError: It does not exist, or is invalid.
        """
        return cls.from_bytes(read_file(to_path(path), f"manifest {path}"), str(path))

    @classmethod
    def from_bytes(cls, data: bytes, where: str = MANIFEST) -> Manifest:
        """Read a manifest from the bytes of its file.

        Args:
            data: The bytes.
            where: Name of the file, for messages.

        Raises:
            DataError: The bytes are not a valid manifest.
        """
        value = loads(data, where)
        check_format(value, where, FORMAT)
        manifest = from_json(cls, value, where)
        manifest._check(where)
        return manifest

    def _check(self, where: str) -> None:
        held = sum(shard.clips for shard in self.shards)
        if held != self.clips:
            raise DataError(f"{where} announces {self.clips} clips; its shards hold {held}.")
        named: set[str] = set()
        for file in (name for shard in self.shards for name in (shard.file, shard.index)):
            if file in named:
                raise DataError(f"{where} names {file!r} more than once.")
            named.add(file)

    def check_limits(self, limits: DecodeLimits, where: str = MANIFEST) -> None:
        """Check that the clips, as announced here, are within limits.

        Args:
            limits: The limits.
            where: Name of the file, for messages.

        Raises:
            DataError: They are not.
        """
        frames, audio = self.frames, self.audio
        pixels = (frames.height or 1) * (frames.width or 1)
        for what, announced, most in (
            ("pixels a frame", pixels, limits.max_pixels),
            ("bytes of frames a clip", 3 * pixels * (frames.count or 1), limits.max_frame_bytes),
            (
                "bytes of sound a clip",
                2 * (audio.channels or 1) * audio.max_samples,
                limits.max_audio_bytes,
            ),
        ):
            if announced > most:
                raise DataError(f"{where} announces {announced} {what}; at most {most} are read.")

    def to_bytes(self) -> bytes:
        """Return the manifest as canonical JSON, the bytes of its file."""
        return dumps(asdict(self)) + b"\n"

    @cached_property
    def digest(self) -> str:
        """SHA-256 of `to_bytes()`, which identifies the dataset and every byte in it."""
        return hashlib.sha256(self.to_bytes()).hexdigest()
