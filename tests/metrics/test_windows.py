"""All windows in one pass equal one call per window."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrv.clean import correct
from hrv.metrics import BY_NAME
from hrv.metrics.windows import in_windows, sliding
from hrv.model import NNSeries
from hrv.settings import CleanSettings
from tests.hearts import nn_series, recorded, steady, untouched

COLUMNS = {
    "mean_nn": "mean_nn_ms",
    "sdnn": "sdnn_ms",
    "rmssd": "rmssd_ms",
    "pnn50": "pnn50_percent",
    "stress_index": "stress_index",
}


@settings(max_examples=40, deadline=None)
@given(nn_series(), st.floats(5, 120), st.floats(1, 60))
def test_one_pass_equals_one_call_per_window(nn: NNSeries, length: float, step: float) -> None:
    windows = sliding(untouched(nn), length, step)
    for i in range(windows.start_s.size):
        part = nn.between(windows.start_s[i], windows.end_s[i])
        assert windows.beats[i] == part.nn_ms.size
        assert windows.pairs[i] == part.successive_diff_ms().size
        assert windows.measured[i] == bool(windows.pairs[i])
        if windows.measured[i]:
            for name, column in COLUMNS.items():
                expected = np.nan_to_num(BY_NAME[name].formula(part))
                assert getattr(windows, column)[i] == pytest.approx(expected, rel=1e-6, abs=1e-5)


def test_a_gap_leaves_windows_unmeasured_and_zero() -> None:
    nn = NNSeries(
        np.array([1.0, 2, 3, 600]), np.full(4, 1000.0), np.array([False, True, True, False])
    )
    windows = sliding(untouched(nn), 10.0, 10.0, 0.0, 610.0)
    assert windows.measured.tolist() == [True] + [False] * 60
    assert not windows.rmssd_ms[1:].any()
    assert not windows.usable(min_beats=2)[1:].any()


def test_coverage_is_summed_intervals_over_length() -> None:
    windows = in_windows(untouched(NNSeries.unbroken([1000.0] * 100)), [0.0], [50.5])
    assert windows.coverage[0] == pytest.approx(50 / 50.5)


def test_corrected_share_counts_recorded_intervals() -> None:
    rr = steady(400)
    rr[200] *= 2
    cleaned = correct(recorded(rr), CleanSettings())
    t = cleaned.t_s
    windows = in_windows(cleaned, [t[150], t[250]], [t[250], t[350]])
    np.testing.assert_allclose(windows.corrected_share, [0.01, 0.0])


def test_twice_as_many_beats_as_time_are_not_usable() -> None:
    nn = NNSeries(np.arange(1, 121) / 2.0, np.full(120, 1000.0), np.arange(120) > 0)
    assert not sliding(untouched(nn), 30.0, 30.0).usable(min_beats=10).any()


def test_no_beats_no_windows() -> None:
    nothing = untouched(NNSeries.unbroken([]))
    assert sliding(nothing, 300.0, 60.0).beats.size == 0
    assert in_windows(nothing, [0.0], [60.0]).measured.tolist() == [False]


def test_a_full_day_keeps_its_precision() -> None:
    nn = NNSeries.unbroken(steady(100_000), start_s=1.7e9)
    windows = sliding(untouched(nn), 300.0, 300.0)
    part = nn.between(windows.start_s[-1], windows.end_s[-1])
    assert windows.rmssd_ms[-1] == pytest.approx(BY_NAME["rmssd"].formula(part), rel=1e-9)
    assert windows.sdnn_ms[-1] == pytest.approx(BY_NAME["sdnn"].formula(part), rel=1e-9)
