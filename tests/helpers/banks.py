"""Folders of sounds and images to make banks of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

TONE = np.rint(9000 * np.sin(np.arange(800) / 5)) / 32768


def wave(path: Path, sound: np.ndarray = TONE, rate: int = 16_000, kind: str = "PCM_16") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound, rate, subtype=kind)
    return path


def picture(path: Path, mode: str = "RGB") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(0).integers(0, 256, (12, 16, 4), np.uint8)
    Image.fromarray(pixels).convert(mode).save(path)
    return path


def make_folder(source: Path) -> Path:
    """Plain folders of a user's own, in several formats, rates, depths and channel counts."""
    wave(source / "rain/b.wav", np.stack([TONE, -TONE / 2], axis=1), 44_100, "PCM_24")
    wave(source / "rain/a.flac", TONE, 8_000)
    wave(source / "wind/c.wav", np.stack([TONE] * 6, axis=1), 96_000, "FLOAT")
    wave(source / "snow/d.wav", TONE, 11_025, "PCM_U8")
    (source / "rain/notes.txt").write_text("not a sound")
    (source / "rain/.hidden.wav").write_bytes(b"")
    picture(source / "textures/ice.png")
    picture(source / "silhouettes/me.png", "RGBA")
    return source
