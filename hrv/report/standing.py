"""Where a person stands, in a few lines: for a list of people, kept beside the record."""

from __future__ import annotations

from typing import Any

from hrv.model import Analysis, MarkerState, as_date
from hrv.report import tests_said, wording
from hrv.report.text import Words


def standing(analysis: Analysis, words: Words | None = None) -> dict[str, Any]:
    """The answer, what can be measured, then and now of the two primaries, what would settle it.

    No figure tells how well someone does: people are never ranked by it.
    """
    from hrv.report.page import then_now

    words = words or Words()
    window = analysis.window
    return {
        "sentence": wording.headline(words, analysis),
        "window": None if window is None else [as_date(day).isoformat() for day in window],
        "tier": words.say(f"tier.{analysis.coverage.tier.value}"),
        "measurable": [
            tests_said.marker_name(words, finding.id)
            for finding in analysis.markers
            if finding.state is not MarkerState.UNKNOWN
        ],
        "then_now": then_now(analysis, words),
        "needs": [words.need(need) for need in analysis.verdict.needs],
    }
