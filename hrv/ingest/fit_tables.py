"""What the conversions of FIT files share: where tables come from, and the count of rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hrv.fit.profile import BY_NAME, EPOCH_S, FIRST_DATE, MESSAGES
from hrv.fit.walk import Fault, Table
from hrv.model import BoolArray, FloatArray, Refusal

TIMESTAMP = 253


class Tables(Protocol):
    """A decoded file: raw columns by message and field number, whoever read them."""

    faults: list[Fault]

    def counts(self) -> dict[int, int]: ...

    def table(self, number: int, fields: Collection[int] | None = None) -> Table: ...


@dataclass(slots=True)
class Ledger:
    """Counts rows so that rows in = rows used + rows refused."""

    used: int = 0
    refused: dict[str, tuple[int, str]] = field(default_factory=dict)

    def take(self, table: Table, *reasons: tuple[BoolArray, str]) -> BoolArray:
        """Rows that none of the reasons refuses; each refused row counts under its first one."""
        keep = np.ones(len(table), np.bool_)
        for refuse, reason in reasons:
            out = keep & refuse
            if out.any():
                rows, place = self.refused.get(reason, (0, ""))
                place = place or f"{table.place} {int(table.at[out][0])}"
                self.refused[reason] = (rows + int(out.sum()), place)
                keep &= ~out
        self.used += int(keep.sum())
        return keep

    def refusals(self) -> tuple[Refusal, ...]:
        return tuple(
            Refusal(rows=rows, reason=reason, first_place=place)
            for reason, (rows, place) in self.refused.items()
        )


@dataclass(frozen=True, slots=True)
class Dates:
    """Turns FIT times into Unix seconds, and says which are no dates."""

    shift_s: float = 0.0
    latest_s: float = float("inf")

    def unix_s(self, raw: NDArray[Any]) -> FloatArray:
        """Unix seconds, UTC."""
        return raw.astype(np.float64) + (EPOCH_S + self.shift_s)

    def reasons(self, raw: NDArray[Any], valid: BoolArray) -> list[tuple[BoolArray, str]]:
        """Why a time cannot be used."""
        return [
            (~valid, "no time"),
            (valid & (raw < FIRST_DATE), "the clock was not set: seconds since power-on"),
            (valid & (self.unix_s(raw) > self.latest_s), "a time in the future"),
        ]


def scaled(number: int, field_number: int, raw: NDArray[Any]) -> FloatArray:
    """Raw values in the unit of the profile."""
    for one in MESSAGES[number].fields:
        if one.number == field_number:
            return raw.astype(np.float64) / one.scale - one.offset
    raise KeyError(f"{MESSAGES[number].name} has no field {field_number}")


def read(tables: Tables, name: str, *fields: str) -> tuple[Table, tuple[int, ...]]:
    """The table of a message with named fields, and their numbers in the order asked for."""
    message = BY_NAME[name]
    numbers = tuple(message.field(one).number for one in fields)
    return tables.table(message.number, numbers), numbers


def last_of_equal(t_s: FloatArray) -> NDArray[np.int64]:
    """Indices that sort by time, keeping the last of equal times."""
    order = np.argsort(t_s, kind="stable")
    ordered = t_s[order]
    return order[np.append(ordered[1:] != ordered[:-1], True)] if order.size else order


def went_back(t_s: FloatArray) -> int:
    """How often time goes back along the file."""
    return int(np.sum(np.diff(t_s) < 0))


def constant_runs(values: Sequence[Any]) -> list[tuple[int, int]]:
    """Half-open index ranges over which a sequence does not change."""
    runs: list[tuple[int, int]] = []
    start = 0
    for i in range(1, len(values) + 1):
        if i == len(values) or values[i] != values[start]:
            runs.append((start, i))
            start = i
    return runs
