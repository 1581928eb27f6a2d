"""Who does what: clips in a global order, divided over ranks and cut into batches.

Places are numbers in the global order; positions are numbers in the shards.  Nothing here knows
of clips, threads or torch: given the same numbers, every process comes to the same answer.
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

Positions = range | npt.NDArray[np.int64]


def rank_range(clips: int, rank: int, world_size: int) -> range:
    """The places that fall to one rank: contiguous, never padded, equal to within one clip.

    >>> [rank_range(5, rank, 3) for rank in range(3)]
    [range(0, 1), range(1, 3), range(3, 5)]
    """
    return range(clips * rank // world_size, clips * (rank + 1) // world_size)


def global_order(clips: int, shuffle: bool, seed: int) -> Positions:
    """The position of the clip at each place, the same on every rank.

    shuffle: a permutation by `seed` alone, which takes 8 bytes a clip, instead of the order of the
    shards.  Raises UsageError where it is neither True nor False.

    >>> [int(position) for position in global_order(5, True, seed=0)]
    [3, 1, 4, 0, 2]
    """
    if not isinstance(shuffle, (bool, np.bool_)):
        raise UsageError(f"shuffle must be True or False; got {shuffle!r}.")
    if not shuffle:
        return range(clips)
    # Random bits with the position below them: no two are equal, so that every way of sorting
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
    """Places from `start` to `stop` that still have the turns from number `first` on to go."""

    start: int
    stop: int
    first: int = 0

    def __len__(self) -> int:
        return self.stop - self.start


def split_spans(spans: Sequence[Span], rank: int, world_size: int) -> tuple[Span, ...]:
    """The part of `spans` that falls to one rank, as `rank_range` has it.

    >>> split_spans([Span(0, 2), Span(6, 9)], rank=1, world_size=2)
    (Span(start=6, stop=9, first=0),)
    """
    mine = rank_range(sum(map(len, spans)), rank, world_size)
    parts, before = [], 0
    for span in spans:
        start = span.start + max(0, mine.start - before)
        stop = span.start + min(len(span), mine.stop - before)
        if start < stop:
            parts.append(Span(start, stop, span.first))
        before += len(span)
    return tuple(parts)


@dataclass(frozen=True)
class Plan:
    """The batches of one rank: every block of places as often as there are conditions.

    In each turn every clip of the block comes under one condition: see `Recipe.number`.

    >>> list(Plan((Span(0, 5),), batch_size=3, conditions=2))
    [(range(0, 3), 0), (range(0, 3), 1), (range(3, 5), 0), (range(3, 5), 1)]
    """

    spans: tuple[Span, ...]
    batch_size: int
    conditions: int = 1

    def __len__(self) -> int:
        """How many batches there are."""
        return sum(
            -(-len(span) // self.batch_size) * (self.conditions - span.first) for span in self.spans
        )

    @property
    def clips(self) -> int:
        """How many clips there are, each counted once whatever the conditions."""
        return sum(map(len, self.spans))

    def blocks(self) -> Iterator[tuple[range, range]]:
        """Places of up to `batch_size` clips with the turns they have to go."""
        for span in self.spans:
            for start in range(span.start, span.stop, self.batch_size):
                stop = min(start + self.batch_size, span.stop)
                yield range(start, stop), range(span.first, self.conditions)

    def __iter__(self) -> Iterator[tuple[range, int]]:
        return ((places, turn) for places, turns in self.blocks() for turn in turns)

    def after(self, batches: int) -> tuple[Span, ...]:
        """What is left to do once that many batches are out.

        >>> Plan((Span(0, 5),), batch_size=3, conditions=2).after(1)
        (Span(start=0, stop=3, first=1), Span(start=3, stop=5, first=0))
        """
        return tuple(merge_spans(self._left(batches)))

    def _left(self, batches: int) -> Iterator[Span]:
        for places, turns in self.blocks():
            done = min(batches, len(turns))
            batches -= done
            if done < len(turns):
                yield Span(places.start, places.stop, turns.start + done)


def merge_spans(spans: Iterable[Span]) -> list[Span]:
    """Neighbours with the same turns to go, as one."""
    joined: list[Span] = []
    for span in spans:
        last = joined[-1] if joined else None
        if last is not None and (last.stop, last.first) == (span.start, span.first):
            joined[-1] = Span(last.start, span.stop, span.first)
        else:
            joined.append(span)
    return joined


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
