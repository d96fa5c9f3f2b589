"""When things in a FIT file happened: the offset of local time, and times cut to 16 bits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrv.fit.profile import EPOCH_S, FIRST_DATE
from hrv.fit.walk import Table
from hrv.ingest.fit_tables import Dates, Tables, read
from hrv.model import BoolArray, LocalClock

_EARLIEST_H, _LATEST_H = -12.0, 14.0  # the offsets there are on Earth
_QUARTER_S = 900.0

# message and its field of local time beside its timestamp
_LOCAL = (
    ("activity", "local_timestamp"),
    ("monitoring_info", "local_timestamp"),
    ("timestamp_correlation", "local_timestamp"),
    ("sleep_info", "local_timestamp"),
    ("monitoring", "local_timestamp"),
)


def local_clock(tables: Tables, dates: Dates) -> LocalClock | None:
    """Local time as the file tells it; None if it does not.

    The offset is local_timestamp minus timestamp, rounded to a quarter of an hour. Devices leave
    the field unset or with the wrong sign of life: only offsets that exist are believed.
    """
    offsets: dict[float, float] = {}
    for name, field_name in _LOCAL:
        table, (local,) = read(tables, name, field_name)
        if local not in table.columns:
            continue
        table, (at, local) = read(tables, name, "timestamp", field_name)
        utc, wall = table.scalar(at), table.scalar(local)
        good = utc.valid & wall.valid & (utc.raw >= FIRST_DATE) & (wall.raw >= FIRST_DATE)
        offset_s = np.rint((wall.raw - utc.raw) / _QUARTER_S) * _QUARTER_S
        good &= (offset_s >= _EARLIEST_H * 3600) & (offset_s <= _LATEST_H * 3600)
        for t_s, offset in zip(dates.unix_s(utc.raw[good]), offset_s[good], strict=True):
            offsets.setdefault(float(t_s), float(offset))
    if not offsets:
        return None
    since = sorted(offsets)
    steps = [s for i, s in enumerate(since) if i == 0 or offsets[s] != offsets[since[i - 1]]]
    return LocalClock(np.array(steps), np.array([offsets[s] for s in steps]), "file")


def monitoring_time(tables: Tables, table: Table) -> tuple[NDArray[Any], BoolArray]:
    """Raw time of every monitoring message, and whether it is known.

    `timestamp_16` is the low half of the time. It is taken as the nearest such time, before or
    behind, to that of the monitoring message before it: other messages run hours ahead in the
    file, and counting only forwards then lands 65 536 s (18.2 h) late.
    """
    full, half = table.scalar(253), table.scalar(26)
    start = _first_time(tables)
    time = np.concatenate(([start or 0], np.where(full.valid, full.raw, half.raw)))
    fixed = np.concatenate(([True], full.valid))
    has = np.concatenate(([True], full.valid | half.valid))
    index = np.flatnonzero(has)
    time, fixed = time[index], fixed[index]
    step = np.zeros(time.size, np.int64)
    step[1:] = (np.diff(time) + 0x8000) % 0x10000 - 0x8000
    since = np.cumsum(np.where(fixed, 0, step))
    last = np.maximum.accumulate(np.where(fixed, np.arange(time.size), 0))
    resolved = np.zeros(len(table) + 1, np.int64)
    resolved[index] = time[last] + since - since[last]
    known = has.copy()
    if start is None:
        known[index] &= last > 0
    return resolved[1:], known[1:]


def _first_time(tables: Tables) -> int | None:
    """Where counting starts if the first monitoring message has half a time only."""
    for name, field_name in (("monitoring_info", "timestamp"), ("file_id", "time_created")):
        table, (number,) = read(tables, name, field_name)
        column = table.scalar(number)
        if column.valid.any():
            return int(column.raw[column.valid][0])
    return None


def created_s(tables: Tables) -> float | None:
    """When the file says it was made, Unix seconds."""
    table, (number,) = read(tables, "file_id", "time_created")
    column = table.scalar(number)
    good = column.valid & (column.raw >= FIRST_DATE)
    return float(column.raw[good][0] + EPOCH_S) if good.any() else None
