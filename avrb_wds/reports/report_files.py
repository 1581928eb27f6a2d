"""The files of reports and comparisons: JSON, CSV, Markdown and HTML."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..atomic import make_folder, write_atomic
from ..errors import DataError
from ..paths import read_file
from ..receipts.files import REPORT_FILE
from ..shards.json_io import check_format, from_json, loads
from .comparison import Comparison, Row
from .html import comparison_page, report_page
from .markdown import comparison_markdown, report_markdown
from .parsing import check_conditions
from .report import Baseline, Metrics, Report
from .robustness import Robustness, severity_of

FORMAT = "avrb-report/1"
COMPARISON_FORMAT = "avrb-comparison/1"
FILES = (REPORT_FILE, "report.csv", "report.md", "report.html")
"""What `write_report` writes into a folder."""
COMPARISON_FILES = ("comparison.json", "comparison.md", "comparison.html")
"""What `write_comparison` writes into a folder."""

EXTRA = ("low", "high", "drop")  # of the primary metric: its interval, and clean - score


def write_report(report: Report, folder: str | Path) -> tuple[Path, ...]:
    """Write a report to a folder in every format; each file is complete or is not written.

    Args:
        report: The report.
        folder: The folder; created if it does not exist.

    Returns:
        Paths of the files.
    """
    formats = (report_json, report_csv, report_markdown, report_page)
    return tuple(
        _write_text(Path(folder) / name, to_text(report))
        for name, to_text in zip(FILES, formats, strict=True)
    )


def write_comparison(comparison: Comparison, folder: str | Path) -> tuple[Path, ...]:
    """Write a comparison to a folder in every format.

    Args:
        comparison: The comparison.
        folder: The folder; created if it does not exist.

    Returns:
        Paths of the files.
    """
    folder = Path(folder)
    make_folder(folder)
    formats = (comparison_json, comparison_markdown, comparison_page)
    return tuple(
        _write_text(folder / name, to_text(comparison))
        for name, to_text in zip(COMPARISON_FILES, formats, strict=True)
    )


def _write_text(path: Path, text: str) -> Path:
    return write_atomic(path, text.encode(errors="backslashreplace"))


def read_report(path: str | Path) -> Report:
    """Read a report.

    Args:
        path: A `report.json`, or the folder that contains it.

    Raises:
        DataError: There is no report.
    """
    path = Path(path)
    path = path / REPORT_FILE if path.is_dir() else path
    data = read_file(path, remedy="give a report.json or the folder that holds it")
    value = loads(data, str(path))
    check_format(value, str(path), FORMAT)
    report = from_json(Report, value, str(path), lenient=True)
    _check_parts(report, str(path))
    return report


def _check_parts(report: Report, where: str) -> None:
    """Raise DataError where parts of a report do not belong together."""
    check_conditions([result.condition for result in report.results], where)
    for result in report.results:
        if getattr(result.metrics, report.metric) is None:
            raise DataError(f"{where}: condition {result.condition} has no {report.metric}.")
    for name in ("by_corruption", "by_severity", "by_group"):
        wanted, found = len(getattr(report, name)), len(getattr(report.intervals, name))
        if wanted != found:
            raise DataError(f"{where} has {found} intervals {name}, not {wanted}.")


def report_json(report: Report) -> str:
    """Return the report as JSON; equal reports give equal bytes."""
    value = {
        "format": FORMAT,
        "model": report.model,
        "task": report.task,
        "classes": report.classes,
        "metric": report.metric,
        "summary": {
            "clean": report.clean,
            "all": _part_json(report.overall),
            "by_severity": [_part_json(part) for part in report.by_severity],
            "by_group": [_part_json(part) for part in report.by_group],
            "by_corruption": [_part_json(part) for part in report.by_corruption],
        },
        "conditions": [
            {
                "condition": str(cell.condition),
                "clips": cell.clips,
                **asdict(cell.metrics),
                "interval": cell.interval,
            }
            for cell in report.results
        ],
        "intervals": asdict(report.intervals),
        "baseline": _baseline_json(report.baseline),
        "skipped": [asdict(clip) for clip in report.skipped],
        "receipt": report.receipt.to_json(),
    }
    return json.dumps(value, indent=2, allow_nan=False) + "\n"


def _part_json(part: Robustness | None) -> dict[str, Any] | None:
    return None if part is None else asdict(part)


def _baseline_json(baseline: Baseline | None) -> dict[str, Any] | None:
    if baseline is None:
        return None
    means = {"mce": baseline.mce, "relative_mce": baseline.relative_mce}
    return {**asdict(baseline), **means}


def report_csv(report: Report) -> str:
    """Return the report as CSV, with a row for each condition: every metric, and its robustness."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["condition", "corruption", "severity", "clips", *Metrics.names(), *EXTRA])
    for cell in report.results:
        condition = cell.condition
        severity = "0" if condition.is_clean else severity_of(condition)
        drop = None if report.clean is None else round(report.clean - report.score(cell), 9)
        values = [getattr(cell.metrics, name) for name in Metrics.names()]
        row = [condition, condition.corruption, severity, cell.clips, *values, *cell.interval, drop]
        rows.writerow(["" if value is None else value for value in row])
    return text.getvalue()


def comparison_json(comparison: Comparison) -> str:
    """Return the comparison as JSON; scores are fractions, differences second minus first."""
    parts = ("summary", "by_severity", "by_group", "by_corruption", "by_condition")
    value = {
        "format": COMPARISON_FORMAT,
        "metric": comparison.a.metric,
        "a": _model_json(comparison.a),
        "b": _model_json(comparison.b),
        "notes": comparison.notes,
        "proof": comparison.digest_statement,
        "replicates": comparison.replicates,
        **{name: _rows_json(getattr(comparison, name)) for name in parts},
    }
    return json.dumps(value, indent=2, allow_nan=False) + "\n"


def _model_json(report: Report) -> dict[str, Any]:
    return {"model": report.model, "receipt": report.receipt.to_json()}


def _rows_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    names = ("name", "a", "b", "difference", "interval")
    return [{name: getattr(row, name) for name in names} for row in rows]
