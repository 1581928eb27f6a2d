"""Class lists, and the class numbers that come of labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from ..errors import DataError, UsageError
from ..shards.manifest import Task
from ..shards.record import Target
from .sources.base import SourceClip
from .sources.csv_rows import read_lines, read_rows

TITLES = frozenset(("category", "class", "display_name", "label", "labels", "mid", "name"))
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_INDEX = re.compile(r"[+-]?[0-9]{1,18}")
NAMED = 3  # clips in a message, at most


@dataclass(frozen=True)
class ClassList:
    """Names by class number, and numbers by every name a class goes by."""

    names: tuple[str, ...] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Iterable[Sequence[str]], where: Path) -> ClassList:
        """From what each class is called, the name proper last; UsageError where two share one."""
        names = list(names)
        numbers: dict[str, int] = {}
        for number, called in enumerate(names):
            for name in called:
                if not name or numbers.setdefault(name, number) != number:
                    fault = "names a class twice" if name else "has a class without a name"
                    raise UsageError(
                        f"class list {where} {fault}: {name!r}; give every class once."
                    )
        if not names:
            raise UsageError(f"class list {where} is empty; give every class once.")
        return cls(tuple(called[-1] for called in names), numbers)


def read_class_list(path: Path) -> ClassList:
    """The class list in a file.

    Either a CSV with the columns `index`, `mid`, `display_name` as AudioSet has it, with every
    index from 0 up once, in any order; or one label a line, which is the first column where the
    file is a CSV: there a title and lines that begin with "# " don't count.  Raises UsageError for
    another form.
    """
    lines = [line.strip() for line in read_lines(path, "class list")]
    first = next((line for line in lines if line and not line.startswith("#")), "")
    header = [name.strip().strip('"').lower() for name in first.split(",")]
    indexed = len(header) > 1 and ("index" in header or {"mid", "display_name"} <= set(header))
    if indexed:
        return _indexed(path, header)
    if path.suffix.lower() != ".csv":
        return ClassList.of(([line] for line in lines if line), path)
    names = [row[0].strip() for _, row in read_rows(path, "class list")]
    names = [name for name in names if name != "#" and not name.startswith("# ")]
    title = names[:1] and names[0].lower() in TITLES
    return ClassList.of(([name] for name in names[1 if title else 0 :]), path)


def _indexed(path: Path, header: list[str]) -> ClassList:
    """The class list of AudioSet's form; without the column `index` the rows' order counts."""
    columns = [place for place, name in enumerate(header) if name in ("display_name", "mid")]
    place = header.index("index") if "index" in header else None
    listed: dict[int, list[str]] = {}
    rows = read_rows(path, "class list")
    for line, row in rows[_title(rows) + 1 :]:
        cells = [cell.strip() for cell in row]
        index = str(len(listed)) if place is None else "".join(cells[place : place + 1])
        if cells[0].startswith("#") and not _INDEX.fullmatch(index):
            continue
        if not _INDEX.fullmatch(index) or len(cells) < len(header) or not columns:
            raise UsageError(
                f"class list {path} has a row without a number or a name, line {line}; give the "
                f"columns index, mid and display_name."
            )
        if any(cells[len(header) :]):
            raise UsageError(
                f"class list {path} has a row of {len(cells)} cells, line {line}; put names with "
                f"commas in quotes."
            )
        if listed.setdefault(int(index), names := [cells[c] for c in columns]) is not names:
            raise UsageError(
                f"class list {path} has index {int(index)} twice, line {line}; give every class "
                f"once."
            )
    missing = next((number for number in range(len(listed)) if number not in listed), None)
    if missing is not None:
        raise UsageError(
            f"class list {path} has {len(listed)} classes and no index {missing}; number them from "
            f"0 up without gaps."
        )
    return ClassList.of((listed[number] for number in range(len(listed))), path)


def _title(rows: list[tuple[int, list[str]]]) -> int:
    return next(n for n, (_, row) in enumerate(rows) if not row[0].startswith("#"))


def sort_labels(labels: Iterable[str]) -> list[str]:
    """Labels in the order of their class numbers: numbers by value where all are, else as text.

    Raises DataError where one number is written in two ways.

    >>> sort_labels(["10", "2", "-1"]), sort_labels(["10", "2", "b"])
    (['-1', '2', '10'], ['10', '2', 'b'])
    """
    texts = sorted(set(labels))
    if not all(map(_NUMBER.fullmatch, texts)):
        return texts
    texts.sort(key=Decimal)
    for one, other in pairwise(texts):
        if Decimal(one) == Decimal(other):
            raise DataError(
                f"labels {one!r} and {other!r} are one number; write it in one way, or give a "
                f"class list."
            )
    return texts


def renumbered(classes: Sequence[str]) -> tuple[str, int] | None:
    """The first label that is a number and has another class number, where all are numbers.

    >>> renumbered(["0", "1", "10"]), renumbered(["0", "1"]), renumbered(["0", "ant"])
    (('10', 2), None, None)
    """
    if not all(map(_NUMBER.fullmatch, classes)):
        return None
    return next(((name, n) for n, name in enumerate(classes) if Decimal(name) != n), None)


@dataclass(frozen=True)
class LabelEncoder:
    """Classes, the task they make, and the target of a clip's labels."""

    classes: ClassList
    task: Task

    @classmethod
    def of(cls, clips: Sequence[SourceClip], classes: ClassList | None) -> LabelEncoder:
        """Classes as given, or all labels as `sort_labels`; multi-label where any clip has several.

        A clip of a multi-label set may have none of the labels.  Raises DataError for a label that
        is not in the list given, and for clips without one where others have just one.
        """
        most, found = 0, dict[str, SourceClip]()
        for clip in clips:
            most = max(most, len(clip.labels))
            for label in clip.labels:
                found.setdefault(label, clip)
        if classes is None:
            names = tuple(sort_labels(found))
            classes = ClassList(names, {name: number for number, name in enumerate(names)})
        for label, clip in found.items():
            if label not in classes.numbers:
                raise DataError(f"label {label!r} of {clip.source} is not in the class list.")
        bare = [clip.source for clip in clips if not clip.labels] if most == 1 else []
        if bare:
            more = f" and {len(bare) - NAMED} more" if len(bare) > NAMED else ""
            raise DataError(
                f"{', '.join(bare[:NAMED])}{more} of {len(clips)} clips have no label, and the "
                f"others have; label them, or leave them out."
            )
        tasks: tuple[Task, ...] = ("unlabeled", "single-label", "multi-label")
        return cls(classes, tasks[min(most, 2)])

    def target(self, labels: tuple[str, ...]) -> Target:
        """The class number; several, in ascending order, where the task is multi-label."""
        numbers = sorted({self.classes.numbers[label] for label in labels})
        if self.task == "multi-label":
            return tuple(numbers)
        return numbers[0] if numbers else None
