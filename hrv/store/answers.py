"""Five questions about what else moves the same signals, and what their answers tell an analysis.

Each may stay open. A dated illness, medicine or change of the cycle becomes a tag like any other;
everything that was answered with yes stands among the report's notes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from hrv.model import DAY_S, LocalClock, Note, Span, SpanKind, as_day

# Question and what may be answered; "no" says that it was looked at.
QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "training": ("no", "more", "less"),
    "illness": ("no", "yes"),
    "intake": ("no", "medicine", "alcohol_more", "alcohol_less"),
    "cycle": ("no", "pregnancy", "change"),
    "rhythm": ("no", "irregular", "pacemaker"),
}
_TAGGED = {
    ("illness", "yes"): SpanKind.ILLNESS,
    ("intake", "medicine"): SpanKind.MEDICINE,
    ("cycle", "pregnancy"): SpanKind.CYCLE,
    ("cycle", "change"): SpanKind.CYCLE,
    ("training", "more"): SpanKind.OTHER,  # drawn; never the reason why a change may count
    ("training", "less"): SpanKind.OTHER,
}
_LASTS = ("illness",)  # a stretch with an end; the others begin and go on

Answers = Mapping[str, Mapping[str, str]]


def spans(answers: Answers, clock: LocalClock) -> tuple[Span, ...]:
    """Answers with a date as tags of whole local days."""
    found = []
    for question, said in answers.items():
        kind = _TAGGED.get((question, said.get("choice", "")))
        if kind is None or not said.get("since"):
            continue
        first = as_day(date.fromisoformat(said["since"]))
        last = first
        if question in _LASTS and said.get("until"):
            last = max(first, as_day(date.fromisoformat(said["until"])))
        label = said.get("what") or f"{question} {said['choice']}".replace(" yes", "")
        start_s, end_s = (utc_s(day * DAY_S, clock) for day in (first, last + 1))
        found.append(
            Span(kind=kind, start_s=start_s, end_s=end_s, label=label, all_day=True,
                 origin="person")
        )  # fmt: skip
    return tuple(found)


def given(answers: Answers) -> tuple[str, ...]:
    """What was answered with anything but no, as `question.choice`."""
    found = ((name, answers.get(name, {}).get("choice", "no")) for name in QUESTIONS)
    return tuple(f"{name}.{said}" for name, said in found if said in QUESTIONS[name][1:])


def notes(answers: Answers) -> tuple[Note, ...]:
    """What was answered with yes, for the reader of the report."""
    from hrv.report.text import SENTENCES

    found = []
    for one in given(answers):
        code, said = f"answer.{one}", answers[one.partition(".")[0]]
        facts = {name: said[name] for name in ("since", "until", "what") if said.get(name)}
        dated = f"{code}.since"
        text = SENTENCES[dated if "since" in facts and dated in SENTENCES else code]
        found.append(Note(SENTENCES["answer.where"], text, facts))
    return tuple(found)


def utc_s(local_s: float, clock: LocalClock) -> float:
    """The instant of a local time; where the clock goes back, the later of the two."""
    near = local_s - float(clock.offset_at(local_s))
    return local_s - float(clock.offset_at(near))
