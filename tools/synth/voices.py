"""Babble: many people who talk, laugh and cheer at once.

A voice is a sum of harmonics of its glottis, weighted by the resonances of a throat that moves from
syllable to syllable, and bands of noise for consonants.  Sources: Klatt, "Software for a
cascade/parallel formant synthesizer", JASA 67, 1980; Peterson & Barney, "Control methods used in a
study of the vowels", JASA 24, 1952 (the vowels' formants, men's averages).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt

from .signal import RATE, SAMPLES, Recipe, Signal, bump, colour, glide, place, reverb, slow

STEP = 80  # samples from one setting of the throat to the next: 5 ms
STEPS = SAMPLES // STEP
VOWELS = np.array(
    [
        (270, 2290, 3010), (390, 1990, 2550), (530, 1840, 2480), (660, 1720, 2410),
        (730, 1090, 2440), (570, 840, 2410), (440, 1020, 2240), (300, 870, 2240),
        (640, 1190, 2390), (490, 1350, 1690),
    ],
    float,
)  # fmt: skip
CONSONANTS = ("stop", "hiss", "hush", "nasal", "none")


@dataclass
class Score:
    """What one voice does at every step: pitch in Hz, levels, formants in Hz."""

    pitch: Signal = field(default_factory=lambda: np.full(STEPS, 100.0))
    voiced: Signal = field(default_factory=lambda: np.zeros(STEPS))
    hiss: Signal = field(default_factory=lambda: np.zeros(STEPS))
    hush: Signal = field(default_factory=lambda: np.zeros(STEPS))
    formants: Signal = field(default_factory=lambda: np.tile(VOWELS[9], (STEPS, 1)))


def _talk(rng: np.random.Generator, pitch: float, pace: float) -> Score:
    """Phrases of a few syllables with falling pitch, and pauses between them."""
    score, now = Score(), int(rng.integers(-STEPS // 8, STEPS // 8))
    while now < STEPS:
        laughs = rng.random() < 0.07
        syllables = int(rng.integers(3, 12))
        for place_in in np.arange(syllables) / syllables:
            length = int(200 / pace * rng.uniform(0.6, 1.5) * (0.7 if laughs else 1) / 5)
            accent = 1 + 0.25 * (rng.random() < 0.3)
            tune = pitch * (1.15 - 0.3 * place_in) * accent * (1.4 if laughs else 1)
            vowel = VOWELS[4] if laughs else VOWELS[rng.integers(len(VOWELS))]
            kind = "hush" if laughs else CONSONANTS[rng.integers(len(CONSONANTS))]
            _syllable(rng, score, now, length, tune, vowel, kind, accent)
            now += length
        now += int(rng.exponential(60) + 30)
    return score


def _syllable(
    rng: np.random.Generator,
    score: Score,
    start: int,
    length: int,
    pitch: float,
    vowel: npt.NDArray[np.float64],
    consonant: str,
    accent: float,
) -> None:
    """Write one syllable, consonant first, into a score."""
    onset = start + (length // 3 if consonant != "none" else 0)
    inside = slice(max(start, 0), max(min(start + length, STEPS), 0))
    at = np.arange(inside.start, inside.stop)
    if not at.size:
        return
    score.pitch[inside] = pitch * (1 + 0.06 * np.sin(np.pi * (at - start) / length))
    score.formants[inside] = vowel
    arch = np.clip((at - onset) / 4, 0, 1) * np.clip((start + length - at) / 6, 0, 1)
    score.voiced[inside] = np.maximum(arch * accent, 0)
    before = (at < onset).astype(float)
    if consonant == "nasal":
        score.voiced[inside] += 0.35 * before
        score.formants[inside][at < onset] = (280, 1100, 2300)
    elif consonant in ("hiss", "hush"):
        getattr(score, consonant)[inside] += rng.uniform(0.3, 1) * before
    elif consonant == "stop":
        score.hush[inside] += 1.2 * ((at >= onset - 3) & (at < onset))


def _smooth(curve: Signal, steps: int) -> Signal:
    window = np.hanning(steps + 2)[1:-1]
    return np.convolve(np.pad(curve, steps, "edge"), window / window.sum(), "same")[steps:-steps]


def _stretch(curve: Signal) -> Signal:
    return np.interp(np.arange(SAMPLES) / STEP, np.arange(STEPS), curve)


def _throat(hertz: Signal, formants: Signal) -> Signal:
    """The magnitude response of resonances, here 60 to 160 Hz wide, at `hertz`, in series."""
    out = np.ones_like(hertz)
    for centre, width in zip(formants, (60, 90, 120, 140, 160), strict=True):
        s = hertz * 1j
        pole = width / 2 + 1j * centre
        out *= np.abs(pole * pole.conjugate() / ((s + pole) * (s + pole.conjugate())))
    return out


def _sing(rng: np.random.Generator, score: Score, size: float) -> Signal:
    """The sound of a score; `size` scales the formants: 1 a man's throat, 1.17 a woman's."""
    pitch = _smooth(score.pitch, 11) * (1 + 0.012 * slow(rng, 5)[::STEP])
    moving = [_smooth(score.formants[:, k], 9) * size for k in range(3)]
    formants = np.stack([*moving, np.full(STEPS, 3500 * size), np.full(STEPS, 4500 * size)])
    voiced, phase = _smooth(score.voiced, 5), glide(_stretch(pitch))
    track = np.zeros(SAMPLES)
    for harmonic in range(1, int(6500 / pitch.mean())):
        hertz = harmonic * pitch
        level = voiced * _throat(hertz, formants) * harmonic**-0.75 * (hertz < 7000)
        track += _stretch(level) * np.sin(harmonic * phase)
    breath = 0.05 * voiced
    track += _stretch(_smooth(score.hiss, 5)) * 0.35 * colour(rng, bump(6200, 0.7))
    track += _stretch(_smooth(score.hush, 3) + breath) * 0.35 * colour(rng, bump(3000, 1.5))
    return track


def _people(rng: np.random.Generator, count: int, children: float) -> list[tuple[float, float]]:
    """(pitch in Hz, throat size) of so many people, of whom a share are children."""
    people = []
    for _ in range(count):
        low, high, size = (95, 140, 1.0) if rng.random() < 0.5 else (170, 240, 1.17)
        if rng.random() < children:
            low, high, size = 260, 340, 1.35
        people.append((rng.uniform(low, high), size * rng.uniform(0.95, 1.05)))
    return people


def _babble(
    rng: np.random.Generator,
    voices: int,
    near: int,
    room: float,
    wet: float,
    children: float = 0.0,
    pace: float = 1.0,
    cheers: float = 0.0,
    clinks: float = 0.0,
) -> Signal:
    """`voices` people, `near` of them close by, in a room that rings for `room` seconds."""
    track = np.zeros(SAMPLES)
    for number, (pitch, size) in enumerate(_people(rng, voices, children)):
        score = _talk(rng, pitch, pace * rng.uniform(0.85, 1.2))
        loud = rng.uniform(0.8, 1.2) if number < near else rng.uniform(0.25, 0.6)
        track += loud * _sing(rng, score, size)
    track /= track.std()
    track += 0.1 * colour(rng, lambda f: (np.maximum(f, 80) / 80) ** -0.6)
    for _ in range(rng.poisson(10 * clinks)):
        moment = np.arange(RATE // 8) / RATE
        clink = sum(np.sin(2 * np.pi * rng.uniform(2500, 7000) * moment) for _ in range(4))
        start, loud = int(rng.integers(SAMPLES)), rng.uniform(0.1, 0.4)
        place(track, start, loud * clink * np.exp(-60 * moment))
    if cheers:
        track += cheers * cheering(rng, 30, children)
    return reverb(rng, track, room, wet)


def shout(rng: np.random.Generator, pitch: float, size: float, seconds: float) -> Signal:
    """One long cry, "woo" or "yeah": its pitch goes up, and down at the end."""
    steps = int(seconds * RATE / STEP)
    score, way = Score(), np.linspace(0, 1, steps)
    arch = np.sin(np.pi * np.clip(way, 0.02, 0.98)) ** 0.5
    score.pitch[:steps] = 2.1 * pitch * (0.8 + 0.35 * np.sin(np.pi * way**0.8))
    score.pitch[steps:] = 2.1 * pitch * 0.8
    first, second = VOWELS[[7, 0]][rng.integers(2)], VOWELS[[4, 3, 8]][rng.integers(3)]
    score.formants[:steps] = first + np.clip(2 * way, 0, 1)[:, np.newaxis] * (second - first)
    score.voiced[:steps] = arch
    score.hush[:steps] = 0.5 * arch
    return _sing(rng, score, size)[: steps * STEP]


def cheering(rng: np.random.Generator, count: int, children: float = 0.0) -> Signal:
    """So many people who cheer, each once or twice; power 1."""
    track = np.zeros(SAMPLES)
    for pitch, size in _people(rng, count, children):
        cry = rng.uniform(0.3, 1) * shout(rng, pitch, size, rng.uniform(0.7, 2.4))
        place(track, int(rng.integers(SAMPLES)), cry)
        place(track, int(rng.integers(SAMPLES)), 0.7 * cry)
    scaled: Signal = track / track.std()
    return scaled


CROWD: dict[str, Recipe] = {
    "cafe": partial(_babble, voices=14, near=3, room=0.6, wet=0.5, clinks=0.6),
    "hall": partial(_babble, voices=24, near=2, room=1.8, wet=1.2),
    "party": partial(_babble, voices=20, near=5, room=0.7, wet=0.6, pace=1.2, cheers=0.4),
    "schoolyard": partial(
        _babble, voices=16, near=4, room=0.4, wet=0.3, children=0.9, pace=1.1, cheers=0.5
    ),
    "street": partial(_babble, voices=12, near=4, room=0.3, wet=0.25),
    "cheering crowd": partial(_babble, voices=12, near=1, room=1.2, wet=0.8, cheers=1.6),
}
