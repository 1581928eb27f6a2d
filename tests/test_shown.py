"""The digest of what a model is shown: the same for the same clip, and for no other."""

import hashlib
import struct

import numpy as np
import pytest

from avrb_wds.receipts.digests import clip_digest, condition_digest, overall_digest

RNG = np.random.default_rng(0)
FRAMES = RNG.integers(0, 256, (3, 5, 7, 3), np.uint8)
SOUND = RNG.integers(-32768, 32768, (2, 50)).astype(np.int16)
DIGEST = clip_digest("clip", FRAMES, SOUND, 16_000)


@pytest.mark.parametrize(
    ("frames", "sound"),
    [
        (list(FRAMES), SOUND),
        (tuple(FRAMES), SOUND),
        (np.asfortranarray(FRAMES), SOUND),
        (FRAMES[::-1].copy()[::-1], SOUND),
        (FRAMES, SOUND.astype(np.float32) / 32768),
        (FRAMES, SOUND.astype(np.float64) / 32768),
        (FRAMES, SOUND.astype(">i2")),
        (FRAMES, np.asfortranarray(SOUND)),
        (FRAMES, np.pad(SOUND, ((0, 0), (0, 9)))[:, :50]),
    ],
)
def test_the_same_clip_in_other_memory_has_the_same_digest(frames, sound) -> None:
    assert clip_digest("clip", frames, sound, 16_000) == DIGEST


def changed(array: np.ndarray, place: tuple[int, ...]) -> np.ndarray:
    other = array.copy()
    other[place] ^= 1
    return other


@pytest.mark.parametrize(
    "clip",
    [
        ("clip2", FRAMES, SOUND, 16_000),
        ("cli", FRAMES, SOUND, 16_000),
        ("clip", changed(FRAMES, (2, 4, 6, 2)), SOUND, 16_000),
        ("clip", changed(FRAMES, (0, 0, 0, 0)), SOUND, 16_000),
        ("clip", FRAMES[::-1], SOUND, 16_000),
        ("clip", FRAMES[:2], SOUND, 16_000),
        ("clip", FRAMES.reshape(3, 7, 5, 3), SOUND, 16_000),
        ("clip", FRAMES.reshape(1, 15, 7, 3), SOUND, 16_000),
        ("clip", None, SOUND, 16_000),
        ("clip", FRAMES, changed(SOUND, (1, 49)), 16_000),
        ("clip", FRAMES, SOUND[::-1], 16_000),
        ("clip", FRAMES, SOUND.reshape(1, 100), 16_000),
        ("clip", FRAMES, None, 16_000),
        ("clip", FRAMES, SOUND, 16_001),
    ],
)
def test_any_other_clip_has_another_digest(clip) -> None:
    assert clip_digest(*clip) != DIGEST


def test_frames_of_different_sizes() -> None:
    mixed = [FRAMES[0], FRAMES[1, :4], FRAMES[2]]
    assert clip_digest("clip", mixed, None, 0) == clip_digest("clip", mixed, None, 0)
    assert clip_digest("clip", mixed, None, 0) != clip_digest("clip", mixed[::-1], None, 0)


def test_the_bytes_digested_are_those_documented() -> None:
    """Written again by hand: published receipts depend on every byte."""
    said = b"avrb-clip/1\n" + struct.pack("<I", 4) + b"clip" + struct.pack("<I", 3)
    said += struct.pack("<II", 5, 7) * 3 + FRAMES.tobytes()
    said += struct.pack("<IQI", 2, 50, 16_000) + SOUND.astype("<i2").tobytes()
    assert hashlib.sha256(said).digest() == DIGEST
    condition = b"avrb-condition/1\n" + struct.pack("<I", 4) + b"clip" + DIGEST
    assert condition_digest([("clip", DIGEST)]) == hashlib.sha256(condition).hexdigest()


def test_order_is_of_no_matter_and_everything_else_is() -> None:
    clips = [(f"k{n}", bytes([n]) * 32) for n in range(9)]
    whole = condition_digest(clips)
    assert whole == condition_digest(clips[4:] + clips[:4]) == condition_digest(iter(clips[::-1]))
    assert whole != condition_digest(clips[1:])
    assert whole != condition_digest([("k1", bytes(32)), ("k0", bytes([1]) * 32), *clips[2:]])
    some = [whole, condition_digest([]), "0" * 64]
    assert overall_digest(some) == overall_digest(some[::-1]) != overall_digest(some[:2])
