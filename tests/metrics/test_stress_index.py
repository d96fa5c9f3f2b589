"""Baevsky's index by hand."""

from __future__ import annotations

import math

import pytest

from hrv.metrics.stress_index import stress_index_per_s2
from hrv.model import NNSeries


def test_mode_share_and_spread_by_hand() -> None:
    # bins of 50 ms: 800-850 holds three of five; spread 0.2 s; mode 0.825 s
    nn = NNSeries.unbroken([800, 810, 849, 900, 1000])
    assert stress_index_per_s2(nn) == pytest.approx(60.0 / (2 * 0.825 * 0.2))


def test_the_lower_of_two_equal_bins_is_the_mode() -> None:
    nn = NNSeries.unbroken([800, 900])
    assert stress_index_per_s2(nn) == pytest.approx(50.0 / (2 * 0.825 * 0.1))


def test_equal_beats_have_no_index() -> None:
    assert math.isnan(stress_index_per_s2(NNSeries.unbroken([800] * 60)))
