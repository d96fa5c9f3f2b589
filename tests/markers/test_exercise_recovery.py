"""Fitness, looked at so that it is not mistaken for calm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hrv.calibrate.people import FIRST_DAY, Person, context
from hrv.markers import exercise_recovery as marker
from hrv.model import DAY_S, MarkerState
from tests.grids import grid_of


def test_faster_after_effort_is_found() -> None:
    person = Person(fitness_bpm=12.0, bouts_per_week=4.0)
    found = marker.find(context(person, 180, np.random.default_rng(1)))
    assert found.state is MarkerState.IMPROVING
    assert found.facts["bouts_better"] > 0.95


def test_nine_bouts_have_no_trend() -> None:
    seen = context(Person(bouts_per_week=3.0), 90, np.random.default_rng(2))
    few = [f for f in seen.fits if f.episode.kind.value == "exercise"][:9]
    found = marker.find(replace(seen, fits=tuple(few)))
    assert found.state is MarkerState.UNKNOWN
    falls = [f.hrr60_bpm for f in marker.comparable(few) if f.hrr60_bpm is not None]
    assert found.facts["hrr60_bpm"] == pytest.approx(np.median(falls))


def test_only_comparable_efforts_count() -> None:
    seen = context(Person(bouts_per_week=3.0), 90, np.random.default_rng(3))
    bouts = [f for f in seen.fits if f.episode.kind.value == "exercise"]
    easy = [replace(f, peak_hr_bpm=100.0) for f in bouts[:3]]
    assert len(marker.comparable([*easy, *bouts[3:]])) == len(bouts) - 3


def test_walking_heart_rate_needs_three_steady_minutes() -> None:
    n = 2 * 1440
    steps = np.zeros(n)
    steps[600:612] = 100.0  # twelve minutes on the first day
    steps[2000:2002] = 100.0  # two on the second
    hr = np.where(steps > 0, 95.0, 60.0)
    grid = grid_of(hr, t0_s=FIRST_DAY * DAY_S, steps_per_min=steps)
    seen = replace(context(Person(), 2, np.random.default_rng(4)), grid=grid)
    pace = marker.walking(seen)
    assert pace.day.tolist() == [FIRST_DAY]
    assert pace.value.tolist() == [95.0]


def test_a_lower_heart_rate_at_the_same_pace_is_fitness() -> None:
    days = 90
    n = days * 1440
    rng = np.random.default_rng(5)
    steps = np.zeros(n)
    hr = np.full(n, 60.0)
    for k in range(days):
        a = k * 1440 + 540
        steps[a : a + 15] = 100.0
        hr[a : a + 15] = 100.0 - 8.0 * k / days + rng.standard_normal()
    grid = grid_of(hr, t0_s=FIRST_DAY * DAY_S, steps_per_min=steps)
    found = marker.find(replace(context(Person(), days, np.random.default_rng(6)), grid=grid))
    assert found.facts["part"] == "walking"
    assert found.state is MarkerState.IMPROVING
    assert found.estimate is not None
    assert found.estimate.value == pytest.approx(-8.0, abs=1.5)
