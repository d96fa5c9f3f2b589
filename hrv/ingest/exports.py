"""One vendor's export as a whole: a shared zone, and each hour of a quantity taken once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from hrv.ingest.specs import by_id
from hrv.ingest.times import Near, steps_clock
from hrv.model import (
    BoolArray,
    HeartRateSeries,
    LocalClock,
    MotionSeries,
    Note,
    Recording,
    Refusal,
    RmssdSeries,
    RRSeries,
    Series,
    Span,
    StressScoreSeries,
)

HOUR_S = 3600.0
TOLD = frozenset({"file", "column", "zone", "flag"})
STREAMS = {"rr": "rr", "heart_rate": "hr", "motion": "steps", "stress": "stress", "rmssd": "rmssd"}


class Export:
    """What the files of each vendor have told so far."""

    def __init__(self) -> None:
        self._steps: dict[str, list[tuple[LocalClock, float, float]]] = defaultdict(list)
        self._hours: dict[tuple[str, str, str], set[int]] = defaultdict(set)
        self._spans: dict[str, set[Span]] = defaultdict(set)
        self._values: dict[tuple[str, str], set[int]] = defaultdict(set)

    def near(self, format_id: str) -> Near | None:
        """The clock of the vendor's other files, else of all files, where it covers the time."""
        own = self._steps.get(format_id)
        told = own or [item for each in self._steps.values() for item in each]
        if not told:
            return None
        since = np.concatenate([clock.since_s for clock, _, _ in told])
        offset = np.concatenate([clock.offset_s for clock, _, _ in told])
        clock = steps_clock(since, offset, "file")
        if clock is None:
            return None
        if own:
            return Near(clock)
        return Near(clock, min(first for _, first, _ in told), max(last for _, _, last in told))

    def take(self, recording: Recording, table_id: str) -> Recording:
        """The recording without hours that a preferred table of the vendor has given."""
        format_id = recording.source.format
        if recording.clock is not None and recording.clock.known_by in TOLD:
            first, last = _reach(recording)
            self._steps[format_id].append((recording.clock, first, last))
        fresh = tuple(span for span in recording.spans if span not in self._spans[format_id])
        self._spans[format_id].update(fresh)
        recording = replace(recording, spans=fresh)
        recording = self._days_once(recording, format_id)
        described = by_id(format_id)
        if described is None or not described.prefer:
            return recording
        dropped = 0
        fields: dict[str, Any] = {}
        for field, quantity in STREAMS.items():
            better = _better(described.prefer.get(quantity, ()), table_id)
            taken: set[int] = set().union(
                *(self._hours[format_id, quantity, other] for other in better)
            )
            kept = []
            for series in getattr(recording, field):
                hours = np.floor(series.t_s / HOUR_S).astype(np.int64)
                keep = ~np.isin(hours, np.array(sorted(taken), dtype=np.int64))
                dropped += int((~keep).sum())
                self._hours[format_id, quantity, table_id].update(np.unique(hours[keep]).tolist())
                if keep.any():
                    kept.append(series if keep.all() else _only(series, keep))
            fields[field] = tuple(kept)
        if dropped:
            dropped = min(dropped, recording.rows_used)
            refusal = Refusal(rows=dropped, reason="hours already taken from a better table")
            fields["refusals"] = (*recording.refusals, refusal)
            fields["rows_used"] = recording.rows_used - dropped
        return replace(recording, **fields)

    def _days_once(self, recording: Recording, format_id: str) -> Recording:
        """Daily figures that another file of the vendor has not given."""
        fresh = tuple(
            value
            for value in recording.day_values
            if value.day not in self._values[format_id, value.quantity.value]
        )
        for value in fresh:
            self._values[format_id, value.quantity.value].add(value.day)
        again = len(recording.day_values) - len(fresh)
        if not again:
            return recording
        base = recording.source.name.rsplit("/", 1)[-1]
        text = "{count} daily values were already given by another file of the same export."
        note = Note(base, text, {"count": again})
        return replace(recording, day_values=fresh, notes=(*recording.notes, note))


def _reach(recording: Recording) -> tuple[float, float]:
    """First and last time of a recording; never-ending where it has none."""
    edges = [float(t) for series in recording.series() if series.t_s.size
             for t in series.t_s[[0, -1]]]  # fmt: skip
    edges += [t for span in recording.spans for t in (span.start_s, span.end_s)]
    return min(edges, default=-np.inf), max(edges, default=np.inf)


def _better(order: Any, table_id: str) -> tuple[str, ...]:
    """Tables that come before this one; none where the order does not name it."""
    names = list(order)
    return tuple(names[: names.index(table_id)]) if table_id in names else ()


def _only(series: Series, keep: BoolArray) -> Series:
    """Part of a series."""
    cut: dict[type, Callable[[Any], Series]] = {
        RRSeries: lambda s: RRSeries(s.t_s[keep], s.rr_ms[keep], s.device, s.optical),
        HeartRateSeries: lambda s: HeartRateSeries(
            s.t_s[keep], s.hr_bpm[keep], s.device, s.optical
        ),
        MotionSeries: lambda s: MotionSeries(
            s.t_s[keep], s.value[keep], s.period_s[keep], s.kind, s.device
        ),
        StressScoreSeries: lambda s: StressScoreSeries(
            s.t_s[keep], s.score[keep], s.vendor, s.device, s.recovering_s
        ),
        RmssdSeries: lambda s: RmssdSeries(s.t_s[keep], s.rmssd_ms[keep], s.device),
    }
    return cut[type(series)](series)
