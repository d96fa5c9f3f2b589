"""What the verdict hangs on: the thresholds that gate it, each halved and doubled.

The people are those of the verdict's own table; each is simulated and measured once, and judged
anew under every threshold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hrv import sensitivity, verdict
from hrv.calibrate import verdicts
from hrv.calibrate.counts import Result
from hrv.settings import Settings

DAYS = 180
SCENARIOS = ("unchanged", "healing", "coping", "worsening")
BLOCK, MOST = 10, 1000  # people a cell, people a scenario
USED = "as set"


@dataclass(frozen=True, slots=True)
class GateCell:
    """People of one scenario."""

    scenario: str
    first: int  # number of the first of `BLOCK` people

    @property
    def name(self) -> str:
        return f"sensitivity/{self.scenario}/{self.first}"


def cells() -> Iterator[GateCell]:
    """Every scenario; more people as one goes."""
    for first in range(0, MOST, BLOCK):
        for name in SCENARIOS:
            yield GateCell(name, first)


def run(cell: GateCell, runs: int, settings: Settings, rng: np.random.Generator) -> Result:
    """States by threshold and value, and how many people's state is another than as set."""
    del rng
    states: dict[str, Counter[str]] = {}
    changed: Counter[str] = Counter()
    for number in range(cell.first, cell.first + runs):
        told = answers(cell.scenario, number, settings)
        for name, state in told.items():
            states.setdefault(name, Counter())[state] += 1
            changed[name] += state != told[USED]
    return {
        "people": runs,
        "states": {name: dict(sorted(counted.items())) for name, counted in states.items()},
        "changed": dict(changed),
    }


def answers(scenario: str, number: int, settings: Settings) -> dict[str, str]:
    """The state of one person as set, and by `threshold=value` under each of the others."""
    seen = verdicts.simulated(scenario, DAYS, number, settings.seed, settings, trends={})
    findings = verdicts.findings(seen)
    told = {USED: verdict.judge(seen, findings).state.value}
    for one in sensitivity.vary(seen, findings, sensitivity.EVERY):
        told[f"{one.name}={one.tried:g}"] = one.state.value
    return told
