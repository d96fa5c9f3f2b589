"""Before and after a date that the person named: therapy began, a move, a medicine.

The same engine as for trends, with a step at the date in the place of time. A date says nothing
about a cause; where both sides are long enough, a step beyond a common slope is tested as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hrv import baseline, trend
from hrv.markers.chronic_load import logit_share
from hrv.markers.marker import Context, by_day, direction
from hrv.markers.recovery_speed import ENDPOINTS, SCALES
from hrv.markers.sleep_depth import ln_settle
from hrv.model import (
    BoolArray,
    DailySeries,
    Estimate,
    FloatArray,
    IntArray,
    MarkerState,
    Missing,
    as_date,
)
from hrv.stats import MixtureT, bagls, bagls_imputed, benjamini_hochberg, holm


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """After less before, of one endpoint; logarithms for times, so that they read as percent."""

    id: str
    difference: Estimate
    p_value: float
    log: bool
    better: str
    unit: str
    before_n: int
    after_n: int
    beyond_slope_p: float | None = None
    before: Estimate | None = None
    after: Estimate | None = None


def before_after(context: Context, label: str = "") -> dict[str, Any] | None:
    """Every endpoint before and after `change_day`, by id; None without a date inside the window.

    Keys: day, date, label, recovery, baseline, markers[]; each endpoint has id, state,
    before, after (level with interval), difference, percent, p_value, q_value, unit, why_unknown.
    """
    day = context.change_day
    if day is None or not context.window[0] < day <= context.window[1]:
        return None
    primaries = {
        "recovery_speed": _recovery(context, day),
        "baseline_arousal": _resting(context, day),
    }
    others = {
        "activation_time": _episodes(context, day, "activation_time", "active"),
        "episode_rate": _rate(context, day),
        "chronic_load": _daily(context, day, "chronic_load", by_day(context, logit_share)),
        "sleep_depth": _daily(context, day, "sleep_depth", by_day(context, ln_settle), log=True),
    }
    alpha = context.settings.trend.alpha
    first, second = _rows(primaries, holm, alpha), _rows(others, benjamini_hochberg, alpha)
    return {
        "day": day,
        "date": as_date(day).isoformat(),
        "label": label,
        "recovery": first["recovery_speed"],
        "baseline": first["baseline_arousal"],
        "markers": [*first.values(), *second.values()],
    }


def _rows(
    found: Mapping[str, Contrast | Missing], method: Any, alpha: float
) -> dict[str, dict[str, Any]]:
    tested = {name: c.p_value for name, c in found.items() if isinstance(c, Contrast)}
    q = dict(zip(tested, method(list(tested.values())), strict=True)) if tested else {}
    return {name: _row(name, c, q.get(name), alpha) for name, c in found.items()}


def _row(name: str, found: Contrast | Missing, q: float | None, alpha: float) -> dict[str, Any]:
    if isinstance(found, Missing):
        why = {"code": found.code, **found.facts}
        return {"id": name, "state": MarkerState.UNKNOWN.value, "why_unknown": why}
    q = 1.0 if q is None else float(q)
    change = found.difference
    if found.log:
        value, low, high = (
            float(100.0 * np.expm1(x)) for x in (change.value, change.low, change.high)
        )
        change = replace(change, value=value, low=low, high=high)
    return {
        "id": name,
        "state": direction(q, found.difference.value, found.better, alpha).value,
        "before": _plain(found.before),
        "after": _plain(found.after),
        "difference": _plain(change),
        "percent": found.log,
        "unit": found.unit,
        "p_value": found.p_value,
        "q_value": q,
        "before_n": found.before_n,
        "after_n": found.after_n,
        "beyond_slope_p": found.beyond_slope_p,
        "why_unknown": None,
    }


def _plain(found: Estimate | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"value": found.value, "low": found.low, "high": found.high, "level": found.level}


# --------------------------------------------------------------------------- endpoints


def _recovery(context: Context, day: int) -> Contrast | Missing:
    endpoint = ENDPOINTS.get(SCALES.get(context.coverage.tier, ""))
    if endpoint is None:
        return Missing("needs_continuous_hr", {"tier": context.coverage.tier.value})
    return _episodes(context, day, "recovery_speed", endpoint)


def _resting(context: Context, day: int) -> Contrast | Missing:
    if context.measure is None:
        needed = context.settings.baseline.day_one_nights
        return Missing("baseline_no_days", {"needed": needed})
    measure = baseline.MEASURES[context.measure]
    values = baseline.series(context.days, measure.name, context.window)
    return _daily(
        context, day, "baseline_arousal", values, measure.log, measure.better, measure.unit
    )


def _rate(context: Context, day: int) -> Contrast | Missing:
    if context.coverage.tier not in ENDPOINT_TIERS:
        return Missing("needs_continuous_hr", {"tier": context.coverage.tier.value})
    count = Counter(f.episode.day for f in context.detected())
    days = [
        d
        for d in context.days
        if context.inside(d.day) and d.still_hours >= context.rules.still_day_hours
    ]
    values = DailySeries(
        np.array([d.day for d in days], dtype=np.int64),
        np.array([np.sqrt((count[d.day] + 0.375) / d.still_hours) for d in days]),
    )
    return _daily(context, day, "episode_rate", values, unit="sqrt(1/h)")


ENDPOINT_TIERS = tuple(tier for tier, scale in SCALES.items() if scale in ENDPOINTS)


def _daily(
    context: Context,
    day: int,
    name: str,
    values: DailySeries,
    log: bool = False,
    better: str = "lower",
    unit: str = "",
) -> Contrast | Missing:
    values = context.well(values)
    after = values.day >= day
    n = (int(np.sum(~after)), int(np.sum(after)))
    if min(n) < context.rules.days_a_side:
        return Missing(
            "few_days_a_side",
            {"before": n[0], "after": n[1], "needed": context.rules.days_a_side},
        )
    if np.ptp(values.value) == 0:
        return Missing("no_variation", {"n": sum(n)})
    held = _held(context, values.day, after)
    if isinstance(held, Missing):
        return held
    found = bagls(values.day, values.value, _design(values.day, after, held), 1)
    beyond = None
    if _long(context, day):
        design = _design(values.day, after, held, slope=True)
        beyond = bagls(values.day, values.value, design, 1).p_value()
    sides = [
        trend.daily_level(
            values,
            settings=context.settings.trend,
            window=(context.window[0], day - 1) if k == 0 else (day, context.window[1]),
        )
        for k in (0, 1)
    ]
    return Contrast(
        id=name,
        difference=_estimate(found, context.settings.trend.level, sum(n)),
        p_value=found.p_value(),
        log=log,
        better=better,
        unit="%" if log else unit,
        before_n=n[0],
        after_n=n[1],
        beyond_slope_p=beyond,
        before=None if isinstance(sides[0], Missing) else sides[0],
        after=None if isinstance(sides[1], Missing) else sides[1],
    )


def _episodes(context: Context, day: int, name: str, endpoint: str) -> Contrast | Missing:
    if context.coverage.tier not in ENDPOINT_TIERS:
        return Missing("needs_continuous_hr", {"tier": context.coverage.tier.value})
    fits = context.technique_free()
    settings = context.settings
    known = trend.observed(fits, trend.Endpoint(endpoint), settings.recovery)
    after = known.day >= day
    n = (int(np.sum(~after)), int(np.sum(after)))
    if min(n) < context.rules.episodes_a_side:
        needed = context.rules.episodes_a_side
        return Missing("few_episodes_a_side", {"before": n[0], "after": n[1], "needed": needed})
    lacking = trend.too_little(known, settings.trend)
    if lacking is not None:
        return lacking

    held = _held(context, known.day, after)
    if isinstance(held, Missing):
        return held

    def tested(slope: bool) -> MixtureT:
        return bagls_imputed(
            known.day,
            known.low,
            known.high,
            _design(known.day, after, held, slope, known.hour),
            1,
            rng=context.rng(f"change_{name}_{slope}"),
            draws=settings.trend.imputations,
            exponent=settings.trend.episode_lrv_exponent,
        )

    found = tested(slope=False)
    levels = [
        trend.level(
            fits,
            endpoint=endpoint,
            settings=settings.trend,
            recovery=settings.recovery,
            rng=context.rng(f"change_{name}_{k}"),
            window=(context.window[0], day - 1) if k == 0 else (day, context.window[1]),
        )
        for k in (0, 1)
    ]
    return Contrast(
        id=name,
        difference=_estimate(found, settings.trend.level, sum(n)),
        p_value=found.p_value(),
        log=True,
        better="lower",
        unit="s",
        before_n=n[0],
        after_n=n[1],
        beyond_slope_p=tested(slope=True).p_value() if _long(context, day) else None,
        before=None if isinstance(levels[0], Missing) else levels[0],
        after=None if isinstance(levels[1], Missing) else levels[1],
    )


def _long(context: Context, day: int) -> bool:
    return (
        min(day - context.window[0], context.window[1] - day + 1)
        >= context.settings.verdict.min_days
    )


def _held(context: Context, day: IntArray, after: BoolArray) -> list[FloatArray] | Missing:
    """Known breaks as columns; a break that falls together with the date leaves no answer."""
    columns = []
    for first in sorted(set(context.steps().values())):
        column = (day >= first).astype(float)
        if np.ptp(column) == 0.0:
            continue
        together = abs(float(np.corrcoef(column, after)[0, 1]))
        if together > context.settings.trend.confounded_above:
            label = next(name for name, on in context.steps().items() if on == first)
            return Missing("confounded", {"label": label, "correlation": together})
        columns.append(column)
    return columns


def _design(
    day: IntArray,
    after: Any,
    held: Sequence[FloatArray] = (),
    slope: bool = False,
    hour: FloatArray | None = None,
) -> FloatArray:
    """Intercept, step, weekend, known breaks, and if asked for one slope and the hour's first
    harmonic."""
    weekend = ((day + 3) % 7 >= 5).astype(float)
    columns = [np.asarray(after, dtype=float), weekend, *held]
    if slope:
        columns.append((day - day[0]) / max(int(day[-1] - day[0]), 1))
    if hour is not None and day.size >= 30:
        angle = 2.0 * np.pi * hour / 24.0
        columns += [np.cos(angle), np.sin(angle)]
    kept = [c - c.mean() for c in columns]
    return np.column_stack([np.ones(day.size), *(c for c in kept if np.linalg.norm(c) > 1e-9)])


def _estimate(found: MixtureT, level: float, n: int) -> Estimate:
    low, high = found.interval(level)
    value = float(np.clip(found.estimate, low, high))
    return Estimate(value=value, low=low, high=high, level=level, n=n)
