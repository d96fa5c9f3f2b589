"""What other rooms say about files stands in the table, and so in every language."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import hrv
from hrv.model import Note
from hrv.report.file_notes import NOTES
from hrv.report.text import REASONS, Words

ADD_IT = "add it to hrv/report/file_notes.py, then run python -m tests.report.catalogue"
HOUSE = Path(hrv.__file__).parent
GERMAN = Words("de")


def functions() -> Iterator[ast.FunctionDef]:
    for path in sorted(HOUSE.rglob("*.py")):
        if not path.is_relative_to(HOUSE / "report"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            yield from (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))


def called(node: ast.AST, *names: str) -> list[ast.Call]:
    found = [n for n in ast.walk(node) if isinstance(n, ast.Call)]
    return [n for n in found if getattr(n.func, "id", getattr(n.func, "attr", "")) in names]


def constants(node: ast.AST | None) -> Iterator[str]:
    """Texts that an expression can be; not what is called or looked up in it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from constants(node.body)
        yield from constants(node.orelse)


def templates() -> Iterator[str]:
    """Texts of notes: given at once, by a variable `text`, or gathered as pairs."""
    for function in functions():
        made = [call.args[1] for call in called(function, "Note") if len(call.args) > 1]
        for text in made:
            yield from constants(text)
        if not any(isinstance(text, ast.Name) for text in made):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "text":
                yield from constants(node.value)
        for call in called(function, "append"):
            if call.args and isinstance(call.args[0], ast.Tuple):
                yield from constants(call.args[0].elts[0])


def reasons() -> Iterator[str]:
    """Why rows are refused."""
    for function in functions():
        for call in called(function, "refuse"):
            for argument in call.args[1:]:
                yield from constants(argument)
        for call in called(function, "Refusal"):
            yield from (t for k in call.keywords if k.arg == "reason" for t in constants(k.value))
        for call in called(function, "take"):
            pairs = [a for a in call.args if isinstance(a, ast.Tuple)]
            yield from (text for pair in pairs for text in constants(pair.elts[-1]))


def test_every_note_of_the_house_is_in_the_table() -> None:
    found = set(templates())
    assert len(found) > 20
    assert found - set(NOTES.values()) == set(), ADD_IT


def test_every_reason_for_a_refused_row_is_in_the_table() -> None:
    found = set(reasons())
    assert len(found) > 30
    assert found - REASONS == set(), ADD_IT


def test_a_note_is_said_in_the_language_of_the_report() -> None:
    note = Note("x.csv", NOTES["note.same_bytes"], {"other": "y.csv"})
    assert GERMAN.note(note) == "Dieselben Bytes wie y.csv; einmal gelesen."
    assert Words().note(note) == "The same bytes as y.csv; read once."


def test_a_note_of_many_files_gives_their_number_and_one_example() -> None:
    note = Note("", NOTES["note.given"], {"count": 4, "files": 12})
    assert GERMAN.where(note) == "12 Dateien"
    assert GERMAN.note(note).startswith("zum Beispiel: 4 Tageswerte")
    plain = Note("", NOTES["note.no_motion"], {"files": 12})
    assert GERMAN.note(plain).startswith("Keine Bewegungsdaten")


def test_reasons_with_a_name_in_them_are_said_too() -> None:
    said = GERMAN.refusal("heart_rate beyond what a body can show")
    assert said == "Puls jenseits dessen, was ein Körper zeigen kann"
    assert GERMAN.refusal("no stress score: too much motion") == "kein Stresswert: zu viel Bewegung"
    assert GERMAN.refusal("no number") == "keine Zahl"
    assert GERMAN.stream("something_new") == "something_new"
