"""A folder of videos; labels from the folders they lie in, from a CSV, or none."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from ...building.journal import ClipFailure
from ...codecs.suffixes import VIDEO_SUFFIXES
from ...errors import DataError, UsageError
from ...folders import FolderFiles, list_folder
from ...paths import path_to_text, text_to_path
from .base import Source, SourceClip, VideoFile
from .labels import read_label_table

Ids = Literal["stem", "path"]


def folder_source(folder: Path, labels: str, ids: Ids, classes: Mapping[str, int]) -> Source:
    """Every video in `folder` and the folders in it, ordered by path.

    labels: "parent" for the name of the folder a video lies in, "none", "auto" for "parent" where
    no video lies in `folder` itself and "none" otherwise, or the path of a CSV, which then also
    says which videos are packed and in what order.  ids: a video's file name or its whole path
    within `folder`, both without suffix.  What cannot be read is a failure; under a CSV only if a
    video that it names is not found.
    """
    listed = list_folder(folder, VIDEO_SUFFIXES)
    if labels not in ("auto", "parent", "none"):
        return _by_table(folder, listed, Path(labels), ids, classes)
    loose = [video for video in listed.files if "/" not in video]
    if labels == "parent" and loose:
        raise UsageError(
            f"{loose[0]!r} lies in {folder} itself and has no parent folder to be its label; "
            f"move it, or give labels by a CSV or 'none'."
        )
    parent = labels == "parent" or (labels == "auto" and not loose)
    clips = tuple(
        _clip(folder, video, ids, (video.split("/")[-2],) if parent else ())
        for video in listed.files
    )
    return Source(_name(folder), clips, _failures(listed), passed_over=listed.passed_over)


def _name(folder: Path) -> str:
    return path_to_text(folder.resolve().name)


def _failures(listed: FolderFiles) -> tuple[ClipFailure, ...]:
    return tuple(ClipFailure(fault.path, fault.path, f"{fault.cause}.") for fault in listed.faults)


def _clip(folder: Path, video: str, ids: Ids, labels: tuple[str, ...]) -> SourceClip:
    video_id = video.rpartition("/")[2] if ids == "stem" else video
    video_id = video_id.rpartition(".")[0]
    path = folder / text_to_path(video)
    return SourceClip(video_id, labels, video, VideoFile(path), path)


def _by_table(
    folder: Path, listed: FolderFiles, table: Path, ids: Ids, classes: Mapping[str, int]
) -> Source:
    """The videos that `table` names, by path, file name or id; a name that no video has stays."""
    known, named, clips = _names(listed.files), set[str](), []
    for name, labels in read_label_table(table, classes):
        videos = known.get(name, [])
        if len(videos) > 1:
            raise DataError(
                f"{name!r} in {table} is the name of two videos, {videos[0]} and {videos[1]}; "
                f"write the path within {folder}."
            )
        if not videos and name.startswith("#"):
            continue  # a remark that has the form of a row
        video = videos[0] if videos else name
        if Path(video).suffix.lower() not in VIDEO_SUFFIXES:
            video += ".mp4"
        named.add(video)
        clips.append(_clip(folder, video, ids, labels))
    left_out = len(set(listed.files) - named)
    found = frozenset(listed.files)
    lacking = any(clip.source not in found and not os.path.exists(clip.audio) for clip in clips)
    failures = _failures(listed) if lacking else ()
    return Source(_name(folder), tuple(clips), failures, left_out, listed.passed_over)


def _names(videos: Sequence[str]) -> dict[str, list[str]]:
    """The videos that each path, file name and id means; a whole path means one, whatever else."""
    by_name: dict[str, list[str]] = {}
    by_id: dict[str, list[str]] = {}
    for video in videos:
        name = video.rpartition("/")[2]
        by_name.setdefault(name, []).append(video)
        for video_id in {name.rpartition(".")[0], video.rpartition(".")[0]}:
            by_id.setdefault(video_id, []).append(video)
    return by_id | by_name | {video: [video] for video in videos}
