"""Damaged files give an `InputError` or a `Recording`, nothing else, and rows still add up."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hrv.errors import InputError
from hrv.ingest import read
from hrv.model import ReadOptions
from hrv.settings import IngestSettings
from tests.benchmarks.damage import SLOW, UNCAUGHT, tried
from tests.ingest.damage import case
from tests.ingest.samples import all_samples

PARTS = 6
SAMPLES = [sample for sample in all_samples() if sample.path.stat().st_size]
QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def taken(folder: Path, path: Path, data: bytes) -> None:
    """Reads it or says why not; what is read keeps its promises by construction."""
    path = folder / path.name
    path.write_bytes(data)
    with suppress(InputError):
        for recording in read([path], ReadOptions(now_s=1.9e9), IngestSettings()):
            assert recording.rows_used >= 0
            assert all(refusal.rows > 0 for refusal in recording.refusals)


@QUICK
@given(data=st.data())
def test_flipped_bytes(data: st.DataObject, tmp_path: Path) -> None:
    sample = data.draw(st.sampled_from(SAMPLES))
    body = bytearray(sample.path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    taken(tmp_path, sample.path, bytes(body))


@QUICK
@given(data=st.data())
def test_cut_and_repeated_pieces(data: st.DataObject, tmp_path: Path) -> None:
    sample = data.draw(st.sampled_from(SAMPLES))
    body = sample.path.read_bytes()
    a, b = sorted((data.draw(st.integers(0, len(body))), data.draw(st.integers(0, len(body)))))
    whole = data.draw(
        st.sampled_from([body[:b], body[a:], body[:b] + body[a:], body[:a] + body[b:]])
    )
    taken(tmp_path, sample.path, whole)


@QUICK
@given(data=st.data())
def test_cells_that_hold_something_else(data: st.DataObject, tmp_path: Path) -> None:
    sample = data.draw(st.sampled_from([s for s in SAMPLES if s.path.suffix in {".csv", ".txt"}]))
    lines = sample.path.read_text("utf-8-sig").splitlines()
    row = data.draw(st.integers(0, len(lines) - 1))
    delimiter = max(",;\t", key=lines[row].count)
    cells = lines[row].split(delimiter)
    odd = st.sampled_from(
        ["", "x", "nan", "inf", "-1", "1e400", "99999999999999999999", '"', "2026-13-45", "0", "é",
         "\x00", "{}", "[1,2", "1,5", "1.234,5", "24:00:00", "+0000"]
    )  # fmt: skip
    cells[data.draw(st.integers(0, len(cells) - 1))] = data.draw(odd)
    lines[row] = delimiter.join(cells)
    taken(tmp_path, sample.path, "\n".join(lines).encode("utf-8"))


@QUICK
@given(
    body=st.binary(max_size=400),
    name=st.sampled_from(["a.csv", "HR.csv", "tags.csv", "x.json", "a.ics", "a.xml", "b.zip"]),
)
def test_any_bytes(body: bytes, name: str, tmp_path: Path) -> None:
    taken(tmp_path, tmp_path / name, body)


@pytest.mark.parametrize("name", ["a.csv", "HR.csv", "tags.csv", "ratings.csv", "a.ics", "a.json"])
def test_an_empty_file_is_said_to_be_empty(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"")
    with pytest.raises(InputError):
        list(read([path], ReadOptions(), IngestSettings()))


def test_a_stray_quote_does_not_swallow_rows(tmp_path: Path) -> None:
    lines = [f"2026-01-05T10:{i:02d}:00Z,{60 + i}" for i in range(50)]
    lines[10], lines[30] = lines[10].replace(",", ',"'), lines[30].replace(",", ',"')
    path = tmp_path / "a.csv"
    path.write_text("timestamp,heart_rate\n" + "\n".join(lines) + "\n")
    (found,) = read([path], ReadOptions(), IngestSettings())
    assert found.rows_used + found.rows_refused == 50
    assert found.rows_used >= 48


def test_rows_wider_than_the_header_are_kept(tmp_path: Path) -> None:
    lines = [f"2026-01-05T10:{i:02d}:00Z,{60 + i}" + ",x" * (i % 7) for i in range(20)]
    path = tmp_path / "a.csv"
    path.write_text("timestamp,heart_rate\n" + "\n".join(lines) + "\n")
    (found,) = read([path], ReadOptions(), IngestSettings())
    assert found.rows_used == 20


@pytest.mark.parametrize("part", range(PARTS))
def test_a_sample_of_all_damage_comes_out_as_rows_or_reasons(part: int, tmp_path: Path) -> None:
    """300 of the inputs of `tests.benchmarks.damage`, formats and archives alike."""
    for number in range(part, 300, PARTS):
        found = tried(case(3, number), tmp_path)
        assert found.result not in (UNCAUGHT, SLOW), found
        assert found.adds_up, found
