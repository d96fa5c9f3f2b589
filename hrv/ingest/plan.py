"""Which reader takes which member, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hrv.errors import InputError, SettingsError, UnknownFormatError
from hrv.ingest import sniff
from hrv.ingest.archive import HEAD_BYTES, Archives, Member, Rejected
from hrv.ingest.readers import LAST, READERS, Reader, reader_for
from hrv.ingest.specs import Format, Table, by_id, formats, own_map, tables
from hrv.ingest.times import parse
from hrv.model import ReadOptions

PROSE = (".md", ".html", ".htm", ".css", ".js", ".py", ".toml", ".rst", ".vcf", ".log")
OFFSET = re.compile(rb"\d\d:\d\d(:\d\d)?(\.\d+)?[+-]\d\d:?\d\d")
DAILY_STEP_S = 6 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decision:
    """What a member is and why."""

    member: Member
    format: str
    why: str
    score: float = 1.0
    knows_zone: bool = False
    reader: Reader | None = None
    shape: sniff.Shape | None = None
    table: Table | None = None

    @property
    def rank(self) -> tuple[int, int]:
        """Files that know their zone come first, then the vendor's better tables."""
        if self.format in LAST and not self.knows_zone:
            return 2, 0
        knows = self.knows_zone or (self.table is not None and self.table.knows_zone)
        knows = knows or self.format in {"fit", "empatica_e4"}
        described = by_id(self.format)
        place = 0
        if described is not None and self.table is not None:
            order = [names.index(self.table.id) for names in described.prefer.values()
                     if self.table.id in names]  # fmt: skip
            place = min(order, default=0)
            # a best table in UTC waits for nobody's zone: poorer tables must not come before it
            knows = knows or (place == 0 and self.table.time.zone == "utc")
        return (0 if knows else 1, place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A member that cannot be used, and why."""

    name: str
    error: InputError
    given: bool


def plan(
    archives: Archives, paths: Sequence[Path], options: ReadOptions
) -> Iterator[Decision | Failure]:
    """A decision for every member, in the order of the walk."""
    own = own_map(options.column_map) if options.column_map else None
    if options.input_format is not None and by_id(options.input_format) is None:
        known = [reader.format for reader in READERS] + [item.id for item in formats()]
        if options.input_format not in known:
            raise SettingsError(
                f"no format is called {options.input_format!r}",
                way_out="There are: " + ", ".join(sorted(set(known))),
            )
    for found in archives.walk(paths):
        if isinstance(found, Rejected):
            yield Failure(name=found.name, error=found.error, given=found.given)
            continue
        try:
            yield decide(found, options, own)
        except SettingsError:
            raise
        except InputError as error:
            yield Failure(name=found.name, error=error, given=found.given)


def decide(member: Member, options: ReadOptions, own: Format | None = None) -> Decision:
    """The one format that claims a member; UnknownFormatError or AmbiguousInputError else."""
    if member.base.lower().endswith(PROSE):
        raise UnknownFormatError(member.base, "a file that holds no measurements")
    head = member.head()
    if own is not None:
        return _mapped(member, head, own)
    wanted = options.input_format
    claimed = reader_for(member.name, head, wanted)
    if claimed is not None:
        reader, why = claimed
        knows = OFFSET.search(head) is not None
        table = None
        if reader.where.endswith(":read_json"):
            from hrv.ingest.jsons import table_for

            table = table_for(member.name, head)
        return Decision(
            member=member, format=reader.format, why=why, reader=reader, table=table,
            knows_zone=knows,
        )  # fmt: skip
    known = None if wanted is None else [t for t in tables() if t.format == wanted]
    shape, matches = sniff.claim(member.name, head, known)
    matches = _tried(matches, shape, head, member.base)
    if len(matches) > 1:
        raise sniff.ambiguous(member.base, matches)
    best = matches[0]
    if best.table.ignored:
        why = f"recognised, not needed: {best.table.ignored}"
    else:
        why = f"{best.bound} columns of {best.table.title} ({best.table.id})"
        why += ", and its name" if best.named else ""
    return Decision(
        member=member, format=best.table.format, why=why, score=best.score, shape=shape,
        table=best.table,
    )  # fmt: skip


def _mapped(member: Member, head: bytes, own: Format) -> Decision:
    """By a person's own map: the reading of the header that holds all the columns it names."""
    read = sniff.shapes(head)
    found = [
        (shape, sniff.match(table, shape, member.name)) for shape in read for table in own.tables
    ]
    fitting = [pair for pair in found if not pair[1].missing]
    if not fitting:
        if not found:
            raise UnknownFormatError(member.base, "no header line for the map")
        shape, nearest = min(found, key=lambda pair: len(pair[1].missing))
        columns = ", ".join(cell.strip() for cell in shape.header[: sniff.SHOWN])
        lacks = ", ".join(
            "|".join(nearest.table.columns[m].aliases) if m in nearest.table.columns else m
            for m in nearest.missing
        )
        raise UnknownFormatError(member.base, f"the map names {lacks}; the columns are {columns}")
    shape, best = max(fitting, key=lambda pair: len(pair[0].header))
    return Decision(member=member, format=own.id, why="your own map", shape=shape, table=best.table)


def _tried(
    matches: list[sniff.Match], shape: sniff.Shape, head: bytes, base: str
) -> list[sniff.Match]:
    """The rows decide: by the type they name, and between one row a day and many."""
    matches = _typed(matches, shape, head)
    daily = [m for m in matches if m.table.day is not None and not m.table.time.column]
    series = [m for m in matches if m not in daily]
    if len(matches) < 2 or not daily or not series:
        return matches
    column = series[0].table.columns[series[0].table.time.column]
    position = next(i for i, name in enumerate(shape.names) if name in column.aliases)
    lines = sniff.lines_of(sniff.decoded(head, shape.encoding))[shape.header_line + 1 :]
    lines = lines[:-1] if len(head) >= HEAD_BYTES else lines
    cells = [line.split(shape.delimiter) for line in lines]
    stamps = [row[position].strip(' "') for row in cells if len(row) > position]
    wall = parse(stamps[:500], "auto", (), base).wall_s if stamps else np.empty(0)
    steps = np.abs(np.diff(wall[np.isfinite(wall)]))
    if not steps.size:
        return matches
    return series if float(np.median(steps)) < DAILY_STEP_S else daily


def _typed(matches: list[sniff.Match], shape: sniff.Shape, head: bytes) -> list[sniff.Match]:
    """Tables of one shape told apart by the cells that their filters keep."""
    if len(matches) < 2 or not all(any(f.keep for f in m.table.filters) for m in matches):
        return matches
    lines = sniff.lines_of(sniff.decoded(head, shape.encoding))[shape.header_line + 1 :][:50]
    fitting = []
    for found in matches:
        rule = next(f for f in found.table.filters if f.keep)
        aliases = found.table.columns[rule.column].aliases
        position = next(i for i, name in enumerate(shape.names) if name in aliases)
        rows = [line.split(shape.delimiter) for line in lines]
        cells = {row[position].strip(' "').lower() for row in rows if len(row) > position}
        if cells & {word.lower() for word in rule.keep}:
            fitting.append(found)
    return fitting or matches
