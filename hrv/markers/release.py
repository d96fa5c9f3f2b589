"""Release: something that was present is no longer present.

The exposure still happens, the response no longer does: the share of tagged triggers that raise
the heart rate, before against after.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from hrv.markers.marker import Context, Marker, direction, fine_enough, merged, passed_on, wilson
from hrv.markers.rebound import oriented
from hrv.model import (
    Estimate,
    MarkerFinding,
    MarkerState,
    Missing,
    Span,
    SpanKind,
)

EVENTS = (SpanKind.EVENT, SpanKind.LIFE)
EVERY_TIME = (SpanKind.DEVICE, SpanKind.ILLNESS)  # each mark may explain a step
BEGINNING = (SpanKind.THERAPY, SpanKind.CYCLE, SpanKind.OTHER)  # the first of a habit may


def exposures(context: Context) -> dict[str, list[tuple[float, bool]]]:
    """Times of each kind of trigger and whether heart rate rose from 5 min before to 20 after.

    Only triggers during which the heart could be watched: awake, worn and still for a third of
    that time, or an episode found.
    """
    grid, expected = context.grid, context.expectation
    found: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    if grid is None or expected is None:
        return found
    starts = np.array(sorted(f.episode.start_s for f in context.detected()))
    for span in context.spans:
        if span.kind not in EVENTS or span.all_day or not _in_window(context, span):
            continue
        low, high = (
            span.start_s - context.rules.tag_early_s,
            max(span.end_s, span.start_s) + context.rules.tag_late_s,
        )
        raised = bool(np.searchsorted(starts, high) > np.searchsorted(starts, low - 600.0))
        a, b = max(grid.index(low), 0), min(grid.index(high), len(grid))
        if raised or (b > a and float(expected.usable[a:b].mean()) >= 1 / 3):
            found[span.label.strip().lower() or "event"].append((span.start_s, raised))
    return found


def _in_window(context: Context, span: Span) -> bool:
    return context.inside(int(context.clock.day(span.start_s).item()))


def _split(context: Context, times: Sequence[tuple[float, bool]]) -> int:
    """How many exposures lie before: by the date of change, else the first three fifths."""
    if context.change_day is None:
        return int(np.ceil(0.6 * len(times)))
    days = context.clock.day(np.array([t for t, _ in times]))
    return int(np.sum(days < context.change_day))


def difference(k1: int, n1: int, k2: int, n2: int) -> Estimate:
    """Share after less share before, hybrid score interval. Newcombe (1998), method 10."""
    first, second = wilson(k1, n1), wilson(k2, n2)
    gap = second.value - first.value
    low = gap - np.hypot(second.value - second.low, first.high - first.value)
    high = gap + np.hypot(second.high - second.value, first.value - first.low)
    return Estimate(value=gap, low=float(min(low, gap)), high=float(max(high, gap)), n=n1 + n2)


def fisher(k1: int, n1: int, k2: int, n2: int) -> float:
    """Two-sided exact p-value of two shares."""
    from scipy.special import gammaln

    total = k1 + k2
    k = np.arange(max(0, total - n2), min(total, n1) + 1)

    def ln_choose(n: float, r: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.asarray(gammaln(n + 1) - gammaln(r + 1) - gammaln(n - r + 1))

    ln_p = ln_choose(n1, k) + ln_choose(n2, total - k)
    p = np.exp(ln_p - ln_p.max())
    p /= p.sum()
    return float(min(1.0, p[p <= p[k == k1][0] * (1 + 1e-7)].sum()))


def find(context: Context) -> MarkerFinding:
    """The trigger with most exposures; others as facts."""
    found = exposures(context) if fine_enough(context) else {}
    if not found:
        return _without_tags(context)
    counts = {label: len(times) for label, times in found.items()}
    facts: dict[str, Any] = {"exposures": counts}
    fit = []
    for label in sorted(counts, key=lambda name: (-counts[name], name)):
        times = sorted(found[label])
        split = _split(context, times)
        if (
            split >= context.rules.exposures_before
            and len(times) - split >= context.rules.exposures_after
        ):
            fit.append((label, times, split))
    if not fit:
        few = Missing(
            "few_exposures",
            {
                "before": context.rules.exposures_before,
                "after": context.rules.exposures_after,
                **facts,
            },
        )
        return passed_on(MARKER.id, few, **facts, **lasting_step(context))
    label, times, split = fit[0]
    k1, k2 = sum(r for _, r in times[:split]), sum(r for _, r in times[split:])
    n1, n2 = split, len(times) - split
    p = min(1.0, fisher(k1, n1, k2, n2) * len(fit))
    gap = difference(k1, n1, k2, n2)
    facts |= {"label": label, "before": k1, "before_n": n1, "after": k2, "after_n": n2}
    return MarkerFinding(
        id=MARKER.id,
        state=direction(p, gap.value, MARKER.better, context.settings.trend.alpha),
        estimate=gap,
        unit="share",
        p_value=p,
        n=len(times),
        since_day=int(context.clock.day(times[0][0]).item()),
        until_day=int(context.clock.day(times[-1][0]).item()),
        facts={"estimate_is": "contrast", **facts},
    )


# --------------------------------------------------------------------------- without tags


def _without_tags(context: Context) -> MarkerFinding:
    """Only "a lasting step in X about DATE", with what else happened then."""
    step = lasting_step(context)
    if not step or step["step_p"] > context.settings.trend.alpha:
        return passed_on(MARKER.id, Missing("no_event_tags"), **step)
    return MarkerFinding(
        id=MARKER.id,
        state=MarkerState.DESCRIBED,
        why_unknown=Missing("no_event_tags"),
        n=step["step_n"],
        since_day=context.window[0],
        until_day=context.window[1],
        facts=step,
    )


def lasting_step(context: Context) -> dict[str, Any]:
    """The likeliest single step of the resting measure: its day, size, p-value and rivals.

    Tested against the largest step anywhere in noise of the same memory, at least three weeks
    from both ends, known breaks held constant. Rivals: a straight line that fits as well, and
    known breaks or what the person tagged within two weeks; marks of the device, such as laps, say
    nothing of a level, and neither does what comes every week or month.
    """
    values, rules = oriented(context), context.rules
    if values is None or values.day.size < rules.step_days:
        return {}
    found = context.lasting_step(values)
    if found is None:
        return {}
    rivals = [(b.kind, b.day) for b in context.breaks] + list(_rivals(context))
    near = [kind for kind, day in rivals if abs(day - found.day) <= rules.step_rival_days]
    return {
        "step_day": found.day,
        "step_size": found.size,
        "step_p": found.p_value,
        "step_n": int(values.day.size),
        "step_measure": context.measure,
        "step_rivals": sorted(set(near)),
        "step_over_line": found.over_line,
        "line_fits_as_well": found.over_line <= 0.0,
    }


def _rivals(context: Context) -> Iterator[tuple[str, int]]:
    """Kind and day of what was tagged and could have moved a level."""
    habits: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for span in context.spans:
        day = int(context.clock.day(span.start_s).item())
        if span.origin != "device" and span.kind in EVERY_TIME:
            yield span.kind.value, day
        elif span.origin != "device" and span.kind in BEGINNING:
            habits.setdefault((span.kind.value, span.label), []).append((day, day))
    for (kind, _), marks in habits.items():
        for first, _ in merged(marks, context.rules.habit_days):
            yield kind, first


MARKER = Marker(
    id="release",
    label="No longer set off",
    question="Something that was present is no longer present",
    unit="share",
    better="lower",
    minimum="8 exposures to one tagged trigger before and 5 after",
    formula="share of exposures with an episode from 5 min before to 20 min after the tag: after "
    "less before (the date of change, else the first three fifths of the exposures)",
    statistic="exact test of two shares, times the number of triggers tested; score interval",
    fallback="a lasting step in the baseline, with the checked alternatives",
    reference="Newcombe (1998), Stat Med 17:873, method 10",
    find=find,
)
