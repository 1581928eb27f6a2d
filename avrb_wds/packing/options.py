"""What `pack` may be told about frames, audio and shards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..errors import UsageError, check_int, check_one_of

Keep = Literal["keep"]


@dataclass(frozen=True)
class PackOptions:
    """How clips are converted and split into shards.

    The default for videos and long folders of frames is that of CAV-MAE: 10 frames of the first
    10 s, short side 224 pixels, center crop. Frames that an AVROBUSTBENCH JSON names are all taken,
    with their bytes unchanged.

    Attributes:
        frames: Frames per clip, spread evenly; None for the default of the source.
        fps: Frames per second, instead of `frames`.
        frame_size: Side of the square frame in pixels, or "keep"; None for the default.
        quality: Of JPEGs, 1 to 100.
        duration: Seconds of each clip, `inf` for all; None for the default.
        window: Which part of a longer clip, "start" or "center".
        sample_rate: In Hz, or "keep".
        channels: "mono" mixes all channels, "first" takes the first, "keep" keeps them.
        audio_format: "wav" or "flac", both 16-bit.
        clips_per_shard: Clips per shard; the last may have fewer.

    Raises:
        UsageError: An option is not allowed.

    Example:
        >>> PackOptions(frames=0)
        Traceback (most recent call last):
        avrb_wds.corruptions.errors.UsageError: frames must be a positive integer; got 0.
    """

    frames: int | None = None
    fps: float | None = None
    frame_size: int | Keep | None = None
    quality: int = 95
    duration: float | None = None
    window: Literal["start", "center"] = "start"
    sample_rate: int | Keep = 16_000
    channels: Literal["mono", "first", "keep"] = "mono"
    audio_format: Literal["wav", "flac"] = "wav"
    clips_per_shard: int = 1000

    def __post_init__(self) -> None:
        if self.frames is not None and self.fps is not None:
            raise UsageError(
                f"frames {self.frames!r} and fps {self.fps!r} exclude each other; give one of them."
            )
        for name in ("fps", "duration"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UsageError(f"{name} {value!r} is not a number above 0; give one.")
        for name in ("frames", "frame_size", "sample_rate", "clips_per_shard", "quality"):
            object.__setattr__(self, name, _integer(name, getattr(self, name)))
        for name, allowed in _WORDS.items():
            check_one_of(name, getattr(self, name), allowed)


_WORDS = {
    "window": ("start", "center"),
    "channels": ("mono", "first", "keep"),
    "audio_format": ("wav", "flac"),
}


def _integer(name: str, value: object) -> object:
    if value is None and name in ("frames", "frame_size"):
        return None
    if isinstance(value, str) and value == "keep" and name in ("frame_size", "sample_rate"):
        return value
    return check_int(name, value, 1, 100 if name == "quality" else None)


CAV_MAE = PackOptions(frames=10, frame_size=224, duration=10.0)
"""What a video takes where nothing is said."""
