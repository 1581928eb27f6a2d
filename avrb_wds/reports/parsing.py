"""From the JSON of a report to the report: all of it of the type and in the range that it has."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from ..condition import Condition
from ..errors import DataError, UsageError, reason
from ..shards.json_io import Fields
from .report import (
    Baseline,
    ConditionResult,
    CorruptionError,
    Interval,
    Intervals,
    Metrics,
    Receipt,
    Report,
    SkippedClip,
    Task,
)

LEAST, MOST = 1e-6, 1e100
"""Scores have six digits; d', robustness and errors are quotients of them."""


def report_of(value: Any, where: str) -> Report:
    """The report that `report_json` spelled; raises DataError, naming `where`, for anything else.

    The summary in it is not read: it is made anew.
    """
    given = Fields.among(value, where, ["classes", "conditions", *_names(Report)[:2], *PARTS])
    rows = list(given.objects("conditions", ["condition", "clips", "interval", *Metrics.names()]))
    conditions = conditions_of([row.text("condition") for row in rows], where)
    task = task_of(given)
    report = Report(
        given.text("model"),
        task,
        given.non_negative_int("classes"),
        tuple(_cell(*pair) for pair in zip(conditions, rows, strict=True)),
        _intervals(given.values["intervals"], f"{where}: intervals"),
        Receipt.from_json(given.values["receipt"], f"{where}: receipt"),
        tuple(_skipped(clip) for clip in given.objects("skipped", _names(SkippedClip))),
        _baseline(given.values["baseline"], f"{where}: baseline"),
    )
    _check_whole(report, where)
    return report


PARTS = ("intervals", "receipt", "skipped", "baseline")


def _names(kind: type[Any]) -> list[str]:
    return [field.name for field in fields(kind)]


def task_of(given: Fields) -> Task:
    """The field "task"."""
    task = given.text("task")
    if task == "single-label":
        return "single-label"
    if task == "multi-label":
        return "multi-label"
    raise DataError(f"{given.where}: task {task!r} is not one of single-label, multi-label.")


def conditions_of(names: list[str] | tuple[str, ...], where: str) -> tuple[Condition, ...]:
    """The conditions of these names, one at least, each once."""
    try:
        found = tuple(map(Condition.parse, names))
    except UsageError as error:
        raise DataError(f"{where}: {reason(error)}.") from error
    if not found or len(set(found)) < len(found):
        raise DataError(f"{where} has {'a condition twice' if found else 'no conditions'}.")
    return found


def _cell(condition: Condition, row: Fields) -> ConditionResult:
    metrics = Metrics(
        _score(row, "accuracy"),
        _score(row, "top5"),
        _score(row, "mean_class_accuracy"),
        _score(row, "mean_average_precision"),
        _score(row, "auc"),
        _number(row, "d_prime"),
    )
    return ConditionResult(
        condition, row.non_negative_int("clips"), metrics, _interval(row.values["interval"], row)
    )


def _number(given: Fields, name: str) -> float | None:
    number = None if given.values[name] is None else given.number(name)
    if number is not None and abs(number) > MOST:
        raise DataError(f"{given.where}: {name!r} is {number}, beyond what scores come to.")
    return number


def _score(given: Fields, name: str) -> float | None:
    number = _number(given, name)
    if number is not None and number != 0 and not LEAST <= number <= 1:
        raise DataError(f"{given.where}: {name!r} is {number}, not a score from 0 to 1.")
    return number


def _interval(value: Any, given: Fields) -> Interval:
    if isinstance(value, list) and len(value) == 2:
        ends = Fields(dict(zip(("low", "high"), value, strict=True)), f"{given.where}: interval")
        low, high = _number(ends, "low"), _number(ends, "high")
        if low is not None and high is not None and low <= high:
            return Interval(low, high)
    raise DataError(f"{given.where}: {value!r} is not an interval.")


def _intervals(value: Any, where: str) -> Intervals:
    given = Fields.among(value, where, _names(Intervals))

    def one(name: str) -> Interval | None:
        there = given.values[name]
        return None if there is None else _interval(there, given)

    def several(name: str) -> tuple[Interval, ...]:
        there = given.values[name]
        if not isinstance(there, list):
            raise DataError(f"{where}: {name!r} is not a list of intervals.")
        return tuple(_interval(ends, given) for ends in there)

    return Intervals(
        given.non_negative_int("replicates"),
        one("clean"),
        one("score"),
        one("absolute"),
        one("relative"),
        several("by_corruption"),
        several("by_severity"),
        several("by_group"),
    )


def _skipped(given: Fields) -> SkippedClip:
    key, shard, why = (given.text(name) for name in ("key", "shard", "cause"))
    return SkippedClip(key, shard, why, given.non_negative_int("conditions"))


def _baseline(value: Any, where: str) -> Baseline | None:
    if value is None:
        return None
    given = Fields.among(value, where, _names(Baseline))
    errors = (
        CorruptionError(one.text("corruption"), _number(one, "error"), _number(one, "relative"))
        for one in given.objects("by_corruption", _names(CorruptionError))
    )
    return Baseline(
        given.text("model"), given.text("manifest"), given.integer("seed"), tuple(errors)
    )


def _check_whole(report: Report, where: str) -> None:
    """Raise DataError where parts of a report are not of each other."""
    for cell in report.results:
        if getattr(cell.metrics, report.metric) is None:
            raise DataError(f"{where}: condition {cell.condition} has no {report.metric}.")
    for name in ("by_corruption", "by_severity", "by_group"):
        wanted, there = len(getattr(report, name)), len(getattr(report.intervals, name))
        if wanted != there:
            raise DataError(f"{where} has {there} intervals {name}, not {wanted}.")
