"""Before and after a date that the person named, as rows of text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from hrv.model import Analysis, Estimate, MarkerState, Missing
from hrv.report import wording
from hrv.report.tests_said import marker_name, plain
from hrv.report.text import PAIRS, Words


def compared(analysis: Analysis, words: Words) -> dict[str, Any] | None:
    """Title, head and rows of the comparison; None without a date."""
    change = analysis.change
    if not change or "date" not in change:
        return None
    when = date.fromisoformat(str(change["date"]))
    label = str(change.get("label") or "")
    code = "ui.change.title.label" if label else "ui.change.title"
    head = ("ui.sign", "ui.before", "ui.after", "ui.difference", "ui.state")
    return {
        "title": words.say(code, date=when, label=label),
        "head": [words.say(x) for x in head],
        "rows": [_row(words, row, analysis) for row in change.get("markers", ())],
    }


def _row(words: Words, row: Mapping[str, Any], analysis: Analysis) -> dict[str, str]:
    name = str(row["id"])
    told = {"name": marker_name(words, name), "before": "", "after": "", "numbers": ""}
    why = row.get("why_unknown")
    if why:
        facts = {key: value for key, value in why.items() if key != "code"}
        reason = words.reason(Missing(str(why["code"]), facts))
        return {**told, "difference": wording.capital(reason), "state": "unknown"}
    difference = _estimate(row["difference"])
    assert difference is not None
    change = wording.Change(difference, "%" if row["percent"] else str(row["unit"]))
    sides = [x for x in (_estimate(row.get("before")), _estimate(row.get("after"))) if x]
    middle = sum(x.value for x in sides) / len(sides) if sides else 1.0
    change = plain(change, {"per_hour": middle**2})
    sign = wording.calmer_sign(name)
    if name == "baseline_arousal":
        told["name"] = wording.measure_name(words, analysis.baseline.measure)
        sign = wording.calmer_sign(analysis.baseline.measure)
    state = wording.sayable(MarkerState(row["state"]), change, sign)
    return {
        **told,
        "before": _level(words, row, "before", analysis),
        "after": _level(words, row, "after", analysis),
        "difference": words.change(change.size, change.unit, PAIRS[name]),
        "state": state.value,
        "numbers": f"{row['before_n']} / {row['after_n']}; p = {words.number(row['p_value'], 3)}",
    }


def _estimate(row: Mapping[str, Any] | None) -> Estimate | None:
    if row is None:
        return None
    return Estimate(value=row["value"], low=row["low"], high=row["high"], level=row["level"])


def _level(words: Words, row: Mapping[str, Any], side: str, analysis: Analysis) -> str:
    found = _estimate(row.get(side))
    if found is None:
        return ""
    name, unit = str(row["id"]), str(row["unit"])
    if name in {"recovery_speed", "activation_time"}:
        low, high = words.clock(found.low), words.clock(found.high)
        return f"{words.duration(found.value)} ({low}–{high})"
    if name == "baseline_arousal" and analysis.baseline.measure in wording.MEASURES:
        measure = str(analysis.baseline.measure)
        low, high = (wording.bare_level(words, measure, x) for x in (found.low, found.high))
        return f"{wording.level_text(words, measure, found.value)} ({low}–{high})"
    if unit in {"log odds", "sqrt(1/h)", "%"}:
        return ""
    low, high = words.number(found.low), words.number(found.high)
    return f"{words.number(found.value)} ({low}–{high})"
