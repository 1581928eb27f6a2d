"""The sound of a clip as pcm, ready for a shard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..av.audio_track import AudioTrack, find_audio_track
from ..codecs import decode_audio
from ..codecs.suffixes import VIDEO_SUFFIXES
from ..corruptions import Pcm
from ..corruptions.resampling import resample
from ..errors import DataError
from ..limits import DEFAULT_LIMITS
from ..paths import naming, read_file
from ..signals import mix
from .options import PackOptions
from .sampling import Span, choose_samples, choose_window, count_samples
from .video_window import VideoWindow


def clip_audio(
    path: Path, options: PackOptions, video: VideoWindow | None = None
) -> tuple[Pcm, int]:
    """The sound of a file under settled options: ((channels, samples) int16, sample rate in Hz).

    video: the window of `path`, where the clip's frames are in it, too.  Raises DataError, naming
    the file and the cause, where there is no sound or it cannot be decoded.
    """
    if video is not None:
        pcm, sample_rate = window_audio(video)
    elif path.suffix.lower() in VIDEO_SUFFIXES:
        pcm, sample_rate = _cut(path, find_audio_track(path), None, options)
    else:
        pcm, sample_rate = _read(path)
        pcm = mix(choose_samples(pcm, sample_rate, options), options.channels)
    if options.sample_rate == "keep":
        return pcm, sample_rate
    return resample(pcm, sample_rate, options.sample_rate), options.sample_rate


def window_audio(video: VideoWindow) -> tuple[Pcm, int]:
    """What is heard in the window of a video; raises DataError where it has no sound."""
    if not video.frame_times.info.has_audio:
        raise DataError(f"{video.path} has no sound track.")
    return _cut(video.path, video.track, video.window, video.options)


def _cut(
    path: Path, track: AudioTrack | None, window: Span | None, options: PackOptions
) -> tuple[Pcm, int]:
    """A track in a window, None for that of the track alone, its channels mixed."""
    if track is None:
        raise DataError(f"{path}: the sound track is empty.")
    track = replace(track, mixing=options.channels)
    heard = Span(track.start, track.end)
    window = window or choose_window(heard, None, options)
    samples = count_samples(heard, track.sample_rate, window, options)
    _check_memory(path, track, samples, options)
    return track.cut(window.start, samples), track.sample_rate


def _check_memory(path: Path, track: AudioTrack, samples: int, options: PackOptions) -> None:
    """Raise DataError for sound that is longer than what is read of a shard."""
    rate = track.sample_rate if options.sample_rate == "keep" else options.sample_rate
    stored = 2 * track.shape[0] * samples * min(rate, track.sample_rate) // track.sample_rate
    if stored > DEFAULT_LIMITS.max_audio_bytes:
        raise DataError(
            f"{path} has {samples // track.sample_rate} s of sound in the window, or {stored} "
            f"bytes; at most {DEFAULT_LIMITS.max_audio_bytes} bytes of sound are packed."
        )


def _read(path: Path) -> tuple[Pcm, int]:
    data = read_file(path)
    with naming(path):
        return decode_audio(data)
