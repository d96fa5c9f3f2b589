"""What a simulated life promises, before any watch has looked at it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hrv import simulate
from hrv.errors import SettingsError
from hrv.simulate import heart
from hrv.simulate.scenarios import SCENARIOS, UNCHANGED, constant, geometric
from hrv.simulate.streams import Part, Streams


def test_an_unknown_scenario_is_a_wrong_request() -> None:
    with pytest.raises(SettingsError, match="healing"):
        simulate.find("thriving")


def test_streams_do_not_depend_on_the_order_of_asking() -> None:
    first = Streams(4).of(Part.NOISE, 7).random(3)
    Streams(4).of(Part.NOISE, 8).random(3)
    np.testing.assert_array_equal(first, Streams(4).of(Part.NOISE, 7).random(3))
    assert not np.array_equal(first, Streams(4).of(Part.NOISE, 8).random(3))


def test_same_seed_same_life() -> None:
    once, again = ([day.hr_bpm for day in simulate.wearer("healing", 2, seed=5)] for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_a_longer_window_begins_with_the_same_noise() -> None:
    short = simulate.life("unchanged", 5, seed=2)
    long = simulate.life("unchanged", 50, seed=2)
    np.testing.assert_array_equal(short.base_bpm, long.base_bpm[: short.base_bpm.size])
    np.testing.assert_array_equal(
        [short.wake_s(day) for day in range(5)], [long.wake_s(day) for day in range(5)]
    )


def test_a_knob_of_height_leaves_every_other_draw() -> None:
    softer = replace(UNCHANGED, amplitude=constant(0.5))
    for before, after in zip(
        simulate.wearer(UNCHANGED, 4, seed=3), simulate.wearer(softer, 4, seed=3), strict=True
    ):
        np.testing.assert_array_equal(before.rest_bpm, after.rest_bpm)
        np.testing.assert_array_equal(before.outside.met, after.outside.met)
        np.testing.assert_array_equal(before.outside.worn, after.outside.worn)
        for one, other in zip(before.outside.stressors, after.outside.stressors, strict=True):
            assert (one.on_s, one.off_s, one.half_time_s) == (
                other.on_s, other.off_s, other.half_time_s
            )  # fmt: skip
            assert other.height_bpm == pytest.approx(0.5 * one.height_bpm)


def test_a_higher_rate_keeps_the_stressors_there_were() -> None:
    more = replace(UNCHANGED, rate=constant(1.5))
    few = [e.on_s for d in simulate.wearer(UNCHANGED, 6, seed=3) for e in d.outside.stressors]
    many = [e.on_s for d in simulate.wearer(more, 6, seed=3) for e in d.outside.stressors]
    assert len(many) > len(few)
    assert len(set(few) - set(many)) <= 0.1 * len(few)  # a new one may come too close to an old


def test_the_half_time_is_where_the_truth_says() -> None:
    """A lone reaction has lost half of its height one half-time after its stressor ended."""
    seen = 0
    for day in simulate.wearer("unchanged", 10, seed=8, half_time_s=120.0):
        ends = [e.off_s for e in day.outside.stressors]
        for number, e in enumerate(day.outside.stressors):
            at = int(e.off_s + e.half_time_s - day.start_s)
            alone = len(ends) == 1 or all(abs(e.on_s - end) > 7200 for end in ends[:number])
            following = day.outside.stressors[number + 1 : number + 2]
            if not alone or at >= 86_400 or (following and following[0].on_s < day.start_s + at):
                continue
            level = day.stress_bpm[int(e.off_s - day.start_s)]
            assert day.stress_bpm[at] == pytest.approx(0.5 * level, rel=0.03)
            seen += 1
    assert seen >= 10


@pytest.mark.parametrize("half_time_s", [60.0, 240.0])
def test_the_median_half_time_is_the_one_asked_for(half_time_s: float) -> None:
    life = simulate.life("unchanged", 400, seed=1, half_time_s=half_time_s)
    ln_h = [
        np.log(e.half_time_s)
        for day in range(400)
        for e in life.outside(day).stressors
        if e.technique is None
    ]
    assert np.median(ln_h) == pytest.approx(np.log(half_time_s), abs=0.06)
    assert np.std(ln_h) == pytest.approx(np.sqrt(0.45**2 + 0.18**2 + 0.12**2), rel=0.08)


def test_days_have_the_stressors_sleep_and_motion_of_a_life() -> None:
    life = simulate.life("unchanged", 200, seed=1)
    outside = [life.outside(day) for day in range(200)]
    per_day = np.mean([len(each.stressors) for each in outside])
    assert per_day == pytest.approx(0.30 * 16.0, rel=0.12)  # refractory time takes a little
    assert np.mean([each.asleep.mean() for each in outside]) * 24 == pytest.approx(7.9, abs=0.4)
    assert 40 < np.mean([(each.state == 2).sum() / 60 for each in outside]) < 110
    assert np.mean([len(each.training) for each in outside]) * 7 == pytest.approx(
        3.0, abs=0.75
    )  # 3 standard errors
    assert 0.85 < np.mean([each.worn.mean() for each in outside]) < 0.95


def test_resting_levels_move_from_day_to_day_as_stated() -> None:
    life = simulate.life("unchanged", 4000, seed=1)
    assert np.std(life.base_bpm) == pytest.approx(2.0, rel=0.05)
    assert np.std(life.night_bpm) == pytest.approx(3.5, rel=0.05)
    assert np.corrcoef(life.base_bpm[1:], life.base_bpm[:-1])[0, 1] == pytest.approx(0.6, abs=0.04)


def test_the_noise_has_the_stated_spread_and_memory() -> None:
    life = simulate.life("unchanged", 6, seed=1)
    noise = [d.hr_bpm - d.rest_bpm - d.stress_bpm for d in heart.days(life)]
    awake = np.concatenate([x[9 * 3600 : 21 * 3600].reshape(-1, 60).mean(axis=1) for x in noise])
    expected = np.sqrt(2.2**2 * _kept(110.0, 60.0) + 1.5**2 * _kept(1500.0, 60.0))
    assert np.std(awake) == pytest.approx(expected, rel=0.1)


def test_nights_scatter_as_those_of_real_people() -> None:
    """Yfantidou et al. (2022), 11 people: SD 4.1 bpm, lag 1 0.25; ln RMSSD SD 0.21, r -0.85."""
    life = simulate.life("unchanged", 150, seed=1)
    hr, ln_rmssd = [], []
    for day in heart.days(life):
        quiet = slice(7200, 18_000)
        hr.append(float(day.hr_bpm[quiet].mean()))
        share = float(day.breath_share[quiet].mean())
        ln_rmssd.append(float(np.log(heart.rmssd_ms(share, hr[-1], life.body.breath_hz))))
    assert np.std(hr) == pytest.approx(4.1, abs=0.6)
    assert np.corrcoef(hr[1:], hr[:-1])[0, 1] == pytest.approx(0.25, abs=0.2)
    assert np.std(ln_rmssd) == pytest.approx(0.21, abs=0.04)
    assert np.corrcoef(hr, ln_rmssd)[0, 1] == pytest.approx(-0.85, abs=0.08)


def _kept(tau_s: float, bin_s: float) -> float:
    """Share of the variance of an AR(1) that the mean of a bin keeps."""
    x = bin_s / tau_s
    return float(2.0 / x**2 * (x - 1.0 + np.exp(-x)))


def test_healing_ends_where_it_says() -> None:
    life = simulate.life("healing", 168, seed=1, half_time_s=240.0)
    assert life.scenario.half_time(life.f(167)) == pytest.approx(0.65)
    assert life.scenario.base_bpm(life.f(167)) == pytest.approx(-5.0)
    assert life.scenario.amplitude(life.f(167)) == pytest.approx(0.80)
    assert life.scenario.rate(life.f(167)) == pytest.approx(0.70)
    assert life.scenario.deep_sleep(life.f(167)) == pytest.approx(1.25)
    assert life.scenario.half_time(life.f(0)) == 1.0
    assert geometric(0.65)(0.5) == pytest.approx(0.65**0.5)


def test_every_scenario_says_what_may_and_may_not_be_concluded() -> None:
    for name, scenario in SCENARIOS.items():
        assert scenario.name == name
        assert scenario.expected
        assert not set(scenario.expected) & set(scenario.never)


def test_the_night_falls_with_healing_and_rises_with_worsening() -> None:
    for name, change in (("healing", -5.0), ("worsening", 4.0), ("unchanged", 0.0)):
        life = simulate.life(name, 60, seed=1)
        quiet = replace(life.body, day_sd_bpm=0.0, night_sd_bpm=0.0, slow_sd_bpm=0.0)
        life = simulate.life(name, 60, seed=1, body=quiet)
        night = [float(np.mean(d.hr_bpm[10_800:18_000])) for d in heart.days(life)]
        fitted = np.polyfit(np.linspace(0, 1, 60), night, 1)[0]
        assert fitted == pytest.approx(change, abs=0.6)
