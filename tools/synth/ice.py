"""Ice that cracks, sings and groans.

Sources: Press & Ewing, "Propagation of elastic waves in a floating ice sheet", Transactions of the
American Geophysical Union 32, 1951 (in a sheet the high tones of a crack arrive first); van den
Doel, Kry & Pai, "FoleyAutomatic", SIGGRAPH 2001 (a struck body as a sum of modes).
"""

from __future__ import annotations

from functools import partial

import numpy as np

from .signal import (
    RATE,
    SAMPLES,
    Recipe,
    Signal,
    bump,
    colour,
    place,
    reverb,
    slow,
    times,
    whistle,
)  # fmt: skip
from .weather import gusts


def _crack(rng: np.random.Generator, size: float) -> Signal:
    """A sheet that breaks: a snap, modes of the pieces, and smaller snaps that follow on."""
    grain = np.zeros(int(0.9 * RATE))
    when, loud = 0.0, 1.0
    while when < 0.6 and loud > 0.03:
        snap = rng.standard_normal(640) * np.exp(-np.arange(640) / rng.uniform(4, 40 * size + 5))
        place(grain, int(when * RATE), loud * snap)
        place(grain, int(when * RATE), loud * 0.5 * _modes(rng, 900 / size, 0.03 * size))
        when += rng.exponential(0.03)
        loud *= rng.uniform(0.4, 1.0)
    return grain


def _modes(rng: np.random.Generator, lowest: float, seconds: float) -> Signal:
    """A brittle body's ring: eight inharmonic modes from `lowest` Hz up."""
    moment = np.arange(int(6 * seconds * RATE) + 16) / RATE
    hertz = lowest * np.cumprod(rng.uniform(1.12, 1.5, 8))
    hertz = np.where(hertz < 7600, hertz, rng.uniform(3000, 7600, 8))[:, np.newaxis]
    decay = seconds * rng.uniform(0.4, 1, (8, 1)) * np.sqrt(lowest / hertz)
    ring: Signal = (np.sin(2 * np.pi * hertz * moment) * np.exp(-moment / decay)).sum(axis=0)
    return ring / 3


def _ping(rng: np.random.Generator, distance: float) -> Signal:
    """A crack far off, heard through the sheet: its high tones first, a falling "pew".

    distance: the delay in seconds at 1 kHz; bending waves take as long as 1 / sqrt(frequency).
    """
    samples = RATE
    hertz = np.fft.rfftfreq(samples, 1 / RATE).astype(np.float64)
    phase = -4 * np.pi * distance * np.sqrt(1000 * hertz)
    shape = bump(1300, 2.4)(hertz) * np.exp(0.3 * rng.standard_normal(hertz.size))
    ping = np.fft.irfft(shape * np.exp(1j * phase), samples)
    fading: Signal = ping / np.abs(ping).max() * np.linspace(1, 0, samples)
    return fading


def _groan(rng: np.random.Generator, seconds: float) -> Signal:
    """Stick and slip along a crack: pulses whose rate wanders, in a large body."""
    samples = int(seconds * RATE)
    rate = rng.uniform(35, 80) * np.exp(0.5 * slow(rng, 1.5)[:samples])
    phase = np.cumsum(rate) / RATE
    pulses = np.diff(np.floor(phase), prepend=0) * rng.uniform(0.3, 1, samples)
    body = np.convolve(pulses, _modes(rng, 90, 0.02))[:samples]
    arch = np.sin(np.linspace(0, np.pi, samples)) ** 2
    groan: Signal = body / (np.abs(body).max() + 1e-9) * arch
    return groan


def _frost(
    rng: np.random.Generator,
    cracks: float,
    size: float,
    ticks: float,
    pings: float = 0.0,
    groans: float = 0.0,
    wind: float = 0.5,
    hum: float = 700.0,
    room: float = 0.8,
) -> Signal:
    """Cracks, ticks, pings and groans (events a second) in a cold wind that hums at `hum` Hz."""
    track = np.zeros(SAMPLES)
    for start in times(rng, cracks):
        place(track, start, rng.uniform(0.3, 1) * _crack(rng, size * rng.uniform(0.5, 1.5)))
    restless = np.exp(1.2 * slow(rng, 1.5))
    for start in times(rng, ticks * restless / restless.mean()):
        tick = _modes(rng, rng.uniform(1800, 4200), rng.uniform(0.0008, 0.006))
        place(track, start, min(0.12 * rng.pareto(1.6), 0.8) * tick)
    for start in times(rng, pings):
        place(track, start, rng.uniform(0.3, 1) * _ping(rng, rng.uniform(0.04, 0.25)))
    for start in times(rng, groans):
        place(track, start, rng.uniform(0.4, 1) * _groan(rng, rng.uniform(0.6, 2.0)))
    track = reverb(rng, track, room, 0.7)
    speed = gusts(rng, 1.2)
    air = speed**1.5 * colour(rng, bump(hum, 1.3)) + 0.4 * whistle(rng, hum * speed**0.3, 40)
    deep = 0.6 * colour(rng, bump(110, 1.2))
    wide = 0.7 * speed**2 * colour(rng, lambda f: 1 / (1 + f / 1000))
    scene: Signal = track / track.std() + wind * (air + deep + wide)
    return scene


FROST: dict[str, Recipe] = {
    "lake ice": partial(_frost, cracks=0.5, size=1.5, ticks=4, pings=1.6, groans=0.3, room=1.6),
    "breaking sheet": partial(_frost, cracks=2.2, size=1.2, ticks=30, wind=0.7),
    "freezing pane": partial(_frost, cracks=0.4, size=0.4, ticks=45, wind=1.5, hum=650),
    "glacier": partial(_frost, cracks=0.8, size=2.5, ticks=10, groans=0.9, wind=0.6, room=2.5),
    "ice in a stream": partial(_frost, cracks=1.5, size=0.35, ticks=80, wind=0.6, room=0.3),
    "frosty wind": partial(_frost, cracks=0.7, size=0.8, ticks=8, wind=4.0, hum=750),
}
