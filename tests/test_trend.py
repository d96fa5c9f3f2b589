"""Direction of daily values and of episodes: known truths, reasons, and what must not matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrv.model import (
    Censored,
    DailySeries,
    Episode,
    Estimate,
    FloatArray,
    IntArray,
    Missing,
    RecoveryFit,
    Trend,
)
from hrv.settings import Settings
from hrv.trend import (
    Endpoint,
    daily,
    daily_level,
    daily_then_now,
    episodic,
    level,
    observed,
    share_back,
    then_now,
    thirds,
    without_prior,
)

TREND = Settings().trend
RECOVERY = Settings().recovery
START = 20_000


def days(n: int) -> IntArray:
    return START + np.arange(n, dtype=np.int64)


def generator(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def noisy(n: int = 90, change: float = 0.0, seed: int = 1, sd: float = 0.2) -> DailySeries:
    x = np.arange(n) / (n - 1)
    return DailySeries(days(n), 4.0 + change * x + sd * generator(seed).normal(size=n))


def found(answer: Trend | Missing) -> Trend:
    assert isinstance(answer, Trend), answer
    return answer


def known(answer: Estimate | Missing) -> Estimate:
    assert isinstance(answer, Estimate), answer
    return answer


def recovery_of(
    day: int,
    half_time_s: float,
    *,
    hour: float = 12.0,
    censored: Censored = Censored.NO,
    sd: float = 0.2,
    rise_bpm: float = 12.0,
) -> RecoveryFit:
    """A fit whose posterior is the prior of the settings joined with what was measured."""
    share = 1.0 - (sd / RECOVERY.prior_sd) ** 2
    ln_h = share * np.log(half_time_s) + (1 - share) * np.log(RECOVERY.prior_median_s)
    start_s = day * 86_400.0 + hour * 3_600.0
    return RecoveryFit(
        episode=Episode(
            start_s=start_s,
            peak_s=start_s + 60.0,
            end_s=start_s + 600.0,
            rise_bpm=rise_bpm,
            day=day,
            hour=hour,
        ),
        accepted=True,
        ln_h=float(ln_h),
        ln_h_sd=sd,
        censored=censored,
        bound_s=half_time_s,
        resolution_s=75.0,
        amplitude_bpm=rise_bpm,
        settled_s=2.0 * half_time_s,
        settled_censored=censored is Censored.RIGHT,
        settled_follow_up_s=2.0 * half_time_s,
        active_s=2.0 * half_time_s + 300.0,
        active_censored=censored is Censored.RIGHT,
    )


def recoveries(
    n_days: int = 120,
    per_day: int = 3,
    change: float = 0.0,
    median_s: float = 150.0,
    seed: int = 1,
    stop_s: tuple[float, float] = (200.0, 2000.0),
) -> list[RecoveryFit]:
    """Log-normal half-times with a day effect; interrupted at random, at most 75 s resolved."""
    rng = generator(seed)
    fits = []
    for k, day in enumerate(days(n_days)):
        mean = np.log(median_s) + change * k / (n_days - 1) + 0.2 * rng.normal()
        for _ in range(per_day):
            true = float(np.exp(mean + 0.5 * rng.normal()))
            stop = float(rng.uniform(*stop_s))
            hour = float(rng.uniform(8.0, 22.0))
            if true < 75.0:
                fits.append(recovery_of(int(day), 75.0, hour=hour, censored=Censored.LEFT))
            elif true > stop:
                fits.append(recovery_of(int(day), stop, hour=hour, censored=Censored.RIGHT))
            else:
                fits.append(recovery_of(int(day), true, hour=hour))
    return fits


def half_time_trend(fits: list[RecoveryFit], **more: object) -> Trend | Missing:
    return episodic(fits, settings=TREND, recovery=RECOVERY, rng=generator(9), **more)  # type: ignore[arg-type]


# --------------------------------------------------------------------------- daily


def test_a_steady_fall_is_found_with_its_size() -> None:
    answer = found(daily(noisy(change=-0.5), settings=TREND, log=True, worth_having=0.1))
    assert answer.total.low < -0.5 < answer.total.high
    assert answer.p_value < 0.01
    assert answer.p_fall > 0.99
    assert answer.equivalent is False
    percent = answer.percent()
    assert percent is not None
    assert percent.value == pytest.approx(100 * np.expm1(answer.total.value))
    assert (answer.since_day, answer.until_day, answer.n) == (START, START + 89, 90)


def test_p_value_and_interval_say_the_same() -> None:
    for seed in range(6):
        answer = found(daily(noisy(change=-0.15, seed=seed), settings=TREND, log=True))
        assert (answer.p_value < 0.05) == (answer.total.high < 0 or answer.total.low > 0)
        assert answer.p_value == pytest.approx(2 * min(answer.p_fall, 1 - answer.p_fall))


def test_steady_values_exclude_a_large_change() -> None:
    answer = found(daily(noisy(180, sd=0.1), settings=TREND, log=False, worth_having=0.4))
    assert answer.equivalent is True
    assert answer.percent() is None
    assert 0.0 < answer.smallest_change < 0.4


@given(st.integers(0, 1000), st.floats(-50.0, 50.0), st.floats(0.01, 50.0))
@settings(max_examples=20, deadline=None)
def test_shift_leaves_the_change_and_scale_scales_it(
    seed: int, shift: float, factor: float
) -> None:
    series = noisy(40, seed=seed)
    plain = found(daily(series, settings=TREND, log=False))
    moved = DailySeries(series.day, factor * series.value + shift)
    other = found(daily(moved, settings=TREND, log=False))
    assert other.total.value == pytest.approx(factor * plain.total.value, abs=1e-5 * factor)
    assert other.p_value == pytest.approx(plain.p_value, abs=1e-5)


@given(st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_time_backwards_turns_the_change_around(seed: int) -> None:
    series = noisy(42, change=0.3, seed=seed)
    # Days 5 - d modulo 7 swap Saturday and Sunday and leave the weekend where it was.
    mirrored = DailySeries(2 * START + 3 - series.day[::-1], series.value[::-1])
    ahead = found(daily(series, settings=TREND, log=False))
    back = found(daily(mirrored, settings=TREND, log=False))
    assert back.total.value == pytest.approx(-ahead.total.value, abs=1e-6)
    assert back.p_value == pytest.approx(ahead.p_value, abs=1e-6)


def test_weekends_that_pile_up_at_one_end_are_no_trend() -> None:
    n = 40
    weekend = (days(n) + 3) % 7 >= 5
    kept = np.flatnonzero(~weekend | (np.arange(n) > 18))
    value = 1.0 * weekend + 0.01 * generator(2).normal(size=n)
    answer = found(daily(DailySeries(days(n)[kept], value[kept]), settings=TREND, log=False))
    assert abs(answer.total.value) < 0.05


def test_a_new_device_in_the_middle_of_the_window_is_held_constant_at_a_price() -> None:
    series = noisy()
    jumped = DailySeries(series.day, series.value + 2.0 * (series.day >= START + 45))
    without = found(daily(series, settings=TREND, log=True))
    known = found(daily(jumped, settings=TREND, log=True, breaks={"device": START + 45}))
    assert known.total.low < 0.0 < known.total.high
    assert known.se > 1.5 * without.se


def test_devices_that_change_with_time_cannot_be_told_from_it() -> None:
    breaks = {f"device {k}": START + k * 90 // 4 for k in (1, 2, 3)}
    answer = daily(noisy(), settings=TREND, log=True, breaks=breaks)
    assert isinstance(answer, Missing)
    assert answer.code == "confounded"
    assert answer.facts["correlation"] == pytest.approx(0.97, abs=0.01)


def test_a_season_is_no_trend_where_there_is_a_year() -> None:
    n = 540
    year = 2.0 * np.cos(2.0 * np.pi * (days(n) - START) / 365.25)
    value = year + 0.3 * generator(8).normal(size=n)
    whole = found(daily(DailySeries(days(n), value), settings=TREND, log=False))
    assert whole.total.low < 0.0 < whole.total.high
    half = found(daily(DailySeries(days(180), value[:180]), settings=TREND, log=False))
    assert half.total.high < -2.0


def test_a_new_device_near_the_end_is_taken_out() -> None:
    series = noisy(sd=0.05)
    stepped = DailySeries(series.day, series.value - 0.5 * (series.day >= START + 82))
    blind = found(daily(stepped, settings=TREND, log=True))
    told = found(daily(stepped, settings=TREND, log=True, breaks={"device": START + 82}))
    assert blind.total.value < -0.15
    assert told.total.low < 0.0 < told.total.high


def test_breaks_outside_the_window_do_nothing() -> None:
    plain = found(daily(noisy(), settings=TREND, log=True))
    told = found(daily(noisy(), settings=TREND, log=True, breaks={"a": 0, "b": START + 500}))
    assert told == plain


def test_covariates_are_held_constant() -> None:
    series = noisy(sd=0.05)
    alcohol = (generator(3).random(90) < np.linspace(0.6, 0.1, 90)).astype(float)
    shifted = DailySeries(series.day, series.value + alcohol)
    blind = found(daily(shifted, settings=TREND, log=True))
    told = found(daily(shifted, settings=TREND, log=True, covariates={"alcohol": alcohol}))
    assert blind.total.value < -0.2
    assert abs(told.total.value) < 0.1


def test_too_little_says_how_much_is_needed() -> None:
    few = daily(noisy(9), settings=TREND, log=True)
    assert few == Missing("too_few_days", {"n": 9, "needed": 10})
    short = daily(noisy(12), settings=TREND, log=True)
    assert short == Missing("window_too_short", {"days": 12, "needed": 14})
    flat = daily(DailySeries(days(30), np.full(30, 2.0)), settings=TREND, log=True)
    assert isinstance(flat, Missing)
    assert flat.code == "no_variation"
    empty = daily(noisy(), settings=TREND, log=True, window=(0, 1))
    assert isinstance(empty, Missing)


def test_the_window_narrows_the_series() -> None:
    answer = found(daily(noisy(), settings=TREND, log=True, window=(START + 10, START + 59)))
    assert (answer.since_day, answer.until_day, answer.n) == (START + 10, START + 59, 50)


def test_a_level_of_independent_days_is_their_mean() -> None:
    estimate = known(daily_level(noisy(60), settings=TREND))
    assert estimate.value == pytest.approx(noisy(60).value.mean(), abs=0.02)
    assert estimate.low < 4.0 < estimate.high
    assert estimate.high - estimate.low > 2 * 1.96 * 0.2 / np.sqrt(60)


def test_then_and_now_are_the_outer_thirds() -> None:
    then, now = daily_then_now(noisy(change=-1.0, sd=0.05), settings=TREND)
    assert known(then).n == 30
    assert known(then).value == pytest.approx(4.0 - 1 / 6, abs=0.05)
    assert known(now).value == pytest.approx(4.0 - 5 / 6, abs=0.05)
    assert thirds([10, 18]) == ((10, 12), (16, 18))


# --------------------------------------------------------------------------- episodes


def test_the_prior_is_divided_out() -> None:
    # Likelihood N(5, .5^2) and prior N(4, 1): precision 4 + 1, mean (20 + 4) / 5, sd 5^-1/2.
    mean, variance = without_prior(4.8, 5**-0.5, 4.0, 1.0)
    assert mean == pytest.approx(5.0)
    assert variance == pytest.approx(0.25)


def test_what_is_known_of_each_episode() -> None:
    fits = [
        recovery_of(START + 2, 200.0),
        recovery_of(START, 300.0, censored=Censored.RIGHT),
        recovery_of(START + 1, 75.0, censored=Censored.LEFT),
        replace(recovery_of(START, 99.0), accepted=False),
    ]
    logs = observed(fits, Endpoint.HALF_TIME, RECOVERY)
    np.testing.assert_array_equal(logs.day, START + np.arange(3))
    np.testing.assert_allclose(logs.low, [np.log(300.0), -np.inf, np.log(200.0)])
    np.testing.assert_allclose(logs.high, [np.inf, np.log(75.0), np.log(200.0)])
    active = observed(fits, Endpoint.ACTIVE, RECOVERY)
    np.testing.assert_allclose(active.low, np.log([900.0, 450.0, 700.0]))
    assert active.high[0] == np.inf


def test_a_fall_of_half_times_is_found_through_censoring() -> None:
    fits = recoveries(change=-0.6)
    answer = found(half_time_trend(fits, worth_having=0.2))
    assert answer.total.low < -0.6 < answer.total.high
    assert answer.p_value < 0.01
    assert answer.censored_share is not None
    assert 0.1 < answer.censored_share < 0.5
    assert answer.n == 360


def test_steady_half_times_stay_steady_and_the_answer_is_reproducible() -> None:
    fits = recoveries(seed=4)
    answer = found(half_time_trend(fits))
    assert answer.total.low < 0.0 < answer.total.high
    assert half_time_trend(fits) == answer
    assert half_time_trend(fits[::-1]) == answer


@pytest.mark.parametrize("endpoint", ["settled", "active"])
def test_durations_are_followed_like_half_times(endpoint: str) -> None:
    fits = recoveries(change=-0.8, median_s=300.0, stop_s=(300.0, 3000.0))
    answer = found(half_time_trend(fits, endpoint=endpoint))
    assert answer.p_fall > 0.99


def test_amplitudes_are_followed_above_the_threshold() -> None:
    """True reactions soften by .36; of those seen above 7 bpm the mean falls by half as much."""
    rng = generator(5)
    fits = []
    for k, day in enumerate(days(168)):
        for rise in np.exp(np.log(9.0) - 0.36 * k / 167 + 0.4 * rng.normal(size=5)):
            if rise > 7.0:
                fits.append(recovery_of(int(day), 100.0, rise_bpm=float(rise)))
    answer = found(half_time_trend(fits, endpoint=Endpoint.AMPLITUDE, threshold_bpm=7.0))
    x = np.array([(f.episode.day - START) / 167 for f in fits])
    naive = np.polyfit(x, np.log([f.episode.rise_bpm for f in fits]), 1)[0]
    assert naive > -0.27
    assert answer.total.low < -0.36 < answer.total.high
    assert answer.total.value < naive - 0.08


def test_amplitudes_without_their_threshold_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="threshold"):
        half_time_trend(recoveries(), endpoint=Endpoint.AMPLITUDE)


def test_recoveries_faster_than_the_sampling_are_called_so() -> None:
    fits = recoveries(median_s=35.0)
    answer = half_time_trend(fits)
    assert isinstance(answer, Missing)
    assert answer.code == "faster_than_sampling"
    assert answer.facts["at_most_s"] == pytest.approx(75.0)
    assert answer.facts["share"] > 0.5
    now = level(fits, settings=TREND, recovery=RECOVERY, rng=generator())
    assert isinstance(now, Missing)
    assert now.code == "faster_than_sampling"


def test_recoveries_that_never_ended_are_called_so() -> None:
    fits = recoveries(median_s=4000.0, stop_s=(100.0, 600.0))
    answer = half_time_trend(fits)
    assert isinstance(answer, Missing)
    assert answer.code == "mostly_censored"


def test_too_few_episodes_or_days_say_how_many() -> None:
    answer = half_time_trend(recoveries(6))
    assert answer == Missing("too_few_episodes", {"n": 18, "needed": 20})
    answer = half_time_trend(recoveries(7))
    assert answer == Missing("too_few_episode_days", {"days": 7, "needed": 8})
    answer = half_time_trend(recoveries(10))
    assert answer == Missing("window_too_short", {"days": 10, "needed": 14})
    assert isinstance(half_time_trend([]), Missing)


def test_devices_that_change_with_time_confound_episodes_too() -> None:
    breaks = {f"device {k}": START + k * 30 for k in (1, 2, 3)}
    answer = half_time_trend(recoveries(), breaks=breaks)
    assert isinstance(answer, Missing)
    assert answer.code == "confounded"


def test_equal_height_can_be_asked_for() -> None:
    rng = generator(6)
    fits = []
    for k, day in enumerate(days(100)):
        for _ in range(4):
            ln_rise = np.log(14.0) - 0.5 * k / 99 + 0.3 * rng.normal()
            half = np.exp(4.0 + 0.5 * ln_rise + 0.3 * rng.normal())
            fits.append(recovery_of(int(day), float(half), rise_bpm=float(np.exp(ln_rise))))
    plain = found(half_time_trend(fits))
    equal = found(half_time_trend(fits, adjust_height=True))
    assert plain.total.high < 0.0
    assert equal.total.low < 0.0 < equal.total.high


def test_a_level_stands_from_ten_episodes_on() -> None:
    fits = recoveries(4, seed=3)[:10]
    estimate = known(level(fits, settings=TREND, recovery=RECOVERY, rng=generator()))
    assert estimate.low < 150.0 < estimate.high
    assert estimate.n == 10
    few = level(fits[:9], settings=TREND, recovery=RECOVERY, rng=generator())
    assert few == Missing("too_few_episodes", {"n": 9, "needed": 10})


def test_interrupted_recoveries_are_not_taken_for_fast_ones() -> None:
    fits = recoveries(stop_s=(60.0, 300.0))
    estimate = known(level(fits, settings=TREND, recovery=RECOVERY, rng=generator()))
    assert estimate.low < 150.0 < estimate.high


def test_then_and_now_of_half_times() -> None:
    then, now = then_now(
        recoveries(change=-0.9, median_s=300.0), settings=TREND, recovery=RECOVERY, rng=generator()
    )
    assert known(then).low < 300.0 * np.exp(-0.15) < known(then).high
    assert known(now).low < 300.0 * np.exp(-0.75) < known(now).high
    assert known(now).high < known(then).low


def test_the_curve_for_drawing_falls_from_one() -> None:
    time_s, left = share_back(recoveries(), recovery=RECOVERY)
    assert np.all(np.diff(left) <= 1e-9)
    assert np.interp(150.0, time_s, left) == pytest.approx(0.5, abs=0.08)


def coverage(estimates: list[FloatArray], truth: float) -> float:
    return float(np.mean([low <= truth <= high for low, high in estimates]))


@pytest.mark.slow
def test_the_level_of_few_episodes_covers_the_truth() -> None:
    intervals = []
    for seed in range(300):
        fits = recoveries(5, seed=seed)[:12]
        answer = level(fits, settings=TREND, recovery=RECOVERY, rng=generator(seed))
        if isinstance(answer, Estimate):
            intervals.append(np.array([answer.low, answer.high]))
    assert len(intervals) > 250
    assert coverage(intervals, 150.0) > 0.92


@given(st.integers(0, 10_000))
@settings(max_examples=12, deadline=None)
def test_any_set_of_recoveries_gets_an_answer_or_a_reason(seed: int) -> None:
    """Few or many, all censored one way or the other, wildly or hardly differing."""
    rng = generator(seed)
    kinds = rng.dirichlet([1.0, 1.0, 1.0])
    spread = float(rng.choice([0.01, 0.5, 2.0]))
    fits = [
        recovery_of(
            START + int(rng.integers(0, 150)),
            float(np.exp(rng.normal(5.0, spread))),
            censored=list(Censored)[int(rng.choice(3, p=kinds))],
            sd=float(rng.uniform(0.05, 1.5)),
        )
        for _ in range(int(rng.integers(5, 60)))
    ]
    for endpoint in (Endpoint.HALF_TIME, Endpoint.SETTLED):
        answer = half_time_trend(fits, endpoint=endpoint)
        if isinstance(answer, Trend):
            assert np.isfinite([answer.total.low, answer.total.high, answer.se]).all()
            assert answer.total.low < answer.total.value < answer.total.high
        now = level(fits, settings=TREND, recovery=RECOVERY, rng=generator(), endpoint=endpoint)
        assert isinstance(now, Missing) or 0.0 < now.low < now.high
