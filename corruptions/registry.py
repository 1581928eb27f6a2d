"""What a corruption is, and where corruptions are found by name."""

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
Profile = Literal["default", "reference"]
Frame = npt.NDArray[np.uint8]
Pcm = npt.NDArray[np.int16]

MODALITIES: tuple[Modality, ...] = ("visual", "audio")
PROFILES: tuple[Profile, ...] = ("default", "reference")
SEVERITIES = (1, 2, 3, 4, 5)
ENTRY_POINTS = "avrb_wds.corruptions"
CORRUPTIONS = (
    "gaussian", "impulse", "shot", "speckle", "compression",
    "snow", "frost", "spatter", "wind", "rain", "underwater", "concert", "smoke", "crowd",
    "interference",
)  # fmt: skip
"""The 15 corruptions in the order of the AVROBUSTBENCH paper (arXiv 2506.00358)."""


@dataclass(frozen=True)
class Context:
    """What a kernel may know beside its signal and level.

    draw: the only source of randomness.  sample_rate: of the waveform in Hz; 0 for a frame.
    frame_index: under temporal="clip", where all frames of a clip share one draw, the frame's
    number, for what moves; 0 otherwise.  bank: of sounds, textures and silhouettes; None for the
    built-in one.
    """

    draw: Draw
    sample_rate: int = 0
    frame_index: int = 0
    bank: Bank | None = None


class AudioStream(Protocol):
    """A sound gone through piece by piece, as often as needed: for what memory won't hold."""

    @property
    def shape(self) -> tuple[int, int]:
        """(channels, samples)."""
        ...

    def pieces(self) -> Iterator[Pcm]:
        """All of it from the start: (channels, any number) int16 each, in order."""
        ...


@dataclass(frozen=True)
class Kernel:
    """One modality of a corruption: a function and its level at each severity.

    apply: `(signal, level, context) -> signal`, where a visual signal is one frame (h, w, 3) uint8
    and an audio signal is pcm (channels, samples) int16.  It returns a new array of the same shape
    and dtype, leaves its input alone, and draws from `context.draw` only.
    levels: five, for severity 1 to 5.
    stream: of an audio kernel, `(sound, level, context) -> pieces`, which together are what `apply`
    returns, to the bit; None where only `apply` is there, and sounds have to fit into memory.
    """

    apply: Callable[[npt.NDArray[Any], Any, Context], npt.NDArray[Any]]
    levels: tuple[Any, ...]
    stream: Callable[[AudioStream, Any, Context], Iterator[Pcm]] | None = None

    def __call__(
        self, signal: npt.NDArray[Any], severity: int, context: Context
    ) -> npt.NDArray[Any]:
        """The signal corrupted at a severity."""
        return self.apply(signal, self.levels[severity - 1], context)


@dataclass(frozen=True)
class Corruption:
    """A picture and a sound that go bad together, at five severities.

    `reference_visual` and `reference_audio` stand in for a kernel in the profile "reference", where
    the reference code of AVROBUSTBENCH differs from its paper.
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
        """The kernel of one modality under a profile."""
        if modality == "visual":
            reference, default = self.reference_visual, self.visual
        else:
            reference, default = self.reference_audio, self.audio
        return reference if profile == "reference" and reference is not None else default


_registered: dict[str, Corruption] = {}


def register_corruption(corruption: Corruption) -> None:
    """Make a corruption of your own known by its name, in this process.

    An installed package does it for every process with an entry point in the group
    "avrb_wds.corruptions" that names a `Corruption`.  Raises UsageError where the name is taken by
    another corruption.
    """
    if corruption.name in CORRUPTIONS:
        raise UsageError(f"corruption {corruption.name!r} is built in; choose another name.")
    if _registered.setdefault(corruption.name, corruption) != corruption:
        raise UsageError(
            f"corruption {corruption.name!r} is registered already; choose another name."
        )


def get(name: str) -> Corruption:
    """The corruption of that name; raises UsageError, naming what there is, where there is none.

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
    """Names of all corruptions there are: built in, then registered, then from entry points."""
    installed = (point.name for point in entry_points(group=ENTRY_POINTS))
    return tuple(dict.fromkeys([*CORRUPTIONS, *_registered, *installed]))


def check_severity(severity: int) -> int:
    """`severity` as an int; raises UsageError unless it is an integer from 1 to 5."""
    return check_int("severity", severity, SEVERITIES[0], SEVERITIES[-1])
