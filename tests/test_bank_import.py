"""Imported banks: folders of many formats, and files that are refused by their names."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from helpers.banks import TONE, make_folder, picture, wave
from PIL import Image

import avrb_wds as avrb
from avrb_wds.banks.bank_import import import_bank
from avrb_wds.corruptions.bank import GROUPS, KINDS, Bank
from avrb_wds.errors import DataError, UsageError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "mine")


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
        (bad_sound(lambda p: p.write_bytes(b"")), "cannot be decoded"),
        (bad_sound(lambda p: p.write_text("a sound of rain")), "cannot be decoded"),
        (bad_sound(half_a_wave), "cannot be decoded"),
        (bad_sound(lambda p: wave(p, np.full(9, np.nan), kind="FLOAT")), "NaN or infinity"),
        (bad_sound(lambda p: wave(p, OPPOSITE)), "channels cancel each other"),
        (bad_sound(lambda p: p.mkdir()), "it is a folder"),
        (bad_picture("textures", Image.new("RGB", (9, 9), "white")), "all of it has one color"),
        (bad_picture("silhouettes", Image.new("RGB", (9, 9))), "shows nobody; give one whose"),
        (bad_picture("silhouettes", Image.new("RGBA", (9, 9))), "shows nobody; give one whose"),
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
    with pytest.raises(DataError, match=r"zzz\.jpg: the image cannot be decoded"):
        import_bank(folder, tmp_path / "out")


def test_a_folder_without_anything_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for source, out, message in (
        ("empty", "out", "holds no sounds or images for a bank"),
        ("nowhere", "out", "nowhere does not exist; give a folder of sounds or"),
        ("empty", "empty", "is a folder; name the file to write"),
        ("empty", "nowhere/out", "out cannot be written: folder .*nowhere does not exist; make"),
    ):
        with pytest.raises(UsageError, match=message):
            import_bank(tmp_path / source, tmp_path / out)


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
