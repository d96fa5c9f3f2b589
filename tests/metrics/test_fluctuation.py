"""Detrended fluctuation: known slopes and a slow second calculation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hrv.metrics.fluctuation import fluctuation, long_fluctuation, runs, short_fluctuation
from hrv.model import NNSeries
from tests.hearts import steady


def test_f_equals_polyfit_box_by_box() -> None:
    nn = NNSeries.unbroken(steady(101))
    profile = np.cumsum(nn.nn_ms - nn.nn_ms.mean())
    n, squares = 7, []
    for lo in range(0, 98, n):
        box = profile[lo : lo + n]
        line = np.polyval(np.polyfit(np.arange(n), box, 1), np.arange(n))
        squares.append(np.mean((box - line) ** 2))
    found = fluctuation(nn)
    at = found.scale_beats.tolist().index(7.0)
    assert found.fluctuation_ms[at] == pytest.approx(math.sqrt(np.mean(squares)))


def test_the_boxes_of_one_slope_are_among_all_boxes() -> None:
    nn = NNSeries.unbroken(steady(400))
    every, short, long = fluctuation(nn), short_fluctuation(nn), long_fluctuation(nn)
    assert short.slope(4, 16) == every.slope(4, 16)
    assert long.slope(16, 64) == every.slope(16, 64)
    assert short.scale_beats.size + long.scale_beats.size == every.scale_beats.size + 1


def test_white_noise_has_slope_one_half_and_its_sum_three_halves() -> None:
    x = np.random.default_rng(2).normal(0, 10, 50_000)
    assert fluctuation(NNSeries.unbroken(800 + x)).slope(16, 64) == pytest.approx(0.5, abs=0.03)
    walk = 5000 + np.cumsum(x)
    assert fluctuation(NNSeries.unbroken(walk)).slope(16, 64) == pytest.approx(1.5, abs=0.03)


def test_no_box_holds_a_gap() -> None:
    nn = NNSeries.unbroken(steady(100))
    joined = nn.joined.copy()
    joined[50] = False
    late = NNSeries(nn.t_s + 1000.0 * (np.arange(100) >= 50), nn.nn_ms, joined)
    assert [part.size for part in runs(late)] == [50, 50]
    shifted = NNSeries(late.t_s + 5e5 * (np.arange(100) >= 50), nn.nn_ms, joined)
    np.testing.assert_allclose(
        fluctuation(late).fluctuation_ms, fluctuation(shifted).fluctuation_ms
    )


def test_too_few_sizes_have_no_slope() -> None:
    assert math.isnan(fluctuation(NNSeries.unbroken(steady(20))).slope(4, 16))


def test_equal_beats_have_no_slope() -> None:
    assert math.isnan(fluctuation(NNSeries.unbroken([900.0] * 300)).slope(4, 16))
