"""Raw days become features: a regular clock of heart rate and motion, and 5-min HRV windows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrv.clean import correct
from hrv.metrics.windows import sliding
from hrv.model import (
    DAY_S,
    BoolArray,
    Coverage,
    DayBlock,
    DayFeatures,
    FloatArray,
    Grid,
    MotionKind,
    MotionSeries,
    RRSeries,
    Span,
    SpanKind,
    Tier,
    Timeline,
)
from hrv.settings import FeatureSettings, Settings

Float32 = NDArray[np.float32]
_ASLEEP_HOURS = (23.0, 7.0)  # where no sleep was recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Steps of the two clocks for one timeline, s; `fine_s` is None where the stream is coarse."""

    minute_s: float
    fine_s: float | None


def steps_for(hr_period_s: float | None, settings: FeatureSettings) -> Steps:
    """Minutes, or whole multiples of them for coarser streams; fine where the stream is fine."""
    period = hr_period_s or settings.minute_s
    minute = settings.minute_s * max(1.0, np.ceil(period / settings.minute_s - 0.25))
    fine = settings.fine_s if period <= settings.fine_needs_period_s else None
    return Steps(minute_s=float(minute), fine_s=fine)


def reduce_days(timeline: Timeline, settings: Settings) -> Iterable[DayFeatures]:
    """Every recorded day in turn; only one is unpacked at a time."""
    steps = steps_for(timeline.hr_period_s, settings.features)
    for block in timeline.blocks():
        yield reduce_day(block, timeline, steps, settings)


def reduce_day(
    block: DayBlock, timeline: Timeline, steps: Steps, settings: Settings
) -> DayFeatures:
    """One UTC day on the regular clocks, with its 5-min HRV windows."""
    start_s = block.utc_day * DAY_S
    spans = _overlapping(timeline.spans, start_s, start_s + DAY_S)
    windows = _hrv_windows(block.rr, settings)
    grids = [
        None if step is None else _grid(block, spans, windows, timeline, step, settings.features)
        for step in (steps.minute_s, steps.fine_s)
    ]
    assert grids[0] is not None
    vendor = block.rmssd[0] if block.rmssd else None
    return DayFeatures(
        utc_day=block.utc_day,
        minute=grids[0],
        fine=grids[1],
        rmssd_t_s=windows.t_s,
        rmssd_ms=windows.rmssd_ms,
        rr_mean_ms=windows.mean_ms,
        sd_ms=windows.sd_ms,
        stress_index=windows.stress_index,
        corrected_share=windows.corrected_share,
        vendor_rmssd_t_s=vendor.t_s if vendor else np.empty(0),
        vendor_rmssd_ms=vendor.rmssd_ms if vendor else np.empty(0),
    )


def identity(utc_day: int, timeline: Timeline, steps: Steps, settings: Settings) -> str | None:
    """What stands for all that `reduce_day` makes a day of; None if the samples have no digest."""
    if timeline.digest is None:
        return None
    start_s, clock = utc_day * DAY_S, timeline.clock
    inside = (clock.since_s > start_s) & (clock.since_s < start_s + DAY_S)
    said = (
        utc_day,
        timeline.digest(utc_day),
        timeline.hr_period_s,
        steps,
        settings,
        _overlapping(timeline.spans, start_s, start_s + DAY_S),
        float(clock.offset_at(start_s)),
        clock.since_s[inside].tolist(),
        clock.offset_s[inside].tolist(),
    )
    return sha256(repr(said).encode()).hexdigest()


def _overlapping(spans: Sequence[Span], start_s: float, end_s: float) -> list[Span]:
    return [span for span in spans if span.start_s < end_s and span.end_s > start_s]


@dataclass(frozen=True, slots=True, eq=False)
class _Windows:
    t_s: FloatArray
    rmssd_ms: FloatArray
    mean_ms: FloatArray
    sd_ms: FloatArray
    stress_index: FloatArray
    corrected_share: FloatArray


def _hrv_windows(beats: Sequence[RRSeries], settings: Settings) -> _Windows:
    """Figures of all sliding windows that have enough beats, of the best device."""
    empty = np.empty(0)
    if not beats:
        return _Windows(empty, empty, empty, empty, empty, empty)
    cleaned = correct(beats[0], settings.clean)
    wanted = settings.features
    w = sliding(cleaned, window_s=wanted.hrv_window_s, step_s=wanted.hrv_step_s)
    enough = (
        (w.beats >= wanted.hrv_min_beats)
        & (w.coverage >= wanted.hrv_min_coverage)
        & (w.corrected_share <= settings.clean.red_share)
        & np.isfinite(w.rmssd_ms)
        & (w.rmssd_ms > 0)
    )
    return _Windows(
        w.end_s[enough],
        w.rmssd_ms[enough],
        w.mean_nn_ms[enough],
        w.sdnn_ms[enough],
        w.stress_index[enough],
        w.corrected_share[enough],
    )


# --------------------------------------------------------------------------- the regular clock


def _grid(
    block: DayBlock,
    spans: Sequence[Span],
    windows: _Windows,
    timeline: Timeline,
    step_s: float,
    settings: FeatureSettings,
) -> Grid:
    start_s = block.utc_day * DAY_S
    n = round(DAY_S / step_s)
    edges = start_s + step_s * np.arange(n + 1, dtype=np.float64)
    hr, measured = _heart_rate(block, edges, timeline.hr_period_s or step_s)
    motion, known, steps = _motion(block.motion, edges, measured, settings)
    ln_rmssd, rmssd_known = _latest(windows.t_s, np.log(windows.rmssd_ms), edges, step_s)
    t_score = np.concatenate([s.t_s for s in block.stress] or [np.empty(0)])
    score = np.concatenate([s.score for s in block.stress] or [np.empty(0)])
    score_mean, score_known = _bin_means(t_score, score, edges)
    return Grid(
        t0_s=start_s,
        step_s=step_s,
        hr_bpm=hr,
        measured=measured,
        motion_met=motion,
        motion_known=known,
        steps_per_min=steps,
        asleep=_asleep(spans, edges),
        exercise=_inside(spans, (SpanKind.EXERCISE,), edges),
        off_wrist=_inside(spans, (SpanKind.OFF_WRIST,), edges),
        ln_rmssd=ln_rmssd,
        rmssd_known=rmssd_known,
        stress_score=score_mean,
        score_known=score_known,
        hour=timeline.clock.hour(edges[:-1]).astype(np.float32),
        day=timeline.clock.day(edges[:-1]).astype(np.int32),
    )


def _bin_means(t_s: FloatArray, value: FloatArray, edges: FloatArray) -> tuple[Float32, BoolArray]:
    n = edges.size - 1
    index = ((t_s - edges[0]) // (edges[1] - edges[0])).astype(np.int64)
    inside = (index >= 0) & (index < n)
    count = np.bincount(index[inside], minlength=n)
    total = np.bincount(index[inside], weights=value[inside], minlength=n)
    there = count > 0
    return (total / np.maximum(count, 1)).astype(np.float32), there


def _heart_rate(block: DayBlock, edges: FloatArray, period_s: float) -> tuple[Float32, BoolArray]:
    """Mean heart rate per bin; a bin needs a third of the samples that it should have.

    The time between two samples at the stream's own period counts as measured.
    """
    t_s = np.concatenate([s.t_s for s in block.heart_rate] or [np.empty(0)])
    hr = np.concatenate([s.hr_bpm for s in block.heart_rate] or [np.empty(0)])
    if t_s.size == 0 and block.rr:
        beats = block.rr[0]
        plausible = (beats.rr_ms >= 300) & (beats.rr_ms <= 2000)
        t_s, hr = beats.t_s[plausible], 60_000.0 / beats.rr_ms[plausible]
        period_s = 1.0
    n, step_s = edges.size - 1, edges[1] - edges[0]
    index = ((t_s - edges[0]) // step_s).astype(np.int64)
    count = np.bincount(index, minlength=n)[:n]
    total = np.bincount(index, weights=hr, minlength=n)[:n]
    needed = max(1.0, step_s / period_s / 3.0)
    measured = count >= needed
    return np.where(measured, total / np.maximum(count, 1), 0).astype(np.float32), measured


_MET_SCALE = {
    MotionKind.STEPS_PER_MIN: "met_per_step_per_min",
    MotionKind.ACCELERATION_SD_G: "met_per_g_sd",
    MotionKind.INTENSITY_0_7: "met_per_intensity",
}


def _motion(
    series: Sequence[MotionSeries],
    edges: FloatArray,
    measured: BoolArray,
    settings: FeatureSettings,
) -> tuple[Float32, BoolArray, Float32]:
    """Motion in MET above rest (the highest of what the sensors say), where it is known, and steps.

    Step counters list the minutes with steps: on a day that has any, the rest of the worn time
    had none.
    """
    n = edges.size - 1
    met, known, steps = np.zeros(n), np.zeros(n, dtype=bool), np.zeros(n)
    for one in series:
        mean, there = _held_means(one, edges)
        if one.kind is MotionKind.STEPS_PER_MIN:
            steps = np.maximum(steps, mean)
            there = there | measured
        scale = getattr(settings, _MET_SCALE[one.kind]) if one.kind in _MET_SCALE else 1.0
        met = np.maximum(met, scale * mean)
        known |= there
    return met.astype(np.float32), known, steps.astype(np.float32)


def _held_means(one: MotionSeries, edges: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Mean per bin of values that each hold for their period, and where any holds."""
    n, step_s = edges.size - 1, edges[1] - edges[0]
    start = one.t_s
    end = np.minimum(start + np.maximum(one.period_s, 1e-3), np.append(start[1:], np.inf))
    # Integral of the held value up to each edge, by interpolation at starts and ends.
    knots = np.empty(2 * start.size)
    knots[0::2], knots[1::2] = start, end
    area = np.cumsum(one.value * (end - start))
    worn = np.cumsum(end - start)
    sums = [np.empty(2 * start.size) for _ in range(2)]
    for total, cumulated in zip(sums, (area, worn), strict=True):
        total[0::2] = np.concatenate([[0.0], cumulated[:-1]])
        total[1::2] = cumulated
    at_edges = [np.diff(np.interp(edges, knots, total)) for total in sums]
    held = at_edges[1] > 1e-6 * step_s
    mean = np.where(held, at_edges[0] / np.maximum(at_edges[1], 1e-9), 0.0)
    assert mean.size == n
    return mean, held


def _latest(
    t_s: FloatArray, value: FloatArray, edges: FloatArray, step_s: float
) -> tuple[Float32, BoolArray]:
    """Value of the last window that ended within the bin or shortly before it."""
    if t_s.size == 0:
        return np.zeros(edges.size - 1, dtype=np.float32), np.zeros(edges.size - 1, dtype=bool)
    last = np.searchsorted(t_s, edges[1:], side="right") - 1
    fresh = (last >= 0) & (edges[1:] - t_s[np.maximum(last, 0)] < max(step_s, 60.0))
    return np.where(fresh, value[np.maximum(last, 0)], 0).astype(np.float32), fresh


def _inside(spans: Sequence[Span], kinds: Sequence[SpanKind], edges: FloatArray) -> BoolArray:
    """Bins that a span of these kinds overlaps."""
    mask = np.zeros(edges.size - 1, dtype=bool)
    for span in spans:
        if span.kind in kinds:
            first = np.searchsorted(edges, span.start_s, side="right") - 1
            last = np.searchsorted(edges, span.end_s, side="left")
            mask[max(first, 0) : max(last, 0)] = True
    return mask


def _asleep(spans: Sequence[Span], edges: FloatArray) -> BoolArray:
    awake = [s for s in spans if s.kind is SpanKind.SLEEP_STAGE and s.label == "awake"]
    stages = [s for s in spans if s.kind is SpanKind.SLEEP_STAGE and s.label != "awake"]
    asleep = _inside(spans, (SpanKind.SLEEP,), edges)
    asleep |= _inside(stages, (SpanKind.SLEEP_STAGE,), edges)
    asleep &= ~_inside(awake, (SpanKind.SLEEP_STAGE,), edges)
    return asleep


# --------------------------------------------------------------------------- many days


def join(days: Sequence[DayFeatures], *, fine: bool) -> Grid | None:
    """The days as one grid; days that were not recorded are there, unmeasured.

    Nights for which no sleep was recorded are taken from the clock.
    """
    parts = {d.utc_day: (d.fine if fine else d.minute) for d in days}
    grids = {day: grid for day, grid in parts.items() if grid is not None}
    if not grids:
        return None
    first, last = min(grids), max(grids)
    some = grids[first]
    n = len(some)
    total = n * (last - first + 1)

    def laid(name: str) -> NDArray[Any]:
        out = np.zeros(total, dtype=getattr(some, name).dtype)
        for day, grid in grids.items():
            out[(day - first) * n : (day - first + 1) * n] = getattr(grid, name)
        return out

    names = [name for name in Grid.__dataclass_fields__ if name not in ("t0_s", "step_s")]
    columns = {name: laid(name) for name in names}
    _fill_calendar(columns, first, n, grids)
    if last - first >= 2:
        columns["asleep"] |= _night_without_sleep_data(columns)
    return Grid(t0_s=some.t0_s, step_s=some.step_s, **columns)


def _fill_calendar(
    columns: dict[str, NDArray[Any]], first: int, n: int, grids: dict[int, Grid]
) -> None:
    """Hour and day also where nothing was recorded, carried on from the day before."""
    before, last_known = grids[first], first
    for day in range(first, first + columns["day"].size // n):
        if day in grids:
            before, last_known = grids[day], day
            continue
        part = slice((day - first) * n, (day - first + 1) * n)
        columns["hour"][part] = before.hour
        columns["day"][part] = before.day + (day - last_known)


def _night_without_sleep_data(columns: dict[str, NDArray[Any]]) -> BoolArray:
    """Hours of the night of those local days on which no device recorded sleep."""
    hour = columns["hour"]
    from_h, to_h = _ASLEEP_HOURS
    late, early = hour >= from_h, hour < to_h
    night_of = columns["day"] + late
    slept = np.unique(night_of[columns["asleep"] & (late | (hour < 12))])
    nights: BoolArray = (late | early) & ~np.isin(night_of, slept)
    return nights


# --------------------------------------------------------------------------- how much there is


def coverage(timeline: Timeline, grid: Grid | None, nights: int, settings: Settings) -> Coverage:
    """Days, nights and hours that can be used, and the tier they make."""
    worn = float(grid.measured.sum() * grid.step_s / 3600.0) if grid is not None else 0.0
    still = 0.0
    days: set[int] = {value.day for value in timeline.day_values}
    if grid is not None:
        quiet = grid.measured & ~grid.asleep & ~grid.exercise
        quiet &= grid.motion_met <= settings.episodes.still_met
        still = float(quiet.sum() * grid.step_s / 3600.0)
        days |= set(np.unique(grid.day[grid.measured]).tolist())
    return Coverage(
        days=len(days),
        nights=nights,
        worn_hours=worn,
        still_hours=still,
        tier=tier(timeline, grid, settings.features),
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        hr_period_s=timeline.hr_period_s,
    )


def tier(timeline: Timeline, grid: Grid | None, settings: FeatureSettings) -> Tier:
    """What the data can answer, by their richest stream that runs outside workouts."""
    measured_s = outside_s = beats_s = 0.0
    if grid is not None:
        quiet = grid.measured & ~grid.exercise
        known = grid.rmssd_known & quiet
        measured_s, outside_s, beats_s = (
            grid.step_s * float(mask.sum()) for mask in (grid.measured, quiet, known)
        )
    daily_days = len({value.day for value in timeline.day_values})
    return tier_of(measured_s, outside_s, beats_s, timeline.hr_period_s, daily_days, settings)


def tier_of(
    measured_s: float,
    outside_s: float,
    beats_s: float,
    hr_period_s: float | None,
    daily_days: int,
    settings: FeatureSettings,
) -> Tier:
    """The tier of so much heart rate: measured, of it outside workouts, of that with known beats.

    `daily_days`: days with a vendor's figure of the whole day; a few minutes of heart rate beside
    them make no stream.
    """
    if measured_s == 0:
        return Tier.DAILY if daily_days else Tier.NOTHING
    if outside_s < max(0.1 * measured_s, settings.spot_s_per_day * daily_days):
        return Tier.DAILY if daily_days else Tier.WORKOUTS
    if beats_s >= 0.5 * outside_s:
        return Tier.BEATS
    period = hr_period_s or settings.minute_s
    if period <= settings.fine_needs_period_s:
        return Tier.FINE
    return Tier.MINUTE if period <= settings.minute_needs_period_s else Tier.SPARSE
