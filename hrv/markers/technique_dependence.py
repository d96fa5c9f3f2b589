"""Technique dependence: calmer only while using a technique, or also without it?

Three looks: within a session (before, during, after); episodes treated with a technique against
ones not yet treated that were still raised at the same elapsed time (landmark, matched on height
and on the level at that moment); practice days against lapse days. A session that a rise prompted
belongs to the second look only: before it the heart was calm, and such days had more rises.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hrv.markers.marker import (
    Context,
    Marker,
    fine_enough,
    kept,
    passed_on,
    span_days,
    unknown,
)
from hrv.markers.rebound import oriented
from hrv.model import (
    DailySeries,
    EpisodeKind,
    FloatArray,
    IntArray,
    MarkerFinding,
    MarkerState,
    Missing,
    RecoveryFit,
    SpanKind,
    Trend,
)
from hrv.stats.matched import MatchedSet, matched_hazards


def sessions(context: Context) -> list[tuple[float, float]]:
    """Technique sessions inside the window; a mark without an end counts as 20 min."""
    length = context.settings.baseline.technique_mark_min * 60.0
    found = []
    for span in context.spans:
        if span.kind is not SpanKind.TECHNIQUE or span.all_day:
            continue
        if context.inside(int(context.clock.day(span.start_s).item())):
            end_s = span.end_s if span.end_s > span.start_s else span.start_s + length
            found.append((span.start_s, end_s))
    return sorted(found)


def unprompted(context: Context, found: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Sessions that began while the heart was not raised, as far as that was seen."""
    fits = [f for f in context.fits if f.episode.kind is not EpisodeKind.EXERCISE]
    order = sorted(fits, key=lambda f: f.episode.start_s)
    begins = np.array([f.episode.start_s for f in order])
    ends = np.array([_raised_until(f) for f in order])
    latest = np.maximum.accumulate(ends) if ends.size else ends
    last = np.searchsorted(begins, [start_s for start_s, _ in found], side="right") - 1
    return [one for one, i in zip(found, last, strict=True) if i < 0 or latest[i] <= one[0]]


def _raised_until(fit: RecoveryFit) -> float:
    """When the heart was back in its range, or last seen on the way."""
    ends = [fit.episode.end_s, fit.onset_s + fit.active_s]
    return max(t for t in ends if np.isfinite(t))


def within(context: Context, found: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Mean heart-rate excess 10-30 min before, during and 10-60 min after sessions, bpm.

    Only sessions that no rise prompted, and only still, worn, awake minutes. Described only:
    people begin one as the heart goes up or as it calms down, and both would look like its doing.
    """
    grid, expected = context.grid, context.expectation
    if grid is None or expected is None:
        return {}
    rows = []
    for start_s, end_s in unprompted(context, found):
        parts = [
            _mean_excess(context, start_s - 1800.0, start_s - 600.0),
            _mean_excess(context, start_s, end_s),
            _mean_excess(context, end_s + 600.0, end_s + 3600.0),
        ]
        if parts[0] is not None and parts[2] is not None:
            rows.append([np.nan if p is None else p for p in parts])
    if len(rows) < context.rules.sessions:
        return {"sessions_seen": len(rows)}
    table = np.array(rows)
    after = table[:, 2] - table[:, 0]
    during = table[:, 1] - table[:, 0]
    facts: dict[str, Any] = {
        "sessions_seen": len(rows),
        "after_less_before_bpm": float(np.mean(after)),
    }
    if np.isfinite(during).sum() >= context.rules.sessions:
        facts["during_less_before_bpm"] = float(np.nanmean(during))
    return facts


def _mean_excess(context: Context, start_s: float, end_s: float) -> float | None:
    grid, expected = context.grid, context.expectation
    if grid is None or expected is None:
        return None
    a, b = max(grid.index(start_s), 0), min(grid.index(end_s), len(grid))
    if b <= a:
        return None
    usable = expected.usable[a:b] & grid.measured[a:b]
    if usable.sum() < 0.3 * (b - a):
        return None
    return float(np.mean(expected.excess_bpm[a:b][usable]))


def _mean_with_interval(values: FloatArray, name: str) -> dict[str, float]:
    from scipy.special import stdtr, stdtrit

    n = values.size
    mean, se = float(np.mean(values)), float(np.std(values, ddof=1)) / n**0.5
    half = float(stdtrit(n - 1.0, 0.975)) * se
    p = float(2 * stdtr(n - 1.0, -abs(mean) / se)) if se > 0 else 1.0
    return {
        f"{name}_bpm": mean,
        f"{name}_low": mean - half,
        f"{name}_high": mean + half,
        f"{name}_p": p,
    }


def landmark(context: Context, found: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Time left until back in range from the moment a technique began, against matched others.

    Others count only if still raised at the same elapsed time, as high, and not treated by then:
    a technique begun late would otherwise look slow by having waited. People feel more than a
    heart rate shows and take up a technique when a rise will last, so an end that comes later with
    one is no finding; one that comes sooner is. They are followed until
    their own technique begins. Proportional hazards within sets, one per treated episode, with
    what is left of the differences in height and level as covariates: whoever is treated is the
    highest even among equals. Rises of one day may share its state.

    References: Anderson et al. (1983), doi:10.1200/JCO.1983.1.11.710 (landmark); Li, Propert &
    Rosenbaum (2001), doi:10.1198/016214501753208573 (risk-set matching).
    """
    rises = [f for f in context.followed() if f.active_s > 0 and f.episode.rise_bpm > 0]
    starts = [_elapsed(f, found) if f.episode.technique else np.inf for f in rises]
    known = [np.isfinite(t) or not f.episode.technique for t, f in zip(starts, rises, strict=True)]
    rises = [f for f, use in zip(rises, known, strict=True) if use]
    begun = np.array(starts)[known]
    treated = np.flatnonzero(np.isfinite(begun))
    if treated.size == 0 or treated.size == begun.size:
        return {"treated": int(treated.size)}
    length = np.array([f.active_s for f in rises])
    over = np.array([not f.active_censored for f in rises])
    followed, over_first = np.minimum(length, begun), over & (length <= begun)
    day = np.array([f.episode.day for f in rises])
    height = np.log([f.episode.rise_bpm for f in rises]) / context.rules.height_caliper
    level_at = _levels(context, rises)
    sets = []
    for i in treated:
        elapsed = float(begun[i])
        level = level_at(elapsed) / context.rules.level_caliper_bpm
        apart = np.array([height - height[i], level - level[i]])
        near = np.all(np.abs(apart) <= 1.0, axis=0)
        risk = np.flatnonzero((followed > elapsed) & near)
        if length[i] <= elapsed or risk.size < 2:
            continue
        nearest = np.argsort(np.abs(apart).sum(axis=0)[risk], kind="stable")
        who = np.append(i, risk[nearest[: context.rules.matches]])
        time = np.append(length[i], followed[who[1:]]) - elapsed
        ended = np.append(over[i], over_first[who[1:]])
        with_it = np.arange(who.size) == 0
        traits = np.column_stack((with_it, *(x[who] for x in apart if np.ptp(x) > 0)))
        sets.append(MatchedSet(day[who], time, ended, traits))
    facts = {"treated": int(treated.size), "sets": len(sets)}
    found_it = matched_hazards(sets) if len(sets) >= context.rules.matched_sets else None
    if found_it is None:
        return facts
    low, high = found_it.interval(0.95)
    return {
        **facts,
        "faster_with": float(np.exp(found_it.ln_ratio[0])),
        "faster_with_low": float(np.exp(low[0])),
        "faster_with_high": float(np.exp(high[0])),
        "faster_with_p": float(found_it.p_values()[0]),
    }


def _levels(context: Context, rises: Sequence[RecoveryFit]) -> Callable[[float], FloatArray]:
    """Mean excess of each rise over the minutes up to the moment so much has elapsed, bpm."""
    grid, expected = context.grid, context.expectation
    if grid is None or expected is None:
        return lambda _: np.zeros(len(rises))
    bins = max(1, round(context.rules.level_s / grid.step_s))
    sums = np.concatenate(([0.0], np.cumsum(expected.excess_bpm, dtype=np.float64)))
    start_s = np.array([f.episode.start_s for f in rises]) - grid.t0_s

    def level(elapsed: float) -> FloatArray:
        last = ((start_s + elapsed) // grid.step_s).astype(np.int64) + 1
        last = np.clip(last, bins, sums.size - 1)
        mean: FloatArray = (sums[last] - sums[last - bins]) / bins
        return mean

    return level


def _elapsed(fit: RecoveryFit, found: Sequence[tuple[float, float]]) -> float:
    """From onset to the first session that overlaps the episode, s; 0 if it ran before.

    Infinite without one.
    """
    first, last = fit.episode.start_s, fit.episode.end_s
    starts = [a for a, b in found if a < last and b > first]
    return max(0.0, min(starts) - first) if starts else np.inf


def practice_days(context: Context, found: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Resting measure on practice days less that on lapse days within three days of them.

    Days on which rises alone prompted the sessions are neither.
    """
    values, least = oriented(context), context.rules.practice_days
    if values is None or values.day.size < 2 * least:
        return {}
    values = kept(values, ~np.isin(values.day, _prompted_days(context, found)))
    tagged = [s for s in context.spans if s.kind is SpanKind.TECHNIQUE]
    practised = np.isin(values.day, sorted(span_days(context, tagged)))
    if min(practised.sum(), (~practised).sum()) < least:
        return {"practice_days": int(practised.sum()), "lapse_days": int((~practised).sum())}
    rows: dict[int, list[float]] = {}
    for day, value in zip(values.day[practised], values.value[practised], strict=True):
        near = ~practised & (np.abs(values.day - day) <= 3)
        if near.any():
            difference = float(value - values.value[near].mean())
            rows.setdefault(int(day) // 14, []).append(difference)
    blocks = np.array([np.mean(v) for v in rows.values()])
    facts: dict[str, Any] = {
        "practice_days": int(practised.sum()),
        "lapse_days": int((~practised).sum()),
        "practice_measure": context.measure,
    }
    facts |= _on_lapse_days(context, values.day[~practised], values.value[~practised])
    if blocks.size >= 4:
        mean = _mean_with_interval(blocks, "practice_less_lapse")
        facts |= {name.replace("_bpm", ""): v for name, v in mean.items()}
    return facts


def _prompted_days(context: Context, found: Sequence[tuple[float, float]]) -> list[int]:
    """Days whose every session began in a rise."""
    free = {int(context.clock.day(a)) for a, _ in unprompted(context, found)}
    return sorted({int(context.clock.day(a)) for a, _ in found} - free)


def _on_lapse_days(context: Context, day: IntArray, value: FloatArray) -> dict[str, Any]:
    """Support for a calmer baseline on the days without a session."""
    if day.size < context.rules.lapse_days or context.length < context.settings.verdict.min_days:
        return {}
    found = context.daily_trend(DailySeries(day, value))
    return {"lapse_support": found.p_fall} if isinstance(found, Trend) else {}


def trends(context: Context) -> dict[str, Any]:
    """Change of recovery with and without a technique, where both have episodes enough."""
    gates = context.settings.verdict
    on = [f for f in context.followed() if f.episode.technique]
    off = context.technique_free()
    facts: dict[str, Any] = {"on": len(on), "off": len(off)}
    if len(on) < gates.technique_episodes_on or len(off) < gates.technique_episodes_off:
        return facts
    from hrv.markers.recovery_speed import ENDPOINTS, SCALES

    endpoint = ENDPOINTS.get(SCALES.get(context.coverage.tier, ""), "")
    if not endpoint or context.length < gates.min_days:
        return facts
    for name, fits in (("on", on), ("off", off)):
        found = context.episode_trend(fits, f"technique_{name}", endpoint=endpoint)
        if isinstance(found, Trend):
            facts[f"{name}_change"] = found.total.value
            facts[f"{name}_low"], facts[f"{name}_high"] = found.total.low, found.total.high
            facts[f"{name}_p"], facts[f"{name}_fall"] = found.p_value, found.p_fall
            facts[f"{name}_se"] = found.se
    return facts


def find(context: Context) -> MarkerFinding:
    """What there is of the three looks; described, because which way is better is the verdict's."""
    tagged = [s for s in context.spans if s.kind is SpanKind.TECHNIQUE]
    if not tagged:
        return unknown(MARKER.id, "no_technique_tags")
    found = sessions(context)
    facts: dict[str, Any] = {"sessions": len(found)}
    for part in (within(context, found), landmark(context, found), practice_days(context, found)):
        facts |= part
    facts |= trends(context)
    told = ("after_less_before_bpm", "faster_with_p", "practice_less_lapse_p", "on_p")
    if not any(name in facts for name in told):
        return passed_on(MARKER.id, _lacking(context, facts), **facts)
    p = [facts[name] for name in told[1:2] if name in facts]
    return MarkerFinding(
        id=MARKER.id,
        state=MarkerState.DESCRIBED,
        p_value=p[0] if p else None,
        n=len(found),
        since_day=context.window[0],
        until_day=context.window[1],
        facts=facts,
    )


def _lacking(context: Context, facts: dict[str, Any]) -> Missing:
    """Sessions need a heart rate around them; one value a day needs days with and without."""
    if "lapse_days" in facts and not fine_enough(context):
        return Missing(
            "few_lapse_days",
            {
                "practice_days": facts["practice_days"],
                "lapse_days": facts["lapse_days"],
                "needed": context.rules.practice_days,
            },
        )
    seen = facts.get("sessions_seen", 0)
    return Missing("few_technique_sessions", {"n": seen, "needed": context.rules.sessions})


MARKER = Marker(
    id="technique_dependence",
    label="With and without a technique",
    question="Calmer only while using a technique, or also without it?",
    unit="",
    better="",
    minimum="8 tagged sessions, or 8 treated episodes with untreated matches, or 10 practice and "
    "10 lapse days",
    formula="mean excess 10-60 min after less 10-30 min before sessions that no rise prompted; "
    "ends of treated episodes against ones still raised and not treated at the same elapsed time, "
    "matched on height and on the level of the last two minutes; resting measure on practice "
    "days less lapse days within three days",
    statistic="mean over sessions, described; proportional hazards within matched sets; blocks of "
    "two weeks",
    fallback="practice days against lapse days",
    reference="Anderson et al. (1983), doi:10.1200/JCO.1983.1.11.710 (landmark); Li et al. (2001), "
    "doi:10.1198/016214501753208573 (risk sets)",
    find=find,
)
