"""What each of the digital corruptions and interference does, beyond the laws for all."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import golden
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import signal

from avrb_wds.corrupter import Corrupter
from avrb_wds.corruptions import SEVERITIES, Draw, get
from avrb_wds.corruptions._snr import add_at_snr

GRAY = np.full((64, 64, 3), 128, np.uint8)
SNR = dict(zip(SEVERITIES, (40, 30, 20, 10, 0), strict=True))
NOISES = ("gaussian", "impulse", "shot", "speckle")


def visual(name: str, frame: np.ndarray, severity: int, number: int = 0) -> np.ndarray:
    return Corrupter.of(name, severity).frame(frame, "clip", number)


def audio(name: str, pcm: np.ndarray, severity: int, rate: int = 16_000, **options: Any) -> Any:
    return Corrupter.of(name, severity, **options).pcm(pcm, "clip", rate)


def decibels(clean: np.ndarray, noisy: np.ndarray) -> float:
    x, error = clean.astype(float), noisy - clean.astype(float)
    return float(10 * np.log10(np.sum(x * x) / np.sum(error * error)))


@pytest.mark.parametrize("name", NOISES)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_noise_has_its_snr_in_every_channel(name: str, severity: int) -> None:
    pcm = golden.make_sound(3, 50_000) // np.int16([[8], [9], [12]])  # far from clipping
    out = audio(name, pcm, severity)
    for clean, noisy in zip(pcm, out, strict=True):
        # A few steps of 16 bits are all that is left of the mildest noise.
        assert decibels(clean, noisy) == pytest.approx(SNR[severity], abs=0.15)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_the_released_gaussian_takes_the_severity_for_decibels(severity: int) -> None:
    pcm = golden.make_sound(1, 50_000) // np.int16(8)
    out = audio("gaussian", pcm, severity, profile="reference")
    assert decibels(pcm, out) == pytest.approx(severity, abs=0.05)


@pytest.mark.parametrize("name", NOISES)
def test_severities_and_profiles_scale_the_same_noise(name: str) -> None:
    pcm = golden.make_sound(1, 20_000) // np.int16(8)
    mildest = (audio(name, pcm, 3) - pcm).astype(float)
    for options in ({"severity": 4}, {"severity": 5}, {"severity": 3, "profile": "reference"}):
        noise = (audio(name, pcm, **options) - pcm).astype(float)
        assert np.corrcoef(mildest, noise)[0, 1] > 0.999


@settings(max_examples=60)
@given(
    scale=st.integers(0, 40),
    peak=st.integers(1, 32_767),
    ratio=st.sampled_from([1.0, 100.0, 10_000.0]),
)
def test_noise_in_any_unit_is_brought_to_the_ratio(scale: int, peak: int, ratio: float) -> None:
    rng = np.random.default_rng(peak)
    pcm = rng.integers(-peak, peak + 1, (1, 300)).astype(np.int16)
    noise = (rng.integers(-60, 61, (1, 300)) << min(scale, 24)).astype(np.int32)
    loudness, noisiness = (float(np.sum(x.astype(float) ** 2)) for x in (pcm, noise))
    exact = pcm + noise * (loudness / noisiness / ratio) ** 0.5
    expected = np.clip(exact, -32768, 32767)
    # Half a step of rounding, and the 15 bits of the gain and the noise.
    assert (
        np.abs(add_at_snr(pcm, noise, ratio) - expected).max() <= 0.51 + np.abs(exact).max() / 8e3
    )


def test_noise_that_is_all_zero_changes_nothing() -> None:
    pcm = golden.make_sound(2, 100)
    assert np.array_equal(add_at_snr(pcm, np.zeros((2, 100), np.int32), 1.0), pcm)


def test_impulses_are_nested_over_severities() -> None:
    outs = [visual("impulse", GRAY, severity) for severity in SEVERITIES]
    shares = [(out != 128).mean() for out in outs]
    assert shares == pytest.approx([0.03, 0.06, 0.09, 0.17, 0.27], abs=0.01)
    for mild, worse in pairwise(outs):
        assert (worse[mild != 128] == mild[mild != 128]).all()
    assert set(np.unique(outs[-1])) == {0, 128, 255}
    assert (outs[-1] == 255).sum() == pytest.approx((outs[-1] == 0).sum(), rel=0.1)


def test_clicks_are_a_twentieth_of_the_samples() -> None:
    pcm = np.full((1, 40_000), 1000, np.int16)
    clicks = audio("impulse", pcm, 5) - pcm
    assert (clicks != 0).mean() == pytest.approx(0.05, abs=0.004)
    assert len(np.unique(clicks)) == 3


@pytest.mark.parametrize("name", ["gaussian", "shot", "speckle"])
def test_noise_in_a_frame_keeps_its_pattern_and_grows(name: str) -> None:
    noises = [visual(name, GRAY, severity).astype(float) - 128 for severity in SEVERITIES]
    assert all(mild.std() < worse.std() for mild, worse in pairwise(noises))
    assert all(np.corrcoef(mild.flat, worse.flat)[0, 1] > 0.9 for mild, worse in pairwise(noises))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gaussian", [0.08, 0.12, 0.18]),  # the same for all values
        ("speckle", [0.15 * 0.502, 0.2 * 0.502, 0.35 * 0.502]),  # in proportion to the value
        ("shot", [(0.502 / 60) ** 0.5, (0.502 / 25) ** 0.5, (0.502 / 12) ** 0.5]),
    ],
)
def test_noise_in_a_frame_has_its_deviation(name: str, expected: list[float]) -> None:
    wide = np.full((200, 200, 3), 128, np.uint8)
    found = [visual(name, wide, severity).std() / 255 for severity in (1, 2, 3)]
    assert found == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("name", ["speckle", "shot"])
def test_black_has_no_light_to_vary(name: str) -> None:
    assert not visual(name, np.zeros_like(GRAY), 5).any()


@pytest.mark.parametrize("severity", SEVERITIES)
def test_compression_is_that_of_pillow_and_scipy(severity: int) -> None:
    frame, pcm = golden.make_frame(37, 53), golden.make_sound(2, 5000) // np.int16(2)
    quality, cutoff = (
        (25, 18, 15, 10, 7)[severity - 1],
        (7920, 6000, 4000, 2000, 1000)[severity - 1],
    )
    assert np.abs(visual("compression", frame, severity).astype(int) - frame).mean() > 1
    assert get("compression").visual.levels[severity - 1] == quality
    for rate in (16_000, 44_100):
        sections = signal.butter(6, cutoff, fs=rate, output="sos")
        expected = signal.sosfilt(sections, pcm.astype(float))
        out = audio("compression", pcm, severity, rate)
        assert np.abs(out - np.clip(expected, -32768, 32767)).max() <= 0.5001


@pytest.mark.parametrize("rate", [1, 8_000, 11_025])
def test_the_cutoff_stays_under_half_the_sample_rate(rate: int) -> None:
    pcm = golden.make_sound(1, 4000) // np.int16(2)
    expected = signal.sosfilt(signal.butter(6, 0.99, output="sos"), pcm.astype(float))
    assert np.abs(audio("compression", pcm, 1, rate) - expected).max() <= 0.5001


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("samples", [160_000, 47_123, 16_000])
def test_drop_outs_never_overlap(severity: int, samples: int) -> None:
    pcm = np.ones((2, samples), np.int16)
    for number in range(5):
        out = Corrupter.of("interference", severity).pcm(pcm, f"clip {number}", 16_000)
        assert np.array_equal(out[0], out[1])
        assert (out == 0).mean() == pytest.approx(severity / 10, abs=1e-3)
        edges = np.flatnonzero(np.diff(np.concatenate([[1], out[0], [1]])))
        lengths = edges[1::2] - edges[::2]
        assert 1 <= len(lengths) <= 2 * severity  # chunks may touch
        assert lengths.min() >= 1600


def test_released_drop_outs_may_overlap() -> None:
    pcm = np.ones((1, 160_000), np.int16)
    corrupter = Corrupter.of("interference", 5, profile="reference")
    shares = [(corrupter.pcm(pcm, str(key), 16_000) == 0).mean() for key in range(40)]
    assert np.mean(shares) == pytest.approx(0.403, abs=0.03)
    assert max(shares) <= 0.5


@pytest.mark.parametrize("severity", SEVERITIES)
def test_rotation_is_that_of_pillow(severity: int) -> None:
    frame, most = golden.make_frame(60, 90), 6 * severity + 5
    turns = set()
    for number in range(12):
        draw = Draw(0, "interference", "clip", "visual", number)
        degrees = draw.integer(-most, most + 1)
        turns.add(degrees)
        expected = np.asarray(Image.fromarray(frame).rotate(degrees))
        found = visual("interference", frame, severity, number)
        # Pixels on the edge between two sources may fall to either.
        assert (found == expected).all(axis=2).mean() > 0.99
    assert len(turns) > 3
    assert max(map(abs, turns)) <= most
