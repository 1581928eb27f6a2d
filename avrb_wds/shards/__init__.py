"""Shards: WebDataset tars with an index each and one manifest, and the way clips come out again."""

from .clip import Clip, RawClip, decode_clip
from .index import IndexEntry, ShardIndex, index_file, scan_index
from .manifest import MANIFEST, AudioLayout, FrameLayout, Manifest, ShardEntry
from .record import ClipRecord, escape_key
from .shard_set import ShardSet, Source
from .summary import Summary, summarize
from .verify import Fault, verify_shards

__all__ = [
    "MANIFEST",
    "AudioLayout",
    "Clip",
    "ClipRecord",
    "Fault",
    "FrameLayout",
    "IndexEntry",
    "Manifest",
    "RawClip",
    "ShardEntry",
    "ShardIndex",
    "ShardSet",
    "Source",
    "Summary",
    "decode_clip",
    "escape_key",
    "index_file",
    "scan_index",
    "summarize",
    "verify_shards",
]
