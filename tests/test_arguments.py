"""Arguments as NumPy and torch give them, one where several go, and others of the wrong kind."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers.evaluation import oracle, same_files
from helpers.shards import clips, write_shards

import avrb_wds as avrb
from avrb_wds.condition import severity_pair
from avrb_wds.corruptions.errors import LARGEST_INT
from avrb_wds.errors import UsageError, check_int
from avrb_wds.packing import PackOptions
from avrb_wds.rendering import RenderOptions
from avrb_wds.shards.json_io import dumps, loads
from avrb_wds.storage import Storage

INTEGERS: list[Callable[[int], Any]] = [np.int64, np.uint8, np.array, torch.tensor]
CLEAN = avrb.CLEAN


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"), clips(5))


def keys(batches: Any) -> list[str]:
    return [key for batch in batches for key in batch["key"]]


@pytest.mark.parametrize("as_given", INTEGERS)
def test_integers_of_other_libraries(shards: Path, as_given: Callable[[int], Any]) -> None:
    loader = avrb.load(
        shards, "impulse", as_given(3), seed=as_given(7), batch_size=as_given(2),
        num_workers=as_given(0), rank=as_given(0), world_size=as_given(2), max_errors=as_given(1),
        prefetch=as_given(1),
    )  # fmt: skip
    plain = avrb.load(shards, "impulse", 3, seed=7, batch_size=2, rank=0, world_size=2)
    for batch, expected in zip(loader, plain, strict=True):
        assert torch.equal(batch["frames"], expected["frames"])
    assert json.dumps(loader.state_dict()) == json.dumps(plain.state_dict())
    assert avrb.ClipDataset(shards)[as_given(4)]["key"] == "clip0004"
    assert len(avrb.AVRobustBench(shards, frame_num=as_given(0))[as_given(1)][0]) == 1
    assert PackOptions(frames=as_given(4), quality=as_given(90)) == PackOptions(4, quality=90)
    assert RenderOptions(quality=as_given(90)) == RenderOptions(quality=90)
    assert severity_pair((as_given(0), as_given(5))) == (0, 5)


def test_an_evaluation_by_numpys_integers_writes_the_same_bytes(
    shards: Path, tmp_path: Path
) -> None:
    chosen = avrb.conditions("impulse", np.int64(2))
    for out, kind in ((tmp_path / "a", int), (tmp_path / "b", np.int64)):
        avrb.evaluate(oracle, shards, chosen, out=out, seed=kind(1), batch_size=kind(2),
                      num_workers=kind(0), max_errors=np.float32(0.5))  # fmt: skip
    assert same_files(tmp_path / "a", tmp_path / "b")
    clean = [avrb.evaluate(oracle, shards, CLEAN, out=tmp_path / kind.__name__, seed=kind(1))
             for kind in (int, np.int64)]  # fmt: skip
    assert clean[0] == clean[1]


def test_a_stage_takes_a_sample_rate_of_numpy() -> None:
    sample = {"__key__": "k", "waveform": np.zeros((1, 160), np.float32)}
    found = [
        next(iter(avrb.Corrupt("gaussian", severity)([sample | {"sample_rate": rate}])))
        for severity, rate in ((3, 16_000), (np.int64(3), np.int64(16_000)))
    ]
    assert np.array_equal(found[0]["waveform"], found[1]["waveform"])
    assert [type(sample["severity"]) for sample in found] == [int, int]


@pytest.mark.parametrize("value", [np.float32(1.5), np.int64(2), np.bool_(True), 1, 0.5])
def test_numbers_that_a_transform_returns_are_a_tensor(shards: Path, value: Any) -> None:
    batch = next(iter(avrb.load(shards, num_workers=0, transform=lambda clip: {"x": value})))
    assert torch.equal(batch["x"], torch.tensor([value] * 5))


def test_one_where_several_go(shards: Path) -> None:
    assert avrb.conditions(severities=3) == avrb.conditions(severities=[3])
    assert avrb.conditions(severities=np.array(3)) == avrb.conditions(severities=[3])
    assert avrb.conditions("rain") == avrb.conditions(["rain"])
    rain = (avrb.Condition("rain", 3),)

    def conditions(*given: Any) -> Any:
        return avrb.load(shards, *given).conditions

    assert conditions(["rain"], 3) == conditions("rain", 3) == conditions(rain[0]) == rain
    assert conditions(["rain-3"]) == conditions(np.array(["rain-3"])) == rain
    assert conditions(("rain", "snow"), 3) == (*rain, avrb.Condition("snow", 3))
    assert conditions(CLEAN) == conditions([CLEAN]) == conditions("clean") == (CLEAN,)
    assert conditions(avrb.Condition("rain", np.int64(3)))[0] == rain[0]


def test_sources_by_path_and_bytes(shards: Path) -> None:
    expected = keys(avrb.load(shards))
    tars = [os.fsencode(tar) for tar in sorted(shards.glob("*.tar"))]
    for source in (str(shards), os.fsencode(shards), os.fsencode(shards / "manifest.json"), tars):
        assert keys(avrb.load(source, num_workers=0)) == expected
    assert keys(avrb.load(tars[0], num_workers=0)) == expected[:4]


POSITIVE = "must be a positive integer; got"
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"batch_size": 3.0}, f"batch_size {POSITIVE} 3.0"),
    ({"batch_size": np.float64(3)}, f"batch_size {POSITIVE}"),
    ({"batch_size": True}, f"batch_size {POSITIVE} True"),
    ({"batch_size": np.bool_(True)}, f"batch_size {POSITIVE}"),
    ({"batch_size": torch.tensor(True)}, f"batch_size {POSITIVE} tensor"),
    ({"batch_size": "3"}, f"batch_size {POSITIVE} '3'"),
    ({"batch_size": np.array([3])}, f"batch_size {POSITIVE} array"),
    ({"num_workers": 1.0}, "num_workers must be a non-negative integer; got 1.0"),
    ({"num_workers": False}, "num_workers must be a non-negative integer; got False"),
    ({"prefetch": 0}, f"prefetch {POSITIVE} 0"),
    ({"seed": 1.0}, "seed must be an integer; got 1.0"),
    ({"rank": 0.0, "world_size": 2}, "rank must be an integer from 0 to 1; got 0.0"),
    ({"rank": 2, "world_size": 2}, "rank must be an integer from 0 to 1; got 2"),
    ({"rank": 0, "world_size": True}, f"world_size {POSITIVE} True"),
    ({"max_errors": True}, r"max_errors must be .*; got True\."),
    ({"max_errors": np.nan}, r"max_errors must be .*; got nan\."),
    ({"max_errors": np.float32(1)}, "max_errors must be a number of clips"),
    ({"max_errors": [1]}, r"a fraction below 1; got \[1\]\."),
    ({"corruption": "rain", "severity": 3.0}, "severity must be an integer from 1 to 5; got 3.0"),
    ({"corruption": "rain", "severity": True}, "severity must be an integer from 1 to 5; got True"),
    ({"corruption": "rain", "severity": [1, 3]}, "severity must be an integer from 1 to 5"),
    ({"corruption": "rain", "severity": (False, 3)}, "severity must be .*; got False"),
    ({"corruption": "rain", "severity": (1, 2, 3)}, r"severity \(1, 2, 3\) is neither"),
    ({"corruption": ["rain"]}, "condition 'rain' is neither 'clean' nor"),
    ({"corruption": b"rain"}, "corruption b'rain' is not a condition; give a name and a severity"),
    ({"corruption": 5}, "corruption 5 is not a condition; give"),
    ({"corruption": [5]}, "corruption 5 is not a condition; give"),
    ({"corruption": [CLEAN], "severity": 3}, "severity 3 given without a corruption"),
    ({"corruption": "x" * 70_000}, "^condition 'x{12}.{50,200}$"),
    ({"corruption": "rain-" + "3" * 5000}, "^condition 'rain-.{50,200}$"),
    ({"source": 5}, "source 5 is not a path or an address; give a folder"),
    ({"source": [5]}, "source 5 is not a path or an address; give a folder"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_what_is_refused(shards: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        avrb.load(**{"source": shards, **options})


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: avrb.conditions(5), "corruption 5 is not one of"),
        (lambda: Storage(cache_dir="c", cache_size=1e9), f"cache_size {POSITIVE} 1000000000.0"),
        (lambda: avrb.conditions([["rain"]]), "corruption .* is not one of"),
        (lambda: avrb.conditions(severities=3.0), "severity must be an integer from 1 to 5; got"),
        (lambda: avrb.conditions(severities="3"), "severity must be an integer from 1 to 5; got"),
        (lambda: avrb.Condition(5, 3), "corruption name 5 is not allowed"),
        (lambda: avrb.Condition("clean", False), "severity must be an integer; got False"),
        (lambda: PackOptions(frames=3.0), "frames must be a positive integer; got 3.0"),
        (lambda: PackOptions(quality=101), "quality must be an integer from 1 to 100; got 101"),
        (lambda: PackOptions(frames="keep"), "frames must be a positive integer"),
        (lambda: RenderOptions(quality=True), "quality must be an integer from 1 to 100"),
    ],
)
def test_what_is_refused_elsewhere(ask: Callable[[], Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        ask()


@pytest.mark.parametrize("seed", [LARGEST_INT, -LARGEST_INT])
def test_a_seed_that_is_allowed_can_be_read_back_from_a_receipt(seed: int) -> None:
    assert check_int("seed", seed) == seed
    assert loads(dumps({"seed": seed}), "receipt") == {"seed": seed}
    with pytest.raises(UsageError, match=r"seed must be a smaller integer; got 33\d bits\."):
        check_int("seed", 10 * seed)
