"""Reports as HTML pages: one file each, which contains everything and fetches nothing."""

from .comparison import comparison_page
from .report import report_page

__all__ = ["comparison_page", "report_page"]
