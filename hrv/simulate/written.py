"""How exports are written: times as vendors write them, columns by name, files into a ZIP.

Everything goes to disk day by day; nothing of a long life is held in memory.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise, repeat
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from hrv.model import DAY_S, FloatArray
from hrv.simulate.device import Device
from hrv.simulate.nights import Nights
from hrv.simulate.outside import Life

STAMP = (2026, 1, 1, 0, 0, 0)  # of archive members, so that the same seed gives the same bytes
BOM = "\ufeff"
Cells = Mapping[str, str | Sequence[Any]]  # one text for all rows, or one cell a row


# --------------------------------------------------------------------------- times


@cache
def _clock_texts() -> tuple[str, ...]:
    """HH:MM:SS of every second of a day."""
    return tuple(f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(int(DAY_S)))


def date_of(day: int) -> str:
    """ISO date of a day counted from 1970."""
    return f"{datetime.fromtimestamp(day * DAY_S, tz=UTC):%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Clock:
    """A person's clock: seconds since the first local midnight in, what vendors write out."""

    origin_s: float  # Unix time of the first local midnight
    offset_s: float  # local minus UTC

    def unix(self, t_s: ArrayLike) -> FloatArray:
        """Unix seconds, UTC."""
        return np.asarray(t_s, dtype=np.float64) + self.origin_s

    def ms(self, t_s: ArrayLike) -> list[int]:
        """Whole Unix milliseconds, UTC."""
        found: list[int] = np.rint(1000.0 * self.unix(t_s)).astype(np.int64).tolist()
        return found

    def utc(self, t_s: ArrayLike, suffix: str = "Z", sep: str = "T") -> list[str]:
        """ISO times of whole seconds, UTC."""
        return stamps(self.unix(t_s), suffix, sep)

    def local(self, t_s: ArrayLike, suffix: str = "", sep: str = "T") -> list[str]:
        """ISO times of whole seconds on the wall clock."""
        return stamps(self.unix(t_s) + self.offset_s, suffix, sep)

    def dates(self, t_s: ArrayLike) -> list[str]:
        """Local dates."""
        day = np.floor((self.unix(t_s) + self.offset_s) / DAY_S).astype(np.int64)
        return [date_of(d) for d in day.tolist()]

    def zone(self, colon: str = ":") -> str:
        """The offset as +01:00, or with another sign between hours and minutes."""
        sign = "+" if self.offset_s >= 0 else "-"
        hours, minutes = divmod(abs(int(self.offset_s)) // 60, 60)
        return f"{sign}{hours:02d}{colon}{minutes:02d}"


def stamps(unix_s: ArrayLike, suffix: str, sep: str = "T") -> list[str]:
    """ISO times of whole seconds; `suffix` says the zone."""
    seconds = np.asarray(np.rint(np.asarray(unix_s, dtype=np.float64)), np.int64)
    day, within = np.divmod(np.atleast_1d(seconds), int(DAY_S))
    dates = {int(d): date_of(int(d)) for d in np.unique(day)}
    clock = _clock_texts()
    return [
        f"{dates[d]}{sep}{clock[s]}{suffix}"
        for d, s in zip(day.tolist(), within.tolist(), strict=True)
    ]


def by_utc_day(unix_s: FloatArray, rows: Sequence[str]) -> Iterable[tuple[str, Sequence[str]]]:
    """Rows of a local day, split where the UTC date changes."""
    day = np.floor(unix_s / DAY_S).astype(np.int64)
    cuts = [0, *(np.flatnonzero(np.diff(day)) + 1).tolist(), len(rows)]
    for a, b in pairwise(cuts):
        if b > a:
            yield date_of(int(day[a])), rows[a:b]


# --------------------------------------------------------------------------- tables and files


def rows(header: str, cells: Cells, delimiter: str = ",", end: str = "") -> Iterator[str]:
    """Rows of a table, cells under their names (without a vendor's prefix); the rest is empty.

    At least one name must have one cell a row. A name that the header lacks is an error.
    """
    names = [name.rpartition(".")[2] for name in header.split(delimiter)]
    strange = cells.keys() - set(names)
    if strange:
        raise KeyError(f"no column {sorted(strange)} in {header}")
    count = next(len(cell) for cell in cells.values() if not isinstance(cell, str))
    columns: list[Iterable[str]] = []
    for name in names:
        cell = cells.get(name, "")
        columns.append(repeat(cell, count) if isinstance(cell, str) else map(str, cell))
    for row in zip(*columns, strict=True):
        yield delimiter.join(row) + end


def append(path: Path, header: str, lines: Iterable[str]) -> None:
    """Rows at the end of a table; the header first where the table is new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        if new:
            file.write(header + "\n")
        file.writelines(f"{line}\n" for line in lines)


def save_json(path: Path, value: Any) -> None:
    """One JSON text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, separators=(",", ":")), encoding="utf-8")


def pack(folder: Path, archive: Path) -> None:
    """The files of a folder as a ZIP, in the order of their names; the folder goes."""
    folder.mkdir(parents=True, exist_ok=True)
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as out:
        for path in found:
            info = zipfile.ZipInfo(path.relative_to(folder).as_posix(), STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            large = path.stat().st_size >= zipfile.ZIP64_LIMIT // 2
            with path.open("rb") as file, out.open(info, "w", force_zip64=large) as member:
                shutil.copyfileobj(file, member, 1 << 20)
    shutil.rmtree(folder)


@dataclass(slots=True)
class ZipExport:
    """An archive in the making: a folder filled day by day and packed at the end."""

    NAME: ClassVar[str]  # of the ZIP

    out: Path
    life: Life
    origin_s: float
    offset_s: float
    device: Device = field(default_factory=Device)
    nights: Nights = field(default_factory=Nights)
    _tails: dict[Path, str] = field(default_factory=dict)  # what ends an open JSON text

    @property
    def clock(self) -> Clock:
        """The person's clock."""
        return Clock(self.origin_s, self.offset_s)

    @property
    def staged(self) -> Path:
        """The folder that becomes the ZIP."""
        return self.out / f".{self.NAME}"

    def put(self, name: str, header: str, cells: Cells, delimiter: str = ",") -> None:
        """Rows at the end of one of the archive's tables."""
        append(self.staged / name, header, rows(header.removeprefix(BOM), cells, delimiter))

    def item(self, name: str, value: Any, head: str = "[", tail: str = "]") -> None:
        """One more entry of a JSON text that is a list, or holds one between `head` and `tail`."""
        path = self.staged / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write("," if path in self._tails else head)
            json.dump(value, file, separators=(",", ":"))
        self._tails[path] = tail

    def close(self) -> None:
        """Write the ZIP."""
        for path, tail in self._tails.items():
            with path.open("a", encoding="utf-8") as file:
                file.write(tail)
        pack(self.staged, self.out / self.NAME)
