"""Loading: clips of every condition, exactly once, divided over ranks, in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .clip_block import SkippedClip
from .collate import Batch
from .loader import Loader, load

if TYPE_CHECKING:
    from .datasets import ClipDataset, ClipStream

__all__ = ["Batch", "ClipDataset", "ClipStream", "Loader", "SkippedClip", "load"]


def __getattr__(name: str) -> Any:
    # The datasets are torch's own kind: importing them imports torch.
    if name in ("ClipDataset", "ClipStream"):
        from . import datasets

        return getattr(datasets, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
