"""Rows of a text table as columns of cells, in chunks; broken rows are kept, not skipped."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hrv.errors import MalformedFileError
from hrv.ingest.archive import Member
from hrv.ingest.sniff import Shape, lines_of
from hrv.model import BoolArray

WHOLE_BYTES = 64 << 20  # files up to here are read in one chunk
CHUNK_ROWS = 200_000


@dataclass(slots=True)
class Grid:
    """Some rows of a table: cells by normalised column name, all of one length."""

    cells: dict[str, list[str]]
    rows: int
    first_line: int  # line of the first row, from 1; 0: rows are not lines
    unit_name: str = "line"
    blank: BoolArray | None = None  # lines without a single filled cell: no rows

    def place(self, row: int) -> str:
        return f"{self.unit_name} {self.first_line + row}"


def grids(member: Member, shape: Shape, wanted: Sequence[str]) -> Iterator[Grid]:
    """Chunks of the wanted columns (normalised names); blank lines are no rows."""
    if member.size > WHOLE_BYTES:
        yield from _stream(member, shape, wanted)
        return
    data = member.data()
    text = data.decode(shape.encoding, errors="replace").lstrip("\ufeff")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows wider than the header
            grid = _parse(text, shape, wanted)
    except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError, OverflowError):
        grid = None
    lines = text.count("\n") - shape.header_line
    if grid is None or lines - grid.rows > 3 + 0.02 * lines:  # a stray quote ate lines
        grid = _by_hand(text, shape, wanted)
    yield grid


def _columns(shape: Shape, wanted: Sequence[str]) -> dict[int, str]:
    """Position to name; of columns named alike the first."""
    positions: dict[str, int] = {}
    for position, name in enumerate(shape.names):
        if name in wanted:
            positions.setdefault(name, position)
    return {position: name for name, position in positions.items()}


def _parse(text: str, shape: Shape, wanted: Sequence[str]) -> Grid:
    body = io.StringIO(text, newline=None)
    for _ in range(shape.header_line + 1):
        body.readline()
    width = len(shape.header)
    names = list(range(width + 3))  # rows may hold cells that the header does not name
    use = _columns(shape, wanted)
    frame = pd.read_csv(
        body,
        sep=shape.delimiter,
        header=None,
        names=names,
        dtype="object",
        keep_default_na=False,
        na_values=[],
        skip_blank_lines=False,
        index_col=False,
        engine="c",
        quotechar='"',
        skipinitialspace=True,
    )
    return _grid(frame, use, shape.header_line + 2)


def _stream(member: Member, shape: Shape, wanted: Sequence[str]) -> Iterator[Grid]:
    use = _columns(shape, wanted)
    with member.open() as raw:
        body = io.TextIOWrapper(raw, encoding=shape.encoding, errors="replace", newline=None)
        for _ in range(shape.header_line + 1):
            body.readline()
        line = shape.header_line + 2
        try:
            for frame in pd.read_csv(
                body,
                sep=shape.delimiter,
                header=None,
                names=list(range(len(shape.header) + 3)),
                dtype="object",
                keep_default_na=False,
                na_values=[],
                skip_blank_lines=False,
                index_col=False,
                skipinitialspace=True,
                chunksize=CHUNK_ROWS,
            ):
                rows = len(frame)
                yield _grid(frame, use, line)
                line += rows
        except (pd.errors.ParserError, ValueError, OverflowError) as error:
            raise MalformedFileError(
                member.base, f"after line {line}", "a row that cannot be parted into cells"
            ) from error


def _grid(frame: pd.DataFrame, use: dict[int, str], first_line: int) -> Grid:
    cells = {}
    for position, name in use.items():
        column = frame[position]
        if column.isna().any():
            column = column.fillna("")
        cells[name] = list(map(str.strip, column.tolist()))
    blank = np.ones(len(frame), dtype=bool)
    for column_cells in cells.values():
        blank &= np.array([not cell for cell in column_cells], dtype=bool)
    if blank.any():  # columns that are not wanted may be filled
        rest = frame.to_numpy()[blank].tolist()
        blank[blank] = [
            not any(isinstance(cell, str) and cell.strip() for cell in row) for row in rest
        ]
    return Grid(cells, len(frame), first_line, blank=blank)


def _by_hand(text: str, shape: Shape, wanted: Sequence[str]) -> Grid:
    """Slow and patient: for rows of uneven length and stray quotes."""
    use = _columns(shape, wanted)
    lines = lines_of(text)[shape.header_line + 1 :]
    cells: dict[str, list[str]] = {name: [] for name in use.values()}
    blank = np.zeros(len(lines), dtype=bool)
    for number, line in enumerate(lines):
        try:
            row = next(csv.reader([line], delimiter=shape.delimiter, skipinitialspace=True), [])
        except csv.Error:
            row = line.split(shape.delimiter)
        for position, name in use.items():
            cells[name].append(row[position].strip() if position < len(row) else "")
        blank[number] = not any(cell.strip() for cell in row)
    return Grid(cells, len(lines), shape.header_line + 2, blank=blank)
