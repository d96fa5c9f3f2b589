"""Sleep depth: does sleep become deeper?

Time until the heart is quiet, restlessness, and the vendor's own deep share; stages are never
made by us, and the night's heart rate itself belongs to the baseline, not here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hrv.markers.marker import Context, Marker, by_day, from_trend, passed_on, unknown
from hrv.model import BaselineDay, DailySeries, MarkerFinding, MarkerState, Missing, Trend


def ln_settle(day: BaselineDay) -> float | None:
    """ln(minutes until quiet + 5)."""
    return None if day.settle_min is None else float(np.log(day.settle_min + 5.0))


def restless(day: BaselineDay) -> float | None:
    """ln of the restless share, one percent added."""
    return None if day.restless_share is None else float(np.log(day.restless_share + 0.01))


def shallow(day: BaselineDay) -> float | None:
    """Minus logit of the vendor's deep share."""
    if not day.deep_min or not day.sleep_min or day.deep_min >= day.sleep_min:
        return None
    return float(-np.log(day.deep_min / (day.sleep_min - day.deep_min)))


PARTS: dict[str, Callable[[BaselineDay], float | None]] = {
    "settle": ln_settle,
    "restless": restless,
    "deep_share": shallow,
}


def find(context: Context) -> MarkerFinding:
    """Trend of the first of settling, restlessness, deep share that has the nights for it.

    The other parts travel as facts; parts that clearly disagree leave the state open.
    """
    gates = context.settings.verdict
    values = {name: by_day(context, part) for name, part in PARTS.items()}
    facts = {f"{name}_n": int(v.day.size) for name, v in values.items()}
    if not any(facts.values()):
        return unknown(MARKER.id, "needs_sleep_times")
    if context.length < gates.min_days:
        short = Missing("short_window", {"days": context.length, "needed": gates.min_days})
        return passed_on(MARKER.id, short, **facts)
    full = {n: v for n, v in values.items() if v.day.size >= gates.min_nights}
    if not full:
        most = max(int(v.day.size) for v in values.values())
        few = Missing("few_nights", {"n": most, "needed": gates.min_nights})
        return passed_on(MARKER.id, few, **facts)
    trends = _trends(context, full)
    if not trends:
        return unknown(MARKER.id, "sleep_without_trend", **facts)
    main = next(iter(trends))
    about = {f"{n}_change": t.total.value for n, t in trends.items()}
    about |= {f"{n}_p": t.p_value for n, t in trends.items()}
    finding = from_trend(
        MARKER.id, trends[main], MARKER.better, "ln", context, part=main, **facts, **about
    )
    alpha = context.settings.trend.alpha
    signs = {np.sign(t.total.value) for t in trends.values() if t.p_value <= alpha}
    if len(signs) > 1:
        disagree = {**finding.facts, "disagree": True}
        return MarkerFinding(
            id=MARKER.id,
            state=MarkerState.DESCRIBED,
            trend=trends[main],
            n=finding.n,
            facts=disagree,
        )
    return finding


def _trends(context: Context, full: dict[str, DailySeries]) -> dict[str, Trend]:
    found: dict[str, Trend] = {}
    for name, values in full.items():
        one = context.daily_trend(values, log=True, worth_having=0.2)
        if not isinstance(one, Missing):
            found[name] = one
    return found


MARKER = Marker(
    id="sleep_depth",
    label="Depth of sleep",
    question="Does sleep become deeper?",
    unit="%",
    better="lower",
    minimum="56 days with 24 nights of known sleep times",
    formula="ln(minutes from sleep onset until ten minutes lie in the quietest quarter of that "
    "night + 5); else ln(restless share + 1 %); else minus logit of the vendor's deep share",
    statistic="autocorrelation-averaged regression on nights",
    fallback="the vendor's deep share of sleep",
    reference="Robbins et al. (2024), Sensors 24:6532: deep sleep of wearables is weak",
    find=find,
)
