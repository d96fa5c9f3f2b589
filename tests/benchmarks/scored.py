"""Stretches of a vendor's stress score against the truth, where heart rate comes every 5 min.

Simulated wearers; scores as the watch gives them, each minute or each three minutes. A reaction
counts as visible from 8 bpm on, worn and not walking; it is found when a stretch touches it. A
stretch is false when it touches no reaction at all, however low, until three minutes or two
half-times after its end. Half-way times are of the score: the truth beside them is of the heart.

Run: `python -m tests.benchmarks.scored [--people 5] [--days 42] [--write]`
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import hrv
from hrv import scored, simulate, timeline
from hrv.calibrate.counts import with_interval
from hrv.model import Episode, Estimate, Missing, ScoreEpisode, ScoreSummary
from hrv.settings import Settings
from hrv.simulate.device import Device
from hrv.simulate.export import truth
from hrv.simulate.heart import days as lived
from hrv.simulate.in_memory import recordings
from hrv.simulate.scenarios import Scenario, constant

RESULTS = Path(__file__).parent / "results" / "scored.md"
LATE_S = 180.0
HR_PERIOD_S = 300


@dataclass(frozen=True, slots=True)
class Counts:
    """One wearer."""

    visible: int
    found: int
    stretches: int
    false: int
    days: int
    half_back_s: Estimate | Missing


def wearers() -> dict[str, Scenario]:
    usual = simulate.find("unchanged")
    calm = replace(usual, rate=constant(0.0))
    return {
        "usual days": usual,
        "no reaction at all": replace(calm, exercise_per_week=constant(0.0)),
        "no reaction, exercise daily": replace(calm, exercise_per_week=constant(7.0)),
    }


def touches(one: Episode | ScoreEpisode, reaction: dict[str, Any], until_s: float) -> bool:
    return bool(one.start_s < reaction["t_off"] + until_s and one.end_s > reaction["t_on"])


def compared(
    episodes: Sequence[Episode | ScoreEpisode], reactions: list[dict[str, Any]]
) -> tuple[list[bool], list[bool]]:
    """Which visible reactions were found, and which episodes are false."""
    found = [any(touches(e, r, LATE_S) for e in episodes) for r in reactions if r["visible"]]
    false = [
        not any(touches(e, r, max(LATE_S, 2.0 * r["half_time_s"])) for r in reactions)
        for e in episodes
    ]
    return found, false


def person(scenario: Scenario, seed: int, days: int, period_s: int, half_time_s: float) -> Counts:
    life = simulate.life(scenario, days, seed, half_time_s)
    true = truth(life, lived(life), simulate.START)["episodes"]
    watch = Device(hr_period_s=HR_PERIOD_S, score_period_s=period_s)
    life = simulate.life(scenario, days, seed, half_time_s)
    line = timeline.build(recordings(life, watch, simulate.START))
    window = (min(line.utc_days), max(line.utc_days))
    seen = scored.summary(line, window, Settings(), np.random.default_rng(seed))
    assert isinstance(seen, ScoreSummary)
    found, false = compared(seen.episodes, true)
    return Counts(len(found), sum(found), len(false), sum(false), days, seen.half_back_s)


def table(people: int, days: int) -> Iterator[str]:
    yield (
        "| wearer | a score every | half-time of the heart, s | visible reactions found "
        "(95 % interval) | stretches | false a day | score half-way down, s: median of people |"
    )
    yield "|---|---|---|---|---|---|---|"
    for name, scenario in wearers().items():
        for period_s in (60, 180):
            for half_time_s in (120.0, 240.0) if scenario.rate(0.0) > 0 else (120.0,):
                every = [person(scenario, 101 + k, days, period_s, half_time_s)
                         for k in range(people)]  # fmt: skip
                found, visible = sum(c.found for c in every), sum(c.visible for c in every)
                share = with_interval({"yes": found, "of": visible}) if visible else "-"
                levels = [c.half_back_s.value for c in every if isinstance(c.half_back_s, Estimate)]
                level = f"{np.median(levels):.0f} ({len(levels)} of {people})" if levels else "-"
                yield (
                    f"| {name} | {period_s} s | {half_time_s:.0f} | {share} "
                    f"| {sum(c.stretches for c in every)} "
                    f"| {sum(c.false for c in every) / sum(c.days for c in every):.2f} | {level} |"
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=5)
    parser.add_argument("--days", type=int, default=42)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    text = "\n".join(
        [
            f"# Stretches of a vendor's stress score, version {hrv.__version__}",
            "",
            f"{given.people} wearers a line, {given.days} days each, heart rate every "
            f"{HR_PERIOD_S} s.",
            "",
            *table(given.people, given.days),
            "",
        ]
    )
    print(text)
    if given.write:
        RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
