"""Calendars (.ics): events as spans, with the simple repetitions; the rest is said, not guessed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np

from hrv.errors import SettingsError
from hrv.ingest import times as clocks
from hrv.ingest.archive import Member
from hrv.ingest.emit import Rows
from hrv.ingest.routines import MOST_DAYS, Routine
from hrv.ingest.times import Near
from hrv.ingest.words import kind_of
from hrv.model import (
    DAY_S,
    EPOCH,
    LocalClock,
    Note,
    ReadOptions,
    Recording,
    Source,
    Span,
    SpanKind,
    as_date,
    as_day,
)
from hrv.settings import IngestSettings

BYDAY = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
UNDERSTOOD = {"FREQ", "BYDAY", "UNTIL", "COUNT", "INTERVAL", "WKST"}
DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def claims(_name: str, head: bytes) -> str:
    return "begins with BEGIN:VCALENDAR" if head[:64].lstrip(b"\xef\xbb\xbf\r\n ").startswith(
        b"BEGIN:VCALENDAR") else ""  # fmt: skip


@dataclass(slots=True)
class _Event:
    """Properties of a VEVENT: name to (parameters, value); the first of a name counts."""

    line: int
    properties: dict[str, tuple[dict[str, str], str]] = field(default_factory=dict)
    skipped: set[date] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Stamp:
    """A time as the calendar writes it."""

    wall_s: float
    zone: str  # IANA, "UTC", or "" for floating
    alone: bool  # a date


def read_calendar(
    member: Member,
    source: Source,
    options: ReadOptions,
    _settings: IngestSettings,
    near: Near | None = None,
) -> Recording:
    """Spans of a calendar's events; kinds by the words of their titles."""
    text = member.data().decode("utf-8", errors="replace").lstrip("\ufeff")
    events = list(_events(text))
    rows = Rows(len(events), 1, "event")
    spans: list[Span] = []
    notes: list[Note] = []
    odd: Counter[str] = Counter()
    placer = _Placer(options, near)
    for i, event in enumerate(events):
        try:
            found, strange = _spans(event, placer, options)
        except (ValueError, OverflowError):
            found, strange = [], ""
        if strange:
            odd[strange] += 1
        if found:
            rows.use(i)
            spans += found
        else:
            rows.refuse(np.arange(len(events)) == i, "no start that is understood")
    for what, count in sorted(odd.items()):
        text = (
            "{count} events repeat by a rule that is not understood ({what}); the first was taken."
        )
        notes.append(Note(member.base, text, {"count": count, "what": what}))
    if placer.assumed:
        text = "Times have no zone and no recording tells it; UTC was taken. Give --tz."
        notes.append(Note(member.base, text))
    used, refusals = rows.close()
    spans.sort(key=lambda span: (span.start_s, span.end_s, span.label))
    return Recording(
        source=source, spans=tuple(spans), rows_used=used, refusals=refusals, notes=tuple(notes)
    )


def _events(text: str) -> Iterator[_Event]:
    unfolded = re.sub(r"\r?\n[ \t]", "", text)
    event: _Event | None = None
    depth = 0
    for number, line in enumerate(unfolded.splitlines(), 1):
        name, _, value = line.partition(":")
        while name.count('"') % 2 and ":" in value:  # a colon inside a quoted parameter
            more, _, value = value.partition(":")
            name += ":" + more
        head, *parameters = name.split(";")
        head = head.upper().strip()
        if head == "BEGIN" and value.strip().upper() == "VEVENT":
            if event is not None:
                yield event  # its end is lost
            event, depth = _Event(number), 0
        elif head == "BEGIN":
            depth += 1  # an alarm inside an event
        elif head == "END" and value.strip().upper() == "VEVENT" and event is not None:
            yield event
            event = None
        elif head == "END":
            depth -= 1
        elif event is not None and depth <= 0:
            said: dict[str, str] = {}
            for parameter in parameters:
                key, _, content = parameter.upper().partition("=")
                said[key] = content
            zone = next((p.split("=", 1)[1].strip('"') for p in parameters
                         if p.upper().startswith("TZID=")), "")  # fmt: skip
            if zone:
                said["TZID"] = zone
            if head == "EXDATE":
                event.skipped |= {as_date(int(_stamp(said, v).wall_s // DAY_S))
                                  for v in value.split(",") if _is_stamp(v)}  # fmt: skip
            event.properties.setdefault(head, (said, value.strip()))
    if event is not None:
        yield event


def _is_stamp(text: str) -> bool:
    return bool(re.fullmatch(r"\d{8}(T\d{6}Z?)?", text.strip()))


def _stamp(said: dict[str, str], text: str) -> _Stamp:
    text = text.strip()
    if not _is_stamp(text):
        raise ValueError("no time")
    alone = len(text) == 8
    form = "%Y%m%d" if alone else "%Y%m%dT%H%M%S"
    moment = datetime.strptime(text.rstrip("Z"), form).replace(tzinfo=UTC)
    zone = "UTC" if text.endswith("Z") else said.get("TZID", "")
    return _Stamp(moment.timestamp(), zone, alone)


class _Placer:
    """Wall times to UTC by the event's own zone, the flag, the recordings' clock, or UTC."""

    def __init__(self, options: ReadOptions, near: Near | None) -> None:
        self._options, self._near = options, near
        self._clocks: dict[str, LocalClock] = {}
        self.assumed = False

    def utc(self, wall_s: float, zone: str) -> float:
        if zone == "UTC":
            return wall_s
        clock = self._clock(zone)
        return float(clocks.to_utc(np.array([wall_s]), clock)[0])

    def _clock(self, zone: str) -> LocalClock:
        if zone not in self._clocks:
            self._clocks[zone] = self._found(zone)
        return self._clocks[zone]

    def _found(self, zone: str) -> LocalClock:
        for name in (zone, self._options.tz or ""):
            if name:
                try:
                    return clocks.zone_clock(name, 3e8, 2.2e9, "zone")
                except SettingsError:
                    continue  # an Outlook name that is no IANA zone
        if self._near is not None:
            return self._near.clock
        self.assumed = True
        return LocalClock.fixed(0.0, "assumed")


def _spans(event: _Event, placer: _Placer, options: ReadOptions) -> tuple[list[Span], str]:
    if "DTSTART" not in event.properties:
        return [], ""
    start = _stamp(*event.properties["DTSTART"])
    length_s = _length(event, start, placer)
    title = _clean(event.properties.get("SUMMARY", ({}, ""))[1])
    words = f"{title} {_clean(event.properties.get('CATEGORIES', ({}, ''))[1])}"
    kind = kind_of(words) or SpanKind.OTHER
    first = as_date(int(start.wall_s // DAY_S))
    days, strange = _days(event, first, options)
    spans = []
    for day in days:
        if day in event.skipped:
            continue
        wall = start.wall_s + (as_day(day) - as_day(first)) * DAY_S
        begin = placer.utc(wall, "" if start.alone else start.zone)
        end = placer.utc(wall + length_s, "") if start.alone else begin + length_s
        spans.append(
            Span(kind=kind, start_s=begin, end_s=max(begin, end), label=title, all_day=start.alone,
                 origin="calendar")
        )  # fmt: skip
    return spans, strange


def _length(event: _Event, start: _Stamp, placer: _Placer) -> float:
    """Seconds; whole days where the start is a date."""
    if "DTEND" in event.properties:
        end = _stamp(*event.properties["DTEND"])
        if start.alone:
            return max(DAY_S, end.wall_s - start.wall_s)
        return max(0.0, placer.utc(end.wall_s, end.zone) - placer.utc(start.wall_s, start.zone))
    if "DURATION" in event.properties:
        match = DURATION.fullmatch(event.properties["DURATION"][1].lstrip("+"))
        if match:
            w, d, h, m, s = (int(group or 0) for group in match.groups())
            return float(timedelta(weeks=w, days=d, hours=h, minutes=m, seconds=s).total_seconds())
    return DAY_S if start.alone else 0.0


def _days(event: _Event, first: date, options: ReadOptions) -> tuple[list[date], str]:
    """Days on which the event begins, and the part of its rule that is not understood."""
    if "RRULE" not in event.properties:
        return [first], ""
    parts = dict(
        item.upper().split("=", 1)
        for item in event.properties["RRULE"][1].split(";")
        if "=" in item
    )
    strange = sorted(set(parts) - UNDERSTOOD)
    weekdays = parts.get("BYDAY", "").split(",") if parts.get("BYDAY") else []
    freq = parts.get("FREQ", "")
    if strange or freq not in {"DAILY", "WEEKLY"} or any(day not in BYDAY for day in weekdays):
        return [first], ", ".join(strange) or freq or "no frequency"
    interval = max(1, int(parts.get("INTERVAL", "1")))
    until = _stamp({}, parts["UNTIL"]) if "UNTIL" in parts else None
    chosen = frozenset(BYDAY[day] for day in weekdays) or frozenset((first.weekday(),))
    if freq == "DAILY" and weekdays:
        interval = 1
    rule = Routine(
        chosen,
        as_date(int(until.wall_s // DAY_S)) if until else None,
        every_weeks=interval if freq == "WEEKLY" else 1,
        every_days=interval if freq == "DAILY" and not weekdays else 0,
        count=int(parts["COUNT"]) if "COUNT" in parts else None,
    )
    today = options.now_s if options.now_s is not None else None
    last = EPOCH + timedelta(days=int(today // DAY_S)) if today else first + timedelta(MOST_DAYS)
    return rule.days(first, max(first, last)), ""


def _clean(text: str) -> str:
    return re.sub(r"\\([,;\\])", r"\1", text).replace("\\n", " ").strip()
