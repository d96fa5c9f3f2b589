"""The two printed pages."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import pytest

from hrv.model import MarkerState
from hrv.report import tests_said, wording
from hrv.report.pdf import PAPERS, _font, advance, measured, wrapped, write_pdf
from hrv.report.text import Words
from tests.report import builders, sayings

WORDS = Words()


@pytest.mark.parametrize("paper", PAPERS)
def test_there_are_two_pages_of_the_paper_asked_for(paper: str, tmp_path: Path) -> None:
    data = write_pdf(builders.insufficient(), tmp_path / "r.pdf", WORDS, paper).read_bytes()
    boxes = re.findall(rb"/MediaBox \[ 0 0 ([0-9.]+) ([0-9.]+) \]", data)
    width, height = PAPERS[paper]
    assert len(boxes) == 2
    assert {(round(float(w)), round(float(h))) for w, h in boxes} == {
        (round(72 * width), round(72 * height))
    }


def test_the_same_analysis_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = (
        write_pdf(builders.nothing(), tmp_path / name, WORDS).read_bytes() for name in "ab"
    )
    assert one == other


def test_letters_stay_letters_and_fonts_are_embedded(tmp_path: Path) -> None:
    data = write_pdf(builders.nothing(), tmp_path / "r.pdf", WORDS).read_bytes()
    assert b"/FontFile2" in data
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL)
    text = b"".join(zlib.decompress(s) for s in streams if s[:1] == b"x")
    assert b" Tj" in text or b" TJ" in text


def test_no_line_is_wider_than_its_room() -> None:
    text = "Mmmm wwww " * 40 + "a sentence with ordinary letters in it " * 5
    for line in wrapped(text, 3.0, 11.0):
        assert sum(advance(letter, False) for letter in line) * 11.0 <= 3.0 * 72.0


def test_nothing_is_lost_in_wrapping() -> None:
    text = "Half of it was gone in about 2 min 40 s, and nothing was left out."
    assert " ".join(wrapped(text, 1.5, 10.0)) == text


def test_the_width_of_a_letter_does_not_depend_on_who_drew_before() -> None:
    font = _font(True)
    font.set_size(5.0, 72.0)
    advance.cache_clear()
    assert advance("W", True) == pytest.approx(1.1, abs=0.05)


CROWDED = {
    "step": lambda: list(sayings.verdicts())[5],
    "all worse": lambda: sayings.moved(MarkerState.WORSENING),
    "all reasons": lambda: list(sayings.reasons())[3],
    "all needs": lambda: list(sayings.needs())[4],
    "files": sayings.files,
    "healing": builders.healing,
}


@pytest.mark.parametrize("name", CROWDED)
@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("language", ["en", "de"])
def test_all_of_a_page_has_room_and_nothing_is_left_out(
    name: str, paper: str, language: str
) -> None:
    words, analysis = Words(language), CROWDED[name]()
    first, second = measured(analysis, words, paper)
    assert min(first.room, second.room) >= 0.0
    told = " ".join(first.told)
    assert all(need in told for need in wording.needs(words, analysis))
    assert wording.headline(words, analysis) in told
    named = " ".join(second.told)
    numbers = [m for m in analysis.markers if m.trend is not None]
    assert all(tests_said.marker_name(words, m.id) in named for m in numbers)
