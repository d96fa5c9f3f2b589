"""Simulated people whose truth is known, and writers of the exports they would hand in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from hrv.errors import SettingsError
from hrv.model import Recording
from hrv.simulate.body import Body, born
from hrv.simulate.heart import SimulatedDay, days
from hrv.simulate.outside import Life
from hrv.simulate.scenarios import SCENARIOS, Scenario
from hrv.simulate.streams import Streams

START = date(2026, 1, 5)  # a Monday

__all__ = [
    "SCENARIOS",
    "START",
    "Scenario",
    "SimulatedDay",
    "life",
    "recordings",
    "wearer",
    "write",
]


def find(name: str | Scenario) -> Scenario:
    """A scenario by name."""
    if isinstance(name, Scenario):
        return name
    if name not in SCENARIOS:
        raise SettingsError(
            f"no scenario {name!r}", way_out=f"Scenarios: {', '.join(sorted(SCENARIOS))}"
        )
    return SCENARIOS[name]


def life(
    scenario: str | Scenario,
    days: int = 168,
    seed: int = 1,
    half_time_s: float = 120.0,
    *,
    start: date = START,
    body: Body | None = None,
) -> Life:
    """A person in a scenario; `body` replaces the one drawn from the seed."""
    if days < 1:
        raise SettingsError("a simulation needs at least one day", way_out="Say --days 168")
    return Life(
        scenario=find(scenario), body=body or born(seed, half_time_s), streams=Streams(seed),
        days=days, weekday=start.weekday(),
    )  # fmt: skip


def wearer(scenario: str | Scenario, *args: Any, **knobs: Any) -> Iterator[SimulatedDay]:
    """The days of `life(scenario, ...)` in order, each with its truth."""
    yield from days(life(scenario, *args, **knobs))


def write(
    scenario: str | Scenario,
    out_dir: str | Path,
    days: int = 168,
    seed: int = 1,
    half_time_s: float = 120.0,
    products: Sequence[str] = ("fit",),
    start: date = START,
    *,
    body: Body | None = None,
) -> Path:
    """The export of a simulated person in `out_dir`, its truth in `OUT_DIR.truth.json` beside it.

    `products` are names of `hrv.simulate.export.PRODUCTS`. The folder must be new or empty.
    """
    from hrv.simulate import export

    person = life(scenario, days, seed, half_time_s, start=start, body=body)
    return export.write(person, Path(out_dir), products, start)


def recordings(
    scenario: str | Scenario,
    days: int = 168,
    seed: int = 1,
    half_time_s: float = 120.0,
    *,
    hr_period_s: int = 60,
    start: date = START,
    body: Body | None = None,
) -> Iterator[Recording]:
    """What reading the export would give, day by day, without writing it.

    The person's own tags and ratings come last, as one recording.
    """
    from hrv.simulate import device
    from hrv.simulate.in_memory import recordings as made

    person = life(scenario, days, seed, half_time_s, start=start, body=body)
    yield from made(person, device.Device(hr_period_s=hr_period_s, score_period_s=60), start)
