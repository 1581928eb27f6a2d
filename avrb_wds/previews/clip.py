"""The clip that is previewed: from shards, or a video, image or audio file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from ..codecs.suffixes import AUDIO_SUFFIXES, IMAGE_SUFFIXES, VIDEO_SUFFIXES
from ..corruptions import Frame, Pcm
from ..errors import DataError, UsageError
from ..media.files import read_audio, read_image
from ..packing import PackOptions
from ..packing.audio import window_audio
from ..packing.video_window import VideoWindow
from ..paths import path_to_text
from ..shards import ShardSet, decode_clip
from ..shards.record import escape_key

SHORT_SIDE = 176  # pixels; a page of larger ones would be too large to send to anyone
FPS = 5.0


@dataclass(frozen=True)
class PreviewClip:
    """What is corrupted and shown.

    source: where it comes from, in words.  frames: uint8 (t, h, w, 3) RGB.  pcm: int16 (channels,
    samples).  One of them may be None; then sample_rate is 0, or seconds that of the sound.
    seconds: how long the frames are shown together, 0 for an image.
    """

    key: str
    source: str
    frames: Frame | None
    pcm: Pcm | None
    sample_rate: int
    seconds: float


def clip_of_shards(shards: ShardSet, key: str | None) -> PreviewClip:
    """The clip `key` of opened shards, the first one if None.

    Raises UsageError where there is no such clip, DataError where it is invalid.
    """
    clip = decode_clip(shards.read(_position(shards, key)))
    frames, sound = clip.frames, clip.pcm
    heard = 0.0 if sound is None else sound.shape[1] / clip.sample_rate
    shown = heard or (0.0 if frames is None or len(frames) < 2 else len(frames) / FPS)
    return PreviewClip(
        clip.key, str(clip.shard).rpartition("/")[2], frames, sound, clip.sample_rate, shown
    )


def _position(shards: ShardSet, key: str | None) -> int:
    if not len(shards):
        raise UsageError("these shards hold no clip to preview; give some that do.")
    if key is None:
        return 0
    for position in range(len(shards)):
        if shards.locate(position)[1].key == key:
            return position
    first = shards.locate(0)[1].key
    raise UsageError(f"key {key!r} is not in these shards; give one that is, such as {first!r}.")


def clip_of_file(path: Path, seconds: float) -> PreviewClip:
    """The first `seconds` of a video or audio file, or an image; at most 176 pixels a short side.

    Raises UsageError for a file of another kind, DataError, naming the file and the cause, for
    one that cannot be decoded.
    """
    kind, key = path.suffix.lower(), escape_key(path_to_text(path.stem))
    if not path.is_file():
        raise UsageError(f"{path} does not exist; give shards, a video, an image or an audio file.")
    small = partial(_small, path)
    if kind in VIDEO_SUFFIXES:
        options = PackOptions(fps=FPS, duration=seconds, channels="keep")
        video = VideoWindow.of(path, options, with_audio=True)
        frames = np.stack(video.frames(small))
        pcm, rate = window_audio(video) if video.frame_times.info.has_audio else (None, 0)
        return PreviewClip(key, path.name, frames, pcm, rate, len(frames) / FPS)
    if kind in IMAGE_SUFFIXES:
        return PreviewClip(key, path.name, small(read_image(path))[None], None, 0, 0.0)
    if kind in AUDIO_SUFFIXES:
        pcm, rate = read_audio(path, seconds)
        return PreviewClip(key, path.name, None, pcm, rate, pcm.shape[1] / rate)
    known = ", ".join(sorted({*VIDEO_SUFFIXES, *IMAGE_SUFFIXES, *AUDIO_SUFFIXES}))
    raise UsageError(
        f"{path} is neither shards nor of a kind that is known here; give one of {known}."
    )


def _small(path: Path, frame: Frame) -> Frame:
    """A frame of a file with a short side of 176 pixels at most, in its own shape."""
    height, width = frame.shape[:2]
    if min(height, width) <= SHORT_SIDE:
        return frame
    scale = SHORT_SIDE / min(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    try:
        return np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.BILINEAR))
    except ValueError as error:
        raise DataError(
            f"{path} cannot be made smaller than its {width}x{height} pixels."
        ) from error
