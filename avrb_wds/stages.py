"""Stages of plain webdataset pipelines: an iterable in, an iterator out.

Stages are frozen dataclasses, so they can be pickled and work with every start method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from .codecs.suffixes import AUDIO_EXTENSIONS
from .condition import Severity, severity_pair
from .corrupter import Corrupter
from .corruptions import Corruption, Frame, Profile
from .errors import AvrbError, DataError, UsageError, reason
from .limits import DEFAULT_LIMITS, DecodeLimits, check_sample_rate
from .settings import BankChoice, ModalityChoice, Temporal
from .shards import RawClip, decode_clip
from .shards.clip import frame_names
from .signals import to_pcm, to_waveform

Sample = dict[str, Any]
OnError = Literal["raise"] | Callable[[Exception], bool]
"""What to do with an invalid clip: "raise", or a handler as in webdataset, which is called with the
error: True skips the clip, False ends the stream."""


@dataclass(frozen=True)
class Decode:
    """Stage of a webdataset pipeline that decodes samples.

    It takes samples as webdataset reads them, dicts of bytes ("__key__", "__url__", "json", "wav",
    "frame_0000.jpg", ...), from shards of this project or of others. In place of these members it
    puts:

    - "frames": (t, h, w, 3) uint8 RGB, if the sample has any.
    - "waveform": (channels, samples) float32 in [-1, 1), and "sample_rate" in Hz, if it has any.
    - "target": the class index, a tuple of several, or None; "labels"; "video_id".

    Other members stay as they are.

    Args:
        on_error: "raise", or a handler as in webdataset. A handler is called with the `DataError`,
            which names key, shard and member: True skips the sample, False ends the stream.
        limits: How much memory a sample may ask for.

    Raises:
        DataError: A sample is invalid and `on_error` is "raise".

    Example:
        >>> import webdataset as wds
        >>> urls = "shards/vgg-{000000..000013}.tar"
        >>> dataset = wds.WebDataset(urls, shardshuffle=False).compose(Decode(), Corrupt("rain", 3))
    """

    on_error: OnError = "raise"
    limits: DecodeLimits = DEFAULT_LIMITS

    def __call__(self, samples: Iterable[Sample]) -> Iterator[Sample]:
        """Decode the samples, in their order."""
        return _each(samples, partial(_decoded, limits=self.limits), self.on_error)


@dataclass(frozen=True)
class Corrupt:
    """Stage of a webdataset pipeline that corrupts decoded samples; it follows `Decode`.

    "frames" and "waveform" become new arrays of the same shapes and dtypes; "corruption" and
    "severity" are added. The result depends on the arguments and on the key of the sample, not on
    the order of samples.

    Args:
        corruption: Name of a corruption, or a `Corruption`.
        severity: 1 to 5, or a pair (visual, audio) in which one may be 0 for clean.
        seed: Seed of all random draws.
        modality: "both", or the one modality to corrupt.
        temporal: "frame" draws for each frame, "clip" once for all frames of a clip.
        profile: "default", or "reference" for what the reference code does.
        bank: A bank or the path of an imported one; None for the built-in bank.
        on_error: As in `Decode`.

    Raises:
        UsageError: An argument is not allowed; raised at once.
        DataError: A sample is invalid and `on_error` is "raise".

    Example:
        >>> import numpy as np
        >>> clean = {"__key__": "a", "frames": np.full((1, 4, 6, 3), 128, np.uint8)}
        >>> [(s["corruption"], s["severity"]) for s in Corrupt("impulse", severity=3)([clean])]
        [('impulse', 3)]
    """

    corruption: str | Corruption
    severity: Severity
    seed: int = 0
    modality: ModalityChoice = "both"
    temporal: Temporal = "frame"
    profile: Profile = "default"
    bank: BankChoice = None
    on_error: OnError = "raise"

    def __post_init__(self) -> None:
        self._corrupter()
        pair = severity_pair(self.severity)
        object.__setattr__(self, "severity", pair if isinstance(self.severity, tuple) else pair[0])

    def _corrupter(self) -> Corrupter:
        return Corrupter.of(
            self.corruption,
            self.severity,
            seed=self.seed,
            profile=self.profile,
            modality=self.modality,
            temporal=self.temporal,
            bank=self.bank,
        )

    def __call__(self, samples: Iterable[Sample]) -> Iterator[Sample]:
        """Corrupt the samples, in their order."""
        corrupter = self._corrupter()

        def corrupted(sample: Sample) -> Sample:
            about = {"corruption": corrupter.corruption.name, "severity": self.severity}
            return _corrupted(sample, corrupter) | about

        return _each(samples, corrupted, self.on_error)


def _each(
    samples: Iterable[Sample], change: Callable[[Sample], Sample], on_error: OnError
) -> Iterator[Sample]:
    for sample in samples:
        try:
            changed = change(sample)
        except DataError as error:
            if on_error == "raise":
                raise
            if on_error(error):
                continue
            break
        yield changed


def _decoded(sample: Sample, limits: DecodeLimits) -> Sample:
    key, shard = sample["__key__"], str(sample.get("__url__", "?"))
    members = {name: data for name, data in sample.items() if not name.startswith("__")}
    for name, data in members.items():
        if not isinstance(data, (bytes, memoryview)):
            raise UsageError(
                f"member {name!r} of clip {key!r} is a {type(data).__name__}, not bytes; "
                f"leave the decoding to Decode()."
            )
    clip = decode_clip(RawClip(key, shard, members, limits))
    used = {*frame_names(members), "json", "cls"}
    used |= {name for name in members if name.rpartition(".")[2].lower() in AUDIO_EXTENSIONS}
    out = {name: value for name, value in sample.items() if name not in used}
    if clip.frames is not None:
        out["frames"] = clip.frames
    if clip.pcm is not None:
        out |= {"waveform": to_waveform(clip.pcm), "sample_rate": clip.sample_rate}
    record = clip.record
    return out | {"target": record.target, "labels": record.labels, "video_id": record.video_id}


def _corrupted(sample: Sample, corrupter: Corrupter) -> Sample:
    key, out = sample["__key__"], dict(sample)
    try:
        if "frames" in sample:
            out["frames"] = corrupter.frames(_checked(sample["frames"]), key)
        if "waveform" in sample:
            pcm, rate = to_pcm(sample["waveform"]), check_sample_rate(sample.get("sample_rate"))
            out["waveform"] = to_waveform(corrupter.pcm(pcm, key, rate))
    except AvrbError as error:
        shard = sample.get("__url__", "?")
        raise DataError(f"clip {key!r} in shard {shard}: {reason(error)}.") from error
    if not {"frames", "waveform"} & sample.keys():
        raise UsageError(f"clip {key!r} has neither frames nor waveform; put Decode() before this.")
    return out


def _checked(frames: Any) -> Frame:
    if getattr(frames, "dtype", None) != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3:
        raise UsageError(
            "frames are not a uint8 array of shape (t, h, w, 3); put Decode() before this."
        )
    checked: Frame = frames
    return checked
