"""What a watch writes during an activity: heart rate, steps, the stretch itself and its laps."""

from __future__ import annotations

import numpy as np

from hrv.fit.profile import SPORTS
from hrv.fit.walk import Table
from hrv.ingest.fit_tables import Dates, Ledger, Tables, last_of_equal, read, scaled, went_back
from hrv.model import (
    BoolArray,
    FloatArray,
    HeartRateSeries,
    MotionKind,
    MotionSeries,
    Span,
    SpanKind,
)
from hrv.settings import IngestSettings

_ON_FOOT = (1, 11, 17)  # running, walking, hiking: cadence counts strides, two steps each
_MEDITATION, _BREATHING = 67, 62  # a sport and a sub-sport
_LONGEST_RECORD_S = 10.0  # a value holds no longer than that
_LONGEST_ACTIVITY_S = 2 * 86_400.0
_LAP_BUTTON = 0
_AUTO_ACTIVITY = 54
_SHORTEST_MIN = 10  # shorter walks are everyday motion
_DETECTED = {1: "running", 2: "cycling", 4: "fitness equipment", 5: "swimming", 6: "walking"}


def record_table(tables: Tables) -> Table:
    """Records with what we take from them."""
    table, _ = read(tables, "record", "timestamp", "heart_rate", "cadence")
    return table


def records(
    table: Table, dates: Dates, ledger: Ledger, settings: IngestSettings, on_foot: bool
) -> tuple[HeartRateSeries | None, MotionSeries | None, int, int]:
    """Heart rate and steps of records; how often time went back, how many seconds came twice."""
    if not len(table):
        return None, None, 0, 0
    stamp, rate, cadence = table.scalar(253), table.scalar(3), table.scalar(4)
    outside = (rate.raw < settings.hr_min_bpm) | (rate.raw > settings.hr_max_bpm)
    steps = cadence.valid & on_foot
    keep = ledger.take(
        table,
        *dates.reasons(stamp.raw, stamp.valid),
        (~rate.valid & ~steps, "no heart rate in the record"),
        (rate.valid & outside & ~steps, "heart rate out of range"),
    )
    t_s = dates.unix_s(stamp.raw)
    beats, stepped = keep & rate.valid & ~outside, keep & steps
    heart_rate = motion = None
    twice = 0
    if beats.any():
        order = last_of_equal(t_s[beats])
        twice = int(beats.sum()) - order.size
        heart_rate = HeartRateSeries(t_s[beats][order], rate.raw[beats][order])
    if stepped.any():
        order = last_of_equal(t_s[stepped])
        start_s = t_s[stepped][order]
        period_s = np.minimum(np.append(np.diff(start_s), 1.0), _LONGEST_RECORD_S)
        value = 2.0 * cadence.raw[stepped][order]
        motion = MotionSeries(start_s, value, period_s, MotionKind.STEPS_PER_MIN)
    return heart_rate, motion, went_back(t_s[beats]), twice


def is_on_foot(tables: Tables) -> bool:
    """Did all sessions of the file go on foot?"""
    table, (sport,) = read(tables, "session", "sport")
    column = table.scalar(sport)
    return bool(len(table)) and bool(np.all(column.valid & np.isin(column.raw, _ON_FOOT)))


def sessions(tables: Tables, dates: Dates, ledger: Ledger) -> list[Span]:
    """Each session as a stretch of exercise, or of a breathing technique."""
    table, (at, start, length, sport, sub_sport) = read(
        tables, "session", "timestamp", "start_time", "total_elapsed_time", "sport", "sub_sport"
    )
    if not len(table):
        return []
    start_s, end_s, keep = _stretch(table, dates, ledger, at, start, length, "session")
    kind, sub = table.scalar(sport), table.scalar(sub_sport)
    found = []
    for i in np.flatnonzero(keep):
        number = int(kind.raw[i]) if kind.valid[i] else 0
        breathing = bool(sub.valid[i]) and int(sub.raw[i]) == _BREATHING
        calm = breathing or number == _MEDITATION
        label = "breathing" if breathing else SPORTS.get(number, f"sport {number}")
        found.append(
            Span(
                kind=SpanKind.TECHNIQUE if calm else SpanKind.EXERCISE,
                start_s=float(start_s[i]),
                end_s=float(end_s[i]),
                label=label,
            )
        )
    return found


def _stretch(
    table: Table, dates: Dates, ledger: Ledger, at: int, start: int, length: int, what: str
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Start and end of each row: its elapsed time, or else the time it was written."""
    begin, stamp, span = table.scalar(start), table.scalar(at), table.scalar(length)
    start_s = dates.unix_s(begin.raw)
    written_s = np.where(stamp.valid, dates.unix_s(stamp.raw), start_s)
    end_s = np.where(span.valid, start_s + scaled(table.number, length, span.raw), written_s)
    long = (end_s < start_s) | (end_s - start_s > _LONGEST_ACTIVITY_S)
    keep = ledger.take(
        table, *dates.reasons(begin.raw, begin.valid), (long, f"a {what} of impossible length")
    )
    return start_s, end_s, keep


def laps(tables: Tables, dates: Dates, ledger: Ledger) -> list[Span]:
    """A mark wherever the lap button was pressed: the end of that lap."""
    table, (at, start, length, trigger) = read(
        tables, "lap", "timestamp", "start_time", "total_elapsed_time", "lap_trigger"
    )
    if not len(table):
        return []
    _, end_s, keep = _stretch(table, dates, ledger, at, start, length, "lap")
    pressed = table.scalar(trigger)
    marks = keep & pressed.valid & (pressed.raw == _LAP_BUTTON)
    return [
        Span(kind=SpanKind.OTHER, start_s=float(t), end_s=float(t), label="lap")
        for t in end_s[marks]
    ]


def detected(tables: Tables, dates: Dates) -> list[Span]:
    """Activities the watch noticed by itself (auto_activity_detect), each one row.

    It notices late: the stretch is `data16` minutes from its start, not up to the message. The
    watch also logs "generic" and "sedentary" minutes this way, which are no exercise.
    """
    table, (event, minutes, kind, start) = read(
        tables, "event", "event", "data16", "activity_type", "start_timestamp"
    )
    if not len(table):
        return []
    happened, begin = table.scalar(event), table.scalar(start)
    lasted, sport = table.scalar(minutes), table.scalar(kind)
    mine = happened.valid & (happened.raw == _AUTO_ACTIVITY) & lasted.valid
    mine &= (lasted.raw >= _SHORTEST_MIN) & (lasted.raw * 60 <= _LONGEST_ACTIVITY_S)
    mine &= sport.valid & np.isin(sport.raw, list(_DETECTED))
    for refuse, _ in dates.reasons(begin.raw, begin.valid):
        mine &= ~refuse
    start_s = dates.unix_s(begin.raw)
    return [
        Span(
            kind=SpanKind.EXERCISE,
            start_s=float(start_s[i]),
            end_s=float(start_s[i] + 60.0 * lasted.raw[i]),
            label=_DETECTED[int(sport.raw[i])],
        )
        for i in np.flatnonzero(mine)
    ]
