"""The clip lists of Tian & Xu, "Can audio-visual integration strengthen robustness under
multimodal attacks?", CVPR 2021."""

from __future__ import annotations

import os
from pathlib import Path

from ...errors import UsageError
from ...paths import path_to_text, text_to_path
from .base import FrameFolder, Pictures, Source, SourceClip, VideoFile
from .csv_rows import read_rows


def cliplist_source(path: Path, audio_root: Path, frames_root: Path, fps: float) -> Source:
    """The clips of lines `/category/id.wav,/category/id.mp4,count`, in order.

    audio_root: holds category/id.wav.  frames_root: holds category/id.mp4, which is either a video
    or a folder of numbered frames, `fps` a second (theirs have 8), or a folder category/id.  The
    label is the category; the count is not needed.
    """
    clips = tuple(
        _clip(row, f"{path}, line {line}", audio_root, frames_root, fps)
        for line, row in read_rows(path, "clip list")
    )
    return Source(path_to_text(path.stem), clips)


def _clip(
    row: list[str], where: str, audio_root: Path, frames_root: Path, fps: float
) -> SourceClip:
    parts = [cell.strip().strip("/").split("/") for cell in row[:2]]
    if len(row) not in (2, 3) or any(len(part) != 2 or ".." in part for part in parts):
        raise UsageError(
            f"{where}: {row!r} is not a clip; write '/category/id.wav,/category/id.mp4,count'."
        )
    (category, wav), (_, video) = parts
    return SourceClip(
        video.rpartition(".")[0] or video,
        (category,),
        f"{category}/{wav}",
        _pictures(frames_root / text_to_path(f"{parts[1][0]}/{video}"), fps),
        audio_root / text_to_path(f"{category}/{wav}"),
    )


def _pictures(path: Path, fps: float) -> Pictures:
    for folder in (path, path.with_suffix("")):
        if os.path.isdir(folder):  # False for a name that is too long, which its reader says
            return FrameFolder(folder, fps)
    return VideoFile(path)
