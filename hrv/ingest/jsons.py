"""JSON files of account exports: rows with names here, units and times in the format's TOML."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hrv.errors import MalformedFileError
from hrv.ingest.archive import Member
from hrv.ingest.grid import Grid
from hrv.ingest.sessions import table_of
from hrv.ingest.specs import Table
from hrv.ingest.tables import read_table
from hrv.ingest.times import Near
from hrv.model import ReadOptions, Recording, Source
from hrv.settings import IngestSettings

LARGEST_BYTES = 1 << 29
LENGTH = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A JSON file of one vendor: how its name and first bytes look, and how rows come out."""

    format: str
    table: str
    name: str  # pattern of the base name, lower case
    keys: tuple[bytes, ...]
    rows: Callable[[Any], Iterable[Row]]


def _items(found: Any) -> Iterator[dict[str, Any]]:
    """The entries of a list; one that is no object has no values, and is refused for that."""
    for item in found if isinstance(found, list) else [found]:
        yield item if isinstance(item, dict) else {}


def _inside(found: Any, key: str) -> Iterator[dict[str, Any]]:
    value = found.get(key) if isinstance(found, dict) else None
    yield from _items(value if value is not None else [])


def _fitbit_values(found: Any) -> Iterator[Row]:
    for item in _items(found):
        value = item.get("value")
        inner = value if isinstance(value, dict) else {}
        yield {
            "time": item.get("dateTime"),
            "bpm": inner.get("bpm"),
            "resting": inner.get("value"),
            "steps": None if isinstance(value, dict) else value,
        }


def _fitbit_sleep(found: Any) -> Iterator[Row]:
    for item in _items(found):
        levels = item.get("levels")
        summary = levels.get("summary", {}) if isinstance(levels, dict) else {}
        row = {
            "day": item.get("dateOfSleep"),
            "start": item.get("startTime"),
            "end": item.get("endTime"),
            "asleep": item.get("minutesAsleep"),
            "main": item.get("mainSleep", True),
        }
        for stage in ("deep", "light", "rem", "wake"):
            part = summary.get(stage) if isinstance(summary, dict) else None
            row[stage] = part.get("minutes") if isinstance(part, dict) else None
        yield row


def _garmin_sleep(found: Any) -> Iterator[Row]:
    for item in _items(found):
        yield {
            "day": item.get("calendarDate"),
            "start": item.get("sleepStartTimestampGMT"),
            "end": item.get("sleepEndTimestampGMT"),
            "deep": item.get("deepSleepSeconds"),
            "light": item.get("lightSleepSeconds"),
            "rem": item.get("remSleepSeconds"),
            "awake": item.get("awakeSleepSeconds"),
            "respiration": item.get("averageRespiration"),
        }


def _garmin_days(found: Any) -> Iterator[Row]:
    for item in _items(found):
        day = item.get("calendarDate")
        stress = item.get("allDayStress")
        total = next(
            (part for part in _inside(stress, "aggregatorList") if part.get("type") == "TOTAL"), {}
        )
        yield {
            "day": day.get("date") if isinstance(day, dict) else day,
            "resting": item.get("restingHeartRate") or item.get("currentDayRestingHeartRate"),
            "steps": item.get("totalSteps"),
            "stress": total.get("averageStressLevel"),
        }


def _garmin_status(found: Any) -> Iterator[Row]:
    for item in _items(found):
        metrics = {str(m.get("type")): m.get("value") for m in _inside(item, "metrics")}
        yield {
            "day": item.get("calendarDate"),
            "hrv": metrics.get("HRV"),
            "hr": metrics.get("HR"),
            "respiration": metrics.get("RESPIRATION"),
        }


def _polar_beats(found: Any) -> Iterator[Row]:
    for day in _items(found):
        for device in _inside(day, "devicePpiSamplesList"):
            for sample in _inside(device, "ppiSamples"):
                yield {"time": sample.get("sampleDateTime"), "rr": sample.get("pulseLength")}


def _polar_heart(found: Any) -> Iterator[Row]:
    for whole in _items(found):
        days = whole.get("deviceDays")
        for day in _items(days if days is not None else [whole]):
            for sample in _inside(day, "samples"):
                passed = sample.get("secondsFromDayStart")
                clock = _clock(passed) if isinstance(passed, int | float) else None
                said = f"{str(day.get('date'))[:10]}T{clock}" if clock else None
                yield {"time": said, "hr": sample.get("heartRate")}


def _polar_sleep(found: Any) -> Iterator[Row]:
    """A row for each night and one for each of its stages."""
    for night in _items(found):
        told = night.get("evaluation")
        evaluation = told if isinstance(told, dict) else {}
        result = night.get("sleepResult")
        hypnogram = result.get("hypnogram") if isinstance(result, dict) else None
        hypnogram = hypnogram if isinstance(hypnogram, dict) else {}
        phases = evaluation.get("phaseDurations")
        phases = phases if isinstance(phases, dict) else {}
        start, end = hypnogram.get("sleepStart"), hypnogram.get("sleepEnd")
        yield {
            "day": night.get("night"), "start": start, "end": end,
            "asleep": _length_s(evaluation.get("asleepDuration")),
            **{name: _length_s(phases.get(name)) for name in ("deep", "light", "rem", "wake")},
        }  # fmt: skip
        changes = [(_after(start, change.get("offsetFromStart")), change.get("state"))
                   for change in _inside(hypnogram, "sleepStateChanges")]  # fmt: skip
        for (begin, state), (until, _) in pairwise([*changes, (end, None)]):
            yield {"stage_start": begin, "end": until, "stage": state}


def _polar_recovery(found: Any) -> Iterator[Row]:
    for night in _items(found):
        yield {"day": night.get("night"), "rmssd": night.get("meanNightlyRecoveryRmssd")}


def _polar_steps(found: Any) -> Iterator[Row]:
    for day in _items(found):
        for sample in _inside(day.get("samples"), "steps"):
            at = sample.get("localTime")
            yield {"time": f"{day.get('date')}T{at}" if at else None, "steps": sample.get("value")}


def _polar_session(found: Any) -> Iterator[Row]:
    for session in _items(found):
        minutes = session.get("timezoneOffsetMinutes")
        zone = _zone(minutes) if isinstance(minutes, int | float) else ""
        start, stop = session.get("startTime"), session.get("stopTime")
        yield {
            "start": f"{start}{zone}" if start else None,
            "stop": f"{stop}{zone}" if stop else None,
        }


def _zone(minutes: float) -> str:
    sign = "+" if minutes >= 0 else "-"
    return f"{sign}{abs(int(minutes)) // 60:02d}:{abs(int(minutes)) % 60:02d}"


def _length_s(text: Any) -> float | None:
    """Seconds of 'PT7H21M30S'."""
    match = LENGTH.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return 3600.0 * hours + 60.0 * minutes + seconds


def _after(start: Any, length: Any) -> str | None:
    """The time that lies a length after a start, in the start's own zone."""
    seconds = _length_s(length)
    try:
        begin = datetime.fromisoformat(start)
    except (TypeError, ValueError):
        return None
    return None if seconds is None else (begin + timedelta(seconds=seconds)).isoformat()


def _clock(seconds: float) -> str | None:
    whole = int(seconds)
    if not 0 <= whole < 86_400:
        return None
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _samsung(found: Any) -> Iterator[Row]:
    for item in _items(found):
        yield {
            "time": item.get("start_time"),
            "hr": item.get("heart_rate"),
            "rmssd": item.get("rmssd"),
            "stress": item.get("score"),
        }


KINDS = (
    Kind("fitbit", "heart_rate_json", r"heart_rate-.*\.json", (b'"bpm"',), _fitbit_values),
    Kind("fitbit", "resting_hr_json", r"resting_heart_rate-.*\.json", (b'"dateTime"',),
         _fitbit_values),
    Kind("fitbit", "steps_json", r"steps-.*\.json", (b'"dateTime"',), _fitbit_values),
    Kind("fitbit", "sleep_json", r"sleep-.*\.json", (b'"dateOfSleep"',), _fitbit_sleep),
    Kind("garmin_account", "sleep", r".*\.json", (b'"sleepStartTimestampGMT"',), _garmin_sleep),
    Kind("garmin_account", "days", r"udsfile_.*\.json", (b'"calendarDate"',), _garmin_days),
    Kind("garmin_account", "status", r".*healthstatusdata\.json", (b'"calendarDate"',),
         _garmin_status),
    Kind("polar_account", "beats", r".*\.json", (b'"devicePpiSamplesList"',), _polar_beats),
    Kind("polar_account", "heart_rate", r".*\.json", (b'"secondsFromDayStart"',), _polar_heart),
    Kind("polar_account", "sleep", r".*\.json", (b'"hypnogram"', b'"night"'), _polar_sleep),
    Kind("polar_account", "recovery", r".*\.json", (b'"meanNightlyRecoveryRri"',),
         _polar_recovery),
    Kind("polar_account", "steps", r"activity-.*\.json", (b'"localTime"', b'"steps"'),
         _polar_steps),
    Kind("polar_account", "session", r"training-session_.*\.json", (b'"durationMillis"',),
         _polar_session),
    Kind("samsung", "heart_rate_json", r".*\.binning_data\.json", (b'"heart_rate"',), _samsung),
    Kind("samsung", "hrv_json", r".*\.binning_data\.json", (b'"rmssd"',), _samsung),
    Kind("samsung", "stress_json", r".*\.binning_data\.json", (b'"score"',), _samsung),
)  # fmt: skip


def kind_of(name: str, head: bytes) -> Kind | None:
    """The vendor's file that a JSON text is."""
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"[", b"{"):
        return None
    base = name.rsplit("/", 1)[-1].lower()
    for kind in KINDS:
        if re.fullmatch(kind.name, base) and all(key in head[:16384] for key in kind.keys):
            return kind
    return None


def claims(format_id: str) -> Callable[[str, bytes], str]:
    """Whether a file is one of a vendor's JSON files."""

    def claim(name: str, head: bytes) -> str:
        kind = kind_of(name, head)
        fits = kind is not None and kind.format == format_id
        return f"JSON with the keys of its {kind.table}" if kind is not None and fits else ""

    return claim


def table_for(name: str, head: bytes) -> Table | None:
    """The description behind a JSON file."""
    kind = kind_of(name, head)
    return table_of(kind.format, kind.table) if kind is not None else None


def read_json(
    member: Member,
    source: Source,
    options: ReadOptions,
    settings: IngestSettings,
    near: Near | None = None,
) -> Recording:
    """Rows of a vendor's JSON file through the description of its table."""
    kind = kind_of(member.name, member.head())
    if kind is None:
        raise MalformedFileError(member.base, "start", "no JSON we know")
    if member.size > LARGEST_BYTES:
        raise MalformedFileError(member.base, "size", "too large for one JSON text")
    try:
        found = json.loads(member.data())
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        place = f"line {line}" if line else "content"
        raise MalformedFileError(member.base, place, "broken JSON") from error
    table = table_of(kind.format, kind.table)
    names = [alias for column in table.columns.values() for alias in column.aliases]
    cells: dict[str, list[str]] = {name: [] for name in names}
    count = 0
    for row in kind.rows(found):
        count += 1
        for name in names:
            value = row.get(name)
            cells[name].append("" if value is None else str(value))
    return read_table(table, [Grid(cells, count, 1, "entry")], source, options, settings, near)
