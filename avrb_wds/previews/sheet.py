"""Contact sheets for a paper: corruptions by severities, frames or spectrograms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, BinaryIO

from ..corruptions import Frame
from ..errors import MissingExtraError
from ..reports.spectrogram import spectrogram
from .panels import Panel

WIDTH = 7.0  # inches: the text of a paper in two columns
DPI = 300


def frame_sheet(panels: Sequence[Panel], columns: Sequence[str], out: BinaryIO) -> None:
    """Write a PNG of the middle frames: a row a corruption, clean at the left.

    panels: clean first, then each corruption by severity.  columns: what these are called.
    """

    def shown(panel: Panel) -> Frame:
        assert panel.image is not None  # the clip has frames
        return panel.image

    height, width = shown(panels[0]).shape[:2]
    _sheet(panels, columns, out, shown, height / width)


def spectrum_sheet(
    panels: Sequence[Panel], columns: Sequence[str], sample_rate: int, out: BinaryIO
) -> None:
    """Write a PNG of the spectrograms, arranged as the frames are."""

    def shown(panel: Panel) -> Frame:
        assert panel.pcm is not None  # the clip has sound
        return spectrogram(panel.pcm.mean(axis=0), sample_rate)

    _sheet(panels, columns, out, shown, 0.45)


def _sheet(
    panels: Sequence[Panel],
    columns: Sequence[str],
    out: BinaryIO,
    shown: Callable[[Panel], Frame],
    shape: float,
) -> None:
    """shape: of a cell, height to width."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("contact sheets", "report") from error
    clean, groups = panels[0], groupby(panels[1:], lambda panel: panel.condition.corruption)
    rows = [(name, [clean, *row]) for name, row in groups]
    across, margin, head = len(columns) + 1, 0.12, 0.2  # inches, but for the count
    cell = (WIDTH - margin) / across
    height = head + cell * shape * len(rows)
    figure: Any = Figure(figsize=(WIDTH, height), dpi=DPI)
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(rows), across, squeeze=False)
    for (name, row), line in zip(rows, axes, strict=True):
        for panel, axis in zip(row, line, strict=True):
            axis.imshow(shown(panel), aspect="auto", interpolation="nearest")
            axis.set_xticks([])
            axis.set_yticks([])
            axis.spines[:].set_visible(False)
        line[0].set_ylabel(name, fontsize=5.5, labelpad=1.5)
    for axis, text in zip(axes[0], ("clean", *columns), strict=True):
        axis.set_title(text, fontsize=7, pad=2.5)
    figure.subplots_adjust(
        left=margin / WIDTH, right=1, top=1 - head / height, bottom=0, wspace=0.03, hspace=0.03
    )
    figure.savefig(out, format="png", dpi=DPI, metadata={"Software": None})
