"""Spike-ins: a person's own noise tells how far half-times may be trusted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hrv.episodes import detect, expect
from hrv.model import Grid, Missing, SelfTest
from hrv.recovery import fit
from hrv.selftest import facts, spike_in
from hrv.settings import Settings
from tests.grids import grid_of, life

SETTINGS = Settings()


def answer(grid: Grid, seed: int = 1) -> SelfTest | Missing:
    expectation = expect(grid, SETTINGS)
    episodes = detect(grid, expectation, (), SETTINGS)
    fits = fit(episodes, grid, expectation, SETTINGS)
    rng = np.random.default_rng(seed)
    return spike_in(grid, expectation, episodes, fits, SETTINGS, rng)


@pytest.fixture(scope="module")
def month() -> SelfTest:
    grid, _ = life(30, seed=2, step_s=60, median_half_s=240.0)
    result = answer(grid)
    assert isinstance(result, SelfTest)
    return result


def test_most_visible_spikes_are_found_and_most_half_times_are_right(month: SelfTest) -> None:
    assert month.injections == 200
    assert month.found_visible is not None
    assert month.found_visible.value > 0.85
    assert month.median_error is not None
    assert month.median_error < 0.30


def test_the_slope_of_what_comes_out_is_near_one(month: SelfTest) -> None:
    assert month.slope is not None
    assert month.bias_ln is not None
    assert 0.8 < month.slope.value < 1.15
    assert abs(month.bias_ln.value) < 0.15


def test_noise_upside_down_makes_few_episodes(month: SelfTest) -> None:
    assert month.mirrored_per_day is not None
    assert month.mirrored_per_day < 0.5


def test_shares_of_answers_add_up_to_what_was_found(month: SelfTest) -> None:
    total = month.answered_share + month.at_most_share + month.at_least_share
    assert total <= month.found.value + 1e-9


def test_the_same_seed_gives_the_same_answer() -> None:
    grid, _ = life(12, seed=4, step_s=60)
    assert answer(grid, 7) == answer(grid, 7)


def test_a_noisier_person_is_told_so() -> None:
    grid, _ = life(14, seed=5, step_s=60)
    rng = np.random.default_rng(0)
    rough = replace(
        grid, hr_bpm=grid.hr_bpm + (5.0 * rng.standard_normal(len(grid))).astype(np.float32)
    )
    calm, restless = answer(grid), answer(rough)
    assert isinstance(calm, SelfTest)
    assert isinstance(restless, SelfTest)
    assert restless.found.value < calm.found.value


def test_an_hour_has_too_little_quiet_time() -> None:
    result = answer(grid_of(np.full(60, 65.0)))
    assert isinstance(result, Missing)
    assert result.code == "too_little_quiet_time"


def test_facts_are_plain_numbers(month: SelfTest) -> None:
    plain = facts(month)
    assert set(plain["slope"]) == {"value", "low", "high", "n"}
    assert isinstance(plain["injections"], int)
