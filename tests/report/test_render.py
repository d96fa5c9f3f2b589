"""From an analysis to files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hrv.errors import SettingsError
from hrv.report import render
from hrv.report.comparison import compared
from hrv.report.page import html
from hrv.report.text import Words
from tests.report import builders


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow if n == "long" else ()) for n in builders.EVERY]
)
def test_every_answer_becomes_a_page(name: str, tmp_path: Path) -> None:
    made = render(builders.EVERY[name](), tmp_path, ("html", "json"))
    page = made["html"].read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    sentence = json.loads(made["json"].read_text(encoding="utf-8"))["verdict"]["sentence"]
    assert sentence in page


def test_the_comparison_with_a_named_date_is_shown() -> None:
    told = compared(builders.long(), Words())
    assert told is not None
    assert "therapy began" in told["title"]
    first, second = told["rows"]
    assert first["state"] == "improving"
    assert "3\u00a0min (2:40–3:20)" in first["before"]
    assert "22" in first["difference"]
    assert second["state"] == "unknown"


def test_a_format_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="docx"):
        render(builders.nothing(), tmp_path, ("docx",))


def test_the_reason_behind_a_missing_level_reaches_the_page(tmp_path: Path) -> None:
    made = render(builders.insufficient(), tmp_path, ("html",))
    page = made["html"].read_text(encoding="utf-8")
    assert "the period has 12 days; 56 are needed." in page
    assert "no reason was given" not in page


def test_many_files_alike_share_a_line_with_the_sums_of_their_rows() -> None:
    base = builders.nothing()
    item = builders.healing().inputs[0]
    many = tuple(replace(item, file=f"GARMIN/Monitor/M{i:03d}.FIT") for i in range(100))
    other = replace(item, file="tags.csv", format="tags", streams=("event",), refusals=())
    told = html(replace(base, inputs=(*many, other)), Words(), ())
    table = told[told.index('<section id="data">') : told.index('<section id="methods">')]
    assert table.count("<tr>") == 3  # the head, 100 files alike, one of its own
    assert "GARMIN/Monitor/: 100 files" in table
    assert "<td>142300</td><td>1200</td><td>1200: heart rate of 0</td>" in table
    assert "tags.csv" in table
    assert "101 files; those alike share a line" in table
