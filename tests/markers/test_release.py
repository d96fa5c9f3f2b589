"""The exposure still happens, the response no longer does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrv import baseline
from hrv.calibrate.people import FIRST_DAY, Person, context, resting_days
from hrv.markers import Break, Context, release
from hrv.model import (
    DAY_S,
    Episode,
    Expectation,
    MarkerState,
    RecoveryFit,
    Span,
    SpanKind,
    Tier,
    WearerNoise,
)
from tests.grids import grid_of
from tests.markers.test_all import empty

T0 = FIRST_DAY * DAY_S


def watched(raised: list[bool], change_day: int | None = None) -> Context:
    """One tagged meeting a day at noon; an episode five minutes in on raised days."""
    n = len(raised) * 1440
    grid = grid_of(np.full(n, 60.0), t0_s=T0)
    noon = [T0 + k * DAY_S + 43_200.0 for k in range(len(raised))]
    fits = tuple(
        RecoveryFit(
            episode=Episode(
                start_s=t + 300.0,
                peak_s=t + 400.0,
                end_s=t + 900.0,
                rise_bpm=12.0,
                day=FIRST_DAY + k,
            ),
            accepted=True,
        )
        for k, (t, r) in enumerate(zip(noon, raised, strict=True))
        if r
    )
    spans = tuple(
        Span(kind=SpanKind.EVENT, start_s=t, end_s=t, label="Meeting", origin="person")
        for t in noon
    )
    return replace(
        empty(Tier.MINUTE, len(raised)),
        grid=grid,
        expectation=Expectation(
            excess_bpm=np.zeros(n, dtype=np.float32),
            usable=np.ones(n, dtype=bool),
            noise=WearerNoise(sigma_bpm=2.0, phi=0.5, step_s=60.0, n=n),
            threshold_bpm=7.0,
        ),
        fits=fits,
        spans=spans,
        change_day=change_day,
    )


def test_a_trigger_that_stops_raising_the_heart_is_released() -> None:
    found = release.find(watched([True] * 12 + [False] * 8, FIRST_DAY + 12))
    assert found.state is MarkerState.IMPROVING
    assert found.estimate is not None
    assert found.estimate.value == -1.0
    assert (found.facts["before_n"], found.facts["after_n"]) == (12, 8)
    assert found.facts["label"] == "meeting"


def test_a_trigger_that_never_raised_it_is_no_release() -> None:
    found = release.find(watched([False] * 20, FIRST_DAY + 12))
    assert found.state is MarkerState.UNDETERMINED
    assert found.p_value == 1.0


def test_twelve_exposures_are_too_few() -> None:
    found = release.find(watched([True] * 8 + [False] * 4, FIRST_DAY + 8))
    assert found.why_unknown is not None
    assert found.why_unknown.code == "few_exposures"


def test_exposures_off_the_wrist_do_not_count_as_calm() -> None:
    seen = watched([True] * 12 + [False] * 8, FIRST_DAY + 12)
    assert seen.expectation is not None
    blind = replace(seen.expectation, usable=np.zeros(20 * 1440, dtype=bool))
    found = release.find(replace(seen, expectation=blind))
    assert found.state is MarkerState.UNKNOWN


def test_the_exact_test_agrees_with_the_tea_lady() -> None:
    # Fisher (1935): 3 of 4 against 1 of 4, two-sided 34/70
    assert release.fisher(3, 4, 1, 4) == pytest.approx(34 / 70)


@given(st.integers(1, 15), st.integers(1, 15), st.data())
def test_swapping_before_and_after_keeps_the_p_value(n1: int, n2: int, data: st.DataObject) -> None:
    k1, k2 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    one, other = release.fisher(k1, n1, k2, n2), release.fisher(k2, n2, k1, n1)
    assert one == pytest.approx(other)
    assert 0.0 < one <= 1.0
    gap = release.difference(k1, n1, k2, n2)
    assert -1.0 <= gap.low <= gap.value <= gap.high <= 1.0


# --------------------------------------------------------------------------- without tags


def test_a_lasting_step_is_dated() -> None:
    seen = context(Person(step=(0.5, -2.5)), 160, np.random.default_rng(31))
    found = release.find(seen)
    assert found.state is MarkerState.DESCRIBED
    assert abs(found.facts["step_day"] - (FIRST_DAY + 80)) <= 5
    assert found.facts["step_size"] < 0.0
    assert found.facts["line_fits_as_well"] is False


def told(kind: SpanKind, *days: int) -> list[str]:
    """What is said to have happened besides a step on day 80 of 160."""
    seen = context(Person(step=(0.5, -2.5)), 160, np.random.default_rng(31))
    at_s = [(FIRST_DAY + day) * DAY_S for day in days]
    tags = tuple(Span(kind=kind, start_s=t, end_s=t, origin="person") for t in at_s)
    rivals: list[str] = release.find(replace(seen, spans=tags)).facts["step_rivals"]
    return rivals


@pytest.mark.parametrize("kind", [SpanKind.ILLNESS, SpanKind.CYCLE, SpanKind.THERAPY])
def test_what_else_happened_then_is_listed(kind: SpanKind) -> None:
    assert told(kind, 83) == [kind.value]
    assert told(kind, 30) == []


@pytest.mark.parametrize("every", [7, 28, 31])
def test_what_comes_every_week_or_month_explains_no_step(every: int) -> None:
    assert told(SpanKind.CYCLE, *range(3, 160, every)) == []
    assert told(SpanKind.THERAPY, *range(83, 160, every)) == ["therapy"]


def test_a_step_is_looked_for_beside_a_known_break() -> None:
    seen = context(Person(step=(0.7, -2.0)), 170, np.random.default_rng(32))
    days = tuple(
        replace(d, **{n: getattr(d, n) + 12.0 for n in ("night_hr_bpm", "resting_hr_bpm")
                      if getattr(d, n) is not None})
        if d.day >= FIRST_DAY + 40 else d
        for d in seen.days
    )  # fmt: skip
    days = baseline.compose(days, seen.settings.baseline, seen.window)
    known = (Break(day=FIRST_DAY + 40, kind="device", label="new"),)
    alone = release.find(replace(seen, days=days)).facts["step_day"]
    beside = release.find(replace(seen, days=days, breaks=known)).facts["step_day"]
    assert abs(alone - (FIRST_DAY + 40)) <= 5
    assert abs(beside - (FIRST_DAY + 119)) <= 5


def test_a_lap_of_a_watch_is_no_other_explanation() -> None:
    seen = context(Person(step=(0.5, -2.5)), 160, np.random.default_rng(31))
    at_s = (FIRST_DAY + 83) * DAY_S
    lap = Span(kind=SpanKind.OTHER, start_s=at_s, end_s=at_s, label="lap", origin="device")
    assert release.find(replace(seen, spans=(lap,))).facts["step_rivals"] == []


def test_a_slow_slope_is_told_from_a_step() -> None:
    seen = context(Person(baseline_sd=-4.0), 160, np.random.default_rng(32))
    assert release.find(seen).facts["line_fits_as_well"] is True


def test_steady_people_rarely_have_a_step() -> None:
    told = 0
    for k in range(40):
        days = resting_days(Person(phi=0.7), 120, np.random.default_rng([33, k]))
        seen = replace(empty(Tier.DAILY, 120), days=tuple(days), measure="resting_hr_bpm")
        told += release.find(seen).state is MarkerState.DESCRIBED
    assert told <= 6
