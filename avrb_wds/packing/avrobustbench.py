"""The JSON of AVROBUSTBENCH: read as a source, and made from folders as its create_json.py does."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from ..errors import DataError, cause
from ..progress import Progress
from ..shards.canonical import Fields, parse
from ..whole import write_whole
from .folder import VIDEOS, check_folder
from .labels import read_label_table, split_labels
from .source import FrameColumns, Source, SourceClip

__all__ = ["avrobustbench_source", "create_json"]

ENTRY = ("wav", "labels", "video_id", "video_path")


def avrobustbench_source(path: Path, classes: Mapping[str, int]) -> Source:
    """The clips of `{"data": [{wav, labels, video_id, video_path}]}`, in order.

    Pictures are video_path/frame_*/VIDEO_ID.jpg; relative paths start at the JSON's folder.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} does not open: {cause(error)}.") from error
    value = parse(data, str(path))
    entries = value.get("data") if isinstance(value, dict) else None
    if not isinstance(entries, list):
        raise DataError(f'{path} is not the JSON of AVROBUSTBENCH: {{"data": [...]}} is missing.')
    clips = (_clip(entry, n, path, classes) for n, entry in enumerate(entries))
    return Source(path.stem, tuple(clips))


def _clip(entry: object, number: int, path: Path, classes: Mapping[str, int]) -> SourceClip:
    where = f"{path}: entry {number}"
    known = {name: entry[name] for name in ENTRY if name in entry} if isinstance(entry, dict) else 0
    given = Fields.of(known, where, ENTRY)
    wav, video_id = given.text("wav"), given.text("video_id")
    return SourceClip(
        video_id,
        split_labels(given.text("labels"), classes),
        wav,
        FrameColumns(path.parent / given.text("video_path"), video_id),
        path.parent / wav,
    )


def create_json(
    videos: str | Path,
    frames: str | Path,
    audio: str | Path,
    labels: str | Path,
    out: str | Path,
    *,
    relative: bool = False,
    progress: Progress | None = None,
) -> int:
    """Write the JSON that create_json.py of the released benchmark would; returns its clips.

    videos: folder of videos, whose names up to the first dot are the ids.  frames, audio: folders
    of frame_*/ID.jpg and of ID.wav.  labels: CSV, see `read_label_table`.  relative: paths from
    the JSON's folder instead of absolute ones.  Clips are ordered by file name; the released tool
    takes them as the file system has them.  progress: called with (clips done, clips).  Raises
    UsageError where there are no such folder and CSV, DataError for a video without labels.
    """
    table = dict(read_label_table(Path(labels), {}))
    check_folder(Path(videos), "videos")
    names = sorted(p.name for p in Path(videos).glob("*") if p.suffix.lower() in VIDEOS)
    if not names:
        raise DataError(f"{videos} holds no video.")
    base = os.path.abspath(Path(out).parent)

    def place(path: str | Path) -> str:
        return os.path.relpath(path, base) if relative else os.path.abspath(path)

    data = []
    for done, name in enumerate(names, 1):
        video_id = name.split(".")[0]
        if video_id not in table:
            raise DataError(f"video {name!r} has no row in {labels}.")
        wav = place(os.path.join(audio, f"{video_id}.wav"))
        text = ",".join(table[video_id])
        data.append({"wav": wav, "labels": text, "video_id": video_id, "video_path": place(frames)})
        if progress:
            progress(done, len(names))
    write_whole(Path(out), json.dumps({"data": data}, indent=4).encode())
    return len(data)
