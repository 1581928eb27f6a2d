"""What counts as frames and as a waveform, and one sentence for what does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from avrb_wds.errors import UsageError
from avrb_wds.signals import to_pcm, to_rgb, to_waveform

RGB = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)


def test_rgb_is_returned_as_it_is() -> None:
    assert np.shares_memory(to_rgb(RGB), RGB)


@pytest.mark.parametrize("gray", [RGB[:, :, 0], RGB[:, :, :1]], ids=["(h, w)", "(h, w, 1)"])
def test_gray_is_repeated(gray: np.ndarray) -> None:
    assert np.array_equal(to_rgb(gray), np.dstack([RGB[:, :, 0]] * 3))


def test_alpha_is_dropped() -> None:
    assert np.array_equal(to_rgb(np.dstack([RGB, RGB[:, :, 0]])), RGB)


@pytest.mark.parametrize(
    "frame",
    [
        np.zeros((2, 4, 3), np.float32), np.zeros((2, 4, 3), np.int16),
        np.zeros((2, 4, 2), np.uint8), np.zeros((2, 4, 5), np.uint8),
        np.zeros((0, 4, 3), np.uint8), np.zeros((2, 0), np.uint8),
        np.zeros((1, 2, 4, 3), np.uint8), np.zeros(3, np.uint8), np.uint8(3), None, "frame",
    ],
    ids=lambda frame: f"{getattr(frame, 'shape', frame)} {getattr(frame, 'dtype', '')}",
)  # fmt: skip
def test_what_is_no_image_is_named(frame: Any) -> None:
    with pytest.raises(UsageError) as error:
        to_rgb(frame)
    shape, dtype = np.shape(frame), np.asarray(frame).dtype
    assert str(error.value) == (
        f"a frame of shape {shape} and dtype {dtype} is not an image; "
        f"give uint8 of shape (h, w, 3), (h, w, 4), (h, w, 1) or (h, w)."
    )


@given(npst.arrays(np.int16, npst.array_shapes(min_dims=2, max_dims=2)))
def test_sixteen_bits_survive_the_way_to_float_and_back(pcm: np.ndarray) -> None:
    waveform = to_waveform(pcm)
    assert waveform.dtype == np.float32
    assert np.array_equal(to_pcm(waveform), pcm)
    assert np.array_equal(to_pcm(waveform.astype(np.float64)), pcm)


@given(st.floats(-1, 1, width=32))
def test_samples_go_to_the_nearest_step(sample: float) -> None:
    step = int(to_pcm(np.array([sample], np.float32))[0, 0])
    assert abs(step / 32768 - min(sample, 32767 / 32768)) <= 0.5 / 32768


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.array([-1.0, 1.0, 0.0]), [[-32768, 32767, 0]]),
        (np.array([[0.5], [-0.25]], np.float32), [[16384], [-8192]]),
        (np.array([0.5, 1.5, 2.5]) / 32768, [[0, 2, 2]]),  # half-way: to the even step
        (np.array([0.125], np.float16), [[4096]]),
        (np.array([3, -4], np.int16), [[3, -4]]),
        (np.array([3, -4], ">i2"), [[3, -4]]),
    ],
)
def test_the_grid_of_sixteen_bits(samples: np.ndarray, expected: list[list[int]]) -> None:
    pcm = to_pcm(samples)
    assert pcm.dtype == np.int16
    assert pcm.tolist() == expected


@pytest.mark.parametrize(
    ("waveform", "message"),
    [
        (np.array([0.0, np.nan]), "the waveform holds NaN or infinity; give"),
        (np.array([0.0, np.inf]), "the waveform holds NaN or infinity; give"),
        (np.array([0.0, -np.inf], np.float32), "the waveform holds NaN or infinity; give"),
        (np.array([0.0, -1.5], np.float32), r"the waveform peaks at 1\.5; give samples in"),
        (np.array([0.0, 1.0000001], np.float32), r"the waveform peaks at 1\.0000001; give samp"),
        (np.zeros(4, np.int32), "a waveform of int32 has no agreed scale; give float32 or int16"),
        (np.zeros(4, np.int8), "a waveform of int8 has no agreed scale; give float32 or int16"),
        (np.zeros(4, np.uint8), "a waveform of uint8 has no agreed scale; give float32 or int16"),
        (
            np.float32([0, 9000]),
            "the waveform peaks at 9000.0; give .*, or 16-bit numbers as int16",
        ),
        (
            np.zeros((16_000, 2)),
            r"a waveform of shape \(16000, 2\) would have 16000 channels of 2 s",
        ),
        (np.zeros((17, 1), np.int16), r"a waveform of .* transposed"),
        (object(), "a waveform of shape"),
        ([[0.5], [0.5, 0.5]], "a waveform of type list is not an array: "),
        (np.zeros(4, np.complex64), r"a waveform of shape \(4,\) and dtype complex64 is not a"),
        (np.zeros((1, 2, 3), np.float32), r"a waveform of shape \(1, 2, 3\) and dtype float32"),
        (np.zeros((2, 0), np.float32), r"a waveform of shape \(2, 0\) and dtype float32 is not"),
        (np.zeros((0, 9), np.int16), r"a waveform of shape \(0, 9\) and dtype int16 is not aud"),
        (np.float32(0.5), r"a waveform of shape \(\) and dtype float32 is not audio; give"),
        (None, r"a waveform of shape \(\) and dtype object is not audio; give float32 or"),
    ],
)
def test_what_is_no_sound_is_named(waveform: Any, message: str) -> None:
    with pytest.raises(UsageError, match=rf"^{message}[^\n]*\.$"):
        to_pcm(waveform)


def test_a_waveform_is_written_where_it_is_wanted() -> None:
    batch = np.ones((2, 1, 3), np.float32)
    to_waveform(np.array([[0, 16384, -32768]], np.int16), out=batch[1])
    assert batch.tolist() == [[[1, 1, 1]], [[0, 0.5, -1]]]
