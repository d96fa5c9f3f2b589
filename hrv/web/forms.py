"""What a person can say on the page: settings of an analysis, tags, ratings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from hrv.web import history, words

TAG_KINDS = ("event", "technique", "therapy", "medicine", "illness", "device", "alcohol", "cycle",
             "life", "other")  # fmt: skip
NO_TAG = ("nothing", "forgotten")
ANSWERS = (*NO_TAG, "event", "technique", "illness", "alcohol", "other")
SCALES = ("present", "effort", "other")
LONGEST = 120
KEPT = ("tz", "language", "since", "until", "change_date", "change_label")


@cache
def zones() -> frozenset[str]:
    """Every time zone that this system knows."""
    return frozenset(available_timezones())


@cache
def offered() -> tuple[str, ...]:
    """Those with the name of a place."""
    other = ("Etc/", "SystemV/", "posix/", "right/")
    return tuple(sorted(z for z in zones() if "/" in z and not z.startswith(other)))


class FormError(ValueError):
    """A field that cannot be understood: its name and the code of a sentence."""

    def __init__(self, field: str, code: str) -> None:
        self.field, self.code = field, code
        super().__init__(f"{field}: {code}")


def settings(form: Mapping[str, str]) -> dict[str, Any]:
    """Time zone, period, change date. Raises FormError."""
    since, until = _day(form, "since"), _day(form, "until")
    if since and until and since > until:
        raise FormError("until", "error.order")
    zone = form.get("tz", "").strip()
    if zone and zone not in zones():
        raise FormError("tz", "error.zone")
    return {
        "tz": zone,
        "since": since,
        "until": until,
        "language": _language(form),
        "change_date": _day(form, "change_date"),
        "change_label": _text(form, "change_label"),
        "person": _text(form, "person"),
        "keep_person": _kept(form),
        "as_of": date.today().isoformat(),  # noqa: DTZ011 - the person's own calendar
    }


def of_a_person(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that stay with a person from one export to the next."""
    return {name: asked[name] for name in KEPT if asked.get(name)}


def _language(form: Mapping[str, str]) -> str:
    said = form.get("language", "")
    if said and said not in words.LANGUAGES:
        raise FormError("language", "error.choice")
    return said or words.LANGUAGES[0]


def asked_for() -> Mapping[str, tuple[str, ...]]:
    """The five questions, and what may be answered to each."""
    from hrv.store.answers import QUESTIONS

    return QUESTIONS


def questions(form: Mapping[str, str]) -> dict[str, Any]:
    """Answers to the five questions, those left open left out. Raises FormError."""
    found: dict[str, Any] = {}
    for name, options in asked_for().items():
        choice = form.get(name, "")
        if not choice:
            continue
        if choice not in options:
            raise FormError(name, "error.choice")
        since, until = _day(form, f"{name}_since"), _day(form, f"{name}_until")
        if since and until and until < since:
            raise FormError(f"{name}_until", "error.order")
        row = {
            "choice": choice,
            "since": since,
            "until": until,
            "what": _text(form, f"{name}_what"),
        }
        found[name] = {key: text for key, text in row.items() if text}
    return found


def tag(form: Mapping[str, str]) -> dict[str, Any]:
    """One tag as a row of tags.csv. Raises FormError."""
    kind = form.get("kind", "")
    if kind not in TAG_KINDS:
        raise FormError("kind", "error.choice")
    start, end = _moment(form, "start", needed=True), _moment(form, "end", needed=False)
    if end and (len(end) != len(start) or end < start):
        raise FormError("end", "error.order")
    intensity = _number(form, "intensity", 0.0, 10.0, needed=False)
    return {"start": start, "end": end, "kind": kind, "label": _text(form, "label"),
            "intensity": "" if intensity is None else intensity}  # fmt: skip


def as_written(row: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the form that would make this tag."""
    found = dict(row)
    for name in ("start", "end"):
        day, _, clock = str(row[name]).partition("T")
        found[f"{name}_date"], found[f"{name}_time"] = day, clock[:5]
    return found


def answered(
    form: Mapping[str, str], place: int, moment: Mapping[str, str]
) -> dict[str, Any] | None:
    """The tag that an answer about a moment makes; empty for none, None if it was left open."""
    kind = form.get(f"what_{place}", "")
    if kind not in ANSWERS:
        return None
    if kind in NO_TAG:
        return {}
    return {"start": moment["start"], "end": moment["end"], "kind": kind,
            "label": _text(form, f"label_{place}"), "intensity": ""}  # fmt: skip


def rating(form: Mapping[str, str]) -> dict[str, Any]:
    """One rating as a row of ratings.csv. Raises FormError."""
    day = _day(form, "date")
    if not day:
        raise FormError("date", "error.date")
    scale = form.get("scale", "")
    if scale not in SCALES:
        raise FormError("scale", "error.choice")
    if scale == "other":
        scale = _text(form, "scale_name")
        if not scale:
            raise FormError("scale_name", "error.needed")
        return {"date": day, "scale": scale, "value": _number(form, "value", -1e3, 1e3)}
    return {"date": day, "scale": scale, "value": _number(form, "value", 0.0, 10.0)}


def _kept(form: Mapping[str, str]) -> str:
    """Under which code the recordings are kept; empty: not at all."""
    if form.get("keep") != "yes":
        return ""
    code = history.checked(form.get("keep_person", ""))
    if code is None:
        raise FormError("keep_person", "error.code")
    return code


def _text(form: Mapping[str, str], name: str) -> str:
    kept = "".join(c if c.isprintable() else " " for c in form.get(name, ""))
    return " ".join(kept.split())[:LONGEST]


def _day(form: Mapping[str, str], name: str) -> str:
    text = form.get(name, "").strip()
    if not text:
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise FormError(name, "error.date") from None


def _moment(form: Mapping[str, str], name: str, *, needed: bool) -> str:
    """A local date with or without a time, as `name_date` and `name_time` or in one field."""
    day = _day(form, f"{name}_date")
    clock = form.get(f"{name}_time", "").strip()
    if not day:
        if needed or clock:
            raise FormError(f"{name}_date", "error.date")
        return ""
    if not clock:
        return day
    try:
        return datetime.fromisoformat(f"{day}T{clock}").strftime("%Y-%m-%dT%H:%M:%S")
    except ValueError:
        raise FormError(f"{name}_time", "error.time") from None


def _number(
    form: Mapping[str, str], name: str, low: float, high: float, *, needed: bool = True
) -> float | None:
    text = form.get(name, "").strip().replace(",", ".")
    if not text and not needed:
        return None
    try:
        value = float(text)
    except ValueError:
        raise FormError(name, "error.number") from None
    if not low <= value <= high:
        raise FormError(name, "error.range")
    return value
