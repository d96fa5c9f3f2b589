"""Management effort: is most of the time spent managing symptoms? Constant effort?"""

from __future__ import annotations

from typing import Any

import numpy as np

from hrv.markers.marker import Context, Marker, from_trend, passed_on, span_days, unknown
from hrv.model import DailySeries, MarkerFinding, MarkerState, Missing, SpanKind


def recorded_days(context: Context) -> list[int]:
    """Days on which silence means "none": others have a tag of the person within reach."""
    mine = [s for s in context.spans if s.origin != "device" and s.kind not in _STUDY]
    near = {
        day + k
        for day in span_days(context, mine)
        for k in range(
            -context.rules.recorded_reach_days,
            context.rules.recorded_reach_days + 1,
        )
    }
    first = min(span_days(context, mine), default=0)
    return sorted(d for d in near if context.inside(d) and d >= first)


_STUDY = (SpanKind.PHASE, SpanKind.SLEEP, SpanKind.SLEEP_STAGE, SpanKind.EXERCISE)


def find(context: Context) -> MarkerFinding:
    """Trend of the square root of technique minutes a day, over recorded days only."""
    tagged = [s for s in context.spans if s.kind is SpanKind.TECHNIQUE and s.origin != "device"]
    tagged = tagged or [s for s in context.spans if s.kind is SpanKind.TECHNIQUE]
    if not tagged:
        return unknown(MARKER.id, "no_technique_tags")
    days = recorded_days(context) or sorted(
        d for d in span_days(context, tagged) if context.inside(d)
    )
    untimed = span_days(context, [s for s in tagged if s.all_day])
    days = [d for d in days if d not in untimed]  # that something was done, not for how long
    minutes = dict.fromkeys(days, 0.0)
    count = dict.fromkeys(days, 0)
    mark = context.settings.baseline.technique_mark_min
    for span in tagged:
        day = int(context.clock.day(span.start_s).item())
        if day in minutes and not span.all_day:
            minutes[day] += (span.end_s - span.start_s) / 60.0 or mark
            count[day] += 1
    every = np.array([minutes[d] for d in days])
    seen = [f for f in context.detected() if f.episode.day in minutes]
    facts: dict[str, Any] = {
        "recorded_days": len(days),
        "minutes_a_day": float(every.mean()) if days else 0.0,
        "sessions_a_week": 7.0 * sum(count.values()) / max(len(days), 1),
        "managed_share": float(np.mean([f.episode.technique for f in seen])) if seen else None,
        "estimate_is": "level",
    }
    if len(days) < context.rules.recorded_days:
        few = Missing("few_recorded_days", {"n": len(days), "needed": context.rules.recorded_days})
        return passed_on(MARKER.id, few, **facts)
    values = DailySeries(np.array(days, dtype=np.int64), np.sqrt(every))
    found = (
        context.daily_trend(values)
        if context.length >= context.settings.verdict.min_days
        else (
            Missing(
                "short_window",
                {"days": context.length, "needed": context.settings.verdict.min_days},
            )
        )
    )
    if isinstance(found, Missing):
        return MarkerFinding(
            id=MARKER.id, state=MarkerState.DESCRIBED, n=len(days), why_unknown=found, facts=facts
        )
    mean = float(np.sqrt(every).mean())
    change = found.total.value
    facts["minutes_first"] = max(mean - change / 2.0, 0.0) ** 2
    facts["minutes_last"] = max(mean + change / 2.0, 0.0) ** 2
    return from_trend(MARKER.id, found, MARKER.better, "sqrt(min)", context, **facts)


MARKER = Marker(
    id="management_effort",
    label="Effort of managing",
    question="Do I spend most of my time managing symptoms? Constant effort?",
    unit="sqrt(min)",
    better="lower",
    minimum="28 recorded days; untagged days are not recorded, never zero",
    formula="sqrt(technique minutes) per recorded day; beside it sessions a week and the share of "
    "episodes in which a technique was used",
    statistic="autocorrelation-averaged regression on recorded days",
    fallback="works with tags alone",
    reference="the two articles this project rests on",
    find=find,
)
