"""Raw days on the regular clocks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from hrv import features, timeline
from hrv.model import (
    DAY_S,
    DayFeatures,
    DayValue,
    HeartRateSeries,
    LocalClock,
    MotionKind,
    MotionSeries,
    Recording,
    RRSeries,
    Source,
    Span,
    SpanKind,
    Tier,
    Timeline,
)
from hrv.model import DayQuantity as Q
from hrv.settings import Settings

DAY = 20_000
START = DAY * DAY_S
SETTINGS = Settings()


def made(
    *,
    heart_rate: Sequence[HeartRateSeries] = (),
    rr: Sequence[RRSeries] = (),
    motion: Sequence[MotionSeries] = (),
    spans: Sequence[Span] = (),
    day_values: Sequence[DayValue] = (),
    offset_s: float = 0.0,
) -> Timeline:
    return timeline.build(
        [
            Recording(
                source=Source(name="a", format="test"),
                clock=LocalClock.fixed(offset_s, "file"),
                heart_rate=tuple(heart_rate),
                rr=tuple(rr),
                motion=tuple(motion),
                spans=tuple(spans),
                day_values=tuple(day_values),
            )
        ]
    )


def reduced(joined: Timeline) -> list[DayFeatures]:
    return list(features.reduce_days(joined, SETTINGS))


def every(step_s: float, days: float = 1.0, value: float = 60.0) -> HeartRateSeries:
    t_s = START + np.arange(0.0, days * DAY_S, step_s)
    return HeartRateSeries(t_s, np.full(t_s.size, value), "watch")


@pytest.mark.parametrize(
    ("period_s", "minute_s", "fine_s"),
    [(1, 60, 15), (5, 60, 15), (15, 60, 15), (30, 60, None), (60, 60, None), (75, 60, None),
     (120, 120, None), (300, 300, None)],
)  # fmt: skip
def test_the_steps_follow_the_stream(period_s: float, minute_s: float, fine_s: float) -> None:
    steps = features.steps_for(period_s, SETTINGS.features)
    assert (steps.minute_s, steps.fine_s) == (minute_s, fine_s)


def test_a_bin_is_the_mean_of_its_samples() -> None:
    hr = np.where(np.arange(86400) % 120 < 60, 60.0, 80.0)
    series = HeartRateSeries(START + np.arange(86400.0), hr, "watch")
    (day,) = reduced(made(heart_rate=[series]))
    assert day.minute.hr_bpm[:4].tolist() == [60, 80, 60, 80]
    assert day.fine is not None
    assert day.fine.hr_bpm[:6].tolist() == [60, 60, 60, 60, 80, 80]
    assert day.minute.measured.all()


def test_a_bin_with_too_few_samples_is_not_measured() -> None:
    t_s = START + np.concatenate([np.arange(60.0), np.arange(60.0, 75.0), np.arange(120.0, 180.0)])
    series = HeartRateSeries(t_s, np.full(t_s.size, 70.0), "watch")
    (day,) = reduced(made(heart_rate=[series]))
    assert day.minute.measured[:3].tolist() == [True, False, True]
    assert day.minute.hr_bpm[1] == 0


def test_two_minute_streams_leave_no_holes() -> None:
    (day,) = reduced(made(heart_rate=[every(120)]))
    assert day.minute.step_s == 120
    assert day.minute.measured.all()


def test_motion_holds_for_its_period_and_no_longer() -> None:
    motion = MotionSeries(
        START + np.array([0.0, 600.0]),
        np.array([2.0, 1.0]),
        np.array([90.0, 60.0]),
        MotionKind.MET_ABOVE_REST,
    )
    (day,) = reduced(made(heart_rate=[every(60)], motion=[motion]))
    assert day.minute.motion_met[:3].tolist() == [2, 2, 0]
    assert day.minute.motion_known[[0, 1, 2, 10, 11]].tolist() == [True, True, False, True, False]


def test_minutes_without_steps_were_still_where_the_watch_was_worn() -> None:
    steps = MotionSeries(
        START + np.array([600.0]), np.array([100.0]), np.array([60.0]), MotionKind.STEPS_PER_MIN
    )
    (day,) = reduced(made(heart_rate=[every(60)], motion=[steps]))
    assert day.minute.motion_known.all()
    assert day.minute.steps_per_min[9:12].tolist() == [0, 100, 0]
    assert day.minute.motion_met[10] == pytest.approx(2.2)


def test_sleep_without_its_awake_stages() -> None:
    night = Span(kind=SpanKind.SLEEP, start_s=START, end_s=START + 3600)
    awake = Span(kind=SpanKind.SLEEP_STAGE, start_s=START + 600, end_s=START + 1200, label="awake")
    (day,) = reduced(made(heart_rate=[every(60)], spans=[night, awake]))
    assert day.minute.asleep[:60].sum() == 50
    assert not day.minute.asleep[60:].any()


def test_beats_give_windows_that_match_the_metric() -> None:
    rng = np.random.default_rng(3)
    rr = 800 + rng.normal(0, 30, 6000)
    series = RRSeries(START + np.cumsum(rr) / 1000, rr, "strap", False)
    (day,) = reduced(made(rr=[series]))
    assert day.rmssd_ms.size > 60
    assert np.all(np.diff(day.rmssd_t_s) == 60)
    assert np.median(day.rmssd_ms) == pytest.approx(30 * np.sqrt(2), rel=0.05)
    assert day.minute.hr_bpm[10] == pytest.approx(75, abs=1.5)
    assert day.minute.rmssd_known[5:70].all()


def test_days_between_recordings_are_there_unmeasured() -> None:
    day_one = every(60)
    later = HeartRateSeries(day_one.t_s + 3 * DAY_S, day_one.hr_bpm, "watch")
    grid = features.join(reduced(made(heart_rate=[day_one, later])), fine=False)
    assert grid is not None
    assert len(grid) == 4 * 1440
    assert grid.measured.sum() == 2 * 1440
    assert np.unique(grid.day).tolist() == [DAY, DAY + 1, DAY + 2, DAY + 3]


def test_nights_without_sleep_data_come_from_the_clock() -> None:
    grid = features.join(reduced(made(heart_rate=[every(60, 4)], offset_s=3600)), fine=False)
    assert grid is not None
    hour = grid.hour
    np.testing.assert_array_equal(grid.asleep, (hour >= 23) | (hour < 7))


def test_a_recorded_night_is_not_widened_by_the_clock() -> None:
    slept = [
        Span(kind=SpanKind.SLEEP, start_s=START + d * DAY_S, end_s=START + d * DAY_S + 4 * 3600)
        for d in range(1, 4)
    ]
    grid = features.join(reduced(made(heart_rate=[every(60, 4)], spans=slept)), fine=False)
    assert grid is not None
    second = grid.day == DAY + 2
    assert grid.asleep[second & (grid.hour < 12)].sum() == 240


def test_an_hour_in_the_evening_is_not_taken_for_sleep() -> None:
    t_s = START + 23 * 3600 + np.arange(3600.0)
    session = HeartRateSeries(t_s, np.full(3600, 70.0), "e4")
    grid = features.join(reduced(made(heart_rate=[session])), fine=True)
    assert grid is not None
    assert not grid.asleep.any()


@pytest.mark.parametrize(
    ("period_s", "expected"),
    [(1, Tier.FINE), (15, Tier.FINE), (60, Tier.MINUTE), (120, Tier.MINUTE), (300, Tier.SPARSE)],
)
def test_the_tier_follows_the_stream(period_s: float, expected: Tier) -> None:
    joined = made(heart_rate=[every(period_s)])
    grid = features.join(reduced(joined), fine=False)
    assert features.tier(joined, grid, SETTINGS.features) is expected


def test_workouts_alone_and_daily_values_alone_have_tiers_of_their_own() -> None:
    t_s = START + np.arange(3600.0)
    run = Span(kind=SpanKind.EXERCISE, start_s=START, end_s=START + 3600)
    joined = made(heart_rate=[HeartRateSeries(t_s, np.full(3600, 150.0), "w")], spans=[run])
    grid = features.join(reduced(joined), fine=False)
    assert features.tier(joined, grid, SETTINGS.features) is Tier.WORKOUTS
    daily = made(day_values=[DayValue(DAY, Q.RESTING_HR_BPM, 55.0)])
    assert features.tier(daily, None, SETTINGS.features) is Tier.DAILY
    assert features.coverage(daily, None, 0, SETTINGS).days == 1


@pytest.mark.parametrize(("minutes", "expected"), [(5, Tier.DAILY), (60, Tier.MINUTE)])
def test_a_few_minutes_beside_daily_values_are_no_stream(minutes: int, expected: Tier) -> None:
    t_s = START + 60.0 * np.arange(minutes, dtype=np.float64)
    figures = [DayValue(DAY + k, Q.RESTING_HR_BPM, 55.0) for k in range(3)]
    spot = HeartRateSeries(t_s, np.full(minutes, 62.0), "w")
    joined = made(heart_rate=[spot], day_values=figures)
    grid = features.join(reduced(joined), fine=False)
    assert features.tier(joined, grid, SETTINGS.features) is expected
