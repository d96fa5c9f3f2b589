"""How many rows a file holds, counted without the readers."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from typing import Any

from hrv.ingest.archive import Member
from hrv.ingest.plan import Decision
from hrv.ingest.sniff import Shape, encoding_of

LINE = re.compile(r"\r\n|\r|\n")
FIT_MESSAGES = {18, 19, 20, 55, 78, 132, 211, 227, 275, 290, 370, 371, 372, 398, 412}
LISTS = {"fitbit", "garmin_account", "samsung"}


def row_counts(decision: Decision) -> set[int]:
    """The numbers of rows that a member may be said to hold; empty: not counted here.

    Text has two: a quote may hold several lines of the file, or be a stray one.
    """
    member = decision.member
    if decision.shape is not None:
        table = decision.table
        if table is not None and table.hook == "withings_lists":
            return _listed(member.data(), decision.shape)
        return _table_rows(member.data(), decision.shape.encoding, decision.shape.header_line,
                           decision.shape.delimiter)  # fmt: skip
    counters = {
        "fit": _fit, "apple_health": _apple, "health_connect": _database, "calendar": _events,
        "gadgetbridge": _database, "plain_rr": _plain, "empatica_e4": _empatica,
        "polar_flow": _polar_flow, "polar_hrm": _hrm, "sleep_as_android": _nights,
        "polar_account": _polar_json,
    }  # fmt: skip
    if decision.format in LISTS:
        return _entries(member)
    if decision.format in {"tags", "ratings"}:
        return _sheet(member)
    counter = counters.get(decision.format)
    return counter(member) if counter else set()


def _text(data: bytes, encoding: str | None = None) -> str:
    name = encoding or encoding_of(data[: 1 << 16]) or "cp1252"
    return data.decode(name, errors="replace").lstrip("\ufeff")


def _filled(line: str) -> bool:
    return bool(line.strip(' \t,;|"\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\u00a0'))


def _table_rows(data: bytes, encoding: str, header_line: int, delimiter: str) -> set[int]:
    text = _text(data, encoding)
    lines = LINE.split(text)[header_line + 1 :]
    counts = {sum(map(_filled, lines))}
    if '"' in text:
        rest = [line + "\n" for line in lines]
        try:
            rows = list(csv.reader(rest, delimiter=delimiter, skipinitialspace=True))
            counts.add(sum(any(map(_filled, row)) for row in rows))
        except csv.Error:
            pass
    return counts


def _listed(data: bytes, shape: Shape) -> set[int]:
    """Entries of the lists in the cells; a row whose lists do not match counts once."""
    lines = LINE.split(_text(data, shape.encoding))[shape.header_line + 1 :]
    names = list(shape.names)
    at = [names.index(name) for name in ("duration", "value")]

    def entries(row: list[str]) -> int:
        lists = [[c for c in row[k].strip(" []").split(",") if c.strip()] if k < len(row) else []
                 for k in at]  # fmt: skip
        count = len(lists[0]) if len(lists[0]) == len(lists[1]) else 1
        return max(count, 1) if any(map(_filled, row)) else 0

    def rows(of: list[str]) -> list[list[str]]:
        return list(csv.reader(of, delimiter=shape.delimiter, skipinitialspace=True))

    alone = [row for line in lines for row in rows([line])]
    return {sum(map(entries, rows(lines))), sum(map(entries, alone))}


def _fit(member: Member) -> set[int]:
    from hrv.fit.walk import walk
    from hrv.ingest.fit_activity import detected
    from hrv.ingest.fit_tables import Dates

    tables = walk(member.data())
    counted = sum(n for number, n in tables.counts().items() if number in FIT_MESSAGES)
    return {counted, counted + len(detected(tables, Dates(0.0, 1.9e9 + 86_400.0)))}


def _apple(member: Member) -> set[int]:
    return {len(re.findall(rb"<(?:Record|Workout)[\s/>]", member.data()))}


def _entries(member: Member) -> set[int]:
    found = json.loads(member.data())
    return {len(found) if isinstance(found, list) else 1}


def _polar_json(member: Member) -> set[int]:
    """Beats, heart rates, nights with their changes of stage, steps, or one session."""
    found = json.loads(member.data())
    head = member.head(16_384)
    if b'"durationMillis"' in head or b'"meanNightlyRecoveryRri"' in head:
        return {_length(found)}
    if b'"hypnogram"' in head:
        return {_length(found) + _inside(found, {"sleepStateChanges"})}
    if b'"localTime"' in head:
        return {_inside([day.get("samples") for day in _objects(found)], {"steps"})}
    return {_inside(found, {"samples", "ppiSamples"})}


def _length(node: Any) -> int:
    return len(node) if isinstance(node, list) else int(node is not None)


def _objects(node: Any) -> list[dict[str, Any]]:
    items = node if isinstance(node, list) else [node]
    return [item for item in items if isinstance(item, dict)]


def _inside(node: Any, names: set[str]) -> int:
    """Entries below all keys of these names."""
    if isinstance(node, list):
        return sum(_inside(item, names) for item in node)
    if not isinstance(node, dict):
        return 0
    return sum(
        _length(value) if key in names else _inside(value, names) for key, value in node.items()
    )


def _database(member: Member) -> set[int]:
    from hrv.ingest.databases import HEALTH_CONNECT

    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(member.data())
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        known = {select[1] for select in HEALTH_CONNECT}
        wanted = {n for n in names if n in known or n.endswith("_ACTIVITY_SAMPLE")}
        every = [connection.execute(f'SELECT * FROM "{n}"').fetchall() for n in wanted]
        return {sum(map(len, every))}
    except (sqlite3.Error, ValueError):
        return set()
    finally:
        connection.close()


def _events(member: Member) -> set[int]:
    lines = re.split(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]", _text(member.data()))
    return {sum(bool(re.fullmatch(r"(?i)\s*BEGIN\s*(;[^:]*)?:\s*VEVENT\s*", x)) for x in lines)}


def _plain(member: Member) -> set[int]:
    lines = [line.strip() for line in _text(member.data()).splitlines()]
    filled = [line for line in lines if line and not line.startswith("#")]
    return {len(filled), len(filled) - 1}  # with a header


def _empatica(member: Member) -> set[int]:
    lines = LINE.split(_text(member.data()))
    first = {"ibi": 1, "tag": 0}.get(member.base[:3].lower(), 2)
    every = lines[first:] if lines[-1] else lines[first:-1]
    return {sum(map(_filled, every)), len(every)}


def _polar_flow(member: Member) -> set[int]:
    return {sum(map(_filled, LINE.split(_text(member.data()))[3:]))}


def _hrm(member: Member) -> set[int]:
    lines = [line.strip() for line in LINE.split(_text(member.data()))]
    begin = lines.index("[HRData]") + 1
    end = next((i for i in range(begin, len(lines)) if lines[i].startswith("[")), len(lines))
    return {sum(map(bool, lines[begin:end]))}


def _nights(member: Member) -> set[int]:
    rows = csv.reader(_text(member.data()).splitlines(keepends=True))
    return {sum(1 for row in rows if row and row[0].strip() and row[:2] != ["Id", "Tz"])}


def _sheet(member: Member) -> set[int]:
    lines = [line for line in LINE.split(_text(member.data())) if _filled(line)]
    lines = [line for line in lines if not line.startswith("#")]
    header = [i for i, line in enumerate(lines[:6]) if re.search(r"(?i)start|date|datum", line)]
    lines = lines[header[0] :] if header else lines
    rows = [row for row in csv.reader(lines) if any(map(_filled, row))]
    return {len(lines) - 1, len(rows) - 1}
