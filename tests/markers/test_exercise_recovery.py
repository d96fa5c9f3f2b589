"""Fitness, looked at so that it is not mistaken for calm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hrv.calibrate.people import FIRST_DAY, Person, context
from hrv.markers import Context
from hrv.markers import exercise_recovery as marker
from hrv.model import (
    DAY_S,
    BaselineDay,
    Episode,
    EpisodeKind,
    MarkerState,
    RecoveryFit,
)
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
    falls = [f.hrr60_bpm for f in marker.comparable(few, 12.0) if f.hrr60_bpm is not None]
    assert found.facts["hrr60_bpm"] == pytest.approx(np.median(falls))


def test_workouts_that_end_with_the_effort_are_told_to_go_on() -> None:
    seen = context(Person(bouts_per_week=3.0), 90, np.random.default_rng(2))
    cut = [
        replace(f, accepted=False, why_not="missing", hrr60_bpm=None)
        for f in seen.fits
        if f.episode.kind is EpisodeKind.EXERCISE
    ]
    why = marker.find(replace(seen, fits=tuple(cut))).why_unknown
    assert why is not None
    assert (why.code, why.facts) == ("efforts_not_followed", {"count": len(cut)})


def test_only_comparable_efforts_count() -> None:
    seen = context(Person(bouts_per_week=3.0), 90, np.random.default_rng(3))
    bouts = [f for f in seen.fits if f.episode.kind.value == "exercise"]
    easy = [replace(f, peak_hr_bpm=100.0) for f in bouts[:3]]
    assert len(marker.comparable([*easy, *bouts[3:]], 12.0)) == len(bouts) - 3


def walked(hr: np.ndarray, steps: np.ndarray, rest: float = 60.0) -> Context:
    days = hr.size // 1440
    resting = tuple(
        BaselineDay(day=FIRST_DAY + k, resting_hr_bpm=rest, worn_hours=24.0) for k in range(days)
    )
    grid = grid_of(hr, t0_s=FIRST_DAY * DAY_S, steps_per_min=steps)
    return replace(context(Person(), days, np.random.default_rng(4)), grid=grid, days=resting)


def test_walking_heart_rate_needs_three_steady_minutes() -> None:
    steps = np.zeros(2 * 1440)
    steps[600:612] = 100.0  # twelve minutes on the first day
    steps[2000:2002] = 100.0  # two on the second
    pace = marker.walking(walked(np.where(steps > 0, 95.0, 60.0), steps))
    assert pace.day.tolist() == [FIRST_DAY]
    assert pace.value.tolist() == [35.0]


def test_everyone_has_a_usual_cadence_of_their_own() -> None:
    steps = np.zeros(1440)
    steps[600:620] = 122.0
    steps[700:703] = 80.0
    hr = np.where(steps > 100, 95.0, 60.0)
    assert marker.walking(walked(hr, steps)).value.tolist() == [35.0]


def walks(days: int, walking_fall: float, resting_fall: float) -> Context:
    rng = np.random.default_rng(5)
    steps, hr = np.zeros(days * 1440), np.full(days * 1440, 60.0)
    for k in range(days):
        a = k * 1440 + 540
        steps[a : a + 15] = 100.0
        hr[a : a + 15] = 100.0 - walking_fall * k / days + rng.standard_normal()
    seen = walked(hr, steps)
    resting = tuple(
        replace(d, resting_hr_bpm=60.0 - resting_fall * k / days) for k, d in enumerate(seen.days)
    )
    return replace(seen, days=resting)


def test_walking_that_costs_less_is_fitness() -> None:
    found = marker.find(walks(90, walking_fall=8.0, resting_fall=3.0))
    assert found.facts["part"] == "walking"
    assert found.state is MarkerState.IMPROVING
    assert found.estimate is not None
    assert found.estimate.value == pytest.approx(-5.0, abs=1.0)


def test_a_heart_that_is_calmer_all_day_is_not_taken_for_fitness() -> None:
    found = marker.find(walks(90, walking_fall=5.0, resting_fall=5.0))
    assert found.state is not MarkerState.IMPROVING
    assert found.facts["walking_better"] < 0.95


def test_a_minute_clock_is_too_coarse_for_the_first_minute_after_effort() -> None:
    seen = context(Person(bouts_per_week=4.0), 180, np.random.default_rng(7))
    coarse = tuple(replace(f, episode=replace(f.episode, step_s=60.0)) for f in seen.fits)
    assert marker.find(replace(seen, fits=coarse)).facts["alike"] == 0


def bout(day: int, minutes: int, peak: float = 150.0) -> RecoveryFit:
    start = (FIRST_DAY + day) * DAY_S + 18 * 3600.0
    return RecoveryFit(
        episode=Episode(
            start_s=start, peak_s=start, end_s=start + 60.0 * minutes, rise_bpm=peak - 60.0,
            kind=EpisodeKind.EXERCISE, step_s=15.0, day=FIRST_DAY + day,
        ),
        accepted=True, hrr60_bpm=30.0, peak_hr_bpm=peak, rest_bpm=60.0,
    )  # fmt: skip


def test_efforts_are_matched_by_peak_and_by_time_above_a_threshold() -> None:
    """Usual peak 150, rest 60: threshold 60 + .6 x 90 = 114. Minutes above it by hand: 30, 30, 20,
    4 (a sprint after a stroll) and 30 of a bout that peaked at 100 too low; median 30."""
    fits = [bout(0, 40), bout(1, 40), bout(2, 40), bout(3, 40), bout(4, 40, peak=125.0)]
    hr = np.full(5 * 5760, 60.0)
    for day, above in enumerate((30, 30, 20, 4, 30)):
        a = day * 5760 + 18 * 240
        hr[a : a + 160] = 110.0
        hr[a + 160 - 4 * above : a + 160] = 120.0
    seen = context(Person(), 5, np.random.default_rng(8))
    seen = replace(seen, grid=grid_of(hr, step_s=15.0, t0_s=FIRST_DAY * DAY_S))
    seconds = marker.time_above(seen, fits[:4])
    assert seconds is not None
    assert (seconds / 60.0).tolist() == [30.0, 30.0, 20.0, 4.0]
    assert marker.alike_efforts(seen, fits) == fits[:3]
