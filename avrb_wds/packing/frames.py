"""The frames of a clip, encoded, ready for a shard."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from ..codecs import JPEG, decode_image, encode_frame, is_upright
from ..codecs.suffixes import FRAME_EXTENSIONS
from ..corruptions import Frame
from ..errors import DataError
from ..folders import list_folder
from ..paths import naming, read_file, text_to_path
from ..shards.numbering import frame_places, numbered_alike
from .options import CAV_MAE, Keep, PackOptions
from .sampling import choose_frames
from .sources.base import FrameColumns, FrameFolder, FrameSource
from .video_window import VideoWindow

MOST_FRAMES = 1 << 20  # of a folder, numbers that lack included

EncodedFrame = tuple[bytes, tuple[int, int]]
"""A JPEG and its (height, width)."""


def resolve_options(source: FrameSource, options: PackOptions) -> PackOptions:
    """`options` with what they leave open settled as it suits the kind of source."""
    if isinstance(source, FrameColumns):
        return replace(options, frame_size=options.frame_size or "keep")
    return replace(
        options,
        frames=options.frames or (CAV_MAE.frames if options.fps is None else None),
        frame_size=options.frame_size or CAV_MAE.frame_size,
        duration=options.duration or CAV_MAE.duration,
    )


def clip_frames(
    source: VideoWindow | FrameFolder | FrameColumns, options: PackOptions
) -> list[EncodedFrame]:
    """The frames that settled options take, as JPEGs of one size.

    Raises DataError, naming the file and the cause, for one that is missing or cannot be decoded.
    """
    size, quality = options.frame_size, options.quality
    if isinstance(source, VideoWindow):
        frames = source.frames(partial(_encode, size=size, quality=quality))
    else:
        frames = [_stored(path, size, quality) for path in _paths(source, options)]
    sizes = sorted({shape for _, shape in frames})
    if len(sizes) > 1:
        named = ", ".join(f"{width}x{height}" for height, width in sizes)
        raise DataError(f"the frames differ in size: {named}; give a frame size.")
    return frames


def fit(frame: Frame, size: int | Keep | None) -> Frame:
    """`frame` with its short side brought to `size` pixels, and its centre square cut out.

    >>> fit(np.zeros((36, 54, 3), np.uint8), 24).shape
    (24, 24, 3)
    """
    if not isinstance(size, int):
        return frame
    height, width = frame.shape[:2]
    short = min(height, width)
    new = (size * width // short, size * height // short)
    image = Image.fromarray(frame)
    if new != image.size:
        image = image.resize(new, Image.Resampling.BILINEAR)
    left, top = round((new[0] - size) / 2), round((new[1] - size) / 2)
    return np.asarray(image.crop((left, top, left + size, top + size)))


def _encode(frame: Frame, size: int | Keep | None, quality: int) -> EncodedFrame:
    fitted = fit(frame, size)
    return encode_frame(fitted, quality), (fitted.shape[0], fitted.shape[1])


def _stored(path: Path, size: int | Keep | None, quality: int) -> EncodedFrame:
    """A stored image, upright; its own bytes where it is a JPEG that needs no change."""
    data = read_file(path)
    with naming(path):
        frame, upright = decode_image(data), is_upright(data)
    if data.startswith(JPEG) and upright and (size == "keep" or frame.shape[:2] == (size, size)):
        return data, (frame.shape[0], frame.shape[1])
    return _encode(frame, size, quality)


def _paths(source: FrameFolder | FrameColumns, options: PackOptions) -> list[Path]:
    if isinstance(source, FrameFolder):
        paths, rate = _numbered(source.path), source.fps
    else:
        # Nothing says how far apart they are: they cover the clip, so the window is no matter.
        paths, rate = _column(source), 1.0
        options = replace(options, duration=None)
    times = [number / rate for number in range(len(paths))]
    return [paths[number] for number in choose_frames(times, rate, options)]


def _numbered(folder: Path) -> list[Path]:
    """The frames in a folder; one again for each number after it that lacks."""
    listed = list_folder(folder, {f".{kind}" for kind in FRAME_EXTENSIONS}, recursive=False)
    listed.check(folder)
    if not listed.files:
        raise DataError(f"{folder} holds no image.")
    names = numbered_alike(listed.files)
    if names is None:
        raise DataError(
            f"{folder} holds images named in several ways; leave those there that are frames."
        )
    places = frame_places(names)
    for (name, place), (other, after) in pairwise(zip(names, places, strict=True)):
        if place == after:
            raise DataError(f"{folder} holds {name} and {other}, which have one number.")
    if places[-1] >= MOST_FRAMES:
        raise DataError(f"{folder} holds {names[-1]}, before which {places[-1]} frames would be.")
    until = [*places[1:], places[-1] + 1]
    held = zip(names, places, until, strict=True)
    return [folder / text_to_path(name) for name, start, end in held for _ in range(start, end)]


def _column(source: FrameColumns) -> list[Path]:
    return [column_path(source, number) for number in column_numbers(source.root)]


def column_numbers(root: Path) -> list[str]:
    """The n of all folders root/frame_n, in numeric order; raises DataError where there is none."""
    numbers = [p.name[6:] for p in root.glob("frame_*") if p.name[6:].isdecimal()]
    if not numbers:
        raise DataError(f"{root} holds no folder named frame_0, frame_1 or so on.")
    return sorted(numbers, key=int)


def column_path(source: FrameColumns, number: str) -> Path:
    """The image of a clip in the folder frame_`number`; raises DataError where it is missing."""
    folder = source.root / f"frame_{number}"
    names = [f"{source.name}.{kind}" for kind in FRAME_EXTENSIONS]
    found = [path for name in names if (path := folder / name).is_file()]
    if not found:
        raise DataError(f"{folder / names[0]} does not exist.")
    return found[0]
