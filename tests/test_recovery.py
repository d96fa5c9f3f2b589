"""Recovery: what was put in comes out, and what cannot be known is censored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hrv.curves import CURVES, EXPONENTIAL, Curve
from hrv.episodes import detect, expect
from hrv.model import Censored, EpisodeKind, Grid, RecoveryFit, Span, SpanKind, WearerNoise
from hrv.recovery import (
    LN_PLATEAUS,
    _law,
    _laws_of_each,
    _plan,
    _traits,
    curve,
    fit,
    technique_starts,
)
from hrv.settings import Settings
from tests.grids import MONDAY_S, Rise, awake, binned, grid_of, life, seconds

SETTINGS = Settings()
NOON_S = 12 * 3600.0


def fits_of(grid: Grid) -> tuple[RecoveryFit, ...]:
    expectation = expect(grid, SETTINGS)
    return fit(detect(grid, expectation, (), SETTINGS), grid, expectation, SETTINGS)


def one_rise(
    half_s: float, step_s: int = 60, duration_s: float = 600.0, noise: float = 0.4, **given: Any
) -> tuple[Grid, RecoveryFit]:
    rise = Rise(NOON_S, NOON_S + duration_s, 20.0, half_s)
    hr = binned(seconds([rise], 86_400, 1, noise=noise), step_s)
    grid = grid_of(hr, float(step_s), asleep=~awake(step_s, 1), **given)
    return grid, nearest(fits_of(grid), NOON_S)


def nearest(fits: tuple[RecoveryFit, ...], on_s: float) -> RecoveryFit:
    return min(fits, key=lambda f: abs(f.episode.start_s - MONDAY_S - on_s))


@pytest.mark.parametrize(
    ("half_s", "step_s"),
    [(30.0, 5), (60.0, 15), (120.0, 15), (120.0, 60), (300.0, 60), (300.0, 120)],
)
def test_the_half_time_put_in_comes_out(half_s: float, step_s: int) -> None:
    _, fitted = one_rise(half_s, step_s)
    assert fitted.accepted
    assert fitted.half_time_s is not None
    assert fitted.half_time_s.value == pytest.approx(half_s, rel=0.3)
    assert fitted.half_time_s.low <= half_s <= fitted.half_time_s.high
    assert fitted.amplitude_bpm == pytest.approx(20.0, rel=0.15)
    assert fitted.release_s == pytest.approx(MONDAY_S + NOON_S + 600.0, abs=max(60, step_s))


def test_faster_than_the_sampling_is_at_most() -> None:
    _, fitted = one_rise(20.0, 60)
    assert fitted.censored is Censored.LEFT
    assert fitted.bound_s == 75.0
    assert fitted.half_time_s is None


def test_an_interval_is_never_narrower_than_half_a_bin() -> None:
    _, fitted = one_rise(150.0, 60, noise=0.01)
    assert fitted.half_time_s is not None
    assert fitted.half_time_s.high - fitted.half_time_s.low >= 30.0


@pytest.mark.parametrize(
    ("cause", "reason"),
    [("motion_met", "motion"), ("asleep", "asleep"), ("measured", "gap"), ("exercise", "motion")],
)
def test_an_interrupted_recovery_is_at_least(cause: str, reason: str) -> None:
    stop = int((NOON_S + 600) / 60) + 8
    up = awake(60, 1)
    given: dict[str, Any] = {"asleep": ~up}
    after = np.zeros(1440, dtype=bool)
    after[stop : stop + 30] = True
    if cause == "motion_met":
        given[cause] = np.where(after, 3.0, 0.0)
    elif cause == "measured":
        given[cause] = ~after
    elif cause == "asleep":
        given[cause] = ~up | after
    else:
        given[cause] = after
    rise = Rise(NOON_S, NOON_S + 600, 20.0, 1500.0)
    grid = grid_of(binned(seconds([rise], 86_400, 1, noise=0.4), 60), **given)
    fitted = nearest(fits_of(grid), NOON_S)
    assert fitted.stop_reason == reason
    assert fitted.censored is Censored.RIGHT
    assert 150.0 < fitted.bound_s < 0.9 * (8 * 60 + 600)
    assert fitted.bound_s < rise.half_s
    assert fitted.settled_censored


def test_five_minutes_that_were_not_seen_are_not_known_to_be_raised() -> None:
    stop = int((NOON_S + 600) / 60) + 4
    seen = np.ones(1440, dtype=bool)
    seen[stop : stop + 30] = False
    _, fitted = one_rise(60.0, measured=seen)
    assert fitted.settled_censored
    assert fitted.settled_follow_up_s < 60.0
    _, whole = one_rise(60.0)
    assert whole.settled_s > fitted.settled_follow_up_s
    assert fitted.active_s == pytest.approx(fitted.release_s - fitted.onset_s, abs=60.0)


def test_the_next_episode_ends_the_follow_up() -> None:
    rises = [
        Rise(NOON_S, NOON_S + 600, 14.0, 400.0),
        Rise(NOON_S + 2400, NOON_S + 3000, 22.0, 300.0),
    ]
    hr = binned(seconds(rises, 86_400, 1, noise=0.4), 60)
    fits = fits_of(grid_of(hr, asleep=~awake(60, 1)))
    first = nearest(fits, NOON_S)
    assert first.stop_reason == "next_episode"
    assert first.follow_up_s == pytest.approx(1800, abs=300)


def technique(start_s: float, minutes: float = 10.0) -> Span:
    start_s += MONDAY_S
    return Span(kind=SpanKind.TECHNIQUE, start_s=start_s, end_s=start_s + 60.0 * minutes)


def with_technique(half_s: float, begun_s: float, **fast: float) -> RecoveryFit:
    """A rise of ten minutes that falls with a half-time; `begun_s` after its release somebody
    begins to breathe, from when on it may fall with another."""
    rise = Rise(NOON_S, NOON_S + 600.0, 20.0, half_s)
    hr = seconds([rise], 86_400, 1, noise=0.4)
    if fast:
        at = int(rise.off_s + begun_s)
        left = 20.0 * 0.5 ** (begun_s / half_s)
        since = np.arange(3 * 3600.0)
        hr[at : at + since.size] += left * (
            0.5 ** (since / fast["after_s"]) - 0.5 ** (since / half_s)
        )
    grid = grid_of(binned(hr, 60), asleep=~awake(60, 1))
    expectation = expect(grid, SETTINGS)
    spans = [technique(rise.off_s + begun_s)]
    found = detect(grid, expectation, spans, SETTINGS)
    return nearest(fit(found, grid, expectation, SETTINGS, technique_starts(found, spans)), NOON_S)


def test_a_technique_ends_what_counts_without_one() -> None:
    whole = with_technique(600.0, 480.0, after_s=60.0)
    until = whole.technique_free
    assert whole.episode.technique
    assert whole.half_time_s is not None
    assert whole.half_time_s.value < 500.0  # with it
    assert until is not None
    assert until is whole.untreated
    assert until.stop_reason == "technique"
    assert until.follow_up_s == pytest.approx(480.0, abs=90.0)
    assert until.censored is Censored.RIGHT
    assert until.bound_s < 600.0
    assert until.settled_censored
    assert until.active_censored


def test_a_rise_half_gone_before_the_technique_is_timed() -> None:
    whole = with_technique(120.0, 420.0)
    until = whole.technique_free
    assert until is not None
    assert until.half_time_s is not None
    assert until.half_time_s.value == pytest.approx(120.0, rel=0.3)


@pytest.mark.parametrize("begun_s", [-900.0, -300.0, 30.0])
def test_a_technique_before_the_fall_leaves_nothing_without_it(begun_s: float) -> None:
    whole = with_technique(240.0, begun_s)
    assert whole.episode.technique
    assert whole.technique_free is None


def test_without_a_technique_the_whole_recovery_counts() -> None:
    _, fitted = one_rise(240.0)
    assert fitted.untreated is None
    assert fitted.technique_free is fitted


def test_settling_comes_after_the_half_time_and_activity_spans_both() -> None:
    _, fitted = one_rise(240.0)
    assert not fitted.settled_censored
    assert 240.0 < fitted.settled_s < 2400.0
    assert fitted.active_s == pytest.approx(
        fitted.settled_s + fitted.release_s - fitted.onset_s, abs=1.0
    )
    assert fitted.area_bpm_min == pytest.approx(20 * 10 + 20 * 4 / np.log(2), rel=0.25)
    one, two, five = fitted.percent_back
    assert None not in (one, two, five)
    assert 0 < (one or 0) < (two or 0) < (five or 0) < 100


def test_rejection_looks_at_the_design_only() -> None:
    up = awake(60, 1)
    holes = np.ones(1440, dtype=bool)
    holes[int(NOON_S / 60) + 1 : int(NOON_S / 60) + 60 : 4] = False
    rise = Rise(NOON_S, NOON_S + 900, 20.0, 300.0)
    hr = binned(seconds([rise], 86_400, 1, noise=0.4), 60)
    fitted = nearest(fits_of(grid_of(hr, asleep=~up, measured=holes)), NOON_S)
    assert not fitted.accepted
    assert fitted.why_not == "missing"


def test_a_motion_burst_in_the_tail_does_not_move_the_half_time() -> None:
    rise = Rise(NOON_S, NOON_S + 600, 20.0, 180.0)
    clean = binned(seconds([rise], 86_400, 1, noise=0.4), 60)
    burst = clean.copy()
    burst[int((NOON_S + 600) / 60) + 9] += 25.0
    a, b = (nearest(fits_of(grid_of(hr, asleep=~awake(60, 1))), NOON_S) for hr in (clean, burst))
    assert b.ln_h == pytest.approx(a.ln_h, abs=0.25)


@pytest.mark.parametrize("step_s", [5, 60])
def test_heart_rate_recovery_after_exercise(step_s: int) -> None:
    bout = Rise(NOON_S, NOON_S + 2400, 80.0, 60.0)
    hr = binned(seconds([bout], 86_400, 2, noise=0.3), step_s)
    exercise = np.zeros(hr.size, dtype=bool)
    exercise[int(NOON_S / step_s) : int((NOON_S + 2400) / step_s)] = True
    grid = grid_of(hr, float(step_s), asleep=~awake(step_s, 1), exercise=exercise)
    fits = [f for f in fits_of(grid) if f.episode.kind is EpisodeKind.EXERCISE]
    assert len(fits) == 1
    assert fits[0].hrr60_bpm == pytest.approx(40.0, abs=12.0)
    assert fits[0].hrr120_bpm == pytest.approx(60.0, abs=10.0)


def test_a_lost_pulse_after_exercise_is_no_recovery() -> None:
    bout = Rise(NOON_S, NOON_S + 2400, 80.0, 90.0)
    hr = binned(seconds([bout], 86_400, 2, noise=0.3), 5)
    end = int((NOON_S + 2400) / 5)
    hr[end + 4 : end + 20] -= 55.0
    exercise = np.zeros(hr.size, dtype=bool)
    exercise[int(NOON_S / 5) : end] = True
    fits = fits_of(grid_of(hr, 5.0, asleep=~awake(5, 1), exercise=exercise))
    assert [f.why_not for f in fits if f.episode.kind is EpisodeKind.EXERCISE] == ["dropout"]


def test_half_times_of_days_are_right_in_the_middle_and_in_their_intervals() -> None:
    errors, covered = [], []
    for seed in range(3):
        grid, rises = life(8, seed, median_half_s=240.0)
        for fitted in fits_of(grid):
            near = [r for r in rises if abs(MONDAY_S + r.on_s - fitted.episode.start_s) < 180]
            if len(near) == 1 and fitted.half_time_s is not None:
                errors.append(np.log(fitted.half_time_s.value / near[0].half_s))
                covered.append(fitted.half_time_s.low <= near[0].half_s <= fitted.half_time_s.high)
    assert len(errors) > 60
    assert abs(float(np.median(errors))) < 0.15
    assert float(np.median(np.abs(np.expm1(errors)))) < 0.28
    assert np.mean(covered) > 0.85


def test_the_overlay_starts_before_release_and_ends_with_the_follow_up() -> None:
    grid, fitted = one_rise(240.0)
    drawn = curve(fitted, grid, expect(grid, SETTINGS))
    assert -365 < drawn.since_release_s[0] < -200
    assert drawn.since_release_s[-1] <= fitted.follow_up_s + 60
    peak = drawn.excess_bpm[np.abs(drawn.since_release_s) < 90].max()
    assert peak == pytest.approx(20.0, abs=4.0)


@pytest.mark.parametrize("shape", CURVES, ids=lambda c: c.name)
def test_the_shape_of_a_wearer_is_recognised_and_the_half_time_is_that_of_the_shape(
    shape: Curve,
) -> None:
    grid, rises = life(14, seed=5, median_half_s=120.0, curve=shape)
    fits = [f for f in fits_of(grid) if f.half_time_s is not None]
    assert {f.curve for f in fits} == {shape.name}
    found = float(np.median([f.half_time_s.value for f in fits if f.half_time_s is not None]))
    long_enough = [r.half_s for r in rises if r.half_s > 75.0]
    assert found == pytest.approx(float(np.median(long_enough)), rel=0.2)


def test_intervals_hold_the_truth_also_where_few_episodes_tell_what_is_usual() -> None:
    """Centre and spread of a wearer are not known, only learned from a dozen noisy episodes."""
    rng = np.random.default_rng(5)
    noise = WearerNoise(sigma_bpm=3.0, phi=0.5, step_s=60.0, n=1000)
    plan = _plan(60.0, noise, SETTINGS.recovery, EXPONENTIAL)
    ln_half = np.log(plan.half_s)
    inside, width = [], []
    for _ in range(60):
        true = np.log(200.0) + 0.5 * rng.standard_normal(12)
        seen = true + 0.6 * rng.standard_normal(12)
        over_h = np.exp(-0.5 * ((ln_half - seen[:, None]) / 0.6) ** 2)
        plateau = np.exp(-0.5 * (LN_PLATEAUS - np.log(300.0)) ** 2)
        table = plateau[None, :, None] * over_h[:, None, :]
        _, own = _laws_of_each(table, _traits(table, plan, SETTINGS.recovery), plan)
        laws = [_law(row, plan) for row in own]
        inside += [law.low <= x <= law.high for law, x in zip(laws, true, strict=True)]
        width += [law.high - law.low for law in laws]
    assert 0.93 <= np.mean(inside) <= 0.98
    assert np.median(width) < 3.92 * 0.6  # narrower than each episode alone


def test_stressors_are_never_taken_to_last_all_alike() -> None:
    """Alike to a tenth, their lengths would make this exponential fall look like another shape."""
    grid, rises = life(8, seed=1003, median_half_s=120.0, heights_bpm=(8.0, 12.5))
    fits = fits_of(grid)
    assert {f.curve for f in fits if f.accepted} == {"exponential"}
    inside = []
    for rise in rises:
        own = nearest(fits, rise.on_s)
        if own.half_time_s is not None and abs(own.episode.start_s - MONDAY_S - rise.on_s) < 180.0:
            inside.append(own.half_time_s.low <= rise.half_s <= own.half_time_s.high)
    assert len(inside) >= 12
    assert np.mean(inside) >= 0.9
