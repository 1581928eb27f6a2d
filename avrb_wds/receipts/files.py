"""Files of receipts, and the first difference between two receipts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ..atomic import make_folder, write_atomic
from ..errors import DataError, UsageError, reason
from ..paths import read_file
from ..shards.json_io import Fields, loads
from ..storage import AnyPath, RemotePath, Storage, is_remote, to_path
from .clip_digests import ClipDigests, clips_file
from .receipt import Receipt

REPORT_FILE = "report.json"
"""The file in the folder of a run that holds its receipt."""
FORMAT = "avrb-receipt/1"
REMEDY = "give a report.json, a run's folder, or the output of avrb digest --out"


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
    file = _find_file(path, storage or Storage())
    value = loads(read_file(file, remedy=REMEDY), str(file))
    try:
        given = Fields.among(value, "it", ["receipt"]).values
        receipt = Receipt.from_json(given["receipt"], "it")
    except DataError as error:
        raise DataError(
            f"{file} has no receipt of this version: {reason(error)}; {REMEDY}."
        ) from error
    if not receipt.digest:
        raise DataError(f"{file} holds a receipt without digests; give one of a complete run.")
    return receipt, ClipDigests.read(file.parent / clips_file(Path(file.name)).name)


def _find_file(path: str | AnyPath, storage: Storage) -> AnyPath:
    """Return the file of the receipt: `path`, or the report in the folder `path`."""
    file = storage.file(path) if isinstance(path, str) and is_remote(path) else to_path(path)
    is_remote_folder = isinstance(file, RemotePath) and not file.name.endswith(".json")
    is_local_folder = isinstance(file, Path) and file.is_dir()
    return file / REPORT_FILE if is_remote_folder or is_local_folder else file


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


def first_difference(
    computed: tuple[Receipt, ClipDigests], given: tuple[Receipt, ClipDigests | None]
) -> Difference | None:
    """Return the first condition, and clip, that differs; None if nothing differs.

    Only the conditions of `computed` are compared. If the overall digests are equal, the names of
    the conditions do not matter. Raises UsageError if `given` lacks a condition of `computed`.
    """
    (receipt, clips), (given_receipt, given_clips) = computed, given
    if receipt.digest == given_receipt.digest:
        return None
    expected = dict(given_receipt.digests)
    for index, (condition, digest) in enumerate(receipt.digests):
        if condition not in expected:
            raise UsageError(
                f"condition {condition} is not in the receipt; give some of {', '.join(expected)}."
            )
        if digest == expected[condition]:
            continue
        if given_clips is None or condition not in given_clips.conditions:
            return Difference(condition)
        column = given_clips.conditions.index(condition)
        theirs = {key: row[column] for key, row in given_clips.rows.items()}
        ours = {key: row[index] for key, row in clips.rows.items()}
        differing = [key for key in (ours | theirs) if ours.get(key) != theirs.get(key)]
        if not differing:
            raise DataError(
                f"the digests of clips beside the receipt do not match it under {condition}."
            )
        return Difference(condition, differing[0], len(differing))
    return None
