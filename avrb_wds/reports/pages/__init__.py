"""Reports as pages: one HTML file each, with everything in it and nothing fetched."""

from .comparison import comparison_page
from .report import report_page

__all__ = ["comparison_page", "report_page"]
