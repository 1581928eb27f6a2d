"""What the text of options comes to: conditions, storage, shards."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .progress import progress_bar

if TYPE_CHECKING:
    from avrb_wds.condition import Condition
    from avrb_wds.shards import ShardSet
    from avrb_wds.storage import Storage

_UNITS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) *([KMGT]?)(I?)B?")


def chosen_conditions(
    corruption: Sequence[str] | None, severity: Sequence[str] | None, clean: bool
) -> tuple[Condition, ...]:
    """The conditions that --corruption, --severity and --clean come to.

    >>> [str(c) for c in chosen_conditions(["rain"], ["3", "0+5"], clean=False)]
    ['rain-3', 'rain-0+5']
    """
    from avrb_wds.condition import conditions
    from avrb_wds.corruptions import SEVERITIES

    return conditions(
        corruption, [parse_severity(s) for s in severity or ()] or SEVERITIES, clean=clean
    )


def parse_severity(text: str) -> int | tuple[int, int]:
    """The severity that "3" or "0+5" means; raises UsageError for another text."""
    from avrb_wds.condition import severity_pair
    from avrb_wds.errors import UsageError

    parts = text.split("+")
    if len(parts) > 2 or not all(part.isdecimal() for part in parts):
        raise UsageError(
            f"severity {text!r} is not a number; give 1 to 5, or visual+audio as in 0+5."
        )
    numbers = [int(part) for part in parts]
    wanted = (numbers[0], numbers[1]) if len(numbers) == 2 else numbers[0]
    severity_pair(wanted)
    return wanted


def storage_options(given: Sequence[str] | None) -> dict[str, Any] | None:
    """The mapping that several KEY=VALUE come to; None where there are none.

    >>> storage_options(["region=eu", "headers.X-Id=7"])
    {'region': 'eu', 'headers': {'X-Id': '7'}}
    """
    from avrb_wds.errors import UsageError

    options: dict[str, Any] = {}
    for nth, text in enumerate(given or (), 1):
        key, equals, value = text.partition("=")
        if not key or not equals:
            # What was given stays unsaid: it may be a secret whose key was forgotten.
            raise UsageError(f"--storage-option number {nth} has no key; give KEY=VALUE.")
        kind, dot, name = key.partition(".")
        if dot and kind == "headers":
            options.setdefault("headers", {})[name] = value
        else:
            options[key] = value
    return options or None


def size_in_bytes(text: str) -> int:
    """How many bytes a size means; K, M, G, T are powers of 1000, with an i of 1024.

    >>> size_in_bytes("20GB"), size_in_bytes("1.5 GiB"), size_in_bytes("4096")
    (20000000000, 1610612736, 4096)
    """
    from avrb_wds.errors import UsageError

    found = _SIZE.fullmatch(text.strip().upper())
    if found is None or (found[3] and not found[2]):
        raise UsageError(f"size {text!r} is not a number of bytes; give one as in 20GB or 1.5GiB.")
    return int(float(found[1]) * (1024 if found[3] else 1000) ** _UNITS[found[2]])


def open_storage(
    storage_option: Sequence[str] | None,
    cache_dir: Path | None = None,
    cache_size: str | None = None,
) -> Storage:
    """How these options say that remote files are reached."""
    from avrb_wds.storage import Storage

    size = None if cache_size is None else size_in_bytes(cache_size)
    return Storage(storage_options(storage_option), cache_dir=cache_dir, cache_size=size)


def open_shards(
    shards: str | Sequence[str],
    storage_option: Sequence[str] | None,
    cache_dir: Path | None,
    cache_size: str | None,
    *,
    indexes: bool = False,
) -> ShardSet:
    """The shards that these options mean; with the indexes of all, where all clips are wanted."""
    from avrb_wds.shards import ShardSet

    storage = open_storage(storage_option, cache_dir, cache_size)
    with progress_bar("opening shards", passing=True) as progress:
        opened = ShardSet.open(shards, storage, progress=progress)
        if indexes and opened.manifest is not None:
            opened.read_indexes(progress)
    return opened
