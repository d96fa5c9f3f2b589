"""Calmer only while using a technique, or also without it?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hrv.calibrate.people import FIRST_DAY, Person, context
from hrv.markers import technique_dependence as marker
from hrv.model import DAY_S, Expectation, MarkerState, Span, SpanKind, WearerNoise
from tests.grids import grid_of

T0 = FIRST_DAY * DAY_S


def test_without_tags_nothing_is_said() -> None:
    found = marker.find(context(Person(), 90, np.random.default_rng(1)))
    assert found.state is MarkerState.UNKNOWN
    assert found.why_unknown is not None
    assert found.why_unknown.code == "no_technique_tags"


def test_one_matched_set_by_hand() -> None:
    # treated ends after 1; others after 2 and 3: expected 1/3, variance 1/3 x 2/3
    excess, variance = marker._stratum(1.0, True, np.array([2.0, 3.0]), np.array([True, True]))
    assert excess == pytest.approx(1 - 1 / 3)
    assert variance == pytest.approx(2 / 9)


def test_a_treated_one_cut_short_at_once_says_nothing() -> None:
    excess, variance = marker._stratum(0.5, False, np.array([2.0]), np.array([True]))
    assert (excess, variance) == (0.0, 0.0)


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
    assert "faster_with" in marker.find(seen).facts


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
    assert facts["after_less_before_low"] > 0.0


def test_calm_that_lasts_is_seen() -> None:
    assert sessions_with(-2.0)["after_less_before_high"] < 0.0


def test_practice_days_are_compared_with_lapse_days_near_them() -> None:
    seen = context(Person(), 120, np.random.default_rng(6))
    practised = {d.day for d in seen.days if (d.day // 4) % 2 == 0}
    days = tuple(
        replace(
            d,
            technique_min=20.0 if d.day in practised else 0.0,
            arousal_z=(d.arousal_z or 0.0) - (1.0 if d.day in practised else 0.0),
        )
        for d in seen.days
    )
    span = Span(kind=SpanKind.TECHNIQUE, start_s=T0, end_s=T0 + 600.0, origin="person")
    facts = marker.find(replace(seen, days=days, spans=(span,))).facts
    assert facts["practice_less_lapse"] == pytest.approx(-1.0, abs=0.5)
    assert facts["practice_less_lapse_high"] < 0.0
