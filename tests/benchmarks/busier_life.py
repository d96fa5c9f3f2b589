"""Busier life, same body: nothing changes but how soon the next thing interrupts.

Recovery times are log-normal around the same median on every day, with a state of the day in
common; the mean time to the next interruption falls from 120 to 45 min for recoveries of 40 min
(settling), and in the same proportion for half-times of 2 min (fast). Everything else is the
product's: the trend of censored times, and the marker with its gates. Beside them what happens if
unfinished recoveries are dropped, or taken for recovered when they were interrupted.

A false improvement is a significant fall at two-sided 5 %.

Run: `python -m tests.benchmarks.busier_life [--people 500] [--days 90]`
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import hrv
from hrv.calibrate.counts import with_interval
from hrv.calibrate.people import FIRST_DAY, Person, ar1, context
from hrv.markers import recovery_speed
from hrv.model import DAY_S, Censored, Episode, MarkerState, RecoveryFit, Tier, Trend
from hrv.settings import Settings

RESULTS = Path(__file__).parent / "results"
PER_DAY = 3.2
DAY_SD, OWN_SD = 0.20, 0.50  # of ln recovery time: shared within a day, and from rise to rise
READING_SD = 0.30  # measurement error of a ln half-time
METHODS = ("censored (trend)", "censored (marker with its gates)", "dropped", "taken as recovered")


@dataclass(frozen=True, slots=True)
class Scale:
    """One of the two scales of recovery."""

    name: str
    endpoint: str
    tier: Tier
    median_s: float
    first_s: float  # mean time to the next interruption, first and last day
    last_s: float
    cap_s: float


SCALES = (
    Scale("settling", "settled", Tier.MINUTE, 2400.0, 7200.0, 2700.0, 7200.0),
    Scale("fast", "half_time", Tier.FINE, 120.0, 360.0, 135.0, 1800.0),
)


def recoveries(scale: Scale, days: int, rng: np.random.Generator) -> list[RecoveryFit]:
    """One person's recoveries; those longer than the follow-up are cut short."""
    state = ar1(days, 0.5, rng)
    found = []
    for k in range(days):
        gap_s = scale.first_s * (scale.last_s / scale.first_s) ** (k / (days - 1.0))
        for _ in range(rng.poisson(PER_DAY)):
            ln_t = np.log(scale.median_s) + DAY_SD * state[k] + OWN_SD * rng.standard_normal()
            follow_s = float(min(rng.exponential(gap_s), scale.cap_s))
            if follow_s >= 60.0:  # shorter ones are left out by design, whatever their length
                found.append(_fit(k, float(ln_t), follow_s, scale, rng))
    return found


def _fit(
    k: int, ln_t: float, follow_s: float, scale: Scale, rng: np.random.Generator
) -> RecoveryFit:
    start = (FIRST_DAY + k) * DAY_S + rng.uniform(8.0, 22.0) * 3600.0
    height = 12.0 * float(np.exp(0.35 * rng.standard_normal()))
    episode = Episode(
        start_s=start, peak_s=start + 200.0, end_s=start + 400.0, rise_bpm=height,
        day=FIRST_DAY + k, hour=(start % DAY_S) / 3600.0,
    )  # fmt: skip
    time_s = float(np.exp(ln_t))
    blank = RecoveryFit(
        episode=episode, accepted=True, follow_up_s=follow_s, amplitude_bpm=height,
        onset_s=start, release_s=start + 300.0, resolution_s=18.75,
    )  # fmt: skip
    cut = time_s > follow_s
    if scale.endpoint == "settled":
        return replace(
            blank, settled_s=min(time_s, follow_s), settled_censored=cut,
            settled_follow_up_s=follow_s,
        )  # fmt: skip
    if cut:
        return replace(blank, censored=Censored.RIGHT, bound_s=follow_s)
    return replace(blank, ln_h=ln_t + READING_SD * rng.standard_normal(), ln_h_sd=READING_SD)


def finished(fit: RecoveryFit, scale: Scale) -> bool:
    """Whether the recovery was seen to its end."""
    return not fit.settled_censored if scale.endpoint == "settled" else fit.censored is Censored.NO


def as_if_recovered(fit: RecoveryFit, scale: Scale) -> RecoveryFit:
    """The mistake of taking an interruption for the end."""
    if finished(fit, scale):
        return fit
    if scale.endpoint == "settled":
        return replace(fit, settled_censored=False)
    return replace(fit, censored=Censored.NO, ln_h=float(np.log(fit.bound_s)), ln_h_sd=READING_SD)


def called(scale: Scale, number: int, days: int, settings: Settings) -> dict[str, float | None]:
    """Total change of ln recovery time by each method where it is significant, 0 where it is not;
    None without an answer."""
    rng = np.random.default_rng([20260302, SCALES.index(scale), days, number])
    fits = recoveries(scale, days, rng)
    seen = context(Person(), days, rng, settings)
    base = replace(
        seen,
        coverage=replace(seen.coverage, tier=scale.tier),
        settings=replace(settings, seed=number),
    )

    def trend(some: list[RecoveryFit]) -> float | None:
        found = replace(base, fits=tuple(some)).episode_trend(
            some, "recovery_speed", endpoint=scale.endpoint
        )
        if not isinstance(found, Trend):
            return None
        return found.total.value if found.p_value < settings.trend.alpha else 0.0

    marker = recovery_speed.find(replace(base, fits=tuple(fits)))
    size = 0.0 if marker.trend is None else marker.trend.total.value
    directed = marker.state in (MarkerState.IMPROVING, MarkerState.WORSENING)
    return {
        METHODS[0]: trend(fits),
        METHODS[1]: None if marker.trend is None else (size if directed else 0.0),
        METHODS[2]: trend([f for f in fits if finished(f, scale)]),
        METHODS[3]: trend([as_if_recovered(f, scale) for f in fits]),
    }


def table(
    people: int, days: int, settings: Settings, told: Callable[[str], None] = print
) -> list[str]:
    """One row a scale and method."""
    lines = [
        "| scale | unfinished recoveries | people with an answer "
        "| false improvement [95 % interval] | false worsening |",
        "|---|---|---|---|---|",
    ]
    for scale in SCALES:
        rows = []
        for number in range(people):
            rows.append(called(scale, number, days, settings))
            if number % 50 == 49:
                told(f"{scale.name} {number + 1}")
        for method in METHODS:
            answers = [r[method] for r in rows if r[method] is not None]
            fell = sum(1 for a in answers if a is not None and a < 0.0)
            rose = sum(1 for a in answers if a is not None and a > 0.0)
            lines.append(
                f"| {scale.name} | {method} | {len(answers)} of {people} "
                f"| {_share(fell, len(answers))} | {_share(rose, len(answers))} |"
            )
    return lines


def _share(k: int, n: int) -> str:
    return with_interval({"yes": k, "of": n}) if n else "-"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--out", type=Path, default=RESULTS / "busier_life.md")
    given = parser.parse_args()
    lines = [
        f"# Busier life, same body, version {hrv.__version__}",
        "",
        f"{given.people} people a scale, {given.days} days, about {PER_DAY} rises a day; two-sided "
        "5 %, so that chance alone gives a false improvement to 2.5 % of people.",
        "",
        *table(given.people, given.days, Settings()),
        "",
    ]
    given.out.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
