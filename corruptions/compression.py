"""Compression: JPEG artifacts in the frames, a low-pass filter on the audio."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from ._pillow import to_frame
from ._trig import PI, cos_sin
from .errors import UsageError
from .registry import AudioStream, Context, Corruption, Frame, Kernel, Pcm

LONGEST = 65500  # pixels a side, by libjpeg
ORDER = 6
BLOCK = 1 << 16  # samples filtered at a time


def visual(frame: Frame, level: int, context: Context) -> Frame:
    """JPEG with 4:2:0 subsampling; the level is the quality.

    Raises UsageError for a frame longer than JPEG allows.
    """
    if max(frame.shape) > LONGEST:
        raise UsageError(
            f"a frame of {frame.shape[1]}x{frame.shape[0]} does not fit a JPEG; "
            f"give one of at most {LONGEST} pixels a side."
        )
    coded = io.BytesIO()
    Image.fromarray(frame).save(coded, "JPEG", quality=level, subsampling="4:2:0")
    return to_frame(Image.open(coded, formats=["JPEG"]))


def audio(pcm: Pcm, level: int, context: Context) -> Pcm:
    """A Butterworth low-pass of order 6, one forward pass; the level is the cutoff in Hz.

    The cutoff is limited to .99 of half the sample rate.
    """
    out = np.empty_like(pcm, order="C")
    pieces = (pcm[:, start : start + BLOCK] for start in range(0, pcm.shape[1], BLOCK))
    for number, piece in enumerate(_filtered(pieces, level, context.sample_rate)):
        out[:, number * BLOCK : number * BLOCK + piece.shape[1]] = piece
    return out


def stream(sound: AudioStream, level: int, context: Context) -> Iterator[Pcm]:
    """`audio`, piece by piece."""
    return _filtered(sound.pieces(), level, context.sample_rate)


def _filtered(pieces: Iterable[Pcm], level: int, sample_rate: int) -> Iterator[Pcm]:
    # scipy.signal takes long to import, and only this kernel needs it.
    from scipy.signal import sosfilt

    sections = _low_pass(level, sample_rate)
    state: npt.NDArray[np.float64] | None = None
    for piece in pieces:
        if state is None:
            state = np.zeros((len(sections), piece.shape[0], 2))
        work, state = sosfilt(sections, piece.astype(np.float64), zi=state)
        np.rint(work, out=work)
        np.clip(work, -32768, 32767, out=work)
        yield work.astype(np.int16)


@lru_cache(maxsize=64)
def _low_pass(cutoff: int, sample_rate: int) -> npt.NDArray[np.float64]:
    """Second-order sections of the Butterworth low-pass, by bilinear transform with prewarping.

    In decimal arithmetic, since `scipy.signal.butter` leaves the last bits to the C library.
    Source: Oppenheim & Schafer, "Discrete-Time Signal Processing", section 7.
    """
    edge = min(Decimal(cutoff), Decimal(99) * sample_rate / 200)
    cos, sin = cos_sin(PI * edge / sample_rate)
    k = sin / cos
    sections: list[list[Decimal]] = []
    for pair in range(ORDER // 2):
        damping = 2 * cos_sin(PI * (2 * pair + 1) / (2 * ORDER))[1] * k
        norm = 1 + damping + k * k
        b = k * k / norm
        sections.append(
            [b, 2 * b, b, Decimal(1), 2 * (k * k - 1) / norm, (1 - damping + k * k) / norm]
        )
    return np.array([[float(x) for x in section] for section in sections])


CORRUPTION = Corruption(
    name="compression",
    visual=Kernel(visual, levels=(25, 18, 15, 10, 7)),
    audio=Kernel(audio, levels=(7920, 6000, 4000, 2000, 1000), stream=stream),
)
