"""How rendered clips are stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from ..codecs import FrameFormat
from ..errors import check_int, check_one_of

RenderLayout = Literal["shards", "avrobustbench"]


@dataclass(frozen=True)
class RenderOptions:
    """How rendered clips are stored.

    Attributes:
        frame_format: "png" and "webp" are lossless, "jpg" is not.
        quality: Of JPEGs, 1 to 100; chroma is not subsampled.
        layout: "shards", or "avrobustbench": frames/frame_N/ID.jpg, audio/ID.wav and a JSON.
        clips_per_shard: Clips per shard; the last may have fewer.

    Raises:
        UsageError: An option is not allowed.

    Example:
        >>> RenderOptions("gif")
        Traceback (most recent call last):
        avrb_wds.corruptions.errors.UsageError: frame_format 'gif' is not one of jpg, png, webp.
    """

    frame_format: FrameFormat = "jpg"
    quality: int = 95
    layout: RenderLayout = "shards"
    clips_per_shard: int = 1000

    def __post_init__(self) -> None:
        check_one_of("frame_format", self.frame_format, get_args(FrameFormat))
        check_one_of("layout", self.layout, get_args(RenderLayout))
        quality = check_int("quality", self.quality, 1, 100)
        clips = check_int("clips_per_shard", self.clips_per_shard, 1)
        object.__setattr__(self, "quality", quality)
        object.__setattr__(self, "clips_per_shard", clips)
