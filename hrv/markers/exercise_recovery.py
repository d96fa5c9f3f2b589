"""Exercise recovery: supporting evidence only. Faster after effort may be fitness."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from hrv.markers.marker import Context, Marker, from_trend, passed_on, unknown
from hrv.model import (
    BoolArray,
    DailySeries,
    EpisodeKind,
    FloatArray,
    MarkerFinding,
    Missing,
    RecoveryFit,
    Trend,
)

WALK = (70.0, 135.0)  # steps/min: slower is strolling, faster is running
BAND = 10.0  # steps/min on both sides of one's own usual cadence


def bouts(context: Context) -> list[RecoveryFit]:
    """Measured recoveries after workouts within the window."""
    return [f for f in context.fits if f.accepted and _effort(context, f)]


def _effort(context: Context, fit: RecoveryFit) -> bool:
    return fit.episode.kind is EpisodeKind.EXERCISE and context.inside(fit.episode.day)


def comparable(found: list[RecoveryFit], within_bpm: float) -> list[RecoveryFit]:
    """Bouts that ended near the usual peak: recovery depends on effort."""
    peaks = [f.peak_hr_bpm for f in found if f.peak_hr_bpm is not None]
    if not peaks:
        return []
    middle = float(np.median(peaks))
    return [
        f for f in found if f.peak_hr_bpm is not None and abs(f.peak_hr_bpm - middle) <= within_bpm
    ]


def alike_efforts(context: Context, found: list[RecoveryFit]) -> list[RecoveryFit]:
    """Bouts like the usual one in their peak and in their time above a threshold of the wearer's.

    The threshold is the same for all bouts: 60 % of the way from the usual rest to the usual
    peak, where moderate effort ends (ACSM's share of heart-rate reserve). A sprint and an hour's
    run may end at one peak; the heart comes back from them differently.
    """
    near = comparable(found, context.rules.bout_peak_bpm)
    above = time_above(context, near)
    if above is None:
        return near
    known = above[above > 0]
    if known.size == 0:
        return near
    most = np.log(context.rules.bout_time_ratio)
    far = np.abs(np.log(np.maximum(above, 1e-9) / float(np.median(known))))
    return [f for f, d in zip(near, far, strict=True) if d <= most]


def time_above(context: Context, found: list[RecoveryFit]) -> FloatArray | None:
    """Seconds of each bout above the wearer's own threshold; None without a heart rate."""
    grid = context.grid
    rests = [f.rest_bpm for f in found if np.isfinite(f.rest_bpm)]
    peaks = [f.peak_hr_bpm for f in found if f.peak_hr_bpm is not None]
    if grid is None or not rests or not peaks:
        return None
    rest, peak = float(np.median(rests)), float(np.median(peaks))
    threshold = rest + context.rules.bout_threshold_share * (peak - rest)
    high = grid.measured & (grid.hr_bpm >= threshold)
    counted = np.concatenate(([0], np.cumsum(high)))
    ends = np.array([(f.episode.start_s, f.episode.end_s) for f in found]) - grid.t0_s
    first, last = np.clip(ends // grid.step_s, 0, len(grid)).astype(np.int64).T
    seconds: FloatArray = (counted[last] - counted[first]) * grid.step_s
    return seconds


def walking(context: Context) -> DailySeries:
    """Median heart rate a day at one's usual cadence held for three minutes, less that at rest.

    What walking costs above rest falls with fitness; a calmer heart lowers both alike, which is
    no fitness. Workouts are left out, and so are days without a resting value.
    """
    grid = context.grid
    empty = DailySeries(np.empty(0, dtype=np.int64), np.empty(0))
    if grid is None or grid.step_s > 90.0:
        return empty
    walk = (grid.steps_per_min >= WALK[0]) & (grid.steps_per_min <= WALK[1]) & ~grid.exercise
    walk = _held(walk, grid.step_s)
    if not walk.any():
        return empty
    usual = float(np.median(grid.steps_per_min[walk]))
    at = np.flatnonzero(
        _held(walk & (np.abs(grid.steps_per_min - usual) <= BAND), grid.step_s) & grid.measured
    )
    days: dict[int, list[float]] = defaultdict(list)
    for day, hr in zip(grid.day[at].tolist(), grid.hr_bpm[at].tolist(), strict=True):
        days[day].append(hr)
    enough = context.rules.walking_minutes * 60.0 / grid.step_s
    rest = {
        d.day: d.resting_hr_bpm for d in context.days if d.resting_hr_bpm and context.inside(d.day)
    }
    rows = [
        (d, float(np.median(v)) - rest[d])
        for d, v in sorted(days.items())
        if len(v) >= enough and d in rest
    ]
    if not rows:
        return empty
    return DailySeries(np.array([d for d, _ in rows]), np.array([v for _, v in rows]))


def _held(mask: BoolArray, step_s: float) -> BoolArray:
    """Bins under the mask for three minutes by then."""
    width = max(1, round(180.0 / step_s))
    count = np.concatenate([[0], np.cumsum(mask)])
    held = np.zeros(mask.size, dtype=bool)
    if mask.size >= width:
        held[width - 1 :] = (count[width:] - count[:-width]) == width
    return held


def find(context: Context) -> MarkerFinding:
    """Trend of the fall within 60 s after comparable efforts, else of walking heart rate.

    Both trends travel as facts: they guard a verdict against mistaking fitness for calm.
    """
    found = bouts(context)
    rules = context.rules
    sharp = [f for f in found if f.hrr60_bpm is not None and f.episode.step_s <= rules.bout_step_s]
    alike = alike_efforts(context, sharp)
    pace = walking(context)
    facts: dict[str, Any] = {
        "bouts": len(found),
        "alike": len(alike),
        "walking_days": pace.day.size,
    }
    if alike:
        facts["hrr60_bpm"] = float(
            np.median([f.hrr60_bpm for f in alike if f.hrr60_bpm is not None])
        )
    if not found and pace.day.size == 0:
        cut = [f for f in context.fits if f.why_not == "missing" and _effort(context, f)]
        if cut:
            return unknown(MARKER.id, "efforts_not_followed", count=len(cut))
        return unknown(MARKER.id, "no_effort", **facts)
    bout_trend = _bout_trend(context, alike)
    pace_trend = None
    if (
        pace.day.size >= context.rules.walking_days
        and context.length >= context.settings.verdict.min_days
    ):
        one = context.daily_trend(pace, worth_having=2.0)
        pace_trend = one if isinstance(one, Trend) else None
    if bout_trend is not None:
        facts["bouts_change"] = bout_trend.total.value
        facts["bouts_better"] = 1.0 - bout_trend.p_fall
        facts["bouts_se"] = bout_trend.se
    if pace_trend is not None:
        facts["walking_change"] = pace_trend.total.value
        facts["walking_better"] = pace_trend.p_fall
        facts["walking_se"] = pace_trend.se
    if bout_trend is not None:
        return from_trend(MARKER.id, bout_trend, "higher", "bpm", context, **facts, part="bouts")
    if pace_trend is not None:
        return from_trend(MARKER.id, pace_trend, "lower", "bpm", context, **facts, part="walking")
    few = Missing(
        "few_efforts",
        {
            "n": len(alike),
            "needed": context.rules.bouts,
            "walking_days": int(pace.day.size),
        },
    )
    return passed_on(MARKER.id, few, **facts)


def _bout_trend(context: Context, alike: list[RecoveryFit]) -> Trend | None:
    if len(alike) < context.rules.bouts or context.length < context.settings.verdict.min_days:
        return None
    days: dict[int, list[float]] = defaultdict(list)
    for fit in alike:
        if fit.hrr60_bpm is not None:
            days[fit.episode.day].append(fit.hrr60_bpm)
    values = DailySeries(
        np.array(sorted(days), dtype=np.int64), np.array([np.mean(days[d]) for d in sorted(days)])
    )
    found = context.daily_trend(values, worth_having=3.0)
    return found if isinstance(found, Trend) else None


MARKER = Marker(
    id="exercise_recovery",
    label="After exercise",
    question="Supporting evidence only: faster after effort may be fitness",
    unit="bpm",
    better="higher",
    minimum="10 comparable efforts with 60 s recorded after them, or 24 days with five minutes of "
    "steady walking, over 56 days",
    formula="fall of heart rate within 60 s after efforts that ended within 12 bpm of the usual "
    "peak and spent half to twice the usual time above 60 % of the way to it; median heart rate at "
    "one's usual walking cadence, held for three minutes, less that at rest",
    statistic="autocorrelation-averaged regression on days",
    fallback="none",
    reference="Cole et al. (2000), Ann Intern Med 132:552; Forcier et al. (2006)",
    find=find,
    supporting=True,
)
