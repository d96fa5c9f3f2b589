"""Core suffering: is it the same, even if it is now managed better? Only the person can say.

Never inferred from signals: two items from 0 to 10 (how present it is, how much effort keeps it
in check) and totals of known scales, from the person's own ratings.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from hrv.markers.marker import Context, Marker, from_trend, passed_on, unknown
from hrv.model import (
    DailySeries,
    Estimate,
    FloatArray,
    MarkerFinding,
    MarkerState,
    Missing,
    Rating,
)

PRESENT = ("core_suffering", "core_present", "present", "suffering", "core")
EFFORT = ("core_effort", "effort", "keeping_in_check")


def by_scale(ratings: tuple[Rating, ...]) -> dict[str, DailySeries]:
    """One value a day and scale, the mean where there are several."""
    table: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for rating in ratings:
        table[rating.scale.strip().lower()][rating.day].append(rating.value)
    return {
        scale: DailySeries(
            np.array(sorted(days), dtype=np.int64),
            np.array([np.mean(days[d]) for d in sorted(days)]),
        )
        for scale, days in sorted(table.items())
    }


def kendall_p(x: FloatArray, y: FloatArray, rng: np.random.Generator, draws: int = 4000) -> float:
    """Two-sided permutation p-value of Kendall's score: for few, widely spaced ratings."""
    pairs = np.triu_indices(x.size, 1)
    sign_x = np.sign(x[pairs[1]] - x[pairs[0]])
    score = float(sign_x @ np.sign(y[pairs[1]] - y[pairs[0]]))
    shuffled = rng.permuted(np.tile(y, (draws, 1)), axis=1)
    null = np.sign(shuffled[:, pairs[1]] - shuffled[:, pairs[0]]) @ sign_x
    return float((1 + np.sum(np.abs(null) >= abs(score))) / (draws + 1))


def about(context: Context, values: DailySeries, name: str) -> dict[str, Any]:
    """First and last rating, means of the first and last third, change and p-value of one scale."""
    third = -(-values.day.size // 3)
    facts: dict[str, Any] = {
        "first": float(values.value[0]),
        "last": float(values.value[-1]),
        "early": float(np.mean(values.value[:third])),
        "late": float(np.mean(values.value[-third:])),
        "n": int(values.day.size),
    }
    if (
        values.day.size >= context.rules.ratings
        and np.ptp(values.value) > 0
        and values.day.size < context.rules.ratings_trend
    ):
        x = values.day.astype(float)
        facts["p"] = kendall_p(x, values.value, context.rng(name))
        facts["change"] = float(np.polyfit((x - x[0]) / (x[-1] - x[0]), values.value, 1)[0])
    return facts


def find(context: Context) -> MarkerFinding:
    """Trend of "how present is it"; without that item, of the scale with most ratings."""
    scales = {
        name: DailySeries(v.day[keep], v.value[keep])
        for name, v in by_scale(context.ratings).items()
        if (keep := (v.day >= context.window[0]) & (v.day <= context.window[1])).any()
    }
    if not scales:
        return unknown(MARKER.id, "no_ratings")
    known = [name for name in PRESENT if name in scales]
    main = known[0] if known else max(scales, key=lambda name: (scales[name].day.size, name))
    table = {name: about(context, values, name) for name, values in scales.items()}
    facts: dict[str, Any] = {"scale": main, "scales": table, "own_item": bool(known)}
    facts["effort"] = next((table[name] for name in EFFORT if name in table), None)
    values = scales[main]
    if (
        values.day.size >= context.rules.ratings_trend
        and context.length >= context.settings.verdict.min_days
    ):
        found = context.daily_trend(values, worth_having=0.5 * float(np.std(values.value)))
        if not isinstance(found, Missing):
            return from_trend(MARKER.id, found, MARKER.better, "points", context, **facts)
    if "p" not in table[main]:
        few = Missing("few_ratings", {"n": int(values.day.size), "needed": context.rules.ratings})
        return passed_on(MARKER.id, few, **facts)
    change, p = table[main]["change"], table[main]["p"]
    alpha = context.settings.trend.alpha
    state = MarkerState.UNDETERMINED
    if p <= alpha:
        state = MarkerState.IMPROVING if change < 0 else MarkerState.WORSENING
    interval = _by_resampling(values, context.rng(main + "_interval"))
    return MarkerFinding(
        id=MARKER.id,
        state=state,
        estimate=Estimate(
            value=change,
            low=min(change, interval[0]),
            high=max(change, interval[1]),
            n=values.day.size,
        ),
        unit="points",
        p_value=p,
        n=int(values.day.size),
        since_day=int(values.day[0]),
        until_day=int(values.day[-1]),
        facts={"estimate_is": "change", **facts},
    )


def _by_resampling(values: DailySeries, rng: np.random.Generator) -> tuple[float, float]:
    """95 % interval of the change over the ratings, by resampled residuals."""
    x = (values.day - values.day[0]) / (values.day[-1] - values.day[0])
    design = np.column_stack([np.ones(x.size), x])
    beta = np.linalg.lstsq(design, values.value, rcond=None)[0]
    rest = (values.value - design @ beta) * (x.size / max(x.size - 2, 1)) ** 0.5
    draws = [
        np.linalg.lstsq(design, design @ beta + rng.choice(rest, x.size), rcond=None)[0][1]
        for _ in range(1000)
    ]
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)


MARKER = Marker(
    id="core_suffering",
    label="What you say yourself",
    question="The same core suffering, even if you now manage it better?",
    unit="points",
    better="lower",
    minimum="4 ratings of one scale; 24 for a daily trend",
    formula="change of the rating over the window: how present it is (0-10), how much effort keeps "
    "it in check (0-10), totals of known scales",
    statistic="autocorrelation-averaged regression on days; permuted Kendall score if under 24",
    fallback="self-report only, never inferred",
    reference="Kendall (1938), doi:10.1093/biomet/30.1-2.81",
    find=find,
    supporting=True,
)
