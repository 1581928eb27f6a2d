"""The sound of a clip as pcm, ready for a shard."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..codecs import decode_audio
from ..corruptions import Pcm
from ..corruptions._resample import resample
from ..errors import DataError, cause
from .choice import choose_samples
from .folder import VIDEOS
from .options import PackOptions
from .video import video_sound

__all__ = ["clip_sound", "mix"]


def clip_sound(path: Path, options: PackOptions) -> tuple[Pcm, int]:
    """The sound of a file under settled options: ((channels, samples) int16, sample rate in Hz).

    Raises DataError, naming the file and the cause, where there is none or it does not decode.
    """
    if path.suffix.lower() in VIDEOS:
        until = None if options.window == "middle" else options.duration
        pcm, sample_rate = video_sound(path, until)
    else:
        pcm, sample_rate = _read(path)
    pcm = mix(choose_samples(pcm, sample_rate, options), options.channels)
    if options.sample_rate == "keep":
        return pcm, sample_rate
    return resample(pcm, sample_rate, options.sample_rate), options.sample_rate


def _read(path: Path) -> tuple[Pcm, int]:
    try:
        return decode_audio(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path} does not open: {cause(error)}.") from error
    except DataError as error:
        raise DataError(f"{path}: {cause(error)}.") from error


def mix(pcm: Pcm, channels: str) -> Pcm:
    """All channels as one, their mean ("mono"); the first alone ("first"); as they are ("keep").

    >>> mix(np.array([[3, 30], [5, 10]], np.int16), "mono")
    array([[ 4, 20]], dtype=int16)
    """
    if channels == "keep" or len(pcm) == 1:
        return pcm
    if channels == "first":
        return pcm[:1]
    mean = pcm.mean(axis=0, keepdims=True, dtype=np.float64)
    mono: Pcm = np.rint(mean).astype(np.int16)
    return mono
