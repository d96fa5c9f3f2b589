"""Public header lines and samples, rewritten as other programs rewrite them."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hrv.errors import InputError
from hrv.ingest import read
from hrv.ingest.readers import reader_for
from hrv.ingest.sniff import Match, claim
from hrv.model import Recording
from hrv.settings import IngestSettings
from tests.ingest.samples import Sample

OWN = {
    "polar_sensor": "polar_sensor_logger", "hrv_logger": "hrv_logger", "vu_ams": "vu_ams",
    "hrv4": "hrv4training", "whoop": "whoop", "oura": "oura", "fitbit": "fitbit",
    "google": "fitbit", "samsung": "samsung", "garmin": "garmin_web", "apple": "apple_csv",
    "health_auto": "apple_csv", "withings": "withings", "zepp": "zepp", "mi_": "mi_fitness",
    "embrace": "embraceplus", "strava": "strava", "intervals": "intervals_icu",
    "empatica": "empatica_e4", "polar_flow": "polar_flow", "sleep_as": "sleep_as_android",
}  # fmt: skip
Answer = frozenset[tuple[str, str]]  # format and table of every claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """One line of the table of public headers."""

    id: str
    format: str
    name: str
    text: str

    @property
    def delimiter(self) -> str:
        return max(",;\t", key=self.text.count)

    @property
    def cells(self) -> list[str]:
        return next(csv.reader([self.text], delimiter=self.delimiter))


def headers(path: Path) -> list[Header]:
    """The header lines of `headers.tsv`, as their files begin with them."""
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    found = []
    for row in rows:
        text = row["header"]
        if text.startswith('"') and '""' in text:
            text = text[1:-1].replace('""', '"')
        text = text.strip('"') if text.startswith('"R-peak') else text
        text = text.replace("<epoch>", "1560279825.000000")
        own = next(value for key, value in OWN.items() if row["format_id"].startswith(key))
        name = realistic(row["file_name_pattern"])
        found.append(Header(id=row["format_id"], format=own, name=name, text=text))
    return found


def realistic(pattern: str) -> str:
    """A file name of the pattern."""
    name = pattern.split("|")[0].strip()
    for part, by in (
        ("YYYY-MM-DD", "2026-01-05"), ("YYYYMMDD_HHMMSS", "20260105_101010"),
        ("YYYY-MM-(D)", "2026-01-(5)"), ("YYYY-MM-01", "2026-01-01"),
        ("<14 digits>", "20260105101010"),
        ("<epoch ms>", "1767607200000"), ("<Workout>", "Run"), ("*", "2026-01-05"),
    ):  # fmt: skip
        name = name.replace(part, by)
    return name


def claims(name: str, head: bytes) -> list[Match] | str:
    """The tables that claim a head, or the format whose own reader does."""
    reader = reader_for(name, head)
    if reader is not None:
        return reader[0].format
    try:
        return claim(name, head)[1]
    except InputError:
        return []


def answer(name: str, head: bytes) -> Answer:
    """Who claims a head; empty: unknown."""
    found = claims(name, head)
    if isinstance(found, str):
        return frozenset({(found, "")})
    return frozenset((match.table.format, match.table.id) for match in found)


# --------------------------------------------------------------------------- rewritten headers


def _joined(cells: list[str], delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerow(cells)
    return out.getvalue()


def rewritten(header: Header, how: str) -> Iterator[tuple[str, bytes]]:
    """File name and first bytes of the header in other shapes; none where it has no such shape."""
    cells, plain = header.cells, header.text + "\n"
    if how == "shuffled columns":
        if len(set(cells)) == len(cells) > 1 and cells[0]:
            for seed in range(5):
                order = np.random.default_rng(seed).permutation(len(cells))
                yield header.name, _joined([cells[k] for k in order], header.delimiter).encode()
    elif how == "BOM":
        yield header.name, b"\xef\xbb\xbf" + plain.encode()
        yield header.name, plain.encode("utf-16")
    elif how == "semicolons":
        if header.delimiter == "," and len(cells) > 1:
            yield header.name, _joined(cells, ";").encode()
    elif how == "CR, CRLF":
        yield header.name, plain.replace("\n", "\r").encode()
        yield header.name, plain.replace("\n", "\r\n").encode()
    elif how == "NFD accents":
        yield _decomposed(header.name, plain)
    elif how == "extra column":
        if len(cells) > 1:
            yield header.name, _joined([*cells, "new column"], header.delimiter).encode()
            yield header.name, _joined([*cells, ""], header.delimiter).encode()
    elif how == "dropped optional column":
        for k in _optional(header):
            left = cells[:k] + cells[k + 1 :]
            yield header.name, _joined(left, header.delimiter).encode()


def _decomposed(name: str, text: str) -> tuple[str, bytes]:
    return unicodedata.normalize("NFD", name), unicodedata.normalize("NFD", text).encode()


def _optional(header: Header) -> list[int]:
    """Positions of the columns that its table does not need."""
    from hrv.ingest.sniff import clean_name

    found = claims(header.name, header.text.encode() + b"\n")
    if isinstance(found, str) or not found or len(header.cells) < 2:
        return []
    needed = {alias for column in found[0].table.required for alias in column.aliases}
    return [k for k, cell in enumerate(header.cells) if clean_name(cell) not in needed]


HEADER_SHAPES = (
    "shuffled columns", "BOM", "semicolons", "CR, CRLF", "NFD accents", "extra column",
    "dropped optional column",
)  # fmt: skip


# --------------------------------------------------------------------------- rewritten samples

NAIVE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?")
DATES: dict[str, Callable[[re.Match[str]], str]] = {
    "05/01/2026 10:30": lambda m: f"{m[3]}/{m[2]}/{m[1]}" + (f" {m[4]}:{m[5]}" if m[4] else ""),
    "1/5/2026 10:30 AM": lambda m: f"{int(m[2])}/{int(m[3])}/{m[1]}" + _half_day(m),
    "05.01.2026 10:30": lambda m: f"{m[3]}.{m[2]}.{m[1]}" + (f" {m[4]}:{m[5]}" if m[4] else ""),
}


def _half_day(match: re.Match[str]) -> str:
    if not match[4]:
        return ""
    hour = int(match[4])
    return f" {hour % 12 or 12}:{match[5]} {'AM' if hour < 12 else 'PM'}"


def redated(sample: Sample, form: str) -> str | None:
    """The sample with its dates as a spreadsheet shows them; None where it has none to rewrite."""
    text = sample.path.read_text("utf-8-sig")
    lines = text.splitlines()
    delimiter = max(",;\t", key="".join(lines[:3]).count)
    rows = list(csv.reader(lines, delimiter=delimiter))
    changed = [
        [DATES[form](match) if (match := NAIVE.fullmatch(cell.strip())) else cell for cell in row]
        for row in rows
    ]
    if changed == rows:
        return None
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(changed)
    return out.getvalue()


def reading(sample: Sample, path: Path) -> list[Recording] | None:
    """What a file gives; None where it is refused."""
    try:
        return list(read([path], sample.options, IngestSettings()))
    except InputError:
        return None


def agrees(found: list[Recording], true: list[Recording]) -> bool:
    """Nothing at another time (a spreadsheet drops the seconds) and no other figure of a day."""
    return all(
        _times(found, k).size == 0
        or (
            _times(true, k).size > 0
            and np.abs(_times(found, k)[:, None] - _times(true, k)).min(axis=1).max() < 60.0
        )
        for k in range(2)
    ) and _days(found) <= _days(true)


def _times(recordings: list[Recording], which: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Times of samples, or starts of spans."""
    if which:
        return np.array([span.start_s for r in recordings for span in r.spans])
    every = [series.t_s for r in recordings for series in r.series()]
    return np.concatenate([np.empty(0), *every])


def _days(recordings: list[Recording]) -> set[tuple[int, str, float]]:
    return {(v.day, v.quantity.value, v.value) for r in recordings for v in r.day_values}
