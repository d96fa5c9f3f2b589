"""Time and memory of a 1 GB Apple `export.xml`, read and joined into a timeline.

    python -m tests.benchmarks.apple_gigabyte [--megabytes 1000] [--keep FILE]

The file is made as the Health app writes it (DTD, order of types and attributes, metadata entries,
beat lists, phone and watch), a day after the other from a seed, and deleted afterwards. Each
reading is a process of its own; its peak memory is the system's figure. Writes
`results/apple_gigabyte.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

import numpy as np

from hrv.simulate.apple_export import DOCTYPE, HARDWARE, C, Q

OUT = Path(__file__).with_name("results") / "apple_gigabyte.md"
GOAL_MB = 400
HEAD = (
    DOCTYPE
    + """<HealthData locale="en_US">
 <ExportDate value="2026-07-28 08:00:00 -0700"/>
 <Me HKCharacteristicTypeIdentifierBiologicalSex="HKBiologicalSexNotSet"/>
"""
)
WATCH = f'sourceName="Apple\u00a0Watch" sourceVersion="11.1" device="{HARDWARE}"'
PHONE = 'sourceName="iPhone" sourceVersion="18.1"'
RECORD = ' <Record type="{kind}" {source}{unit} creationDate="{end}" startDate="{start}" endDate="{end}" value="{value}"'  # noqa: E501
CONTEXT = '>\n  <MetadataEntry key="HKMetadataKeyHeartRateMotionContext" value="0"/>\n </Record>\n'
FIRST = datetime(2019, 1, 5)  # noqa: DTZ001  local
STEP = timedelta(seconds=1)


def _record(out: TextIO, kind: str, source: str, unit: str, begin: datetime, seconds: float,
            value: str, tail: str = "/>\n") -> None:  # fmt: skip
    start, end = f"{begin} -0700", f"{begin + STEP * int(seconds)} -0700"
    said = f' unit="{unit}"' if unit else ""
    out.write(RECORD.format(kind=kind, source=source, unit=said, start=start, end=end, value=value))
    out.write(tail)


def _every(rng: np.random.Generator, step_s: float) -> Iterator[tuple[datetime, float]]:
    """Moments through the day about so far apart, as offsets, with a number in [0, 1)."""
    at = 0.0
    while at < 86_400 - step_s:
        yield FIRST + STEP * int(at), float(rng.random())
        at += step_s * float(rng.uniform(0.7, 1.3))


def day_text(seed: int) -> tuple[list[str], int, int]:
    """One day's records by type, dated FIRST, with the numbers of heart rates and of records."""
    import io

    rng = np.random.default_rng(seed)
    watch = re.sub(r"0x\w+", hex(int(rng.integers(1 << 33, 1 << 34))), WATCH)  # a pointer
    texts, rates = [], 0
    plans: list[tuple[str, str, str, float, float, Callable[[float], str]]] = [
        ("HeartRate", watch, "count/min", 240, 0, lambda x: f"{55 + 45 * x:.0f}"),
        ("StepCount", PHONE, "count", 900, 400, lambda x: f"{1 + 300 * x:.0f}"),
        ("StepCount", watch, "count", 600, 300, lambda x: f"{1 + 300 * x:.0f}"),
        ("DistanceWalkingRunning", watch, "km", 300, 200, lambda x: f"{0.2 * x:.6f}"),
        ("ActiveEnergyBurned", watch, "kcal", 150, 60, lambda x: f"{4 * x:.3f}"),
        ("BasalEnergyBurned", watch, "kcal", 300, 300, lambda x: f"{6 * x:.4f}"),
    ]
    for name, source, unit, step_s, lasts_s, value in plans:
        out = io.StringIO()
        for begin, x in _every(rng, step_s):
            heart = name == "HeartRate"
            rates += heart
            _record(out, Q + name, source, unit, begin, lasts_s, value(x),
                    CONTEXT if heart else "/>\n")  # fmt: skip
        texts.append(out.getvalue())
    out = io.StringIO()
    for begin, x in _every(rng, 14_400):
        beats = "".join(
            f'   <InstantaneousBeatsPerMinute bpm="{60 + k % 5}" '
            f'time="{(begin + STEP * k):%-I:%M:%S}.00 {begin:%p}"/>\n' for k in range(50)
        )  # fmt: skip
        listed = ">\n  <HeartRateVariabilityMetadataList>\n" + beats + (
            "  </HeartRateVariabilityMetadataList>\n </Record>\n")  # fmt: skip
        _record(out, Q + "HeartRateVariabilitySDNN", watch, "ms", begin, 60, f"{30 + 40 * x:.4f}",
                listed)  # fmt: skip
    texts.append(out.getvalue())
    out = io.StringIO()
    for k in range(12):
        stage = ("AsleepCore", "AsleepDeep", "AsleepREM", "Awake")[k % 4]
        _record(out, C + "SleepAnalysis", watch, "", FIRST + STEP * 1800 * k, 1800,
                "HKCategoryValueSleepAnalysis" + stage)  # fmt: skip
    texts.append(out.getvalue())
    return texts, rates, sum(text.count("<Record ") for text in texts)


def write(path: Path, megabytes: float) -> dict[str, int]:
    """The export; a few drawn days are used again on other dates."""
    drawn = [day_text(seed) for seed in range(12)]
    size = sum(len("".join(texts).encode()) for texts, _, _ in drawn) / len(drawn)
    days = max(1, int(megabytes * 1e6 / size))
    told = {"days": days, "heart_rates": 0, "records": 0}
    with path.open("w", encoding="utf-8") as out:
        out.write(HEAD)
        for kind in range(len(drawn[0][0])):
            for number in range(days):
                texts, rates, records = drawn[number % len(drawn)]
                date = (FIRST + timedelta(days=number)).date().isoformat()
                out.write(texts[kind].replace(FIRST.date().isoformat(), date))
                if not kind:
                    told["heart_rates"] += rates
                    told["records"] += records
        out.write("</HealthData>\n")
    return told | {"bytes": path.stat().st_size}


def worker(path: Path) -> None:
    """Reads and joins; says what it found and what it took."""
    from hrv.ingest import read
    from hrv.model import ReadOptions
    from hrv.settings import IngestSettings
    from hrv.timeline import build

    begun, cpu = time.perf_counter(), time.process_time()
    (recording,) = read([path], ReadOptions(now_s=1.9e9), IngestSettings())
    read_s, read_cpu_s = time.perf_counter() - begun, time.process_time() - cpu
    rates = sum(series.t_s.size for series in recording.heart_rate)
    told = {
        "read_s": read_s, "read_cpu_s": read_cpu_s, "heart_rates": rates,
        "beats": sum(series.t_s.size for series in recording.rr),
        "used": recording.rows_used, "refused": recording.rows_refused,
    }  # fmt: skip
    timeline = build([recording])
    for block in timeline.blocks():
        del block
    told |= {
        "days": len(timeline.utc_days), "all_s": time.perf_counter() - begun,
        "all_cpu_s": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip
    print(json.dumps(told))


def measured(path: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.apple_gigabyte", "--worker", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def table(made: dict[str, int], told: dict[str, float]) -> str:
    mb = made["bytes"] / 1e6
    right = told["used"] + told["refused"] == made["records"]
    return "\n".join([
        "# Apple export.xml of 1 GB", "",
        f"{mb:,.0f} MB, {made['records']:,} records, {made['days']:,} days; Python "
        f"{platform.python_version()}: `python -m tests.benchmarks.apple_gigabyte`. Heart rate "
        "about every 4 min with its metadata entry, steps of phone and watch, energy, distance, "
        "SDNN with beat lists, sleep stages. The file is read twice: for its SHA-256, then for "
        f"its records. Load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores: trust the CPU "
        "seconds.", "",
        "| | wall s | CPU s | MB/s of CPU |", "|---|---:|---:|---:|",
        f"| read | {told['read_s']:.1f} | {told['read_cpu_s']:.1f} | "
        f"{mb / told['read_cpu_s']:.0f} |",
        f"| read, joined, every day opened | {told['all_s']:.1f} | {told['all_cpu_s']:.1f} | "
        f"{mb / told['all_cpu_s']:.0f} |", "",
        f"- peak memory {told['peak_mb']:.0f} MB (goal: under {GOAL_MB} MB)",
        f"- {told['heart_rates']:,.0f} of {made['heart_rates']:,} heart rates, "
        f"{told['beats']:,.0f} beats; rows used {told['used']:,.0f} + refused "
        f"{told['refused']:,.0f} {'=' if right else 'NOT'} records", "",
    ])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=1000.0)
    parser.add_argument("--worker", type=Path)
    parser.add_argument("--keep", type=Path, help="write the file here and leave it")
    asked = parser.parse_args()
    if asked.worker:
        worker(asked.worker)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = asked.keep or Path(folder) / "export.xml"
        if shutil.disk_usage(path.parent).free < 3e6 * asked.megabytes:
            parser.error("not enough room on the disk")
        made = write(path, asked.megabytes)
        told = measured(path)
    print(table(made, told))
    if asked.megabytes >= 1000:
        OUT.write_text(table(made, told))


if __name__ == "__main__":
    main()
