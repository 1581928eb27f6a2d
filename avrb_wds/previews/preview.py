"""`preview`: a clip, its conditions, and the files that show it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..atomic import atomic_file, check_target, write_atomic
from ..condition import conditions
from ..corrupter import corrupter_for
from ..corruptions import SEVERITIES, Profile
from ..errors import UsageError
from ..progress import Progress
from ..settings import BankChoice, CorruptionSettings, Temporal
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
    """Write a page that shows and plays a clip under every corruption at every severity.

    Each file is complete or is not written.

    Args:
        source: Shards, as in `ShardSet.open`, or a video, image or audio file, which is scaled to
            at most 176 pixels on a side.
        out: The HTML file, which needs no other.
        key: Key of the clip in shards; None for the first clip.
        corruptions: Names; None for all.
        contact_sheet: Also write an image of all frames to this file, and one of all spectrograms
            beside it (NAME-sound.png).
        seconds: How much of a file is used, from its start.
        seed: Seed of all random draws.
        profile: "default", or "reference" for what the reference code does.
        temporal: "frame" draws for each frame, "clip" once for all frames.
        bank: A bank or the path of an imported one; None for the built-in bank.
        progress: Called with (conditions done, conditions).

    Raises:
        UsageError: An argument is not allowed.
        DataError: The source cannot be decoded, or a file cannot be written.
        MissingExtraError: A video needs the extra `video`; a contact sheet needs `report`.

    Example:
        >>> preview("clip.mp4", "preview.html", corruptions=["rain"])  # doctest: +SKIP
    """
    page, sheet = Path(out), None if contact_sheet is None else Path(contact_sheet)
    for target in (page, *([sheet] if sheet else [])):
        check_target(target)
    if not seconds > 0:
        raise UsageError(f"seconds {seconds!r} is not a number above 0; give one.")
    settings = CorruptionSettings.of(seed=seed, profile=profile, temporal=temporal, bank=bank)
    wanted = [(one, corrupter_for(one, settings)) for one in conditions(corruptions)]
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
