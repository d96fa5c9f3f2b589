"""FIT readers side by side: the same values? how much faster?

    python -m tests.benchmarks.fit_speed

For every real file: count and sum of heart rate, beat intervals, stress scores and stored strap
beats by our reader, fitparse and fitdecode; then CPU time on four of them. Writes
`results/fit_speed.md`. CPU times are the best of several runs; trust the ratios.
"""

from __future__ import annotations

import io
import platform
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import fitdecode
import fitparse
import numpy as np
from fitparse.records import FieldDefinition

from hrv.fit.walk import walk
from hrv.ingest.fit import read_fit
from hrv.ingest.fit_beats import strap_downloads
from hrv.ingest.fit_tables import Dates, Ledger
from hrv.model import ReadOptions
from hrv.settings import IngestSettings

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "fit"
OUT = Path(__file__).with_name("results") / "fit_speed.md"
LONGEST_S = 3.0
TIMED = (
    "monitor/68484122559.fit",
    "monitor/68484110985.fit",
    "hrv/edge530_workout.fit",
    "hrv/edge520_3h37.fit",
)
# what each value is: message and field number
QUANTITIES = {
    "HR": ((20, 3), (55, 27)),
    "RR": ((78, 0),),
    "stress": ((227, 0),),
}
WANTED = {20: (253, 3, 4), 78: (0,), 55: (253, 26, 27, 24, 3, 4, 5), 227: (0, 1)}


@dataclass
class Sums:
    """What one reader found in one file."""

    count: dict[str, int] = field(default_factory=lambda: dict.fromkeys(QUANTITIES, 0))
    total: dict[str, float] = field(default_factory=lambda: dict.fromkeys(QUANTITIES, 0.0))
    messages: int = 0
    strap_n: int = 0  # intervals between stored strap beats, by difference
    strap_s: float = 0.0
    stopped: str = ""

    def add(self, number: int, values: dict[int, Any]) -> None:
        self.messages += 1
        for name, places in QUANTITIES.items():
            for message, key in places:
                if message == number and key in values:
                    raw = values[key] if isinstance(values[key], tuple) else (values[key],)
                    numbers = [one for one in raw if isinstance(one, int | float)]
                    self.count[name] += len(numbers)
                    self.total[name] += sum(numbers)

    def same(self, other: Sums) -> bool:
        return self.count == other.count and self.total == other.total


def by_ours(data: bytes) -> Sums:
    sums, messages = Sums(), walk(data)
    sums.messages = sum(messages.counts().values())
    for name, places in QUANTITIES.items():
        for message, key in places:
            _, raw, valid = messages.table(message, (key,)).flat(key)
            sums.count[name] += int(valid.sum())
            sums.total[name] += float(raw[valid].sum())
    lost = [fault for fault in messages.faults if fault.lost]
    sums.stopped = f"{lost[0].reason} at byte {lost[0].at_byte}" if lost else ""
    _, rr = strap_downloads(messages, Dates(), Ledger(), IngestSettings())
    sums.strap_n, sums.strap_s = rr.rr_ms.size, float(rr.rr_ms.sum()) / 1000.0
    return sums


def by_fitparse(data: bytes) -> Sums:
    sums = Sums()
    stored: list[float] = []
    try:
        for message in fitparse.FitFile(io.BytesIO(data), check_crc=False).get_messages():
            values = {
                one.field_def.def_num: one.raw_value
                for one in message.fields
                if isinstance(one.field_def, FieldDefinition)
            }
            sums.add(message.mesg_num, values)
            if message.mesg_num == 132:
                stored += [float(v) for v in _all(message.fields, "event_timestamp")]
    except Exception as error:
        sums.stopped = f"{type(error).__name__}: {error}"
    return _with_beats(sums, stored)


def by_fitdecode(data: bytes) -> Sums:
    sums = Sums()
    stored: list[float] = []
    try:
        with warnings.catch_warnings(), fitdecode.FitReader(io.BytesIO(data)) as reader:
            warnings.simplefilter("ignore")
            for frame in reader:
                if isinstance(frame, fitdecode.FitDataMessage):
                    values = {
                        one.field_def.def_num: one.raw_value
                        for one in frame.fields
                        if one.field_def and not one.field_def.is_dev
                    }
                    sums.add(frame.global_mesg_num, values)
                    if frame.global_mesg_num == 132:
                        stored += [_seconds(v) for v in _all(frame.fields, "event_timestamp")]
    except Exception as error:
        sums.stopped = f"{type(error).__name__}: {error}"
    return _with_beats(sums, stored)


def _all(fields: Iterable[Any], name: str) -> list[Any]:
    found: list[Any] = []
    for one in fields:
        if one.name == name and one.value is not None:
            found += list(one.value) if isinstance(one.value, tuple | list) else [one.value]
    return found


def _seconds(value: Any) -> float:
    return float(value.timestamp()) if hasattr(value, "timestamp") else float(value)


def _with_beats(sums: Sums, stored: list[float]) -> Sums:
    steps = [b - a for a, b in pairwise(stored)]
    rr_s = [step for step in steps if 0 < step <= LONGEST_S]
    sums.strap_n, sums.strap_s = len(rr_s), sum(rr_s)
    return sums


def who_is_right(ours: Sums, theirs: Sums, name: str) -> str:
    """Why another reader's sums differ, in words."""
    reasons = []
    if theirs.stopped and not ours.stopped:
        reasons.append(
            f"{name} stops after {theirs.messages} messages ({theirs.stopped}); we read on"
        )
    elif theirs.stopped:
        reasons.append(f"broken file: both stop ({ours.stopped})")
    elif not ours.same(theirs):
        reasons.append(f"{name} gives other values")
    if theirs.strap_n != ours.strap_n or abs(theirs.strap_s - ours.strap_s) > 0.5:
        reasons.append(
            f"the rest same; {theirs.strap_n} strap intervals, {theirs.strap_s:.1f} s in all, "
            f"against our {ours.strap_n}, {ours.strap_s:.1f} s"
        )
    return "; ".join(reasons)


def best_ms(action: Callable[[], Any], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return 1e3 * min(times)


def wanted(data: bytes) -> None:
    messages = walk(data)
    for number, fields in WANTED.items():
        messages.table(number, fields)


def everything(data: bytes) -> None:
    messages = walk(data)
    for number in messages.counts():
        messages.table(number)


def plain_fitdecode(data: bytes, **options: Any) -> None:
    with warnings.catch_warnings(), fitdecode.FitReader(io.BytesIO(data), **options) as reader:
        warnings.simplefilter("ignore")
        for _ in reader:
            pass


def plain_fitparse(data: bytes) -> None:
    for _ in fitparse.FitFile(io.BytesIO(data)).get_messages():
        pass


def agreement() -> list[str]:
    lines = [
        "| file | messages | HR n, sum | RR n, sum s | stress n, sum | fitparse | fitdecode |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for path in sorted(DATA.rglob("*.fit")):
        data = path.read_bytes()
        ours, old, new = by_ours(data), by_fitparse(data), by_fitdecode(data)
        cells = [
            f"{ours.count[name]}, {ours.total[name] / (1000 if name == 'RR' else 1):.10g}"
            for name in QUANTITIES
        ]
        verdicts = [
            who_is_right(ours, theirs, name) or "same"
            for theirs, name in ((old, "fitparse"), (new, "fitdecode"))
        ]
        name = path.relative_to(DATA).as_posix()
        lines.append(f"| {name} | {ours.messages} | {' | '.join(cells)} | {' | '.join(verdicts)} |")
        print(lines[-1], flush=True)
    return lines


def strap_check() -> list[str]:
    """Our strap intervals against the heart rate that the strap itself sent along."""
    lines = []
    for path in sorted((DATA / "hr_strap").glob("*.fit")):
        rate, rr = strap_downloads(walk(path.read_bytes()), Dates(), Ledger(), IngestSettings())
        if rate is None:
            continue
        beat = np.searchsorted(rate.t_s, rr.t_s).clip(max=rate.t_s.size - 1)
        low, middle, high = np.percentile(60_000 / rr.rr_ms / rate.hr_bpm[beat], (1, 50, 99))
        lines.append(
            f"- {path.name}: 60 / interval over the strap's own smoothed heart rate, beat by beat: "
            f"median {middle:.4f}, 1st to 99th percentile {low:.3f} to {high:.3f}."
        )
    return lines


def speed() -> list[str]:
    options, settings = ReadOptions(), IngestSettings()
    lines = [
        "| file | KB | wanted fields, ms | all fields | to nouns | fitparse | fitdecode | "
        "its fastest | x fitparse | x fitdecode | x its fastest |",
        "| " + " | ".join(["---"] * 11) + " |",
    ]
    for name in TIMED:
        data = (DATA / name).read_bytes()
        ours = best_ms(lambda d=data: wanted(d), 15)  # type: ignore[misc]
        full = best_ms(lambda d=data: everything(d), 10)  # type: ignore[misc]
        nouns = best_ms(lambda d=data: read_fit(d, "a.fit", options, settings), 10)  # type: ignore[misc]
        repeats = 1 if len(data) > 200_000 else 3
        old = best_ms(lambda d=data: plain_fitparse(d), repeats)  # type: ignore[misc]
        new = best_ms(lambda d=data: plain_fitdecode(d), repeats)  # type: ignore[misc]
        bare = best_ms(
            lambda d=data: plain_fitdecode(  # type: ignore[misc]
                d, processor=None, check_crc=fitdecode.CrcCheck.DISABLED
            ),
            repeats,
        )
        lines.append(
            f"| {name} | {len(data) / 1e3:.1f} | {ours:.2f} | {full:.2f} | {nouns:.2f} | {old:.0f} "
            f"| {new:.0f} | {bare:.0f} | {old / ours:.0f} | {new / ours:.0f} | {bare / ours:.0f} |"
        )
        print(lines[-1], flush=True)
    return lines


def main() -> None:
    """Compare, time, and write the tables."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "fitparse", "fitdecode"))
    text = [
        "# FIT readers compared",
        "",
        f"Python {platform.python_version()}, {versions}; made by `python -m "
        "tests.benchmarks.fit_speed`.",
        "",
        "## The same values?",
        "",
        "Count and sum as our reader finds them (raw scores, codes included). *same*: the other "
        "reader finds the same counts and sums to the last digit.",
        "",
        *agreement(),
        "",
        "Strap intervals are differences of the beat times in `hr` messages: most have 12 bits and "
        "must be counted on from the last whole one. Both other readers lose the steps from a "
        "whole time to the next short one; fitparse has no date for any, fitdecode dates all but "
        "the whole ones.",
        "",
        *strap_check(),
        "",
        "## How fast?",
        "",
        "CPU ms, best of several runs (the slow readers on the largest file: one run). "
        "*wanted fields*: our reader, the fields the analysis takes; "
        "*all fields*: every message and field; *to nouns*: `read_fit`, conversions included; "
        "*its fastest*: fitdecode without checksum and processor.",
        "",
        *speed(),
        "",
    ]
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text("\n".join(text))


if __name__ == "__main__":
    main()
