"""What earlier reports computed, each under a key of everything it was made of.

Reduced days, the recoveries of all episodes, and the self-test. The key holds the inputs to the
last bit, the settings, the code of this program and the versions of its libraries.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hrv
from hrv.model import Censored, DayFeatures, Episode, Estimate, Grid, RecoveryFit
from hrv.store import blocks, facts

Row = tuple[int, str, bytes]  # UTC day, key, bytes
_AT_ONCE = 64
_GRIDS = ("minute", "fine")
_FITS, _SELF_TEST = "recoveries", "self-test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where it is kept: of each day one, of each name one."""

    read_day: Callable[[int], tuple[str, bytes] | None]
    write_days: Callable[[Iterable[Row]], None]
    read: Callable[[str], tuple[str, bytes] | None]
    write: Callable[[str, str, bytes], None]


class ReducedDays:
    """What earlier reports of one person computed.

    `found` and `made` count the days that were spared and that were not; `fits_found` and
    `self_test_found` say whether the recoveries and the self-test were there. New days are written
    in groups: call `flush` at the end, or use `with`.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._waiting: list[Row] = []
        self.found = self.made = 0
        self.fits_found = self.self_test_found = False

    def __enter__(self) -> ReducedDays:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()

    def load(self, utc_day: int, key: str) -> DayFeatures | None:
        """The day, if it was made of the same samples, settings, code and libraries."""
        row = self._shelf.read_day(utc_day)
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
            self._shelf.write_days(self._waiting)
            self._waiting = []

    def load_fits(self, key: str, episodes: Sequence[Episode]) -> tuple[RecoveryFit, ...] | None:
        """The recoveries of these episodes, whatever they are called by now."""
        rows = self._load(_FITS, key)
        if rows is None:
            return None
        self.fits_found = True
        return tuple(_fit(row, episode) for row, episode in zip(rows, episodes, strict=True))

    def save_fits(self, key: str, fits: Sequence[RecoveryFit]) -> None:
        self._save(_FITS, key, [_row(fit) for fit in fits])

    def load_self_test(self, key: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self._load(_SELF_TEST, key)
        self.self_test_found = found is not None
        return found

    def save_self_test(self, key: str, found: Mapping[str, Any]) -> None:
        self._save(_SELF_TEST, key, found)

    def _load(self, name: str, key: str) -> Any:
        row = self._shelf.read(name)
        if row is None or row[0] != _whole(key):
            return None
        return json.loads(zlib.decompress(row[1]))

    def _save(self, name: str, key: str, value: Any) -> None:
        self.flush()  # what follows from the days comes after them, also when the work breaks off
        text = json.dumps(value, default=facts.plain)
        self._shelf.write(name, _whole(key), zlib.compress(text.encode()))


_OF_A_FIT = tuple(f.name for f in fields(RecoveryFit) if f.name != "episode")


def _row(fit: RecoveryFit) -> dict[str, Any]:
    row = {name: getattr(fit, name) for name in _OF_A_FIT}
    if fit.half_time_s is not None:
        row["half_time_s"] = [getattr(fit.half_time_s, f.name) for f in fields(Estimate)]
    if fit.untreated is not None:
        row["untreated"] = _row(fit.untreated)
    return row


def _fit(row: Mapping[str, Any], episode: Episode) -> RecoveryFit:
    found: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in row.items()
    }
    if found["half_time_s"] is not None:
        names = (f.name for f in fields(Estimate))
        found["half_time_s"] = Estimate(**dict(zip(names, found["half_time_s"], strict=True)))
    found["censored"] = Censored(found["censored"])
    if found["untreated"] is not None:
        found["untreated"] = _fit(found["untreated"], episode)
    return RecoveryFit(episode=episode, **found)


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
