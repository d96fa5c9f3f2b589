"""Time-domain metrics on a few beats, with the arithmetic in sight."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings

from hrv.metrics import BY_NAME
from hrv.metrics.segments import segments
from hrv.metrics.stress_index import BIN_MS as STRESS_BIN_MS
from hrv.metrics.triangular_index import BIN_MS
from hrv.model import NNSeries
from tests.hearts import nn_series

# mean 850, deviations -50 50 -50 50, differences 100 -100 100
FOUR = NNSeries.unbroken([800, 900, 800, 900])
HAND = {
    "mean_nn": 850.0,
    "median_nn": 850.0,
    "mean_hr": 60_000 / 850,
    "median_hr": 60_000 / 850,
    "sdnn": math.sqrt(4 * 50**2 / 3),
    "rmssd": 100.0,
    "ln_rmssd": math.log(100.0),
    "rmssd_at_60": 100.0 * 1000 / 850,
    "sdsd": math.sqrt(((200 / 3) ** 2 * 2 + (400 / 3) ** 2) / 2),  # about their mean 100 / 3
    "pnn20": 100.0,
    "pnn50": 100.0,
    "cvnn": 100 * math.sqrt(4 * 50**2 / 3) / 850,
    "cvsd": 100 * 100 / 850,
    "iqr_nn": 100.0,
    "triangular_index": 2.0,
}


@pytest.mark.parametrize("name", HAND)
def test_four_beats_by_hand(name: str) -> None:
    assert BY_NAME[name].formula(FOUR) == pytest.approx(HAND[name])


def test_a_gap_has_no_difference() -> None:
    nn = NNSeries(
        np.array([1.0, 2, 60, 61]), np.array([800.0, 810, 1200, 1180]), _joined(0, 1, 0, 1)
    )
    assert BY_NAME["rmssd"].formula(nn) == pytest.approx(math.sqrt((10**2 + 20**2) / 2))
    assert BY_NAME["pnn50"].formula(nn) == 0.0


def test_a_difference_of_exactly_50_ms_does_not_count() -> None:
    assert BY_NAME["pnn50"].formula(NNSeries.unbroken([800, 850, 901])) == pytest.approx(50.0)


def test_beats_without_neighbours_have_no_rmssd() -> None:
    nn = NNSeries(np.array([1.0, 60]), np.array([800.0, 900]), _joined(0, 0))
    assert math.isnan(BY_NAME["rmssd"].formula(nn))
    assert math.isnan(BY_NAME["sdsd"].formula(nn))


def test_the_triangular_index_counts_in_bins_of_one_128th_of_a_second() -> None:
    grid = 1000.0 / 128.0
    nn = NNSeries.unbroken([100 * grid] * 6 + [101 * grid] * 3 + [102 * grid] * 3)
    assert BY_NAME["triangular_index"].formula(nn) == pytest.approx(12 / 6)


def test_segments_of_five_minutes_are_averaged_and_spread() -> None:
    # 5 min of 1,000 ms, then 5 min of 900 and 1,100 in turn: means 1,000 and 1,000
    nn = NNSeries.unbroken([1000.0] * 300 + [900.0, 1100.0] * 150)
    assert BY_NAME["sdann"].formula(segments(nn)) == pytest.approx(0.0, abs=1e-9)
    assert BY_NAME["sdnn_index"].formula(segments(nn)) == pytest.approx(
        0.5 * 100 * math.sqrt(300 / 299)
    )


def test_a_segment_with_a_long_gap_is_left_out() -> None:
    t = np.concatenate((np.arange(1.0, 301), np.arange(301.0, 401), np.arange(601.0, 901)))
    nn = NNSeries(t, np.full(t.size, 1000.0), np.r_[False, np.diff(t) < 1.5])
    assert BY_NAME["sdann"].formula(segments(nn)) == 0.0
    assert segments(nn)[0].tolist() == [1000.0, 1000.0]


def _joined(*flags: int) -> np.ndarray:
    return np.array(flags, dtype=bool)


@settings(max_examples=40, deadline=None)
@given(nn_series())
def test_sorted_intervals_give_what_numpy_gives(nn: NNSeries) -> None:
    x = nn.nn_ms
    assert nn.quantile_ms(0.5) == pytest.approx(np.median(x), rel=1e-12)
    assert nn.quantile_ms(0.25) == pytest.approx(np.percentile(x, 25), rel=1e-12)
    grid = 1000.0 / 128.0 * np.rint(x / (1000.0 / 128.0))  # on the bins' own edges
    for beats in (x, grid):
        series = NNSeries.unbroken(beats)
        fullest = np.bincount(np.floor(beats / BIN_MS + 1e-9).astype(int)).max()
        assert BY_NAME["triangular_index"].formula(series) == x.size / fullest
        if np.ptp(beats) == 0:
            continue
        counts = np.bincount((beats // STRESS_BIN_MS).astype(int))
        mode_s = (counts.argmax() + 0.5) * STRESS_BIN_MS / 1000.0
        expected = 100.0 * counts.max() / x.size / (2.0 * mode_s * np.ptp(beats) / 1000.0)
        assert BY_NAME["stress_index"].formula(series) == pytest.approx(expected, rel=1e-12)
