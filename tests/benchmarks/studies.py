"""Labelled studies: events found, false episodes, half-times. Labels never reach the detector.

Run: `python -m tests.benchmarks.studies FOLDER_OF_STUDIES [--step 15] [--write]`
"""

from __future__ import annotations

import argparse
import csv
import gzip
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import hrv
from hrv.curves import CURVES, EXPONENTIAL
from hrv.episodes import detect, expect
from hrv.model import (
    BoolArray,
    Censored,
    Episode,
    EpisodeKind,
    Expectation,
    FloatArray,
    Grid,
    RecoveryFit,
)
from hrv.recovery import fit
from hrv.settings import Settings
from tests.grids import Rise, binned, grid_of, seconds

RESULTS = Path(__file__).parent / "results"
ELEVATED_BPM = 5.0
CLEAR_Z = 3.0
FALLS = {curve.name: curve.fall for curve in CURVES}


@dataclass(frozen=True, slots=True)
class Event:
    kind: str  # mental, breathing, exercise
    name: str
    start_s: float
    end_s: float
    elevated: bool
    t50_s: float
    rise_end: float


@dataclass(frozen=True, slots=True)
class Session:
    name: str
    kind: str  # stress or exercise
    hr_bpm: FloatArray  # 1 Hz
    motion_g: FloatArray  # per-second SD of |acceleration|, from the same instant
    t0_s: float
    events: tuple[Event, ...]

    def grid(self, step_s: int) -> Grid:
        n = self.hr_bpm.size // step_s
        hr = self.hr_bpm[: n * step_s].reshape(n, step_s)
        motion = self.motion_g[: n * step_s].reshape(n, step_s)
        known = np.isfinite(motion).mean(axis=1) > 0.5
        met = np.where(known, 12.0 * np.nanmean(np.where(known[:, None], motion, 0.0), axis=1), 0)
        return grid_of(hr.mean(axis=1), step_s, self.t0_s, motion_met=met, motion_known=known)


def _start_s(text: str) -> float:
    first = text.split(",")[0].strip()
    try:
        return float(first)
    except ValueError:
        return datetime.fromisoformat(first).replace(tzinfo=UTC).timestamp()


def _e4(folder: Path, events: tuple[Event, ...], name: str, kind: str, relative: bool) -> Session:
    lines = (folder / "HR.csv").read_text().split("\n")
    t0 = _start_s(lines[0])
    hr = np.array([float(x) for x in lines[2:] if x.strip()])
    with gzip.open(folder / "ACC.csv.gz", "rt") as file:
        rows = file.read().split("\n")
    acc_t0, rate = _start_s(rows[0]), round(float(rows[1].split(",")[0]))
    acc = np.array([[float(v) for v in r.split(",")] for r in rows[2:] if r.strip()]) / 64.0
    size = np.sqrt(np.sum(acc**2, axis=1))
    per_second = size[: size.size // rate * rate].reshape(-1, rate).std(axis=1)
    late = round(t0 - acc_t0)
    motion = np.full(hr.size, np.nan)
    part = per_second[late : late + hr.size]
    motion[: part.size] = part
    if relative:
        events = tuple(
            Event(e.kind, e.name, e.start_s + t0, e.end_s + t0, e.elevated, e.t50_s, e.rise_end)
            for e in events
        )
    return Session(name, kind, hr, motion, t0, events)


def _events(rows: list[dict[str, str]], start: str, end: str) -> tuple[Event, ...]:
    return tuple(
        Event(
            r["kind"],
            r["event"],
            float(r[start] or r[end]),
            float(r[end]),
            r["elevated"] == "True",
            float(r["t50_end_s"] or "nan"),
            float(r["rise_end"] or "nan"),
        )
        for r in rows
    )


def sessions(folder: Path) -> list[Session]:
    """All sessions of the two E4 studies with what was labelled in them."""
    found = []
    with (folder / "stress_predict" / "events.csv").open() as file:
        rows = list(csv.DictReader(file))
    for who in sorted({r["subject"] for r in rows}):
        mine = _events([r for r in rows if r["subject"] == who], "start_epoch", "end_epoch")
        where = folder / "stress_predict" / who
        found.append(_e4(where, mine, f"stress_predict {who}", "stress", relative=False))
    with (folder / "physionet_wise" / "events.csv").open() as file:
        rows = list(csv.DictReader(file))
    for kind in ("STRESS", "AEROBIC", "ANAEROBIC"):
        for where in sorted((folder / "physionet_wise" / kind).iterdir()):
            of = [r for r in rows if r["subject"] == where.name and r["session"].startswith(kind)]
            mine = _events(of, "start_s", "end_s")
            label = "stress" if kind == "STRESS" else "exercise"
            name = f"physionet_wise {kind} {where.name}"
            found.append(_e4(where, mine, name, label, relative=True))
    return found


def overlaps(event: Event, episode: Episode) -> bool:
    return episode.start_s < event.end_s and episode.end_s > event.start_s


def labelled(grid: Grid, events: tuple[Event, ...]) -> BoolArray:
    t = grid.t_s
    out = np.zeros(len(grid), dtype=bool)
    for e in events:
        out |= (t >= e.start_s - 60.0) & (t < e.end_s + 180.0)
    return out


def wilson(k: int, n: int) -> str:
    if n == 0:
        return "-"
    p, z = k / n, 1.96
    middle = (p + z * z / 2 / n) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n) / (1 + z * z / n)
    return f"{k}/{n} = {p:.2f} ({middle - half:.2f}-{middle + half:.2f})"


def by_chance(session: Session) -> list[bool]:
    """Whether windows outside all labels are `elevated` by the labels' own definition.

    Windows of one minute, one after another: mean of its last 30 s against the 120 s before it.
    """
    hr = session.hr_bpm
    t = session.t0_s + np.arange(hr.size)
    near = np.arange(hr.size) < 60
    for e in session.events:
        near |= (t >= e.start_s - 5.0) & (t < e.end_s + 120.0)
    return [
        bool(hr[a + 30 : a + 60].mean() - hr[a - 120 : a].mean() >= ELEVATED_BPM)
        for a in range(120, hr.size - 60, 60)
        if not near[a - 120 : a + 60].any()
    ]


def z_on_the_label(event: Event, grid: Grid, expectation: Expectation) -> float:
    """How clear the rise is to somebody who knows its label, SD of its height.

    The best of four lengths of a curve that is released at the label's end and halves in a minute,
    under the wearer's own noise. What no detector without labels can pass by much.
    """
    off_s, step = event.end_s - grid.t0_s, grid.step_s
    best = -np.inf
    for length_s in (60.0, 120.0, 240.0, 480.0):
        if length_s > event.end_s - event.start_s + 60.0:
            continue
        on_s = off_s - length_s
        first = max(int((on_s - 240.0) / step), 0)
        last = min(int((off_s + 180.0) / step) + 1, len(grid))
        t = step * np.arange(first, last)
        curve = EXPONENTIAL.in_bins(t, step, on_s, off_s, 60.0)
        y = grid.hr_bpm[first:last].astype(np.float64)
        covariance = expectation.noise.covariance_bpm2(np.subtract.outer(t, t)) + 36.0
        covariance += 0.05 * expectation.noise.sigma_bpm**2 * np.eye(t.size)
        weighted = np.linalg.solve(covariance, curve)
        best = max(best, float(weighted @ (y - np.median(y)) / np.sqrt(weighted @ curve)))
    return best


def table(folder: Path, step_s: int, settings: Settings) -> list[str]:
    """Lines of a table for one step."""
    counts: dict[str, list[int]] = {}
    false, hours, called, limits = 0, 0.0, 0, 0
    ratios: list[_Compared] = []
    chance: dict[str, list[bool]] = {}
    falls: dict[str, list[bool]] = {}
    clear: list[bool] = []
    exercise_hours = 0.0
    for session in sessions(folder):
        grid = session.grid(step_s)
        expectation = expect(grid, settings)
        episodes = [
            e for e in detect(grid, expectation, (), settings) if e.kind is not EpisodeKind.EXERCISE
        ]
        fits = fit(episodes, grid, expectation, settings)
        if session.kind == "exercise":
            called += len(episodes)
            exercise_hours += len(grid) * step_s / 3600.0
            continue
        study = session.name.split()[0]
        chance.setdefault(study, []).extend(by_chance(session))
        near = labelled(grid, session.events)
        hours += float((expectation.usable & ~near).sum()) * step_s / 3600.0
        for e in episodes:
            a, b = grid.index(e.start_s), grid.index(e.end_s - 1) + 1
            false += not near[a:b].any()
        for event in session.events:
            group = f"{study} {event.kind} " + ("elevated" if event.elevated else "flat")
            if event.kind == "mental":
                falls.setdefault(study, []).append(event.rise_end <= -ELEVATED_BPM)
                if event.elevated:
                    clear.append(z_on_the_label(event, grid, expectation) >= CLEAR_Z)
            hit = [f for f in fits if overlaps(event, f.episode)]
            counts.setdefault(group, []).append(bool(hit))
            if event.kind == "mental" and event.elevated and event.t50_s > 0:
                ratio, limit = _ratio(event, hit)
                limits += limit
                if ratio is not None:
                    ratios.append(ratio)
    lines = [
        f"| {name} | {wilson(sum(hits), len(hits))} |" for name, hits in sorted(counts.items())
    ]
    mental = [x for name, hits in counts.items() if name.endswith("mental elevated") for x in hits]
    lines.append(f"| **all mental elevated** | {wilson(sum(mental), len(mental))} |")
    lines.append(f"| episodes in exercise sessions ({exercise_hours:.1f} h) | {called} |")
    lines.append(
        f"| false episodes per still hour ({hours:.1f} h) | {false / max(hours, 1e-9):.2f} |"
    )
    lines += [
        f"| {study}: windows without a label that count as elevated | "
        f"{wilson(sum(chance[study]), len(chance[study]))} |"
        for study in sorted(chance)
    ]
    lines += [
        f"| {study}: mental events that end 5 bpm or more below their start | "
        f"{wilson(sum(falls[study]), len(falls[study]))} |"
        for study in sorted(falls)
    ]
    lines.append(
        f"| mental elevated, clear (z of {CLEAR_Z:g}) to somebody who knows the label | "
        f"{wilson(sum(clear), len(clear))} |"
    )
    return lines + _compared(ratios, limits)


@dataclass(frozen=True, slots=True)
class _Compared:
    """Our half-time beside the labelled one, ln; of the same thing: from the end of the label."""

    half_time: float
    from_label: float
    inside: bool  # the labelled one lies in our 95 % interval, counted from the label


def _compared(ratios: list[_Compared], limits: int) -> list[str]:
    if not ratios:
        return []
    lines = []
    for what, values in (
        ("half-time to t50", [r.half_time for r in ratios]),
        ("the same counted from the label's end", [r.from_label for r in ratios]),
    ):
        spread = np.array(values)
        lines.append(
            f"| median abs log ratio, {what} (n = {spread.size}, {limits} at a bound) "
            f"| {np.median(np.abs(spread)):.2f} (median log ratio {np.median(spread):+.2f}) |"
        )
    held = wilson(sum(r.inside for r in ratios), len(ratios))
    return [*lines, f"| t50 inside our 95 % interval, counted from the label's end | {held} |"]


def _from_label(f: RecoveryFit, half_s: float, end_s: float) -> float:
    """Time after the label's end until half of the height that the curve has there is gone, s."""
    t = np.arange(0.0, 7200.0, 1.0)
    fall = FALLS[f.curve](t + end_s - f.release_s, half_s)
    return float(t[np.argmax(fall <= 0.5 * fall[0])])


def _ratio(event: Event, hits: list[RecoveryFit]) -> tuple[_Compared | None, bool]:
    """Our half-time beside the labelled one, and whether ours is a bound."""
    for f in sorted(hits, key=lambda f: -f.episode.end_s):
        if not f.accepted:
            continue
        if f.half_time_s is not None:
            value, low, high = (
                max(_from_label(f, half_s, event.end_s), 1.0)
                for half_s in (f.half_time_s.value, f.half_time_s.low, f.half_time_s.high)
            )
            return _Compared(
                float(np.log(f.half_time_s.value / event.t50_s)),
                float(np.log(value / event.t50_s)),
                low <= event.t50_s <= high,
            ), False
        if f.censored is not Censored.NO:
            return None, True
    return None, False


def t50_s(hr: FloatArray, on: int, off: int) -> float:
    """The labelled figure from 1-Hz heart rate: first 20 s at or below half of the rise, s."""
    before, end = hr[on - 120 : on].mean(), hr[off - 30 : off].mean()
    if end - before < ELEVATED_BPM:
        return float("nan")
    low = np.convolve(hr, np.ones(15) / 15.0, "same") <= 0.5 * (before + end)
    for k in range(off, min(off + 300, hr.size - 20)):
        if low[k : k + 20].all():
            return float(k - off)
    return float("nan")


def simulated(step_s: int, settings: Settings, people: int = 25) -> list[str]:
    """Lines on t50 and our half-time where the truth is known."""
    rng = np.random.default_rng(3)
    rows = []
    for seed in range(people):
        rises = []
        for k in range(3):
            on_s = 600.0 + 700.0 * k
            half_s = 60.0 * float(np.exp(0.3 * rng.standard_normal()))
            off_s = on_s + float(rng.uniform(120.0, 360.0))
            rises.append(Rise(on_s, off_s, float(rng.uniform(8.0, 20.0)), half_s))
        hr = seconds(rises, 2800, 9000 + seed)
        hr = np.convolve(np.pad(hr, (9, 0), mode="edge"), np.ones(10) / 10.0, "valid")
        grid = grid_of(binned(hr, step_s), float(step_s))
        expectation = expect(grid, settings)
        fits = fit(detect(grid, expectation, (), settings), grid, expectation, settings)
        for rise in rises:
            labelled_s = t50_s(hr, int(rise.on_s), int(rise.off_s))
            hit = [
                f
                for f in fits
                if f.half_time_s is not None
                and f.episode.start_s - grid.t0_s < rise.off_s
                and f.episode.end_s - grid.t0_s > rise.on_s
            ]
            if hit and labelled_s > 0 and hit[-1].half_time_s is not None:
                ours_s = hit[-1].half_time_s.value
                rows.append(np.log([labelled_s / rise.half_s, ours_s / rise.half_s]))
    t50, ours = np.array(rows).T
    pairs = (("t50 to truth", t50), ("half-time to truth", ours), ("half-time to t50", ours - t50))
    return [
        f"| simulated sessions: median abs log ratio, {what} (n = {values.size}) "
        f"| {np.median(np.abs(values)):.2f} (median log ratio {np.median(values):+.2f}) |"
        for what, values in pairs
    ]


READING = """
## How to read it

`elevated` is the labels' own rule: the last 30 s of an event lie 5 bpm or more above the two
minutes before it. Heart rate wanders, so windows without any label meet it too, and events end as
far below: that part of the elevated events is chance and has no rise that could be found. The line
on somebody who knows the label is what a filter finds that is told where to look.

The labelled t50 is a first crossing of a 15-s mean, counted from the end of the label. A half-time
belongs to a curve, and counts from where the fall begins; the second ratio compares like with like.
The simulated sessions (three reactions of 8-20 bpm, half-times around 60 s, the noise of a sitting
person, the watch's mean of ten seconds) go through the same steps: they show how far two such
figures differ where the curve is the right one and nobody moves.
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--step", type=int, nargs="*", default=[5, 15, 60])
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    lines = [f"# Labelled studies, version {hrv.__version__}", ""]
    for step_s in given.step:
        lines += ["", f"## {step_s}-s bins", "", "| what | figure |", "|---|---|"]
        lines += table(given.folder, step_s, Settings())
        if step_s <= 15:
            lines += simulated(step_s, Settings())
    text = "\n".join(lines) + "\n" + READING
    print(text)
    if given.write:
        (RESULTS / "studies.md").write_text(text)


if __name__ == "__main__":
    main()
