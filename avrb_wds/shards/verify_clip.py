"""What is wrong within a stored clip, compared to what it should hold."""

from __future__ import annotations

from collections.abc import Iterator

from ..codecs.suffixes import AUDIO_EXTENSIONS
from .clip import RawClip, decode_clip, frame_names
from .manifest import Manifest
from .record import ClipRecord, escape_key


def clip_faults(raw: RawClip, manifest: Manifest | None, deep: bool) -> Iterator[str]:
    """Each fault as a sentence.

    manifest: of the dataset, None for shards of others' making, which need hold no more than a
    frame or a sound.  deep: also decode the clip.  Raises DataError for what cannot be read.
    """
    frames = frame_names(raw.members)
    sounds = [name for name in raw.members if name.rpartition(".")[2].lower() in AUDIO_EXTENSIONS]
    if manifest is None:
        if not frames and not sounds:
            yield "it has neither frames nor audio."
    else:
        yield from _members(raw, frames, manifest)
        if "json" in raw.members:
            yield from _record(raw, manifest)
    if deep and (frames or sounds):
        yield from _decoded(raw, manifest)


def _members(raw: RawClip, frames: list[str], manifest: Manifest) -> Iterator[str]:
    layout = manifest.frames
    expected = [f"frame_{number:04d}.{layout.format}" for number in range(len(frames))]
    for name in ("json", manifest.audio.format):
        if name not in raw.members:
            yield f"it has no member {name!r}."
    if not frames or (layout.count is not None and len(frames) != layout.count):
        yield f"it has {len(frames)} frames; the manifest says {layout.count or 'some'}."
    elif frames != expected:
        missing = next(name for name in expected if name not in frames)
        yield f"it has no member {missing!r}, but later frames."
    for name in sorted(set(raw.members) - {"json", manifest.audio.format, *frames}):
        yield f"it has a member {name!r} that nothing knows."


def _record(raw: RawClip, manifest: Manifest) -> Iterator[str]:
    record = ClipRecord.from_bytes(bytes(raw.members["json"]), "member 'json'")
    if escape_key(record.video_id) != raw.key:
        yield f"its json has video_id {record.video_id!r}, which is another key."
    if record.target is None:
        return
    several, classes = isinstance(record.target, tuple), len(manifest.classes)
    if several != (manifest.task == "multi-label"):
        yield f"its target {record.target!r} does not suit the task {manifest.task}."
    numbers = record.target if isinstance(record.target, tuple) else (record.target,)
    if any(number >= classes for number in numbers):
        yield f"its target {record.target!r} is beyond the {classes} classes."


def _decoded(raw: RawClip, manifest: Manifest | None) -> Iterator[str]:
    clip = decode_clip(raw)
    if manifest is None or clip.frames is None or clip.pcm is None:
        return
    layout, (channels, samples) = manifest.audio, clip.pcm.shape
    if round(samples / clip.sample_rate, 6) != clip.record.duration_s:
        yield f"its sound has {samples / clip.sample_rate} s; its json says otherwise."
    if samples > layout.max_samples:
        yield f"its sound has {samples} samples; the manifest says {layout.max_samples} at most."
    for what, found, expected in (
        ("sample rate", clip.sample_rate, layout.sample_rate),
        ("number of channels", channels, layout.channels),
        ("frame height", clip.frames.shape[1], manifest.frames.height),
        ("frame width", clip.frames.shape[2], manifest.frames.width),
    ):
        if expected is not None and found != expected:
            yield f"its {what} is {found}; the manifest says {expected}."
