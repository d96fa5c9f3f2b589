"""Translations: whole, with the same numbers in every sentence, and in use."""

from __future__ import annotations

import gettext
import string
from pathlib import Path

import pytest

from hrv.model import Estimate
from hrv.report import render
from hrv.report.text import NBSP, SENTENCES, Words, languages
from tests.report import builders
from tests.report.catalogue import compiled, messages, sources, template


def facts(sentence: str) -> set[tuple[str, str]]:
    return {(name, spec or "") for _, name, spec, _ in string.Formatter().parse(sentence) if name}


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
    page = made["html"].read_text(encoding="utf-8")
    assert f'<html lang="{language}">' in page
    assert (Words().say("ui.settle") in page) == (language == "en")
