from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from hrv.stats import MixtureT

ONE = MixtureT(np.array([1.0]), np.array([2.0]), np.array([10.0]), np.ones(1))


def test_one_component_is_students_t() -> None:
    # t(10) two-sided 5 %: 2.228139
    low, high = ONE.interval(0.95)
    assert low == pytest.approx(1.0 - 2.0 * 2.228139, abs=1e-5)
    assert high == pytest.approx(1.0 + 2.0 * 2.228139, abs=1e-5)
    assert ONE.p_value(1.0) == pytest.approx(1.0)
    assert ONE.p_value(low) == pytest.approx(0.05)


def test_support_is_what_lies_between() -> None:
    assert ONE.support(*ONE.interval(0.9)) == pytest.approx(0.9)


def test_the_smallest_detectable_change_of_a_normal_is_2_80_standard_errors() -> None:
    normal = MixtureT(np.zeros(1), np.ones(1), np.array([1e9]), np.ones(1))
    assert normal.smallest_detectable() == pytest.approx(1.959964 + 0.841621, abs=1e-5)


def test_two_components_are_averaged() -> None:
    both = MixtureT(np.array([0.0, 4.0]), np.ones(2), np.array([5.0, 5.0]), np.array([0.25, 0.75]))
    assert both.estimate == pytest.approx(3.0)
    assert both.cdf(2.0) == pytest.approx(0.25 * 0.949030 + 0.75 * 0.050970, abs=1e-5)


def test_weights_that_do_not_sum_to_one_are_refused() -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        MixtureT(np.zeros(2), np.ones(2), np.ones(2), np.ones(2))


@pytest.mark.parametrize("seed", range(6))
def test_quantiles_are_where_the_support_crosses(seed: int) -> None:
    """Against bisection, with heavy tails, far-apart centres and negligible components."""
    rng = np.random.default_rng(seed)
    weight = rng.exponential(size=40) ** 6
    mixed = MixtureT(
        rng.normal(0.0, [0.1, 3.0][seed % 2], 40),
        rng.uniform(0.01, 2.0, 40),
        rng.uniform(1.5, 60.0, 40),
        weight / weight.sum(),
    )
    probability = np.array([1e-4, 0.025, 0.2, 0.5, 0.84, 0.975, 0.9999])
    found = mixed.quantiles(probability)
    for value, p in zip(found, probability, strict=True):
        by_bisection = brentq(lambda x, p=p: mixed.cdf(x) - p, -1e6, 1e6, xtol=1e-13)
        assert value == pytest.approx(by_bisection, rel=1e-9, abs=1e-10)
