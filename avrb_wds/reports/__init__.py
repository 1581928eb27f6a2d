"""Reports: what an evaluation comes to, as a table, JSON and CSV."""

from .files import read_report, report_csv, report_json, write_report
from .report import Cell, Interval, Intervals, Metrics, Receipt, Report, SkippedClip
from .summary import GROUPS, Robustness
from .table import table

__all__ = [
    "GROUPS",
    "Cell",
    "Interval",
    "Intervals",
    "Metrics",
    "Receipt",
    "Report",
    "Robustness",
    "SkippedClip",
    "read_report",
    "report_csv",
    "report_json",
    "table",
    "write_report",
]
