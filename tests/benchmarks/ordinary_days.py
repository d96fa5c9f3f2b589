"""Real recordings without stress labels, through the product: what it says of ordinary hours.

- wearablehrv: one person, five devices at once; sitting, arithmetic, recovery, standing, slow
  breathing, a cognitive task, walking, cycling. Labels are not given to the program.
- mmash10: two people for a day, chest-strap beats and wrist motion: rises a day.
- meditation_rr: heart rate and RMSSD before and during meditation, against the values computed
  by others, and which way each person's differ.
- lifesnaps_daily: what daily figures of a wrist watch over months give, person by person.

Run: `python -m tests.benchmarks.ordinary_days FOLDER_OF_STUDIES [--write]`
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import hrv
from hrv.clean import correct
from hrv.metrics.rmssd import rmssd_ms
from hrv.model import (
    Analysis,
    Censored,
    EpisodeKind,
    FloatArray,
    HeartRateSeries,
    LocalClock,
    Missing,
    MotionKind,
    MotionSeries,
    NNSeries,
    Recording,
    RecoveryFit,
    RRSeries,
    Source,
    Timeline,
)
from hrv.report.text import Words
from hrv.report.wording import change_of, trend_unit
from hrv.settings import Settings
from hrv.stats import MixtureT, bagls
from hrv.timeline import build

RESULTS = Path(__file__).parent / "results"
DEVICES = ("vu.txt", "empatica.csv", "heartmath.csv", "kyto.csv", "rhythm.csv")
AMSTERDAM_S = 7200.0
NOTES = {
    "One person, five devices, eight conditions (wearablehrv)": "Arithmetic raises this heart by "
    "2 bpm (ECG), less than any rise that is looked for. The files hold beats alone and no motion, "
    "so that walking and cycling are rises; the report says so.",
    "An ordinary day (mmash10)": "Chest-strap beats and steps of the wrist; nobody noted what "
    "happened.",
    "Before and during meditation (meditation_rr)": "Given values were computed by others from "
    "beats as they were recorded. A difference is that of minutes during less minutes before, with "
    "the memory of successive minutes; clear where its 95 % interval leaves out zero.",
    "Months of daily figures (lifesnaps_daily)": "Resting heart rate and night RMSSD of a wrist "
    "watch, all that a person has of the last half year. Slopes: Theil-Sen with a block "
    "bootstrap on each figure alone, computed by others, uncorrected for looking at several.",
}
MINUTE_S = 60.0
LEAST_BEATS = 30  # of a minute


def rises(analysis: Analysis) -> list[RecoveryFit]:
    return [fit for fit in analysis.fits if fit.episode.kind is not EpisodeKind.EXERCISE]


def half_time(fit: RecoveryFit) -> str:
    """The half-time with its interval, its bound, or why there is none."""
    words = Words()
    if not fit.accepted:
        return words.say(f"why.{fit.why_not}")
    if fit.half_time_s is not None:
        half = fit.half_time_s
        return f"{half.value:.0f} s ({half.low:.0f}-{half.high:.0f})"
    sign = "at least" if fit.censored is Censored.RIGHT else "at most"
    return f"{sign} {fit.bound_s:.0f} s"


# --------------------------------------------------------------------------- wearablehrv


def conditions(folder: Path) -> dict[str, tuple[float, float]]:
    """Start and end of each labelled condition, Unix seconds."""
    with (folder / "test_events.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        local = datetime.fromisoformat(f"2023-06-30T{row['timestamp']}").replace(tzinfo=UTC)
        found.setdefault(row["conditions"], {})[row["datapoint"]] = local.timestamp() - AMSTERDAM_S
    return {name: (ends["start"], ends["end"]) for name, ends in found.items()}


def mean_hr(timeline: Timeline, start_s: float, end_s: float) -> float:
    """Mean heart rate of the beats of a stretch, bpm."""
    beats = [b for block in timeline.blocks() for b in block.rr]
    if beats:
        rr = np.concatenate([b.rr_ms[(b.t_s >= start_s) & (b.t_s < end_s)] for b in beats])
        rr = rr[(rr > 300) & (rr < 2000)]
        return float(60_000.0 / rr.mean()) if rr.size else float("nan")
    _, hr = timeline.heart_rate_between(start_s, end_s)
    return float(hr.mean()) if hr.size else float("nan")


def five_devices(folder: Path) -> Iterator[str]:
    when = conditions(folder)
    yield "| device | heart rate sitting, arithmetic, recovery, bpm | rises in arithmetic | in the cognitive task | in walking or cycling | elsewhere |"  # noqa: E501
    yield "|---|---|---|---|---|---|"
    for name in DEVICES:
        timeline = hrv.read([folder / f"test_{name}"], hrv.ReadOptions(tz="Europe/Amsterdam"))
        found = rises(hrv.analyse(timeline))
        heart = [
            f"{mean_hr(timeline, *when[c]):.1f}" for c in ("sitting", "arithmetic", "recovery")
        ]
        cells = []
        left = list(found)
        for some in (("arithmetic",), ("neurotask",), ("walking", "biking")):
            here = [f for f in left if any(_touches(f, when[c]) for c in some)]
            left = [f for f in left if f not in here]
            told = "; ".join(f"{f.episode.rise_bpm:.0f} bpm, {half_time(f)}" for f in here)
            cells.append(told or "0")
        yield f"| {name} | {', '.join(heart)} | {' | '.join(cells)} | {len(left)} |"


def _touches(fit: RecoveryFit, span: tuple[float, float]) -> bool:
    return fit.episode.start_s < span[1] and fit.episode.end_s > span[0]


# --------------------------------------------------------------------------- mmash10


def _columns(path: Path, *names: str) -> tuple[FloatArray, ...]:
    """Unix seconds (as if UTC) and numbers of a table; rows without a number are left out."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    t = [datetime.fromisoformat(r["Time"]).replace(tzinfo=UTC).timestamp() for r in rows]
    values = [[float(r[name] or "nan") for r in rows] for name in names]
    return np.array(t), *(np.array(v) for v in values)


def a_day(folder: Path) -> Timeline:
    """One person: beats of the strap where they run, steps of the wrist."""
    t, interval_s = _columns(folder / "heartbeats.txt.gz", "Interval between heartbeats (s)")
    keep = np.isfinite(interval_s) & (interval_s > 0.1) & (interval_s < 3.0)
    t, rr_ms = t[keep], 1000.0 * interval_s[keep]
    # times are whole seconds: within each, beats follow by their intervals
    ends = np.maximum.accumulate(t + 1e-3 * np.arange(t.size) / max(t.size, 1))
    _, first = np.unique(t, return_index=True)
    inside = np.cumsum(rr_ms) / 1000.0
    offset = inside - np.repeat(inside[first], np.diff(np.append(first, t.size)))
    beat_s = np.maximum.accumulate(ends + np.minimum(offset, 0.999))
    beat_s = beat_s + 1e-6 * np.arange(beat_s.size)
    wrist_s, steps = _columns(folder / "actigraph.txt.gz", "Steps")
    wrist_s, at = np.unique(wrist_s, return_index=True)
    minute = np.floor(wrist_s / 60.0)
    edges, start = np.unique(minute, return_index=True)
    per_minute = np.add.reduceat(np.nan_to_num(steps[at]), start)
    heart_s = np.unique(np.round(beat_s / 5.0) * 5.0)
    mean = np.interp(heart_s, beat_s, 60_000.0 / rr_ms)
    recording = Recording(
        source=Source(name=folder.name, format="mmash"),
        clock=LocalClock.fixed(0.0, "file"),
        rr=(RRSeries(beat_s, rr_ms, "strap", optical=False),),
        heart_rate=(HeartRateSeries(heart_s, mean, "strap", optical=False),),
        motion=(
            MotionSeries(
                edges * 60.0, per_minute, np.full(edges.size, 60.0), MotionKind.STEPS_PER_MIN,
                "wrist",
            ),
        ),
        rows_used=int(beat_s.size + edges.size),
    )  # fmt: skip
    return build([recording])


def two_days(folder: Path) -> Iterator[str]:
    yield "| person | hours worn | still, waking hours | rises | rises per still hour | height, median bpm | half of a rise gone | bouts of exercise |"  # noqa: E501
    yield "|---|---|---|---|---|---|---|---|"
    for where in sorted(folder.glob("subject_*")):
        analysis = hrv.analyse(a_day(where))
        found = rises(analysis)
        seen = analysis.coverage
        level = analysis.recovery.half_time_s
        told = (
            Words().reason(level)
            if isinstance(level, Missing)
            else f"{level.value:.0f} s ({level.low:.0f}-{level.high:.0f})"
        )
        height = np.median([f.episode.rise_bpm for f in found]) if found else float("nan")
        yield (
            f"| {where.name} | {seen.worn_hours:.1f} | {seen.still_hours:.1f} | {len(found)} "
            f"| {len(found) / max(seen.still_hours, 1e-9):.2f} | {height:.1f} | {told} "
            f"| {len(analysis.fits) - len(found)} |"
        )


# --------------------------------------------------------------------------- meditation_rr


def meditations(folder: Path) -> Iterator[str]:
    with (folder / "pairs.csv").open(encoding="utf-8") as file:
        pairs = list(csv.DictReader(file))
    yield "| person | heart rate before, during, bpm | given | RMSSD before, during, ms (corrected) | given (uncorrected) | heart rate, difference, bpm | RMSSD, difference, % |"  # noqa: E501
    yield "|---|---|---|---|---|---|---|"
    for row in pairs:
        beats = [
            _corrected(folder / "rr" / f"{row['subject']}{part}.csv") for part in ("pre", "med")
        ]
        ours = [(float(60_000.0 / nn.nn_ms.mean()), rmssd_ms(nn)) for nn in beats]
        heart, vagal = contrasts(*beats)
        yield (
            f"| {row['subject']} ({row['group']}) | {ours[0][0]:.1f}, {ours[1][0]:.1f} "
            f"| {float(row['hr_mean_pre']):.1f}, {float(row['hr_mean_med']):.1f} "
            f"| {ours[0][1]:.1f}, {ours[1][1]:.1f} "
            f"| {float(row['rmssd_ms_pre']):.1f}, {float(row['rmssd_ms_med']):.1f} "
            f"| {heart} | {vagal} |"
        )


def contrasts(before: NNSeries, during: NNSeries) -> tuple[str, str]:
    """Differences of heart rate, bpm, and of RMSSD, %, with their direction."""
    minutes = [by_minute(nn) for nn in (before, during)]
    after = np.repeat([0.0, 1.0], [m.shape[0] for m in minutes])
    design = np.column_stack([np.ones(after.size), after])
    heart, ln_rmssd = np.concatenate(minutes).T
    order = np.arange(after.size)
    return (
        direction(bagls(order, heart, design, 1), ("slower", "faster")),
        direction(bagls(order, 100.0 * ln_rmssd, design, 1), ("lower", "higher"), log=True),
    )


def direction(found: MixtureT, pair: tuple[str, str], *, log: bool = False) -> str:
    """A difference with its 95 % interval, and which way where that leaves out zero."""
    low, high = found.interval(0.95)
    word = pair[0] if high < 0 else pair[1] if low > 0 else "no clear difference"
    value, low, high = (
        100.0 * np.expm1(x / 100.0) if log else x for x in (found.estimate, low, high)
    )
    return f"{value:+.1f} ({low:+.1f} to {high:+.1f}), {word}"


def by_minute(nn: NNSeries) -> FloatArray:
    """Mean heart rate, bpm, and ln RMSSD, ln ms, of every minute with enough beats."""
    found = []
    for start_s in np.arange(nn.t_s[0], nn.t_s[-1] - MINUTE_S, MINUTE_S):
        part = nn.between(float(start_s), float(start_s) + MINUTE_S)
        if part.successive_diff_ms().size >= LEAST_BEATS:
            found.append((60_000.0 / part.nn_ms.mean(), np.log(rmssd_ms(part))))
    return np.array(found)


def _corrected(path: Path) -> NNSeries:
    """The corrected beats of a recording."""
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    t = np.array([float(r["t_s"]) for r in rows])
    rr = np.array([float(r["rr_ms"]) for r in rows])
    return correct(RRSeries(t, rr), Settings().clean).nn


# --------------------------------------------------------------------------- lifesnaps_daily


def months(folder: Path) -> Iterator[str]:
    """One line a person, and first how many have which answer."""
    with (folder / "lifesnaps_trends.csv").open(encoding="utf-8") as file:
        slopes = {(r["subject"], r["metric"]): r["direction"] for r in csv.DictReader(file)}
    people = [(name, judged(folder / "daily.csv", name)) for name in watch_people(folder)]
    states = Counter(found.verdict.state.value for _, found in people)
    resting = Counter(found.baseline.state.value for _, found in people)
    for what, counted in (("Answers", states), ("Resting levels", resting)):
        yield f"{what}, {len(people)} people: " + ", ".join(
            f"{name} {n}" for name, n in sorted(counted.items())
        )
        yield ""
    yield "| person | days | answer | resting level | change over the period | slope of resting heart rate, of RMSSD |"  # noqa: E501
    yield "|---|---|---|---|---|---|"
    for k, (name, found) in enumerate(people, 1):
        state, which = found.verdict.state.value, found.verdict.which
        given = [slopes.get((name, metric), "-") for metric in ("resting_hr", "rmssd")]
        yield (
            f"| {k} | {found.coverage.days} | {state}{f', {which}' if which else ''} "
            f"| {found.baseline.measure or '-'}: {found.baseline.state.value} "
            f"| {_changed(found)} | {', '.join(given)} |"
        )


def watch_people(folder: Path) -> list[str]:
    """Who is in the table of daily figures."""
    with (folder / "daily.csv").open(encoding="utf-8") as file:
        return sorted({row["id"] for row in csv.DictReader(file)})


def judged(table: Path, person: str) -> Analysis:
    """The whole program on one person's rows."""
    return hrv.analyse(hrv.read([table], hrv.ReadOptions(person=person)))


def _changed(found: Analysis) -> str:
    words, resting = Words(), found.baseline
    if resting.trend is None:
        return "-" if resting.why_unknown is None else words.reason(resting.why_unknown)
    change = change_of(resting.trend, trend_unit(resting.measure or ""))
    return words.change(change.size, change.unit, ("lower", "higher"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    parts = {
        "One person, five devices, eight conditions (wearablehrv)": five_devices(
            given.folder / "wearablehrv"
        ),
        "An ordinary day (mmash10)": two_days(given.folder / "mmash10"),
        "Before and during meditation (meditation_rr)": meditations(given.folder / "meditation_rr"),
        "Months of daily figures (lifesnaps_daily)": months(given.folder / "lifesnaps_daily"),
    }
    lines = [f"# Ordinary hours of real people, version {hrv.__version__}"]
    for title, rows in parts.items():
        lines += ["", f"## {title}", "", *([NOTES[title], ""] if title in NOTES else []), *rows]
        print("\n".join(lines[-20:]), flush=True)
    if given.write:
        (RESULTS / "ordinary_days.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
