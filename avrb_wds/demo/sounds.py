"""What a clip of the demo sounds like: ten timbres and rhythms over a hiss."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ..corruptions import Draw, Pcm

Signal = npt.NDArray[np.float64]
TURN = 2 * np.pi


def _pulses(time: Signal, rate: float, decay: float, phase: float) -> Signal:
    """An envelope struck `rate` times a second that falls to 1/e in `decay` seconds."""
    envelope: Signal = np.exp(-((time * rate + phase) % 1) / (rate * decay))
    return envelope


def _chord(time: Signal, pitch: float, partials: tuple[float, ...]) -> Signal:
    """Tones at these multiples of a pitch in Hz, the higher the softer."""
    total: Signal = np.zeros_like(time)
    for partial in partials:
        total = total + np.sin(TURN * pitch * partial * time) / partial
    return total


def _bell(time: Signal, pitch: float, noise: Signal, phase: float) -> Signal:
    return _chord(time, 700 * pitch, (1, 2.76, 5.4)) * _pulses(time, 1.3, 0.25, phase)


def _siren(time: Signal, pitch: float, noise: Signal, phase: float) -> Signal:
    wail: Signal = np.sin(TURN * pitch * (1100 * time - 80 * np.cos(TURN * (0.9 * time + phase))))
    return wail


def _engine(time: Signal, pitch: float, noise: Signal, phase: float) -> Signal:
    return 2 * ((110 * pitch * time) % 1) - 1


def _drum(time: Signal, pitch: float, noise: Signal, phase: float) -> Signal:
    return (np.sin(TURN * 160 * pitch * time) + noise) * _pulses(time, 3.1, 0.05, phase)


def _bird(time: Signal, pitch: float, noise: Signal, phase: float) -> Signal:
    chirp = (time * 5 + phase) % 1
    return np.sin(TURN * pitch * (3200 * time + 100 * chirp * chirp)) * (chirp < 0.5)


def _clock(time: Signal, pitch: float, noise: Signal, phase: float) -> Signal:
    return np.sin(TURN * 2600 * pitch * time) * _pulses(time, 2.0, 0.03, phase) * 1.5


def _surf(time: Signal, pitch: float, noise: Signal, phase: float) -> Signal:
    return noise * (0.55 + 0.45 * np.sin(TURN * (0.8 * pitch * time + phase)))


def _buzz(time: Signal, pitch: float, noise: Signal, phase: float) -> Signal:
    return np.sign(np.sin(TURN * 230 * pitch * time)) * (np.sin(TURN * 8 * time) > -0.3)


def _horn(time: Signal, pitch: float, noise: Signal, phase: float) -> Signal:
    return _chord(time, 390 * pitch, (1, 1.26, 2, 3)) * ((0.7 * time + phase) % 1 < 0.7)


def _rattle(time: Signal, pitch: float, noise: Signal, phase: float) -> Signal:
    return noise * _pulses(time, 11 * pitch, 0.015, phase) * 1.5


SOUNDS: dict[str, Callable[[Signal, float, Signal, float], Signal]] = {
    "bell": _bell, "siren": _siren, "engine": _engine, "drum": _drum, "bird": _bird,
    "clock": _clock, "surf": _surf, "buzz": _buzz, "horn": _horn, "rattle": _rattle,
}  # fmt: skip
"""For each sound a function of time in seconds, pitch (about 1), white noise and phase."""


def make_sound(name: str, draw: Draw, seconds: float, sample_rate: int) -> Pcm:
    """A sound of that name as pcm (1, samples) int16, at a drawn pitch, loudness and hiss.

    >>> make_sound("bell", Draw(0, "demo", "clip", "audio"), 0.5, 16_000).shape
    (1, 8000)
    """
    samples = round(seconds * sample_rate)
    time = np.arange(samples) / sample_rate
    pitch, phase, loudness, hiss = draw.uniforms(4)
    signal = SOUNDS[name](time, 0.8 + 0.4 * pitch, draw.normals(samples) * 0.5, phase)
    signal = signal * ((0.4 + 0.6 * loudness) / 3) + draw.normals(samples) * (0.004 + 0.03 * hiss)
    pcm: Pcm = np.rint(np.clip(signal, -0.99, 0.99) * 32767).astype(np.int16)
    return pcm[np.newaxis]
