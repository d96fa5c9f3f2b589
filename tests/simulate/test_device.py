"""The watch sees what a watch sees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hrv import simulate
from hrv.simulate import beats, heart
from hrv.simulate.device import OFF_WRIST, RECOVERING, TOO_ACTIVE, Device, observe, resting_bpm
from hrv.simulate.heart import SimulatedDay
from hrv.simulate.outside import WALK, Life


@pytest.fixture(scope="module")
def life() -> Life:
    return simulate.life("unchanged", 12, seed=2)


@pytest.fixture(scope="module")
def lived(life: Life) -> list[SimulatedDay]:
    return list(heart.days(life))


def test_still_heart_rate_is_the_true_mean_of_its_minute(
    life: Life, lived: list[SimulatedDay]
) -> None:
    exact = Device(noise_bpm=0.0, motion_error_share=0.0, cadence_lock_share=0.0, smoothing_s=1)
    body = replace(life.body, sensor_lag_s=1)
    seen = observe(lived[0], body, exact, life.streams)
    true = lived[0].hr_bpm.reshape(1440, 60).mean(axis=1)[seen.worn_minute]
    assert seen.hr_bpm.size == true.size
    assert np.abs(seen.hr_bpm - true).max() < 4.0  # one second of lag while walking begins
    assert np.median(np.abs(seen.hr_bpm - true)) < 0.4


def test_the_period_changes_nothing_else(life: Life, lived: list[SimulatedDay]) -> None:
    minute = observe(lived[1], life.body, Device(), life.streams)
    fine = observe(lived[1], life.body, Device(hr_period_s=15), life.streams)
    assert fine.hr_bpm.size > 3.9 * minute.hr_bpm.size
    np.testing.assert_array_equal(minute.steps, fine.steps)
    np.testing.assert_array_equal(minute.score, fine.score)
    np.testing.assert_array_equal(minute.rmssd_ms, fine.rmssd_ms)


def test_no_heart_rate_off_the_wrist(life: Life, lived: list[SimulatedDay]) -> None:
    for day in lived:
        seen = observe(day, life.body, Device(), life.streams)
        minute = ((seen.hr_t_s - day.start_s) / 60.0 - 1).astype(int)
        assert seen.worn_minute[minute].all()
        assert seen.hr_bpm.size == seen.worn_minute.sum()
        lost = ~day.outside.worn.reshape(-1, 180).any(axis=1)
        assert (seen.score[lost] == OFF_WRIST).all()


def test_scores_have_the_codes_of_motion_and_recovery(
    life: Life, lived: list[SimulatedDay]
) -> None:
    seen = [observe(day, life.body, Device(), life.streams) for day in lived]
    scores = [each.score for each in seen]
    every = np.concatenate(scores)
    assert (every == TOO_ACTIVE).mean() == pytest.approx(0.08, abs=0.05)
    assert (every == RECOVERING).any()
    assert ((every > 0) & (every <= 100)).mean() > 0.7
    assert sum(bool(each.training) for each in seen) >= 2
    for each in seen:
        assert bool((each.score == RECOVERING).any()) == bool(each.training)


def test_the_night_scores_lower_than_the_day(life: Life, lived: list[SimulatedDay]) -> None:
    seen = [observe(day, life.body, Device(), life.streams) for day in lived]
    night = np.concatenate([s.score[40:100] for s in seen])
    day = np.concatenate([s.score[200:400] for s in seen])
    assert night[night > 0].mean() + 15 < day[day > 0].mean()


def test_night_rmssd_has_the_level_of_the_body(life: Life, lived: list[SimulatedDay]) -> None:
    nights = [observe(day, life.body, Device(), life.streams).rmssd_ms for day in lived]
    mean = np.mean([np.log(night).mean() for night in nights if night.size])
    assert mean == pytest.approx(life.body.ln_rmssd_night, abs=0.12)


@pytest.mark.parametrize("at_s", [3600, 10_800, 50_000])
def test_beats_have_the_rate_and_the_rmssd_of_the_model(
    life: Life, lived: list[SimulatedDay], at_s: int
) -> None:
    day = lived[3]
    times = beats.beat_times(day, life.body, life.streams, at_s, at_s + 1800)
    rr_ms = 1000.0 * np.diff(times)
    piece = slice(at_s, at_s + 1800)
    assert 60_000.0 / rr_ms.mean() == pytest.approx(float(day.hr_bpm[piece].mean()), rel=0.01)
    model = heart.rmssd_ms(
        day.breath_share[piece].astype(float), day.hr_bpm[piece].astype(float), life.body.breath_hz
    )
    rmssd = np.sqrt(np.mean(np.diff(rr_ms) ** 2))
    assert rmssd == pytest.approx(np.sqrt(np.mean(model**2)), rel=0.06)


def test_rmssd_by_hand() -> None:
    """60 bpm, breathing every 4 s with 5 %: RR 1 s, sinc(1/4) sin(pi/4) = 0.637, rms sqrt(2)."""
    gain = np.sin(np.pi / 4) / (np.pi / 4) * np.sin(np.pi / 4)
    breath = 2 * (50.0 * gain) ** 2
    mayer_gain = np.sin(np.pi / 10) / (np.pi / 10) * np.sin(np.pi / 10)
    mayer = 2 * (1000 * heart.MAYER_SHARE * mayer_gain) ** 2
    jitter = 6 * 6.0**2
    expected = np.sqrt(breath + mayer + jitter)
    assert float(heart.rmssd_ms(0.05, 60.0, 0.25)) == pytest.approx(expected)
    assert heart.share_for_rmssd(float(expected), 60.0, 0.25) == pytest.approx(0.05)


def test_artefacts_have_their_shares_and_labels(life: Life, lived: list[SimulatedDay]) -> None:
    times = beats.beat_times(lived[3], life.body, life.streams, 0, 20_000)
    wanted = beats.Artefacts(missed=0.02, extra=0.01, ectopic=0.03, misplaced=0.01)
    spoilt, label = beats.spoilt(times, wanted, np.random.default_rng(1))
    assert np.all(np.diff(spoilt) > 0)
    assert (times.size - (spoilt.size - (label == beats.EXTRA).sum())) / times.size == (
        pytest.approx(0.02, rel=0.2)
    )
    for kind, share in ((beats.EXTRA, 0.01), (beats.ECTOPIC, 0.03), (beats.MISPLACED, 0.01)):
        assert (label == kind).sum() / times.size == pytest.approx(share, rel=0.25)
    early = np.flatnonzero(label == beats.ECTOPIC)
    rr = np.diff(spoilt)
    assert np.median(rr[early - 1]) < 0.8 * np.median(rr) < 0.8 * np.median(rr[early])


def test_walking_spoils_some_minutes_and_stillness_none(
    life: Life, lived: list[SimulatedDay]
) -> None:
    honest = Device(motion_error_share=0.0, cadence_lock_share=0.0)
    for day in lived[:4]:
        good = observe(day, life.body, honest, life.streams)
        bad = observe(day, life.body, Device(), life.streams)
        minute = ((good.hr_t_s - day.start_s) / 60.0 - 1).astype(int)
        changed = np.abs(good.hr_bpm - bad.hr_bpm) > 0
        assert (good.kind[minute][changed] >= WALK).all()
        assert changed.any()


def test_resting_heart_rate_is_the_lowest_half_hour(life: Life, lived: list[SimulatedDay]) -> None:
    seen = observe(lived[2], life.body, Device(), life.streams)
    resting = resting_bpm(seen)
    assert resting is not None
    assert np.sort(seen.hr_bpm)[:30].mean() <= resting < np.percentile(seen.hr_bpm, 25)
