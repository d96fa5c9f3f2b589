"""The second reader gives the numbers of the first, wherever it can read at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hrv.errors import MalformedFileError
from hrv.fit.profile import EPOCH_S, MESSAGES
from hrv.fit.writer import FitWriter
from hrv.ingest.fit import read_fit
from hrv.ingest.fitparse_reader import FitparseTables
from hrv.model import ReadOptions, Recording
from hrv.settings import IngestSettings

T0 = EPOCH_S + 1_060_000_000.0


def both(data: bytes, name: str = "a.fit") -> tuple[Recording, Recording]:
    theirs = read_fit(data, name, ReadOptions(fit_reader="fitparse"), IngestSettings())
    return read_fit(data, name, ReadOptions(), IngestSettings()), theirs


def assert_same(ours: Recording, theirs: Recording) -> None:
    mine, other = list(ours.series()), list(theirs.series())
    assert [type(series) for series in mine] == [type(series) for series in other]
    for one, two in zip(mine, other, strict=True):
        for name in type(one).__dataclass_fields__:
            assert np.array_equal(getattr(one, name), getattr(two, name)), name
    assert ours.spans == theirs.spans
    assert ours.day_values == theirs.day_values
    assert ours.rows_used == theirs.rows_used
    assert [(r.rows, r.reason) for r in ours.refusals] == [
        (r.rows, r.reason) for r in theirs.refusals
    ]
    assert (ours.clock is None) == (theirs.clock is None)


@pytest.mark.parametrize(
    "name",
    [
        "hr_strap/fenix3_swim_hrmtri_chained.fit",
        "hrv/edge_530hrv.fit",
        "monitor/68432691503.fit",
        "monitor/68484110985.fit",
        "monitor/68484122559.fit",
        "odd/antfs-dump.63.fit",
        "odd/unterminated-strings.fit",
    ],
)
def test_real_files_give_the_same_nouns(name: str, shared_data: Path) -> None:
    assert_same(*both((shared_data / "fit" / name).read_bytes()))


def test_messages_it_does_not_know_give_the_same_nouns() -> None:
    writer = FitWriter("sleep", created_s=T0)
    writer.add("monitoring_info", timestamp=T0, local_timestamp=T0 + 7200)
    writer.add("sleep_level", timestamp=T0 + 60.0 * np.arange(4), sleep_level=[1, 2, 3, 1])
    writer.add("hrv_value", timestamp=T0 + 300 * np.arange(3.0), value=[40.25, np.nan, 45])
    writer.add("hrv_status_summary", timestamp=T0, last_night_average=42.5)
    writer.add("raw_bbi", timestamp=T0, timestamp_ms=250, data=[1000 | 1 << 14, 5000 | 1 << 15])
    writer.add("beat_intervals", timestamp=T0 + 60, timestamp_ms=0, time=[800, 810, np.nan])
    writer.add("monitoring_hr_data", timestamp=T0, current_day_resting_heart_rate=48)
    ours, theirs = both(writer.finish())
    assert_same(ours, theirs)
    assert len(ours.rr) == 2
    assert len(ours.day_values) == 7


def test_it_names_the_messages_it_was_taught() -> None:
    import fitparse.profile

    FitparseTables(FitWriter("activity", created_s=T0).finish(), "a.fit")
    known = fitparse.profile.MESSAGE_TYPES
    assert all(number in known for number in MESSAGES)
    assert known[371].fields[0].name == "value"
    assert known[227].fields[3].name == "body_battery"
    assert known[20].fields[3].name == "heart_rate"


def test_where_it_stops_what_precedes_is_kept(shared_data: Path) -> None:
    data = (shared_data / "fit/odd/strava-android-app-201.10-b1218918.fit").read_bytes()
    ours, theirs = both(data)
    assert ours.rows_used == theirs.rows_used
    assert any("fitparse stopped" in str(note) for note in theirs.notes)


def test_coros_files_stop_it_and_a_note_says_so(shared_data: Path) -> None:
    name = "odd/coros-pace-2-cycling-misaligned-fields.fit"
    ours, theirs = both((shared_data / "fit" / name).read_bytes())
    assert ours.heart_rate[0].t_s.size > 4 * theirs.heart_rate[0].t_s.size
    (note,) = [str(note) for note in theirs.notes if "fitparse stopped" in str(note)]
    assert "byte" in note


def test_a_file_it_cannot_start_is_malformed() -> None:
    data = FitWriter("activity", created_s=T0).finish()[:16]
    with pytest.raises(MalformedFileError):
        FitparseTables(data, "a.fit")
