"""Batches that mix conditions: the same clips under the same conditions, in rotation."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.batches import assert_same, each, shown
from helpers.shards import clips, write_shards

import avrb_wds as avrb
from avrb_wds.errors import UsageError

WANTED = avrb.conditions(["gaussian", "compression"], [1, (0, 4)])


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"), clips(11))


def by_clip(batches: Any) -> dict[tuple[str, str, Any], tuple[torch.Tensor, ...]]:
    found = {}
    for batch in batches:
        names = ("key", "corruption", "severity")
        for row, at in enumerate(zip(*(each(batch, name) for name in names), strict=True)):
            signals = (batch["frames"][row], batch["waveform"][row])
            found[at] = (*signals, batch["target"][row], batch["position"][row])
    return found


@pytest.mark.parametrize("workers", ["thread", "process"])
def test_the_same_clips_as_one_condition_at_a_time(shards: Path, workers: str) -> None:
    kind = {"batch_size": 4, "num_workers": 2, "seed": 3}
    mixed = list(avrb.load(shards, WANTED, mix_conditions=True, worker_type=workers, **kind))
    apart = list(avrb.load(shards, WANTED, **kind))
    assert [b["key"] for b in mixed] == [b["key"] for b in apart]
    left, right = by_clip(mixed), by_clip(apart)
    assert left.keys() == right.keys()
    for at, values in left.items():
        assert all(torch.equal(a, b) for a, b in zip(values, right[at], strict=True)), at


def test_a_batch_holds_its_conditions_as_evenly_as_can_be(shards: Path) -> None:
    for batch in avrb.load(shards, WANTED, mix_conditions=True, batch_size=7):
        held = Counter(zip(batch["corruption"], batch["severity"], strict=True))
        assert max(held.values()) - (min(held.values()) if len(held) == 5 else 0) <= 1


def test_conditions_go_round(shards: Path) -> None:
    first, second = itertools.islice(
        avrb.load(shards, WANTED, mix_conditions=True, batch_size=6), 2
    )
    assert first["key"] == second["key"]
    assert first["corruption"] == ["clean", *["gaussian"] * 2, *["compression"] * 2, "clean"]
    assert first["severity"] == [0, 1, (0, 4), 1, (0, 4), 0]
    assert second["severity"] == [1, (0, 4), 1, (0, 4), 0, 1]


def test_one_condition_mixed_is_still_one_a_clip(shards: Path) -> None:
    batch = next(iter(avrb.load(shards, "impulse", 2, mix_conditions=True, batch_size=3)))
    assert (batch["corruption"], batch["severity"]) == (["impulse"] * 3, [2] * 3)


@pytest.mark.parametrize("batches", [1, 7, 10])
def test_a_mixed_pass_goes_on_at_another_world_and_batch_size(shards: Path, batches: int) -> None:
    def fresh(rank: int, world: int, size: int, workers: int) -> Any:
        return avrb.load(shards, WANTED, mix_conditions=True, shuffle=True, batch_size=size,
                         num_workers=workers, worker_type="thread", rank=rank,
                         world_size=world)  # fmt: skip

    before, states = [], []
    for rank in range(2):
        loader = fresh(rank, 2, 3, rank)
        before += list(itertools.islice(loader, batches - rank))
        states.append(loader.state_dict())
    after = []
    for rank in range(3):
        loader = fresh(rank, 3, 4, 3)
        loader.load_state_dict(states)
        after += loader
    assert shown(before) + shown(after) == shown(avrb.load(shards, WANTED))


def test_a_mixed_state_is_not_one_of_batches_of_one_condition(shards: Path) -> None:
    state = avrb.load(shards, WANTED, mix_conditions=True).state_dict()
    with pytest.raises(UsageError, match="a loader with mix_conditions True, not False; give the"):
        avrb.load(shards, WANTED).load_state_dict(state)


def test_a_transform_sees_the_condition_of_its_clip(shards: Path) -> None:
    def told(clip: dict[str, Any]) -> dict[str, Any]:
        return {"told": f"{clip['corruption']} {clip['severity']}"}

    for batch in avrb.load(shards, WANTED, mix_conditions=True, batch_size=5, transform=told):
        pairs = zip(batch["corruption"], batch["severity"], strict=True)
        assert batch["told"] == [f"{corruption} {severity}" for corruption, severity in pairs]


def test_batches_repeat_whatever_the_threads(shards: Path) -> None:
    made = {"mix_conditions": True, "batch_size": 4, "worker_type": "thread"}
    passes = [list(avrb.load(shards, WANTED, num_workers=n, **made)) for n in (0, 1, 5)]
    assert_same(passes[0], passes[1])
    assert_same(passes[0], passes[2])
