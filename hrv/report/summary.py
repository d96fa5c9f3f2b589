"""The first screen as plain text, for the command line."""

from __future__ import annotations

import textwrap

from hrv.model import Analysis
from hrv.report import wording
from hrv.report.text import Words

WIDTH = 88
HEAD = 12


def summary(analysis: Analysis, words: Words | None = None) -> str:
    """The answer and its three lines: Recovery, Baseline, Together."""
    words = words or Words()
    lines = [wording.headline(words, analysis), ""]
    days = wording.days_level(words, analysis)
    recovery = [days or wording.recovery_level(words, analysis.recovery)]
    recovery += wording.single_recoveries(words, analysis)
    recovery += wording.not_told_apart(words, analysis)
    recovery += wording.recovery_trend(words, analysis.recovery)
    recovery += wording.by_score(words, analysis)
    resting = wording.baseline_level(words, analysis.baseline)
    resting += wording.baseline_trend(words, analysis)
    joined = [
        wording.together(words, analysis),
        *wording.how_sure(words, analysis),
        *wording.what_now(words, analysis),
    ]
    parts = ((words.say("ui.recovery"), recovery), (words.say("ui.baseline"), resting),
             (words.say("ui.together"), joined))  # fmt: skip
    for head, said in parts:
        lines += _block(head, " ".join(sentence for sentence in said if sentence))
    return "\n".join(lines)


def _block(head: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"{head:<{HEAD}}",
        subsequent_indent=" " * HEAD,
        break_on_hyphens=False,
    )
