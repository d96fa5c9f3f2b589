"""The Poincare plot by hand."""

from __future__ import annotations

import math

import pytest

from hrv.metrics import BY_NAME
from hrv.model import NNSeries

RISING = NNSeries.unbroken([800, 810, 830, 840, 860])  # differences 10 20 10 20


def test_sd1_is_the_spread_of_differences_over_root_two() -> None:
    sdsd = math.sqrt(4 * 5**2 / 3)
    assert BY_NAME["sd1"].formula(RISING) == pytest.approx(sdsd / math.sqrt(2))


def test_sd2_takes_what_sd1_leaves_of_twice_the_variance() -> None:
    variance = (28**2 + 18**2 + 2**2 + 12**2 + 32**2) / 4  # about the mean 828
    sd2 = math.sqrt(2 * variance - 0.5 * (4 * 5**2 / 3))
    assert BY_NAME["sd2"].formula(RISING) == pytest.approx(sd2)


def test_ratio_and_area_follow() -> None:
    sd1, sd2 = BY_NAME["sd1"].formula(RISING), BY_NAME["sd2"].formula(RISING)
    assert BY_NAME["sd1_sd2"].formula(RISING) == pytest.approx(sd1 / sd2)
    assert BY_NAME["ellipse_area"].formula(RISING) == pytest.approx(math.pi * sd1 * sd2)


def test_equal_beats_have_no_ratio() -> None:
    assert math.isnan(BY_NAME["sd1_sd2"].formula(NNSeries.unbroken([800] * 5)))
