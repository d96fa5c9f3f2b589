"""Rows to a `Recording`: series, spans and daily figures, with every row accounted for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hrv.ingest.beats import beat_times, strictly_after
from hrv.ingest.specs import DAILY, SpanRule, Table
from hrv.ingest.words import word_of
from hrv.model import (
    DAY_S,
    BoolArray,
    DayQuantity,
    DayValue,
    FloatArray,
    HeartRateSeries,
    LocalClock,
    MotionKind,
    MotionSeries,
    Note,
    Rating,
    Recording,
    Refusal,
    RmssdSeries,
    RRSeries,
    Source,
    Span,
    SpanKind,
    StressScoreSeries,
)

JOIN_SLEEP_S = 3600.0
MOTION = {
    "steps": MotionKind.STEPS_PER_MIN,
    "met": MotionKind.MET_ABOVE_REST,
    "acceleration_sd": MotionKind.ACCELERATION_SD_G,
}
OWN = frozenset(list(SpanKind)[list(SpanKind).index(SpanKind.EVENT) :])
TRUE = frozenset({"true", "yes", "1", "wahr", "vrai", "verdadero", "sim", "ja", "oui", "si"})


class Rows:
    """Which rows live, and why the others do not."""

    def __init__(self, count: int, first_line: int = 1, unit_name: str = "line") -> None:
        self.count = count
        self.alive: BoolArray = np.ones(count, dtype=bool)
        self.used: BoolArray = np.zeros(count, dtype=bool)
        self.person = ""
        self.wild: dict[str, BoolArray] = {}  # values beyond what a body can show, by column
        self._blank: BoolArray = np.zeros(count, dtype=bool)
        self._first_line, self._unit_name = first_line, unit_name
        self._refused: dict[str, tuple[int, int]] = {}

    def blank(self, mask: BoolArray) -> None:
        """Empty lines: neither used nor refused."""
        self._blank |= mask
        self.alive &= ~mask

    def refuse(self, mask: BoolArray, reason: str) -> None:
        """Rows that still live go, for one reason."""
        gone = self.alive & np.asarray(mask, dtype=bool)
        count = int(gone.sum())
        if count:
            before, first = self._refused.get(reason, (0, self.count))
            self._refused[reason] = (before + count, min(first, int(np.argmax(gone))))
            self.alive &= ~gone

    def place(self, row: int) -> str:
        return f"{self._unit_name} {self._first_line + row}"

    def use(self, index: Any) -> None:
        self.used[index] = True

    def close(self) -> tuple[int, tuple[Refusal, ...]]:
        """Rows used, and refusals for all the rest."""
        for name, wild in self.wild.items():
            self.refuse(wild & ~self.used, f"{name} beyond what a body can show")
        self.refuse(~self.used, "no value")
        refusals = tuple(
            Refusal(rows=count, reason=reason, first_place=self.place(first))
            for reason, (count, first) in self._refused.items()
        )
        return int((self.used & self.alive).sum()), refusals


def recording(
    *,
    table: Table,
    rows: Rows,
    t_s: FloatArray,
    days: FloatArray,
    values: Mapping[str, FloatArray],
    texts: Mapping[str, Any],
    ends: Mapping[str, FloatArray],
    clock: LocalClock | None,
    source: Source,
    notes: list[Note],
) -> Recording:
    """What the living rows give."""
    device = source.device or table.device
    found: dict[str, list[Any]] = {
        "heart_rate": [], "rr": [], "motion": [], "stress": [], "rmssd": [],
    }  # fmt: skip
    day_values: list[DayValue] = []
    ratings: list[Rating] = []
    same = table.day is not None and table.day.column == table.time.column
    day_is_utc = same and clock is None  # its day is named anew when a clock is known
    base = source.name.rsplit("/", 1)[-1]
    for name, value in values.items():
        column = table.columns[name]
        if column.quantity == "rr":
            series = _beats(rows, t_s, value, device, table.optical, notes, base)
            if series is not None:
                found["rr"].append(series)
        elif column.quantity == "acc_x":
            _acceleration(found, rows, table, t_s, values, device)
        elif column.quantity in {"hr", "rmssd", "stress", *MOTION} and not table.daily(column):
            _series(found, column.quantity, rows, table, t_s, value, values, ends, device)
        elif column.quantity in DAILY or column.quantity == "rating":
            keep = rows.alive & np.isfinite(value) & np.isfinite(days)
            keep &= ~_when(table.day_unless, texts, rows.count)
            rows.use(keep)
            for day, figure in _by_day(days[keep], value[keep], column.aggregate):
                if column.quantity == "rating":
                    ratings.append(Rating(day, column.scale, figure))
                else:
                    quantity = DayQuantity(column.quantity)
                    at_s = float(t_s[keep & (days == day)][0]) if day_is_utc else None
                    day_values.append(DayValue(day, quantity, figure, device, at_s))
        wild = int((rows.wild[name] & rows.used).sum()) if name in rows.wild else 0
        if wild:
            text = "{count} values of {name} beyond what a body can show were left out."
            notes.append(Note(base, text, {"count": wild, "name": name}))
    spans = _spans(rows, table, t_s, ends, values, texts, clock)
    used, refusals = rows.close()
    return Recording(
        source=Source(
            name=source.name,
            format=table.format,
            sha256=source.sha256,
            device=device,
            person=rows.person,
        ),
        clock=clock,
        heart_rate=tuple(found["heart_rate"]),
        rr=tuple(found["rr"]),
        motion=tuple(found["motion"]),
        stress=tuple(found["stress"]),
        rmssd=tuple(found["rmssd"]),
        spans=spans,
        day_values=tuple(day_values),
        ratings=tuple(ratings),
        rows_used=used,
        refusals=refusals,
        notes=tuple(notes),
    )


def _when(rule: Mapping[str, Any], texts: Mapping[str, Any], count: int) -> BoolArray:
    """Rows whose cells are among the listed ones; 'true' stands for every language's yes."""
    mask = np.zeros(count, dtype=bool)
    for column, accepted in rule.items():
        if column in texts:
            words = {str(word).lower() for word in accepted}
            if "true" in words:
                words |= TRUE
            mask |= np.array([str(cell).lower() in words for cell in texts[column]], dtype=bool)
    return mask


def _by_day(days: FloatArray, value: FloatArray, how: str) -> Iterator[tuple[int, float]]:
    """One figure a day: of several rows the first, the mean, the sum or the largest."""
    for day in np.unique(days):
        mine = value[days == day]
        figure = {"mean": mine.mean(), "sum": mine.sum(), "max": mine.max()}.get(how, mine[0])
        yield int(day), float(figure)


def _ordered(rows: Rows, t_s: FloatArray, value: FloatArray) -> Any:
    """Living rows with a value, by time, each time once (the first row of it)."""
    index = np.flatnonzero(rows.alive & np.isfinite(value) & np.isfinite(t_s))
    order = index[np.argsort(t_s[index], kind="stable")]
    times = t_s[order]
    fresh = np.concatenate(([True], np.diff(times) > 0))[: times.size]
    return order[fresh]


def _series(
    found: dict[str, list[Any]],
    quantity: str,
    rows: Rows,
    table: Table,
    t_s: FloatArray,
    value: FloatArray,
    values: Mapping[str, FloatArray],
    ends: Mapping[str, FloatArray],
    device: str,
) -> None:
    index = _ordered(rows, t_s, value)
    if not index.size:
        return
    rows.use(index)
    _same_time(rows, t_s, value)
    times, data = t_s[index], value[index]
    if quantity == "hr":
        found["heart_rate"].append(HeartRateSeries(times, data, device, table.optical))
    elif quantity == "rmssd":
        found["rmssd"].append(RmssdSeries(times, data, device))
    elif quantity == "stress":
        found["stress"].append(StressScoreSeries(times, data, table.format, device))
    else:
        period = _periods(table, times, index, values, ends)
        if quantity == "steps":
            data = data * 60.0 / period
        found["motion"].append(MotionSeries(times, data, period, MOTION[quantity], device))


def _acceleration(
    found: dict[str, list[Any]],
    rows: Rows,
    table: Table,
    t_s: FloatArray,
    values: Mapping[str, FloatArray],
    device: str,
) -> None:
    """Raw axes, g, to the spread of the length of the acceleration within each second."""
    axes = [n for n, c in table.columns.items() if c.quantity.startswith("acc_") and n in values]
    length = np.sqrt(np.sum([values[name] ** 2 for name in axes], axis=0))
    index = np.flatnonzero(rows.alive & np.isfinite(length) & np.isfinite(t_s))
    if not index.size or len(axes) < 3:
        return
    rows.use(index)
    index = index[np.argsort(t_s[index], kind="stable")]
    second, start, count = np.unique(np.floor(t_s[index]), return_index=True, return_counts=True)
    mean = np.add.reduceat(length[index], start) / count
    squares = np.add.reduceat((length[index] - np.repeat(mean, count)) ** 2, start) / count
    full = count * 2 >= np.median(count)
    series = MotionSeries(
        second[full], np.sqrt(squares[full]), np.ones(int(full.sum())),
        MotionKind.ACCELERATION_SD_G, device,
    )  # fmt: skip
    found["motion"].append(series)


def _same_time(rows: Rows, t_s: FloatArray, value: FloatArray) -> None:
    rest = rows.alive & ~rows.used & np.isfinite(value) & np.isfinite(t_s)
    if rest.any():
        rows.refuse(rest & np.isin(t_s, t_s[rows.used]), "the same time as another row")


def _periods(
    table: Table,
    times: FloatArray,
    index: Any,
    values: Mapping[str, FloatArray],
    ends: Mapping[str, FloatArray],
) -> FloatArray:
    """How long each value holds, s."""
    column = next(
        (n for n, c in table.columns.items() if c.quantity == "period" and n in values), None
    )
    end = next((n for n, c in table.columns.items() if c.quantity == "end" and n in ends), None)
    fallback = table.period_s
    if fallback is None:
        steps = np.diff(times)
        fallback = float(np.median(steps)) if steps.size else 60.0
    period = np.full(times.size, fallback)
    if column is not None:
        period = values[column][index]
    elif end is not None:
        period = ends[end][index] - times
    with np.errstate(invalid="ignore"):
        usable: FloatArray = np.where(np.isfinite(period) & (period >= 1.0), period, fallback)
    return usable


def _beats(
    rows: Rows,
    t_s: FloatArray,
    rr_ms: FloatArray,
    device: str,
    optical: bool | None,
    notes: list[Note],
    base: str,
) -> RRSeries | None:
    index = np.flatnonzero(rows.alive & np.isfinite(rr_ms) & np.isfinite(t_s))
    if not index.size:
        return None
    stamps = t_s[index]
    if index.size > 2 and float(np.mean(np.diff(stamps) < 0)) > 0.9:
        index, stamps = index[::-1], stamps[::-1]  # newest first
    ends, how = beat_times(stamps, rr_ms[index])
    if how == "arrival":
        notes.append(
            Note(base, "Stamps are arrival times; beats were laid on them run by run.", {})
        )
    keep = strictly_after(ends)
    dropped = np.zeros(rows.count, dtype=bool)
    dropped[index[~keep]] = True
    rows.use(index[keep])
    rows.refuse(dropped & ~rows.used, "a beat at a time already covered")
    return RRSeries(ends[keep], rr_ms[index[keep]], device, optical)


def _spans(
    rows: Rows,
    table: Table,
    t_s: FloatArray,
    ends: Mapping[str, FloatArray],
    values: Mapping[str, FloatArray],
    texts: Mapping[str, Any],
    clock: LocalClock | None,
) -> tuple[Span, ...]:
    spans: list[Span] = []
    for rule in table.spans:
        start = t_s if rule.start == table.time.column else ends.get(rule.start)
        if start is None:
            continue
        end = _span_end(rule, table, start, t_s, ends, values)
        with np.errstate(invalid="ignore"):
            keep = rows.alive & np.isfinite(start) & np.isfinite(end) & (end >= start)
            if rule.end and rule.kind not in OWN:
                keep &= end > start  # a placeholder, not a night
        if rule.when:
            keep &= _when(rule.when, texts, rows.count)
        own: list[Span] = []
        for i in np.flatnonzero(keep):
            found = _labelled(rule, texts, int(i))
            if found is None:
                continue
            rows.use(i)
            begin, stop = float(start[i]), float(end[i])
            if rule.all_day_back_h is not None:
                begin, stop = _whole_day(begin - rule.all_day_back_h * 3600.0, clock)
            own.append(
                Span(
                    kind=found[0],
                    start_s=begin,
                    end_s=stop,
                    label=found[1],
                    all_day=rule.all_day_back_h is not None,
                    origin="person" if found[0] in OWN else "device",
                )
            )
        spans += own if rule.joins_s is None else _joined(own, rule.joins_s)
    if table.joins_sleep:
        spans += joined_sleep(spans)
    spans.sort(key=lambda span: (span.start_s, span.end_s, span.kind, span.label))
    return tuple(dict.fromkeys(spans))


def _joined(moments: Sequence[Span], within_s: float) -> list[Span]:
    """Stretches from moments that are near each other; one moment alone is no stretch."""
    stretches: list[Span] = []
    for moment in sorted(moments, key=lambda span: span.start_s):
        last = stretches[-1] if stretches else None
        if last is not None and moment.start_s - last.end_s <= within_s:
            stretches[-1] = replace(last, end_s=max(last.end_s, moment.end_s))
        else:
            stretches.append(moment)
    return [stretch for stretch in stretches if stretch.end_s > stretch.start_s]


def joined_sleep(stages: Sequence[Span]) -> list[Span]:
    """Nights from their stages: pieces less than an hour apart belong together."""
    asleep = sorted(
        (s.start_s, s.end_s) for s in stages if s.label in {"light", "deep", "rem", "asleep"}
    )
    nights: list[list[float]] = []
    for start, end in asleep:
        if nights and start - nights[-1][1] < JOIN_SLEEP_S:
            nights[-1][1] = max(nights[-1][1], end)
        else:
            nights.append([start, end])
    return [Span(kind=SpanKind.SLEEP, start_s=a, end_s=b) for a, b in nights]


def _span_end(
    rule: SpanRule,
    table: Table,
    start: FloatArray,
    t_s: FloatArray,
    ends: Mapping[str, FloatArray],
    values: Mapping[str, FloatArray],
) -> FloatArray:
    if rule.end:
        return t_s if rule.end == table.time.column else ends.get(rule.end, start)
    if rule.duration and rule.duration in values:
        return start + np.maximum(np.nan_to_num(values[rule.duration]), 0.0)
    return start


def _labelled(rule: SpanRule, texts: Mapping[str, Any], row: int) -> tuple[SpanKind, str] | None:
    """Kind and label of a row; None where its code or its words are not among the known.

    Where words tell the kind the label is the known word, never the person's own text.
    """
    cell = str(texts[rule.label_column][row]).strip() if rule.label_column in texts else ""
    if rule.kind == "words":
        return word_of(cell)
    if rule.labels:
        label = rule.labels.get(cell, rule.labels.get(cell.lower()))
        return None if label is None else (SpanKind(rule.kind), label)
    return SpanKind(rule.kind), cell or rule.label


def _whole_day(t_s: float, clock: LocalClock | None) -> tuple[float, float]:
    """UTC of the local midnights around a time."""
    offset = float(clock.offset_at(t_s)) if clock is not None else 0.0
    midnight = (t_s + offset) // DAY_S * DAY_S - offset
    return midnight, midnight + DAY_S
