"""Shapes inside cells that a description cannot say: named columns in, named columns out.

A hook changes the shape only; units and times stay with the description.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from hrv.ingest.grid import Grid

Hook = Callable[[Grid], Grid]


def withings_lists(grid: Grid) -> Grid:
    """`start,duration,value` with lists in the cells: one row for each entry."""
    starts: list[str] = []
    durations: list[str] = []
    values: list[str] = []
    cells = (grid.cells["start"], grid.cells["duration"], grid.cells["value"])
    for row, (start, duration, value) in enumerate(zip(*cells, strict=True)):
        if grid.blank is not None and grid.blank[row]:
            continue
        lengths, entries = _list(duration), _list(value)
        if len(lengths) != len(entries) or not entries:
            starts.append(start)
            durations.append("")
            values.append("")
            continue
        passed = 0.0
        for length, entry in zip(lengths, entries, strict=True):
            starts.append(_later(start, passed))
            durations.append(length)
            values.append(entry)
            passed += _number(length)
    expanded = {"start": starts, "duration": durations, "value": values}
    return Grid(expanded, len(starts), 1, "entry")


def _list(cell: str) -> list[str]:
    return [part.strip() for part in cell.strip().strip("[]").split(",") if part.strip()]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _later(start: str, seconds: float) -> str:
    """An ISO time some seconds later, as text; a time that cannot be read stays as it is."""
    if not seconds:
        return start
    from datetime import datetime, timedelta

    try:
        return (datetime.fromisoformat(start) + timedelta(seconds=seconds)).isoformat()
    except (ValueError, OverflowError):
        return start


def mi_fitness(grid: Grid) -> Grid:
    """`Key,Time,Value` with JSON in the value: a column for each quantity."""
    columns: dict[str, list[str]] = {
        name: [] for name in ("mi_hr", "mi_steps", "mi_stress", "mi_bed", "mi_wake")
    }
    seen: set[tuple[str, str, str]] = set()
    cells = (grid.cells["key"], grid.cells["time"], grid.cells["value"])
    for key, time, value in zip(*cells, strict=True):
        row = dict.fromkeys(columns, "")
        again = (key, time, value) in seen  # rows repeat across the sources of one account
        seen.add((key, time, value))
        said = {} if again else _json(value)
        if key in {"heart_rate", "single_heart_rate"}:
            row["mi_hr"] = _text(said, "bpm")
        elif key == "steps":
            row["mi_steps"] = _text(said, "steps")
        elif key == "stress":
            row["mi_stress"] = _text(said, "stress")
        elif key == "sleep":
            row["mi_bed"], row["mi_wake"] = _text(said, "bedtime"), _text(said, "wake_up_time")
        for name, cell in row.items():
            columns[name].append(cell)
    return replace(grid, cells={**grid.cells, **columns})


def mi_sport(grid: Grid) -> Grid:
    """Workouts with start and end inside JSON."""
    said = [_json(value) for value in grid.cells["value"]]
    columns = {
        "mi_start": [_text(item, "start_time") for item in said],
        "mi_end": [_text(item, "end_time") for item in said],
    }
    return replace(grid, cells={**grid.cells, **columns})


def oura_sleep(grid: Grid) -> Grid:
    """Nights with the series inside their cells: a row for the night, one for each 5 min."""
    names = [*grid.cells, "oura_hr", "oura_rmssd"]
    cells: dict[str, list[str]] = {name: [] for name in names}
    blank: list[bool] = []

    def add(row: dict[str, str], empty: bool) -> None:
        for name in names:
            cells[name].append(row.get(name, ""))
        blank.append(empty)

    for i in range(grid.rows):
        night = {name: column[i] for name, column in grid.cells.items()}
        add(night, grid.blank is not None and bool(grid.blank[i]))
        series = (("heart_rate", "oura_hr"), ("hrv", "oura_rmssd"))
        for column, name in series:
            for time, value in _oura_items(night.get(column, "")):
                add({"bedtime_end": time, name: value, "type": night.get("type", "")}, False)
    return Grid(cells, len(blank), 1, "entry", np.array(blank, dtype=bool))


def _oura_items(cell: str) -> list[tuple[str, str]]:
    """Times and values of `{"interval": 300, "items": [null, 52], "timestamp": "..."}`."""
    said = _json(cell) if cell.startswith("{") else {}
    items, start, step = said.get("items"), said.get("timestamp"), said.get("interval")
    if not isinstance(items, list) or not isinstance(start, str):
        return []
    if not isinstance(step, int | float) or not 1 <= step <= 86_400:
        return []
    return [
        (_later(start, k * float(step)), str(item))
        for k, item in enumerate(items) if isinstance(item, int | float)
    ]  # fmt: skip


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(said: dict[str, Any], key: str) -> str:
    value = said.get(key)
    return str(value) if isinstance(value, int | float | str) else ""


HOOKS: dict[str, Hook] = {
    "withings_lists": withings_lists,
    "mi_fitness": mi_fitness,
    "mi_sport": mi_sport,
    "oura_sleep": oura_sleep,
}
