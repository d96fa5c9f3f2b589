"""Reduced days kept between reports, each under a key of everything it was made of."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hrv
from hrv.model import DayFeatures, Grid
from hrv.store import blocks

Row = tuple[int, str, bytes]  # UTC day, key, bytes
_AT_ONCE = 64
_GRIDS = ("minute", "fine")


class ReducedDays:
    """Reduced days of one person; `found` and `made` count what was spared and what was not.

    New ones are written in groups: call `flush` at the end, or use `with`.
    """

    def __init__(
        self,
        read: Callable[[int], tuple[str, bytes] | None],
        write: Callable[[Iterable[Row]], None],
    ) -> None:
        self._read, self._write = read, write
        self._waiting: list[Row] = []
        self.found = self.made = 0

    def __enter__(self) -> ReducedDays:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()

    def load(self, utc_day: int, key: str) -> DayFeatures | None:
        """The day, if it was made of the same samples, settings, code and libraries."""
        row = self._read(utc_day)
        if row is None or row[0] != _whole(key):
            return None
        self.found += 1
        return _day(utc_day, blocks.as_arrays(zlib.decompress(row[1])))

    def save(self, key: str, day: DayFeatures) -> None:
        self.made += 1
        data = zlib.compress(blocks.as_bytes(_arrays(day)), 1)
        self._waiting.append((day.utc_day, _whole(key), data))
        if len(self._waiting) >= _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        if self._waiting:
            self._write(self._waiting)
            self._waiting = []


def _whole(key: str) -> str:
    return hashlib.sha256(f"{key} {_made_by()}".encode()).hexdigest()


@lru_cache(maxsize=1)
def _made_by() -> str:
    """The code and the libraries: a day reduced by others is not the same day."""
    code = hashlib.sha256()
    for path in sorted(Path(hrv.__file__).parent.rglob("*.py")):
        code.update(path.read_bytes())
    return f"{code.hexdigest()} numpy {version('numpy')} scipy {version('scipy')}"


def _arrays(day: DayFeatures) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {}
    for name in DayFeatures.__dataclass_fields__:
        value = getattr(day, name)
        if name in _GRIDS and value is not None:
            for part in Grid.__dataclass_fields__:
                found[f"{name}.{part}"] = np.atleast_1d(getattr(value, part))
        elif name not in (*_GRIDS, "utc_day"):
            found[name] = value
    return found


def _day(utc_day: int, arrays: Mapping[str, NDArray[Any]]) -> DayFeatures:
    minute, fine = (_grid(name, arrays) for name in _GRIDS)
    assert minute is not None
    own = {name: array for name, array in arrays.items() if "." not in name}
    return DayFeatures(utc_day=utc_day, minute=minute, fine=fine, **own)


def _grid(name: str, arrays: Mapping[str, NDArray[Any]]) -> Grid | None:
    parts = {part: arrays.get(f"{name}.{part}") for part in Grid.__dataclass_fields__}
    if parts["t0_s"] is None or parts["step_s"] is None:
        return None
    scalars = {
        part: float(array[0]) for part in ("t0_s", "step_s") if (array := parts[part]) is not None
    }
    return Grid(**{**parts, **scalars})  # type: ignore[arg-type]
