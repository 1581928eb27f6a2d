"""Rendering: corrupted clips written down, as shards or in the released benchmark's layout."""

from .options import RenderOptions
from .receipt import RenderReceipt
from .render import RenderResult, check_apart, render

__all__ = ["RenderOptions", "RenderReceipt", "RenderResult", "check_apart", "render"]
