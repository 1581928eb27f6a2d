"""Wind, rain and snow.

Sources: Farnell, "Designing Sound", MIT Press 2010, chapters on wind, rain and footsteps; Cook,
"Physically informed sonic modeling (PhISM)", Computer Music Journal 21(3), 1997, for crunching
grains; Minnaert, "On musical air-bubbles", Philosophical Magazine 16, 1933, for drops in puddles.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from .signal import RATE, SAMPLES, Recipe, Signal, bump, colour, place, slow, times, whistle
from .water import bubble


def gusts(rng: np.random.Generator, unrest: float) -> Signal:
    """The speed of wind over time, around 1: slow swells, and squalls on top."""
    speed = np.exp(unrest * (0.28 * slow(rng, 0.3) + 0.14 * slow(rng, 1.0) + 0.06 * slow(rng, 5.0)))
    relative: Signal = speed / speed.mean()
    return relative


def _air(rng: np.random.Generator, speed: Signal, brightness: float) -> Signal:
    """Turbulence: the faster the air, the more of its power lies in the high bands."""
    track = np.zeros(SAMPLES)
    for centre in 40 * 2.0 ** np.arange(8):
        octave = np.log2(centre / 40)
        swell = speed ** (1.2 + 0.3 * octave)
        track += (0.5 * brightness) ** octave * swell * colour(rng, bump(centre, 1.2))
    return track


def _wind(
    rng: np.random.Generator,
    unrest: float,
    brightness: float,
    tones: tuple[tuple[float, float, float], ...] = (),
    leaves: float = 0.0,
) -> Signal:
    """Turbulence, tones (Hz, width in Hz, level) of edges and gaps, and leaves.

    An edge in the wind sings at a frequency in proportion to the speed (Strouhal's law).
    """
    speed = gusts(rng, unrest)
    track = _air(rng, speed, brightness)
    for hertz, width, level in tones:
        pitch = hertz * speed**0.35 * (1 + 0.015 * slow(rng, 4))
        swell = speed**2.5 * np.exp(0.4 * slow(rng, 0.8))
        track += level * swell / swell.mean() * whistle(rng, pitch, width)
    if leaves:
        rustle = speed**3 * np.exp(0.5 * slow(rng, 14))
        track += leaves * rustle * colour(rng, bump(4500, 2.2))
    return track


def _drops(
    rng: np.random.Generator, density: Signal | float, pitch: float, spread: float
) -> Signal:
    """Single drops that hit hard ground near by: short bursts, most of them faint."""
    track = np.zeros(SAMPLES)
    moment = np.arange(int(0.02 * RATE)) / RATE
    for start in times(rng, density):
        hertz = min(pitch * np.exp(spread * rng.standard_normal()), 7500)
        decay = rng.uniform(0.0008, 0.0035)
        burst = np.sin(2 * np.pi * hertz * moment + rng.uniform(0, 6)) + 0.8 * rng.standard_normal(
            moment.size
        )
        place(track, start, min(rng.pareto(2.2), 8) * burst * np.exp(-moment / decay))
    return track


def _rain(
    rng: np.random.Generator,
    wash: float,
    centre: float,
    near: float,
    pitch: float,
    puddle: float,
    low: float = 0.3,
) -> Signal:
    """A wash of far drops, drops near by, bubbles in puddles, and the rumble of the whole.

    wash: level of the far rain, its spectrum around `centre` Hz.  near, puddle: events a second.
    """
    swell = np.exp(0.12 * slow(rng, 0.5))
    far = colour(rng, lambda f: bump(centre, 4.0)(f) + 0.5 * (np.maximum(f, 60) / 1000) ** -0.5)
    grit = np.exp(0.35 * colour(rng, bump(120, 2)))  # the far drops are many, but not countless
    track = wash * swell * grit * far
    track += 0.55 * _drops(rng, near * swell, pitch, 0.45)
    track += low * colour(rng, lambda f: (np.maximum(f, 40) / 40) ** -1.0)
    for start in times(rng, puddle * swell):
        radius = np.exp(rng.normal(np.log(1.4e-3), 0.35))
        place(track, start, 1.5 * rng.pareto(2.5) * bubble(radius, 0.3))
    return track


def _crunch(rng: np.random.Generator, seconds: float, pitch: float, dryness: float) -> Signal:
    """One foot sinking into snow: grains that break, heel before toe, and the creak of dry snow."""
    samples = int(seconds * RATE)
    moment = np.arange(samples) / RATE
    place_in = moment / seconds
    press = np.exp(-(((place_in - 0.22) / 0.13) ** 2)) + 0.75 * np.exp(
        -(((place_in - 0.62) / 0.18) ** 2)
    )
    hits = (rng.random(samples) < 2600 * press / RATE) * np.minimum(rng.pareto(2.0, samples), 6)
    hits *= rng.choice([-1.0, 1.0], samples)
    body = np.exp(-np.arange(160) / (6 + 10 * (1 - dryness)))
    ring = body * np.sin(2 * np.pi * pitch * np.arange(160) / RATE)
    ring += 0.6 * body * np.sin(2 * np.pi * 2.3 * pitch * np.arange(160) / RATE + 1)
    ring += 1.2 * body * rng.standard_normal(160)
    grains = np.convolve(hits, ring)[:samples]
    hiss = press * colour(rng, bump(3200, 2.6), samples)
    thud = press**3 * colour(rng, bump(110, 1.2), samples)
    slip = 230 * (1 + 0.5 * place_in) * np.exp(0.15 * np.cumsum(rng.standard_normal(samples)) / 60)
    creak = press**2 * (np.cumsum(slip) / RATE % 1 < 0.06) * rng.uniform(0.5, 1.5, samples)
    creak = np.convolve(creak, ring)[:samples]
    grains /= grains.std() + 1e-9
    return grains + 0.5 * hiss + 0.25 * thud + dryness * 0.25 * creak


def _snow(
    rng: np.random.Generator,
    pace: float,
    length: float,
    pitch: float,
    dryness: float,
    wind: float,
    flakes: float,
    bed: float = 0.5,
) -> Signal:
    """Steps (`pace` a second, `length` seconds each) in snow, falling flakes, and gusts.

    flakes: grains of ice a second that land near by; bed: the hush of all those farther off.
    """
    track = np.zeros(SAMPLES)
    count = round(pace * SAMPLES / RATE)
    for step in range(count):
        start = int(SAMPLES * (step + 0.12 * rng.standard_normal()) / count)
        side = 1.0 if step % 2 else 0.92
        foot = _crunch(rng, length * rng.uniform(0.85, 1.15), pitch * side, dryness)
        place(track, start, rng.uniform(0.6, 1.1) * foot)
    speed = gusts(rng, 1.5)
    track += wind * (0.5 * _air(rng, speed, 0.95) + speed**2 * colour(rng, bump(600, 2.5)))
    track += bed * np.exp(0.2 * slow(rng, 2)) * colour(rng, bump(3500, 5))
    track += 0.7 * bed * colour(rng, bump(110, 1.5))
    return track + bed * _drops(rng, flakes * speed, 4000, 0.5)


WIND: dict[str, Recipe] = {
    "open field": partial(_wind, unrest=1.0, brightness=0.9),
    "round a house": partial(
        _wind, unrest=0.8, brightness=0.95, tones=((310, 14, 0.22), (640, 20, 0.2), (930, 30, 0.1))
    ),
    "in wires": partial(
        _wind,
        unrest=0.5,
        brightness=0.9,
        tones=((2100, 25, 0.06), (4300, 50, 0.08), (4900, 60, 0.05)),
    ),
    "storm": partial(_wind, unrest=0.7, brightness=1.25, tones=((480, 60, 0.2),), leaves=0.05),
    "through a gap": partial(
        _wind,
        unrest=0.9,
        brightness=0.85,
        tones=((760, 12, 0.4), (1530, 22, 0.14), (2400, 40, 0.06)),
    ),
    "in trees": partial(_wind, unrest=1.1, brightness=1.0, leaves=0.25),
}

RAIN: dict[str, Recipe] = {
    "steady": partial(_rain, wash=1.0, centre=1500, near=120, pitch=4500, puddle=6, low=0.4),
    "heavy": partial(_rain, wash=1.6, centre=1000, near=300, pitch=3200, puddle=25, low=0.9),
    "light": partial(_rain, wash=0.5, centre=2000, near=60, pitch=5200, puddle=3, low=0.3),
    "in puddles": partial(_rain, wash=0.8, centre=1600, near=60, pitch=4500, puddle=50),
    "on leaves": partial(_rain, wash=0.6, centre=1800, near=350, pitch=2600, puddle=2),
    "on a yard": partial(_rain, wash=0.9, centre=900, near=160, pitch=5600, puddle=12, low=0.6),
}

SNOW: dict[str, Recipe] = {
    "walking": partial(
        _snow, pace=1.8, length=0.42, pitch=2400, dryness=0.7, wind=0.25, flakes=120
    ),
    "deep snow": partial(
        _snow, pace=1.1, length=0.75, pitch=1500, dryness=0.2, wind=0.3, flakes=100
    ),
    "running": partial(_snow, pace=2.8, length=0.28, pitch=2800, dryness=0.5, wind=0.2, flakes=150),
    "frozen crust": partial(
        _snow, pace=1.5, length=0.5, pitch=3600, dryness=1.0, wind=0.2, flakes=60, bed=0.35
    ),
    "drifting": partial(
        _snow, pace=0.8, length=0.6, pitch=2200, dryness=0.4, wind=0.5, flakes=250, bed=0.8
    ),
    "two people": partial(
        _snow, pace=3.4, length=0.45, pitch=2100, dryness=0.8, wind=0.25, flakes=200
    ),
}
