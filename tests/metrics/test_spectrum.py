"""Spectra: power in true ms^2, with and without gaps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hrv.metrics import BY_NAME
from hrv.metrics.spectrum import HF_HZ, LF_HZ, lomb, peak_hz, welch
from hrv.model import NNSeries, Spectrum
from tests.hearts import steady, waves


def test_gaps_leave_the_lomb_power_as_it_is() -> None:
    whole = NNSeries.unbroken(waves(800.0))
    kept = (np.arange(whole.nn_ms.size) // 40) % 4 != 2
    joined = whole.joined[kept] & np.r_[False, np.diff(np.flatnonzero(kept)) == 1]
    holed = NNSeries(whole.t_s[kept], whole.nn_ms[kept], joined)
    for band in (LF_HZ, HF_HZ):
        assert lomb(holed).power_ms2(*band) == pytest.approx(lomb(whole).power_ms2(*band), rel=0.06)


def test_lomb_equals_the_sums_it_stands_for() -> None:
    nn = NNSeries.unbroken(steady(60))
    x, t, f = nn.nn_ms - nn.nn_ms.mean(), nn.t_s, 77 / 1024
    w = 2 * np.pi * f
    tau = math.atan2(np.sin(2 * w * t).sum(), np.cos(2 * w * t).sum()) / (2 * w)
    c, s = np.cos(w * (t - tau)), np.sin(w * (t - tau))
    power = 0.5 * ((x @ c) ** 2 / (c @ c) + (x @ s) ** 2 / (s @ s))
    expected = power * 2 * nn.nn_ms.sum() / 1000 / nn.nn_ms.size
    assert lomb(nn).density_ms2_per_hz[76] == pytest.approx(expected, rel=1e-9)


def test_long_series_are_averaged_over_segments() -> None:
    nn = NNSeries.unbroken(waves(900.0, s=3000.0))
    assert lomb(nn).power_ms2(*LF_HZ) == pytest.approx(800.0, rel=0.015)
    assert "segments" in lomb(nn).method


def test_lomb_sees_the_variance() -> None:
    nn = NNSeries.unbroken(steady(330))
    assert lomb(nn).power_ms2(0.0, 0.5) == pytest.approx(np.var(nn.nn_ms), rel=0.1)


def test_welch_of_a_sine_is_its_power() -> None:
    nn = NNSeries.unbroken(waves(600.0, s=900.0))
    assert welch(nn).power_ms2(*LF_HZ) == pytest.approx(800.0, rel=0.015)


def test_welch_equals_scipy_on_the_same_grid() -> None:
    from scipy import signal
    from scipy.interpolate import CubicSpline

    nn = NNSeries.unbroken(steady(900))
    t = nn.t_s - nn.t_s[0]
    grid = CubicSpline(t, nn.nn_ms)(np.arange(int(t[-1] * 4) + 1) / 4)
    f, p = signal.welch(grid, 4.0, "hann", 1024, detrend=signal.detrend)
    np.testing.assert_allclose(welch(nn).frequency_hz, f)
    np.testing.assert_allclose(welch(nn).density_ms2_per_hz, p, rtol=1e-6)


def test_welch_does_not_reach_across_a_gap() -> None:
    nn = NNSeries.unbroken(waves(600.0, s=600.0))
    later = NNSeries(
        np.r_[nn.t_s, nn.t_s + 10_000], np.r_[nn.nn_ms, nn.nn_ms], np.r_[nn.joined, nn.joined]
    )
    np.testing.assert_allclose(
        welch(later).density_ms2_per_hz, welch(nn).density_ms2_per_hz, rtol=1e-5
    )


def test_few_beats_give_an_empty_spectrum() -> None:
    nn = NNSeries.unbroken([800, 810, 790])
    for spectrum in (lomb(nn), welch(nn)):
        assert spectrum.frequency_hz.size == 0
        assert math.isnan(spectrum.power_ms2(*LF_HZ))


def test_a_peak_is_found_between_grid_points() -> None:
    f = np.arange(200) / 400.0
    density = np.exp(-0.5 * ((f - 0.2513) / 0.01) ** 2)
    spectrum = Spectrum(frequency_hz=f, density_ms2_per_hz=density, method="")
    assert peak_hz(spectrum, *HF_HZ) == pytest.approx(0.2513, abs=2e-4)


def test_a_falling_band_has_no_peak() -> None:
    f = np.arange(1, 200) / 400.0
    spectrum = Spectrum(frequency_hz=f, density_ms2_per_hz=1 / f, method="")
    assert math.isnan(peak_hz(spectrum, *HF_HZ))


def test_normalised_units_add_up_to_100() -> None:
    spectrum = lomb(NNSeries.unbroken(waves(800.0)))
    lf, hf = BY_NAME["lf_nu"].formula(spectrum), BY_NAME["hf_nu"].formula(spectrum)
    assert lf + hf == pytest.approx(100.0)
    assert lf / hf == pytest.approx(BY_NAME["lf_hf"].formula(spectrum))


def test_peaks_lie_where_the_waves_are() -> None:
    spectrum = lomb(NNSeries.unbroken(waves(800.0)))
    assert BY_NAME["lf_peak"].formula(spectrum) == pytest.approx(0.10, abs=0.001)
    assert BY_NAME["hf_peak"].formula(spectrum) == pytest.approx(0.25, abs=0.001)


def test_constant_beats_have_no_ratio() -> None:
    nn = NNSeries.unbroken([1000.0] * 300)
    assert math.isnan(BY_NAME["lf_hf"].formula(lomb(nn)))
    assert math.isnan(BY_NAME["lf_hf_welch"].formula(welch(nn)))
