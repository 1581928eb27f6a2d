"""What tests of loaders say about batches."""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch

Batches = list[dict[str, Any]]


def shown(batches: Any) -> Counter[tuple[str, str, Any]]:
    return Counter(
        (key, batch["corruption"], batch["severity"]) for batch in batches for key in batch["key"]
    )


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
