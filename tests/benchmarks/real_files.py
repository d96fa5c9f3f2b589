"""Every real file beside the checkout: what was read of it, or why it was refused.

    python -m tests.benchmarks.real_files ../shared/data

`RIGHT` says what the notes that came with each file let us expect: to be read, to be set aside
(recognised, holds nothing that is used) or to be refused. Files without a date get a start, as a
person would give it. Writes `results/real_files.md`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import numpy as np

from hrv.errors import HrvError, NothingUsableError
from hrv.ingest import read
from hrv.model import ReadOptions, Recording, Series, SpanKind
from hrv.settings import IngestSettings

OUT = Path(__file__).with_name("results") / "real_files.md"
START = "2026-05-01T07:30"
READ, ASIDE, REFUSED = "read", "set aside", "refused"
RIGHT = (  # pattern, what is right, needs a start, why
    ("csv/apple_health/ActivitySummary.csv", REFUSED, False, "rings of the day, nothing measured"),
    ("csv/apple_health/*", READ, False, "steps and a workout"),
    ("csv/empatica_e4/BVP.csv", ASIDE, False, "raw pulse wave"),
    ("csv/empatica_e4/EDA.csv", ASIDE, False, "skin conductance"),
    ("csv/empatica_e4/TEMP.csv", ASIDE, False, "skin temperature"),
    ("csv/empatica_e4/info.txt", ASIDE, False, "the vendor's note"),
    ("csv/empatica_e4/tags.csv", ASIDE, False, "empty: the button was not pressed"),
    ("csv/empatica_e4/*", READ, False, "2.5 h; IBI covers 60 % of it"),
    ("csv/hrv_logger_android/test_events.csv", REFUSED, False, "clock times without a date"),
    ("csv/hrv_summary_table/*", REFUSED, False, "features without times: no series"),
    ("csv/plain_rr/rri_semicolon.csv", READ, True, "beats without a date"),
    ("csv/plain_rr/*", READ, True, "beats without a date"),
    ("csv/generic_rel_ms_rr/*", READ, True, "8.9 h, 32,381 beats"),
    ("csv/kubios_rr/*", READ, True, "random samples in the layout of Kubios"),
    ("csv/sleep_as_android/*", READ, False, "nights and hash tags; two of no length"),
    ("csv/*", READ, False, ""),
    ("fit/monitor/68432743746.fit", REFUSED, False, "all 'awake': staging left to the cloud"),
    ("fit/monitor/68484122559.fit", REFUSED, False, "all 'awake': staging left to the cloud"),
    ("fit/monitor/68520562673.fit", REFUSED, False, "all 'awake': staging left to the cloud"),
    ("fit/monitor/68484168401.fit", ASIDE, False, "oxygen uptake only"),
    ("fit/odd/antfs-dump.63.fit", REFUSED, False, "times since power-on: no date"),
    ("fit/odd/compressed-speed-distance.fit", REFUSED, False, "times since power-on: no date"),
    ("fit/odd/coros*", READ, False, "2,326 records without a heart rate"),
    ("fit/odd/strava*", READ, False, "no heart rate in it; broken at byte 7,471"),
    ("fit/*", READ, False, ""),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of one file."""

    name: str
    result: str
    what: str
    expected: str
    why: str


def files(shared: Path) -> list[Path]:
    """The recordings, without the papers that came with them."""
    return sorted(
        path for folder in ("csv", "fit") for path in (shared / folder).rglob("*")
        if path.is_file() and path.name not in {"README.md", "headers.tsv"}
        and path.parent.name != "LICENSES"
    )  # fmt: skip


def expectation(name: str) -> tuple[str, bool, str]:
    return next((e, s, why) for pattern, e, s, why in RIGHT if fnmatch(name, pattern))


def told(path: Path, name: str) -> Told:
    """One file read alone."""
    expected, needs_start, why = expectation(name)
    options = ReadOptions(start=START if needs_start else None)
    try:
        found = list(read([path], options, IngestSettings()))
    except HrvError as error:
        reasons = error.refusals if isinstance(error, NothingUsableError) else (str(error),)
        what = reasons[0].removeprefix(f"{path.name}: ").split("..")[0].replace("|", "/")
        aside = "Recognised" in what or "No press" in what or "Nothing that is used" in what
        return Told(name=name, result=ASIDE if aside else REFUSED, what=what,
                    expected=expected, why=why)  # fmt: skip
    held = "; ".join(filter(None, map(_held, found)))
    return Told(name=name, result=READ, what=held, expected=expected, why=why)


def _held(recording: Recording) -> str:
    """Streams with their counts, days, and rows."""
    streams: dict[str, Sequence[Series]] = {
        "heart rates": recording.heart_rate,
        "beats": recording.rr,
        "motion": recording.motion,
        "stress": recording.stress,
        "RMSSD": recording.rmssd,
    }
    parts = [
        f"{sum(s.t_s.size for s in series):,} {title}"
        for title, series in streams.items()
        if series
    ]
    kinds = [kind for kind in SpanKind if any(s.kind is kind for s in recording.spans)]
    parts += [f"{sum(s.kind is kind for s in recording.spans)} {kind.value}" for kind in kinds]
    if recording.day_values:
        parts.append(f"{len(recording.day_values)} daily figures")
    if not parts:
        return ""
    times = [s.t_s for s in recording.series()]
    times += [np.array([span.start_s, span.end_s]) for span in recording.spans]
    hours = (max(t.max() for t in times) - min(t.min() for t in times)) / 3600 if times else 0.0
    refused = f", {recording.rows_refused} refused" if recording.rows_refused else ""
    span = f" over {hours:.1f} h" if times else ""
    return f"{', '.join(parts)}{span}; {recording.rows_used:,} rows used{refused}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path)
    shared = parser.parse_args().shared
    paths = files(shared)
    found = [told(path, path.relative_to(shared).as_posix()) for path in paths]
    right = sum(one.result == one.expected for one in found)
    lines = ["# Real files", "",
             f"{len(found)} files, {right} as their notes let us expect: "
             "`python -m tests.benchmarks.real_files ../shared/data`. Files without a date were "
             "given a start.", "",
             "| file | result | what was read, or the reason | right | why |",
             "|---|---|---|---|---|"]  # fmt: skip
    for one in found:
        verdict = "yes" if one.result == one.expected else f"NO: {one.expected}"
        lines.append(f"| {one.name} | {one.result} | {one.what} | {verdict} | {one.why} |")
    OUT.write_text("\n".join([*lines, ""]))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
