"""Size and speed of the store: a year of 1-s heart rate and a year of beats.

    python -m tests.benchmarks.store_size

The year is made of a daily rhythm with correlated noise; beats to the millisecond. Writes
`results/store_size.md`. Times are CPU seconds of one run; trust sizes and ratios.
"""

from __future__ import annotations

import platform
import resource
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hrv.model import (
    DAY_S,
    FloatArray,
    HeartRateSeries,
    LocalClock,
    Recording,
    RRSeries,
    Source,
)
from hrv.store import open_store

OUT = Path(__file__).with_name("results") / "store_size.md"
DAYS, FIRST = 365, 20_000


def smooth(rng: np.random.Generator, n: int, keep: float) -> FloatArray:
    """Noise of SD 1 in which each value keeps a share of the last."""
    from scipy.signal import lfilter

    found: FloatArray = lfilter([np.sqrt(1 - keep**2)], [1.0, -keep], rng.standard_normal(n))
    return found


def day(number: int, *, beats: bool) -> Recording:
    """One file with one day: heart rate every second, and beats if asked for."""
    rng = np.random.default_rng(number)
    begin_s = (FIRST + number) * DAY_S
    second = np.arange(86_400, dtype=np.float64)
    rate = 66 + 9 * np.sin((second - 20_000) / 86_400 * 2 * np.pi) + 6 * smooth(rng, 86_400, 0.995)
    rr: tuple[RRSeries, ...] = ()
    if beats:
        n = 98_000
        slow = np.interp(np.arange(n) * 0.88, second, 60_000 / np.maximum(rate, 40))
        ms = np.rint(slow + 35 * smooth(rng, n, 0.7))
        t_s = np.cumsum(ms) / 1000
        inside = t_s < DAY_S - 1
        rr = (RRSeries(begin_s + t_s[inside], ms[inside], "strap", False),)
    whole = np.maximum(rate, 40).round().astype(np.float64)
    hr = HeartRateSeries(begin_s + second, whole, "watch", True)
    return Recording(
        source=Source(name=f"{number}.fit", format="test", sha256=f"{number} {beats}"),
        clock=LocalClock.fixed(3600.0, "file"),
        heart_rate=(hr,),
        rr=rr,
        rows_used=hr.t_s.size + sum(series.t_s.size for series in rr),
    )


def year(*, beats: bool, spent: list[float]) -> Iterator[Recording]:
    """The days; what it takes to make them is counted in `spent`, to be taken off."""
    for number in range(DAYS):
        begun = time.process_time()
        made = day(number, beats=beats)
        spent[0] += time.process_time() - begun
        yield made


def timed(name: str, work: object, rows: list[tuple[str, float]]) -> None:
    assert callable(work)
    begun = time.process_time()
    work()
    rows.append((name, time.process_time() - begun))


def one(*, beats: bool) -> tuple[list[tuple[str, float]], float, int, float]:
    """Times by name, MB on disk, rows that a second import added, MB after forgetting half."""
    rows: list[tuple[str, float]] = []
    with tempfile.TemporaryDirectory() as base, open_store(Path(base) / "s") as store:
        for name in ("import a year", "import it again"):
            spent = [0.0]
            begun = time.process_time()
            done = store.add(year(beats=beats, spent=spent), person="ada", name="year")
            rows.append((name, time.process_time() - begun - spent[0]))
        store.backup(Path(base) / "copy")
        size = (Path(base) / "copy").stat().st_size / 1e6
        timed("open the year, no samples", lambda: store.timeline("ada"), rows)
        held = store.timeline("ada")
        month = held.utc_days[100:130]
        timed("read a month", lambda: [held.read_block(day).utc_day for day in month], rows)
        held = store.timeline("ada")
        timed("read the year, day by day", lambda: [b.utc_day for b in held.blocks()], rows)
        more = day(DAYS, beats=beats)
        timed("add one day", lambda: store.add([more], person="ada", name="day"), rows)
        timed("check every block", store.check, rows)
        begun = time.process_time()
        gone = store.forget(person="ada", before_day=FIRST + DAYS // 2)
        rows.append(("forget half a year and shrink", time.process_time() - begun))
    return rows, size, done.rows_added, gone.bytes_after / 1e6


def main() -> None:
    plain, plain_mb, _, _ = one(beats=False)
    full, full_mb, again, half_mb = one(beats=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    text = f"""# Size and speed of the store

`python -m tests.benchmarks.store_size`; {DAYS} days, one file a day; SQLite
{sqlite3.sqlite_version}, Python {platform.python_version()}, CPU seconds. Encoding and
compressing are counted, making the year is not.

| | heart rate every second | and a year of beats |
|---|---|---|
| size on disk, MB | {plain_mb:.1f} | {full_mb:.1f} |
"""
    for (name, a), (_, b) in zip(plain, full, strict=True):
        text += f"| {name}, s | {a:.2f} | {b:.2f} |\n"
    text += f"""
Rows added by importing it again: {again}. After half a year was forgotten: {half_mb:.1f} MB.
Peak memory of the whole run: {peak:.0f} MB.
"""
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
