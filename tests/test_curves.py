"""Recovery curves: one battery for all, and the corners by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hrv.curves import CURVES, EXPONENTIAL, Curve

ALL = pytest.mark.parametrize("curve", CURVES, ids=lambda c: c.name)


@ALL
@pytest.mark.parametrize("half_time_s", [20.0, 120.0, 900.0])
def test_half_is_left_after_the_half_time(curve: Curve, half_time_s: float) -> None:
    at_release, later = curve(np.array([400.0, 400.0 + half_time_s]), 100.0, 400.0, half_time_s)
    assert later == pytest.approx(at_release / 2.0)


@ALL
def test_nothing_before_the_onset_and_continuous_at_the_release(curve: Curve) -> None:
    before, just_before, just_after = curve(np.array([99.0, 399.999, 400.001]), 100.0, 400.0, 60.0)
    assert before == 0.0
    assert just_after == pytest.approx(just_before, abs=1e-3)


@ALL
def test_it_rises_to_one_then_only_falls(curve: Curve) -> None:
    t = np.arange(0.0, 3000.0)
    g = curve(t, 100.0, 400.0, 120.0)
    assert np.all(np.diff(g[:400]) >= 0)
    assert np.all(np.diff(g[401:]) <= 0)
    assert g.max() == pytest.approx(1.0, abs=1e-4)
    assert g.min() >= 0


@ALL
def test_bins_hold_the_mean_of_the_curve(curve: Curve) -> None:
    starts = np.arange(0.0, 1200.0, 60.0)
    fine = curve.in_bins(starts, 60.0, 130.0, 405.0, 90.0, points=600)
    coarse = curve.in_bins(starts, 60.0, 130.0, 405.0, 90.0)
    assert coarse == pytest.approx(fine, abs=0.03)


@ALL
def test_candidates_broadcast(curve: Curve) -> None:
    t = np.arange(0.0, 600.0, 60.0)
    grid = curve.in_bins(t, 60.0, 60.0, 240.0, np.array([[30.0], [60.0], [120.0]]))
    assert grid.shape == (3, 10)
    assert grid[1] == pytest.approx(curve.in_bins(t, 60.0, 60.0, 240.0, 60.0))


def test_an_exponential_quarters_after_two_half_times() -> None:
    level = EXPONENTIAL(np.array([1000.0, 1200.0]), 0.0, 1000.0, 100.0)
    assert level == pytest.approx([1.0, 0.25])
