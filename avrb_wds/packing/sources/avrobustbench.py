"""The JSON of AVROBUSTBENCH: read as a source, and made from folders as its create_json.py does."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from ...atomic import write_atomic
from ...codecs.suffixes import VIDEO_SUFFIXES
from ...errors import DataError
from ...folders import list_folder
from ...paths import check_file, check_folder, naming, path_to_text, read_file, text_to_path
from ...progress import Progress
from ...shards.json_io import Fields, loads
from .base import FrameColumns, Source, SourceClip
from .labels import read_label_table, split_labels

ENTRY = ("wav", "labels", "video_id", "video_path")


def avrobustbench_source(path: Path, classes: Mapping[str, int]) -> Source:
    """The clips of `{"data": [{wav, labels, video_id, video_path}]}`, in order.

    Frames are video_path/frame_*/VIDEO_ID.jpg; relative paths start at the JSON's folder.
    """
    check_file(path)
    value = loads(read_file(path), str(path))
    entries = value.get("data") if isinstance(value, dict) else None
    if not isinstance(entries, list):
        raise DataError(f'{path} is not the JSON of AVROBUSTBENCH: {{"data": [...]}} is missing.')
    clips = (_clip(entry, n, path, classes) for n, entry in enumerate(entries))
    return Source(path_to_text(path.stem), tuple(clips))


def _clip(entry: object, number: int, path: Path, classes: Mapping[str, int]) -> SourceClip:
    where = f"{path}: entry {number}"
    known = {name: entry[name] for name in ENTRY if name in entry} if isinstance(entry, dict) else 0
    given = Fields.of(known, where, ENTRY)
    names = [given.text(name) for name in ("wav", "video_path", "video_id")]
    with naming(where):
        wav, frames, name = map(text_to_path, names)
    return SourceClip(
        names[2],
        split_labels(given.text("labels"), classes),
        names[0],
        FrameColumns(path.parent / frames, str(name)),
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
    """Write the JSON of AVROBUSTBENCH's create_json.py, with the clips ordered by file name.

    Args:
        videos: Folder of videos; the id of a video is its name up to the first dot.
        frames: Folder of frame_*/ID.jpg.
        audio: Folder of ID.wav.
        labels: CSV of ids and labels.
        out: The JSON file.
        relative: Write paths relative to the folder of the JSON instead of absolute ones.
        progress: Called with (clips done, clips).

    Returns:
        Number of clips.

    Raises:
        UsageError: A folder or the CSV does not exist.
        DataError: A video has no labels.
    """
    table = _labels(Path(labels))
    check_folder(Path(videos), "videos")
    listed = list_folder(Path(videos), VIDEO_SUFFIXES, recursive=False)
    listed.check(Path(videos))
    if not listed.files:
        raise DataError(f"{videos} holds no video.")
    base = os.path.abspath(Path(out).parent)

    def place(path: str | Path) -> str:
        return path_to_text(os.path.relpath(path, base) if relative else os.path.abspath(path))

    data = []
    taken: dict[str, str] = {}
    for done, name in enumerate(listed.files, 1):
        video_id = name.split(".")[0]
        if video_id not in table:
            raise DataError(f"video {name!r} has no row in {labels}.")
        if taken.setdefault(video_id, name) != name:
            raise DataError(
                f"videos {taken[video_id]!r} and {name!r} in {videos} have the same id."
            )
        wav = place(Path(audio) / text_to_path(f"{video_id}.wav"))
        text = ",".join(table[video_id])
        data.append({"wav": wav, "labels": text, "video_id": video_id, "video_path": place(frames)})
        if progress:
            progress(done, len(listed.files))
    write_atomic(Path(out), json.dumps({"data": data}, indent=4).encode())
    return len(data)


def _labels(path: Path) -> dict[str, tuple[str, ...]]:
    """Labels by id; raises DataError where two rows of a CSV differ on one."""
    table: dict[str, tuple[str, ...]] = {}
    for video_id, labels in read_label_table(path, {}):
        if table.setdefault(video_id, labels) != labels:
            raise DataError(f"{path} has two rows for {video_id!r}, whose labels differ.")
    return table
