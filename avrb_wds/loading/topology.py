"""Which of how many processes this one is."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any

from ..errors import UsageError, check_int

# srun sets SLURM_STEP_NUM_TASKS for the processes it starts; SLURM_NTASKS is also there in the
# batch script itself, which is one process however many tasks the job asked for.
_TORCHRUN, _SRUN = ("RANK", "WORLD_SIZE"), ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS")
_MOST_DIGITS = 9


def resolve_rank(rank: int | None = None, world_size: int | None = None) -> tuple[int, int]:
    """(rank, world size): as given, else from torch.distributed, torchrun or srun, else (0, 1).

    Raises UsageError where only one is given, and where the rank is not in [0, world size).

    >>> resolve_rank(1, 4)
    (1, 4)
    """
    if rank is None and world_size is None:
        rank, world_size = _distributed() or _warned(_environment()) or (0, 1)
    if rank is None or world_size is None:
        raise UsageError(
            f"rank {rank} and world_size {world_size} go together; give both or neither."
        )
    world_size = check_int("world_size", world_size, 1)
    return check_int("rank", rank, 0, world_size - 1), world_size


class Topology:
    """The rank and world size of a loader, found when they are first needed and then kept.

    A loader may be made before its process group exists, as a script for Lightning does, and be
    copied into processes that are started later.  rank, world_size: as in `resolve_rank`.
    """

    def __init__(self, rank: int | None = None, world_size: int | None = None) -> None:
        self._is_given = rank is not None or world_size is not None
        self._found = resolve_rank(rank, world_size) if self._is_given else None
        self._of_group = False

    def find(self) -> tuple[int, int]:
        """(rank, world size); raises UsageError where they are no longer what they were."""
        if self._found is None:
            self._of_group = _distributed() is not None
            self._found = resolve_rank()
        elif not self._is_given:
            self._check(*self._found)
        return self._found

    def _check(self, rank: int, world_size: int) -> None:
        now = _distributed() or (None if self._of_group else _environment())
        if now not in (None, (rank, world_size)):
            raise UsageError(
                f"the loader was used as rank {rank} of {world_size}, which is rank {now[0]} of "
                f"{now[1]} now; use it (len and state included) only once the process group "
                f"exists, or give rank and world_size."
            )

    def __getstate__(self) -> dict[str, Any]:
        # A process that is started to read for this one may see no process group.
        if _distributed() is not None:
            self.find()
        return self.__dict__


def _distributed() -> tuple[int, int] | None:
    # A process group can only be there if someone imported the module.
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return None
    return distributed.get_rank(), distributed.get_world_size()


def _environment() -> tuple[int, int] | None:
    return _variables(*_TORCHRUN) or _variables(*_SRUN)


def _variables(rank: str, world_size: str) -> tuple[int, int] | None:
    values = [os.environ.get(name, "") for name in (rank, world_size)]
    if all(value.isdecimal() and len(value) <= _MOST_DIGITS for value in values):
        return int(values[0]), int(values[1])
    return None


def _warned(found: tuple[int, int] | None) -> tuple[int, int] | None:
    """The same, with a warning where RANK and WORLD_SIZE may be left over from another program.

    torchrun sets a variable of its own beside them, and other launchers are mostly followed by a
    process group.
    """
    launched = os.environ.get("TORCHELASTIC_RUN_ID") or found != _variables(*_TORCHRUN)
    if found is not None and found[1] > 1 and not launched:
        warnings.warn(
            f"RANK and WORLD_SIZE in the environment make this process rank {found[0]} of "
            f"{found[1]} although it has no process group; unset them, or give rank and "
            f"world_size, if it is to have all clips.",
            stacklevel=2,
        )
    return found


def local_rank() -> int:
    """Which of the processes that torchrun or srun started on this machine this one is."""
    for name in ("LOCAL_RANK", "SLURM_LOCALID"):
        value = os.environ.get(name, "")
        if value.isdecimal():
            return int(value)
    return 0
