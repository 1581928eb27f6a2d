"""The golden digests: what every condition makes of one clip, to the last bit.

    python tests/golden.py --check     # compares; names what differs and exits with 1
    python tests/golden.py --write     # after a change that is meant to change results

Needs numpy, scipy and Pillow only, so that any machine can be compared with tests/data/golden.json.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from avrb_wds.corrupter import Corrupter
from avrb_wds.corruptions import CORRUPTIONS, MODALITIES, PROFILES, SEVERITIES, available, get

FILE = Path(__file__).parent / "data" / "golden.json"
MOVING = ("snow", "rain", "smoke")  # under temporal="clip"
FRAME_SIZES = ((224, 224), (37, 53), (1, 1))  # the first is longer than a block of draws
SOUNDS = ((1, 70_000, 16_000), (2, 6_001, 44_100), (1, 1, 8_000))  # channels, samples, rate


def make_frame(height: int, width: int) -> np.ndarray:
    """A frame with slopes, edges and texture, from integers only."""
    y, x, c = np.ogrid[:height, :width, :3]
    slope = 255 * (x + 2 * y) // (width + 2 * height) + 20 * c
    texture = (x * x + 3 * y * y + x * y * (c + 1)) // 16 % 64
    edges = 90 * ((x // 9 + y // 13 + c) % 2)
    return np.asarray((slope + texture + edges) % 256, np.uint8)


def make_sound(channels: int, samples: int) -> np.ndarray:
    """A rising tone with a pause, another in each channel, from integers only."""
    n = np.arange(samples, dtype=np.int64)
    tones = [(n * n // (1500 + 700 * c) * 37 + n * 211) % 40_000 - 20_000 for c in range(channels)]
    loud = np.where(n // 5000 % 3 == 1, 1, n // 50 % 100 + 50)
    return np.stack([tone * loud // 150 for tone in tones]).astype(np.int16)


def digests(names: tuple[str, ...]) -> dict[str, str]:
    """A digest a cell, such as "rain-3 audio"; for the reference profile where that differs, and
    for frames of one draw where they move.
    """
    return {
        cell: hashlib.blake2b(b"".join(parts), digest_size=16).hexdigest()
        for name in names
        for cell, parts in (_clean() if name == "clean" else _cells(name))
    }


def _clean() -> Iterator[tuple[str, list[bytes]]]:
    """The clip itself, which all others stand on."""
    yield "clean-0 visual", [make_frame(*size).tobytes() for size in FRAME_SIZES]
    sounds = [make_sound(channels, samples) for channels, samples, _ in SOUNDS]
    yield "clean-0 audio", [pcm.astype("<i2").tobytes() for pcm in sounds]


def _cells(name: str) -> Iterator[tuple[str, list[bytes]]]:
    corruption = get(name)
    for severity in SEVERITIES:
        for modality in MODALITIES:
            label = f"{name}-{severity} {modality}"
            parts = _frames if modality == "visual" else _sounds
            yield label, list(parts(Corrupter.of(name, severity, seed=7)))
            kernel, reference = (corruption.kernel(modality, profile) for profile in PROFILES)
            if reference is not kernel:
                corrupter = Corrupter.of(name, severity, seed=7, profile="reference")
                yield f"{label} reference", list(parts(corrupter))
        if name in MOVING:
            corrupter = Corrupter.of(name, severity, seed=7, temporal="clip")
            yield f"{name}-{severity} visual clip", list(_frames(corrupter, first=3))


def _frames(corrupter: Corrupter, first: int = 0) -> Iterator[bytes]:
    for number, (height, width) in enumerate(FRAME_SIZES, first):
        yield corrupter.frame(make_frame(height, width), "golden", number).tobytes()


def _sounds(corrupter: Corrupter) -> Iterator[bytes]:
    for channels, samples, rate in SOUNDS:
        pcm = corrupter.pcm(make_sound(channels, samples), f"golden {samples}", rate)
        yield pcm.astype("<i2").tobytes()


def built_in() -> tuple[str, ...]:
    """What has golden digests: no corruption, and those that come with the package."""
    return ("clean", *(name for name in available() if name in CORRUPTIONS))


def differences(expected: dict[str, str], found: dict[str, str]) -> list[str]:
    """The cells that differ, are missing or are new."""
    return [cell for cell in expected | found if expected.get(cell) != found.get(cell)]


def main() -> int:
    """Write or compare; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true")
    action.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    found = digests(built_in())
    if write:
        FILE.write_text(json.dumps(found, indent=1) + "\n")
        return 0
    wrong = differences(json.loads(FILE.read_text()), found)
    print(f"{len(found) - len(wrong)} of {len(found)} cells as in {FILE.name}")
    print("".join(f"differs: {cell}\n" for cell in wrong), end="")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
