"""Rows as columns: the same from a small file and from one read in pieces."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import BinaryIO

import pytest

from hrv.ingest import grid
from hrv.ingest.archive import Member
from hrv.ingest.sniff import claim


def member(text: str, encoding: str = "utf-8") -> Member:
    def opener() -> BinaryIO:
        return io.BytesIO(text.encode(encoding))

    return Member(name="a.csv", root="a.csv", size=len(text), opener=opener)


ROWS = "".join(f'2026-01-05T10:00:{i:02d}Z,{60 + i},"a, b"\n' for i in range(50))
TEXT = "sep=,\ntimestamp,heart_rate,note\n" + ROWS + "\nlast,row\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_pieces_make_the_whole(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grid, "CHUNK_ROWS", 7)
    small = member(TEXT, encoding)
    shape, _ = claim("a.csv", small.head())
    wanted = ["timestamp", "heart_rate"]
    (whole,) = grid.grids(small, shape, wanted)
    pieces = list(grid.grids(replace(small, size=grid.WHOLE_BYTES + 1), shape, wanted))
    assert len(pieces) == 8
    assert [c for piece in pieces for c in piece.cells["heart_rate"]] == whole.cells["heart_rate"]
    assert [piece.first_line for piece in pieces][:3] == [3, 10, 17]
    assert whole.place(0) == "line 3"


def test_a_value_has_the_place_of_its_line() -> None:
    small = member(TEXT)
    shape, _ = claim("a.csv", small.head())
    (whole,) = grid.grids(small, shape, ["timestamp"])
    row = whole.cells["timestamp"].index("last")
    assert whole.place(row) == f"line {TEXT.splitlines().index('last,row') + 1}"
