"""What clips have in common, gathered clip by clip."""

from __future__ import annotations

from dataclasses import dataclass

from ..shards.manifest import AudioLayout, FrameLayout


@dataclass(frozen=True)
class ClipShape:
    """Frame count, size, rate and channels of one clip or of many; None where these differ.

    samples: of the longest.
    """

    frames: int | None
    height: int | None
    width: int | None
    sample_rate: int | None
    channels: int | None
    samples: int

    def __or__(self, other: ClipShape) -> ClipShape:
        """What both have in common.

        >>> ClipShape(10, 224, 224, 16000, 1, 9) | ClipShape(10, 240, 224, 16000, 1, 8)
        ClipShape(frames=10, height=None, width=224, sample_rate=16000, channels=1, samples=9)
        """
        return ClipShape(
            _shared(self.frames, other.frames),
            _shared(self.height, other.height),
            _shared(self.width, other.width),
            _shared(self.sample_rate, other.sample_rate),
            _shared(self.channels, other.channels),
            max(self.samples, other.samples),
        )

    def parts(
        self, audio_format: str, frame_format: str = "jpg"
    ) -> tuple[FrameLayout, AudioLayout]:
        """The same as a manifest has it."""
        return (
            FrameLayout(self.frames, self.height, self.width, frame_format),
            AudioLayout(self.sample_rate, self.channels, self.samples, audio_format),
        )


def _shared(mine: int | None, theirs: int | None) -> int | None:
    return mine if mine == theirs else None


@dataclass(frozen=True)
class PackedClip:
    """A clip's key, its members (extension, bytes) in the order they are stored, and shape.

    note: goes into the journal, where there is one.
    """

    key: str
    members: tuple[tuple[str, bytes], ...]
    shape: ClipShape
    note: str = ""
