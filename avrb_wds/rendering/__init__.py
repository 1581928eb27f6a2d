"""Rendering: corrupted clips written down, as shards or in the released benchmark's layout."""

from .options import RenderOptions
from .receipt import RenderReceipt
from .render import Rendered, check_apart, render

__all__ = ["RenderOptions", "RenderReceipt", "Rendered", "check_apart", "render"]
