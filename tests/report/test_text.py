"""The table of sentences: every code used in the house can be said, and says what its facts say."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import hrv
from hrv.errors import SettingsError
from hrv.model import Estimate, Missing
from hrv.report.file_notes import NOTES
from hrv.report.text import NBSP, PAIRS, SENTENCES, Words, needed_facts

HOUSE = Path(hrv.__file__).parent
WORDS = Words()


def calls(*names: str) -> Iterator[tuple[Path, ast.Call]]:
    for path in sorted(HOUSE.rglob("*.py")):
        if path.is_relative_to(HOUSE / "report"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name in names:
                    yield path, node


def texts(node: ast.expr | None) -> list[str]:
    """Every string that an expression can be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return [*texts(node.body), *texts(node.orelse)]
    return []


def named_facts(call: ast.Call) -> set[str] | None:
    """Names of the facts that a reason is made with; None if they cannot be read off."""
    if getattr(call.func, "id", "") == "unknown":
        return {keyword.arg for keyword in call.keywords if keyword.arg}
    if len(call.args) < 2:
        return set()
    if not isinstance(call.args[1], ast.Dict):
        return None
    return {key.value for key in call.args[1].keys if isinstance(key, ast.Constant)}  # type: ignore[misc]


# Reasons that stay codes: for the tables of `hrv metrics`, in report.json, between stages.
UNSAID = {
    "low_coverage", "more_beats_than_time", "no_answer", "no_score", "no_variability", "not_asked",
    "score_not_needed", "too_corrected", "too_few_beats", "too_little_quiet_time", "too_short",
    "vagal_few_segments", "vagal_no_beats", "vagal_not_followed",
}  # fmt: skip


def missing_codes() -> Iterator[tuple[str, str, set[str] | None]]:
    for path, call in calls("Missing", "unknown"):
        place = 0 if getattr(call.func, "id", getattr(call.func, "attr", "")) == "Missing" else 1
        for code in texts(call.args[place] if len(call.args) > place else None):
            if code not in UNSAID:
                yield code, path.name, named_facts(call)


def need_codes() -> Iterator[tuple[str, str]]:
    for path, call in calls("Need"):
        for keyword in call.keywords:
            if keyword.arg == "code":
                for code in texts(keyword.value):
                    yield code, path.name


def test_every_reason_used_in_the_house_has_a_sentence() -> None:
    used = {(code, where) for code, where, _ in missing_codes()}
    assert used
    assert sorted((c, where) for c, where in used if f"missing.{c}" not in SENTENCES) == []


def test_every_reason_has_the_facts_of_its_sentence_or_one_without() -> None:
    lacking = [
        (code, where)
        for code, where, facts in missing_codes()
        if not needed_facts(f"missing.{code}") <= (facts or set())
        and f"missing.{code}.bare" not in SENTENCES
    ]
    assert lacking == []


def test_a_reason_without_its_facts_is_said_without_them() -> None:
    assert WORDS.reason(Missing("baseline_no_days")) == "no day has a resting value."


def test_every_need_used_in_the_house_has_a_sentence() -> None:
    assert [(c, p) for c, p in need_codes() if f"need.{c}" not in SENTENCES] == []


@pytest.mark.parametrize("primary", ["recovery", "baseline"])
@pytest.mark.parametrize("word", ["better", "worse", "steady", "open"])
def test_what_a_primary_showed_has_a_sentence(primary: str, word: str) -> None:
    assert WORDS.reason(Missing(f"{primary}_{word}", {"change": 1.0}))


def test_a_primary_without_a_trend_says_why() -> None:
    why = Missing("baseline_not_measured", {"why": "few_nights", "n": 5, "needed": 24})
    assert WORDS.reason(why).endswith("there are 5 nights; 24 are needed.")


def test_a_code_without_a_sentence_is_an_error() -> None:
    with pytest.raises(KeyError):
        WORDS.reason(Missing("no_such_code"))


@pytest.mark.parametrize("code", SENTENCES)
def test_every_sentence_is_a_good_template(code: str) -> None:
    for _, name, spec, _ in string.Formatter().parse(SENTENCES[code]):
        assert name is None or name.isidentifier()
        own = {None, "", "duration", "clock", "date", "pct", "rare", "num", "weeks"}
        plural = {spec} if spec and spec.count("|") == 1 else set()
        assert spec in own | plural | ({".0f", ".1f"} if code in NOTES else set())


@pytest.mark.parametrize("marker", PAIRS)
def test_every_marker_has_all_its_sentences(marker: str) -> None:
    for part in ("name", "test", "improving", "worsening", "how"):
        assert f"marker.{marker}.{part}" in SENTENCES
    for word in PAIRS[marker]:
        assert f"word.{word}" in SENTENCES


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "1 s"),
        (45, "45 s"),
        (59.6, "1 min"),
        (150, "2 min 30 s"),
        (152, "2 min 30 s"),
        (180, "3 min"),
        (900, "15 min"),
        (7200, "2 h"),
        (6600, "1 h 50 min"),
    ],
)
def test_durations_are_said_in_minutes_and_seconds(seconds: float, said: str) -> None:
    assert WORDS.duration(seconds).replace(NBSP, " ") == said


def test_short_ranges_keep_their_seconds() -> None:
    assert (WORDS.clock(110), WORDS.clock(45), WORDS.clock(3600)) == ("1:50", "0:45", "60:00")


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (0.03, "about 3 times in 100"),
        (0.0301, "about 4 times in 100"),
        (0.01, "about 2 times in 100"),
        (0.004, "less than once in 100"),
        (0.0004, "less than once in 1,000"),
        (0.5, "about 50 times in 100"),
    ],
)
def test_chance_is_never_rounded_towards_rarity(p: float, said: str) -> None:
    assert WORDS.rare(p) == said


def test_a_change_across_zero_has_no_direction() -> None:
    said = WORDS.change(Estimate(value=-5, low=-20, high=12), "%", ("shorter", "longer"))
    assert said.replace(NBSP, " ") == "anywhere between 20 % shorter and 12 % longer"


def test_a_clear_change_has_one_direction() -> None:
    said = WORDS.change(Estimate(value=-22, low=-36, high=-5), "%", ("shorter", "longer"))
    assert said.replace(NBSP, " ") == "about 22 % shorter (between 5 % and 36 % shorter)"


def test_a_language_without_words_is_refused() -> None:
    with pytest.raises(SettingsError, match="tlh"):
        Words("tlh")
