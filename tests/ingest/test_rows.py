"""Rows in = rows used + rows refused, in files that are damaged in ways once met."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from hrv.errors import InputError
from hrv.fit.writer import FitWriter
from hrv.ingest import read
from hrv.model import ReadOptions, Recording
from hrv.settings import IngestSettings
from tests.ingest.samples import FOLDER, one, write


def counted(recording: Recording) -> tuple[int, int]:
    return recording.rows_used, recording.rows_refused


def test_a_row_without_one_readable_cell_is_refused_and_an_empty_line_is_no_row(
    tmp_path: Path,
) -> None:
    text = "timestamp,heart_rate,note\n2026-01-05T10:00:00Z,60,\n??,xx,\n,,only words\n,,\n\n"
    assert counted(one(write(tmp_path, "a.csv", text))) == (1, 2)
    ragged = text.replace("??,xx,", "??,xx,,,,,,,,,")  # read by hand
    assert counted(one(write(tmp_path, "b.csv", ragged))) == (1, 2)


def test_the_rarer_line_ends_of_unicode_do_not_part_rows(tmp_path: Path) -> None:
    text = "timestamp,heart_rate\n2026-01-05T10:00:00Z,60\n2026-01-05T10:01:00Z,\u2028\x0b61\n"
    assert counted(one(write(tmp_path, "a.csv", text))) == (2, 0)
    beats = "1767607200.0, IBI\n0.8,0.8\n1.6,0.8\x0b\n2.4\u2028,0.8\n"
    assert sum(counted(one(write(tmp_path, "IBI.csv", beats)))) == 3
    head = "one\x0btwo\ntimestamp,heart_rate\n2026-01-05T10:00:00Z,60\n"
    assert counted(one(write(tmp_path, "b.csv", head))) == (1, 0)


def test_json_entries_that_are_no_objects_are_refused(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "steps-2024-03-01.json",
        '[{"dateTime": "03/01/24 00:00:00", "value": "12"}, 7, null, ["x"]]',
    )
    assert counted(one(path)) == (1, 3)


def test_empty_lines_among_lists_are_no_rows(tmp_path: Path) -> None:
    row = '2026-01-05T10:00:00+02:00,"[60,60]","[66,65]"\n'
    text = f"start,duration,value\n{row},,\n{row.replace('10:00', '11:00')},,\n"
    assert counted(one(write(tmp_path, "raw_hr_hr.csv", text))) == (4, 0)


def test_a_night_with_a_broken_id_is_still_a_row(tmp_path: Path) -> None:
    text = (FOLDER / "sleep_as_android" / "sleep-export.csv").read_text("utf-8")
    whole = one(write(tmp_path, "a.csv", text))
    first = next(line for line in text.splitlines() if line.split(",")[0].strip('"').isdigit())
    broken = one(write(tmp_path, "b.csv", text.replace(first, first.replace("1", "x", 1))))
    assert sum(counted(broken)) == sum(counted(whole))


def test_an_event_whose_end_is_lost_is_still_a_row(tmp_path: Path) -> None:
    event = "BEGIN:VEVENT\nDTSTART:2026010{}T100000Z\nSUMMARY:therapy\n{}"
    text = "BEGIN:VCALENDAR\n" + event.format(5, "") + event.format(6, "END:VEVENT\n")
    assert counted(one(write(tmp_path, "a.ics", text + event.format(7, "")))) == (3, 0)


def test_rows_of_a_database_table_without_its_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "export.db"
    path.write_bytes((FOLDER / "health_connect" / "health_connect_export.db").read_bytes())
    whole = one(path)
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE steps_record_table RENAME COLUMN start_time TO other")
    connection.close()
    broken = one(path)
    assert sum(counted(broken)) == sum(counted(whole))
    assert broken.rows_refused > whole.rows_refused


def test_tags_below_words_in_other_columns_are_rows(tmp_path: Path) -> None:
    text = "start,kind,note\n2026-01-05,therapy,\n,,only a note\n,,\n# a comment\n"
    assert counted(one(write(tmp_path, "tags.csv", text))) == (1, 1)


# --------------------------------------------------------------------------- Apple

RECORD = (
    ' <Record type="HKQuantityTypeIdentifierHeartRate" sourceName="Watch" unit="count/min" '
    'startDate="2026-01-05 10:{0:02d}:00 +0100" endDate="2026-01-05 10:{0:02d}:00 +0100" '
    'value="{1}"{2}\n'
)
CONTEXT = '>\n  <MetadataEntry key="a" value="0"/>\n </Record>'


def apple(folder: Path, *records: str) -> Recording:
    text = '<?xml version="1.0"?>\n<HealthData locale="en_GB">\n' + "".join(records)
    return one(write(folder, "export.xml", text + "</HealthData>\n"))


@pytest.mark.parametrize("tail", ["/>", CONTEXT, "></Record>", ">\n <!-- x --></Record>"])
def test_apple_records_read_alike_however_they_end(tail: str, tmp_path: Path) -> None:
    found = apple(tmp_path, *(RECORD.format(k, 60 + k, tail) for k in range(5)))
    assert counted(found) == (5, 0)
    assert found.heart_rate[0].hr_bpm.tolist() == [60.0, 61.0, 62.0, 63.0, 64.0]


def test_apple_attributes_in_another_order_and_quotes_are_read_alike(tmp_path: Path) -> None:
    parts = RECORD.format(7, 70, "").strip().removeprefix("<Record ").removesuffix('"').split('" ')
    turned = '<Record {}"/>'.format('" '.join(reversed(parts)))
    found = apple(
        tmp_path, RECORD.format(1, 61, "/>"), turned,
        RECORD.format(8, 80, "/>").replace('"', "'"),
    )  # fmt: skip
    assert counted(found) == (3, 0)
    assert found.heart_rate[0].hr_bpm.tolist() == [61.0, 70.0, 80.0]


def test_apple_records_in_a_comment_are_no_records(tmp_path: Path) -> None:
    found = apple(tmp_path, RECORD.format(1, 61, "/>"), "<!--", RECORD.format(2, 62, "/>"), "-->")
    assert found.rows_used == 1


def test_apple_records_behind_a_break_count_used_or_lost(tmp_path: Path) -> None:
    broken = RECORD.format(2, 62, "/>").replace('sourceName="', "sourceName=")
    found = apple(tmp_path, RECORD.format(1, 61, "/>"), broken, RECORD.format(3, 63, "/>"))
    assert counted(found) == (2, 1)
    assert "broken" in str(found.notes[0])


@pytest.mark.parametrize(
    ("stamp", "used"),
    [
        ("2026-01-05 10:00:00 +0100", 1), ("2026-01-05 10:00:00 +01:00", 1),
        ("2026-02-30 10:00:00 +0100", 0), ("2026-01-05 25:00:00 +0100", 0),
        ("2026-01-05 10:00:00 +9900", 0), ("2026-01-05", 0), ("", 0),
    ],
)  # fmt: skip
def test_apple_times_that_do_not_exist_are_refused(stamp: str, used: int, tmp_path: Path) -> None:
    record = RECORD.format(0, 60, "/>").replace("2026-01-05 10:00:00 +0100", stamp)
    found = apple(tmp_path, RECORD.format(9, 69, "/>"), record)
    assert counted(found) == (1 + used, 1 - used)


def test_apple_blocks_may_end_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hrv.ingest import apple_scan

    path = FOLDER / "apple_health" / "export.xml"
    (whole,) = read([path], ReadOptions(), IngestSettings())
    for size in (7, 64, 333, 1000):
        monkeypatch.setattr(apple_scan, "BLOCK_BYTES", size)
        monkeypatch.setattr(apple_scan, "DTD_BYTES", 1 << 12)
        (found,) = read([path], ReadOptions(), IngestSettings())
        assert counted(found) == counted(whole)
        assert found.spans == whole.spans
        assert [s.t_s.tolist() for s in found.series()] == [s.t_s.tolist() for s in whole.series()]


# --------------------------------------------------------------------------- series in cells

NIGHT = (
    "id;average_breath;average_hrv;bedtime_end;bedtime_start;day;heart_rate;hrv;"
    "lowest_heart_rate;type\n"
)
SERIES = (
    '"{{""interval"": 300.0, ""items"": [null, {0}, {1}], '
    '""timestamp"": ""2026-05-26T23:50:00.000+02:00""}}"'
)


def oura_night(heart: str, hrv: str, kind: str = "long_sleep") -> str:
    return (
        "a;14.1;42;2026-05-27T07:32:29+02:00;2026-05-26T23:42:29+02:00;2026-05-27;"
        f"{heart};{hrv};48;{kind}\n"
    )


def test_the_series_inside_an_oura_night_are_read(tmp_path: Path) -> None:
    text = NIGHT + oura_night(SERIES.format(52, 53), SERIES.format(40, 41))
    found = one(write(tmp_path, "sleepmodel.csv", text))
    assert counted(found) == (5, 0)
    assert found.heart_rate[0].hr_bpm.tolist() == [52.0, 53.0]
    assert (found.heart_rate[0].t_s - found.rmssd[0].t_s).tolist() == [0.0, 0.0]
    assert found.heart_rate[0].t_s[0] == 1779832500.0  # 2026-05-26T21:55:00Z
    assert found.rmssd[0].rmssd_ms.tolist() == [40.0, 41.0]
    assert len(found.spans) == 1


def test_series_of_a_deleted_night_or_in_another_shape_are_not_read(tmp_path: Path) -> None:
    rows = [
        oura_night(SERIES.format(52, 53), "", "deleted"), oura_night("[1,2]", "{}"),
        oura_night('"{""items"": 3}"', '"{""items"": [1], ""interval"": 0, ""timestamp"": ""x""}"'),
    ]  # fmt: skip
    found = one(write(tmp_path, "sleepmodel.csv", NIGHT + "".join(rows)))
    assert not found.heart_rate
    assert not found.rmssd
    assert counted(found) == (2, 3)


def test_heart_rates_of_an_oura_workout_make_a_stretch_of_exercise(tmp_path: Path) -> None:
    minutes = [(0, "rest"), *((m, "workout") for m in (5, 10, 15)), (20, "awake"), (50, "workout")]
    rows = "".join(f"2026-05-27T10:{m:02d}:00.000Z;9{m % 10};{word}\n" for m, word in minutes)
    found = one(write(tmp_path, "heartrate.csv", "timestamp;bpm;source\n" + rows))
    assert counted(found) == (6, 0)
    (span,) = found.spans
    assert (span.kind, span.end_s - span.start_s) == ("exercise", 600.0)


def test_notes_in_vns_analyse_are_tags_only_by_words_we_know(tmp_path: Path) -> None:
    (path,) = (FOLDER / "vns_analyse").glob("*.txt")
    found = one(path, tz="Europe/Berlin")
    assert found.rr[0].rr_ms.tolist() == [807.0, 838.0, 851.0, 829.0, 815.0]
    assert [span.label for span in found.spans] == ["meditation"]
    assert found.spans[0].start_s == 1742026020.0 + 0.807  # 09:07 in Berlin
    cut = path.read_text("utf-8").replace("Rohwerte", "Andere")
    corrected = one(write(tmp_path, path.name, cut.split("RR-Intervalle - Andere")[0] +
                          "RR-Intervalle - Korrigierte Werte\n0.8\n0.9\n0.85\n"))  # fmt: skip
    assert "corrected" in str(corrected.notes[-1])


def test_xml_of_another_kind_is_not_echoed(tmp_path: Path) -> None:
    text = '<?xml version="1.0"?>\n<map>\n<string name="mail">a, b, 1</string>\n</map>\n'
    with pytest.raises(InputError) as refused:
        one(write(tmp_path, "prefs.xml", text))
    assert "mail" not in str(refused.value)


def test_a_fit_file_without_anything_that_is_used_says_so(tmp_path: Path) -> None:
    path = tmp_path / "metrics.fit"
    path.write_bytes(FitWriter("activity", created_s=1.7e9).finish())
    with pytest.raises(InputError, match="Nothing that is used"):
        one(path)
