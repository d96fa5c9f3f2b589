"""Apple Health `export.xml`, read as a stream: heart rate, beats, steps, sleep, workouts.

The file's own DTD is skipped (some versions are broken) and no entity is ever expanded.
"""

from __future__ import annotations

import itertools
import re
import xml.parsers.expat as expat
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from hrv.errors import MalformedFileError
from hrv.ingest import apple_scan as scan
from hrv.ingest.archive import Member
from hrv.ingest.beats import strictly_after
from hrv.ingest.emit import joined_sleep
from hrv.ingest.times import Near, steps_clock
from hrv.model import (
    DAY_S,
    BoolArray,
    DayQuantity,
    DayValue,
    FloatArray,
    HeartRateSeries,
    MotionKind,
    MotionSeries,
    Note,
    ReadOptions,
    Recording,
    Refusal,
    RRSeries,
    Source,
    Span,
    SpanKind,
)
from hrv.settings import IngestSettings

DEVICE = "Apple Watch"
BEAT = re.compile(r"(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d+))?\s*([AaPp])?")
Q = "HKQuantityTypeIdentifier"
COLUMNS = ("type", "sourceName", "device", "unit", "startDate", "endDate", "value")
MOST_STEPS = 99_999.0
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
    parsed: list[list[bytes | None]] = field(default_factory=list)  # records of the XML parser
    begun: int = 0  # records and workouts that the XML parser has met
    beats_from: tuple[float, float] | None = None  # wall start of the record and its offset
    clock: scan.Clock = field(default_factory=scan.Clock)

    # ----------------------------------------------------------------------- the XML parser's

    def start(self, name: str, said: Mapping[str, str]) -> None:
        if name == "Record":
            self.begun += 1
            self.parsed.append([said[key].encode() if key in said else None for key in COLUMNS])
            if said.get("type") == Q + "HeartRateVariabilitySDNN":
                t_s, offset = self._time(said.get("startDate", ""))
                self.beats_from = (t_s + offset, offset) if np.isfinite(t_s) else None
        elif name == "InstantaneousBeatsPerMinute":
            self._beat(said)
        elif name == "Workout":
            self.begun += 1
            self._workout(said)

    def end(self, name: str) -> None:
        if name == "Record":
            self.beats_from = None

    def _time(self, text: str) -> tuple[float, float]:
        t_s, offset = self.clock.times([text.encode()])
        return float(t_s[0]), float(offset[0])

    # ----------------------------------------------------------------------- records

    def take_parsed(self) -> None:
        """The records that the XML parser has met since the last time."""
        if self.parsed:
            self.take(list(zip(*self.parsed, strict=True)))
            self.parsed.clear()

    def take(self, columns: Sequence[scan.Column]) -> None:
        """Records by type, source, device, unit, start, end and value."""
        kinds = columns[0]
        for kind, count in Counter(kinds).items():
            name = (kind or b"").decode("utf-8", errors="replace")
            if name not in KNOWN:
                self.refused["a kind of record that is not used"] += count
                continue
            if count == len(kinds):
                self._kind(name, columns[1:])
            else:
                index = [i for i, other in enumerate(kinds) if other == kind]
                self._kind(name, [[column[i] for i in index] for column in columns[1:]])

    def _kind(self, kind: str, columns: Sequence[scan.Column]) -> None:
        source, device, unit, start, end, value = columns
        t_s, offset = self.clock.times(start)
        end_s = t_s if start == end else self.clock.times(end)[0]
        keep = self._refuse(np.isfinite(t_s) & np.isfinite(end_s), "no readable time")
        if self.options.now_s is not None:
            latest = self.options.now_s + self.settings.future_tolerance_s
            with np.errstate(invalid="ignore"):
                keep &= self._refuse(~keep | (t_s <= latest), "a time in the future")
        self._zones(t_s[keep], offset[keep])
        if kind in (SLEEP, MINDFUL):
            for i in np.flatnonzero(keep).tolist():
                span = self._sleep if kind == SLEEP else self._mindful
                span(value[i], float(t_s[i]), float(end_s[i]))
            return
        number = scan.numbers(value)
        if kind != Q + "StepCount" and b"count/s" in unit:
            number = number * np.where([cell == b"count/s" for cell in unit], 60.0, 1.0)
        keep &= self._refuse(~keep | np.isfinite(number), "no number")
        low, high = self._range(kind)
        with np.errstate(invalid="ignore"):
            fits = (number >= low) & (number <= high) & (end_s >= t_s)
        keep &= self._refuse(~keep | fits, "a value beyond what a body can show")
        self.used += int(keep.sum())
        t_s, number = t_s[keep], number[keep]
        if kind == Q + "HeartRate":
            _extend(self.hr_t, t_s)
            _extend(self.hr, number)
        elif kind == Q + "StepCount":
            _extend(self.step_t, t_s)
            _extend(self.step_end, end_s[keep])
            _extend(self.steps, number)
            both = zip(source, device, strict=True)
            watch = np.array([b"watch" in ((a or b"") + (b or b"")).lower() for a, b in both])
            _extend(self.step_watch, watch[keep].astype(float))
        else:
            days = np.floor((t_s + offset[keep]) / DAY_S).astype(int)
            for day, figure in zip(days.tolist(), number.tolist(), strict=True):
                self.daily.setdefault((day, DAILY[kind]), []).append(figure)

    def _range(self, kind: str) -> tuple[float, float]:
        if kind == Q + "HeartRate":
            return self.settings.hr_min_bpm, self.settings.hr_max_bpm
        return (0.0, MOST_STEPS) if kind == Q + "StepCount" else RANGES[DAILY[kind]]

    def _refuse(self, good: BoolArray, reason: str) -> BoolArray:
        self.refused[reason] += int(good.size - good.sum())
        return good

    def _zones(self, t_s: FloatArray, offset: FloatArray) -> None:
        """Where the offset changes from one record to the next."""
        before = np.concatenate((self.zone[-1:] if self.zone else [np.nan], offset[:-1]))
        change = offset != before[: offset.size]
        _extend(self.zone_t, t_s[change])
        _extend(self.zone, offset[change])

    def _sleep(self, value: bytes | None, start_s: float, end_s: float) -> None:
        label = STAGES.get((value or b"").decode("utf-8", errors="replace"))
        if label is None or end_s <= start_s:
            self.refused["time in bed, not sleep"] += 1
            return
        self.used += 1
        self.spans.append(
            Span(kind=SpanKind.SLEEP_STAGE, start_s=start_s, end_s=end_s, label=label)
        )

    def _mindful(self, _value: bytes | None, start_s: float, end_s: float) -> None:
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
        begin, _ = self._time(said.get("startDate", ""))
        until, _ = self._time(said.get("endDate", ""))
        if not until > begin:
            self.refused["no readable time"] += 1
            return
        self.used += 1
        label = said.get("workoutActivityType", "").removeprefix("HKWorkoutActivityType").lower()
        self.spans.append(Span(kind=SpanKind.EXERCISE, start_s=begin, end_s=until, label=label))


KNOWN = frozenset({Q + "HeartRate", Q + "StepCount", SLEEP, MINDFUL, *DAILY})


def read_apple(
    member: Member,
    source: Source,
    options: ReadOptions,
    settings: IngestSettings,
    _near: Near | None = None,
) -> Recording:
    """Everything used of an export, whatever its size, in the memory of its numbers.

    Behind a break in the XML only records that stand whole are used.
    """
    found = _Gathered(options, settings)
    parser = expat.ParserCreate()
    parser.StartElementHandler = found.start
    parser.EndElementHandler = found.end
    parser.EntityDeclHandler = _refuse_entity
    place, left, plain = "", 0, True
    with member.open() as stream:
        for block in itertools.chain(scan.blocks(stream), (None,)):
            rest = block or b""
            plain = plain and b"<!" not in rest  # what looks like a record may be a comment
            if plain:
                rest, columns = scan.cut(rest)
                found.take(columns)
            left += len(scan.BEGUN.findall(rest))
            if not place:
                try:
                    parser.Parse(rest, block is None)
                except (expat.ExpatError, ValueError):
                    place = f"line {parser.CurrentLineNumber}"
                found.take_parsed()
    if left > found.begun:
        found.refused["lost behind a break in the XML"] += left - found.begun
    if place and not found.used:
        raise MalformedFileError(member.base, place, "broken XML")
    notes = (Note(member.base, "The XML is broken or cut off."),) if place else ()
    return _recording(found, source, options, notes)


def _refuse_entity(*_: object) -> None:
    raise ValueError("entities are not read")


def _extend(to: array[float], values: FloatArray) -> None:
    to.frombytes(np.ascontiguousarray(values, dtype=float).tobytes())


def _sorted(t: array[float], *values: array[float]) -> list[FloatArray]:
    """Arrays by time, of equal times the first."""
    times = np.frombuffer(t, dtype=float) if t else np.empty(0)
    order = np.argsort(times, kind="stable")
    order = order[np.concatenate(([True], np.diff(times[order]) > 0))[: order.size]]
    return [
        times[order],
        *(np.frombuffer(v, dtype=float)[order] if v else np.empty(0) for v in values),
    ]


def _recording(
    found: _Gathered, source: Source, options: ReadOptions, notes: tuple[Note, ...]
) -> Recording:
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
        notes=notes,
    )  # fmt: skip
