"""The fifteen practical tests, each measured: one file a marker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hrv import baseline
from hrv.markers import (
    activation_time,
    baseline_arousal,
    chronic_load,
    core_suffering,
    episode_rate,
    exercise_recovery,
    flexibility,
    management_effort,
    reactivity,
    rebound,
    recovery_speed,
    release,
    sleep_depth,
    tagged_recovery,
    technique_dependence,
)
from hrv.markers.marker import Break, Context, Marker, breaks, settled
from hrv.model import MarkerFinding
from hrv.settings import TrendSettings
from hrv.stats import benjamini_hochberg, holm

__all__ = ["MARKERS", "Break", "Context", "Marker", "adjusted", "breaks", "find_all", "prepared"]

MARKERS: tuple[Marker, ...] = (
    recovery_speed.MARKER,
    baseline_arousal.MARKER,
    activation_time.MARKER,
    reactivity.MARKER,
    episode_rate.MARKER,
    technique_dependence.MARKER,
    management_effort.MARKER,
    sleep_depth.MARKER,
    tagged_recovery.MARKER,
    chronic_load.MARKER,
    flexibility.MARKER,
    rebound.MARKER,
    release.MARKER,
    core_suffering.MARKER,
    exercise_recovery.MARKER,
)


def prepared(context: Context) -> Context:
    """The context with the resting measure chosen, if it was not."""
    if context.measure is not None:
        return context
    measure = baseline.choose(context.days, context.settings.baseline, context.window)
    return replace(context, measure=measure)


def find_all(context: Context) -> dict[str, MarkerFinding]:
    """All fifteen findings by id, in their order; p-values adjusted for the company they keep."""
    context = prepared(context)
    found = {marker.id: marker.find(context) for marker in MARKERS}
    return adjusted(found, context.settings.trend)


def adjusted(
    findings: Mapping[str, MarkerFinding], settings: TrendSettings
) -> dict[str, MarkerFinding]:
    """Holm over the primaries; Benjamini-Hochberg over the secondaries, supporting ones apart.

    A primary alone carries a claim of worsening, and frightens: for it the bar is higher.
    """
    out = dict(findings)
    primaries = [m for m in MARKERS if m.primary]
    others = [m for m in MARKERS if not m.primary and not m.supporting]
    alpha = settings.alpha
    for family, method, worse in (
        (primaries, holm, settings.alpha_worse),
        (others, benjamini_hochberg, alpha),
    ):
        p = {m.id: out[m.id].p_value for m in family if m.id in out}
        tested = {name: value for name, value in p.items() if value is not None}
        if not tested:
            continue
        q = dict(zip(tested, method(list(tested.values())).tolist(), strict=True))
        for marker in family:
            if marker.id in q:
                out[marker.id] = settled(out[marker.id], marker, float(q[marker.id]), alpha, worse)
    return out
