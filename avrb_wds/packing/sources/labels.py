"""Labels by CSV."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ...errors import UsageError
from .csv_rows import read_rows

ID_COLUMNS = ("video_id", "id", "file", "filename", "path", "ytid", "youtube_id")
LABEL_COLUMNS = ("label", "class", "category")
LABELS_COLUMNS = ("labels", "positive_labels")
SECONDS_DIGITS = 9  # of VGGSound's start of a clip, at most

Row = tuple[str, tuple[str, ...]]
"""A file or id, and its labels."""


def split_labels(text: str, classes: Mapping[str, int]) -> tuple[str, ...]:
    """Labels written with commas between them; a class whose own name has commas stays whole.

    >>> split_labels("/m/04rlf, /m/07pjwq1", {}), split_labels("bark, howl", {"bark, howl": 0})
    (('/m/04rlf', '/m/07pjwq1'), ('bark, howl',))
    """
    if text.strip() in classes:
        return (text.strip(),)
    return tuple(dict.fromkeys(label.strip() for label in text.split(",") if label.strip()))


def read_label_table(path: Path, classes: Mapping[str, int]) -> list[Row]:
    """(file or id, labels) of every row of a CSV.

    The CSV has a header with a column `video_id`, `id`, `file`, `filename` or `path`, and a column
    `label` (one) or `labels` (several, with commas between them).  Without header it may be rows
    of id and label, AudioSet's segments (id, start, end, labels), or VGGSound's list (id, start,
    label, split; files named ID_000030).  A line that begins with "#" and has no such form is
    skipped; one that has is a row like any other, as names may begin so.  Raises UsageError
    for another form.
    """
    rows = read_rows(path, "CSV of labels")
    first = next((n for n, (_, row) in enumerate(rows) if not row[0].startswith("#")), len(rows))
    header = [name.strip().lower() for name in rows[first][1]] if rows[first:] else []
    headed = any(name in header for name in ID_COLUMNS)
    table = []
    for line, row in rows[first + 1 :] if headed else rows:
        found = _headed(row, header, classes) if headed else _bare(row, classes)
        if found:
            table.append(found)
        elif not row[0].startswith("#"):
            raise UsageError(
                f"{path}, line {line}: {row!r} is not a row of labels; give a header with a "
                f"column 'file' or 'id' and a column 'label' or 'labels', or rows of id and label."
            )
    return table


def _headed(row: list[str], header: list[str], classes: Mapping[str, int]) -> Row | None:
    """A row under a header."""
    key = next(name for name in ID_COLUMNS if name in header)
    one = next((name for name in LABEL_COLUMNS if name in header), None)
    many = next((name for name in LABELS_COLUMNS if name in header), None)
    if len(row) != len(header) or not (one or many):
        return None
    text = row[header.index(one or many or "")]
    return row[header.index(key)].strip(), _one(text) if one else split_labels(text, classes)


def _bare(row: list[str], classes: Mapping[str, int]) -> Row | None:
    """A row of a list without header."""
    if len(row) == 2:
        return row[0], _one(row[1])
    if len(row) >= 4 and _number(row[1]) and _number(row[2]):
        return row[0], split_labels(row[3], classes)
    if len(row) == 4 and row[1].isdecimal() and len(row[1]) <= SECONDS_DIGITS:
        return f"{row[0]}_{int(row[1]):06d}", _one(row[2])
    return None


def _one(text: str) -> tuple[str, ...]:
    return (text.strip(),) if text.strip() else ()


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
