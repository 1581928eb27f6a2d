"""Frames and waveforms through the public functions: shapes, seeds, modalities, bad input."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import golden
import numpy as np
import pytest

from avrb_wds.condition import CLEAN, Condition, conditions
from avrb_wds.corrupter import Corrupter, corrupt_frames, corrupt_waveform, corrupter_for
from avrb_wds.corruptions import available
from avrb_wds.errors import UsageError
from avrb_wds.settings import CorruptionSettings

FRAMES = np.stack([golden.make_frame(24, 32)] * 3)
WAVEFORM = golden.make_sound(2, 4000) / np.float32(32768)


def test_every_way_to_give_frames_gives_the_same() -> None:
    several = corrupt_frames(FRAMES, "gaussian", 3, key="clip")
    assert several.shape == FRAMES.shape
    assert several.dtype == np.uint8
    listed = corrupt_frames(list(FRAMES), "gaussian", 3, key="clip")
    assert isinstance(listed, list)
    assert np.array_equal(np.stack(listed), several)
    assert np.array_equal(corrupt_frames(FRAMES[0], "gaussian", 3, key="clip"), several[0])
    # Frames of one clip are alike here, and their noise is not.
    assert not np.array_equal(several[0], several[1])


def test_frames_of_a_list_may_differ_in_size_and_kind() -> None:
    frames = [FRAMES[0], FRAMES[0, :5, :, 0], np.dstack([FRAMES[0], FRAMES[0, :, :, 0]])]
    shapes = [frame.shape for frame in corrupt_frames(frames, "shot", 2)]
    assert shapes == [(24, 32, 3), (5, 32, 3), (24, 32, 3)]


def test_a_waveform_keeps_its_shape() -> None:
    two = corrupt_waveform(WAVEFORM, "gaussian", 3, sample_rate=16_000, key="clip")
    assert two.shape == WAVEFORM.shape
    assert two.dtype == np.float32
    assert np.array_equal(two * 32768, np.rint(two * 32768))
    one = corrupt_waveform(WAVEFORM[0], "gaussian", 3, sample_rate=16_000, key="clip")
    assert one.shape == (4000,)
    pcm = golden.make_sound(2, 4000)
    assert np.array_equal(corrupt_waveform(pcm, "gaussian", 3, sample_rate=16_000, key="clip"), two)


@pytest.mark.parametrize("change", [{"seed": 1}, {"key": "b"}, {"seed": -1}, {"seed": 1 << 70}])
def test_seed_and_key_change_the_draws(change: dict[str, Any]) -> None:
    base = {"seed": 0, "key": "a"}
    frames = [corrupt_frames(FRAMES, "impulse", 3, **fields) for fields in (base, base | change)]
    sounds = [
        corrupt_waveform(WAVEFORM, "impulse", 3, sample_rate=8000, **fields)
        for fields in (base, base | change)
    ]
    assert not np.array_equal(*frames)
    assert not np.array_equal(*sounds)


def test_one_modality_leaves_the_other_clean_and_its_own_draws_alone() -> None:
    frame, pcm = FRAMES[0], golden.make_sound(1, 500)
    both = Corrupter.of("speckle", 3)
    visual, audio = (Corrupter.of("speckle", 3, modality=m) for m in ("visual", "audio"))
    assert visual.pcm(pcm, "k", 8000) is pcm
    assert audio.frame(frame, "k", 0) is frame
    assert np.array_equal(visual.frame(frame, "k", 0), both.frame(frame, "k", 0))
    assert np.array_equal(audio.pcm(pcm, "k", 8000), both.pcm(pcm, "k", 8000))
    apart = Corrupter.of("speckle", (0, 3))
    assert (apart.visual, apart.audio) == (0, 3)


def test_frames_of_a_clip_may_share_one_draw() -> None:
    still = corrupt_frames(FRAMES, "gaussian", 3, key="k", temporal="clip")
    assert np.array_equal(still[0], still[2])
    assert np.array_equal(still[0], corrupt_frames(FRAMES, "gaussian", 3, key="k")[0])


def test_frames_may_be_corrupted_in_place() -> None:
    batch = FRAMES.copy()
    corrupter = Corrupter.of("interference", 4)
    assert np.array_equal(corrupter.frames(batch, "k", out=batch), corrupter.frames(FRAMES, "k"))


def test_a_corrupter_pickles() -> None:
    for name in available():
        corrupter = Corrupter.of(name, 2, seed=5, profile="reference")
        copy = pickle.loads(pickle.dumps(corrupter))
        assert copy == corrupter
        assert np.array_equal(copy.frame(FRAMES[0], "k", 1), corrupter.frame(FRAMES[0], "k", 1))


def test_clean_has_no_corrupter() -> None:
    assert corrupter_for(CLEAN, CorruptionSettings()) is None
    found = corrupter_for(Condition("shot", (0, 2)), CorruptionSettings())
    assert found == Corrupter.of("shot", 2, modality="audio")


def test_a_misspelled_setting_is_named() -> None:
    wrong: Any = {"sed": 1}
    allowed = "seed, modality, temporal, profile, bank"
    with pytest.raises(TypeError, match=f"'sed'; those of the corruptions are {allowed}$"):
        Corrupter.of("shot", 2, **wrong)


def test_conditions_are_clean_and_every_cell() -> None:
    every = conditions()
    assert every[0] == CLEAN
    assert len(every) == len(set(every)) == 1 + 5 * len(available())
    assert [Condition.parse(str(condition)) for condition in every] == list(every)
    assert [str(c) for c in conditions(["shot"], [(0, 3), 2], clean=False)] == [
        "shot-0+3",
        "shot-2",
    ]


@pytest.mark.parametrize("severity", [0, 6, -1, "3", True, 2.5, None, [3], float("nan"), 10**30])
def test_a_severity_that_is_none_is_named(severity: Any) -> None:
    expected = f"severity must be an integer from 1 to 5; got {severity!r}."
    for attempt in (
        lambda: corrupt_frames(FRAMES, "gaussian", severity),
        lambda: corrupt_waveform(WAVEFORM, "gaussian", severity, sample_rate=8000),
        lambda: Condition("gaussian", severity),
        lambda: conditions(["gaussian"], [severity]),
    ):
        with pytest.raises(UsageError) as error:
            attempt()
        assert str(error.value) == expected


@pytest.mark.parametrize("pair", [(), (1,), (1, 2, 3), (0, 0), (0, 6), (True, 2), ("1", 2)])
def test_a_pair_of_severities_that_is_none_is_named(pair: Any) -> None:
    with pytest.raises(
        UsageError, match=r"^severity (.* is neither a number nor a|must be an int)"
    ):
        Corrupter.of("gaussian", pair)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"corruption": "fog"}, "corruption 'fog' is not one of gaussian, impulse, "),
        ({"profile": "paper"}, "profile 'paper' is not one of default, reference."),
        ({"seed": 0.5}, "seed must be an integer; got 0.5."),
        ({"seed": "0"}, "seed must be an integer; got '0'."),
        ({"seed": True}, "seed must be an integer; got True."),
        ({"seed": None}, "seed must be an integer; got None."),
    ],
)
def test_an_argument_that_is_not_allowed_is_named(fields: dict[str, Any], message: str) -> None:
    arguments = {"corruption": "gaussian", "severity": 3} | fields
    with pytest.raises(UsageError) as error:
        corrupt_frames(FRAMES, **arguments)
    assert str(error.value).startswith(message)
    with pytest.raises(UsageError) as error:
        corrupt_waveform(WAVEFORM, sample_rate=8000, **arguments)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(("field", "allowed"), [("modality", "both, visual, audio"),
                                                ("temporal", "frame, clip")])  # fmt: skip
def test_a_choice_that_is_not_allowed_is_named(field: str, allowed: str) -> None:
    with pytest.raises(UsageError, match=rf"^{field} 'none' is not one of {allowed}\.$"):
        Corrupter.of("gaussian", 3, **{field: "none"})


@pytest.mark.parametrize("rate", [0, -8000, 44_100.0, "16000", None, float("nan"), True, 1 << 20])
def test_a_sample_rate_that_is_none_is_named(rate: Any) -> None:
    with pytest.raises(UsageError) as error:
        corrupt_waveform(WAVEFORM, "gaussian", 3, sample_rate=rate)
    assert str(error.value) == f"sample_rate must be an integer from 1 to 1048575; got {rate!r}."


@pytest.mark.parametrize("frames", [[], np.empty((0, 4, 4, 3), np.uint8)])
def test_no_frames_at_all_are_named(frames: Any) -> None:
    with pytest.raises(UsageError, match=r"^there are no frames to corrupt; give at least one\.$"):
        corrupt_frames(frames, "gaussian", 3)


@pytest.mark.parametrize("frames", [None, "x", np.zeros((4, 4, 3)), [np.zeros(3, np.uint8)]])
def test_what_are_no_frames_is_named(frames: Any) -> None:
    with pytest.raises(UsageError, match=r"^a frame of shape \([^\n]* is not an image; give uint8"):
        corrupt_frames(frames, "gaussian", 3)


@pytest.mark.parametrize(
    "text", ["", "rain", "gaussian-", "gaussian-6", "gaussian-1+", "-3", "clean-1"]
)
def test_a_text_that_is_no_condition_is_named(text: str) -> None:
    with pytest.raises(UsageError, match=r"^condition '.*' is neither 'clean' nor a corruption"):
        Condition.parse(text)


def test_a_frame_too_long_for_jpeg_is_named() -> None:
    with pytest.raises(UsageError, match=r"^a frame of 65501x1 does not fit a JPEG; give one of"):
        corrupt_frames(np.zeros((1, 65_501, 3), np.uint8), "compression", 1)


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint16, np.array])
def test_an_integer_of_numpy_is_one(kind: Any) -> None:
    def corrupted(number: Any) -> tuple[np.ndarray, np.ndarray]:
        return (
            corrupt_frames(FRAMES, "shot", number(3), seed=number(7)),
            corrupt_waveform(WAVEFORM, "shot", number(3), sample_rate=number(100), seed=number(7)),
        )

    for got, expected in zip(corrupted(kind), corrupted(int), strict=True):
        assert np.array_equal(got, expected)


def test_an_integer_too_long_to_print_is_named() -> None:
    with pytest.raises(UsageError, match=r"^seed must be a smaller integer; got 16610 bits\.$"):
        corrupt_frames(FRAMES, "shot", 3, seed=10**5000)


def test_a_key_may_be_a_path_or_bytes() -> None:
    expected = corrupt_frames(FRAMES, "shot", 3, key="a/b")
    for key in (Path("a/b"), b"a/b", np.str_("a/b")):
        assert np.array_equal(corrupt_frames(FRAMES, "shot", 3, key=key), expected)
    sounds = [
        corrupt_waveform(WAVEFORM, "shot", 3, sample_rate=8000, key=key) for key in (b"a", "a")
    ]
    assert np.array_equal(*sounds)
    numbers = [corrupt_frames(FRAMES, "shot", 3, key=key) for key in (7, np.int64(7), "7")]
    assert np.array_equal(*numbers[:2])
    assert not np.array_equal(*numbers[1:])


@pytest.mark.parametrize("key", [None, 0.5, True, ("a",)])
def test_a_key_that_is_none_is_named(key: Any) -> None:
    with pytest.raises(UsageError, match="a key that is no text, path or bytes must be an integer"):
        corrupt_frames(FRAMES, "shot", 3, key=key)
    with pytest.raises(UsageError, match="a key that is no text, path or bytes must be an integer"):
        corrupt_waveform(WAVEFORM, "shot", 3, sample_rate=8000, key=key)


def test_samples_in_the_first_axis_are_refused() -> None:
    turned = WAVEFORM.T  # as soundfile gives it
    with pytest.raises(
        UsageError, match=r"\(4000, 2\) would have 4000 channels of 2 samples; give"
    ):
        corrupt_waveform(turned, "rain", 3, sample_rate=8000)
    many = np.zeros((64, 5), np.int16)
    with pytest.raises(UsageError, match="64 channels of 5 samples"):
        corrupt_waveform(many, "rain", 3, sample_rate=8000)
    assert corrupt_waveform(many[:16], "rain", 3, sample_rate=8000).shape == (16, 5)
