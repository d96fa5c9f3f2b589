"""Exports of a session or a night that are not one plain table: shape here, meaning in TOML."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from hrv.errors import MalformedFileError
from hrv.ingest.archive import Member
from hrv.ingest.grid import Grid
from hrv.ingest.sniff import decoded, encoding_of, lines_of
from hrv.ingest.specs import Table, by_id, normalise
from hrv.ingest.tables import read_table
from hrv.ingest.times import Near
from hrv.model import Note, ReadOptions, Recording, Source
from hrv.settings import IngestSettings

CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{2})(?:[.,](\d+))?")


def table_of(format_id: str, table_id: str) -> Table:
    """A shipped table by its names."""
    described = by_id(format_id)
    if described is None:
        raise KeyError(format_id)
    return next(table for table in described.tables if table.id == table_id)


def text_of(member: Member) -> str:
    data = member.data()
    encoding = encoding_of(data[: 1 << 16]) or "cp1252"
    return data.decode(encoding, errors="replace").lstrip("\ufeff")


def _first_lines(head: bytes) -> list[str]:
    encoding = encoding_of(head[:4096])
    return [] if encoding is None else decoded(head[:4096], encoding).lstrip("\ufeff").splitlines()


def _seconds(text: str) -> float | None:
    match = CLOCK.fullmatch(text.strip())
    if not match:
        return None
    hours, minutes, seconds = int(match[1] or 0), int(match[2]), int(match[3])
    return hours * 3600 + minutes * 60 + seconds + float(f"0.{match[4] or 0}")


# --------------------------------------------------------------------------- Polar Flow


def claims_polar_flow(_name: str, head: bytes) -> str:
    lines = _first_lines(head)
    if lines and normalise(lines[0]).startswith("name_sport_date_start_time_duration"):
        return "a session's summary line over its samples"
    return ""


def read_polar_flow(
    member: Member,
    source: Source,
    options: ReadOptions,
    settings: IngestSettings,
    near: Near | None = None,
) -> Recording:
    """Row 2 says when; samples follow with time since the start. The name in row 2 is not read."""
    lines = lines_of(text_of(member))
    if len(lines) < 3:
        raise MalformedFileError(member.base, "line 3", "no samples")
    delimiter = max(",;\t", key=lines[0].count)
    rows = [next(csv.reader([line], delimiter=delimiter), []) for line in lines]
    said = {normalise(k): v.strip() for k, v in zip(rows[0], rows[1], strict=False)}
    start = _polar_start(said.get("date", ""), said.get("start_time", ""))
    if start is None:
        raise MalformedFileError(member.base, "line 2", "no date and start time")
    names = [normalise(cell) for cell in rows[2]]
    if "time" not in names or "hr_bpm" not in names:
        raise MalformedFileError(member.base, "line 3", "no columns Time and HR (bpm)")
    at, hr = names.index("time"), names.index("hr_bpm")
    times, beats, ends = [], [], []
    for number, row in enumerate(rows[3:]):
        passed = _seconds(row[at]) if len(row) > at else None
        moment = start + timedelta(seconds=passed) if passed is not None else None
        times.append(moment.isoformat() if moment else "")
        beats.append(row[hr].strip() if len(row) > hr else "")
        length = _seconds(said.get("duration", "")) or 0.0
        ends.append((start + timedelta(seconds=length)).isoformat() if number == 0 else "")
    cells = {"time": times, "hr": beats, "end": ends}
    blank = np.array([not any(cell.strip() for cell in row) for row in rows[3:]], dtype=bool)
    grid = Grid(cells, len(times), 4, blank=blank)
    return read_table(table_of("polar_flow", "session"), [grid], source, options, settings, near)


def _polar_start(day: str, clock: str) -> datetime | None:
    for form in ("%d-%m-%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S"):
        try:
            return datetime.strptime(f"{day} {clock}", form)  # noqa: DTZ007  wall time of the file
        except ValueError:
            continue
    return None


# --------------------------------------------------------------------------- Polar .hrm


def claims_hrm(_name: str, head: bytes) -> str:
    lines = _first_lines(head)
    return "begins with [Params]" if lines and lines[0].strip() == "[Params]" else ""


def read_hrm(
    member: Member,
    source: Source,
    options: ReadOptions,
    settings: IngestSettings,
    near: Near | None = None,
) -> Recording:
    """`[HRData]`: beat intervals where the interval is 238, else heart rate every so many s."""
    lines = [line.strip() for line in lines_of(text_of(member))]
    said = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("["))
    try:
        begin = lines.index("[HRData]") + 1
        interval = int(said["Interval"])
        form = "%Y%m%d %H:%M:%S" + (".%f" if "." in said["StartTime"] else "")
        start = datetime.strptime(f"{said['Date']} {said['StartTime']}", form)  # noqa: DTZ007
    except (KeyError, ValueError) as error:
        raise MalformedFileError(
            member.base, "[Params]", "no date, start, interval or [HRData]"
        ) from error
    end = next((i for i in range(begin, len(lines)) if lines[i].startswith("[")), len(lines))
    cells = [line.split("\t")[0] for line in lines[begin:end]]
    blank = np.array([not line for line in lines[begin:end]], dtype=bool)
    if interval == 238:
        options = replace(options, start=start.isoformat())
        grid = Grid({"rr": cells}, len(cells), begin + 1, blank=blank)
        return read_table(table_of("polar_hrm", "beats"), [grid], source, options, settings, near)
    times = [(start + timedelta(seconds=interval * i)).isoformat() for i in range(len(cells))]
    grid = Grid({"time": times, "hr": cells}, len(cells), begin + 1, blank=blank)
    return read_table(table_of("polar_hrm", "hr"), [grid], source, options, settings, near)


# --------------------------------------------------------------------------- VNS Analyse

VNS_SECTION = "RR-Intervalle - "


def claims_vns(_name: str, head: bytes) -> str:
    encoding = encoding_of(head)
    text = "" if encoding is None else decoded(head, encoding)
    known = "der VNS Analyse" in text or f"\n{VNS_SECTION}" in text
    return "its headings are those of VNS Analyse" if known else ""


def read_vns(
    member: Member,
    source: Source,
    options: ReadOptions,
    settings: IngestSettings,
    near: Near | None = None,
) -> Recording:
    """The raw intervals, or the corrected ones where those are missing; notes beside them."""
    lines = [line.strip() for line in lines_of(text_of(member))]
    heads = {line: i for i, line in enumerate(lines) if line.startswith(VNS_SECTION)}
    raw = next((i for line, i in heads.items() if "Rohwerte" in line), None)
    begin = raw if raw is not None else next(iter(heads.values()), None)
    if begin is None:
        raise MalformedFileError(member.base, f"heading {VNS_SECTION!r}", "not in the file")
    end = next((i for i in range(begin + 1, len(lines)) if lines[i].startswith(VNS_SECTION)),
               len(lines))  # fmt: skip
    rows = [line.split("\t") for line in lines[begin + 1 : end]]
    cells = {
        "rr": [row[0].strip() for row in rows],
        "note": [row[1].removeprefix("Notiz:").strip() if len(row) > 1 else "" for row in rows],
    }
    blank = np.array([not line for line in lines[begin + 1 : end]], dtype=bool)
    grid = Grid(cells, len(rows), begin + 2, blank=blank)
    table = table_of("vns_analyse", "beats")
    recording = read_table(table, [grid], source, options, settings, near)
    if raw is None:
        note = Note(member.base, "Only corrected intervals were in the file; they were read.")
        recording = replace(recording, notes=(*recording.notes, note))
    return recording


# --------------------------------------------------------------------------- Sleep as Android


def claims_sleep_as_android(_name: str, head: bytes) -> str:
    lines = _first_lines(head)
    named = bool(lines) and lines[0].replace('"', "").startswith("Id,Tz,From,To,Sched,")
    return "its header is repeated before each night" if named else ""


def read_sleep_as_android(
    member: Member,
    source: Source,
    options: ReadOptions,
    settings: IngestSettings,
    near: Near | None = None,
) -> Recording:
    """Nights with the zone of each; hash tags of the comment, never its other words."""
    cells: dict[str, list[str]] = {"from": [], "to": [], "tz": [], "tags": []}
    names: list[str] = []
    for row in csv.reader(text_of(member).splitlines(keepends=True)):
        if row[:2] == ["Id", "Tz"]:
            names = [name.lower() for name in row]
            continue
        if not names or not row or not row[0].strip():
            continue  # a second line of a record holds samples only
        said = dict(zip(names, row, strict=False))
        for name in ("from", "to", "tz"):
            cells[name].append(said.get(name, "").strip())
        cells["tags"].append(" ".join(re.findall(r"#(\w+)", said.get("comment", ""))))
    grid = Grid(cells, len(cells["from"]), 1, "record")
    table = table_of("sleep_as_android", "nights")
    return read_table(table, [grid], source, options, settings, near)
