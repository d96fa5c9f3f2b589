"""The rivals are what their authors and other libraries say they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hrv.calibrate import rivals

ORACLES = Path(__file__).parents[1] / "standards" / "stats_oracles.json"


@pytest.fixture(scope="module")
def oracles() -> dict[str, Any]:
    values: dict[str, Any] = json.loads(ORACLES.read_text())
    return values


def test_least_squares_and_newey_west_agree_with_statsmodels(oracles: dict[str, Any]) -> None:
    values = oracles["newey_west"]
    y = np.array(values["y"])
    design = np.column_stack([np.ones(40), np.arange(40) / 39])
    assert rivals.ols(y, design) == pytest.approx(values["ols_p"], rel=1e-9)
    assert rivals.newey_west(y, design, values["lags"]) == pytest.approx(values["p"], rel=1e-9)


def test_cox_regression_agrees_with_lifelines(oracles: dict[str, Any]) -> None:
    times = oracles["times"]
    design = np.column_stack([times["a"], times["b"]])
    beta, se = rivals.cox(np.array(times["time"]), np.array(times["seen"]) == 1, design)
    np.testing.assert_allclose(beta, oracles["cox"]["beta"], rtol=5e-3)
    np.testing.assert_allclose(se, oracles["cox"]["se"], rtol=5e-3)


def test_mann_kendall_by_hand() -> None:
    # 1 2 3 5 4: 9 pairs up, 1 down, S = 8; variance 5 * 4 * 15 / 18; z = 7 / 4.0825 = 1.7146
    assert rivals.mann_kendall(np.array([1.0, 2.0, 3.0, 5.0, 4.0])) == pytest.approx(
        0.0864, abs=1e-4
    )


def test_the_middle_of_all_slopes() -> None:
    # slopes 1, 1.5, 2 (pairs 0-1, 0-2, 1-2)
    assert rivals.sen_slope(np.array([0.0, 1.0, 3.0])) == 1.5


def test_autocorrelation_by_hand() -> None:
    # centred -1.5 -.5 .5 1.5: sum of squares 5, lag-1 products .75 - .25 + .75
    assert rivals.autocorrelation(np.array([1.0, 2.0, 3.0, 4.0]))[0] == pytest.approx(0.25)


def test_white_noise_needs_no_correction() -> None:
    """On independent values the corrected tests say about what the plain one says."""
    y = np.random.default_rng(3).normal(size=200)
    plain = rivals.mann_kendall(y)
    assert rivals.mk_prewhitened(y) == pytest.approx(plain, abs=0.15)
    assert 0.0 < rivals.mk_hamed_rao(y) <= 1.0
    assert 0.0 < rivals.mk_trend_free_prewhitened(y) <= 1.0
