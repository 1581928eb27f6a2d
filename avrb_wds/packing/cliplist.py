"""The clip lists of Tian & Xu, "Can audio-visual integration strengthen robustness under
multimodal attacks?", CVPR 2021."""

from __future__ import annotations

import csv
from pathlib import Path

from ..errors import DataError, UsageError, cause
from .source import FrameFolder, Pictures, Source, SourceClip, VideoFile

__all__ = ["cliplist_source"]


def cliplist_source(path: Path, audio_root: Path, frames_root: Path, fps: float) -> Source:
    """The clips of lines `/category/id.wav,/category/id.mp4,count`, in order.

    audio_root: holds category/id.wav.  frames_root: holds category/id.mp4, which is either a video
    or a folder of numbered frames, `fps` a second (theirs have 8), or a folder category/id.  The
    label is the category; the count is not needed.
    """
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = [row for row in csv.reader(file) if row]
    except OSError as error:
        raise DataError(f"{path} does not open: {cause(error)}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is not a CSV in UTF-8: {cause(error)}.") from error
    clips = tuple(
        _clip(row, f"{path}, line {number}", audio_root, frames_root, fps)
        for number, row in enumerate(rows, 1)
    )
    return Source(path.stem, clips)


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
        _pictures(frames_root / parts[1][0] / video, fps),
        audio_root / category / wav,
    )


def _pictures(path: Path, fps: float) -> Pictures:
    for folder in (path, path.with_suffix("")):
        if folder.is_dir():
            return FrameFolder(folder, fps)
    return VideoFile(path)
