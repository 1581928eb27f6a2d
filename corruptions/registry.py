"""What a corruption consists of, and the registry that finds corruptions by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from .draw import Draw
from .errors import UsageError, check_int, check_one_of

if TYPE_CHECKING:
    from .bank import Bank

Modality = Literal["visual", "audio"]
"""One of the two signals of a clip."""
Profile = Literal["default", "reference"]
"""What the AVROBUSTBENCH paper says, or what its reference code does."""
Frame = npt.NDArray[np.uint8]
"""A frame, (h, w, 3) uint8 RGB."""
Pcm = npt.NDArray[np.int16]
"""Audio, (channels, samples) int16."""

MODALITIES: tuple[Modality, ...] = ("visual", "audio")
"""Both modalities."""
PROFILES: tuple[Profile, ...] = ("default", "reference")
"""Both profiles."""
SEVERITIES = (1, 2, 3, 4, 5)
"""All severities, from the mildest on."""
ENTRY_POINTS = "avrb_wds.corruptions"
CORRUPTIONS = (
    "gaussian", "impulse", "shot", "speckle", "compression",
    "snow", "frost", "spatter", "wind", "rain", "underwater", "concert", "smoke", "crowd",
    "interference",
)  # fmt: skip
"""The 15 corruptions in the order of the AVROBUSTBENCH paper (arXiv 2506.00358)."""


@dataclass(frozen=True)
class Context:
    """What a kernel gets beside its signal and level.

    Attributes:
        draw: The only source of randomness.
        sample_rate: Of the audio, in Hz; 0 for a frame.
        frame_index: Index of the frame in the clip if `temporal` is "clip", where all frames share
            one draw, so that things can move; 0 otherwise.
        bank: Sounds, textures and silhouettes; None for the built-in bank.
    """

    draw: Draw
    sample_rate: int = 0
    frame_index: int = 0
    bank: Bank | None = None


class AudioStream(Protocol):
    """Audio that is read piece by piece, as often as needed: it may be too long for memory."""

    @property
    def shape(self) -> tuple[int, int]:
        """(channels, samples)."""
        ...

    def pieces(self) -> Iterator[Pcm]:
        """Read all of it from the start: pieces (channels, any number) int16, in order."""
        ...


@dataclass(frozen=True)
class Kernel:
    """One modality of a corruption: a function and its level at each severity.

    Attributes:
        apply: `(signal, level, context) -> signal`. A visual signal is one frame (h, w, 3) uint8,
            an audio signal is (channels, samples) int16. The function returns a new array of the
            same shape and dtype, does not change its input, and draws from `context.draw` only.
        levels: Five levels, for severities 1 to 5.
        stream: For audio, `(stream, level, context) -> pieces`, where `stream` is an `AudioStream`
            and the pieces together are what `apply` returns, to the bit. None if there is only
            `apply`; audio then has to fit in memory.
    """

    apply: Callable[[npt.NDArray[Any], Any, Context], npt.NDArray[Any]]
    levels: tuple[Any, ...]
    stream: Callable[[AudioStream, Any, Context], Iterator[Pcm]] | None = None

    def __call__(
        self, signal: npt.NDArray[Any], severity: int, context: Context
    ) -> npt.NDArray[Any]:
        """Return the signal corrupted at a severity."""
        return self.apply(signal, self.levels[severity - 1], context)


@dataclass(frozen=True)
class Corruption:
    """A visual and an audio kernel that go together, at five severities.

    Attributes:
        name: An identifier other than "clean".
        visual: Kernel of the frames.
        audio: Kernel of the audio.
        reference_visual: Kernel of the frames in the profile "reference", where the reference
            code of AVROBUSTBENCH differs from its paper; None for the same.
        reference_audio: Kernel of the audio in that profile; None for the same.

    Raises:
        UsageError: The name is not allowed, or a kernel has not five levels.

    Example:
        >>> import numpy as np
        >>> def darken(frame, level, context):
        ...     return (frame * level).astype(np.uint8)
        >>> def mute(pcm, level, context):
        ...     return (pcm * level).astype(np.int16)
        >>> levels = (0.9, 0.7, 0.5, 0.3, 0.1)
        >>> fade = Corruption("fade", Kernel(darken, levels), Kernel(mute, levels))
        >>> fade.kernel("visual").levels[4]
        0.1
    """

    name: str
    visual: Kernel
    audio: Kernel
    reference_visual: Kernel | None = None
    reference_audio: Kernel | None = None

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or self.name == "clean":
            raise UsageError(
                f"corruption name {self.name!r} is not allowed; "
                f"give letters, digits and underscores, and not 'clean'."
            )
        for modality in MODALITIES:
            for profile in PROFILES:
                levels = self.kernel(modality, profile).levels
                if len(levels) != len(SEVERITIES):
                    raise UsageError(
                        f"corruption {self.name!r} has {len(levels)} {modality} levels; "
                        f"give {len(SEVERITIES)}, one a severity."
                    )

    def kernel(self, modality: Modality, profile: Profile = "default") -> Kernel:
        """Return the kernel of one modality in a profile.

        Args:
            modality: "visual" or "audio".
            profile: "default" or "reference".
        """
        if modality == "visual":
            reference, default = self.reference_visual, self.visual
        else:
            reference, default = self.reference_audio, self.audio
        return reference if profile == "reference" and reference is not None else default


_registered: dict[str, Corruption] = {}


def register_corruption(corruption: Corruption) -> None:
    """Make a custom corruption known by its name, in this process.

    An installed package makes it known in every process with an entry point of the group
    "avrb_wds.corruptions" that names a `Corruption`.

    Args:
        corruption: The corruption.

    Raises:
        UsageError: Another corruption has the name.
    """
    if corruption.name in CORRUPTIONS:
        raise UsageError(f"corruption {corruption.name!r} is built in; choose another name.")
    if _registered.setdefault(corruption.name, corruption) != corruption:
        raise UsageError(
            f"corruption {corruption.name!r} is registered already; choose another name."
        )


def get(name: str) -> Corruption:
    """Return the corruption of that name.

    Args:
        name: Name of a built-in, registered or installed corruption.

    Raises:
        UsageError: The name does not exist; the message lists those that do.

    Example:
        >>> get("gaussian").visual.levels
        (0.08, 0.12, 0.18, 0.26, 0.38)
    """
    if name in CORRUPTIONS:
        found: Corruption = importlib.import_module(f".{name}", __package__).CORRUPTION
        return found
    if not isinstance(name, str) or name not in _registered:
        check_one_of("corruption", name, available())
        for point in entry_points(group=ENTRY_POINTS, name=name):
            register_corruption(_loaded(point))
    return _registered[name]


def _loaded(point: EntryPoint) -> Corruption:
    corruption = point.load()
    if not isinstance(corruption, Corruption) or corruption.name != point.name:
        raise UsageError(
            f"entry point {point.name!r} = {point.value!r} of group {ENTRY_POINTS!r} "
            f"does not name a Corruption called {point.name!r}; correct the package that has it."
        )
    return corruption


def available() -> tuple[str, ...]:
    """List the names of all corruptions: built in, then registered, then from entry points."""
    installed = (point.name for point in entry_points(group=ENTRY_POINTS))
    return tuple(dict.fromkeys([*CORRUPTIONS, *_registered, *installed]))


def check_severity(severity: int) -> int:
    """Return `severity` as an int.

    Args:
        severity: An integer from 1 to 5; NumPy's integers count.

    Raises:
        UsageError: It is anything else.
    """
    return check_int("severity", severity, SEVERITIES[0], SEVERITIES[-1])
