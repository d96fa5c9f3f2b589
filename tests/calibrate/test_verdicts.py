"""Counting errors of the verdict: the counting itself, and that nothing depends on order."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hrv import baseline, trend
from hrv.calibrate import PARTS, calibrate, verdicts
from hrv.calibrate.people import Person, ar1, context, resting_days
from hrv.calibrate.verdicts import PRIMARIES, SCENARIOS, found, looks, summed
from hrv.model import Estimate
from hrv.settings import Settings


def row(scenario: str, state: str, *qualifiers: str, **more: Any) -> dict[str, Any]:
    told = {
        "scenario": scenario,
        "state": state,
        "qualifiers": list(qualifiers),
        "confidence": None,
        "which": "baseline" if state == "partial" else None,
    }
    return told | {name: {"fall": 0.5} for name in PRIMARIES} | more


def test_healing_where_nobody_heals_is_false() -> None:
    told = summed([row("unchanged", "healing"), row("unchanged", "undetermined")])
    assert told["false_healing"] == {"yes": 1, "of": 2}
    assert told["states"] == {"healing": 1, "undetermined": 1}


def test_healing_of_people_who_heal_is_not_false() -> None:
    told = summed([row("healing", "healing")])
    assert told["healing"] == {"yes": 1, "of": 1}
    assert told["false_healing"] == {"yes": 0, "of": 1}


def test_fitness_may_be_called_healing_only_with_its_flag() -> None:
    rows = [row("fitness_gain", "healing"), row("fitness_gain", "healing", "fitness_possible")]
    assert summed(rows)["false_healing"] == {"yes": 1, "of": 2}


def test_worsening_is_false_except_where_it_is_true() -> None:
    assert summed([row("worsening", "worsening")])["false_worsening"]["yes"] == 0
    assert summed([row("season", "worsening")])["false_worsening"]["yes"] == 1


def test_a_year_of_looks_counts_any_claim_once() -> None:
    seen = [row("unchanged", "undetermined", looks=["undetermined", "healing", "healing"])]
    assert summed(seen)["false_healing"] == {"yes": 1, "of": 1}


def test_what_a_partial_claim_rests_on_is_counted() -> None:
    rows = [row("season", "partial"), row("season", "partial", "confounded")]
    told = summed(rows)
    assert told["partial_unflagged"] == {"yes": 1, "of": 2}
    assert told["partial_which"] == {"baseline": 2}


def test_blocks_of_people_add_up(tmp_path: Path) -> None:
    """Thirty people in blocks are the people of one block, whichever was run first."""

    def run(folder: str, *sizes: int) -> dict[str, Any]:
        for runs in sizes:
            calibrate(
                tmp_path / folder,
                parts=("verdict",),
                runs=runs,
                only=lambda name: name.startswith("verdict/sparse/56d/"),
            )
        page = (tmp_path / folder / "verdict.md").read_text()
        assert f"| sparse | 56 | {sizes[-1]} |" in page
        cells: dict[str, Any] = json.loads((tmp_path / folder / "verdict.json").read_text())[
            "cells"
        ]
        return cells

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verdicts, "BLOCK", 2)
        patch.setitem(PARTS, "verdict", replace(PARTS["verdict"], block=2))
        grown, at_once = run("grown", 2, 4), run("at_once", 4)
        assert grown == at_once
        assert len(grown) == 2


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


def test_the_bound_is_that_of_independent_days_where_nothing_lasts() -> None:
    """White noise: the error of a total change is sqrt(12 variance / n), nearly."""
    assert verdicts._gls_error(180, 0.0, 0.4, 0.6) == pytest.approx((12 / 180) ** 0.5, rel=0.01)


def test_more_days_and_more_episodes_allow_more() -> None:
    bound = verdicts.best_possible
    assert bound("healing", 90, Settings()) < bound("healing", 180, Settings())
    assert bound("healing", 180, Settings()) < bound("healing", 180, Settings(), more=5.0)
    assert bound("unchanged", 180, Settings()) < 0.01


def test_techniques_for_the_rises_that_last_do_not_make_the_others_look_faster() -> None:
    settings = Settings()

    def middle(person: Person, *, whole: bool) -> float:
        seen = context(person, 150, np.random.default_rng(11), settings)
        fits = [f for f in seen.technique_free() if not (whole and f.episode.technique)]
        found = trend.level(
            fits, settings=settings.trend, recovery=settings.recovery, rng=np.random.default_rng(1)
        )
        assert isinstance(found, Estimate)
        return found.value

    usual = Person(per_day=8.0, daily_sd=0.05)
    treated = replace(usual, technique=(0.8, 0.8), by_indication=True)
    never = middle(usual, whole=True)
    assert middle(treated, whole=False) == pytest.approx(never, rel=0.06)
    assert middle(treated, whole=True) < 0.9 * never
