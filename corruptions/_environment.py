"""The sound of nine surroundings: a recording of the kind from the bank, mixed in at an SNR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ._snr import ENVIRONMENT, add_at_snr
from .registry import Context, Kernel, Pcm

if TYPE_CHECKING:
    from .bank import Bank

__all__ = ["Environment", "bank_of", "environment"]


@dataclass(frozen=True)
class Environment:
    """Adds one of the bank's sounds of a kind, repeated to the clip's length, its head taken.

    kind: the corruption's name.  The level is the power ratio of signal to noise.
    """

    kind: str

    def __call__(self, pcm: Pcm, level: float, context: Context) -> Pcm:
        bank = bank_of(context)
        index = context.draw.integer(0, bank.count(self.kind))
        channels, samples = pcm.shape
        sound = bank.sound(self.kind, index, context.sample_rate, channels)
        if sound.shape[1] < samples:
            sound = np.tile(sound, -(-samples // sound.shape[1]))
        return add_at_snr(pcm, sound[:, :samples], level)


def environment(kind: str) -> Kernel:
    """The audio kernel of the surroundings `kind`: 20, 15, 10, 5 and 0 dB."""
    return Kernel(Environment(kind), levels=ENVIRONMENT)


def bank_of(context: Context) -> Bank:
    """The bank a kernel takes from: the context's, or the built-in one."""
    if context.bank is not None:
        return context.bank
    # Only here: who brings a bank never waits for the built-in one.
    from .bank import Bank

    return Bank.builtin()
