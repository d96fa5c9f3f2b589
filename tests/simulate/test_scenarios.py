"""Each life ends where it says, and its confounders are where they belong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hrv import simulate
from hrv.model import DAY_S, State
from hrv.simulate import heart
from hrv.simulate.device import Device, at_day
from hrv.simulate.outside import Stressor
from hrv.simulate.scenarios import SCENARIOS, UNCHANGED, bump, geometric, linear, step

ENDS = {
    "healing": {"half_time": 0.65, "base_bpm": -5.0, "amplitude": 0.8, "rate": 0.7},
    "healing_late": {"half_time": 0.6, "base_bpm": -5.0},
    "coping": {"amplitude": 0.7, "rate": 0.7, "technique_share": 0.7},
    "technique_dependent": {"technique_half_time": 0.5, "technique_share": 0.5},
    "unchanged": {},
    "worsening": {"half_time": 1.45, "base_bpm": 4.0, "amplitude": 1.1, "rate": 1.5},
    "fitness_gain": {
        "half_time": 0.88, "base_bpm": -6.0, "fitness": 0.65, "exercise_per_week": 5.0
    },
    "sparse": {"half_time": 0.65, "base_bpm": -5.0, "night_missing": 0.55},
    "season": {"base_bpm": -2.5},
    "medication": {"base_bpm": -8.0, "amplitude": 0.7},
    "busy_period": {"rate": 1.8, "interruption": 0.45},
    "soft_only": {"amplitude": 0.65},
    "easier_life": {"rate": 0.4, "base_bpm": -3.0},
    "device_change": {},
    "firmware_silent": {},
    "illness_mid": {},
    "illness_untold": {},
    "arrhythmia": {},
    "starts_in_crisis": {},
    "technique_by_indication": {"technique_half_time": 1.0},
}  # fmt: skip
REST = {
    "half_time": 1.0, "base_bpm": 0.0, "amplitude": 1.0, "rate": 1.0, "fitness": 1.0,
    "interruption": 0.0,
}  # fmt: skip


def test_every_scenario_has_its_ends_listed() -> None:
    assert set(ENDS) == set(SCENARIOS)


@pytest.mark.parametrize("name", ENDS)
def test_a_scenario_ends_where_it_says_and_leaves_the_rest(name: str) -> None:
    scenario = SCENARIOS[name]
    for knob, value in (REST | ENDS[name]).items():
        assert getattr(scenario, knob)(1.0) == pytest.approx(value), knob


def test_courses_by_hand() -> None:
    assert geometric(0.25)(0.5) == pytest.approx(0.5)
    assert linear(-4.0)(0.25) == pytest.approx(-1.0)
    assert [step(0.5, 2.0, 1.0)(f) for f in (0.49, 0.5)] == [1.0, 2.0]
    assert [bump(0.2, 0.4, 3.0, 0.0)(f) for f in (0.1, 0.2, 0.39, 0.4)] == [0.0, 3.0, 3.0, 0.0]


def test_no_life_without_healing_may_be_called_healing() -> None:
    for name, scenario in SCENARIOS.items():
        heals = scenario.half_time(1.0) < 0.9 and scenario.base_bpm(1.0) <= -4.0
        allowed = State.HEALING not in scenario.never
        assert allowed == (heals or name == "fitness_gain"), name


def test_illness_raises_its_days_and_is_tagged_when_told() -> None:
    told = simulate.life("illness_mid", 60, seed=3)
    untold = simulate.life("illness_untold", 60, seed=3)
    np.testing.assert_array_equal(told.moved.day_bpm, untold.moved.day_bpm)
    assert told.moved.day_bpm[1 + 30 : 1 + 40].tolist() == [6.0] * 10
    assert told.moved.day_bpm[1 + 29] == 0.0
    assert told.moved.day_bpm[1 + 44] == pytest.approx(6.0 * np.exp(-5 / 4))
    assert untold.moved.tags == {}
    (tag,) = told.moved.tags[30]
    assert tag[:3] == (30 * DAY_S, 40 * DAY_S - 1.0, "illness")


def test_an_evening_with_alcohol_raises_the_night_and_halves_the_next_day() -> None:
    dry = simulate.life(UNCHANGED, 8, seed=4)
    wet = simulate.life(replace(UNCHANGED, alcohol_per_week=2.0), 8, seed=4)
    evenings = set(wet.moved.tags)
    assert evenings & set(range(7))
    for a, b in zip(heart.days(dry), heart.days(wet), strict=True):
        change = b.rest_bpm - a.rest_bpm
        if a.index - 1 in evenings:
            assert change[10_800] == pytest.approx(6.0, abs=1e-3)
            assert change[50_000] == pytest.approx(3.0, abs=1e-3)
            assert (b.breath_share[10_800] / a.breath_share[10_800]) == pytest.approx(
                np.exp(-0.25 - 0.02 * 6.0), rel=0.02
            )
        else:
            assert change[50_000] == pytest.approx(0.0, abs=1e-3)


def test_a_crisis_passes_and_leaves_no_trend_in_the_process() -> None:
    change = []
    for seed in range(12):
        moved = simulate.life("starts_in_crisis", 120, seed=seed).moved
        assert moved.day_bpm[:30].mean() > moved.day_bpm.mean()
        change.append(moved.day_bpm[90:].mean() - moved.day_bpm[:30].mean())
    assert np.mean(change) < -1.0


def test_a_sparse_life_wears_the_watch_less_than_half_of_the_time() -> None:
    life = simulate.life("sparse", 150, seed=1)
    outside = [life.outside(day) for day in range(150)]
    awake = np.mean([each.worn[~each.asleep].mean() for each in outside])
    nights = np.mean([each.worn[7200:18_000].mean() > 0.9 for each in outside])
    assert awake == pytest.approx(0.40, abs=0.06)
    assert nights == pytest.approx(0.45, abs=0.1)


def test_a_crisis_longer_than_usual_still_has_room() -> None:
    assert simulate.life("starts_in_crisis", 1600, seed=1).moved.day_bpm.size == 1603


def test_the_medicine_is_dated() -> None:
    life = simulate.life("medication", 50, seed=1)
    ((day, (tag,)),) = life.moved.tags.items()
    assert tag[2] == "medicine"
    assert life.scenario.base_bpm(life.f(day)) == -8.0
    assert life.scenario.base_bpm(life.f(day - 1)) == 0.0


def test_another_watch_reads_higher_and_only_one_tells() -> None:
    told, silent = (simulate.life(name, 10, 1) for name in ("device_change", "firmware_silent"))
    before, after = at_day(Device(), told, 4), at_day(Device(), told, 5)
    assert before == Device()
    assert (after.bias_bpm, after.smoothing_s, after.rmssd_factor) == (3.0, 20, 0.8)
    assert after.product != before.product
    assert at_day(Device(), silent, 5).product == before.product


def test_busy_recoveries_are_cut_short_by_walking() -> None:
    life = simulate.life("busy_period", 240, seed=1)
    early = [e for day in range(80) for e in life.outside(day).stressors]
    late = [e for day in range(160, 240) for e in life.outside(day).stressors]
    cut = [np.mean([e.interrupted_s is not None for e in each]) for each in (early, late)]
    assert cut[0] == pytest.approx(0.20, abs=0.06)
    assert cut[1] == pytest.approx(0.40, abs=0.06)
    assert 1.2 * len(early) < len(late) < 1.6 * len(early)  # 1.48 less the refractory time


def test_a_technique_by_indication_meets_the_worst() -> None:
    life = simulate.life("technique_by_indication", 120, seed=1)
    episodes = [e for day in range(120) for e in life.outside(day).stressors]
    used = [e for e in episodes if e.technique is not None]
    rest = [e for e in episodes if e.technique is None]
    assert np.median([e.half_time_s for e in used]) > 1.2 * np.median([e.half_time_s for e in rest])
    assert np.median([e.height_bpm for e in used]) > 1.1 * np.median([e.height_bpm for e in rest])


def test_a_technique_works_only_where_it_is_used() -> None:
    life = simulate.life("technique_dependent", 120, seed=1)
    late = [e for day in range(60, 120) for e in life.outside(day).stressors]
    on = np.median([np.log(e.half_time_s) for e in late if e.technique is not None])
    off = np.median([np.log(e.half_time_s) for e in late if e.technique is None])
    assert off == pytest.approx(np.log(120.0), abs=0.15)
    assert on - off == pytest.approx(np.log(0.5**0.75), abs=0.2)


def test_training_makes_the_heart_settle_faster_after_effort() -> None:
    """Fall in the first minute after equal efforts, first and last third."""
    life = simulate.life("fitness_gain", 120, seed=2)
    falls: dict[bool, list[float]] = {False: [], True: []}
    for day in heart.days(life):
        if 40 <= day.index < 80:
            continue
        for _, end in day.outside.training:
            at = int(end - day.start_s)
            fall = day.rest_bpm[at] - day.rest_bpm[[at + 60, at + 230]]  # standing
            falls[day.index >= 80].append(fall[0] / fall[1])
    assert np.median(falls[True]) > 1.1 * np.median(falls[False])


def test_early_beats_lift_the_night_rmssd() -> None:
    sick, well = (
        next(r.rmssd[0].rmssd_ms for r in simulate.recordings(name, 3, 1) if r.rmssd)
        for name in ("arrhythmia", "unchanged")
    )
    assert np.median(sick) > 1.3 * np.median(well)


def test_by_indication_a_technique_is_used_late_and_while_the_heart_is_still_high() -> None:
    """What is chosen by is what a person can know at that moment, not how long it will last."""
    life = simulate.life("technique_by_indication", 100, seed=3)
    stressors = [each for day in range(100) for each in life.outside(day).stressors]
    treated = [s for s in stressors if s.technique is not None]
    free = [s for s in stressors if s.technique is None]
    assert len(treated) > 10
    begun = [s.technique[0] - s.on_s for s in treated if s.technique is not None]
    assert min(begun) >= 345.0
    left = [_left(s, s.technique[0]) for s in treated if s.technique is not None]
    others = [_left(s, s.on_s + 400.0) for s in free]
    assert np.median(left) > 2.0 * np.median(others)


def _left(stressor: Stressor, t_s: float) -> float:
    """Height that a reaction still has at a moment, bpm."""
    fallen = max(t_s - stressor.off_s, 0.0) / stressor.half_time_s
    return float(stressor.height_bpm * 0.5**fallen)
