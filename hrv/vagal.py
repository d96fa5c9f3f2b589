"""Vagal reactivation after a rise: how fast beat-to-beat variability comes back.

An alternative beside the half-time, where beats were recorded. It speaks of the vagal brake alone
and says something only where the beats around the release are clean.

Reference: Goldberger et al. (2006), doi:10.1152/ajpheart.00925.2005 (RMSSD of 30-s segments).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from hrv.clean import correct
from hrv.metrics.vagal_reactivation import rmssd30
from hrv.model import DAY_S, DayBlock, Estimate, Missing, RecoveryFit, RRSeries, Timeline
from hrv.settings import Settings

MARGIN_S = 150.0  # of beats on both sides, from which correction learns what is usual


def beside(
    fits: Iterable[RecoveryFit], timeline: Timeline, settings: Settings
) -> tuple[RecoveryFit, ...]:
    """The fits with their vagal reactivation, or why it is missing.

    Days are read one at a time, and only those on which something was released.
    """

    @lru_cache(maxsize=2)
    def block(utc_day: int) -> DayBlock | None:
        return timeline.read_block(utc_day) if utc_day in known else None

    known = set(timeline.utc_days)
    found = []
    for fit in fits:
        if not np.isfinite(fit.release_s):
            why = Missing("vagal_not_followed")
            found.append(replace(fit, vagal_percent_per_min=why))
            continue
        stop_s = fit.release_s + min(settings.recovery.vagal_s, fit.follow_up_s)
        reach = (fit.release_s - MARGIN_S, stop_s + MARGIN_S)
        days = range(int(reach[0] // DAY_S), int(reach[1] // DAY_S) + 1)
        beats = _beats([one for day in days if (one := block(day)) is not None], *reach)
        value = reactivation(beats, fit.release_s, stop_s, settings)
        found.append(replace(fit, vagal_percent_per_min=value))
    return tuple(found)


def _beats(blocks: Sequence[DayBlock], start_s: float, end_s: float) -> RRSeries | None:
    """Intervals that end within the stretch, of the best device of its first day."""
    parts = [one.rr[0] for one in blocks if one.rr]
    parts = [part for part in parts if part.device == parts[0].device]
    inside = [(p.t_s >= start_s) & (p.t_s < end_s) for p in parts]
    if not any(mask.any() for mask in inside):
        return None
    return RRSeries(
        np.concatenate([p.t_s[mask] for p, mask in zip(parts, inside, strict=True)]),
        np.concatenate([p.rr_ms[mask] for p, mask in zip(parts, inside, strict=True)]),
        parts[0].device,
        parts[0].optical,
    )


def reactivation(
    beats: RRSeries | None, release_s: float, stop_s: float, settings: Settings
) -> Estimate | Missing:
    """Growth of RMSSD from the release on, percent per minute, with its 95 % interval.

    Slope of ln RMSSD over 30-s segments by least squares; the interval is Student's.
    """
    from scipy.special import stdtrit

    if beats is None:
        return Missing("vagal_no_beats")
    nn = correct(beats, settings.clean).nn.between(release_s, stop_s)
    t_s, rmssd_ms = rmssd30(nn)
    needed = settings.recovery.vagal_segments
    if t_s.size < needed:
        return Missing("vagal_few_segments", {"n": int(t_s.size), "needed": needed})
    x, y = t_s / 60.0 - np.mean(t_s / 60.0), np.log(rmssd_ms)
    slope = float(x @ y / (x @ x))
    left = y - y.mean() - slope * x
    se = float(np.sqrt(left @ left / (t_s.size - 2) / (x @ x)))
    half = float(stdtrit(t_s.size - 2.0, 0.975)) * se
    value, low, high = (100.0 * float(np.expm1(s)) for s in (slope, slope - half, slope + half))
    return Estimate(value=value, low=min(low, value), high=max(high, value), n=int(t_s.size))
