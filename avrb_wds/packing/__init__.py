"""Packing: videos, stored frames and lists of others' to shards."""

from .avrobustbench import create_json
from .build import ClipsMissing
from .options import PackOptions
from .pack import Packed, pack
from .publish import prepare, publish, remove_packed, staging_folder
from .source import Failure
from .sources import SourceOptions

__all__ = [
    "ClipsMissing",
    "Failure",
    "PackOptions",
    "Packed",
    "SourceOptions",
    "create_json",
    "pack",
    "prepare",
    "publish",
    "remove_packed",
    "staging_folder",
]
