"""Every sentence of the table is said of some analysis, file or term: none is dead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner
from matplotlib.figure import Figure

from hrv import cli_identify, holdings
from hrv.cli import main
from hrv.model import Analysis, Note, Tier
from hrv.report import atlas, page, pdf, summary
from hrv.report.explain import names
from hrv.report.figures import LIGHT, Ink
from hrv.report.text import SENTENCES, Words
from hrv.store.answers import QUESTIONS, notes
from hrv.verdict import BETTER_EXPORT
from tests.report import builders, sayings


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Codes of the sentences said from now on; by their text where another room wrote it."""
    found: set[str] = set()
    codes = defaultdict(list)
    for code, sentence in SENTENCES.items():
        if code.startswith(("note.", "refusal.", "stream.", "answer.")):
            codes[sentence].append(code)
    say, known, note = Words.say, Words.known, Words.note

    def hear(self: Words, code: str, /, **facts: Any) -> str:
        found.add(code)
        return say(self, code, **facts)

    def hear_text(self: Words, text: str) -> str:
        found.update(codes[text])
        return known(self, text)

    def hear_note(self: Words, one: Note) -> str:
        found.update(codes[one.text])
        return note(self, one)

    monkeypatch.setattr(Words, "say", hear)
    monkeypatch.setattr(Words, "known", hear_text)
    monkeypatch.setattr(Words, "note", hear_note)
    return found


def analyses() -> Iterator[Analysis]:
    yield from (build() for build in builders.EVERY.values())
    yield from sayings.every()
    for since in ({}, {"since": "2026-03-01"}):
        for question, choices in QUESTIONS.items():
            for choice in choices:
                said = notes({question: {"choice": choice, **since}})
                yield replace(builders.nothing(), notes=said)


def draw(analysis: Analysis, words: Words) -> None:
    drawn = []
    for plate in atlas.plates(analysis, words):
        figure = Figure()
        plate.draw(figure.add_subplot(), Ink(LIGHT, words))
        drawn.append(atlas.Drawn(plate, figure, "<svg></svg>"))
    assert page.html(analysis, words, drawn)


def identify(words: Words) -> None:
    """What `hrv identify` says of every kind of data, with all streams and with none."""
    streams = ("tags", "technique", "event", "rating", "sleep", "exercise", "motion", "deep_min",
               "resting_hr_bpm", "rmssd_ms", "hr", "rr")  # fmt: skip
    for tier in Tier:
        for held in (streams, (), ("event", "technique", "resting_hr_bpm"), ("motion", "hr")):
            markers = holdings.allowed(tier, held, waking=bool(held))
            one = holdings.Holding(
                source="", format="", first_day=None, last_day=None, days=3, hr_every_s=None,
                by={}, tier=tier, markers=markers, better=BETTER_EXPORT.get(tier, ""),
            )  # fmt: skip
            assert cli_identify._markers(holdings.Found((), (), one), words)


def test_every_sentence_is_said_of_something(heard: set[str]) -> None:
    words = Words()
    for analysis in analyses():
        assert page.html(analysis, words, ())
        assert summary.summary(analysis, words)
        list(atlas.plates(analysis, words))
    pictured = (sayings.tagged(), sayings.beats(), sayings.rises(), builders.insufficient())
    for analysis in (*pictured, *sayings.levels(), *sayings.periods()):
        draw(analysis, words)
    for analysis in (sayings.files(), builders.daily_only()):
        assert len(list(pdf.pages_of(analysis, words, "a4"))) == 2
    identify(words)
    for name in names():
        assert CliRunner().invoke(main, ["explain", name]).exit_code == 0
    silent = sorted(set(SENTENCES) - heard)
    assert silent == []
