"""Reports: what an evaluation comes to, as a table, JSON, CSV, Markdown and an HTML page."""

from .baseline import against, check_baseline
from .comparison import Comparison, Row, mismatches
from .comparison_files import COMPARISON_FILES, write_comparison
from .comparison_table import comparison_table
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
from .report_files import FILES, read_report, report_csv, report_json, write_report
from .robustness import GROUPS, Robustness
from .terminal import table

__all__ = [
    "COMPARISON_FILES",
    "FILES",
    "GROUPS",
    "Baseline",
    "Cell",
    "Comparison",
    "CorruptionError",
    "Interval",
    "Intervals",
    "Metrics",
    "Receipt",
    "Report",
    "Robustness",
    "Row",
    "SkippedClip",
    "against",
    "check_baseline",
    "comparison_table",
    "mismatches",
    "read_report",
    "report_csv",
    "report_json",
    "report_markdown",
    "report_page",
    "table",
    "write_comparison",
    "write_report",
]
