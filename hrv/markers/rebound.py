"""Rebound: how many days until one is back in range after a bad day?

Works with one value a day. A bad day lies above the 80th percentile of the frozen reference
days, one is back at the 60th; illness and alcohol are left out; what the days until back would
be by the series' own autocorrelation alone stands beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hrv import baseline
from hrv.markers.flexibility import detrended
from hrv.markers.marker import Context, Marker, passed_on, span_days, state_of, unknown
from hrv.model import (
    BoolArray,
    DailySeries,
    Estimate,
    FloatArray,
    IntArray,
    MarkerFinding,
    MarkerState,
    Missing,
    SpanKind,
    Trend,
)
from hrv.stats import kaplan_meier

MIN_TO_RESAMPLE = 8
CAP_DAYS = 14.0  # the mean counts days back up to here
LONGEST_GAP = 2  # days without a value that end a follow-up
DRAWS = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Rebounds:
    """Bad days and how long until back: `over[i]` False says at least `length[i]` days."""

    day: IntArray
    length: FloatArray
    over: BoolArray


def rebounds(
    day: IntArray, level: FloatArray, bad: float, back: float, left_out: frozenset[int]
) -> Rebounds:
    """Follow every run that starts above `bad` until a day at or below `back`."""
    rows: list[tuple[int, float, bool]] = []
    i, n = 0, day.size
    while i < n:
        if level[i] <= bad or int(day[i]) in left_out:
            i += 1
            continue
        start, last, j, over = int(day[i]), int(day[i]), i + 1, False
        while j < n:
            if int(day[j]) - last > LONGEST_GAP + 1 or int(day[j]) in left_out:
                break
            last = int(day[j])
            j += 1
            if level[j - 1] <= back:
                over = True
                break
        if over or last > start:
            rows.append((start, float(last - start), over))
        i = max(j, i + 1)
    table = np.array(rows, dtype=float).reshape(-1, 3)
    return Rebounds(table[:, 0].astype(np.int64), table[:, 1], table[:, 2].astype(bool))


def _mean_days(found: Rebounds, cap: float = CAP_DAYS) -> float:
    """Mean days until back, up to the cap, from the product-limit curve."""
    curve = kaplan_meier(np.minimum(found.length, cap), found.over & (found.length <= cap))
    edges = np.concatenate([[0.0], np.minimum(curve.time, cap), [cap]])
    alive = np.concatenate([[1.0], curve.survival])
    return float(np.sum(np.diff(edges) * alive))


def _interval(found: Rebounds, rng: np.random.Generator) -> tuple[float, float]:
    """95 % interval of the mean: bad days resampled, or for few of them the exact one of constant
    chances to be back, which is wide (Epstein & Sobel 1953)."""
    n = found.day.size
    if n >= MIN_TO_RESAMPLE:
        picks = rng.integers(0, n, (400, n))
        draws = [_mean_days(Rebounds(found.day[k], found.length[k], found.over[k])) for k in picks]
        low, high = np.percentile(draws, [2.5, 97.5])
        return float(low), float(high)
    from scipy.special import chdtri

    total, ends = float(found.length.sum()), int(found.over.sum())
    low = 2.0 * total / float(chdtri(2.0 * ends + 2.0, 0.025))
    high = 2.0 * total / float(chdtri(2.0 * ends, 0.975)) if ends else np.inf
    return max(low, 1.0), min(high, CAP_DAYS)


def _by_chance(
    day: IntArray, rest: FloatArray, bad: float, back: float, rng: np.random.Generator
) -> float | None:
    """Mean days until back in series with the same lag-one autocorrelation and nothing else."""
    pair = np.diff(day) == 1
    phi = 0.0
    if pair.sum() >= 8:
        phi = float(np.corrcoef(rest[:-1][pair], rest[1:][pair])[0, 1])
    phi = float(np.clip(phi + (1 + 3 * phi) / max(int(pair.sum()), 1), 0.0, 0.95))
    noise = rng.standard_normal(4000)
    series = np.empty(4000)
    series[0] = noise[0]
    for k in range(1, 4000):
        series[k] = phi * series[k - 1] + (1 - phi**2) ** 0.5 * noise[k]
    scale = float(np.std(rest))
    middle = float(np.median(rest))
    found = rebounds(np.arange(4000), middle + scale * series, bad, back, frozenset())
    return _mean_days(found) if found.day.size >= MIN_TO_RESAMPLE else None


def _trend(found: Rebounds, rng: np.random.Generator, window: tuple[int, int]) -> Trend:
    """Log ratio of the days until back, last against first day, by permuted log-rank scores."""
    curve = kaplan_meier(found.length, found.over)
    hazard = -np.log(np.clip(np.array([curve.at(t) for t in found.length]), 0.02, 1.0))
    score = found.over - hazard
    x = (found.day - window[0]) / max(window[1] - window[0], 1)
    x = x - x.mean()
    score = score - score.mean()
    information = float(np.sum(hazard) * np.mean(x**2)) or 1.0
    value = -float(score @ x) / information
    shuffled = rng.permuted(np.tile(score, (DRAWS, 1)), axis=1)
    null = -(shuffled @ x) / information
    se = float(np.std(null)) or 1e-6
    p = float((1 + np.sum(np.abs(null) >= abs(value))) / (DRAWS + 1))
    fall = float((np.sum(null > value) + 0.5 * np.sum(null == value) + 0.5) / (DRAWS + 1))
    return Trend(
        total=Estimate(
            value=value, low=value - 1.96 * se, high=value + 1.96 * se, n=found.day.size
        ),
        p_value=p,
        p_fall=fall,
        since_day=int(found.day[0]),
        until_day=int(found.day[-1]),
        n=int(found.day.size),
        se=se,
        df=float(found.day.size - 2),
        method="permuted log-rank scores",
        log=True,
        smallest_change=2.8 * se,
        worth_having=0.2,
        equivalent=bool(value - 1.645 * se > -0.2 and value + 1.645 * se < 0.2),
        censored_share=float(np.mean(~found.over)),
    )


def oriented(context: Context) -> DailySeries | None:
    """The chosen resting measure with more arousal upwards."""
    if context.measure is None:
        return None
    values = baseline.series(context.days, context.measure, context.window)
    if baseline.MEASURES[context.measure].better == "higher":
        return DailySeries(values.day, -values.value)
    return values


def sick_days(context: Context) -> frozenset[int]:
    """Days of illness and its tail, of alcohol and one after."""
    drunk = [s for s in context.spans if s.kind is SpanKind.ALCOHOL]
    return context.ill_days() | span_days(context, drunk, after=1)


def find(context: Context) -> MarkerFinding:
    """Days until back in the frozen range; the trend is taken about the slow course.

    A falling baseline alone shortens the way back into a frozen range; the trend therefore
    looks at deviations from the running four-week median, so that it says something of its own.
    """
    values = oriented(context)
    if values is None or values.day.size < context.rules.rebound_days:
        n = 0 if values is None else int(values.day.size)
        return unknown(MARKER.id, "few_resting_days", n=n, needed=context.rules.rebound_days)
    left_out = sick_days(context)
    well = np.array([int(d) not in left_out for d in values.day])
    if well.sum() < context.rules.rebound_days:
        return unknown(
            MARKER.id, "few_resting_days", n=int(well.sum()), needed=context.rules.rebound_days
        )
    reference = values.value[: context.settings.baseline.reference_days]
    bad, back = (
        float(q)
        for q in np.percentile(
            reference,
            [context.rules.bad_percentile, context.rules.back_percentile],
        )
    )
    frozen = rebounds(values.day, values.value, bad, back, left_out)
    rest = detrended(values)
    high, low = (
        float(q)
        for q in np.percentile(
            rest[well],
            [context.rules.bad_percentile, context.rules.back_percentile],
        )
    )
    moving = rebounds(values.day, rest, high, low, left_out)
    facts: dict[str, object] = {
        "measure": context.measure,
        "n": int(frozen.day.size),
        "censored": int(np.sum(~frozen.over)),
        "extra_sleep_min": _extra_sleep(context, frozen.day),
    }
    main = frozen if frozen.day.size >= context.rules.bad_days else moving
    if main.day.size < context.rules.bad_days:
        few = Missing("few_bad_days", {"n": int(main.day.size), "needed": context.rules.bad_days})
        return passed_on(MARKER.id, few, **facts)
    rng = context.rng(MARKER.id)
    mean = _mean_days(main)
    spread = _interval(main, rng)
    facts["by_chance_days"] = _by_chance(values.day, rest, high, low, rng)
    facts["about_slow_course_days"] = _mean_days(moving) if moving.day.size else None
    facts["estimate_is"] = "level"
    found = None
    if (
        moving.day.size >= context.rules.bad_days_trend
        and context.length >= context.settings.verdict.min_days
    ):
        found = _trend(moving, rng, context.window)
    state = MarkerState.DESCRIBED
    if found is not None:
        state = state_of(found, MARKER.better, context.settings.trend.alpha)
    return MarkerFinding(
        id=MARKER.id,
        state=state,
        estimate=Estimate(
            value=mean,
            low=min(mean, float(spread[0])),
            high=max(mean, float(spread[1])),
            n=main.day.size,
        ),
        unit="days",
        p_value=None if found is None else found.p_value,
        n=int(main.day.size),
        since_day=context.window[0],
        until_day=context.window[1],
        trend=found,
        why_unknown=None
        if found is not None
        else Missing(
            "few_bad_days",
            {"n": int(moving.day.size), "needed": context.rules.bad_days_trend},
        ),
        facts=facts,
    )


def _extra_sleep(context: Context, bad: Sequence[int] | IntArray) -> float | None:
    """Minutes of sleep after bad days beyond the other nights' median."""
    sleep = {d.day: d.sleep_min for d in context.days if d.sleep_min and context.inside(d.day)}
    after = {int(d) + 1 for d in bad}
    mine = [v for d, v in sleep.items() if d in after and v is not None]
    other = [v for d, v in sleep.items() if d not in after and v is not None]
    if len(mine) < 3 or len(other) < 10:
        return None
    return float(np.median(mine) - np.median(other))


MARKER = Marker(
    id="rebound",
    label="Days back after a bad day",
    question="Burnout cycles: do you recover slower, need more rest?",
    unit="days",
    better="lower",
    minimum="14 days with a resting measure and 3 bad ones; 12 for a trend",
    formula="days from a day above the 80th to one at or below the 60th percentile of the frozen "
    "reference, censored at gaps, illness, alcohol; mean up to 14 days",
    statistic="product-limit mean; trend by permuted log-rank scores about the four-week median",
    fallback="works with one value a day",
    reference="Kaplan & Meier (1958); Peto & Peto (1972), doi:10.2307/2344317",
    find=find,
)
