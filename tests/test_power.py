"""Waiting times, by hand and by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from hrv import power, trend
from hrv.calibrate.people import ar1
from hrv.model import DailySeries, Estimate, Missing, Trend
from hrv.settings import TrendSettings


def seen(smallest: float, days: int = 90) -> Trend:
    return Trend(
        total=Estimate(value=0.0, low=-1.0, high=1.0),
        p_value=1.0,
        p_fall=0.5,
        since_day=0,
        until_day=days - 1,
        n=days,
        se=smallest / 2.8,
        df=50.0,
        method="by hand",
        log=True,
        smallest_change=smallest,
    )


def test_half_the_change_takes_four_times_as_long() -> None:
    assert power.days_needed(seen(0.4), 0.2) == pytest.approx(4 * 90)


def test_what_shows_already_needs_no_more_weeks() -> None:
    soon = power.wait(seen(0.1), 0.2)
    assert soon.more_weeks == 0.0


def test_no_wait_is_shorter_than_the_shortest_window_judged() -> None:
    assert power.wait(seen(0.1, days=28), 0.2).weeks == pytest.approx(8.0)


def test_what_takes_longer_than_five_years_has_no_date() -> None:
    soon = power.wait(seen(3.0), 0.1)
    assert soon.weeks is None
    assert soon.more_weeks is None


def test_a_ladder_climbs() -> None:
    weeks = [w.weeks for w in power.ladder(seen(0.4), (0.5, 0.4, 0.3, 0.2))]
    known = [w for w in weeks if w is not None]
    assert known == sorted(known)
    assert len(known) == 4


@pytest.mark.slow
def test_the_promised_window_shows_the_change_about_4_times_in_5() -> None:
    settings = TrendSettings()
    rng = np.random.default_rng(11)
    promised, found = [], []
    for _ in range(60):
        first = trend.daily(
            DailySeries(np.arange(120), ar1(120, 0.3, rng)), settings=settings, log=False
        )
        assert not isinstance(first, Missing)
        promised.append(power.days_needed(first, 1.0))
    days = int(np.median(promised))
    for _ in range(150):
        values = ar1(days, 0.3, rng) + np.linspace(0.0, 1.0, days)
        one = trend.daily(DailySeries(np.arange(days), values), settings=settings, log=False)
        assert not isinstance(one, Missing)
        found.append(one.p_value <= settings.alpha)
    assert 0.65 <= np.mean(found) <= 0.97
