"""Banks: the one that comes with the package, imported ones, and what an import refuses."""

from __future__ import annotations

import io
import json
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

import avrb_wds as avrb
from avrb_wds.corruptions.bank import ASSETS, GROUPS, KINDS, Bank, Item, write_bank
from avrb_wds.errors import DataError, UsageError
from avrb_wds.packing.banks import import_bank
from avrb_wds.reports.bankpage import write_bank_page
from avrb_wds.tools.synth.build import FILES, make

# Changes on purpose only: it stands in the receipts of what people have published.
BUILT_IN = "9d2bf6dc6e24d650e940f93e7dcf4e4b06f5b0a9d8e81aa86b0bb971fdca6e4e"
TONE = np.rint(9000 * np.sin(np.arange(800) / 5)) / 32768


def wave(path: Path, sound: np.ndarray = TONE, rate: int = 16_000, kind: str = "PCM_16") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound, rate, subtype=kind)
    return path


def picture(path: Path, mode: str = "RGB") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(0).integers(0, 256, (12, 16, 4), np.uint8)
    Image.fromarray(pixels).convert(mode).save(path)
    return path


def avrb_bank(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "avrb_wds.tools.cli", "bank", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True)


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
    textures, people = bank.textures(), bank.silhouettes()
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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Plain folders of a user's own, in several formats, rates, depths and channel counts."""
    source = tmp_path / "mine"
    wave(source / "rain/b.wav", np.stack([TONE, -TONE / 2], axis=1), 44_100, "PCM_24")
    wave(source / "rain/a.flac", TONE, 8_000)
    wave(source / "wind/c.wav", np.stack([TONE] * 6, axis=1), 96_000, "FLOAT")
    wave(source / "snow/d.wav", TONE, 11_025, "PCM_U8")
    (source / "rain/notes.txt").write_text("not a sound")
    (source / "rain/.hidden.wav").write_bytes(b"")
    picture(source / "textures/ice.png")
    picture(source / "silhouettes/me.png", "RGBA")
    return source


def test_plain_folders_are_imported(folder: Path, tmp_path: Path) -> None:
    bank = import_bank(folder, tmp_path / "mine.avrbbank")
    assert [entry.name for entry in bank.entries("rain")] == ["a.flac", "b.wav"]
    assert [entry.sample_rate for entry in bank.entries("rain")] == [8_000, 44_100]
    assert bank.entries("rain")[1].shape == (2, 800)
    assert bank.entries("wind")[0].shape == (6, 800)
    assert {group for group in GROUPS if bank.count(group)} == {
        "rain", "wind", "snow", "texture", "silhouette",
    }  # fmt: skip
    assert np.abs(bank.sound("rain", 0, 8_000, 1)[0] - TONE * 32768).max() <= 1
    assert bank.sound("wind", 0, 16_000, 2).shape == (2, 134)


def test_an_import_gives_the_same_bytes_again(folder: Path, tmp_path: Path) -> None:
    files = [tmp_path / "one", tmp_path / "two"]
    banks = [import_bank(folder, file) for file in files]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert banks[0] == banks[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "one", "two"]


def test_what_a_folder_lacks_is_filled_on_request(folder: Path, tmp_path: Path) -> None:
    for kind in KINDS:
        if kind != "underwater":
            wave(folder / kind / "more.wav")
    assert not import_bank(folder, tmp_path / "bare").count("underwater")
    filled = import_bank(folder, tmp_path / "filled", fill=True)
    assert filled.count("rain") == 3
    own, built_in = filled.entries("underwater"), Bank.builtin().entries("underwater")
    assert [entry.sha256 for entry in own] == [entry.sha256 for entry in built_in]


def test_corruptions_take_what_was_imported(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.avrbbank"
    bank = import_bank(folder, file)
    waveform = np.tile(TONE, 4).astype(np.float32)
    outs = [
        avrb.corrupt_waveform(waveform, "rain", 5, sample_rate=16_000, key="k", bank=chosen)
        for chosen in (bank, file, str(file), None)
    ]
    assert all(np.array_equal(outs[0], out) for out in outs[:3])
    assert not np.array_equal(outs[0], outs[3])


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


def bad_sound(write: Callable[[Path], object]) -> Callable[[Path], Path]:
    def place(folder: Path) -> Path:
        path = folder / "rain/bad.wav"
        write(path)
        return path

    return place


def bad_picture(folder_name: str, image: Image.Image) -> Callable[[Path], Path]:
    def place(folder: Path) -> Path:
        path = folder / folder_name / "bad.png"
        image.save(path)
        return path

    return place


def half_a_wave(path: Path) -> None:
    coded = io.BytesIO()
    soundfile.write(coded, TONE, 16_000, format="FLAC")
    path.write_bytes(coded.getvalue()[:60])


OPPOSITE = np.stack([TONE, -TONE], axis=1)


@pytest.mark.parametrize(
    ("place", "cause"),
    [
        (bad_sound(lambda p: wave(p, np.zeros(400))), "is silent"),
        (bad_sound(lambda p: wave(p, np.zeros(0))), "the sound is empty"),
        (bad_sound(lambda p: p.write_bytes(b"")), "does not decode"),
        (bad_sound(lambda p: p.write_text("a sound of rain")), "does not decode"),
        (bad_sound(half_a_wave), "does not decode"),
        (bad_sound(lambda p: wave(p, np.full(9, np.nan), kind="FLOAT")), "NaN or infinity"),
        (bad_sound(lambda p: wave(p, OPPOSITE)), "channels cancel each other"),
        (bad_sound(lambda p: p.mkdir()), "does not open"),
        (bad_picture("textures", Image.new("RGB", (9, 9), "white")), "all of it has one colour"),
        (bad_picture("silhouettes", Image.new("RGB", (9, 9))), "needs an alpha channel"),
        (bad_picture("silhouettes", Image.new("RGBA", (9, 9))), "needs an alpha channel"),
    ],
)
def test_a_bad_file_is_refused_by_its_name(
    place: Callable[[Path], Path], cause: str, folder: Path, tmp_path: Path
) -> None:
    path, out = place(folder), tmp_path / "mine.avrbbank"
    with pytest.raises(DataError) as error:
        import_bank(folder, out)
    assert str(error.value).startswith(str(path))
    assert cause in str(error.value)
    assert "\n" not in str(error.value)
    assert [found.name for found in tmp_path.iterdir()] == ["mine"]


def test_a_picture_that_is_none_is_refused_by_its_name(folder: Path, tmp_path: Path) -> None:
    bad = folder / "textures/zzz.jpg"
    bad.write_bytes(picture(tmp_path / "whole.jpg").read_bytes()[:200])
    with pytest.raises(DataError, match=r"zzz\.jpg: the picture does not decode"):
        import_bank(folder, tmp_path / "out")


def test_a_folder_without_anything_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for source, out, message in (
        ("empty", "out", "holds no sounds or pictures for a bank"),
        ("nowhere", "out", "is not a folder"),
        ("empty", "empty", "can't be written"),
        ("empty", "nowhere/out", "can't be written"),
    ):
        with pytest.raises(UsageError, match=message):
            import_bank(tmp_path / source, tmp_path / out)


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
    with pytest.raises(UsageError, match="there is no bank"):
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
    done = avrb_bank("import", folder, out)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"digest      {Bank.open(out).digest}" in done.stdout
    assert avrb_bank("info", out).stdout == done.stdout
    wave(folder / "crowd/quiet.wav", np.zeros(100))
    refused = avrb_bank("import", folder, out)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"avrb: {folder / 'crowd/quiet.wav'}: the sound is silent")
    assert refused.stderr.count("\n") == 1
    assert avrb_bank("info", folder).returncode == 2


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


@pytest.mark.media
def test_the_released_layout_is_imported(media: Path, tmp_path: Path) -> None:
    # One sound a kind: storing all of them takes long.
    whole, part = media / "bank/avrobustbench", tmp_path / "part"
    sounds = [sorted(kind.iterdir())[0] for kind in (whole / "audio_corruptions").iterdir()]
    pictures = [whole / "visual_corruptions" / name for name in ("frost2.png", "frost4.jpg")]
    for path in [*sounds, *pictures, whole / "visual_corruptions/crowd_image/crowd1.png"]:
        link = part / path.relative_to(whole)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
    bank = import_bank(part, tmp_path / "released")
    assert all(bank.count(kind) == 1 for kind in KINDS)
    assert [entry.name for entry in bank.entries("texture")] == ["frost2.png", "frost4.jpg"]
    assert bank.count("silhouette") == 1
    first = next(bank.items("smoke"))
    path = whole / "audio_corruptions/crackling_fire_and_siren" / first.name
    expected, rate = soundfile.read(path, dtype="int16", always_2d=True)
    assert np.array_equal(first.data, expected.T)
    assert first.sample_rate == rate
