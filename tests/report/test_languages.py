"""Translations: whole, with the same numbers in every sentence, and in use."""

from __future__ import annotations

import gettext
import html
import re
import string
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.text import Text

from hrv.model import Estimate, Note, Refusal
from hrv.report import atlas, page, render
from hrv.report.file_notes import NOTES
from hrv.report.text import NBSP, REASONS, SENTENCES, Words, languages
from tests.report import builders
from tests.report.catalogue import compiled, messages, sources, template


def facts(sentence: str) -> set[tuple[str, str]]:
    """Names and kinds of the numbers of a sentence; each language has its own plural forms."""
    found = {(name, spec or "") for _, name, spec, _ in string.Formatter().parse(sentence) if name}
    return {(name, "plural" if "|" in spec else spec) for name, spec in found}


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.parents[1].name)
def test_every_sentence_is_translated(path: Path) -> None:
    known = messages(path.read_text(encoding="utf-8"))
    lacking = {code for code, sentence in SENTENCES.items() if sentence and sentence not in known}
    assert lacking == set(), "run python -m tests.report.catalogue and fill in the .po file"


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.parents[1].name)
def test_a_translation_carries_the_same_numbers(path: Path) -> None:
    known = messages(path.read_text(encoding="utf-8"))
    wrong = [s for s in SENTENCES.values() if s in known and facts(s) != facts(known[s])]
    assert wrong == []


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.parents[1].name)
def test_the_shipped_catalogue_is_the_compiled_one(path: Path) -> None:
    known = messages(path.read_text(encoding="utf-8"))
    assert path.with_suffix(".mo").read_bytes() == compiled(known)
    with path.with_suffix(".mo").open("rb") as file:
        loaded = gettext.GNUTranslations(file)
    assert all(loaded.gettext(key) == text for key, text in known.items() if key)


def test_a_catalogue_survives_writing_and_reading() -> None:
    known = {'say "so"\nnow': "sag „so“\njetzt"}
    text = template({next(iter(SENTENCES.values())): "etwas"})
    assert messages(text)[next(iter(SENTENCES.values()))] == "etwas"
    assert compiled(known)[:4] == b"\xde\x12\x04\x95"


def test_german_writes_numbers_as_german_does() -> None:
    words = Words("de")
    assert words.number(3.25, 1) == "3,2"
    assert words.day(20_500) == "16. Feb. 2026"
    said = words.change(Estimate(value=-22, low=-36, high=-5), "%", ("shorter", "longer"))
    assert said.replace(NBSP, " ") == "etwa 22 % kürzer (zwischen 5 % und 36 % kürzer)"


@pytest.mark.parametrize("language", languages())
def test_a_page_is_in_its_language(language: str, tmp_path: Path) -> None:
    made = render(builders.daily_only(), tmp_path, ("html", "json"), language)
    text = made["html"].read_text(encoding="utf-8")
    assert f'<html lang="{language}">' in text
    assert (Words().say("ui.settle") in text) == (language == "en")


def pieces(sentence: str) -> list[str]:
    """What stands between the numbers of a sentence, where it is long enough to be recognised."""
    parts = [part.strip(" .,;:()") for part, *_ in string.Formatter().parse(sentence)]
    return [part for part in parts if len(part) >= 12 and part.count(" ") >= 2]


def english(language: str) -> dict[str, str]:
    """Pieces of English sentences that this language says otherwise, with their codes."""
    words = Words(language)
    return {
        piece: code
        for code, sentence in SENTENCES.items()
        if sentence and words.known(sentence) != sentence
        for piece in pieces(sentence)
        if piece not in words.known(sentence)
    }


def visible(page: str) -> str:
    """Text and alternative texts of a page, without what is marked as English."""
    page = re.sub(r"<(script|style).*?</\1>", " ", page, flags=re.DOTALL)
    page = re.sub(r"<(\w+) lang=\"en\">.*?</\1>", " ", page, flags=re.DOTALL)
    spoken = re.findall(r'(?:alt|aria-label|data-label)="([^"]*)"', page)
    return html.unescape(" ".join([re.sub(r"<[^>]*>", " ", page), *spoken]))


@pytest.mark.parametrize("name", ["healing", "coping", "nothing", "daily_only", "worsening"])
def test_no_english_sentence_is_left_in_another_language(name: str) -> None:
    notes = tuple(
        Note("episodes", text, {n: 3 for n, _ in facts(text)} | {"files": 4})
        for code, text in NOTES.items()
        if code not in {"note.files", "note.example"}
    )
    refusals = tuple(Refusal(rows=1, reason=reason) for reason in sorted(REASONS))
    analysis = builders.EVERY[name]()
    inputs = tuple(replace(item, refusals=refusals) for item in analysis.inputs)
    told = page.html(replace(analysis, notes=notes, inputs=inputs), Words("de"), ())
    text = visible(told)
    assert len(text) > 5_000
    assert {code: piece for piece, code in english("de").items() if piece in text} == {}


def test_no_english_word_is_left_in_the_pictures_of_another_language() -> None:
    words, left = Words("de"), english("de")
    for plate in atlas.plates(builders.healing(), words):
        drawn = atlas.figure(plate, words)
        texts = [text.get_text().replace("\n", " ") for text in drawn.findobj(Text)]
        said = " ".join([*texts, plate.title, plate.alt, plate.caption, *plate.head])
        assert [piece for piece in left if piece in said] == []
        assert "heart rate" not in said.lower()


def made_up(sentence: str) -> dict[str, object]:
    """Facts of the right kind for every number of a sentence."""
    kinds: dict[str, object] = {
        "duration": 90.0, "clock": 90.0, "date": 20_500, "pct": 0.3, "rare": 0.02, "num": 3.25,
        "weeks": 3.0, "plural": 2, "": "x",
    }  # fmt: skip
    return {name: kinds.get(spec, 2.5) for name, spec in facts(sentence)}


@pytest.mark.parametrize("language", languages())
def test_every_sentence_can_be_said(language: str) -> None:
    words = Words(language)
    for code, sentence in SENTENCES.items():
        said = words.say(code, **made_up(sentence))
        assert "{" not in said
        assert "}" not in said
