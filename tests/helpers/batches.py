"""What tests of loaders say about batches."""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch

Batches = list[dict[str, Any]]


def shown(batches: Any) -> Counter[tuple[str, str, Any]]:
    """How often each clip came under each condition, mixed or not."""
    return Counter(
        (key, corruption, severity)
        for batch in batches
        for key, corruption, severity in zip(
            batch["key"], each(batch, "corruption"), each(batch, "severity"), strict=True
        )
    )


def each(batch: dict[str, Any], name: str) -> list[Any]:
    """What a batch says of each of its clips, also where it says it once for all."""
    value = batch[name]
    return value if isinstance(value, list) else [value] * len(batch["key"])


def assert_same(left: Batches, right: Batches) -> None:
    assert len(left) == len(right)
    for a, b in zip(left, right, strict=True):
        assert a.keys() == b.keys()
        for name, value in a.items():
            other = b[name]
            if isinstance(value, torch.Tensor):
                assert value.dtype == other.dtype
                assert torch.equal(value, other)
            elif isinstance(value, list) and isinstance(value[0], torch.Tensor):
                assert all(torch.equal(x, y) for x, y in zip(value, other, strict=True))
            else:
                assert value == other
