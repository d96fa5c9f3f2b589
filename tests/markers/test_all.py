"""One battery for all fifteen markers."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from hrv import baseline
from hrv.calibrate.people import FIRST_DAY, Person, context
from hrv.markers import MARKERS, Context, Marker, adjusted, find_all
from hrv.model import (
    Coverage,
    Estimate,
    LocalClock,
    MarkerFinding,
    MarkerState,
    Span,
    SpanKind,
    Tier,
)
from hrv.settings import Settings, TrendSettings
from tests.grids import grid_of

IDS = [
    "recovery_speed",
    "baseline_arousal",
    "activation_time",
    "reactivity",
    "episode_rate",
    "technique_dependence",
    "management_effort",
    "sleep_depth",
    "tagged_recovery",
    "chronic_load",
    "flexibility",
    "rebound",
    "release",
    "core_suffering",
    "exercise_recovery",
]


def empty(tier: Tier = Tier.NOTHING, days: int = 90) -> Context:
    return Context(
        window=(FIRST_DAY, FIRST_DAY + days - 1),
        days=(),
        fits=(),
        coverage=Coverage(days=0, nights=0, worn_hours=0.0, still_hours=0.0, tier=tier),
        clock=LocalClock.fixed(0.0),
        settings=Settings(),
    )


FULL = context(Person(technique=(0.2, 0.3), bouts_per_week=3.0), 120, np.random.default_rng(5))
FOUND = find_all(FULL)


def test_there_are_fifteen_in_their_order() -> None:
    assert [m.id for m in MARKERS] == IDS
    assert list(FOUND) == IDS
    assert [m.id for m in MARKERS if m.primary] == IDS[:2]


@pytest.mark.parametrize("marker", MARKERS, ids=lambda m: m.id)
def test_every_marker_says_what_it_is(marker: Marker) -> None:
    for text in (
        marker.label,
        marker.question,
        marker.minimum,
        marker.formula,
        marker.statistic,
        marker.fallback,
        marker.reference,
    ):
        assert len(text) > 3
    assert marker.better in ("lower", "higher", "")


@pytest.mark.parametrize("tier", list(Tier))
@pytest.mark.parametrize("marker", MARKERS, ids=lambda m: m.id)
def test_without_data_a_marker_says_what_is_missing(marker: Marker, tier: Tier) -> None:
    found = marker.find(empty(tier))
    assert found.id == marker.id
    assert found.state is MarkerState.UNKNOWN
    assert found.why_unknown is not None
    assert found.why_unknown.code
    assert found.estimate is None


@pytest.mark.parametrize("marker", MARKERS, ids=lambda m: m.id)
def test_a_short_window_has_no_direction(marker: Marker) -> None:
    short = context(Person(technique=(0.3, 0.3)), 21, np.random.default_rng(6))
    found = marker.find(short)
    assert found.state in (MarkerState.UNKNOWN, MarkerState.DESCRIBED)


@pytest.mark.parametrize("marker", MARKERS, ids=lambda m: m.id)
def test_a_finding_can_be_written_down(marker: Marker) -> None:
    found = FOUND[marker.id]
    written = json.loads(json.dumps(dict(found.facts), default=float, allow_nan=False))
    assert isinstance(written, dict)
    if found.state is MarkerState.UNKNOWN:
        assert found.why_unknown is not None
    if found.estimate is not None:
        assert found.unit
        assert found.facts["estimate_is"] in ("change", "level", "contrast")


@pytest.mark.parametrize("marker", MARKERS, ids=lambda m: m.id)
def test_the_same_data_give_the_same_finding(marker: Marker) -> None:
    assert marker.find(FULL) == marker.find(replace(FULL))


def test_another_markers_draws_do_not_move_this_one() -> None:
    alone = next(m for m in MARKERS if m.id == "recovery_speed").find(FULL)
    assert alone.p_value == FOUND["recovery_speed"].p_value


# --------------------------------------------------------------------------- multiplicity


def with_p(marker: str, p: float) -> MarkerFinding:
    return MarkerFinding(
        id=marker,
        state=MarkerState.IMPROVING,
        estimate=Estimate(value=-1.0, low=-2.0, high=0.0),
        p_value=p,
    )


def test_holm_over_the_two_primaries() -> None:
    found = adjusted(
        {m: with_p(m, p) for m, p in (("recovery_speed", 0.03), ("baseline_arousal", 0.02))},
        TrendSettings(),
    )
    assert found["baseline_arousal"].q_value == pytest.approx(0.04)
    assert found["recovery_speed"].q_value == pytest.approx(0.04)
    assert found["recovery_speed"].state is MarkerState.IMPROVING


@pytest.mark.parametrize(
    ("p", "state"), [(0.009, MarkerState.WORSENING), (0.015, MarkerState.UNDETERMINED)]
)
def test_a_primary_is_called_worse_at_two_percent(p: float, state: MarkerState) -> None:
    worse = Estimate(value=1.0, low=0.1, high=2.0)
    both = {m: with_p(m, v) for m, v in (("recovery_speed", p), ("baseline_arousal", 0.5))}
    both["recovery_speed"] = replace(both["recovery_speed"], estimate=worse)
    assert adjusted(both, TrendSettings())["recovery_speed"].state is state


def test_neither_of_two_at_four_percent_stands() -> None:
    found = adjusted(
        {m: with_p(m, 0.04) for m in ("recovery_speed", "baseline_arousal")}, TrendSettings()
    )
    assert {f.state for f in found.values()} == {MarkerState.UNDETERMINED}


def test_a_primary_alone_is_tested_alone() -> None:
    found = adjusted({"baseline_arousal": with_p("baseline_arousal", 0.04)}, TrendSettings())
    assert found["baseline_arousal"].q_value == pytest.approx(0.04)
    assert found["baseline_arousal"].state is MarkerState.IMPROVING


def test_secondaries_share_one_false_discovery_rate() -> None:
    p = {"activation_time": 0.01, "reactivity": 0.04, "chronic_load": 0.5}
    found = adjusted({m: with_p(m, v) for m, v in p.items()}, TrendSettings())
    assert [found[m].q_value for m in p] == pytest.approx([0.03, 0.06, 0.5])
    assert found["reactivity"].state is MarkerState.UNDETERMINED


def test_supporting_markers_are_outside_every_family() -> None:
    found = adjusted({"exercise_recovery": with_p("exercise_recovery", 0.04)}, TrendSettings())
    assert found["exercise_recovery"].q_value is None


# --------------------------------------------------------------------------- agreement


def test_a_pure_fall_of_day_heart_rate_makes_no_two_markers_disagree() -> None:
    """Ninety days; waking heart rate falls by 6 bpm, the nights stay as they are."""
    rng = np.random.default_rng(8)
    days, minutes = 90, 90 * 1440
    hour = np.arange(minutes) % 1440 / 60.0
    asleep = hour < 8.0
    fall = 6.0 * np.arange(minutes) / minutes
    slow = np.repeat(rng.standard_normal(days * 2), 720)
    hr = np.where(asleep, 55.0, 68.0 - fall) + slow + 1.5 * rng.standard_normal(minutes)
    grid = grid_of(hr, t0_s=FIRST_DAY * 86_400.0, asleep=asleep)
    spans = tuple(
        Span(
            kind=SpanKind.SLEEP,
            start_s=(FIRST_DAY + k) * 86_400.0,
            end_s=(FIRST_DAY + k) * 86_400.0 + 8 * 3600.0,
        )
        for k in range(days)
    )
    settings, clock = Settings(), LocalClock.fixed(0.0)
    window = (FIRST_DAY, FIRST_DAY + days - 1)
    measured = baseline.days(
        grid,
        expectation=None,
        hrv=None,
        nights=baseline.nights(grid, spans, clock, settings.baseline),
        day_values=(),
        spans=spans,
        settings=settings.baseline,
        window=window,
    )
    seen = replace(empty(Tier.MINUTE, days), grid=grid, days=measured, spans=spans)
    found = find_all(seen)
    assert found["chronic_load"].state is MarkerState.IMPROVING
    assert found["baseline_arousal"].state is MarkerState.IMPROVING
    assert not [f.id for f in found.values() if f.state is MarkerState.WORSENING]
