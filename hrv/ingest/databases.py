"""SQLite exports: Android's Health Connect and Gadgetbridge. Read in memory, never written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from hrv.errors import MalformedFileError
from hrv.ingest.archive import Member
from hrv.ingest.grid import Grid
from hrv.ingest.sessions import table_of
from hrv.ingest.tables import read_table
from hrv.ingest.times import Near
from hrv.model import ReadOptions, Recording, Source
from hrv.settings import IngestSettings

MAGIC = b"SQLite format 3\x00"
LARGEST_BYTES = 1 << 31
CONNECT = "heart_rate_record_series_table"
GADGETS = "_ACTIVITY_SAMPLE"

# table id of the description, name in the database, columns: ours from theirs
Select = tuple[str, str, dict[str, str]]
HEALTH_CONNECT: tuple[Select, ...] = (
    ("heart_rate", CONNECT, {"time": "epoch_millis", "hr": "beats_per_minute"}),
    ("steps", "steps_record_table",
     {"time": "start_time", "end": "end_time", "steps": "count"}),
    ("rmssd", "heart_rate_variability_rmssd_record_table",
     {"time": "time", "rmssd": "heart_rate_variability_millis"}),
    ("resting", "resting_heart_rate_record_table",
     {"time": "time", "resting": "beats_per_minute"}),
    ("sleep", "sleep_session_record_table", {"time": "start_time", "end": "end_time"}),
    ("stages", "sleep_stages_table",
     {"time": "stage_start_time", "end": "stage_end_time", "stage": "stage_type"}),
    ("exercise", "exercise_session_record_table", {"time": "start_time", "end": "end_time"}),
)  # fmt: skip


def claims(format_id: str) -> Callable[[str, bytes], str]:
    """By magic; which of the two the table names in the first pages tell."""

    def claim(_name: str, head: bytes) -> str:
        if not head.startswith(MAGIC):
            return ""
        gadget = GADGETS.encode() in head or b"ACTIVITY_SAMPLE" in head
        if format_id == "gadgetbridge":
            return "an SQLite file with activity samples" if gadget else ""
        return "" if gadget else "an SQLite file"

    return claim


def read_database(
    member: Member,
    source: Source,
    options: ReadOptions,
    settings: IngestSettings,
    near: Near | None = None,
) -> Recording:
    """Every known table through its description, joined into one recording."""
    if member.size > LARGEST_BYTES:
        raise MalformedFileError(member.base, "size", "too large to be read in memory")
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(member.data())
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        selects = _known(names)
        if not selects:
            raise MalformedFileError(member.base, "tables", "no database that we read")
        parts = []
        for format_id, (table_id, name, columns) in selects:
            grid = _grid(connection, name, columns)
            table = table_of(format_id, table_id)
            own = replace(source, format=format_id)
            parts.append(read_table(table, [grid], own, options, settings, near))
    except (sqlite3.Error, OverflowError) as error:
        raise MalformedFileError(member.base, "pages", "a damaged SQLite file") from error
    finally:
        connection.close()
    return _joined(parts, source)


def _known(names: set[str]) -> list[tuple[str, Select]]:
    if CONNECT in names:
        return [("health_connect", select) for select in HEALTH_CONNECT if select[1] in names]
    found = []
    for name in sorted(n for n in names if n.endswith(GADGETS)):
        columns = {"time": "TIMESTAMP", "hr": "HEART_RATE", "steps": "STEPS"}
        found.append(("gadgetbridge", ("minutes", name, columns)))
    return found


def _grid(connection: sqlite3.Connection, name: str, columns: dict[str, str]) -> Grid:
    """The wanted columns as cells; empty where the table has no such column."""
    held = {row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')}
    use = {ours: theirs for ours, theirs in columns.items() if theirs in held}
    if not use:
        (count,) = connection.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()
        return Grid(dict.fromkeys(columns, [""] * count), count, 1, "row")
    listed = ", ".join(f'"{theirs}"' for theirs in use.values())
    rows: Iterator[tuple[Any, ...]] = connection.execute(f'SELECT {listed} FROM "{name}"')
    cells: dict[str, list[str]] = {ours: [] for ours in use}
    count = 0
    for row in rows:
        count += 1
        for ours, value in zip(use, row, strict=True):
            cells[ours].append("" if value is None else str(value))
    cells |= {ours: [""] * count for ours in columns if ours not in use}
    return Grid(cells, count, 1, "row")


def _joined(parts: list[Recording], source: Source) -> Recording:
    """One recording of all tables."""
    if not parts:
        return Recording(source=source)
    first = parts[0]
    return replace(
        first,
        clock=next((part.clock for part in parts if part.clock), None),
        heart_rate=tuple(series for part in parts for series in part.heart_rate),
        rr=tuple(series for part in parts for series in part.rr),
        motion=tuple(series for part in parts for series in part.motion),
        stress=tuple(series for part in parts for series in part.stress),
        rmssd=tuple(series for part in parts for series in part.rmssd),
        spans=tuple(span for part in parts for span in part.spans),
        day_values=tuple(value for part in parts for value in part.day_values),
        rows_used=sum(part.rows_used for part in parts),
        refusals=tuple(refusal for part in parts for refusal in part.refusals),
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
    )
