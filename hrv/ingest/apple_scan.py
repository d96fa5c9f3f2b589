"""Whole records cut out of the bytes of an Apple export, and their columns as arrays.

A heart rate or a step count is a `Record` of one line, or of metadata entries alone: most of the
file. They are cut out here, block by block; what is left (beat lists, workouts, other spellings)
goes to the XML parser.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from datetime import date
from typing import BinaryIO

import numpy as np

from hrv.ingest.times import offset_of
from hrv.model import DAY_S, FloatArray, as_day

BLOCK_BYTES = 4 << 20
DTD_BYTES = 1 << 20  # the first block, which holds it
LONGEST_BYTES = 16 << 20  # of one record with its children
JUNK = bytes(b for b in range(32) if b not in b"\t\n\r")
RECORD = re.compile(
    rb'<Record type="([^"]*+)" sourceName="([^"]*+)"(?: sourceVersion="[^"]*+")?'
    rb'(?: device="([^"]*+)")?(?: unit="([^"]*+)")?(?: creationDate="[^"]*+")?'
    rb' startDate="([^"]*+)" endDate="([^"]*+)"(?: value="([^"]*+)")?\s*+'
    rb'(?:/>|>(?:\s*+<MetadataEntry key="[^"]*+" value="[^"]*+"\s*+/>)*+\s*+</Record>)'
)
GROUPS = RECORD.groups
BEGUN = re.compile(rb"<(?:Record|Workout)(?=[\s/>])")
STAMP = b"dddd-dd-dd dd:dd:dd s"  # then the offset: four digits
DIGITS = [i for i, c in enumerate(STAMP) if c == ord("d")] + [21, 22, 23, 24]
SIGNS = [i for i, c in enumerate(STAMP) if c not in b"ds"]
Column = Sequence[bytes | None]


def blocks(stream: BinaryIO) -> Iterator[bytes]:
    """The document in blocks that end before a record begins, without its DTD.

    Bytes that XML does not allow are left out: some versions write them.
    """
    rest = _without_dtd(stream.read(DTD_BYTES).translate(None, JUNK))
    while chunk := stream.read(BLOCK_BYTES):
        rest += chunk.translate(None, JUNK)
        end = rest.rfind(b"<Record ")
        if end <= 0 and (end < 0 or len(rest) > LONGEST_BYTES):
            end = rest.rfind(b"<")
        if end > 0:
            yield rest[:end]
            rest = rest[end:]
    yield rest


def _without_dtd(head: bytes) -> bytes:
    """Some versions wrote a broken one."""
    start = head.find(b"<!DOCTYPE")
    if start < 0:
        return head
    end = head.find(b"]>", start)
    end = end + 2 if end >= 0 else head.find(b">", start) + 1
    first = BEGUN.search(head, start)  # never past a record
    end = min(end, first.start()) if first else end
    return head[:start] + head[end:]


def cut(block: bytes) -> tuple[bytes, list[Column]]:
    """What is left of a block, and the columns of the records cut out of it.

    The columns are type, source, device, unit, start, end and value.
    """
    parts = RECORD.split(block)
    step = GROUPS + 1
    return b"".join(parts[::step]), [parts[k::step] for k in range(1, step)]


class Clock:
    """Times like '2026-07-28 08:00:00 -0700' to UTC seconds and the offset."""

    def __init__(self) -> None:
        self._days: dict[int, float] = {}

    def times(self, cells: Column) -> tuple[FloatArray, FloatArray]:
        """UTC and offset, s; NaN for what is no time."""
        if all(cell is not None and len(cell) == 25 for cell in cells):
            found = self._columns(b"".join(cell or b"" for cell in cells))
        else:
            found = np.full((2, len(cells)), np.nan)
            whole = [i for i, cell in enumerate(cells) if cell is not None and len(cell) == 25]
            found[:, whole] = self._columns(b"".join(cells[i] or b"" for i in whole))
            for i in set(range(len(cells))) - set(whole):
                found[:, i] = self._odd(cells[i] or b"")
        return found[0], found[1]

    def _columns(self, joined: bytes) -> FloatArray:
        text = np.frombuffer(joined, dtype=np.uint8).reshape(-1, 25)
        digit = text[:, DIGITS].astype(np.int64) - ord("0")
        sign = text[:, 20]
        good = np.all((digit >= 0) & (digit <= 9), axis=1)
        good &= np.all(text[:, SIGNS] == np.frombuffer(STAMP, np.uint8)[SIGNS], axis=1)
        good &= (sign == ord("+")) | (sign == ord("-"))
        pairs = digit[:, 0::2] * 10 + digit[:, 1::2]  # yy yy mm dd HH MM SS hh mm
        hour, minute, second = pairs[:, 4], pairs[:, 5], pairs[:, 6]
        good &= (hour < 24) & (minute < 60) & (second < 60)
        offset = (pairs[:, 7] * 3600 + pairs[:, 8] * 60) * np.where(sign == ord("-"), -1, 1)
        good &= np.abs(offset) <= 15 * 3600
        day = self._day(np.where(good, pairs[:, :4] @ (1_000_000, 10_000, 100, 1), 0))
        t_s = day * DAY_S + hour * 3600 + minute * 60 + second - offset
        bad = ~good | ~np.isfinite(day)
        return np.where(bad, np.nan, np.stack((t_s, offset.astype(float))))

    def _day(self, ymd: np.ndarray[tuple[int], np.dtype[np.int64]]) -> FloatArray:
        """Days since 1970 of dates written as one number; NaN for dates that do not exist."""
        known, at = np.unique(ymd, return_inverse=True)
        for number in map(int, known):
            if number not in self._days:
                try:
                    found = date(number // 10_000, number // 100 % 100, number % 100)
                    self._days[number] = float(as_day(found))
                except ValueError:
                    self._days[number] = np.nan
        days: FloatArray = np.array([self._days[int(number)] for number in known])[at]
        return days

    def _odd(self, cell: bytes) -> tuple[float, float]:
        """An offset in another spelling."""
        text = cell.decode("utf-8", errors="replace")
        offset = offset_of(text[19:])
        if not np.isfinite(offset) or len(text) < 20:
            return np.nan, np.nan
        wall = f"{text[:19]} +0000".encode()
        found = self._columns(wall) if len(wall) == 25 else np.full((2, 1), np.nan)
        return float(found[0, 0]) - offset, offset


def numbers(cells: Column) -> FloatArray:
    """Numbers; NaN where a cell is none."""
    try:
        return np.array(array("d", map(float, cells)))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return np.array([_number(cell) for cell in cells], dtype=float)


def _number(cell: bytes | None) -> float:
    try:
        return float(cell or b"")
    except ValueError:
        return np.nan
