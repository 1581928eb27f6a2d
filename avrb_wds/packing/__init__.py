"""Packing: videos, stored frames and lists of others' to shards."""

from ..building.build import MissingClipsError
from ..building.journal import ClipFailure
from ..shards.upload import remove_packed, reserve_destination, staging_folder, upload_dataset
from .options import PackOptions
from .pack import PackResult, pack
from .sources.avrobustbench import create_json
from .sources.open import SourceOptions

__all__ = [
    "MissingClipsError",
    "ClipFailure",
    "PackOptions",
    "PackResult",
    "SourceOptions",
    "create_json",
    "pack",
    "reserve_destination",
    "upload_dataset",
    "remove_packed",
    "staging_folder",
]
