"""BA-GLS against generalised least squares with the whole covariance written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrv.model import FloatArray, IntArray
from hrv.stats import DAILY_NOISE, EPISODE_NOISE, MixtureT, NoiseGrid, bagls
from hrv.stats.bagls import fit_nodes, group_days

FINITE = st.floats(-3.0, 3.0)


def line(day: IntArray) -> FloatArray:
    x = (day - day.min()) / (day.max() - day.min())
    return np.column_stack([np.ones(day.size), x - x.mean()])


def written_out(
    day: IntArray,
    y: FloatArray,
    x: FloatArray,
    noise: NoiseGrid,
    exponent: float,
    relative: FloatArray,
) -> MixtureT:
    """The recipe with full matrices."""
    n, p = x.shape
    loc, scale, log_w = [], [], []
    apart = np.abs(day[:, None] - day[None, :])
    many = n / np.unique(day).size
    for phi, white in zip(noise.phi, noise.white, strict=True):
        covariance = (1 - white) * phi**apart + white * np.diag(relative)
        inverse = np.linalg.inv(covariance)
        information = x.T @ inverse @ x
        b = np.linalg.solve(information, x.T @ inverse @ y)
        s2 = float((y - x @ b) @ inverse @ (y - x @ b)) / (n - p)
        loc.append(b[1])
        scale.append(np.sqrt(s2 * np.linalg.inv(information)[1, 1]))
        determinants = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(information)[1]
        log_w.append(-0.5 * (determinants + (n - p) * np.log(s2)))
    long_run = noise.white + (1 - noise.white) * many * (1 + noise.phi) / (1 - noise.phi)
    weight = noise.prior * np.exp(np.array(log_w) - np.max(log_w)) * long_run**-exponent
    df = np.maximum(noise.min_df, n / long_run - p)
    return MixtureT(np.array(loc), np.array(scale), df, weight / weight.sum())


@pytest.mark.parametrize(("noise", "repeats"), [(DAILY_NOISE, False), (EPISODE_NOISE, True)])
def test_it_is_generalised_least_squares_with_gaps_and_repeated_days(
    noise: NoiseGrid, repeats: bool
) -> None:
    rng = np.random.default_rng(3)
    day = np.sort(rng.choice(90, 40, replace=repeats)) + 20_000
    x = np.column_stack([line(day), (day % 7 > 4) - 0.3])
    y = 5.0 + x[:, 1] + rng.normal(size=40)
    relative = rng.uniform(0.5, 2.0, 40)
    ours = bagls(day, y, x, 1, noise=noise, exponent=-0.5, relative_variance=relative)
    theirs = written_out(day, y, x, noise, -0.5, relative)
    np.testing.assert_allclose(ours.loc, theirs.loc, atol=1e-10)
    np.testing.assert_allclose(ours.scale, theirs.scale, atol=1e-10)
    np.testing.assert_allclose(ours.df, theirs.df)
    np.testing.assert_allclose(ours.weight, theirs.weight, atol=1e-10)


def test_white_noise_alone_is_ordinary_least_squares() -> None:
    # y = 0, 1, 1, 3 on days 0..3: slope 0.9 per day, 2.7 in all; residual sum of squares 0.7.
    day = np.arange(4)
    only = NoiseGrid(np.zeros(1), np.zeros(1), np.ones(1), 1.5)
    found = bagls(day, [0.0, 1.0, 1.0, 3.0], line(day), 1, noise=only)
    assert found.estimate == pytest.approx(2.7)
    assert found.scale[0] == pytest.approx(3 * np.sqrt(0.7 / 2 / 5))
    assert found.df[0] == 2.0


def test_the_grids_are_those_of_the_recipe() -> None:
    assert DAILY_NOISE.phi.size == 46
    assert EPISODE_NOISE.prior.sum() == 42
    # (1 - 0.4) * 1.5 / 0.5 + 0.4 = 2.2 for phi = .5, white = .4
    at = np.flatnonzero((DAILY_NOISE.phi == 0.5) & (DAILY_NOISE.white == 0.4))[0]
    assert DAILY_NOISE.long_run_variance(1.0)[at] == pytest.approx(2.2)


def test_days_without_a_value_are_bridged_exactly() -> None:
    """A node that is there but not seen changes nothing."""
    rng = np.random.default_rng(5)
    day = np.sort(rng.choice(60, 30, replace=False))
    x, y = line(day), rng.normal(size=30)
    sparse = bagls(day, y, x, 1)
    columns = np.column_stack([x, y])
    full = group_days(columns[None], (day - day[0])[None], int(day[-1] - day[0] + 1), 1.0)
    gap = np.ones(full.mean.shape[1], dtype=np.int64)
    dense = fit_nodes(full, gap, 2, 1, DAILY_NOISE, 0.0).mixture()
    np.testing.assert_allclose(dense.loc, sparse.loc, atol=1e-10)
    np.testing.assert_allclose(dense.weight, sparse.weight, atol=1e-10)


def test_a_batch_says_of_each_series_what_it_says_alone() -> None:
    rng = np.random.default_rng(6)
    day = np.arange(30)
    x = line(day)
    y = rng.normal(size=(30, 3))
    columns = np.concatenate([np.broadcast_to(x, (1, 30, 2)), y[None]], axis=2)
    nodes = group_days(columns, day[None], 30, 1.0)
    batch = fit_nodes(nodes, np.ones(30, dtype=np.int64), 2, 1, DAILY_NOISE, 0.0)
    alone = [bagls(day, y[:, k], x, 1).cdf(0.0) for k in range(3)]
    np.testing.assert_allclose(batch.cdf(0.0)[0], alone, atol=1e-10)


@given(st.lists(FINITE, min_size=14, max_size=30, unique=True), FINITE, st.floats(0.01, 100.0))
@settings(max_examples=25, deadline=None)
def test_shift_leaves_scale_scales_and_reversal_turns_the_change(
    values: list[float], shift: float, factor: float
) -> None:
    y = np.array(values)
    day = np.arange(y.size)
    plain = bagls(day, y, line(day), 1)
    moved = bagls(day, factor * y + shift, line(day), 1)
    back = bagls(day, y[::-1], line(day), 1)
    size = abs(plain.estimate) + plain.sd
    assert moved.estimate == pytest.approx(factor * plain.estimate, abs=1e-6 * factor * size)
    assert moved.sd == pytest.approx(factor * plain.sd, rel=1e-6)
    assert back.estimate == pytest.approx(-plain.estimate, abs=1e-6 * size)
    assert back.p_value() == pytest.approx(plain.p_value(), abs=1e-6)


def test_correlated_noise_without_a_trend_is_seldom_called_one() -> None:
    """300 series of 60 days, AR(1) .5 at half the variance: 5 % +- 3.8 allowed; OLS says 16 %."""
    rng = np.random.default_rng(7)
    n, runs = 60, 300
    state = np.empty((n, runs))
    state[0] = rng.normal(size=runs)
    for i in range(1, n):
        state[i] = 0.5 * state[i - 1] + np.sqrt(0.75) * rng.normal(size=runs)
    y = np.sqrt(0.5) * (state + rng.normal(size=(n, runs)))
    day = np.arange(n)
    columns = np.concatenate([line(day), y], axis=1)[None]
    nodes = group_days(columns, day[None], n, 1.0)
    below = fit_nodes(nodes, np.ones(n, dtype=np.int64), 2, 1, DAILY_NOISE, 0.0).cdf(0.0)[0]
    assert np.mean((below < 0.025) | (below > 0.975)) < 0.088
