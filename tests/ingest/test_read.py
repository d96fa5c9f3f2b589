"""Reading as a whole: what is shared between files, what is asked, what is never guessed."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from hrv.errors import (
    AmbiguousInputError,
    InputError,
    MalformedFileError,
    NothingUsableError,
    SettingsError,
    UnknownFormatError,
)
from hrv.ingest import Format, formats, identify, read
from hrv.ingest.archive import Member
from hrv.ingest.plan import Decision
from hrv.ingest.tables import SeveralPeopleError
from hrv.model import DayQuantity, ReadOptions, Recording, SpanKind, as_day
from hrv.settings import IngestSettings
from tests.ingest.samples import FOLDER, identity, one, write

SETTINGS = IngestSettings()
FIVE = "timestamp,heart_rate\n" + "".join(f"2026-01-05T10:0{i}:00Z,{60 + i}\n" for i in range(5))


def unix(*when: int) -> float:
    return datetime(*when, tzinfo=UTC).timestamp()  # type: ignore[misc, arg-type]


def everything(*paths: Path, **options: object) -> list[Recording]:
    return list(read(list(paths), ReadOptions(**options), SETTINGS))  # type: ignore[arg-type]


def used(recordings: list[Recording]) -> list[Recording]:
    return [recording for recording in recordings if recording.rows_used]


# --------------------------------------------------------------------------- files together


def test_the_same_bytes_are_read_once_and_said(tmp_path: Path) -> None:
    a, b = write(tmp_path, "a.csv", FIVE), write(tmp_path, "b.csv", FIVE)
    first, second = everything(a, b)
    assert first.rows_used == 5
    assert second.rows_used == 0
    assert "same bytes as a.csv" in str(second.notes[0])
    assert first.source.sha256 == second.source.sha256


def test_a_file_that_cannot_be_used_is_named_beside_one_that_can(tmp_path: Path) -> None:
    good = write(tmp_path, "a.csv", FIVE)
    bad = write(tmp_path, "b.csv", "first,second\n1,2\n3,4\n")
    found = everything(good, bad)
    assert [r.source.format for r in found] == ["generic", "unknown"]
    assert "columns first, second" in str(found[1].notes[0])


def test_one_bad_file_alone_says_its_own_reason(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormatError, match=r"a\.csv"):
        everything(write(tmp_path, "a.csv", "first,second\n1,2\n3,4\n"))
    with pytest.raises(InputError, match="no such file"):
        everything(tmp_path / "nothing.csv")


def test_several_bad_files_are_all_listed(tmp_path: Path) -> None:
    write(tmp_path, "d/a.csv", "first,second\n1,2\n3,4\n")
    write(tmp_path, "d/b.csv", "time,heart_rate\n2026-01-05T10:00:00Z,999\n")
    with pytest.raises(NothingUsableError, match="beyond what a body can show") as caught:
        everything(tmp_path / "d")
    assert len(caught.value.refusals) == 2


def test_prose_is_never_repeated(tmp_path: Path) -> None:
    path = write(tmp_path, "diary.txt", "Today, I felt awful\nand nobody, called me\nall day\n")
    with pytest.raises(UnknownFormatError) as caught:
        everything(path)
    assert "awful" not in str(caught.value)


def test_a_vendors_whole_zip_gives_each_hour_of_a_stream_once(tmp_path: Path) -> None:
    csv_day = "".join(f"2024-03-01T08:{m:02d}:00Z,{60 + m % 5}\n" for m in range(60))
    entry = '{{"dateTime":"03/{d:02d}/24 08:{m:02d}:00","value":{{"bpm":61,"confidence":2}}}}'
    old = "[" + ",".join(entry.format(d=d, m=m) for d in (1, 2) for m in range(60)) + "]"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Takeout/Fitbit/Global Export Data/heart_rate-2024-03-01.json", old)
        archive.writestr(
            "Takeout/Fitbit/x/heart_rate_2024-03-01.csv", "timestamp,beats per minute\n" + csv_day
        )
    path = tmp_path / "takeout.zip"
    path.write_bytes(buffer.getvalue())
    table, json = everything(path)
    assert table.rows_used == 60
    assert json.rows_used == 60
    assert [(r.rows, r.reason) for r in json.refusals] == [
        (60, "hours already taken from a better table")
    ]
    assert json.heart_rate[0].t_s[0] == unix(2024, 3, 2, 8)


def test_hourly_rows_are_set_aside_where_their_minutes_are_known(tmp_path: Path) -> None:
    source = FOLDER / "samsung"
    name = "00000000-0000-0000-0000-000000000000.binning_data.json"  # minutes from 10 o'clock UTC
    write(tmp_path, name, (source / name).read_text("utf-8"))
    table = "com.samsung.shealth.tracker.heart_rate.20260607134546.csv"
    lines = (source / table).read_text("utf-8-sig").splitlines()
    rows = [lines[2].replace("2026-06-07 13:", f"2026-01-05 {hour}:") for hour in (10, 11)]
    write(tmp_path, table, "\n".join([*lines[:2], *rows]) + "\n")
    minutes, hours = everything(tmp_path)
    assert minutes.rows_used == 3
    assert [(r.rows, r.reason) for r in hours.refusals] == [
        (1, "hours already taken from a better table")
    ]
    assert hours.heart_rate[0].t_s.tolist() == [unix(2026, 1, 5, 11)]


@pytest.mark.parametrize("described", formats(), ids=lambda item: item.id)
def test_a_better_table_is_read_before_a_poorer_one(described: Format, tmp_path: Path) -> None:
    member = Member(name="x", root="x", size=0, opener=io.BytesIO)
    by_name = {table.id: table for table in described.tables}
    for names in described.prefer.values():
        ranks = [
            Decision(member=member, format=described.id, why="", table=by_name[name]).rank
            for name in names
        ]
        assert ranks == sorted(ranks), names


def test_local_files_take_the_zone_that_the_same_export_tells(tmp_path: Path) -> None:
    for name in ("UserSleeps_2026-01-01.csv", "Heart Rate Variability Details - 2026-01-05.csv"):
        (tmp_path / name).write_bytes((FOLDER / "fitbit" / name).read_bytes())
    sleeps, details = everything(tmp_path)
    assert sleeps.clock is not None
    assert sleeps.clock.known_by == "column"
    assert details.rmssd[0].t_s[0] == unix(2026, 1, 5, 2)  # 3 o'clock local, one hour east
    alone = one(tmp_path / "Heart Rate Variability Details - 2026-01-05.csv")
    assert alone.rmssd[0].t_s[0] == unix(2026, 1, 5, 3)
    assert alone.clock is not None
    assert alone.clock.known_by == "assumed"
    assert any("--tz" in str(note) for note in alone.notes)


def test_a_zone_learnt_elsewhere_is_not_used_years_away(tmp_path: Path) -> None:
    (tmp_path / "UserSleeps.csv").write_bytes(
        (FOLDER / "fitbit" / "UserSleeps_2026-01-01.csv").read_bytes()
    )
    write(tmp_path, "vu.txt", (FOLDER / "vu_ams" / "beats.txt").read_text("utf-8"))
    _, vu = everything(tmp_path)
    assert vu.clock is not None
    assert vu.clock.known_by == "assumed"


def test_progress_ends_at_the_whole(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    a, b = write(tmp_path, "a.csv", FIVE), write(tmp_path, "b.csv", FIVE.replace("Z", "+01:00"))
    list(read([a, b], ReadOptions(), SETTINGS, lambda *said: told.append(said)))
    assert told[-1][1] == told[-1][2] > 0


# --------------------------------------------------------------------------- what the person says


def test_several_people_are_listed_until_one_is_picked(tmp_path: Path) -> None:
    text = "id,date,resting_hr\n" + "".join(
        f"{who},2026-01-0{d},{55 + d}\n" for who in ("ann", "bob") for d in range(1, 4)
    )
    path = write(tmp_path, "many.csv", text)
    with pytest.raises(SeveralPeopleError) as caught:
        everything(path)
    assert caught.value.readings == ("ann", "bob")
    found = one(path, person="bob")
    assert found.source.person == "bob"
    assert (found.rows_used, found.rows_refused) == (3, 3)
    with pytest.raises(SettingsError, match="nobody is called"):
        everything(path, person="eve")


def test_files_of_two_people_are_never_joined(tmp_path: Path) -> None:
    for who in ("1", "2"):
        text = f"id,time,hr\n{who},2016-04-12 11:21:00,97\n{who},2016-04-12 11:21:05,9{who}\n"
        write(tmp_path, f"d/heartrate_{who}.csv", text)
    with pytest.raises(SeveralPeopleError, match="several people"):
        everything(tmp_path / "d")


def test_a_map_names_the_columns(tmp_path: Path) -> None:
    text = "When;Pulse now;Other\n05.01.2026 10:00;60,5;x\n05.01.2026 10:01;61,5;y\n"
    path = write(tmp_path, "odd.csv", text)
    with pytest.raises(UnknownFormatError):
        everything(path)
    found = one(
        path, column_map="time=When,hr=Pulse now,time_format=%d.%m.%Y %H:%M,tz=Europe/Berlin"
    )
    assert found.heart_rate[0].hr_bpm.tolist() == [60.5, 61.5]
    assert found.heart_rate[0].t_s[0] == unix(2026, 1, 5, 9)
    with pytest.raises(UnknownFormatError, match="the columns are When"):
        everything(path, column_map="time=When,hr=Puls")
    with pytest.raises(SettingsError, match="does not know 'heart'"):
        everything(path, column_map="time=When,heart=Puls")


def test_a_map_can_be_a_file_in_the_schema_of_the_formats(tmp_path: Path) -> None:
    own = write(
        tmp_path,
        "own.toml",
        '[[table]]\nid = "mine"\ntime = { column = "at", form = "epoch_s", zone = "utc" }\n'
        '[table.columns.at]\nrequired = true\naliases = ["T"]\n'
        '[table.columns.p]\nquantity = "hr"\nunit = "hz"\nrequired = true\naliases = ["P"]\n',
    )
    path = write(tmp_path, "data.csv", "T,P\n1767607200,1.0\n1767607260,1.1\n")
    assert one(path, column_map=str(own)).heart_rate[0].hr_bpm.tolist() == [60.0, 66.0]
    hooked = write(tmp_path, "bad.toml", '[[table]]\nid = "x"\nhook = "mi_fitness"\n')
    with pytest.raises(SettingsError, match="hook"):
        everything(path, column_map=str(hooked))


def test_elapsed_time_asks_for_a_start(tmp_path: Path) -> None:
    path = write(tmp_path, "night.csv", "rel_ms,rr_ms\n0,800\n800,800\n1600,800\n2400,800\n")
    with pytest.raises(MalformedFileError, match="--start"):
        everything(path)
    found = one(path, start="2026-01-05T22:00", tz="America/New_York")
    assert found.rr[0].t_s[0] == unix(2026, 1, 6, 3)
    assert found.clock is not None
    assert found.clock.known_by == "flag"


def test_dates_without_a_year_ask_for_it() -> None:
    text = (FOLDER / "garmin_web" / "HRV Status 2025.csv").read_text("utf-8")
    path = FOLDER / "garmin_web" / "HRV Status 2025.csv"
    assert one(path).day_values[0].day == as_day(datetime(2025, 11, 11, tzinfo=UTC).date())
    assert "2025" not in text


def test_a_year_is_taken_from_the_person(tmp_path: Path) -> None:
    text = (FOLDER / "garmin_web" / "HRV Status 2025.csv").read_text("utf-8")
    path = write(tmp_path, "HRV Status.csv", text)
    with pytest.raises(MalformedFileError, match="--year"):
        everything(path)
    assert one(path, year=2023).day_values[0].value == 42.0


def test_a_shift_moves_every_time(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", FIVE)
    moved, plain = one(path, shift_s=-3600.0), one(path)
    np.testing.assert_array_equal(moved.heart_rate[0].t_s, plain.heart_rate[0].t_s - 3600.0)


def test_times_in_the_future_are_refused_with_their_place(tmp_path: Path) -> None:
    text = FIVE + "2031-01-05T10:00:00Z,70\n"
    found = one(write(tmp_path, "a.csv", text), now_s=unix(2026, 1, 6))
    assert [(r.rows, r.reason, r.first_place) for r in found.refusals] == [
        (1, "a time in the future", "line 7")
    ]


# --------------------------------------------------------------------------- never guessed


def test_two_formats_that_fit_are_both_named(tmp_path: Path) -> None:
    text = "timestamp,beats per minute\n2026-01-05T00:00:00Z,55\n"
    with pytest.raises(AmbiguousInputError, match="daily_resting_heart_rate"):
        everything(write(tmp_path, "mine.csv", text))


def test_one_row_a_day_decides_between_a_day_and_a_series(tmp_path: Path) -> None:
    days = "timestamp,beats per minute\n" + "".join(
        f"2026-01-0{d}T00:00:00Z,5{d}\n" for d in range(1, 6)
    )
    found = one(write(tmp_path, "mine.csv", days))
    assert {value.quantity for value in found.day_values} == {DayQuantity.RESTING_HR_BPM}
    series = days.replace("T00:00:00Z", "T00:00:00Z").replace("2026-01-0", "2026-01-05T00:0", 5)
    series = "timestamp,beats per minute\n" + "".join(
        f"2026-01-05T00:00:{5 * i:02d}Z,{60 + i}\n" for i in range(6)
    )
    assert one(write(tmp_path, "yours.csv", series)).heart_rate[0].hr_bpm.size == 6


def test_day_and_month_are_asked_for(tmp_path: Path) -> None:
    text = "timestamp,heart_rate\n05/06/2026 10:00:00,60\n05/06/2026 10:01:00,61\n"
    path = write(tmp_path, "a.csv", text)
    with pytest.raises(AmbiguousInputError, match="time_format"):
        everything(path)


def test_a_comma_that_could_be_either_is_asked_for(tmp_path: Path) -> None:
    path = write(
        tmp_path, "a.csv", "date;steps;resting_hr\n2026-01-01;1,234;55\n2026-01-02;2,345;56\n"
    )
    with pytest.raises(AmbiguousInputError, match="comma"):
        everything(path)
    decided = write(
        tmp_path, "b.csv", "date;steps;resting_hr\n2026-01-01;1,234;55\n2026-01-02;11,234,567;56\n"
    )
    steps = [v.value for v in one(decided).day_values if v.quantity is DayQuantity.STEPS]
    assert steps == [1234.0]


def test_intervals_in_no_known_unit_are_refused(tmp_path: Path) -> None:
    text = "time,rr\n" + "".join(f"2026-01-05T10:00:0{i}Z,{40 + i}\n" for i in range(5))
    with pytest.raises(MalformedFileError, match="rr_unit"):
        everything(write(tmp_path, "a.csv", text))


def test_seconds_and_ms_are_told_by_their_range(tmp_path: Path) -> None:
    lines = [f"2026-01-05T10:00:{0.8 * i:06.3f}Z" for i in range(5)]
    for name, cell in (("s.csv", "0.8"), ("ms.csv", "800")):
        text = "time,rr\n" + "".join(f"{line},{cell}\n" for line in lines)
        np.testing.assert_allclose(one(write(tmp_path, name, text)).rr[0].rr_ms, 800.0)


# --------------------------------------------------------------------------- single formats


def test_whoop_nights_belong_to_the_day_of_waking_and_free_text_stays_out() -> None:
    cycles = one(FOLDER / "whoop" / "physiological_cycles.csv")
    days = {value.day for value in cycles.day_values}
    assert days == {as_day(datetime(2024, 11, d, tzinfo=UTC).date()) for d in (20, 21, 22)}
    assert cycles.clock is not None
    assert sorted(set(cycles.clock.offset_s.tolist())) == [-18_000.0, 0.0]
    journal = one(FOLDER / "whoop" / "journal_entries.csv")
    (tag,) = journal.spans
    assert (tag.kind, tag.all_day, tag.origin) == (SpanKind.ALCOHOL, True, "person")
    assert tag.start_s == unix(2024, 11, 21, 5)  # the local day before the night
    assert "private" not in repr(journal)


def test_sleep_as_android_keeps_the_night_of_the_clock_change() -> None:
    found = one(FOLDER / "sleep_as_android" / "sleep-export.csv")
    night = next(span for span in found.spans if span.kind is SpanKind.SLEEP)
    assert night.end_s - night.start_s == 8.5 * 3600
    assert "private" not in repr(found)


def test_apple_beats_get_their_day_from_their_record() -> None:
    found = one(FOLDER / "apple_health" / "export.xml")
    assert found.rr[0].t_s[0] == unix(2026, 1, 5, 20, 40, 6)
    np.testing.assert_allclose(np.diff(found.rr[0].t_s), 0.8, atol=1e-6)
    (night,) = (span for span in found.spans if span.kind is SpanKind.SLEEP)
    assert (night.end_s - night.start_s) == 3 * 3600


def test_apple_entities_are_never_expanded(tmp_path: Path) -> None:
    text = (
        '<?xml version="1.0"?><!DOCTYPE HealthData [<!ENTITY a "b">]><HealthData>&a;</HealthData>'
    )
    with pytest.raises(InputError):
        everything(write(tmp_path, "export.xml", text))


def test_acceleration_becomes_its_spread_within_each_second() -> None:
    found = one(FOLDER / "empatica_e4" / "ACC.csv").motion[0]
    g = np.linalg.norm(
        np.array([[-61, 25, 6], [-62, 24, 11], [-58, 25, 17], [-48, 26, 25]]) / 64, axis=1
    )
    np.testing.assert_allclose(found.value, [np.std(g)] * 2)
    assert np.diff(found.t_s).tolist() == [1.0]


def test_a_polar_session_does_not_hold_the_name_of_its_owner() -> None:
    found = one(FOLDER / "polar_flow" / "session.csv")
    assert found.heart_rate[0].t_s[0] == unix(2026, 8, 29, 18, 30)
    assert "Body" not in repr(found)


# --------------------------------------------------------------------------- real files


def test_the_rows_of_real_files_add_up(shared_data: Path) -> None:
    csv = shared_data / "csv"
    options = ReadOptions(start="2026-05-01T22:00")
    folders = ("withings", "vu_ams", "hrv_logger_android", "generic_rel_ms_rr", "apple_health")
    for found in identify([csv / folder for folder in folders], options):
        if found.format in {None, "apple_health", "withings"}:
            continue
        path = next(csv.rglob(found.file.rsplit("/", 1)[-1]))
        lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
        headers = 2 if found.format == "vu_ams" else 1
        assert found.rows_used + found.rows_refused == len(lines) - headers, found


def test_real_sessions_of_the_e4_are_read_in_both_spellings(shared_data: Path) -> None:
    studies = shared_data / "studies"
    for folder in (
        studies / "stress_predict" / "S05",
        studies / "physionet_wise" / "STRESS" / "S05",
    ):
        found = everything(folder)
        assert sum(len(r.heart_rate) for r in found) == 1
        assert sum(len(r.rr) for r in found) == 1
        assert sum(len(r.motion) for r in found) == 1
        (hr,) = (r.heart_rate[0] for r in found if r.heart_rate)
        (acc,) = (r.motion[0] for r in found if r.motion)
        assert hr.t_s[0] - acc.t_s[0] == 10.0
        assert abs(hr.t_s[-1] - acc.t_s[-1]) < 15.0


def test_real_tables_of_studies_are_read_without_a_map(shared_data: Path) -> None:
    studies = shared_data / "studies"
    mmash = everything(studies / "mmash10" / "subject_1")
    assert sum(r.rr[0].t_s.size for r in mmash if r.rr) > 71_000
    assert sum(r.rows_used for r in mmash if r.heart_rate) == 60_862
    fitabase = one(studies / "fitabase_hr" / "heartrate_2022484408.csv.gz")
    assert fitabase.source.person == "2022484408"
    days = one(
        studies / "lifesnaps_daily" / "daily.csv", person="621e2e8e67b776a24055b564"
    ).day_values
    assert sum(value.quantity is DayQuantity.RESTING_HR_BPM for value in days) == 70
    beats = one(studies / "meditation_rr" / "rr" / "C1med.csv", start="2026-05-01T10:00")
    assert beats.rows_used > 4000


def test_a_feature_table_without_times_is_refused(shared_data: Path) -> None:
    assert identity(shared_data / "csv" / "hrv_summary_table" / "P01.csv").format is None


def test_ear_beats_lie_beside_the_ecg(shared_data: Path) -> None:
    """The anchored ear clip follows the ECG's heart rate: 5-s means agree at lag 0."""
    folder = shared_data / "studies" / "wearablehrv"
    ear = one(folder / "test_heartmath.csv").rr[0]
    ecg = one(folder / "test_vu.txt", tz="Europe/Amsterdam").rr[0]
    first, last = max(ear.t_s[0], ecg.t_s[0]) + 60, min(ear.t_s[-1], ecg.t_s[-1]) - 60
    grid = np.arange(first, last, 5.0)

    def rate(t_s: np.ndarray, rr: np.ndarray, lag: float) -> np.ndarray:
        near = np.searchsorted(t_s, grid + lag)
        return np.array([np.median(rr[max(i - 4, 0) : i + 4]) for i in near])

    errors = {
        lag: float(np.median(np.abs(rate(ear.t_s, ear.rr_ms, lag) - rate(ecg.t_s, ecg.rr_ms, 0.0))))
        for lag in (-20.0, -10.0, 0.0, 10.0, 20.0)
    }
    assert min(errors, key=lambda lag: errors[lag]) == 0.0, errors


def test_a_day_named_by_utc_says_when_it_was_written() -> None:
    found = one(FOLDER / "health_connect" / "health_connect_export.db")
    (value,) = found.day_values
    assert value.at_s == 1_767_607_200.0
    trends = one(FOLDER / "oura" / "oura_2026-05-22_2026-07-23_trends.csv")
    assert {v.at_s for v in trends.day_values} == {None}


def test_free_text_of_a_database_stays_out() -> None:
    assert "private" not in repr(one(FOLDER / "health_connect" / "health_connect_export.db"))


def test_clock_times_run_on_over_midnight(tmp_path: Path) -> None:
    lines = [
        f"{t},{60 + i}" for i, t in enumerate(("23:58:00", "23:59:30.5", "00:00:30", "00:01:00"))
    ]
    path = write(tmp_path, "a.csv", "time,heart_rate\n" + "\n".join(lines) + "\n")
    with pytest.raises(MalformedFileError, match="--start"):
        everything(path)
    found = one(path, start="2026-01-05").heart_rate[0]
    assert np.diff(found.t_s).tolist() == [90.5, 59.5, 30.0]
    assert found.t_s[0] == unix(2026, 1, 5, 23, 58)


def test_a_map_can_name_stretches_of_time(tmp_path: Path) -> None:
    text = "part,from,till\nstroop,1644226140,1644226435\nrest,1644226435,1644226707\n"
    path = write(tmp_path, "phases.csv", text)
    spans = one(path, column_map="start=from,end=till,label=part,kind=phase").spans
    assert [(s.kind, s.label, s.end_s - s.start_s) for s in spans] == [
        (SpanKind.PHASE, "stroop", 295.0),
        (SpanKind.PHASE, "rest", 272.0),
    ]
    with pytest.raises(SettingsError, match="no kind"):
        one(path, column_map="start=from,end=till,label=part,kind=pause")


def test_daily_figures_given_twice_are_taken_once_and_said(tmp_path: Path) -> None:
    folder = FOLDER / "whoop"
    first, second = everything(folder / "physiological_cycles.csv", folder / "sleeps.csv")
    assert first.source.name == "physiological_cycles.csv"
    assert len(first.day_values) == 30
    assert not second.day_values
    assert any("5 daily values were already given" in str(note) for note in second.notes)


def test_steps_of_a_map_are_a_days_only_with_a_date(tmp_path: Path) -> None:
    rows = "".join(f"2026-01-05T10:0{i}:00Z,{10 + i}\n" for i in range(3))
    series = one(write(tmp_path, "a.csv", "t,n\n" + rows), column_map="time=t,steps=n")
    assert series.motion[0].value.tolist() == [10.0, 11.0, 12.0]
    days = "t,n\n2026-01-05,8000\n2026-01-06,9000\n"
    daily = one(write(tmp_path, "b.csv", days), column_map="date=t,steps=n")
    assert [v.value for v in daily.day_values] == [8000.0, 9000.0]
