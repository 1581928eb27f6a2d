"""What `load` gives out: batches, orders, divisions and what users ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers.batches import assert_same, shown
from helpers.shards import Made, clips, write_shards
from torch.utils.data import DataLoader

import avrb_wds as avrb
from avrb_wds.errors import UsageError
from avrb_wds.shards import decode_clip


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"), clips(11))


def test_a_batch(shards: Path) -> None:
    batch = next(iter(avrb.load(shards, "impulse", 2, batch_size=4)))
    assert batch["key"] == ["clip0000", "clip0001", "clip0002", "clip0003"]
    assert batch["frames"].shape == (4, 2, 24, 32, 3)
    assert batch["frames"].dtype == torch.uint8
    assert batch["waveform"].shape == (4, 1, 800)
    assert batch["waveform"].dtype == torch.float32
    assert batch["num_samples"].tolist() == [800] * 4
    assert batch["target"].tolist() == [0, 1, 2, 0]
    assert batch["target"].dtype == batch["position"].dtype == torch.int64
    assert batch["position"].tolist() == [0, 1, 2, 3]
    assert (batch["sample_rate"], batch["corruption"], batch["severity"]) == (16_000, "impulse", 2)


def test_clean_clips_are_what_is_stored(shards: Path) -> None:
    opened = avrb.ShardSet.open(shards)
    for batch in avrb.load(shards, batch_size=4):
        for row, position in enumerate(batch["position"].tolist()):
            clip = decode_clip(opened.read(position))
            np.testing.assert_array_equal(batch["frames"][row], clip.frames)
            np.testing.assert_array_equal(batch["waveform"][row] * 32768, clip.pcm)


@pytest.mark.parametrize("workers", [0, 3])
@pytest.mark.parametrize("batch_size", [1, 4, 11, 50])
def test_len_is_exact_and_passes_repeat(shards: Path, workers: int, batch_size: int) -> None:
    wanted = avrb.conditions(["gaussian"], [1, 5])
    loader = avrb.load(shards, wanted, batch_size=batch_size, num_workers=workers)
    first, second = list(loader), list(loader)
    assert len(loader) == len(first) == -(-11 // batch_size) * 3
    assert_same(first, second)
    assert set(shown(first).values()) == {1}
    assert len(shown(first)) == 33


def test_batches_hold_one_condition_after_another_of_the_same_clips(shards: Path) -> None:
    wanted = avrb.conditions(["gaussian", "impulse"], [2, (0, 3)])
    batches = list(avrb.load(shards, wanted, batch_size=6, num_workers=2))
    assert [(b["corruption"], b["severity"]) for b in batches] == 2 * [
        (c.corruption, c.severity) for c in wanted
    ]
    assert [len(b["key"]) for b in batches] == [6] * 5 + [5] * 5


def test_many_conditions_are_those_of_one_at_a_time(shards: Path) -> None:
    wanted = avrb.conditions(["gaussian", "compression"], [1, 5])
    together = list(avrb.load(shards, wanted, batch_size=11, num_workers=2))
    apart = [next(iter(avrb.load(shards, one, batch_size=11, num_workers=2))) for one in wanted]
    assert_same(together, apart)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("world", [1, 2, 3, 13])
def test_ranks_share_clips_in_the_global_order(shards: Path, shuffle: bool, world: int) -> None:
    whole = [key for b in avrb.load(shards, shuffle=shuffle) for key in b["key"]]
    parts = [avrb.load(shards, shuffle=shuffle, rank=r, world_size=world) for r in range(world)]
    assert [key for part in parts for b in part for key in b["key"]] == whole
    assert [part.clips for part in parts] == [11 * (r + 1) // world - 11 * r // world
                                              for r in range(world)]  # fmt: skip
    assert (whole == sorted(whole)) != shuffle


def summary(clip: dict[str, Any]) -> dict[str, Any]:
    """A transform of the user's: at the top of a module, so that it pickles."""
    return {
        "mean": clip["frames"].float().mean((0, 1, 2)),
        "cut": clip["frames"].numpy()[: 1 + clip["position"] % 2],
        "waveform": clip["waveform"][:, : 100 + clip["position"]],
        "name": clip["video_id"],
        "loud": float(clip["waveform"].abs().max()),
    }


def test_a_transform(shards: Path) -> None:
    batch = next(iter(avrb.load(shards, "gaussian", 3, transform=summary, batch_size=4)))
    plain = next(iter(avrb.load(shards, "gaussian", 3, batch_size=4)))
    assert "frames" not in batch
    assert torch.equal(batch["mean"], torch.stack([f.float().mean((0, 1, 2))
                                                   for f in plain["frames"]]))  # fmt: skip
    assert [value.shape[0] for value in batch["cut"]] == [1, 2, 1, 2]
    assert batch["num_samples"].tolist() == [100, 101, 102, 103]
    assert torch.equal(batch["waveform"][2, :, :102], plain["waveform"][2, :, :102])
    assert not batch["waveform"][2, :, 102:].any()
    assert batch["name"] == batch["key"]
    assert batch["loud"].shape == (4,)
    assert torch.equal(batch["target"], plain["target"])


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("transform", [None, summary])
def test_processes_give_the_same_batches(shards: Path, workers: int, transform: Any) -> None:
    wanted = avrb.conditions(["gaussian"], [1, 5])
    kind = {"batch_size": 4, "transform": transform, "num_workers": workers}
    threads = list(avrb.load(shards, wanted, **kind))
    assert_same(list(avrb.load(shards, wanted, worker_type="process", **kind)), threads)


def test_datasets_go_through_torchs_own_collate(shards: Path) -> None:
    stream = avrb.ClipStream(shards, avrb.conditions(["impulse"], [1]), rank=1, world_size=2)
    batches = list(DataLoader(stream, batch_size=4))
    assert [len(batch["key"]) for batch in batches] == [4, 4, 4]
    assert len(DataLoader(stream, batch_size=4)) == 3
    assert batches[0]["corruption"] == ["clean", "impulse"] * 2
    dataset = avrb.ClipDataset(shards, "impulse", 1)
    assert len(dataset) == 11
    assert torch.equal(dataset[-1]["frames"], batches[2]["frames"][3])
    with pytest.raises(IndexError, match="clip 11 of 11"):
        dataset[11]


WRONG = [
    ({"batch_size": 0}, "batch_size must be a positive integer; got 0"),
    ({"num_workers": -1}, "num_workers must be a non-negative integer; got -1"),
    ({"prefetch": 0}, "prefetch must be a positive integer; got 0"),
    ({"worker_type": "fibre"}, "worker_type 'fibre' is not one of thread, process"),
    ({"shuffle": "random"}, "shuffle must be True or False; got 'random'"),
    ({"max_errors": 1.5}, "or a fraction below 1; got 1.5"),
    ({"max_errors": "skip"}, "or a fraction below 1; got 'skip'"),
    ({"rank": 1}, "rank and world_size must be given together; got 1 and None"),
    ({"corruption": "static", "severity": 1}, "corruption 'static' is not one of gaussian, "),
    ({"corruption": "gaussian", "severity": 6}, "severity must be an integer from 1 to 5; got 6"),
    ({"corruption": "gaussian"}, "condition 'gaussian' is neither"),
    ({"severity": 3}, "severity 3 given without a corruption; name one"),
    ({"corruption": []}, "no conditions given; give at least one"),
    ({"corruption": ["clean", "clean"]}, "duplicate condition 'clean'; give it once"),
    ({"corruption": "gaussian", "severity": 1, "modality": "smell"}, "modality 'smell'"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG, ids=[str(w[0]) for w in WRONG])
def test_arguments_that_are_not_allowed(shards: Path, arguments: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        avrb.load(shards, **arguments)


MIXED = [
    Made("a", frames=2, samples=800, target=(0, 2)),
    Made("b", frames=3, samples=500, target=()),
    Made("c", frames=2, samples=650, target=(1,)),
]


@pytest.mark.parametrize("workers", ["thread", "process"])
def test_clips_that_differ(tmp_path: Path, workers: str) -> None:
    folder = write_shards(tmp_path, MIXED, task="multi-label")
    (batch,) = avrb.load(folder, "gaussian", 2, num_workers=0, worker_type=workers)
    assert [tuple(frames.shape) for frames in batch["frames"]] == [
        (2, 24, 32, 3), (3, 24, 32, 3), (2, 24, 32, 3),
    ]  # fmt: skip
    assert batch["num_samples"].tolist() == [800, 500, 650]
    assert batch["waveform"].shape == (3, 1, 800)
    assert not batch["waveform"][1, :, 500:].any()
    assert batch["target"].tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]
    assert batch["target"].dtype == torch.float32
    shorter = next(iter(avrb.load(folder, "gaussian", 2, batch_size=2, rank=1, world_size=2)))
    assert shorter["waveform"].shape == (2, 1, 650)
    assert shorter["waveform"].is_contiguous()
    assert torch.equal(shorter["waveform"][1], batch["waveform"][2, :, :650])


def test_shards_without_a_manifest_or_labels(tmp_path: Path) -> None:
    made = [Made("a", target=None, channels=2), Made("b", target=None, sample_rate=8000)]
    write_shards(tmp_path, made, task="unlabeled", classes=())
    (tmp_path / "manifest.json").unlink()
    (batch,) = avrb.load(tmp_path, num_workers=0)
    assert batch["target"] is None
    assert batch["frames"].shape == (2, 2, 24, 32, 3)
    assert [tuple(w.shape) for w in batch["waveform"]] == [(2, 800), (1, 800)]
    assert batch["sample_rate"] == [16_000, 8_000]
    assert "target" not in avrb.ClipDataset(tmp_path)[0]


def test_no_clips_no_batches(tmp_path: Path) -> None:
    loader = avrb.load(write_shards(tmp_path, []), avrb.conditions(["gaussian"]), num_workers=2)
    assert (len(loader), loader.clips, list(loader)) == (0, 0, [])
