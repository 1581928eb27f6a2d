"""Reports: what an evaluation comes to, as a table, JSON, CSV, Markdown and an HTML page."""

from .baseline import against, check_baseline
from .files import FILES, read_report, report_csv, report_json, write_report
from .markdown import report_markdown
from .pages import report_page
from .report import (
    Baseline,
    Cell,
    CorruptionError,
    Interval,
    Intervals,
    Metrics,
    Receipt,
    Report,
    SkippedClip,
)
from .summary import GROUPS, Robustness
from .table import table

__all__ = [
    "FILES",
    "GROUPS",
    "Baseline",
    "Cell",
    "CorruptionError",
    "Interval",
    "Intervals",
    "Metrics",
    "Receipt",
    "Report",
    "Robustness",
    "SkippedClip",
    "against",
    "check_baseline",
    "read_report",
    "report_csv",
    "report_json",
    "report_markdown",
    "report_page",
    "table",
    "write_report",
]
