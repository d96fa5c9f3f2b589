"""What people hold in their hands decides what can be said: no tier is left without an answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from hrv import pipeline, simulate, timeline
from hrv.model import Analysis, Estimate, NeedKind, Recording, State, Tier

GRID = [
    ("fine", 15, Tier.FINE),
    ("minute", 60, Tier.MINUTE),
    ("sparse", 300, Tier.SPARSE),
    ("daily", 60, Tier.DAILY),
]


def analysed(tier: str, period_s: int, days: int) -> Analysis:
    made: Iterable[Recording] = simulate.recordings("healing", days, 3, 120.0, hr_period_s=period_s)
    if tier == "daily":
        made = (
            replace(
                r,
                heart_rate=(),
                rr=(),
                motion=(),
                stress=(),
                rmssd=(),
                spans=tuple(s for s in r.spans if s.origin != "device"),
            )
            for r in made
        )
    return pipeline.analyse(timeline.build(made))


def numbers(found: Analysis) -> list[Estimate]:
    """Levels with intervals that the first screen can show."""
    recovery = (found.recovery.half_time_s, found.recovery.settling_min)
    shown = [level for level in recovery if isinstance(level, Estimate)]
    shown += [
        m.estimate for m in found.markers if m.id in ("rebound", "flexibility") and m.estimate
    ]
    return [*shown, *(level.value for level in found.baseline.levels.values())]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "period_s", "tier"), GRID)
def test_three_weeks_give_two_numbers_with_intervals(name: str, period_s: int, tier: Tier) -> None:
    found = analysed(name, period_s, 21)
    assert found.coverage.tier is tier
    assert found.verdict.state is State.INSUFFICIENT
    assert len(numbers(found)) >= 2
    assert any(n.kind is NeedKind.MORE_TIME for n in found.verdict.needs)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "period_s", "tier"), GRID)
def test_no_tier_stays_insufficient(name: str, period_s: int, tier: Tier) -> None:
    found = analysed(name, period_s, 90)
    assert found.coverage.tier is tier
    assert found.verdict.state is not State.INSUFFICIENT
    assert found.baseline.trend is not None
