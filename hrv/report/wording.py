"""Sentences from findings. A direction is said only where the interval allows it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hrv.model import (
    Analysis,
    BaselineSummary,
    Censored,
    EpisodeKind,
    Estimate,
    Level,
    LocalClock,
    MarkerState,
    Missing,
    NeedKind,
    RecoveryFit,
    RecoverySummary,
    ScoreSummary,
    State,
    Tier,
    Trend,
    Verdict,
)
from hrv.report.text import NBSP, Words

LOG_MEASURES = {"ln_rmssd", "vendor_ln_rmssd", "vendor_ln_sdnn"}
MEASURES = {
    "night_hr_bpm": "bpm",
    "resting_hr_bpm": "bpm",
    "min30_hr_bpm": "bpm",
    "vendor_resting_hr_bpm": "bpm",
    "vendor_night_hr_bpm": "bpm",
    "ln_rmssd": "ms",
    "vendor_ln_rmssd": "ms",
    "vendor_ln_sdnn": "ms",
    "ln_rmssd_per_rr": "1",
    "sqrt_stress_index": "1",
    "arousal_z": "SD",
}
LOWER_IS_CALMER = {
    "recovery_speed",
    "activation_time",
    "reactivity",
    "episode_rate",
    "management_effort",
    "tagged_recovery",
    "chronic_load",
    "rebound",
    "core_suffering",
    "night_hr_bpm",
    "resting_hr_bpm",
    "min30_hr_bpm",
    "vendor_resting_hr_bpm",
    "vendor_night_hr_bpm",
    "arousal_z",
    "sqrt_stress_index",
}
NO_REASON = Missing("none")
SHOWN_ALONE = 3  # recoveries told one by one where they are too few for a level
HIGHER_IS_CALMER = {"ln_rmssd", "vendor_ln_rmssd", "vendor_ln_sdnn", "ln_rmssd_per_rr"}


@dataclass(frozen=True, slots=True)
class Change:
    """A change ready to be said: its size with interval, in a unit a person knows."""

    size: Estimate
    unit: str


def change_of(trend: Trend, unit: str) -> Change:
    """Percent for a log endpoint, else the endpoint's own unit."""
    percent = trend.percent()
    return Change(percent, "%") if percent is not None else Change(trend.total, unit)


def sayable(state: MarkerState, change: Change | None, calmer: int) -> MarkerState:
    """The state that the interval supports: never more than it, often the same.

    `calmer` is -1 where lower is calmer, +1 where higher is, 0 where it is not known.
    """
    if state not in {MarkerState.IMPROVING, MarkerState.WORSENING} or change is None:
        return state
    low, high = change.size.low, change.size.high
    sign = 1 if low > 0 else -1 if high < 0 else 0
    wanted = calmer if state is MarkerState.IMPROVING else -calmer
    return state if sign and (wanted in {0, sign}) else MarkerState.UNDETERMINED


def excludes_zero(change: Change) -> bool:
    """Whether the interval lies on one side of no change."""
    return change.size.low > 0 or change.size.high < 0


def calmer_sign(name: str | None) -> int:
    """-1 where lower is calmer, +1 where higher is, 0 where the name does not say."""
    return -1 if name in LOWER_IS_CALMER else 1 if name in HIGHER_IS_CALMER else 0


def could_show(words: Words, trend: Trend, unit: str) -> str:
    """The change that would have been seen, for a trend without a clear direction."""
    smallest = abs(trend.smallest_change)
    if not math.isfinite(smallest) or smallest == 0:
        return ""
    if trend.log:
        smallest, unit = 100.0 * -math.expm1(-smallest), "%"
    code = "could_show.fall" if trend.log else "could_show"
    return words.say(code, smallest=words.size(smallest, unit))


def how_rare(words: Words, trend: Trend) -> str:
    """How often chance alone would show a change this clear."""
    down = trend.total.value < 0
    return words.say("sure.fall" if down else "sure.rise", p=_one_sided(trend))


def _weeks(words: Words, trend: Trend) -> str:
    return words.say("per.period", weeks=max(1, round(trend.days / 7)))


# --------------------------------------------------------------------------- the three lines


def period(words: Words, analysis: Analysis) -> str:
    """First and last day of what was looked at; empty without days."""
    if analysis.window is None:
        return ""
    since, until = analysis.window
    if since == until:
        return words.say("ui.period.one", since=since)
    return words.say("ui.period", since=since, until=until, days=until - since + 1)


def coverage(words: Words, analysis: Analysis) -> str:
    """How much there is to look at, and of what kind."""
    seen = analysis.coverage
    code = "ui.coverage.daily" if seen.tier is Tier.DAILY else "ui.coverage"
    return words.say(
        code,
        days=seen.days,
        nights=seen.nights,
        worn=seen.worn_hours,
        still=seen.still_hours,
        tier=seen.tier.value,
        tier_words=words.say(f"tier.{seen.tier.value}"),
    )


def _counts(words: Words, summary: RecoverySummary) -> str:
    kind = {
        (False, False): "episodes",
        (True, False): "censored",
        (False, True): "at_most",
        (True, True): "both",
    }[summary.censored > 0, summary.at_most > 0]
    return words.say(
        f"counts.{kind}", n=summary.n, censored=summary.censored, at_most=summary.at_most
    )


WIDE = 8.0  # an interval whose ends are further apart than so many times gives no one number


def recovery_level(words: Words, summary: RecoverySummary) -> str:
    """The level of the first primary in one sentence."""
    half, settling = summary.half_time_s, summary.settling_min
    counts = {"counts": _counts(words, summary)}
    kind = "settling" if summary.scale == "settling" or not isinstance(half, Estimate) else "fast"
    level = settling if kind == "settling" else half
    if not isinstance(level, Estimate):
        level, kind = half, "fast"
    if isinstance(level, Estimate):
        to_s = 60.0 if kind == "settling" else 1.0
        bound = summary.resolution_s
        if kind == "fast" and bound is not None and level.high <= bound:
            return words.say("recovery.level.at_most", bound_s=bound, **counts)
        spread = {"low_s": to_s * level.low, "high_s": to_s * level.high}
        if too_wide(level):
            return words.say("recovery.level.wide", **spread, **counts)
        return words.say(f"recovery.level.{kind}", value_s=to_s * level.value, **spread, **counts)
    if summary.scale == "days":
        return words.say("recovery.days_only")
    timed = summary.scale in {"fast", "settling"} or summary.why_unknown is None
    missing = half if timed else summary.why_unknown
    assert isinstance(missing, Missing)
    return words.say("recovery.none", reason=words.reason(missing))


def too_wide(level: Estimate) -> bool:
    """Whether the interval of a duration is too wide to say one number."""
    return level.high > WIDE * max(level.low, 1e-9)


def recovery_trend(words: Words, summary: RecoverySummary) -> list[str]:
    """Direction of the first primary, with what it rests on."""
    trend = summary.trend
    if trend is None:
        reason = NO_REASON if summary.why_unknown is None else summary.why_unknown
        level = isinstance(summary.half_time_s, Estimate) or isinstance(
            summary.settling_min, Estimate
        )
        return [words.say("recovery.trend.unknown", reason=words.reason(reason))] if level else []
    change = change_of(trend, "s")
    state = sayable(summary.state, change, -1)
    said = _trend(words, "recovery", state, trend, change, ("shorter", "longer"), "s")
    then, now = summary.then_s, summary.now_s
    if then and now and state in DIRECTED and (now.value - then.value) * change.size.value > 0:
        said.append(words.say("recovery.then_now", then_s=then.value, now_s=now.value))
    return said


DIRECTED = {MarkerState.IMPROVING, MarkerState.WORSENING}


def _trend(
    words: Words,
    primary: str,
    state: MarkerState,
    trend: Trend,
    change: Change,
    pair: tuple[str, str],
    unit: str,
) -> list[str]:
    kind = state if state in DIRECTED | {MarkerState.STEADY} else MarkerState.UNDETERMINED
    leaning = kind is MarkerState.UNDETERMINED and excludes_zero(change)
    phrase = words.change(change.size, change.unit, pair)
    code = "leaning" if leaning else kind.value
    said = [words.say(f"{primary}.trend.{code}", change=f"{phrase}, {_weeks(words, trend)}")]
    if kind in DIRECTED:
        said.append(how_rare(words, trend))
    elif kind is MarkerState.UNDETERMINED:
        said.append(could_show(words, trend, unit))
    return [sentence for sentence in said if sentence]


def bare_level(words: Words, measure: str, value: float) -> str:
    """A baseline value without its unit; logarithms are shown undone."""
    return level_text(words, measure, value).split(NBSP)[0]


def level_text(words: Words, measure: str, value: float) -> str:
    """A baseline value in the unit of its measure; logarithms are shown undone."""
    unit = MEASURES.get(measure, "1")
    if measure in LOG_MEASURES:
        value = math.exp(value)
    digits = 0 if unit == "ms" else 1 if unit == "bpm" else 2
    return f"{words.number(value, digits)}{NBSP}{words.unit(unit)}".rstrip()


def trend_unit(measure: str) -> str:
    """The unit of a change of this measure, where it is not said in percent."""
    return "1" if measure in LOG_MEASURES else MEASURES.get(measure, "1")


def measure_name(words: Words, measure: str | None) -> str:
    """What a baseline rests on, in words."""
    return words.say(f"measure.{measure}" if measure in MEASURES else "measure.other")


def readable(summary: BaselineSummary) -> tuple[str, Level] | None:
    """The measure whose level a person can read, with its level; None without one."""
    shown = summary.shown or summary.measure
    if shown is None:
        return None
    if shown in summary.levels:
        return shown, summary.levels[shown]
    if shown == summary.measure and isinstance(summary.value, Estimate):
        return shown, Level(
            value=summary.value,
            normal_range=summary.normal_range,
            then=summary.then,
            now=summary.now,
        )
    return None


def baseline_level(words: Words, summary: BaselineSummary) -> list[str]:
    """The level of the second primary, and a person's own range."""
    found = readable(summary)
    if found is None:
        value = summary.value
        missing = value if isinstance(value, Missing) else summary.why_unknown
        missing = NO_REASON if missing is None else missing
        return [words.say("baseline.none", reason=words.reason(missing))]
    measure, level = found
    value = level.value
    recent = level.recent_days
    said = [
        words.say(
            "baseline.level" if recent is None else "baseline.level.recent",
            **({} if recent is None else {"days": recent}),
            measure=measure_name(words, measure),
            value=level_text(words, measure, value.value),
            low=bare_level(words, measure, value.low),
            high=bare_level(words, measure, value.high),
        )
    ]
    if level.normal_range is not None:
        low, high = level.normal_range
        said.append(
            words.say(
                "baseline.range",
                low=bare_level(words, measure, low),
                high=level_text(words, measure, high),
            )
        )
    return said


def uncounted_step(analysis: Analysis) -> Missing | None:
    """The step of the resting level that the answer leaves out, if there is one."""
    return None if analysis.verdict.state is State.HEALING else _step(analysis)


def _step(analysis: Analysis) -> Missing | None:
    return next((r for r in analysis.verdict.reasons if r.code == "unexplained_step"), None)


def baseline_trend(words: Words, analysis: Analysis) -> list[str]:
    """Direction of the second primary."""
    summary = analysis.baseline
    trend = summary.trend
    if trend is None:
        if readable(summary) is None:
            return []
        reason = NO_REASON if summary.why_unknown is None else summary.why_unknown
        return [words.say("baseline.trend.unknown", reason=words.reason(reason))]
    measure = summary.measure or ""
    unit = trend_unit(measure)
    change = change_of(trend, unit)
    state = sayable(summary.state, change, calmer_sign(measure))
    if uncounted_step(analysis) is None:
        said = _trend(words, "baseline", state, trend, change, ("lower", "higher"), unit)
    else:
        said = [stepped(words, change, trend)]
    if measure == "arousal_z":
        said.insert(1, words.say("baseline.joined"))
    return said


def stepped(words: Words, change: Change, trend: Trend) -> str:
    """A change of the resting level in one step: how large, and that it is not counted."""
    phrase = words.change(change.size, change.unit, ("lower", "higher"))
    return words.say("baseline.trend.step", change=f"{phrase}, {_weeks(words, trend)}")


# --------------------------------------------------------------------------- the verdict


def headline(words: Words, analysis: Analysis) -> str:
    """The answer in one sentence."""
    verdict = analysis.verdict
    state = verdict.state
    if state is State.HEALING:
        return words.say(f"verdict.healing.{verdict.confidence or 'probable'}")
    if state is State.PARTIAL:
        which = verdict.which if verdict.which in {"recovery", "baseline"} else "reactions"
        return words.say(f"verdict.partial.{which}")
    if state is State.WORSENING:
        return words.say(f"verdict.worsening.{_worse(verdict)}")
    if state is State.UNDETERMINED and uncounted_step(analysis) is not None:
        return words.say("verdict.undetermined.step")
    return words.say(f"verdict.{state.value}")


def _worse(verdict: Verdict) -> str:
    """Which sign became less calm; one whose other sign is not described stands for both."""
    alone = verdict.which in {"recovery", "baseline"} and verdict.other is not None
    return str(verdict.which) if alone else "both"


def together(words: Words, analysis: Analysis) -> str:
    """How the two signs join."""
    verdict = analysis.verdict
    if verdict.state is State.PARTIAL:
        if verdict.which not in {"recovery", "baseline"}:
            return words.say("together.partial.reactions")
        if verdict.which == "recovery" and uncounted_step(analysis) is not None:
            return words.say("together.partial.step")
        return words.say(f"together.partial.{verdict.other or 'not_shown'}")
    if verdict.state is State.UNDETERMINED and uncounted_step(analysis) is not None:
        return words.say("together.undetermined.step")
    if verdict.state is State.UNDETERMINED and _leaning(analysis):
        return words.say("together.undetermined.leaning")
    if verdict.state is State.HEALING and any(
        reason.code == "techniques_not_seen" for reason in verdict.reasons
    ):
        return words.say("together.healing.untagged")
    return words.say(f"together.{verdict.state.value}")


def _leaning(analysis: Analysis) -> bool:
    """Whether the interval of a primary, by itself, excludes no change."""
    trends = (analysis.recovery.trend, analysis.baseline.trend)
    return any(t is not None and excludes_zero(change_of(t, "1")) for t in trends)


def what_now(words: Words, analysis: Analysis) -> list[str]:
    """What the reader can do with this answer; the person's own ratings outrank it."""
    verdict = analysis.verdict
    state = verdict.state
    step = uncounted_step(analysis)
    weeks = [
        need.weeks
        for need in verdict.needs
        if need.kind is NeedKind.MORE_TIME
        and need.weeks is not None
        and (state is State.INSUFFICIENT or "change" in need.facts)  # else until one can be tested
    ]
    soon = min((w for w in weeks if w <= SOON_WEEKS), default=None)
    if state is State.UNDETERMINED and step is not None:
        said = [words.say("now.step", day=step.facts["day"])]
    elif state in {State.UNDETERMINED, State.INSUFFICIENT} and soon is not None:
        said = [words.say(f"now.{state.value}.weeks", weeks=soon)]
    else:
        said = [words.say(f"now.{state.value}")]
    codes = {reason.code for reason in verdict.reasons}
    if state is State.HEALING and "season_possible" in codes:
        said.append(words.say("now.healing.season"))
    if "ratings_worse" in codes:
        said.append(words.say("now.rated_worse"))
    return said


SOON_WEEKS = 26  # nobody is told to wait for longer
CLEAR_CHANCE = 0.01  # what chance does more often than this is only fairly clear
DIRECTIONS = {State.HEALING, State.PARTIAL, State.MIXED, State.COPING, State.WORSENING}


def how_sure(words: Words, analysis: Analysis) -> list[str]:
    """Confidence in words and in how often chance would do it, and what weakens it."""
    verdict = analysis.verdict
    state = verdict.state
    code = verdict.confidence or "probable" if state is State.HEALING else state.value
    if state is State.PARTIAL and verdict.which not in {"recovery", "baseline"}:
        code = "partial.reactions"
    chance = _by_chance(analysis)
    if state is State.PARTIAL and chance is not None and chance > CLEAR_CHANCE:
        code += ".fairly"
    said = [words.say(f"sure.{code}")]
    if chance is not None:
        said.append(words.say("sure.chance", p=chance))
    only_step = _step(analysis) is not None and not _known_change(analysis)
    if state in DIRECTIONS:
        for qualifier in verdict.qualifiers:
            guessed = qualifier == "confounded" and only_step
            said.append(words.say(f"qualifier.{qualifier}{'.step' if guessed else ''}"))
    elif "confounded" in verdict.qualifiers and not only_step:
        said.append(words.say("qualifier.confounded.open"))
    return said


def _known_change(analysis: Analysis) -> bool:
    """Whether something is known to have changed besides the person: a device, a medicine."""
    return any(
        r.code == "known_break" or r.facts.get("why") == "confounded"
        for r in analysis.verdict.reasons
    )


def _by_chance(analysis: Analysis) -> float | None:
    """How often no change at all would give the direction that is named; None where none is.

    Of two signs that both must show, the less clear one counts; one that may be either of the two
    counts twice (Bonferroni).
    """
    verdict = analysis.verdict
    primaries = {"recovery": analysis.recovery.trend, "baseline": analysis.baseline.trend}
    single = verdict.which in primaries
    if verdict.state is State.WORSENING:
        single = _worse(verdict) != "both"
    if verdict.state is State.COPING:
        return next(
            (1.0 - m.facts["on_fall"] for m in analysis.markers if "on_fall" in m.facts), None
        )
    if verdict.state is State.PARTIAL and not single:
        found = [m for m in analysis.markers if m.id == "reactivity" and m.trend is not None]
        return max((max(_one_sided(m.trend), m.q_value or 0.0) for m in found), default=None)
    if verdict.state not in {State.HEALING, State.PARTIAL, State.WORSENING}:
        return None
    alone = single and verdict.state is not State.HEALING
    carrying = [primaries[str(verdict.which)]] if alone else list(primaries.values())
    chances = [
        _one_sided(t) for t in carrying if t is not None and excludes_zero(change_of(t, "1"))
    ]
    return min((2.0 if alone else 1.0) * max(chances), 1.0) if chances else None


def _one_sided(trend: Trend | None) -> float:
    """Support for no change or the other direction."""
    if trend is None:
        return 1.0
    p = 1.0 - trend.p_fall if trend.total.value < 0 else trend.p_fall
    return min(max(p, 0.0), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One of the three fixed lines: what counts first, the fine print after it."""

    first: list[str]
    more: list[str]
    state: str | None = None


def lines(words: Words, analysis: Analysis) -> tuple[Line, Line, Line]:
    """Recovery, Baseline, Together."""
    recovery, baseline = analysis.recovery, analysis.baseline
    resting = baseline_level(words, baseline)
    trends = [
        _once(words, analysis, sentences)
        for sentences in (recovery_trend(words, recovery), baseline_trend(words, analysis))
    ]
    days = days_level(words, analysis)
    state = primary_state(recovery, "recovery_speed")
    return (
        Line(
            first=[
                days or recovery_level(words, recovery),
                *single_recoveries(words, analysis),
                *not_told_apart(words, analysis),
                *trends[0][:1],
            ],
            more=[*trends[0][1:], *by_score(words, analysis)],
            state="no_trend" if days and state == MarkerState.UNKNOWN.value else state,
        ),
        Line(
            first=[resting[0], *trends[1][:1]],
            more=[*resting[1:], *trends[1][1:]],
            state="step"
            if uncounted_step(analysis) is not None
            else primary_state(baseline, baseline.measure),
        ),
        Line(first=together_line(words, analysis), more=[]),
    )


def _once(words: Words, analysis: Analysis, said: list[str]) -> list[str]:
    """The sentences without the odds of one sign, where those of the answer stand above."""
    if _by_chance(analysis) is None:
        return said
    trends = (analysis.recovery.trend, analysis.baseline.trend)
    odds = {how_rare(words, trend) for trend in trends if trend is not None}
    return [sentence for sentence in said if sentence not in odds]


def by_score(words: Words, analysis: Analysis) -> list[str]:
    """What a vendor's stress score says where heart rate is too coarse."""
    found = analysis.scored
    if isinstance(found, Missing) and found.code == "score_too_coarse":
        return [words.say("score.no_use", reason=words.reason(found))]
    if not isinstance(found, ScoreSummary):
        return []
    said = {"vendor": found.vendor, "n": len(found.episodes)}
    level = found.half_back_s
    if isinstance(level, Missing):
        return [words.say("score.none", reason=words.reason(level), **said)]
    span = {"value_s": level.value, "low_s": level.low, "high_s": level.high}
    cut = sum(not episode.seen for episode in found.episodes)
    return [words.say("score.level", cut=cut, **span, **said)]


def single_recoveries(words: Words, analysis: Analysis) -> list[str]:
    """The recoveries of a recording under a day, too few for a level: each in one sentence."""
    if analysis.coverage.worn_hours >= 24.0 or isinstance(analysis.recovery.half_time_s, Estimate):
        return []
    fits = sorted(analysis.fits, key=lambda fit: -fit.episode.rise_bpm)
    rises = [fit for fit in fits if fit.episode.kind is not EpisodeKind.EXERCISE][:SHOWN_ALONE]
    efforts = [fit for fit in fits if fit.accepted and fit.hrr60_bpm is not None][:SHOWN_ALONE]
    shown = sorted(rises or efforts, key=lambda fit: fit.episode.start_s)
    return [_single(words, fit, analysis.clock) for fit in shown]


def _single(words: Words, fit: RecoveryFit, clock: LocalClock) -> str:
    """One recovery: its half-time with interval, its bound, or why there is none."""
    at_s = fit.release_s if fit.hrr60_bpm is not None else fit.episode.start_s
    minute = int(clock.local_s(at_s) // 60) % 1440
    said: dict[str, object] = {
        "at": f"{minute // 60:02d}:{minute % 60:02d}",
        "bpm": words.number(fit.episode.rise_bpm if fit.hrr60_bpm is None else fit.hrr60_bpm, 0),
    }
    if fit.hrr60_bpm is not None:
        return words.say("recovery.one.effort", **said)
    if not fit.accepted:
        return words.say("recovery.one.not", why=words.say(f"why.{fit.why_not}"), **said)
    half = fit.half_time_s
    if half is not None:
        span = {"value_s": half.value, "low_s": half.low, "high_s": half.high}
        return words.say("recovery.one.measured", **span, **said)
    if fit.censored is Censored.LEFT:
        return words.say("recovery.one.at_most", bound_s=fit.bound_s, **said)
    why = words.say(f"stop.{fit.stop_reason}")
    return words.say("recovery.one.at_least", bound_s=fit.bound_s, why=why, **said)


def days_level(words: Words, analysis: Analysis) -> str:
    """Days back into range after a bad day, where that is the only scale; else empty."""
    found = next((m for m in analysis.markers if m.id == "rebound"), None)
    if analysis.recovery.scale != "days" or found is None or found.estimate is None:
        return ""
    if found.facts.get("estimate_is") != "level":
        return ""
    value, low, high = (
        words.number(x, 1) for x in (found.estimate.value, found.estimate.low, found.estimate.high)
    )
    return words.say("recovery.level.days", value=value, low=low, high=high, n=found.n or 0)


def alternatives(words: Words, fit: RecoveryFit) -> str:
    """What else was measured of one recovery: time to baseline, share gone, vagal return."""
    said = []
    if math.isfinite(fit.settled_s):
        sign = f"≥{NBSP}" if fit.settled_censored else ""
        said.append(words.say("ui.beside.back", back=sign + words.clock(fit.settled_s)))
    gone = [(m, p) for m, p in zip((1, 2, 5), fit.percent_back, strict=True) if p is not None]
    if gone:
        percent = "/".join(words.number(p, 0) for _, p in gone)
        minutes = "/".join(str(m) for m, _ in gone)
        said.append(words.say("ui.beside.percent", percent=percent, minutes=minutes))
    vagal = fit.vagal_percent_per_min
    if isinstance(vagal, Estimate):
        change, low, high = (words.number(x, 0) for x in (vagal.value, vagal.low, vagal.high))
        said.append(words.say("ui.beside.vagal", change=change, low=low, high=high))
    return "; ".join(said)


def primary_state(summary: RecoverySummary | BaselineSummary, name: str | None) -> str:
    """The state of a primary as its interval allows it."""
    if summary.trend is not None:
        return sayable(summary.state, change_of(summary.trend, "1"), calmer_sign(name)).value
    if isinstance(summary, RecoverySummary):
        known = isinstance(summary.half_time_s, Estimate) or isinstance(
            summary.settling_min, Estimate
        )
    else:
        known = readable(summary) is not None
    return "no_trend" if known else MarkerState.UNKNOWN.value


def together_line(words: Words, analysis: Analysis) -> list[str]:
    """How the two join, and the reasons that are not said elsewhere."""
    said = [together(words, analysis)]
    softer = next((m for m in analysis.markers if m.id == analysis.verdict.which), None)
    if softer is not None and softer.trend is not None:
        change = change_of(softer.trend, softer.unit)
        phrase = words.change(change.size, change.unit, ("lower", "higher"))
        said.insert(0, words.say(f"marker.{softer.id}.improving", change=phrase))
    repeated = tuple(f"{primary}_" for primary in ("recovery", "baseline"))
    said += [
        capital(words.reason(reason))
        for reason in analysis.verdict.reasons
        if not reason.code.startswith(repeated) and reason.code not in analysis.verdict.qualifiers
    ]
    return list(dict.fromkeys(said))


def capital(sentence: str) -> str:
    """The sentence with a capital first letter."""
    return sentence[:1].upper() + sentence[1:]


def needs(words: Words, analysis: Analysis) -> list[str]:
    """What would settle the question."""
    needs = list(analysis.verdict.needs)
    if any(need.code.startswith(OTHER_DATA) for need in needs):
        needs = [need for need in needs if need.code != "more_time_recovery"]
    said = [words.need(need) for need in needs]
    why = analysis.recovery.why_unknown
    if why is not None and why.code == "worn_too_little" and {"share", "needed"} <= set(why.facts):
        said.insert(0, words.say("need.wear_more", **why.facts))
    return list(dict.fromkeys(said))


OTHER_DATA = ("export_minute", "export_continuous", "export_all_day", "export_any", "device_")


def no_needs(words: Words, analysis: Analysis) -> str:
    """What is said where nothing can be named that would settle the question."""
    verdict = analysis.verdict
    if verdict.state in {State.INSUFFICIENT, State.UNDETERMINED, State.MIXED}:
        return words.say("ui.settle.open")
    settled = verdict.confidence == "supported" or verdict.state is State.UNCHANGED
    return words.say(f"ui.settle.{'nothing' if settled else 'surer'}")


def not_told_apart(words: Words, analysis: Analysis) -> list[str]:
    """A warning where the program, on this person's own data, cannot tell fast from slow."""
    slope = (analysis.selftest or {}).get("slope")
    if (
        slope is None
        or slope["low"] > 0.0
        or not isinstance(analysis.recovery.half_time_s, Estimate)
    ):
        return []
    return [words.say("recovery.not_told_apart")]


def self_test(words: Words, analysis: Analysis) -> list[str]:
    """What the program found of known rises in this person's own quiet hours."""
    told = analysis.selftest
    if told is None:
        return []
    visible = told.get("found_visible")
    if visible is None or told.get("median_error") is None:
        return [words.say("method.self_test.none")]
    said = words.say(
        "method.self_test",
        n=told["injections"],
        found=visible["value"],
        low=visible["low"],
        high=visible["high"],
        error=told["median_error"],
    )
    slope = told.get("slope")
    if slope is None:
        return [said]
    shown = {"slope": slope["value"], "low": slope["low"], "high": slope["high"]}
    return [said + " " + words.say("method.self_test.slope", **shown)]


def sensitivity(words: Words, analysis: Analysis) -> list[str]:
    """Which limits the answer hangs on, if any."""
    verdict, varied = analysis.verdict, analysis.varied
    if not varied:
        return []
    moved = [one for one in varied if one.state is not verdict.state]
    loose = {one.name for one in moved}
    firm = dict.fromkeys(one.name for one in varied if one.name not in loose)
    said = []
    if firm:
        named = "; ".join(words.say(f"limit.{name}") for name in firm)
        said.append(words.say("method.same", names=named))
    for one in moved:
        facts = {"tried": _plain(words, one.tried), "used": _plain(words, one.used)}
        answer = words.say(f"answer.{one.state.value}")
        said.append(
            words.say("method.other", answer=answer, name=words.say(f"limit.{one.name}"), **facts)
        )
    return [" ".join(said)]


def _plain(words: Words, value: float) -> str:
    """A threshold with the decimals that it has."""
    return words.number(value, len(f"{value:.4g}".partition(".")[2]))


# --------------------------------------------------------------------------- one rise


def half_time_shown(words: Words, fit: RecoveryFit) -> tuple[str, float | None]:
    """The half-time of one rise in the short form, with its bound if cut short, and its seconds."""
    half = fit.half_time_s
    if fit.censored is Censored.NO:
        return ("", None) if half is None else (words.clock(half.value), half.value)
    if not math.isfinite(fit.bound_s):
        return "", None
    sign = "≥" if fit.censored is Censored.RIGHT else "≤"
    return f"{sign}{NBSP}{words.clock(fit.bound_s)}", fit.bound_s


def why_not(words: Words, fit: RecoveryFit) -> str:
    """Why a rise is not used, or what cut it short; else empty."""
    if not fit.accepted:
        return words.say(f"why.{fit.why_not}") if fit.why_not else ""
    cut = fit.censored is Censored.RIGHT and fit.stop_reason
    return words.say(f"stop.{fit.stop_reason}") if cut else ""
