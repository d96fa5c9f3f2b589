"""What a watch writes all day and night: heart rate, stress score, motion, sleep, daily figures."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from hrv.fit.profile import FIRST_DATE
from hrv.fit.walk import Column
from hrv.ingest.fit_tables import (
    Dates,
    Ledger,
    Tables,
    constant_runs,
    last_of_equal,
    read,
    scaled,
    went_back,
)
from hrv.ingest.fit_time import monitoring_time
from hrv.model import (
    BoolArray,
    DayQuantity,
    DayValue,
    FloatArray,
    HeartRateSeries,
    IntArray,
    LocalClock,
    MotionKind,
    MotionSeries,
    RmssdSeries,
    Span,
    SpanKind,
    StressScoreSeries,
)
from hrv.settings import IngestSettings

_ON_FOOT = (1, 6)  # running, walking: cycles are steps
_MINUTE_S = 60.0
_FASTEST_PER_S = 3.5  # steps a second of a sprint
_LONGEST_STAGE_S = 7200.0  # a sleep stage that lasts longer has lost its beginning
_SLEEP_EVENT, _START = 74, 0
_LONGEST_NAP_S = 6 * 3600.0
_RECOVERING = -4
_TOO_MUCH = -2  # motion
_MOVING_CLASS = 2
_STRESS_CODES = {
    -1: "off the wrist",
    -2: "too much motion",
    -3: "too little data",
    -5: "unidentified",
}
_STAGES = {1: "awake", 2: "light", 3: "deep", 4: "rem"}
_FIGURES = {
    "monitoring_hr_data": {"current_day_resting_heart_rate": DayQuantity.RESTING_HR_BPM},
    "hrv_status_summary": {"last_night_average": DayQuantity.RMSSD_MS},
    "skin_temp_overnight": {
        "nightly_value": DayQuantity.SKIN_TEMP_C,
        "average_deviation": DayQuantity.SKIN_TEMP_DEVIATION_C,
    },
}
_STAGE_MINUTES = (
    ("light", DayQuantity.LIGHT_MIN),
    ("deep", DayQuantity.DEEP_MIN),
    ("rem", DayQuantity.REM_MIN),
    ("awake", DayQuantity.AWAKE_MIN),
)


def monitoring(
    tables: Tables, dates: Dates, ledger: Ledger, settings: IngestSettings
) -> tuple[list[HeartRateSeries], list[MotionSeries], int]:
    """Heart rate and steps of `monitoring` messages, and how often time went back."""
    table, (_, _, bpm, intensity, kind, cycles, active) = read(
        tables,
        "monitoring",
        "timestamp",
        "timestamp_16",
        "heart_rate",
        "current_activity_type_intensity",
        "activity_type",
        "cycles",
        "active_time",
    )
    if not len(table):
        return [], [], 0
    raw, known = monitoring_time(tables, table)
    rate, level, count = table.scalar(bpm), table.scalar(intensity), table.scalar(cycles)
    outside = (rate.raw < settings.hr_min_bpm) | (rate.raw > settings.hr_max_bpm)
    only_outside = rate.valid & outside & ~level.valid & ~count.valid
    keep = ledger.take(
        table,
        *dates.reasons(raw, known),
        (~(rate.valid | level.valid | count.valid), "monitoring without heart rate or motion"),
        (only_outside, "heart rate out of range"),
    )
    t_s = dates.unix_s(raw)
    beats = keep & rate.valid & ~outside
    found, motion = [], []
    if beats.any():
        order = last_of_equal(t_s[beats])
        found.append(HeartRateSeries(t_s[beats][order], rate.raw[beats][order], optical=True))
    own = table.scalar(kind)
    foot = np.where(own.valid, own.raw, np.where(level.valid, level.raw & 31, -1))
    walked = keep & count.valid & np.isin(foot, _ON_FOOT)
    time = table.scalar(active)
    active_s = np.where(time.valid, scaled(55, active, time.raw), np.nan)
    steps = _steps(t_s[walked], foot[walked], count.raw[walked], active_s[walked])
    if steps is not None:
        motion.append(steps)
    return found, motion, went_back(t_s[beats])


def restlessness(tables: Tables, dates: Dates) -> MotionSeries | None:
    """Minutes in which the watch noticed motion, and stillness between them.

    A monitoring message tells the intensity class of the minute it ends. Whether the class holds
    before it or after it differs from hour to hour in real files (heart rate and stress codes
    agree with neither throughout), so it is taken for its own minute only. A stress code of "too
    much motion" counts as class 2. How much was walked in between is in the steps.
    """
    ends: list[FloatArray] = []
    levels: list[IntArray] = []
    seen: list[FloatArray] = []
    table, (_, _, intensity) = read(
        tables, "monitoring", "timestamp", "timestamp_16", "current_activity_type_intensity"
    )
    if len(table):
        raw, known = monitoring_time(tables, table)
        _collect(dates, raw, known, table.scalar(intensity), ends, levels, seen)
        levels = [level >> 5 for level in levels]
    table, (value, at) = read(tables, "stress_level", "stress_level_value", "stress_level_time")
    if len(table):
        stamp, score = table.scalar(at), table.scalar(value)
        moving = Column(np.full(len(table), _MOVING_CLASS), score.valid & (score.raw == _TOO_MUCH))
        _collect(dates, stamp.raw, stamp.valid, moving, ends, levels, seen)
    level = np.concatenate(levels) if levels else np.empty(0, np.int64)
    if not level.size:
        return None
    end_s, seen_s = np.concatenate(ends), np.concatenate(seen)
    order = np.lexsort((level, end_s))
    start_s, level = end_s[order] - _MINUTE_S, level[order]
    last = np.append(start_s[1:] != start_s[:-1], True)
    start_s, level = start_s[last], level[last]
    # still from the first message on and after every minute of motion
    zero_s = np.append(
        seen_s.min(), np.minimum(start_s + _MINUTE_S, np.append(start_s[1:], np.inf))
    )
    t_s = np.concatenate((zero_s, start_s))
    value_at = np.concatenate((np.zeros(zero_s.size), level))
    order = last_of_equal(t_s)
    t_s, value_at = t_s[order], value_at[order]
    period_s = np.diff(np.append(t_s, max(seen_s.max(), t_s[-1])))
    holds = period_s > 0
    return MotionSeries(t_s[holds], value_at[holds], period_s[holds], MotionKind.INTENSITY_0_7)


def _collect(
    dates: Dates,
    raw: IntArray,
    known: BoolArray,
    level: Column,
    ends: list[FloatArray],
    levels: list[IntArray],
    seen: list[FloatArray],
) -> None:
    """Add the minutes of one message: their ends and classes, and all times with a date."""
    dated = known.copy()
    for refuse, _ in dates.reasons(raw, known):
        dated &= ~refuse
    if dated.any():
        t_s = dates.unix_s(raw)
        seen.append(t_s[dated])
        ends.append(t_s[dated & level.valid])
        levels.append(level.raw[dated & level.valid])


def _steps(
    t_s: FloatArray, kind: IntArray, count: IntArray, active_s: FloatArray
) -> MotionSeries | None:
    """Steps a minute from counts that run up per activity type, over the time spent active."""
    starts, periods, rates = [], [], []
    for one in np.unique(kind):
        mine = np.flatnonzero(kind == one)
        mine = mine[last_of_equal(t_s[mine])]
        step_s, taken = np.diff(t_s[mine]), np.diff(count[mine])
        busy_s = np.diff(active_s[mine])
        period_s = np.where((busy_s > 0) & (busy_s < step_s), busy_s, step_s)
        period_s = np.minimum(np.maximum(period_s, taken / _FASTEST_PER_S), step_s)
        good = taken > 0  # a count that falls was set back, usually at midnight
        starts.append((t_s[mine][1:] - period_s)[good])
        periods.append(period_s[good])
        rates.append((taken / period_s * 60.0)[good])
    if not starts or not sum(part.size for part in starts):
        return None
    start_s, period_s, rate = (np.concatenate(parts) for parts in (starts, periods, rates))
    end_s = start_s + period_s
    order = np.argsort(end_s, kind="stable")
    start_s, end_s, rate = start_s[order], end_s[order], rate[order]
    start_s[1:] = np.maximum(start_s[1:], np.maximum.accumulate(end_s)[:-1])
    left = end_s > start_s
    start_s, end_s, rate = start_s[left], end_s[left], rate[left]
    return MotionSeries(start_s, rate, end_s - start_s, MotionKind.STEPS_PER_MIN)


def stress(tables: Tables, dates: Dates, ledger: Ledger) -> StressScoreSeries | None:
    """The watch's stress score; minutes that carry a code instead of one are refused by reason."""
    table, (value, at) = read(tables, "stress_level", "stress_level_value", "stress_level_time")
    if not len(table):
        return None
    score, stamp = table.scalar(value), table.scalar(at)
    coded = score.valid & (score.raw < 0) & (score.raw != _RECOVERING)
    codes = np.unique(score.raw[coded])
    keep = ledger.take(
        table,
        *dates.reasons(stamp.raw, stamp.valid),
        (~score.valid | (score.raw > 100), "no stress score in the message"),
        *(
            (score.raw == code, f"no stress score: {_STRESS_CODES.get(int(code), f'code {code}')}")
            for code in codes
        ),
    )
    t_s = dates.unix_s(stamp.raw)
    scored = keep & (score.raw >= 0) & ~coded
    recovering_s = np.unique(t_s[keep & (score.raw == _RECOVERING)])
    if not (scored.any() or recovering_s.size):
        return None
    order = last_of_equal(t_s[scored])
    return StressScoreSeries(
        t_s[scored][order], score.raw[scored][order], "garmin", recovering_s=recovering_s
    )


def overnight_rmssd(
    tables: Tables, dates: Dates, ledger: Ledger, settings: IngestSettings
) -> RmssdSeries | None:
    """RMSSD over 5 min of the night, `hrv_value` messages."""
    table, (at, value) = read(tables, "hrv_value", "timestamp", "value")
    if not len(table):
        return None
    stamp, rmssd = table.scalar(at), table.scalar(value)
    rmssd_ms = scaled(371, value, rmssd.raw)
    wild = (rmssd_ms < settings.rmssd_min_ms) | (rmssd_ms > settings.rmssd_max_ms)
    keep = ledger.take(
        table,
        *dates.reasons(stamp.raw, stamp.valid),
        (~rmssd.valid, "no value in the message"),
        (wild, "a value beyond what a body can show"),
    )
    if not keep.any():
        return None
    t_s, rmssd_ms = dates.unix_s(stamp.raw)[keep], rmssd_ms[keep]
    order = last_of_equal(t_s)
    return RmssdSeries(t_s[order], rmssd_ms[order])


def daily_figures(
    tables: Tables, dates: Dates, ledger: Ledger, clock: LocalClock, settings: IngestSettings
) -> list[DayValue]:
    """Resting heart rate of the day, HRV and skin temperature of the night, as the watch has them.

    The resting heart rate of seven days that comes along is left out: it is another quantity.
    """
    found: list[DayValue] = []
    for name, figures in _FIGURES.items():
        table, (at, *values) = read(tables, name, "timestamp", *figures)
        if not len(table):
            continue
        stamp, columns = table.scalar(at), [table.scalar(value) for value in values]
        limits = [_limits(quantity, settings) for quantity in figures.values()]
        physical = [
            scaled(table.number, value, column.raw)
            for value, column in zip(values, columns, strict=True)
        ]
        good = [
            column.valid & (figure >= low) & (figure <= high)
            for column, figure, (low, high) in zip(columns, physical, limits, strict=True)
        ]
        present = np.any([column.valid for column in columns], axis=0)
        keep = ledger.take(
            table,
            *dates.reasons(stamp.raw, stamp.valid),
            (~present, "no value in the message"),
            (~np.any(good, axis=0), "a value beyond what a body can show"),
        )
        t_s = dates.unix_s(stamp.raw)
        day = clock.day(t_s)
        for quantity, figure, fit in zip(figures.values(), physical, good, strict=True):
            last = {int(day[i]): i for i in np.flatnonzero(keep & fit)}
            found += [
                DayValue(one, quantity, float(figure[i]), at_s=float(t_s[i]))
                for one, i in last.items()
            ]
    return found


def _limits(quantity: DayQuantity, settings: IngestSettings) -> tuple[float, float]:
    """Lowest and highest value that is believed."""
    if quantity is DayQuantity.RESTING_HR_BPM:
        return settings.hr_min_bpm, settings.hr_max_bpm
    if quantity is DayQuantity.RMSSD_MS:
        return settings.rmssd_min_ms, settings.rmssd_max_ms
    return (15.0, 45.0) if quantity is DayQuantity.SKIN_TEMP_C else (-15.0, 15.0)


def naps(tables: Tables, dates: Dates, ledger: Ledger) -> list[Span]:
    """Sleep by day, as the watch noticed it or the person entered it."""
    table, (start, end, deleted) = read(tables, "nap_event", "start_time", "end_time", "is_deleted")
    if not len(table):
        return []
    begin, stop, gone = table.scalar(start), table.scalar(end), table.scalar(deleted)
    length_s = stop.raw - begin.raw
    keep = ledger.take(
        table,
        *dates.reasons(begin.raw, begin.valid),
        *dates.reasons(stop.raw, stop.valid),
        ((length_s <= 0) | (length_s > _LONGEST_NAP_S), "a nap of impossible length"),
        (gone.valid & (gone.raw == 1), "a nap the person deleted"),
    )
    return [
        Span(kind=SpanKind.SLEEP, start_s=float(first), end_s=float(last), label="nap")
        for first, last in zip(
            dates.unix_s(begin.raw)[keep], dates.unix_s(stop.raw)[keep], strict=True
        )
    ]


def sleep(
    tables: Tables, dates: Dates, ledger: Ledger, clock: LocalClock
) -> tuple[list[Span], list[DayValue], bool]:
    """Sleep, its stages and their minutes; True if stages are there but all say "awake".

    A message stands at the end of its stage (so Gadgetbridge found, too); the first stage begins
    at the event of falling asleep before it. Watches that leave staging to the cloud write "awake"
    all night, which says nothing about sleep.
    """
    table, (at, value) = read(tables, "sleep_level", "timestamp", "sleep_level")
    if not len(table):
        return [], [], False
    stamp, level = table.scalar(at), table.scalar(value)
    unknown = ~level.valid | ~np.isin(level.raw, list(_STAGES))
    asleep = level.valid & np.isin(level.raw, [2, 3, 4])
    unstaged = not asleep.any()
    keep = ledger.take(
        table,
        *dates.reasons(stamp.raw, stamp.valid),
        (unknown, "no sleep stage in the message"),
        (
            np.full(len(table), unstaged),
            "only 'awake': this watch leaves sleep stages to the cloud",
        ),
    )
    spans: list[Span] = []
    values: list[DayValue] = []
    if not keep.any():
        return spans, values, unstaged
    # stages that were not measured end the one before them, too
    dated = keep | (unknown & stamp.valid & (stamp.raw >= FIRST_DATE))
    end_s, stage = dates.unix_s(stamp.raw)[dated], np.where(keep, level.raw, 0)[dated]
    order = last_of_equal(end_s)
    end_s, stage = end_s[order], stage[order]
    before_s = np.concatenate(([-np.inf], end_s[:-1]))
    asleep_s = np.concatenate(([-np.inf], _falling_asleep(tables, dates)))
    onset_s = asleep_s[np.searchsorted(asleep_s, end_s, side="left") - 1]
    start_s = np.maximum(before_s, onset_s)
    start_s = np.where(end_s - start_s > _LONGEST_STAGE_S, end_s - _MINUTE_S, start_s)
    nights = np.flatnonzero(start_s > before_s)
    for first, stop in pairwise([*nights.tolist(), end_s.size]):
        one, figures = _night(start_s[first:stop], end_s[first:stop], stage[first:stop], clock)
        spans += one
        values += figures
    return spans, values, unstaged


def _falling_asleep(tables: Tables, dates: Dates) -> FloatArray:
    """When the watch says that sleep began, increasing; no profile names the event."""
    table, (at, event, kind) = read(tables, "event", "timestamp", "event", "event_type")
    stamp, number, way = table.scalar(at), table.scalar(event), table.scalar(kind)
    mine = stamp.valid & number.valid & (number.raw == _SLEEP_EVENT)
    mine &= way.valid & (way.raw == _START) & (stamp.raw >= FIRST_DATE)
    return np.sort(dates.unix_s(stamp.raw[mine]))


def _night(
    start_s: FloatArray, end_s: FloatArray, stage: IntArray, clock: LocalClock
) -> tuple[list[Span], list[DayValue]]:
    """One night from falling asleep to the last waking."""
    asleep = np.flatnonzero(stage > 1)
    if not asleep.size:
        return [], []
    night = slice(int(asleep[0]), int(asleep[-1]) + 1)
    start_s, end_s, stage = start_s[night], end_s[night], stage[night]
    spans = [Span(kind=SpanKind.SLEEP, start_s=float(start_s[0]), end_s=float(end_s[-1]))]
    lasts_min = (end_s - start_s) / 60.0
    minutes = {name: float(lasts_min[stage == code].sum()) for code, name in _STAGES.items()}
    for first, stop in constant_runs(stage.tolist()):
        if stage[first] == 0:
            continue
        spans.append(
            Span(
                kind=SpanKind.SLEEP_STAGE,
                start_s=float(start_s[first]),
                end_s=float(end_s[stop - 1]),
                label=_STAGES[int(stage[first])],
            )
        )
    day = int(clock.day(end_s[-1:])[0])
    at_s = float(end_s[-1])
    total = minutes["light"] + minutes["deep"] + minutes["rem"]
    values = [DayValue(day, DayQuantity.SLEEP_MIN, total, at_s=at_s)]
    return spans, values + [
        DayValue(day, quantity, minutes[name], at_s=at_s) for name, quantity in _STAGE_MINUTES
    ]
