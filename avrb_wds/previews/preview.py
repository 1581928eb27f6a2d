"""`preview`: a clip, its conditions, and the files that show it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..atomic import atomic_file, check_target, write_atomic
from ..condition import conditions
from ..corrupter import BankChoice, Temporal, corrupter_for
from ..corruptions import SEVERITIES, Profile
from ..errors import UsageError
from ..progress import Progress
from ..shards import ShardSet
from ..shards.manifest import MANIFEST
from ..storage import is_remote
from .clip import PreviewClip, clip_of_file, clip_of_shards
from .page import PreviewInfo, preview_page
from .panels import Panel, make_panels
from .sheet import frame_sheet, spectrum_sheet


@dataclass(frozen=True)
class Preview:
    """What `preview` wrote.

    Attributes:
        page: The HTML file.
        contact_sheets: The images, if any were requested.
    """

    page: Path
    contact_sheets: tuple[Path, ...] = ()


def preview(
    source: str | os.PathLike[str] | ShardSet,
    out: str | os.PathLike[str],
    *,
    key: str | None = None,
    corruptions: Sequence[str] | None = None,
    contact_sheet: str | os.PathLike[str] | None = None,
    seconds: float = 4.0,
    seed: int = 0,
    profile: Profile = "default",
    temporal: Temporal = "frame",
    bank: BankChoice = None,
    progress: Progress | None = None,
) -> Preview:
    """Write one page that shows and plays a clip under every corruption at every severity.

    source: packed shards, of which the clip `key` or the first one is shown; or a video, picture
    or sound, of which the first `seconds` are, at most 176 pixels high or wide.  out: the HTML
    file, which needs no other.  corruptions: names; all by default.  contact_sheet: also a sheet of
    frames, corruptions by severities, in this file, and one of spectrograms beside it
    (NAME-sound.png). seed, profile, temporal, bank: as in `Corrupter.of`.  progress: called with
    (conditions done, conditions).

    Files appear whole or not at all.  Raises UsageError for arguments that are not allowed,
    DataError, naming the file or clip, for what does not decode or cannot be written,
    MissingExtraError without PyAV (extra `video`), and for sheets without Matplotlib (extra
    `report`).

    >>> preview("clip.mp4", "preview.html", corruptions=["rain"])  # doctest: +SKIP
    """
    page, sheet = Path(out), None if contact_sheet is None else Path(contact_sheet)
    for target in (page, *([sheet] if sheet else [])):
        check_target(target)
    if not seconds > 0:
        raise UsageError(f"seconds {seconds!r} is not a number above 0; give one.")
    wanted = [
        (one, corrupter_for(one, seed=seed, profile=profile, temporal=temporal, bank=bank))
        for one in conditions(corruptions)
    ]
    clip = _clip(source, key, seconds)
    shown: list[Panel] = []
    for panel in make_panels(clip, wanted):
        shown.append(panel)
        if progress is not None:
            progress(len(shown), len(wanted))
    facts = PreviewInfo(clip, seed, profile, temporal)
    write_atomic(page, preview_page(facts, shown).encode(errors="backslashreplace"))
    return Preview(page, tuple(_sheets(sheet, clip, shown)) if sheet else ())


def is_shards(source: str | os.PathLike[str]) -> bool:
    """Whether a source is shards rather than a single file to be corrupted."""
    text = os.fspath(source)
    several = "{" in text and not Path(text).is_file()
    return is_remote(text) or text.endswith((".tar", MANIFEST)) or several or Path(text).is_dir()


def _clip(
    source: str | os.PathLike[str] | ShardSet, key: str | None, seconds: float
) -> PreviewClip:
    if isinstance(source, ShardSet):
        return clip_of_shards(source, key)
    if is_shards(source):
        with ShardSet.open(os.fspath(source)) as shards:
            return clip_of_shards(shards, key)
    if key is not None:
        raise UsageError(
            f"key {key!r} is for shards, and {source} is a single clip; leave the key out."
        )
    return clip_of_file(Path(source), seconds)


def _sheets(path: Path, clip: PreviewClip, shown: Sequence[Panel]) -> Iterator[Path]:
    columns = [f"severity {severity}" for severity in SEVERITIES]
    if clip.frames is not None:
        with atomic_file(path) as file:
            frame_sheet(shown, columns, file)
        yield path
    if clip.pcm is not None:
        sound = path.with_name(f"{path.stem}-sound{path.suffix}")
        with atomic_file(sound) as file:
            spectrum_sheet(shown, columns, clip.sample_rate, file)
        yield sound
