"""One corrupted clip is the same to the last bit, whichever way it is come by."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import webdataset as wds
from helpers.shards import clips, write_shards
from torch.utils.data import DataLoader

import avrb_wds as avrb
from avrb_wds.corruptions import available
from avrb_wds.shards import decode_clip

SEED, SEVERITY, CLIPS = 7, 4, 9
Digests = dict[tuple[str, str], str]

pytestmark = [
    # Python's and torch's own advice about what is tested here: a fork beside threads, and more
    # workers than cores.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning"),
]


def digest(frames: Any, waveform: Any) -> str:
    both = np.ascontiguousarray(frames).tobytes() + np.ascontiguousarray(waveform).tobytes()
    return hashlib.sha256(both).hexdigest()


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"), clips(CLIPS))


@pytest.fixture(scope="module")
def alone(shards: Path) -> Digests:
    """Every clip by itself, through corrupt_frames and corrupt_waveform."""
    found: Digests = {}
    opened = avrb.ShardSet.open(shards)
    for position in range(CLIPS):
        clip = decode_clip(opened.read(position))
        for name in available():
            frames = avrb.corrupt_frames(clip.frames, name, SEVERITY, seed=SEED, key=clip.key)
            waveform = avrb.corrupt_waveform(
                clip.pcm, name, SEVERITY, sample_rate=clip.sample_rate, seed=SEED, key=clip.key
            )
            found[name, clip.key] = digest(frames, waveform)
    assert len(set(found.values())) == len(found)
    return found


def of_batches(batches: Iterable[dict[str, Any]]) -> Digests:
    return {
        (batch["corruption"], key): digest(batch["frames"][row], batch["waveform"][row])
        for batch in batches
        for row, key in enumerate(batch["key"])
    }


def of_mixed(batches: Iterable[dict[str, Any]]) -> Digests:
    return {
        (batch["corruption"][row], key): digest(batch["frames"][row], batch["waveform"][row])
        for batch in batches
        for row, key in enumerate(batch["key"])
    }


def of_clips(samples: Iterable[dict[str, Any]], key: str) -> Digests:
    return {(s["corruption"], s[key]): digest(s["frames"], s["waveform"]) for s in samples}


def conditions() -> tuple[avrb.Condition, ...]:
    return avrb.conditions(severities=[SEVERITY], clean=False)


@pytest.mark.parametrize("batch_size", [1, 4])
@pytest.mark.parametrize("workers", [0, 1, 2, 5])
def test_load_with_threads(shards: Path, alone: Digests, workers: int, batch_size: int) -> None:
    loader = avrb.load(
        shards,
        conditions(),
        seed=SEED,
        num_workers=workers,
        worker_type="thread",
        batch_size=batch_size,
    )
    assert of_batches(loader) == alone


@pytest.mark.parametrize("shuffle", [False, True])
def test_load_with_conditions_mixed(shards: Path, alone: Digests, shuffle: Any) -> None:
    loader = avrb.load(
        shards, conditions(), seed=SEED, mix_conditions=True, shuffle=shuffle, batch_size=4
    )
    assert of_mixed(loader) == alone


@pytest.mark.parametrize("world_size", [2, 5, 11])
def test_load_divided_over_ranks(shards: Path, alone: Digests, world_size: int) -> None:
    found: Digests = {}
    for rank in range(world_size):
        part = of_batches(
            avrb.load(shards, conditions(), seed=SEED, rank=rank, world_size=world_size)
        )
        assert not found.keys() & part.keys()
        found |= part
    assert found == alone


@pytest.mark.parametrize("workers", [0, 1, 2, 5])
@pytest.mark.parametrize("start_method", ["fork", "spawn", "forkserver"])
def test_torch_data_loader(shards: Path, alone: Digests, start_method: str, workers: int) -> None:
    stream = avrb.ClipStream(shards, conditions(), seed=SEED)
    loader = DataLoader(
        stream,
        batch_size=None,
        num_workers=workers,
        multiprocessing_context=start_method if workers else None,
    )
    assert of_clips(loader, "key") == alone


def test_torch_data_loader_without_processes_by_number(shards: Path, alone: Digests) -> None:
    dataset = avrb.ClipDataset(shards, conditions(), seed=SEED)
    assert of_clips(DataLoader(dataset, batch_size=None, shuffle=True), "key") == alone


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_load_with_processes(shards: Path, alone: Digests, workers: int) -> None:
    loader = avrb.load(
        shards, conditions(), seed=SEED, num_workers=workers, worker_type="process", batch_size=4
    )
    assert of_batches(loader) == alone


def plain(shards: Path) -> Iterator[dict[str, Any]]:
    """A plain webdataset pipeline a corruption."""
    urls = sorted(str(path) for path in shards.glob("*.tar"))
    for name in available():
        yield from wds.WebDataset(urls, shardshuffle=False, empty_check=False).compose(
            avrb.Decode(), avrb.Corrupt(name, SEVERITY, seed=SEED)
        )


def test_plain_webdataset(shards: Path, alone: Digests) -> None:
    assert of_clips(plain(shards), "__key__") == alone


@pytest.mark.parametrize(
    ("start_method", "workers"), [("fork", 2), ("spawn", 1), ("forkserver", 2)]
)
def test_plain_webdataset_in_processes(
    shards: Path, alone: Digests, start_method: str, workers: int
) -> None:
    urls = sorted(str(path) for path in shards.glob("*.tar"))
    dataset = wds.WebDataset(urls, shardshuffle=False, empty_check=False).compose(
        avrb.Decode(), avrb.Corrupt("gaussian", SEVERITY, seed=SEED)
    )
    loader = DataLoader(
        dataset, batch_size=None, num_workers=workers, multiprocessing_context=start_method
    )
    gaussian = {at: value for at, value in alone.items() if at[0] == "gaussian"}
    assert of_clips(loader, "__key__") == gaussian


def test_neither_seed_nor_key_nor_severity_is_forgotten(shards: Path, alone: Digests) -> None:
    others = [
        of_batches(avrb.load(shards, "gaussian", SEVERITY, seed=SEED + 1)),
        of_batches(avrb.load(shards, "gaussian", SEVERITY - 1, seed=SEED)),
    ]
    for other in others:
        assert not set(other.values()) & set(alone.values())
