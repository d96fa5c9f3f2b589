"""Activation time: how long one stays activated, from onset until back in range."""

from __future__ import annotations

from hrv.markers.marker import Context, Marker, fine_enough, from_trend, passed_on, unknown
from hrv.markers.recovery_speed import enough
from hrv.model import MarkerFinding, Missing


def find(context: Context) -> MarkerFinding:
    """Trend of the duration of episodes; those cut short count as at least that long."""
    if not fine_enough(context):
        return unknown(MARKER.id, "needs_continuous_hr", tier=context.coverage.tier.value)
    fits = [f for f in context.technique_free() if f.active_s > 0]
    facts = {"n": len(fits), "censored": sum(f.active_censored for f in fits)}
    lacking = enough(context, fits)
    if lacking is not None:
        return passed_on(MARKER.id, lacking, **facts)
    worth = context.settings.trend.worth_half_time
    found = context.episode_trend(fits, MARKER.id, endpoint="active", worth_having=worth)
    if isinstance(found, Missing):
        return passed_on(MARKER.id, found, **facts)
    return from_trend(MARKER.id, found, MARKER.better, "s", context, **facts)


MARKER = Marker(
    id="activation_time",
    label="Time spent activated",
    question="Do you not stay activated as long?",
    unit="%",
    better="lower",
    minimum="56 days with 40 technique-free episodes, 10 in each third",
    formula="ln(time from onset until back in range), right-censored where something intervened",
    statistic="as recovery speed",
    fallback="none: one value a day has no episodes",
    reference="Smyth et al. (2022): reactivity, recovery and pile-up",
    find=find,
)
