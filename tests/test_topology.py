"""Ranks that exist only after a loader was made, copied into them, or asked for its length."""

from __future__ import annotations

import multiprocessing
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.cli import run_process
from helpers.shards import clips, write_shards
from torch.utils.data import DataLoader

import avrb_wds as avrb
from avrb_wds.errors import UsageError

KEYS = [f"clip{number:04d}" for number in range(7)]
Found = dict[str, Any]


def keys(batches: Any) -> list[str]:
    return [key for batch in batches for key in batch["key"]]


def refusal(ask: Callable[[], Any]) -> str:
    with pytest.raises(UsageError) as refused:
        ask()
    return str(refused.value)


def begin(loader: Any, folder: Path, rank: int) -> None:
    """Make this process one of two ranks; what is in the loader's iterator does not run before."""
    iter(loader)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/group", rank=rank, world_size=2
    )


def be_rank(rank: int, folder: Path, given: Found, answers: Any) -> None:
    early, asked = given["loader"], given["asked"]
    begin(early, folder, rank)
    of_stream = DataLoader(given["stream"], batch_size=None, num_workers=2)
    found = {
        "early": keys(early),
        "length": (len(early), early.clips, early.rank, early.world_size),
        "stream": sorted(clip["key"] for clip in of_stream),
        "fixed": keys(given["fixed"]),
        "asked": refusal(lambda: list(asked)),
        "asked stream": refusal(lambda: list(given["asked stream"])),
        "resumed": refusal(lambda: list(given["resumed"])),
        # What a worker of a DataLoader gets that is started again and sees no process group.
        "for a worker": pickle.dumps(given["stream"]),
    }
    torch.distributed.destroy_process_group()
    found["afterwards"] = keys(early)
    answers.put((rank, found))


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"), clips(len(KEYS)))


@pytest.fixture(scope="module")
def ranks(shards: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Found]:
    """What two ranks found whose loaders were made, and some asked, before them."""

    def load(**options: Any) -> Any:
        return avrb.load(shards, batch_size=2, num_workers=0, **options)

    asked, resumed, stream = load(), load(), avrb.ClipStream(shards)
    asked_stream = avrb.ClipStream(shards)
    assert (len(asked), len(asked_stream)) == (4, 7)
    resumed.load_state_dict(resumed.state_dict())
    given = {
        "loader": load(),
        "stream": stream,
        "fixed": load(rank=2, world_size=3),
        "asked": asked,
        "asked stream": asked_stream,
        "resumed": resumed,
    }
    context, folder = multiprocessing.get_context("forkserver"), tmp_path_factory.mktemp("ranks")
    answers = context.SimpleQueue()
    started = [
        context.Process(target=be_rank, args=(rank, folder, given, answers)) for rank in range(2)
    ]
    for process in started:
        process.start()
    found = dict(answers.get() for _ in started)
    for process in started:
        process.join()
    return [found[0], found[1]]


@pytest.mark.parametrize("name", ["early", "stream", "afterwards"])
def test_every_clip_falls_to_one_rank(ranks: list[Found], name: str) -> None:
    assert ranks[0][name] == KEYS[:3]
    assert ranks[1][name] == KEYS[3:]


def test_a_loader_says_what_it_gave_out(ranks: list[Found]) -> None:
    assert [rank["length"] for rank in ranks] == [(2, 3, 0, 2), (2, 4, 1, 2)]


def test_a_worker_without_a_group_reads_for_the_rank_that_started_it(ranks: list[Found]) -> None:
    for rank, expected in zip(ranks, (KEYS[:3], KEYS[3:]), strict=True):
        assert [clip["key"] for clip in pickle.loads(rank["for a worker"])] == expected


def test_a_rank_that_is_given_stays(ranks: list[Found]) -> None:
    assert [rank["fixed"] for rank in ranks] == [KEYS[4:], KEYS[4:]]


@pytest.mark.parametrize("name", ["asked", "asked stream", "resumed"])
def test_a_length_or_state_given_too_early_is_refused_later(ranks: list[Found], name: str) -> None:
    for number, rank in enumerate(ranks):
        assert rank[name] == (
            f"the loader was used as rank 0 of 1, but is rank {number} of 2 now; use it (len and "
            f"state included) only once the process group exists, or give rank and world_size."
        )


@pytest.mark.parametrize(
    "options", [{"num_workers": 2}, {"num_workers": 1, "worker_type": "process"}]
)
def test_a_loader_is_copied_before_and_after_a_pass(shards: Path, options: Any) -> None:
    loader = avrb.load(shards, batch_size=2, **options)
    early = pickle.loads(pickle.dumps(loader))
    assert keys(loader) == KEYS
    late = pickle.loads(pickle.dumps(loader))
    assert keys(late) == KEYS
    assert len(early) == 4


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("RANK", "WORLD_SIZE", "SLURM_PROCID", "TORCHELASTIC_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_variables_without_a_group_are_followed_with_a_warning(shards: Path, environment) -> None:
    loader = avrb.load(shards, batch_size=2, num_workers=0)
    environment.setenv("RANK", "1")
    environment.setenv("WORLD_SIZE", "2")
    with pytest.warns(
        UserWarning, match="RANK and WORLD_SIZE .* rank 1 of 2 .*; unset them"
    ) as said:
        assert keys(loader) == KEYS[3:]
    assert len(said) == 1
    assert keys(loader) == KEYS[3:]  # once is enough
    environment.setenv("RANK", "0")
    with pytest.raises(UsageError, match="used as rank 1 of 2, but is rank 0 of 2 now"):
        next(iter(loader))


def test_the_command_line_says_it_in_a_line(shards: Path) -> None:
    done = run_process("digest", shards, RANK="1", WORLD_SIZE="2", TORCHELASTIC_RUN_ID="")
    assert done.stderr.splitlines() == [
        "avrb: RANK and WORLD_SIZE in the environment make this process rank 1 of 2 although it "
        "has no process group; unset them, or give rank and world_size, if it is to have all "
        "clips.",
        "avrb: out None is not a file; give one for 2 ranks, on a shared file system.",
    ]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"RANK": "1", "WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "none"}, KEYS[3:]),
        ({"SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "2"}, KEYS[3:]),
        ({"RANK": "0", "WORLD_SIZE": "1"}, KEYS),
        ({"WORLD_SIZE": "2"}, KEYS),  # as Lightning sets it, without a rank
        ({"RANK": "1" * 5000, "WORLD_SIZE": "2" * 5000}, KEYS),
    ],
)
def test_variables_that_need_no_warning(shards: Path, environment, variables, expected) -> None:
    for name, value in variables.items():
        environment.setenv(name, value)
    assert keys(avrb.load(shards, batch_size=2, num_workers=0)) == expected
