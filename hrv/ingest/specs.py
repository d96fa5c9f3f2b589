"""Format descriptions: TOML files beside this module, or a person's own (`--map`)."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from hrv.errors import SettingsError
from hrv.model import DayQuantity, SpanKind

SERIES = (
    "rr", "hr", "steps", "met", "acceleration_sd", "rmssd", "stress", "acc_x", "acc_y", "acc_z",
)  # fmt: skip
DAILY = tuple(quantity.value for quantity in DayQuantity)
ROLES = ("", "time", "end", "date", "offset", "person", "source", "label", "period", "rating")
QUANTITIES = frozenset((*SERIES, *DAILY, *ROLES))
ZONES = frozenset({"utc", "value", "column", "local", "zone_column"})
DELIMITERS = (",", ";", "\t", "|")


def normalise(name: str) -> str:
    """A column name without accents, case, spaces and signs: '% ' is pct, the rest '_'."""
    text = name.replace("\ufeff", "").replace("\u00a0", " ").replace("\u202f", " ")
    text = unicodedata.normalize("NFKD", text)
    text = "".join(c for c in text if not unicodedata.combining(c)).lower()
    return re.sub(r"[^a-z0-9]+", "_", text.replace("%", " pct ")).strip("_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: what it is called and what it holds."""

    name: str
    quantity: str = ""
    aliases: tuple[str, ...] = ()  # normalised, its own name among them
    unit: str = ""
    factor: float = 1.0
    missing: tuple[str, ...] = ()
    required: bool = False
    scale: str = ""  # of a rating
    aggregate: str = "first"  # of several rows a day: first, mean or sum


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRule:
    """How a table tells time.

    `form`: auto, iso, epoch_s, epoch_ms, ns2000, elapsed_s, elapsed_ms, elapsed, format, none.
    """

    column: str = ""
    form: str = "auto"
    formats: tuple[str, ...] = ()
    zone: str = "local"
    date_column: str = ""
    offset_column: str = ""
    yearless: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanRule:
    """Rows that are stretches of time. Kind 'words' is told by the words of the label."""

    kind: str
    start: str
    end: str = ""
    duration: str = ""  # a column with the length, in its own unit
    label: str = ""
    label_column: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)  # cell to label, other cells dropped
    when: Mapping[str, Sequence[str]] = field(default_factory=dict)
    joins_s: float | None = None  # rows are moments of a stretch; pieces nearer than this join
    all_day_back_h: float | None = None  # covers the local day that many hours before the start


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Rows that the vendor itself does not count."""

    column: str
    drop: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    reason: str = "left out by the format's rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The shape of one table."""

    format: str
    title: str
    id: str
    device: str = ""
    optical: bool | None = None
    file_name: tuple[str, ...] = ()
    name_required: bool = False
    delimiter: tuple[str, ...] = DELIMITERS
    time: TimeRule = TimeRule()
    day: TimeRule | None = None
    day_unless: Mapping[str, Sequence[str]] = field(default_factory=dict)
    columns: Mapping[str, Column] = field(default_factory=dict)
    also: frozenset[str] = frozenset()  # known columns that are not used
    filters: tuple[Filter, ...] = ()
    spans: tuple[SpanRule, ...] = ()
    hook: str = ""
    generic: bool = False
    exact: bool = False
    needs_any: bool = False
    period_s: float | None = None
    decimal: str = ""  # "," or "." where a map says so
    tz: str = ""
    prefer_source: tuple[str, ...] = ()  # where one of these is, other sources double it
    joins_sleep: bool = False  # stages of a night make one sleep
    ignored: str = ""  # why this table is recognised and not read

    @property
    def required(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns.values() if column.required)

    @property
    def quantities(self) -> tuple[str, ...]:
        """What may come out, without roles."""
        if self.ignored:
            return ()
        found = [c.quantity for c in self.columns.values() if c.quantity in (*SERIES, *DAILY)]
        found += [c.scale for c in self.columns.values() if c.quantity == "rating"]
        found += ["tag" if rule.kind == "words" else rule.kind for rule in self.spans]
        return tuple(dict.fromkeys(found))

    def daily(self, column: Column) -> bool:
        """Whether a column holds figures of whole days: steps may be either."""
        if self.day is None or column.quantity not in DAILY:
            return False
        return column.quantity not in SERIES or not self.time.column or column.unit == "day"

    @property
    def knows_zone(self) -> bool:
        return self.time.zone in {"value", "column", "zone_column"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A vendor's export as a whole."""

    id: str
    title: str
    how_to_export: str = ""
    gives: tuple[str, ...] = ()
    note: str = ""
    reads: str = ""  # what is read
    times: str = ""  # how it tells time
    hrv: str = ""  # which kind of HRV figure: RMSSD, SDNN, both or none
    limits: str = ""  # what is known to be missing or doubtful
    prefer: Mapping[str, Sequence[str]] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()


@cache
def formats() -> tuple[Format, ...]:
    """All shipped descriptions, by id."""
    folder = resources.files("hrv.ingest").joinpath("formats")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return tuple(
        parse_format(file.name.removesuffix(".toml"), tomllib.loads(file.read_text("utf-8")))
        for file in files
    )


SHAPED = frozenset(
    {"withings_lists", "mi_fitness", "mi_sport", "oura_sleep"}
)  # hooks inside text tables


@cache
def tables() -> tuple[Table, ...]:
    """Tables that a text file may be; other hooks have readers of their own."""
    every = (table for item in formats() for table in item.tables)
    return tuple(table for table in every if not table.hook or table.hook in SHAPED)


@cache
def by_id(name: str) -> Format | None:
    return next((item for item in formats() if item.id == name), None)


def parse_format(name: str, raw: Mapping[str, Any], *, own: bool = False) -> Format:
    """A description from its TOML; `own` ones (from a person) may not name a hook."""
    try:
        title = str(raw.get("title", name))
        device = str(raw.get("device", ""))
        tables_raw = raw.get("table", [])
        parsed = tuple(_table(name, title, device, raw, item, own) for item in tables_raw)
        gives = tuple(raw.get("gives", ())) or tuple(
            dict.fromkeys(quantity for table in parsed for quantity in table.quantities)
        )
        return Format(
            id=name,
            title=title,
            how_to_export=str(raw.get("how_to_export", "")),
            note=str(raw.get("note", "")),
            reads=str(raw.get("reads", "")),
            times=str(raw.get("times", "")),
            hrv=str(raw.get("hrv", "")),
            limits=str(raw.get("limits", "")),
            gives=gives,
            prefer=raw.get("export", {}).get("prefer", {}),
            tables=parsed,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SettingsError(
            f"the description of format {name} is not understood: {error}"
        ) from error


def _table(
    name: str, title: str, device: str, whole: Mapping[str, Any], raw: Mapping[str, Any], own: bool
) -> Table:
    if own and raw.get("hook"):
        raise SettingsError("a map cannot name a hook")
    columns = {key: _column(key, value) for key, value in raw.get("columns", {}).items()}
    time = _time(raw.get("time", {}), columns)
    day = _time(raw["day"], columns) if "day" in raw else None
    return Table(
        format=name,
        title=title,
        id=str(raw["id"]),
        device=str(raw.get("device", device)),
        optical=raw.get("optical", whole.get("optical")),
        file_name=tuple(glob.lower() for glob in raw.get("file_name", ())),
        name_required=bool(raw.get("name_required", False)),
        delimiter=tuple(raw.get("delimiter", DELIMITERS)),
        time=time,
        day=day,
        day_unless=raw.get("day", {}).get("unless", {}),
        columns=columns,
        also=frozenset(normalise(column) for column in raw.get("also", ())),
        filters=tuple(
            Filter(
                column=item["column"],
                drop=tuple(item.get("drop", ())),
                keep=tuple(item.get("keep", ())),
                reason=item.get("reason", "left out by the format's rules"),
            )
            for item in raw.get("filter", ())
        ),
        spans=tuple(SpanRule(**item) for item in raw.get("span", ())),
        hook=str(raw.get("hook", "")),
        generic=bool(raw.get("generic", False)),
        exact=bool(raw.get("exact", False)),
        needs_any=bool(raw.get("needs_any", False)),
        period_s=raw.get("period_s"),
        decimal=str(raw.get("decimal", "")),
        tz=str(raw.get("tz", "")),
        prefer_source=tuple(raw.get("prefer_source", ())),
        joins_sleep=bool(raw.get("joins_sleep", False)),
        ignored=str(raw.get("ignored", "")),
    )


def _column(name: str, raw: Mapping[str, Any]) -> Column:
    quantity = str(raw.get("quantity", ""))
    if quantity not in QUANTITIES:
        raise ValueError(f"column {name}: no quantity {quantity!r}")
    aliases = dict.fromkeys(normalise(alias) for alias in raw.get("aliases", (name,)))
    return Column(
        name=name,
        quantity=quantity,
        aliases=tuple(aliases),
        unit=str(raw.get("unit", "")),
        factor=float(raw.get("factor", 1.0)),
        missing=tuple(str(value).lower() for value in raw.get("missing", ())),
        required=bool(raw.get("required", False)),
        scale=str(raw.get("scale", name)),
        aggregate=str(raw.get("aggregate", "first")),
    )


def _time(raw: Mapping[str, Any], columns: Mapping[str, Column]) -> TimeRule:
    zone = str(raw.get("zone", "local"))
    if zone not in ZONES:
        raise ValueError(f"no time zone rule {zone!r}")
    rule = TimeRule(
        column=str(raw.get("column", "")),
        form=str(raw.get("form", "format" if "formats" in raw else "auto")),
        formats=tuple(raw.get("formats", ())),
        zone=zone,
        date_column=str(raw.get("date_column", "")),
        offset_column=str(raw.get("offset_column", "")),
        yearless=bool(raw.get("yearless", False)),
    )
    for column in (rule.column, rule.date_column, rule.offset_column):
        if column and column not in columns:
            raise ValueError(f"time names an unknown column {column!r}")
    return rule


# --------------------------------------------------------------------------- a person's own map

INLINE = {
    "time", "date", "start", "end", "rr", "hr", "steps", "met", "rmssd", "stress", "person",
    "source", "label", "period", "acceleration_sd", *DAILY,
}  # fmt: skip
DIRECTIVES = {
    "time_format", "tz", "delimiter", "decimal", "rr_unit", "time_unit", "zone", "period_s",
    "missing", "kind",
}  # fmt: skip


def own_map(text: str) -> Format:
    """`time=...,hr=...` or the path of a TOML file in the schema of the shipped ones."""
    if "=" not in text:
        path = Path(text)
        try:
            raw = tomllib.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise SettingsError(f"the map {path.name} cannot be read: {error}") from error
        return parse_format(path.stem, raw, own=True)
    return parse_format("map", _inline(text), own=True)


def _inline(text: str) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    says: dict[str, str] = {}
    # a comma parts entries only where a known key follows: column names may hold commas
    keys = "|".join(sorted(INLINE | DIRECTIVES, key=len, reverse=True))
    for part in re.split(rf",\s*(?=(?:{keys})\s*=)", text):
        key, _, value = part.partition("=")
        key, value = key.strip().lower(), value.strip()
        stray = re.search(r",\s*([a-z_]+)\s*=", value)
        key = stray[1] if stray else key
        if stray is None and key in DIRECTIVES:
            says[key] = value
        elif stray is None and key in INLINE and value:
            columns[key] = {"quantity": key, "aliases": value.split("|"), "required": True}
        else:
            known = ", ".join(sorted(INLINE | DIRECTIVES))
            raise SettingsError(f"the map does not know {key!r}; it knows {known}")
    if "rr" in columns:
        columns["rr"]["unit"] = says.get("rr_unit", "")
    for column in columns.values():
        if "missing" in says:
            column["missing"] = says["missing"].split("|")
    if "start" in columns:
        columns["time"] = columns.pop("start") | {"quantity": "time"}
    daily = [
        key
        for key in columns
        if (key in DAILY and key != "steps") or (key == "steps" and "date" in columns)
    ]
    table: dict[str, Any] = {"id": "map", "columns": columns}
    if "time" in columns or "rr" in columns:
        table["time"] = _inline_time("time" if "time" in columns else "", says)
    if daily:
        anchor = "date" if "date" in columns else "time"
        if anchor not in columns:
            raise SettingsError("daily values need date=COLUMN in the map")
        table["day"] = _inline_time(anchor, says)
    elif not {"rr", "time"} & set(columns):
        raise SettingsError("the map needs time=COLUMN")
    if "label" in columns or says.get("kind"):
        kind = says.get("kind", "words")
        if kind not in {"words", *SpanKind}:
            raise SettingsError(f"no kind {kind!r}", way_out=f"There are: {', '.join(SpanKind)}")
        rule = {"kind": kind, "start": "time"}
        rule |= {"end": "end"} if "end" in columns else {}
        rule |= {"label_column": "label"} if "label" in columns else {}
        table["span"] = [rule]
    if says.get("delimiter"):
        table["delimiter"] = [{"tab": "\t", "\\t": "\t"}.get(says["delimiter"], says["delimiter"])]
    table["decimal"], table["tz"] = says.get("decimal", ""), says.get("tz", "")
    if says.get("period_s"):
        table["period_s"] = float(says["period_s"])
    if "time" in columns and "date" in columns and not daily:
        table["time"]["date_column"] = "date"
    return {"title": "your own map", "table": [table]}


def _inline_time(column: str, says: Mapping[str, str]) -> dict[str, Any]:
    rule: dict[str, Any] = {"column": column, "zone": says.get("zone", "local")}
    units = {"s": "epoch_s", "ms": "epoch_ms"}
    if not column:
        rule["form"] = "none"
    elif says.get("time_format"):
        rule["formats"] = says["time_format"].split("|")
    elif says.get("time_unit"):
        rule["form"] = units.get(says["time_unit"], says["time_unit"])
    return rule
