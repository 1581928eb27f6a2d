"""From what a user asks for to the way clips take: checked, opened, with nothing read yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from reprlib import repr as shortened
from typing import Any, cast

from ..condition import CLEAN, Condition, Severity
from ..corrupter import BankChoice, ModalityChoice, Temporal, corrupter_for
from ..corruptions import Profile
from ..errors import UsageError, check_int
from ..shards import Manifest, ShardSet
from ..storage import Storage
from .buffers import BatchShape
from .clip_block import ClipProcessing, Transform
from .collate import Collate
from .pipeline import Pipeline
from .sharding import global_order

Source = str | bytes | Path | Sequence[str | bytes | Path] | ShardSet
Corruptions = str | Condition | Iterable[str | Condition] | None


def parse_conditions(
    corruption: Corruptions, severity: Severity | None = None
) -> tuple[Condition, ...]:
    """The conditions meant, at least one, each once; raises UsageError for anything else.

    corruption: None for clean; names, or one, with a severity; or conditions, or their names, or
    one.

    >>> [str(c) for c in parse_conditions(["clean", "gaussian-3"])]
    ['clean', 'gaussian-3']
    >>> [str(c) for c in parse_conditions(["rain"], 3)]
    ['rain-3']
    """
    if corruption is None and severity is None:
        return (CLEAN,)
    alone = corruption is None or isinstance(corruption, (str, bytes, Condition))
    try:
        given = [corruption] if alone else list(cast(Iterable[object], corruption))
    except TypeError:
        given = [corruption]
    found = tuple(_condition(one, severity) for one in given)
    if not found:
        raise UsageError(f"conditions {given!r} are none; give at least one.")
    if len(set(found)) < len(found):
        twice = next(one for place, one in enumerate(found) if one in found[:place])
        raise UsageError(f"condition {twice} is there twice; give it once.")
    return found


def _condition(given: object, severity: Severity | None) -> Condition:
    if isinstance(given, str):
        return Condition.parse(given) if severity is None else Condition(given, severity)
    if severity is not None:
        raise UsageError(f"severity {severity!r} has no corruption beside it; give its name.")
    if not isinstance(given, Condition):
        raise UsageError(
            f"corruption {shortened(given)} is not a condition; give a name and a severity, or "
            f"what avrb.conditions returns."
        )
    return given


def open_shards(
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


def require_manifest(shards: ShardSet) -> Manifest:
    """The manifest of shards; raises UsageError where they have none."""
    if shards.manifest is None:
        raise UsageError(
            "these shards have no manifest.json; give what avrb pack made, named by its folder."
        )
    return shards.manifest


def build_pipeline(
    source: Source,
    conditions: tuple[Condition, ...],
    *,
    seed: int = 0,
    modality: ModalityChoice = "both",
    temporal: Temporal = "frame",
    profile: Profile = "default",
    bank: BankChoice = None,
    transform: Transform | None = None,
    shuffle: bool = False,
    mix_conditions: bool = False,
    return_digests: bool = False,
    signals: bool = True,
) -> Pipeline:
    """The pipeline from `source`; raises UsageError or DataError, naming what is not allowed."""
    seed = check_int("seed", seed)
    corrupters = tuple(
        corrupter_for(
            condition, seed=seed, profile=profile, modality=modality, temporal=temporal, bank=bank
        )
        for condition in conditions
    )
    shards = source if isinstance(source, ShardSet) else ShardSet.open(source)
    manifest = shards.manifest
    return Pipeline(
        shards,
        global_order(len(shards), shuffle, seed),
        ClipProcessing(conditions, corrupters, transform, mix_conditions, return_digests, signals),
        # What a transform makes of a clip has a shape of its own.
        BatchShape.of(manifest if transform is None and signals else None),
        Collate(
            manifest.task if manifest else None,
            len(manifest.classes) if manifest else 0,
            mix_conditions,
        ),
    )
