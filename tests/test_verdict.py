"""The joined answer: every rule by hand, and on people whose truth is known."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from hrv import baseline, verdict
from hrv.calibrate.people import FIRST_DAY, Person, context
from hrv.markers import MARKERS, Break, Context, adjusted, find_all
from hrv.model import (
    DayQuantity,
    DayValue,
    Estimate,
    LocalClock,
    MarkerFinding,
    MarkerState,
    Missing,
    NeedKind,
    Span,
    SpanKind,
    State,
    Tier,
    Trend,
    Verdict,
    as_day,
)
from hrv.settings import Settings, TrendSettings

DF = 60.0
BEFORE = context(Person(bouts_per_week=3.0), 90, np.random.default_rng(0))
PRACTICE = Span(
    kind=SpanKind.TECHNIQUE, start_s=FIRST_DAY * 86_400.0, end_s=FIRST_DAY * 86_400.0 + 600.0
)


def trend_of(change: float, se: float, worth: float = 0.2, log: bool = True) -> Trend:
    half = float(student.ppf(0.975, DF)) * se
    fall = float(student.cdf(-change / se, DF))
    outside = (
        float(student.sf((worth - change) / se, DF)),
        float(student.cdf((-worth - change) / se, DF)),
    )
    return Trend(
        total=Estimate(value=change, low=change - half, high=change + half),
        p_value=2 * min(fall, 1 - fall),
        p_fall=fall,
        since_day=FIRST_DAY,
        until_day=FIRST_DAY + 89,
        n=90,
        se=se,
        df=DF,
        method="by hand",
        log=log,
        smallest_change=2.85 * se,
        worth_having=worth,
        equivalent=max(outside) < 0.05,
    )


def finding(marker: str, found: Trend | Missing, **facts: Any) -> MarkerFinding:
    if isinstance(found, Missing):
        return MarkerFinding(id=marker, state=MarkerState.UNKNOWN, why_unknown=found, facts=facts)
    return MarkerFinding(
        id=marker,
        state=MarkerState.UNDETERMINED,
        estimate=found.total,
        p_value=found.p_value,
        trend=found,
        facts=facts,
    )


NOTHING = Missing("few_episodes", {"n": 10, "needed": 40})
FIT_CHECKED = {"walking_better": 0.4, "walking_se": 0.8}


def table(
    recovery: Trend | Missing = NOTHING,
    baseline: Trend | Missing = NOTHING,
    effort: dict[str, Any] | None = None,
    **others: MarkerFinding,
) -> dict[str, MarkerFinding]:
    found = {m.id: finding(m.id, Missing("no_data")) for m in MARKERS}
    found["recovery_speed"] = finding("recovery_speed", recovery, scale="fast")
    found["baseline_arousal"] = finding("baseline_arousal", baseline, measure="arousal_z")
    found["exercise_recovery"] = finding(
        "exercise_recovery", Missing("few_efforts"), **(FIT_CHECKED if effort is None else effort)
    )
    return adjusted({**found, **others}, TrendSettings())


def judged(seen: Context = BEFORE, **given: Any) -> Verdict:
    return verdict.judge(seen, table(**given))


CLEAR, FLAT, UP = trend_of(-0.5, 0.12), trend_of(0.0, 0.05), trend_of(0.5, 0.12)
OPEN = trend_of(-0.05, 0.2)


# --------------------------------------------------------------------------- states


def test_both_clearly_better_is_healing_and_supported() -> None:
    found = judged(recovery=CLEAR, baseline=CLEAR)
    assert (found.state, found.confidence, found.qualifiers) == (State.HEALING, "supported", ())


def test_the_weaker_primary_sets_the_confidence() -> None:
    likely = trend_of(-0.384, 0.2)  # one-sided support .972
    found = judged(recovery=likely, baseline=CLEAR)
    assert (found.state, found.confidence) == (State.HEALING, "probable")


def test_one_clear_and_one_leaning_is_partial() -> None:
    leaning = trend_of(-0.25, 0.2)  # one-sided support .89
    found = judged(recovery=leaning, baseline=CLEAR)
    assert (found.state, found.which, found.other) == (State.PARTIAL, "baseline", "not_shown")


def test_two_that_lean_are_no_healing() -> None:
    leaning = trend_of(-0.31, 0.2)  # one-sided support .937 each
    assert judged(recovery=leaning, baseline=leaning).state is State.UNDETERMINED


def test_both_at_once_need_no_correction_for_two_tests() -> None:
    likely = trend_of(-0.384, 0.2)  # one-sided support .972, two-sided p .057: none stands alone
    found = judged(recovery=likely, baseline=likely)
    assert (found.state, found.confidence) == (State.HEALING, "probable")


def test_one_measured_primary_is_named() -> None:
    found = judged(baseline=CLEAR)
    assert (found.state, found.which, found.other) == (State.PARTIAL, "baseline", "not_measured")


def test_a_primary_that_leans_the_other_way_is_said() -> None:
    found = judged(recovery=trend_of(0.36, 0.2), baseline=CLEAR)
    assert (found.state, found.other) == (State.PARTIAL, "opposite")


def test_one_better_and_one_worse_is_mixed() -> None:
    found = judged(recovery=CLEAR, baseline=UP)
    assert (found.state, found.which, found.other) == (State.MIXED, "recovery", "opposite")


def test_worse_is_said() -> None:
    found = judged(recovery=OPEN, baseline=UP)
    assert (found.state, found.which, found.other) == (State.WORSENING, "baseline", "not_shown")


def test_unchanged_takes_equivalence_of_both() -> None:
    assert judged(recovery=FLAT, baseline=FLAT).state is State.UNCHANGED
    assert judged(recovery=OPEN, baseline=FLAT).state is State.UNDETERMINED


def test_nothing_measured_is_insufficient() -> None:
    found = judged()
    assert found.state is State.INSUFFICIENT
    why = {r.code: r.facts["why"] for r in found.reasons if "why" in r.facts}
    assert why == {"recovery_not_measured": "few_episodes", "baseline_not_measured": "few_episodes"}


def test_softer_reactions_alone_are_partial() -> None:
    softer = finding("reactivity", trend_of(-0.4, 0.08))
    found = judged(recovery=OPEN, baseline=OPEN, reactivity=softer)
    assert (found.state, found.which) == (State.PARTIAL, "reactivity")


def test_a_baseline_that_is_worse_without_the_technique_is_no_healing() -> None:
    told = MarkerFinding(
        id="technique_dependence", state=MarkerState.DESCRIBED, facts={"lapse_support": 0.2}
    )
    found = judged(recovery=CLEAR, baseline=CLEAR, technique_dependence=told)
    assert found.state is State.PARTIAL


@pytest.mark.parametrize(("change", "code"), [(-3.0, "ratings_agree"), (3.0, "ratings_worse")])
def test_ones_own_ratings_stand_beside_the_signals(change: float, code: str) -> None:
    rated = finding("core_suffering", trend_of(change, 0.5, log=False), scale="present")
    state = MarkerState.IMPROVING if change < 0 else MarkerState.WORSENING
    found = judged(recovery=CLEAR, baseline=CLEAR, core_suffering=replace(rated, state=state))
    assert code in {r.code for r in found.reasons}


def test_less_than_a_year_cannot_tell_a_season() -> None:
    codes = {r.code for r in judged(recovery=OPEN, baseline=CLEAR).reasons}
    assert "season_possible" in codes


# --------------------------------------------------------------------------- coping


def with_practice(**more: Any) -> Context:
    return replace(BEFORE, spans=(PRACTICE,), **more)


EFFORT_UP = finding("management_effort", trend_of(2.0, 0.4, log=False))
SOFTER = finding("reactivity", trend_of(-0.4, 0.08))


def test_effort_that_rises_while_peaks_fall_is_coping() -> None:
    found = judged(
        with_practice(),
        recovery=FLAT,
        baseline=FLAT,
        management_effort=EFFORT_UP,
        reactivity=SOFTER,
    )
    assert found.state is State.COPING


def test_without_technique_data_nothing_is_called_coping() -> None:
    found = judged(recovery=FLAT, baseline=FLAT, management_effort=EFFORT_UP, reactivity=SOFTER)
    assert found.state is State.PARTIAL
    assert "techniques_not_seen" in {r.code for r in found.reasons}


def test_better_only_with_the_technique_is_coping() -> None:
    told = MarkerFinding(
        id="technique_dependence",
        state=MarkerState.DESCRIBED,
        facts={"on_p": 0.001, "on_change": -0.5, "off_p": 0.6},
    )
    found = judged(with_practice(), recovery=FLAT, baseline=FLAT, technique_dependence=told)
    assert found.state is State.COPING


def test_a_gain_without_the_technique_that_is_still_possible_is_not_called_coping() -> None:
    found = judged(
        with_practice(),
        recovery=trend_of(-0.25, 0.15),
        baseline=FLAT,
        management_effort=EFFORT_UP,
        reactivity=SOFTER,
    )
    assert found.state is not State.COPING


@given(
    changes=st.tuples(st.floats(-2, 2), st.floats(-2, 2)),
    errors=st.tuples(st.floats(0.02, 1.0), st.floats(0.02, 1.0)),
)
def test_healing_always_takes_both(
    changes: tuple[float, float], errors: tuple[float, float]
) -> None:
    both = [trend_of(c, e) for c, e in zip(changes, errors, strict=True)]
    found = judged(recovery=both[0], baseline=both[1])
    if found.state is State.HEALING:
        assert min(t.p_fall for t in both) >= 0.97
    if found.state is State.WORSENING:
        assert min(t.p_value for t in both) <= 0.025
    assert (found.confidence is None) == (found.state is not State.HEALING)


# --------------------------------------------------------------------------- qualifiers


def test_fitness_that_was_not_looked_at_caps_healing_at_probable() -> None:
    found = judged(recovery=CLEAR, baseline=CLEAR, effort={})
    assert found.qualifiers == ("fitness_not_checked",)
    assert found.confidence == "probable"
    assert "export_workouts" in {n.code for n in found.needs}


def test_a_check_too_blunt_to_see_fitness_does_not_count() -> None:
    found = judged(
        recovery=CLEAR, baseline=CLEAR, effort={"walking_better": 0.4, "walking_se": 9.0}
    )
    assert found.qualifiers == ("fitness_not_checked",)


def test_faster_after_effort_names_fitness() -> None:
    found = judged(recovery=CLEAR, baseline=CLEAR, effort={"bouts_better": 0.9, "bouts_se": 2.0})
    assert found.qualifiers == ("fitness_possible",)
    assert found.confidence == "probable"


TRAINS_MORE = replace(BEFORE, answers=frozenset({"training.more"}))


def test_who_says_to_train_more_is_asked_about_fitness_and_nothing_gets_better() -> None:
    for effort in (None, {}, {"bouts_better": 0.9, "bouts_se": 2.0}):
        given: dict[str, Any] = {"recovery": CLEAR, "baseline": CLEAR, "effort": effort}
        plain, told = judged(**given), judged(TRAINS_MORE, **given)
        assert told.qualifiers == (*plain.qualifiers, "fitness_told")
        assert (told.state, told.confidence) == (State.HEALING, "probable")
        assert told.needs == plain.needs


@pytest.mark.parametrize("answer", ["training.less", "illness.yes", "rhythm.pacemaker"])
def test_other_answers_say_nothing_of_fitness(answer: str) -> None:
    seen = replace(BEFORE, answers=frozenset({answer}))
    assert judged(seen, recovery=CLEAR, baseline=CLEAR) == judged(recovery=CLEAR, baseline=CLEAR)


STEP = {"step_day": FIRST_DAY + 45, "step_p": 0.01, "step_over_line": 3.0, "step_rivals": []}


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ({}, True),
        ({"step_p": 0.2}, False),
        ({"step_over_line": -1.9}, True),
        ({"step_over_line": -2.1}, False),
        ({"step_rivals": ["medicine"]}, False),
        ({"step_rivals": ["other"]}, True),
    ],
)
def test_a_level_that_jumped_without_a_known_cause_is_named(
    told: dict[str, Any], named: bool
) -> None:
    jumped = finding("baseline_arousal", CLEAR, measure="arousal_z", **STEP | told)
    found = judged(recovery=OPEN, baseline_arousal=jumped)
    assert found.state is (State.UNDETERMINED if named else State.PARTIAL)
    assert ("confounded" in found.qualifiers) is named
    assert ("unexplained_step" in {r.code for r in found.reasons}) is named
    asked = [need.facts for need in found.needs if need.code == "tag_device_or_medicine"]
    assert asked == ([{"day": FIRST_DAY + 45}] if named else [])


def test_a_level_that_jumped_is_no_worsening_by_itself() -> None:
    risen = finding("baseline_arousal", UP, measure="arousal_z", **STEP)
    assert judged(recovery=OPEN, baseline_arousal=risen).state is State.UNDETERMINED
    assert judged(recovery=UP, baseline_arousal=risen).state is State.WORSENING


def test_a_level_that_jumped_with_faster_recovery_is_at_most_probable() -> None:
    jumped = finding("baseline_arousal", CLEAR, measure="arousal_z", **STEP)
    found = judged(recovery=CLEAR, baseline_arousal=jumped)
    assert (found.state, found.confidence) == (State.HEALING, "probable")
    told = STEP | {"step_over_line": 1.0}
    perhaps = finding("baseline_arousal", CLEAR, measure="arousal_z", **told)
    found = judged(recovery=CLEAR, baseline_arousal=perhaps)
    assert (found.state, found.confidence) == (State.HEALING, "supported")


def test_a_lower_baseline_with_rarer_rises_may_be_an_easier_life() -> None:
    rarer = finding("episode_rate", CLEAR)
    found = judged(recovery=OPEN, baseline=CLEAR, episode_rate=rarer)
    assert found.state is State.PARTIAL
    assert "tested_less_often" in found.qualifiers
    healed = judged(recovery=CLEAR, baseline=CLEAR, episode_rate=rarer)
    assert healed.qualifiers == ()


def test_a_device_that_changed_is_named() -> None:
    changed = replace(BEFORE, breaks=(Break(day=FIRST_DAY + 45, kind="device", label="new"),))
    found = judged(changed, recovery=OPEN, baseline=OPEN)
    assert "confounded" in found.qualifiers
    assert "known_break" in {r.code for r in found.reasons}


def test_a_gain_that_lives_in_the_first_month_only_is_no_gain() -> None:
    found = table(recovery=CLEAR, baseline=CLEAR)
    start = found["baseline_arousal"]
    found["baseline_arousal"] = replace(start, facts={**start.facts, "rest_support": 0.3})
    said = verdict.judge(BEFORE, found)
    assert (said.state, said.which) == (State.PARTIAL, "recovery")
    assert "began_unusually_high" in said.qualifiers


def test_a_gain_that_outlives_its_first_month_stands() -> None:
    found = table(recovery=CLEAR, baseline=CLEAR)
    for name in ("recovery_speed", "baseline_arousal"):
        found[name] = replace(found[name], facts={**found[name].facts, "rest_support": 0.8})
    assert verdict.judge(BEFORE, found).state is State.HEALING


def test_a_window_that_begins_in_a_crisis_is_seen_through() -> None:
    rng = np.random.default_rng(12)
    seen = context(Person(bouts_per_week=3.0), 120, rng)
    days = tuple(
        replace(d, arousal_z=(d.arousal_z or 0.0) + (4.0 if d.day < FIRST_DAY + 28 else 0.0))
        for d in seen.days
    )
    found = find_all(replace(seen, days=days))
    assert found["baseline_arousal"].facts["rest_support"] < 0.95
    assert verdict.judge(replace(seen, days=days), found).state is not State.HEALING


def test_less_watching_is_named() -> None:
    days = tuple(
        replace(d, still_hours=8.0 if d.day < FIRST_DAY + 45 else 2.0) for d in BEFORE.days
    )
    found = judged(replace(BEFORE, days=days), recovery=OPEN, baseline=OPEN)
    assert "tested_less_often" in found.qualifiers


# --------------------------------------------------------------------------- needs


def test_more_time_comes_from_ones_own_noise() -> None:
    found = judged(recovery=trend_of(-0.05, 0.15), baseline=FLAT)
    need = next(n for n in found.needs if n.code == "more_time_recovery")
    # 2.85 x 0.15 shows now; 0.2 needs (2.14)^2 = 4.6 windows of 90 days
    assert need.kind is NeedKind.MORE_TIME
    assert need.weeks == pytest.approx(((2.85 * 0.15 / 0.2) ** 2 - 1) * 90 / 7)
    later = judged(recovery=OPEN, baseline=FLAT)  # 8.1 windows: more than two years
    assert next(n for n in later.needs if n.code == "more_time_recovery").weeks is None


def test_too_few_episodes_come_with_the_weeks_until_there_are_enough() -> None:
    found = judged(baseline=FLAT)
    need = next(n for n in found.needs if n.code == "more_time_recovery")
    assert need.weeks == pytest.approx(30 / (10 / 90) / 7)


@pytest.mark.parametrize(
    ("tier", "code"),
    [
        (Tier.DAILY, "export_continuous_hr"),
        (Tier.SPARSE, "export_minute_hr"),
        (Tier.WORKOUTS, "export_all_day_hr"),
    ],
)
def test_a_poorer_tier_is_told_which_export_would_do(tier: Tier, code: str) -> None:
    poor = replace(BEFORE, coverage=replace(BEFORE.coverage, tier=tier))
    found = judged(poor, baseline=FLAT)
    assert code in {n.code for n in found.needs if n.kind is NeedKind.OTHER_EXPORT}


def test_what_was_never_tagged_is_asked_for() -> None:
    codes = {n.code for n in judged(recovery=OPEN, baseline=OPEN).needs}
    assert {"tag_techniques", "tag_events", "rate_yourself"} <= codes


# --------------------------------------------------------------------------- known truth


def counted(person: Person, days: int, people: int, seed: int) -> Counter[State]:
    states: Counter[State] = Counter()
    for k in range(people):
        seen = context(person, days, np.random.default_rng([seed, k]))
        states[verdict.judge(seen, find_all(seen)).state] += 1
    return states


def test_steady_people_are_not_told_that_they_heal() -> None:
    states = counted(Person(bouts_per_week=3.0), 90, 6, seed=21)
    assert states[State.HEALING] == 0


def test_a_strong_recovery_is_found() -> None:
    person = Person(half_time=-1.0, baseline_sd=-3.0, bouts_per_week=3.0)
    states = counted(person, 180, 3, seed=22)
    assert states[State.HEALING] == 3


def test_a_strong_decline_is_found() -> None:
    states = counted(Person(half_time=1.0, baseline_sd=3.0), 180, 3, seed=23)
    assert states[State.WORSENING] == 3


def test_three_weeks_are_insufficient() -> None:
    states = counted(Person(), 21, 2, seed=24)
    assert states == {State.INSUFFICIENT: 2}


# --------------------------------------------------------------------------- real days


def real_days(shared_data: Path) -> list[tuple[str, list[DayValue]]]:
    """Resting heart rate and night RMSSD of the wearers of a public study."""
    people: dict[str, list[DayValue]] = {}
    with (shared_data / "studies/lifesnaps_daily/daily.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            day = as_day(date.fromisoformat(row["date"]))
            for column, quantity, least in (
                ("resting_hr", DayQuantity.RESTING_HR_BPM, 30.0),
                ("rmssd", DayQuantity.RMSSD_MS, 1.0),
            ):
                if row[column] and float(row[column]) > least:
                    value = DayValue(day, quantity, float(row[column]), "watch")
                    people.setdefault(row["id"], []).append(value)
    return sorted(people.items())


def judged_daily(values: list[DayValue]) -> State:
    settings = Settings()
    days = sorted({v.day for v in values})
    window = (days[0], days[-1])
    measured = baseline.days(
        None,
        expectation=None,
        hrv=None,
        nights=(),
        day_values=values,
        spans=(),
        settings=settings.baseline,
        window=window,
    )
    seen = Context(
        window=window,
        days=measured,
        measure=baseline.choose(measured, settings.baseline, window),
        fits=(),
        coverage=replace(BEFORE.coverage, tier=Tier.DAILY),
        clock=LocalClock.fixed(0.0),
        settings=settings,
    )
    return verdict.judge(seen, find_all(seen)).state


def test_most_real_people_are_flat(shared_data: Path) -> None:
    people = real_days(shared_data)
    states = Counter(judged_daily(values) for _, values in people)
    assert sum(states.values()) == 23
    assert states[State.HEALING] == 0
    directed = states[State.PARTIAL] + states[State.WORSENING] + states[State.MIXED]
    assert directed <= 4


@pytest.mark.slow
def test_shuffled_real_days_have_no_direction(shared_data: Path) -> None:
    rng = np.random.default_rng(41)
    told = runs = 0
    for _, values in real_days(shared_data):
        days = sorted({v.day for v in values})
        for _ in range(4):
            moved = dict(zip(days, rng.permutation(days).tolist(), strict=True))
            state = judged_daily([replace(v, day=moved[v.day]) for v in values])
            told += state in (State.HEALING, State.PARTIAL, State.WORSENING, State.MIXED)
            runs += 1
    assert told <= 0.10 * runs
