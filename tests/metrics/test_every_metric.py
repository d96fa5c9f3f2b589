"""One battery for all metrics."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings

from hrv.metrics import METRICS
from hrv.model import Metric, Missing, NNSeries
from tests.hearts import nn_series, steady

LONG = NNSeries.unbroken(steady(6000))
every = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
# how a value answers when all intervals are doubled and time with them
SCALE = {"ms": 2.0, "ms²": 4.0, "bpm": 0.5}
PROPORTIONAL = {
    m.name
    for m in METRICS
    if SCALE.get(m.unit)
    and m.group in {"time", "poincare"}
    and m.name not in {"sdann", "sdnn_index"}
} - {"rmssd_at_60"}
ORDER_FREE = {
    "mean_nn", "median_nn", "mean_hr", "median_hr", "sdnn", "cvnn", "iqr_nn", "triangular_index",
    "stress_index", "rmssd", "ln_rmssd", "rmssd_at_60", "sdsd", "pnn20", "pnn50", "cvsd", "sd1",
    "sd2", "sd1_sd2", "ellipse_area", "sample_entropy",
}  # fmt: skip


@every
def test_a_long_clean_series_gives_a_number(metric: Metric) -> None:
    assert isinstance(metric.value(LONG), float)


@every
def test_too_few_beats_give_no_number(metric: Metric) -> None:
    short = NNSeries.unbroken(steady(metric.min_beats - 1))
    missing = metric.value(short)
    assert isinstance(missing, Missing)
    assert missing.code == "too_few_beats"


@every
def test_too_short_a_time_gives_no_number(metric: Metric) -> None:
    quick = NNSeries.unbroken(
        np.full(metric.min_beats, 940.0 * metric.min_span_s / metric.min_beats)
    )
    missing = metric.value(quick)
    assert isinstance(missing, Missing)
    assert missing.code == "too_short"


@every
def test_nothing_gives_no_number(metric: Metric) -> None:
    assert isinstance(metric.value(NNSeries.unbroken([])), Missing)


@every
def test_equal_beats_give_zero_or_nothing_but_never_nonsense(metric: Metric) -> None:
    value = metric.value(NNSeries.unbroken(np.full(6000, 1000.0)))
    fixed = {"mean_nn": 1000.0, "median_nn": 1000.0, "mean_hr": 60.0, "median_hr": 60.0}
    if metric.name == "triangular_index":
        assert value == 1.0
    elif isinstance(value, float):
        assert value == pytest.approx(fixed.get(metric.name, 0.0), abs=1e-6)


@every
def test_a_later_start_changes_nothing(metric: Metric) -> None:
    later = NNSeries.unbroken(LONG.nn_ms, start_s=2.0**20)
    assert metric.value(later) == pytest.approx(metric.value(LONG), rel=1e-6)


@every
@pytest.mark.parametrize("name", ["label", "reference", "equation"])
def test_a_metric_says_what_it_is(metric: Metric, name: str) -> None:
    assert getattr(metric, name)


def test_names_and_columns_are_unique() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    assert len({metric.column for metric in METRICS}) == len(METRICS)


@settings(max_examples=15, deadline=None)
@given(nn_series())
def test_doubled_intervals_scale_by_their_unit(nn: NNSeries) -> None:
    double = NNSeries(2.0 * nn.t_s, 2.0 * nn.nn_ms, nn.joined)
    for metric in METRICS:
        if metric.name in PROPORTIONAL:
            once, twice = metric.formula(nn), metric.formula(double)
            assert twice == pytest.approx(
                SCALE[metric.unit] * once, rel=1e-6, abs=1e-6, nan_ok=True
            )


@settings(max_examples=15, deadline=None)
@given(nn_series())
def test_reversed_time_leaves_what_does_not_ask_for_order(nn: NNSeries) -> None:
    last = nn.t_s[-1]
    back = NNSeries(
        (last - (nn.t_s - nn.nn_ms / 1000.0))[::-1],
        nn.nn_ms[::-1],
        np.r_[False, nn.joined[1:][::-1]],
    )
    for metric in METRICS:
        if metric.name in ORDER_FREE - {"sample_entropy"}:
            assert metric.formula(back) == pytest.approx(metric.formula(nn), rel=1e-6, nan_ok=True)


@settings(max_examples=15, deadline=None)
@given(nn_series(least=120))
def test_a_gap_never_adds_a_difference(nn: NNSeries) -> None:
    joined = nn.joined.copy()
    joined[60] = False
    t = nn.t_s + 77.0 * (np.arange(nn.t_s.size) >= 60)
    holed = NNSeries(t, nn.nn_ms, joined)
    assert holed.successive_diff_ms().size <= nn.successive_diff_ms().size
    for metric in METRICS:
        value = metric.value(holed)
        assert isinstance(value, Missing) or math.isfinite(value)
