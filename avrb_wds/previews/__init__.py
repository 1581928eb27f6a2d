"""One clip under every corruption, to look at and to hear: a page, and sheets for a paper."""

from .preview import Preview, preview

__all__ = ["Preview", "preview"]
