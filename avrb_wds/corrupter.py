"""One corruption at one severity, applied to frames and audio: every pipeline uses this."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, SupportsIndex, cast, overload

import numpy as np
import numpy.typing as npt
from PIL import Image

from .condition import Condition, Severity, severity_pair
from .corruptions import AudioStream, Context, Corruption, Draw, Frame, Pcm, Profile, get
from .corruptions.bank import Bank
from .errors import UsageError, check_int
from .limits import check_sample_rate
from .settings import BankChoice, CorruptionSettings, Temporal, show_settings
from .signals import Waveform, as_array, to_pcm, to_rgb, to_waveform

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .settings import CorruptionKwargs

Key = str | bytes | os.PathLike[str] | SupportsIndex
"""Key of a clip: text, or a path or bytes for that text; an integer is a different key."""


@dataclass(frozen=True)
class Corrupter:
    """A corruption, its severities and everything else that a corrupted clip depends on.

    Make one with `Corrupter.of`. It can be pickled and shared between threads.

    Attributes:
        corruption: The corruption.
        visual: Severity of the frames, 1 to 5; 0 leaves them clean.
        audio: Severity of the audio, 1 to 5; 0 leaves it clean.
        seed: Seed of all random draws.
        profile: "default", or "reference" for what the reference code does.
        temporal: "frame" draws for each frame, "clip" once for all frames of a clip.
        bank: Sounds, textures and silhouettes; None for the built-in bank.

    Example:
        >>> Corrupter.of("gaussian", 3, modality="visual").audio
        0
    """

    corruption: Corruption
    visual: int
    audio: int
    seed: int = 0
    profile: Profile = "default"
    temporal: Temporal = "frame"
    bank: Bank | None = None

    @classmethod
    @show_settings
    def of(
        cls,
        corruption: str | Corruption,
        severity: Severity,
        **settings: Unpack[CorruptionKwargs],
    ) -> Corrupter:
        """Make a corrupter.

        Args:
            corruption: Name of a corruption, or a `Corruption`.
            severity: 1 to 5, or a pair (visual, audio) in which one may be 0 for clean.
            seed: Seed of all random draws.
            modality: "both", or the one modality to corrupt; the other stays clean.
            temporal: "frame" draws for each frame, "clip" once for all frames of a clip.
            profile: "default", or "reference" for what the reference code does.
            bank: A bank or the path of an imported one; None for the built-in bank.

        Raises:
            UsageError: An argument is not allowed.
        """
        return cls.with_settings(corruption, severity, CorruptionSettings.of(**settings))

    @classmethod
    def with_settings(
        cls, corruption: str | Corruption, severity: Severity, settings: CorruptionSettings
    ) -> Corrupter:
        """Make a corrupter from checked settings."""
        visual, audio = severity_pair(severity)
        return cls(
            corruption if isinstance(corruption, Corruption) else get(corruption),
            visual if settings.modality != "audio" else 0,
            audio if settings.modality != "visual" else 0,
            settings.seed,
            settings.profile,
            settings.temporal,
            settings.bank,
        )

    def frame(self, frame: Frame, key: str, number: int) -> Frame:
        """Corrupt frame `number` of clip `key`, (h, w, 3) uint8; return `frame` itself if clean."""
        if not self.visual:
            return frame
        still = self.temporal == "clip"
        draw = Draw(self.seed, self.corruption.name, key, "visual", 0 if still else number)
        kernel = self.corruption.kernel("visual", self.profile)
        context = Context(draw, frame_index=number if still else 0, bank=self.bank)
        return kernel(frame, self.visual, context)

    def frames(self, frames: Frame, key: str, out: Frame | None = None) -> Frame:
        """Corrupt all frames of clip `key`, (t, h, w, 3) uint8.

        Args:
            frames: The clean frames.
            key: Key of the clip.
            out: Array to write to and return, which may be `frames`; None for a new one.
        """
        out = np.empty_like(frames) if out is None else out
        if self.visual or out is not frames:
            for number, frame in enumerate(frames):
                out[number] = self.frame(frame, key, number)
        return out

    def pcm(self, pcm: Pcm, key: str, sample_rate: int) -> Pcm:
        """Corrupt the audio of clip `key`, (channels, samples) int16; return `pcm` if clean."""
        if not self.audio:
            return pcm
        draw = Draw(self.seed, self.corruption.name, key, "audio")
        kernel = self.corruption.kernel("audio", self.profile)
        return kernel(pcm, self.audio, Context(draw, sample_rate=sample_rate, bank=self.bank))

    def stream(self, sound: AudioStream, key: str, sample_rate: int) -> Iterator[Pcm]:
        """Corrupt audio too long for memory: the pieces together are what `pcm` returns.

        A custom corruption without a `stream` holds all of the audio in memory nevertheless.
        """
        if not self.audio:
            return sound.pieces()
        kernel = self.corruption.kernel("audio", self.profile)
        if kernel.stream is None:
            return iter([self.pcm(np.concatenate([*sound.pieces()], axis=1), key, sample_rate)])
        draw = Draw(self.seed, self.corruption.name, key, "audio")
        context = Context(draw, sample_rate=sample_rate, bank=self.bank)
        return kernel.stream(sound, kernel.levels[self.audio - 1], context)


def check_key(key: object) -> str:
    """A clip's key as draws take it: a path or bytes as the text they stand for.

    >>> from pathlib import Path
    >>> check_key(b"clip"), check_key(Path("clips/a"))
    ('clip', 'clips/a')
    """
    if isinstance(key, (bytes, os.PathLike)):
        return os.fsdecode(key)
    if isinstance(key, str):
        return str(key)
    # As they always were: 7 and "7" draw differently.
    return cast(str, check_int("a key that is no text, path or bytes", key))


def corrupter_for(condition: Condition, settings: CorruptionSettings) -> Corrupter | None:
    """The corrupter of a condition; None for clean."""
    if condition.is_clean:
        return None
    return Corrupter.with_settings(condition.corruption, condition.severity, settings)


@overload
def corrupt_frames(
    frames: npt.NDArray[Any] | Image.Image,
    corruption: str | Corruption,
    severity: int,
    *,
    seed: int = ...,
    key: Key = ...,
    profile: Profile = ...,
    temporal: Temporal = ...,
    bank: BankChoice = ...,
) -> npt.NDArray[np.uint8]: ...
@overload
def corrupt_frames(
    frames: list[npt.NDArray[Any]] | list[Image.Image],
    corruption: str | Corruption,
    severity: int,
    *,
    seed: int = ...,
    key: Key = ...,
    profile: Profile = ...,
    temporal: Temporal = ...,
    bank: BankChoice = ...,
) -> list[npt.NDArray[np.uint8]]: ...
def corrupt_frames(
    frames: npt.NDArray[Any] | Image.Image | Sequence[npt.NDArray[Any] | Image.Image],
    corruption: str | Corruption,
    severity: int,
    *,
    seed: int = 0,
    key: Key = "",
    profile: Profile = "default",
    temporal: Temporal = "frame",
    bank: BankChoice = None,
) -> npt.NDArray[np.uint8] | list[npt.NDArray[np.uint8]]:
    """Corrupt the frames of one clip.

    Args:
        frames: Frames (t, h, w, 3) uint8; or one frame, (h, w, 3) or (h, w); or a list of frames of
            any sizes. A frame may be a Pillow image. Grayscale and RGBA become RGB.
        corruption: Name of a corruption, or a `Corruption`.
        severity: 1 to 5.
        seed: Seed of all random draws.
        key: Key of the clip: text, a path or bytes. Clips with different keys get different draws.
        profile: "default", or "reference" for what the reference code does.
        temporal: "frame" draws for each frame by its index, "clip" once for all frames.
        bank: A bank or the path of an imported one; None for the built-in bank.

    Returns:
        New uint8 arrays in the form of `frames`, that is (t, h, w, 3), (h, w, 3) or a list.

    Raises:
        UsageError: An argument is not allowed.

    Example:
        >>> import numpy as np
        >>> corrupt_frames(np.full((2, 4, 6, 3), 128, np.uint8), "impulse", 5, key="clip").shape
        (2, 4, 6, 3)
    """
    corrupter = Corrupter.of(
        corruption, severity, seed=seed, profile=profile, temporal=temporal, bank=bank
    )
    name, single = check_key(key), False
    if isinstance(frames, (list, tuple)):
        many: list[Any] = [*frames]
    elif isinstance(frames, Image.Image) or (array := as_array(frames, "a frame")).ndim != 4:
        many, single = [frames], True
    else:
        many = [*array]
    if not many:
        raise UsageError("there are no frames to corrupt; give at least one.")
    out = [corrupter.frame(to_rgb(frame), name, f) for f, frame in enumerate(many)]
    if isinstance(frames, list):
        return out
    return out[0] if single else np.stack(out)


def corrupt_waveform(
    waveform: npt.NDArray[Any],
    corruption: str | Corruption,
    severity: int,
    *,
    sample_rate: int,
    seed: int = 0,
    key: Key = "",
    profile: Profile = "default",
    bank: BankChoice = None,
) -> Waveform:
    """Corrupt the audio of one clip.

    Args:
        waveform: Samples (channels, samples) or (samples,), float in [-1, 1] or int16. Floats are
            rounded to 16 bits first.
        corruption: Name of a corruption, or a `Corruption`.
        severity: 1 to 5.
        sample_rate: In Hz, at most 1,048,575.
        seed: Seed of all random draws.
        key: Key of the clip: text, a path or bytes. Clips with different keys get different draws.
        profile: "default", or "reference" for what the reference code does.
        bank: A bank or the path of an imported one; None for the built-in bank.

    Returns:
        A new float32 array of the same shape, in [-1, 1).

    Raises:
        UsageError: An argument is not allowed, such as an array (samples, channels).

    Example:
        >>> import numpy as np
        >>> tone = np.sin(np.arange(1600) / 8).astype(np.float32)
        >>> corrupt_waveform(tone, "gaussian", 5, sample_rate=16_000, key="clip").shape
        (1600,)
    """
    sample_rate = check_sample_rate(sample_rate)
    corrupter = Corrupter.of(corruption, severity, seed=seed, profile=profile, bank=bank)
    out = to_waveform(corrupter.pcm(to_pcm(waveform), check_key(key), sample_rate))
    return out.reshape(np.shape(waveform))
