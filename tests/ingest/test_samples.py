"""One battery for all formats: each claims its own sample and no other, and the rows add up."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from hrv.errors import InputError
from hrv.ingest import identify
from hrv.ingest.readers import reader_for
from hrv.ingest.sniff import claim
from hrv.ingest.specs import Format, formats, tables
from hrv.model import ReadOptions
from tests.ingest.headers import (
    DATES,
    HEADER_SHAPES,
    agrees,
    answer,
    headers,
    reading,
    redated,
)
from tests.ingest.headers import rewritten as rewritten_header
from tests.ingest.samples import Sample, all_samples, identity, write

SAMPLES = all_samples()
TABLES = [s for s in SAMPLES if s.table and s.path.suffix in {".csv", ".txt"}]


def by_file(sample: Sample) -> str:
    return sample.file


@pytest.mark.parametrize("sample", SAMPLES, ids=by_file)
def test_a_sample_is_what_it_is(sample: Sample) -> None:
    (found,) = identify([sample.path], sample.options)
    assert (found.format, set(found.streams)) == (sample.format, set(sample.streams)), found
    assert (found.rows_used, found.rows_refused) == (sample.rows_used, sample.rows_refused), found


@pytest.mark.parametrize("sample", SAMPLES, ids=by_file)
def test_a_sample_is_claimed_once(sample: Sample) -> None:
    head = sample.path.read_bytes()
    reader = reader_for(sample.file, head)
    if reader is not None:
        assert reader[0].format == sample.format
        return
    _, matches = claim(sample.file, head)
    claimed = {(m.table.format, m.table.id) for m in matches}
    assert (sample.format, sample.table) in claimed
    if sample.format != "apple_csv":  # types that share a header are told apart by their rows
        assert len(claimed) == 1


@pytest.mark.parametrize("sample", TABLES, ids=by_file)
def test_every_table_row_is_used_or_refused(sample: Sample) -> None:
    lines = [line for line in sample.path.read_text("utf-8-sig").splitlines() if line.strip(" ,")]
    if sample.rows_used + sample.rows_refused == 0:
        return
    if sample.file == "withings/raw_hr_hr.csv":
        assert sample.rows_used + sample.rows_refused == 3  # entries of the lists
        return
    titled = lines[0] == "Sleep" or lines[0].startswith(("sep=", "com.", "x,", "Subject"))
    before = 2 if titled else 1
    assert len(lines) - before == sample.rows_used + sample.rows_refused


def test_every_format_has_a_sample() -> None:
    described = {item.id for item in formats()}
    assert described - {"fit"} <= {sample.format for sample in SAMPLES}  # FIT has its own tests


@pytest.mark.parametrize("item", formats(), ids=lambda item: item.id)
def test_every_format_is_documented(item: Format) -> None:
    assert item.gives
    for told in (item.title, item.how_to_export, item.reads, item.times, item.hrv, item.limits):
        assert len(told) > 3


def test_the_kind_of_hrv_is_the_one_that_the_tables_give() -> None:
    for item in formats():
        given = {column.quantity for table in item.tables for column in table.columns.values()}
        kinds = {"rmssd": "RMSSD", "rmssd_ms": "RMSSD", "sdnn_ms": "SDNN"}
        for kind in {kinds[quantity] for quantity in given & set(kinds)}:
            assert kind in item.hrv.upper(), item.id
        if not given & set(kinds) and item.id not in {"apple_health", "fit", "generic"}:
            assert item.hrv.startswith("None"), item.id


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("17-57-43_hrv.csv", "Kubios HRV Premium\n\nRESULTS FOR SINGLE SAMPLES\n,SAMPLE 1\n"),
        ("RR_interval.csv", "a,b\n1467312000.5,0.812\n1467312001.3,0.822\n"),
        ("ring_data_2026.csv", "Type,Value\nx,1\nx,2\n"),
        ("a.tcx", "<?xml version='1.0'?>\n<TrainingCenterDatabase>\n"),
        ("night.edf", "0       " + "X" * 80 + "05.01.26"),
    ],
)
def test_a_known_export_that_is_not_read_says_what_to_give(
    name: str, text: str, tmp_path: Path
) -> None:
    from hrv.ingest import read
    from hrv.settings import IngestSettings

    with pytest.raises(InputError, match="which is not read") as refused:
        list(read([write(tmp_path, name, text)], ReadOptions(), IngestSettings()))
    assert refused.value.way_out


# --------------------------------------------------------------------------- mutations


def rewritten(sample: Sample, how: str) -> str | None:
    """The same table in another shape; None where that shape would be another file."""
    text = sample.path.read_text("utf-8-sig")
    if how == "bom":
        return "\ufeff" + text
    if how == "crlf":
        return "\r\n".join(text.splitlines()) + "\r\n"
    if how == "cr":
        return "\r".join(text.splitlines()) + "\r"
    delimiter = max(",;\t", key=text.splitlines()[0].count)
    lines = text.splitlines()
    if not lines[0].count(delimiter) or lines[0].startswith(("Sleep", "sep=", "Subject")):
        return None
    if any(
        len(row) != len(lines[0].split(delimiter)) for row in csv.reader(lines, delimiter=delimiter)
    ):
        return None
    rows = list(csv.reader(lines, delimiter=delimiter))
    if how == "shuffled":
        if len(set(rows[0])) < len(rows[0]) or rows[0][0] == "":
            return None
        rows = [row[::-1] for row in rows]
    if how == "extra column":
        rows = [[*row, "new column" if i == 0 else "x"] for i, row in enumerate(rows)]
        if len(rows[0]) < 8:
            return None  # a sixth of a short header is another table
    out = io.StringIO()
    csv.writer(out, delimiter=";" if how == "semicolons" else delimiter).writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize(
    "how", ["bom", "crlf", "cr", "shuffled", "extra column", "semicolons", "utf-16"]
)
def test_another_shape_of_the_same_table_is_the_same(how: str, tmp_path: Path) -> None:
    for sample in TABLES:
        if sample.format in {"plain_rr", "empatica_e4"}:
            continue
        text = rewritten(sample, "bom" if how == "utf-16" else how)
        if text is None:
            continue
        encoding = "utf-16" if how == "utf-16" else "utf-8"
        name = f"{how}/{sample.file}"
        path = write(tmp_path, name, text.lstrip("\ufeff") if how == "utf-16" else text, encoding)
        found = identify([path], sample.options)[0]
        assert (found.format, found.rows_used) == (sample.format, sample.rows_used), (name, found)
        assert set(found.streams) == set(sample.streams), name


# --------------------------------------------------------------------------- public headers


def test_every_public_header_is_claimed_by_its_own_format_alone(shared_data: Path) -> None:
    every = headers(shared_data / "csv" / "headers.tsv")
    assert len(every) == 69
    for header in every:
        found = answer(header.name, header.text.encode() + b"\n")
        assert {name for name, _ in found} == {header.format}, header.id


@pytest.mark.parametrize("how", HEADER_SHAPES)
def test_a_public_header_in_another_shape_is_the_same_or_unknown(
    how: str, shared_data: Path
) -> None:
    same = 0
    for header in headers(shared_data / "csv" / "headers.tsv"):
        true = answer(header.name, header.text.encode() + b"\n")
        for name, head in rewritten_header(header, how):
            found = answer(name, head)
            assert found in (true, frozenset()), (header.id, head)
            same += found == true
    assert same > 50


def test_dates_of_a_spreadsheet_are_read_right_or_refused(tmp_path: Path) -> None:
    read_too = 0
    for sample in TABLES[::5]:
        true = reading(sample, sample.path)
        for form in DATES:
            text = redated(sample, form)
            if text is not None and true is not None:
                found = reading(sample, write(tmp_path, sample.path.name, text))
                assert found is None or agrees(found, true), (sample.file, form)
                read_too += found is not None
    assert read_too > 5


def test_no_two_tables_of_a_format_share_an_id() -> None:
    names = [(table.format, table.id) for table in tables()]
    assert len(names) == len(set(names))


# --------------------------------------------------------------------------- options


def test_a_forced_format_is_the_only_one_asked(tmp_path: Path) -> None:
    text = "timestamp,beats per minute\n2026-01-05T10:00:00Z,60\n2026-01-05T10:00:05Z,61\n"
    path = write(tmp_path, "mine.csv", text)
    assert identity(path, input_format="fitbit").format == "fitbit"
    found = identify([path], ReadOptions(input_format="whoop"))[0]
    assert found.format is None
