"""What the person says, never inferred."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hrv.calibrate.people import FIRST_DAY
from hrv.markers import core_suffering as marker
from hrv.model import MarkerFinding, MarkerState, Rating
from tests.markers.test_all import empty


def rated(values: list[float], scale: str = "core_suffering", every: int = 7) -> MarkerFinding:
    ratings = tuple(Rating(FIRST_DAY + every * k, scale, v) for k, v in enumerate(values))
    return marker.find(replace(empty(days=180), ratings=ratings))


def test_without_ratings_it_is_not_known() -> None:
    found = marker.find(empty())
    assert found.why_unknown is not None
    assert found.why_unknown.code == "no_ratings"


def test_eight_falling_ratings_are_better() -> None:
    found = rated([9, 8, 8, 7, 5, 4, 3, 2])
    assert found.state is MarkerState.IMPROVING
    assert found.estimate is not None
    assert found.estimate.value < -5.0


def test_ratings_that_wander_are_open() -> None:
    assert rated([5, 7, 4, 6, 5, 6, 4, 7]).state is MarkerState.UNDETERMINED


def test_three_ratings_are_too_few_and_still_shown() -> None:
    found = rated([8, 6, 4])
    assert found.state is MarkerState.UNKNOWN
    assert found.facts["scales"]["core_suffering"] == {
        "first": 8.0,
        "last": 4.0,
        "early": 8.0,
        "late": 4.0,
        "n": 3,
    }


def test_four_ratings_cannot_be_clear() -> None:
    # 24 orders: the most extreme two have a two-sided p of 1/12
    assert rated([8, 6, 4, 2]).p_value == pytest.approx(1 / 12, abs=0.02)


def test_ones_own_item_comes_before_a_scale() -> None:
    ratings = [Rating(FIRST_DAY + k, "phq9", 10.0) for k in range(40)]
    ratings += [Rating(FIRST_DAY + 9 * k, "present", 8.0 - k) for k in range(8)]
    found = marker.find(replace(empty(days=180), ratings=tuple(ratings)))
    assert found.facts["scale"] == "present"
    assert found.facts["own_item"] is True


def test_effort_stands_beside_it() -> None:
    ratings = [Rating(FIRST_DAY + 9 * k, "present", 8.0) for k in range(8)]
    ratings += [Rating(FIRST_DAY + 9 * k, "effort", 2.0 + k) for k in range(8)]
    found = marker.find(replace(empty(days=180), ratings=tuple(ratings)))
    assert found.facts["effort"]["change"] == pytest.approx(7.0)


def test_daily_ratings_are_tested_with_their_autocorrelation() -> None:
    rng = np.random.default_rng(1)
    values = np.clip(np.round(7.0 - np.linspace(0, 4, 150) + rng.standard_normal(150)), 0, 10)
    found = rated(values.tolist(), every=1)
    assert found.trend is not None
    assert found.state is MarkerState.IMPROVING


def test_the_permuted_score_keeps_its_level() -> None:
    rng = np.random.default_rng(2)
    p = [
        marker.kendall_p(np.arange(8.0), rng.standard_normal(8), rng, draws=300) for _ in range(300)
    ]
    assert np.mean(np.array(p) <= 0.05) <= 0.085
