"""Banks: the one that comes with the package, what a bank promises, its commands and its page."""

from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from helpers.banks import make_folder, picture, wave
from helpers.cli import run_avrb

from avrb_wds.banks.bank_import import import_bank
from avrb_wds.banks.bank_page import write_bank_page
from avrb_wds.corruptions.bank import ASSETS, GROUPS, KINDS, Bank, Item, write_bank
from avrb_wds.errors import UsageError
from avrb_wds.tools.synth.build import FILES, make

# Changes on purpose only: it stands in the receipts of what people have published.
BUILT_IN = "b6419429283150d5081d74c9acf78a49b21a11b70d7beab1e2fd71db242161dd"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "mine")


def test_the_built_in_bank_never_changes() -> None:
    assert Bank.builtin().digest == BUILT_IN


def test_the_built_in_bank_holds_what_the_corruptions_need() -> None:
    bank = Bank.builtin()
    for kind in KINDS:
        assert bank.count(kind) >= 6
        for entry, item in zip(bank.entries(kind), bank.items(kind), strict=True):
            assert entry.shape[1] >= 10 * entry.sample_rate
            assert entry.sample_rate >= 16_000
            seconds = item.data.reshape(-1, entry.sample_rate // 2)
            assert (np.abs(seconds.astype(np.int32)).max(axis=1) > 0).mean() > 0.9
            assert np.abs(item.data.astype(np.int32)).max() < 32768
    textures = [bank.texture(index) for index in range(bank.count("texture"))]
    people = [bank.silhouette(index) for index in range(bank.count("silhouette"))]
    assert min(len(textures), len(people)) >= 6
    assert all(t.shape[0] >= 480 and t.shape[1] >= 640 for t in textures)
    for person in people:
        opaque = person[..., 3] == 255
        assert 0.2 < opaque.mean() < 0.8
        assert not person[opaque][:, :3].any()
        assert person.shape[0] == pytest.approx(1350, rel=0.1)
    assert sum(path.stat().st_size for path in ASSETS.iterdir()) < 25_000_000


def test_every_item_of_the_built_in_bank_is_another() -> None:
    bank = Bank.builtin()
    sums = [entry.sha256 for group in GROUPS for entry in bank.entries(group)]
    assert len(set(sums)) == len(sums)
    names = [(group, entry.name) for group in GROUPS for entry in bank.entries(group)]
    assert sorted(names) == sorted(item for items in FILES.values() for item in items)


@pytest.mark.parametrize(("group", "name"), [("spatter", "dripping tap"), ("silhouette", None)])
def test_a_recipe_gives_the_same_whenever_it_is_run(group: str, name: str | None) -> None:
    name = name or FILES[group][0][1]
    first, second = make(group, name), make(group, name)
    assert np.array_equal(first.data, second.data)
    assert (first.group, first.name) == (group, name)


def test_the_digest_is_that_of_the_contents(tmp_path: Path) -> None:
    def digest(*items: Item) -> str:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        write_bank(path, items)
        return Bank.open(path).digest

    a, b = (np.full((1, 50), value, np.int16) for value in (3, 4))
    one, two = Item("rain", "one", a, 8000), Item("rain", "two", b, 8000)
    known = digest(one, two)
    assert digest(Item("rain", "renamed", a, 8000), two) == known
    others = [
        digest(two, one),
        digest(one),
        digest(Item("rain", "one", a, 8001), two),
        digest(Item("rain", "one", a.reshape(2, 25), 8000), two),
        digest(one, Item("wind", "two", b, 8000)),
    ]
    assert len({known, *others}) == 6


def test_a_bank_pickles_as_its_path_and_digest(folder: Path, tmp_path: Path) -> None:
    bank = import_bank(folder, tmp_path / "bank")
    packed = pickle.dumps(bank)
    assert len(packed) < 1000
    assert pickle.loads(packed) == bank
    assert pickle.loads(pickle.dumps(Bank.builtin())) is Bank.builtin()
    (folder / "rain/a.flac").unlink()
    import_bank(folder, tmp_path / "bank")
    with pytest.raises(UsageError, match="has other contents here than where it was sent from"):
        pickle.loads(packed)


def test_a_damaged_bank_is_known_by_its_member(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "bank"
    import_bank(folder, file)
    data = bytearray(file.read_bytes())
    with zipfile.ZipFile(file) as archive:
        inside = archive.getinfo("wind/000.xz")
    data[inside.header_offset + inside.compress_size // 2 + 40] ^= 1
    (tmp_path / "damaged").write_bytes(data)
    bank = Bank.open(tmp_path / "damaged")
    bank.sound("rain", 0, 8_000, 1)
    with pytest.raises(UsageError, match=r"is damaged at wind/000\.xz"):
        bank.sound("wind", 0, 8_000, 1)
    for content in (b"", b"PK", file.read_bytes()[:-30]):
        (tmp_path / "none").write_bytes(content)
        with pytest.raises(UsageError, match="is not a bank of this version"):
            Bank.open(tmp_path / "none")
    with zipfile.ZipFile(tmp_path / "zip", "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(UsageError, match=r"zip is not a bank of this version: it holds no bank\.j"):
        Bank.open(tmp_path / "zip")
    with pytest.raises(UsageError, match=r"^bank .*nowhere does not exist; make one with"):
        Bank.open(tmp_path / "nowhere")


def test_a_manifest_can_not_claim_what_would_fill_the_memory(tmp_path: Path) -> None:
    write_bank(tmp_path / "good", [Item("rain", "a", np.ones((1, 9), np.int16), 8000)])
    with zipfile.ZipFile(tmp_path / "good") as archive:
        manifest, coded = json.loads(archive.read("bank.json")), archive.read("rain/000.xz")
    manifest["groups"]["rain"][0]["shape"] = [1, 1 << 40]
    with zipfile.ZipFile(tmp_path / "huge", "w") as archive:
        archive.writestr("rain/000.xz", coded)
        archive.writestr("bank.json", json.dumps(manifest))
    with pytest.raises(UsageError, match="is not a bank of this version"):
        Bank.open(tmp_path / "huge")


def test_the_commands(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.avrbbank"
    done = run_avrb("bank", "import", folder, out)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"digest      {Bank.open(out).digest}" in done.stdout
    assert run_avrb("bank", "info", out).stdout == done.stdout
    wave(folder / "crowd/quiet.wav", np.zeros(100))
    refused = run_avrb("bank", "import", folder, out)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"avrb: {folder / 'crowd/quiet.wav'}: the sound is silent")
    assert refused.stderr.count("\n") == 1
    assert run_avrb("bank", "info", folder).returncode == 2


def test_the_page_shows_and_plays_every_item(folder: Path, tmp_path: Path) -> None:
    picture(folder / "textures/<b>.png")
    bank = import_bank(folder, tmp_path / "bank")
    write_bank_page(bank, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert page.count("<audio ") == sum(bank.count(kind) for kind in KINDS)
    assert page.count("<img ") == sum(bank.count(group) for group in GROUPS)
    assert bank.digest in page
    assert "&lt;b&gt;.png: 16x12" in page
    assert "<b>" not in page
