"""The one reader for every table that a description covers.

Rows in = rows used + rows refused: each row that gives nothing has its reason and first place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from hrv.errors import AmbiguousInputError, MalformedFileError, SettingsError
from hrv.ingest import times as clocks
from hrv.ingest.emit import Rows, recording
from hrv.ingest.grid import Grid
from hrv.ingest.specs import DAILY, SERIES, Column, Table, TimeRule
from hrv.ingest.times import Near
from hrv.ingest.values import decimal_sign, gates, in_house_unit, to_numbers
from hrv.model import DAY_S, BoolArray, FloatArray, LocalClock, Note, ReadOptions, Recording, Source
from hrv.settings import IngestSettings

EARLIEST_S = 315_532_800.0  # 1980: earlier is a device without a date
SHOWN_PEOPLE = 40
CLOCK = re.compile(r"\d{1,2}[:.]\d{2}")


class SeveralPeopleError(AmbiguousInputError):
    """A table or a set of files holds more than one person; joining them would be wrong."""


@dataclass(slots=True)
class Gathered:
    """Row-wise columns of all chunks."""

    wall_s: list[FloatArray] = field(default_factory=list)
    offset_s: list[FloatArray] = field(default_factory=list)
    day_s: list[FloatArray] = field(default_factory=list)
    others: dict[str, list[FloatArray]] = field(default_factory=dict)
    numbers: dict[str, list[FloatArray]] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)
    elapsed: bool = False
    utc: bool = False
    unit_known: bool = False
    clock: bool = False
    blank: list[BoolArray] = field(default_factory=list)
    rows: int = 0
    first_line: int = 0
    unit_name: str = "line"


def read_table(
    table: Table,
    chunks: Iterable[Grid],
    source: Source,
    options: ReadOptions,
    settings: IngestSettings,
    near: Near | None = None,
) -> Recording:
    """Everything the table holds. `near` is the clock of the same export's other files."""
    bound: dict[str, str] = {}
    all_rows = Gathered()
    for grid in chunks:
        bound = bound or _bind(table, grid)
        _gather(all_rows, table, grid, bound, source.name.rsplit("/", 1)[-1], options)
    rows = Rows(all_rows.rows, all_rows.first_line, all_rows.unit_name)
    numbers = {key: np.concatenate(parts) for key, parts in all_rows.numbers.items()}
    base = source.name.rsplit("/", 1)[-1]
    if not all_rows.rows:
        numbers = {}
    if all_rows.rows:
        _blank(rows, all_rows)
    _people(rows, table, all_rows, options, base)
    _filter(rows, table, all_rows)
    _one_source(rows, table, all_rows)
    values = _values(rows, table, numbers, settings, base)
    clock, t_s, notes = _place(rows, table, all_rows, values, source, options, near)
    _plausible(rows, t_s, options, settings)
    days = _days(rows, table, all_rows, options, settings)
    return recording(
        table=table,
        rows=rows,
        t_s=t_s,
        days=days,
        values=values,
        texts={key: np.array(cells, dtype=object) for key, cells in all_rows.texts.items()},
        ends=_ends(table, all_rows, clock, options),
        clock=clock,
        source=source,
        notes=notes,
    )


def _bind(table: Table, grid: Grid) -> dict[str, str]:
    """Column of the description to column of the file; the first alias that is there."""
    bound = {}
    for column in table.columns.values():
        found = next((alias for alias in column.aliases if alias in grid.cells), None)
        if found is not None:
            bound[column.name] = found
    return bound


def wanted(table: Table) -> list[str]:
    return [alias for column in table.columns.values() for alias in column.aliases]


def _gather(
    out: Gathered, table: Table, grid: Grid, bound: Mapping[str, str], base: str,
    options: ReadOptions,
) -> None:  # fmt: skip
    if not out.rows:
        out.first_line, out.unit_name = grid.first_line, grid.unit_name
    out.rows += grid.rows
    out.blank.append(np.zeros(grid.rows, dtype=bool) if grid.blank is None else grid.blank)
    cells = {name: grid.cells[alias] for name, alias in bound.items()}
    said = {name: table.columns[name] for name in cells}
    quantities = [name for name, column in said.items() if column.quantity in (*SERIES, *DAILY)]
    quantities += [name for name, column in said.items() if column.quantity in ("rating", "period")]
    quantities += [r.duration for r in table.spans if r.duration in said]
    quantities = list(dict.fromkeys(quantities))
    decimal = decimal_sign([cells[name] for name in quantities], table.decimal, base)
    for name in quantities:
        out.numbers.setdefault(name, []).append(to_numbers(cells[name], said[name], decimal))
    for name in _text_columns(table, said):
        out.texts.setdefault(name, []).extend(cells[name])
    if not grid.rows:
        return
    if table.time.column in cells:
        told = _times(table, table.time, cells, base, options, bound)
        out.unit_known = bool(_unit(table, table.time.column, bound))
        out.wall_s.append(told.wall_s)
        out.offset_s.append(told.offset_s)
        out.elapsed, out.utc, out.clock = told.elapsed, told.utc, told.clock
    if table.day and table.day.column in cells:
        out.day_s.append(_times(table, table.day, cells, base, options, bound).wall_s)
    for name in {end for rule in table.spans for end in (rule.start, rule.end) if end}:
        if name in cells and name != table.time.column:
            rule = TimeRule(
                column=name, form=table.time.form, formats=table.time.formats, zone=table.time.zone
            )
            told = _times(table, rule, cells, base, options, bound)
            out.others.setdefault(name, []).append(told.wall_s)
            out.others.setdefault(name + " offset", []).append(told.offset_s)


def _text_columns(table: Table, said: Mapping[str, Column]) -> list[str]:
    names = {name for name, column in said.items() if column.quantity in ("person", "source")}
    names |= {item.column for item in table.filters} | set(table.day_unless)
    names |= {rule.label_column for rule in table.spans}
    names |= {column for rule in table.spans for column in rule.when}
    names |= {table.time.offset_column}
    return sorted(name for name in names if name in said)


def _times(
    table: Table, rule: TimeRule, cells: Mapping[str, Sequence[str]], base: str,
    options: ReadOptions, bound: Mapping[str, str],
) -> clocks.Times:  # fmt: skip
    text = list(cells[rule.column])
    column = table.columns[rule.column]
    apart = bound.get(rule.date_column, "") not in ("", bound[rule.column])
    if apart and CLOCK.match(next((cell for cell in text if cell), "")):
        text = [f"{a} {b}".strip() for a, b in zip(cells[rule.date_column], text, strict=True)]
    if rule.yearless:
        year = options.year or _year_in(base)
        if year is None:
            raise MalformedFileError(base, "dates", "they have no year", "Give --year")
        text = [f"{cell} {year}" for cell in text]
    gone = set(column.missing)
    if gone:
        text = ["" if cell.lower() in gone else cell for cell in text]
    unit = _unit(table, rule.column, bound)
    told = clocks.parse(text, rule.form, rule.formats, base, unit)
    if rule.offset_column and rule.offset_column in cells:
        return clocks.Times(told.wall_s, clocks.offsets_of(cells[rule.offset_column]))
    return told


def _unit(table: Table, name: str, bound: Mapping[str, str]) -> str:
    """Unit of a time column: said by the description, or at the end of the column's name."""
    said = table.columns[name].unit
    return said or next((u for u in ("ms", "s") if bound.get(name, "").endswith(f"_{u}")), "")


def _year_in(name: str) -> int | None:
    found = set(re.findall(r"(?<!\d)(20\d\d)(?!\d)", name))
    return int(found.pop()) if len(found) == 1 else None


# --------------------------------------------------------------------------- which rows


def _blank(rows: Rows, gathered: Gathered) -> None:
    """Lines without a single filled cell are no rows."""
    rows.blank(np.concatenate(gathered.blank))


def _people(rows: Rows, table: Table, gathered: Gathered, options: ReadOptions, base: str) -> None:
    column = next((c.name for c in table.columns.values() if c.quantity == "person"), None)
    if column is None or column not in gathered.texts:
        return
    cells = np.array(gathered.texts[column], dtype=object)
    people = sorted({str(cell) for cell in cells[rows.alive] if cell})
    if options.person is not None:
        if options.person not in people and people:
            raise SettingsError(
                f"nobody is called {options.person!r} in {base}",
                way_out="There are: " + ", ".join(people[:SHOWN_PEOPLE]),
            )
        rows.refuse(cells != options.person, "another person")
        rows.person = options.person
    elif len(people) > 1:
        raise SeveralPeopleError(
            base, f"{len(people)} people in one table", people[:SHOWN_PEOPLE],
            "Pick one with --person",
        )  # fmt: skip
    else:
        rows.person = people[0] if people else ""


def _filter(rows: Rows, table: Table, gathered: Gathered) -> None:
    for item in table.filters:
        if item.column not in gathered.texts:
            continue
        cells = [cell.lower() for cell in gathered.texts[item.column]]
        drop, keep = {d.lower() for d in item.drop}, {k.lower() for k in item.keep}
        gone = np.array([c in drop or (bool(keep) and c not in keep) for c in cells], dtype=bool)
        rows.refuse(gone, item.reason)


def _one_source(rows: Rows, table: Table, gathered: Gathered) -> None:
    """Phone and watch count the same steps; the preferred source is kept where there is one."""
    column = next((c.name for c in table.columns.values() if c.quantity == "source"), None)
    if not table.prefer_source or column is None or column not in gathered.texts:
        return
    cells = [cell.lower() for cell in gathered.texts[column]]
    best = np.array([any(word in c for word in table.prefer_source) for c in cells], dtype=bool)
    if (best & rows.alive).any():
        rows.refuse(~best, "another device counted the same time")


def _values(
    rows: Rows,
    table: Table,
    numbers: Mapping[str, FloatArray],
    settings: IngestSettings,
    base: str,
) -> dict[str, FloatArray]:
    """Numbers in house units by column, NaN where missing or beyond what a body can show."""
    limits = gates(settings)
    values: dict[str, FloatArray] = {}
    for name, raw in numbers.items():
        column = table.columns[name]
        live = np.where(rows.alive, raw, np.nan)
        value = in_house_unit(live, column, base)
        low, high = limits.get(column.quantity, (-np.inf, np.inf))
        with np.errstate(invalid="ignore"):
            wild = np.isfinite(value) & ((value < low) | (value > high))
        rows.wild[name] = wild
        value[wild] = np.nan
        values[name] = value
    return values


# --------------------------------------------------------------------------- when


def _place(
    rows: Rows,
    table: Table,
    gathered: Gathered,
    values: Mapping[str, FloatArray],
    source: Source,
    options: ReadOptions,
    near: Near | None,
) -> tuple[LocalClock | None, FloatArray, list[Note]]:
    """UTC of every row, the local clock and what had to be assumed."""
    base = source.name.rsplit("/", 1)[-1]
    nowhere = np.full(rows.count, np.nan)
    if table.time.form == "none" or (table.time.column and gathered.elapsed):
        wall = np.concatenate(gathered.wall_s) if gathered.wall_s else nowhere
        known = (
            gathered.unit_known or gathered.clock or table.time.form in {"elapsed_s", "elapsed_ms"}
        )
        return _from_start(rows, table, wall, values, base, options, known, near, gathered.clock)
    if not gathered.wall_s:
        return None, nowhere, []
    wall, offset = np.concatenate(gathered.wall_s), np.concatenate(gathered.offset_s)
    if table.day is None:  # a day's figures may come without a time of day
        rows.refuse(~np.isfinite(wall), "no readable time")
    wall = np.where(rows.alive, wall, np.nan)
    if not np.isfinite(wall).any():
        return None, wall, []
    if gathered.utc or table.time.zone == "utc":
        t_s = np.where(np.isfinite(offset), wall - np.nan_to_num(offset), wall)
        return _flag_clock(options, t_s), t_s + options.shift_s, []
    if table.time.zone == "zone_column":
        names = gathered.texts[table.time.offset_column]
        t_s, offset = clocks.zones_to_utc(wall, names)
        rows.refuse(np.isfinite(wall) & ~np.isfinite(t_s), "no time zone that is known")
        return clocks.steps_clock(t_s, offset, "zone"), t_s + options.shift_s, []
    if table.time.zone == "column":
        rows.refuse(np.isfinite(wall) & ~np.isfinite(offset), "no readable time-zone offset")
        wall = np.where(rows.alive, wall, np.nan)
        t_s = wall if _beside_utc(table) else wall - offset
        return clocks.steps_clock(t_s, offset, "column"), t_s + options.shift_s, []
    if np.isfinite(offset).any():
        told = np.isfinite(offset)
        rows.refuse(np.isfinite(wall) & ~told, "no time-zone offset, unlike the other rows")
        t_s = np.where(told, wall - offset, np.nan)
        if np.all(offset[told] == 0):
            return _flag_clock(options, t_s), t_s + options.shift_s, []
        return clocks.steps_clock(t_s, offset, "file"), t_s + options.shift_s, []
    clock, notes = _local_clock(wall, options, near, base)
    return clock, clocks.to_utc(wall, clock) + options.shift_s, notes


def _beside_utc(table: Table) -> bool:
    """Whether the vendor writes UTC beside the offset, not local time."""
    column = table.columns.get(table.time.offset_column)
    return column is not None and column.unit == "beside_utc"


def _flag_clock(options: ReadOptions, t_s: FloatArray) -> LocalClock | None:
    good = t_s[np.isfinite(t_s)]
    if options.tz is None or not good.size:
        return None
    return clocks.zone_clock(options.tz, float(good.min()), float(good.max()))


def _local_clock(
    wall: FloatArray, options: ReadOptions, near: Near | None, base: str
) -> tuple[LocalClock, list[Note]]:
    good = wall[np.isfinite(wall)]
    if options.tz is not None:
        return clocks.zone_clock(options.tz, float(good.min()), float(good.max())), []
    if near is not None and near.covers(good):
        return near.clock, [
            Note(base, "Local times were placed with the zone that other files of the input tell.")
        ]
    note = Note(
        base, "Times have no zone; UTC was taken for local time. Give --tz to place them.", {}
    )
    return LocalClock.fixed(0.0, "assumed"), [note]


def _from_start(
    rows: Rows,
    table: Table,
    wall: FloatArray,
    values: Mapping[str, FloatArray],
    base: str,
    options: ReadOptions,
    unit_known: bool,
    near: Near | None,
    clock_times: bool,
) -> tuple[LocalClock | None, FloatArray, list[Note]]:
    """Elapsed time, or intervals alone, from a start that is said or in the file's name."""
    start = clocks.start_from(options.start, base)
    if start is None:
        raise MalformedFileError(
            base,
            "time",
            "the file has no date",
            "Give its local start with --start 2026-05-01T07:30",
        )
    if clock_times:
        start = float(np.floor(start / DAY_S) * DAY_S)
    clock, notes = _local_clock(np.array([start]), options, near, base)
    start_utc = float(clocks.to_utc(np.array([start]), clock)[0]) + options.shift_s
    rr = next(
        (values[n] for n, c in table.columns.items() if c.quantity == "rr" and n in values), None
    )
    if rr is not None and (not np.isfinite(wall).any() or _counts_rows(wall)):
        return clock, start_utc + np.cumsum(np.nan_to_num(rr)) / 1000.0, notes
    rows.refuse(~np.isfinite(wall), "no readable time")
    scale = 1.0 if unit_known else _elapsed_scale(wall, rr, base)
    return clock, start_utc + wall / scale, notes


def _counts_rows(wall: FloatArray) -> bool:
    """A column that only numbers the rows."""
    steps = np.diff(wall)
    return bool(wall.size > 1 and np.all(steps == 1.0))


def _elapsed_scale(wall: FloatArray, rr: FloatArray | None, base: str) -> float:
    """1 for seconds, 1000 for ms: only where the intervals themselves tell."""
    good = wall[np.isfinite(wall)]
    if rr is not None and good.size > 2:
        span = float(good.max() - good.min())
        total = float(np.nansum(rr)) / 1000.0
        for scale in (1.0, 1000.0):
            if 0.7 <= span / scale / max(total, 1e-9) <= 3.0:
                return scale
    raise AmbiguousInputError(
        base, "the time column counts from a start, in a unit the file does not say", ["s", "ms"],
        "Say which with --map 'time=COLUMN,...,time_unit=elapsed_s'",
    )  # fmt: skip


def _plausible(rows: Rows, t_s: FloatArray, options: ReadOptions, settings: IngestSettings) -> None:
    with np.errstate(invalid="ignore"):
        rows.refuse(t_s < EARLIEST_S, "a time before 1980")
        if options.now_s is not None:
            late = t_s > options.now_s + settings.future_tolerance_s
            rows.refuse(late, "a time in the future")
        rows.refuse(t_s > 4.1e9, "a time in the future")


def _days(
    rows: Rows, table: Table, gathered: Gathered, options: ReadOptions, settings: IngestSettings
) -> FloatArray:
    """Local calendar day of each row, NaN where it has none."""
    if table.day is None or not gathered.day_s:
        return np.full(rows.count, np.nan)
    wall = np.concatenate(gathered.day_s) + options.shift_s
    if _beside_utc(table) and table.day.column == table.time.column:
        wall = wall + np.concatenate(gathered.offset_s)
    day = np.floor(wall / DAY_S)
    if not gathered.wall_s:
        rows.refuse(~np.isfinite(day), "no readable date")
        with np.errstate(invalid="ignore"):
            rows.refuse(wall < EARLIEST_S, "a date before 1980")
            if options.now_s is not None:
                rows.refuse(
                    wall > options.now_s + 2 * settings.future_tolerance_s, "a date in the future"
                )
    return day


def _ends(
    table: Table, gathered: Gathered, clock: LocalClock | None, options: ReadOptions
) -> dict[str, FloatArray]:
    """UTC of further time columns."""
    placed = {}
    for name, parts in gathered.others.items():
        if name.endswith(" offset"):
            continue
        wall = np.concatenate(parts)
        offset = np.concatenate(gathered.others[name + " offset"])
        if table.time.zone == "column" and gathered.offset_s:
            row_offset = np.concatenate(gathered.offset_s)
            t_s = wall if _beside_utc(table) else wall - row_offset
        elif table.time.zone == "zone_column":
            t_s, _ = clocks.zones_to_utc(wall, gathered.texts[table.time.offset_column])
        elif np.isfinite(offset).any():
            t_s = wall - offset
        elif table.time.zone == "utc" or gathered.utc or clock is None:
            t_s = wall
        else:
            t_s = clocks.to_utc(wall, clock)
        placed[name] = t_s + options.shift_s
    return placed
