"""Environmental audio: a recording from the bank, mixed in at an SNR."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ._snr import ENVIRONMENT, add_at_snr, stream_at_snr
from .registry import AudioStream, Context, Kernel, Pcm

if TYPE_CHECKING:
    from .bank import Bank


@dataclass(frozen=True)
class Ambience:
    """Adds one of the bank's recordings of a kind, repeated or cut to the length of the clip.

    kind: the corruption's name.  The level is the power ratio of signal to noise.
    """

    kind: str

    def __call__(self, pcm: Pcm, level: float, context: Context) -> Pcm:
        channels, samples = pcm.shape
        sound = self.sound(channels, context)
        if sound.shape[1] < samples:
            sound = np.tile(sound, -(-samples // sound.shape[1]))
        return add_at_snr(pcm, sound[:, :samples], level)

    def sound(self, channels: int, context: Context) -> Pcm:
        """The bank's sound that the draw chooses, as the clip is sampled."""
        bank = bank_of(context)
        index = context.draw.integer(0, bank.count(self.kind))
        return bank.sound(self.kind, index, context.sample_rate, channels)


@dataclass(frozen=True)
class Pieces:
    """What `whole` does, piece by piece."""

    whole: Ambience

    def __call__(self, sound: AudioStream, level: float, context: Context) -> Iterator[Pcm]:
        added = self.whole.sound(sound.shape[0], context)

        def noise(piece: Pcm, start: int) -> Pcm:
            samples = np.arange(start, start + piece.shape[1]) % added.shape[1]
            return added[:, samples]

        return stream_at_snr(sound, noise, level)


def make_ambience(kind: str) -> Kernel:
    """The audio kernel of the surroundings `kind`: 20, 15, 10, 5 and 0 dB."""
    add = Ambience(kind)
    return Kernel(add, levels=ENVIRONMENT, stream=Pieces(add))


def bank_of(context: Context) -> Bank:
    """The bank a kernel takes from: the context's, or the built-in one."""
    if context.bank is not None:
        return context.bank
    # Only here: who brings a bank never waits for the built-in one.
    from .bank import Bank

    return Bank.builtin()
