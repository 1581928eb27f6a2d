"""Reports on disk: `report.json`, which is read back to the same report, and `report.csv`."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

from ..condition import Condition
from ..errors import DataError
from ..shards.canonical import parse
from .report import Cell, Interval, Intervals, Metrics, Receipt, Report, SkippedClip
from .summary import Robustness, severity_of

__all__ = ["publish", "read_report", "report_csv", "report_json", "write_report"]

FORMAT = "avrb-report/1"
JSON_FILE, CSV_FILE = "report.json", "report.csv"
EXTRA = ("low", "high", "drop")  # of the primary metric: its interval, and clean - score

Made = TypeVar("Made", Metrics, Receipt, SkippedClip)


def write_report(report: Report, folder: str | Path) -> tuple[Path, ...]:
    """Write the report in every format into a folder; returns the paths, each file whole or not."""
    folder = Path(folder)
    texts = {JSON_FILE: report_json(report), CSV_FILE: report_csv(report)}
    return tuple(publish(folder / name, text.encode()) for name, text in texts.items())


def publish(path: Path, data: bytes) -> Path:
    """Write a file under another name and rename it, so that nobody ever sees half of it."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_bytes(data)
    os.replace(part, path)
    return path


def read_report(path: str | Path) -> Report:
    """The report in a file or in a folder's `report.json`; raises DataError if there is none."""
    path = Path(path)
    path = path / JSON_FILE if path.is_dir() else path
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"no report at {path}: {error.strerror}.") from error
    value = parse(data, str(path))
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise DataError(f"{path} is not a report of this version ({FORMAT}).")
    try:
        return _report(value)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} is not a whole report: {type(error).__name__} {error}.") from error


def report_json(report: Report) -> str:
    """The report as JSON, in one spelling; the summary is there to be read, not to be read back."""
    value = {
        "format": FORMAT,
        "model": report.model,
        "task": report.task,
        "classes": report.classes,
        "metric": report.metric,
        "summary": {
            "clean": report.clean,
            "all": _plain(report.overall),
            "by_severity": [_plain(part) for part in report.by_severity],
            "by_group": [_plain(part) for part in report.by_group],
            "by_corruption": [_plain(part) for part in report.by_corruption],
        },
        "conditions": [
            {
                "condition": str(cell.condition),
                "clips": cell.clips,
                **asdict(cell.metrics),
                "interval": cell.interval,
            }
            for cell in report.cells
        ],
        "intervals": asdict(report.intervals),
        "skipped": [asdict(clip) for clip in report.skipped],
        "receipt": {**asdict(report.receipt), "versions": dict(report.receipt.versions)},
    }
    return json.dumps(value, indent=2, allow_nan=False) + "\n"


def _plain(part: Robustness | None) -> dict[str, Any] | None:
    return None if part is None else asdict(part)


def _report(value: dict[str, Any]) -> Report:
    receipt = dict(value["receipt"])
    receipt["versions"] = tuple(receipt["versions"].items())
    report = Report(
        value["model"],
        value["task"],
        value["classes"],
        tuple(
            Cell(
                Condition.parse(cell["condition"]),
                cell["clips"],
                _make(Metrics, cell),
                Interval(*cell["interval"]),
            )
            for cell in value["conditions"]
        ),
        _intervals(value["intervals"]),
        _make(Receipt, receipt),
        tuple(_make(SkippedClip, clip) for clip in value["skipped"]),
    )
    if any(getattr(cell.metrics, report.metric) is None for cell in report.cells):
        raise ValueError(f"a condition has no {report.metric}")
    return report


def _intervals(value: dict[str, Any]) -> Intervals:
    parts = (value[name] for name in ("clean", "score", "absolute", "relative"))
    return Intervals(value["replicates"], *(part and Interval(*part) for part in parts))


def _make(kind: type[Made], value: dict[str, Any]) -> Made:
    return kind(**{field.name: value[field.name] for field in fields(kind)})


def report_csv(report: Report) -> str:
    """The report as CSV: a row a condition with every metric and its robustness."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["condition", "corruption", "severity", "clips", *Metrics.names(), *EXTRA])
    for cell in report.cells:
        condition = cell.condition
        severity = "0" if condition.is_clean else severity_of(condition)
        drop = None if report.clean is None else round(report.clean - report.score(cell), 9)
        values = [getattr(cell.metrics, name) for name in Metrics.names()]
        row = [condition, condition.corruption, severity, cell.clips, *values, *cell.interval, drop]
        rows.writerow(["" if value is None else value for value in row])
    return text.getvalue()
