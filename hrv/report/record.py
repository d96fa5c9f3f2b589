"""`report.json`: the analysis by stable keys, numbers with their intervals, null beside its reason.

The shape is `report.schema.json`. Keys may be added; taking one away or changing its meaning or
type raises `SCHEMA`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Any

import numpy as np

from hrv.model import (
    Analysis,
    BaselineDay,
    Censored,
    Estimate,
    InputSummary,
    LocalClock,
    MarkerFinding,
    Missing,
    Rating,
    RecoveryFit,
    RecoverySummary,
    Refusal,
    Trend,
    Varied,
    as_date,
)
from hrv.report import tests_said, wording
from hrv.report.text import Words

SCHEMA = 1


def record(
    analysis: Analysis, words: Words | None = None, *, folded: bool = False
) -> dict[str, Any]:
    """The whole analysis as plain values ready for JSON.

    `folded`: of many files, those alike share a row with the list of their names.
    """
    words = words or Words()
    return {
        "schema": SCHEMA,
        "version": analysis.version,
        "settings": {
            **_plain(analysis.settings),
            "as_of": None if analysis.as_of_day is None else _date(analysis.as_of_day),
            "window": None if analysis.window is None else [_date(d) for d in analysis.window],
            "language": words.language,
        },
        "seed": analysis.seed,
        "inputs": [
            _input(part, analysis.clock)
            for part in (alike(analysis.inputs) if folded else ([x] for x in analysis.inputs))
        ],
        "coverage": {
            "days": analysis.coverage.days,
            "nights": analysis.coverage.nights,
            "worn_hours": number(analysis.coverage.worn_hours, 2),
            "still_hours": number(analysis.coverage.still_hours, 2),
            "tier": analysis.coverage.tier.value,
        },
        "verdict": _verdict(analysis, words),
        "markers": [_marker(finding, words) for finding in analysis.markers],
        "recovery": _recovery(analysis.recovery, words),
        "baseline": _baseline(analysis, words),
        "episodes": [_episode(fit, analysis.clock) for fit in analysis.fits],
        "techniques": _techniques(analysis.markers),
        "scores": _scores(analysis),
        "days": [_day(day) for day in analysis.days],
        "change": None if analysis.change is None else _plain(analysis.change),
        "ratings": _ratings(analysis.ratings),
        "self_test": None if analysis.selftest is None else _plain(analysis.selftest),
        "sensitivity": [_varied(one, analysis) for one in analysis.varied],
        "notes": [
            {"where": words.where(note), "text": words.note(note)} for note in analysis.notes
        ],
    }


def dumps(analysis: Analysis, words: Words | None = None) -> str:
    """The record as text; the same analysis gives the same bytes."""
    return json.dumps(record(analysis, words), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def number(value: float | None, digits: int | None = None) -> float | None:
    """A finite number with at most `digits` decimals (six significant by default), or None."""
    if value is None or not math.isfinite(value):
        return None
    rounded = round(float(value), digits) if digits is not None else float(f"{value:.6g}")
    return rounded + 0.0


def instant(t_s: float | None, clock: LocalClock) -> str | None:
    """ISO 8601 local time with its offset."""
    if t_s is None or not math.isfinite(t_s):
        return None
    offset_s = float(clock.offset_at(t_s))
    zone = timezone(timedelta(seconds=round(offset_s / 60) * 60))
    moment = datetime.fromtimestamp(round(t_s), tz=UTC).astimezone(zone)
    return moment.isoformat()


def _date(day: int) -> str:
    return as_date(day).isoformat()


MANY_FILES = 60  # more than so many stand in groups


def alike(inputs: Sequence[InputSummary]) -> list[list[InputSummary]]:
    """Files one by one, or many of them by folder, kind, contents and reasons."""
    if len(inputs) <= MANY_FILES:
        return [[item] for item in inputs]
    groups: dict[tuple[object, ...], list[InputSummary]] = {}
    for item in inputs:
        reasons = tuple(sorted({refusal.reason for refusal in item.refusals}))
        key = (folder(item.file), item.format, item.streams, reasons)
        groups.setdefault(key, []).append(item)
    return list(groups.values())


def folder(file: str) -> str:
    """The part of a path up to its last slash, with it."""
    return file[: file.rfind("/") + 1]


def refused(part: Sequence[InputSummary]) -> dict[str, list[Refusal]]:
    """Refusals of some files by reason."""
    found: dict[str, list[Refusal]] = {}
    for refusal in (r for item in part for r in item.refusals):
        found.setdefault(refusal.reason, []).append(refusal)
    return found


def ends(part: Sequence[InputSummary]) -> tuple[float | None, float | None]:
    """First and last time of some files, s."""
    return (
        min((x.first_s for x in part if x.first_s is not None), default=None),
        max((x.last_s for x in part if x.last_s is not None), default=None),
    )


def _input(part: Sequence[InputSummary], clock: LocalClock) -> dict[str, Any]:
    """One file, or files alike with the sums of their rows and their names."""
    whose = part[0]
    first, last = (instant(end, clock) for end in ends(part))
    row: dict[str, Any] = {
        "file": whose.file if len(part) == 1 else folder(whose.file),
        "format": whose.format,
        "streams": list(whose.streams),
        "first": first,
        "last": last,
        "rows_used": sum(item.rows_used for item in part),
        "rows_refused": sum(item.rows_refused for item in part),
        "refusals": [
            {
                "rows": sum(r.rows for r in some),
                "reason": reason,
                "first_place": some[0].first_place,
            }
            for reason, some in refused(part).items()
        ],
    }
    if len(part) > 1:
        row["files"] = [item.file.removeprefix(row["file"]) for item in part]
    return row


def _verdict(analysis: Analysis, words: Words) -> dict[str, Any]:
    verdict = analysis.verdict
    return {
        "state": verdict.state.value,
        "confidence": verdict.confidence,
        "other": verdict.other,
        "qualifiers": list(verdict.qualifiers),
        "sentence": wording.headline(words, analysis),
        "reasons": [words.reason(reason) for reason in verdict.reasons],
        "needs": [
            {"kind": need.kind.value, "text": words.need(need), "weeks": number(need.weeks)}
            for need in verdict.needs
        ],
    }


def _marker(finding: MarkerFinding, words: Words) -> dict[str, Any]:
    estimate = finding.estimate
    unknown = finding.why_unknown
    return {
        "id": finding.id,
        "state": finding.state.value,
        "estimate": number(estimate.value) if estimate else None,
        "low": number(estimate.low) if estimate else None,
        "high": number(estimate.high) if estimate else None,
        "unit": finding.unit or None,
        "level": estimate.level if estimate else None,
        "p_value": number(finding.p_value),
        "q_value": number(finding.q_value),
        "n": finding.n,
        "since": None if finding.since_day is None else _date(finding.since_day),
        "until": None if finding.until_day is None else _date(finding.until_day),
        "sentence": tests_said.marker_sentence(words, finding),
        "why_unknown": words.reason(unknown) if unknown is not None else None,
    }


def _level(value: Estimate | Missing, summary: RecoverySummary, words: Words) -> dict[str, Any]:
    found = value if isinstance(value, Estimate) else None
    return {
        "value": number(found.value) if found else None,
        "low": number(found.low) if found else None,
        "high": number(found.high) if found else None,
        "level": found.level if found else None,
        "n": (found.n if found.n is not None else summary.n) if found else None,
        "censored": summary.censored if found else None,
        "resolution_s": number(summary.resolution_s),
        "why": words.reason(value) if isinstance(value, Missing) else None,
    }


def _recovery(summary: RecoverySummary, words: Words) -> dict[str, Any]:
    return {
        "scale": summary.scale,
        "half_time_s": _level(summary.half_time_s, summary, words),
        "settling_min": _level(summary.settling_min, summary, words),
        "state": summary.state.value,
        "trend": _percent_trend(summary.trend),
        "why_unknown": words.reason(summary.why_unknown)
        if summary.why_unknown is not None
        else None,
    }


def _percent_trend(trend: Trend | None) -> dict[str, Any] | None:
    """Percent per 30 days; `low` and `high` are in percent too."""
    if trend is None:
        return None
    value, low, high = (_percent_per_30_days(trend, x) for x in _bounds(trend))
    return {
        "percent_per_30_days": value,
        "low": low,
        "high": high,
        "p_value": number(trend.p_value),
        "method": trend.method,
    }


def _bounds(trend: Trend) -> tuple[float, float, float]:
    return trend.total.value, trend.total.low, trend.total.high


def _percent_per_30_days(trend: Trend, total: float) -> float | None:
    if not trend.log:
        return None
    return number(100.0 * math.expm1(total * 30.0 / max(trend.days - 1, 1)))


def _baseline(analysis: Analysis, words: Words) -> dict[str, Any]:
    summary, trend = analysis.baseline, analysis.baseline.trend
    found = summary.value if isinstance(summary.value, Estimate) else None
    reason = summary.why_unknown
    if reason is None and isinstance(summary.value, Missing):
        reason = summary.value
    return {
        "measure": summary.measure,
        "value": number(found.value) if found else None,
        "low": number(found.low) if found else None,
        "high": number(found.high) if found else None,
        "normal_range": (
            None if summary.normal_range is None else [number(x) for x in summary.normal_range]
        ),
        "state": summary.state.value,
        "trend": None
        if trend is None
        else {
            "per_30_days": number(trend.per_30_days()),
            "percent_per_30_days": _percent_per_30_days(trend, trend.total.value),
            "low": number(trend.total.low * 30.0 / max(trend.days - 1, 1)),
            "high": number(trend.total.high * 30.0 / max(trend.days - 1, 1)),
            "p_value": number(trend.p_value),
            "method": trend.method,
        },
        "step": _step(analysis),
        "why_unknown": words.reason(reason) if reason is not None else None,
    }


def _step(analysis: Analysis) -> dict[str, Any] | None:
    """The likeliest single step of the resting measure, whether or not it is clear."""
    told = next((m.facts for m in analysis.markers if m.id == "baseline_arousal"), {})
    if "step_day" not in told:
        return None
    return {
        "date": _date(told["step_day"]),
        "size": number(told["step_size"]),
        "p_value": number(told["step_p"]),
        "line_fits_as_well": told["line_fits_as_well"],
    }


def _varied(one: Varied, analysis: Analysis) -> dict[str, Any]:
    return {
        "threshold": one.name,
        "used": number(one.used),
        "tried": number(one.tried),
        "state": one.state.value,
        "confidence": one.confidence,
        "same": one.state is analysis.verdict.state,
    }


def _episode(fit: RecoveryFit, clock: LocalClock) -> dict[str, Any]:
    episode, half = fit.episode, fit.half_time_s
    bound = number(fit.bound_s)
    low = half.low if half else (bound if fit.censored is Censored.RIGHT else None)
    high = half.high if half else (bound if fit.censored is Censored.LEFT else None)
    return {
        "start": instant(episode.start_s, clock),
        "peak": instant(episode.peak_s, clock),
        "end": instant(episode.end_s, clock),
        "kind": episode.kind.value,
        "label": episode.label or None,
        "rise_bpm": number(episode.rise_bpm, 2),
        "half_time_s": number(half.value, 1) if half else None,
        "low": number(low, 1),
        "high": number(high, 1),
        "censored": fit.censored.value,
        "accepted": fit.accepted,
        "why_not": fit.why_not or None,
        "confidence": number(episode.confidence, 3),
        "excluded": list(episode.excluded),
        "back_in_range_s": number(fit.settled_s, 1),
        "back_in_range_censored": fit.settled_censored,
        "area_bpm_min": number(fit.area_bpm_min, 1),
        "percent_back": [number(share, 1) for share in fit.percent_back],
        "hrr60_bpm": number(fit.hrr60_bpm, 1),
        "hrr120_bpm": number(fit.hrr120_bpm, 1),
        "vagal": _vagal(fit.vagal_percent_per_min),
    }


def _vagal(found: Estimate | Missing | None) -> dict[str, Any] | None:
    """Growth of RMSSD after the release, or the code of why not; null where no beats are."""
    if found is None:
        return None
    if isinstance(found, Missing):
        return {"percent_per_min": None, "low": None, "high": None, "why": found.code}
    value, low, high = (number(x, 2) for x in (found.value, found.low, found.high))
    return {"percent_per_min": value, "low": low, "high": high, "why": None}


def _scores(analysis: Analysis) -> dict[str, Any] | None:
    """What a vendor's score says in place of a heart rate that is too coarse, or why not."""
    found = analysis.scored
    if found is None:
        return None
    if isinstance(found, Missing):
        return {"known_by": "score", "why": found.code}
    level = found.half_back_s
    half = level if isinstance(level, Estimate) else None
    return {
        "known_by": "score",
        "why": None if half is not None else getattr(level, "code", None),
        "vendor": found.vendor,
        "period_s": number(found.period_s, 1),
        "half_back_s": number(half.value, 1) if half else None,
        "low": number(half.low, 1) if half else None,
        "high": number(half.high, 1) if half else None,
        "episodes": [
            {
                "start": instant(e.start_s, analysis.clock),
                "peak": instant(e.peak_s, analysis.clock),
                "end": instant(e.end_s, analysis.clock),
                "known_by": e.known_by,
                "score_before": number(e.before, 1),
                "score_peak": number(e.peak, 1),
                "half_back_low_s": number(e.back_low_s, 1),
                "half_back_high_s": number(e.back_high_s, 1),
            }
            for e in found.episodes
        ],
    }


def _techniques(markers: Iterable[MarkerFinding]) -> dict[str, Any] | None:
    """The looks at techniques in numbers; null without a session. What is described only, without a
    test, has no interval."""
    facts = next((m.facts for m in markers if m.id == "technique_dependence"), {})
    if not facts.get("sessions"):
        return None

    def one(name: str, value: str) -> dict[str, Any] | None:
        if value not in facts:
            return None
        told = [facts[value], *(facts.get(f"{name}_{part}") for part in ("low", "high", "p"))]
        return dict(zip(("value", "low", "high", "p_value"), map(number, told), strict=True))

    return {
        "sessions": facts["sessions"],
        "sessions_not_prompted": facts.get("sessions_seen"),
        "rises_with": facts.get("treated", 0),
        "rises_matched": facts.get("sets", 0),
        "during_less_before_bpm": one("during_less_before", "during_less_before_bpm"),
        "after_less_before_bpm": one("after_less_before", "after_less_before_bpm"),
        "ends_sooner_ratio": one("faster_with", "faster_with"),
        "practice_less_lapse": one("practice_less_lapse", "practice_less_lapse"),
        "practice_measure": facts.get("practice_measure"),
        "trend_with_ln": one("on", "on_change"),
        "trend_without_ln": one("off", "off_change"),
    }


def _day(day: BaselineDay) -> dict[str, Any]:
    resting = day.resting_hr_bpm
    return {
        "date": _date(day.day),
        "night_hr_bpm": number(day.night_hr_bpm, 2),
        "ln_rmssd": number(day.ln_rmssd if day.ln_rmssd is not None else day.vendor_ln_rmssd, 4),
        "resting_hr_bpm": number(resting if resting is not None else day.vendor_resting_hr_bpm, 2),
        "arousal_z": number(day.arousal_z, 3),
        "worn_hours": number(day.worn_hours, 2),
        "quality": day.quality or None,
    }


def _ratings(ratings: Iterable[Rating]) -> dict[str, Any] | None:
    """Per scale the first and last value, and the slope per 30 days by Theil and Sen."""
    scales: dict[str, list[Rating]] = {}
    for rating in ratings:
        scales.setdefault(rating.scale, []).append(rating)
    if not scales:
        return None
    return {scale: _scale(sorted(of, key=lambda r: r.day)) for scale, of in sorted(scales.items())}


def _scale(ratings: list[Rating]) -> dict[str, Any]:
    days = np.array([r.day for r in ratings], dtype=float)
    values = np.array([r.value for r in ratings], dtype=float)
    first, second = np.triu_indices(days.size, 1)
    apart = days[second] > days[first]
    slopes = (values[second] - values[first])[apart] / (days[second] - days[first])[apart]
    return {
        "first": {"date": _date(ratings[0].day), "value": number(ratings[0].value)},
        "last": {"date": _date(ratings[-1].day), "value": number(ratings[-1].value)},
        "n": len(ratings),
        "trend": number(30.0 * float(np.median(slopes))) if slopes.size else None,
    }


def _plain(value: Any) -> Any:
    """Nouns, mappings and arrays as JSON values; what is not finite becomes None."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Missing):
        return {"missing": value.code, **{str(k): _plain(v) for k, v in value.facts.items()}}
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return number(float(value))
    return str(value)
