"""Which of how many processes this one is."""

from __future__ import annotations

import os
import sys

from ..errors import UsageError

__all__ = ["find_topology", "local_rank"]

# srun sets SLURM_STEP_NUM_TASKS for the processes it starts; SLURM_NTASKS is also there in the
# batch script itself, which is one process however many tasks the job asked for.
_ENVIRONMENTS = (("RANK", "WORLD_SIZE"), ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"))


def find_topology(rank: int | None = None, world_size: int | None = None) -> tuple[int, int]:
    """(rank, world size): as given, else from torch.distributed, torchrun or srun, else (0, 1).

    Raises UsageError where only one is given, and where the rank is not in [0, world size).

    >>> find_topology(1, 4)
    (1, 4)
    """
    if rank is None and world_size is None:
        rank, world_size = _distributed() or _environment() or (0, 1)
    if rank is None or world_size is None:
        raise UsageError(
            f"rank {rank} and world_size {world_size} go together; give both or neither."
        )
    if not 0 <= rank < world_size:
        raise UsageError(
            f"rank {rank!r} is not a whole number from 0 up and below world_size {world_size!r}; "
            f"give one."
        )
    return rank, world_size


def _distributed() -> tuple[int, int] | None:
    # A process group can only be there if someone imported the module.
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return None
    return distributed.get_rank(), distributed.get_world_size()


def _environment() -> tuple[int, int] | None:
    for names in _ENVIRONMENTS:
        values = [os.environ.get(name, "") for name in names]
        if all(value.isdecimal() for value in values):
            return int(values[0]), int(values[1])
    return None


def local_rank() -> int:
    """Which of the processes that torchrun or srun started on this machine this one is."""
    for name in ("LOCAL_RANK", "SLURM_LOCALID"):
        value = os.environ.get(name, "")
        if value.isdecimal():
            return int(value)
    return 0
