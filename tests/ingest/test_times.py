"""Times: offsets, forms, the order of day and month, and the nights on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrv.errors import AmbiguousInputError, SettingsError
from hrv.ingest import times


def unix(*when: int) -> float:
    return datetime(*when, tzinfo=UTC).timestamp()  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("text", "hours"),
    [("Z", 0), ("UTCZ", 0), ("UTC-05:00", -5), ("UTC-0500", -5), ("+05:30", 5.5), ("+0100", 1),
     ("GMT-5", -5)],
)  # fmt: skip
def test_offsets_are_read_in_every_vendors_spelling(text: str, hours: float) -> None:
    assert times.offset_of(text) == hours * 3600


@pytest.mark.parametrize("text", ["", "Berlin", "+99:00", "5"])
def test_what_is_no_offset_is_nan(text: str) -> None:
    assert np.isnan(times.offset_of(text))


@pytest.mark.parametrize(
    "cell",
    [
        "2026-01-05T10:00:00Z", "2026-01-05 10:00:00 +0000", "2026-01-05T12:00:00.000+02:00",
        "1767607200", "1767607200000", "1767607200000000", "1767607200000000000",
    ],
)  # fmt: skip
def test_one_instant_in_many_forms(cell: str) -> None:
    told = times.parse([cell], "auto", (), "x")
    offset = 0.0 if np.isnan(told.offset_s[0]) else told.offset_s[0]
    assert told.wall_s[0] - offset == unix(2026, 1, 5, 10)


def test_a_sensor_clock_counts_from_2000() -> None:
    told = times.parse(["838432586543515816"], "ns2000", (), "x")
    assert abs(told.wall_s[0] - unix(2026, 7, 26, 4, 9, 46)) < 86_400


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["13/01/2026 10:00:00", "01/02/2026 10:00:00"], (2026, 1, 13, 10)),
        (["01/13/2026 10:00:00", "02/01/2026 10:00:00"], (2026, 1, 13, 10)),
        (["27.1.2026 10:00"], (2026, 1, 27, 10)),
        (["Apr 30, 2026, 7:00:00 AM"], (2026, 4, 30, 7)),
        (["15/Jan/2024 8:00:00"], (2024, 1, 15, 8)),
    ],
)
def test_one_row_decides_between_day_and_month(cells: list[str], first: tuple[int, ...]) -> None:
    assert times.parse(cells, "auto", (), "x").wall_s[0] == unix(*first)


def test_days_up_to_twelve_are_a_question() -> None:
    with pytest.raises(AmbiguousInputError, match="two ways") as caught:
        times.parse(["05/06/2026 10:00:00", "07/08/2026 10:00:00"], "auto", (), "x")
    assert len(caught.value.readings) == 2


def test_same_day_and_month_is_no_question() -> None:
    assert times.parse(["05/05/2026 10:00"], "auto", (), "x").wall_s[0] == unix(2026, 5, 5, 10)


# --------------------------------------------------------------------------- clocks that change


def test_in_spring_an_hour_is_skipped() -> None:
    clock = times.zone_clock("Europe/Berlin", unix(2026, 3, 28), unix(2026, 3, 30))
    assert clock.since_s[-1] == unix(2026, 3, 29, 1)
    assert clock.offset_s.tolist() == [3600.0, 7200.0]
    wall = np.array([unix(2026, 3, 29, 1, 59), unix(2026, 3, 29, 3, 0)])
    assert np.diff(times.to_utc(wall, clock)) == 60.0


def test_in_autumn_the_second_pass_is_told_by_the_order_of_rows() -> None:
    clock = times.zone_clock("Europe/Berlin", unix(2026, 10, 24), unix(2026, 10, 26))
    utc = np.arange(unix(2026, 10, 24, 23, 30), unix(2026, 10, 25, 3, 0), 300.0)
    wall = clock.local_s(utc)
    assert np.unique(wall).size < wall.size
    np.testing.assert_array_equal(times.to_utc(wall, clock), utc)


def test_a_time_that_the_clock_skips_keeps_its_place() -> None:
    clock = times.zone_clock("Europe/Berlin", unix(2026, 3, 28), unix(2026, 3, 30))
    wall = np.array([unix(2026, 3, 29, 1, 50), unix(2026, 3, 29, 2, 30), unix(2026, 3, 29, 3, 50)])
    assert np.all(np.diff(times.to_utc(wall, clock)) >= 0)


@given(
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
    st.integers(0, 365 * 24 * 12),
)
def test_local_times_come_back(zone: str, step: int) -> None:
    start = unix(2025, 1, 1) + 300.0 * step
    utc = start + np.arange(0.0, 43_200.0, 300.0)
    clock = times.zone_clock(zone, float(utc[0]), float(utc[-1]))
    back = times.to_utc(clock.local_s(utc), clock)
    ambiguous = np.isin(
        clock.local_s(utc), clock.local_s(utc)[:12]
    )  # its first pass may be cut off
    assert np.all((back == utc) | ambiguous)


def test_an_unknown_zone_is_the_persons_mistake() -> None:
    with pytest.raises(SettingsError, match="no time zone"):
        times.zone_clock("Mars/Olympus", 0.0, 1.0)


# --------------------------------------------------------------------------- elapsed time


@pytest.mark.parametrize(
    "name",
    ["2026-01-05 07-30-00.txt", "me_20260105073000_RR.txt", "RR 2026-01-05_07.30.00.csv"],
)
def test_a_start_is_found_in_a_files_name(name: str) -> None:
    assert times.start_from(None, name) == unix(2026, 1, 5, 7, 30)


def test_what_the_person_says_goes_before_the_name() -> None:
    assert times.start_from("2025-01-01T08:00", "2026-01-05 07-30-00.txt") == unix(2025, 1, 1, 8)
    assert times.start_from(None, "rr.txt") is None
    with pytest.raises(SettingsError):
        times.start_from("yesterday", "rr.txt")


def test_forms_are_left_out_by_their_look_only_where_they_could_not_be_read() -> None:
    likely = [day + clock for day in times.DATES for clock in times.CLOCKS]
    moments = [
        datetime(2026, 1, 5, 9, 7, 3, tzinfo=UTC),
        datetime(2026, 12, 25, 22, 30, tzinfo=UTC),
    ]
    for form in likely[:: len(likely) // 12]:
        cells = [moment.strftime(form) for moment in moments]
        read = [f for f in likely if np.isfinite(times._by_format(cells, f)).mean() >= 0.5]
        assert times._plausible(cells, likely) == read
        assert form in read


@pytest.mark.parametrize(
    "odd", ["2026-02-30", "03/04/2026", "11.04.2026", "2026-03-11 18.30", "2026-03-11 25:00", ""]
)
def test_one_cell_that_is_no_date_swaps_no_day_and_month(odd: str) -> None:
    cells = ["2026-01-07 18:00", "2026-01-09", "2026-02-02", "2026-03-01", odd]
    told = times.parse(cells, "auto", (), "x")
    expected = [unix(2026, 1, 7, 18), unix(2026, 1, 9), unix(2026, 2, 2), unix(2026, 3, 1)]
    assert told.wall_s[:4].tolist() == expected
    assert np.isnan(told.wall_s[4])


def test_a_year_followed_by_the_day_is_read_where_days_say_so() -> None:
    cells = ["2026-07-01", "2026-09-01", "2026-13-01", "2026-25-02", "2026-30-03"]
    told = times.parse(cells, "auto", (), "x")
    assert told.wall_s[2] == unix(2026, 1, 13)
    assert told.wall_s[0] == unix(2026, 1, 7)
