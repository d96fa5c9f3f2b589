"""Cells to numbers in the unit of the house, and what a body can show."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from hrv.errors import AmbiguousInputError, MalformedFileError
from hrv.ingest.specs import Column
from hrv.ingest.times import numbers
from hrv.model import FloatArray
from hrv.settings import IngestSettings

DECIMAL = re.compile(r"[+-]?\d*,\d+")
GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
HOURS = re.compile(
    r"(?:(\d+)\s*h(?:rs?|ours?|std)?)?\s*(?:(\d+)\s*m(?:ins?|inutes?)?)?", re.IGNORECASE
)
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")

TO_MINUTES = {"": 1.0, "min": 1.0, "s": 1 / 60.0, "ms": 1 / 60_000.0, "h": 60.0, "hm": 1.0}
UNITS: dict[str, dict[str, float]] = {
    "rr": {"ms": 1.0, "s": 1000.0},
    "hr": {"": 1.0, "bpm": 1.0, "hz": 60.0},
    "rmssd": {"": 1.0, "ms": 1.0, "s": 1000.0},
    "rmssd_ms": {"": 1.0, "ms": 1.0, "s": 1000.0},
    "sdnn_ms": {"": 1.0, "ms": 1.0, "s": 1000.0},
    **{f"acc_{axis}": {"g": 1.0, "mg": 0.001} for axis in "xyz"},
    **{f"{part}_min": TO_MINUTES for part in ("sleep", "deep", "light", "rem", "awake")},
}


def gates(settings: IngestSettings) -> dict[str, tuple[float, float]]:
    """Lowest and highest value a row may hold, by quantity; physiological ranges."""
    minutes = (0.0, 1440.0)
    return {
        "hr": (settings.hr_min_bpm, settings.hr_max_bpm),
        "rr": (settings.rr_min_ms, settings.rr_max_ms),
        "rmssd": (settings.rmssd_min_ms, settings.rmssd_max_ms),
        "stress": (0.0, 100.0),
        "steps": (0.0, 100_000.0),
        "met": (0.0, 30.0),
        "acceleration_sd": (0.0, 16.0),
        "resting_hr_bpm": (settings.hr_min_bpm, 140.0),
        "night_hr_bpm": (settings.hr_min_bpm, 160.0),
        "rmssd_ms": (settings.rmssd_min_ms, settings.rmssd_max_ms),
        "sdnn_ms": (settings.rmssd_min_ms, 400.0),
        "sleep_min": (1.0, 1440.0),
        "deep_min": minutes,
        "light_min": minutes,
        "rem_min": minutes,
        "awake_min": minutes,
        "stress_score": (0.0, 100.0),
        "recovery_score": (0.0, 100.0),
        "respiration_per_min": (4.0, 60.0),
        "skin_temp_c": (15.0, 45.0),
        "skin_temp_deviation_c": (-15.0, 15.0),
    }


def decimal_sign(cells: Sequence[Sequence[str]], said: str, where: str) -> str:
    """'.' or ',' for the numbers of a file, decided over all of its cells."""
    if said:
        return said
    columns = [column for column in cells if "," in "".join(column)]
    commas = [cell for column in columns for cell in column if "," in cell]
    if not commas:
        return "."
    decimal = all(DECIMAL.fullmatch(cell) for cell in commas)
    grouped = all(GROUPED.fullmatch(cell) for cell in commas)
    if decimal and grouped:
        raise AmbiguousInputError(
            where,
            f"the comma in numbers like {commas[0][:12]} has two readings and no row decides",
            ["decimal comma", "thousands"],
            "Say which with --map '...,decimal=,' or 'decimal=.'",
        )
    return "," if decimal or (not grouped and _mostly(commas)) else "."


def _mostly(cells: Sequence[str]) -> bool:
    """European numbers with dots between thousands, or text among numbers."""
    european = sum(1 for c in cells if re.fullmatch(r"[+-]?\d{1,3}(\.\d{3})*,\d+", c))
    return european > 0.5 * len(cells)


def to_numbers(cells: Sequence[str], column: Column, decimal: str) -> FloatArray:
    """Numbers of one column as the file writes them; NaN for what is missing or no number."""
    if column.unit == "hm":
        values = np.array([_minutes(cell) for cell in cells], dtype=float)
    else:
        if column.unit == "text":
            found = (NUMBER.search(cell.replace("\u2212", "-")) for cell in cells)
            cells = [match[0] if match else "" for match in found]
        if decimal == ",":
            cells = [
                cell.replace(".", "").replace(",", ".") if "," in cell else cell for cell in cells
            ]
        elif "," in "".join(cells):
            cells = [cell.replace(",", "") if GROUPED.fullmatch(cell) else cell for cell in cells]
        values = numbers(cells)
    if column.missing:
        gone = set(column.missing)
        for text in gone:
            number = numbers([text])[0]
            if np.isfinite(number):
                values[values == number] = np.nan  # other words are no numbers anyway
    return values


def _minutes(cell: str) -> float:
    match = HOURS.fullmatch(cell.strip())
    if match and (match[1] or match[2]):
        return float(match[1] or 0) * 60.0 + float(match[2] or 0)
    parts = cell.strip().split(":")
    if len(parts) in {2, 3} and all(part.isdigit() for part in parts):
        return float(parts[0]) * 60.0 + float(parts[1])
    return np.nan


def in_house_unit(values: FloatArray, column: Column, where: str) -> FloatArray:
    """Values in the unit of the house; RR without a unit is told by its range or refused."""
    values = values * column.factor
    if column.unit in {"fahrenheit", "f"}:
        celsius: FloatArray = (values - 32.0) / 1.8
        return celsius
    known = UNITS.get(column.quantity)
    if column.quantity == "rr" and column.unit == "":
        return values * _rr_factor(values, where)
    if known is None or column.unit == "text":
        return values
    if column.unit not in known:
        raise MalformedFileError(where, f"column {column.name}", f"no unit {column.unit!r} here")
    return values * known[column.unit]


def _rr_factor(values: FloatArray, where: str) -> float:
    good = values[np.isfinite(values) & (values > 0)]
    if good.size == 0:
        return 1.0
    middle = float(np.median(good))
    if 0.25 <= middle <= 2.5:
        return 1000.0
    if 250.0 <= middle <= 2500.0:
        return 1.0
    raise MalformedFileError(
        where,
        f"beat intervals with median {middle:g}",
        "neither ms nor s of a heart",
        "Say the unit with --map 'time=...,rr=...,rr_unit=ms'",
    )
