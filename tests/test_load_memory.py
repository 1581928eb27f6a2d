"""Memory of batches: used again, but never while anyone can see it; bounded; bytes read once."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers.shards import clips, write_shards
from hypothesis import given
from hypothesis import strategies as st

import avrb_wds as avrb
from avrb_wds.loading.buffers import BatchShape, BufferPool
from avrb_wds.shards import ShardSet

LAYOUT = BatchShape((2, 4, 5, 3), (1, 30))
VIEWS = {
    "array": lambda a: a,
    "row": lambda a: a[1],
    "every other": lambda a: a[::2],
    "flat": lambda a: a.reshape(-1),
    "tensor": torch.from_numpy,
    "slice of a tensor": lambda a: torch.from_numpy(a)[1:, 0],
    "array of a tensor": lambda a: torch.from_numpy(a).numpy(),
    "dlpack": lambda a: torch.from_dlpack(torch.from_numpy(a)),
    "buffer": memoryview,
    "in a cycle": lambda a: cycle(a),
}


def cycle(thing: Any) -> list[Any]:
    ring = [thing]
    ring.append(ring)
    return ring


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"), clips(40), per_shard=10)


def place(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_memory_is_not_used_again_while_a_view_is_held(view) -> None:
    pool = BufferPool(LAYOUT, 3, keep=2)
    memory = pool.take(3)
    first, held = place(memory.frames), view(memory.frames)
    del memory
    gc.collect()
    other = pool.take(3)
    assert place(other.frames) != first
    del held, other
    gc.collect()
    assert first in {place(memory.frames) for memory in (pool.take(3), pool.take(2))}


def test_frames_and_waveform_go_back_apart() -> None:
    pool = BufferPool(LAYOUT, 3, keep=2)
    memory = pool.take(3)
    frames, waveform = place(memory.frames), place(memory.waveform)
    kept = memory.waveform
    del memory
    again = pool.take(1)
    assert place(again.frames) == frames
    assert place(again.waveform) != waveform
    assert kept.shape == (3, 1, 30)


@given(st.lists(st.integers(0, 5), max_size=30))
def test_no_two_holders_ever_share(holds: list[int]) -> None:
    """Memory taken and let go in any order; each holder writes its own number."""
    pool = BufferPool(LAYOUT, 2, keep=3)
    held: list[tuple[int, torch.Tensor]] = []
    for number, drop in enumerate(holds):
        frames = pool.take(1 + number % 2).frames
        frames[...] = number
        held.append((number, torch.from_numpy(frames)[..., 0]))
        del frames
        del held[:drop]
        assert all(bool((tensor == mark).all()) for mark, tensor in held)


def test_a_layout_without_shapes_takes_no_memory() -> None:
    memory = BufferPool(BatchShape(None, None), 3, keep=2).take(3)
    assert (memory.frames, memory.waveform) == (None, None)


@pytest.mark.parametrize("workers", [0, 3])
def test_batches_that_are_kept_stay_as_they_were(shards: Path, workers: int) -> None:
    loader = avrb.load(shards, "gaussian", 3, batch_size=3, num_workers=workers)
    sums = [(int(b["frames"].sum()), float(b["waveform"].double().sum())) for b in loader]
    kept = list(loader)
    list(loader)
    assert [(int(b["frames"].sum()), float(b["waveform"].double().sum())) for b in kept] == sums


@pytest.mark.parametrize("workers", [0, 3])
def test_what_a_caller_writes_into_a_batch_reaches_no_other(shards: Path, workers: int) -> None:
    wanted = avrb.conditions(["impulse"], [1, 5])
    loader = avrb.load(shards, wanted, batch_size=3, num_workers=workers)
    sums = [int(batch["frames"].sum()) for batch in loader]
    written = []
    for batch in loader:
        written.append(int(batch["frames"].sum()))
        batch["frames"].fill_(255)
        batch["waveform"].fill_(1)
    assert written == sums


@pytest.mark.parametrize("prefetch", [1, 3])
def test_a_pass_lies_in_the_memory_of_a_few_batches(shards: Path, prefetch: int) -> None:
    loader = avrb.load(shards, batch_size=2, num_workers=2, prefetch=prefetch)
    places = {batch["frames"].data_ptr() for batch in loader}
    assert len(places) <= prefetch + 2
    assert len(loader) == 20


class CountedShards(ShardSet):
    """A ShardSet that counts how often each clip is read."""

    reads: Counter[int]

    def read(self, position: int, *, verify: bool = True) -> Any:
        self.reads[position] += 1
        return super().read(position, verify=verify)


@pytest.fixture
def counted(shards: Path) -> Iterator[CountedShards]:
    with CountedShards.open(shards) as opened:
        opened.reads = Counter()
        yield opened


@pytest.mark.parametrize("workers", [0, 1, 5])
def test_every_clip_is_read_once_for_all_conditions(counted: CountedShards, workers: int) -> None:
    wanted = avrb.conditions(["gaussian", "impulse"])
    loader = avrb.load(counted, wanted, num_workers=workers, worker_type="thread")
    assert sum(len(batch["key"]) for batch in loader) == 40 * 11
    assert counted.reads == Counter(range(40))


@pytest.mark.parametrize("prefetch", [1, 4])
def test_no_more_is_read_ahead_than_was_asked_for(counted: CountedShards, prefetch: int) -> None:
    loader = avrb.load(
        counted, batch_size=2, num_workers=3, worker_type="thread", prefetch=prefetch
    )
    for number, _ in enumerate(loader, 1):
        assert len(counted.reads) <= 2 * (number + prefetch)
