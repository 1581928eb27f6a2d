"""Sounds gone through piece by piece come out as in one, to the bit."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from avrb_wds.corrupter import Corrupter
from avrb_wds.corruptions import CORRUPTIONS, PROFILES, Corruption, Draw, Kernel, Pcm, Profile, get
from avrb_wds.corruptions.draw import WORDS


@dataclass(frozen=True)
class Cut:
    """A sound in pieces of `sizes` samples, in turn."""

    pcm: Pcm
    sizes: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, int]:
        return self.pcm.shape

    def pieces(self) -> Iterator[Pcm]:
        start, number = 0, 0
        while start < self.pcm.shape[1]:
            size = self.sizes[number % len(self.sizes)]
            yield self.pcm[:, start : start + size]
            start, number = start + size, number + 1


def sound(channels: int, samples: int) -> Pcm:
    random = np.random.default_rng(channels * samples)
    loud = random.normal(0, 9000, (channels, samples)) * np.linspace(0, 1, samples)
    return np.clip(loud, -32768, 32767).astype(np.int16)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_pieces_are_the_whole_to_the_bit(name: str, profile: Profile) -> None:
    corrupter = Corrupter.of(name, 4, seed=2, profile=profile)
    assert corrupter.corruption.kernel("audio", profile).stream is not None
    for pcm, sizes in [
        (sound(2, 70_001), (65_536,)),  # one and a half blocks
        (sound(3, 5_003), (1, 17, 1024, 31)),
        (sound(1, 40), (16,)),
        (np.zeros((2, 900), np.int16), (400,)),
        (np.full((1, 900), 7, np.int16), (899,)),
    ]:
        whole = corrupter.pcm(pcm, "key", 8000)
        pieces = list(corrupter.stream(Cut(pcm, sizes), "key", 8000))
        assert np.array_equal(np.concatenate(pieces, axis=1), whole)
        assert all(piece.dtype == np.int16 for piece in pieces)


def test_clean_sound_and_kernels_that_cannot_stream() -> None:
    pcm = sound(2, 500)
    clean = Corrupter.of("rain", 3, modality="visual").stream(Cut(pcm, (64,)), "key", 8000)
    assert np.array_equal(np.concatenate(list(clean), axis=1), pcm)
    mean = Kernel(lambda pcm, level, context: pcm - pcm.mean().astype(np.int16), (0,) * 5)
    own = Corruption("own", get("rain").visual, mean)
    [piece] = Corrupter.of(own, 3).stream(Cut(pcm, (64,)), "key", 8000)
    assert np.array_equal(piece, Corrupter.of(own, 3).pcm(pcm, "key", 8000))


def test_a_draw_starts_at_any_sixteenth_word() -> None:
    words = Draw(1, "rain", "key", "audio").bits(16 * WORDS, np.uint16)
    draw = Draw(1, "rain", "key", "audio")
    draw.uniform()  # what was drawn does not matter
    for step in (0, 1, 5, 15):
        later = draw.from_word(step * WORDS).bits(WORDS, np.uint16)
        assert np.array_equal(later, words[step * WORDS : (step + 1) * WORDS])
