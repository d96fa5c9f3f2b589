"""Moments to ask about afterwards: "what was this?", without saying what the heart did.

Some with a large rise, some with any, some quiet: who sees only when, and not how high, tags what
happened and not what the curve suggests.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hrv.model import DAY_S, Analysis, Episode, EpisodeKind, SpanKind

RECENT_DAYS = 42  # what a person may still remember
LARGE, ANY, QUIET = 4, 3, 3
QUIET_S = 1200.0  # length of a quiet moment asked about
APART_S = 2700.0  # between a quiet moment and any rise
WAKING = range(9, 21)  # local hours in which quiet moments are asked about
WORN_HOURS = 6.0


def moments(analysis: Analysis) -> list[dict[str, Any]]:
    """About ten moments, the newest first: local start and end, to the minute."""
    rises = [fit.episode for fit in analysis.fits]
    asked = [e for e in rises if e.kind is not EpisodeKind.EXERCISE and not e.label]
    if not asked:
        return []
    newest = max(e.start_s for e in asked)
    recent = [e for e in asked if e.start_s > newest - RECENT_DAYS * DAY_S]
    rng = np.random.default_rng([analysis.seed, *b"moments"])
    large = sorted(recent, key=lambda e: -e.rise_bpm)[:LARGE]
    rest = [e for e in recent if e not in large]
    chosen = large + [rest[i] for i in rng.permutation(len(rest))[:ANY]]
    times = [(e.start_s, e.end_s) for e in chosen]
    times += _quiet(analysis, rises, newest, rng)
    return [_local(analysis, start, end) for start, end in sorted(times, reverse=True)]


def _quiet(
    analysis: Analysis, rises: list[Episode], newest: float, rng: np.random.Generator
) -> list[tuple[float, float]]:
    """Waking times on worn days, far from any rise, sleep or workout."""
    taken = [(e.start_s - APART_S, e.end_s + APART_S) for e in rises]
    taken += [
        (s.start_s, s.end_s)
        for s in analysis.spans
        if s.kind in (SpanKind.SLEEP, SpanKind.EXERCISE, SpanKind.OFF_WRIST)
    ]
    last = int(analysis.clock.day(newest))
    worn = [d.day for d in analysis.days if (d.worn_hours or 0.0) >= WORN_HOURS]
    free = []
    for day in (d for d in worn if last - RECENT_DAYS < d <= last):
        for hour in WAKING:
            local = day * DAY_S + hour * 3600.0
            start = local - float(analysis.clock.offset_at(local))
            if all(start + QUIET_S <= a or start >= b for a, b in taken):
                free.append((start, start + QUIET_S))
    return [free[i] for i in rng.permutation(len(free))[:QUIET]]


def _local(analysis: Analysis, start_s: float, end_s: float) -> dict[str, Any]:
    def said(t_s: float) -> str:
        local = float(analysis.clock.local_s(t_s)) // 60.0 * 60.0
        return str(np.datetime64(int(local), "s"))

    return {"start": said(start_s), "end": said(end_s)}
