"""Stretches of a vendor's stress score, where heart rate is too coarse."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import hrv
from hrv import simulate
from hrv.model import (
    DAY_S,
    DayBlock,
    Estimate,
    FloatArray,
    LocalClock,
    Missing,
    MotionKind,
    MotionSeries,
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
    motion: MotionSeries | None = None,
) -> Timeline:
    """Scores from the first midnight on, one a step; negative ones are missing."""
    t = FIRST * DAY_S + step_s * np.arange(score.size)
    blocks = {}
    for day in np.unique(np.floor(t / DAY_S).astype(int)).tolist():
        here = (np.floor(t / DAY_S) == day) & (score >= 0)
        marks = np.empty(0) if recovering_s is None else recovering_s
        marks = marks[np.floor(marks / DAY_S) == day]
        one = StressScoreSeries(t[here], score[here], vendor, "watch", recovering_s=marks)
        blocks[day] = DayBlock(
            utc_day=day, stress=(one,), motion=() if motion is None else (motion,)
        )
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


def test_a_value_of_the_rise_itself_is_no_rest() -> None:
    score = with_rises(1, 4, at=(200,))
    score[197:200] = [15.0, 15.0, 40.0]
    (one,) = found_in(timeline(score)).episodes
    assert one.before == 15.0


def test_a_rise_no_larger_than_usual_ups_and_downs_is_none() -> None:
    """Scores of 30 to 70 have a robust SD of about 15: 33 are needed, 25 and 50 are given."""
    score = np.random.default_rng(3).integers(30, 71, PER_DAY).astype(np.float64)
    score[194:210] = 50.0
    score[200:204] = 75.0
    score[294:310] = 50.0
    score[297:300] = 25.0
    score[300:304] = 75.0
    starts = [e.start_s - FIRST * DAY_S for e in found_in(timeline(score)).episodes]
    assert 300 * 180.0 in starts
    assert 200 * 180.0 not in starts


def test_scores_each_minute_become_means_of_three() -> None:
    """Means 85 four times, then 71 57 43 29: what is told of scores every three minutes."""
    minute = np.arange(3 * PER_DAY - 2)  # a mean stands at the end of its three minutes
    fine = with_rises(1, 4, at=(200,))[-(-minute // 3)] + np.array([3.0, -3.0, 0.0])[minute % 3]
    found = found_in(timeline(fine, step_s=60.0))
    assert found.period_s == 180.0
    (one,) = found.episodes
    assert (one.before, one.peak) == (15.0, 85.0)
    assert one.start_s == FIRST * DAY_S + 200 * 180.0
    assert (one.back_low_s, one.back_high_s) == (360.0, 540.0)


def test_whoever_stands_up_is_not_stressed_by_it() -> None:
    score = with_rises(2, 4, at=(200,))
    day_two = (FIRST + 1) * DAY_S
    minutes = day_two + 200 * 180.0 + 60.0 * np.arange(-2.0, 8.0)
    standing = MotionSeries(
        minutes, np.full(10, 24.0), np.full(10, 60.0), MotionKind.STEPS_PER_MIN, "watch"
    )
    (one,) = found_in(timeline(score, motion=standing)).episodes
    assert one.day == FIRST
    sitting = replace(standing, value=np.full(10, 1.0))
    assert len(found_in(timeline(score, motion=sitting)).episodes) == 2


@pytest.mark.slow
def test_an_export_with_a_coarse_heart_rate_is_told_by_its_score_alone(tmp_path: Path) -> None:
    out = simulate.write("unchanged", tmp_path / "export", 42, 3, 120.0, ("fit:300",))
    analysis = hrv.analyse(hrv.read([out]))
    found = analysis.scored
    assert isinstance(found, ScoreSummary)
    assert analysis.fits == ()
    assert isinstance(analysis.recovery.half_time_s, Missing)
    told = json.loads(out.with_name("export.truth.json").read_text(encoding="utf-8"))
    touched = [
        any(r["t_on"] < e.end_s and e.start_s < r["t_off"] + 600.0 for r in told["episodes"])
        for e in found.episodes
    ]
    assert len(touched) >= 20
    assert np.mean(touched) > 0.7
    paths = hrv.render(analysis, tmp_path / "report", ("html", "json"))
    page = paths["html"].read_text(encoding="utf-8")
    assert "own stress score (garmin)" in page
    assert "the two are never mixed" in page
    record = json.loads(paths["json"].read_text(encoding="utf-8"))
    (scores,) = [v for v in record.values() if isinstance(v, dict) and v.get("known_by") == "score"]
    assert len(scores["episodes"]) == len(found.episodes)
    assert {e["known_by"] for e in scores["episodes"]} == {"score"}
