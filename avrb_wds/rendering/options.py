"""How rendered clips are stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from ..codecs import FrameFormat
from ..errors import UsageError, check_one_of
from ..loading.arguments import whole_number

__all__ = ["RenderLayout", "RenderOptions"]

RenderLayout = Literal["shards", "released"]


@dataclass(frozen=True)
class RenderOptions:
    """What rendered clips become on disk.

    frame_format: "png" and "webp" keep every bit, "jpg" does not.  quality: of a JPEG, 1 to 100;
    its colours are never subsampled.
    layout: "shards", or "released": frames/frame_N/ID.jpg, audio/ID.wav and a JSON that lists them,
    as AVROBUSTBENCH has it.  clips_per_shard: the last shard may hold fewer.

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
        if whole_number("quality", self.quality, 1) > 100:
            raise UsageError(
                f"quality {self.quality} is not a whole number from 1 to 100; give one."
            )
        whole_number("clips_per_shard", self.clips_per_shard, 1)
