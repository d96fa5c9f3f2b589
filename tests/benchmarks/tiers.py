"""What can be said from what people hold in their hands, after 21, 56, 90 and 180 days.

`python -m tests.benchmarks.tiers` simulates one life, hands each tier its part of it, and writes
the state, the numbers with intervals that the first screen has, and the needs to
`results/tiers.md`. Rows already there (`results/tiers.jsonl`) are not made again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hrv import __version__, pipeline, simulate, timeline
from hrv.model import DAY_S, Analysis, Recording, RRSeries, SpanKind
from hrv.simulate.beats import beat_times
from hrv.simulate.export import origin_s
from hrv.simulate.heart import days as lived
from tests.test_tiers import numbers

RESULTS = Path(__file__).parent / "results"
LENGTHS = (21, 56, 90, 180)
TIERS = {
    "A: every beat": 60,
    "B: heart rate every 15 s": 15,
    "C: every minute": 60,
    "C2: every 5 min": 300,
    "D: one value a day": 60,
    "E: workouts only": 15,
}
SCENARIO, SEED = "healing", 3


def handed(tier: str, days: int) -> Iterable[Recording]:
    """The recordings that a person of this tier can hand in."""
    made = simulate.recordings(SCENARIO, days, SEED, 120.0, hr_period_s=TIERS[tier])
    if tier.startswith("A"):
        yield from _with_beats(made, days)
        return
    for one in made:
        if tier.startswith("D"):
            yield replace(
                one,
                heart_rate=(),
                rr=(),
                motion=(),
                stress=(),
                rmssd=(),
                spans=tuple(s for s in one.spans if s.origin != "device"),
            )
        elif not tier.startswith("E"):
            yield one
        elif any(s.kind is SpanKind.EXERCISE for s in one.spans):
            yield replace(one, day_values=(), spans=_of_workouts(one))


def _with_beats(made: Iterable[Recording], days: int) -> Iterable[Recording]:
    """The beats of a strap worn day and night beside the watch's steps and spans."""
    person = simulate.life(SCENARIO, days, SEED, 120.0)
    zero = origin_s(simulate.START)
    lives = lived(person)
    for one in made:
        if one.heart_rate and not any(s.kind is SpanKind.EXERCISE for s in one.spans):
            day = next(lives)
            t_s = zero + beat_times(day, person.body, person.streams, 0, int(DAY_S))
            beats = RRSeries(t_s[1:], 1000.0 * np.diff(t_s), "strap", optical=False)
            one = replace(one, heart_rate=(), rr=(beats,))
        yield one


def _of_workouts(one: Recording) -> Any:
    return tuple(s for s in one.spans if s.kind is SpanKind.EXERCISE)


def row(tier: str, days: int) -> dict[str, Any]:
    found: Analysis = pipeline.analyse(timeline.build(handed(tier, days)))
    return {
        "tier": tier,
        "days": days,
        "seen_as": found.coverage.tier.value,
        "state": found.verdict.state.value,
        "which": found.verdict.which,
        "numbers": len(numbers(found)),
        "needs": sorted({need.kind.value for need in found.verdict.needs}),
        "weeks": [round(n.weeks) for n in found.verdict.needs if n.weeks is not None],
    }


def page(rows: list[dict[str, Any]]) -> str:
    lines = [
        f"# What each kind of data can say, version {__version__}",
        "",
        f"One simulated life ({SCENARIO}, seed {SEED}), handed in as each kind of person has it:",
        "the verdict's state and, in brackets, how many numbers with intervals there are.",
        "",
        "| data | " + " | ".join(f"{d} days" for d in LENGTHS) + " |",
        "| --- |" + " --- |" * len(LENGTHS),
    ]
    by = {(r["tier"], r["days"]): r for r in rows}
    for tier in TIERS:
        cells = []
        for days in LENGTHS:
            one = by.get((tier, days))
            which = f" {one['which']}" if one and one["which"] else ""
            cells.append(f"{one['state']}{which} ({one['numbers']})" if one else "")
        lines.append(f"| {tier} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tier", default="", help="only tiers whose name starts so")
    parser.add_argument("--days", type=int, default=0)
    given = parser.parse_args()
    kept = RESULTS / "tiers.jsonl"
    text = kept.read_text(encoding="utf-8") if kept.exists() else ""
    rows = [json.loads(line) for line in text.splitlines()]
    done = {(r["tier"], r["days"]) for r in rows}
    for days in LENGTHS:
        for tier in TIERS:
            wanted = tier.startswith(given.tier) and given.days in (0, days)
            if not wanted or (tier, days) in done:
                continue
            rows.append(row(tier, days))
            print(rows[-1], flush=True)
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(rows[-1]) + "\n")
            (RESULTS / "tiers.md").write_text(page(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
