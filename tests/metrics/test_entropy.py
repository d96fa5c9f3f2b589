"""Sample entropy against counting every pair."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings

from hrv.metrics.entropy import multiscale_entropy, sample_entropy
from hrv.model import NNSeries
from tests.hearts import nn_series, steady


def counted(nn: NNSeries, m: int, r: float) -> float:
    """The definition, pair by pair."""
    n = nn.nn_ms.size
    joined = nn.joined
    begins = [i for i in range(n - m) if joined[i + 1 : i + m + 1].all()]
    same = longer = 0
    for place, i in enumerate(begins):
        for j in begins[place + 1 :]:
            if np.all(np.abs(nn.nn_ms[i : i + m] - nn.nn_ms[j : j + m]) <= r):
                same += 1
                longer += abs(nn.nn_ms[i + m] - nn.nn_ms[j + m]) <= r
    return -math.log(longer / same) if same and longer else math.nan


@settings(max_examples=25, deadline=None)
@given(nn_series(least=8, most=60))
def test_every_pair_is_counted_once(nn: NNSeries) -> None:
    r = 0.2 * float(np.std(nn.nn_ms, ddof=1))
    for m in (1, 2, 3):
        expected = counted(nn, m, r)
        assert sample_entropy(nn, m) == pytest.approx(expected, nan_ok=True)


def test_blocks_of_lags_meet_without_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    nn = NNSeries.unbroken(steady(200))
    whole = sample_entropy(nn)
    monkeypatch.setattr("hrv.metrics.entropy.BLOCK", 1000)
    assert sample_entropy(nn) == whole


def test_ranks_over_16_bits_count_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    nn = NNSeries.unbroken(steady(200))
    small = sample_entropy(nn)
    monkeypatch.setattr("hrv.metrics.entropy.FEW", 0)
    assert sample_entropy(nn) == small


def test_a_repeating_series_is_fully_predictable() -> None:
    assert sample_entropy(NNSeries.unbroken([800, 900] * 100)) == pytest.approx(
        -math.log(98 * 99 / (99 * 98))
    )


def test_equal_beats_have_no_entropy() -> None:
    assert math.isnan(sample_entropy(NNSeries.unbroken([900.0] * 300)))


def test_scale_one_is_sample_entropy_at_its_own_tolerance() -> None:
    nn = NNSeries.unbroken(steady(600))
    values = multiscale_entropy(nn)
    assert values.size == 5
    assert values[0] == pytest.approx(sample_entropy(nn, tolerance_sd=0.15))


def test_coarse_grained_white_noise_loses_entropy() -> None:
    x = np.random.default_rng(7).normal(800, 40, 4000)
    values = multiscale_entropy(NNSeries.unbroken(x))
    assert np.all(np.diff(values) < 0)  # Costa et al. (2002), figure 1
