"""fitparse as the second reader of FIT files, for comparison with our own.

fitparse 1.2.0 knows the profile of 2019; it is taught the messages it lacks. It stops at fields
whose size does not fit their type (COROS), and is some hundred times slower.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

import fitparse
import fitparse.profile
import fitparse.records
import numpy as np

from hrv.errors import MalformedFileError
from hrv.fit.profile import MESSAGES, Field, Message
from hrv.fit.walk import Column, Fault, Table, is_array_field


class FitparseTables:
    """A file decoded by fitparse, as the same raw columns that our reader gives.

    Places are counted in messages. A file that fitparse cannot finish gives what came before;
    MalformedFileError if that is nothing.
    """

    def __init__(self, data: bytes, name: str) -> None:
        _teach()
        self.faults: list[Fault] = []
        self._rows: dict[int, list[tuple[int, dict[int, Any]]]] = defaultdict(list)
        try:
            file = fitparse.FitFile(io.BytesIO(data), check_crc=False)
        except Exception as error:  # fitparse fails in its own ways, not only with its own errors
            raise MalformedFileError(name, "byte 0", _said(error)) from error
        count = 0
        try:
            for count, message in enumerate(file.get_messages(), start=1):
                self._rows[message.mesg_num].append((count, _raw_fields(message)))
        except Exception as error:
            if not count:
                raise MalformedFileError(name, "byte 0", _said(error)) from error
            where = min(int(file._file.tell()), len(data))
            self.faults.append(Fault(where, f"fitparse stopped: {_said(error)}", lost=True))

    def counts(self) -> dict[int, int]:
        """How many messages there are of each number."""
        return {number: len(rows) for number, rows in self._rows.items()}

    def table(self, number: int, fields: Collection[int] | None = None) -> Table:
        """Messages of that number with the fields asked for; None means all there are."""
        rows = self._rows.get(number, [])
        at = np.array([place for place, _ in rows], dtype=np.int64)
        present = dict.fromkeys(key for _, values in rows for key in values)
        wanted = present if fields is None else [f for f in fields if f in present]
        columns = {f: _column(number, f, [values.get(f) for _, values in rows]) for f in wanted}
        return Table(number, at, columns, place="message")


def _raw_fields(message: Any) -> dict[int, Any]:
    """Raw values by field number, without developer fields and unpacked components."""
    fields: dict[int, Any] = {}
    for one in message.fields:
        definition = one.field_def
        if definition is None:
            # only the time of a compressed header has no definition and stands for a field
            if one.parent_field is None and one.field and one.field.def_num == 253:
                fields[253] = one.raw_value
        elif not isinstance(definition, fitparse.records.DevFieldDefinition):
            fields.setdefault(definition.def_num, one.raw_value)
    return fields


def _column(number: int, wanted: int, values: list[Any]) -> Column:
    elements = [_elements(value) for value in values]
    many = any(len(one) > 1 for one in elements)
    if not is_array_field(number, wanted, many):
        return _numbers([one[0] if one else None for one in elements])
    flat = _numbers([value for one in elements for value in one])
    row = np.repeat(np.arange(len(elements)), [len(one) for one in elements])
    return Column(flat.raw, flat.valid, row)


def _elements(value: Any) -> list[Any]:
    if isinstance(value, str):
        return list(value.encode())
    if isinstance(value, bytes | tuple | list):
        return list(value)
    return [value]


def _numbers(values: Iterable[Any]) -> Column:
    listed = list(values)
    valid = np.array([isinstance(v, int | float) for v in listed], dtype=np.bool_)
    dtype = np.float64 if any(isinstance(v, float) for v in listed) else np.int64
    raw = np.array([v if ok else 0 for v, ok in zip(listed, valid, strict=True)], dtype=dtype)
    return Column(raw, valid)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


@cache
def _teach() -> None:
    """Add the messages and fields that fitparse's profile of 2019 lacks, for this process."""
    known = fitparse.profile.MESSAGE_TYPES
    for number, message in MESSAGES.items():
        if number in known:
            for field in message.fields:
                known[number].fields.setdefault(field.number, _taught(field))
        else:
            known[number] = _new_message(message)


def _new_message(message: Message) -> Any:
    return fitparse.records.MessageType(
        message.name, message.number, fields={f.number: _taught(f) for f in message.fields}
    )


def _taught(field: Field) -> Any:
    kinds = {base.name: base for base in fitparse.records.BASE_TYPES.values()}
    kind = kinds.get(field.base.name)
    if field.type == "date_time":
        kind = fitparse.profile.FIELD_TYPES["date_time"]
    elif field.type == "local":
        kind = fitparse.profile.FIELD_TYPES["local_date_time"]
    return fitparse.records.Field(
        field.name,
        kind,
        field.number,
        scale=None if field.scale == 1 else field.scale,
        offset=field.offset or None,
        units=field.unit or None,
    )
