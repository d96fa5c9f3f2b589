"""Days until back in range after a bad day."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hrv.calibrate.people import FIRST_DAY, ar1
from hrv.markers import Context, prepared, rebound
from hrv.model import DAY_S, BaselineDay, MarkerState, Span, SpanKind, Tier
from tests.markers.test_all import empty

NONE: frozenset[int] = frozenset()


def followed(level: list[float], days: list[int] | None = None) -> list[tuple[int, float, bool]]:
    at = np.arange(len(level)) if days is None else np.array(days)
    found = rebound.rebounds(at, np.array(level), 2.0, 1.0, NONE)
    return list(zip(found.day.tolist(), found.length.tolist(), found.over.tolist(), strict=True))


def test_days_are_counted_from_the_bad_day_to_the_first_good_one() -> None:
    assert followed([0, 3, 2.5, 1.5, 0.5, 0]) == [(1, 3.0, True)]


def test_a_dip_that_is_not_back_in_range_does_not_end_it() -> None:
    assert followed([0, 3, 1.5, 3, 1.5, 1.0]) == [(1, 4.0, True)]


def test_the_end_of_the_data_cuts_it_short() -> None:
    assert followed([0, 3, 2.5, 1.5]) == [(1, 2.0, False)]


def test_a_long_gap_cuts_it_short() -> None:
    assert followed([0, 3, 2.5, 0.0], [0, 1, 2, 9]) == [(1, 1.0, False)]


def test_two_bad_days_apart_are_two() -> None:
    assert [d for d, _, _ in followed([0, 3, 0, 0, 3, 0])] == [1, 4]


def test_days_of_illness_are_left_out() -> None:
    found = rebound.rebounds(
        np.arange(6), np.array([0, 3, 3, 0, 3, 0.0]), 2.0, 1.0, frozenset({1, 2})
    )
    assert found.day.tolist() == [4]


def daily(values: np.ndarray, spans: tuple[Span, ...] = ()) -> Context:
    days = tuple(
        BaselineDay(day=FIRST_DAY + k, vendor_resting_hr_bpm=float(60.0 + v))
        for k, v in enumerate(values)
    )
    return prepared(replace(empty(Tier.DAILY, len(days)), days=days, spans=spans))


def test_one_value_a_day_is_enough() -> None:
    found = rebound.find(daily(2.0 * ar1(180, 0.5, np.random.default_rng(1))))
    assert found.estimate is not None
    assert 1.0 <= found.estimate.value <= 6.0
    assert found.unit == "days"
    assert found.facts["measure"] == "vendor_resting_hr_bpm"


def test_a_sticky_series_comes_back_later_than_a_quick_one() -> None:
    means = []
    for phi in (0.0, 0.8):
        found = rebound.find(daily(2.0 * ar1(360, phi, np.random.default_rng(2))))
        assert found.estimate is not None
        means.append(found.estimate.value)
    assert means[1] > means[0] + 0.5


def test_what_autocorrelation_alone_gives_stands_beside_it() -> None:
    found = rebound.find(daily(2.0 * ar1(720, 0.6, np.random.default_rng(3))))
    expected = float(found.facts["by_chance_days"])
    assert found.facts["about_slow_course_days"] == pytest.approx(expected, rel=0.5)


def test_illness_is_no_bad_day() -> None:
    values = 0.5 * ar1(90, 0.0, np.random.default_rng(4))
    values[40:46] += 12.0
    ill = Span(
        kind=SpanKind.ILLNESS,
        start_s=(FIRST_DAY + 40) * DAY_S,
        end_s=(FIRST_DAY + 46) * DAY_S,
        origin="person",
    )
    with_tag, without = rebound.find(daily(values, (ill,))), rebound.find(daily(values))
    assert with_tag.facts["n"] < without.facts["n"]
    assert with_tag.estimate is not None
    assert with_tag.estimate.value < 5.0


def test_sick_days_alone_leave_nothing_to_follow() -> None:
    values = 0.5 * ar1(40, 0.0, np.random.default_rng(4))
    at_s = [(FIRST_DAY + k) * DAY_S for k in range(0, 40, 2)]
    drinks = tuple(Span(kind=SpanKind.ALCOHOL, start_s=t, end_s=t) for t in at_s)
    found = rebound.find(daily(values, drinks))
    assert found.state is MarkerState.UNKNOWN
    assert found.why_unknown is not None
    assert found.why_unknown.code == "few_resting_days"


def test_a_falling_baseline_alone_is_no_faster_rebound() -> None:
    """Deviations are taken about the slow course, so the trend says something of its own."""
    rng = np.random.default_rng(5)
    better = 0
    for _ in range(20):
        values = 2.0 * ar1(180, 0.4, rng) + np.linspace(0.0, -6.0, 180)
        better += rebound.find(daily(values)).state is MarkerState.IMPROVING
    assert better <= 3


@pytest.mark.slow
def test_steady_people_rarely_get_a_direction() -> None:
    rng = np.random.default_rng(6)
    told = 0
    for _ in range(200):
        found = rebound.find(daily(2.0 * ar1(180, 0.5, rng)))
        told += found.state in (MarkerState.IMPROVING, MarkerState.WORSENING)
    assert told <= 17  # 5 % with a binomial margin


def test_three_weeks_of_one_value_a_day_give_a_number_with_an_interval() -> None:
    seen = 0
    for k in range(10):
        found = rebound.find(daily(2.0 * ar1(21, 0.5, np.random.default_rng([7, k]))))
        if found.estimate is not None:
            seen += 1
            assert found.estimate.low < found.estimate.high
    assert seen >= 6
