"""From what a user asks for to the way clips take: checked, opened, with nothing read yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..apply import BankChoice, ModalityChoice, Temporal, corrupter_for
from ..condition import CLEAN, Condition, Severity
from ..corruptions import Profile
from ..errors import UsageError
from ..shards import Manifest, ShardSet
from ..storage import Storage
from .batches import Collate
from .clips import Recipe, Transform
from .division import Order, global_order
from .memory import Layout
from .pipeline import Road

__all__ = [
    "Corruptions",
    "Source",
    "needed_manifest",
    "open_road",
    "opened",
    "wanted_conditions",
    "whole_number",
]

Source = str | Path | Sequence[str | Path] | ShardSet
Corruptions = str | Condition | Sequence[str | Condition] | None


def wanted_conditions(
    corruption: Corruptions, severity: Severity | None = None
) -> tuple[Condition, ...]:
    """The conditions meant, at least one, each once; raises UsageError for anything else.

    corruption: None for clean; a name, with a severity; or conditions, or their names.

    >>> [str(c) for c in wanted_conditions(["clean", "gaussian-3"])]
    ['clean', 'gaussian-3']
    """
    if isinstance(corruption, str) and severity is not None:
        return (Condition(corruption, severity),)
    if severity is not None:
        raise UsageError(f"severity {severity!r} has no corruption beside it; give its name.")
    if corruption is None:
        return (CLEAN,)
    given = [corruption] if isinstance(corruption, (str, Condition)) else list(corruption)
    found = tuple(Condition.parse(c) if isinstance(c, str) else c for c in given)
    if not found:
        raise UsageError(f"conditions {given!r} are none; give at least one.")
    for place, condition in enumerate(found):
        if condition in found[:place]:
            raise UsageError(f"condition {condition} is there twice; give it once.")
    return found


def opened(
    source: Source,
    storage_options: Mapping[str, Any] | None,
    cache_dir: str | Path | None,
    cache_size: int | None,
) -> ShardSet:
    """The shards that `source` means; raises UsageError for options that come too late."""
    if not isinstance(source, ShardSet):
        storage = Storage(storage_options, cache_dir=cache_dir, cache_size=cache_size)
        return ShardSet.open(source, storage)
    if storage_options is not None or cache_dir is not None or cache_size is not None:
        raise UsageError(
            "storage_options, cache_dir and cache_size do nothing for an open ShardSet; "
            "give them to Storage when it is opened."
        )
    return source


def needed_manifest(shards: ShardSet) -> Manifest:
    """The manifest of shards; raises UsageError where they have none."""
    if shards.manifest is None:
        raise UsageError(
            "these shards have no manifest.json; give what avrb pack made, named by its folder."
        )
    return shards.manifest


def whole_number(name: str, value: int, least: int) -> int:
    """`value`; raises UsageError, naming it, unless it is a whole number from `least` up."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UsageError(f"{name} {value!r} is not a whole number from {least} up; give one.")
    return value


def open_road(
    source: Source,
    conditions: tuple[Condition, ...],
    *,
    seed: int = 0,
    modality: ModalityChoice = "both",
    temporal: Temporal = "frame",
    profile: Profile = "default",
    bank: BankChoice = None,
    transform: Transform | None = None,
    order: Order = "sequential",
    mixed: bool = False,
    digest: bool = False,
    signals: bool = True,
) -> Road:
    """The road from `source`; raises UsageError or DataError, naming what is not allowed."""
    corrupters = tuple(
        corrupter_for(
            condition, seed=seed, profile=profile, modality=modality, temporal=temporal, bank=bank
        )
        for condition in conditions
    )
    shards = source if isinstance(source, ShardSet) else ShardSet.open(source)
    manifest = shards.manifest
    return Road(
        shards,
        global_order(len(shards), order, seed),
        Recipe(conditions, corrupters, transform, mixed, digest, signals),
        # What a transform makes of a clip has a shape of its own.
        Layout.of(manifest if transform is None and signals else None),
        Collate(
            manifest.task if manifest else None, len(manifest.classes) if manifest else 0, mixed
        ),
    )
