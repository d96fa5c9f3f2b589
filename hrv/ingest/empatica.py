"""Empatica E4: headerless files whose first lines say when the session began and how fast it ran.

The start is Unix seconds or, in re-published sets, a date and time; both are UTC.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice

import numpy as np
import pandas as pd

from hrv.errors import MalformedFileError
from hrv.ingest.archive import Member
from hrv.ingest.beats import strictly_after
from hrv.ingest.emit import Rows
from hrv.ingest.sniff import lines_of
from hrv.ingest.times import Near, numbers, parse, zone_clock
from hrv.model import (
    FloatArray,
    HeartRateSeries,
    LocalClock,
    MotionKind,
    MotionSeries,
    Note,
    ReadOptions,
    Recording,
    Refusal,
    RRSeries,
    Source,
    Span,
    SpanKind,
)
from hrv.settings import IngestSettings

DEVICE = "Empatica E4"
COUNTS_PER_G = 64.0
CHUNK_S = 4096


def read_empatica(
    member: Member,
    source: Source,
    options: ReadOptions,
    settings: IngestSettings,
    _near: Near | None = None,
) -> Recording:
    """One file of a session; what it holds is told by its name."""
    kind = member.base.lower()
    named = Source(name=source.name, format="empatica_e4", sha256=source.sha256, device=DEVICE)
    if kind.startswith("hr"):
        return _heart_rate(member, named, options, settings)
    if kind.startswith("ibi"):
        return _beats(member, named, options, settings)
    if kind.startswith("acc"):
        return _motion(member, named, options)
    if kind.startswith("tags"):
        return _presses(member, named, options)
    text = "Recognised as part of an E4 session; it holds nothing that is used."
    return Recording(source=named, notes=(Note(member.base, text),))


def _lines(member: Member) -> list[str]:
    text = member.data().decode("utf-8", errors="replace").lstrip("\ufeff")
    return [line.strip() for line in lines_of(text)]


def _start(cell: str, member: Member, options: ReadOptions) -> float:
    start = float(parse([cell], "auto", (), member.base).wall_s[0])
    if not np.isfinite(start) or start < 1e8:
        raise MalformedFileError(member.base, "line 1", "no start of the session")
    return start + options.shift_s


def _rate(cell: str, member: Member) -> float:
    rate = float(numbers([cell.strip()])[0])
    if not 0 < rate <= 1024:
        raise MalformedFileError(member.base, "line 2", "no sampling rate")
    return rate


def _clock(options: ReadOptions, t_s: FloatArray) -> LocalClock | None:
    if options.tz is None or not t_s.size:
        return None
    return zone_clock(options.tz, float(t_s.min()), float(t_s.max()))


def _future(rows: Rows, t_s: FloatArray, options: ReadOptions, settings: IngestSettings) -> None:
    if options.now_s is not None:
        late = t_s > options.now_s + settings.future_tolerance_s
        rows.refuse(late, "a time in the future")


def _heart_rate(
    member: Member, source: Source, options: ReadOptions, settings: IngestSettings
) -> Recording:
    lines = _lines(member)
    if len(lines) < 2:
        raise MalformedFileError(member.base, "line 2", "no sampling rate")
    start, rate = _start(lines[0].split(",")[0], member, options), _rate(lines[1], member)
    hr = numbers(lines[2:])
    t_s = start + np.arange(hr.size) / rate
    rows = Rows(hr.size, 3)
    rows.blank(np.array([not line for line in lines[2:]], dtype=bool))
    rows.refuse(~np.isfinite(hr), "no number")
    with np.errstate(invalid="ignore"):
        wild = (hr < settings.hr_min_bpm) | (hr > settings.hr_max_bpm)
    rows.refuse(wild, "heart rate beyond what a body can show")
    _future(rows, t_s, options, settings)
    keep = rows.alive.copy()
    rows.use(keep)
    used, refusals = rows.close()
    series = (HeartRateSeries(t_s[keep], hr[keep], DEVICE, True),) if keep.any() else ()
    return Recording(
        source=source, clock=_clock(options, t_s), heart_rate=series, rows_used=used,
        refusals=refusals,
    )  # fmt: skip


def _beats(
    member: Member, source: Source, options: ReadOptions, settings: IngestSettings
) -> Recording:
    lines = _lines(member)
    start = _start(lines[0].split(",")[0], member, options)
    cells = [line.split(",") for line in lines[1:]]
    offset = numbers([row[0].strip() for row in cells])
    rr_ms = 1000.0 * numbers([row[1].strip() if len(row) > 1 else "" for row in cells])
    t_s = start + offset
    rows = Rows(rr_ms.size, 2)
    rows.blank(np.array([not line for line in lines[1:]], dtype=bool))
    rows.refuse(~np.isfinite(t_s) | ~np.isfinite(rr_ms), "no number")
    with np.errstate(invalid="ignore"):
        wild = (rr_ms < settings.rr_min_ms) | (rr_ms > settings.rr_max_ms)
    rows.refuse(wild, "interval beyond what a heart can show")
    _future(rows, t_s, options, settings)
    index = np.flatnonzero(rows.alive)
    fresh = strictly_after(t_s[index])
    late = np.zeros(rows.count, dtype=bool)
    late[index[~fresh]] = True
    rows.refuse(late, "a beat at a time already covered")
    keep = rows.alive.copy()
    rows.use(keep)
    used, refusals = rows.close()
    series = (RRSeries(t_s[keep], rr_ms[keep], DEVICE, True),) if keep.any() else ()
    return Recording(
        source=source, clock=_clock(options, t_s[keep]), rr=series, rows_used=used,
        refusals=refusals,
    )  # fmt: skip


def _motion(member: Member, source: Source, options: ReadOptions) -> Recording:
    """SD of the length of the acceleration within each second, g."""
    with member.open() as raw:
        body = io.TextIOWrapper(raw, encoding="utf-8", errors="replace", newline=None)
        start = _start(body.readline().split(",")[0].strip(), member, options)
        rate = _rate(body.readline().split(",")[0], member)
        per_s = max(1, round(rate))
        spreads, count, bad, first_bad = [], 0, 0, 0
        try:
            for lengths in _lengths(body, CHUNK_S * per_s):
                broken = ~np.isfinite(lengths)
                if broken.any() and not bad:
                    first_bad = count + int(np.argmax(broken)) + 3
                bad += int(broken.sum())
                count += lengths.size
                spreads.append(_per_second(lengths, per_s))
        except (pd.errors.ParserError, ValueError) as error:
            raise MalformedFileError(
                member.base, f"after line {count}", "not three numbers"
            ) from error
    value = np.concatenate(spreads) if spreads else np.empty(0)
    t_s: FloatArray = start + np.arange(value.size, dtype=float) * (per_s / rate)
    keep = np.isfinite(value)
    series = MotionSeries(
        t_s[keep], value[keep], np.full(int(keep.sum()), per_s / rate),
        MotionKind.ACCELERATION_SD_G, DEVICE,
    )  # fmt: skip
    refusals = (
        (Refusal(rows=bad, reason="no number", first_place=f"line {first_bad}"),) if bad else ()
    )
    return Recording(
        source=source, clock=_clock(options, t_s), motion=(series,) if keep.any() else (),
        rows_used=count - bad, refusals=refusals,
    )  # fmt: skip


def _lengths(body: io.TextIOBase, rows: int) -> Iterator[FloatArray]:
    """Length of the acceleration of each sample, g, in chunks; NaN where a line is broken."""
    while lines := list(islice(body, rows)):
        text = "".join(lines)
        try:
            xyz = pd.read_csv(io.StringIO(text), header=None, dtype=float).to_numpy()
            if xyz.shape != (len(lines), 3):
                raise ValueError
        except (ValueError, pd.errors.ParserError):
            cells = [line.split(",") for line in lines]
            xyz = np.full((len(lines), 3), np.nan)
            for axis in range(3):
                xyz[:, axis] = numbers([c[axis].strip() if len(c) == 3 else "" for c in cells])
        lengths: FloatArray = np.sqrt(np.sum((xyz / COUNTS_PER_G) ** 2, axis=1))
        yield lengths


def _per_second(length: FloatArray, per_s: int) -> FloatArray:
    """Spread within each second; a second with less than half of its samples has none."""
    pad = (-length.size) % per_s
    grid = np.concatenate((length, np.full(pad, np.nan))).reshape(-1, per_s)
    good = np.isfinite(grid)
    count = good.sum(axis=1)
    filled = np.where(good, grid, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = filled.sum(axis=1) / count
        spread = np.sqrt(np.where(good, (grid - mean[:, None]) ** 2, 0.0).sum(axis=1) / count)
    result: FloatArray = np.where(count * 2 >= per_s, spread, np.nan)
    return result


def _presses(member: Member, source: Source, options: ReadOptions) -> Recording:
    lines = [line for line in _lines(member) if line]
    if not lines:
        return Recording(source=source, notes=(Note(member.base, "No press of the button."),))
    t_s = parse(lines, "auto", (), member.base).wall_s + options.shift_s
    rows = Rows(len(lines))
    rows.refuse(~np.isfinite(t_s) | (np.nan_to_num(t_s) < 1e8), "no time")
    rows.use(rows.alive.copy())
    spans = tuple(
        Span(kind=SpanKind.EVENT, start_s=t, end_s=t, label="button", origin="person")
        for t in sorted(float(t) for t in t_s[rows.alive])
    )
    used, refusals = rows.close()
    return Recording(
        source=source, clock=_clock(options, t_s[rows.alive]), spans=spans, rows_used=used,
        refusals=refusals,
    )  # fmt: skip
