"""What the recipes of sounds share: noise of any colour, slow curves, grains, rooms.

All of it is circular: what runs over the end comes in at the start, so that a sound repeated to a
longer clip's length has no seam.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

RATE = 16_000  # Hz
SAMPLES = 10 * RATE
Signal = npt.NDArray[np.float64]
Recipe = Callable[[np.random.Generator], Signal]

LOUDNESS = 32768 * 10 ** (-32 / 20)  # root mean square of a finished sound
PEAK = 30_000


def colour(
    rng: np.random.Generator, response: Callable[[Signal], Signal], samples: int = SAMPLES
) -> Signal:
    """Noise with a power of 1 whose spectrum has the magnitude response(hertz)."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    hertz = np.fft.rfftfreq(samples, 1 / RATE).astype(np.float64)
    spectrum *= response(hertz)
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, samples)
    scaled: Signal = noise / noise.std()
    return scaled


def bump(centre: float, octaves: float) -> Callable[[Signal], Signal]:
    """A response with one rounded peak, `octaves` wide at half the peak."""

    def response(hertz: Signal) -> Signal:
        distance = np.log2(np.maximum(hertz, 1) / centre) / octaves
        gain: Signal = np.exp(-4 * np.log(2) * distance**2)
        return gain

    return response


def slow(rng: np.random.Generator, hertz: float) -> Signal:
    """A smooth random curve of mean 0 and deviation 1 that changes up to `hertz` times a second."""
    return colour(rng, lambda f: np.exp(-((f / hertz) ** 2)) * (f > 0))


def times(rng: np.random.Generator, density: Signal | float) -> npt.NDArray[np.int64]:
    """Random places of independent events, `density` a second on average, in rising order."""
    curve = np.broadcast_to(density, SAMPLES)
    return np.flatnonzero(rng.random(SAMPLES) < curve / RATE)


def place(track: Signal, start: int, grain: Signal) -> None:
    """Add a grain to a track at a place, around the end to the start where it is longer."""
    start %= track.size
    for part in np.split(grain, range(track.size - start, grain.size, track.size)):
        track[start : start + part.size] += part
        start = 0


def glide(hertz: Signal) -> Signal:
    """The phase, in radians, of an oscillator of that frequency at each sample."""
    return 2 * np.pi * np.cumsum(hertz) / RATE


def whistle(rng: np.random.Generator, hertz: Signal, width: float) -> Signal:
    """A narrow band of noise, `width` Hz wide, around a frequency that moves; power 1."""
    low = lambda f: np.exp(-((f / width) ** 2))  # noqa: E731 - a response, named for what it is
    phase = glide(hertz)
    band = colour(rng, low) * np.cos(phase) - colour(rng, low) * np.sin(phase)
    scaled: Signal = band / np.sqrt(2)
    return scaled


def reverb(rng: np.random.Generator, dry: Signal, seconds: float, wet: float) -> Signal:
    """A room: `dry` and `wet` times its convolution with noise that dies away.

    seconds: how long the noise takes to fall by 60 dB.  High tones die sooner, as in air.  Source:
    Moorer, "About this reverberation business", Computer Music Journal 3(2), 1979.
    """
    moment = np.arange(SAMPLES) / RATE
    tail = np.zeros(SAMPLES)
    for centre in 250 * 2.0 ** np.arange(6):
        decay = seconds * min(1.0, (1500 / centre) ** 0.5)
        band = colour(rng, bump(centre, 1.0))
        tail += band * 10 ** (-3 * moment / decay) * (moment > 0.012)
    tail /= np.sqrt((tail**2).sum())
    far = np.fft.irfft(np.fft.rfft(dry) * np.fft.rfft(tail), SAMPLES)
    return dry + wet * far


def finish(track: Signal) -> npt.NDArray[np.int16]:
    """A mono sound as 16-bit numbers, (1, samples), at the bank's loudness; none clips."""
    spectrum = np.fft.rfft(track)
    spectrum[np.fft.rfftfreq(track.size, 1 / RATE) < 20] = 0  # inaudible, and eats the headroom
    track = np.fft.irfft(spectrum, track.size)
    gain = min(LOUDNESS / track.std(), PEAK / np.abs(track).max())
    pcm: npt.NDArray[np.int16] = np.rint(track * gain).astype(np.int16)[np.newaxis]
    return pcm
