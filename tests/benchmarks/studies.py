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
from hrv.episodes import detect, expect
from hrv.model import BoolArray, Censored, Episode, EpisodeKind, FloatArray, Grid, RecoveryFit
from hrv.recovery import fit
from hrv.settings import Settings
from tests.grids import grid_of

RESULTS = Path(__file__).parent / "results"


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


def table(folder: Path, step_s: int, settings: Settings) -> list[str]:
    """Lines of a table for one step."""
    counts: dict[str, list[int]] = {}
    false, hours, called, ratios, limits = 0, 0.0, 0, [], 0
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
        near = labelled(grid, session.events)
        hours += float((expectation.usable & ~near).sum()) * step_s / 3600.0
        for e in episodes:
            a, b = grid.index(e.start_s), grid.index(e.end_s - 1) + 1
            false += not near[a:b].any()
        for event in session.events:
            group = f"{session.name.split()[0]} {event.kind} " + (
                "elevated" if event.elevated else "flat"
            )
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
    spread = np.array(ratios)
    if spread.size:
        lines.append(
            f"| median abs log ratio half-time to t50 (n = {spread.size}, {limits} at a bound) "
            f"| {np.median(np.abs(spread)):.2f} (median log ratio {np.median(spread):+.2f}) |"
        )
    return lines


def _ratio(event: Event, hits: list[RecoveryFit]) -> tuple[float | None, bool]:
    """Log ratio of our half-time to the labelled one, and whether ours is a bound."""
    for f in sorted(hits, key=lambda f: -f.episode.end_s):
        if not f.accepted:
            continue
        if f.half_time_s is not None:
            return float(np.log(f.half_time_s.value / event.t50_s)), False
        if f.censored is not Censored.NO:
            return None, True
    return None, False


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
    text = "\n".join(lines) + "\n"
    print(text)
    if given.write:
        (RESULTS / "studies.md").write_text(text)


if __name__ == "__main__":
    main()
