"""Times as files write them, to Unix seconds and the local offset.

A cell gives wall seconds (local or UTC, by the rule of its table) and, where it says so, an offset.
What day comes first, the month or the day, is decided over all rows or asked for, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from hrv.errors import AmbiguousInputError, MalformedFileError, SettingsError
from hrv.model import DAY_S, BoolArray, FloatArray, LocalClock

NS2000_S = 946_684_800.0  # 2000-01-01, where the sensor clock of some straps begins
ENOUGH = 0.95  # share of rows that a reading must explain
DATES = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d/%b/%Y",
         "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%Y%m%d", "%d/%m/%y", "%m/%d/%y",
         "%d.%m.%y", "%Y.%m.%d", "%Y-%d-%m")  # fmt: skip
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p",
          " %I:%M%p", " %I:%M:%S%p", ", %H:%M:%S", ", %H:%M", ", %I:%M:%S %p", "T%H:%M:%S",
          " %H.%M", " %H:%M:%S,%f")  # fmt: skip
PARTS = {
    "%Y": r"\d{4}", "%f": r"\d+", "%b": r"\w+\.?", "%B": r"\w+", "%p": r"\w+", " ": r"\s+",
    **dict.fromkeys(("%d", "%m", "%y", "%H", "%I", "%M", "%S"), r"\d{1,2}"),
}  # fmt: skip
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}(?:[.,]\d+)?))?")
TAIL = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d{1,2}):?(\d{2})?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Times:
    """Wall seconds of each cell, the offset it names, and whether it is elapsed time only."""

    wall_s: FloatArray  # NaN: not a time
    offset_s: FloatArray  # local minus UTC, NaN: the cell does not say
    elapsed: bool = False
    utc: bool = False  # numbers counted from a fixed instant
    clock: bool = False  # elapsed since a midnight: clock times without a date


# --------------------------------------------------------------------------- cells to numbers


def offset_of(text: str) -> float:
    """Seconds of 'Z', '+02:00', 'UTC-0500', 'UTCZ', '+0000'; NaN where it is none of them."""
    tidy = text.strip().upper()
    if tidy in {"Z", "UTC", "UTCZ", "GMT"}:
        return 0.0
    match = TAIL.fullmatch(tidy)
    if not match:
        return np.nan
    sign = -1.0 if match[1] == "-" else 1.0
    seconds = int(match[2]) * 3600 + int(match[3] or 0) * 60
    return sign * seconds if seconds <= 15 * 3600 else np.nan


def offsets_of(cells: Sequence[str]) -> FloatArray:
    known = {cell: offset_of(cell) for cell in set(cells)}
    return np.array([known[cell] for cell in cells], dtype=float)


def _split(cells: Sequence[str]) -> tuple[list[str], FloatArray]:
    """Cells without their trailing offset, and that offset."""
    width = _same_tail(cells)
    if width is not None:
        offset = offset_of(cells[0][-width:]) if width else np.nan
        naive = [cell[:-width].rstrip() for cell in cells] if width else list(cells)
        return naive, np.full(len(cells), offset)
    known: dict[str, float] = {}
    naive = []
    offsets = np.full(len(cells), np.nan)
    for i, cell in enumerate(cells):
        text = cell
        if text.endswith(("Z", "z")):
            text, offsets[i] = text[:-1], 0.0
        else:
            for width in (6, 5):
                tail = text[-width:]
                if tail[:1] in {"+", "-"} and len(text) > 12 + width and ":" in text[:-width]:
                    if tail not in known:
                        known[tail] = offset_of(tail)
                    if not np.isnan(known[tail]):
                        text, offsets[i] = text[:-width].rstrip(), known[tail]
                        break
        naive.append(text)
    return naive, offsets


def _same_tail(cells: Sequence[str]) -> int | None:
    """Length of the offset where all cells end in the same one, None where they differ."""
    if {cell[-1:] for cell in cells} == {"Z"}:
        return 1
    for width in (6, 5):
        tails = {cell[-width:] for cell in cells}
        if len(tails) == 1 and len(cells[0]) > 12 + width:
            (tail,) = tails
            if tail[0] in "+-" and not np.isnan(offset_of(tail)) and ":" in cells[0][:-width]:
                return width
    return None


def _seconds(parsed: pd.Series[pd.Timestamp]) -> FloatArray:
    stamps = np.array(parsed, dtype="datetime64[us]")
    wall: FloatArray = stamps.astype(np.int64) / 1e6
    wall[np.isnat(stamps)] = np.nan
    return wall


def _iso(cells: Sequence[str]) -> FloatArray:
    series = pd.Series(list(cells), dtype="object")
    return _seconds(pd.to_datetime(series, format="ISO8601", errors="coerce"))


def _by_format(cells: Sequence[str], form: str) -> FloatArray:
    series = pd.Series(list(cells), dtype="object")
    return _seconds(pd.to_datetime(series, format=form, errors="coerce"))


def numbers(cells: Sequence[str]) -> FloatArray:
    """Plain decimal numbers, NaN elsewhere."""
    parsed = pd.to_numeric(pd.Series(list(cells), dtype="object"), errors="coerce")
    values: FloatArray = np.array(parsed, dtype=float)
    values[~np.isfinite(values)] = np.nan
    return values


# --------------------------------------------------------------------------- which form


def parse(
    cells: Sequence[str], form: str, formats: Sequence[str], where: str, unit: str = ""
) -> Times:
    """All cells of a column in one form; 'auto' finds it or refuses."""
    cells = [cell.strip() for cell in cells]
    if form in {"epoch_s", "epoch_ms", "ns2000"}:
        return _epoch(numbers(cells), form)
    if form in {"elapsed_s", "elapsed_ms"}:
        wall = numbers(cells) / (1000.0 if form == "elapsed_ms" else 1.0)
        return Times(wall, np.full(len(cells), np.nan), elapsed=True)
    if form == "auto":
        values = numbers(cells)
        if np.isfinite(values).sum() >= ENOUGH * _filled(cells) and _filled(cells):
            return _number_times(values, where, unit)
    if form == "auto" and _filled(cells) and all(not c or CLOCK.fullmatch(c) for c in cells):
        return Times(_rolled(cells), np.full(len(cells), np.nan), elapsed=True, clock=True)
    naive, offsets = _split(cells)
    if form in {"iso", "auto"}:
        wall = _iso(naive)
        read = int(np.isfinite(wall).sum())
        if form == "iso" or read >= ENOUGH * _filled(cells):
            return Times(wall, offsets)
    if form == "format":
        plain = [f for f in formats if "%z" not in f]
        return Times(_decide(naive, plain or formats, where), offsets)
    likely = _plausible(naive, [day + clock for day in DATES for clock in CLOCKS])
    if 2 * read >= _filled(cells) and all(
        read >= np.isfinite(_by_format(naive, one)).sum() for one in likely
    ):
        return Times(wall, offsets)  # with a few cells that are no time in any form
    return Times(_decide(naive, likely, where), offsets)


def _rolled(cells: Sequence[str]) -> FloatArray:
    """Clock times as seconds since the first midnight; they run on over the next."""
    parts = [CLOCK.fullmatch(cell) for cell in cells]
    clock = np.array(
        [
            int(m[1]) * 3600 + int(m[2]) * 60 + float((m[3] or "0").replace(",", ".")) if m
            else np.nan
            for m in parts
        ]
    )  # fmt: skip
    known = np.flatnonzero(np.isfinite(clock))
    nights = np.cumsum(np.concatenate(([0], np.diff(clock[known]) < -43_200)))[: known.size]
    clock[known] += nights * DAY_S
    return clock


def _filled(cells: Sequence[str]) -> int:
    return sum(1 for cell in cells if cell)


def _epoch(values: FloatArray, form: str) -> Times:
    scale = {"epoch_s": 1.0, "epoch_ms": 1e3, "ns2000": 1e9}[form]
    start = NS2000_S if form == "ns2000" else 0.0
    return Times(start + values / scale, np.full(values.size, np.nan), utc=True)


def _number_times(values: FloatArray, where: str, unit: str) -> Times:
    """Seconds, ms, us or ns since 1970 lie in ranges that cannot be mixed up; else elapsed."""
    nowhere = np.full(values.size, np.nan)
    middle = float(np.nanmedian(values))
    for low, scale in ((6e8, 1.0), (6e11, 1e3), (6e14, 1e6), (6e17, 1e9)):
        if low <= middle < low * 7:
            return Times(values / scale, nowhere, utc=True)
    scale = {"ms": 1000.0, "s": 1.0, "sec": 1.0, "min": 1.0 / 60.0}.get(unit, np.nan)
    if middle > 1e9 or np.nanmin(values) < 0:
        raise MalformedFileError(where, "time column", "numbers that are no time we know")
    return Times(values / scale if np.isfinite(scale) else values, nowhere, elapsed=True)


def _plausible(cells: Sequence[str], likely: Sequence[str]) -> list[str]:
    """Forms that read at least half of a sample."""
    filled = [cell for cell in cells if cell]
    sample = filled[:: max(1, len(filled) // 60)][:80]
    shaped = [f for f in likely if 2 * sum(map(_looks(f), sample)) >= len(sample)]
    return [f for f in shaped if np.isfinite(_by_format(sample, f)).mean() >= 0.5] if sample else []


@cache
def _looks(form: str) -> Callable[[str], bool]:
    """Whether a cell may be of a form at all; parsing with each of 200 takes long."""
    parts = (PARTS.get(part) or re.escape(part) for part in re.findall(r"%\w| +|[^% ]", form))
    pattern = re.compile("".join(parts))
    return lambda cell: pattern.fullmatch(cell) is not None


def _decide(cells: Sequence[str], forms: Sequence[str], where: str) -> FloatArray:
    """The one form that reads the rows; two that read them equally well are a question."""
    read = [(form, _by_format(cells, form)) for form in forms]
    if not read:
        return np.full(len(cells), np.nan)
    best = max(int(np.isfinite(wall).sum()) for _, wall in read)
    good = [(form, wall) for form, wall in read if int(np.isfinite(wall).sum()) == best and best]
    if not good:
        return np.full(len(cells), np.nan)
    first = good[0][1]
    rivals = [form for form, wall in good if not np.array_equal(wall, first, equal_nan=True)]
    if rivals and best:
        at = next(i for i, cell in enumerate(cells) if np.isfinite(first[i]))
        raise AmbiguousInputError(
            where,
            f"'{cells[at][:20]}' can be read in two ways and no row decides",
            [good[0][0], *rivals],
            "Say which with --map 'time=COLUMN,...,time_format=%d/%m/%Y ...'",
        )
    mixed = [wall for form, wall in read if form != good[0][0]]
    missing = ~np.isfinite(first)
    for wall in mixed:  # seconds left out in some rows, never day and month swapped
        if _same_order(good[0][0], read, wall):
            first = np.where(missing & np.isfinite(wall), wall, first)
    return first


def _same_order(chosen: str, read: Sequence[tuple[str, FloatArray]], wall: FloatArray) -> bool:
    form = next(name for name, values in read if values is wall)
    date = chosen.split("%H")[0].split("%I")[0].strip(" ,T")
    return form.split("%H")[0].split("%I")[0].strip(" ,T") == date


# --------------------------------------------------------------------------- zones


@dataclass(frozen=True, slots=True)
class Near:
    """The clock of other files, good for times within a month of what they cover."""

    clock: LocalClock
    first_s: float = -np.inf
    last_s: float = np.inf

    def covers(self, wall_s: FloatArray) -> bool:
        good = wall_s[np.isfinite(wall_s)]
        if not good.size:
            return False
        middle = float(np.median(good))
        return self.first_s - 30 * DAY_S <= middle <= self.last_s + 30 * DAY_S


def zone_clock(zone: str, first_s: float, last_s: float, known_by: str = "flag") -> LocalClock:
    """The steps of an IANA zone over a range of time."""
    info = zone_info(zone)

    def offset(t_s: float) -> float:
        delta = datetime.fromtimestamp(t_s, UTC).astimezone(info).utcoffset()
        return (delta or timedelta()).total_seconds()

    first_s = max(min(first_s, last_s) - 2 * DAY_S, 0.0)
    last_s = min(max(first_s, last_s) + 2 * DAY_S, 4e9)
    since, offsets = [first_s], [offset(first_s)]
    t = first_s
    while t < last_s:
        step = min(t + 7 * DAY_S, last_s)
        if offset(step) != offsets[-1]:
            low, high = t, step
            while high - low > 1.0:
                middle = float(np.floor((low + high) / 2))
                low, high = (middle, high) if offset(middle) == offsets[-1] else (low, middle)
            since.append(float(np.ceil(high)))
            offsets.append(offset(since[-1]))
            step = since[-1]
        t = step
    return LocalClock(np.array(since), np.array(offsets), known_by)


def zone_info(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise SettingsError(
            f"no time zone is called {zone!r}", way_out="Use a name like Europe/Berlin"
        ) from error


def to_utc(wall_s: FloatArray, clock: LocalClock) -> FloatArray:
    """UTC of local wall seconds in file order.

    In the hour that happens twice the first is taken, until the wall clock runs backwards.
    A time that the clock skips is read with the offset before the step.
    """
    if clock.since_s.size == 1:
        fixed: FloatArray = wall_s - float(clock.offset_s[0])
        return fixed
    early: FloatArray = np.full(wall_s.size, np.nan)
    late: FloatArray = np.full(wall_s.size, np.nan)
    for offset in np.unique(clock.offset_s):
        with np.errstate(invalid="ignore"):
            utc = wall_s - offset
            fits = np.isfinite(utc) & (clock.offset_at(np.nan_to_num(utc)) == offset)
        early = np.where(fits, np.fmin(early, utc), early)
        late = np.where(fits, np.fmax(late, utc), late)
    skipped = np.isfinite(wall_s) & ~np.isfinite(early)
    if skipped.any():
        before = clock.offset_at(wall_s[skipped] - clock.offset_s.max())
        early[skipped] = late[skipped] = wall_s[skipped] - before
    twice = np.isfinite(early) & (late > early)
    return _unfold(wall_s, early, late, twice) if twice.any() else early


def _unfold(wall: FloatArray, early: FloatArray, late: FloatArray, twice: BoolArray) -> FloatArray:
    utc = early.copy()
    rows = np.flatnonzero(twice)
    turn = False
    previous = -np.inf
    last_row = -10
    for row in rows:
        if wall[row] - previous > 6 * 3600 or wall[row] < previous - 6 * 3600:
            turn = False  # another autumn
        elif wall[row] < previous - 60.0 and row - last_row < 5:
            turn = True
        utc[row] = late[row] if turn else early[row]
        previous, last_row = wall[row], int(row)
    return utc


def steps_clock(t_s: FloatArray, offset_s: FloatArray, known_by: str) -> LocalClock | None:
    """A clock from offsets seen at times; an offset seen once amid another is kept."""
    known = np.isfinite(t_s) & np.isfinite(offset_s)
    if not known.any():
        return None
    order = np.argsort(t_s[known], kind="stable")
    t, offsets = t_s[known][order], offset_s[known][order]
    change = np.concatenate(([True], np.diff(offsets) != 0))
    t, offsets = t[change], offsets[change]
    fresh = np.concatenate((np.diff(t) > 0, [True]))  # of equal times the last counts
    return LocalClock(t[fresh], offsets[fresh], known_by)


def zones_to_utc(wall_s: FloatArray, zones: Iterable[str]) -> tuple[FloatArray, FloatArray]:
    """UTC and offset where every row names its zone."""
    names = np.array(list(zones), dtype=object)
    utc, offset = np.full(wall_s.size, np.nan), np.full(wall_s.size, np.nan)
    for name in {str(n) for n in names}:
        mine = (names == name) & np.isfinite(wall_s)
        if mine.any():
            try:
                clock = zone_clock(name, float(wall_s[mine].min()), float(wall_s[mine].max()))
            except SettingsError:
                continue
            utc[mine] = to_utc(wall_s[mine], clock)
            offset[mine] = wall_s[mine] - utc[mine]
    return utc, offset


NAME_TIMES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile(r"(?<!\d)(20\d\d)-(\d\d)-(\d\d)[ _T](\d\d)[-.:](\d\d)[-.:](\d\d)(?!\d)"),
        lambda m: f"{m[1]}-{m[2]}-{m[3]}T{m[4]}:{m[5]}:{m[6]}",
    ),
    (
        re.compile(r"(?<!\d)(20\d\d)(\d\d)(\d\d)[ _T-]?(\d\d)(\d\d)(\d\d)(?!\d)"),
        lambda m: f"{m[1]}-{m[2]}-{m[3]}T{m[4]}:{m[5]}:{m[6]}",
    ),
    (
        re.compile(r"(?<!\d)(\d\d)\.(\d\d)\.(20\d\d) (\d\d)\.(\d\d)(?!\d)"),
        lambda m: f"{m[3]}-{m[2]}-{m[1]}T{m[4]}:{m[5]}:00",
    ),
)


def start_from(text: str | None, name: str) -> float | None:
    """Wall seconds at which a recording began: said by the person, or in the file's name."""
    if text:
        wall = _iso([text])[0]
        if not np.isfinite(wall):
            raise SettingsError(
                f"the start {text!r} is no date and time", way_out="Write 2026-05-01T07:30:00"
            )
        return float(wall)
    for pattern, write in NAME_TIMES:
        match = pattern.search(name)
        if match:
            wall = _iso([write(match)])[0]
            if np.isfinite(wall):
                return float(wall)
    return None
