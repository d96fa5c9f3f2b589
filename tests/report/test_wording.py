"""No sentence contradicts its numbers: random findings, and what may be said of them."""

from __future__ import annotations

import re
import string
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrv.markers import MARKERS, Marker
from hrv.model import (
    Analysis,
    BaselineSummary,
    Estimate,
    MarkerFinding,
    MarkerState,
    Missing,
    Need,
    NeedKind,
    RecoverySummary,
    State,
    Trend,
    Varied,
    Verdict,
)
from hrv.report import page, tests_said, wording
from hrv.report.file_notes import REFUSALS
from hrv.report.text import PAIRS, SENTENCES, Words, languages
from tests.report import builders

WORDS = Words()
NOTHING = Missing("no_data")
OPEN = builders.undetermined()
STEP = Missing("unexplained_step", {"day": builders.FIRST + 80})
number = st.floats(-2.0, 2.0, allow_nan=False)
DOWN = {down for down, _ in PAIRS.values()}
UP = {up for _, up in PAIRS.values()}
FASTER = re.compile(
    r"\b(became faster|comes back faster|became calmer|calmer level|softer|sooner)\b"
)
SLOWER = re.compile(r"\b(became slower|more slowly|less calm|stronger|later)\b")


@st.composite
def trends(draw: st.DrawFn, log: bool | None = None) -> Trend:
    value, half = draw(number), draw(st.floats(0.001, 2.0))
    p = draw(st.floats(0.0, 1.0))
    return Trend(
        total=Estimate(value=value, low=value - half, high=value + half, n=50),
        p_value=p,
        p_fall=draw(st.floats(0.0, 1.0)),
        since_day=20_000,
        until_day=20_000 + draw(st.integers(20, 400)),
        n=50,
        se=half / 2,
        df=30.0,
        method="test",
        log=draw(st.booleans()) if log is None else log,
        smallest_change=draw(st.floats(0.0, 3.0)),
    )


@st.composite
def findings(draw: st.DrawFn) -> MarkerFinding:
    found = draw(trends())
    return MarkerFinding(
        id=draw(st.sampled_from(sorted(PAIRS))),
        state=draw(st.sampled_from(list(MarkerState))),
        estimate=found.total,
        unit="%" if found.log else draw(st.sampled_from(["bpm", "SD", "points", "log odds"])),
        trend=draw(st.sampled_from([found, None])),
        why_unknown=NOTHING,
        facts={"estimate_is": "change", "per_hour": 0.4},
    )


def directions(text: str) -> tuple[bool, bool]:
    """Whether a text claims a fall or a rise of its number."""
    clear = re.search(r"about [^()]*? (\w+) \(between", text)
    if clear is None:
        return False, False
    return clear.group(1) in DOWN, clear.group(1) in UP


@settings(max_examples=400, deadline=None)
@given(findings())
def test_a_marker_claims_a_direction_only_within_its_interval(finding: MarkerFinding) -> None:
    said = tests_said.marker_sentence(WORDS, finding)
    change = tests_said.marker_change(finding)
    fall, rise = directions(said)
    if fall or rise:
        assert change is not None
        assert (change.size.high < 0) if fall else (change.size.low > 0)
    state = tests_said.marker_state(finding)
    if state in wording.DIRECTED:
        assert change is not None
        assert change.size.low > 0 or change.size.high < 0
        assert finding.state is state
    sign = tests_said.marker_sign(finding)
    if state is MarkerState.IMPROVING and sign and change is not None:
        assert change.size.value * sign > 0


@settings(max_examples=400, deadline=None)
@given(trends(log=True), st.sampled_from(list(MarkerState)))
def test_recovery_is_called_faster_only_if_its_interval_lies_below_zero(
    found: Trend, state: MarkerState
) -> None:
    summary = RecoverySummary(
        scale="fast",
        half_time_s=Estimate(value=120, low=100, high=150),
        settling_min=NOTHING,
        state=state,
        trend=found,
    )
    said = " ".join(wording.recovery_trend(WORDS, summary))
    if FASTER.search(said):
        assert found.total.high < 0
    if SLOWER.search(said):
        assert found.total.low > 0
    assert (wording.primary_state(summary, "recovery_speed") == "improving") <= (
        found.total.high < 0
    )


@settings(max_examples=400, deadline=None)
@given(
    trends(),
    st.sampled_from(list(MarkerState)),
    st.sampled_from([*sorted(wording.LOWER_IS_CALMER & set(wording.MEASURES)), "ln_rmssd"]),
)
def test_baseline_is_called_calmer_only_in_the_calmer_direction(
    found: Trend, state: MarkerState, measure: str
) -> None:
    summary = BaselineSummary(
        measure=measure, value=Estimate(value=3.8, low=3.7, high=3.9), state=state, trend=found
    )
    said = " ".join(wording.baseline_trend(WORDS, replace(OPEN, baseline=summary)))
    calmer = found.total.low > 0 if measure == "ln_rmssd" else found.total.high < 0
    wilder = found.total.high < 0 if measure == "ln_rmssd" else found.total.low > 0
    if "became calmer" in said:
        assert calmer
    if "became less calm" in said:
        assert wilder


@given(st.floats(0.0, 1.0))
def test_chance_is_said_no_rarer_than_it_is(p: float) -> None:
    said = WORDS.rare(p)
    bound = {"less than once in 1,000": 0.001, "less than once in 100": 0.01}.get(said)
    if bound is None:
        found = re.search(r"about (\d+) ", said)
        assert found
        bound = int(found.group(1)) / 100
    assert p <= bound + 1e-9


@given(st.floats(1.0, 20_000.0))
def test_a_duration_is_said_within_a_tenth(seconds: float) -> None:
    found = re.findall(r"(\d+)\s(h|min|s)", WORDS.duration(seconds))
    told = sum(int(n) * {"h": 3600, "min": 60, "s": 1}[unit] for n, unit in found)
    assert told == pytest.approx(seconds, rel=0.1, abs=0.6)


FORBIDDEN = re.compile(
    r"\b(disorder|dysregulat\w*|trauma\w*|cured|healed|proves?|patholog\w*|abnormal|alarming|"
    r"congratulations|great|well done|failed|fault|lazy|sympathetic|parasympathetic|straining)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("code", sorted(set(SENTENCES) - set(REFUSALS)))  # those speak of files
def test_no_sentence_diagnoses_labels_blames_cheers_or_frightens(code: str) -> None:
    assert not FORBIDDEN.search(SENTENCES[code])
    assert "!" not in SENTENCES[code]


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("which", ["recovery", "baseline", "reactivity", None])
@pytest.mark.parametrize("other", ["not_measured", "not_shown", "opposite", None])
def test_every_verdict_can_be_said(state: State, which: str | None, other: str | None) -> None:
    verdict = Verdict(state=state, which=which, other=other)
    analysis = builders.analysis(verdict)
    assert wording.headline(WORDS, analysis)
    assert wording.together(WORDS, analysis)
    wording.how_sure(WORDS, analysis)


def test_an_unresolved_half_time_is_said_as_at_most() -> None:
    summary = RecoverySummary(
        scale="fast",
        half_time_s=Estimate(value=50, low=30, high=70),
        settling_min=NOTHING,
        n=40,
        at_most=30,
        resolution_s=75.0,
    )
    said = wording.recovery_level(WORDS, summary)
    assert "within 1\u00a0min 15\u00a0s" in said
    assert "about 50" not in said


def test_a_state_beyond_its_interval_is_taken_back() -> None:
    found = builders.trend(-0.1, 0.3)
    finding = builders.marker("reactivity", MarkerState.IMPROVING, found)
    assert tests_said.marker_state(finding) is MarkerState.UNDETERMINED
    assert "became softer" not in tests_said.marker_sentence(WORDS, finding)
    clear = replace(finding, trend=builders.trend(-0.5, 0.3))
    assert "became softer" in tests_said.marker_sentence(WORDS, clear)


@pytest.mark.parametrize("marker", MARKERS, ids=lambda marker: marker.id)
def test_the_unit_of_every_marker_can_be_said(marker: Marker) -> None:
    said = {"", "s", "days"}  # said in percent, for their trends are of logarithms
    known = f"unit.{marker.unit}" in SENTENCES
    assert known or marker.unit in tests_said.CONVERTED or marker.unit in said
    assert marker.id in PAIRS


def test_a_transformed_endpoint_is_said_in_units_of_life() -> None:
    size = Estimate(value=-0.2, low=-0.3, high=-0.1)
    rate = tests_said.plain(wording.Change(size, "sqrt(1/h)"), {"per_hour": 1.0})
    assert rate.unit == "%"
    assert rate.size.value == pytest.approx(100 * ((0.9 / 1.1) ** 2 - 1))
    minutes = tests_said.plain(
        wording.Change(size, "sqrt(min)"), {"minutes_first": 9.0, "minutes_last": 4.0}
    )
    assert minutes.unit == "min"
    assert minutes.size.value == pytest.approx(-1.0)
    share = tests_said.plain(wording.Change(size, "share"), {})
    assert share.unit == "points"
    assert share.size.low == pytest.approx(-30.0)


def test_what_happens_during_a_technique_is_described_and_not_tested() -> None:
    facts = {"sessions": 30, "sessions_seen": 12, "during_less_before_bpm": -2.4}
    found = MarkerFinding(id="technique_dependence", state=MarkerState.DESCRIBED, facts=facts)
    text = tests_said.marker_sentence(WORDS, found)
    assert "−2.4 bpm (12 sessions)" in text
    assert "not tested" in text


def test_a_change_that_only_a_correction_left_open_is_said_so() -> None:
    finding = builders.marker("reactivity", MarkerState.UNDETERMINED, builders.trend(-0.5, 0.3))
    said = tests_said.marker_sentence(WORDS, finding)
    assert said.startswith("Not clear once the number of questions asked is allowed for")


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [(1.1, 1.9, "ended sooner than"), (0.5, 0.9, "did not end sooner"), (0.8, 1.9, "neither")],
)
def test_the_matched_comparison_is_told_with_its_interval(
    low: float, high: float, word: str
) -> None:
    facts = {"sets": 21, "faster_with": (low * high) ** 0.5, "faster_with_low": low,
             "faster_with_high": high}  # fmt: skip
    found = MarkerFinding(id="technique_dependence", state=MarkerState.DESCRIBED, facts=facts)
    text = tests_said.marker_sentence(WORDS, found)
    assert word in text
    assert f"{WORDS.number(low)}–{WORDS.number(high)}; 21 rises" in text


def test_practice_days_are_told_in_the_unit_of_their_measure() -> None:
    facts = {"practice_measure": "ln_rmssd", "practice_days": 30, "lapse_days": 40,
             "practice_less_lapse": -0.1, "practice_less_lapse_low": -0.2,
             "practice_less_lapse_high": -0.05}  # fmt: skip
    found = MarkerFinding(id="technique_dependence", state=MarkerState.DESCRIBED, facts=facts)
    text = tests_said.marker_sentence(WORDS, found)
    assert "calmer" in text
    assert "higher" in text  # more variability
    assert "30 days with, 40 without" in text


def test_what_the_answer_hangs_on_is_said() -> None:
    analysis = builders.healing()
    state = analysis.verdict.state
    rows = (
        Varied(name="trend.alpha", used=0.05, tried=0.025, state=state),
        Varied(name="trend.alpha", used=0.05, tried=0.1, state=state),
        Varied(name="verdict.min_days", used=56.0, tried=28.0, state=state),
        Varied(name="verdict.min_days", used=56.0, tried=112.0, state=State.INSUFFICIENT),
    )
    (said,) = wording.sensitivity(WORDS, replace(analysis, varied=rows))
    firm, loose = said.split(". ", 1)
    assert SENTENCES["limit.trend.alpha"] in firm
    assert SENTENCES["limit.verdict.min_days"] not in firm
    assert loose == (
        "It changes to “too few data” when the number of days needed is 112 instead of 56."
    )
    assert wording.sensitivity(WORDS, replace(analysis, varied=())) == []


@pytest.mark.parametrize("name", builders.EVERY)
def test_every_answer_says_how_sure_it_is(name: str) -> None:
    if name == "long":
        return
    said = wording.how_sure(WORDS, builders.EVERY[name]())
    assert said[0].startswith("How sure: ")


@settings(max_examples=200, deadline=None)
@given(
    trends(), trends(), st.sampled_from(list(State)), st.sampled_from(["recovery", "baseline"]),
    st.sampled_from(["not_shown", None]),
)  # fmt: skip
def test_chance_is_told_for_a_named_direction_alone_and_never_too_rare(
    recovery: Trend, baseline: Trend, state: State, which: str, other: str | None
) -> None:
    base = builders.analysis(Verdict(state=state, which=which, other=other, confidence="probable"))
    analysis = replace(
        base,
        recovery=replace(base.recovery, trend=recovery),
        baseline=replace(base.baseline, trend=baseline),
    )
    told = [s for s in wording.how_sure(WORDS, analysis) if s.startswith("By chance alone")]
    if state not in {State.HEALING, State.PARTIAL, State.WORSENING}:
        assert told == []
        return
    used = [recovery, baseline]
    single = state is State.PARTIAL or (state is State.WORSENING and other is not None)
    if single:
        used = [recovery if which == "recovery" else baseline]
    clear = [t for t in used if t.total.high < 0 or t.total.low > 0]
    assert bool(told) == bool(clear)
    for found in clear:
        p = 1.0 - found.p_fall if found.total.value < 0 else found.p_fall
        least = min(2 * p if single else p, 1.0)
        assert rarity(told[0]) >= least - 0.0101


def rarity(said: str) -> float:
    """The number behind "about 3 times in 100"."""
    if "1,000" in said:
        return 0.001
    found = re.search(r"about (\d+) times", said)
    return int(found.group(1)) / 100 if found else 0.01


@settings(max_examples=300, deadline=None)
@given(
    st.floats(-500, 500), st.floats(0, 400), st.floats(0, 400),
    st.sampled_from(["%", "bpm", "SD", "min", "in 100"]),
)  # fmt: skip
def test_a_change_is_said_in_the_direction_of_its_interval(
    value: float, below: float, above: float, unit: str
) -> None:
    low = max(value - below, -99.0) if unit == "%" else value - below
    found = Estimate(value=max(value, low), low=low, high=max(value, low) + above)
    said = WORDS.change(found, unit, ("shorter", "longer"))
    if found.low > 0:
        assert "shorter" not in said
    if found.high < 0:
        assert "longer" not in said
        assert "times as long" not in said
    if found.low <= 0 <= found.high and found.low < found.high:
        assert "anywhere between" in said


def test_more_than_double_is_said_in_times() -> None:
    found = Estimate(value=150.0, low=20.0, high=420.0)
    said = WORDS.change(found, "%", ("shorter", "longer")).replace("\u00a0", " ")
    assert said == "about 2.5 times as long (between 20 % longer and 5.2 times as long)"


def test_a_level_too_wide_for_one_number_is_said_as_a_span() -> None:
    summary = RecoverySummary(
        scale="settling",
        half_time_s=NOTHING,
        settling_min=Estimate(value=1.25, low=0.04, high=47.0),
        n=14,
    )
    said = wording.recovery_level(WORDS, summary)
    assert "too wide for one number" in said
    assert "about 1" not in said


def test_what_would_settle_it_is_never_nothing_while_the_answer_is_open() -> None:
    for state in State:
        for confidence in ("supported", "probable", None):
            verdict = Verdict(state=state, confidence=confidence)
            said = wording.no_needs(WORDS, builders.analysis(verdict))
            is_open = state in {State.INSUFFICIENT, State.UNDETERMINED, State.MIXED}
            settled = not is_open and (confidence == "supported" or state is State.UNCHANGED)
            assert ("Nothing more is needed" in said) == settled
            assert ("more time makes it surer" in said) == (not settled and not is_open)


def test_waiting_is_not_asked_for_where_waiting_does_not_help() -> None:
    needs = (
        Need(kind=NeedKind.MORE_TIME, code="more_time_recovery", weeks=2.0),
        Need(kind=NeedKind.OTHER_EXPORT, code="export_continuous_hr"),
    )
    said = wording.needs(WORDS, builders.analysis(Verdict(state=State.UNDETERMINED, needs=needs)))
    assert len(said) == 1
    assert said[0].startswith("An export")


def test_a_device_worn_too_little_is_asked_for_more() -> None:
    why = Missing("worn_too_little", {"share": 0.1, "needed": 0.6})
    base = builders.analysis(Verdict(state=State.INSUFFICIENT))
    said = wording.needs(WORDS, replace(base, recovery=replace(base.recovery, why_unknown=why)))
    assert "60\u00a0%" in said[0]


def test_a_minute_share_is_said_in_minutes_of_a_hundred() -> None:
    size = Estimate(value=np.log(9.0), low=0.0, high=2 * np.log(9.0))
    found = tests_said.plain(wording.Change(size, "log odds"), {"share": 0.5})
    assert found.unit == "in 100"
    assert found.size.value == pytest.approx(50.0)
    assert found.size.high == pytest.approx(80.0)


def test_a_confounder_is_not_called_an_explanation_of_nothing() -> None:
    quiet = Verdict(state=State.INSUFFICIENT, qualifiers=("confounded",))
    said = " ".join(wording.how_sure(WORDS, builders.analysis(quiet)))
    assert "explain" not in said
    assert "could hide a change" in said


def stepped(state: State, which: str | None = None, *more: Missing) -> Analysis:
    """A resting level that rose in one step, beside an answer that rests on something else."""
    risen = BaselineSummary(
        measure="night_hr_bpm",
        value=Estimate(value=60.0, low=59.0, high=61.0),
        state=MarkerState.WORSENING,
        trend=builders.trend(2.0, 0.5, log=False),
    )
    said = Verdict(
        state=state, which=which, other="opposite", qualifiers=("confounded",),
        reasons=(*more, STEP),
    )  # fmt: skip
    return replace(OPEN, verdict=said, baseline=risen)


@pytest.mark.parametrize(
    ("state", "which"), [(State.UNDETERMINED, None), (State.PARTIAL, "recovery")]
)
def test_a_step_that_is_not_counted_is_called_neither_better_nor_worse(
    state: State, which: str | None
) -> None:
    found = stepped(state, which)
    _, resting, together = wording.lines(WORDS, found)
    said = " ".join([*resting.first, *resting.more, *together.first])
    assert resting.state == "step"
    assert "perhaps in one step, and is not counted" in said
    assert "less calm" not in said
    assert "other way" not in said
    assert "With no real change" not in " ".join([*resting.first, *resting.more])
    marker = builders.marker("baseline_arousal", MarkerState.WORSENING, found.baseline.trend)
    assert tests_said.shown_state(found, marker) == "step"


def test_a_step_of_unknown_cause_is_named_in_the_answer() -> None:
    found = stepped(State.UNDETERMINED)
    assert "in one step" in wording.headline(WORDS, found)
    assert wording.how_sure(WORDS, found) == [WORDS.say("sure.undetermined")]


def test_nothing_is_said_to_have_changed_where_nothing_is_known_to_have() -> None:
    guessed = " ".join(wording.how_sure(WORDS, stepped(State.PARTIAL, "recovery")))
    assert "may have changed" in guessed
    broken = Missing("known_break", {"day": builders.FIRST, "kind": "device", "label": "new"})
    known = " ".join(wording.how_sure(WORDS, stepped(State.PARTIAL, "recovery", broken)))
    assert "Something else changed" in known


def test_healing_that_rests_on_both_signs_keeps_its_words() -> None:
    _, resting, _ = wording.lines(WORDS, stepped(State.HEALING))
    assert resting.state == "worsening"


# --------------------------------------------------------------------------- what now


def more_time(weeks: float | None) -> Need:
    facts = {"change": -0.2, "percent": True}
    return Need(kind=NeedKind.MORE_TIME, code="more_time_recovery", weeks=weeks, facts=facts)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Verdict(state=State.UNDETERMINED, needs=(more_time(9.0), more_time(20.0))), "9 weeks"),
        (Verdict(state=State.UNDETERMINED, needs=(more_time(None),)), "about three months"),
        (Verdict(state=State.UNDETERMINED, needs=(more_time(61.0),)), "about three months"),
        (
            Verdict(state=State.UNDETERMINED, needs=(replace(more_time(2.0), facts={}),)),
            "about three months",
        ),
        (Verdict(state=State.INSUFFICIENT, needs=(more_time(5.0),)), "needs about 5 weeks"),
        (Verdict(state=State.INSUFFICIENT), "which recordings would answer more"),
        (Verdict(state=State.WORSENING), "talk to a clinician"),
        (
            Verdict(state=State.PARTIAL, which="recovery", reasons=(Missing("ratings_worse"),)),
            "You rate yourself worse",
        ),
    ],
)
def test_every_answer_says_what_now(said: Verdict, words: str) -> None:
    found = " ".join(wording.what_now(WORDS, replace(builders.undetermined(), verdict=said)))
    assert found.count("What now:") == 1
    assert words in found


def test_softer_reactions_come_with_their_size() -> None:
    softer = builders.marker("reactivity", MarkerState.IMPROVING, builders.trend(-0.3, 0.1))
    found = builders.full(Verdict(state=State.PARTIAL, which="reactivity"), markers=(softer,))
    assert "26" in wording.together_line(WORDS, found)[0]


def test_a_sign_that_leans_is_not_called_open_in_both_directions() -> None:
    leaning = builders.full(Verdict(state=State.UNDETERMINED), recovery_trend=(-0.3, 0.25))
    assert "leans one way" in wording.together(WORDS, leaning)
    still = builders.full(Verdict(state=State.UNDETERMINED))
    assert "either direction" in wording.together(WORDS, still)


# --------------------------------------------------------------------------- in every language

LANGUAGES = [Words(language) for language in languages()]


def opening(words: Words, code: str) -> str:
    """The sentence of a code up to its first number."""
    return words.known(SENTENCES[code]).split("{")[0]


@settings(max_examples=300, deadline=None)
@given(findings(), st.sampled_from(LANGUAGES))
def test_better_and_worse_are_said_of_their_own_state_in_every_language(
    finding: MarkerFinding, words: Words
) -> None:
    state, said = tests_said.marker_state(finding), tests_said.marker_sentence(words, finding)
    part = tests_said._part(finding)
    better, worse = (opening(words, f"marker.{part}.{x}") for x in ("improving", "worsening"))
    if better == worse:
        assert said.startswith(better) == (state in wording.DIRECTED)
        return
    assert said.startswith(better) == (state is MarkerState.IMPROVING)
    assert said.startswith(worse) == (state is MarkerState.WORSENING)


@settings(max_examples=300, deadline=None)
@given(
    st.floats(-95, 95), st.floats(0, 95), st.floats(0, 95), st.sampled_from(LANGUAGES),
    st.sampled_from(["%", "bpm", "SD", "min", "in 100", "points"]),
)  # fmt: skip
def test_what_is_about_so_much_lies_within_its_range_and_has_one_direction(
    value: float, below: float, above: float, words: Words, unit: str
) -> None:
    low, high = max(value - below, -99.0), min(value + above, 99.0)
    found = Estimate(value=value, low=low, high=high)
    said = words.change(found, unit, ("lower", "higher"))
    down, up = (words.say(f"word.{x}") for x in ("lower", "higher"))
    if low == high == 0:
        return
    assert (down in said) == (low < 0 or (low <= 0 <= high))
    assert (up in said) == (high > 0 or (low <= 0 <= high))
    if low <= 0 <= high:
        return
    figures = said.replace("in 100", "").replace("von 100", "")
    told = [float(x.replace(",", ".")) for x in re.findall(r"\d+(?:[.,]\d+)?", figures)]
    assert len(told) == 3
    amount, near, far = told
    assert near <= amount <= far


@settings(max_examples=200, deadline=None)
@given(
    trends(log=True), st.floats(5, 5000), st.floats(5, 5000), st.sampled_from(list(MarkerState)),
    st.sampled_from(LANGUAGES),
)  # fmt: skip
def test_then_and_now_are_told_beside_a_direction_only_if_they_have_it(
    found: Trend, then_s: float, now_s: float, state: MarkerState, words: Words
) -> None:
    then, now = (Estimate(value=x, low=0.8 * x, high=1.2 * x) for x in (then_s, now_s))
    summary = RecoverySummary(
        scale="fast", half_time_s=Estimate(value=120, low=100, high=150), settling_min=NOTHING,
        state=state, trend=found, then_s=then, now_s=now,
    )  # fmt: skip
    said = " ".join(wording.recovery_trend(words, summary))
    told = words.say("recovery.then_now", then_s=then_s, now_s=now_s)
    if told in said:
        assert (now_s < then_s) == (found.total.high < 0)
        assert now_s != then_s
    row = page.then_now(replace(OPEN, recovery=summary), words)[0]
    for side, one in (("then", then), ("now", now)):
        ends = f"({words.clock(one.low)}–{words.clock(one.high)})"
        assert row[side] == f"{words.duration(one.value)} {ends}"


COUNTED = [
    (code, name, spec)
    for code, sentence in SENTENCES.items()
    for _, name, spec, _ in string.Formatter().parse(sentence)
    if name and spec and "|" in spec
]


@pytest.mark.parametrize("words", LANGUAGES, ids=lambda words: words.language)
def test_a_count_is_said_with_its_number_and_its_form(words: Words) -> None:
    assert len(COUNTED) > 25
    for code, name, _ in COUNTED:
        forms = next(
            spec
            for _, field, spec, _ in string.Formatter().parse(words.known(SENTENCES[code]))
            if field == name and spec and "|" in spec
        ).split("|")
        for n in (0, 1, 2, 21):
            said = words.counted(n, forms)
            assert said == forms[n != 1].replace("#", str(n))
            assert "#" not in said
        assert "#" in forms[1]
