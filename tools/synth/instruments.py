"""Instruments and drums, one note at a time.

Sources: Karplus & Strong, "Digital synthesis of plucked-string and drum timbres", Computer Music
Journal 7(2), 1983; Risset & Mathews, "Analysis of musical-instrument tones", Physics Today 22, 1969
(a brass tone's harmonics rise with its loudness); Peltola, Erkut, Cook & Välimäki, "Synthesis of
hand clapping sounds", IEEE Transactions on Audio, Speech and Language Processing 15(3), 2007.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import lfilter

from .signal import RATE, SAMPLES, Signal, bump, colour, glide, place

Instrument = Callable[[np.random.Generator, float, float], Signal]  # (rng, hertz, seconds)


def _moment(seconds: float) -> Signal:
    return np.arange(int(seconds * RATE)) / RATE


def _arch(samples: int, attack: float, release: float) -> Signal:
    """An envelope that comes in and goes out in so many seconds."""
    at = np.arange(samples) / RATE
    inward, outward = np.clip(at / attack, 0, 1), np.clip((at[-1] - at) / release, 0, 1)
    envelope: Signal = inward * outward
    return envelope


def _harmonics(phase: Signal, hertz: float, level: Callable[[int], Signal | float]) -> Signal:
    """A sum of harmonics below 7.4 kHz."""
    track = np.zeros(phase.size)
    for number in range(1, int(7400 / hertz) + 1):
        track += level(number) * np.sin(number * phase)
    return track


def pluck(rng: np.random.Generator, hertz: float, seconds: float) -> Signal:
    """A plucked string: noise that goes round a delay and is smoothed at each turn."""
    period = max(int(RATE / hertz - 0.5), 2)
    fine = RATE / hertz - 0.5 - period  # the loop's filter delays by this part of a sample more
    burst = np.zeros(int(seconds * RATE))
    head = min(period, burst.size)
    burst[:head] = np.convolve(rng.standard_normal(head), [0.5, 0.5], "same")
    keep, loop = 0.996 ** (110 / hertz), np.zeros(period + 3)
    loop[0] = 1
    loop[period : period + 3] = -keep * np.convolve([0.5, 0.5], [1 - fine, fine])
    string: Signal = lfilter([1.0], loop, burst)
    return string * _arch(string.size, 0.001, 0.05)


def bass(rng: np.random.Generator, hertz: float, seconds: float) -> Signal:
    """A bass guitar: a low string with most of its highs gone."""
    string = lfilter([0.25], [1, -0.75], pluck(rng, hertz, seconds))
    tone: Signal = 2.0 * string + 0.5 * np.sin(2 * np.pi * hertz * _moment(seconds)) * np.exp(
        -2.5 * _moment(seconds)
    )
    return tone


def bowed(rng: np.random.Generator, hertz: float, seconds: float) -> Signal:
    """A section of strings: three players a little apart, each with vibrato, in a wooden body."""
    moment = _moment(seconds)
    track = np.zeros(moment.size)
    overtones = np.arange(1, 200).astype(np.float64) * hertz
    body = 0.4 + bump(500, 2)(overtones) + bump(2500, 1.5)(overtones)
    for _ in range(3):
        vibrato = 0.006 * np.sin(2 * np.pi * rng.uniform(5, 6.2) * moment + rng.uniform(0, 6))
        tuned = hertz * (1 + 0.003 * rng.standard_normal())
        track += _harmonics(glide(tuned * (1 + vibrato)), 1.02 * hertz, lambda k: body[k - 1] / k)
    return track / 3 * _arch(track.size, min(0.12, seconds / 3), min(0.15, seconds / 3))


def brass(rng: np.random.Generator, hertz: float, seconds: float) -> Signal:
    """A trumpet or trombone: the louder, the brighter."""
    moment = _moment(seconds)
    loud = _arch(moment.size, 0.06, 0.08) * (0.85 + 0.15 * np.exp(-6 * moment))
    wobble = 1 + 0.004 * np.sin(2 * np.pi * 5.3 * moment) * (moment > 0.2)
    phase = glide(hertz * wobble * (1 - 0.02 * np.exp(-40 * moment)))
    bell = bump(1100, 3)
    return _harmonics(phase, hertz, lambda k: bell(np.array(k * hertz)) * loud ** (0.6 + 0.3 * k))


def organ(rng: np.random.Generator, hertz: float, seconds: float) -> Signal:
    """An electric organ: drawbars, and a slow tremolo."""
    moment = _moment(seconds)
    bars = {1: 1.0, 2: 0.8, 3: 0.6, 4: 0.4, 6: 0.25, 8: 0.2}
    track = np.zeros(moment.size)
    for number, level in bars.items():
        if number * hertz < 7400:
            track += level * np.sin(2 * np.pi * number * hertz * moment)
    tremolo = 1 + 0.15 * np.sin(2 * np.pi * 6.2 * moment)
    return 0.5 * track * tremolo * _arch(track.size, 0.01, 0.03)


def kick(rng: np.random.Generator) -> Signal:
    """A bass drum: a skin whose pitch falls, and the beater's click."""
    moment = _moment(0.35)
    skin = np.sin(glide(48 + 110 * np.exp(-28 * moment))) * np.exp(-9 * moment)
    return skin + 0.25 * rng.standard_normal(moment.size) * np.exp(-300 * moment)


def snare(rng: np.random.Generator) -> Signal:
    """A snare drum: two modes of the skin, and wires that rattle."""
    moment = _moment(0.25)
    skin = np.sin(2 * np.pi * 185 * moment) + 0.6 * np.sin(2 * np.pi * 330 * moment)
    wires = colour(rng, bump(3500, 3), moment.size)
    return 0.5 * skin * np.exp(-22 * moment) + 0.5 * wires * np.exp(-18 * moment)


def cymbal(rng: np.random.Generator, seconds: float) -> Signal:
    """A cymbal; a hi-hat where it is short."""
    moment = _moment(3 * seconds)
    return 0.4 * colour(rng, bump(6500, 1.4), moment.size) * np.exp(-moment / seconds)


def applause(rng: np.random.Generator, people: int) -> Signal:
    """So many people who clap, each at a pace and with hands of their own; power 1."""
    track = np.zeros(SAMPLES)
    moment = _moment(0.03)
    for _ in range(people):
        pace, centre = rng.uniform(3.0, 5.0), rng.uniform(700, 2600)
        far, when = rng.uniform(0.15, 1), rng.uniform(0, 1 / pace)
        while when < SAMPLES / RATE:
            clap = colour(rng, bump(centre, 1.3), moment.size) * np.exp(-moment / 0.005)
            place(track, int(when * RATE), far * rng.uniform(0.6, 1) * clap)
            when += (1 + 0.08 * rng.standard_normal()) / pace
    scaled: Signal = track / track.std()
    return scaled
