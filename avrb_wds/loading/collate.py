"""Batches: clips stacked into tensors and lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..condition import Condition
from ..errors import DataError, UsageError
from ..shards.manifest import Task
from ..shards.record import Target
from .buffers import BatchBuffers
from .clip_block import Item

if TYPE_CHECKING:
    import torch

Batch = dict[str, Any]
"""Up to `batch_size` clips (b), as a dict:

- key: list of str.
- frames: uint8 tensor (b, t, h, w, 3); a list of tensors (t, h, w, 3) if clips differ.
- waveform: float32 tensor (b, channels, samples), with silence after the end of shorter clips; a
  list if channels differ.
- num_samples: int64 (b,), the length of each waveform.
- sample_rate: in Hz; a list if clips differ.
- target: int64 (b,) for one label per clip; float32 (b, classes) of 0 and 1 for several; a list if
  the classes are unknown; None without labels.
- corruption, severity: of the condition, "clean" and 0 for clean; lists with `mix_conditions`.
- position: int64 (b,), the index of each clip in the shards.
- digest: with `return_digests`, the 32 bytes of each clip's digest.

What a transform returns is added to these or replaces them: tensors of one shape are stacked,
numbers become a tensor, everything else a list.
"""


@dataclass(frozen=True)
class Collate:
    """Makes batches of clips.

    Attributes:
        task: As in the manifest; None without one.
        classes: Number of classes.
        mix_conditions: Whether each clip of a batch has its own condition.
    """

    task: Task | None
    classes: int
    mix_conditions: bool = False

    def __call__(self, items: Sequence[Item | None], buffers: BatchBuffers | None = None) -> Batch:
        """Return the batch of `items`, without those that are None; at least one is not.

        Signals already in the rows of `buffers` are not copied, unless clips are left out. Raises
        UsageError if the transform returned other names for one clip than for another.
        """
        import torch

        present = [item for item in items if item is not None]
        sample_rates = [item.sample_rate for item in present]
        batch: Batch = {"key": [item.key for item in present]}
        if buffers is not None:
            keep = [row for row, item in enumerate(items) if item is not None]
            batch |= buffers.columns(keep, [item.samples for item in present])
        batch["sample_rate"] = sample_rates[0] if len(set(sample_rates)) == 1 else sample_rates
        batch["target"] = _stack([self.target(item) for item in present])
        batch |= self._condition([item.condition for item in present])
        batch["position"] = torch.tensor([item.clip_index for item in present])
        if present[0].digest is not None:
            batch["digest"] = [item.digest for item in present]
        for name, column in _columns(present).items():
            if name == "waveform" and all(_is_waveform(value) for value in column):
                batch["num_samples"] = torch.tensor([value.shape[1] for value in column])
                column = _pad(column)
            batch[name] = _stack(column)
        return batch

    def _condition(self, conditions: list[Condition]) -> Batch:
        if not self.mix_conditions:
            return {"corruption": conditions[0].corruption, "severity": conditions[0].severity}
        return {
            "corruption": [condition.corruption for condition in conditions],
            "severity": [condition.severity for condition in conditions],
        }

    def target(self, item: Item) -> Any:
        """Return its class, or for several labels float32 (classes,) of 0 and 1."""
        import torch

        if self.task == "multi-label":
            hot = torch.zeros(self.classes)
            hot[list(_class_indices(item.target))] = 1
            return hot
        return item.target

    def checked(self, item: Item) -> Item | DataError:
        """Return the item, or an error that names it if the manifest does not allow its target."""
        if self.task not in ("single-label", "multi-label"):
            return item
        numbers = (item.target,) if self.task == "single-label" else _class_indices(item.target)
        if all(isinstance(number, int) and number < self.classes for number in numbers):
            return item
        return DataError(
            f"clip {item.key!r} in shard {item.shard} has target {item.target}; the "
            f"manifest has {self.classes} classes and task {self.task}."
        )


def _class_indices(target: Target) -> tuple[int, ...]:
    return target if isinstance(target, tuple) else () if target is None else (target,)


def _columns(items: Sequence[Item]) -> dict[str, list[Any]]:
    """Return the values of all items by name."""
    names = items[0].values.keys()
    for item in items:
        if item.values.keys() != names:
            raise UsageError(
                f"the transform returned {sorted(item.values)} for clip {item.key!r} and "
                f"{sorted(names)} for clip {items[0].key!r}; it must return the same names."
            )
    return {name: [item.values[name] for item in items] for name in names}


def _is_waveform(value: Any) -> bool:
    import torch

    return isinstance(value, torch.Tensor) and value.ndim == 2


def _pad(waveforms: list[torch.Tensor]) -> list[torch.Tensor]:
    """Pad waveforms (channels, samples) with silence to the length of the longest."""
    import torch

    longest = max(waveform.shape[1] for waveform in waveforms)
    pad = torch.nn.functional.pad
    return [pad(waveform, (0, longest - waveform.shape[1])) for waveform in waveforms]


def _stack(column: list[Any]) -> Any:
    """Stack tensors and arrays of one shape, put numbers in a tensor, and leave all else a list."""
    import torch

    if all(value is None for value in column):
        return None
    if all(isinstance(value, (int, float, np.number, np.bool_)) for value in column):
        return torch.tensor(column)
    column = [torch.from_numpy(v) if isinstance(v, np.ndarray) else v for v in column]
    return torch.stack(column) if stackable(column) else column


def stackable(column: list[Any]) -> bool:
    """Return whether these are tensors of one shape and dtype."""
    import torch

    if not all(isinstance(value, torch.Tensor) for value in column):
        return False
    return len({(value.shape, value.dtype) for value in column}) == 1
