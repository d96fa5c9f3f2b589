"""A year of a watch's FIT files: seconds and memory to read them all.

    python -m tests.benchmarks.fit_year

Writes 365 days (three monitoring files, a night's sleep, HRV status and a metrics file each) and
250 activities with a strap to a temporary folder, about 100 MB in all, reads every file to nouns
and writes `results/fit_year.md`. fitparse is timed on one day and one activity and scaled up.
"""

from __future__ import annotations

import io
import platform
import resource
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import fitparse
import numpy as np

from hrv.fit.profile import Field
from hrv.fit.writer import FitWriter, Rows
from hrv.ingest.fit import read_fit
from hrv.model import ReadOptions
from hrv.settings import IngestSettings

OUT = Path(__file__).with_name("results") / "fit_year.md"
DAYS, ACTIVITIES = 365, 250
START = 1_735_689_600.0  # 1 January 2025, UTC
OFFSET_S = 7200.0
OPAQUE = Field(2, "opaque", "byte", array=True)
POSITION = [Field(n, name, "sint32") for n, name in ((0, "lat"), (1, "long"))]
MORE = [Field(n, f"more_{n}", "uint32") for n in (9, 10, 29, 53, 87, 88, 90, 107, 134, 138)]


def monitoring(t0: float, rng: np.random.Generator) -> bytes:
    """Eight hours, as the fenix 5X writes them: a minute of stress and a value nobody knows."""
    writer = FitWriter("monitoring", created_s=t0, product=2927)
    writer.add("monitoring_info", timestamp=t0, local_timestamp=t0 + OFFSET_S)
    minute = t0 + 60.0 * np.arange(480)
    beat = minute[rng.random(480) < 0.8]
    moved = minute[rng.random(480) < 0.25]
    opaque = rng.integers(0, 256, (480, 4))
    writer.interleave(
        Rows("stress_level", order=minute, stress_level_time=minute, body_battery=50,
             stress_level_value=rng.integers(-2, 90, 480)),
        Rows(233, order=minute, extra={OPAQUE: opaque}),
        Rows("monitoring", order=beat, timestamp_16=beat,
             heart_rate=rng.integers(45, 110, beat.size)),
        Rows("monitoring", order=moved, timestamp=moved,
             current_activity_type_intensity=8 | rng.integers(0, 8, moved.size) << 5),
        Rows("monitoring", order=moved, timestamp=moved, activity_type=6,
             cycles=np.arange(moved.size) * 20.0, active_time=60.0 * np.arange(moved.size)),
    )  # fmt: skip
    return writer.finish()


def night(t0: float, rng: np.random.Generator) -> bytes:
    writer = FitWriter("sleep", created_s=t0, product=2927)
    t_s = t0 + 60.0 * np.arange(480)
    stages = np.repeat(rng.integers(1, 5, 32), 15)
    block = Field(0, "block", "byte", array=True)
    writer.add("sleep_info", timestamp=t0, local_timestamp=t0 + OFFSET_S)
    writer.interleave(
        Rows("sleep_level", order=t_s, timestamp=t_s, sleep_level=stages),
        Rows(274, order=t_s, extra={block: rng.integers(0, 256, (480, 20))}),
    )
    return writer.finish()


def hrv_status(t0: float, rng: np.random.Generator) -> bytes:
    writer = FitWriter("hrv_status", created_s=t0, product=2927)
    t_s = t0 + 300.0 * np.arange(96)
    writer.add("hrv_value", timestamp=t_s, value=rng.uniform(20, 80, 96))
    writer.add("hrv_status_summary", timestamp=t_s[-1], last_night_average=45.0, status=4)
    return writer.finish()


def activity(t0: float, rng: np.random.Generator, seconds: int = 4500) -> bytes:
    """An hour and a quarter with positions, some sensors, and a strap."""
    writer = FitWriter("activity", created_s=t0, product=3121)
    t_s = t0 + np.arange(float(seconds))
    rr_s = np.round(rng.normal(0.42, 0.02, (seconds, 3)), 3)
    rr_s[rng.random(seconds) < 0.6, 2] = np.nan
    extra = {one: rng.integers(0, 1 << 30, seconds) for one in POSITION}
    extra |= {one: rng.integers(0, 1 << 31, seconds) for one in MORE}
    writer.add("device_info", timestamp=t0, device_type=120, source_type=1)
    writer.interleave(
        Rows("record", order=t_s, timestamp=t_s, heart_rate=rng.integers(90, 180, seconds),
             cadence=rng.integers(70, 90, seconds), speed=rng.uniform(2, 9, seconds), extra=extra),
        Rows("hrv", order=t_s, time=np.column_stack([rr_s, np.full((seconds, 2), np.nan)])),
    )  # fmt: skip
    writer.add("session", start_time=t0, total_elapsed_time=float(seconds), sport=2)
    writer.add("activity", timestamp=t0 + seconds, local_timestamp=t0 + seconds + OFFSET_S)
    return writer.finish()


def write_year(folder: Path, rng: np.random.Generator) -> None:
    for day in range(DAYS):
        t0 = START + 86400.0 * day
        for part in range(3):
            path = folder / f"{day:03}_{part}_monitoring.fit"
            path.write_bytes(monitoring(t0 + 28800.0 * part, rng))
        (folder / f"{day:03}_sleep.fit").write_bytes(night(t0 - 7200.0, rng))
        (folder / f"{day:03}_hrv.fit").write_bytes(hrv_status(t0 - 7200.0, rng))
        metrics = FitWriter("metrics", created_s=t0)
        metrics.add("max_met_data", update_time=t0, vo2_max=45.0)
        (folder / f"{day:03}_metrics.fit").write_bytes(metrics.finish())
    for number in range(ACTIVITIES):
        t0 = START + 86400.0 * (number * DAYS // ACTIVITIES) + 61200.0
        (folder / f"{number:03}_activity.fit").write_bytes(activity(t0, rng))


def fitparse_s(files: list[Path]) -> float:
    start = time.process_time()
    for path in files:
        for _ in fitparse.FitFile(io.BytesIO(path.read_bytes())).get_messages():
            pass
    return time.process_time() - start


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def main() -> None:
    """Write, read, report."""
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = time.process_time()
        write_year(folder, rng)
        written_s = time.process_time() - start
        files = sorted(folder.glob("*.fit"))
        size_mb = sum(path.stat().st_size for path in files) / 1e6
        before_mb = peak_mb()
        start, rows, refused, kinds = time.process_time(), 0, 0, {"wellness": 0.0, "activity": 0.0}
        for path in files:
            one = time.process_time()
            recording = read_fit(path.read_bytes(), path.name, ReadOptions(), IngestSettings())
            rows, refused = rows + recording.rows_used, refused + recording.rows_refused
            kinds["activity" if "activity" in path.name else "wellness"] += (
                time.process_time() - one
            )
        read_s, after_mb = time.process_time() - start, peak_mb()
        day = [
            path for path in files if path.name.startswith("000") and "activity" not in path.name
        ]
        old_s = DAYS * fitparse_s(day) + ACTIVITIES * fitparse_s([folder / "000_activity.fit"])
    text = f"""# A year of FIT files

Python {platform.python_version()}, numpy {version("numpy")}, fitparse {version("fitparse")}; made
by `python -m tests.benchmarks.fit_year`. CPU seconds on one core.

| | |
| --- | --- |
| files | {len(files)} ({ACTIVITIES} activities, the rest monitoring, sleep, HRV status, metrics) |
| size | {size_mb:.0f} MB |
| to write | {written_s:.1f} s |
| **to read to nouns** | **{read_s:.1f} s** ({size_mb / read_s:.0f} MB/s; wellness \
{kinds["wellness"]:.1f} s, activities {kinds["activity"]:.1f} s) |
| rows used, refused | {rows}, {refused} |
| peak memory before and after reading | {before_mb:.0f} MB, {after_mb:.0f} MB |
| fitparse, decoding alone (one day and one activity, scaled up) | {old_s:.0f} s |
| ratio | {old_s / read_s:.0f} |
"""
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
