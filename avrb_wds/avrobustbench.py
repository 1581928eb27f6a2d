"""The dataset class of AVROBUSTBENCH, for code that was written for it."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PIL import Image
from torch.utils.data import Dataset

from .codecs import decode_audio, decode_image, encode_audio
from .condition import Severity
from .corrupter import Corrupter
from .corruptions import Frame, Pcm, Profile
from .errors import DataError, check_int
from .media import create_video
from .packing.frames import column_numbers, column_path
from .packing.sources.avrobustbench import avrobustbench_source
from .packing.sources.base import FrameColumns, SourceClip
from .paths import check_file, naming, read_file
from .settings import BankChoice
from .shards import Clip, ShardSet, decode_clip
from .shards.json_io import loads
from .shards.record import escape_key

T = TypeVar("T")
Entry = tuple[list[Image.Image], io.BytesIO]


class AVRobustBench(Dataset[Entry]):
    """The dataset class of AVROBUSTBENCH: clips as `(frames, audio)`.

    `frames` is a list of RGB Pillow images, `audio` a 16-bit WAV file in memory. The bits are those
    of `corrupt_frames`, `corrupt_waveform` and `load` for the same clip: a frame draws by its index
    among all frames of the clip. The class works with any number of DataLoader workers; pass
    `batch_size=None` or a custom `collate_fn`, because torch cannot collate images.

    Args:
        json_file: The benchmark's JSON file, whose relative paths start at its folder; or shards: a
            folder, manifest, tar or URL.
        frame_num: The one frame to return: frame_<n> of the JSON's folders, or index n in a shard.
        corruption: Name of a corruption; None for clean clips.
        severity: 1 to 5, or a pair (visual, audio) in which one may be 0 for clean.
        all_frames: Return all frames, in the order of their numbers.
        seed: Seed of all random draws.
        profile: "default", or "reference" for what the reference code does.
        bank: A bank or the path of an imported one; None for the built-in bank.

    Raises:
        UsageError: An argument is not allowed.
        DataError: A clip is missing or invalid; the message names it.

    Example:
        >>> dataset = AVRobustBench("eval.json", corruption="rain", severity=5)  # doctest: +SKIP
        >>> frames, audio = dataset[0]  # doctest: +SKIP
    """

    create_video = staticmethod(create_video)

    def __init__(
        self,
        json_file: str | os.PathLike[str],
        frame_num: int = 4,
        corruption: str | None = None,
        severity: Severity = 5,
        all_frames: bool = False,
        *,
        seed: int = 0,
        profile: Profile = "default",
        bank: BankChoice = None,
    ) -> None:
        frame_num = check_int("frame_num", frame_num, 0)
        self.datapath, self.frame_num, self.all_frames = json_file, frame_num, all_frames
        self.corruption, self.severity = corruption, severity
        self._corrupter = None
        if corruption is not None:
            self._corrupter = Corrupter.of(
                corruption, severity, seed=seed, profile=profile, bank=bank
            )
        self._clips: _ListedClips | _ShardedClips
        if _is_list(json_file):
            self._clips = _ListedClips(avrobustbench_source(Path(json_file), {}).clips)
        else:
            self._clips = _ShardedClips(ShardSet.open(os.fspath(json_file)))

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, index: int) -> Entry:
        index = check_int("clip number", index)
        if not -len(self) <= index < len(self):
            raise IndexError(f"clip {index} of {len(self)}")
        wanted = None if self.all_frames else self.frame_num
        key, frames, pcm, sample_rate = self._clips.read(index % len(self), wanted)
        if self._corrupter is not None:
            frames = [(n, self._corrupter.frame(frame, key, n)) for n, frame in frames]
            pcm = self._corrupter.pcm(pcm, key, sample_rate)
        images = [Image.fromarray(frame) for _, frame in frames]
        return images, io.BytesIO(encode_audio(pcm, sample_rate))


Signals = tuple[str, list[tuple[int, Frame]], Pcm, int]
"""A clip's key, its frames with their places in the clip, and its audio with its rate."""


class _ListedClips:
    """Clips of a JSON: its images and audio are separate files."""

    def __init__(self, clips: tuple[SourceClip, ...]) -> None:
        self._clips = clips

    def __len__(self) -> int:
        return len(self._clips)

    def read(self, position: int, wanted: int | None) -> Signals:
        """Clip number `position` with frame_<wanted>, or with all frames."""
        clip = self._clips[position]
        assert isinstance(clip.frames, FrameColumns)
        numbers = column_numbers(clip.frames.root)
        places = {int(number): place for place, number in enumerate(numbers)}
        if wanted is not None and wanted not in places:
            raise DataError(
                f"clip {clip.video_id!r} has no frame_{wanted} in {clip.frames.root}; "
                f"there are {len(numbers)}, frame_{numbers[0]} to frame_{numbers[-1]}."
            )
        chosen = places.values() if wanted is None else [places[wanted]]
        paths = [(place, column_path(clip.frames, numbers[place])) for place in chosen]
        frames = [(place, _decoded(path, decode_image)) for place, path in paths]
        return escape_key(clip.video_id), frames, *_decoded(clip.audio, decode_audio)


class _ShardedClips:
    """Clips of shards."""

    def __init__(self, shards: ShardSet) -> None:
        self._shards = shards

    def __len__(self) -> int:
        return len(self._shards)

    def read(self, position: int, wanted: int | None) -> Signals:
        """Clip number `position` with frame `wanted`, or with all frames."""
        clip: Clip = decode_clip(self._shards.read(position))
        where = f"clip {clip.key!r} in shard {clip.shard}"
        if clip.frames is None or clip.pcm is None:
            raise DataError(f"{where} has no {'sound' if clip.pcm is None else 'frames'}.")
        if wanted is not None and wanted >= len(clip.frames):
            raise DataError(f"{where} has {len(clip.frames)} frames and no number {wanted}.")
        chosen = range(len(clip.frames)) if wanted is None else [wanted]
        return clip.key, [(n, clip.frames[n]) for n in chosen], clip.pcm, clip.sample_rate


def _decoded(path: Path, decode: Callable[[bytes], T]) -> T:
    check_file(path)
    data = read_file(path)
    with naming(path):
        return decode(data)


def _is_list(path: str | os.PathLike[str]) -> bool:
    """Whether a file is the released benchmark's JSON, and not a manifest of shards."""
    if Path(path).suffix.lower() != ".json" or not Path(path).is_file():
        return False
    try:
        value = loads(Path(path).read_bytes(), str(path))
    except DataError:
        return True  # its reader says what is wrong with it
    return not isinstance(value, dict) or "shards" not in value
