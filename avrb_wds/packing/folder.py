"""A folder of videos; labels from the folders they lie in, from a CSV, or none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from ..errors import UsageError
from .labels import read_label_table
from .source import Source, SourceClip, VideoFile

__all__ = ["VIDEOS", "Ids", "check_folder", "folder_source"]

VIDEOS = frozenset(
    (
        *(".mp4", ".mkv", ".webm", ".avi", ".mov", ".m4v", ".mpg", ".mpeg", ".flv", ".wmv"),
        *(".3gp", ".ts", ".mts", ".m2ts", ".ogv"),
    )
)
Ids = Literal["stem", "path"]


def check_folder(path: Path, of: str) -> None:
    """Raise UsageError, saying what it is to be a folder of, unless `path` is one."""
    if not path.is_dir():
        fault = "is not a folder" if path.exists() else "is not there"
        raise UsageError(f"{path} {fault}; give a folder of {of}.")


def folder_source(folder: Path, labels: str, ids: Ids, classes: Mapping[str, int]) -> Source:
    """Every video in `folder` and the folders in it, ordered by path.

    labels: "parent" for the name of the folder a video lies in, "none", "auto" for "parent" where
    no video lies in `folder` itself and "none" otherwise, or the path of a CSV, which then also
    says which videos are packed and in what order.  ids: a video's file name or its whole path
    within `folder`, both without suffix.
    """
    videos = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix.lower() in VIDEOS and path.is_file()
    )
    if labels not in ("auto", "parent", "none"):
        return _by_table(folder, videos, Path(labels), ids, classes)
    loose = [video for video in videos if "/" not in video]
    if labels == "parent" and loose:
        raise UsageError(
            f"{loose[0]!r} lies in {folder} itself and has no parent folder to be its label; "
            f"move it, or give labels by a CSV or 'none'."
        )
    parent = labels == "parent" or (labels == "auto" and not loose)
    clips = tuple(
        _clip(folder, video, ids, (video.split("/")[-2],) if parent else ()) for video in videos
    )
    return Source(folder.resolve().name, clips)


def _clip(folder: Path, video: str, ids: Ids, labels: tuple[str, ...]) -> SourceClip:
    video_id = video.rpartition("/")[2] if ids == "stem" else video
    video_id = video_id.rpartition(".")[0]
    return SourceClip(video_id, labels, video, VideoFile(folder / video), folder / video)


def _by_table(
    folder: Path, videos: list[str], table: Path, ids: Ids, classes: Mapping[str, int]
) -> Source:
    """The videos that `table` names, by path, file name or id; a name that no video has stays."""
    known: dict[str, str] = {}
    for video in reversed(videos):
        name = video.rpartition("/")[2]
        known |= {name.rpartition(".")[0]: video, name: video}
    known |= {video: video for video in videos}
    rows = [(known.get(name, name), labels) for name, labels in read_label_table(table, classes)]
    left_out = len(set(videos) - {video for video, _ in rows})
    clips = tuple(
        _clip(
            folder, video if Path(video).suffix.lower() in VIDEOS else f"{video}.mp4", ids, labels
        )
        for video, labels in rows
    )
    return Source(folder.resolve().name, clips, left_out)
