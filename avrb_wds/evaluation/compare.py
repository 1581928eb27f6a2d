"""`compare`: two runs over what both have, the differences paired over clips where they can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..condition import Condition
from ..errors import DataError, UsageError
from ..progress import Progress, part_of
from ..reports import Comparison, Interval, Report, Row, mismatches, write_comparison
from ..reports.robustness import corruption_of, group_of, parts, severity_of
from .bootstrap import REPLICATES, interval
from .merge import open_report, resample_scores
from .runs.plan import is_run_folder, read_keys

Scores = npt.NDArray[np.float64]
Given = Report | str | Path


def compare(
    a: Given, b: Given, *, out: str | Path | None = None, progress: Progress | None = None
) -> Comparison:
    """Compare two models over the conditions that both were scored under.

    Differences have intervals, paired over clips, if both arguments are folders of runs over the
    same clips. `Comparison.notes` says what else differs between the runs.

    Args:
        a: Folder of a run, file of a report, or a report.
        b: The same for the second model.
        out: Folder for `comparison.json`, `comparison.md` and `comparison.html`; None for none.
        progress: Called with (conditions resampled, conditions) of both.

    Raises:
        UsageError: The task or the classes differ, or no condition is common.
        DataError: There is no report or run, or it is invalid.
    """
    first, second = (one if isinstance(one, Report) else open_report(one) for one in (a, b))
    common = _common(first, second)
    notes = list(mismatches(first, second))
    moved, reason = _replicates((a, first), (b, second), common, progress)
    if reason:
        notes.append(reason)
    sides = _Sides(common, (_scores(first, common), _scores(second, common)), moved)
    found = Comparison(
        first,
        second,
        common,
        tuple(notes),
        REPLICATES if moved else 0,
        tuple(sides.summary()),
        tuple(sides.by(corruption_of)),
        tuple(sides.by(severity_of)),
        tuple(sides.by(group_of)),
        tuple(sides.each()),
    )
    if out is not None:
        write_comparison(found, out)
    return found


def _common(a: Report, b: Report) -> tuple[Condition, ...]:
    for name in ("task", "classes"):
        ours, theirs = getattr(a, name), getattr(b, name)
        if ours != theirs:
            raise UsageError(
                f"{a.model!r} and {b.model!r} differ in {name}, {ours} and {theirs}; "
                f"give two runs of the same {name}."
            )
    there = {cell.condition for cell in b.results}
    common = tuple(cell.condition for cell in a.results if cell.condition in there)
    if not common:
        raise UsageError(
            f"{a.model!r} and {b.model!r} have no condition in common; "
            f"give two runs under some of the same conditions."
        )
    return common


def _scores(report: Report, conditions: tuple[Condition, ...]) -> Scores:
    found = {cell.condition: report.score(cell) for cell in report.results}
    return np.array([found[condition] for condition in conditions])


def _replicates(
    a: tuple[Given, Report],
    b: tuple[Given, Report],
    conditions: tuple[Condition, ...],
    progress: Progress | None,
) -> tuple[tuple[Scores, Scores] | None, str]:
    """Return the replicates of both runs, or the reason why there are none."""
    folders = []
    for (one, _), which in ((a, "first"), (b, "second")):
        folder = None if isinstance(one, Report) else _folder(Path(one))
        if folder is None:
            return None, f"No intervals: the {which} is a report without its run's predictions."
        folders.append(folder)
    if read_keys(folders[0]) != read_keys(folders[1]):
        return None, "No intervals: the runs are not over the same clips."
    moved = []
    before, total = 0, sum(len(report.results) for _, report in (a, b))
    for folder in folders:
        there, every = resample_scores(folder, seed=0, progress=part_of(progress, before, total))
        before += len(there)
        lacking = [str(condition) for condition in conditions if condition not in there]
        if lacking:
            raise DataError(
                f"{folder} has {lacking[0]} in its report and not in its run; "
                f"write the report again with avrb report."
            )
        moved.append(every[:, [there.index(condition) for condition in conditions]])
    return (moved[0], moved[1]), ""


def _folder(path: Path) -> Path | None:
    """Return the folder of the run that contains or is `path`; None if there is none."""
    folder = path if path.is_dir() else path.parent
    return folder if is_run_folder(folder) else None


@dataclass(frozen=True)
class _Sides:
    """Scores of both over the same conditions: (conditions,), and (replicates, conditions)."""

    conditions: tuple[Condition, ...]
    scores: tuple[Scores, Scores]
    moved: tuple[Scores, Scores] | None

    def row(self, name: str, measure: Callable[[Scores], Scores]) -> Row:
        """One score of both; `measure` makes it of scores (..., conditions)."""
        a, b = (round(float(measure(side)), 9) for side in self.scores)
        spread: Interval | None = None
        if self.moved is not None:
            ours, theirs = (measure(side) for side in self.moved)
            spread = interval(theirs - ours)
        return Row(name, a, b, spread)

    def summary(self) -> Iterator[Row]:
        """Clean, mean, absolute and relative robustness, as far as there are any."""
        clean = next((n for n, c in enumerate(self.conditions) if c.is_clean), None)
        columns = self._corrupted()
        if clean is not None:
            yield self.row("clean", lambda scores: scores[..., clean])
        if not columns:
            return
        yield self.row("mean", lambda scores: scores[..., columns].mean(-1))
        if clean is None:
            return

        def drop(scores: Scores) -> Scores:
            lost: Scores = scores[..., clean] - scores[..., columns].mean(-1)
            return lost

        yield self.row("absolute", lambda scores: 1 - drop(scores))
        sides = (*self.scores, *(self.moved or ()))
        if all(side[..., clean].all() for side in sides):
            yield self.row("relative", lambda scores: 1 - drop(scores) / scores[..., clean])

    def by(self, part: Callable[[Condition], str]) -> Iterator[Row]:
        """The mean over each part of the corrupted conditions."""
        members = parts(part, ((self.conditions[column], column) for column in self._corrupted()))
        for name, columns in members.items():
            yield self.row(name, _mean_over(columns))

    def each(self) -> Iterator[Row]:
        """Every condition."""
        for column, condition in enumerate(self.conditions):
            yield self.row(str(condition), _mean_over([column]))

    def _corrupted(self) -> list[int]:
        return [n for n, condition in enumerate(self.conditions) if not condition.is_clean]


def _mean_over(columns: list[int]) -> Callable[[Scores], Scores]:
    def measure(scores: Scores) -> Scores:
        mean: Scores = scores[..., columns].mean(-1)
        return mean

    return measure
