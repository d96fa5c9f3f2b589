"""The recordings that a simulated export would give when read, without writing it.

Same numbers as the files: for simulations of many people, where bytes would only cost time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
from numpy.typing import NDArray

from hrv.model import (
    DayQuantity,
    DayValue,
    FloatArray,
    HeartRateSeries,
    LocalClock,
    MotionKind,
    MotionSeries,
    Rating,
    Recording,
    RmssdSeries,
    RRSeries,
    Source,
    Span,
    SpanKind,
    StressScoreSeries,
    as_day,
)
from hrv.simulate.device import RECOVERING, Device, Observed, resting_bpm, seen_by
from hrv.simulate.export import OFFSET_S, origin_s
from hrv.simulate.heart import AWAKE, DEEP, LIGHT, REM, SimulatedDay, days
from hrv.simulate.nights import Night, Nights
from hrv.simulate.outside import Life
from hrv.simulate.workouts import Workout, workout

_STAGES = {AWAKE: "awake", LIGHT: "light", DEEP: "deep", REM: "rem"}


def recordings(life: Life, device: Device, start: date) -> Iterator[Recording]:
    """One recording a day, then one of the person's own tags and ratings.

    Motion is steps a minute, zeros included, while the watch is worn.
    """
    zero = origin_s(start)
    clock = LocalClock.fixed(OFFSET_S, "file")
    nights = Nights()
    spans: list[Span] = []
    ratings: list[Rating] = []
    for day in days(life):
        seen, watch = seen_by(device, life, day)
        yield _recording(seen, nights.of(seen), watch, zero, clock, as_day(start))
        for bout in seen.training:
            yield _run(workout(life, day, bout), zero, clock)
        spans += own_spans(day, zero)
        on = as_day(start) + day.index
        ratings += [Rating(on, "present", day.rating), Rating(on, "effort", day.effort)]
    yield Recording(
        source=Source(name="tags.csv", format="tags"),
        clock=clock,
        spans=tuple(sorted(spans, key=lambda span: span.start_s)),
        ratings=tuple(ratings),
        rows_used=len(spans) + len(ratings),
    )


def own_spans(day: SimulatedDay, zero: float) -> list[Span]:
    """What the person writes down of one day."""
    found = []
    for each in day.outside.stressors:
        if each.technique is not None:
            a, b, what = each.technique
            found.append((SpanKind.TECHNIQUE, a, b, what))
        if each.tag is not None:
            found.append((SpanKind.EVENT, each.tag[0], each.tag[0], each.tag[1]))
    if day.outside.false_tag is not None:
        at, what = day.outside.false_tag
        found.append((SpanKind.EVENT, at, at, what))
    for a, until, kind, what in day.outside.life_tags:
        found.append((SpanKind(kind), a, a if until is None else until, what))
    return [
        Span(
            kind=kind,
            start_s=float(round(zero + a)),
            end_s=float(round(zero + b)),
            label=what,
            origin="person",
        )
        for kind, a, b, what in found
    ]


def _recording(
    seen: Observed,
    night: Night | None,
    watch: Device,
    zero: float,
    clock: LocalClock,
    first_day: int,
) -> Recording:
    name = f"garmin {watch.product}"
    worn = seen.worn_minute
    minutes = seen.minute_t_s[worn] + zero
    motion = MotionSeries(
        minutes,
        seen.steps[worn].astype(np.float64),
        np.full(minutes.size, 60.0),
        MotionKind.STEPS_PER_MIN,
        name,
    )
    score = StressScoreSeries(
        seen.score_t_s[seen.score >= 0] + zero,
        seen.score[seen.score >= 0].astype(np.float64),
        "garmin",
        name,
        recovering_s=seen.score_t_s[seen.score == RECOVERING] + zero,
    )
    spans: list[Span] = []
    values = []
    resting = resting_bpm(seen)
    day = first_day + seen.index
    if resting is not None:
        values.append(DayValue(day, DayQuantity.RESTING_HR_BPM, round(resting), name))
    rmssd: tuple[RmssdSeries, ...] = ()
    if night is not None:
        spans += _sleep(night, zero)
        values += _figures(night, day, name)
        if night.rmssd_ms.size:
            stored = np.rint(night.rmssd_ms * 128.0) / 128.0
            rmssd = (RmssdSeries(night.rmssd_t_s + zero, stored, name),)
    heart = HeartRateSeries(seen.hr_t_s + zero, seen.hr_bpm.astype(np.float64), name, optical=True)
    return Recording(
        source=Source(name=f"day {seen.index}", format="simulated", device=name),
        clock=clock,
        heart_rate=(heart,) if heart.t_s.size else (),
        motion=(motion,) if minutes.size else (),
        stress=(score,) if score.t_s.size else (),
        rmssd=rmssd,
        spans=tuple(spans),
        day_values=tuple(values),
        rows_used=int(heart.t_s.size + minutes.size + score.t_s.size),
    )


def _run(work: Workout, zero: float, clock: LocalClock) -> Recording:
    t = work.t_s + zero
    beat_s = _increasing(work.beat_s + zero)
    keep = work.rr_ms > 0
    lap = float(t[work.running][-1]) + 1.0
    return Recording(
        source=Source(name=f"run {work.start_s:.0f}", format="simulated", device="strap"),
        clock=clock,
        heart_rate=(HeartRateSeries(t, work.hr_bpm, "strap", optical=False),),
        rr=(RRSeries(beat_s[keep], work.rr_ms[keep], "strap", optical=False),),
        motion=(
            MotionSeries(
                t, 2.0 * work.strides_per_min, np.ones(t.size), MotionKind.STEPS_PER_MIN, "strap"
            ),
        ),
        spans=(
            Span(
                kind=SpanKind.EXERCISE,
                start_s=float(t[0]),
                end_s=float(t[-1]) + 1.0,
                label="running",
            ),
            Span(kind=SpanKind.OTHER, start_s=lap, end_s=lap, label="lap"),
        ),
        rows_used=int(t.size + keep.sum()),
    )


def _increasing(t: FloatArray) -> FloatArray:
    return np.asarray(np.maximum.accumulate(t) + 1e-6 * np.arange(t.size), np.float64)


def _sleep(night: Night, zero: float) -> list[Span]:
    edges: FloatArray = night.stage_t_s + zero
    stages: NDArray[np.int8] = night.stage
    found = [Span(kind=SpanKind.SLEEP, start_s=float(edges[0]), end_s=float(edges[-1]))]
    for k in range(edges.size - 1):
        found.append(
            Span(
                kind=SpanKind.SLEEP_STAGE,
                start_s=float(edges[k]),
                end_s=float(edges[k + 1]),
                label=_STAGES[int(stages[k])],
            )
        )
    return found


def _figures(night: Night, day: int, name: str) -> list[DayValue]:
    found = [DayValue(day, DayQuantity.SLEEP_MIN, night.asleep_min, name)]
    for level, quantity in (
        (LIGHT, DayQuantity.LIGHT_MIN),
        (DEEP, DayQuantity.DEEP_MIN),
        (REM, DayQuantity.REM_MIN),
        (AWAKE, DayQuantity.AWAKE_MIN),
    ):
        found.append(DayValue(day, quantity, night.minutes(level), name))
    if night.rmssd_ms.size:
        mean = float(np.rint(128.0 * night.rmssd_ms.mean()) / 128.0)
        found.append(DayValue(day, DayQuantity.RMSSD_MS, mean, name))
    return found
