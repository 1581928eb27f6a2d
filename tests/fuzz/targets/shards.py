"""What lies in and beside shards: manifest, index, the json of a clip."""

from __future__ import annotations

from avrb_wds.shards import (
    AudioLayout,
    ClipRecord,
    FrameLayout,
    IndexEntry,
    Manifest,
    ShardEntry,
    ShardIndex,
)

from ..jsons import mutate_json, mutate_json_lines
from ..target import Target


def manifests() -> list[bytes]:
    """One of two shards, and one that says no more than it must."""
    shards = tuple(
        ShardEntry(f"t-{n}.tar", 40960, 4 + n, "a" * 64, f"t-{n}.index.jsonl", "0" * 64)
        for n in range(2)
    )
    frames, audio = FrameLayout(2, 24, 32, "jpg"), AudioLayout(16_000, 1, 800, "wav")
    plain = FrameLayout(None, None, None, "png"), AudioLayout(None, None, 0, "flac")
    return [
        Manifest("t", 9, shards, frames, audio, ("a", "b"), "single-label").to_bytes(),
        Manifest("caf\udce9", 0, (), *plain, (), "unlabeled").to_bytes(),
    ]


def same_manifest(data: bytes, manifest: Manifest) -> None:
    """What was read is what is written."""
    assert Manifest.from_bytes(manifest.to_bytes()) == manifest


def indexes() -> list[bytes]:
    """Of three clips, with and without checksums."""
    ends = enumerate(("ab" * 32, "", "0f" * 32))
    return [ShardIndex(IndexEntry(f"k{n}é", 4096 * n, 2048, sha) for n, sha in ends).to_bytes()]


def same_index(data: bytes, index: ShardIndex) -> None:
    """What was read is what is written."""
    again = ShardIndex.from_bytes(index.to_bytes(), "index")
    assert list(again) == list(index)


def records() -> list[bytes]:
    """Of one class, of several, of none."""
    return [
        ClipRecord("a.b", ("dog",), 0, "a.b.mp4", 1.5).to_bytes(),
        ClipRecord("é", ("x", "y"), (3, 1), "é.mp4", 0.0).to_bytes(),
        ClipRecord("caf\udce9", (), None, "", 10.25).to_bytes(),
    ]


def same_record(data: bytes, record: ClipRecord) -> None:
    """What was read is what is written."""
    assert ClipRecord.from_bytes(record.to_bytes()) == record


TARGETS = (
    Target("manifest", manifests, mutate_json, Manifest.from_bytes, same_manifest),
    Target(
        "index",
        indexes,
        mutate_json_lines,
        lambda data: ShardIndex.from_bytes(data, "index x"),
        same_index,
    ),
    Target("record", records, mutate_json, ClipRecord.from_bytes, same_record),
)
