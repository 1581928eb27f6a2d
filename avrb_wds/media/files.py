"""One file of any kind, corrupted and published whole."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from PIL import Image

from ..atomic import atomic_file, check_target, write_atomic
from ..codecs import decode_audio, decode_image, encode_audio, encode_frame
from ..codecs.suffixes import AUDIO_SUFFIXES, IMAGE_SUFFIXES, VIDEO_SUFFIXES
from ..condition import Severity
from ..corrupter import Corrupter
from ..corruptions import Corruption, Frame, Pcm
from ..errors import UsageError
from ..paths import check_file, naming, path_to_text, read_file
from ..progress import Progress
from ..settings import show_settings
from ..shards.record import escape_key
from .video import corrupt_video

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ..settings import CorruptionKwargs


def suffix_of(path: Path) -> str | None:
    """The suffix that the corrupted file gets: .mp4 for a video, its own for others known here.

    None where the suffix is of no kind that is read.

    >>> suffix_of(Path("a.MKV")), suffix_of(Path("a.png")), suffix_of(Path("a.txt"))
    ('.mp4', '.png', None)
    """
    suffix = path.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return ".mp4"
    return path.suffix if suffix in IMAGE_SUFFIXES or suffix in AUDIO_SUFFIXES else None


@show_settings
def corrupt_file(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    corruption: str | Corruption,
    severity: Severity,
    *,
    key: str | None = None,
    duration: float | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    **settings: Unpack[CorruptionKwargs],
) -> Path:
    """Corrupt a video, image or audio file.

    Videos are written as mp4 (H.264, AAC), images as jpg, png, webp, bmp or tiff, and audio as wav
    or flac, according to the suffix of `out`, which is complete or does not exist.

    Args:
        source: The file.
        out: The corrupted file.
        corruption: Name of a corruption, or a `Corruption`.
        severity: 1 to 5, or a pair (visual, audio) in which one may be 0 for clean.
        seed: Seed of all random draws.
        profile: "default", or "reference" for what the reference code does.
        modality: "both", or the one modality to corrupt.
        temporal: "frame" draws for each frame, "clip" once for all frames.
        bank: A bank or the path of an imported one; None for the built-in bank.
        key: Key of the clip; None for the name of `source` without suffix.
        duration: Seconds from the start; None for all.
        overwrite: Replace `out` if it exists.
        progress: Called with (frames done, frames expected) for videos.

    Returns:
        Path of `out`.

    Raises:
        UsageError: An argument is not allowed, or `out` exists and `overwrite` is not set.
        DataError: `source` is invalid; the message names it and the cause.

    Example:
        >>> corrupt_file("in.mp4", "out.mp4", "rain", 3)  # doctest: +SKIP
        PosixPath('out.mp4')
    """
    path, target = Path(source), Path(out)
    corrupter = Corrupter.of(corruption, severity, **settings)
    check_there(path)
    check_apart(path, target)
    if target.exists() and not overwrite:
        raise UsageError(f"{target} is there already; give another name, or overwrite it.")
    write_file(path, target, corrupter, _key(path, key), duration=duration, progress=progress)
    return target


@show_settings
def create_video(
    video_path: str | os.PathLike[str],
    corruption: str | Corruption = "gaussian",
    severity: Severity = 5,
    duration: float | None = None,
    save_path: str | os.PathLike[str] | None = None,
    *,
    key: str | None = None,
    progress: Progress | None = None,
    **settings: Unpack[CorruptionKwargs],
) -> io.BytesIO:
    """Corrupt a video in memory; `corrupt_file` is for long ones.

    Args:
        video_path: The video.
        corruption: Name of a corruption, or a `Corruption`.
        severity: 1 to 5, or a pair (visual, audio) in which one may be 0 for clean.
        duration: Seconds from the start; None for all.
        save_path: Also write the result there, replacing a file that exists.
        seed: Seed of all random draws.
        profile: "default", or "reference" for what the reference code does.
        modality: "both", or the one modality to corrupt.
        temporal: "frame" draws for each frame, "clip" once for all frames.
        bank: A bank or the path of an imported one; None for the built-in bank.
        key: Key of the clip; None for the name of the video without suffix.
        progress: Called with (frames done, frames expected).

    Returns:
        An mp4 (H.264, AAC).

    Raises:
        UsageError: An argument is not allowed.
        DataError: The video is invalid; the message names it and the cause.

    Example:
        >>> create_video("in.mp4", "spatter", 5, save_path="out.mp4")  # doctest: +SKIP
    """
    path = Path(video_path)
    check_there(path)
    corrupter = Corrupter.of(corruption, severity, **settings)
    if save_path is not None:
        check_apart(path, Path(save_path))
    made = io.BytesIO()
    corrupt_video(path, made, corrupter, _key(path, key), duration=duration, progress=progress)
    made.seek(0)
    if save_path is not None:
        write_atomic(Path(save_path), made.getbuffer())
    return made


def check_there(source: Path) -> None:
    """Raise UsageError unless something is at `source`, DataError for a device or pipe."""
    check_file(source)
    if not source.exists():
        raise UsageError(f"{source} does not exist; give a video, an image or an audio file.")


def check_apart(source: Path, out: Path) -> None:
    """Raise UsageError unless `out` is another file than `source`, in a folder that is there."""
    check_target(out)
    if out.exists() and out.samefile(source):
        raise UsageError(f"{out} is what is to be corrupted; give another name to write to.")


def _key(path: Path, key: str | None) -> str:
    return escape_key(path_to_text(path.stem)) if key is None else key


def write_file(
    source: Path,
    out: Path,
    corrupter: Corrupter,
    key: str,
    *,
    duration: float | None = None,
    progress: Progress | None = None,
    check: Callable[[], None] | None = None,
) -> None:
    """Write one corrupted file, whole or not at all.

    check: called when the file is made and has no name yet; it gets none if that raises.  Raises
    UsageError where `out` has a suffix that goes with no such source, DataError for damage.
    """
    kind, suffix = source.suffix.lower(), out.suffix.lower()
    allowed = _outputs(source)
    if suffix not in allowed:
        raise UsageError(
            f"{source} cannot become {out.name}; give a name that ends in {', '.join(allowed)}."
        )

    with atomic_file(out) as file:
        if kind in VIDEO_SUFFIXES:
            corrupt_video(source, file, corrupter, key, duration=duration, progress=progress)
        elif kind in IMAGE_SUFFIXES:
            corrupt_image(source, file, IMAGE_SUFFIXES[suffix], corrupter, key)
        else:
            corrupt_audio(source, file, AUDIO_SUFFIXES[suffix], corrupter, key, duration)
        if check:
            check()


def _outputs(source: Path) -> tuple[str, ...]:
    """The suffixes that what becomes of `source` may have."""
    kind = source.suffix.lower()
    for kinds in (IMAGE_SUFFIXES, AUDIO_SUFFIXES):
        if kind in kinds:
            return tuple(kinds)
    if kind in VIDEO_SUFFIXES:
        return (".mp4",)
    known = ", ".join(sorted({*VIDEO_SUFFIXES, *IMAGE_SUFFIXES, *AUDIO_SUFFIXES}))
    raise UsageError(f"{source} is not a video, an image or a sound known here; give {known}.")


def corrupt_image(path: Path, out: BinaryIO, kind: str, corrupter: Corrupter, key: str) -> None:
    """Write the image at `path`, corrupted as frame 0 of clip `key`, into `out`.

    kind: what to write, a value of IMAGES: JPEG at quality 95, 4:2:0; the others without loss.
    The image is RGB, and upright where the file says that it is to be turned.  Raises DataError,
    naming the file and the cause, where it cannot be decoded or moves.
    """
    frame = corrupter.frame(read_image(path), key, 0)
    if kind == "JPEG":
        out.write(encode_frame(frame))
    else:
        options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
        Image.fromarray(frame).save(out, kind, **options)


def read_image(path: Path) -> Frame:
    """The image at `path`, RGB and upright; raises DataError as `corrupt_image` does."""
    data = read_file(path)
    with naming(path):
        return decode_image(data)


def corrupt_audio(
    path: Path, out: BinaryIO, kind: str, corrupter: Corrupter, key: str, duration: float | None
) -> None:
    """Write the sound at `path`, corrupted, into `out` as 16-bit "wav" or "flac".

    duration: seconds from the start; None for all.  Channels and sample rate stay.  Raises
    DataError, naming the file and the cause, where it cannot be decoded.
    """
    pcm, sample_rate = read_audio(path, duration)
    out.write(encode_audio(corrupter.pcm(pcm, key, sample_rate), sample_rate, kind))


def read_audio(path: Path, duration: float | None) -> tuple[Pcm, int]:
    """The sound at `path` and its rate in Hz; raises DataError as `corrupt_audio` does."""
    data = read_file(path)
    with naming(path):
        pcm, sample_rate = decode_audio(data)
    if duration is not None:
        pcm = pcm[:, : max(1, math.ceil(duration * sample_rate))]
    return pcm, sample_rate
