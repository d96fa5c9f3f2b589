"""Reads FIT files in NumPy: one loop over message heads, then one gather per wanted field.

In real files a definition rarely holds for two messages in a row, so there are no runs to
vectorise. Instead the places of all messages of one layout are collected, and a field of them is
gathered at once through a view of the file that has an element at every byte.

What precedes a fault is kept, and a chained file behind it is still read; `Messages.faults` says
where and why. Values stay raw integers with a mask; scales are in `hrv.fit.profile`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrv.fit.crc import crc16
from hrv.fit.profile import BASE_TYPES, BY_CODE, MESSAGES

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

MAGIC = b".FIT"
MIN_HEADER = 12
UNKNOWN_TYPE = BASE_TYPES["byte"]
TIMESTAMP = 253
FILE_ID = 0
FIELD_DESCRIPTION = 206
_NOWHERE: IntArray = np.empty(0, np.int64)


class NotFitError(ValueError):
    """The bytes do not start like a FIT file."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a byte. `lost`: messages behind it could not be read."""

    at_byte: int
    reason: str
    lost: bool


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Raw values of one field, int64 or float64, and which of them are values at all.

    One per row, or, where `row` is given, any number per row: the elements of arrays and the bytes
    of texts, laid end to end.
    """

    raw: NDArray[Any]
    valid: BoolArray
    row: IntArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """All messages of one number in the order of the file.

    `at` increases along the file (byte of the message head); columns go by field number and are
    there only if some message has the field.
    """

    number: int
    at: IntArray
    columns: dict[int, Column] = field(default_factory=dict)
    place: str = "byte"  # what `at` counts

    def __len__(self) -> int:
        return int(self.at.size)

    def scalar(self, number: int) -> Column:
        """The field as one value a row (the first of an array); all invalid if there is none."""
        column = self.columns.get(number)
        if column is None:
            return Column(np.zeros(len(self), np.int64), np.zeros(len(self), np.bool_))
        if column.row is None:
            return column
        rows, first = np.unique(column.row, return_index=True)
        raw, valid = np.zeros(len(self), column.raw.dtype), np.zeros(len(self), np.bool_)
        raw[rows], valid[rows] = column.raw[first], column.valid[first]
        return Column(raw, valid)

    def flat(self, number: int) -> tuple[IntArray, NDArray[Any], BoolArray]:
        """The field as elements laid end to end: row, raw value, valid."""
        column = self.columns.get(number)
        if column is None:
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.bool_)
        row = np.arange(len(self)) if column.row is None else column.row
        return row, column.raw, column.valid

    def text(self, number: int, row: int) -> str:
        """A text field of one row; what is not UTF-8 is replaced."""
        rows, raw, _ = self.flat(number)
        octets = bytes(raw[rows == row].astype(np.uint8).tolist())
        return octets.split(b"\0")[0].rstrip(b"\xff").decode(errors="replace").strip()


@dataclass(frozen=True, slots=True)
class _Element:
    """Where a field lies within its messages, and how one element of it is read."""

    offset: int
    count: int
    dtype: str
    invalid: int | None


@cache
def _shape(code: int, size: int, endian: str) -> tuple[int, str, int | None]:
    """Elements, NumPy type and word for "no value" of a field of that type and size."""
    base = BY_CODE.get(code & 0x1F, UNKNOWN_TYPE)
    if base.dtype == "S":
        return size, "u1", 0xFF
    if size % base.size == 0:
        return size // base.size, endian + base.dtype, base.invalid
    if size in (1, 2, 4) and size < base.size and base.dtype[0] in "ui":
        # COROS writes one byte and calls it uint32: believe the size
        bits = 8 * size - (base.dtype[0] == "i")
        return 1, f"{endian}{base.dtype[0]}{size}", 0 if base.invalid == 0 else 2**bits - 1
    return size, "u1", 0xFF


class _Layout:
    """One definition message and the places of the data messages that follow it."""

    def __init__(self, definition: bytes, developer: bool) -> None:
        self.endian = ">" if definition[1] else "<"
        self.number = int.from_bytes(definition[2:4], "big" if definition[1] else "little")
        stop = 5 + 3 * definition[4]
        self._native = definition[5:stop]
        self._added = definition[stop + 1 :] if developer else b""
        self.size = 1 + sum(self._native[1::3]) + sum(self._added[1::3])
        self.plain: list[int] = []
        self.compressed: list[int] = []

    def places(self) -> IntArray:
        """Bytes at which the messages begin, increasing."""
        places = np.array(self.plain or self.compressed, dtype=np.int64)
        if self.plain and self.compressed:
            places = np.concatenate((places, np.array(self.compressed, dtype=np.int64)))
            places.sort()
        return places

    @cached_property
    def fields(self) -> dict[int, _Element]:
        """Fields of the profile by number; the first one if a number comes twice."""
        found: dict[int, _Element] = {}
        offset = 1
        for number, length, code in zip(*(self._native[i::3] for i in range(3)), strict=True):
            if length and number not in found:
                found[number] = _Element(offset, *_shape(code, length, self.endian))
            offset += length
        return found

    @cached_property
    def developer(self) -> dict[tuple[int, int], tuple[int, int]]:
        """Offset and size of the fields an app added, by its index and their number."""
        found: dict[tuple[int, int], tuple[int, int]] = {}
        offset = 1 + sum(self._native[1::3])
        for number, length, index in zip(*(self._added[i::3] for i in range(3)), strict=True):
            found[index, number] = (offset, length)
            offset += length
        return found

    def drop_last(self, at: int) -> bool:
        """Forget a message that begins there but is not whole."""
        for places in (self.plain, self.compressed):
            if places and places[-1] == at:
                places.pop()
                return True
        return False


class Messages:
    """The data messages of one file, chained ones included."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._buffer = np.frombuffer(data, dtype=np.uint8)
        self._layouts: dict[tuple[bytes, bool], _Layout] = {}
        self.starts: list[int] = []  # first byte of each chained file
        self.faults: list[Fault] = []

    def counts(self) -> dict[int, int]:
        """How many messages there are of each number, in order of first definition."""
        return {
            number: sum(places.size for _, places in group)
            for number, group in self._groups.items()
        }

    @cached_property
    def _groups(self) -> dict[int, list[tuple[_Layout, IntArray]]]:
        """Layouts in use and the places of their messages, by message number."""
        groups: dict[int, list[tuple[_Layout, IntArray]]] = {}
        for layout in self._layouts.values():
            if layout.plain or layout.compressed:
                groups.setdefault(layout.number, []).append((layout, layout.places()))
        return groups

    def table(self, number: int, fields: Collection[int] | None = None) -> Table:
        """Messages of that number with the fields asked for; None means all there are."""
        group = self._groups.get(number)
        if group is None:
            return Table(number, _NOWHERE)
        layouts, places = [one for one, _ in group], [where for _, where in group]
        at = places[0] if len(places) == 1 else np.concatenate(places)
        order = None if len(places) == 1 else np.argsort(at)
        present = dict.fromkeys(f for layout in layouts for f in layout.fields)
        if any(layout.compressed for layout in layouts):
            present[TIMESTAMP] = None
        wanted = present if fields is None else [f for f in fields if f in present]
        columns = {f: self._column(number, f, layouts, places, order) for f in wanted}
        return Table(number, at if order is None else at[order], columns)

    def developer_fields(self, number: int) -> dict[str, Column]:
        """Fields that an app added to messages of that number, by the name the app gave."""
        descriptions = self.table(FIELD_DESCRIPTION)
        index, field_number, code = (descriptions.scalar(f).raw.tolist() for f in (0, 1, 2))
        group = self._groups.get(number, [])
        named: dict[str, Column] = {}
        for row, key in enumerate(zip(index, field_number, strict=True)):
            parts, rows, first = [], [], 0
            for layout, where in group:
                if key in layout.developer:
                    offset, size = layout.developer[key]
                    element = _Element(offset, *_shape(code[row], size, layout.endian))
                    parts.append(self._gather(element, where))
                    rows.append(np.repeat(np.arange(first, first + where.size), element.count))
                first += where.size
            if parts:
                order = np.argsort(np.concatenate([where for _, where in group]))
                named[descriptions.text(3, row)] = _joined_flat(parts, rows, order)
        return named

    def _gather(
        self, element: _Element, places: IntArray, *, first: bool = False
    ) -> tuple[NDArray[Any], BoolArray]:
        """Values and their mask, (rows, elements), or the first element only, (rows,)."""
        dtype = np.dtype(element.dtype)
        count = 1 if first else element.count
        room = self._buffer.size - dtype.itemsize * count + 1
        shape, strides = ((room,), (1,)) if first else ((room, count), (1, dtype.itemsize))
        everywhere = np.ndarray(shape, dtype, self._buffer, strides=strides)
        raw = everywhere[places + element.offset]
        if dtype.kind == "f":
            raw = raw.astype(np.float64)
            return raw, np.isfinite(raw)
        if element.invalid is None:
            return raw.astype(np.int64), np.ones(raw.shape, np.bool_)
        return raw.astype(np.int64), raw != element.invalid

    def _column(
        self,
        number: int,
        wanted: int,
        layouts: list[_Layout],
        places: list[IntArray],
        order: IntArray | None,
    ) -> Column:
        if wanted == TIMESTAMP:
            parts = [self._timestamps(*pair) for pair in zip(layouts, places, strict=True)]
            return _joined(parts, order)
        many = any(one.fields[wanted].count > 1 for one in layouts if wanted in one.fields)
        if not is_array_field(number, wanted, many):
            parts = []
            for layout, where in zip(layouts, places, strict=True):
                element = layout.fields.get(wanted)
                if element is None:
                    parts.append((np.zeros(where.size, np.int64), np.zeros(where.size, np.bool_)))
                else:
                    parts.append(self._gather(element, where, first=True))
            return _joined(parts, order)
        flat, rows, first = [], [], 0
        for layout, where in zip(layouts, places, strict=True):
            element = layout.fields.get(wanted)
            if element is not None:
                flat.append(self._gather(element, where))
                rows.append(np.repeat(np.arange(first, first + where.size), element.count))
            first += where.size
        return _joined_flat(flat, rows, order)

    def _timestamps(self, layout: _Layout, places: IntArray) -> tuple[IntArray, BoolArray]:
        """Field 253, or the time that compressed heads add up to."""
        element = layout.fields.get(TIMESTAMP)
        if element is not None:
            return self._gather(element, places, first=True)
        if not layout.compressed:
            return np.zeros(places.size, np.int64), np.zeros(places.size, np.bool_)
        at, time, known = self._compressed_times
        index = np.minimum(np.searchsorted(at, places), at.size - 1)
        valid = known[index] & (at[index] == places)
        return np.where(valid, time[index], 0), valid

    @cached_property
    def _compressed_times(self) -> tuple[IntArray, IntArray, BoolArray]:
        """Place, time and whether known of all compressed heads.

        A compressed head holds the low 5 bits of the time; it is the next such time after that of
        the message before it (the last full one or another compressed head).
        """
        at, time, full = [], [], []
        for layout, places in (pair for group in self._groups.values() for pair in group):
            element = layout.fields.get(TIMESTAMP)
            if element is not None:
                raw, valid = self._gather(element, places, first=True)
                at.append(places[valid])
                time.append(raw[valid])
                full.append(np.ones(at[-1].size, np.bool_))
            elif layout.compressed:
                at.append(np.array(layout.compressed, dtype=np.int64))
                time.append(self._buffer[at[-1]].astype(np.int64) & 31)
                full.append(np.zeros(at[-1].size, np.bool_))
        # every chained file starts anew, with a time that is not known
        at.append(np.array(self.starts, dtype=np.int64))
        time.append(np.zeros(at[-1].size, np.int64))
        full.append(np.ones(at[-1].size, np.bool_))
        where, times, fixed = (np.concatenate(parts) for parts in (at, time, full))
        order = np.argsort(where)
        where, times, fixed = where[order], times[order], fixed[order]
        step = np.zeros(times.size, np.int64)
        step[1:] = np.diff(times) & 31
        since = np.cumsum(np.where(fixed, 0, step))
        last = np.maximum.accumulate(np.where(fixed, np.arange(times.size), 0))
        known = ~np.isin(where[last], self.starts)
        resolved = times[last] + since - since[last]
        return where[~fixed], resolved[~fixed], known[~fixed]


def is_array_field(number: int, wanted: int, many: bool) -> bool:
    """Is the field an array by the profile, or, if that does not know it, by its size?"""
    message = MESSAGES.get(number)
    if message is not None:
        for one in message.fields:
            if one.number == wanted:
                return one.array or one.base.dtype == "S"
    return many


def _joined(parts: list[tuple[Any, Any]], order: IntArray | None) -> Column:
    if order is None:
        return Column(*parts[0])
    raw, valid = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    return Column(raw[order], valid[order])


def _joined_flat(parts: list[Any], rows: list[IntArray], order: IntArray | None) -> Column:
    raw, valid = (np.concatenate([part[i].ravel() for part in parts]) for i in (0, 1))
    row = np.concatenate(rows)
    if order is not None:
        rank = np.empty(order.size, np.int64)
        rank[order] = np.arange(order.size)
        row = rank[row]
        sort = np.argsort(row, kind="stable")
        raw, valid, row = raw[sort], valid[sort], row[sort]
    return Column(raw, valid, row)


def is_fit(data: bytes) -> bool:
    """Do the bytes start like a FIT file?"""
    return len(data) >= MIN_HEADER and data[8:12] == MAGIC and data[0] >= MIN_HEADER


def walk(data: bytes, *, check_crc: bool = False) -> Messages:
    """All messages of a FIT file. NotFitError if it does not start like one.

    The checksum is compared where asked for, and where something is wrong anyway.
    """
    if not is_fit(data):
        raise NotFitError("no FIT header")
    messages = Messages(data)
    start = 0
    while start < len(data):
        if not is_fit(data[start : start + MIN_HEADER]):
            messages.faults.append(
                Fault(start, f"{len(data) - start} bytes after the end are no FIT file", lost=False)
            )
            break
        start = _chapter(messages, data, start, check_crc)
    return messages


def file_type(data: bytes) -> int | None:
    """`type` of the file_id message a file begins with; None if it does not."""
    if not is_fit(data):
        return None
    at = data[0]
    stop = at + 6 + 3 * data[at + 5] if len(data) > at + 5 else len(data)
    if stop >= len(data) or data[at] & 0xE0 != 0x40:
        return None
    layout = _Layout(data[at + 1 : stop], developer=False)
    field = layout.fields.get(0)
    if layout.number != FILE_ID or field is None or stop + layout.size > len(data):
        return None
    value = data[stop + field.offset]
    return value if field.dtype.endswith("u1") and value != 0xFF else None


def is_chained(data: bytes) -> bool:
    """Does a second FIT file follow the first?"""
    end = data[0] + int.from_bytes(data[4:8], "little") + 2
    return is_fit(data[end : end + MIN_HEADER])


def _chapter(messages: Messages, data: bytes, start: int, check_crc: bool) -> int:
    """Read one of the chained files; where the next one starts."""
    messages.starts.append(start)
    header, length = data[start], int.from_bytes(data[start + 4 : start + 8], "little")
    first, end = start + header, start + header + length
    faults: list[Fault] = []
    unfinished = length == 0 and len(data) > first + 2 and not is_fit(data[first + 2 : first + 14])
    if unfinished:
        faults.append(Fault(start + 4, "the header says 0 bytes: the device stopped early", False))
        end = len(data)
    elif end > len(data):
        missing = f"the file ends {end - len(data)} bytes early"
        faults.append(Fault(len(data), missing, lost=True))
        end = len(data)
    fault = _messages(messages, data, first, end)
    if fault and not (unfinished and fault.at_byte >= end - 2):  # a checksum, no message
        faults.append(fault)
    stop = len(data) if end == len(data) else min(end + 2, len(data))
    if (check_crc or faults) and not unfinished and end < len(data) and crc16(data[start:stop]):
        faults.append(Fault(end, "the checksum differs: values may be damaged", lost=False))
    elif end + 2 > len(data) and not faults:
        faults.append(Fault(len(data), "the checksum is missing", lost=False))
    messages.faults.extend(sorted(faults, key=lambda fault: fault.at_byte))
    return stop


def _messages(messages: Messages, data: bytes, at: int, end: int) -> Fault | None:
    """Collect the places of all messages between two bytes; what stopped it, if anything did."""
    steps: list[tuple[Any, int] | None] = [None] * 256
    here = at
    while at < end:
        here = at
        head = data[at]
        step = steps[head]
        if step is not None:
            step[0](at)
            at += step[1]
        elif head & 0xC0 == 0x40:
            at = _define(messages, data, at, end, steps)
            if at > end:
                return Fault(here, "the definition is cut off", lost=True)
        else:
            local = (head >> 5 & 3) if head & 0x80 else head & 15
            return Fault(at, f"a message of type {local} that nothing defines", lost=True)
    if at > end:
        any(layout.drop_last(here) for layout in messages._layouts.values())
        return Fault(here, "the message is cut off", lost=True)
    return None


def _define(messages: Messages, data: bytes, at: int, end: int, steps: list[Any]) -> int:
    """Take in a definition message; the byte behind it, beyond `end` if it is cut off."""
    developer = bool(data[at] & 0x20)
    if at + 6 > end:
        return end + 1
    stop = at + 6 + 3 * data[at + 5]
    if developer:
        if stop >= end:
            return end + 1
        stop += 1 + 3 * data[stop]
    if stop > end:
        return end + 1
    key = (data[at + 1 : stop], developer)
    layout = messages._layouts.get(key)
    if layout is None:
        layout = messages._layouts[key] = _Layout(*key)
    local = data[at] & 15
    for head in (local, local | 16, local | 32, local | 48):  # reserved bits say nothing
        steps[head] = (layout.plain.append, layout.size)
    if local < 4:
        compressed = (layout.compressed.append, layout.size)
        for head in range(0x80 + 32 * local, 0xA0 + 32 * local):
            steps[head] = compressed
    return stop
