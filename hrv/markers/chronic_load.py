"""Chronic load: does the body stay partly activated even when nothing is happening?"""

from __future__ import annotations

import numpy as np

from hrv.markers.marker import Context, Marker, by_day, from_trend, passed_on, unknown
from hrv.model import BaselineDay, MarkerFinding, Missing


def logit_share(day: BaselineDay) -> float | None:
    """ln odds of a quiet minute lying above the frozen reference, half a minute added to both."""
    if day.raised_min is None:
        return None
    return float(np.log((day.raised_min + 0.5) / (day.eligible_min - day.raised_min + 0.5)))


def find(context: Context) -> MarkerFinding:
    """Trend of the share of still, awake, quiet minutes that are raised."""
    values = by_day(context, logit_share)
    gates = context.settings.verdict
    if values.day.size == 0:
        return unknown(MARKER.id, "needs_waking_hr", tier=context.coverage.tier.value)
    inside = [d for d in context.days if context.inside(d.day) and d.raised_min is not None]
    raised = sum(d.raised_min or 0.0 for d in inside)
    share = raised / max(sum(d.eligible_min for d in inside), 1.0)
    facts = {"n": int(values.day.size), "share": share}
    if context.length < gates.min_days or values.day.size < gates.min_nights:
        few = Missing("few_waking_days", {"n": int(values.day.size), "needed": gates.min_nights})
        short = Missing("short_window", {"days": context.length, "needed": gates.min_days})
        return passed_on(MARKER.id, short if context.length < gates.min_days else few, **facts)
    worth = context.settings.trend.worth_load
    found = context.daily_trend(values, worth_having=worth)
    if isinstance(found, Missing):
        return passed_on(MARKER.id, found, **facts)
    return from_trend(MARKER.id, found, MARKER.better, "log odds", context, **facts)


MARKER = Marker(
    id="chronic_load",
    label="Background activation",
    question="Does the body stay partly activated even when nothing is happening?",
    unit="log odds",
    better="lower",
    minimum="56 days, 24 of them with two hours of quiet waking minutes",
    formula="logit of the share of still, awake minutes outside episodes and techniques that lie "
    "max(3 bpm, 0.75 sigma) above what was usual for that hour in the frozen reference days",
    statistic="autocorrelation-averaged regression on days",
    fallback="none: it needs heart rate through the day",
    reference="Myrtek (2004), additional heart rate; Verkuil et al. (2016), Ann Behav Med 50:704",
    find=find,
)
