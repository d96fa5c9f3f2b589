"""Recovery speed: does the body come back from stress faster than it used to?

The scale follows from the data, before any trend is looked at: half-time of the heart-rate
excess for streams of 15 s or finer (fast), time back into one's own resting range for 1-2 min
(settling), days back into range for anything coarser (days).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hrv.markers import rebound
from hrv.markers.marker import Context, Marker, from_trend, passed_on, thirds
from hrv.model import Censored, MarkerFinding, Missing, RecoveryFit, Tier

SCALES = {
    Tier.BEATS: "fast",
    Tier.FINE: "fast",
    Tier.MINUTE: "settling",
    Tier.SPARSE: "days",
    Tier.DAILY: "days",
}
ENDPOINTS = {"fast": "half_time", "settling": "settled"}


def enough(context: Context, fits: Sequence[RecoveryFit]) -> Missing | None:
    """Why these episodes cannot carry a trend, or None if they can."""
    gates = context.settings.verdict
    if context.length < gates.min_days:
        return Missing("short_window", {"days": context.length, "needed": gates.min_days})
    if len(fits) < gates.min_episodes:
        return Missing("few_episodes", {"n": len(fits), "needed": gates.min_episodes})
    seen = waking_days_seen(context)
    if seen < gates.min_waking_days:
        facts = {"share": seen, "needed": gates.min_waking_days, "hours": gates.min_waking_share}
        return Missing("worn_too_little", facts)
    parts = thirds(context, [f.episode.day for f in fits])
    if min(parts) < gates.min_episodes_per_third:
        return Missing(
            "uneven_episodes",
            {
                "least": min(parts),
                "part": parts.index(min(parts)),
                "needed": gates.min_episodes_per_third,
            },
        )
    return None


def waking_days_seen(context: Context) -> float:
    """Share of the window's days on which enough of the waking hours was recorded."""
    grid, (first, last) = context.grid, context.window
    if grid is None:  # fits of a simulation by episodes; a recording always has one
        return 1.0
    day = grid.day - first
    inside = (day >= 0) & (day <= last - first) & ~grid.asleep
    awake = np.bincount(day[inside], minlength=context.length)
    seen = np.bincount(day[inside & grid.measured], minlength=context.length)
    share = seen / np.maximum(awake, 1)
    return float(np.mean(share >= context.settings.verdict.min_waking_share))


def censoring(fits: Sequence[RecoveryFit], scale: str) -> list[bool]:
    """Which follow-ups were cut short."""
    if scale == "fast":
        return [f.censored is Censored.RIGHT for f in fits]
    return [f.settled_censored for f in fits]


def moved(context: Context, fits: Sequence[RecoveryFit], scale: str) -> Missing | None:
    """Interruptions that became much more or less common fake a trend."""
    days = [f.episode.day for f in fits]
    parts = thirds(context, days)
    cut = thirds(context, [d for d, c in zip(days, censoring(fits, scale), strict=True) if c])
    shares = [c / n for c, n in zip(cut, parts, strict=True)]
    shift = shares[2] - shares[0]
    if abs(shift) <= context.settings.verdict.max_censoring_shift:
        return None
    return Missing("interruptions_changed", {"first": shares[0], "last": shares[2]})


def find(context: Context) -> MarkerFinding:
    """Trend of technique-free recoveries on the scale that the data allow."""
    scale = SCALES.get(context.coverage.tier)
    if scale is None:
        code = "recovery_not_from_workouts" if context.coverage.tier is Tier.WORKOUTS else "no_data"
        return passed_on(MARKER.id, Missing(code, {"tier": context.coverage.tier.value}))
    if scale == "days":
        days = rebound.find(context)
        return replace(days, id=MARKER.id, facts={**days.facts, "scale": "days"})
    fits = context.technique_free()
    facts = {
        "scale": scale,
        "n": len(fits),
        "censored": sum(censoring(fits, scale)),
        "at_most": sum(f.censored is Censored.LEFT for f in fits) if scale == "fast" else 0,
        "with_technique": len(context.followed()) - len(fits),
    }
    lacking = enough(context, fits)
    if lacking is None:
        lacking = moved(context, fits, scale)
    if lacking is not None:
        return passed_on(MARKER.id, lacking, **facts)
    endpoint, worth = ENDPOINTS[scale], context.settings.trend.worth_half_time
    found = context.episode_trend(fits, MARKER.id, endpoint=endpoint, worth_having=worth)
    if isinstance(found, Missing):
        return passed_on(MARKER.id, found, **facts)
    adjusted = context.episode_trend(
        fits, MARKER.id + "_height", endpoint=endpoint, worth_having=worth, adjust_height=True
    )
    if not isinstance(adjusted, Missing):
        facts["height_adjusted"] = adjusted.total.value
        facts["height_adjusted_p"] = adjusted.p_value
    later = context.after_first_month()
    if later is not None:
        rest = later.episode_trend(later.technique_free(), MARKER.id + "_rest", endpoint=endpoint)
        if not isinstance(rest, Missing):
            facts["rest_support"] = rest.p_fall
    return from_trend(MARKER.id, found, MARKER.better, "s", context, **facts)


MARKER = Marker(
    id="recovery_speed",
    label="Recovery speed",
    question="Does the body recover faster from stress than it used to?",
    unit="%",
    better="lower",
    minimum="56 days with 40 technique-free episodes, 10 in each third of them; interruptions "
    "equally common throughout",
    formula="ln of the half-time of the heart-rate excess (fast), or of the time until back in "
    "one's own resting range (settling), technique-free episodes and the others until their "
    "technique begins; total change over the window",
    statistic="censored log-normal regression for the size; autocorrelation-averaged regression "
    "over imputed censored times for the p-value",
    fallback="days back into range after a bad day",
    reference="Christenfeld, Glynn & Gerin (2000), Psychophysiology 37:543; Linden et al. (1997), "
    "J Psychosom Res 42:117",
    find=find,
    primary=True,
)
