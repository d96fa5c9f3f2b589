"""Rises that the detector finds in daily life of known truth, by sampling; and its own self-test.

Simulated wearers with motion, exercise, gaps and nights; the program's own way from recordings to
episodes. A reaction counts as visible from 8 bpm on, worn and not walking; it is found when an
episode touches it. An episode is false when it touches no reaction at all, however low, until
three minutes or two half-times after its end. F1 = 2 found / (2 found + false + missed). Watched
are the visible ones that begin and pass in time that the detector may use: it stays silent while
and soon after a person moves, after effort, waking, and putting the watch on.

Run: `python -m tests.benchmarks.rises [--people 4] [--days 28] [--write]`
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import hrv
from hrv import features, selftest, simulate, timeline
from hrv.calibrate.counts import with_interval
from hrv.episodes import detect, expect
from hrv.model import BoolArray, EpisodeKind, Estimate, Grid, SelfTest
from hrv.recovery import fit
from hrv.settings import Settings
from hrv.simulate.device import Device
from hrv.simulate.export import truth
from hrv.simulate.heart import days as lived
from hrv.simulate.in_memory import recordings
from hrv.simulate.scenarios import Scenario
from tests.benchmarks.scored import compared, wearers

RESULTS = Path(__file__).parent / "results" / "rises.md"
PERIODS_S = (15, 60, 120, 180)
CALM_PERIODS_S = (15, 60)
HALF_TIME_S = 120.0
TESTED_S = 60  # sampling at which the self-test runs


@dataclass(frozen=True, slots=True)
class Counts:
    """One wearer."""

    visible: int
    found: int
    watched: int  # of the visible
    watched_found: int
    false: int
    slope: Estimate | None


def person(scenario: Scenario, seed: int, days: int, period_s: int, tested: bool) -> Counts:
    life = simulate.life(scenario, days, seed, HALF_TIME_S)
    true = truth(life, lived(life), simulate.START)["episodes"]
    life = simulate.life(scenario, days, seed, HALF_TIME_S)
    line = timeline.build(recordings(life, Device(hr_period_s=period_s), simulate.START))
    settings = Settings()
    reduced = list(features.reduce_days(line, settings))
    grid = features.join(reduced, fine=True) or features.join(reduced, fine=False)
    assert grid is not None
    expectation = expect(grid, settings)
    episodes = [
        e
        for e in detect(grid, expectation, line.spans, settings)
        if e.kind is not EpisodeKind.EXERCISE
    ]
    found, false = compared(episodes, true)
    watched = [
        _watched(grid, expectation.usable, r["t_on"], r["t_off"]) for r in true if r["visible"]
    ]
    both = sum(hit and seen for hit, seen in zip(found, watched, strict=True))
    slope = None
    if tested:
        fits = fit(episodes, grid, expectation, settings)
        rng = np.random.default_rng(seed)
        said = selftest.spike_in(grid, expectation, episodes, fits, settings, rng)
        slope = said.slope if isinstance(said, SelfTest) else None
    return Counts(len(found), sum(found), sum(watched), both, sum(false), slope)


def _watched(grid: Grid, usable: BoolArray, on_s: float, off_s: float) -> bool:
    """Whether most of the five minutes before, and most of the reaction, could be used.

    Not while or soon after moving, in the shadow of effort, after waking or a gap.
    """
    start, on, off = (grid.index(t_s) for t_s in (on_s - 300.0, on_s, off_s))
    before, inside = usable[max(start, 0) : on], usable[on : off + 1]
    return bool(before.size and inside.size and before.mean() > 0.5 and inside.mean() > 0.5)


def table(people: int, days: int) -> Iterator[str]:
    yield (
        "| wearer | heart rate every | visible reactions found (95 % interval) | of these watched: "
        "found | false a day | F1, visible | F1, watched | slope of the self-test, each person |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for name, scenario in wearers().items():
        reacts = scenario.rate(0.0) > 0
        for period_s in PERIODS_S if reacts else CALM_PERIODS_S:
            tested = reacts and period_s == TESTED_S
            every = [person(scenario, 201 + k, days, period_s, tested) for k in range(people)]
            false = sum(c.false for c in every)
            all_of = [
                (sum(c.found for c in every), sum(c.visible for c in every)),
                (sum(c.watched_found for c in every), sum(c.watched for c in every)),
            ]
            shares = [with_interval({"yes": hit, "of": n}) if n else "-" for hit, n in all_of]
            f1 = [f"{2 * hit / (hit + n + false):.3f}" if n else "-" for hit, n in all_of]
            slopes = ", ".join(
                f"{c.slope.value:.2f} ({c.slope.low:.2f}-{c.slope.high:.2f})"
                for c in every
                if c.slope is not None
            )
            yield (
                f"| {name} | {period_s} s | {shares[0]} | {shares[1]} "
                f"| {false / (people * days):.2f} | {f1[0]} | {f1[1]} | {slopes or '-'} |"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=4)
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    lines = [
        f"# Rises found in daily life, version {hrv.__version__}",
        "",
        f"{given.people} wearers a line, {given.days} days each, half-time {HALF_TIME_S:.0f} s.",
        "",
    ]
    for one in table(given.people, given.days):
        print(one, flush=True)
        lines.append(one)
    if given.write:
        RESULTS.write_text("\n".join([*lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
