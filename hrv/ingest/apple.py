"""Apple Health `export.xml`, read as a stream: heart rate, beats, steps, sleep, workouts.

The file's own DTD is skipped (some versions are broken) and no entity is ever expanded.
"""

from __future__ import annotations

import re
import xml.parsers.expat as expat
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import BinaryIO

import numpy as np

from hrv.errors import MalformedFileError
from hrv.ingest.archive import Member
from hrv.ingest.beats import strictly_after
from hrv.ingest.emit import joined_sleep
from hrv.ingest.times import Near, offset_of, steps_clock
from hrv.model import (
    DAY_S,
    DayQuantity,
    DayValue,
    FloatArray,
    HeartRateSeries,
    MotionKind,
    MotionSeries,
    ReadOptions,
    Recording,
    Refusal,
    RRSeries,
    Source,
    Span,
    SpanKind,
    as_day,
)
from hrv.settings import IngestSettings

DEVICE = "Apple Watch"
JUNK = bytes(b for b in range(32) if b not in b"\t\n\r")
BEAT = re.compile(r"(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d+))?\s*([AaPp])?")
Q = "HKQuantityTypeIdentifier"
SLEEP, MINDFUL = "HKCategoryTypeIdentifierSleepAnalysis", "HKCategoryTypeIdentifierMindfulSession"
STAGES = {
    "HKCategoryValueSleepAnalysisAsleepCore": "light",
    "HKCategoryValueSleepAnalysisAsleepDeep": "deep",
    "HKCategoryValueSleepAnalysisAsleepREM": "rem",
    "HKCategoryValueSleepAnalysisAwake": "awake",
    "HKCategoryValueSleepAnalysisAsleep": "asleep",
    "HKCategoryValueSleepAnalysisAsleepUnspecified": "asleep",
}
DAILY = {
    Q + "RestingHeartRate": DayQuantity.RESTING_HR_BPM,
    Q + "HeartRateVariabilitySDNN": DayQuantity.SDNN_MS,
    Q + "RespiratoryRate": DayQuantity.RESPIRATION_PER_MIN,
}
RANGES = {
    DayQuantity.RESTING_HR_BPM: (25.0, 140.0),
    DayQuantity.SDNN_MS: (3.0, 400.0),
    DayQuantity.RESPIRATION_PER_MIN: (4.0, 60.0),
}


@dataclass(slots=True)
class _Gathered:
    """What the stream has given so far; numbers in flat arrays."""

    options: ReadOptions
    settings: IngestSettings
    hr_t: array[float] = field(default_factory=lambda: array("d"))
    hr: array[float] = field(default_factory=lambda: array("d"))
    step_t: array[float] = field(default_factory=lambda: array("d"))
    step_end: array[float] = field(default_factory=lambda: array("d"))
    steps: array[float] = field(default_factory=lambda: array("d"))
    step_watch: array[float] = field(default_factory=lambda: array("d"))
    beat_t: array[float] = field(default_factory=lambda: array("d"))
    beat_rr: array[float] = field(default_factory=lambda: array("d"))
    zone_t: array[float] = field(default_factory=lambda: array("d"))
    zone: array[float] = field(default_factory=lambda: array("d"))
    daily: dict[tuple[int, DayQuantity], list[float]] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    used: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    beats_from: tuple[float, float] | None = None  # wall start of the record and its offset
    days: dict[str, int] = field(default_factory=dict)
    offsets: dict[str, float] = field(default_factory=dict)

    def start(self, name: str, said: Mapping[str, str]) -> None:
        if name == "Record":
            self._record(said)
        elif name == "InstantaneousBeatsPerMinute":
            self._beat(said)
        elif name == "Workout":
            self._workout(said)

    def end(self, name: str) -> None:
        if name == "Record":
            self.beats_from = None

    def _time(self, text: str) -> tuple[float, float] | None:
        """UTC and offset of '2026-07-28 08:00:00 -0700'; None for what is none."""
        day, offset = self.days.get(text[:10]), self.offsets.get(text[19:])
        try:
            if day is None or offset is None:  # a date or an offset not met before
                day, offset = as_day(date.fromisoformat(text[:10])), offset_of(text[19:])
                if not np.isfinite(offset):
                    return None
                self.days[text[:10]], self.offsets[text[19:]] = day, offset
            clock = int(text[11:13]) * 3600 + int(text[14:16]) * 60 + int(text[17:19])
        except ValueError:
            return None
        return day * DAY_S + clock - offset, offset

    def _record(self, said: Mapping[str, str]) -> None:
        kind = said.get("type", "")
        if kind not in KNOWN:
            self.refused["a kind of record that is not used"] += 1
            return
        first, last = said.get("startDate", ""), said.get("endDate", "")
        begin = self._time(first)
        until = begin if last == first else self._time(last)
        if begin is None or until is None:
            self.refused["no readable time"] += 1
            return
        t_s, offset = begin
        now = self.options.now_s
        if now is not None and t_s > now + self.settings.future_tolerance_s:
            self.refused["a time in the future"] += 1
            return
        if not self.zone or self.zone[-1] != offset:
            self.zone_t.append(t_s)
            self.zone.append(offset)
        if kind == SLEEP:
            self._sleep(said.get("value", ""), t_s, until[0])
            return
        if kind == MINDFUL:
            self._mindful(t_s, until[0])
            return
        try:
            value = float(said.get("value", ""))
        except ValueError:
            self.refused["no number"] += 1
            return
        if kind == Q + "HeartRate":
            value *= 60.0 if said.get("unit") == "count/s" else 1.0
            fits = self.settings.hr_min_bpm <= value <= self.settings.hr_max_bpm
            if self._fits(fits):
                self.hr_t.append(t_s)
                self.hr.append(value)
        elif kind == Q + "StepCount":
            if self._fits(0 <= value < 100_000 and until[0] >= t_s):
                self.step_t.append(t_s)
                self.step_end.append(until[0])
                self.steps.append(value)
                watch = (
                    "watch" in said.get("sourceName", "").lower() + said.get("device", "").lower()
                )
                self.step_watch.append(float(watch))
        else:
            quantity = DAILY[kind]
            value *= 60.0 if said.get("unit") == "count/s" else 1.0
            low, high = RANGES[quantity]
            if self._fits(low <= value <= high):
                day = int((t_s + offset) // DAY_S)
                self.daily.setdefault((day, quantity), []).append(value)
            if quantity is DayQuantity.SDNN_MS:
                self.beats_from = (t_s + offset, offset)

    def _fits(self, fits: bool) -> bool:
        if fits:
            self.used += 1
        else:
            self.refused["a value beyond what a body can show"] += 1
        return fits

    def _sleep(self, value: str, start_s: float, end_s: float) -> None:
        label = STAGES.get(value)
        if label is None or end_s <= start_s:
            self.refused["time in bed, not sleep"] += 1
            return
        self.used += 1
        self.spans.append(
            Span(kind=SpanKind.SLEEP_STAGE, start_s=start_s, end_s=end_s, label=label)
        )

    def _mindful(self, start_s: float, end_s: float) -> None:
        if end_s <= start_s:
            self.refused["a session without length"] += 1
            return
        self.used += 1
        kind, origin = SpanKind.TECHNIQUE, "person"
        self.spans.append(
            Span(kind=kind, start_s=start_s, end_s=end_s, label="mindfulness", origin=origin)
        )

    def _beat(self, said: Mapping[str, str]) -> None:
        """A beat has the clock time of the phone only: the day comes from its record."""
        match = BEAT.match(said.get("time", ""))
        if match is None or self.beats_from is None:
            return
        hour = int(match[1])
        if match[5]:
            hour = hour % 12 + (12 if match[5] in "Pp" else 0)
        clock = hour * 3600 + int(match[2]) * 60 + int(match[3]) + float(f"0.{match[4] or 0}")
        wall, offset = self.beats_from
        moment = wall // DAY_S * DAY_S + clock
        moment += round((wall - moment) / DAY_S) * DAY_S  # a record across midnight
        if abs(moment - wall) > 900:
            moment += round((wall - moment) / 3600.0) * 3600.0  # written in another zone
        try:
            bpm = float(said.get("bpm", ""))
        except ValueError:
            return
        if 20.0 <= bpm <= 300.0:
            self.beat_t.append(moment - offset)
            self.beat_rr.append(60_000.0 / bpm)

    def _workout(self, said: Mapping[str, str]) -> None:
        begin, until = self._time(said.get("startDate", "")), self._time(said.get("endDate", ""))
        if begin is None or until is None or until[0] <= begin[0]:
            self.refused["no readable time"] += 1
            return
        self.used += 1
        label = said.get("workoutActivityType", "").removeprefix("HKWorkoutActivityType").lower()
        self.spans.append(
            Span(kind=SpanKind.EXERCISE, start_s=begin[0], end_s=until[0], label=label)
        )


KNOWN = frozenset({Q + "HeartRate", Q + "StepCount", SLEEP, MINDFUL, *DAILY})


def read_apple(
    member: Member,
    source: Source,
    options: ReadOptions,
    settings: IngestSettings,
    _near: Near | None = None,
) -> Recording:
    """Everything used of an export, whatever its size, in the memory of its numbers."""
    found = _Gathered(options, settings)
    parser = expat.ParserCreate()
    parser.StartElementHandler = found.start
    parser.EndElementHandler = found.end
    parser.EntityDeclHandler = _refuse_entity
    try:
        with member.open() as stream:
            for chunk in _without_dtd(stream):
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
    except (expat.ExpatError, ValueError) as error:
        if not found.used:
            place = f"line {parser.CurrentLineNumber}"
            raise MalformedFileError(member.base, place, "broken XML") from error
        found.refused["lost behind a break in the XML"] += 1
    return _recording(found, source, options)


def _refuse_entity(*_: object) -> None:
    raise ValueError("entities are not read")


def _without_dtd(stream: BinaryIO) -> Iterator[bytes]:
    """The document without its DTD and without bytes that XML does not allow."""
    head = stream.read(1 << 20).translate(None, JUNK)
    start = head.find(b"<!DOCTYPE")
    if start >= 0:
        end = head.find(b"]>", start)
        end = end + 2 if end >= 0 else head.find(b">", start) + 1
        head = head[:start] + head[end:]
    yield head
    while chunk := stream.read(1 << 20):
        yield chunk.translate(None, JUNK)


def _sorted(t: array[float], *values: array[float]) -> list[FloatArray]:
    """Arrays by time, of equal times the first."""
    times = np.frombuffer(t, dtype=float) if t else np.empty(0)
    order = np.argsort(times, kind="stable")
    order = order[np.concatenate(([True], np.diff(times[order]) > 0))[: order.size]]
    return [
        times[order],
        *(np.frombuffer(v, dtype=float)[order] if v else np.empty(0) for v in values),
    ]


def _recording(found: _Gathered, source: Source, options: ReadOptions) -> Recording:
    shift = options.shift_s
    refused = found.refused
    hr_t, hr = _sorted(found.hr_t, found.hr)
    doubled = len(found.hr) - hr.size
    used = found.used - doubled
    refused["the same time as another row"] += doubled
    watch = np.frombuffer(found.step_watch, dtype=float) if found.step_watch else np.empty(0)
    if watch.any():  # the phone in the pocket counts the same steps
        phone = int((watch == 0).sum())
        refused["another device counted the same time"] += phone
        used -= phone
        keep = np.flatnonzero(watch)
        for name in ("step_t", "step_end", "steps"):
            setattr(found, name, array("d", np.frombuffer(getattr(found, name))[keep].tolist()))
    step_t, step_end, steps = _sorted(found.step_t, found.step_end, found.steps)
    doubled = len(found.steps) - steps.size
    used -= doubled
    refused["the same time as another row"] += doubled
    beat_t, rr = _sorted(found.beat_t, found.beat_rr)
    fresh = strictly_after(beat_t)
    period = np.maximum(step_end - step_t, 1.0)
    stages = [span for span in found.spans if span.kind is SpanKind.SLEEP_STAGE]
    spans = [*found.spans, *joined_sleep(stages)]
    moved = [
        replace(span, start_s=span.start_s + shift, end_s=span.end_s + shift) for span in spans
    ]
    zone_t, zone = _sorted(found.zone_t, found.zone)
    return Recording(
        source=Source(name=source.name, format="apple_health", sha256=source.sha256, device=DEVICE),
        clock=steps_clock(zone_t, zone, "file"),
        heart_rate=(HeartRateSeries(hr_t + shift, hr, DEVICE, True),) if hr.size else (),
        rr=(RRSeries(beat_t[fresh] + shift, rr[fresh], DEVICE, True),) if fresh.any() else (),
        motion=(
            MotionSeries(
                step_t + shift, steps * 60.0 / period, period, MotionKind.STEPS_PER_MIN, DEVICE
            ),
        ) if steps.size else (),
        spans=tuple(sorted(moved, key=lambda s: (s.start_s, s.end_s, s.kind))),
        day_values=tuple(
            DayValue(day, quantity, float(np.mean(values)), DEVICE)
            for (day, quantity), values in sorted(found.daily.items())
        ),
        rows_used=used,
        refusals=tuple(Refusal(rows=n, reason=why) for why, n in sorted(refused.items()) if n),
    )  # fmt: skip
