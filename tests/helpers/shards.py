"""Small shards for tests: procedural clips, packed as WebDataset tars with index and manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avrb_wds.building.shard_writer import ShardWriter
from avrb_wds.codecs import encode_audio, encode_frame
from avrb_wds.shards import AudioLayout, ClipRecord, FrameLayout, Manifest, ShardEntry


@dataclass(frozen=True)
class Made:
    """A clip to pack.  target: as in ClipRecord."""

    key: str
    frames: int = 2
    height: int = 24
    width: int = 32
    samples: int = 800
    channels: int = 1
    sample_rate: int = 16_000
    target: int | tuple[int, ...] | None = 0


def clips(count: int, **same: int) -> list[Made]:
    return [Made(f"clip{n:04}", target=n % 3, **same) for n in range(count)]


def members(clip: Made) -> dict[str, bytes]:
    """What is in the tar for a clip, by extension; the signals depend on the key alone."""
    seed = int.from_bytes(hashlib.sha256(clip.key.encode()).digest()[:4], "little")
    rng = np.random.default_rng(seed)
    pcm = rng.integers(-9000, 9000, (clip.channels, clip.samples)).astype(np.int16)
    labels = clip.target if isinstance(clip.target, tuple) else (clip.target,)
    names = tuple(f"class{n}" for n in labels if n is not None)
    record = ClipRecord(clip.key, names, clip.target, f"{clip.key}.mp4", 0.05)
    out = {"json": record.to_bytes(), "wav": encode_audio(pcm, clip.sample_rate)}
    for number in range(clip.frames):
        coarse = rng.integers(0, 256, (clip.height // 4 + 1, clip.width // 4 + 1, 3), np.uint8)
        frame = coarse.repeat(4, 0).repeat(4, 1)[: clip.height, : clip.width]
        out[f"frame_{number:04}.jpg"] = encode_frame(np.ascontiguousarray(frame))
    return out


def write_shards(
    folder: Path,
    made: Sequence[Made],
    per_shard: int = 4,
    task: str = "single-label",
    classes: Sequence[str] = ("class0", "class1", "class2"),
) -> Path:
    """Shards with index and manifest in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for number, start in enumerate(range(0, len(made), per_shard)):
        writer = ShardWriter(folder, "t", number)
        for clip in made[start : start + per_shard]:
            writer.add(clip.key, members(clip).items())
        entries.append(writer.finish())
    write_manifest(folder, made, entries, len(made), task, classes)
    return folder


def write_manifest(
    folder: Path,
    made: Sequence[Made],
    entries: Sequence[ShardEntry],
    clips: int,
    task: str = "single-label",
    classes: Sequence[str] = ("class0", "class1", "class2"),
) -> None:
    """The manifest of shards that hold `clips` clips such as those `made`."""
    layouts = _frames(made), _audio(made)
    manifest = Manifest("t", clips, tuple(entries), *layouts, tuple(classes), task)
    (folder / "manifest.json").write_bytes(manifest.to_bytes())


def _common(values: list[int]) -> int | None:
    return values[0] if len(set(values)) == 1 else None


def _frames(made: Sequence[Made]) -> FrameLayout:
    return FrameLayout(
        _common([c.frames for c in made]), _common([c.height for c in made]),
        _common([c.width for c in made]), "jpg",
    )  # fmt: skip


def _audio(made: Sequence[Made]) -> AudioLayout:
    return AudioLayout(
        _common([c.sample_rate for c in made]), _common([c.channels for c in made]),
        max((c.samples for c in made), default=0), "wav",
    )  # fmt: skip
