"""Analyses made by hand that, with those of `builders`, say every sentence of the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hrv.model import (
    Analysis,
    BaselineDay,
    BaselineSummary,
    BeatLabel,
    Censored,
    Coverage,
    EpisodeKind,
    InputSummary,
    Level,
    MarkerFinding,
    MarkerState,
    Missing,
    Need,
    NeedKind,
    Note,
    RecoveryFit,
    RecoverySummary,
    Refusal,
    ScoreEpisode,
    ScoreSummary,
    SpanKind,
    State,
    Tier,
    Varied,
    Verdict,
)
from hrv.report.file_notes import NOTES, REFUSALS, STREAMS
from hrv.report.text import needed_facts
from tests.report.builders import (
    FIRST,
    MARKERS,
    analysis,
    as_date_text,
    daily_only,
    days_of,
    estimate,
    fits,
    full,
    healing,
    insufficient,
    marker,
    nothing,
    tags,
    trend,
    undetermined,
)

UNDETERMINED = Verdict(state=State.UNDETERMINED)
FEW = 40  # rises: enough for every sentence
STEP = Missing("unexplained_step", {"day": FIRST + 80})


# --------------------------------------------------------------------------- answers


def verdicts() -> Iterator[Analysis]:
    """Every headline that a hand-made answer of `builders` does not have."""
    for which, other in (
        ("recovery", "opposite"), ("baseline", "not_measured"), ("reactivity", "not_shown"),
    ):  # fmt: skip
        yield full(Verdict(state=State.PARTIAL, which=which, other=other), n=FEW)
    fairly = Verdict(state=State.PARTIAL, which="recovery", other="not_shown")
    yield full(fairly, n=FEW, recovery=MarkerState.IMPROVING, recovery_trend=(-0.3, 0.24))
    softer = marker("reactivity", MarkerState.IMPROVING, trend(-0.2, 0.17))
    yield full(Verdict(state=State.PARTIAL, which="reactivity"), n=FEW, markers=(softer,))
    yield full(Verdict(state=State.WORSENING, which="recovery"), n=FEW)
    yield full(Verdict(state=State.WORSENING, which="baseline", other="not_shown"), n=FEW)
    moved = full(
        Verdict(state=State.UNDETERMINED, reasons=(STEP,), qualifiers=("confounded",)),
        n=FEW,
        baseline=MarkerState.WORSENING,
        baseline_trend=(2.0, 0.5),
        markers=(marker("chronic_load", MarkerState.WORSENING, trend(0.8, 0.3, log=False)),),
    )
    yield moved
    stepped = Verdict(
        state=State.PARTIAL, which="recovery", other="opposite", reasons=(STEP,),
        qualifiers=("confounded",),
    )  # fmt: skip
    yield replace(moved, verdict=stepped)
    yield full(Verdict(state=State.UNDETERMINED, qualifiers=("confounded",)), n=FEW)
    yield full(
        Verdict(
            state=State.HEALING,
            confidence="probable",
            qualifiers=(
                "fitness_possible", "fitness_told", "confounded", "began_unusually_high",
                "tested_less_often", "explained_by_heart_rate", "season_repeated",
            ),
        )
    )  # fmt: skip


def needs() -> Iterator[Analysis]:
    """Everything that can be asked for."""
    tagged = {"day": FIRST + 80}
    kinds = (
        *((f"export_{data}", NeedKind.OTHER_EXPORT) for data in
          ("minute_hr", "continuous_hr", "all_day_hr", "any_hr", "fine_hr", "workouts")),
        ("device_too_sparse_for_recovery", NeedKind.NEVER_WITH_THIS_DEVICE),
        ("tag_techniques", NeedKind.TAGS), ("tag_device_or_medicine", NeedKind.TAGS),
        ("tag_events", NeedKind.TAGS), ("rate_yourself", NeedKind.TAGS),
    )  # fmt: skip
    other = tuple(Need(kind=kind, code=code, facts=tagged) for code, kind in kinds)
    for weeks in (1.0, 7.4, 260.0, float("inf")):
        times = (
            Need(
                kind=NeedKind.MORE_TIME,
                code=f"more_time_{sign}",
                weeks=weeks,
                facts={"change": -0.2, "percent": True},
            )
            for sign in ("recovery", "baseline")
        )
        yield analysis(Verdict(state=State.UNDETERMINED, needs=tuple(times)))
    worn = Missing("worn_too_little", {"share": 0.1, "needed": 0.6})
    base = analysis(Verdict(state=State.UNDETERMINED, needs=other))
    yield replace(base, recovery=replace(base.recovery, why_unknown=worn))


# What stands in the place of a number, with the facts that the stages give.
REASONS: tuple[Missing, ...] = (
    Missing("no_data"),
    Missing("no_ratings"),
    Missing("few_ratings", {"n": 1, "needed": 5}),
    Missing("few_efforts", {"n": 4, "needed": 12, "walking_days": 3}),
    Missing("efforts_not_followed", {"count": 7}),
    Missing("no_effort"),
    Missing("no_technique_tags"),
    Missing("few_recorded_days", {"n": 9, "needed": 14}),
    Missing("few_bad_days", {"n": 2, "needed": 3}),
    Missing("no_event_tags"),
    Missing("few_exposures", {"before": 8, "after": 5}),
    Missing("few_event_tags", {"n": 3, "needed": 5}),
    Missing("few_lapse_days", {"practice_days": 30, "lapse_days": 2, "needed": 5}),
    Missing("few_technique_sessions", {"n": 3, "needed": 8}),
    Missing("too_few_days", {"n": 20, "needed": 24}),
    Missing("window_too_short", {"days": 20, "needed": 56}),
    Missing("short_window", {"days": 31, "needed": 56}),
    Missing("no_variation", {"n": 60}),
    Missing("too_few_episodes", {"n": 3, "needed": 10}),
    Missing("few_episodes", {"n": 12, "needed": 30}),
    Missing("worn_too_little", {"share": 0.3, "needed": 0.6}),
    Missing("worn_too_little"),
    Missing("uneven_episodes", {"part": 0, "least": 2, "needed": 5}),
    Missing("too_few_episode_days", {"days": 4, "needed": 20}),
    Missing("faster_than_sampling", {"at_most_s": 75.0}),
    Missing("faster_than_sampling", {"share": 0.9}),
    Missing("mostly_censored", {"share": 0.7}),
    Missing("too_few_weeks", {"weeks": 3, "needed": 8}),
    Missing("too_few_values", {"n": 8, "needed": 24}),
    Missing("interruptions_changed", {"first": 0.1, "last": 0.4}),
    Missing("confounded", {"correlation": 0.99, "label": "ring"}),
    Missing("needs_continuous_hr", {"tier": "D"}),
    Missing("needs_waking_hr", {"tier": "D"}),
    Missing("needs_sleep_times"),
    Missing("few_waking_days", {"n": 20, "needed": 24}),
    Missing("few_resting_days", {"n": 10, "needed": 14}),
    Missing("few_still_days", {"n": 10, "needed": 24, "hours": 40.0}),
    Missing("few_nights", {"n": 5, "needed": 24}),
    Missing("sleep_without_trend"),
    Missing("baseline_no_days"),
    Missing("baseline_no_days", {"needed": 7}),
    Missing("baseline_few_days", {"n": 3, "needed": 7}),
    Missing("recovery_not_from_workouts"),
)
# What the answer rests on, in the order in which the stage says it.
JUDGED: tuple[Missing, ...] = (
    *(
        Missing(f"{sign}_{word}", {"change": -5.0, "low": -9.0, "high": -1.0})
        for sign in ("recovery", "baseline")
        for word in ("better", "worse", "steady", "open")
    ),
    Missing("recovery_not_measured", {"why": "needs_continuous_hr", "tier": "D"}),
    Missing("baseline_not_measured", {"why": "few_nights", "n": 5, "needed": 24}),
    Missing("techniques_not_seen"),
    Missing("techniques_carry_it", {"on": 40, "off": 60}),
    Missing("season_possible", {"days": 168}),
    *(Missing(f"season_{x}", {"year_before_change": -0.4}) for x in ("beyond", "repeated", "open")),
    STEP,
    *(Missing(f"ratings_{x}", {"scale": "present"}) for x in ("agree", "better", "worse")),
    Missing("known_break", {"day": FIRST + 30, "kind": "device", "label": "ring"}),
    Missing("known_break", {"day": FIRST + 60, "kind": "illness"}),
    Missing("illness_left_out", {"n": 9}),
)


def reasons() -> Iterator[Analysis]:
    """Every reason for which a number or a direction is not there."""
    for i in range(0, len(REASONS), len(MARKERS)):
        lacking = dict(zip(MARKERS, REASONS[i:], strict=False))
        found = (
            MarkerFinding(id=name, state=MarkerState.UNKNOWN, why_unknown=why)
            for name, why in lacking.items()
        )
        yield analysis(Verdict(state=State.INSUFFICIENT), markers=tuple(found))
    yield analysis(Verdict(state=State.COPING, reasons=JUDGED))
    few = {"before": 9, "after": 80, "needed": 14}
    rows = [
        {"id": name, "state": "unknown", "why_unknown": {"code": code, **few}}
        for name, code in (
            ("baseline_arousal", "few_days_a_side"), ("recovery_speed", "few_episodes_a_side"),
        )
    ]  # fmt: skip
    change = {"date": as_date_text(FIRST + 80), "label": "", "markers": rows}
    yield full(UNDETERMINED, change=change, n=FEW)


# --------------------------------------------------------------------------- markers


def moved(state: MarkerState) -> Analysis:
    """Every marker in one direction, with what it tells besides."""
    better = state is MarkerState.IMPROVING
    sign = -1.0 if better else 1.0
    percent = trend(sign * 0.9, 0.3)
    found = {
        "activation_time": marker("activation_time", state, percent),
        "reactivity": with_facts(marker("reactivity", state, percent), median_bpm=14.0),
        "episode_rate": with_facts(
            daily("episode_rate", state, sign * 0.3, 0.1, "sqrt(1/h)"), per_hour=0.3
        ),
        "technique_dependence": technique(state, sign),
        "management_effort": with_facts(
            daily("management_effort", state, sign, 0.5, "sqrt(min)"),
            minutes_first=9.0, minutes_last=16.0, minutes_a_day=12.0, sessions_a_week=5.0,
            managed_share=0.3,
        ),
        "sleep_depth": with_facts(
            marker("sleep_depth", state, percent), part="settle" if better else "restless"
        ),
        "tagged_recovery": with_facts(
            marker("tagged_recovery", state, percent),
            by_label={"call": {"n": 9, "median_min": 6.0}, "row": {"n": 1, "median_min": 9.0}},
        ),
        "chronic_load": with_facts(
            daily("chronic_load", state, sign, 0.4, "log odds"), share=0.18
        ),
        "flexibility": marker("flexibility", state, daily_trend(sign * 0.5, 0.2)),
        "rebound": with_facts(marker("rebound", state, percent), by_chance_days=1.9),
        "release": MarkerFinding(
            id="release", state=state, unit="share", n=40,
            estimate=estimate(sign * 0.4, min(sign * 0.6, sign * 0.1), max(sign * 0.6, sign * 0.1)),
            facts={"estimate_is": "contrast", "label": "call", "before": 15, "before_n": 20,
                   "after": 5, "after_n": 20},
        ),
        "core_suffering": with_facts(
            daily("core_suffering", state, sign * 2.0, 0.8, "points"), scale="present",
            scales={"present": {"early": 6.0, "late": 4.0, "n": 90},
                    "effort": {"early": 5.0, "late": 5.0, "n": 1}},
        ),
        "exercise_recovery": effort(state, better),
    }  # fmt: skip
    markers = tuple(found[name] for name in MARKERS if name in found)
    side = 2.0 * sign
    return full(
        UNDETERMINED, n=FEW,
        recovery=state, recovery_trend=(sign * 0.9, 0.3),
        baseline=state, baseline_trend=(side, 0.9), markers=markers,
    )  # fmt: skip


def daily_trend(value: float, half: float) -> Any:
    return trend(value, half, log=False)


def daily(name: str, state: MarkerState, value: float, half: float, unit: str) -> MarkerFinding:
    """A trend of daily values in the unit of its endpoint."""
    return replace(marker(name, state, daily_trend(value, half)), unit=unit)


def with_facts(finding: MarkerFinding, **facts: Any) -> MarkerFinding:
    return replace(finding, facts={**finding.facts, **facts})


def effort(state: MarkerState, better: bool) -> MarkerFinding:
    """Fall of heart rate after workouts (higher is fitter)."""
    side = 3.0 if better else -3.0
    return with_facts(daily("exercise_recovery", state, side, 1.0, "bpm"), part="bouts")


def technique(state: MarkerState, sign: float) -> MarkerFinding:
    facts: dict[str, Any] = {
        "estimate_is": "change", "sessions": 30, "treated": 20, "sets": 18,
        "practice_measure": "ln_rmssd", "practice_days": 30, "lapse_days": 40,
        "practice_less_lapse": sign * 0.2, "practice_less_lapse_low": sign * 0.2 - 0.1,
        "practice_less_lapse_high": sign * 0.2 + 0.1,
        "faster_with": 2.0**-sign, "faster_with_low": 2.0**-sign * 0.7,
        "faster_with_high": 2.0**-sign * 1.4,
        "on": 40, "on_change": -0.3, "on_low": -0.5, "on_high": -0.1,
        "off": 60, "off_change": -0.1, "off_low": -0.3, "off_high": 0.1,
    }  # fmt: skip
    for name in ("during_less_before_bpm", "after_less_before_bpm"):
        side = name.removesuffix("_bpm")
        facts |= {name: sign * 3.0, f"{side}_low": sign * 3.0 - 1.0, f"{side}_high": sign * 3.0 + 1}
    return MarkerFinding(
        id="technique_dependence", state=state, unit="bpm", facts=facts,
        estimate=estimate(sign * 3.0, sign * 3.0 - 1.0, sign * 3.0 + 1.0),
    )  # fmt: skip


def described() -> Analysis:
    """Markers without a direction of their own."""
    walking = with_facts(
        daily("exercise_recovery", MarkerState.IMPROVING, -4.0, 1.0, "bpm"), part="walking"
    )
    open_facts = {
        **technique(MarkerState.DESCRIBED, -1.0).facts,
        "practice_measure": "arousal_z", "practice_less_lapse_low": -0.5,
        "practice_less_lapse_high": 0.2, "faster_with_low": 0.8, "faster_with_high": 3.0,
    }  # fmt: skip
    found = (
        walking,
        replace(technique(MarkerState.DESCRIBED, -1.0), facts=open_facts),
        marker("reactivity", MarkerState.UNDETERMINED, trend(-0.5, 0.3)),
        marker("activation_time", MarkerState.STEADY, trend(0.0, 0.0001)),
        replace(
            marker("episode_rate", MarkerState.STEADY, trend(0.0, 0.1)),
            trend=replace(trend(0.0, 0.1), total=estimate(0.0, 0.0, 0.0)),
        ),
        MarkerFinding(id="release", state=MarkerState.IMPROVING, facts={"estimate_is": "level"}),
        MarkerFinding(id="management_effort", state=MarkerState.DESCRIBED),
        MarkerFinding(
            id="sleep_depth", state=MarkerState.DESCRIBED,
            facts={"part": "deep_share", "disagree": True},
        ),
        MarkerFinding(
            id="flexibility", state=MarkerState.DESCRIBED, estimate=estimate(0.12, 0.1, 0.15),
            facts={"estimate_is": "level", "measure": "ln_rmssd"},
        ),
        MarkerFinding(
            id="tagged_recovery", state=MarkerState.DESCRIBED, unit="bpm",
            estimate=estimate(1.0, -0.5, 2.5),
            facts={"estimate_is": "contrast", "measure": "night_hr_bpm"},
        ),
    )  # fmt: skip
    return full(UNDETERMINED, markers=found, n=FEW)


def slower_walk() -> Analysis:
    """At the same pace the heart beats faster."""
    pace = daily("exercise_recovery", MarkerState.WORSENING, 4.0, 1.0, "bpm")
    return full(UNDETERMINED, markers=(with_facts(pace, part="walking"),), n=FEW)


# --------------------------------------------------------------------------- levels


def levels() -> Iterator[Analysis]:
    """Every way to say a level and a trend of the two primaries."""
    base = full(UNDETERMINED, n=FEW)
    known = base.recovery
    speeds: tuple[dict[str, Any], ...] = (
        {"half_time_s": estimate(10.0, 8.0, 15.0), "censored": 0, "at_most": 9},
        {"half_time_s": estimate(90.0, 5.0, 900.0), "censored": 0, "at_most": 0},
        {"censored": 3, "at_most": 0},
        {"censored": 3, "at_most": 4, "trend": trend(-0.5, 0.3)},
        {"trend": None, "then_s": None, "then_at_most_s": 75.0, "why_unknown": Missing("no_data")},
        {"trend": None, "why_unknown": None},
        {"trend": trend(-0.001, 0.0005), "state": MarkerState.IMPROVING},
    )
    yield from (replace(base, recovery=replace(known, **more)) for more in speeds)
    for half in (0.24, 0.2, 0.15):  # about 2 in 100, under 1 in 100, under 1 in 1,000
        faster = replace(known, trend=trend(-0.25, half), state=MarkerState.IMPROVING)
        yield replace(base, recovery=faster)
    settles = RecoverySummary(
        scale="settling", half_time_s=estimate(100.0, 80.0, 130.0), n=60,
        settling_min=estimate(4.0, 3.2, 5.1), then_s=estimate(240.0, 200.0, 300.0),
        now_s=estimate(200.0, 160.0, 250.0), trend=trend(-0.1, 0.3),
    )  # fmt: skip
    yield replace(base, recovery=settles)
    for name, value in (
        ("ln_rmssd", 3.7), ("resting_hr_bpm", 70.0), ("min30_hr_bpm", 60.0),
        ("vendor_ln_rmssd", 3.7), ("vendor_ln_sdnn", 3.9), ("vendor_night_hr_bpm", 56.0),
        ("ln_rmssd_per_rr", 0.4), ("sqrt_stress_index", 8.0), ("arousal_z", 0.1),
    ):  # fmt: skip
        level = estimate(value, value - 0.1, value + 0.1)
        yield replace(
            base,
            baseline=BaselineSummary(
                measure=name, value=level, normal_range=(value - 0.5, value + 0.5), then=level,
                now=level, trend=trend(0.5, 0.1, log=False),
            ),
            days=tuple(replace(d, **_slot(name, value)) for d in days_of(30)),
        )  # fmt: skip
    joined = replace(base.baseline, measure="arousal_z", shown="night_hr_bpm", components={})
    night = Level(value=estimate(56.0, 55.0, 57.0), then=estimate(57.0, 56.0, 58.0))
    yield replace(base, baseline=replace(joined, levels={"night_hr_bpm": night}))
    recent = replace(night, recent_days=28)
    yield replace(base, baseline=replace(joined, levels={"night_hr_bpm": recent}))
    yield replace(base, baseline=replace(base.baseline, trend=None, why_unknown=None))
    yield replace(daily_only(), markers=())


def _slot(name: str, value: float) -> dict[str, Any]:
    return {name: value} if hasattr(BaselineDay(day=0), name) else {}


def scores() -> Iterator[Analysis]:
    """A device whose heart rate comes too rarely and that gives a stress score."""
    rise = ScoreEpisode(
        start_s=0.0, peak_s=600.0, end_s=1800.0, before=20.0, peak=80.0, back_low_s=600.0,
        back_high_s=900.0,
    )  # fmt: skip
    few = Missing("few_score_episodes", {"n": 1, "needed": 10})
    mostly = Missing("mostly_censored", {"share": 0.8})
    for level in (estimate(1200.0, 900.0, 1500.0), few, mostly):
        told = ScoreSummary(vendor="Zepp", period_s=300.0, episodes=(rise,), half_back_s=level)
        yield replace(insufficient(), scored=told)
    coarse = Missing("score_too_coarse", {"period_s": 3600.0, "needed_s": 600.0})
    yield replace(insufficient(), scored=coarse)


def sessions() -> Iterator[Analysis]:
    """Recordings under a day: each recovery in a sentence."""
    seen = Coverage(days=1, nights=0, worn_hours=1.2, still_hours=1.0, tier=Tier.FINE)
    one = fits(1, 1, 90.0, 90.0)[0][0]
    shown: tuple[dict[str, Any], ...] = (
        {"half_time_s": estimate(75.0, 45.0, 130.0), "censored": Censored.NO},
        {"half_time_s": None, "censored": Censored.LEFT, "bound_s": 18.0},
        {"half_time_s": None, "censored": Censored.RIGHT, "bound_s": 180.0},
    )
    rises = tuple(replace(one, accepted=True, why_not="", **more) for more in shown)
    yield replace(nothing(), fits=rises, coverage=seen, window=(FIRST, FIRST))
    yield replace(
        nothing(), fits=(replace(one, accepted=False, why_not="low"),), coverage=seen,
        window=(FIRST, FIRST),
    )  # fmt: skip
    walk = replace(one.episode, kind=EpisodeKind.EXERCISE)
    after = replace(one, episode=walk, accepted=True, hrr60_bpm=31.0, release_s=one.episode.end_s)
    yield replace(nothing(), fits=(after,), coverage=seen, window=(FIRST, FIRST))


# --------------------------------------------------------------------------- data


def rises() -> Analysis:
    """Every way in which a rise ends, or is not used, and what is measured beside it."""
    base = healing()
    stops = ("dropout", "next_episode", "motion", "gap", "asleep", "cap", "end", "exercise")
    whys = ("follow_up", "missing", "dropout", "low", "exercise")
    cut = base.fits[0]
    accepted: dict[str, Any] = {"accepted": True, "why_not": "", "half_time_s": None}
    changed: list[RecoveryFit] = [
        replace(cut, **accepted, censored=Censored.RIGHT, bound_s=200.0, stop_reason=stop)
        for stop in stops
    ]
    changed += [replace(cut, accepted=False, why_not=why) for why in whys]
    changed.append(replace(cut, **accepted, censored=Censored.LEFT, bound_s=18.0))
    tagged = replace(cut.episode, kind=EpisodeKind.TAGGED, label="")
    effort = replace(cut.episode, kind=EpisodeKind.EXERCISE, label="")
    vagal = estimate(12.0, 4.0, 21.0)
    changed += [
        replace(cut, episode=tagged, percent_back=(20.0, 40.0, 80.0), vagal_percent_per_min=vagal),
        replace(cut, episode=effort),
    ]
    days = tuple(
        replace(day, quality=quality)
        for day, quality in zip(base.days, ("green", "amber", "red") * 60, strict=False)
    )
    return replace(base, fits=(*changed, *base.fits[len(changed) :]), days=days)


def beats() -> Analysis:
    """Five minutes of beats with everything that correction can find."""
    base = full(UNDETERMINED, n=FEW, rich=True)
    assert base.beats is not None
    label = base.beats.label.copy()
    label[10:70:10] = [kind for kind in BeatLabel if kind is not BeatLabel.NORMAL]
    return replace(base, beats=replace(base.beats, label=label))


def tagged() -> Analysis:
    """Tags of every kind, a typical day among them, and rises by few and by many tags."""
    base = healing()
    kinds = (
        "event", "technique", "therapy", "medicine", "illness", "alcohol", "cycle", "life", "other",
        "device",
    )  # fmt: skip
    one = tags(40)[0]
    day_s = 86_400.0
    spans = tuple(
        replace(one, kind=SpanKind(kind), label="", start_s=one.start_s + i * day_s,
                end_s=one.start_s + i * day_s + 1200.0)
        for i, kind in enumerate(kinds * 3)
        if kind in set(SpanKind)
    )  # fmt: skip
    followed = tuple(
        replace(fit, episode=replace(fit.episode, label="call" if i % 5 else "row"))
        if i < 20
        else fit
        for i, fit in enumerate(base.fits)
    )
    slow = replace(base.recovery, scale="settling", settling_min=estimate(4.0, 3.0, 5.0))
    return replace(base, spans=spans, fits=followed, recovery=slow)


def periods() -> Iterator[Analysis]:
    """Before and after a date with and without a name; curves that never reach half."""
    base = undetermined()
    slow, curves = fits(168, 120, 9_000.0, 9_000.0)
    yield replace(base, fits=tuple(slow), curves=curves)
    markers = [
        {
            "id": name, "state": state, "percent": percent, "unit": unit, "p_value": 0.002,
            "before": side, "after": side, "before_n": 30, "after_n": 30, "why_unknown": None,
            "difference": {"value": -22.0, "low": -33.0, "high": -9.0, "level": 0.95},
        }
        for name, state, percent, unit, side in (
            ("baseline_arousal", "improving", False, "bpm", SIDE),
            ("core_suffering", "improving", False, "points", SIDE),
            ("chronic_load", "improving", False, "log odds", None),
        )
    ]  # fmt: skip
    for label in ("", "a move"):
        change = {"date": as_date_text(FIRST + 80), "label": label, "markers": markers}
        yield replace(healing(), change=change)
    asked = {**healing().settings, "question.day": as_date_text(FIRST + 20)}
    yield replace(healing(), settings=asked)


SIDE = {"value": 55.0, "low": 54.0, "high": 56.0, "level": 0.95}


def files() -> Analysis:
    """Every note, every refusal and every stream that rooms which read files give."""
    facts = {"percent": 99.1, "name": "heart_rate", "why": "a broken header"}
    notes = [
        Note(f"{code}.csv", text, {n: facts.get(n, 3) for n in needed_facts(code)})
        for code, text in NOTES.items()
        if code not in {"note.files", "note.example"}
    ]
    many = [replace(note, facts={**note.facts, "files": 4}) for note in notes[:12]]
    refused = tuple(
        Refusal(rows=1, reason=text.format(name="heart_rate")) for text in REFUSALS.values()
    )
    streams = tuple(code.removeprefix("stream.") for code in STREAMS)
    one = InputSummary(
        file="a/b.csv", format="generic", streams=streams, rows_used=10, rows_refused=len(refused),
        refusals=refused, first_s=FIRST * 86_400.0, last_s=FIRST * 86_400.0 + 3600.0,
    )  # fmt: skip
    inputs = (one, *(replace(one, file=f"a/{i}.csv", refusals=()) for i in range(90)))
    return replace(full(UNDETERMINED, n=FEW), notes=(*notes, *many), inputs=inputs)


def checked() -> Iterator[Analysis]:
    """The self-test in its three forms; which limits the answer hangs on, to every other answer."""
    share = {"value": 0.8, "low": 0.7, "high": 0.9}
    base: dict[str, Any] = {"injections": 200, "found_visible": share, "median_error": 0.3}
    limits = (
        "trend.alpha", "trend.alpha_worse", "verdict.probable", "verdict.jump_over_line",
        "verdict.min_days", "verdict.min_night_share", "verdict.min_episodes",
        "trend.worth_half_time",
    )  # fmt: skip
    for told, answer in (
        ({**base, "slope": share}, State.MIXED), ({**base, "slope": None}, State.UNCHANGED)
    ):  # fmt: skip
        states = [answer] * 4 + list(State)
        varied = tuple(
            Varied(name=limits[i % len(limits)], used=0.05, tried=0.1, state=state)
            for i, state in enumerate(states)
        )
        yield replace(full(Verdict(state=answer), n=FEW), selftest=told, varied=varied)
    yield replace(full(UNDETERMINED, n=FEW), selftest={"injections": 0}, varied=())
    unclear = {**base, "slope": {"value": 0.1, "low": -0.4, "high": 0.6}}
    yield replace(full(UNDETERMINED, n=FEW), selftest=unclear, varied=())


def tiers() -> Iterator[Analysis]:
    """Every kind of data."""
    for tier in Tier:
        seen = Coverage(days=9, nights=1, worn_hours=12.0, still_hours=1.0, tier=tier)
        yield replace(insufficient(), coverage=seen)


def every() -> Iterator[Analysis]:
    """All of them."""
    yield from verdicts()
    yield from needs()
    yield from reasons()
    yield moved(MarkerState.IMPROVING)
    yield moved(MarkerState.WORSENING)
    yield described()
    yield slower_walk()
    yield from levels()
    yield from scores()
    yield from sessions()
    yield rises()
    yield tagged()
    yield from periods()
    yield files()
    yield from checked()
    yield from tiers()
