"""Reports: the results of an evaluation as a table, JSON, CSV, Markdown and an HTML page."""

from ..receipts.receipt import Receipt
from .baseline import check_baseline, with_baseline
from .comparison import Comparison, Row, mismatches
from .html import report_page
from .markdown import report_markdown
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
from .report_files import (
    COMPARISON_FILES,
    FILES,
    read_report,
    report_csv,
    report_json,
    write_comparison,
    write_report,
)
from .robustness import GROUPS, Robustness
from .terminal import comparison_table, report_table

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
