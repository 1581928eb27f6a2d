"""Loading: clips of every condition, exactly once, divided over ranks, in batches."""

from __future__ import annotations

from .batches import Batch
from .clips import Skipped
from .loader import Loader, load

__all__ = ["Batch", "Loader", "Skipped", "load"]
