"""Every clip of every condition exactly once, on real shards, for any numbers of everything."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from helpers.batches import each, shown
from helpers.shards import Made, members
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader

import avrb_wds as avrb
from avrb_wds.building.shard_writer import ShardWriter
from avrb_wds.loading.sharding import Span, split_spans
from avrb_wds.shards import AudioLayout, FrameLayout, Manifest, ShardEntry

# Shards of these sizes in any number and order make datasets of 0 to 300 clips.
SIZES = (0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89)
CONDITIONS = ("clean", "impulse-1", "impulse-5", "gaussian-0+2", "speckle-3")
FRAMES, AUDIO = FrameLayout(1, 8, 8, "jpg"), AudioLayout(16_000, 1, 40, "wav")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shards")


@pytest.fixture(scope="module")
def entries(folder: Path) -> list[ShardEntry]:
    made = []
    for number, size in enumerate(SIZES):
        writer = ShardWriter(folder, "t", number)
        for clip in range(size):
            one = Made(f"{number}-{clip}", frames=1, height=8, width=8, samples=40)
            writer.add(one.key, members(one).items())
        made.append(writer.finish())
    return made


@st.composite
def data_sets(draw: st.DrawFn) -> list[int]:
    """Which shards, in which order: up to 300 clips."""
    order = draw(st.permutations(range(len(SIZES))))
    return order[: draw(st.integers(0, len(SIZES)))]


def opened(folder: Path, entries: list[ShardEntry], chosen: list[int]) -> avrb.ShardSet:
    some = tuple(entries[number] for number in chosen)
    clips = sum(entry.clips for entry in some)
    classes = ("class0",)
    manifest = Manifest("t", clips, some, FRAMES, AUDIO, classes, "single-label")
    return avrb.ShardSet(folder, manifest, some, {})


def all_once(chosen: list[int], conditions: tuple[avrb.Condition, ...]) -> Counter[Any]:
    return Counter(
        (f"{number}-{clip}", condition.corruption, condition.severity)
        for number in chosen
        for clip in range(SIZES[number])
        for condition in conditions
    )


WANTED = st.integers(1, len(CONDITIONS)).map(
    lambda count: tuple(map(avrb.Condition.parse, CONDITIONS[:count]))
)
WORLD, WORKERS, BATCH = st.integers(1, 9), st.integers(0, 5), st.integers(1, 40)
MIXED, ORDER = st.booleans(), st.sampled_from([False, True])


@settings(max_examples=40)
@given(data_sets(), WORLD, WORKERS, BATCH, WANTED, MIXED, ORDER)
def test_load(folder, entries, chosen, world, workers, batch, wanted, mixed, shuffle) -> None:
    found, shares = Counter(), []
    with opened(folder, entries, chosen) as shards:
        for rank in range(world):
            loader = avrb.load(
                shards, wanted, rank=rank, world_size=world, num_workers=workers,
                batch_size=batch, mix_conditions=mixed, shuffle=shuffle, worker_type="thread",
            )  # fmt: skip
            batches = list(loader)
            assert len(batches) == len(loader)
            assert all(len(one["key"]) <= batch for one in batches)
            assert mixed or all(len(set(each(one, "corruption"))) == 1 for one in batches)
            found += shown(batches)
            shares.append(loader.clips)
    assert found == all_once(chosen, wanted)
    assert max(shares) - min(shares) <= 1


@settings(max_examples=25)
@given(data_sets(), WORLD, WORLD, WORKERS, WORKERS, BATCH, BATCH, WANTED, MIXED, st.data())
def test_a_pass_goes_on(
    folder, entries, chosen, old, new, workers, later, batch, other, wanted, mixed, data
) -> None:
    """Stopped on every rank after any number of batches, at any other numbers of everything."""
    found, states = Counter(), []
    with opened(folder, entries, chosen) as shards:
        for rank in range(old):
            loader = avrb.load(shards, wanted, rank=rank, world_size=old, num_workers=workers,
                               batch_size=batch, mix_conditions=mixed,
                               worker_type="thread")  # fmt: skip
            stop = data.draw(st.integers(0, len(loader)))
            found += shown(one for _, one in zip(range(stop), loader, strict=False))
            states.append(loader.state_dict())
        for rank in range(new):
            loader = avrb.load(shards, wanted, rank=rank, world_size=new, num_workers=later,
                               batch_size=other, mix_conditions=mixed,
                               worker_type="thread")  # fmt: skip
            loader.load_state_dict(states)
            found += shown(loader)
    assert found == all_once(chosen, wanted)


def keyed(clips: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: [clip[name] for clip in clips] for name in ("key", "corruption", "severity")}


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning")
@settings(max_examples=8, phases=[Phase.generate])  # one that fails is no quicker if smaller
@given(data_sets(), WORLD, WORKERS, BATCH, WANTED, MIXED)
def test_processes(folder, entries, chosen, world, workers, batch, wanted, mixed) -> None:
    """A rank whose share worker processes divide: those of `load`, and those of a DataLoader."""
    rank = world // 2
    with opened(folder, entries, chosen) as shards:
        of_rank = {"rank": rank, "world_size": world}
        loader = avrb.load(shards, wanted, num_workers=workers, batch_size=batch,
                           mix_conditions=mixed, worker_type="process", **of_rank)  # fmt: skip
        stream = avrb.ClipStream(shards, wanted, **of_rank)
        clips = DataLoader(stream, batch_size=batch, num_workers=workers, collate_fn=keyed)
        whole = shown(avrb.load(shards, wanted, num_workers=1, **of_rank))
        assert shown(loader) == shown(clips) == whole


@given(st.integers(0, 300), WORLD, st.integers(1, 5))
def test_workers_divide_a_rank_to_within_one_clip(clips, world, workers) -> None:
    """How `ClipStream` divides among the processes of a DataLoader."""
    places: list[int] = []
    for rank in range(world):
        mine = split_spans([Span(0, clips)], rank, world)
        parts = [split_spans(mine, worker, workers) for worker in range(workers)]
        counts = [sum(map(len, part)) for part in parts]
        assert max(counts) - min(counts) <= 1
        places += [n for part in parts for span in part for n in range(span.start, span.stop)]
    assert places == list(range(clips))
