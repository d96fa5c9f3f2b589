"""Moments to ask about afterwards: "what was this?", without saying what the heart did.

Some with a large rise, some with any, some quiet: who sees only when, and not how high, tags what
happened and not what the curve suggests. The answers go into a `tags.csv`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hrv.model import DAY_S, Analysis, Episode, EpisodeKind, SpanKind

COLUMNS = ("start", "end", "kind", "label", "intensity")
KINDS = tuple(list(SpanKind)[list(SpanKind).index(SpanKind.EVENT) :])
COMMENTS = (
    "# One line for each thing that happened. Times are local; a date alone is the whole day.",
    f"# kind: {'; '.join(KINDS)}",
    "# technique: breathing and meditation; with its end if you know it, else 20 min are taken.",
    "# label: in your own words. end, label and intensity (0 to 10) may stay empty.",
)
RECENT_DAYS = 42  # what a person may still remember
LARGE, ANY, QUIET = 4, 3, 3
LEAST_S = 300.0  # shortest of them
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
    times += _quiet(analysis, rises, [b - a for a, b in times], rng)
    return [_local(analysis, start, end) for start, end in sorted(times, reverse=True)]


def _quiet(
    analysis: Analysis,
    rises: Sequence[Episode],
    lengths_s: Sequence[float],
    rng: np.random.Generator,
) -> list[tuple[float, float]]:
    """Waking times on worn days, far from any rise, sleep or workout.

    They begin at any minute and last as long as the rises asked about, or they would be known.
    """
    taken = [(e.start_s - APART_S, e.end_s + APART_S) for e in rises]
    taken += [
        (s.start_s, s.end_s)
        for s in analysis.spans
        if s.kind in (SpanKind.SLEEP, SpanKind.EXERCISE, SpanKind.OFF_WRIST)
    ]
    last = max(int(analysis.clock.day(e.start_s)) for e in rises)
    worn = [d.day for d in analysis.days if (d.worn_hours or 0.0) >= WORN_HOURS]
    free = []
    for day in (d for d in worn if last - RECENT_DAYS < d <= last):
        for hour in WAKING:
            local = day * DAY_S + hour * 3600.0 + 60.0 * float(rng.integers(60))
            start = local - float(analysis.clock.offset_at(local))
            end = start + max(float(rng.choice(lengths_s)), LEAST_S)
            if all(end <= a or start >= b for a, b in taken):
                free.append((start, end))
    return [free[i] for i in rng.permutation(len(free))[:QUIET]]


def _local(analysis: Analysis, start_s: float, end_s: float) -> dict[str, Any]:
    def said(t_s: float) -> str:
        local = float(analysis.clock.local_s(t_s)) // 60.0 * 60.0
        return str(np.datetime64(int(local), "s"))

    return {"start": said(start_s), "end": said(end_s)}


# --------------------------------------------------------------------------- as files to fill in


def template() -> str:
    """An empty tags.csv that says what may stand in it."""
    return "\n".join([*COMMENTS, ",".join(COLUMNS)]) + "\n"


def sheet(found: Sequence[Mapping[str, Any]]) -> str:
    """A tags.csv with a line for each moment; `kind` and `label` are left for the answer.

    Lines that keep neither are not read as tags.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerows([row["start"], row["end"], "", "", ""] for row in found)
    return template() + text.getvalue()
