"""FIT files to nouns: each conversion by a file made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hrv.errors import MalformedFileError, SettingsError
from hrv.fit.profile import EPOCH_S
from hrv.fit.writer import FitWriter, Rows, packed_12
from hrv.ingest.fit import read_fit
from hrv.model import (
    DayQuantity,
    DayValue,
    MotionKind,
    ReadOptions,
    Recording,
    Span,
    SpanKind,
)
from hrv.settings import IngestSettings
from hrv.timeline import build

T0 = EPOCH_S + 1_060_000_000.0  # 3 August 2023, 12:26:40 UTC
SETTINGS = IngestSettings()


def read(data: bytes, **options: object) -> Recording:
    return read_fit(data, "a.fit", ReadOptions(**options), SETTINGS)  # type: ignore[arg-type]


def refused(recording: Recording) -> dict[str, int]:
    return {refusal.reason: refusal.rows for refusal in recording.refusals}


def notes(recording: Recording) -> list[str]:
    return [str(note) for note in recording.notes]


# --------------------------------------------------------------------------- time


def test_half_times_are_the_nearest_before_or_behind() -> None:
    writer = FitWriter("monitoring", created_s=T0)
    edge = EPOCH_S + 16200 * 65536.0  # where the low half of the time starts at zero
    writer.add("monitoring", timestamp=edge + 30.0, current_activity_type_intensity=8)
    writer.add("monitoring", timestamp_16=edge - 30.0, heart_rate=61)
    writer.add("monitoring", timestamp_16=edge + 90.0, heart_rate=62)
    writer.add("stress_level", stress_level_time=edge + 70_000.0, stress_level_value=30)
    writer.add("monitoring", timestamp_16=edge + 150.0, heart_rate=63)
    (series,) = read(writer.finish()).heart_rate
    assert series.t_s.tolist() == [edge - 30.0, edge + 90.0, edge + 150.0]
    assert series.hr_bpm.tolist() == [61.0, 62.0, 63.0]


def test_half_times_without_a_whole_one_start_at_the_files_own_time() -> None:
    writer = FitWriter("monitoring", created_s=T0)
    writer.add("monitoring", timestamp_16=[T0 + 60, T0 + 120], heart_rate=[50, 51])
    (series,) = read(writer.finish()).heart_rate
    assert series.t_s.tolist() == [T0 + 60, T0 + 120]


@pytest.mark.parametrize(
    ("away_s", "hours"), [(7200.0, 2.0), (-43200.0, -12.0), (19800.0, 5.5), (7203.0, 2.0)]
)
def test_the_offset_of_local_time_is_taken_to_the_quarter_hour(away_s: float, hours: float) -> None:
    writer = FitWriter("monitoring", created_s=T0)
    writer.add("monitoring_info", timestamp=T0, local_timestamp=T0 + away_s)
    clock = read(writer.finish()).clock
    assert clock is not None
    assert clock.known_by == "file"
    assert clock.offset_s.tolist() == [3600.0 * hours]


@pytest.mark.parametrize("away_s", [-48_882 * 86400.0 / 4, 15 * 3600.0, -13 * 3600.0])
def test_an_offset_that_no_place_has_is_not_believed(away_s: float) -> None:
    writer = FitWriter("activity", created_s=T0)
    writer.add("activity", timestamp=T0, local_timestamp=max(T0 + away_s, EPOCH_S + 1.0))
    assert read(writer.finish()).clock is None


def test_seconds_since_power_on_are_no_date() -> None:
    writer = FitWriter("activity")
    writer.add("record", timestamp=EPOCH_S + np.arange(3.0), heart_rate=[60, 61, 62])
    recording = read(writer.finish())
    assert recording.heart_rate == ()
    assert refused(recording) == {"the clock was not set: seconds since power-on": 3}


def test_times_after_now_are_refused() -> None:
    writer = FitWriter("activity", created_s=T0)
    writer.add("record", timestamp=[T0, T0 + 9e5], heart_rate=[60, 61])
    recording = read(writer.finish(), now_s=T0 + 10.0)
    assert recording.rows_used == 1
    assert refused(recording) == {"a time in the future": 1}


def test_time_going_back_is_sorted_and_the_last_of_equal_seconds_holds() -> None:
    writer = FitWriter("activity", created_s=T0)
    writer.add("record", timestamp=T0 + np.array([0, 2, 1, 2]), heart_rate=[60, 61, 62, 63])
    recording = read(writer.finish())
    (series,) = recording.heart_rate
    assert series.t_s.tolist() == [T0, T0 + 1, T0 + 2]
    assert series.hr_bpm.tolist() == [60, 62, 63]
    assert notes(recording) == [
        "time goes back (1x): sorted",
        "seconds came twice (1x): the last value holds",
    ]


# --------------------------------------------------------------------------- beats


def test_missing_places_in_an_hrv_message_are_left_out_one_by_one() -> None:
    writer = FitWriter("activity", created_s=T0)
    writer.add("record", timestamp=T0, heart_rate=60)
    writer.add("hrv", time=[0.8, np.nan, 0.9, np.nan, np.nan])
    (series,) = read(writer.finish()).rr
    assert_allclose(series.rr_ms, [800.0, 900.0])
    assert_allclose(np.diff(series.t_s), [0.9], atol=1e-6)
    assert series.optical is False


def steady(rr_s: np.ndarray, record_s: np.ndarray, beat_s: np.ndarray) -> bytes:
    writer = FitWriter("activity", created_s=T0)
    writer.interleave(
        Rows("record", order=record_s, timestamp=record_s, heart_rate=60),
        Rows("hrv", order=beat_s, time=rr_s[:, None]),
    )
    return writer.finish()


def test_beats_lie_where_the_records_around_them_say() -> None:
    beat_s = T0 + 0.8 * np.arange(1, 500)
    data = steady(np.full(499, 0.8), T0 + np.arange(400.0), beat_s)
    (series,) = read(data).rr
    assert np.all(np.abs(series.t_s - beat_s) < 1.0)
    assert_allclose(np.diff(series.t_s), 0.8, atol=1e-6)


def test_a_pause_starts_a_new_count() -> None:
    first, second = T0 + 0.8 * np.arange(1, 100), T0 + 600 + 0.8 * np.arange(1, 100)
    record_s = np.concatenate((T0 + np.arange(80.0), T0 + 600 + np.arange(80.0)))
    recording = read(steady(np.full(198, 0.8), record_s, np.concatenate((first, second))))
    (series,) = recording.rr
    assert series.t_s.size == 198
    step_s = np.diff(series.t_s)
    assert np.sum(step_s > 2.0) == 1
    assert abs(series.t_s[99] - second[0]) < 1.0
    assert "beat intervals lost the watch's clock and were placed anew (1x)" in notes(recording)


def test_beats_after_the_last_record_simply_follow() -> None:
    rr_s = np.linspace(0.4, 0.8, 150)  # the heart slows down; records stop after 40 s
    beat_s = T0 + np.cumsum(rr_s)
    recording = read(steady(rr_s, T0 + np.arange(40.0), beat_s))
    (series,) = recording.rr
    assert series.t_s.size == 150
    assert np.all(np.abs(series.t_s - beat_s) < 1.0)
    assert_allclose(np.diff(series.t_s), rr_s[1:], atol=1e-3)
    assert notes(recording) == []


def test_intervals_in_1024ths_are_placed_by_the_clock_and_said_so() -> None:
    beat_s = T0 + 0.8 * np.arange(1, 2001)
    recording = read(steady(np.full(2000, 0.819), T0 + np.arange(1600.0), beat_s))
    (series,) = recording.rr
    assert_allclose(series.rr_ms, 819.0)  # the values stay as written
    assert series.t_s.size == 2000
    assert np.max(np.abs(series.t_s - beat_s)) < 1.5
    assert notes(recording)[0] == (
        "beat intervals add up to 102.4 % of the watch's clock: 1/1024 s were probably taken for ms"
    )


def test_a_dropout_stored_as_one_long_interval_is_a_gap() -> None:
    rr_s = np.array([0.8, 0.8, 8.0, 0.8, 0.8])
    beat_s = T0 + np.cumsum(rr_s)
    (series,) = read(steady(rr_s, T0 + np.arange(12.0), beat_s)).rr
    assert_allclose(series.rr_ms, 800.0)
    assert_allclose(np.diff(series.t_s), [0.8, 8.8, 0.8], atol=1e-6)


def test_intervals_made_from_heart_rate_are_called_so() -> None:
    rr_s = np.repeat([0.8, 0.81, 0.82], 40)
    recording = read(steady(rr_s, T0 + np.arange(100.0), T0 + np.cumsum(rr_s)))
    assert any("equal their neighbour" in note for note in notes(recording))


def test_stored_strap_beats_keep_their_own_times() -> None:
    ticks = np.array([5000, 5800, 6600, 8200, 9000, 9800, 10600, 11400, 12200])
    writer = FitWriter("activity", created_s=T0)
    writer.add(
        "hr",
        timestamp=T0,
        fractional_timestamp=0.5,
        filtered_bpm=[70],
        event_timestamp=[ticks[0] / 1024],
    )
    writer.add("hr", filtered_bpm=[71] * 8, event_timestamp_12=packed_12([ticks[1:]])[0])
    recording = read(writer.finish())
    (series,) = recording.rr
    assert_allclose(series.t_s, T0 + 0.5 + (ticks[1:] - ticks[0]) / 1024)
    assert_allclose(series.rr_ms, np.diff(ticks) / 1.024)
    (rate,) = recording.heart_rate
    assert rate.hr_bpm.tolist() == [70.0] + [71.0] * 8
    assert recording.rows_used == 2


def test_raw_intervals_lose_their_quality_and_gap_bits() -> None:
    good, gap = 1 << 14, 1 << 15
    writer = FitWriter("monitoring", created_s=T0)
    data = [1000 | good, 1010 | good, 700, 5000 | gap, 990 | good]
    writer.add("raw_bbi", timestamp=T0, timestamp_ms=250, data=data)
    (series,) = read(writer.finish()).rr
    assert series.rr_ms.tolist() == [1000.0, 1010.0, 990.0]
    assert_allclose(series.t_s, T0 + 0.25 + np.array([1.0, 2.01, 8.7]))
    assert series.optical is True


# --------------------------------------------------------------------------- wellness


def test_stress_codes_are_no_scores() -> None:
    writer = FitWriter("monitoring", created_s=T0)
    t_s = T0 + 60.0 * np.arange(5)
    writer.add("stress_level", stress_level_time=t_s, stress_level_value=[20, -1, -2, -4, 40])
    recording = read(writer.finish())
    (series,) = recording.stress
    assert series.score.tolist() == [20.0, 40.0]
    assert series.recovering_s.tolist() == [t_s[3]]
    assert recording.rows_used == 3
    assert refused(recording) == {
        "no stress score: too much motion": 1,
        "no stress score: off the wrist": 1,
    }


def test_steps_are_differences_within_an_activity_type() -> None:
    writer = FitWriter("monitoring", created_s=T0)
    t_s = T0 + np.array([0.0, 600.0, 1200.0, 1200.0])
    writer.add(
        "monitoring",
        timestamp=t_s,
        activity_type=[6, 6, 6, 1],
        cycles=np.array([100, 160, 400, 5000]) / 2,
        active_time=[50.0, 110.0, 710.0, 10.0],
    )
    (series,) = read(writer.finish()).motion
    assert series.kind is MotionKind.STEPS_PER_MIN
    # 60 steps within the 60 s of walking before the second message, 240 in the ten minutes after
    assert_allclose(series.t_s, [T0 + 540.0, T0 + 600.0])
    assert_allclose(series.period_s, [60.0, 600.0])
    assert_allclose(series.value, [60.0, 24.0])


def test_an_intensity_class_holds_for_the_minute_it_ends() -> None:
    writer = FitWriter("monitoring", created_s=T0)
    classes = np.array([8 | 0 << 5, 6 | 3 << 5, 8 | 1 << 5])
    t_s = T0 + np.array([0.0, 120, 300])
    writer.add("monitoring", timestamp=t_s, current_activity_type_intensity=classes)
    writer.add("monitoring", timestamp=T0 + 600, heart_rate=50)
    (series,) = read(writer.finish()).motion
    assert series.kind is MotionKind.INTENSITY_0_7
    assert series.t_s.tolist() == [T0 - 60, T0, T0 + 60, T0 + 120, T0 + 240, T0 + 300]
    assert series.value.tolist() == [0.0, 0.0, 3.0, 0.0, 1.0, 0.0]
    assert series.period_s.tolist() == [60.0, 60.0, 60.0, 120.0, 60.0, 300.0]


def test_too_much_motion_for_a_stress_score_is_motion() -> None:
    writer = FitWriter("monitoring", created_s=T0)
    t_s = T0 + 60.0 * np.arange(5)
    writer.add("stress_level", stress_level_time=t_s, stress_level_value=[20, 20, -2, -1, 30])
    (series,) = read(writer.finish()).motion
    assert series.t_s.tolist() == [T0, T0 + 60, T0 + 120]
    assert series.value.tolist() == [0.0, 2.0, 0.0]


def test_a_night_gives_sleep_its_stages_and_their_minutes() -> None:
    writer = FitWriter("sleep", created_s=T0)
    writer.add("monitoring_info", timestamp=T0, local_timestamp=T0 - 4 * 3600)
    t_s = T0 + 60.0 * np.array([0, 10, 40, 70, 75, 100, 101])
    writer.add("event", timestamp=t_s[0], event=74, event_type=0)
    writer.add("sleep_level", timestamp=t_s[1:], sleep_level=[1, 2, 3, 1, 4, 1])  # at their ends
    recording = read(writer.finish())
    spans = [s for s in recording.spans if s.kind is SpanKind.SLEEP]
    assert [(s.start_s, s.end_s) for s in spans] == [(t_s[1], t_s[5])]
    stages = [s.label for s in recording.spans if s.kind is SpanKind.SLEEP_STAGE]
    assert stages == ["light", "deep", "awake", "rem"]
    minutes = {value.quantity: value.value for value in recording.day_values}
    assert minutes == {
        DayQuantity.SLEEP_MIN: 85.0,
        DayQuantity.LIGHT_MIN: 30.0,
        DayQuantity.DEEP_MIN: 30.0,
        DayQuantity.REM_MIN: 25.0,
        DayQuantity.AWAKE_MIN: 5.0,
    }


def test_the_first_stage_starts_when_sleep_does_or_else_a_minute_before() -> None:
    for told in (True, False):
        writer = FitWriter("sleep", created_s=T0)
        if told:
            writer.add("event", timestamp=T0 - 1200, event=74, event_type=0)
        writer.add("sleep_level", timestamp=T0 + np.array([0.0, 600.0]), sleep_level=[2, 3])
        (sleep,) = [s for s in read(writer.finish()).spans if s.kind is SpanKind.SLEEP]
        assert (sleep.start_s, sleep.end_s) == (T0 - (1200 if told else 60), T0 + 600)


def test_two_nights_in_one_file_are_two() -> None:
    writer = FitWriter("sleep", created_s=T0)
    t_s = T0 + np.array([0.0, 600.0, 86400.0, 87000.0, 87600.0])
    writer.add("sleep_level", timestamp=t_s, sleep_level=[2, 3, 2, 0, 3])
    recording = read(writer.finish())
    nights = [s for s in recording.spans if s.kind is SpanKind.SLEEP]
    assert [(s.start_s, s.end_s) for s in nights] == [
        (T0 - 60, T0 + 600),
        (T0 + 86340, T0 + 87600),
    ]
    deep = [v.value for v in recording.day_values if v.quantity is DayQuantity.DEEP_MIN]
    assert deep == [10.0, 10.0]
    assert refused(recording) == {"no sleep stage in the message": 1}


def test_a_night_of_nothing_but_awake_says_nothing() -> None:
    writer = FitWriter("sleep", created_s=T0)
    writer.add("sleep_level", timestamp=T0 + 60.0 * np.arange(5), sleep_level=1)
    recording = read(writer.finish())
    assert recording.spans == ()
    assert recording.rows_refused == 5
    assert "sleep stages are all 'awake': staging was left to the cloud" in notes(recording)


def test_figures_of_a_day_are_named_by_local_time() -> None:
    writer = FitWriter("hrv_status", created_s=T0)
    local = T0 + 10 * 3600  # 3 August, 22:26
    writer.add("monitoring_info", timestamp=T0, local_timestamp=local)
    waking = T0 + 8 * 3600  # 20:26 UTC is 06:26 of the 4th there
    writer.add("hrv_status_summary", timestamp=waking, last_night_average=42.5, status=4)
    writer.add("hrv_value", timestamp=T0 + 300 * np.arange(3.0), value=[40, np.nan, 45])
    writer.add(
        "monitoring_hr_data",
        timestamp=T0,
        resting_heart_rate=50,
        current_day_resting_heart_rate=48,
    )
    recording = read(writer.finish())
    day = int(T0 // 86400)
    assert recording.day_values == (
        DayValue(day, DayQuantity.RESTING_HR_BPM, 48.0, "garmin 65534"),
        DayValue(day + 1, DayQuantity.RMSSD_MS, 42.5, "garmin 65534"),
    )
    (series,) = recording.rmssd
    assert series.rmssd_ms.tolist() == [40.0, 45.0]
    assert recording.rows_used == 4


def test_skin_temperature_of_the_night_and_naps_are_taken() -> None:
    writer = FitWriter("sleep", created_s=T0)
    writer.add("skin_temp_overnight", timestamp=T0, average_deviation=-0.25, nightly_value=33.5)
    writer.add("skin_temp_overnight", timestamp=T0 + 86400, nightly_value=np.nan)
    writer.add(
        "nap_event",
        start_time=T0 + np.array([0, 100, 200]),
        end_time=T0 + np.array([1200, 50, 1400]),
        is_deleted=[0, 0, 1],
    )
    recording = read(writer.finish())
    assert [(value.quantity, value.value) for value in recording.day_values] == [
        (DayQuantity.SKIN_TEMP_C, 33.5),
        (DayQuantity.SKIN_TEMP_DEVIATION_C, -0.25),
    ]
    assert [(span.kind, span.label) for span in recording.spans] == [(SpanKind.SLEEP, "nap")]
    assert refused(recording) == {
        "no value in the message": 1,
        "a nap of impossible length": 1,
        "a nap the person deleted": 1,
    }


def test_impossible_figures_are_refused() -> None:
    writer = FitWriter("hrv_status", created_s=T0)
    writer.add("hrv_value", timestamp=T0 + np.arange(2.0), value=[0.5, 400.0])
    writer.add("hrv_status_summary", timestamp=T0, last_night_average=500.0)
    writer.add("monitoring_hr_data", timestamp=T0, current_day_resting_heart_rate=2)
    recording = read(writer.finish())
    assert recording.day_values == ()
    assert refused(recording) == {"a value beyond what a body can show": 4}


def test_figures_keep_their_time_for_a_clock_that_is_known_later() -> None:
    writer = FitWriter("hrv_status", created_s=T0)
    writer.add("hrv_status_summary", timestamp=T0, last_night_average=42.5)
    status = read(writer.finish())
    assert status.clock is None
    (value,) = status.day_values
    assert (value.day, value.at_s) == (int(T0 // 86400), T0)
    other = FitWriter("monitoring", created_s=T0)
    other.add("monitoring_info", timestamp=T0, local_timestamp=T0 + 12 * 3600)
    other.add("monitoring", timestamp_16=T0 + 60, heart_rate=60)
    (named,) = build([status, read(other.finish())]).day_values
    assert named.day == int(T0 // 86400) + 1


# --------------------------------------------------------------------------- activities


def test_a_session_is_exercise_and_a_pressed_lap_a_mark() -> None:
    writer = FitWriter("activity", created_s=T0)
    writer.add("session", timestamp=T0 + 610, start_time=T0, total_elapsed_time=600.0, sport=1)
    writer.add(
        "lap", start_time=[T0, T0 + 300], total_elapsed_time=[300.0, 300.0], lap_trigger=[0, 7]
    )
    recording = read(writer.finish())
    assert recording.spans == (
        Span(kind=SpanKind.EXERCISE, start_s=T0, end_s=T0 + 600, label="running"),
        Span(kind=SpanKind.OTHER, start_s=T0 + 300, end_s=T0 + 300, label="lap"),
    )


def test_meditation_is_a_technique() -> None:
    writer = FitWriter("activity", created_s=T0)
    writer.add("session", start_time=T0, total_elapsed_time=600.0, sport=67)
    (span,) = read(writer.finish()).spans
    assert (span.kind, span.label) == (SpanKind.TECHNIQUE, "meditation")


def test_walks_that_the_watch_noticed_last_their_minutes() -> None:
    writer = FitWriter("monitoring", created_s=T0)
    writer.add(
        "event",
        timestamp=T0 + 3000,
        event=[54, 54, 54, 0],
        data16=[20, 20, 5, 20],
        activity_type=[6, 8, 6, 6],
        start_timestamp=T0,
    )
    (span,) = read(writer.finish()).spans
    assert (span.kind, span.label, span.end_s - span.start_s) == ("exercise", "walking", 1200.0)


@pytest.mark.parametrize(
    ("kind", "source", "name", "optical"),
    [
        (120, 1, "HRM-Pro", False),
        (1, 3, "H10", False),
        (120, 1, "Polar OH1", True),
        (10, 5, "", True),
        (0, 5, "", None),
    ],
)
def test_strap_and_wrist_are_told_apart(
    kind: int, source: int, name: str, optical: bool | None
) -> None:
    writer = FitWriter("activity", created_s=T0)
    writer.add(
        "device_info", timestamp=T0, device_type=kind, source_type=source, product_name=name or "x"
    )
    writer.add("record", timestamp=T0, heart_rate=60)
    (series,) = read(writer.finish()).heart_rate
    assert series.optical is optical


def test_steps_of_a_run_are_twice_its_cadence() -> None:
    writer = FitWriter("activity", created_s=T0)
    writer.add("record", timestamp=T0 + np.arange(2.0), heart_rate=120, cadence=[80, 85])
    writer.add("session", start_time=T0, total_elapsed_time=2.0, sport=1)
    (series,) = read(writer.finish()).motion
    assert series.value.tolist() == [160.0, 170.0]


# --------------------------------------------------------------------------- what cannot be read


def test_what_is_no_fit_file_is_said_so() -> None:
    with pytest.raises(MalformedFileError, match="not a FIT file"):
        read(b"hello, world, this is no FIT file")


def test_settings_files_are_passed_over() -> None:
    recording = read(FitWriter(2, created_s=T0).finish())
    assert recording.rows_used == 0
    assert notes(recording) == ["settings: nothing measured in it"]


def test_an_unknown_reader_is_a_wrong_request() -> None:
    with pytest.raises(SettingsError, match="fitreader"):
        read(FitWriter("activity", created_s=T0).finish(), fit_reader="fitreader")


def test_a_cut_file_keeps_what_precedes_the_cut() -> None:
    writer = FitWriter("activity", created_s=T0)
    writer.add("record", timestamp=T0 + np.arange(100.0), heart_rate=60)
    data = writer.finish()
    recording = read(data[:-300])
    (series,) = recording.heart_rate
    assert 20 < series.t_s.size < 60
    assert any("the file ends" in note and "was read" in note for note in notes(recording))
    assert [span.label for span in recording.spans] == ["activity"]


def test_a_file_cut_before_its_first_value_is_malformed() -> None:
    writer = FitWriter("activity", created_s=T0)
    writer.add("record", timestamp=T0, heart_rate=60)
    with pytest.raises(MalformedFileError, match="byte 14"):
        read(writer.finish()[:30])
