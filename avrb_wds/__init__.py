"""Audio-visual corruption robustness (AVROBUSTBENCH) on WebDataset shards.

Example::

    import avrb_wds as avrb

    dataset = wds.WebDataset(urls, shardshuffle=False).compose(
        avrb.Decode(), avrb.Corrupt("rain", severity=3, seed=0)
    )
    loader = avrb.load("shards/", avrb.conditions(), batch_size=32)
    report = avrb.evaluate(model, "shards/", out="runs/model")

Names are imported when they are first used: `import avrb_wds` imports neither torch nor
webdataset.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .avrobustbench import AVRobustBench
    from .condition import CLEAN, Condition, conditions
    from .corrupter import Corrupter, corrupt_frames, corrupt_waveform
    from .errors import AvrbError, DataError, MissingExtraError, UsageError
    from .evaluation import check_receipt, compare, compute_receipt, evaluate, read_predictions
    from .loading import ClipDataset, ClipStream, load
    from .media import corrupt_file, corrupt_folder, create_video
    from .packing import MissingClipsError, PackOptions, SourceOptions, pack
    from .previews import Preview, preview
    from .rendering import RenderOptions, render
    from .reports import Comparison, Report, read_report, write_report
    from .shards import Manifest, ShardSet, verify_shards
    from .stages import Corrupt, Decode

__version__ = "0.1.0"

__all__ = [
    "AVRobustBench",
    "AvrbError",
    "CLEAN",
    "ClipDataset",
    "ClipStream",
    "MissingClipsError",
    "Comparison",
    "Condition",
    "Corrupt",
    "Corrupter",
    "DataError",
    "Decode",
    "Manifest",
    "MissingExtraError",
    "PackOptions",
    "Preview",
    "RenderOptions",
    "Report",
    "ShardSet",
    "SourceOptions",
    "UsageError",
    "check_receipt",
    "compare",
    "conditions",
    "corrupt_file",
    "corrupt_folder",
    "corrupt_frames",
    "corrupt_waveform",
    "create_video",
    "compute_receipt",
    "evaluate",
    "load",
    "pack",
    "preview",
    "read_predictions",
    "read_report",
    "render",
    "verify_shards",
    "write_report",
]

_HOME = {
    "corrupter": ("Corrupter", "corrupt_frames", "corrupt_waveform"),
    "avrobustbench": ("AVRobustBench",),
    "condition": ("CLEAN", "Condition", "conditions"),
    "errors": ("AvrbError", "DataError", "MissingExtraError", "UsageError"),
    "evaluation": ("check_receipt", "compare", "compute_receipt", "evaluate", "read_predictions"),
    "loading": ("ClipDataset", "ClipStream", "load"),
    "media": ("corrupt_file", "corrupt_folder", "create_video"),
    "packing": ("MissingClipsError", "PackOptions", "SourceOptions", "pack"),
    "previews": ("Preview", "preview"),
    "rendering": ("RenderOptions", "render"),
    "reports": ("Comparison", "Report", "read_report", "write_report"),
    "shards": ("Manifest", "ShardSet", "verify_shards"),
    "stages": ("Corrupt", "Decode"),
}


def __getattr__(name: str) -> Any:
    """A public name, from the module that defines it (PEP 562)."""
    for module, names in _HOME.items():
        if name in names:
            value = getattr(importlib.import_module(f".{module}", __name__), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
