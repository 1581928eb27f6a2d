"""What a list, manifest, index or shard must not do: each is refused with a sentence."""

from __future__ import annotations

import io
import json
import re
import tarfile
from pathlib import Path

import pytest
from faultserver import FaultServer
from helpers.shards import clips, write_shards

from avrb_wds.errors import AvrbError, DataError, UsageError
from avrb_wds.shards import ShardIndex, ShardSet, decode_clip, scan_index
from avrb_wds.storage import Storage, StorageLimits, is_remote


@pytest.mark.parametrize(
    "source",
    [
        "pipe:touch ran; cat a.tar",
        "PIPE:touch ran",
        "file:///etc/passwd",
        "file:/etc/passwd",
        "ftp://host/a.tar",
        "gopher://host/a.tar",
        "exec://touch ran",
        ["a.tar", "pipe:touch ran"],
    ],
)
def test_sources_start_nothing(
    source: str | list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.tar").touch()
    with pytest.raises(
        UsageError, match=r"has scheme '\w+', which is not read; give a local path or"
    ):
        ShardSet.open(source)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "url",
    [
        "https://host/data/../../secret.tar",
        "s3://bucket/%2e%2e/a.tar",
        "s3://",
        "https:///a.tar",
        "https://[::1/a.tar",
        "hf://datasets/owner",
    ],
)
def test_addresses_that_lead_elsewhere(url: str) -> None:
    assert is_remote(url)
    fault = "leads out|names no bucket|is not an address"
    with pytest.raises(UsageError, match=rf"^'{re.escape(url)}' ({fault}).*; "):
        Storage().store.read(url)
    with pytest.raises(UsageError, match=rf"^'{re.escape(url)}' ({fault}).*; "):
        ShardSet.open(url)


NAMES = [
    "pipe:touch ran", "file:///etc/passwd", "/etc/passwd", "../a.tar", "a/b.tar", "..", "",
    "C:\\a.tar", "https://elsewhere/a.tar", "a\0.tar", ".hidden", 3, None,
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("field", ["file", "index"])
def test_names_in_a_manifest_stay_beside_it(
    server: FaultServer, tmp_path: Path, name: object, field: str
) -> None:
    folder = write_shards(tmp_path / "t", clips(2))
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["shards"][0][field] = name
    server.objects["/t/manifest.json"] = json.dumps(manifest).encode()
    with pytest.raises(DataError, match=rf"{server.url}/t/manifest\.json: shard 0: '{field}' is"):
        ShardSet.open(f"{server.url}/t")


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"[" * 200_000, "is not JSON"),
        (b'{"a":' * 200_000, "is not JSON"),
        (b"\x80\x04\x95pickle", "is not JSON"),
        (b'{"format":"avrb-wds/1"}', "lacks"),
        (
            b'{"format":"avrb-wds/9"}',
            "this version reads",
        ),
    ],
)
def test_broken_manifests(server: FaultServer, data: bytes, fault: str) -> None:
    server.objects["/t/manifest.json"] = data
    with pytest.raises(DataError, match=fault):
        ShardSet.open(f"{server.url}/t")


def test_a_huge_manifest_is_not_even_read(server: FaultServer) -> None:
    server.objects["/t/manifest.json"] = b" " * 3_000_000
    with pytest.raises(DataError, match=r"has 3000000 bytes; at most 1000 are read of a manifest"):
        ShardSet.open(f"{server.url}/t", Storage(limits=StorageLimits(max_metadata_bytes=1000)))
    assert server.sent < 10


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 200_000,
        b'["k",0,99223372036854775807,""]',
        b'["k",-1,512,""]',
        b'["k",0,0,""]',
        b'["k",0,1.5,""]',
        b'["k",0,512,"zz"]',
        b'["k",0,512]',
        b'{"k":1}',
        b"cos\nsystem\n(S'touch ran'\ntR.",
    ],
)
def test_broken_indexes(line: bytes) -> None:
    with pytest.raises(DataError, match=r"the index"):
        ShardIndex.from_bytes(line, "the index")


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


@pytest.mark.parametrize(
    "info",
    [
        entry("../k.json"),
        entry("a/../../k.json"),
        entry("/etc/k.json"),
        entry("k.json", tarfile.SYMTYPE, "/etc/passwd"),
        entry("k.json", tarfile.LNKTYPE, "other"),
        entry("k.json", tarfile.FIFOTYPE),
        entry("k.json", tarfile.CHRTYPE),
    ],
    ids=lambda info: f"{info.name}-{info.type!r}",
)
def test_members_that_lead_elsewhere(info: tarfile.TarInfo, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        tar.addfile(info)
    with pytest.raises(DataError, match="a link, a device or a name that leads elsewhere"):
        scan_index(tmp_path / "a.tar")
    data = (tmp_path / "a.tar").read_bytes()[:512]
    index = ShardIndex.from_bytes(b'["k",0,512,""]', "i")
    (tmp_path / "b.tar").write_bytes(data)
    with (
        ShardSet(Path(), None, [tmp_path / "b.tar"], {0: index}) as shards,
        pytest.raises(DataError, match=r"clip 'k' in shard .*b\.tar"),
    ):
        shards.read(0)


def test_a_member_larger_than_its_shard(tmp_path: Path) -> None:
    info = entry("k.json")
    info.size = 7 << 30
    (tmp_path / "a.tar").write_bytes(info.tobuf(tarfile.USTAR_FORMAT) + bytes(10240))
    with pytest.raises(DataError, match="cut off at byte"):
        scan_index(tmp_path / "a.tar")


@pytest.mark.parametrize("name", ["k.pth", "k.pkl", "k.pyd"])
def test_pickles_are_carried_and_never_opened(name: str, tmp_path: Path) -> None:
    bomb = b"cos\nsystem\n(S'touch ran'\ntR."
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        info = entry(name)
        info.size = len(bomb)
        tar.addfile(info, io.BytesIO(bomb))
    with ShardSet.open(tmp_path / "a.tar") as shards, pytest.raises(AvrbError, match="neither f"):
        decode_clip(shards.read(0))
    assert not (tmp_path / "ran").exists()
