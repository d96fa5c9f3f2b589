"""Counting errors of the verdict: the counting itself, and that nothing depends on order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hrv import baseline
from hrv.calibrate.people import Person, ar1, context, resting_days
from hrv.calibrate.verdicts import SCENARIOS, found, looks, rates
from hrv.settings import Settings


def row(scenario: str, state: str, *qualifiers: str) -> dict[str, Any]:
    return {"scenario": scenario, "days": 90, "state": state, "qualifiers": list(qualifiers)}


def test_healing_where_nobody_heals_is_false() -> None:
    table = rates([row("unchanged", "healing"), row("unchanged", "undetermined")])
    assert table["unchanged/90d"]["false_healing"] == 1
    assert table["unchanged/90d"]["people"] == 2


def test_healing_of_people_who_heal_is_not_false() -> None:
    assert rates([row("healing", "healing")])["healing/90d"]["false_healing"] == 0


def test_fitness_may_be_called_healing_only_with_its_flag() -> None:
    rows = [row("fitness_gain", "healing"), row("fitness_gain", "healing", "fitness_possible")]
    assert rates(rows)["fitness_gain/90d"]["false_healing"] == 1


def test_worsening_is_false_except_where_it_is_true() -> None:
    table = rates([row("worsening", "worsening"), row("season", "worsening")])
    assert table["worsening/90d"]["false_worsening"] == 0
    assert table["season/90d"]["false_worsening"] == 1


@pytest.mark.parametrize("name", ["unchanged", "coping"])
def test_a_person_is_the_same_whenever_it_is_run(name: str) -> None:
    first = found(name, 60, 3, 1, Settings())
    found("healing", 60, 4, 1, Settings())
    assert found(name, 60, 3, 1, Settings()) == first


def test_every_scenario_can_be_run() -> None:
    for name in SCENARIOS:
        seen = context(SCENARIOS[name].person, 56, np.random.default_rng(1))
        assert seen.length == 56


@pytest.mark.slow
def test_a_year_of_monthly_looks_counts_a_person_once() -> None:
    seen = looks("unchanged", 0, 1, Settings())
    assert len(seen["looks"]) == 11
    assert seen["days"] == 365


def test_simulated_days_are_as_correlated_as_real_nights() -> None:
    """Night heart rate and RMSSD of real wearers: lag-one autocorrelation .1 to .3."""
    lags = []
    for k in range(20):
        days = resting_days(
            Person(night_missing=0.0, day_missing=0.0), 180, np.random.default_rng([2, k])
        )
        z = np.array(
            [d.arousal_z for d in baseline.compose(days, Settings().baseline)], dtype=float
        )
        lags.append(np.corrcoef(z[:-1], z[1:])[0, 1])
    assert np.mean(lags) == pytest.approx(0.24, abs=0.06)


def test_the_state_has_unit_variance() -> None:
    values = ar1(20_000, 0.6, np.random.default_rng(3))
    assert np.std(values) == pytest.approx(1.0, abs=0.05)
    assert np.corrcoef(values[:-1], values[1:])[0, 1] == pytest.approx(0.6, abs=0.03)
