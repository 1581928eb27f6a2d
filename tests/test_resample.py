"""Resampling: the same bits whoever adds them up, and a clean filter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avrb_wds.corruptions.resampling import BETA, CUTOFF, REACH, UNITY, _ratio, _taps, resample

RATES = [(16_000, 44_100), (44_100, 16_000), (48_000, 16_000), (16_000, 8_000), (11_025, 48_000)]


def tone(hertz, rate, seconds=0.5, peak=20_000):
    return np.rint(peak * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate))


def in_whole_numbers(pcm, rate, new_rate, places):
    """Some output samples by the definition, in Python's integers."""
    up, down = _ratio(rate, new_rate)
    taps, centre = _taps(up, down)
    whole = [int(tap) for tap in taps]
    out = []
    for place in places:
        at = place * down  # on the fine grid
        first = max(-(-(at - centre) // up), 0)
        last = min((at + centre) // up, len(pcm) - 1)
        total = sum(int(pcm[k]) * whole[at + centre - k * up] for k in range(first, last + 1))
        out.append(max(-32768, min(32767, int(np.rint(total / 2**30)))))
    return out


@pytest.mark.parametrize(("rate", "new_rate"), RATES)
def test_equals_sums_of_python_integers(rate, new_rate):
    noise = np.random.default_rng(0).integers(-32768, 32768, (1, 1500)).astype(np.int16)
    out = resample(noise, rate, new_rate)[0]
    places = [0, 1, 7, len(out) // 3, len(out) // 2, len(out) - 2, len(out) - 1]
    assert [int(out[place]) for place in places] == in_whole_numbers(
        noise[0], rate, new_rate, places
    )


@pytest.mark.parametrize(("rate", "new_rate"), RATES)
def test_taps_are_a_windowed_sinc_in_whole_numbers(rate, new_rate):
    up, down = _ratio(rate, new_rate)
    taps, centre = _taps(up, down)
    assert (taps == np.rint(taps)).all()
    assert (taps.reshape(-1, up).sum(axis=0) == UNITY).all()
    # Exact however they are added: no partial sum of products with 16-bit samples exceeds 2**53.
    assert np.abs(taps).reshape(-1, up).sum(axis=0).max() * 32768 < 2**53
    time = (np.arange(2 * centre + 1) - centre) / max(up, down)
    ideal = np.sinc(CUTOFF * time) * np.kaiser(time.size, BETA)
    ideal *= up / ideal.sum()
    assert np.abs(taps[: ideal.size] / UNITY - ideal).max() < 1e-5
    assert centre == REACH * max(up, down)


@pytest.mark.parametrize(("up", "down"), [(441, 160), (160, 441), (1, 3), (2, 1), (24, 1)])
def test_flat_to_nine_tenths_and_90_db_down_beyond_half_the_lower_rate(up, down):
    taps, _ = _taps(up, down)
    size = 1 << int(taps.size * 4).bit_length()
    response = np.abs(np.fft.rfft(taps / UNITY / up, size))
    band = 2 * max(up, down) * np.arange(response.size) / size  # 1 is half the lower rate
    passed = 20 * np.log10(response[band <= 0.9])
    assert np.abs(passed).max() < 0.001
    assert 20 * np.log10(response[band >= 1].max()) < -90


@pytest.mark.parametrize(("rate", "new_rate"), RATES)
def test_a_tone_stays_that_tone(rate, new_rate):
    out = resample(tone(997, rate)[None].astype(np.int16), rate, new_rate)[0]
    want = tone(997, new_rate)
    middle = slice(new_rate // 20, -new_rate // 20)
    assert np.abs(out[middle] - want[: out.size][middle]).max() <= 2


def test_what_lies_above_half_the_new_rate_is_gone():
    out = resample(tone(9_000, 48_000)[None].astype(np.int16), 48_000, 16_000)[0]
    assert np.abs(out[400:-400]).max() <= 2


@given(st.integers(8_000, 192_000), st.integers(-32768, 32767), st.integers(1, 300))
@settings(max_examples=25)
def test_length_and_level_at_any_rate(new_rate, level, samples):
    out = resample(np.full((1, samples), level, np.int16), 16_000, new_rate)[0]
    up, down = _ratio(16_000, new_rate)
    assert abs(up / down - new_rate / 16_000) <= 123e-6 * new_rate / 16_000
    assert out.size == -(-samples * up // down)
    inside = out[(72 * max(up, down) // down) + 1 : -(72 * max(up, down) // down) - 1]
    assert np.abs(inside.astype(int) - level).max(initial=0) == 0


def test_rates_in_common_use_are_exact():
    rates = (8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000)
    for rate in rates:
        for new_rate in rates:
            up, down = _ratio(rate, new_rate)
            assert up * rate == down * new_rate


def test_input_is_left_alone_and_channels_don_t_mix():
    pcm = np.zeros((2, 400), np.int16)
    pcm[1] = tone(500, 16_000, 0.025)
    pcm.setflags(write=False)
    out = resample(pcm, 16_000, 22_050)
    assert not out[0].any()
    assert (out[1] == resample(pcm[1:], 16_000, 22_050)[0]).all()
