"""Censored regression and curves by hand, against lifelines, and by simulation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

from hrv.model import FloatArray
from hrv.stats import (
    aft_jackknife,
    aft_lognormal,
    bagls,
    bagls_imputed,
    impute,
    kaplan_meier,
    log_rank,
    median_imputed,
    truncated_regression,
    turnbull,
)
from hrv.stats.bagls import EPISODE_NOISE
from hrv.stats.survival import about_median

STANDARDS = Path(__file__).parents[1] / "standards"


@pytest.fixture(scope="module")
def lifelines() -> dict[str, Any]:
    values: dict[str, Any] = json.loads((STANDARDS / "stats_oracles.json").read_text())
    return values


def as_bounds(times: dict[str, Any]) -> tuple[FloatArray, FloatArray, FloatArray]:
    low = np.log(np.array(times["time"]))
    high = np.where(np.array(times["seen"]) == 1, low, np.inf)
    return low, high, np.column_stack([np.ones(low.size), times["a"], times["b"]])


def test_right_censored_regression_agrees_with_lifelines(lifelines: dict[str, Any]) -> None:
    fit = aft_lognormal(*as_bounds(lifelines["times"]))
    theirs = lifelines["aft"]["right"]
    np.testing.assert_allclose(fit.beta[0], theirs["beta"], atol=2e-5)
    assert fit.ln_sd[0] == pytest.approx(theirs["ln_sd"], abs=2e-5)
    se = np.sqrt(np.diag(fit.covariance[0]))[:3]
    np.testing.assert_allclose(se, theirs["se"], rtol=1e-3)
    seen = np.array(lifelines["times"]["seen"]) == 1
    of_times = fit.log_likelihood[0] - np.log(np.array(lifelines["times"]["time"])[seen]).sum()
    assert of_times == pytest.approx(theirs["log_likelihood"], abs=1e-4)


def test_left_censored_regression_agrees_with_lifelines(lifelines: dict[str, Any]) -> None:
    low, high, design = as_bounds(lifelines["times"])
    fast = low < np.log(40.0)
    low, high = np.where(fast, -np.inf, low), np.where(fast, np.log(40.0), high)
    fit = aft_lognormal(low, high, design)
    theirs = lifelines["aft"]["interval"]
    np.testing.assert_allclose(fit.beta[0], theirs["beta"], atol=1e-4)
    assert fit.ln_sd[0] == pytest.approx(theirs["ln_sd"], abs=1e-4)


def test_the_derivatives_are_those_of_the_likelihood() -> None:
    """The fit is a maximum: every step away, in each direction, lies lower."""
    rng = np.random.default_rng(1)
    y = rng.normal(5.0, 0.6, 80)
    low, high = y.copy(), y.copy()
    high[:20] = np.inf
    low[20:30] = -np.inf
    low[30:40], high[30:40] = np.floor(y[30:40] * 4) / 4, np.ceil(y[30:40] * 4) / 4
    x = np.column_stack([np.ones(80), rng.normal(size=80)])
    variance = np.where(low == high, rng.uniform(0.0, 0.3, 80), 0.0)
    fit = aft_lognormal(low, high, x, variance=variance)
    assert fit.converged[0]

    def value(beta: FloatArray, ln_sd: float) -> float:
        mean, sd = x @ beta, np.sqrt(np.exp(2 * ln_sd) + variance)
        seen = low == high
        density = -0.5 * ((y - mean) / sd) ** 2 - np.log(sd * np.sqrt(2 * np.pi))
        mass = ndtr((high - mean) / sd) - ndtr((low - mean) / sd)
        return float(np.where(seen, density, np.log(np.where(seen, 1.0, mass))).sum())

    best = value(fit.beta[0], fit.ln_sd[0])
    assert best == pytest.approx(fit.log_likelihood[0])
    at = np.append(fit.beta[0], fit.ln_sd[0])
    step = 1e-4
    curvature = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            ei, ej = np.eye(3)[i] * step, np.eye(3)[j] * step
            corners = [
                value((at + a)[:2], (at + a)[2]) for a in (ei + ej, ei - ej, ej - ei, -ei - ej)
            ]
            curvature[i, j] = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * step**2)
    np.testing.assert_allclose(-np.linalg.inv(curvature), fit.covariance[0], rtol=1e-3, atol=1e-6)


def test_without_censoring_the_regression_is_least_squares() -> None:
    y = np.array([1.0, 2.0, 4.0, 3.0])
    x = np.column_stack([np.ones(4), [0.0, 1.0, 2.0, 3.0]])
    fit = aft_lognormal(y, y, x)
    np.testing.assert_allclose(fit.beta[0], [1.3, 0.8], atol=1e-8)
    assert fit.sd[0] == pytest.approx(np.sqrt(1.8 / 4))


def test_far_tails_do_not_break_the_fit() -> None:
    low = np.array([0.0, 0.1, 0.2, 40.0, -np.inf])
    high = np.array([0.0, 0.1, 0.2, np.inf, -30.0])
    fit = aft_lognormal(low, high, np.ones((5, 1)))
    assert fit.converged[0]
    assert np.isfinite(fit.log_likelihood[0])


def test_several_fits_at_once_are_those_one_by_one() -> None:
    rng = np.random.default_rng(2)
    y = rng.normal(4.0, 1.0, (3, 40))
    high = np.where(y > 4.5, np.inf, y)
    low = np.minimum(y, 4.5)
    x = np.column_stack([np.ones(40), np.arange(40) / 40])
    together = aft_lognormal(low, high, x)
    for k in range(3):
        alone = aft_lognormal(low[k], high[k], x)
        np.testing.assert_allclose(together.beta[k], alone.beta[0], atol=1e-7)


def test_truncated_regression_finds_what_hidden_values_would_have_said() -> None:
    """Only values above 0 of N(0, 1) are seen: their mean is .80, the regression says 0."""
    y = np.random.default_rng(4).normal(size=40_000)
    fit = truncated_regression(y[y > 0], np.ones((int((y > 0).sum()), 1)), 0.0)
    assert y[y > 0].mean() == pytest.approx(0.798, abs=0.01)
    assert fit.beta[0, 0] == pytest.approx(0.0, abs=0.06)
    assert fit.sd[0] == pytest.approx(1.0, abs=0.03)


def test_a_value_that_could_not_have_been_seen_is_refused() -> None:
    with pytest.raises(ValueError, match="bound"):
        truncated_regression([1.0, 3.0], np.ones((2, 1)), 2.0)


def test_imputed_values_keep_their_bounds_and_their_distribution() -> None:
    low = np.array([[0.3, -np.inf, 0.5, 1.0] + [1.0] * 30])
    high = np.array([[np.inf, -0.2, 0.9, 1.0] + [1.0] * 15 + [-1.0] * 15])
    low[0, 19:] = -1.0
    x = np.ones((1, 34, 1))
    fit = aft_lognormal(low, high, x)
    drawn = impute(low, high, x, fit, 4000, np.random.default_rng(5))[0]
    assert drawn[0].min() >= 0.3
    assert drawn[1].max() <= -0.2
    assert 0.5 <= drawn[2].min() <= drawn[2].max() <= 0.9
    assert np.all(drawn[3] == 1.0)
    z = (0.3 - fit.beta[0, 0]) / fit.sd[0]
    tail = fit.beta[0, 0] + fit.sd[0] * np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi) / ndtr(-z)
    assert drawn[0].mean() == pytest.approx(tail, abs=0.06)


def test_nothing_censored_means_nothing_imputed() -> None:
    rng = np.random.default_rng(6)
    day = np.sort(rng.integers(0, 50, 80))
    y = rng.normal(size=80)
    x = np.column_stack([np.ones(80), day / 49 - 0.5])
    imputed = bagls_imputed(day, y, y, x, 1, rng=rng)
    plain = bagls(day, y, x, 1, noise=EPISODE_NOISE, exponent=-0.5)
    assert imputed.estimate == pytest.approx(plain.estimate, abs=1e-9)
    assert imputed.p_value() == pytest.approx(plain.p_value(), abs=1e-9)


def test_censoring_that_vanishes_over_time_is_no_improvement() -> None:
    """Interruptions grow rarer; the times stay. Least squares of what was seen drifts upwards."""
    rng = np.random.default_rng(7)
    n = 4000
    day = np.sort(rng.integers(0, 180, n))
    x = np.column_stack([np.ones(n), day / 179 - 0.5])
    true = 5.0 + 0.6 * rng.normal(size=n)
    stop = np.log(rng.uniform(60.0, 100.0 + 5.0 * day))
    low, high = np.minimum(true, stop), np.where(true > stop, np.inf, true)
    seen = low == high
    naive = float(np.polyfit(x[seen, 1], low[seen], 1)[0])
    found = bagls_imputed(day, low, high, x, 1, rng=rng)
    assert naive > 0.3
    assert abs(found.estimate) < 0.1


def test_contributions_to_the_median_average_to_it_and_scatter_as_its_error() -> None:
    """Of a skewed law of median 0 and mean 0.13, 80 values at a time."""
    rng = np.random.default_rng(11)
    y = np.expm1(0.5 * rng.normal(size=(600, 80, 1)))
    each = about_median(y, np.ones(y.shape[:2], dtype=bool))[..., 0]
    middle = each.mean(axis=1)
    assert abs(middle.mean()) < 0.3 * y.mean()
    error = np.sqrt(np.mean(each.var(axis=1, ddof=1)) / 80)
    assert error == pytest.approx(middle.std(), rel=0.1)


def test_the_median_of_two_values_lies_between_them_and_padding_is_not_one() -> None:
    values = np.array([[[1.0], [3.0], [99.0]]])
    each = about_median(values, np.array([[True, True, False]]))
    assert each[0, :2].mean() == pytest.approx(2.0)


def test_the_median_of_censored_times_is_not_drawn_to_the_long_side() -> None:
    """ln t of median 5 and skewness 0.4; a third cut short, the fast ones only known as fast."""
    rng = np.random.default_rng(12)
    n = 15_000
    true = 5.0 + np.expm1(0.13 * rng.normal(size=n)) / 0.13 * 0.55
    stop = np.maximum(5.2 + 0.8 * rng.normal(size=n), 4.4)
    low, high = np.minimum(true, stop), np.where(true > stop, np.inf, true)
    fast = true < 4.4
    low, high = np.where(fast, -np.inf, low), np.where(fast, 4.4, high)
    day = np.repeat(np.arange(n // 3), 3)
    median = median_imputed(day, low, high, rng=rng, draws=4, exponent=0.0)
    mean = bagls_imputed(day, low, high, np.ones((n, 1)), 0, rng=rng, draws=4, exponent=0.0)
    assert abs(median.estimate - 5.0) < 0.75 * abs(mean.estimate - 5.0)


def test_the_jackknife_of_a_mean_is_its_standard_error() -> None:
    """With equal groups the error of the mean is the SD of the group means over the root of G."""
    rng = np.random.default_rng(8)
    y = rng.normal(size=(6, 5)) + rng.normal(size=(6, 1))
    group = np.repeat(np.arange(6), 5)
    found = aft_jackknife(group, y.ravel(), y.ravel(), np.ones((30, 1)), 0)
    assert found.estimate == pytest.approx(y.mean())
    assert found.se == pytest.approx(y.mean(axis=1).std(ddof=1) / np.sqrt(6), rel=1e-6)
    assert found.df == 4


def test_kaplan_meier_by_hand() -> None:
    # 1, 2+, 3, 4: 3/4, then 3/4 * 1/2, then 0
    curve = kaplan_meier([1.0, 2.0, 3.0, 4.0], [True, False, True, True])
    np.testing.assert_allclose(curve.survival, [0.75, 0.375, 0.0])
    assert curve.variance[0] == pytest.approx(0.75**2 / 12)
    assert curve.quantile() == 3.0
    assert curve.at(2.5) == 0.75
    assert curve.at(0.5) == 1.0


def test_a_median_that_was_never_reached_is_infinite() -> None:
    curve = kaplan_meier([1.0, 2.0, 2.0, 2.0], [True, False, False, False])
    assert curve.quantile() == np.inf
    assert curve.interval()[1] == np.inf


def test_kaplan_meier_and_its_interval_agree_with_lifelines(lifelines: dict[str, Any]) -> None:
    times, theirs = lifelines["times"], lifelines["curves"]
    curve = kaplan_meier(times["time"], np.array(times["seen"]) == 1)
    assert curve.at(100.0) == pytest.approx(theirs["survival_at_100"], abs=1e-9)
    assert curve.quantile() == theirs["median"]
    assert curve.interval() == pytest.approx(tuple(theirs["median_interval"]))


def test_turnbull_without_left_censoring_is_kaplan_meier(lifelines: dict[str, Any]) -> None:
    times = np.array(lifelines["times"]["time"])
    seen = np.array(lifelines["times"]["seen"]) == 1
    km = kaplan_meier(times, seen)
    both = turnbull(times, np.where(seen, times, np.inf))
    np.testing.assert_allclose(both.survival, km.survival, atol=1e-5)
    assert np.all(np.isnan(both.variance))


def test_turnbull_by_hand() -> None:
    # Two at most 1, one at 2, one at 3: half is over at 1, a quarter is left after 2.
    curve = turnbull([0.0, 0.0, 2.0, 3.0], [1.0, 1.0, 2.0, 3.0])
    np.testing.assert_allclose(curve.survival, [0.5, 0.25, 0.0], atol=1e-6)


def test_log_rank_agrees_with_lifelines(lifelines: dict[str, Any]) -> None:
    times, theirs = lifelines["times"], lifelines["curves"]
    seen, first = np.array(times["seen"]) == 1, np.array(times["b"]) == 1
    found = log_rank(times["time"], seen, first)
    assert found.statistic == pytest.approx(theirs["log_rank"], rel=1e-9)
    assert found.p_value == pytest.approx(theirs["log_rank_p"], rel=1e-9)


def test_log_rank_without_an_event_says_nothing() -> None:
    assert log_rank([1.0, 2.0], [False, False], [True, False]).p_value == 1.0
