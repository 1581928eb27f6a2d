"""Which clips a process loads: ranks, the global order, its division over ranks, and batches.

An order index counts clips in the global order, a clip index those in the shards. Nothing here
depends on clips, threads or torch: for the same numbers, every process gets the same answer.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..corruptions import Draw
from ..errors import UsageError, check_int

ClipOrder = range | npt.NDArray[np.int64]


def rank_range(clips: int, rank: int, world_size: int) -> range:
    """Return one rank's part of the global order: contiguous, not padded, equal within one clip.

    >>> [rank_range(5, rank, 3) for rank in range(3)]
    [range(0, 1), range(1, 3), range(3, 5)]
    """
    return range(clips * rank // world_size, clips * (rank + 1) // world_size)


def global_order(clips: int, shuffle: bool, seed: int) -> ClipOrder:
    """Return the clip index for each order index, the same on every rank.

    Shuffled, it is a permutation by `seed`, of 8 bytes a clip; otherwise the order of the shards.
    Raises UsageError if `shuffle` is not a boolean.

    >>> [int(clip_index) for clip_index in global_order(5, True, seed=0)]
    [3, 1, 4, 0, 2]
    """
    if not isinstance(shuffle, (bool, np.bool_)):
        raise UsageError(f"shuffle must be True or False; got {shuffle!r}.")
    if not shuffle:
        return range(clips)
    # Random bits with the clip index below them: no two are equal, so that every sorting algorithm
    # gives the same permutation.
    low = max(1, (clips - 1).bit_length())
    words = Draw(seed, "", "", "order").bits(clips)
    words >>= np.uint64(low)
    words <<= np.uint64(low)
    words |= np.arange(clips, dtype=np.uint64)
    words.sort()
    words &= np.uint64((1 << low) - 1)
    return words.view(np.int64)


@dataclass(frozen=True, order=True)
class Span:
    """Order indices `start` to `stop`, of which the repeats from `first` on remain."""

    start: int
    stop: int
    first: int = 0

    def __len__(self) -> int:
        return self.stop - self.start


def split_spans(spans: Sequence[Span], rank: int, world_size: int) -> tuple[Span, ...]:
    """Return one rank's part of `spans`, divided as by `rank_range`.

    >>> split_spans([Span(0, 2), Span(6, 9)], rank=1, world_size=2)
    (Span(start=6, stop=9, first=0),)
    """
    own = rank_range(sum(map(len, spans)), rank, world_size)
    parts, before = [], 0
    for span in spans:
        start = span.start + max(0, own.start - before)
        stop = span.start + min(len(span), own.stop - before)
        if start < stop:
            parts.append(Span(start, stop, span.first))
        before += len(span)
    return tuple(parts)


@dataclass(frozen=True)
class Plan:
    """The batches of one rank: every block of clips, repeated once for each condition.

    In each repeat every clip has one condition: see `ClipProcessing.condition_index`.

    >>> list(Plan((Span(0, 5),), batch_size=3, conditions=2))
    [(range(0, 3), 0), (range(0, 3), 1), (range(3, 5), 0), (range(3, 5), 1)]
    """

    spans: tuple[Span, ...]
    batch_size: int
    conditions: int = 1

    def __len__(self) -> int:
        """Return the number of batches."""
        return sum(
            -(-len(span) // self.batch_size) * (self.conditions - span.first) for span in self.spans
        )

    @property
    def clips(self) -> int:
        """Number of clips, each counted once for all conditions."""
        return sum(map(len, self.spans))

    def blocks(self) -> Iterator[tuple[range, range]]:
        """Yield blocks of up to `batch_size` order indices and the repeats that remain of each."""
        for span in self.spans:
            for start in range(span.start, span.stop, self.batch_size):
                stop = min(start + self.batch_size, span.stop)
                yield range(start, stop), range(span.first, self.conditions)

    def __iter__(self) -> Iterator[tuple[range, int]]:
        return (
            (order_range, repeat) for order_range, repeats in self.blocks() for repeat in repeats
        )

    def after(self, batches: int) -> tuple[Span, ...]:
        """Return what remains after that many batches.

        >>> Plan((Span(0, 5),), batch_size=3, conditions=2).after(1)
        (Span(start=0, stop=3, first=1), Span(start=3, stop=5, first=0))
        """
        return tuple(merge_spans(self._remaining(batches)))

    def _remaining(self, batches: int) -> Iterator[Span]:
        for order_range, repeats in self.blocks():
            done = min(batches, len(repeats))
            batches -= done
            if done < len(repeats):
                yield Span(order_range.start, order_range.stop, repeats.start + done)


def merge_spans(spans: Iterable[Span]) -> list[Span]:
    """Join neighbors of which the same repeats remain."""
    joined: list[Span] = []
    for span in spans:
        last = joined[-1] if joined else None
        if last is not None and (last.stop, last.first) == (span.start, span.first):
            joined[-1] = Span(last.start, span.stop, span.first)
        else:
            joined.append(span)
    return joined


# srun sets SLURM_STEP_NUM_TASKS for the processes it starts; SLURM_NTASKS is also set in the batch
# script itself, which is one process, however many tasks the job asked for.
_TORCHRUN, _SRUN = ("RANK", "WORLD_SIZE"), ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS")
_MAX_DIGITS = 9


def resolve_rank(rank: int | None = None, world_size: int | None = None) -> tuple[int, int]:
    """Return (rank, world size): as given, or of torch.distributed, torchrun or srun, or (0, 1).

    Raises UsageError if only one is given, or if the rank is not in [0, world size).

    >>> resolve_rank(1, 4)
    (1, 4)
    """
    if rank is None and world_size is None:
        rank, world_size = (
            _from_process_group() or _warn_of_leftovers(_from_environment()) or (0, 1)
        )
    if rank is None or world_size is None:
        raise UsageError(
            f"rank and world_size must be given together; got {rank} and {world_size}."
        )
    world_size = check_int("world_size", world_size, 1)
    return check_int("rank", rank, 0, world_size - 1), world_size


class Topology:
    """The rank and world size of a loader, resolved when first needed and then kept.

    A loader may be made before its process group exists, as in scripts for Lightning, and be
    copied into processes that start later.
    """

    def __init__(self, rank: int | None = None, world_size: int | None = None) -> None:
        self._is_given = rank is not None or world_size is not None
        self._found = resolve_rank(rank, world_size) if self._is_given else None
        self._from_group = False

    def find(self) -> tuple[int, int]:
        """Return (rank, world size); raise UsageError if they have changed."""
        if self._found is None:
            self._from_group = _from_process_group() is not None
            self._found = resolve_rank()
        elif not self._is_given:
            self._check(*self._found)
        return self._found

    def _check(self, rank: int, world_size: int) -> None:
        now = _from_process_group() or (None if self._from_group else _from_environment())
        if now not in (None, (rank, world_size)):
            raise UsageError(
                f"the loader was used as rank {rank} of {world_size}, but is rank {now[0]} of "
                f"{now[1]} now; use it (len and state included) only once the process group "
                f"exists, or give rank and world_size."
            )

    def __getstate__(self) -> dict[str, Any]:
        # A process that reads for this one may have no process group.
        if _from_process_group() is not None:
            self.find()
        return self.__dict__


def _from_process_group() -> tuple[int, int] | None:
    # A process group can only exist if the module has been imported.
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return None
    return distributed.get_rank(), distributed.get_world_size()


def _from_environment() -> tuple[int, int] | None:
    return _read_variables(*_TORCHRUN) or _read_variables(*_SRUN)


def _read_variables(rank: str, world_size: str) -> tuple[int, int] | None:
    values = [os.environ.get(name, "") for name in (rank, world_size)]
    if all(value.isdecimal() and len(value) <= _MAX_DIGITS for value in values):
        return int(values[0]), int(values[1])
    return None


def _warn_of_leftovers(found: tuple[int, int] | None) -> tuple[int, int] | None:
    """Return the same, with a warning if RANK and WORLD_SIZE may come from another program.

    torchrun sets one more variable, and programs under other launchers mostly make a process group.
    """
    launched = os.environ.get("TORCHELASTIC_RUN_ID") or found != _read_variables(*_TORCHRUN)
    if found is not None and found[1] > 1 and not launched:
        warnings.warn(
            f"RANK and WORLD_SIZE in the environment make this process rank {found[0]} of "
            f"{found[1]} although it has no process group; unset them, or give rank and "
            f"world_size, if it is to have all clips.",
            stacklevel=2,
        )
    return found


def local_rank() -> int:
    """Return the rank among the processes that torchrun or srun started on this machine."""
    for name in ("LOCAL_RANK", "SLURM_LOCALID"):
        value = os.environ.get(name, "")
        if value.isdecimal():
            return int(value)
    return 0
