"""A sound as a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

WINDOW, HOP = 256, 256  # samples at 16 kHz
RANGE = 70.0  # dB from the loudest to black
# Anchors of a color scale from dark blue over green to yellow, even in lightness.
COLORS = np.array([(13, 8, 60), (49, 54, 149), (33, 145, 140), (144, 215, 67), (253, 231, 37)])


def spectrogram(track: npt.NDArray[np.floating[Any]], sample_rate: int) -> npt.NDArray[np.uint8]:
    """The spectrogram of a track as a picture (h, w, 3): time to the right, 0 to 8 kHz upwards."""
    hop = max(HOP * sample_rate // 16_000, track.size // 1200, 1)
    window = max(WINDOW * sample_rate // 16_000, 2)
    padded = np.pad(track.astype(np.float32), window // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(window), axis=1)) ** 2
    kept = power[:, : max(8000 * window // sample_rate, 1)].T[::-1]
    level = 1 + 10 / RANGE * np.log10(np.maximum(kept / kept.max(), 10 ** (-RANGE / 10)))
    scale = np.linspace(0, 1, len(COLORS))
    picture = np.stack([np.interp(level, scale, color) for color in COLORS.T], axis=-1)
    rounded: npt.NDArray[np.uint8] = np.rint(picture).astype(np.uint8)
    return rounded
