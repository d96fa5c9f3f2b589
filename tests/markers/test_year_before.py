"""The same months a year before: a season comes back, a recovery does not."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from hrv import pipeline
from hrv.calibrate.people import ar1
from hrv.model import (
    Analysis,
    DayBlock,
    DayQuantity,
    DayValue,
    FloatArray,
    LocalClock,
    Timeline,
    as_date,
)
from hrv.pipeline import Question

FIRST = 20_000
YEARS_DAYS = 365 + 180
NOW = np.clip((np.arange(YEARS_DAYS) - 365) / 180, 0.0, 1.0)
SEASON = np.cos(2.0 * np.pi * (np.arange(YEARS_DAYS) - 5) / 365.0)  # falls in the window


def resting(
    course_bpm: FloatArray, seed: int, since: int = 0, asked: Question | None = None
) -> Analysis:
    """What is said of one resting value a day: 60 bpm, a course and the noise of a person."""
    rng = np.random.default_rng(seed)
    noise = 1.6 * (0.63 * ar1(YEARS_DAYS, 0.5, rng) + 0.77 * rng.standard_normal(YEARS_DAYS))
    hr_bpm = 60.0 + course_bpm + noise
    values = tuple(
        DayValue(FIRST + k, DayQuantity.RESTING_HR_BPM, float(hr_bpm[k]), "watch")
        for k in range(since, YEARS_DAYS)
        if rng.random() > 0.1
    )
    return pipeline.analyse(
        Timeline(
            utc_days=(),
            read_block=lambda day: DayBlock(utc_day=day),
            clock=LocalClock.fixed(0.0),
            spans=(),
            day_values=values,
        ),
        question=asked,
    )


def said(analysis: Analysis) -> str:
    """The code on the season; empty where the resting level did not change."""
    codes = [r.code for r in analysis.verdict.reasons if r.code.startswith("season_")]
    return "".join(codes)


def test_a_season_that_comes_back_is_named() -> None:
    found = resting(2.0 * SEASON, 1)
    assert said(found) == "season_repeated"
    assert "season_repeated" in found.verdict.qualifiers
    facts = next(m for m in found.markers if m.id == "baseline_arousal").facts
    assert facts["year_before_low"] <= facts["year_before_change"] <= facts["year_before_high"] < 0
    assert facts["year_before_change"] == pytest.approx(-4.0, abs=1.5)


def test_a_fall_of_this_year_alone_is_no_season() -> None:
    found = resting(-5.0 * NOW, 2)
    assert said(found) == "season_beyond"
    assert "season_repeated" not in found.verdict.qualifiers


def test_a_fall_beyond_that_of_the_year_before_is_more_than_a_season() -> None:
    assert said(resting(1.5 * SEASON - 5.0 * NOW, 3)) == "season_beyond"


@pytest.mark.parametrize("since", [365, 330, 80, 60])
def test_without_the_year_before_a_season_stays_possible(since: int) -> None:
    assert said(resting(-5.0 * NOW, 4, since)) == "season_possible"


def test_a_window_of_a_whole_year_needs_no_year_before() -> None:
    asked = Question(since=as_date(FIRST))
    assert said(resting(-6.0 * NOW, 5, asked=asked)) == ""


@pytest.mark.slow
def test_a_season_alone_is_seldom_called_more_than_a_season() -> None:
    told = Counter(said(resting(2.0 * SEASON, 100 + k)) for k in range(120))
    assert told["season_possible"] == 0
    assert told["season_beyond"] <= 8  # 2.5 % of 120 and 3 SD
    assert told["season_repeated"] >= 90
