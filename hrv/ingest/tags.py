"""What a person adds: `tags.csv` and `ratings.csv`.

tags.csv: `start` (a date alone covers the day), optional `end, kind, label, intensity, repeat,
until`. ratings.csv: `date, scale, value`. Rows that are not understood are refused by line.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from hrv.errors import MalformedFileError
from hrv.ingest import times as clocks
from hrv.ingest.archive import Member
from hrv.ingest.emit import OWN, Rows
from hrv.ingest.routines import MOST_DAYS, routine
from hrv.ingest.sniff import Shape, encoding_of, lines_of, shapes
from hrv.ingest.specs import Column
from hrv.ingest.times import Near
from hrv.ingest.values import decimal_sign, to_numbers
from hrv.ingest.words import kind_of
from hrv.model import (
    DAY_S,
    BoolArray,
    FloatArray,
    LocalClock,
    Note,
    Rating,
    ReadOptions,
    Recording,
    Source,
    Span,
    SpanKind,
    as_date,
    as_day,
)
from hrv.settings import IngestSettings

TAG_COLUMNS: Mapping[str, frozenset[str]] = {
    "start": frozenset({"start", "from", "begin", "start_time", "time", "date", "datetime",
                        "timestamp", "von", "beginn", "anfang", "datum", "zeit"}),
    "end": frozenset({"end", "to", "end_time", "stop", "bis", "ende"}),
    "kind": frozenset({"kind", "type", "category", "art", "kategorie", "typ"}),
    "label": frozenset({"label", "what", "event", "name", "title", "tag", "tags", "was",
                        "bezeichnung", "text"}),
    "intensity": frozenset({"intensity", "strength", "level", "intensitat", "starke"}),
    "repeat": frozenset({"repeat", "repeats", "wiederholung"}),
    "until": frozenset({"until", "repeat_until", "wiederholen_bis"}),
    "": frozenset({"note", "notes", "comment", "comments", "notiz", "notizen", "kommentar", "id",
                   "origin"}),
}  # fmt: skip
RATING_COLUMNS: Mapping[str, frozenset[str]] = {
    "date": frozenset({"date", "day", "datum", "tag", "time", "timestamp"}),
    "scale": frozenset({"scale", "item", "question", "skala", "frage"}),
    "value": frozenset({"value", "score", "rating", "wert", "punkte"}),
    "": frozenset({"note", "notes", "comment", "kommentar", "notiz", "id"}),
}

COMMENT = "#"  # a line that begins so is for people


def bound(names: Sequence[str], known: Mapping[str, frozenset[str]]) -> dict[str, int] | None:
    """Position of each known column; None if a column is foreign."""
    found: dict[str, int] = {}
    for position, name in enumerate(names):
        if not name:
            continue
        role = next((role for role, words in known.items() if name in words), None)
        if role is None:
            return None
        found.setdefault(role, position)
    return found


def _headers(head: bytes) -> list[Shape]:
    """Readings of the first lines as a header, without comments."""
    return [shape for shape in shapes(head) if not shape.header[0].lstrip().startswith(COMMENT)]


def claims_tags(name: str, head: bytes) -> str:
    """A header of nothing but the columns of tags.csv, or the name and a start."""
    for shape in _headers(head)[:4]:
        found = bound(shape.names, TAG_COLUMNS)
        if found and "start" in found and ({"kind", "label"} & set(found)):
            return "the columns of tags.csv"
        if _called(name, "tags") and len(shape.header) > 1:
            return "named tags.csv"
    return ""


def claims_ratings(name: str, head: bytes) -> str:
    for shape in _headers(head)[:4]:
        found = bound(shape.names, RATING_COLUMNS)
        if found and {"date", "scale", "value"} <= set(found):
            return "the columns of ratings.csv"
        if _called(name, "ratings") and len(shape.header) > 1:
            return "named ratings.csv"
    return ""


def _called(name: str, word: str) -> bool:
    base = name.rsplit("/", 1)[-1].lower()
    return base in {f"{word}.csv", f"{word}.txt", f"{word}.tsv"}


# --------------------------------------------------------------------------- rows


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Cells of a small hand-written table, by role."""

    cells: dict[str, list[str]]
    count: int
    first_line: int
    blank: BoolArray

    def column(self, role: str) -> list[str]:
        return self.cells.get(role, [""] * self.count)


def _sheet(
    member: Member, known: Mapping[str, frozenset[str]], needed: Sequence[str], where: str
) -> _Sheet:
    data = member.data()
    best = None
    for shape in _headers(data[: 1 << 16]):
        names = dict(enumerate(shape.names))
        found: dict[str, int] = {}
        for position, name in names.items():
            role = next((role for role, words in known.items() if name in words), None)
            if role:
                found.setdefault(role, position)
        if best is None or len(found) > len(best[1]):
            best = (shape, found)
    if best is None or not set(needed) <= set(best[1]):
        raise MalformedFileError(
            member.base, "header", f"needs the columns {', '.join(needed)}", where
        )
    shape, found = best
    text = data.decode(encoding_of(data[: 1 << 16]) or "utf-8", errors="replace").lstrip("\ufeff")
    lines = lines_of(text)[shape.header_line + 1 :]
    rows = [
        [] if line.startswith(COMMENT) else next(csv.reader([line], delimiter=shape.delimiter), [])
        for line in lines
    ]
    cells = {
        role: [row[p].strip() if p < len(row) else "" for row in rows] for role, p in found.items()
    }
    blank = np.array([not any(cell.strip() for cell in row) for row in rows], dtype=bool)
    return _Sheet(cells, len(rows), shape.header_line + 2, blank)


def _told(cells: Sequence[str], where: str) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Wall seconds, offset, and whether the cell is a date alone."""
    count = len(cells)
    wall, offset = np.full(count, np.nan), np.full(count, np.nan)
    alone = np.array([bool(cell) and ":" not in cell for cell in cells], dtype=bool)
    for mask in (alone, ~alone):
        index = [int(i) for i in np.flatnonzero(mask) if cells[int(i)]]
        if index:
            told = clocks.parse([cells[i] for i in index], "auto", (), where)
            if not told.elapsed:
                wall[index], offset[index] = told.wall_s, told.offset_s
                if told.utc:
                    offset[index] = 0.0
    return wall, offset, alone.astype(float)


def read_tags(
    member: Member,
    source: Source,
    options: ReadOptions,
    _settings: IngestSettings,
    near: Near | None = None,
) -> Recording:
    """Spans of a `tags.csv`. Local times without an offset are placed by `near` or `--tz`."""
    sheet = _sheet(member, TAG_COLUMNS, ("start",), "start,end,kind,label")
    rows = Rows(sheet.count, sheet.first_line)
    rows.blank(sheet.blank)
    start, start_offset, alone = _told(sheet.column("start"), member.base)
    end, end_offset, end_alone = _told(sheet.column("end"), member.base)
    rows.refuse(~np.isfinite(start), "the start is no date or time")
    if {"kind", "label"} & set(sheet.cells):
        said = zip(sheet.column("kind"), sheet.column("label"), strict=True)
        open_rows = np.array([not (kind or label) for kind, label in said], dtype=bool)
        rows.refuse(open_rows, "neither a kind nor a label")
    said_end = np.array([bool(cell) for cell in sheet.column("end")], dtype=bool)
    rows.refuse(said_end & ~np.isfinite(end), "the end is no date or time")
    clock, notes = _tag_clock(start, start_offset, options, near, member.base)
    spans: list[Span] = []
    intensity = to_numbers(
        sheet.column("intensity"), Column(name="intensity"), "," if _commas(sheet) else "."
    )
    unknown = 0
    for i in np.flatnonzero(rows.alive):
        kind, label, known = _kind(sheet.column("kind")[i], sheet.column("label")[i])
        all_day = bool(alone[i]) and (not said_end[i] or bool(end_alone[i]))
        last = end[i] if said_end[i] else start[i]
        if all_day:
            last = last + DAY_S
        stretches = _repeated(float(start[i]), float(last), sheet, int(i), options)
        if stretches is None:
            rows.refuse(_only(rows.count, int(i)), "the repetition is not understood")
            continue
        placed = [
            (_utc(a, start_offset[i], clock), _utc(b, end_offset[i] if said_end[i] else
             start_offset[i], clock)) for a, b in stretches
        ]  # fmt: skip
        if any(b < a for a, b in placed):
            rows.refuse(_only(rows.count, int(i)), "it ends before it starts")
            continue
        unknown += not known
        rows.use(i)
        strength = float(intensity[i]) if np.isfinite(intensity[i]) else None
        spans += [
            Span(kind=kind, start_s=a, end_s=b, label=label, intensity=strength, all_day=all_day,
                 origin="person") for a, b in placed
        ]  # fmt: skip
    if unknown:
        text = "{count} tags of a kind we do not know count as other."
        notes.append(Note(member.base, text, {"count": unknown}))
    used, refusals = rows.close()
    spans.sort(key=lambda span: (span.start_s, span.end_s))
    return Recording(
        source=source, clock=_own_clock(start, start_offset), spans=tuple(spans), rows_used=used,
        refusals=refusals, notes=tuple(notes),
    )  # fmt: skip


def _commas(sheet: _Sheet) -> bool:
    return any("," in cell for cell in sheet.column("intensity"))


def _only(count: int, row: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    mask = np.zeros(count, dtype=bool)
    mask[row] = True
    return mask


def _kind(kind: str, label: str) -> tuple[SpanKind, str, bool]:
    """Kind, label, and whether the words were known."""
    said = kind.strip().lower()
    if said in {item.value for item in OWN}:
        return SpanKind(said), label or said, True
    found = kind_of(kind) or (kind_of(label) if label else None)
    return found or SpanKind.OTHER, label or kind, found is not None


def _repeated(
    start: float, end: float, sheet: _Sheet, row: int, options: ReadOptions
) -> list[tuple[float, float]] | None:
    """Wall times of every repetition."""
    text = sheet.column("repeat")[row]
    if not text:
        return [(start, end)]
    until = sheet.column("until")[row]
    first = as_date(int(start // DAY_S))
    found = routine(f"{text} until {until}" if until else text, first)
    if found is None:
        return None
    today = datetime.fromtimestamp(options.now_s, UTC).date() if options.now_s else None
    last = today or as_date(as_day(first) + MOST_DAYS)
    return [
        (start + shift, end + shift)
        for shift in ((as_day(day) - as_day(first)) * DAY_S for day in found.days(first, last))
    ]


def _utc(wall_s: float, offset_s: float, clock: LocalClock) -> float:
    if np.isfinite(offset_s):
        return float(wall_s - offset_s)
    return float(clocks.to_utc(np.array([wall_s]), clock)[0])


def _tag_clock(
    wall: FloatArray,
    offset: FloatArray,
    options: ReadOptions,
    near: Near | None,
    base: str,
) -> tuple[LocalClock, list[Note]]:
    """The clock for local times: the flag, the recordings', the file's own offsets, UTC."""
    naive = np.isfinite(wall) & ~np.isfinite(offset)
    if options.tz is not None and np.isfinite(wall).any():
        last = float(np.nanmax(wall)) + MOST_DAYS * DAY_S
        return clocks.zone_clock(options.tz, float(np.nanmin(wall)), last), []
    if near is not None:
        return near.clock, []
    own = _own_clock(wall, offset)
    if own is not None:
        return own, []
    notes = []
    if naive.any():
        text = "Times have no zone and no recording tells it; UTC was taken. Give --tz."
        notes.append(Note(base, text))
    return LocalClock.fixed(0.0, "assumed"), notes


def _own_clock(wall: FloatArray, offset: FloatArray) -> LocalClock | None:
    return clocks.steps_clock(wall - offset, offset, "file")


# --------------------------------------------------------------------------- ratings


def read_ratings(
    member: Member,
    source: Source,
    options: ReadOptions,
    _settings: IngestSettings,
    _near: Near | None = None,
) -> Recording:
    """Ratings by local day, scale and value; of a day and scale rated twice the last counts."""
    sheet = _sheet(member, RATING_COLUMNS, ("date", "scale", "value"), "date,scale,value")
    rows = Rows(sheet.count, sheet.first_line)
    rows.blank(sheet.blank)
    wall, _, _ = _told(sheet.column("date"), member.base)
    cells = sheet.column("value")
    value = to_numbers(cells, Column(name="value"), decimal_sign([cells], "", member.base))
    rows.refuse(~np.isfinite(wall), "no date")
    rows.refuse(~np.isfinite(value), "the value is no number")
    scales = ["_".join(cell.lower().split()) for cell in sheet.column("scale")]
    rows.refuse(np.array([not scale for scale in scales], dtype=bool), "no scale is named")
    if options.now_s is not None:
        with np.errstate(invalid="ignore"):
            rows.refuse(wall > options.now_s + 2 * DAY_S, "a date in the future")
    found: dict[tuple[int, str], int] = {}
    for i in np.flatnonzero(rows.alive):
        found[int(wall[i] // DAY_S), scales[i]] = int(i)
    last = np.zeros(rows.count, dtype=bool)
    last[list(found.values())] = True
    rows.refuse(~last, "rated again on the same day")
    rows.use(last)
    used, refusals = rows.close()
    ratings = tuple(
        Rating(day, scale, float(value[i])) for (day, scale), i in sorted(found.items())
    )
    return Recording(source=source, ratings=ratings, rows_used=used, refusals=refusals)
