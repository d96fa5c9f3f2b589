"""People simulated at the level of days and episodes, with a known truth.

Detection and curve fitting are not part of this: what they would have given is drawn directly.
All changes are total changes from the first to the last day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hrv import baseline
from hrv.markers import Break, Context
from hrv.model import (
    DAY_S,
    BaselineDay,
    Censored,
    Coverage,
    Episode,
    EpisodeKind,
    Estimate,
    Expectation,
    FloatArray,
    LocalClock,
    RecoveryFit,
    Span,
    SpanKind,
    Tier,
    WearerNoise,
)
from hrv.settings import RecoverySettings, Settings

FIRST_DAY = 20_000
THRESHOLD_BPM = 7.0
COMPOSITE_SD = 0.914  # of the weighted composite, in SDs of one measure
STATE, LUCK, OWN = 0.40, 0.35, 0.25  # shares of the variance of one resting measure
HEIGHT_BPM, HEIGHT_SD = 12.0, 0.35  # median height of a reaction, SD of its logarithm
PLATEAU_S = 240.0
SETTLED_HALVES = 2.2  # half-times until back in range
SOON_S, LATE_S = 180.0, 405.0  # from onset until a technique begins; by indication
MEASURED_SD = 0.35  # ln, error of one half-time


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Truth of one simulated person; log changes unless the name says otherwise."""

    half_time: float = 0.0  # ln
    baseline_sd: float = 0.0  # SD of the daily composite, down is better
    height: float = 0.0  # ln
    rate: float = 0.0  # ln
    technique: tuple[float, float] = (0.0, 0.0)  # share of episodes, first and last day
    technique_effect: tuple[float, float] = (0.0, 0.0)  # ln half-time with it, first and last
    fitness_bpm: float = 0.0  # heart-rate recovery after exercise, gain
    phi: float = 0.5
    daily_sd: float = 0.20  # of ln half-time, shared within a day
    episode_sd: float = 0.45
    per_day: float = 3.2
    median_s: float = 120.0
    interrupted: tuple[float, float] = (0.0, 0.0)  # more follow-ups cut, share, first and last day
    night_missing: float = 0.08
    day_missing: float = 0.02
    bouts_per_week: float = 0.0
    step: tuple[float, float] = (0.5, 0.0)  # share of the window, SD: a level that jumps
    step_known: bool = False
    crisis: bool = False  # the window begins in the worst month of a year
    by_indication: bool = False  # techniques late, the likelier the higher the heart still is


def ar1(n: int, phi: float, rng: np.random.Generator) -> FloatArray:
    """Stationary AR(1) with unit variance."""
    noise = rng.standard_normal(n)
    out = np.empty(n)
    out[0] = noise[0]
    for k in range(1, n):
        out[k] = phi * out[k - 1] + (1.0 - phi**2) ** 0.5 * noise[k]
    return out


def _crisis(days: int, phi: float, rng: np.random.Generator) -> FloatArray:
    """The stretch of a stationary process that begins with its worst month of a year."""
    whole = ar1(365 + days, phi, rng)
    month = np.convolve(whole, np.ones(30) / 30.0, mode="valid")[:336]
    start = int(np.argmax(month))
    return whole[start : start + days]


def resting_days(person: Person, days: int, rng: np.random.Generator) -> list[BaselineDay]:
    """Days whose three resting measures share a state and a day's luck, and have own noise.

    With `phi` .5 the composite has a lag-one autocorrelation of .24, as night heart rate and RMSSD
    of real people have (.1-.3).
    """
    state = _crisis(days, person.phi, rng) if person.crisis else ar1(days, person.phi, rng)
    f = np.linspace(0.0, 1.0, days)
    noise = rng.standard_normal((4, days))
    common = STATE**0.5 * state + LUCK**0.5 * noise[3]
    common = common + COMPOSITE_SD * (
        person.baseline_sd * f + person.step[1] * (f >= person.step[0])
    )
    parts = [common + OWN**0.5 * noise[k] for k in range(3)]
    night = rng.random(days) >= person.night_missing
    worn = rng.random(days) >= person.day_missing
    found = []
    for k in range(days):
        if not worn[k]:
            continue
        found.append(
            BaselineDay(
                day=FIRST_DAY + k,
                night_hr_bpm=56.0 + 1.8 * parts[0][k] if night[k] else None,
                ln_rmssd=3.6 - 0.15 * parts[1][k] if night[k] else None,
                resting_hr_bpm=68.0 + 2.2 * parts[2][k],
                hrv_source="beats" if night[k] else "",
                night_known_by="device" if night[k] else "",
                worn_hours=22.0,
                still_hours=8.0,
                eligible_min=400.0,
                raised_min=float(np.clip(rng.normal(100.0 + 20.0 * parts[2][k], 15.0), 0, 390)),
                quality="green",
            )
        )
    return found


def recoveries(person: Person, days: int, rng: np.random.Generator) -> list[RecoveryFit]:
    """Fits with measurement error, interruptions and heights cut at the threshold."""
    make = _crisis if person.crisis else ar1
    state = make(days, person.phi, rng)
    found: list[RecoveryFit] = []
    for k in range(days):
        f = k / max(days - 1, 1)
        for _ in range(rng.poisson(person.per_day * np.exp(person.rate * f))):
            z = float(rng.standard_normal())
            height = HEIGHT_BPM * np.exp(person.height * f + HEIGHT_SD * z)
            if height < THRESHOLD_BPM:
                continue
            ln_h = (
                np.log(person.median_s)
                + person.half_time * f
                + person.daily_sd * state[k]
                + person.episode_sd * rng.standard_normal()
            )
            share = person.technique[0] + f * (person.technique[1] - person.technique[0])
            chance = float(rng.random())
            technique = chance < share
            if person.by_indication:
                technique = chance < share * _still_worst(height, float(np.exp(ln_h)))
            elif technique:
                first, last = person.technique_effect
                ln_h += first + f * (last - first)
            cut_more = person.interrupted[0] + f * (person.interrupted[1] - person.interrupted[0])
            early = bool(rng.random() < cut_more)
            begun_s = (LATE_S if person.by_indication else SOON_S) if technique else np.inf
            found.append(_fit(k, float(height), float(ln_h), begun_s, early, rng))
    return found


def _still_worst(height_bpm: float, half_time_s: float) -> float:
    """How much likelier than usual a technique is, from the height left at the moment it begins.

    As the simulator of days has it: a person cannot know how slow a recovery will turn out to be.
    """
    left_bpm = height_bpm * 0.5 ** ((LATE_S - PLATEAU_S) / half_time_s)
    return 2.5 / (1.0 + float(np.exp(0.35 * HEIGHT_BPM - 0.5 * left_bpm)))


def _fit(
    k: int, height: float, ln_h: float, begun_s: float, early: bool, rng: np.random.Generator
) -> RecoveryFit:
    start = (FIRST_DAY + k) * DAY_S + rng.uniform(8.0, 22.0) * 3600.0
    follow = float(min(1800.0, rng.exponential(60.0 if early else 900.0) + 60.0))
    seen = float(ln_h + MEASURED_SD * rng.standard_normal())
    settled = SETTLED_HALVES * float(np.exp(ln_h))
    episode = Episode(
        start_s=start,
        peak_s=start + PLATEAU_S,
        end_s=start + PLATEAU_S + min(settled, follow),
        rise_bpm=height,
        technique=begun_s < PLATEAU_S + min(settled, follow),  # not over by then
        day=FIRST_DAY + k,
        hour=(start % DAY_S) / 3600.0,
        kind=EpisodeKind.STRESS,
    )
    whole = _seen(episode, ln_h, seen, follow)
    untreated_s = begun_s - PLATEAU_S
    if not episode.technique or untreated_s < RecoverySettings().min_follow_up_s:
        return whole
    return replace(whole, untreated=_seen(episode, ln_h, seen, min(follow, untreated_s)))


def _seen(episode: Episode, ln_h: float, seen: float, follow: float) -> RecoveryFit:
    """A recovery of a known half-time that was followed for so long, s."""
    sd, start = MEASURED_SD, episode.start_s
    cut = np.exp(ln_h) > 0.9 * follow
    settled = SETTLED_HALVES * float(np.exp(ln_h))
    return RecoveryFit(
        episode=episode,
        accepted=True,
        half_time_s=None if cut else _interval(seen),
        ln_h=seen,
        ln_h_sd=sd,
        censored=Censored.RIGHT if cut else Censored.NO,
        bound_s=follow if cut else float("nan"),
        follow_up_s=follow,
        resolution_s=15.0,
        settled_s=float("nan") if settled > follow else settled,
        settled_censored=settled > follow,
        settled_follow_up_s=follow,
        active_s=PLATEAU_S + min(settled, follow),
        active_censored=settled > follow,
        amplitude_bpm=episode.rise_bpm,
        onset_s=start,
        release_s=start + PLATEAU_S,
    )


def _interval(ln_h: float) -> Estimate:
    value, low, high = (float(np.exp(ln_h + k)) for k in (0.0, -0.7, 0.7))
    return Estimate(value=value, low=low, high=high)


def efforts(person: Person, days: int, rng: np.random.Generator) -> list[RecoveryFit]:
    """Heart-rate recovery after workouts."""
    found = []
    for k in range(days):
        if rng.random() >= person.bouts_per_week / 7.0:
            continue
        f = k / max(days - 1, 1)
        start = (FIRST_DAY + k) * DAY_S + 18 * 3600.0
        found.append(
            RecoveryFit(
                episode=Episode(
                    start_s=start,
                    peak_s=start + 1700.0,
                    end_s=start + 1800.0,
                    rise_bpm=70.0,
                    kind=EpisodeKind.EXERCISE,
                    step_s=15.0,
                    day=FIRST_DAY + k,
                    hour=18.0,
                ),
                accepted=True,
                hrr60_bpm=float(28.0 + person.fitness_bpm * f + 4.0 * rng.standard_normal()),
                peak_hr_bpm=float(150.0 + 4.0 * rng.standard_normal()),
            )
        )
    return found


def context(
    person: Person,
    days: int,
    rng: np.random.Generator,
    settings: Settings | None = None,
    **more: Any,
) -> Context:
    """What the markers see of a simulated person."""
    settings = settings or Settings()
    resting = resting_days(person, days, rng)
    fits = recoveries(person, days, rng)
    window = (FIRST_DAY, FIRST_DAY + days - 1)
    composed = baseline.compose(resting, settings.baseline, window)
    given: dict[str, Any] = {
        "window": window,
        "days": composed,
        "measure": baseline.choose(composed, settings.baseline, window),
        "fits": (*fits, *efforts(person, days, rng)),
        "spans": practice(fits, LATE_S if person.by_indication else SOON_S),
        "coverage": Coverage(
            days=days, nights=days, worn_hours=22.0 * days, still_hours=8.0 * days, tier=Tier.FINE
        ),
        "clock": LocalClock.fixed(0.0),
        "settings": settings,
        "breaks": _breaks(person, days),
        "expectation": Expectation(
            excess_bpm=np.zeros(1, dtype=np.float32),
            usable=np.zeros(1, dtype=bool),
            noise=WearerNoise(sigma_bpm=3.0, phi=0.5, step_s=60.0, n=10_000),
            threshold_bpm=THRESHOLD_BPM,
        ),
    }
    return Context(**{**given, **more})


def _breaks(person: Person, days: int) -> tuple[Break, ...]:
    if not person.step_known:
        return ()
    return (Break(day=FIRST_DAY + round(person.step[0] * days), kind="device", label="new"),)


def practice(fits: list[RecoveryFit], after_s: float = SOON_S) -> tuple[Span, ...]:
    """Ten minutes of a technique in every treated episode, so long after its onset."""
    return tuple(
        Span(
            kind=SpanKind.TECHNIQUE,
            start_s=f.episode.start_s + after_s,
            end_s=f.episode.start_s + after_s + 600.0,
            origin="person",
            label="breathing",
        )
        for f in fits
        if f.episode.technique
    )
