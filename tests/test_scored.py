"""Stretches of a vendor's stress score, where heart rate is too coarse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hrv.model import (
    DAY_S,
    DayBlock,
    Estimate,
    FloatArray,
    LocalClock,
    Missing,
    ScoreSummary,
    Span,
    SpanKind,
    StressScoreSeries,
    Timeline,
)
from hrv.scored import summary
from hrv.settings import Settings

SETTINGS = Settings()
FIRST = 20_000
PER_DAY = 480  # one in three minutes


def timeline(
    score: FloatArray,
    *,
    hr_period_s: float | None = 600.0,
    spans: tuple[Span, ...] = (),
    recovering_s: FloatArray | None = None,
    step_s: float = 180.0,
    vendor: str = "garmin",
) -> Timeline:
    """Scores from the first midnight on, one a step; negative ones are missing."""
    t = FIRST * DAY_S + step_s * np.arange(score.size)
    blocks = {}
    for day in np.unique(np.floor(t / DAY_S).astype(int)).tolist():
        here = (np.floor(t / DAY_S) == day) & (score >= 0)
        marks = np.empty(0) if recovering_s is None else recovering_s
        marks = marks[np.floor(marks / DAY_S) == day]
        one = StressScoreSeries(t[here], score[here], vendor, "watch", recovering_s=marks)
        blocks[day] = DayBlock(utc_day=day, stress=(one,))
    return Timeline(
        utc_days=tuple(blocks), read_block=blocks.__getitem__, clock=LocalClock.fixed(),
        hr_period_s=hr_period_s, spans=spans,
    )  # fmt: skip


def quiet(days: int, seed: int = 1) -> FloatArray:
    """Low scores, a third of them above the median of all by little."""
    rng = np.random.default_rng(seed)
    return rng.integers(18, 26, days * PER_DAY).astype(np.float64)


def with_rises(days: int, steps_down: int, at: tuple[int, ...] = (200, 300, 400)) -> FloatArray:
    """Four high values, then a straight way down; low values stand on both sides."""
    score = quiet(days)
    for day in range(days):
        for place in at:
            a = day * PER_DAY + place
            score[a - 2 : a] = 15.0
            score[a : a + 4] = 85.0
            down = np.linspace(85.0, 15.0, steps_down + 2)[1:-1]
            score[a + 4 : a + 4 + steps_down] = down
    return score


def found_in(line: Timeline) -> ScoreSummary:
    found = summary(line, (FIRST, FIRST + 60), SETTINGS, np.random.default_rng(2))
    assert isinstance(found, ScoreSummary)
    return found


def test_one_rise_by_hand() -> None:
    # 85, then 71 57 43 29: half-way between 15 and 85 is 50, first reached at the third, 9 min on
    found = found_in(timeline(with_rises(1, 4, at=(200,))))
    (one,) = found.episodes
    assert (one.before, one.peak, one.known_by) == (15.0, 85.0, "score")
    assert one.start_s == FIRST * DAY_S + 200 * 180.0
    assert (one.back_low_s, one.back_high_s) == (360.0, 540.0)
    assert isinstance(found.half_back_s, Missing)
    assert found.half_back_s.code == "few_score_episodes"


def test_the_level_lies_between_the_samples() -> None:
    found = found_in(timeline(with_rises(10, 4)))
    assert len(found.episodes) == 30
    level = found.half_back_s
    assert isinstance(level, Estimate)
    assert 360.0 <= level.value <= 540.0
    assert level.n == 30


def test_a_gap_and_the_way_to_sleep_censor() -> None:
    score = with_rises(2, 8, at=(200,))  # 85 until 203, then 77 69 62 54 46: half-way at 208
    score[207:240] = -1.0  # off the wrist
    asleep = Span(
        kind=SpanKind.SLEEP,
        start_s=(FIRST + 1) * DAY_S + 206 * 180.0,
        end_s=(FIRST + 1) * DAY_S + 400 * 180.0,
    )
    first, second = found_in(timeline(score, spans=(asleep,))).episodes
    assert not first.seen
    assert first.back_low_s == 2 * 180.0  # from the last above 74.5, at 204
    assert not second.seen
    assert second.back_low_s == 180.0


def test_exercise_and_its_shadow_are_left_out() -> None:
    score = with_rises(2, 4, at=(200, 300))
    bout = Span(
        kind=SpanKind.EXERCISE,
        start_s=FIRST * DAY_S + 190 * 180.0,
        end_s=FIRST * DAY_S + 198 * 180.0,
    )
    marked = np.array([(FIRST + 1) * DAY_S + 296 * 180.0])
    line = timeline(score, spans=(bout,), recovering_s=marked)
    places = [round((e.start_s - FIRST * DAY_S) / 180.0) for e in found_in(line).episodes]
    assert places == [300, PER_DAY + 200]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (timeline(with_rises(2, 4), hr_period_s=60.0), "score_not_needed"),
        (timeline(np.full(480, -1.0)), "no_score"),
        (timeline(quiet(2), step_s=3600.0), "score_too_coarse"),
    ],
)
def test_where_a_score_makes_no_sense_there_is_a_reason(line: Timeline, code: str) -> None:
    found = summary(line, (FIRST, FIRST + 60), SETTINGS, np.random.default_rng(2))
    assert isinstance(found, Missing)
    assert found.code == code


def test_two_sources_are_never_joined() -> None:
    one, two = timeline(with_rises(3, 4)), timeline(with_rises(1, 30), vendor="other")

    def both(day: int) -> DayBlock:
        series = one.read_block(day).stress
        more = two.read_block(day).stress if day in two.utc_days else ()
        return DayBlock(utc_day=day, stress=(*series, *more))

    found = found_in(replace(one, read_block=both))
    assert found.vendor == "garmin"
    assert {e.back_high_s for e in found.episodes} == {540.0}
