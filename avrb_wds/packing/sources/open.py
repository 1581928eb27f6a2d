"""The source that a path means; the clip lists of Tian & Xu."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR

from ...errors import UsageError, check_one_of
from ...paths import path_to_text, stat_path, text_to_path
from ..class_list import ClassList, LabelEncoder, read_class_list
from .avrobustbench import avrobustbench_source
from .base import FrameFolder, FrameSource, Source, SourceClip, VideoFile
from .csv_rows import read_rows
from .video_folder import Ids, folder_source

GIVE = "give a folder of videos, a JSON of AVROBUSTBENCH, or a clip list of Tian & Xu (CSV)"


@dataclass(frozen=True)
class SourceOptions:
    """How a source is read; options for other kinds of sources are ignored.

    Attributes:
        labels: For a folder: "auto", "parent" (name of the parent folder), "none", or a CSV.
        ids: For a folder: "stem" (file name without suffix) or "path".
        classes: File with the class list; None for all labels in sorted order.
        audio_root: For a clip list: folder of the audio.
        frames_root: For a clip list: folder of the frames.
        clip_list_fps: For a clip list: frames per second of the stored frames.
    """

    labels: str = "auto"
    ids: Ids = "stem"
    classes: Path | None = None
    audio_root: Path | None = None
    frames_root: Path | None = None
    clip_list_fps: float = 8.0


def open_source(path: Path, options: SourceOptions) -> tuple[Source, LabelEncoder]:
    """The clips that `path` means, and their classes.

    path: a folder of videos, the JSON of AVROBUSTBENCH, or a clip list of Tian & Xu.  Raises
    UsageError for anything else, DataError where a list is broken, empty or names an id twice.
    """
    classes = read_class_list(options.classes) if options.classes else None
    source = _read(path, options, classes or ClassList()).check(path)
    return source, LabelEncoder.of(source.clips, classes)


def _read(path: Path, options: SourceOptions, classes: ClassList) -> Source:
    status = stat_path(path)
    if status is None:
        raise UsageError(f"{path} does not exist; {GIVE}.")
    if S_ISDIR(status.st_mode):
        check_one_of("ids", options.ids, ("stem", "path"))
        return folder_source(path, options.labels, options.ids, classes.numbers)
    if path.suffix.lower() == ".json":
        return avrobustbench_source(path, classes.numbers)
    if path.suffix.lower() not in (".csv", ".txt"):
        raise UsageError(f"{path} is not a source; {GIVE}.")
    if options.audio_root is None or options.frames_root is None:
        raise UsageError(
            f"clip list {path} does not say where its files are; give an audio root and a "
            f"frames root."
        )
    return clip_list_source(path, options.audio_root, options.frames_root, options.clip_list_fps)


def clip_list_source(path: Path, audio_root: Path, frames_root: Path, fps: float) -> Source:
    """The clips of lines `/category/id.wav,/category/id.mp4,count`, in order.

    The clip lists of Tian & Xu, "Can audio-visual integration strengthen robustness under
    multimodal attacks?", CVPR 2021.

    audio_root: holds category/id.wav.  frames_root: holds category/id.mp4, which is either a video
    or a folder of numbered frames, `fps` a second (theirs have 8), or a folder category/id.  The
    label is the category; the count is not needed.
    """
    clips = tuple(
        _listed_clip(row, f"{path}, line {line}", audio_root, frames_root, fps)
        for line, row in read_rows(path, "clip list")
    )
    return Source(path_to_text(path.stem), clips)


def _listed_clip(
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
        _frames(frames_root / text_to_path(f"{parts[1][0]}/{video}"), fps),
        audio_root / text_to_path(f"{category}/{wav}"),
    )


def _frames(path: Path, fps: float) -> FrameSource:
    for folder in (path, path.with_suffix("")):
        if os.path.isdir(folder):  # False for a name that is too long, which its reader says
            return FrameFolder(folder, fps)
    return VideoFile(path)
