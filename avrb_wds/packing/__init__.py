"""Packing: videos, stored frames and lists of others' to shards."""

from ..building.build import ClipsMissing
from ..building.journal import Failure
from ..shards.upload import prepare, publish, remove_packed, staging_folder
from .options import PackOptions
from .pack import Packed, pack
from .sources.avrobustbench import create_json
from .sources.open import SourceOptions

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
