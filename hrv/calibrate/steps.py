"""Lasting steps: how often noise alone has one, how often a true one is found and told from a line.

The noise is that of the grid of daily values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hrv import trend
from hrv.calibrate import daily
from hrv.calibrate.counts import ALPHA, Result, count
from hrv.model import BoolArray, DailySeries, FloatArray
from hrv.settings import Settings
from hrv.stats import Step

LENGTHS = (90, 180)
STEP_SD = 1.0
LINE_SD = 1.0  # total change of the line that is no step
FIRST_DAY = 20_000


@dataclass(frozen=True, slots=True)
class StepCell:
    """One setting of the daily grid."""

    noise: daily.DailyCell

    @property
    def name(self) -> str:
        return self.noise.name.replace("daily/", "step/", 1)


def cells() -> Iterator[StepCell]:
    """The settings of the daily grid that have room for a step; the long ones first."""
    for days in reversed(LENGTHS):
        for cell in daily.cells():
            if cell.days == days:
                yield StepCell(cell)


def run(cell: StepCell, runs: int, settings: Settings, rng: np.random.Generator) -> Result:
    """Steps seen in noise, in a step of 1 SD half-way, and in a line of 1 SD in all."""
    values, _, seen = daily.simulate(cell.noise, runs, rng)
    f: FloatArray = np.linspace(0.0, 1.0, cell.noise.days)
    made: dict[str, FloatArray] = {
        "none": 0.0 * f,
        "step": np.where(f >= 0.5, STEP_SD, 0.0),
        "line": LINE_SD * f,
    }
    found: Result = {}
    for name, change in made.items():
        steps = [_searched(v, k, change, settings, rng) for v, k in zip(values, seen, strict=True)]
        clear = [s is not None and s.p_value <= ALPHA for s in steps]
        no_line = [s is not None and s.over_line > 0.0 for s in steps]
        found[name] = {
            "clear": count(clear),
            "clear_and_no_line": count(np.array(clear) & np.array(no_line)),
        }
    return found


def _searched(
    values: FloatArray,
    seen: BoolArray,
    change: FloatArray,
    settings: Settings,
    rng: np.random.Generator,
) -> Step | None:
    kept = np.flatnonzero(seen)
    return trend.lasting_step(
        DailySeries(FIRST_DAY + kept, (values / daily.SD + change)[kept]),
        settings=settings.trend,
        edge_days=settings.markers.step_edge_days,
        rng=rng,
    )
