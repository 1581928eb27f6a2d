"""Concerts: an ensemble that plays a progression of chords, in a hall, before an audience.

Sources: Piston, "Harmony", 1941, for the progressions; for the instruments see `instruments`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from .instruments import (
    Instrument,
    applause,
    bass,
    bowed,
    brass,
    cymbal,
    kick,
    organ,
    pluck,
    snare,
)  # fmt: skip
from .signal import RATE, SAMPLES, Recipe, Signal, place, reverb, slow
from .voices import cheering

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)


@dataclass(frozen=True)
class Part:
    """What one player plays: notes of the chord in a rhythm.

    instrument; octave of its lowest note (4 holds middle C); level; a bar in sixteenths, where "x"
    plays the whole chord, a digit one note of it ("8" is the root above), "-" holds and "." rests.
    """

    instrument: Instrument
    octave: int
    level: float
    bar: str


@dataclass(frozen=True)
class Band:
    """Who plays: parts and drums (bars of sixteenths, "x" a stroke), what, and how fast."""

    parts: tuple[Part, ...]
    chords: tuple[int, ...]  # degrees of the scale, one a bar
    root: float  # the key's note in octave 4, in Hz
    scale: tuple[int, ...] = MAJOR
    bars: int = 5  # in 10 s: 5 bars of four beats are 120 beats a minute
    drums: float = 1.0
    kick: str = "................"
    snare: str = "................"
    hat: str = "................"
    crash: bool = False


def _hertz(band: Band, degree: int, octave: int) -> float:
    octaves, step = divmod(degree, 7)
    return band.root * 2 ** (octave - 4 + octaves + band.scale[step] / 12)


def _notes(mark: str, chord: int) -> tuple[int, ...]:
    """Degrees of the scale that a mark asks for over a chord."""
    triad = (chord, chord + 2, chord + 4)
    if mark == "x":
        return triad
    place_in = int(mark) - 1
    return (triad[place_in % 3] + 7 * (place_in // 3),) if place_in < 7 else (chord + 7,)


def _play(rng: np.random.Generator, band: Band, part: Part) -> Signal:
    """A part from the first bar to the last."""
    track = np.zeros(SAMPLES)
    sixteenth = SAMPLES / (16 * band.bars)
    for bar in range(band.bars):
        chord = band.chords[bar % len(band.chords)]
        for place_in, mark in enumerate(part.bar):
            if mark in ".-":
                continue
            held = len(part.bar[place_in + 1 :]) - len(part.bar[place_in + 1 :].lstrip("-")) + 1
            seconds = held * sixteenth / RATE * 1.02
            start = int((16 * bar + place_in) * sixteenth + rng.normal(0, 0.004) * RATE)
            for degree in _notes(mark, chord):
                note = part.instrument(rng, _hertz(band, degree, part.octave), seconds)
                place(track, start, rng.uniform(0.8, 1) * note)
    scaled: Signal = track / (track.std() + 1e-9)
    return scaled


def _beat(rng: np.random.Generator, band: Band) -> Signal:
    """The drums."""
    track = np.zeros(SAMPLES)
    sixteenth = SAMPLES / (16 * band.bars)
    for step in range(16 * band.bars):
        start, at = int(step * sixteenth), step % 16
        accent = rng.uniform(0.85, 1)
        if band.kick[at] == "x":
            place(track, start, 1.2 * accent * kick(rng))
        if band.snare[at] == "x":
            place(track, start, 0.9 * accent * snare(rng))
        if band.hat[at] == "x":
            place(track, start, (0.35 if at % 4 else 0.5) * accent * cymbal(rng, 0.04))
    if band.crash:
        place(track, 0, cymbal(rng, 0.9))
    return track


def _concert(
    rng: np.random.Generator, band: Band, hall: float, audience: float, cheers: float
) -> Signal:
    """The band in its hall, over an audience that claps (`audience`) and cheers (`cheers`)."""
    track = np.zeros(SAMPLES)
    for part in band.parts:
        track += part.level * _play(rng, band, part)
    track = track / track.std() + 2.2 * band.drums * _beat(rng, band)
    track = reverb(rng, track, hall, 0.35 * track.std())
    crowd = audience * applause(rng, 60) + cheers * cheering(rng, 20)
    swell = np.exp(0.5 * slow(rng, 0.4))
    scene: Signal = track / track.std() + swell * reverb(rng, crowd, hall, 0.8)
    return scene


_ROCK = Band(
    parts=(
        Part(bass, 2, 0.9, "1.1.1.1.1.1.1.3."),
        Part(pluck, 3, 0.8, "x-.x-.x-x-.x-.x-"),
        Part(pluck, 4, 0.5, "1.2.3.2.4.3.2.3."),
        Part(organ, 4, 0.35, "x---------------"),
    ),
    chords=(0, 4, 5, 3, 4), root=261.6, kick="x.....x.x.x.....", snare="....x.......x...",
    hat="x.x.x.x.x.x.x.x.", crash=True,
)  # fmt: skip
_STRINGS = Band(
    parts=(
        Part(bowed, 2, 0.8, "1-------3-------"),
        Part(bowed, 3, 0.7, "1---2---3---2---"),
        Part(bowed, 4, 0.7, "3-------2---4---"),
        Part(bowed, 5, 0.5, "3-1-2-3-4-3-2-1-"),
    ),
    chords=(0, 3, 1, 4), root=293.7, bars=4, drums=0.0,
)  # fmt: skip
_BRASS = Band(
    parts=(
        Part(bass, 2, 0.8, "1..1..3.1..1..2."),
        Part(brass, 3, 0.7, "x--.....x-.x--.."),
        Part(brass, 4, 0.7, "..3-4-5-..4-3-2-"),
        Part(pluck, 4, 0.4, "..x...x...x...x."),
    ),
    chords=(0, 5, 1, 4), root=233.1, bars=6, kick="x.......x.....x.", snare="....x..x....x...",
    hat="x..xx..xx..xx..x",
)  # fmt: skip
_FOLK = Band(
    parts=(
        Part(pluck, 3, 0.9, "1.x.3.x.1.x.3.x."),
        Part(bowed, 4, 0.7, "1-2-3-4-3---2-1-"),
        Part(bass, 2, 0.6, "1-------3-------"),
    ),
    chords=(0, 0, 3, 4), root=196.0, bars=6, drums=0.5, kick="x...x...x...x...",
)  # fmt: skip
_DANCE = Band(
    parts=(
        Part(organ, 2, 0.9, "..1.1.1...1.1.1."),
        Part(brass, 4, 0.5, "x..x..x...x..x.."),
        Part(pluck, 5, 0.5, "1232412314231324"),
    ),
    chords=(0, 5, 2, 6), root=220.0, scale=MINOR, bars=5, drums=1.2, kick="x...x...x...x...",
    snare="....x.......x...", hat="..x...x...x...x.",
)  # fmt: skip
_ORCHESTRA = Band(
    parts=(
        Part(bowed, 2, 0.9, "1---1---1---1---"),
        Part(bowed, 4, 0.8, "x-------x---x---"),
        Part(brass, 3, 0.7, "1-------3---4---"),
        Part(brass, 4, 0.7, "4-----3-2---3---"),
    ),
    chords=(0, 5, 3, 4), root=261.6, scale=MINOR, bars=4, drums=0.7, kick="x.......x...x.x.",
    crash=True,
)  # fmt: skip

CONCERT: dict[str, Recipe] = {
    "rock band": partial(_concert, band=_ROCK, hall=1.4, audience=0.12, cheers=0.2),
    "strings": partial(_concert, band=_STRINGS, hall=2.2, audience=0.18, cheers=0.0),
    "brass band": partial(_concert, band=_BRASS, hall=1.2, audience=0.2, cheers=0.15),
    "folk": partial(_concert, band=_FOLK, hall=1.0, audience=0.25, cheers=0.25),
    "dance": partial(_concert, band=_DANCE, hall=1.6, audience=0.1, cheers=0.3),
    "orchestra": partial(_concert, band=_ORCHESTRA, hall=2.4, audience=0.22, cheers=0.1),
}
