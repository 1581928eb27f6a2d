"""`avrb info`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from typer import Option

from .options import SeveralShards, StorageOptions
from .output import print_result
from .parsing import open_storage
from .progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from avrb_wds.shards import Summary


def info(
    shards: SeveralShards,
    as_json: Annotated[bool, Option("--json", metavar="", help="As JSON, for programs.")] = False,
    storage_option: StorageOptions = None,
) -> None:
    """Say what shards hold.

    Example:  avrb info shards/ --json
    """
    import json
    from dataclasses import asdict

    from avrb_wds.shards import summarize

    source = shards[0] if len(shards) == 1 else shards
    with progress_bar("opening shards", passing=True) as progress:
        summary = summarize(source, open_storage(storage_option), progress)
    if as_json:
        print_result(*json.dumps(asdict(summary), indent=2).split("\n"))
    else:
        print_result(*(f"{what:10}{value}" for what, value in _rows(summary)))


def _rows(summary: Summary) -> Iterator[tuple[str, str]]:
    yield "name", summary.name or "no manifest"
    yield "clips", f"{summary.clips:,}"
    yield "shards", f"{summary.shards:,}, {summary.bytes / 1e6:,.1f} MB"
    if summary.frames is not None:
        frames = summary.frames
        size = f"{_or_various(frames.width)}x{_or_various(frames.height)}"
        yield "frames", f"{_or_various(frames.count)} a clip, {size} pixels, {frames.format}"
    if summary.audio is not None:
        audio = summary.audio
        yield (
            "sound",
            (
                f"{_or_various(audio.sample_rate)} Hz, channels: {_or_various(audio.channels)}, "
                f"{audio.max_samples:,} samples at most, {audio.format}"
            ),
        )
    if summary.classes is not None:
        some = ", ".join(summary.classes[:5]) + (", …" if len(summary.classes) > 5 else "")
        named = f", {len(summary.classes)} classes: {some}" if some else ""
        yield "labels", f"{summary.task}{named}"
    if summary.digest is not None:
        yield "manifest", f"sha256 {summary.digest}"


def _or_various(value: int | None) -> str:
    return "various" if value is None else str(value)
