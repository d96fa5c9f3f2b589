from __future__ import annotations

import numpy as np
import pytest

from hrv.calibrate.counts import clopper_pearson, count, outside, rate, with_interval


def test_the_exact_interval_of_nothing_out_of_ten() -> None:
    # 1 - .025^(1/10)
    assert clopper_pearson({"yes": 0, "of": 10}) == pytest.approx((0.0, 0.3085), abs=1e-4)
    assert clopper_pearson({"yes": 10, "of": 10}) == pytest.approx((0.6915, 1.0), abs=1e-4)
    assert clopper_pearson({"yes": 5, "of": 10}) == pytest.approx((0.1871, 0.8129), abs=1e-4)


def test_counting() -> None:
    assert count([True, False, True]) == {"yes": 2, "of": 3}
    assert rate({"yes": 1, "of": 4}) == 0.25
    assert np.isnan(rate({"yes": 0, "of": 0}))
    assert with_interval({"yes": 0, "of": 10}) == "0.000 [0.000, 0.308]"


def test_outside_is_both_tails() -> None:
    np.testing.assert_array_equal(outside([0.02, 0.03, 0.5, 0.98]), [True, False, False, True])
