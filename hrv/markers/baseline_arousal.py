"""Baseline arousal: is the resting level itself lower, not only the peaks?"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import stdtr

from hrv import baseline
from hrv.markers.marker import Context, Marker, from_trend, passed_on, unknown
from hrv.markers.release import lasting_step
from hrv.model import DailySeries, MarkerFinding, Missing, Trend

WHOLE = 0.9  # of the months now; a part of a season is not the season


def own_sd(values: DailySeries, reference_days: int) -> float:
    """Robust SD of the reference days (first of the window), unit of the series."""
    first = values.value[:reference_days]
    return 1.4826 * float(np.median(np.abs(first - np.median(first)))) or float(np.std(first))


def find(context: Context) -> MarkerFinding:
    """Trend of the resting measure that was chosen by its number of days."""
    name = context.measure
    if name is None:
        needed = context.settings.baseline.day_one_nights
        return unknown(MARKER.id, "baseline_no_days", needed=needed)
    measure, gates = baseline.MEASURES[name], context.settings.verdict
    values = baseline.series(context.days, name, context.window)
    facts: dict[str, Any] = {
        "measure": name,
        "measure_unit": measure.unit,
        "n": int(values.day.size),
    }
    if context.length < gates.min_days:
        short = Missing("short_window", {"days": context.length, "needed": gates.min_days})
        return passed_on(MARKER.id, short, **facts)
    needed = _needed(context)
    if values.day.size < needed:
        few = Missing("few_resting_days", {"n": int(values.day.size), "needed": needed})
        return passed_on(MARKER.id, few, **facts)
    sd = own_sd(values, context.settings.baseline.reference_days)
    worth = context.settings.trend.worth_baseline_sd * (1.0 if name == "arousal_z" else sd)
    found = context.daily_trend(values, log=measure.log, worth_having=worth)
    if isinstance(found, Missing):
        return passed_on(MARKER.id, found, **facts)
    facts["own_sd"] = sd
    later = context.after_first_month()
    rest = None if later is None else later.daily_trend(values, log=measure.log)
    if isinstance(rest, Trend):
        lower = measure.better == "lower"
        facts["rest_support"] = rest.p_fall if lower else 1.0 - rest.p_fall
    facts.update(_beside_heart_rate(context, name))
    if found.p_value <= context.settings.trend.alpha:  # only a level that moved may have jumped
        facts.update(lasting_step(context))
        facts.update(_beside_year_before(context, name, found))
    return from_trend(MARKER.id, found, measure.better, measure.unit, context, **facts)


def _needed(context: Context) -> int:
    """Days with a value without which a window has no trend."""
    gates = context.settings.verdict
    return max(gates.min_nights, round(gates.min_night_share * context.length))


def _beside_year_before(context: Context, name: str, found: Trend) -> dict[str, float]:
    """Change of the same measure over the same months a year before, where they were recorded,
    and how sure it is that the change now is another one: a season comes back."""
    before = None if context.year_before is None else context.year_before()
    if before is None:
        return {}
    rules = context.settings.baseline
    days = [d for d in before.days if before.inside(d.day)]
    if name == "arousal_z":
        parts = (baseline.components(c.days, rules, c.window) for c in (before, context))
        if len(set(parts)) > 1:
            return {}
        now = [d for d in context.days if context.inside(d.day)]
        days = list(baseline.compose((*days, *now), rules, context.window))  # in the same units
    values = baseline.series(days, name, before.window)
    if values.day.size < _needed(before):
        return {}
    if values.day[-1] - values.day[0] < WHOLE * (found.days - 1):
        return {}
    then = before.daily_trend(values, log=baseline.MEASURES[name].log)
    if isinstance(then, Missing):
        return {}
    more = found.total.value - then.total.value
    t = more / float(np.hypot(found.se, then.se))
    return {
        "year_before_change": then.total.value,
        "year_before_low": then.total.low,
        "year_before_high": then.total.high,
        "year_before_days": then.n,
        "beyond_year_before": more,
        "beyond_year_before_p": float(2.0 * stdtr(max(min(found.df, then.df), 1.0), -abs(t))),
    }


def _beside_heart_rate(context: Context, name: str) -> dict[str, float]:
    """Trend of ln RMSSD per interval: what is left of an HRV trend after the heart rate's."""
    if name not in ("ln_rmssd", "arousal_z"):
        return {}
    values = baseline.series(context.days, "ln_rmssd_per_rr", context.window)
    if values.day.size < context.settings.verdict.min_nights:
        return {}
    found = context.daily_trend(values, log=True)
    if isinstance(found, Missing):
        return {}
    return {"per_rr_change": found.total.value, "per_rr_p": found.p_value}


MARKER = Marker(
    id="baseline_arousal",
    label="Baseline arousal",
    question="Is it reflected in the baseline, not only in control of the peaks?",
    unit="SD",
    better="lower",
    minimum="56 days, at least 24 of them and 45 % with the resting measure",
    formula="night heart rate (lowest 30 min), mean ln RMSSD of sleep and still-awake heart rate "
    "(20th percentile), each in SDs of the first 28 valid days, weighted .4/.3/.3; a single "
    "measure where there is only one; total change over the window",
    statistic="autocorrelation-averaged regression on days; beside it that of the same months a "
    "year before",
    fallback="the vendor's resting heart rate, RMSSD or SDNN, named",
    reference="Plews et al. (2014), IJSPP 9:783; de Geus et al. (2019), Psychophysiology 56:e13287",
    find=find,
    primary=True,
)
