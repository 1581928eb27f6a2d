"""Reports: what an evaluation comes to, as a table, JSON, CSV, Markdown and an HTML page."""

from ..receipts.receipt import Receipt
from .baseline import check_baseline, with_baseline
from .comparison import Comparison, Row, mismatches
from .comparison_files import COMPARISON_FILES, write_comparison
from .comparison_table import comparison_table
from .markdown import report_markdown
from .pages import report_page
from .report import (
    Baseline,
    ConditionResult,
    CorruptionError,
    Interval,
    Intervals,
    Metrics,
    Report,
    SkippedClip,
)
from .report_files import FILES, read_report, report_csv, report_json, write_report
from .robustness import GROUPS, Robustness
from .terminal import report_table

__all__ = [
    "COMPARISON_FILES",
    "FILES",
    "GROUPS",
    "Baseline",
    "ConditionResult",
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
    "with_baseline",
    "check_baseline",
    "comparison_table",
    "mismatches",
    "read_report",
    "report_csv",
    "report_json",
    "report_markdown",
    "report_page",
    "report_table",
    "write_comparison",
    "write_report",
]
