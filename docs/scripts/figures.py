"""The figures of docs/corruptions.md: strips of frames and of spectrograms."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scene
from PIL import Image

from avrb_wds.corrupter import Corrupter
from avrb_wds.corruptions import SEVERITIES, Frame, Pcm

WINDOW, HOP = 512, 128
FLOOR, TOP = -20.0, 70.0  # dB, the same in all panels
GAP = 4
KEY = "docs"


def strip_file(name: str) -> str:
    """The file of a corruption's frames."""
    return f"{name}.jpg"


def spectrogram_file(name: str) -> str:
    """The file of a corruption's spectrograms."""
    return f"{name}-sound.png"


def write_figures(name: str, folder: Path) -> None:
    """Write both figures of a corruption: clean, then severity 1 to 5, from left to right."""
    frame, pcm = scene.frame(), scene.sound()
    corrupters = [Corrupter.of(name, severity) for severity in SEVERITIES]
    frames = [frame, *(c.frame(frame, KEY, 0) for c in corrupters)]
    waveforms = [pcm, *(c.pcm(pcm, KEY, scene.RATE) for c in corrupters)]
    # Without subsampling and at this quality nothing of the corruption is lost to the eye.
    _strip(frames).save(folder / strip_file(name), quality=80, subsampling=0)
    _spectrograms(waveforms).save(folder / spectrogram_file(name), optimize=True)


def _strip(frames: list[Frame]) -> Image.Image:
    gap = np.full((frames[0].shape[0], GAP, 3), 255, np.uint8)
    parts = [part for frame in frames for part in (frame, gap)]
    return Image.fromarray(np.concatenate(parts[:-1], axis=1))


def _spectrograms(waveforms: list[Pcm]) -> Image.Image:
    """As wide as the strip; 40 colors are enough for a scale of brightness."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    names = ["clean", *(f"severity {severity}" for severity in SEVERITIES)]
    figure, axes = plt.subplots(1, len(waveforms), figsize=(11.72, 2.0), dpi=100, sharey=True)
    for axis, name, pcm in zip(axes, names, waveforms, strict=True):
        extent = (0, scene.SECONDS, 0, scene.RATE / 2000)
        axis.imshow(
            levels(pcm), origin="lower", aspect="auto", extent=extent, vmin=FLOOR, vmax=TOP,
            cmap="magma",
        )  # fmt: skip
        axis.set_title(name, fontsize=8, pad=3)
        axis.tick_params(labelsize=7, length=2)
        axis.set_xticks([1, 2, 3], ["1", "2", "3 s"])
    axes[0].set_yticks([2, 4, 6], ["2", "4", "6 kHz"])
    figure.subplots_adjust(left=0.035, right=0.995, top=0.9, bottom=0.11, wspace=0.06)
    coded = io.BytesIO()
    figure.savefig(coded, format="png")
    plt.close(figure)
    return Image.open(coded).convert("RGB").quantize(40, dither=Image.Dither.NONE)


def levels(pcm: Pcm) -> npt.NDArray[np.float64]:
    """The spectrogram in dB, (frequencies, times), at half the rows and columns shown."""
    frames = np.lib.stride_tricks.sliding_window_view(pcm[0] / 327.68, WINDOW)[::HOP]
    spectrum = np.fft.rfft(frames * np.hanning(WINDOW), axis=1)
    return 10 * np.log10(np.abs(spectrum.T) ** 2 + 1e-10)
