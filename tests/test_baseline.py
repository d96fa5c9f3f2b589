"""Resting measures: by hand, behind their gates, against a frozen past."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrv import baseline
from hrv.model import (
    DAY_S,
    BaselineDay,
    DailySeries,
    DayQuantity,
    DayValue,
    Grid,
    HrvWindows,
    LocalClock,
    MarkerFinding,
    MarkerState,
    Missing,
    Span,
    SpanKind,
)
from hrv.settings import BaselineSettings
from tests.grids import MONDAY_S, grid_of

SETTINGS = BaselineSettings()
UTC = LocalClock.fixed(0.0)
MONDAY = int(MONDAY_S // DAY_S)
HOUR = 60  # minutes


def sleep(start_h: float, end_h: float, **more: Any) -> Span:
    """Sleep by hours after Monday midnight."""
    return Span(
        kind=SpanKind.SLEEP,
        start_s=MONDAY_S + start_h * 3600.0,
        end_s=MONDAY_S + end_h * 3600.0,
        **more,
    )


def days_of(grid: Grid | None, spans: list[Span], **more: Any) -> dict[int, BaselineDay]:
    found = baseline.days(
        grid,
        **{
            "expectation": None,
            "hrv": None,
            "nights": baseline.nights(grid, spans, UTC, SETTINGS),
            "day_values": (),
            "spans": spans,
            "settings": SETTINGS,
            **more,
        },
    )
    return {day.day: day for day in found}


# --------------------------------------------------------------------------- nights


def test_a_night_bears_the_day_of_waking() -> None:
    nights = baseline.nights(None, [sleep(23, 31)], UTC, SETTINGS)
    assert [(n.day, n.known_by) for n in nights] == [(MONDAY + 1, "device")]


def test_the_day_of_waking_is_local() -> None:
    tokyo = LocalClock.fixed(9 * 3600.0)
    # 14:00 to 22:00 UTC is 23:00 to 07:00 in Tokyo, one day on
    nights = baseline.nights(None, [sleep(14, 22)], tokyo, SETTINGS)
    assert nights[0].day == MONDAY + 1


def test_two_pieces_an_hour_apart_are_one_night() -> None:
    nights = baseline.nights(None, [sleep(23, 26), sleep(27, 31)], UTC, SETTINGS)
    assert len(nights) == 1
    assert nights[0].end_s - nights[0].start_s == 8 * 3600.0


def test_a_nap_is_no_night() -> None:
    nights = baseline.nights(None, [sleep(-1, 7), sleep(14, 15.5)], UTC, SETTINGS)
    assert [(n.day, n.end_s) for n in nights] == [(MONDAY, MONDAY_S + 7 * 3600.0)]


def test_the_longest_of_two_sleeps_of_a_day_is_its_night() -> None:
    nights = baseline.nights(None, [sleep(0, 4.5), sleep(10, 17)], UTC, SETTINGS)
    assert [n.start_s for n in nights] == [MONDAY_S + 10 * 3600.0]


def test_without_sleep_data_the_clock_says_when_it_is_night() -> None:
    grid = grid_of(np.full(3 * 24 * HOUR, 60.0))
    nights = baseline.nights(grid, [], UTC, SETTINGS)
    assert [n.day for n in nights] == [MONDAY, MONDAY + 1, MONDAY + 2]
    assert {n.known_by for n in nights} == {"clock"}
    assert nights[1].start_s == MONDAY_S + DAY_S
    assert nights[1].end_s - nights[1].start_s == 6 * 3600.0


def test_a_single_missing_device_night_is_not_filled_in_by_the_clock() -> None:
    grid = grid_of(np.full(3 * 24 * HOUR, 60.0))
    nights = baseline.nights(grid, [sleep(-1, 7), sleep(47, 55)], UTC, SETTINGS)
    assert {n.known_by for n in nights} == {"device"}


# --------------------------------------------------------------------------- night heart rate


def night_grid() -> np.ndarray[Any, Any]:
    """A day at 70 bpm; sleep 0-8 h at 60 with 30 minutes at 50 from 4 h on."""
    hr = np.full(24 * HOUR, 70.0)
    hr[: 8 * HOUR] = 60.0
    hr[4 * HOUR : 4 * HOUR + 30] = 50.0
    return hr


def test_night_heart_rate_is_the_lowest_half_hour() -> None:
    day = days_of(grid_of(night_grid()), [sleep(0, 8)])[MONDAY]
    assert day.night_hr_bpm == pytest.approx(50.0)


def test_one_wrong_minute_does_not_move_the_night() -> None:
    hr = night_grid()
    hr[4 * HOUR + 10] = 30.0
    day = days_of(grid_of(hr), [sleep(0, 8)])[MONDAY]
    assert day.night_hr_bpm == pytest.approx(50.0)


def test_a_night_measured_half_the_time_gives_nothing() -> None:
    hr = night_grid()
    hr[2 * HOUR : 6 * HOUR] = np.nan
    day = days_of(grid_of(hr), [sleep(0, 8)])[MONDAY]
    assert day.night_hr_bpm is None


def test_a_short_sleep_gives_nothing() -> None:
    found = days_of(grid_of(night_grid()), [sleep(3, 6.5), sleep(24, 31)])
    assert found[MONDAY].night_hr_bpm is None


@pytest.mark.parametrize("every", [3, 5, 10])
def test_sparse_streams_are_counted_in_the_samples_they_should_have(every: int) -> None:
    hr = np.full(24 * HOUR, np.nan)
    hr[::every] = night_grid()[::every]
    day = days_of(grid_of(hr), [sleep(0, 8)])[MONDAY]
    assert day.night_hr_bpm is not None
    assert 50.0 <= day.night_hr_bpm <= 56.0
    assert day.worn_hours == pytest.approx(24.0, abs=0.3)


def test_a_gap_in_a_sparse_stream_is_not_worn() -> None:
    hr = np.full(24 * HOUR, np.nan)
    hr[::5] = 60.0
    hr[10 * HOUR : 14 * HOUR] = np.nan
    day = days_of(grid_of(hr), [sleep(0, 8)])[MONDAY]
    assert day.worn_hours == pytest.approx(20.0, abs=0.3)


def test_settling_is_the_time_until_the_quietest_quarter() -> None:
    hr = np.full(24 * HOUR, 70.0)
    hr[: 8 * HOUR] = 60.0
    hr[:40] = np.linspace(75.0, 61.0, 40)  # forty minutes to come down
    hr[40 : 8 * HOUR] = 60.0
    day = days_of(grid_of(hr), [sleep(0, 8)])[MONDAY]
    assert day.settle_min == pytest.approx(40.0, abs=1.0)


def test_settling_needs_a_sleep_onset() -> None:
    day = days_of(grid_of(night_grid()), [])[MONDAY]
    assert day.night_hr_bpm == pytest.approx(50.0)
    assert day.night_known_by == "clock"
    assert day.settle_min is None


# --------------------------------------------------------------------------- still and awake


def asleep_until(hours: int, n: int = 24 * HOUR) -> np.ndarray[Any, Any]:
    mask = np.zeros(n, dtype=bool)
    mask[: hours * HOUR] = True
    return mask


def test_resting_heart_rate_is_the_20th_percentile_of_still_waking_minutes() -> None:
    hr = np.full(24 * HOUR, 40.0)
    hr[8 * HOUR :] = 60.0 + np.arange(16 * HOUR) / (16 * HOUR) * 10.0
    day = days_of(grid_of(hr, asleep=asleep_until(8)), [sleep(0, 8)])[MONDAY]
    assert day.resting_hr_bpm == pytest.approx(62.0, abs=0.1)


def test_moving_minutes_and_the_ten_after_them_do_not_count_as_rest() -> None:
    hr = np.full(24 * HOUR, 60.0)
    motion = np.zeros(24 * HOUR)
    motion[8 * HOUR :: 15] = 2.0  # one moving minute in fifteen leaves five still ones
    grid = grid_of(hr, asleep=asleep_until(8), motion_met=motion)
    day = days_of(grid, [sleep(0, 8)])[MONDAY]
    assert day.still_hours == pytest.approx(16.0 * 5 / 15, abs=0.2)


def test_two_hours_of_rest_are_needed() -> None:
    hr = np.full(24 * HOUR, np.nan)
    hr[: 9 * HOUR + 30] = 60.0
    day = days_of(grid_of(hr, asleep=asleep_until(8)), [sleep(0, 8)])[MONDAY]
    assert day.resting_hr_bpm is None
    assert day.eligible_min == pytest.approx(81.0, abs=2.0)


def test_minutes_of_a_technique_stay_out() -> None:
    hr = np.full(24 * HOUR, 70.0)
    hr[10 * HOUR : 16 * HOUR] = 50.0  # six hours of practice that calm wonderfully
    practice = Span(
        kind=SpanKind.TECHNIQUE,
        start_s=MONDAY_S + 10 * 3600.0,
        end_s=MONDAY_S + 16 * 3600.0,
        origin="person",
    )
    grid = grid_of(hr, asleep=asleep_until(8))
    day = days_of(grid, [sleep(0, 8), practice])[MONDAY]
    assert day.resting_hr_bpm == pytest.approx(70.0)
    assert day.min30_hr_bpm == pytest.approx(70.0)
    assert day.technique_min == 360.0


# --------------------------------------------------------------------------- HRV of the night


def test_a_day_marked_as_a_whole_keeps_its_minutes() -> None:
    hr = np.full(24 * HOUR, 70.0)
    tag = Span(kind=SpanKind.TECHNIQUE, start_s=MONDAY_S, end_s=MONDAY_S + 86_400.0, all_day=True)
    plain, marked = (days_of(grid_of(hr), tags) for tags in ([], [tag]))
    assert marked == plain


def hrv_windows(source: str = "beats", rmssd: float = 40.0, start_h: float = 0.0) -> HrvWindows:
    t = np.asarray(MONDAY_S + start_h * 3600.0 + 300.0 * np.arange(1, 97), dtype=np.float64)
    values = np.array([rmssd, rmssd * float(np.e)] * 48, dtype=np.float64)
    rr = np.full(96, 1000.0 if source == "beats" else 0.0)
    return HrvWindows(t, values, rr, np.full(96, 49.0), np.zeros(96, dtype=np.int64), (source,))


def test_ln_rmssd_is_the_mean_of_logs() -> None:
    day = days_of(None, [sleep(0, 8)], hrv=hrv_windows())[MONDAY]
    assert day.ln_rmssd == pytest.approx(np.log(40.0) + 0.5)
    assert day.ln_rmssd_per_rr == pytest.approx(np.log(40.0) + 0.5)
    assert day.sqrt_stress_index == pytest.approx(7.0)


def test_a_vendors_windows_have_no_interval_to_correct_by() -> None:
    day = days_of(None, [sleep(0, 8)], hrv=hrv_windows("vendor"))[MONDAY]
    assert day.ln_rmssd is not None
    assert day.ln_rmssd_per_rr is None
    assert day.hrv_source == "vendor"


def test_windows_outside_sleep_do_not_count() -> None:
    found = days_of(None, [sleep(0, 8)], hrv=hrv_windows(start_h=9.0))
    assert MONDAY not in found


def test_windows_breathed_through_in_a_technique_do_not_count() -> None:
    practice = Span(
        kind=SpanKind.TECHNIQUE, start_s=MONDAY_S, end_s=MONDAY_S + 7.5 * 3600.0, origin="person"
    )
    found = days_of(None, [sleep(0, 8), practice], hrv=hrv_windows())
    assert MONDAY not in found


def test_a_series_holds_one_source_of_hrv() -> None:
    days = [
        BaselineDay(day=k, ln_rmssd=3.0, hrv_source="beats" if k < 6 else "vendor")
        for k in range(10)
    ]
    assert baseline.series(days, "ln_rmssd").day.tolist() == list(range(6))


# --------------------------------------------------------------------------- vendor's daily values


def test_one_device_per_vendor_figure() -> None:
    values = [
        DayValue(MONDAY + k, DayQuantity.RESTING_HR_BPM, 60.0 + k, "ring" if k < 7 else "band")
        for k in range(10)
    ]
    found = days_of(None, [], day_values=values)
    assert sorted(found) == [MONDAY + k for k in range(7)]
    assert found[MONDAY].vendor_resting_hr_bpm == 60.0


def test_a_vendors_hrv_is_kept_as_a_logarithm() -> None:
    found = days_of(None, [], day_values=[DayValue(MONDAY, DayQuantity.SDNN_MS, 50.0, "watch")])
    assert found[MONDAY].vendor_ln_sdnn == pytest.approx(np.log(50.0))
    assert found[MONDAY].vendor_ln_rmssd is None


# --------------------------------------------------------------------------- composite


def resting(n: int, rng: np.random.Generator, shift: float = 0.0) -> list[BaselineDay]:
    return [
        BaselineDay(
            day=MONDAY + k,
            night_hr_bpm=55.0 + rng.standard_normal() + shift * (k >= 60),
            resting_hr_bpm=65.0 + rng.standard_normal() + shift * (k >= 60),
            ln_rmssd=3.7 - 0.1 * rng.standard_normal() - 0.1 * shift * (k >= 60),
            hrv_source="beats",
        )
        for k in range(n)
    ]


def test_the_composite_is_in_sds_of_the_reference_days() -> None:
    found = baseline.compose(resting(60, np.random.default_rng(1)), SETTINGS)
    z = np.array([d.arousal_z for d in found], dtype=float)[: SETTINGS.reference_days]
    assert np.std(z, ddof=1) == pytest.approx(1.0)
    assert abs(np.mean(z)) < 0.4


def test_a_calmer_heart_lowers_the_composite() -> None:
    found = baseline.compose(resting(120, np.random.default_rng(2), shift=-2.0), SETTINGS)
    z = np.array([d.arousal_z for d in found], dtype=float)
    assert z[60:].mean() < z[:60].mean() - 2.0


def test_the_reference_is_frozen() -> None:
    calm = resting(60, np.random.default_rng(3))
    before = baseline.compose(calm, SETTINGS)
    later = [
        BaselineDay(day=MONDAY + 60 + k, night_hr_bpm=90.0, resting_hr_bpm=99.0) for k in range(9)
    ]
    after = baseline.compose([*calm, *later], SETTINGS)
    assert [d.arousal_z for d in after[:60]] == [d.arousal_z for d in before]


def test_one_measure_makes_no_composite() -> None:
    only = [BaselineDay(day=MONDAY + k, night_hr_bpm=55.0 + k % 3) for k in range(60)]
    assert all(d.arousal_z is None for d in baseline.compose(only, SETTINGS))
    assert baseline.choose(only, SETTINGS) == "night_hr_bpm"


def test_a_pattern_unseen_in_the_reference_has_no_value() -> None:
    days = [replace(d, ln_rmssd=None) for d in resting(40, np.random.default_rng(4))]
    later = resting(80, np.random.default_rng(4))[40:]
    days += [replace(d, resting_hr_bpm=None) for d in later]
    composite = [d.arousal_z for d in baseline.compose(days, SETTINGS)]
    assert None not in composite[:40]
    assert set(composite[40:]) == {None}


@given(gap=st.floats(-30.0, 30.0), scale=st.floats(0.2, 5.0))
def test_the_composite_does_not_know_units(gap: float, scale: float) -> None:
    days = resting(40, np.random.default_rng(5))
    moved = [
        BaselineDay(
            day=d.day,
            night_hr_bpm=gap + scale * (d.night_hr_bpm or 0.0),
            resting_hr_bpm=d.resting_hr_bpm,
            ln_rmssd=d.ln_rmssd,
            hrv_source="beats",
        )
        for d in days
    ]
    first = [d.arousal_z for d in baseline.compose(days, SETTINGS)]
    second = [d.arousal_z for d in baseline.compose(moved, SETTINGS)]
    assert first == pytest.approx(second, abs=1e-6)


def test_the_measure_is_chosen_by_days_not_by_trend() -> None:
    rng = np.random.default_rng(6)
    up, down = resting(90, rng, shift=3.0), resting(90, rng, shift=-3.0)
    for days in (up, down):
        composed = baseline.compose(days, SETTINGS)
        assert baseline.choose(composed, SETTINGS) == "arousal_z"


# --------------------------------------------------------------------------- chronic load


def test_raised_minutes_are_counted_against_the_frozen_reference() -> None:
    rng = np.random.default_rng(7)
    n = 40 * 24 * HOUR
    hr = 65.0 + 1.5 * rng.standard_normal(n)
    hr[30 * 24 * HOUR :] += 6.0  # the last ten days are 6 bpm higher all day
    asleep = (np.arange(n) % (24 * HOUR)) < 8 * HOUR
    found = days_of(grid_of(hr, asleep=asleep), [])
    early = [found[MONDAY + k] for k in range(28)]
    late = [found[MONDAY + k] for k in range(30, 40)]
    assert np.mean([(d.raised_min or 0) / d.eligible_min for d in early]) < 0.05
    assert np.mean([(d.raised_min or 0) / d.eligible_min for d in late]) > 0.9


# --------------------------------------------------------------------------- level and summary


def test_a_level_widens_with_autocorrelation() -> None:
    rng = np.random.default_rng(8)
    white = rng.standard_normal(200)
    sticky = np.empty(200)
    sticky[0] = white[0]
    for k in range(1, 200):
        sticky[k] = 0.8 * sticky[k - 1] + 0.6 * white[k]
    widths = []
    for values in (white, sticky):
        series = DailySeries(np.arange(200), values / np.std(values))
        found = baseline.level(series, 172, 199, SETTINGS)
        assert found is not None
        widths.append(found.high - found.low)
    assert widths[1] > 1.5 * widths[0]


def test_nine_of_ten_own_days_lie_in_the_normal_range() -> None:
    values = DailySeries(np.arange(61), np.arange(61.0))
    found = baseline.normal_range(values, SETTINGS)
    assert found is not None
    inside = (values.value[1:] >= found[0]) & (values.value[1:] <= found[1])
    assert inside.mean() == pytest.approx(0.9)


def test_seven_nights_give_a_level_with_an_interval() -> None:
    days = [BaselineDay(day=MONDAY + k, night_hr_bpm=55.0 + k % 3) for k in range(7)]
    found = baseline.summary(days, "night_hr_bpm", None, SETTINGS, (MONDAY, MONDAY + 6))
    assert not isinstance(found.value, Missing)
    assert found.value.low < found.value.value < found.value.high
    assert found.normal_range is None


def test_six_nights_say_what_is_missing() -> None:
    days = [BaselineDay(day=MONDAY + k, night_hr_bpm=55.0 + k % 3) for k in range(6)]
    found = baseline.summary(days, "night_hr_bpm", None, SETTINGS, (MONDAY, MONDAY + 5))
    assert found.value == Missing("baseline_few_days", {"n": 6, "needed": 7})


def test_the_summary_shows_a_measure_that_people_can_read() -> None:
    days = baseline.compose(resting(60, np.random.default_rng(9)), SETTINGS)
    finding = MarkerFinding(id="baseline_arousal", state=MarkerState.UNDETERMINED)
    found = baseline.summary(days, "arousal_z", finding, SETTINGS, (MONDAY, MONDAY + 59))
    assert found.shown == "night_hr_bpm"
    assert found.levels["night_hr_bpm"].value.value == pytest.approx(55.0, abs=1.0)
    assert found.state is MarkerState.UNDETERMINED


def test_time_reversed_levels_swap_then_and_now() -> None:
    values = np.linspace(0.0, 5.0, 90) + np.random.default_rng(10).standard_normal(90)
    ways = []
    for v in (values, values[::-1]):
        days = [BaselineDay(day=MONDAY + k, night_hr_bpm=50.0 + float(x)) for k, x in enumerate(v)]
        found = baseline.summary(days, "night_hr_bpm", None, SETTINGS, (MONDAY, MONDAY + 89))
        assert found.then is not None
        assert found.now is not None
        ways.append((found.then.value, found.now.value))
    assert ways[0] == pytest.approx(ways[1][::-1])
