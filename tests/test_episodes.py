"""Episodes: raised heart rate is found where it is, and motion, exercise and gaps are not it."""

from __future__ import annotations

import numpy as np
import pytest

from hrv.episodes import detect, expect
from hrv.model import Episode, EpisodeKind, Grid, Span, SpanKind
from hrv.settings import Settings
from tests.grids import MONDAY_S, Rise, awake, binned, grid_of, life, seconds

SETTINGS = Settings()


def found(grid: Grid, spans: tuple[Span, ...] = ()) -> tuple[Episode, ...]:
    return detect(grid, expect(grid, SETTINGS), spans, SETTINGS)


def overlapped(grid: Grid, rise: Rise, episodes: tuple[Episode, ...]) -> bool:
    start, end = grid.t0_s + rise.on_s, grid.t0_s + rise.off_s
    return any(e.start_s < end and e.end_s > start for e in episodes)


@pytest.mark.parametrize("step_s", [15, 60, 120])
def test_clear_reactions_of_sitting_days_are_found(step_s: int) -> None:
    grid, rises = life(4, seed=3, step_s=step_s, heights_bpm=(12.0, 25.0))
    episodes = found(grid)
    assert np.mean([overlapped(grid, r, episodes) for r in rises]) >= 0.85
    assert all(e.step_s == step_s and e.kind is EpisodeKind.STRESS for e in episodes)


def test_borders_height_and_hour_are_those_of_the_reaction() -> None:
    on = 12 * 3600.0
    hr = binned(seconds([Rise(on, on + 600, 20.0, 120.0)], 86_400, 1, noise=0.5), 60)
    grid = grid_of(hr, asleep=~awake(60, 1))
    near = [e for e in found(grid) if abs(e.start_s - MONDAY_S - on) < 300]
    assert len(near) == 1
    episode = near[0]
    assert episode.end_s - MONDAY_S == pytest.approx(on + 600 + 300, abs=240)
    assert episode.rise_bpm == pytest.approx(20.0, abs=3.0)
    assert episode.hour == pytest.approx(12.0, abs=0.1)
    assert episode.day == MONDAY_S // 86_400
    assert episode.confidence > 0.9


def test_quiet_days_stay_quiet() -> None:
    grid, _ = life(6, seed=11, per_hour=1e-9)
    assert len(found(grid)) <= 3


def walking_day(seed: int) -> tuple[Grid, np.ndarray]:
    rng = np.random.default_rng(seed)
    motion = np.zeros(86_400)
    for start in range(8 * 3600, 22 * 3600, 2700):
        motion[start : start + int(rng.uniform(200, 900))] = 2.2
    from scipy.signal import lfilter

    keep = np.exp(-1 / 50.0)
    hr = seconds([], 86_400, seed) + lfilter([1 - keep], [1, -keep], 11.0 * motion)
    motion_met = binned(motion * rng.lognormal(0, 0.1, motion.size), 60)
    grid = grid_of(
        binned(hr, 60),
        motion_met=motion_met,
        steps_per_min=45.0 * motion_met,
        asleep=~awake(60, 1),
    )
    return grid, motion_met


def test_walking_is_not_an_episode_and_is_explained_by_motion() -> None:
    grid, motion_met = walking_day(5)
    expectation = expect(grid, SETTINGS)
    episodes = detect(grid, expectation, (), SETTINGS)
    assert len([e for e in episodes if e.kind is EpisodeKind.STRESS]) <= 1
    walking = motion_met > 2.0
    assert abs(float(expectation.excess_bpm[walking].mean())) < 5.0
    assert not expectation.usable[walking].any()


def test_exercise_and_its_shadow_are_a_bout_and_no_stress() -> None:
    bout = Rise(12 * 3600.0, 12 * 3600.0 + 2400, 80.0, 120.0)
    hr = binned(seconds([bout], 86_400, 2), 60)
    exercise = np.zeros(1440, dtype=bool)
    exercise[720:760] = True
    grid = grid_of(hr, asleep=~awake(60, 1), exercise=exercise)
    episodes = found(grid)
    bouts = [e for e in episodes if e.kind is EpisodeKind.EXERCISE]
    assert [(e.start_s, e.end_s) for e in bouts] == [
        (MONDAY_S + 12 * 3600.0, MONDAY_S + 12 * 3600.0 + 2400)
    ]
    near = [
        e
        for e in episodes
        if e.kind is EpisodeKind.STRESS
        and e.end_s > MONDAY_S + bout.on_s
        and e.start_s < MONDAY_S + bout.off_s + 1500
    ]
    assert near == []


def test_a_rise_without_a_seen_onset_is_left_alone() -> None:
    on = 12 * 3600.0
    hr = binned(seconds([Rise(on, on + 1200, 25.0, 120.0)], 86_400, 1, noise=0.3), 60)
    hr[int(on / 60) - 20 : int(on / 60) + 10] = np.nan
    grid = grid_of(hr, asleep=~awake(60, 1))
    assert [e for e in found(grid) if abs(e.start_s - MONDAY_S - on) < 1200] == []


def test_spans_label_what_was_found_and_never_make_an_episode() -> None:
    on = 12 * 3600.0
    hr = binned(seconds([Rise(on, on + 600, 20.0, 120.0)], 86_400, 1, noise=0.5), 60)
    grid = grid_of(hr, asleep=~awake(60, 1))
    t = MONDAY_S + on
    spans = (
        Span(kind=SpanKind.EVENT, start_s=t + 120, end_s=t + 120, label="call"),
        Span(kind=SpanKind.EVENT, start_s=t + 14_400, end_s=t + 14_400, label="calm"),
        Span(kind=SpanKind.TECHNIQUE, start_s=t + 300, end_s=t + 600, label="breathing"),
    )
    plain, labelled = found(grid), found(grid, spans)
    assert [(e.start_s, e.end_s) for e in plain] == [(e.start_s, e.end_s) for e in labelled]
    tagged = [e for e in labelled if e.kind is EpisodeKind.TAGGED]
    assert [(e.label, e.technique) for e in tagged] == [("call", True)]


def test_softer_reactions_do_not_lower_the_bar() -> None:
    loud, _ = life(30, seed=7, heights_bpm=(15.0, 30.0))
    calm_tail = loud.hr_bpm.copy()
    quiet, _ = life(30, seed=8, per_hour=1e-9)
    half = len(loud) // 2 + 28 * 1440 // 2
    calm_tail[half:] = quiet.hr_bpm[half:]
    other = grid_of(calm_tail, asleep=loud.asleep)
    assert expect(other, SETTINGS).threshold_bpm == pytest.approx(
        expect(loud, SETTINGS).threshold_bpm, rel=0.05
    )


def test_an_hour_works_and_says_that_it_leans_on_priors() -> None:
    rise = Rise(1500.0, 1700.0, 20.0, 60.0)
    grid = grid_of(binned(seconds([rise], 3600, 4, noise=0.6), 15), 15.0)
    expectation = expect(grid, SETTINGS)
    assert expectation.shrunk_to_prior
    assert expectation.notes
    assert overlapped(grid, rise, detect(grid, expectation, (), SETTINGS))


def test_without_motion_it_says_so_and_goes_on() -> None:
    grid, _ = life(2, seed=3, heights_bpm=(14.0, 25.0))
    blind = grid_of(grid.hr_bpm, asleep=grid.asleep, motion_known=np.zeros(len(grid), bool))
    expectation = expect(blind, SETTINGS)
    assert not expectation.motion_known
    assert any("no motion" in str(n) for n in expectation.notes)
    assert detect(blind, expectation, (), SETTINGS)


def test_a_grid_without_any_heart_rate_gives_nothing() -> None:
    grid = grid_of(np.full(500, np.nan))
    assert found(grid) == ()


def test_a_gap_is_worth_no_excess_and_detection_does_not_depend_on_its_filling() -> None:
    grid, _ = life(3, seed=9)
    measured = grid.measured.copy()
    measured[1000:1060] = False
    one = grid_of(np.where(measured, grid.hr_bpm, np.nan), asleep=grid.asleep)
    filled = grid_of(np.where(measured, grid.hr_bpm, 180.0), asleep=grid.asleep, measured=measured)
    assert [e.start_s for e in found(one)] == [e.start_s for e in found(filled)]
