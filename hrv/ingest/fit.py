"""FIT files of watches to nouns: activities, monitoring, sleep, stress and HRV status.

The bytes are read by `hrv.fit.walk`, or by fitparse on request; what their numbers mean is
settled here and in the `fit_*` files beside, the same for both.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from hrv.errors import MalformedFileError, SettingsError
from hrv.fit.profile import MANUFACTURERS
from hrv.fit.walk import file_type, is_chained, is_fit, walk
from hrv.ingest import fit_activity, fit_beats, fit_wellness
from hrv.ingest.fit_tables import Dates, Ledger, Tables, read
from hrv.ingest.fit_time import created_s, local_clock
from hrv.ingest.times import zone_info
from hrv.model import (
    HeartRateSeries,
    LocalClock,
    MotionSeries,
    Note,
    ReadOptions,
    Recording,
    RRSeries,
    Source,
    Span,
    SpanKind,
)
from hrv.settings import IngestSettings

FORMAT = "fit"
TITLE = "FIT (Garmin, COROS, Suunto, Wahoo, Polar, Zwift and others)"

# file types without anything measured; the first bytes tell
_NOT_MEASURED = {
    1: "device",
    2: "settings",
    3: "sport settings",
    5: "workout plan",
    6: "course",
    7: "schedule",
    10: "totals",
    11: "goals",
    34: "segment",
    35: "list of segments",
    40: "display settings",
}
_EQUAL_SHARE = 0.40  # equal neighbours: 2 to 20 % in real intervals, 70 to 85 % in made-up ones
_STRAP = {(1, 120), (0, 120), (3, 1)}  # source and device type: ANT+ strap, BLE heart rate
_WRIST = {(5, 10)}
# sensors that call themselves heart-rate straps but use light
_LIGHT = ("oh1", "verity", "rhythm", "tickr fit", "mio", "armband", "coospo hw")


def claims(data: bytes) -> bool:
    """Is it a FIT file, by its header?"""
    return is_fit(data)


def read_fit(
    data: bytes,
    name: str,
    options: ReadOptions,
    settings: IngestSettings,
) -> Recording:
    """What one FIT file holds, chained files included.

    A damaged file gives what precedes the damage, with a note. Raises MalformedFileError
    where nothing can be used.
    """
    if not is_fit(data):
        raise MalformedFileError(name, "byte 0", "not a FIT file", "Export it again")
    kind = file_type(data)
    if kind in _NOT_MEASURED and not is_chained(data):
        note = Note(name, "{what}: nothing measured in it", {"what": _NOT_MEASURED[kind]})
        return Recording(source=Source(name=name, format=FORMAT), notes=(note,))
    tables = _tables(data, name, options)
    recording = _recording(tables, name, options, settings)
    if not (recording.rows_used or recording.rows_refused or recording.notes):
        text = "Nothing that is used is in it: no heart rate, beats, steps, stress or sleep."
        recording = replace(recording, notes=(Note(name, text),))
    lost = next((fault for fault in tables.faults if fault.lost), None)
    if lost and not recording.rows_used:
        raise MalformedFileError(
            name, f"byte {lost.at_byte}", lost.reason, "Export the file from the watch again"
        )
    return recording


def _tables(data: bytes, name: str, options: ReadOptions) -> Tables:
    if options.fit_reader == "ours":
        return walk(data)
    if options.fit_reader == "fitparse":
        from hrv.ingest.fitparse_reader import FitparseTables

        return FitparseTables(data, name)
    raise SettingsError(f"no FIT reader called {options.fit_reader!r}", way_out="ours or fitparse")


def _recording(
    tables: Tables, name: str, options: ReadOptions, settings: IngestSettings
) -> Recording:
    dates = Dates(
        options.shift_s,
        np.inf if options.now_s is None else options.now_s + settings.future_tolerance_s,
    )
    ledger, notes = Ledger(), _fault_notes(tables, name)
    clock = local_clock(tables, dates) or _zone_clock(options, created_s(tables))
    naming = clock or LocalClock.fixed()
    device, optical = _device(tables)

    table = fit_activity.record_table(tables)
    heart_rate, steps, back, twice = fit_activity.records(
        table, dates, ledger, settings, fit_activity.is_on_foot(tables)
    )
    rr, restarts, pace = fit_beats.hrv_messages(tables, table, dates, ledger, settings)
    strap_rate, strap_rr = fit_beats.strap_downloads(tables, dates, ledger, settings)
    pulse = fit_beats.research_beats(tables, dates, ledger, settings)
    day_rate, motion, day_back = fit_wellness.monitoring(tables, dates, ledger, settings)
    restless = fit_wellness.restlessness(tables, dates)
    motion = [restless, *motion] if restless else motion
    score = fit_wellness.stress(tables, dates, ledger)
    rmssd = fit_wellness.overnight_rmssd(tables, dates, ledger, settings)
    figures = fit_wellness.daily_figures(tables, dates, ledger, naming, settings)
    sleeping, sleep_minutes, unstaged = fit_wellness.sleep(tables, dates, ledger, naming)
    spans = fit_activity.sessions(tables, dates, ledger)
    spans += fit_wellness.naps(tables, dates, ledger)
    spans += fit_activity.laps(tables, dates, ledger)
    noticed = fit_activity.detected(tables, dates)
    ledger.used += len(noticed)

    from_hrv = replace(rr, device=device, optical=_optical_rr(tables, optical))
    rates = [replace(heart_rate, device=device, optical=optical)] if heart_rate else []
    rates += [replace(strap_rate, device=device, optical=False)] if strap_rate else []
    rates += [replace(one, device=device) for one in day_rate]
    beats = [from_hrv] if rr.t_s.size else []
    beats += [replace(strap_rr, device=device, optical=False)] if strap_rr.t_s.size else []
    beats += [replace(one, device=device, optical=True) for one in pulse]

    notes += _content_notes(name, rr, restarts, pace, back + day_back, twice)
    if unstaged:
        notes.append(Note(name, "sleep stages are all 'awake': staging was left to the cloud"))
    spans += noticed + sleeping
    if not spans and kind_of(tables) == 4 and heart_rate is not None:
        spans.append(_whole(heart_rate))
    return Recording(
        source=Source(name=name, format=FORMAT, device=device),
        clock=clock,
        heart_rate=tuple(rates),
        rr=tuple(beats),
        motion=_motion(steps, motion, device),
        stress=(replace(score, device=device),) if score else (),
        rmssd=(replace(rmssd, device=device),) if rmssd else (),
        spans=tuple(sorted(spans, key=lambda span: (span.start_s, span.end_s, span.kind))),
        day_values=tuple(replace(one, device=device) for one in figures + sleep_minutes),
        rows_used=ledger.used,
        refusals=ledger.refusals(),
        notes=tuple(notes),
    )


def kind_of(tables: Tables) -> int | None:
    """`type` of the first file_id message."""
    table, (number,) = read(tables, "file_id", "type")
    column = table.scalar(number)
    return int(column.raw[0]) if len(table) and column.valid[0] else None


def _whole(heart_rate: HeartRateSeries) -> Span:
    """An activity that was cut off before its session was written."""
    return Span(
        kind=SpanKind.EXERCISE,
        start_s=float(heart_rate.t_s[0]),
        end_s=float(heart_rate.t_s[-1]),
        label="activity",
    )


def _motion(
    steps: MotionSeries | None, daily: list[MotionSeries], device: str
) -> tuple[MotionSeries, ...]:
    found = ([steps] if steps else []) + daily
    return tuple(replace(one, device=device) for one in found)


def _zone_clock(options: ReadOptions, at_s: float | None) -> LocalClock | None:
    """The clock of the zone a person named; None if they named none."""
    if options.tz is None:
        return None
    from datetime import UTC, datetime

    zone = zone_info(options.tz)
    offset = zone.utcoffset(datetime.fromtimestamp(at_s or 0.0, UTC).astimezone(zone))
    return LocalClock.fixed(offset.total_seconds() if offset else 0.0, "flag")


def _device(tables: Tables) -> tuple[str, bool | None]:
    """Name of the device that wrote the file, and whether its heart rate comes from light."""
    table, (maker, product, product_name) = read(
        tables, "file_id", "manufacturer", "product", "product_name"
    )
    words: list[str] = []
    if len(table):
        number, model = table.scalar(maker), table.scalar(product)
        if number.valid[0]:
            code = int(number.raw[0])
            words.append(MANUFACTURERS.get(code, f"manufacturer {code}"))
        named = table.text(product_name, 0)
        if named or model.valid[0]:
            words.append(named or str(int(model.raw[0])))
    return " ".join(words), _sensor(tables)


def _sensor(tables: Tables) -> bool | None:
    """False for a strap, True for light, None if the file does not say."""
    table, (kind, source, product_name) = read(
        tables, "device_info", "device_type", "source_type", "product_name"
    )
    types, sources = table.scalar(kind), table.scalar(source)
    wrist = False
    for i in range(len(table)):
        if not types.valid[i]:
            continue
        pair = (int(sources.raw[i]) if sources.valid[i] else 1, int(types.raw[i]))
        if pair in _STRAP:
            return any(word in table.text(product_name, i).lower() for word in _LIGHT)
        wrist |= pair in _WRIST
    return True if wrist else None


def _optical_rr(tables: Tables, optical: bool | None) -> bool | None:
    """Garmin's watches write beat intervals of straps only, whatever else is on the wrist."""
    table, (maker,) = read(tables, "file_id", "manufacturer")
    garmin = bool(len(table)) and int(table.scalar(maker).raw[0]) == 1
    return False if garmin and optical is not False else optical


def _fault_notes(tables: Tables, name: str) -> list[Note]:
    notes = []
    for fault in tables.faults:
        text = "byte {byte}: {reason}"
        if fault.lost:
            text = "byte {byte}: {reason}; what precedes it was read"
        notes.append(Note(name, text, {"byte": fault.at_byte, "reason": fault.reason}))
    return notes


def _content_notes(
    name: str,
    rr: RRSeries,
    restarts: int,
    pace: float,
    back: int,
    twice: int,
) -> list[Note]:
    facts: list[tuple[str, dict[str, Any]]] = []
    if restarts:
        facts.append(
            (
                "beat intervals lost the watch's clock and were placed anew ({restarts}x)",
                {"restarts": restarts},
            )
        )
    if pace != 1.0:
        text = "beat intervals add up to {percent:.1f} % of the watch's clock"
        if abs(1.0 / pace - 1.024) < 0.003:
            text = (
                "beat intervals add up to {percent:.1f} % of the watch's clock: 1/1024 s were "
                "probably taken for ms"
            )
        facts.append((text, {"percent": 100.0 / pace}))
    if rr.rr_ms.size > 50:
        share = float(np.mean(np.diff(rr.rr_ms) == 0))
        if share > _EQUAL_SHARE:
            facts.append(
                (
                    "{percent:.0f} % of beat intervals equal their neighbour: made from heart "
                    "rate, not measured; variability from them means nothing",
                    {"percent": 100 * share},
                )
            )
    if back:
        facts.append(("time goes back ({back}x): sorted", {"back": back}))
    if twice:
        facts.append(("seconds came twice ({twice}x): the last value holds", {"twice": twice}))
    return [Note(name, text, values) for text, values in facts]
