"""Receipts on disk, of evaluations and of digests, and what two of them differ in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ..atomic import make_folder, write_atomic
from ..errors import DataError, UsageError, reason
from ..paths import read_file
from ..receipts.receipt import Receipt
from ..reports.report_files import JSON_FILE
from ..shards.json_io import Fields, loads
from ..storage import AnyPath, RemotePath, Storage, is_remote, to_path
from .clip_digests import ClipDigests, clips_file

FORMAT = "avrb-receipt/1"
WANTED = "give a report.json, a run's folder, or what avrb digest --out wrote"


def write_receipt(receipt: Receipt, path: Path) -> Path:
    """Write a receipt as JSON."""
    make_folder(path.parent)
    value = {"format": FORMAT, "receipt": receipt.to_json()}
    return write_atomic(path, (json.dumps(value, indent=2) + "\n").encode())


def read_receipt(
    path: str | AnyPath, storage: Storage | None = None
) -> tuple[Receipt, ClipDigests | None]:
    """Read a receipt and, if they are beside it, the digests of all clips.

    Args:
        path: Path or URL of a file of `compute_receipt`, of a report, or of the folder of a run;
            the URL of a file ends in ".json".
        storage: How a URL is read.

    Raises:
        DataError: There is no receipt, or it is of an incomplete run.
    """
    place = _file(path, storage or Storage())
    value = loads(read_file(place, remedy=WANTED), str(place))
    try:
        given = Fields.among(value, "it", ["receipt"]).values
        receipt = Receipt.from_json(given["receipt"], "it")
    except DataError as error:
        raise DataError(
            f"{place} has no receipt of this version: {reason(error)}; {WANTED}."
        ) from error
    if not receipt.digest:
        raise DataError(f"{place} holds a receipt without digests; give one of a whole run.")
    return receipt, ClipDigests.read(place.parent / clips_file(Path(place.name)).name)


def _file(path: str | AnyPath, storage: Storage) -> AnyPath:
    """The file in which a receipt is looked for."""
    place = storage.file(path) if isinstance(path, str) and is_remote(path) else to_path(path)
    if isinstance(place, RemotePath):
        is_folder = not place.name.endswith(".json")
    else:
        is_folder = place.is_dir()
    return place / JSON_FILE if is_folder else place


@dataclass(frozen=True)
class Difference:
    """The first difference between two receipts.

    Attributes:
        condition: Text of the condition.
        key: Key of the clip; None without digests of clips.
        clips: Number of clips that differ under the condition; None without digests of clips.
    """

    condition: str
    key: str | None = None
    clips: int | None = None

    def __str__(self) -> str:
        if self.key is None:
            return f"{self.condition} differs; the receipt came without the digests of its clips."
        return f"clip {self.key!r} differs under {self.condition}, the first of {self.clips} there."


@dataclass(frozen=True)
class Verdict:
    """The result of `check_receipt`.

    Attributes:
        difference: The first difference; None if there is none.
    """

    difference: Difference | None

    def __str__(self) -> str:
        return "same" if self.difference is None else str(self.difference)


def difference(
    mine: tuple[Receipt, ClipDigests], theirs: tuple[Receipt, ClipDigests | None]
) -> Difference | None:
    """The first condition, and clip under it, in which mine differs from theirs; None if in none.

    Conditions that mine lacks are left out; what is the same as a whole is the same whatever its
    conditions are called.  Raises UsageError for a condition of mine that theirs lacks.
    """
    (ours, our_clips), (receipt, clips) = mine, theirs
    if ours.digest == receipt.digest:
        return None
    wanted = dict(receipt.digests)
    for place, (condition, digest) in enumerate(ours.digests):
        if condition not in wanted:
            raise UsageError(
                f"condition {condition} is not in the receipt; give some of {', '.join(wanted)}."
            )
        if digest == wanted[condition]:
            continue
        if clips is None or condition not in clips.conditions:
            return Difference(condition)
        column = clips.conditions.index(condition)
        there = {key: row[column] for key, row in clips.rows.items()}
        here = {key: row[place] for key, row in our_clips.rows.items()}
        differing = [key for key in (here | there) if here.get(key) != there.get(key)]
        if not differing:
            raise DataError(
                f"the digests of clips beside the receipt are not its own under {condition}."
            )
        return Difference(condition, differing[0], len(differing))
    return None
