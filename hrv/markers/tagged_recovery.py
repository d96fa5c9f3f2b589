"""Tagged recovery: does one settle more easily after conflict, and after what not?"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from hrv.markers.marker import (
    Context,
    Marker,
    fine_enough,
    from_trend,
    passed_on,
    span_days,
    unknown,
)
from hrv.markers.rebound import oriented, sick_days
from hrv.model import (
    EpisodeKind,
    Estimate,
    MarkerFinding,
    MarkerState,
    Missing,
    RecoveryFit,
    SpanKind,
)
from hrv.stats import kaplan_meier

EVENTS = (SpanKind.EVENT, SpanKind.LIFE, SpanKind.THERAPY)


def by_label(fits: list[RecoveryFit], least: int) -> dict[str, dict[str, float]]:
    """Median minutes until back in range for each label with enough episodes."""
    groups: dict[str, list[RecoveryFit]] = defaultdict(list)
    for fit in fits:
        groups[fit.episode.label or "event"].append(fit)
    table: dict[str, dict[str, float]] = {}
    for label, some in sorted(groups.items()):
        usable = [f for f in some if f.active_s > 0]
        if len(usable) < least:
            continue
        curve = kaplan_meier([f.active_s for f in usable], [not f.active_censored for f in usable])
        table[label] = {
            "n": len(usable),
            "median_min": curve.quantile(0.5) / 60.0,
            "rise_bpm": float(np.median([f.episode.rise_bpm for f in usable])),
        }
    return table


def find(context: Context) -> MarkerFinding:
    """Trend over tagged episodes where there are enough, else their levels by label; with daily
    values the night after tagged events against the other nights."""
    tagged = [f for f in context.followed() if f.episode.kind is EpisodeKind.TAGGED]
    events = [s for s in context.spans if s.kind in EVENTS]
    if not tagged and not events:
        return unknown(MARKER.id, "no_event_tags")
    facts: dict[str, Any] = {"n": len(tagged), "events": len(events)}
    if fine_enough(context) and tagged:
        facts["by_label"] = by_label(tagged, context.rules.events_per_label)
        gates = context.settings.verdict
        if len(tagged) >= gates.technique_episodes_on and context.length >= gates.min_days:
            found = context.episode_trend(tagged, MARKER.id, endpoint="active")
            if not isinstance(found, Missing):
                return from_trend(MARKER.id, found, MARKER.better, "s", context, **facts)
    facts |= nights_after(context)
    if "night_after" in facts:
        low, high = facts["night_after_low"], facts["night_after_high"]
        return MarkerFinding(
            id=MARKER.id,
            state=MarkerState.DESCRIBED,
            estimate=Estimate(value=facts["night_after"], low=low, high=high, n=facts["nights"]),
            unit=facts["unit"],
            n=facts["nights"],
            facts={"estimate_is": "contrast", **facts},
        )
    if facts.get("by_label"):
        return MarkerFinding(id=MARKER.id, state=MarkerState.DESCRIBED, n=len(tagged), facts=facts)
    n = max(len(tagged), facts.get("nights", 0))
    return passed_on(
        MARKER.id,
        Missing("few_event_tags", {"n": n, "needed": context.rules.events_per_label}),
        **facts,
    )


def nights_after(context: Context) -> dict[str, Any]:
    """Resting measure of the day after events less that of the days around, by resampled nights.

    The reference of an event are the other values within two weeks of it.
    """
    from hrv import baseline

    values = oriented(context)
    if values is None or context.measure is None or values.day.size < 20:
        return {}
    events = [s for s in context.spans if s.kind in EVENTS]
    left_out = sick_days(context)
    after = {d + 1 for d in span_days(context, events)} - left_out
    is_after = np.array([int(d) in after for d in values.day])
    plain = ~is_after & np.array([int(d) not in left_out for d in values.day])
    rows = []
    for day, value in zip(values.day[is_after], values.value[is_after], strict=True):
        near = plain & (np.abs(values.day - day) <= 14)
        if near.sum() >= 5:
            rows.append(float(value - np.median(values.value[near])))
    if len(rows) < context.rules.nights_after:
        return {"nights": len(rows)}
    rng = context.rng(MARKER.id)
    table = np.array(rows)
    draws = rng.choice(table, (2000, table.size)).mean(axis=1)
    low, high = (float(q) for q in np.percentile(draws, [2.5, 97.5]))
    mean = float(table.mean())
    return {
        "nights": len(rows),
        "night_after": mean,
        "night_after_low": min(low, mean),
        "night_after_high": max(high, mean),
        "measure": context.measure,
        "unit": baseline.MEASURES[context.measure].unit,
    }


MARKER = Marker(
    id="tagged_recovery",
    label="After tagged events",
    question="Does one settle more easily after conflict?",
    unit="%",
    better="lower",
    minimum="5 tagged events; 15 followed ones and 56 days for a trend",
    formula="time from onset until back in range of tagged episodes, by label; else resting "
    "measure of the day after less the median of the two weeks around",
    statistic="product-limit medians; as recovery speed for the trend; resampled nights",
    fallback="the night after",
    reference="Kuranova et al. (2020), BMC Med: events still felt 90 min later",
    find=find,
)
