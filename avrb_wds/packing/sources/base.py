"""What every kind of source comes down to: clips that name their frames, audio and labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...building.journal import ClipFailure
from ...errors import DataError
from ...folders import NOTHING, PassedOver
from ...shards.record import escape_key


@dataclass(frozen=True)
class VideoFile:
    """Frames of a video."""

    path: Path


@dataclass(frozen=True)
class FrameFolder:
    """Frames as numbered images in one folder, `fps` of them a second."""

    path: Path
    fps: float


@dataclass(frozen=True)
class FrameColumns:
    """Frames as `root/frame_*/NAME.jpg`, the layout of AVROBUSTBENCH and CAV-MAE."""

    root: Path
    name: str


FrameSource = VideoFile | FrameFolder | FrameColumns


@dataclass(frozen=True)
class SourceClip:
    """One clip to pack.

    source: how its file is written where it was found; goes into the clip's json.  audio: an audio
    file, or a video with a sound track.
    """

    video_id: str
    labels: tuple[str, ...]
    source: str
    frames: FrameSource
    audio: Path


@dataclass(frozen=True)
class Source:
    """All clips of a source in order.

    failures: places where clips may be that cannot be reached.  left_out: videos there that a list
    of labels lacks.  passed_over: what else lies in the folder.
    """

    name: str
    clips: tuple[SourceClip, ...]
    failures: tuple[ClipFailure, ...] = ()
    left_out: int = 0
    passed_over: PassedOver = NOTHING

    def check(self, where: Path) -> Source:
        """Itself; raises DataError where it is empty, and where two clips share an id or key."""
        if not self.clips and not self.failures:
            raise DataError(f"{where} holds no clip to pack.")
        seen: dict[str, SourceClip] = {}
        for clip in self.clips:
            if not clip.video_id:
                raise DataError(f"{clip.source!r} in {where} gives an empty id.")
            other = seen.setdefault(escape_key(clip.video_id), clip)
            if other is not clip and other.source == clip.source:
                raise DataError(f"{clip.source!r} is in {where} twice; list it once.")
            if other is not clip:
                raise DataError(
                    f"id {clip.video_id!r} is that of two clips, {other.source} and "
                    f"{clip.source}; rename one, or make ids of whole paths (ids 'path')."
                )
        return self
