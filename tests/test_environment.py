"""The environmental corruptions: what they promise, whatever the bank."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avrb_wds.corrupter import Corrupter, corrupt_frames, corrupt_waveform
from avrb_wds.corruptions import SEVERITIES, UsageError, get
from avrb_wds.corruptions._bankfile import KINDS, Item, write_bank
from avrb_wds.corruptions.bank import Bank

SHADES = (10, 60, 110, 160, 210, 250, 30)  # of the textures, so that each can be told
SOUND = 1000  # samples of the shorter sounds


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """Two sounds a kind, textures of one shade each, and silhouettes that fill their frame."""
    path = tmp_path_factory.mktemp("bank") / "small.avrbbank"
    rng = np.random.default_rng(0)
    sounds = [
        Item(kind, f"{length}", rng.integers(-9000, 9000, (1, length)).astype(np.int16), 16_000)
        for kind in KINDS
        for length in (SOUND, 40_000)
    ]
    textures = [
        Item("texture", f"{shade}", np.full((50, 70, 3), shade, np.uint8)) for shade in SHADES
    ]
    people = [
        Item("silhouette", f"{shade}", np.full((90, 30, 4), (shade, shade, shade, 255), np.uint8))
        for shade in (0, 90)
    ]
    write_bank(path, [*sounds, *textures, *people])
    return Bank.open(path)


def noise_of(pcm: np.ndarray, kind: str, key: str, bank: Bank, rate: int = 16_000) -> np.ndarray:
    out = Corrupter.of(kind, 5, bank=bank).pcm(pcm, key, rate)
    return out.astype(np.int32) - pcm


def sound(channels: int, samples: int) -> np.ndarray:
    return np.random.default_rng(1).integers(-3000, 3000, (channels, samples)).astype(np.int16)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_sounds_are_added_at_their_ratio(kind: str, rate: int, bank: Bank) -> None:
    pcm = sound(2, 20_000)
    for severity, decibels in zip(SEVERITIES, (20, 15, 10, 5, 0), strict=True):
        out = Corrupter.of(kind, severity, bank=bank).pcm(pcm, "clip", rate)
        power = [float((x.astype(np.float64) ** 2).sum()) for x in (pcm, out - pcm)]
        assert 10 * np.log10(power[0] / power[1]) == pytest.approx(decibels, abs=0.05)


def test_a_short_sound_is_repeated_and_of_a_long_one_the_head_is_taken(bank: Bank) -> None:
    pcm = np.full((1, 8_000), 4000, np.int16)
    periods = set()
    for key in "abcdefgh":
        noise = noise_of(pcm, "rain", key, bank)[0]
        repeated = np.array_equal(noise[:SOUND], noise[SOUND : 2 * SOUND])
        periods.add(repeated)
        taken = bank.sound("rain", 0 if repeated else 1, 16_000, 1)[0]
        assert np.corrcoef(np.resize(taken, 8_000), noise)[0, 1] > 0.9999
    assert periods == {True, False}


def test_every_channel_gets_the_sound(bank: Bank) -> None:
    noise = noise_of(np.repeat(sound(1, 5000), 6, axis=0), "crowd", "clip", bank)
    assert noise[0].any()
    assert (noise == noise[0]).all()


def test_a_kind_that_the_bank_lacks_is_named(tmp_path: Path) -> None:
    write_bank(tmp_path / "rain.avrbbank", [Item("rain", "a", sound(1, 100), 16_000)])
    with pytest.raises(UsageError, match="holds no snow"):
        corrupt_waveform(
            sound(1, 100), "snow", 1, sample_rate=16_000, bank=tmp_path / "rain.avrbbank"
        )


@pytest.mark.parametrize(("name", "group"), [("frost", "texture"), ("crowd", "silhouette")])
def test_pictures_that_the_bank_lacks_are_named(tmp_path: Path, name: str, group: str) -> None:
    write_bank(tmp_path / "rain.avrbbank", [Item("rain", "a", sound(1, 100), 16_000)])
    with pytest.raises(UsageError, match=f"holds no {group}"):
        corrupt_frames(np.zeros((4, 4, 3), np.uint8), name, 1, bank=tmp_path / "rain.avrbbank")


def test_frost_takes_every_texture_and_as_released_the_first_five(bank: Bank) -> None:
    black = np.zeros((1, 1, 3), np.uint8)
    for profile, count in (("default", len(SHADES)), ("reference", 5)):
        corrupter = Corrupter.of("frost", 1, bank=bank, profile=profile)
        seen = {int(corrupter.frame(black, f"{k}", 0).max()) for k in range(200)}
        assert seen == {shade * 40 // 100 for shade in SHADES[:count]}


def test_frost_enlarges_a_texture_that_is_too_small(tmp_path: Path) -> None:
    ramp = np.repeat(np.arange(0, 240, 4, dtype=np.uint8)[:, np.newaxis, np.newaxis], 40, axis=1)
    write_bank(tmp_path / "b", [Item("texture", "ramp", np.repeat(ramp, 3, axis=2))])
    bank = Bank.open(tmp_path / "b")
    for height, width in ((10, 10), (60, 40), (120, 20), (20, 200), (300, 300)):
        black = np.zeros((height, width, 3), np.uint8)
        out = corrupt_frames(black, "frost", 5, bank=bank).astype(int)
        assert np.ptp(out, axis=1).max() == 0  # rows keep one value
        steps = np.diff(out[:, 0, 0])
        assert (steps >= 0).all()
        assert steps.sum() == pytest.approx(
            3 * (height - 1) / max(height / 60, width / 40, 1), abs=8
        )


def test_a_silhouette_stands_anywhere_inside_the_frame(bank: Bank) -> None:
    white = np.full((40, 60, 3), 255, np.uint8)
    for severity in SEVERITIES:
        height, width = 4 * severity, 6 * severity
        corners, shades = set(), set()
        for k in range(400):
            out = corrupt_frames(white, "crowd", severity, key=f"{k}", bank=bank)
            rows, columns = np.nonzero(out[:, :, 0] < 255)
            assert (np.ptp(rows), np.ptp(columns)) == (height - 1, width - 1)
            assert len(rows) == height * width
            corners.add((rows.min(), columns.min()))
            shades.add(int(out.min()))
        tops, lefts = (set(place) for place in zip(*corners, strict=True))
        assert min(tops) == 0
        assert max(tops) == 40 - height
        assert min(lefts) == 0
        assert max(lefts) == 60 - width
        assert shades == {0, 90}


@pytest.mark.parametrize("name", ["snow", "rain"])
def test_what_falls_moves_in_one_direction_and_leaves_no_seam(name: str) -> None:
    black = np.zeros((8, 160, 120, 3), np.uint8)
    frames = corrupt_frames(black, name, 2, key="clip", temporal="clip")
    first, speed = frames[0], 160 / {"snow": 40, "rain": 8}[name]
    assert np.array_equal(first, corrupt_frames(black[0], name, 2, key="clip"))
    for time in (1, 3):
        # Far from the edges, where nothing new comes in, a later frame is an earlier one moved.
        middle = np.s_[70:110, 45:75]
        moves = [
            (down, right)
            for down in range(0, 70)
            for right in range(-44, 45)
            if np.array_equal(
                frames[time][middle], first[70 - down : 110 - down, 45 - right : 75 - right]
            )
        ]
        assert len(moves) == 1
        down, right = moves[0]
        assert np.hypot(down, right) == pytest.approx(time * speed, abs=2)
        assert down > 0
    # Rows where the layer would have been cut and joined are no rougher than others.
    rough = np.abs(np.diff(frames.astype(int), axis=1)).mean(axis=(2, 3))
    assert rough.max() < 4 * np.median(rough)


def test_smoke_drifts() -> None:
    gray = np.full((5, 80, 120, 3), 100, np.uint8)
    frames = corrupt_frames(gray, "smoke", 1, key="clip", temporal="clip")
    inner = np.s_[10:60, 30:100]
    for time in range(5):
        down, right = -(time * 80 // 80), time * 120 // 40
        moved = np.roll(frames[0], (down, right), axis=(0, 1))
        assert np.array_equal(frames[time][inner], moved[inner])


@pytest.mark.parametrize("name", ["frost", "spatter", "wind", "crowd"])
def test_the_rest_stays_where_it_is(name: str, bank: Bank) -> None:
    frame = np.random.default_rng(2).integers(0, 256, (40, 60, 3), np.uint8)
    frames = corrupt_frames(np.stack([frame] * 5), name, 3, temporal="clip", bank=bank)
    assert (frames == frames[0]).all()
    drawn_again = corrupt_frames(np.stack([frame] * 5), name, 3, bank=bank)
    assert (drawn_again != drawn_again[0]).any()


def test_black_stays_black_in_smoke_and_turns_gray_in_a_concert() -> None:
    black = np.zeros((9, 9, 3), np.uint8)
    assert not corrupt_frames(black, "smoke", 5).any()
    assert (corrupt_frames(black, "concert", 3) == 76).all()  # .3 of 255


def test_a_concert_keeps_hue_and_saturation() -> None:
    frame = np.array([[[200, 100, 50], [12, 24, 6], [255, 0, 0]]], np.uint8)
    out = corrupt_frames(frame, "concert", 2)
    assert out.tolist() == [[[251, 125, 62], [37, 75, 18], [255, 0, 0]]]


def test_under_water_one_colour_is_dimmed_and_as_released_the_other() -> None:
    gray = np.full((20, 20, 3), 200, np.uint8)
    sea = corrupt_frames(gray, "underwater", 3)[0, 0]
    # (200, 200, 200) -> red halved -> contrast .7 -> .85 of it and .15 of 60
    assert sea.tolist() == [69, 128, 128]
    assert corrupt_frames(gray, "underwater", 3, profile="reference")[0, 0].tolist() == [
        69,
        128,
        128,
    ]
    blue = np.full((20, 20, 3), (0, 0, 200), np.uint8)
    assert corrupt_frames(blue, "underwater", 3)[0, 0].tolist() == [9, 9, 128]
    assert corrupt_frames(blue, "underwater", 3, profile="reference")[0, 0].tolist() == [69, 9, 9]


def test_spatter_without_a_drop_leaves_the_frame() -> None:
    frame = np.full((3, 3, 3), 50, np.uint8)
    outs = [corrupt_frames(frame, "spatter", 1, key=f"{k}") for k in range(30)]
    assert any(np.array_equal(out, frame) for out in outs)


def test_released_kernels_stand_in_only_where_the_code_differs() -> None:
    differ = {n for n in KINDS if get(n).visual != get(n).kernel("visual", "reference")}
    assert differ == {"frost", "underwater"}
    assert all(get(n).audio == get(n).kernel("audio", "reference") for n in KINDS)
