"""A crackling fire, and the siren of those who come to put it out.

Sources: Farnell, "Designing Sound", MIT Press 2010, chapters on fire (lapping, hissing, crackling)
and on the police siren (a clipped oscillator into a horn and its echoes).
"""

from __future__ import annotations

from functools import partial

import numpy as np

from .signal import RATE, SAMPLES, Recipe, Signal, bump, colour, glide, place, reverb, slow, times


def _fire(rng: np.random.Generator, crackles: float) -> Signal:
    """Flames that lap, gas that hisses, wood that crackles (`crackles` a second)."""
    lapping = np.exp(0.6 * slow(rng, 6)) * colour(rng, bump(70, 2.0))
    breath = np.exp(0.5 * slow(rng, 9)) * colour(rng, bump(350, 2.5))
    hiss = np.maximum(1 + 0.5 * slow(rng, 2), 0) ** 4 * colour(rng, bump(5000, 1.6))
    track = 0.5 * lapping + 0.5 * breath + 0.04 * hiss
    burst = np.exp(1.0 * slow(rng, 2))
    for start in times(rng, crackles * burst / burst.mean()):
        samples = int(rng.uniform(0.002, 0.02) * RATE)
        pop = rng.standard_normal(samples) * np.exp(-np.linspace(0, 6, samples))
        ring = np.sin(2 * np.pi * rng.uniform(1200, 6500) * np.arange(samples) / RATE)
        place(track, start, min(rng.pareto(1.8), 8) * pop * (0.5 + ring))
    scaled: Signal = track / track.std()
    return scaled


def _wail(low: float, high: float, seconds: float) -> Signal:
    """A pitch in Hz that sweeps up and down once every `seconds`, as an RC circuit charges."""
    turn = np.arange(SAMPLES) / RATE / seconds % 1
    rise = (1 - np.exp(-4 * turn / 0.45)) / (1 - np.exp(-4))
    fall = (np.exp(-3 * (turn - 0.45) / 0.55) - np.exp(-3)) / (1 - np.exp(-3))
    pitch: Signal = low * (high / low) ** np.where(turn < 0.45, rise, fall)
    return pitch


def _two_tone(low: float, high: float, seconds: float) -> Signal:
    """A pitch that changes between two notes."""
    turn = np.arange(SAMPLES) / RATE / seconds % 1
    return np.where(turn < 0.5, low, high)


def _motor(low: float, high: float, seconds: float) -> Signal:
    """A siren driven by a motor: it runs up, holds, and runs down."""
    turn = np.arange(SAMPLES) / RATE / seconds % 1
    speed = np.where(turn < 0.6, 1 - np.exp(-9 * turn), np.exp(-4 * (turn - 0.6)))
    return low + (high - low) * speed


def _siren(pitch: Signal, edge: float, approach: float) -> Signal:
    """A horn at that pitch; `edge` is how slowly its harmonics fall off, `approach` the passing by.

    Harmonics above 7.6 kHz are left out.  A horn speaks best around 1.5 kHz.
    """
    moment = np.arange(SAMPLES) / RATE - 5
    nearness = 1 / (1 + (approach * moment) ** 2)
    doppler = 1 - 0.05 * np.tanh(1.5 * approach * moment)
    phase = glide(pitch * doppler)
    track = np.zeros(SAMPLES)
    for harmonic in range(1, 30):
        hertz = harmonic * pitch * doppler
        horn = bump(1500, 4.5)(hertz) * np.clip((7600 - hertz) / 400, 0, 1)
        track += harmonic**-edge * horn * np.sin(harmonic * phase + 0.4 * harmonic**2)
    passing: Signal = nearness * track / track.std()
    return passing


def _smoke(
    rng: np.random.Generator,
    pitch: Signal,
    edge: float,
    siren: float,
    crackles: float,
    approach: float = 0.0,
    street: float = 0.8,
) -> Signal:
    """A siren in a street with houses, before a fire."""
    horn = reverb(rng, _siren(pitch * (1 + 0.002 * slow(rng, 3)), edge, approach), 1.5, street)
    scene: Signal = _fire(rng, crackles) + siren * horn / horn.std()
    return scene


SMOKE: dict[str, Recipe] = {
    "wail": partial(_smoke, pitch=_wail(500, 1350, 5.0), edge=0.8, siren=3.5, crackles=22),
    "yelp": partial(_smoke, pitch=_wail(550, 1300, 0.4), edge=0.9, siren=3.0, crackles=30),
    "two-tone": partial(_smoke, pitch=_two_tone(435, 580, 2.0), edge=0.6, siren=3.2, crackles=26),
    "motor siren": partial(_smoke, pitch=_motor(90, 760, 10.0), edge=0.5, siren=5.0, crackles=18),
    "fire engine passing": partial(
        _smoke, pitch=_wail(600, 1200, 3.3), edge=0.8, siren=4.0, crackles=24, approach=0.6
    ),
    "far siren": partial(
        _smoke, pitch=_motor(200, 620, 5.0), edge=1.1, siren=1.2, crackles=45, street=2.0
    ),
}
