"""Drops that fall into water, and the sea from below.

Sources: Minnaert, "On musical air-bubbles and the sounds of running water", Philosophical Magazine
16, 1933 (a bubble rings at 3 m/s over its radius); van den Doel, "Physically based models for
liquid sounds", ACM Transactions on Applied Perception 2(4), 2005 (its damping, and its rise in
pitch).
"""

from __future__ import annotations

from functools import partial

import numpy as np

from .signal import RATE, SAMPLES, Recipe, Signal, bump, colour, glide, place, reverb, slow, times


def bubble(radius: float, rise: float) -> Signal:
    """A bubble of that radius in metres, ringing out; `rise` says how fast its pitch climbs."""
    damping = 0.13 / radius + 0.0072 * radius**-1.5
    moment = np.arange(int(min(6 / damping, 0.5) * RATE) + 1) / RATE
    hertz = np.minimum(3 / radius * (1 + rise * damping * moment), 0.45 * RATE)
    attack = np.minimum(moment / 0.0007, 1)
    ring: Signal = attack * np.sin(glide(hertz)) * np.exp(-damping * moment)
    return ring


def _drop(rng: np.random.Generator, radius: float, rise: float, click: float) -> Signal:
    """A drop: the tap of the impact, and a little later the bubble it leaves, or two."""
    grain = np.zeros(int(0.7 * RATE))
    tap = rng.standard_normal(160) * np.exp(-np.arange(160) / rng.uniform(8, 30))
    place(grain, 0, click * tap)
    late = 0.012
    for size in (radius, radius * rng.uniform(0.5, 0.8)):
        place(grain, int(late * RATE), bubble(size, rise * rng.uniform(0.7, 1.3)))
        late += rng.uniform(0.02, 0.06)
        if rng.random() < 0.5:
            break
    return grain


def _pan(rng: np.random.Generator, hertz: float) -> Signal:
    """The ring of a pan a drop has hit: inharmonic modes, the high ones shorter."""
    moment = np.arange(int(0.25 * RATE)) / RATE
    ratios = np.array([1, 1.59, 2.14, 2.65, 3.16, 4.15])
    decays = 0.05 / np.sqrt(ratios)
    modes = np.sin(2 * np.pi * hertz * np.outer(ratios, moment) + rng.uniform(0, 6, (6, 1)))
    ring: Signal = (rng.uniform(0.3, 1, (6, 1)) * modes * np.exp(-moment / decays[:, None])).sum(0)
    return ring


def _spatter(
    rng: np.random.Generator,
    pace: float,
    regular: float,
    radius: float,
    click: float,
    room: float,
    pan: float = 0.0,
    splash: float = 0.0,
) -> Signal:
    """Drops, `pace` a second; `regular` 1 is a dripping tap, 0 chance; splashes send showers."""
    track = np.zeros(SAMPLES)
    count = round(pace * SAMPLES / RATE)
    even = SAMPLES * np.arange(count) / count
    chance = rng.uniform(0, SAMPLES, count)
    for start in regular * even + (1 - regular) * chance:
        size = radius * np.exp(0.25 * rng.standard_normal())
        loud = rng.uniform(0.4, 1)
        place(track, int(start), loud * _drop(rng, size, rng.uniform(0.05, 0.3), click))
        if pan:
            place(track, int(start), pan * rng.uniform(0.4, 1) * _pan(rng, rng.uniform(900, 1400)))
    for start in times(rng, splash):
        for _ in range(rng.integers(15, 50)):
            late = int(start + rng.exponential(0.15) * RATE)
            size = radius * np.exp(rng.normal(-0.9, 0.4))
            place(track, late, rng.pareto(3) * _drop(rng, size, 0.2, 2 * click))
    track = reverb(rng, track, room, 0.6) if room else track
    floor = 10 ** (-55 / 20) * np.abs(track).max()
    out: Signal = track + floor * colour(rng, lambda f: (np.maximum(f, 50) / 50) ** -0.5)
    return out


def _swarm(rng: np.random.Generator, seconds: float, radius: float, density: float) -> Signal:
    """A train of bubbles that rise past the ear: many small ones after a few large ones."""
    samples = int(seconds * RATE)
    grain = np.zeros(samples + RATE // 2)
    for _ in range(rng.poisson(density * seconds)):
        when = rng.beta(1.4, 2.2)
        size = radius * np.exp(rng.normal(-0.4 * when, 0.45))
        loud = (size / radius) ** 1.2 * rng.uniform(0.2, 1)
        place(grain, int(when * samples), loud * bubble(size, rng.uniform(0.02, 0.25)))
    return grain


def _muffled(track: Signal, hertz: float) -> Signal:
    """Water between source and ear: steeply less of what lies above."""
    spectrum = np.fft.rfft(track)
    f = np.fft.rfftfreq(track.size, 1 / RATE)
    return np.fft.irfft(spectrum / np.sqrt(1 + (f / hertz) ** 5), track.size)


def _underwater(
    rng: np.random.Generator,
    rumble: float,
    centre: float,
    swarms: float,
    radius: float,
    cutoff: float,
    breath: bool = False,
) -> Signal:
    """The rumble of moving water around `centre` Hz, trains of bubbles, and a diver's breath."""
    swell = np.exp(0.35 * slow(rng, 0.6))
    track = rumble * swell * colour(rng, bump(centre, 2.2))
    track += 0.5 * rumble * np.exp(0.5 * slow(rng, 2)) * colour(rng, bump(2.5 * centre, 1.2))
    for start in times(rng, swarms):
        place(track, start, rng.uniform(1, 2.5) * _swarm(rng, rng.uniform(0.5, 2), radius, 45))
    for start in times(rng, 8.0):
        size = radius * np.exp(rng.normal(-0.3, 0.5))
        place(track, start, min(rng.pareto(2.5), 5) * bubble(size, 0.1))
    if breath:
        for start in range(0, SAMPLES, 4 * RATE):
            place(track, start + RATE // 2, 2.0 * _swarm(rng, 1.6, radius, 110))
            arch = np.sin(np.linspace(0, np.pi, int(1.3 * RATE))) ** 2
            air = 1.2 * arch * colour(rng, bump(700, 1.4), arch.size)
            place(track, start + int(2.6 * RATE), air)
    return _muffled(track, cutoff)


SPATTER: dict[str, Recipe] = {
    "dripping tap": partial(_spatter, pace=1.5, regular=1.0, radius=2.2e-3, click=0.5, room=0.4),
    "cave": partial(_spatter, pace=2.2, regular=0.3, radius=2.8e-3, click=0.3, room=2.2),
    "into a pan": partial(
        _spatter, pace=1.8, regular=0.95, radius=2.0e-3, click=0.8, room=0.5, pan=0.5
    ),
    "after rain": partial(_spatter, pace=5.0, regular=0.0, radius=1.8e-3, click=1.0, room=0.3),
    "splashes": partial(
        _spatter, pace=2.0, regular=0.0, radius=2.6e-3, click=0.6, room=0.5, splash=0.5
    ),
    "slow and deep": partial(_spatter, pace=1.0, regular=0.7, radius=4.5e-3, click=0.25, room=1.0),
}

UNDERWATER: dict[str, Recipe] = {
    "sea": partial(_underwater, rumble=1.0, centre=110, swarms=0.5, radius=9e-3, cutoff=500),
    "stream": partial(_underwater, rumble=0.8, centre=150, swarms=2.0, radius=8e-3, cutoff=550),
    "diver": partial(
        _underwater, rumble=0.6, centre=90, swarms=0.2, radius=9e-3, cutoff=500, breath=True
    ),
    "deep": partial(_underwater, rumble=1.4, centre=70, swarms=0.4, radius=14e-3, cutoff=350),
    "boiling": partial(_underwater, rumble=0.7, centre=140, swarms=3.5, radius=9e-3, cutoff=450),
    "tank": partial(_underwater, rumble=0.5, centre=170, swarms=1.2, radius=7e-3, cutoff=600),
}
