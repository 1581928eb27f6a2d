"""A whole dataset through every fault: what is shown is right, or an error names file and byte."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest
from faultserver import KINDS, Fault, FaultServer, Kind
from helpers.shards import clips, write_shards

import avrb_wds as avrb
from avrb_wds.errors import DataError, UsageError
from avrb_wds.shards import Manifest, ShardSet
from avrb_wds.storage import Storage, StorageLimits

QUICK = StorageLimits(backoff=0.001, max_backoff=0.004, read_timeout=2, connect_timeout=2)
CLIPS = 12


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("data") / "t", clips(CLIPS))


@pytest.fixture
def web(server: FaultServer, local: Path) -> str:
    """The address of the set, pinned to its manifest."""
    server.objects |= {f"/t/{path.name}": path.read_bytes() for path in local.iterdir()}
    return f"{server.url}/t#sha256={Manifest.read(local / 'manifest.json').digest}"


def shown(source: str | Path, storage: Storage | None = None) -> str:
    """The digest of a pass: keys, frames, sound, targets and the names of the classes."""
    whole = hashlib.sha256()
    with ShardSet.open(source, storage) as shards:
        assert shards.manifest is not None
        whole.update(repr(shards.manifest.classes).encode())
        for batch in avrb.load(shards, "gaussian", 2, batch_size=5, num_workers=2):
            for part in (batch["frames"], batch["waveform"], batch["target"]):
                whole.update(part.numpy().tobytes())
            whole.update(repr(batch["key"]).encode())
    return whole.hexdigest()


def outcome(server: FaultServer, web: str, expected: str, cache: Path | None = None) -> str:
    size = None if cache is None else 1 << 20
    try:
        found = shown(web, Storage(limits=QUICK, cache_dir=cache, cache_size=size))
    except DataError as error:
        named = f"{server.url}/t/" in str(error) and "byte" in str(error)
        return str(error) if named else pytest.fail(f"no address or byte: {error}")
    assert found == expected
    return "right"


def mixed(seed: int, kinds: tuple[Kind, ...]) -> list[Fault | None]:
    drawn = random.Random(seed)
    chosen = [drawn.choice(kinds) if drawn.random() < 0.2 else None for _ in range(2000)]
    return [
        kind and Fault(kind, drawn.randrange(4000), drawn.choice((500, 503)), 0.001)
        for kind in chosen
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_each_fault_now_and_then(
    server: FaultServer, web: str, local: Path, tmp_path: Path, kind: Kind
) -> None:
    ends, expected = [], shown(local)
    for seed in range(4):
        server.forget()
        server.schedule = mixed(seed, (kind,)).__getitem__
        ends.append(outcome(server, web, expected, tmp_path if seed == 3 else None))
    if kind in ("drop", "status", "trickle", "truncated"):
        assert ends == ["right"] * 4


@pytest.mark.parametrize("seed", range(8))
def test_mixed_faults(server: FaultServer, web: str, local: Path, seed: int) -> None:
    expected = shown(local)
    server.schedule = mixed(seed, KINDS).__getitem__
    outcome(server, web, expected)


def test_a_manifest_with_one_wrong_bit(server: FaultServer, web: str) -> None:
    manifest = server.objects["/t/manifest.json"]
    server.objects["/t/manifest.json"] = manifest.replace(b"class1", b"class3")
    with pytest.raises(DataError, match=r"/t/manifest\.json: the SHA-256 of its bytes 0 to \d+"):
        ShardSet.open(web)
    unpinned = web.partition("#")[0]
    assert len(ShardSet.open(unpinned)) == CLIPS  # only who pins it can tell


def test_pins_that_are_none(server: FaultServer, web: str) -> None:
    unpinned, _, digest = web.partition("#sha256=")
    assert len(ShardSet.open(f"{unpinned}/manifest.json#sha256={digest}")) == CLIPS
    with pytest.raises(UsageError, match=r"#sha256=abc does not end in a SHA-256; give its 64 d"):
        ShardSet.open(f"{unpinned}#sha256=abc")
    with pytest.raises(UsageError, match="is a tar, which '#sha256=' does not pin; pin a manif"):
        ShardSet.open(f"{unpinned}/t-000000.tar#sha256={digest}")
    del server.objects["/t/manifest.json"]
    with pytest.raises(UsageError, match=r"^\S+/t/manifest\.json does not exist; give"):
        ShardSet.open(web)
