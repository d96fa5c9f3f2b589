"""Reactivity: do the reactions soften?"""

from __future__ import annotations

import numpy as np

from hrv.markers.marker import Context, Marker, fine_enough, from_trend, passed_on, unknown
from hrv.markers.recovery_speed import enough
from hrv.model import MarkerFinding, Missing


def find(context: Context) -> MarkerFinding:
    """Trend of the height of technique-free episodes; the same of all episodes beside it.

    Only heights above the frozen threshold can be seen, which the regression knows: softer
    reactions drop below it and would otherwise hide their own softening.
    """
    if not fine_enough(context):
        return unknown(MARKER.id, "needs_continuous_hr", tier=context.coverage.tier.value)
    fits = context.technique_free()
    facts: dict[str, float] = {"n": len(fits)}
    if fits:
        facts["median_bpm"] = float(np.median([f.episode.rise_bpm for f in fits]))
    lacking = enough(context, fits)
    if lacking is not None:
        return passed_on(MARKER.id, lacking, **facts)
    worth = context.settings.trend.worth_amplitude
    found = context.episode_trend(fits, MARKER.id, endpoint="amplitude", worth_having=worth)
    if isinstance(found, Missing):
        return passed_on(MARKER.id, found, **facts)
    together = context.followed()
    if len(together) > len(fits):
        every = context.episode_trend(together, MARKER.id + "_all", endpoint="amplitude")
        if not isinstance(every, Missing):
            facts["all_change"] = every.total.value
            facts["all_p"] = every.p_value
    return from_trend(MARKER.id, found, MARKER.better, "bpm", context, **facts)


MARKER = Marker(
    id="reactivity",
    label="Height of reactions",
    question="Do reactions soften?",
    unit="%",
    better="lower",
    minimum="56 days with 40 technique-free episodes, 10 in each third",
    formula="ln(peak of the smoothed excess above local rest, bpm), seen only above the frozen "
    "threshold; total change over the window",
    statistic="left-truncated regression; error by leaving out one week at a time",
    fallback="none: one value a day has no episodes",
    reference="Hausman & Wise (1977), doi:10.2307/1913592",
    find=find,
)
