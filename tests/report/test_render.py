"""From an analysis to files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hrv.errors import SettingsError
from hrv.report import render
from hrv.report.comparison import compared
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
