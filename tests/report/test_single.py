"""A recording under a day: its few recoveries are told one by one on the first screen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hrv.model import Analysis, Censored, Coverage, EpisodeKind, Estimate, RecoveryFit, Tier
from hrv.report import wording
from hrv.report.text import Words
from tests.report import builders

WORDS = Words()


def session(*fits: RecoveryFit, worn_hours: float = 1.2) -> Analysis:
    seen = Coverage(days=1, nights=0, worn_hours=worn_hours, still_hours=1.0, tier=Tier.FINE)
    return replace(builders.nothing(), fits=fits, coverage=seen)


def rise(**more: Any) -> RecoveryFit:
    one = builders.fits(1, 1, 90.0, 90.0)[0][0]
    episode = replace(one.episode, start_s=builders.FIRST * 86_400.0 + 50_000.0, rise_bpm=14.2)
    given: dict[str, Any] = {
        "accepted": True, "why_not": "", "half_time_s": None, "censored": Censored.NO,
    }  # fmt: skip
    return replace(one, episode=episode, **{**given, **more})


def said(analysis: Analysis) -> str:
    return " ".join(wording.lines(WORDS, analysis)[0].first)


def test_a_single_recovery_is_told_with_its_interval() -> None:
    text = said(session(rise(half_time_s=Estimate(value=75.0, low=45.0, high=130.0))))
    at = int((50_000.0 + session().clock.offset_s[0]) // 60)
    assert f"14 bpm at {at // 60:02d}:{at % 60:02d}" in text
    assert "0:45–2:10" in text


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"censored": Censored.RIGHT, "bound_s": 180.0, "stop_reason": "motion"},
         "not yet half gone after 3 min: movement began"),
        ({"censored": Censored.LEFT, "bound_s": 18.0}, "faster than this recording can time"),
        ({"accepted": False, "why_not": "missing"},
         "could not be timed: heart rate is missing in it"),
    ],
)  # fmt: skip
def test_or_why_there_is_no_half_time(more: dict[str, Any], words: str) -> None:
    assert words in said(session(rise(**more))).replace("\u00a0", " ")


def test_an_effort_is_told_where_there_is_no_rise() -> None:
    one = rise(hrr60_bpm=31.4, release_s=builders.FIRST * 86_400.0 + 51_000.0)
    effort = replace(one, episode=replace(one.episode, kind=EpisodeKind.EXERCISE))
    assert "fell by 31 bpm within the first minute" in said(session(effort))
    both = session(effort, rise(censored=Censored.LEFT, bound_s=18.0))
    assert "fell by" not in said(both)


def test_longer_recordings_speak_of_levels_only() -> None:
    one = rise(half_time_s=Estimate(value=75.0, low=45.0, high=130.0))
    assert "half gone after" not in said(session(one, worn_hours=30.0))


def test_a_vendors_score_is_called_a_score_and_no_heart_rate() -> None:
    from hrv.model import Missing, ScoreEpisode, ScoreSummary

    episode = ScoreEpisode(
        start_s=0.0, peak_s=1.0, end_s=2.0, before=20.0, peak=80.0, back_low_s=180.0,
        back_high_s=float("inf"),
    )  # fmt: skip
    half = Estimate(value=600.0, low=420.0, high=900.0, n=12)
    scored = ScoreSummary(
        vendor="garmin", period_s=180.0, episodes=(episode,) * 12, half_back_s=half
    )
    text = " ".join(wording.lines(WORDS, replace(builders.daily_only(), scored=scored))[0].more)
    assert "not your heart rate" in text
    assert "7:00–15:00; 12 cut short" in text
    coarse = Missing("score_too_coarse", {"period_s": 3600.0, "needed_s": 300.0})
    text = " ".join(wording.lines(WORDS, replace(builders.daily_only(), scored=coarse))[0].more)
    assert "cannot stand in for heart rate" in text
