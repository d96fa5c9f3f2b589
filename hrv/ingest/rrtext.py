"""Beat intervals as bare text: one number a line, or elapsed seconds and the interval."""

from __future__ import annotations

import re

import numpy as np

from hrv.errors import MalformedFileError
from hrv.ingest.archive import Member
from hrv.ingest.grid import Grid
from hrv.ingest.readers import RR_NAMES
from hrv.ingest.sniff import encoding_of
from hrv.ingest.specs import by_id, normalise
from hrv.ingest.tables import read_table
from hrv.ingest.times import Near
from hrv.model import ReadOptions, Recording, Source
from hrv.settings import IngestSettings


def read_plain_rr(
    member: Member,
    source: Source,
    options: ReadOptions,
    settings: IngestSettings,
    near: Near | None = None,
) -> Recording:
    """Lines of numbers; `#` lines and a one-word header are no rows."""
    data = member.data()
    text = data.decode(encoding_of(data[:65536]) or "cp1252", errors="replace").lstrip("\ufeff")
    lines = text.splitlines()
    first = 0
    while first < len(lines) and (not lines[first].strip() or lines[first].startswith("#")):
        first += 1
    if first < len(lines) and normalise(lines[first]) in RR_NAMES:
        first += 1
    rows = [re.split(r"[\t ]+", line.strip()) for line in lines[first:]]
    width = max((len(row) for row in rows[:100]), default=1)
    described = by_id("plain_rr")
    if described is None or width > 2:
        raise MalformedFileError(member.base, f"line {first + 1}", "more than two numbers a line")
    cells = {
        "rr": [row[-1] if len(row) <= width and not row[0].startswith("#") else "" for row in rows]
    }
    if width == 2:
        cells["elapsed"] = [row[0] if len(row) == 2 else "" for row in rows]
    table = described.tables[width - 1]
    blank = [not line.strip() or line.startswith("#") for line in lines[first:]]
    grid = Grid(cells, len(rows), first + 1, blank=np.array(blank, dtype=bool))
    return read_table(table, [grid], source, options, settings, near)
