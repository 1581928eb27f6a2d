"""What tests of rendering share: what is in a folder, the digest of what it shows."""

from __future__ import annotations

from pathlib import Path

import avrb_wds as avrb
from avrb_wds.receipts.digests import clip_digest, condition_digest
from helpers.shards import Made, clips, write_shards


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def digest(source: Path, *condition: object, **how: object) -> str:
    """The digest of what a model is shown, computed by loading it."""
    clips = avrb.ClipDataset(source, *condition, **how)
    shown = (clips[number] for number in range(len(clips)))
    return condition_digest(
        (c["key"], clip_digest(c["key"], c["frames"].numpy(), c["waveform"].numpy(), rate))
        for c in shown
        if (rate := c["sample_rate"])
    )


def write_source(folder: Path) -> Path:
    """Five clips of two frames, stereo, one of them at another sample rate."""
    made = clips(4, channels=2, samples=800)
    made.append(Made("slower", channels=2, samples=400, sample_rate=8000))
    return write_shards(folder, made, per_shard=3)
