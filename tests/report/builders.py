"""Analyses made by hand: one for every answer the report can give, and the data behind it."""

from __future__ import annotations

from typing import Any

import numpy as np

from hrv.clean import correct
from hrv.model import (
    Analysis,
    BaselineDay,
    BaselineSummary,
    Censored,
    Cleaned,
    Coverage,
    DayTrace,
    Episode,
    EpisodeKind,
    Estimate,
    HourMap,
    InputSummary,
    LocalClock,
    MarkerFinding,
    MarkerState,
    Missing,
    Need,
    NeedKind,
    Note,
    Rating,
    RecoveryCurve,
    RecoveryFit,
    RecoverySummary,
    Refusal,
    Span,
    SpanKind,
    State,
    Tier,
    Trend,
    Verdict,
    as_day,
)
from hrv.settings import CleanSettings, Settings
from tests.hearts import recorded, steady

FIRST = 20_500  # 2026-02-16, a Monday
OFFSET_S = 7200.0

MARKERS = (
    "recovery_speed",
    "baseline_arousal",
    "activation_time",
    "reactivity",
    "episode_rate",
    "technique_dependence",
    "management_effort",
    "sleep_depth",
    "tagged_recovery",
    "chronic_load",
    "flexibility",
    "rebound",
    "release",
    "core_suffering",
    "exercise_recovery",
)


def estimate(value: float, low: float, high: float, n: int | None = None) -> Estimate:
    return Estimate(value=value, low=low, high=high, n=n)


def trend(
    value: float, half: float, *, days: int = 168, log: bool = True, n: int = 300, **more: Any
) -> Trend:
    """A trend with a symmetric interval and the p-values that belong to it."""
    from scipy.stats import norm

    se = half / 1.96
    z = value / se
    return Trend(
        total=estimate(value, value - half, value + half, n),
        p_value=float(2 * norm.sf(abs(z))),
        p_fall=float(norm.cdf(-z)),
        since_day=FIRST,
        until_day=FIRST + days - 1,
        n=n,
        se=se,
        df=60.0,
        method="censored log-normal regression",
        log=log,
        smallest_change=2.49 * se,
        **more,
    )


def fits(
    days: int, n: int, half_then_s: float, half_now_s: float, *, step_s: float = 15.0, seed: int = 1
) -> tuple[list[RecoveryFit], list[RecoveryCurve]]:
    """Rises spread over the days, some cut short, some too fast to time, with their curves."""
    rng = np.random.default_rng(seed)
    found, curves = [], []
    for i in range(n):
        x = i / max(n - 1, 1)
        day = FIRST + int(x * (days - 1))
        hour = float(rng.uniform(8, 22))
        start_s = day * 86_400.0 + hour * 3600.0 - OFFSET_S
        half_s = float(np.exp(np.log(half_then_s) * (1 - x) + np.log(half_now_s) * x))
        half_s *= float(np.exp(rng.normal(0, 0.5)))
        height = float(rng.uniform(8, 22))
        stop_s = float(min(rng.exponential(900) + 120, 1800))
        censored = Censored.NO
        bound = float("nan")
        if half_s > stop_s:
            censored, bound = Censored.RIGHT, stop_s
        elif half_s < 1.25 * step_s:
            censored, bound = Censored.LEFT, 1.25 * step_s
        accepted = rng.random() > 0.08
        t = np.arange(-300.0, stop_s + step_s, step_s)
        y = height * np.where(t < 0, 1.0, 2.0 ** (-np.maximum(t, 0) / half_s))
        y = y + rng.normal(0, 1.5, t.size)
        measured = censored is Censored.NO
        found.append(
            RecoveryFit(
                episode=Episode(
                    start_s=start_s,
                    peak_s=start_s + 240,
                    end_s=start_s + 600,
                    rise_bpm=height,
                    kind=EpisodeKind.TAGGED if i % 17 == 0 else EpisodeKind.STRESS,
                    label="meeting" if i % 17 == 0 else "",
                    technique=i % 9 == 0,
                    step_s=step_s,
                    day=day,
                    hour=hour,
                ),
                accepted=bool(accepted),
                why_not="" if accepted else "low",
                half_time_s=estimate(half_s, half_s / 1.6, half_s * 1.6) if measured else None,
                ln_h=float(np.log(half_s)),
                ln_h_sd=0.25,
                censored=censored,
                bound_s=bound,
                follow_up_s=stop_s,
                resolution_s=1.25 * step_s,
                stop_reason="motion" if i % 2 else "next_episode",
                amplitude_bpm=height,
                settled_s=min(3 * half_s, stop_s),
                settled_censored=bool(3 * half_s > stop_s),
                settled_follow_up_s=stop_s,
                active_s=600.0 + min(3 * half_s, stop_s),
                active_censored=bool(3 * half_s > stop_s),
                release_s=start_s + 300,
            )
        )
        curves.append(RecoveryCurve(t, y, start_s, stop_s))
    return found, curves


def days_of(
    days: int,
    *,
    fall_bpm: float = 0.0,
    daily_only: bool = False,
    missing: float = 0.12,
    seed: int = 2,
) -> tuple[BaselineDay, ...]:
    rng = np.random.default_rng(seed)
    out = []
    slow = 0.0
    for i in range(days):
        slow = 0.7 * slow + float(rng.normal(0, 0.9))
        if rng.random() < missing or 40 <= i < 46:
            continue
        hr = 56.0 - fall_bpm * i / max(days - 1, 1) + slow + float(rng.normal(0, 0.8))
        log = float(np.log(42.0) - 0.03 * (hr - 56.0) + rng.normal(0, 0.1))
        if daily_only:
            out.append(BaselineDay(day=FIRST + i, vendor_resting_hr_bpm=round(hr), quality="amber"))
            continue
        out.append(
            BaselineDay(
                day=FIRST + i,
                night_hr_bpm=hr,
                ln_rmssd=log,
                resting_hr_bpm=hr + 9,
                arousal_z=(hr - 56.0) / 1.8,
                worn_hours=float(np.clip(rng.normal(20, 3), 4, 24)),
                still_hours=6.0,
                quality="green" if rng.random() > 0.2 else "amber",
            )
        )
    return tuple(out)


def marker(name: str, state: MarkerState, found: Trend | None = None, **more: Any) -> MarkerFinding:
    percent = found.percent() if found is not None else None
    return MarkerFinding(
        id=name,
        state=state,
        estimate=(percent or found.total) if found is not None else more.pop("estimate", None),
        unit=("%" if percent else "bpm") if found is not None else more.pop("unit", ""),
        p_value=found.p_value if found else None,
        n=found.n if found else None,
        since_day=FIRST,
        until_day=FIRST + 167,
        trend=found,
        facts={"estimate_is": "change"} if found else more.pop("facts", {}),
        **more,
    )


def unknown_markers(but: tuple[str, ...] = ()) -> list[MarkerFinding]:
    return [
        MarkerFinding(
            id=name,
            state=MarkerState.UNKNOWN,
            why_unknown=Missing("few_nights", {"n": 5, "needed": 24}),
        )
        for name in MARKERS
        if name not in but
    ]


def analysis(verdict: Verdict, **more: Any) -> Analysis:
    """An analysis with everything optional at its emptiest."""
    nothing = Missing("too_few_episodes", {"n": 3, "needed": 10})
    few = Missing("baseline_few_days", {"n": 3, "needed": 7})
    values: dict[str, Any] = {
        "version": "0.1.0",
        "settings": Settings().as_dict(),
        "seed": 20260101,
        "as_of_day": FIRST + 168,
        "inputs": (
            InputSummary(
                file="GARMIN/Monitor/M2G00000.FIT",
                format="fit",
                streams=("heart_rate", "steps"),
                first_s=FIRST * 86_400.0,
                last_s=FIRST * 86_400.0 + 80_000,
                rows_used=1423,
                rows_refused=12,
                refusals=(Refusal(rows=12, reason="heart rate of 0", first_place="record 77"),),
            ),
        ),
        "coverage": Coverage(
            days=160, nights=150, worn_hours=3300.0, still_hours=900.0, tier=Tier.FINE
        ),
        "verdict": verdict,
        "recovery": RecoverySummary(scale=None, half_time_s=nothing, settling_min=nothing),
        "baseline": BaselineSummary(measure=None, value=few, why_unknown=few),
        "markers": tuple(unknown_markers()),
        "fits": (),
        "days": (),
        "spans": (),
        "clock": LocalClock.fixed(OFFSET_S, "file"),
        "window": (FIRST, FIRST + 167),
    }
    return Analysis(**(values | more))


def full(
    verdict: Verdict,
    *,
    half: tuple[float, float] = (185.0, 140.0),
    recovery: MarkerState = MarkerState.UNDETERMINED,
    recovery_trend: tuple[float, float] = (-0.05, 0.2),
    baseline: MarkerState = MarkerState.UNDETERMINED,
    baseline_trend: tuple[float, float] = (-0.3, 1.1),
    n: int = 160,
    days: int = 168,
    markers: tuple[MarkerFinding, ...] = (),
    rich: bool = False,
    **more: Any,
) -> Analysis:
    """Half a year of heart rate every few seconds; `rich` adds what only pictures need."""
    followed, curves = fits(days, n, *half)
    nights = days_of(days, fall_bpm=-baseline_trend[0])
    speed = trend(*recovery_trend, days=days, n=n)
    rest = trend(*baseline_trend, days=days, log=False, n=len(nights))
    values = np.array([d.night_hr_bpm for d in nights], dtype=float)
    low, high = np.percentile(values, [5, 95])
    now = float(np.mean(values[-28:]))
    then = float(np.mean(values[:56]))
    middle = (half[0] * half[1]) ** 0.5
    used = [f for f in followed if f.accepted]
    own = (
        marker("recovery_speed", recovery, speed),
        marker("baseline_arousal", baseline, rest),
        *markers,
    )
    return analysis(
        verdict,
        recovery=RecoverySummary(
            scale="fast",
            half_time_s=estimate(middle, middle * 0.9, middle * 1.12, len(used)),
            settling_min=Missing("needs_continuous_hr"),
            then_s=estimate(half[0], half[0] * 0.85, half[0] * 1.17),
            now_s=estimate(half[1], half[1] * 0.85, half[1] * 1.17),
            n=len(used),
            censored=sum(f.censored is Censored.RIGHT for f in used),
            at_most=sum(f.censored is Censored.LEFT for f in used),
            resolution_s=19.0,
            state=recovery,
            trend=speed,
        ),
        baseline=BaselineSummary(
            measure="night_hr_bpm",
            value=estimate(now, now - 0.6, now + 0.6),
            normal_range=(float(low), float(high)),
            then=estimate(then, then - 0.5, then + 0.5),
            now=estimate(now, now - 0.6, now + 0.6),
            state=baseline,
            trend=rest,
        ),
        markers=(*own, *unknown_markers(tuple(m.id for m in own))),
        fits=tuple(followed),
        curves=curves,
        days=nights,
        window=(FIRST, FIRST + days - 1),
        **(
            {
                "hours": hours_of_week(),
                "traces": (day_of(FIRST + 20), day_of(FIRST + 30)),
                "beats": some_beats(),
            }
            if rich
            else {}
        ),
        spans=tags(days) if rich else (),
        **more,
    )


def tags(days: int) -> tuple[Span, ...]:
    def at(day: int, hour: float, hours: float, kind: SpanKind, label: str) -> Span:
        start_s = (FIRST + day) * 86_400.0 + hour * 3600.0 - OFFSET_S
        return Span(
            kind=kind, start_s=start_s, end_s=start_s + hours * 3600, label=label, origin="person"
        )

    practice = [at(d, 20, 0.3, SpanKind.TECHNIQUE, "breathing") for d in range(3, days, 4)]
    ill = at(min(60, days - 1), 0, 96, SpanKind.ILLNESS, "flu")
    talk = [at(d, 15, 1, SpanKind.THERAPY, "session") for d in range(7, days, 14)]
    return tuple(sorted([*practice, ill, *talk], key=lambda s: s.start_s))


def hours_of_week() -> HourMap:
    rng = np.random.default_rng(5)
    hour = np.arange(24)
    above = 4 * np.sin((hour - 8) / 24 * 2 * np.pi) + rng.normal(0, 1, (7, 24))
    minutes = np.where((hour >= 7) & (hour <= 22), 120.0, 0.0) * np.ones((7, 1))
    return HourMap(above, minutes)


def day_of(day: int) -> DayTrace:
    rng = np.random.default_rng(6)
    hour = np.arange(0, 24, 1 / 60)
    asleep = (hour < 6.8) | (hour > 23.2)
    exercise = (hour > 17.5) & (hour < 18.3)
    moving = exercise | ((hour > 8) & (hour < 8.4)) | ((hour > 12.5) & (hour < 13))
    expected = np.where(asleep, 55.0, 68.0) + np.where(moving, 18, 0) + np.where(exercise, 40, 0)
    hr = expected + rng.normal(0, 2.5, hour.size)
    hr[(hour > 10) & (hour < 10.3)] += 15
    hr[(hour > 20) & (hour < 20.6)] = np.nan
    return DayTrace(
        day=day, hour=hour, hr_bpm=hr, expected_bpm=expected, moving=moving, asleep=asleep,
        exercise=exercise, left_out=(hour > 18.3) & (hour < 19.0),
    )  # fmt: skip


def some_beats() -> Cleaned:
    """Five minutes with a missed and an early beat."""
    rr = steady(330)
    rr[100] *= 2.0
    rr[200] *= 0.6
    rr[201] += 0.4 / 0.6 * rr[200]
    return correct(recorded(rr, (FIRST + 30) * 86_400.0 + 3 * 3600), CleanSettings())


MORE_TIME = Need(kind=NeedKind.MORE_TIME, code="more_time_recovery", weeks=9.0)


def healing() -> Analysis:
    return full(
        Verdict(
            state=State.HEALING,
            confidence="supported",
            qualifiers=("fitness_not_checked",),
            reasons=(Missing("techniques_not_seen"), Missing("season_possible", {"days": 168})),
        ),
        recovery=MarkerState.IMPROVING,
        recovery_trend=(-0.28, 0.16),
        baseline=MarkerState.IMPROVING,
        baseline_trend=(-3.2, 1.4),
        markers=(
            marker("reactivity", MarkerState.IMPROVING, trend(-0.15, 0.1)),
            marker("episode_rate", MarkerState.UNDETERMINED, trend(-0.1, 0.3)),
            marker("chronic_load", MarkerState.STEADY, trend(0.02, 0.08, equivalent=True)),
            MarkerFinding(
                id="flexibility",
                state=MarkerState.DESCRIBED,
                estimate=estimate(1.4, 1.2, 1.7),
                unit="bpm",
                n=140,
                facts={"estimate_is": "level", "early": 1.5, "late": 1.3},
            ),
        ),
        rich=True,
        ratings=(Rating(FIRST, "present", 7.0), Rating(FIRST + 100, "present", 5.0)),
        notes=(Note("episodes", "{n} days without motion", {"n": 3}),),
    )


def partial() -> Analysis:
    return full(
        Verdict(state=State.PARTIAL, which="recovery", other="not_shown", needs=(MORE_TIME,)),
        recovery=MarkerState.IMPROVING,
        recovery_trend=(-0.3, 0.15),
    )


def mixed() -> Analysis:
    return full(
        Verdict(state=State.MIXED),
        half=(185.0, 140.0),
        recovery=MarkerState.IMPROVING,
        recovery_trend=(-0.3, 0.15),
        baseline=MarkerState.WORSENING,
        baseline_trend=(2.6, 1.2),
    )


def coping() -> Analysis:
    return full(
        Verdict(state=State.COPING, needs=(MORE_TIME,)),
        half=(160.0, 160.0),
        markers=(marker("reactivity", MarkerState.IMPROVING, trend(-0.2, 0.1)),),
    )


def unchanged() -> Analysis:
    return full(
        Verdict(state=State.UNCHANGED),
        half=(160.0, 160.0),
        recovery=MarkerState.STEADY,
        recovery_trend=(0.02, 0.12),
        baseline=MarkerState.STEADY,
        baseline_trend=(0.1, 0.5),
    )


def undetermined() -> Analysis:
    return full(Verdict(state=State.UNDETERMINED, needs=(MORE_TIME,)), half=(170.0, 160.0))


def worsening() -> Analysis:
    return full(
        Verdict(state=State.WORSENING, which="recovery", other="not_shown"),
        half=(120.0, 170.0),
        recovery=MarkerState.WORSENING,
        recovery_trend=(0.3, 0.17),
    )


def insufficient() -> Analysis:
    """Twelve days: two levels, no trend."""
    followed, curves = fits(12, 31, 150.0, 150.0)
    nights = days_of(12)
    used = [f for f in followed if f.accepted]
    short = Missing("short_window", {"days": 12, "needed": 56})
    return analysis(
        Verdict(state=State.INSUFFICIENT, reasons=(short,), needs=(MORE_TIME,)),
        recovery=RecoverySummary(
            scale="fast",
            half_time_s=estimate(150.0, 110.0, 200.0, len(used)),
            settling_min=Missing("needs_continuous_hr"),
            n=len(used),
            censored=sum(f.censored is Censored.RIGHT for f in used),
            why_unknown=short,
        ),
        baseline=BaselineSummary(
            measure="night_hr_bpm", value=estimate(56.2, 55.1, 57.3), why_unknown=short
        ),
        fits=tuple(followed),
        curves=curves,
        days=nights,
        window=(FIRST, FIRST + 11),
        coverage=Coverage(days=12, nights=11, worn_hours=230, still_hours=60, tier=Tier.FINE),
    )


def nothing() -> Analysis:
    """A file that was readable and held next to nothing."""
    return analysis(
        Verdict(
            state=State.INSUFFICIENT,
            reasons=(Missing("no_data"),),
            needs=(MORE_TIME,),
        ),
        inputs=(),
        window=None,
        as_of_day=None,
        coverage=Coverage(days=0, nights=0, worn_hours=0, still_hours=0, tier=Tier.NOTHING),
    )


def daily_only() -> Analysis:
    """A ring: one resting heart rate a day."""
    days = days_of(120, daily_only=True, missing=0.05)
    values = np.array([d.vendor_resting_hr_bpm for d in days], dtype=float)
    low, high = np.percentile(values, [5, 95])
    rest = trend(-0.4, 1.0, days=120, log=False, n=len(days))
    why = Missing("needs_continuous_hr")
    return analysis(
        Verdict(state=State.UNDETERMINED, needs=(MORE_TIME,)),
        coverage=Coverage(days=len(days), nights=0, worn_hours=0, still_hours=0, tier=Tier.DAILY),
        recovery=RecoverySummary(scale="days", half_time_s=why, settling_min=why, why_unknown=why),
        baseline=BaselineSummary(
            measure="vendor_resting_hr_bpm",
            value=estimate(56.0, 55.4, 56.6),
            normal_range=(float(low), float(high)),
            then=estimate(56.1, 55.5, 56.7),
            now=estimate(55.8, 55.1, 56.5),
            state=MarkerState.UNDETERMINED,
            trend=rest,
        ),
        markers=(
            marker("baseline_arousal", MarkerState.UNDETERMINED, rest),
            MarkerFinding(
                id="rebound",
                state=MarkerState.DESCRIBED,
                estimate=estimate(2.1, 1.6, 2.8, 12),
                unit="days",
                n=12,
                facts={"estimate_is": "level", "by_chance_days": 1.9},
            ),
            *unknown_markers(("baseline_arousal", "rebound")),
        ),
        days=days,
        window=(FIRST, FIRST + 119),
    )


def long() -> Analysis:
    """A year with 600 rises."""
    return full(
        Verdict(state=State.HEALING, confidence="probable"),
        rich=True,
        n=600,
        days=365,
        recovery=MarkerState.IMPROVING,
        recovery_trend=(-0.28, 0.16),
        baseline=MarkerState.IMPROVING,
        baseline_trend=(-3.2, 1.4),
        change={
            "date": as_date_text(FIRST + 180),
            "label": "therapy began",
            "markers": [
                {
                    "id": "recovery_speed",
                    "state": "improving",
                    "before": {"value": 180.0, "low": 160.0, "high": 200.0, "level": 0.95},
                    "after": {"value": 140.0, "low": 125.0, "high": 155.0, "level": 0.95},
                    "difference": {"value": -22.0, "low": -33.0, "high": -9.0, "level": 0.95},
                    "percent": True,
                    "unit": "s",
                    "p_value": 0.002,
                    "q_value": 0.004,
                    "before_n": 300,
                    "after_n": 300,
                    "beyond_slope_p": 0.4,
                    "why_unknown": None,
                },
                {
                    "id": "baseline_arousal",
                    "state": "unknown",
                    "why_unknown": {
                        "code": "few_days_a_side",
                        "before": 9,
                        "after": 80,
                        "needed": 14,
                    },
                },
            ],
        },
    )


def as_date_text(day: int) -> str:
    from hrv.model import as_date

    assert as_day(as_date(day)) == day
    return as_date(day).isoformat()


EVERY = {
    "healing": healing,
    "partial": partial,
    "mixed": mixed,
    "coping": coping,
    "unchanged": unchanged,
    "undetermined": undetermined,
    "worsening": worsening,
    "insufficient": insufficient,
    "nothing": nothing,
    "daily_only": daily_only,
    "long": long,
}
