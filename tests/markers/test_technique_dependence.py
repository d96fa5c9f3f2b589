"""Calmer only while using a technique, or also without it?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hrv.calibrate.people import FIRST_DAY, Person, context
from hrv.markers import Context
from hrv.markers import technique_dependence as marker
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

T0 = FIRST_DAY * DAY_S


def test_without_tags_nothing_is_said() -> None:
    found = marker.find(context(Person(), 90, np.random.default_rng(1)))
    assert found.state is MarkerState.UNKNOWN
    assert found.why_unknown is not None
    assert found.why_unknown.code == "no_technique_tags"


def test_a_technique_that_works_is_seen_at_equal_elapsed_time() -> None:
    person = Person(technique=(0.4, 0.4), technique_effect=(-1.2, -1.2), median_s=600.0)
    found = marker.find(context(person, 120, np.random.default_rng(2)))
    assert found.facts["faster_with_low"] > 1.0


def test_a_technique_used_late_and_on_the_worst_looks_no_slower() -> None:
    """The naive comparison is biased against it; the landmark looks at those still raised."""
    person = Person(technique=(1.0, 1.0), by_indication=True, median_s=300.0)
    seen = context(person, 120, np.random.default_rng(3))
    treated = [f.active_s for f in seen.followed() if f.episode.technique]
    free = [f.active_s for f in seen.technique_free()]
    assert np.median(treated) > 1.1 * np.median(free)
    assert marker.find(seen).facts["sets"] > 50


def sessions_with(after_bpm: float) -> dict[str, float]:
    """Twenty daily sessions at noon, 20 min long; excess 0 before, -4 during, then as given."""
    n = 20 * 1440
    excess = np.zeros(n, dtype=np.float32)
    spans = []
    rng = np.random.default_rng(4)
    for k in range(20):
        a = k * 1440 + 720
        excess[a : a + 20] = -4.0
        excess[a + 30 : a + 80] = after_bpm + 0.3 * rng.standard_normal()
        spans.append(
            Span(
                kind=SpanKind.TECHNIQUE,
                start_s=T0 + a * 60.0,
                end_s=T0 + (a + 20) * 60.0,
                origin="person",
            )
        )
    seen = replace(
        context(Person(), 20, np.random.default_rng(5)),
        spans=tuple(spans),
        grid=grid_of(np.full(n, 60.0), t0_s=T0),
        expectation=Expectation(
            excess_bpm=excess,
            usable=np.ones(n, dtype=bool),
            noise=WearerNoise(sigma_bpm=2.0, phi=0.5, step_s=60.0, n=n),
            threshold_bpm=7.0,
        ),
    )
    return dict(marker.find(seen).facts)


def test_a_session_is_compared_before_during_and_after() -> None:
    facts = sessions_with(2.0)
    assert facts["during_less_before_bpm"] == pytest.approx(-4.0)
    assert facts["after_less_before_bpm"] == pytest.approx(2.0, abs=0.3)
    assert sessions_with(-2.0)["after_less_before_bpm"] == pytest.approx(-2.0, abs=0.3)


def test_what_surrounds_a_session_is_described_without_a_test() -> None:
    assert not {name for name in sessions_with(2.0) if "before_p" in name or "before_low" in name}


def routine_on(days: set[int]) -> tuple[Span, ...]:
    """Ten minutes at midnight, before any rise of the day."""
    return tuple(
        Span(kind=SpanKind.TECHNIQUE, start_s=d * DAY_S, end_s=d * DAY_S + 600.0, origin="person")
        for d in sorted(days)
    )


@pytest.mark.parametrize("tier", [Tier.FINE, Tier.DAILY])
def test_practice_days_are_compared_with_lapse_days_near_them(tier: Tier) -> None:
    seen = context(Person(), 120, np.random.default_rng(6))
    practised = {d.day for d in seen.days if (d.day // 4) % 2 == 0}
    days = tuple(
        replace(d, arousal_z=(d.arousal_z or 0.0) - (1.0 if d.day in practised else 0.0))
        for d in seen.days
    )
    held = replace(
        seen, days=days, spans=routine_on(practised), coverage=replace(seen.coverage, tier=tier)
    )
    facts = marker.find(held).facts
    assert facts["practice_less_lapse"] == pytest.approx(-1.0, abs=0.5)
    assert facts["practice_less_lapse_high"] < 0.0


def test_daily_values_with_a_session_every_day_say_what_is_missing() -> None:
    seen = context(Person(), 120, np.random.default_rng(6))
    held = replace(
        seen,
        fits=(),
        spans=routine_on({d.day for d in seen.days}),
        coverage=replace(seen.coverage, tier=Tier.DAILY),
    )
    why = marker.find(held).why_unknown
    assert why is not None
    assert why.code == "few_lapse_days"
    assert why.facts["lapse_days"] == 0


def rise(day: int, minutes: float, *, at_h: float = 10.0, technique: bool = False) -> RecoveryFit:
    """A rise of 12 bpm that lasts so long; techniques begin five minutes into it."""
    start = T0 + day * DAY_S + at_h * 3600.0
    episode = Episode(
        start_s=start, peak_s=start + 60.0, end_s=start + minutes * 60.0, rise_bpm=12.0,
        technique=technique, day=FIRST_DAY + day, hour=at_h,
    )  # fmt: skip
    return RecoveryFit(
        episode=episode, accepted=True, onset_s=start, active_s=minutes * 60.0,
        active_censored=False,
    )  # fmt: skip


def session(fit: RecoveryFit, after_min: float = 5.0) -> Span:
    start = fit.episode.start_s + after_min * 60.0
    return Span(kind=SpanKind.TECHNIQUE, start_s=start, end_s=start + 600.0, origin="person")


def with_fits(fits: list[RecoveryFit], spans: list[Span]) -> Context:
    seen = context(Person(), 60, np.random.default_rng(7))
    return replace(seen, fits=tuple(fits), spans=tuple(spans), grid=None)


def test_a_session_that_a_rise_prompted_is_told_from_one_by_routine() -> None:
    fits = [rise(k, 20.0, technique=True) for k in range(3)]
    routine = [
        Span(kind=SpanKind.TECHNIQUE, start_s=T0 + k * DAY_S + 8 * 3600.0,
             end_s=T0 + k * DAY_S + 8 * 3600.0 + 600.0) for k in range(2)
    ]  # fmt: skip
    seen = with_fits(fits, [*(session(f) for f in fits), *routine])
    found = marker.sessions(seen)
    assert len(found) == 5
    assert marker.unprompted(seen, found) == [(s.start_s, s.end_s) for s in routine]
    # the third day has a prompted session alone: no practice day, no lapse day
    assert marker._prompted_days(seen, found) == [FIRST_DAY + 2]


def test_rises_treated_later_stay_in_the_comparison_until_then() -> None:
    """Long rises have more time to be treated; without them the others look short."""
    short, long = [10.0 + k for k in range(8)], [40.0 + k for k in range(8)]
    early = [rise(k, m, technique=True) for k, m in enumerate([*short, *long])]
    free = [rise(20 + k, m) for k, m in enumerate(short)]
    late = [rise(30 + k, m, technique=True) for k, m in enumerate(long)]
    spans = [session(f) for f in early]

    def ratio(fits: list[RecoveryFit], spans: list[Span]) -> float:
        seen = with_fits(fits, spans)
        strict = replace(seen.settings, markers=replace(seen.rules, matches=20))
        seen = replace(seen, settings=strict)
        return float(marker.landmark(seen, marker.sessions(seen))["faster_with"])

    whole = ratio([*early, *free, *late], [*spans, *(session(f, 20.0) for f in late)])
    assert whole == pytest.approx(1.0, abs=0.2)
    assert ratio([*early, *free], spans) < 0.7


def test_a_rise_that_was_lower_at_that_time_is_no_match() -> None:
    treated = [rise(k, 30.0 + k, technique=True) for k in range(10)]
    free = [rise(10 + k, 30.0 + k if k < 10 else 15.0) for k in range(20)]
    seen = with_fits([*treated, *free], [session(f) for f in treated])
    n = 60 * 1440
    excess = np.zeros(n, dtype=np.float32)
    for k, fit in enumerate([*treated, *free]):
        a = round((fit.episode.start_s - T0) / 60.0)
        excess[a : a + 15] = 12.0 if k < 20 else 3.0
    seen = replace(
        seen,
        grid=grid_of(np.full(n, 60.0), t0_s=T0),
        expectation=Expectation(
            excess_bpm=excess,
            usable=np.ones(n, dtype=bool),
            noise=WearerNoise(sigma_bpm=2.0, phi=0.5, step_s=60.0, n=n),
            threshold_bpm=7.0,
        ),
    )
    level = marker._levels(seen, list(seen.fits))(300.0)
    assert level[:20].tolist() == [12.0] * 20
    assert level[20:].tolist() == [3.0] * 10
    strict = replace(seen.settings, markers=replace(seen.rules, matches=20))
    facts = marker.landmark(replace(seen, settings=strict), marker.sessions(seen))
    assert facts["sets"] == 10
    assert facts["faster_with"] == pytest.approx(1.0, abs=0.1)
    blind = marker.landmark(replace(seen, settings=strict, grid=None), marker.sessions(seen))
    assert blind["faster_with"] < 0.9  # the low ones, soon over, would make the treated look slow
