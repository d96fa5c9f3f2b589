"""Beat correction: by hand, and what must hold for any beats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from hrv import clean
from hrv.clean import correct, grade, quality
from hrv.errors import InputError
from hrv.model import BeatLabel, Cleaned, RRSeries
from hrv.settings import CleanSettings
from tests.hearts import recorded, rr_series, steady

CLEAN = CleanSettings()


def labels(cleaned: Cleaned) -> dict[int, BeatLabel]:
    where = np.flatnonzero(cleaned.label)
    return {int(i): BeatLabel(int(cleaned.label[i])) for i in where}


def test_clean_beats_stay_as_they_are() -> None:
    rr = steady()
    cleaned = correct(recorded(rr), CLEAN)
    assert cleaned.share == 0.0
    np.testing.assert_array_equal(cleaned.nn.nn_ms, rr)
    assert cleaned.nn.joined[1:].all()


def test_a_missed_beat_is_inserted_at_the_middle_of_equal_neighbours() -> None:
    rr = np.full(200, 800.0)
    rr[100] = 1600.0
    cleaned = correct(recorded(rr), CLEAN)
    assert labels(cleaned) == {100: BeatLabel.MISSED}
    np.testing.assert_allclose(cleaned.nn.nn_ms, 800.0)
    assert cleaned.nn.nn_ms.size == 201
    # neither new interval is measured against its neighbours
    assert np.flatnonzero(~cleaned.nn.joined).tolist() == [0, 100, 101, 102]


def test_two_missed_beats_in_a_row_are_both_inserted() -> None:
    rr = steady(300, mean_ms=750.0)
    lost = np.concatenate((rr[:150], [rr[150:153].sum()], rr[153:]))
    cleaned = correct(recorded(lost), CLEAN)
    assert labels(cleaned) == {150: BeatLabel.MISSED}
    assert cleaned.nn.nn_ms.size == rr.size


@pytest.mark.parametrize("part", [0.15, 0.3, 0.5, 0.85])
def test_an_extra_beat_is_deleted_and_leaves_the_true_interval(part: float) -> None:
    rr = steady(300)
    split = np.concatenate((rr[:150], [part * rr[150], (1 - part) * rr[150]], rr[151:]))
    cleaned = correct(recorded(split), CLEAN)
    assert set(labels(cleaned).values()) == {BeatLabel.EXTRA}
    np.testing.assert_allclose(cleaned.nn.nn_ms, rr)
    assert cleaned.nn.joined[1:].all()  # both its ends are recorded beats


def test_a_premature_beat_is_moved_and_both_its_intervals_leave_rmssd() -> None:
    rr = steady(300)
    early = rr.copy()
    early[150], early[151] = 0.65 * rr[150], rr[151] + 0.35 * rr[150]
    cleaned = correct(recorded(early), CLEAN)
    assert labels(cleaned) == {150: BeatLabel.ECTOPIC}
    assert np.flatnonzero(cleaned.corrected).tolist() == [150, 151]
    assert np.flatnonzero(~cleaned.nn.joined).tolist() == [0, 150, 151, 152]
    assert cleaned.nn.nn_ms[150:152].sum() == pytest.approx(early[150:152].sum())


def test_a_run_of_bad_beats_becomes_a_gap_and_is_never_interpolated() -> None:
    rr = steady(300)
    rr[150:158] = [350, 1500, 420, 1350, 500, 1700, 380, 1250]
    cleaned = correct(recorded(rr), CLEAN)
    assert cleaned.masked[150:158].sum() >= 4
    begin, end = cleaned.t_s[149], cleaned.t_s[157]
    inside = (cleaned.nn.t_s > begin) & (cleaned.nn.t_s <= end)
    assert cleaned.nn.nn_ms[inside].sum() < 0.5 * rr[150:158].sum()


def test_a_gap_is_no_difference_and_no_artefact() -> None:
    rr = steady(300)
    t = np.cumsum(rr) / 1000.0
    t[150:] += 60.0
    cleaned = correct(RRSeries(t, rr), CLEAN)
    assert cleaned.share == 0.0
    assert np.flatnonzero(~cleaned.nn.joined).tolist() == [0, 150]


def test_times_rounded_to_the_second_are_no_gaps() -> None:
    rr = steady(300, mean_ms=1300.0)
    t = np.rint(1e9 + np.cumsum(rr) / 1000.0)
    cleaned = correct(RRSeries(t, rr), CLEAN)
    assert cleaned.nn.joined[1:].all()
    assert np.abs(cleaned.nn.t_s - t).max() < 1.0


def test_rounded_times_still_show_a_pause() -> None:
    rr = steady(300, mean_ms=1300.0)
    t = np.cumsum(rr) / 1000.0
    t[200:] += 20.0
    cleaned = correct(RRSeries(np.rint(t), rr), CLEAN)
    assert np.flatnonzero(~cleaned.nn.joined).tolist() == [0, 200]


def test_a_short_series_uses_the_20_percent_rule() -> None:
    rr = np.array([800.0, 810, 795, 805, 500, 1105, 800, 790, 805, 810])
    cleaned = correct(recorded(rr), CLEAN)
    assert set(labels(cleaned)) <= {4, 5}
    assert labels(cleaned)


def test_quantised_intervals_are_not_flagged_for_their_steps() -> None:
    rr = 10.0 * np.rint(steady(400) / 10.0)
    assert correct(recorded(rr), CLEAN).share == 0.0


def test_constant_intervals_are_normal() -> None:
    assert correct(recorded(np.full(200, 1000.0)), CLEAN).share == 0.0


def test_noise_is_no_heart() -> None:
    rr = np.random.default_rng(3).uniform(350, 1700, 500)
    cleaned = correct(recorded(rr), CLEAN)
    assert cleaned.masked.mean() > 0.9


def test_wrist_pulses_in_motion_are_masked_where_an_electrode_would_be_believed() -> None:
    rr = 800.0 + np.random.default_rng(3).normal(0, 100, 500)
    assert correct(recorded(rr, optical=True), CLEAN).masked.mean() > 0.5
    assert correct(recorded(rr), CLEAN).masked.mean() < 0.1


def test_an_interval_over_the_gap_limit_is_a_gap() -> None:
    rr = steady(200)
    rr[100] = 4000.0
    cleaned = correct(recorded(rr), CLEAN)
    assert labels(cleaned) == {100: BeatLabel.UNUSABLE}
    assert cleaned.masked[100]
    assert cleaned.nn.nn_ms.size == 199


def test_seconds_are_refused() -> None:
    with pytest.raises(InputError, match="seconds"):
        correct(recorded([0.8, 0.81, 0.79]), CLEAN)


def test_nothing_in_nothing_out() -> None:
    cleaned = correct(recorded([]), CLEAN)
    assert cleaned.nn.nn_ms.size == 0
    assert cleaned.share == 0.0


def test_quality_counts_corrected_beats_and_covered_time() -> None:
    rr = np.full(400, 1000.0)
    rr[100] = 2000.0
    cleaned = correct(recorded(rr), CLEAN)
    seen = quality(cleaned, 0.0, 401.0, CLEAN)
    assert seen.beats == 400  # of 401, the last ends with the window
    assert seen.corrected_share == pytest.approx(1 / 399)
    assert seen.coverage == pytest.approx(400 / 401)
    assert seen.grade == "green"


def test_grades_follow_their_limits() -> None:
    assert [grade(x, CLEAN) for x in (0.05, 0.06, 0.15, 0.16)] == ["green", "amber", "amber", "red"]


@settings(max_examples=60, deadline=None)
@given(rr_series())
def test_correcting_twice_is_correcting_once(rr: RRSeries) -> None:
    once = correct(rr, CLEAN)
    if not once.nn.nn_ms.size:
        return
    again = correct(RRSeries(once.nn.t_s, once.nn.nn_ms, optical=rr.optical), CLEAN)
    assert again.share == 0.0
    np.testing.assert_allclose(again.nn.nn_ms, once.nn.nn_ms)


@settings(max_examples=60, deadline=None)
@given(rr_series(most=900))
def test_looking_where_something_changed_finds_what_looking_everywhere_finds(rr: RRSeries) -> None:
    quick = correct(rr, CLEAN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clean, "_around", lambda here, *_: np.ones_like(here))
        slow = correct(rr, CLEAN)
    np.testing.assert_array_equal(quick.label, slow.label)
    np.testing.assert_array_equal(quick.nn.nn_ms, slow.nn.nn_ms)
    np.testing.assert_array_equal(quick.nn.joined, slow.nn.joined)


@settings(max_examples=60, deadline=None)
@given(rr_series())
def test_intervals_and_gaps_fill_the_recorded_time(rr: RRSeries) -> None:
    nn = correct(rr, CLEAN).nn
    if nn.nn_ms.size < 2:
        return
    pause = np.diff(nn.t_s) - nn.nn_ms[1:] / 1000.0
    begins, ends = rr.t_s[0] - rr.rr_ms[0] / 1000.0, rr.t_s[-1]
    room = 3.0  # rounded times are laid anew on their median
    assert nn.t_s[-1] <= ends + room
    assert nn.t_s[0] - nn.nn_ms[0] / 1000.0 >= begins - room
    assert np.all(np.abs(pause[nn.joined[1:]]) < 0.051)


@settings(max_examples=40, deadline=None)
@given(rr_series())
def test_a_later_start_changes_nothing(rr: RRSeries) -> None:
    moved = RRSeries(rr.t_s + 4096.0, rr.rr_ms, optical=rr.optical)
    one, other = correct(rr, CLEAN), correct(moved, CLEAN)
    np.testing.assert_array_equal(one.label, other.label)


@settings(max_examples=40, deadline=None)
@given(rr_series())
def test_a_masked_beat_is_never_normal(rr: RRSeries) -> None:
    cleaned = correct(rr, CLEAN)
    assert np.all(cleaned.label[cleaned.masked] != BeatLabel.NORMAL)
