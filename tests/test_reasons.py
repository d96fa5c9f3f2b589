"""Every reason for a missing number brings the facts that its sentence needs."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from hrv.report.text import SENTENCES

HOUSE = Path(__file__).parents[1] / "hrv"


def reasons() -> Iterator[tuple[str, str, frozenset[str]]]:
    """Place, code and facts of every reason written out in the house."""
    for path in sorted(HOUSE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            place = f"{path.relative_to(HOUSE)}:{node.lineno}"
            at = {"Missing": 0, "unknown": 1}.get(called)
            if at is None or len(node.args) <= at or not isinstance(node.args[at], ast.Constant):
                continue
            code = str(node.args[at].value)  # type: ignore[attr-defined]
            if called == "unknown":
                yield place, code, frozenset(k.arg for k in node.keywords if k.arg)
            elif len(node.args) == 1:
                yield place, code, frozenset()
            elif isinstance(node.args[1], ast.Dict):
                keys = node.args[1].keys
                yield (
                    place,
                    code,
                    frozenset(str(k.value) for k in keys if isinstance(k, ast.Constant)),
                )


@pytest.mark.parametrize(("place", "code", "facts"), list(reasons()))
def test_a_reason_brings_what_its_sentence_needs(
    place: str, code: str, facts: frozenset[str]
) -> None:
    sentence = SENTENCES[f"missing.{code}"]
    fields = {
        re.split(r"[.\[!:]", name)[0]
        for _, name, _, _ in string.Formatter().parse(sentence)
        if name
    }
    assert fields <= facts, f"{place}: {code} lacks {sorted(fields - facts)}"
