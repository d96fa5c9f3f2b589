"""What the five answers and a list of people tell, and that they tell it of one person alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from hrv import pipeline
from hrv.model import DAY_S, LocalClock, Span, SpanKind, as_day
from hrv.report.text import Words
from hrv.store import Store, answers, open_store
from tests.store.test_reduced import FIRST, day

GIVEN = {
    "illness": {"choice": "yes", "since": "2026-01-02", "until": "2026-01-04", "what": "flu"},
    "intake": {"choice": "medicine", "since": "2026-02-01"},
    "training": {"choice": "more"},
    "rhythm": {"choice": "no"},
}


def test_dated_answers_become_tags_of_whole_local_days() -> None:
    clock = LocalClock.fixed(3600.0, "file")
    ill, medicine = answers.spans(GIVEN, clock)
    assert (ill.kind, ill.label, ill.all_day) == (SpanKind.ILLNESS, "flu", True)
    assert ill.end_s - ill.start_s == 3 * DAY_S
    assert medicine.kind is SpanKind.MEDICINE
    assert medicine.start_s == as_day(date(2026, 2, 1)) * DAY_S - 3600.0


def test_training_explains_no_jump_of_a_level() -> None:
    said = {"training": {"choice": "more", "since": "2026-02-01"}}
    (training,) = answers.spans(said, LocalClock.fixed(3600.0, "file"))
    assert training.kind is SpanKind.OTHER


def test_an_analysis_hears_the_answers_of_its_person(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.add([day(0)], person="ada", name="a")
        assert store.timeline("ada").answers == frozenset()
        store.set_answer("ada", "questions", {**GIVEN, "cycle": {"choice": "no"}})
        told = store.timeline("ada").answers
    assert told == {"illness.yes", "intake.medicine", "training.more"}


def test_every_yes_is_told_and_a_no_is_not() -> None:
    told = [Words().note(note) for note in answers.notes(GIVEN)]
    assert len(told) == 3
    assert any("from 2026-01-02" in text for text in told)
    german = [Words("de").note(note) for note in answers.notes(GIVEN)]
    assert all(text.startswith("Sie sagten") for text in german)


@pytest.mark.parametrize("question", answers.QUESTIONS)
def test_every_answer_has_its_sentence(question: str) -> None:
    for choice in answers.QUESTIONS[question][1:]:
        for said in ({"choice": choice}, {"choice": choice, "since": "2026-01-02"}):
            (note,) = answers.notes({question: said})
            assert "{" not in Words().note(note)


def _event(at_s: float) -> Span:
    return Span(kind=SpanKind.EVENT, start_s=at_s, end_s=at_s + 900, label="call", origin="person")


def two_people(folder: Path, *, with_other: bool) -> Store:
    """Ada with two days, and perhaps Bob with other days, tags and answers."""
    store = open_store(folder)
    if with_other:
        store.add([day(k, offset_s=7200.0) for k in range(10, 12)], person="bob", name="bob.zip")
        at = (FIRST + 11) * DAY_S + 40_000
        store.set_spans("bob", [replace(_event(at), label="SECRET")])
        store.set_answer("bob", "questions", {"rhythm": {"choice": "pacemaker"}})
    store.add([day(k) for k in range(2)], person="ada", name="ada.zip")
    store.set_spans("ada", [_event((FIRST + 1) * DAY_S + 40_000)])
    return store


def pages(store: Store, person: str, out: Path) -> bytes:
    with store.reduced(person) as kept:
        analysis = pipeline.analyse(store.timeline(person), kept=kept)
    written = pipeline.render(analysis, out, formats=("pdf",))
    pipeline.keep(store, person, analysis, pdf=written["pdf"])
    return written["pdf"].read_bytes()


@pytest.mark.slow
def test_a_pdf_is_the_same_whoever_else_is_in_the_store(tmp_path: Path) -> None:
    with two_people(tmp_path / "one", with_other=False) as alone:
        mine = pages(alone, "ada", tmp_path / "a")
    with two_people(tmp_path / "two", with_other=True) as shared:
        his = pages(shared, "bob", tmp_path / "c")
        assert pages(shared, "ada", tmp_path / "b") == mine
        assert his != mine
        assert shared.pdf("ada") == mine
        assert shared.pdf("bob") == his
        ada, _ = shared.people()
        assert ada.pdf
        assert ada.standing["sentence"]
        assert "SECRET" not in repr(ada)
        shared.forget(person="bob")
        assert shared.pdf("ada") == mine


def test_only_the_newest_two_pages_of_a_person_stay(tmp_path: Path) -> None:
    with open_store(tmp_path / "s") as store:
        store.add([day(0)], person="ada", name="a")
        store.save_analysis("ada", "1", "{}", standing={"n": 1}, pdf=b"%PDF old", now_s=1.0)
        store.save_analysis("ada", "2", "[]", standing={"n": 2}, pdf=b"%PDF new", now_s=2.0)
        assert store.pdf("ada") == b"%PDF new"
        assert store.people()[0].standing == {"n": 2}
        held = store._db.execute("SELECT count(*) FROM shown WHERE pdf IS NOT NULL").fetchone()
        assert held[0] == 1
