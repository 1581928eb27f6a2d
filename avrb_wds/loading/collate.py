"""Batches: the memory they lie in, and clips put together."""

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
    """Clips to batches.

    task: as in the manifest, None where there is none.  classes: how many.  mix_conditions: name
    the condition of each clip, not of the batch.
    """

    task: Task | None
    classes: int
    mix_conditions: bool = False

    def __call__(self, items: Sequence[Item | None], memory: BatchBuffers | None = None) -> Batch:
        """The batch of `items`, of which those that are None are left out; at least one is there.

        memory: where the signals of `items`, place by place, lie already.  They are handed over as
        they are, unless clips are left out.  Raises UsageError where the transform returned other
        names for one clip than for another.
        """
        import torch

        there = [item for item in items if item is not None]
        rates = [item.sample_rate for item in there]
        batch: Batch = {"key": [item.key for item in there]}
        if memory is not None:
            keep = [place for place, item in enumerate(items) if item is not None]
            batch |= memory.columns(keep, [item.samples for item in there])
        batch["sample_rate"] = rates[0] if len(set(rates)) == 1 else rates
        batch["target"] = _joined([self.target(item) for item in there])
        batch |= self._condition([item.condition for item in there])
        batch["position"] = torch.tensor([item.position for item in there])
        if there[0].digest is not None:
            batch["digest"] = [item.digest for item in there]
        for name, column in _columns(there).items():
            if name == "waveform" and all(_is_waveform(value) for value in column):
                batch["num_samples"] = torch.tensor([value.shape[1] for value in column])
                column = _padded(column)
            batch[name] = _joined(column)
        return batch

    def _condition(self, conditions: list[Condition]) -> Batch:
        if not self.mix_conditions:
            return {"corruption": conditions[0].corruption, "severity": conditions[0].severity}
        return {
            "corruption": [condition.corruption for condition in conditions],
            "severity": [condition.severity for condition in conditions],
        }

    def target(self, item: Item) -> Any:
        """Its class; for several labels float32 (classes,) of 0 and 1; else what the clip says."""
        import torch

        if self.task == "multi-label":
            hot = torch.zeros(self.classes)
            hot[list(_numbers(item.target))] = 1
            return hot
        return item.target

    def checked(self, item: Item) -> Item | DataError:
        """The item; an error that names it where the manifest rules its target out."""
        if self.task not in ("single-label", "multi-label"):
            return item
        numbers = (item.target,) if self.task == "single-label" else _numbers(item.target)
        if all(isinstance(number, int) and number < self.classes for number in numbers):
            return item
        return DataError(
            f"clip {item.key!r} in shard {item.shard} has target {item.target}, which the "
            f"manifest, with {self.classes} classes and task {self.task}, rules out."
        )


def _numbers(target: Target) -> tuple[int, ...]:
    return target if isinstance(target, tuple) else () if target is None else (target,)


def _columns(items: Sequence[Item]) -> dict[str, list[Any]]:
    """The values of all items by name."""
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


def _padded(waveforms: list[torch.Tensor]) -> list[torch.Tensor]:
    """Waveforms (channels, samples) with silence after them, up to the longest."""
    import torch

    longest = max(waveform.shape[1] for waveform in waveforms)
    pad = torch.nn.functional.pad
    return [pad(waveform, (0, longest - waveform.shape[1])) for waveform in waveforms]


def _joined(column: list[Any]) -> Any:
    """Tensors and arrays of one shape stacked, numbers as a tensor, all else as a list."""
    import torch

    if all(value is None for value in column):
        return None
    if all(isinstance(value, (int, float, np.number, np.bool_)) for value in column):
        return torch.tensor(column)
    column = [torch.from_numpy(v) if isinstance(v, np.ndarray) else v for v in column]
    return torch.stack(column) if stackable(column) else column


def stackable(column: list[Any]) -> bool:
    """Whether these are tensors of one shape and dtype."""
    import torch

    if not all(isinstance(value, torch.Tensor) for value in column):
        return False
    return len({(value.shape, value.dtype) for value in column}) == 1
