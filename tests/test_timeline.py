"""Many recordings become one timeline."""

from __future__ import annotations

import numpy as np
import pytest

from hrv import timeline
from hrv.model import (
    DAY_S,
    FloatArray,
    HeartRateSeries,
    LocalClock,
    MotionKind,
    MotionSeries,
    Recording,
    RRSeries,
    Source,
    Span,
    SpanKind,
)

DAY = 20_000
NOON = DAY * DAY_S + 12 * 3600.0


def recording(
    *series: HeartRateSeries | RRSeries | MotionSeries,
    clock: LocalClock | None = None,
    spans: tuple[Span, ...] = (),
    name: str = "a.csv",
) -> Recording:
    return Recording(
        source=Source(name=name, format="test"),
        clock=clock,
        heart_rate=tuple(s for s in series if isinstance(s, HeartRateSeries)),
        rr=tuple(s for s in series if isinstance(s, RRSeries)),
        motion=tuple(s for s in series if isinstance(s, MotionSeries)),
        spans=spans,
        rows_used=1,
    )


def minutes(start_s: float, n: int) -> FloatArray:
    return start_s + 60.0 * np.arange(n, dtype=np.float64)


def test_the_same_samples_from_two_files_count_once() -> None:
    first = HeartRateSeries(minutes(NOON, 60), np.full(60, 70.0), "watch")
    again = HeartRateSeries(minutes(NOON + 1800, 60), np.full(60, 70.0), "watch")
    joined = timeline.build([recording(first), recording(again, name="b.csv")])
    (series,) = joined.read_block(DAY).heart_rate
    assert series.t_s.size == 90
    assert np.all(np.diff(series.t_s) == 60.0)


def test_the_order_of_the_files_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    files = [
        recording(
            HeartRateSeries(
                minutes(NOON + 3600 * k, 60), rng.integers(50, 90, 60).astype(float), "watch"
            ),
            name=f"{k}.csv",
        )
        for k in range(30)
    ]
    forward, backward = timeline.build(files), timeline.build(files[::-1])
    assert forward.utc_days == backward.utc_days == (DAY, DAY + 1)
    for day in forward.utc_days:
        (a,), (b,) = forward.read_block(day).heart_rate, backward.read_block(day).heart_rate
        np.testing.assert_array_equal(a.t_s, b.t_s)
        np.testing.assert_array_equal(a.hr_bpm, b.hr_bpm)


def test_a_strap_wins_over_a_wrist_and_the_wrist_fills_the_rest() -> None:
    wrist = HeartRateSeries(minutes(NOON, 120), np.full(120, 70.0), "wrist", True)
    strap = HeartRateSeries(NOON + 1800 + np.arange(600.0), np.full(600, 90.0), "strap", False)
    block = timeline.build([recording(wrist), recording(strap, name="b.fit")]).read_block(DAY)
    assert [s.device for s in block.heart_rate] == ["strap", "wrist"]
    times = block.heart_rate[1].t_s - NOON
    assert not np.any((times > 1800 - 30) & (times < 2400 + 30))
    assert times[0] == 0
    assert times[-1] == 119 * 60


def test_packing_keeps_milliseconds_and_64ths_of_a_second() -> None:
    t_s = NOON + np.cumsum(np.array([0.820, 0.703, 0.71875, 0.984375]))
    rr = RRSeries(t_s, np.array([820.0, 703.0, 718.75, 984.375]), "strap")
    (back,) = timeline.build([recording(rr)]).read_block(DAY).rr
    np.testing.assert_allclose(back.t_s, t_s, atol=1e-6)
    np.testing.assert_array_equal(back.rr_ms, rr.rr_ms)


def test_days_are_split_at_midnight_utc() -> None:
    series = HeartRateSeries(minutes(DAY * DAY_S - 3600, 120), np.full(120, 60.0), "watch")
    joined = timeline.build([recording(series)])
    assert joined.utc_days == (DAY - 1, DAY)
    assert [joined.read_block(d).heart_rate[0].t_s.size for d in joined.utc_days] == [60, 60]
    t_s, hr = joined.heart_rate_between(DAY * DAY_S - 120, DAY * DAY_S + 120)
    assert t_s.tolist() == (DAY * DAY_S + np.array([-120.0, -60, 0, 60])).tolist()
    assert hr.size == 4


def test_naive_tags_take_the_offset_of_the_watch() -> None:
    watch = recording(
        HeartRateSeries(minutes(NOON, 60), np.full(60, 70.0), "watch"),
        clock=LocalClock.fixed(7200.0, "file"),
    )
    tag = Span(kind=SpanKind.EVENT, start_s=NOON + 7200 + 600, end_s=NOON + 7200 + 660)
    tags = recording(clock=LocalClock.fixed(0.0, "assumed"), spans=(tag,), name="tags.csv")
    joined = timeline.build([tags, watch])
    assert joined.spans[0].start_s == NOON + 600
    assert joined.clock.known_by == "file"
    assert any("tags.csv" in str(note) for note in joined.notes)


def test_a_zone_that_was_named_speaks_only_where_no_file_does() -> None:
    travelling = LocalClock(np.array([0.0, NOON + 1800.0]), np.array([3600.0, -18000.0]), "file")
    watch = recording(
        HeartRateSeries(minutes(NOON, 60), np.full(60, 70.0), "watch"), clock=travelling
    )
    tag = Span(kind=SpanKind.EVENT, start_s=NOON + 2400, end_s=NOON + 2400)
    tags = recording(clock=LocalClock.fixed(3600.0, "flag"), spans=(tag,), name="tags.csv")
    joined = timeline.build([tags, watch])
    assert joined.clock.known_by == "file"
    assert joined.clock.offset_at(np.array([NOON, NOON + 2400.0])).tolist() == [3600.0, -18000.0]
    assert timeline.build([tags]).clock.known_by == "flag"


def test_without_any_known_offset_local_times_stay_and_a_note_says_so() -> None:
    tag = Span(kind=SpanKind.EVENT, start_s=NOON, end_s=NOON)
    joined = timeline.build(
        [recording(clock=LocalClock.fixed(0.0, "assumed"), spans=(tag,), name="tags.csv")]
    )
    assert joined.spans[0].start_s == NOON
    assert joined.clock.known_by == "assumed"
    assert any("--tz" in str(note) for note in joined.notes)


@pytest.mark.parametrize("local_heart", [True, False])
def test_sleep_in_utc_is_not_laid_on_a_heart_whose_zone_nobody_knows(local_heart: bool) -> None:
    heart = HeartRateSeries(minutes(NOON, 60), np.full(60, 70.0), "watch")
    night = Span(kind=SpanKind.SLEEP, start_s=NOON, end_s=NOON + 28_800.0)
    tag = Span(kind=SpanKind.TECHNIQUE, start_s=NOON, end_s=NOON + 600.0, origin="person")
    local = LocalClock.fixed(0.0, "assumed")
    clocks = (local, None) if local_heart else (None, local)
    files = [
        recording(heart, clock=clocks[0], name="heart.csv"),
        recording(clock=clocks[1], spans=(night, tag), name="sleep.csv"),
    ]
    for order in (files, files[::-1]):
        joined = timeline.build(order)
        assert [span.kind for span in joined.spans] == [SpanKind.TECHNIQUE]
        assert any("sleep.csv" in str(note) and "--tz" in str(note) for note in joined.notes)
    known = recording(clock=LocalClock.fixed(3600.0, "file"), name="told.csv")
    assert len(timeline.build([*files, known]).spans) == 2
    assert len(timeline.build([recording(heart), recording(spans=(night,))]).spans) == 1


def test_offsets_of_several_files_join_into_one_clock() -> None:
    parts = [
        recording(
            HeartRateSeries(minutes(NOON + d * DAY_S, 10), np.full(10, 70.0), "watch"),
            clock=LocalClock.fixed(offset, "file"),
            name=f"{d}.fit",
        )
        for d, offset in enumerate([3600.0, 3600.0, 7200.0])
    ]
    clock = timeline.build(parts).clock
    assert clock.offset_s.tolist() == [3600.0, 7200.0]
    assert clock.since_s[1] == NOON + 2 * DAY_S


@pytest.mark.parametrize("workout_s", [600, 3600])
def test_a_workout_at_one_second_does_not_hide_a_day_at_sixty(workout_s: int) -> None:
    day = HeartRateSeries(minutes(DAY * DAY_S, 1440), np.full(1440, 60.0), "watch")
    workout = HeartRateSeries(
        NOON + 0.5 + np.arange(workout_s, dtype=np.float64), np.full(workout_s, 140.0), "watch"
    )
    assert timeline.build([recording(day), recording(workout)]).hr_period_s == 60.0


def test_motion_keeps_its_periods() -> None:
    steps = MotionSeries(
        NOON + np.array([0.0, 60.0]),
        np.array([100.0, 0.0]),
        np.array([60.0, 900.0]),
        MotionKind.STEPS_PER_MIN,
    )
    (back,) = timeline.build([recording(steps)]).read_block(DAY).motion
    assert back.period_s.tolist() == [60.0, 900.0]


@pytest.mark.parametrize("shift_s", [0.05, 0.2, 0.4, 0.7])
def test_beats_that_stand_in_two_files_with_shifted_times_count_once(shift_s: float) -> None:
    rr = np.full(300, 800.0)
    t_s = NOON + np.cumsum(rr) / 1000
    one, two = RRSeries(t_s, rr, "strap"), RRSeries(t_s + shift_s, rr, "strap")
    (back,) = timeline.build([recording(one), recording(two, name="b.csv")]).read_block(DAY).rr
    assert abs(back.t_s.size - 300) <= 1
