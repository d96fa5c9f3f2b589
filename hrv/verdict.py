"""The joined answer: what the two primaries say together, how sure, and what would settle it.

Each primary was gated and tested on its own; one alone is named after Holm over the two. Healing
takes both at once; coping takes evidence about techniques; a change that fitness, a break or a
bad start could explain says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hrv import baseline, power
from hrv.markers import Context
from hrv.model import (
    MarkerFinding,
    MarkerState,
    Missing,
    Need,
    NeedKind,
    SpanKind,
    State,
    Tier,
    Trend,
    Verdict,
)

RECOVERY, BASELINE = "recovery", "baseline"
BETTER, WORSE, STEADY = MarkerState.IMPROVING, MarkerState.WORSENING, MarkerState.STEADY

YEAR_DAYS = 365  # shorter windows cannot tell a season from a change

NOT_MEASURED, NOT_SHOWN, OPPOSITE = "not_measured", "not_shown", "opposite"

# qualifiers
FITNESS_POSSIBLE = "fitness_possible"
FITNESS_NOT_CHECKED = "fitness_not_checked"
FITNESS_TOLD = "fitness_told"
CONFOUNDED = "confounded"
BEGAN_HIGH = "began_unusually_high"
TESTED_LESS = "tested_less_often"
BY_HEART_RATE = "explained_by_heart_rate"
SEASON = "season_repeated"


@dataclass(frozen=True, slots=True)
class Primary:
    """One primary as the verdict sees it."""

    name: str
    finding: MarkerFinding
    better: str

    @property
    def trend(self) -> Trend | None:
        return self.finding.trend

    @property
    def state(self) -> MarkerState:
        return self.finding.state

    @property
    def lasts(self) -> bool:
        """The change outlives the removal of its first four weeks (True where not asked)."""
        return float(self.finding.facts.get("rest_support", 1.0)) >= 0.5

    @property
    def support(self) -> float | None:
        """One-sided support for a favourable change."""
        if self.trend is None:
            return None
        return self.trend.p_fall if self.better == "lower" else 1.0 - self.trend.p_fall

    def gain_likely(self) -> float:
        """Support for a favourable change worth having."""
        from scipy.special import stdtr

        found = self.trend
        if found is None or not found.worth_having:
            return 0.0
        sign = 1.0 if self.better == "lower" else -1.0
        reach = (-found.worth_having - sign * found.total.value) / found.se
        return float(stdtr(max(found.df, 1.0), reach))


def judge(context: Context, findings: Mapping[str, MarkerFinding]) -> Verdict:
    """One state with its confidence, qualifiers, reasons and needs; codes only."""
    recovery = Primary(RECOVERY, findings["recovery_speed"], "lower")
    measure = findings["baseline_arousal"].facts.get("measure")
    better = baseline.MEASURES[measure].better if measure else "lower"
    resting = Primary(BASELINE, findings["baseline_arousal"], better)
    state, which, other = _state(context, recovery, resting, findings)
    qualifiers = _qualifiers(context, recovery, resting, findings, (state, which))
    confidence = (
        _confidence(context, recovery, resting, qualifiers) if state is State.HEALING else None
    )
    return Verdict(
        state=state,
        confidence=confidence,
        which=which,
        other=other,
        qualifiers=qualifiers,
        reasons=_reasons(context, recovery, resting, findings, state),
        needs=_needs(context, recovery, resting, findings, state),
    )


# --------------------------------------------------------------------------- the state


def _state(
    context: Context,
    recovery: Primary,
    resting: Primary,
    findings: Mapping[str, MarkerFinding],
) -> tuple[State, str | None, str | None]:
    both = (recovery, resting)
    measured = [p for p in both if p.trend is not None]
    if not measured:
        return State.INSUFFICIENT, None, None
    jumped = unexplained_step(context, resting) is not None
    spoken_for = [p for p in measured if not (jumped and p is resting)]
    up = [p for p in spoken_for if p.state is BETTER and p.lasts]
    down = [p for p in spoken_for if p.state is WORSE]
    if up and down:
        return State.MIXED, up[0].name, OPPOSITE
    if len(down) == 2:
        return State.WORSENING, None, None
    if down:
        rest = [p for p in both if p is not down[0]]
        return State.WORSENING, down[0].name, _said(rest[0])
    if _both_better(context, recovery, resting) and _without_technique(findings):
        return State.HEALING, None, None
    if up:
        rest = [p for p in both if p is not up[0]]
        return State.PARTIAL, up[0].name, _said(rest[0])
    if technique_only(context, findings, measured):
        return State.COPING, None, None
    if findings["reactivity"].state is BETTER:
        return State.PARTIAL, "reactivity", NOT_SHOWN
    if len(measured) == 2 and all(p.state is STEADY for p in measured):
        return State.UNCHANGED, None, None
    return State.UNDETERMINED, None, None


def _said(primary: Primary) -> str:
    if primary.trend is None:
        return NOT_MEASURED
    support = primary.support
    return OPPOSITE if support is not None and support <= 0.05 else NOT_SHOWN


def _both_better(context: Context, recovery: Primary, resting: Primary) -> bool:
    """Each at least probable: a claim about both at once needs no correction for testing two.

    Berger (1982), doi:10.1080/00401706.1982.10487790, intersection-union.
    """
    support = [p.support for p in (recovery, resting)]
    if any(s is None for s in support) or not (recovery.lasts and resting.lasts):
        return False
    return min(s for s in support if s is not None) >= context.settings.verdict.probable


def _without_technique(findings: Mapping[str, MarkerFinding]) -> bool:
    """The baseline is not worse on days without a session (True where there are too few)."""
    told = findings["technique_dependence"].facts
    return float(told.get("lapse_support", 1.0)) >= 0.5


def _confidence(
    context: Context, recovery: Primary, resting: Primary, qualifiers: tuple[str, ...]
) -> str:
    """Supported only if both are clear and nothing else explains it."""
    weakest = min(recovery.support or 0.0, resting.support or 0.0)
    clear = weakest >= context.settings.verdict.supported
    return "supported" if clear and not qualifiers else "probable"


def technique_only(
    context: Context, findings: Mapping[str, MarkerFinding], measured: list[Primary]
) -> bool:
    """Clearly better only with the technique, or effort rises while peaks fall; no gain without."""
    if not any(s.kind is SpanKind.TECHNIQUE for s in context.spans):
        return False
    if any(p.gain_likely() >= context.settings.verdict.gain_unlikely for p in measured):
        return False
    alpha = context.settings.trend.alpha
    told = findings["technique_dependence"].facts
    with_it = (
        told.get("on_p", 1.0) <= alpha
        and told.get("on_change", 0.0) < 0.0
        and told.get("off_p", 0.0) > alpha
    )
    effort = findings["management_effort"]
    heights = findings["reactivity"]
    softer = heights.state is BETTER or (
        heights.facts.get("all_p", 1.0) <= alpha and heights.facts.get("all_change", 0.0) < 0.0
    )
    return bool(with_it or (effort.state is WORSE and softer))


# --------------------------------------------------------------------------- qualifiers


def _qualifiers(
    context: Context,
    recovery: Primary,
    resting: Primary,
    findings: Mapping[str, MarkerFinding],
    said: tuple[State, str | None],
) -> tuple[str, ...]:
    found: list[str] = []
    state = said[0]
    if state in (State.HEALING, State.PARTIAL, State.MIXED):
        fitness = fitness_guard(context, findings["exercise_recovery"])
        if fitness:
            found.append(fitness)
        if "training.more" in context.answers:
            found.append(FITNESS_TOLD)
    lacking = [p.finding.why_unknown for p in (recovery, resting)]
    confounded = any(why is not None and why.code == "confounded" for why in lacking)
    if confounded or context.steps() or unexplained_step(context, resting, state) is not None:
        found.append(CONFOUNDED)
    if state is not State.INSUFFICIENT and began_high(context, recovery, resting):
        found.append(BEGAN_HIGH)
    yearly = season(context, resting)
    if yearly is not None and yearly.code == SEASON:
        found.append(SEASON)
    easier = findings.get("episode_rate")
    rarer = easier is not None and easier.state is BETTER
    if watched_less(context) or (rarer and said == (State.PARTIAL, BASELINE)):
        found.append(TESTED_LESS)
    if resting.state is BETTER and resting.finding.facts.get("measure") == "ln_rmssd":
        p = resting.finding.facts.get("per_rr_p")
        if p is not None and p > context.settings.trend.alpha:
            found.append(BY_HEART_RATE)
    return tuple(found)


def fitness_guard(context: Context, effort: MarkerFinding) -> str | None:
    """Whether a gain in fitness could explain what is seen, or could not be looked at.

    Recovery after exercise and heart rate at a fixed walking pace improve with fitness and not
    with calm. A check too imprecise to have seen a gain counts as not made.
    """
    gates = context.settings.verdict
    facts = effort.facts
    seen = [facts[k] for k in ("bouts_better", "walking_better") if k in facts]
    if any(support >= gates.fitness_support for support in seen):
        return FITNESS_POSSIBLE
    sharp = (
        facts.get("walking_se", np.inf) <= gates.fitness_walking_se_bpm
        or facts.get("bouts_se", np.inf) <= gates.fitness_bouts_se_bpm
    )
    return None if seen and sharp else FITNESS_NOT_CHECKED


def unexplained_step(
    context: Context, resting: Primary, state: State | None = None
) -> Missing | None:
    """A changed resting level that may have come in one step, on a day of which nothing is known:
    an update of a device does that, a body seldom.

    By itself a changed level carries an answer only where a slow drift is clearly likelier than a
    step; beside a recovery that changed as well (`state` healing) it counts unless a step is.
    """
    facts, gates = resting.finding.facts, context.settings
    if resting.state not in (BETTER, WORSE) or facts.get("step_p", 1.0) > gates.trend.alpha:
        return None
    explained = set(facts["step_rivals"]) - {SpanKind.OTHER.value}  # may be a note on the device
    bar = gates.verdict.jump_over_line * (1.0 if state is State.HEALING else -1.0)
    if facts["step_over_line"] < bar or explained:
        return None
    return Missing("unexplained_step", {"day": facts["step_day"]})


def season(context: Context, resting: Primary) -> Missing | None:
    """What the same months a year before say of a season, if a year is not in the window itself.

    `season_repeated`: they changed as well and as clearly; `season_beyond`: not by as much.
    """
    if resting.state not in (BETTER, WORSE) or resting.trend is None:
        return None
    if resting.trend.days >= YEAR_DAYS:
        return None
    told, alpha = resting.finding.facts, context.settings.trend.alpha
    if "year_before_change" not in told:
        return Missing("season_possible", {"days": resting.trend.days})
    sign = np.sign(resting.trend.total.value)
    facts = {name: told[name] for name in told if "year_before" in name}
    if told["beyond_year_before_p"] <= alpha and sign * told["beyond_year_before"] > 0:
        return Missing("season_beyond", facts)
    came = min(sign * told["year_before_low"], sign * told["year_before_high"]) > 0
    return Missing("season_repeated" if came else "season_open", facts)


def began_high(context: Context, recovery: Primary, resting: Primary) -> bool:
    """A primary improved only against its first weeks, or these lay far above all that followed:
    a bad start that passed looks like a trend."""
    likely = context.settings.verdict.probable
    if any((p.support or 0.0) >= likely and not p.lasts for p in (recovery, resting)):
        return True
    measure = resting.finding.facts.get("measure")
    if not measure or resting.trend is None or resting.lasts:
        return False
    values = baseline.series(context.days, measure, context.window)
    sign = 1.0 if resting.better == "lower" else -1.0
    edge = context.window[0] + context.settings.baseline.reference_days
    early, late = values.value[values.day < edge], values.value[values.day >= edge]
    if early.size < 7 or late.size < 14:
        return False
    spread = 1.4826 * float(np.median(np.abs(late - np.median(late)))) or float(np.std(late))
    return sign * float(np.mean(early) - np.mean(late)) >= (
        context.settings.verdict.began_high_sd * spread
    )


def watched_less(context: Context) -> bool:
    """Fewer still, worn, awake hours at the end than at the beginning: less could be seen."""
    third = max(1, context.length // 3)
    first = [d.still_hours for d in context.days if 0 <= d.day - context.window[0] < third]
    last = [d.still_hours for d in context.days if 0 <= context.window[1] - d.day < third]
    if sum(first) <= 0:
        return False
    return sum(last) < context.settings.verdict.watched_less_share * sum(first)


# --------------------------------------------------------------------------- reasons and needs


def _reasons(
    context: Context,
    recovery: Primary,
    resting: Primary,
    findings: Mapping[str, MarkerFinding],
    state: State,
) -> tuple[Missing, ...]:
    """Why this state: what each primary showed or lacked, in codes with facts."""
    found: list[Missing] = []
    for primary in (recovery, resting):
        trend = primary.trend
        if trend is None:
            why = primary.finding.why_unknown
            why = Missing("no_data") if why is None else why
            found.append(Missing(f"{primary.name}_not_measured", {"why": why.code, **why.facts}))
            continue
        percent = trend.percent()
        facts = {
            "change": trend.total.value if percent is None else percent.value,
            "low": trend.total.low if percent is None else percent.low,
            "high": trend.total.high if percent is None else percent.high,
            "percent": percent is not None,
            "p": trend.p_value,
            "smallest_change": trend.smallest_change,
            "days": trend.days,
        }
        word = {BETTER: "better", WORSE: "worse", STEADY: "steady"}.get(primary.state, "open")
        found.append(Missing(f"{primary.name}_{word}", facts))
    if not any(s.kind is SpanKind.TECHNIQUE for s in context.spans):
        found.append(Missing("techniques_not_seen"))
    elif state is State.COPING:
        found.append(Missing("techniques_carry_it", dict(findings["technique_dependence"].facts)))
    yearly = season(context, resting)
    if yearly is not None:
        found.append(yearly)
    step = unexplained_step(context, resting, state)
    if step is not None:
        found.append(step)
    said = _beside_ratings(findings["core_suffering"], state)
    if said is not None:
        found.append(said)
    for item in context.breaks:
        if context.inside(item.day):
            named = {"label": item.label} if item.label else {}
            found.append(Missing("known_break", {"day": item.day, "kind": item.kind, **named}))
    ill = sum(context.inside(day) for day in context.ill_days())
    if ill:
        found.append(Missing("illness_left_out", {"n": ill}))
    return tuple(found)


def _beside_ratings(rated: MarkerFinding, state: State) -> Missing | None:
    """Whether the person's own ratings and the signals point the same way; the person outranks."""
    if rated.state not in (BETTER, WORSE):
        return None
    body = {State.HEALING: BETTER, State.PARTIAL: BETTER, State.WORSENING: WORSE}.get(state)
    scale = rated.facts.get("scale", "")
    if body is rated.state:
        return Missing("ratings_agree", {"scale": scale})
    if rated.state is BETTER:
        return Missing("ratings_better", {"scale": scale})
    return Missing("ratings_worse", {"scale": scale})


BETTER_EXPORT = {
    Tier.SPARSE: "export_minute_hr",
    Tier.DAILY: "export_continuous_hr",
    Tier.WORKOUTS: "export_all_day_hr",
    Tier.NOTHING: "export_any_hr",
}


def _needs(
    context: Context,
    recovery: Primary,
    resting: Primary,
    findings: Mapping[str, MarkerFinding],
    state: State,
) -> tuple[Need, ...]:
    """What would settle it: time, another export, tags, or nothing with this device."""
    found: list[Need] = []
    tier = context.coverage.tier
    for primary in (recovery, resting):
        need = _time(context, primary)
        if need is not None:
            found.append(need)
    if tier in BETTER_EXPORT:
        found.append(
            Need(kind=NeedKind.OTHER_EXPORT, code=BETTER_EXPORT[tier], facts={"tier": tier.value})
        )
    why = recovery.finding.why_unknown
    if why is not None and why.code in ("faster_than_sampling", "mostly_censored"):
        found.append(Need(kind=NeedKind.OTHER_EXPORT, code="export_fine_hr", facts=dict(why.facts)))
    if tier is Tier.SPARSE:
        found.append(
            Need(kind=NeedKind.NEVER_WITH_THIS_DEVICE, code="device_too_sparse_for_recovery")
        )
    if not any(s.kind is SpanKind.TECHNIQUE for s in context.spans):
        found.append(Need(kind=NeedKind.TAGS, code="tag_techniques"))
    step = unexplained_step(context, resting, state)
    if step is not None:
        found.append(
            Need(kind=NeedKind.TAGS, code="tag_device_or_medicine", facts=dict(step.facts))
        )
    if not any(s.kind in (SpanKind.EVENT, SpanKind.LIFE) for s in context.spans):
        found.append(Need(kind=NeedKind.TAGS, code="tag_events"))
    if not context.ratings:
        found.append(Need(kind=NeedKind.TAGS, code="rate_yourself"))
    guard = fitness_guard(context, findings["exercise_recovery"])
    if state is State.HEALING and guard == FITNESS_NOT_CHECKED:
        found.append(Need(kind=NeedKind.OTHER_EXPORT, code="export_workouts"))
    return tuple(found)


def _time(context: Context, primary: Primary) -> Need | None:
    """Weeks until a change worth having would show in this primary, where that is still open."""
    gates = context.settings.verdict
    code = f"more_time_{primary.name}"
    if primary.trend is not None:
        if primary.state in (BETTER, WORSE, STEADY) or not primary.trend.worth_having:
            return None
        soon = power.wait(primary.trend, primary.trend.worth_having, gates.min_days)
        facts = {"change": soon.change, "percent": primary.trend.log}
        return Need(kind=NeedKind.MORE_TIME, code=code, weeks=soon.more_weeks, facts=facts)
    why = primary.finding.why_unknown
    if why is None:
        return None
    if why.code in ("short_window", "window_too_short"):
        weeks = (gates.min_days - context.length) / 7.0
    elif "n" in why.facts and "needed" in why.facts and why.facts["n"] > 0:
        pace = why.facts["n"] / max(context.length, 1)
        weeks = (why.facts["needed"] - why.facts["n"]) / pace / 7.0
    else:
        return None
    weeks = max(weeks, (gates.min_days - context.length) / 7.0, 1.0)
    if weeks > power.LONGEST_WEEKS:
        return None
    at_night = {"wear_at_night": True} if why.code == "few_resting_days" else {}
    facts = {**why.facts, **at_night}
    return Need(kind=NeedKind.MORE_TIME, code=code, weeks=float(weeks), facts=facts)
