"""Labels by CSV, class lists, and the class numbers that come of both."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import DataError, UsageError, cause
from ..shards.manifest import Task
from ..shards.record import Target
from .source import SourceClip

__all__ = ["ClassList", "Labelling", "read_class_list", "read_label_table", "split_labels"]

ID_COLUMNS = ("video_id", "id", "file", "filename", "path", "ytid", "youtube_id")
LABEL_COLUMNS = ("label", "class", "category")
LABELS_COLUMNS = ("labels", "positive_labels")


@dataclass(frozen=True)
class ClassList:
    """Names by class number, and numbers by every name a class goes by."""

    names: tuple[str, ...] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)


def split_labels(text: str, classes: Mapping[str, int]) -> tuple[str, ...]:
    """Labels written with commas between them; a class whose own name has commas stays whole.

    >>> split_labels("/m/04rlf, /m/07pjwq1", {}), split_labels("bark, howl", {"bark, howl": 0})
    (('/m/04rlf', '/m/07pjwq1'), ('bark, howl',))
    """
    if text.strip() in classes:
        return (text.strip(),)
    return tuple(dict.fromkeys(label.strip() for label in text.split(",") if label.strip()))


def _rows(path: Path, what: str = "CSV of labels") -> list[list[str]]:
    try:
        rows = list(csv.reader(io.StringIO(_text(path, what), newline=""), skipinitialspace=True))
    except csv.Error as error:
        raise UsageError(f"{path} is not a CSV: {cause(error)}; give a {what}.") from error
    return [row for row in rows if any(row) and not row[0].startswith("#")]


def _text(path: Path, what: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"{path} is not there; give a {what}.") from None
    except OSError as error:
        raise UsageError(f"{path} does not open: {cause(error)}; give a {what}.") from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path} is not in UTF-8: {cause(error)}; give a {what} that is."
        ) from error


def read_label_table(path: Path, classes: Mapping[str, int]) -> list[tuple[str, tuple[str, ...]]]:
    """(file or id, labels) of every row of a CSV.

    The CSV has a header with a column `video_id`, `id`, `file`, `filename` or `path`, and a column
    `label` (one) or `labels` (several, with commas between them).  Without header it may be rows
    of id and label, AudioSet's segments (id, start, end, labels; then "#" lines are passed over),
    or VGGSound's list (id, start, label, split; files named ID_000030).  Raises UsageError for
    another form.
    """
    rows = _rows(path)
    header = [name.strip().lower() for name in rows[0]] if rows else []
    key = next((name for name in ID_COLUMNS if name in header), None)
    one = next((name for name in LABEL_COLUMNS if name in header), None)
    many = next((name for name in LABELS_COLUMNS if name in header), None)
    table = []
    for number, row in enumerate(rows[1:] if key else rows, 1):
        if key and (one or many) and len(row) == len(header):
            text = row[header.index(one or many or "")].strip()
            labels = ((text,) if text else ()) if one else split_labels(text, classes)
            table.append((row[header.index(key)].strip(), labels))
        elif not key and len(row) == 2:
            table.append((row[0], (row[1].strip(),)))
        elif not key and len(row) >= 4 and _number(row[1]) and _number(row[2]):
            table.append((row[0], split_labels(row[3], classes)))
        elif not key and len(row) == 4 and row[1].isdecimal():
            table.append((f"{row[0]}_{int(row[1]):06d}", (row[2].strip(),)))
        else:
            raise UsageError(
                f"{path}, row {number}: {row!r} is not a row of labels; give a header with a "
                f"column 'file' or 'id' and a column 'label' or 'labels', or rows of id and label."
            )
    return table


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def read_class_list(path: Path) -> ClassList:
    """The class list in a file.

    Either a CSV with the columns `index`, `mid`, `display_name` as AudioSet has it, or one label a
    line (the first column, where the file is a CSV).  Raises UsageError for another form.
    """
    if path.suffix.lower() == ".csv":
        rows = _rows(path, "class list")
    else:
        rows = [[line] for line in _text(path, "class list").splitlines() if line.strip()]
    header = rows[0] if rows else []
    if "index" not in header:
        names = tuple(row[0].strip() for row in rows)
        numbers = {name: number for number, name in enumerate(names)}
        columns: list[int] = [0]
    else:
        columns = [place for place, name in enumerate(header) if name in ("display_name", "mid")]
        try:
            ordered = sorted(rows[1:], key=lambda row: int(row[header.index("index")]))
            names = tuple(row[columns[-1]] for row in ordered)
            numbers = {row[c]: n for c in columns for n, row in enumerate(ordered)}
        except (ValueError, IndexError) as error:
            raise UsageError(
                f"class list {path} has a row without a number or a name; give the columns "
                f"index, mid and display_name."
            ) from error
    if not names or len(numbers) != len(names) * len(columns):
        raise UsageError(
            f"class list {path} is empty or names a class twice; give every class once."
        )
    return ClassList(names, numbers)


@dataclass(frozen=True)
class Labelling:
    """Classes, the task they make, and the target of a clip's labels."""

    classes: ClassList
    task: Task

    @classmethod
    def of(cls, clips: Iterable[SourceClip], classes: ClassList | None) -> Labelling:
        """Classes as given, or all labels sorted; multi-label where any clip has several.

        Raises DataError for a label that is not in the list given.
        """
        most, found = 0, dict[str, SourceClip]()
        for clip in clips:
            most = max(most, len(clip.labels))
            for label in clip.labels:
                found.setdefault(label, clip)
        if classes is None:
            names = tuple(sorted(found))
            classes = ClassList(names, {name: number for number, name in enumerate(names)})
        for label, clip in found.items():
            if label not in classes.numbers:
                raise DataError(f"label {label!r} of {clip.source} is not in the class list.")
        tasks: tuple[Task, ...] = ("unlabelled", "single-label", "multi-label")
        return cls(classes, tasks[min(most, 2)])

    def target(self, labels: tuple[str, ...]) -> Target:
        """The class number; several, in ascending order, where the task is multi-label."""
        numbers = sorted({self.classes.numbers[label] for label in labels})
        if self.task == "multi-label":
            return tuple(numbers)
        return numbers[0] if numbers else None
