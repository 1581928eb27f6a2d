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
    """How a source is to be read; what does not concern its kind is passed over.

    labels: for a folder: "auto", "parent", "none", or a CSV (see `folder_source`).  ids: for a
    folder: "stem" or "path".  classes: a class list (see `read_class_list`); without one the
    classes are all labels, in the order of `sort_labels`.  audio_root, frames_root, clip_list_fps:
    for a list of Tian & Xu.
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
