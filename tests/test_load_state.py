"""Passes that go on where one left off, at any world size."""

from __future__ import annotations

import importlib
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from helpers.batches import assert_same, shown
from helpers.shards import clips, write_shards

import avrb_wds as avrb
from avrb_wds.errors import UsageError


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"), clips(11))


@pytest.mark.parametrize("batches", [0, 1, 4, 5, 9])
def test_a_pass_goes_on_at_another_world_size(shards: Path, batches: int) -> None:
    wanted = avrb.conditions(["impulse"], [1, 5])
    before, states = [], []
    for rank in range(2):
        loader = avrb.load(shards, wanted, batch_size=2, rank=rank, world_size=2)
        before += list(itertools.islice(loader, batches - rank if batches else 0))
        states.append(json.loads(json.dumps(loader.state_dict())))
    after = []
    for rank in range(3):
        loader = avrb.load(shards, wanted, batch_size=3, num_workers=1, rank=rank, world_size=3)
        loader.load_state_dict(states)
        announced, rest = len(loader), list(loader)
        assert announced == len(rest)
        after += rest
        whole = avrb.load(shards, wanted, batch_size=3, rank=rank, world_size=3)
        assert len(list(whole)) == len(whole)
        assert loader.state_dict() == whole.state_dict()
    assert shown(before) + shown(after) == shown(avrb.load(shards, wanted))


def test_a_pass_goes_on_with_the_same_batches(shards: Path) -> None:
    def fresh() -> Any:
        return avrb.load(shards, avrb.conditions(["impulse"], [1]), seed=3, batch_size=3,
                         shuffle=True)  # fmt: skip

    whole = list(fresh())
    for at in range(len(whole)):
        first, second = fresh(), fresh()
        list(itertools.islice(first, at))
        second.load_state_dict(first.state_dict())
        assert_same(list(second), whole[at:])
        assert_same(list(second), whole)


def test_a_rank_without_clips_of_its_own_takes_over_some(shards: Path) -> None:
    one = avrb.load(shards, batch_size=1, rank=0, world_size=1)
    ranks = [avrb.load(shards, batch_size=9, rank=r, world_size=12) for r in range(12)]
    done = shown(itertools.islice(one, 3))
    for loader in ranks:
        loader.load_state_dict([one.state_dict()])
        done += shown(loader)
    assert ranks[0].clips == 0
    assert done == shown(one)


def test_ranks_that_are_through_with_a_pass_wait_for_the_others(shards: Path) -> None:
    def ranks(world: int) -> list[Any]:
        return [avrb.load(shards, batch_size=2, rank=r, world_size=world) for r in range(world)]

    first, second, third = ranks(3)
    done = list(first)
    states = [first.state_dict()]
    for batch in itertools.islice(third, 1):
        done.append(batch)
    states += [second.state_dict(), third.state_dict()]
    after, again = [], []
    for loader in ranks(2):
        loader.load_state_dict(states)
        after += list(loader)
        again += list(loader)
    assert shown(done) + shown(after) == shown(again) == shown(avrb.load(shards))
    done = list(itertools.islice(first, 1))
    with pytest.raises(
        UsageError, match="rank 0 is within epoch 1 and another within epoch 0; give states"
    ):
        ranks(2)[0].load_state_dict([first.state_dict(), *states[1:]])


def test_states_that_do_not_fit(shards: Path) -> None:
    state = avrb.load(shards, "impulse", 1, seed=1).state_dict()
    for other in (
        avrb.load(shards, "impulse", 2, seed=1),
        avrb.load(shards, "impulse", 1),
        avrb.load(shards, "impulse", 1, seed=1, shuffle=True),
    ):
        with pytest.raises(UsageError, match="the state is of a loader with"):
            other.load_state_dict(state)
    half = avrb.load(shards, "impulse", 1, seed=1, rank=0, world_size=2)
    with pytest.raises(
        UsageError, match="states are of rank 0 of 2; give the state of this rank, 0"
    ):
        avrb.load(shards, "impulse", 1, seed=1, rank=0, world_size=1).load_state_dict(
            half.state_dict()
        )


@pytest.mark.parametrize("given", [0, 1, 3, 11])
def test_a_stream_goes_on_without_reading_what_was_given(shards: Path, given: int) -> None:
    stream = avrb.ClipStream(shards, avrb.conditions(["impulse"], [1, 5]), rank=1, world_size=3)
    whole = [(clip["key"], clip["corruption"], clip["severity"]) for clip in stream]
    first, second = iter(stream), iter(stream)
    list(itertools.islice(first, given))
    second.load_state_dict(first.state_dict())
    assert [(c["key"], c["corruption"], c["severity"]) for c in second] == whole[given:]


@pytest.mark.filterwarnings("ignore:'set_vital' is deprecated:UserWarning")  # torchdata's import
@pytest.mark.parametrize("workers", [0, 2])
def test_torchdatas_stateful_loader(shards: Path, workers: int) -> None:
    stateful = importlib.import_module("torchdata.stateful_dataloader").StatefulDataLoader
    stream = avrb.ClipStream(shards, avrb.conditions(["impulse"], [1]))

    def keys(loader: Any) -> list[list[str]]:
        return [batch["key"] for batch in loader]

    whole = keys(stateful(stream, batch_size=3, num_workers=workers))
    for given in (0, 1, 4):
        first, second = (stateful(stream, batch_size=3, num_workers=workers) for _ in range(2))
        assert keys(itertools.islice(first, given)) == whole[:given]
        second.load_state_dict(first.state_dict())
        assert keys(second) == whole[given:]


@pytest.mark.parametrize(
    "change",
    [
        {"rank": "0"}, {"rank": 1}, {"world_size": 0}, {"world_size": 1.0}, {"epoch": -1},
        {"left": None}, {"left": [[0, 3]]}, {"left": [[3, 3, 0]]}, {"left": [[0, 12, 0]]},
        {"left": [[0, 5, 0], [4, 6, 0]]}, {"left": [[0, 3, 1]]}, {"left": [["0", 3, 0]]},
        {"left": 5}, {"left": [5]}, {"left": [[0, 10**30, 0]]},
        {"rank": 10**9, "world_size": 10**12},
    ],
)  # fmt: skip
def test_what_is_no_state_is_refused(shards: Path, change: dict[str, Any]) -> None:
    loader = avrb.load(shards, num_workers=0)
    with pytest.raises(UsageError, match=r"^the states? (is|are) .*; give "):
        loader.load_state_dict(loader.state_dict() | change)
    for missing in ("rank", "world_size", "epoch", "left"):
        state = loader.state_dict()
        del state[missing]
        with pytest.raises(
            UsageError, match=f"^the state is invalid: KeyError: '{missing}'; give "
        ):
            loader.load_state_dict(state)


@pytest.mark.parametrize("states", [[], ["state"], "state", [5]])
def test_what_is_not_even_a_dict(shards: Path, states: Any) -> None:
    with pytest.raises(UsageError, match=r"^the states? (is|are) .*; give "):
        avrb.load(shards, num_workers=0).load_state_dict(states)
