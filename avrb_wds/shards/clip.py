"""A clip as stored, and decoded: frames, audio and record."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..codecs import decode_audio, decode_frame
from ..codecs.suffixes import AUDIO_EXTENSIONS, FRAME_EXTENSIONS
from ..corruptions import Frame, Pcm
from ..errors import AvrbError, DataError, reason
from ..limits import DEFAULT_LIMITS, DecodeLimits
from .numbering import numbered_alike, sort_by_numbers
from .record import ClipRecord

DIGITS = 18  # of a class number


@dataclass(frozen=True)
class RawClip:
    """A clip as stored.

    Attributes:
        key: Key of the clip.
        shard: Its shard.
        members: Bytes of its members by extension: "json", "wav", "frame_0000.jpg", ...
        limits: How much memory decoding may take.
        ours: Whether the shards have a manifest, so that "json" is a `ClipRecord`.
    """

    key: str
    shard: str
    members: Mapping[str, memoryview | bytes]
    limits: DecodeLimits = DEFAULT_LIMITS
    ours: bool = False


@dataclass(frozen=True)
class Clip:
    """A decoded clip.

    Attributes:
        key: Key of the clip.
        shard: Its shard.
        record: Its labels and source.
        frames: (t, h, w, 3) uint8 RGB; None if the clip has none.
        pcm: (channels, samples) int16; None if the clip has no audio.
        sample_rate: In Hz; 0 without audio.
    """

    key: str
    shard: str
    record: ClipRecord
    frames: Frame | None
    pcm: Pcm | None
    sample_rate: int


def frame_names(members: Mapping[str, memoryview | bytes]) -> list[str]:
    """The members that are images, in the order of their numbers; see `numbered_alike`.

    >>> frame_names({"wav": b"", "frame_10.jpg": b"", "frame_9.jpg": b""})
    ['frame_9.jpg', 'frame_10.jpg']
    """
    return list(_images(tuple(members)))


@lru_cache(maxsize=64)  # most clips of a dataset have the same members
def _images(members: tuple[str, ...]) -> tuple[str, ...]:
    names = [name for name in members if name.rpartition(".")[2].lower() in FRAME_EXTENSIONS]
    return tuple(numbered_alike(names) or sort_by_numbers(names))


def decode_clip(raw: RawClip, frames_out: Frame | None = None) -> Clip:
    """Decode a stored clip.

    Args:
        raw: The clip as stored.
        frames_out: Array (t, h, w, 3) uint8 to decode into, used if the clip has that shape.

    Raises:
        DataError: A member cannot be decoded, frames have different sizes, the clip exceeds
            `raw.limits`, or it has neither frames nor audio; the message names key, shard and
            member.
    """
    frames = _frames(raw, frames_out)
    pcm, sample_rate = _sound(raw)
    if frames is None and pcm is None:
        raise DataError(f"clip {raw.key!r} in shard {raw.shard} has neither frames nor audio.")
    duration = pcm.shape[1] / sample_rate if pcm is not None else 0.0
    return Clip(raw.key, raw.shard, _record(raw, duration), frames, pcm, sample_rate)


def _where(raw: RawClip, member: str) -> str:
    return f"clip {raw.key!r} in shard {raw.shard}, member {member!r}"


def _frames(raw: RawClip, frames_out: Frame | None) -> Frame | None:
    names = frame_names(raw.members)
    if not names:
        return None
    frames, first = frames_out, None
    if frames is not None and len(frames) == len(names):
        with suppress(DataError):  # another size; or broken, which comes out below
            first = _decode(raw, names[0], frames[0])
    if frames is None or first is None:
        first = _decode(raw, names[0])
        if len(names) * first.nbytes > raw.limits.max_frame_bytes:
            raise DataError(
                f"clip {raw.key!r} in shard {raw.shard} has {len(names)} frames like its first, of "
                f"{first.shape[1]}x{first.shape[0]} pixels; at most "
                f"{raw.limits.max_frame_bytes} bytes of frames are decoded."
            )
        frames = np.empty((len(names), *first.shape), np.uint8)
        frames[0] = first
    for name, frame in zip(names[1:], frames[1:], strict=True):
        _decode(raw, name, frame)
    return frames


def _decode(raw: RawClip, name: str, out: Frame | None = None) -> Frame:
    try:
        return decode_frame(raw.members[name], out, raw.limits)
    except AvrbError as error:
        raise DataError(f"{_where(raw, name)}: {reason(error)}.") from error


def _sound(raw: RawClip) -> tuple[Pcm | None, int]:
    for name, data in raw.members.items():
        if name.rpartition(".")[2].lower() in AUDIO_EXTENSIONS:
            try:
                return decode_audio(data, raw.limits)
            except AvrbError as error:
                raise DataError(f"{_where(raw, name)}: {reason(error)}.") from error
    return None, 0


def _record(raw: RawClip, duration: float) -> ClipRecord:
    """The clip's own record, or the little that a shard of another make says."""
    data = raw.members.get("json")
    where = _where(raw, "json")
    if data is not None and len(data) > raw.limits.max_json_bytes:
        raise DataError(
            f"{where}: it has {len(data)} bytes; at most {raw.limits.max_json_bytes} are read."
        )
    if data is not None:
        read = ClipRecord.from_bytes if raw.ours else ClipRecord.find
        if record := read(bytes(data), where):
            return record
    target = bytes(raw.members.get("cls", b"")[: DIGITS + 1]).decode(errors="replace").strip()
    is_number = target.isdecimal() and len(target) <= DIGITS
    return ClipRecord(raw.key, (), int(target) if is_number else None, "", duration)
