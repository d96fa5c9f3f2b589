"""One practical test in plain sentences. A direction is said only where the interval allows it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from hrv.model import Analysis, Estimate, MarkerFinding, MarkerState
from hrv.report.text import PAIRS, Words
from hrv.report.wording import (
    DIRECTED,
    HIGHER_IS_CALMER,
    LOG_MEASURES,
    MEASURES,
    NO_REASON,
    Change,
    calmer_sign,
    change_of,
    could_show,
    excludes_zero,
    measure_name,
    sayable,
    uncounted_step,
)


def marker_name(words: Words, marker: str) -> str:
    """The marker's short name."""
    return words.say(f"marker.{marker}.name")


def marker_change(finding: MarkerFinding) -> Change | None:
    """The change behind a marker in a unit a person knows, where there is one."""
    if finding.trend is not None:
        unit = "1" if finding.unit == "%" else finding.unit
        return plain(change_of(finding.trend, unit), finding.facts)
    told = finding.facts.get("estimate_is", "change")
    if finding.estimate is None or told == "level":
        return None
    return plain(Change(finding.estimate, finding.unit), finding.facts)


CONVERTED = ("log odds", "sqrt(1/h)", "sqrt(min)", "share", "ln ms")


def plain(change: Change, facts: Mapping[str, Any]) -> Change:
    """Transformed endpoints back in the units of life."""
    if change.unit == "log odds":
        share = min(max(float(facts.get("share", 0.5)), 1e-6), 1.0 - 1e-6)
        return _mapped(change, "in 100", partial(_more_in_100, share))
    if change.unit == "sqrt(1/h)":
        mean = math.sqrt(max(float(facts.get("per_hour", 1.0)), 1e-6))

        def percent(x: float) -> float:
            first, last = max(mean - x / 2.0, 1e-3 * mean), max(mean + x / 2.0, 0.0)
            return 100.0 * ((last / first) ** 2 - 1.0)

        return _mapped(change, "%", percent)
    if change.unit == "sqrt(min)":
        ends = [
            math.sqrt(max(float(facts.get(k, 1.0)), 0.0)) for k in ("minutes_first", "minutes_last")
        ]
        return _mapped(change, "min", lambda x: sum(ends) * x)
    if change.unit == "share":
        return _mapped(change, "points", lambda x: 100.0 * x)
    if change.unit == "ln ms":
        return _mapped(change, "%", lambda x: 100.0 * math.expm1(x))
    return change


def _more_in_100(share: float, x: float) -> float:
    """Percent points between the ends of a line in log odds that rises by x and whose mean is
    `share`: the log odds in its middle solve the integral of the logistic function."""
    if abs(x) < 1e-9:
        return 0.0
    x = min(max(x, -60.0), 60.0)
    odds = math.expm1(share * x) / (math.exp(x / 2) - math.exp((share - 0.5) * x))
    ends = [1.0 / (1.0 + math.exp(-half) / odds) for half in (-x / 2, x / 2)]
    return 100.0 * (ends[1] - ends[0])


def _mapped(change: Change, unit: str, rule: Callable[[float], float]) -> Change:
    size = change.size
    value, low, high = rule(size.value), rule(size.low), rule(size.high)
    return Change(
        Estimate(value=value, low=min(low, value), high=max(high, value), level=size.level), unit
    )


def marker_state(finding: MarkerFinding) -> MarkerState:
    """The state as it may be said."""
    change = marker_change(finding)
    if finding.state in DIRECTED and change is None:
        return MarkerState.UNDETERMINED
    return sayable(finding.state, change, marker_sign(finding))


def shown_state(analysis: Analysis, finding: MarkerFinding) -> str:
    """The state as it is shown: a step that the answer leaves out is called one."""
    left_out = finding.id == "baseline_arousal" and uncounted_step(analysis) is not None
    return "step" if left_out else marker_state(finding).value


def marker_sign(finding: MarkerFinding) -> int:
    """Which sign of the change is the calmer one; 0 where nothing says so."""
    if finding.id == "baseline_arousal":
        return calmer_sign(str(finding.facts.get("measure", "night_hr_bpm")))
    if finding.id == "exercise_recovery":
        return {"bouts": 1, "walking": -1}.get(str(finding.facts.get("part")), 0)
    return calmer_sign(finding.id)


def marker_sentence(words: Words, finding: MarkerFinding) -> str:
    """One marker in a few plain sentences."""
    state = marker_state(finding)
    if state is MarkerState.UNKNOWN:
        reason = NO_REASON if finding.why_unknown is None else finding.why_unknown
        return words.say("marker.unknown", reason=words.reason(reason))
    said = list(_direction(words, finding, state))
    said += _beside(words, finding)
    if not said:
        said = [words.say("marker.described.bare")]
    return " ".join(sentence for sentence in said if sentence)


def _direction(words: Words, finding: MarkerFinding, state: MarkerState) -> Iterator[str]:
    change = marker_change(finding)
    if state is MarkerState.DESCRIBED:
        return
    if change is None:
        yield words.say("marker.undetermined.bare")
        return
    phrase = words.change(change.size, change.unit, PAIRS[finding.id])
    if state in DIRECTED:
        scale = str(finding.facts.get("scale", ""))
        yield words.say(f"marker.{_part(finding)}.{state.value}", change=phrase, scale=scale)
    elif state is MarkerState.STEADY:
        yield words.say("marker.steady", change=phrase)
    else:
        leaning = ".leaning" if excludes_zero(change) else ""
        yield words.say(f"marker.undetermined{leaning}", change=phrase)
        if finding.trend is not None and (
            finding.trend.log or finding.unit in {"bpm", "SD", "points"}
        ):
            yield could_show(words, finding.trend, finding.unit)


def _part(finding: MarkerFinding) -> str:
    """The marker, and which of its endpoints the change belongs to where it has several."""
    if finding.id == "exercise_recovery" and finding.facts.get("part") == "walking":
        return "exercise_recovery.walking"
    return finding.id


# --------------------------------------------------------------------------- beside the direction


def _beside(words: Words, finding: MarkerFinding) -> list[str]:
    """What a marker tells besides a direction: its level and its parts."""
    parts = BESIDE.get(finding.id)
    return [] if parts is None else [s for s in parts(words, finding) if s]


def _level(words: Words, finding: MarkerFinding, code: str, **more: Any) -> str:
    found = finding.estimate
    if found is None or finding.facts.get("estimate_is") != "level":
        return ""
    ends = (found.value, found.low, found.high)
    if finding.facts.get("measure") in LOG_MEASURES and code == "beside.flexibility":
        ends = tuple(100.0 * math.expm1(x) for x in ends)  # type: ignore[assignment]
    value, low, high = (words.number(x) for x in ends)
    return words.say(code, value=value, low=low, high=high, **more)


def _rebound(words: Words, finding: MarkerFinding) -> Iterator[str]:
    yield _level(words, finding, "beside.rebound", n=finding.n or 0)
    by_chance = finding.facts.get("by_chance_days")
    if isinstance(by_chance, float) and math.isfinite(by_chance):
        yield words.say("beside.rebound.chance", days=words.number(by_chance))


def _flexibility(words: Words, finding: MarkerFinding) -> Iterator[str]:
    if finding.facts.get("estimate_is") != "level":
        return
    measure = str(finding.facts.get("measure", ""))
    unit = words.unit("%" if measure in LOG_MEASURES else finding.unit)
    yield _level(
        words, finding, "beside.flexibility", measure=measure_name(words, measure), unit=unit
    )


def _technique(words: Words, finding: MarkerFinding) -> Iterator[str]:
    facts = finding.facts
    around = [
        name for name in ("during_less_before", "after_less_before") if f"{name}_bpm" in facts
    ]
    for name in around:
        mean = words.number(facts[f"{name}_bpm"], 1)
        yield words.say(f"beside.{name}", size=mean, n=facts.get("sessions_seen", 0))
    if around:
        yield words.say("beside.sessions_described")
    if "practice_less_lapse_low" in facts:
        value, low, high = (facts[f"practice_less_lapse{part}"] for part in ("", "_low", "_high"))
        size = Estimate(value=value, low=min(low, value), high=max(high, value))
        yield from _practice(words, facts, size)
    if "faster_with_low" in facts:
        low, high = facts["faster_with_low"], facts["faster_with_high"]
        code = "sooner" if low > 1.0 else "later" if high < 1.0 else "open"
        ratio, low, high = (words.number(x) for x in (facts["faster_with"], low, high))
        yield words.say(
            f"beside.faster_with.{code}", ratio=ratio, low=low, high=high, n=facts.get("sets", 0)
        )
    yield from with_and_without(words, finding)


def with_and_without(words: Words, finding: MarkerFinding) -> Iterator[str]:
    """How recovery with a technique, and without one, changed over the period."""
    facts = finding.facts
    for name in ("on", "off"):
        if f"{name}_low" in facts:
            size = Estimate(
                value=100.0 * math.expm1(facts[f"{name}_change"]),
                low=100.0 * math.expm1(facts[f"{name}_low"]),
                high=100.0 * math.expm1(facts[f"{name}_high"]),
            )
            yield words.say(
                f"beside.technique.{name}",
                change=words.change(size, "%", ("shorter", "longer")),
                n=facts.get(name, 0),
            )


def _practice(words: Words, facts: Mapping[str, Any], size: Estimate) -> Iterator[str]:
    """Days with against days without; `size` has more arousal upwards."""
    code = "lower" if size.high < 0 else "higher" if size.low > 0 else "open"
    yield words.say(f"beside.practice.{code}")
    measure = str(facts.get("practice_measure", ""))
    if measure not in MEASURES:
        return
    if measure in HIGHER_IS_CALMER:
        size = Estimate(value=-size.value, low=-size.high, high=-size.low)
    change = plain(Change(size, "ln ms" if measure in LOG_MEASURES else MEASURES[measure]), {})
    yield words.say(
        "beside.practice.size",
        measure=measure_name(words, measure),
        change=words.change(change.size, change.unit, ("lower", "higher")),
        n=facts.get("practice_days", 0),
        lapse=facts.get("lapse_days", 0),
    )


def _effort(words: Words, finding: MarkerFinding) -> Iterator[str]:
    facts = finding.facts
    if "minutes_a_day" in facts:
        yield words.say(
            "beside.effort",
            minutes=float(facts["minutes_a_day"]),
            sessions=float(facts.get("sessions_a_week", 0.0)),
        )
    share = facts.get("managed_share")
    if share is not None:
        yield words.say("beside.effort.managed", share=float(share))


def _tagged(words: Words, finding: MarkerFinding) -> Iterator[str]:
    for label, row in dict(finding.facts.get("by_label") or {}).items():
        median = row.get("median_min")
        if median is None or not math.isfinite(median):
            continue
        yield words.say("beside.tagged", label=label, n=int(row["n"]), time_s=60.0 * float(median))
    if finding.facts.get("estimate_is") == "contrast" and finding.estimate is not None:
        found = plain(Change(finding.estimate, finding.unit), finding.facts)
        phrase = words.change(found.size, found.unit, ("lower", "higher"))
        measure = measure_name(words, str(finding.facts.get("measure", "")))
        yield words.say("beside.night_after", measure=measure, change=phrase)


def _release(words: Words, finding: MarkerFinding) -> Iterator[str]:
    facts = finding.facts
    if "before_n" in facts:
        yield words.say(
            "beside.release",
            **{k: facts[k] for k in ("label", "before", "before_n", "after", "after_n")},
        )


def _load(words: Words, finding: MarkerFinding) -> Iterator[str]:
    share = finding.facts.get("share")
    if share is not None:
        yield words.say("beside.load", share=float(share))


def _rate(words: Words, finding: MarkerFinding) -> Iterator[str]:
    per_hour = finding.facts.get("per_hour")
    if per_hour is not None:
        yield words.say("beside.rate", rate=words.number(10.0 * float(per_hour)))


def _heights(words: Words, finding: MarkerFinding) -> Iterator[str]:
    median = finding.facts.get("median_bpm")
    if median is not None:
        yield words.say("beside.heights", bpm=words.number(float(median), 0))


def _sleep(words: Words, finding: MarkerFinding) -> Iterator[str]:
    part = finding.facts.get("part")
    if part in {"settle", "restless", "deep_share"}:
        yield words.say(f"beside.sleep.{part}")
    if finding.facts.get("disagree"):
        yield words.say("beside.sleep.disagree")


def _exercise(words: Words, finding: MarkerFinding) -> Iterator[str]:
    part = finding.facts.get("part")
    if part in {"bouts", "walking"}:
        yield words.say(f"beside.effort.{part}")


def _ratings(words: Words, finding: MarkerFinding) -> Iterator[str]:
    for scale, row in dict(finding.facts.get("scales") or {}).items():
        yield words.say(
            "beside.ratings",
            scale=scale,
            early=words.number(float(row["early"]), 1),
            late=words.number(float(row["late"]), 1),
            n=int(row["n"]),
        )


BESIDE: dict[str, Callable[[Words, MarkerFinding], Iterator[str]]] = {
    "rebound": _rebound,
    "flexibility": _flexibility,
    "technique_dependence": _technique,
    "management_effort": _effort,
    "tagged_recovery": _tagged,
    "release": _release,
    "chronic_load": _load,
    "episode_rate": _rate,
    "reactivity": _heights,
    "sleep_depth": _sleep,
    "core_suffering": _ratings,
    "exercise_recovery": _exercise,
}
