"""Banks of unknown origin: a zip that lies is refused in a sentence, before memory is taken."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avrb_wds.banks.bank_page import write_bank_page
from avrb_wds.corruptions.bank import Bank, Item, write_bank
from avrb_wds.corruptions.resampling import resample
from avrb_wds.errors import UsageError

SOUND = Item("rain", "a.wav", np.arange(60, dtype=np.int16).reshape(2, 30), 8000)
TEXTURE = Item("texture", "t.png", np.arange(60, dtype=np.uint8).reshape(4, 5, 3))


def rewritten(path: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """A bank of a sound and a texture, each member of which went through `change`."""
    good = io.BytesIO()
    write_bank(good, [SOUND, TEXTURE])
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name), change(name, old.read(name)))
    return path


def claiming(path: Path, **fields: Any) -> Path:
    def change(name: str, data: bytes) -> bytes:
        if name != "bank.json":
            return data
        manifest = json.loads(data)
        manifest["groups"]["rain"][0].update(fields)
        return json.dumps(manifest).encode()

    return rewritten(path, change)


@pytest.mark.parametrize(
    "fields",
    [
        {"sample_rate": True}, {"sample_rate": 0}, {"sample_rate": 8000.0}, {"sample_rate": "8000"},
        {"sample_rate": 10**400}, {"name": 5}, {"name": None}, {"name": "a" * 100_000},
        {"sha256": 7}, {"shape": [True, 60]}, {"shape": [2, 30.0]}, {"shape": [2**40, 1]},
        {"shape": "ab"}, {"shape": None}, {"order": True}, {"order": 1.0}, {"order": [1]},
        {"more": 1},
    ],
)  # fmt: skip
def test_a_manifest_that_claims_what_cannot_be(tmp_path: Path, fields: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="is not a bank of this version") as error:
        Bank.open(claiming(tmp_path / "b", **fields))
    assert len(str(error.value)) < 1000


@pytest.mark.parametrize("rate", [1, 5, 10**9, 10**30])
def test_a_rate_that_no_sound_can_be_brought_from(tmp_path: Path, rate: int) -> None:
    bank = Bank.open(claiming(tmp_path / "b", sample_rate=rate))
    with pytest.raises(UsageError, match="to 48000 Hz; give rates that are not more than 8192"):
        bank.sound("rain", 0, 48_000, 1)


def test_a_rate_that_would_fill_the_memory(tmp_path: Path) -> None:
    bank = Bank.open(claiming(tmp_path / "b", sample_rate=10, shape=[1, 1 << 27]))
    with pytest.raises(UsageError, match="is too long to be brought from 10 to 48000 Hz; cut it"):
        bank.sound("rain", 0, 48_000, 1)


@pytest.mark.parametrize(("rate", "new_rate"), [(1, 8193), (100_000, 3)])
def test_rates_too_far_apart_are_refused(rate: int, new_rate: int) -> None:
    with pytest.raises(UsageError, match=f"of {rate} Hz cannot be resampled to {new_rate} Hz"):
        resample(SOUND.data, rate, new_rate)


def chunk(name: bytes, data: bytes) -> bytes:
    body = name + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def announces(png: bytes, width: int, height: int) -> bytes:
    return (
        png[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + png[33:]
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda png: announces(png, 60_000, 60_000),
        lambda png: announces(png, 10_000, 10_000),
        lambda png: announces(png, 0, 0),
        lambda png: announces(png, 5, 5),
        lambda png: png[:50],
        lambda png: png[:33] + chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(1 << 26))) + png[33:],
        lambda png: png[:33] + chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 26))) + png[33:],
        lambda png: png.replace(b"IDAT", b"IDAX"),
        lambda png: b"",
        lambda png: b"GIF89a" + png,
    ],
)
def test_a_picture_that_is_another(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    bank = Bank.open(
        rewritten(tmp_path / "b", lambda name, data: change(data) if "png" in name else data)
    )
    with pytest.raises(UsageError, match=r"is damaged at texture/000\.png: .*; make it again"):
        bank.texture(0)


def test_a_member_that_claims_more_than_the_file_has(tmp_path: Path) -> None:
    path = rewritten(tmp_path / "b", lambda name, data: data)
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("rain/000.xz")
    claim, lie = struct.pack("<II", info.compress_size, info.file_size), b"\0\0\0\x10" * 2
    path.write_bytes(path.read_bytes().replace(claim, lie))
    with pytest.raises(UsageError, match=r"is damaged at rain/000\.xz: .* is too large"):
        Bank.open(path).sound("rain", 0, 8000, 2)


def test_what_is_no_file_is_no_bank(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero"), tmp_path / ("a" * 300)):
        with pytest.raises(UsageError, match="is not a bank of this version: "):
            Bank.open(path)
    with pytest.raises(UsageError, match="make one with"):
        Bank.open(tmp_path / "a\0b")


def test_the_page_of_names_that_are_no_text(tmp_path: Path) -> None:
    bank = Bank.open(claiming(tmp_path / "b", name="caf\udce9<b>"))
    write_bank_page(bank, tmp_path / "page.html")
    assert "caf\\udce9&lt;b&gt;" in (tmp_path / "page.html").read_text(encoding="utf-8")
