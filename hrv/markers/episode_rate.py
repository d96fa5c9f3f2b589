"""Episode rate: do the reactions become rarer?"""

from __future__ import annotations

from collections import Counter

import numpy as np

from hrv.markers.marker import Context, Marker, fine_enough, from_trend, passed_on, unknown
from hrv.model import DailySeries, MarkerFinding, Missing


def find(context: Context) -> MarkerFinding:
    """Trend of the square root of episodes per worn, awake, still hour (variance-stabilised)."""
    if not fine_enough(context):
        return unknown(MARKER.id, "needs_continuous_hr", tier=context.coverage.tier.value)
    count: Counter[int] = Counter()
    height: Counter[int] = Counter()
    for fit in context.detected():
        count[fit.episode.day] += 1
        height[fit.episode.day] += fit.episode.rise_bpm  # type: ignore[assignment]
    days = [
        d
        for d in context.days
        if context.inside(d.day) and d.still_hours >= context.rules.still_day_hours
    ]
    hours = float(sum(d.still_hours for d in days))
    facts: dict[str, float] = {"n": len(days), "episodes": sum(count[d.day] for d in days)}
    if hours > 0:
        facts["per_hour"] = facts["episodes"] / hours
        facts["bpm_per_hour"] = float(sum(height[d.day] for d in days)) / hours
    if context.length < context.settings.verdict.min_days:
        needed = context.settings.verdict.min_days
        return passed_on(
            MARKER.id, Missing("short_window", {"days": context.length, "needed": needed}), **facts
        )
    if len(days) < context.rules.still_days:
        few = Missing(
            "few_still_days",
            {
                "n": len(days),
                "needed": context.rules.still_days,
                "hours": context.rules.still_day_hours,
            },
        )
        return passed_on(MARKER.id, few, **facts)
    at = np.array([d.day for d in days], dtype=np.int64)
    rate = np.array([np.sqrt((count[d.day] + 0.375) / d.still_hours) for d in days])
    burden = np.array([np.sqrt(height[d.day] / d.still_hours) for d in days])
    mean = float(np.mean(rate))
    worth = mean * float(np.expm1(context.settings.trend.worth_rate / 2.0))
    found = context.daily_trend(DailySeries(at, rate), worth_having=worth)
    if isinstance(found, Missing):
        return passed_on(MARKER.id, found, **facts)
    heavy = context.daily_trend(DailySeries(at, burden))
    if not isinstance(heavy, Missing):
        facts["burden_change"] = heavy.total.value
        facts["burden_p"] = heavy.p_value
    facts["percent"] = _percent(mean, found.total.value)
    return from_trend(MARKER.id, found, MARKER.better, "sqrt(1/h)", context, **facts)


def _percent(mean: float, change: float) -> float:
    """Change of the rate from the first to the last day, percent."""
    first, last = max(mean - change / 2.0, 1e-9), max(mean + change / 2.0, 0.0)
    return float(100.0 * ((last / first) ** 2 - 1.0))


MARKER = Marker(
    id="episode_rate",
    label="How often it happens",
    question="Do symptoms reduce in intensity and frequency?",
    unit="sqrt(1/h)",
    better="lower",
    minimum="56 days, 30 of them with three still, worn, awake hours",
    formula="sqrt((episodes + 3/8) / still awake hours) per day; beside it rate times height",
    statistic="autocorrelation-averaged regression on days",
    fallback="none: one value a day has no episodes",
    reference="Anscombe (1948), doi:10.1093/biomet/35.3-4.246",
    find=find,
)
