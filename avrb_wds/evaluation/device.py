"""Where the model runs: one of this machine's devices for each process on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import UsageError
from ..loading.sharding import local_rank

if TYPE_CHECKING:
    import torch


def resolve_device(device: str | torch.device | None) -> torch.device | None:
    """The device that `device` means in this process; None as it is.

    A kind without a number, "cuda", is that of this process among those that torchrun or srun
    started on this machine, so that every rank has one of its own; where there are fewer devices
    than processes they are shared in turn.  Raises UsageError for one that does not exist.

    >>> resolve_device("cpu")
    device(type='cpu')
    """
    import torch

    if device is None:
        return None
    counts = {kind: count for kind in ("cuda", "xpu", "mps") if (count := _count(kind))}
    numbered = [f"{kind}:{number}" for kind, count in counts.items() for number in range(count)]
    there = ["cpu", *counts, *numbered]
    if str(device) not in there:
        found = ", ".join(there)
        raise UsageError(
            f"device {str(device)!r} is not here; choose one that torch finds: {found}."
        )
    if str(device) in counts:
        return torch.device(str(device), local_rank() % counts[str(device)])
    return torch.device(device)


def _count(kind: str) -> int:
    """How many devices of this kind torch finds here."""
    import torch

    module = getattr(torch, kind, None)  # no torch.xpu before 2.4
    return int(module.device_count()) if module is not None else 0
