"""One clip: read, corrupted, encoded again, and what is to be remembered of it."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from ..building.clip_shape import ClipShape, PackedClip
from ..codecs import decode_audio, decode_frame, encode_audio, encode_frame
from ..corrupter import Corrupter
from ..corruptions import Frame, Pcm
from ..errors import DataError
from ..receipts.digests import clip_digest
from ..shards import RawClip, decode_clip
from ..shards.clip import frame_names
from ..shards.json_io import Sha256, dumps, from_json, loads
from .options import RenderOptions

AudioFormat = Literal["wav", "flac"]


@dataclass(frozen=True)
class ClipNote:
    """What is remembered of a rendered clip.

    shown: digest of what corrupting on the fly shows; stored: of what the rendered clip shows, in
    hexadecimal digits.  squared_error: of storing, summed over `values` numbers of its frames.
    frames: how many it has.  bytes, sha256: of its sound and then its frames, as they are encoded.

    >>> note = ClipNote("a", "a", ("dog",), "0" * 64, "1" * 64, 3, 10, 2, 9, "2" * 64)
    >>> ClipNote.of(note.to_text()) == note
    True
    """

    key: str
    video_id: str
    labels: tuple[str, ...]
    shown: Sha256
    stored: Sha256
    squared_error: int
    values: int
    frames: int
    bytes: int
    sha256: Sha256

    def to_text(self) -> str:
        """The note as a line of a journal holds it."""
        return dumps(asdict(self)).decode()

    @classmethod
    def of(cls, text: str) -> ClipNote:
        """The note that `text` spells."""
        where = "a note of a rendered clip"
        data = text.encode(errors="surrogateescape")
        return from_json(cls, loads(data, where), where)


def render_clip(
    raw: RawClip, corrupter: Corrupter | None, options: RenderOptions, audio_format: AudioFormat
) -> PackedClip:
    """A stored clip corrupted and encoded again; corrupter: None for clean.

    What is stored is decoded again, so that the note tells what it shows and not what it should.
    Frames that nothing corrupts keep the bytes they have, where they are of the wanted format.
    Raises DataError, naming clip and cause, for a clip that cannot be decoded or lacks a part.
    """
    clip = decode_clip(raw)
    if clip.frames is None or clip.pcm is None:
        lacking = "frames" if clip.frames is None else "sound"
        raise DataError(f"clip {raw.key!r} in shard {raw.shard} has no {lacking}.")
    clean = _as_stored(raw, options) if corrupter is None or not corrupter.visual else None
    frames: Frame = clip.frames
    pcm: Pcm = clip.pcm
    if corrupter is not None:
        frames = corrupter.frames(frames, clip.key, frames)
        pcm = corrupter.pcm(pcm, clip.key, clip.sample_rate)
    coded = clean or [_encoded(frame, options) for frame in frames]
    sound = encode_audio(pcm, clip.sample_rate, audio_format)
    back = np.empty_like(frames)
    for data, out in zip(coded, back, strict=True):
        decode_frame(data, out, raw.limits)
    heard, rate = decode_audio(sound, raw.limits)
    note = ClipNote(
        clip.key,
        clip.record.video_id,
        clip.record.labels,
        clip_digest(clip.key, frames, pcm, clip.sample_rate).hex(),
        clip_digest(clip.key, back, heard, rate).hex(),
        _squared_error(frames, back),
        frames.size,
        len(coded),
        len(sound) + sum(map(len, coded)),
        _sha256(sound, *coded),
    )
    members = (
        ("json", bytes(raw.members["json"])),
        (audio_format, sound),
        *((f"frame_{n:04d}.{options.frame_format}", data) for n, data in enumerate(coded)),
    )
    count, height, width, _ = frames.shape
    shape = ClipShape(count, height, width, clip.sample_rate, *pcm.shape)
    return PackedClip(clip.key, members, shape, note.to_text())


def _as_stored(raw: RawClip, options: RenderOptions) -> list[bytes] | None:
    """The frames' own bytes, in order; None where one is of another format than wanted."""
    names = frame_names(raw.members)
    if not all(name.endswith(f".{options.frame_format}") for name in names):
        return None
    return [bytes(raw.members[name]) for name in names]


def _encoded(frame: Frame, options: RenderOptions) -> bytes:
    # Every pixel keeps its color: with the usual quarter of them half of a noise would be gone.
    return encode_frame(frame, options.quality, options.frame_format, "4:4:4")


def _sha256(*pieces: bytes) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _squared_error(frames: Frame, stored: Frame) -> int:
    """The sum over all values; exact, and so the same on every machine."""
    total = 0
    for one, other in zip(frames, stored, strict=True):
        difference = one.astype(np.int32) - other
        total += int((difference * difference).sum(dtype=np.int64))
    return total
