"""Beat intervals in FIT files: `hrv`, `hr`, `beat_intervals` and `raw_bbi` messages.

None of them says when its beats were, except by the message around it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrv.fit.walk import Table
from hrv.ingest.fit_tables import Dates, Ledger, Tables, read, scaled
from hrv.model import BoolArray, FloatArray, HeartRateSeries, IntArray, RRSeries
from hrv.settings import IngestSettings

_DRIFT_S = 3.0  # summed intervals may run this far from the watch's clock
_BLOCK_S = 60.0  # stretches over which intervals and clock are compared
_MIN_BLOCKS = 5
_OFF_PACE = 0.004  # clocks of straps and watches agree far better than this
_NO_BEATS = RRSeries(np.empty(0), np.empty(0))


def hrv_messages(
    tables: Tables, records: Table, dates: Dates, ledger: Ledger, settings: IngestSettings
) -> tuple[RRSeries, int, float]:
    """RR intervals of `hrv` messages, how often their sum lost the clock, and its pace.

    A message has no time of its own; its beats lie at the record before it. Intervals are added
    up from there and anchored anew where the sum is off by more than 3 s: at pauses, and at
    dropouts that were stored as one long interval. Such intervals become gaps. Only the first
    message after a record is held to it: watches write on when records have stopped, and those
    beats, of the minute after exercise, simply follow.
    """
    table, (time,) = read(tables, "hrv", "time")
    if not len(table):
        return _NO_BEATS, 0, 1.0
    row, raw, valid = table.flat(time)
    stamp = records.scalar(253)
    dated = np.ones(len(records), np.bool_)
    for refuse, _ in dates.reasons(stamp.raw, stamp.valid):
        dated &= ~refuse
    has_any = np.zeros(len(table), np.bool_)
    has_any[row[valid & (raw > 0)]] = True
    undated = np.full(len(table), not dated.any())
    keep = ledger.take(
        table,
        (~has_any, "no interval in the message"),
        (undated, "no record with a date to place the beats by"),
    )
    chosen = valid & (raw > 0) & keep[row]
    if not chosen.any():
        return _NO_BEATS, 0, 1.0
    row, before = row[chosen], np.searchsorted(records.at[dated], table.at) - 1
    rr_ms = scaled(78, time, raw[chosen]) * 1000.0
    held = (before >= 0) & np.append(True, before[1:] != before[:-1])
    anchor_s = dates.unix_s(stamp.raw[dated])[np.maximum(before, 0)]
    return placed(row, rr_ms, anchor_s, held, settings)


def placed(
    row: IntArray,
    rr_ms: FloatArray,
    anchor_s: FloatArray,
    held: BoolArray,
    settings: IngestSettings,
) -> tuple[RRSeries, int, float]:
    """Intervals at their times, how often the count had to start anew, and its pace.

    `row` is the message of each interval; the last beat of a message that is `held` lies around
    its `anchor_s`.
    """
    sum_s = np.cumsum(rr_ms) / 1000.0
    ends = np.flatnonzero(np.append(row[1:] != row[:-1], True))
    fixed = ends[held[row[ends]]]
    if not fixed.size:
        fixed = ends[:1]
    pace = _pace(sum_s[fixed], anchor_s[row[fixed]])
    sum_s *= pace
    ahead_s = sum_s[fixed] - anchor_s[row[fixed]]
    starts = _restarts(ahead_s)
    middle_s = np.array([np.median(part) for part in np.split(ahead_s, starts[1:])])
    # a new count starts behind the last beat of the message before its first anchor
    seams = ends[np.maximum(np.searchsorted(ends, fixed[starts[1:]]) - 1, 0)] + 1
    t_s = sum_s - middle_s[np.searchsorted(seams, np.arange(row.size), side="right")]
    # a long interval, and whatever the clock has no room for, is not a beat
    fits = np.append(True, t_s[1:] > np.maximum.accumulate(t_s)[:-1])
    beat = _is_beat(rr_ms, settings) & fits
    return RRSeries(t_s[beat], rr_ms[beat]), starts.size - 1, pace


def _is_beat(rr_ms: FloatArray, settings: IngestSettings) -> BoolArray:
    return (rr_ms >= settings.rr_min_ms) & (rr_ms <= settings.rr_max_ms)


def _pace(sum_s: FloatArray, clock_s: FloatArray) -> float:
    """Seconds of the watch for one second of intervals, where that is steadily not 1.

    Apps that take 1/1024 s for ms write intervals 2.4 % long. Pauses and dropouts change single
    minutes; a wrong clock changes all of them alike.
    """
    marks = np.flatnonzero(np.diff(np.floor(clock_s / _BLOCK_S)) != 0)
    elapsed_s, summed_s = np.diff(clock_s[marks]), np.diff(sum_s[marks])
    good = (elapsed_s > 0.5 * _BLOCK_S) & (summed_s > 0.5 * _BLOCK_S)
    if good.sum() < _MIN_BLOCKS:
        return 1.0
    ratio = elapsed_s[good] / summed_s[good]
    pace = float(np.median(ratio))
    spread = float(np.median(np.abs(ratio - pace)))
    standard_error = 1.4826 * 1.2533 * spread / np.sqrt(ratio.size)
    return pace if 5.0 * standard_error < abs(pace - 1.0) > _OFF_PACE else 1.0


def _restarts(ahead_s: FloatArray) -> IntArray:
    """Where a new count starts because the old one is off by more than 3 s."""
    starts = [0]
    at = 0
    while at < ahead_s.size:
        size = 64
        while True:
            window = ahead_s[at : at + size]
            off = np.abs(window - window[0]) > _DRIFT_S
            if off.any() or at + size >= ahead_s.size:
                break
            size *= 2
        if not off.any():
            break
        at += int(np.argmax(off))
        starts.append(at)
    return np.array(starts)


def strap_downloads(
    tables: Tables, dates: Dates, ledger: Ledger, settings: IngestSettings
) -> tuple[HeartRateSeries | None, RRSeries]:
    """Beats that a strap stored under water or away from the watch (`hr` messages).

    Their times are real: 1/1024 s since the strap woke, most of them cut to 12 bits. A message
    with a date and a whole time ties the strap's clock to that of the watch.
    """
    table, (at, fraction, bpm, whole, packed) = read(
        tables,
        "hr",
        "timestamp",
        "fractional_timestamp",
        "filtered_bpm",
        "event_timestamp",
        "event_timestamp_12",
    )
    if not len(table):
        return None, _NO_BEATS
    row, ticks, full = _event_words(table, whole, packed)
    stamp, part = table.scalar(at), table.scalar(fraction)
    bad_date = dates.reasons(stamp.raw, np.ones(len(table), np.bool_))[1][0]
    tied = stamp.valid & ~bad_date
    tie_row, tie_first = np.unique(row[full & tied[row]], return_index=True)
    tie_index = np.flatnonzero(full & tied[row])[tie_first]
    tie = np.searchsorted(tie_index, np.arange(row.size), side="right") - 1
    has_word = np.zeros(len(table), np.bool_)
    has_word[row[tie >= 0]] = True
    ledger.take(table, (~has_word, "beats before the strap's clock is known"))
    if not tie_index.size:
        return None, _NO_BEATS
    tie_s = dates.unix_s(stamp.raw[tie_row]) + np.where(
        part.valid[tie_row], scaled(132, fraction, part.raw[tie_row]), 0.0
    )
    known = tie >= 0
    elapsed_s = (ticks - ticks[tie_index][tie]) / 1024.0
    beat_s = (tie_s[tie] + elapsed_s)[known]
    heart_rate = _filtered(table, bpm, row[known], beat_s)
    beat_s = np.unique(beat_s)
    rr_ms = np.diff(beat_s) * 1000.0
    good = _is_beat(rr_ms, settings)
    return heart_rate, RRSeries(beat_s[1:][good], rr_ms[good])


def _event_words(table: Table, whole: int, packed: int) -> tuple[IntArray, NDArray[Any], BoolArray]:
    """Row, ticks and wholeness of every beat time, 12-bit ones made whole by counting on."""
    w_row, w_raw, w_valid = table.flat(whole)
    p_row, p_raw, p_valid = table.flat(packed)
    count = np.bincount(p_row, minlength=len(table))
    usable = (count % 3 == 0)[p_row] if p_row.size else p_valid
    triples = p_raw[usable].reshape(-1, 3)
    words = np.stack(
        (triples[:, 0] | (triples[:, 1] & 15) << 8, triples[:, 1] >> 4 | triples[:, 2] << 4), axis=1
    ).ravel()
    rows = np.concatenate((w_row[w_valid], np.repeat(p_row[usable][::3], 2)))
    ticks = np.concatenate((w_raw[w_valid], words))
    full = np.concatenate((np.ones(int(w_valid.sum()), np.bool_), np.zeros(words.size, np.bool_)))
    order = np.argsort(rows, kind="stable")
    rows, ticks, full = rows[order], ticks[order], full[order]
    step = np.zeros(ticks.size, np.int64)
    step[1:] = np.diff(ticks) & 0xFFF
    since = np.cumsum(np.where(full, 0, step))
    last = np.maximum.accumulate(np.where(full, np.arange(ticks.size), -1))
    started = last >= 0
    last = last[started]
    return rows[started], ticks[last] + since[started] - since[last], full[started]


def _filtered(table: Table, bpm: int, row: IntArray, beat_s: FloatArray) -> HeartRateSeries | None:
    """The strap's own heart rate, where it gives one value a beat."""
    h_row, h_raw, h_valid = table.flat(bpm)
    beats, rates = np.bincount(row, minlength=len(table)), np.bincount(h_row, minlength=len(table))
    matched = beats == rates
    rate, valid = h_raw[matched[h_row]], h_valid[matched[h_row]] & (h_raw[matched[h_row]] > 0)
    t_s = beat_s[matched[row]]
    t_s, rate = t_s[valid], rate[valid]
    t_s, first = np.unique(t_s, return_index=True)
    return HeartRateSeries(t_s, rate[first]) if t_s.size else None


def research_beats(
    tables: Tables, dates: Dates, ledger: Ledger, settings: IngestSettings
) -> list[RRSeries]:
    """`beat_intervals` and `raw_bbi`: the watch's own pulse intervals.

    The intervals of a message follow its time. In `raw_bbi` the low 14 bits are ms, bit 14 says
    that the value can be trusted and bit 15 that it is the length of a gap.
    """
    found = []
    for name, field_name in (("beat_intervals", "time"), ("raw_bbi", "data")):
        table, (at, ms, values) = read(tables, name, "timestamp", "timestamp_ms", field_name)
        if not len(table):
            continue
        stamp, extra = table.scalar(at), table.scalar(ms)
        row, raw, valid = table.flat(values)
        has_any = np.zeros(len(table), np.bool_)
        has_any[row[valid]] = True
        keep = ledger.take(
            table, *dates.reasons(stamp.raw, stamp.valid), (~has_any, "no interval in the message")
        )
        chosen = valid & keep[row]
        row, raw = row[chosen], raw[chosen]
        rr_ms = (raw & 0x3FFF if name == "raw_bbi" else raw).astype(np.float64)
        trusted = (raw >> 14) == 1 if name == "raw_bbi" else np.ones(raw.size, np.bool_)
        start_s = dates.unix_s(stamp.raw) + np.where(extra.valid, extra.raw, 0) / 1000.0
        total = np.cumsum(rr_ms) / 1000.0
        first = np.searchsorted(row, row, side="left")
        t_s = start_s[row] + total - total[first] + rr_ms[first] / 1000.0
        order = np.argsort(t_s, kind="stable")
        t_s, rr_ms, trusted = t_s[order], rr_ms[order], trusted[order]
        good = trusted & _is_beat(rr_ms, settings)
        good &= np.append(True, np.diff(t_s) > 0) if t_s.size else good
        if good.any():
            found.append(RRSeries(t_s[good], rr_ms[good]))
    return found
