"""Reports as pages: one HTML file each, with everything in it and nothing fetched."""

from .report import report_page

__all__ = ["report_page"]
