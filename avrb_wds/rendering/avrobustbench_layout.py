"""The released benchmark's layout: frames/frame_N/ID.jpg, audio/ID.wav, and a JSON that lists them.

Paths in the JSON start at its own folder, so that the whole can be moved.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath

from ..atomic import make_folder, sync_file, sync_folder
from ..building.shard_writer import check_files
from ..errors import DataError
from ..shards.record import ClipRecord, escape_key
from .render_clip import ClipNote

FRAMES, AUDIO = "frames", "audio"
LONGEST = 255  # bytes of a file's name


def check_id(video_id: str, key: str) -> None:
    """Raise DataError for an id that files in this layout cannot be named after.

    key: of the clip; whoever reads the files again makes it from the id, and draws by it.
    """
    if escape_key(video_id) != key:
        raise DataError(f"its id {video_id!r} gives another key; render it into shards.")
    parts = video_id.split("/")
    odd = any(part in ("", ".", "..") for part in parts) or "\\" in video_id
    if odd or not video_id.isprintable() or len(parts[-1].encode()) > LONGEST - len(".webp"):
        raise DataError(f"its id {video_id!r} cannot name a file; render it into shards.")


def check_clip(folder: Path, note: ClipNote, frame_format: str, *, read: bool) -> None:
    """Raise DataError unless the files of a clip are there; read: byte by byte."""
    check_id(note.video_id, note.key)
    names = [_audio(note.video_id)]
    names += [_frame(note.video_id, number, f".{frame_format}") for number in range(note.frames)]
    check_files([folder / name for name in names], note.bytes, note.sha256 if read else None)


def _audio(video_id: str) -> str:
    return f"{AUDIO}/{video_id}.wav"


def _frame(video_id: str, number: int, suffix: str) -> str:
    return f"{FRAMES}/frame_{number}/{video_id}{suffix}"


def listing(notes: Iterable[ClipNote]) -> bytes:
    """The JSON of these clips, as create_json.py of the released benchmark spells it."""
    data = [
        {
            "wav": _audio(note.video_id),
            "labels": ",".join(note.labels),
            "video_id": note.video_id,
            "video_path": FRAMES,
        }
        for note in notes
    ]
    return json.dumps({"data": data}, indent=4).encode() + b"\n"


class FolderWriter:
    """Clips of one step, as files below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._clips = 0
        self._files: dict[Path, os.stat_result] = {}

    def __len__(self) -> int:
        return self._clips

    def add(self, key: str, members: Iterable[tuple[str, bytes]]) -> None:
        """Write a clip of members: its json first, then its sound and frames."""
        (_, record), (_, sound), *frames = members
        video_id = ClipRecord.from_bytes(record, f"the json of clip {key!r}").video_id
        self._write(_audio(video_id), sound)
        for number, (name, data) in enumerate(frames):
            suffix = PurePosixPath(name).suffix
            self._write(_frame(video_id, number, suffix), data)
        self._clips += 1

    def _write(self, name: str, data: bytes) -> None:
        path = self._folder / name
        make_folder(path.parent, below=self._folder)
        with path.open("wb") as file:
            self._files[path] = os.fstat(file.fileno())
            file.write(data)

    def finish(self) -> None:
        """Bring all files, and the folders that hold them, to the disk."""
        for path in self._files:
            with suppress(FileNotFoundError):  # gone with the folder, as the journal will notice
                sync_file(path)
        parents = {folder for path in self._files for folder in path.parents}
        for folder in parents - set(self._folder.parents):
            sync_folder(folder)
        self._files.clear()

    def discard(self) -> None:
        """Remove the files written since the last finish, and folders that this leaves empty."""
        for path, made in self._files.items():
            with suppress(OSError):  # gone with the folder
                if os.path.samestat(made, path.lstat()):
                    path.unlink()
        for folder in dict.fromkeys(path.parent for path in self._files):
            with suppress(OSError):  # not empty
                while folder != self._folder:
                    folder.rmdir()
                    folder = folder.parent
        self._files.clear()
