"""Which kind of source a path is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR

from ...errors import UsageError, check_one_of
from ...paths import stat_path
from ..class_list import ClassList, LabelEncoder, read_class_list
from .avrobustbench import avrobustbench_source
from .base import Source
from .clip_list import cliplist_source
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
    return cliplist_source(path, options.audio_root, options.frames_root, options.clip_list_fps)
