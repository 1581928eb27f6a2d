"""Work divided: every clip of every condition exactly once, for any numbers."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avrb_wds.concurrency import default_workers
from avrb_wds.errors import UsageError
from avrb_wds.loading.sharding import (
    Plan,
    Span,
    global_order,
    rank_range,
    resolve_rank,
    split_spans,
)

CLIPS = st.integers(0, 300)
WORLD = st.integers(1, 9)
BATCH = st.integers(1, 64)
CONDITIONS = st.integers(1, 5)

SLURM = {"SLURM_PROCID": "2", "SLURM_STEP_NUM_TASKS": "3"}


def given_out(plan: Plan) -> Counter[tuple[int, int]]:
    return Counter((place, number) for places, number in plan for place in places)


def all_once(clips: int, conditions: int) -> Counter[tuple[int, int]]:
    return Counter((place, number) for place in range(clips) for number in range(conditions))


def plans(spans: Sequence[Span], world: int, batch: int, conditions: int) -> list[Plan]:
    return [Plan(split_spans(spans, rank, world), batch, conditions) for rank in range(world)]


@given(CLIPS, WORLD, BATCH, CONDITIONS)
def test_every_clip_of_every_condition_exactly_once(clips, world, batch, conditions) -> None:
    ranks = plans([Span(0, clips)], world, batch, conditions)
    assert sum(map(given_out, ranks), Counter()) == all_once(clips, conditions)
    shares = [plan.clips for plan in ranks]
    assert max(shares) - min(shares) <= 1
    for plan in ranks:
        batches = list(plan)
        assert len(batches) == len(plan)
        assert all(len(places) <= batch for places, _ in batches)


@given(CLIPS, WORLD)
def test_shares_follow_one_another(clips, world) -> None:
    shares = [rank_range(clips, rank, world) for rank in range(world)]
    assert [place for part in shares for place in part] == list(range(clips))


@given(CLIPS, WORLD, WORLD, BATCH, BATCH, CONDITIONS, st.data())
def test_a_pass_goes_on_at_any_world_size(clips, old, new, batch, later, conditions, data) -> None:
    left, done = [], Counter()
    for plan in plans([Span(0, clips)], old, batch, conditions):
        batches = data.draw(st.integers(0, len(plan)))
        given_before = [pair for pair, _ in zip(plan, range(batches), strict=False)]
        done += Counter((place, number) for places, number in given_before for place in places)
        left += plan.after(batches)
    for plan in plans(left, new, later, conditions):
        done += given_out(plan)
    assert done == all_once(clips, conditions)


@given(CLIPS, BATCH, CONDITIONS, st.data())
def test_a_pass_that_goes_on_gives_the_same_batches(clips, batch, conditions, data) -> None:
    plan = Plan((Span(0, clips),), batch, conditions)
    at = data.draw(st.integers(0, len(plan)))
    assert list(Plan(plan.after(at), batch, conditions)) == list(plan)[at:]


@given(CLIPS, st.integers(-(2**70), 2**70))
def test_a_shuffle_is_a_permutation(clips, seed) -> None:
    order = global_order(clips, True, seed)
    assert sorted(order) == list(range(clips))
    assert list(order) == list(global_order(clips, True, seed))


def test_shuffles_are_those_they_have_always_been() -> None:
    assert list(global_order(12, True, 0)) == [3, 5, 6, 1, 7, 4, 11, 10, 8, 9, 0, 2]


def test_shuffles_differ_by_seed_and_move_clips_evenly() -> None:
    orders = np.stack([global_order(20, True, seed) for seed in range(2000)])
    mean = orders.mean(axis=0)
    # The mean place of each clip has a standard error of .13.
    assert np.abs(mean - 9.5).max() < 0.6
    assert len({order.tobytes() for order in orders}) == 2000


def test_a_million_clips_take_8_bytes_each() -> None:
    order = global_order(1_000_000, True, 0)
    assert isinstance(order, np.ndarray)
    assert order.nbytes == 8_000_000
    assert isinstance(global_order(1_000_000, False, 0), range)


def test_an_order_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="shuffle must be True or False; got 'random'"):
        global_order(3, "random", 0)  # type: ignore[arg-type]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (*SLURM, "SLURM_NTASKS", "RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    return monkeypatch


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, (0, 1)),
        ({"RANK": "1", "WORLD_SIZE": "4"}, (1, 4)),
        (SLURM, (2, 3)),
        ({**SLURM, "RANK": "0", "WORLD_SIZE": "2"}, (0, 2)),
        # The batch script of a job of three tasks is one process.
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "3"}, (0, 1)),
        ({"RANK": "", "WORLD_SIZE": "4"}, (0, 1)),
    ],
)
def test_topology_of_the_environment(environment, variables, expected) -> None:
    for name, value in variables.items():
        environment.setenv(name, value)
    assert resolve_rank() == expected
    assert resolve_rank(0, 7) == (0, 7)


@pytest.mark.parametrize("pair", [(0, None), (None, 2), (2, 2), (-1, 2), (0, 0)])
def test_topologies_that_are_not_allowed(pair) -> None:
    with pytest.raises(UsageError, match=r"rank|world_size"):
        resolve_rank(*pair)


def test_cores_are_shared_with_other_local_ranks(environment) -> None:
    alone = default_workers()
    environment.setenv("LOCAL_WORLD_SIZE", "2")
    assert default_workers() == max(1, alone // 2)
