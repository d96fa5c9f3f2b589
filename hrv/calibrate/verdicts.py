"""How often the verdict is wrong: people with a known truth, at the level of days and episodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from hrv import baseline, verdict
from hrv.calibrate.counts import ALPHA, Result, count
from hrv.calibrate.people import (
    HEIGHT_BPM,
    HEIGHT_SD,
    LUCK,
    MEASURED_SD,
    OWN,
    STATE,
    THRESHOLD_BPM,
    Person,
    context,
)
from hrv.markers import MARKERS, Context, adjusted
from hrv.model import MarkerFinding, MarkerState, Missing, Verdict
from hrv.settings import Settings
from hrv.stats.bagls import NoiseGrid, whitened

LENGTHS = (180, 90, 56)
YEAR = 365  # twelve monthly looks
BLOCK, MOST = 50, 1000  # people a cell, people a scenario
LOOKED = ("unchanged", "unchanged_sticky", "coping")  # scenarios that are looked at for a year
# markers that the verdict reads; the others cannot change its state
READ = (
    "recovery_speed",
    "baseline_arousal",
    "reactivity",
    "episode_rate",
    "technique_dependence",
    "management_effort",
    "exercise_recovery",
)
BOUTS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A truth, and which claims would be true of it."""

    person: Person
    healing: bool = False  # a claim of healing is true
    worsening: bool = False
    fitness: bool = False  # a claim of healing must carry the fitness qualifier


SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        "unchanged": Scenario(person=Person(bouts_per_week=BOUTS)),
        "unchanged_sticky": Scenario(person=Person(phi=0.7, bouts_per_week=BOUTS)),
        "healing": Scenario(
            person=Person(half_time=-0.288, baseline_sd=-0.9, height=-0.2, bouts_per_week=BOUTS),
            healing=True,
        ),
        "healing_weak": Scenario(
            person=Person(half_time=-0.14, baseline_sd=-0.5, bouts_per_week=BOUTS), healing=True
        ),
        "coping": Scenario(
            person=Person(
                height=-0.33,
                rate=-0.36,
                technique=(0.1, 0.7),
                technique_effect=(-0.3, -0.3),
                bouts_per_week=BOUTS,
            )
        ),
        "technique_dependent": Scenario(
            person=Person(technique=(0.5, 0.5), technique_effect=(0.0, -0.7), bouts_per_week=BOUTS)
        ),
        "technique_by_indication": Scenario(
            person=Person(technique=(0.2, 0.8), by_indication=True, bouts_per_week=BOUTS)
        ),
        "worsening": Scenario(
            person=Person(half_time=0.26, baseline_sd=0.9, bouts_per_week=BOUTS), worsening=True
        ),
        "fitness_gain": Scenario(
            person=Person(half_time=-0.16, baseline_sd=-0.9, fitness_bpm=9.0, bouts_per_week=BOUTS),
            fitness=True,
            healing=True,
        ),
        "device_known": Scenario(
            person=Person(step=(0.5, -1.2), step_known=True, bouts_per_week=BOUTS)
        ),
        "device_silent": Scenario(person=Person(step=(0.5, -1.2), bouts_per_week=BOUTS)),
        "sparse": Scenario(
            person=Person(night_missing=0.55, day_missing=0.4, per_day=1.2, bouts_per_week=1.0)
        ),
        "soft_only": Scenario(person=Person(height=-0.43, bouts_per_week=BOUTS)),
        "easier_life": Scenario(person=Person(rate=-0.92, baseline_sd=-1.67, bouts_per_week=BOUTS)),
        "season": Scenario(person=Person(baseline_sd=-1.4, bouts_per_week=BOUTS)),
        "busy_period": Scenario(
            person=Person(rate=0.59, interrupted=(0.1, 0.4), bouts_per_week=BOUTS)
        ),
        "starts_in_crisis": Scenario(person=Person(crisis=True, bouts_per_week=BOUTS)),
    }
)


@dataclass(frozen=True, slots=True)
class VerdictCell:
    """People of one scenario who are looked at once, or for a year once a month."""

    scenario: str
    days: int
    first: int  # number of the first of `BLOCK` people

    @property
    def name(self) -> str:
        return f"verdict/{self.scenario}/{self.days}d/{self.first}"


def cells() -> Iterator[VerdictCell]:
    """Every scenario at every length, the year of monthly looks last; more people as one goes."""
    for first in range(0, MOST, BLOCK):
        for days in LENGTHS:
            for name in SCENARIOS:
                yield VerdictCell(name, days, first)
        for name in LOOKED:
            yield VerdictCell(name, YEAR, first)


def run(cell: VerdictCell, runs: int, settings: Settings, rng: np.random.Generator) -> Result:
    """The counts of so many people; each has a seed of its own, whatever the cell's."""
    del rng
    return summed([person(cell, cell.first + k, settings) for k in range(runs)])


def person(cell: VerdictCell, number: int, settings: Settings) -> dict[str, Any]:
    """One person of a cell, the same whenever it is run."""
    if cell.days == YEAR:
        return looks(cell.scenario, number, settings.seed, settings)
    return found(cell.scenario, cell.days, number, settings.seed, settings)


def found(name: str, days: int, number: int, seed: int, settings: Settings) -> dict[str, Any]:
    """One person of a scenario: the verdict, and the numbers that it rests on."""
    told = _judged(simulated(name, days, number, seed, settings))
    return {**told, "scenario": name, "days": days, "number": number}


def simulated(
    name: str, days: int, number: int, seed: int, settings: Settings, **more: Any
) -> Context:
    """What the markers see of one person of a scenario."""
    rng = np.random.default_rng([seed, days, *name.encode(), number])
    return context(SCENARIOS[name].person, days, rng, settings, **more)


def looks(name: str, number: int, seed: int, settings: Settings) -> dict[str, Any]:
    """One person of a scenario who looks once a month for a year, always at the last half year.

    Changes of the scenario are spread over the year. A false claim at any look counts once.
    """
    year = simulated(name, YEAR, number, seed, settings)
    rows = []
    for day in range(60, YEAR + 1, 30):
        last = year.window[0] + day - 1
        window = (max(year.window[0], last - settings.verdict.window_days + 1), last)
        days = tuple(d for d in year.days if window[0] <= d.day <= window[1])
        composed = baseline.compose(days, settings.baseline, window)
        rows.append(_judged(replace(year, window=window, days=composed)))
    claimed = [row["state"] for row in rows]
    row = next((r for r in rows if r["state"] == "healing"), rows[-1])
    return {**row, "scenario": name, "days": YEAR, "number": number, "looks": claimed}


def _judged(seen: Context) -> dict[str, Any]:
    asked = findings(seen)
    return _facts(verdict.judge(seen, asked), asked)


def findings(seen: Context) -> dict[str, MarkerFinding]:
    """What the verdict reads; the other markers are not asked."""
    empty = Missing("not_asked")
    blank = {
        m.id: MarkerFinding(id=m.id, state=MarkerState.UNKNOWN, why_unknown=empty) for m in MARKERS
    }
    asked = {m.id: m.find(seen) for m in MARKERS if m.id in READ}
    return adjusted({**blank, **asked}, seen.settings.trend)


def _facts(said: Verdict, findings: Mapping[str, MarkerFinding]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "state": said.state.value,
        "confidence": said.confidence,
        "which": said.which,
        "qualifiers": list(said.qualifiers),
    }
    for marker in READ:
        one = findings[marker]
        row[marker] = {
            "state": one.state.value,
            "why": None if one.why_unknown is None else one.why_unknown.code,
            "p": one.p_value,
            "fall": None if one.trend is None else one.trend.p_fall,
            "change": None if one.trend is None else one.trend.total.value,
            "se": None if one.trend is None else one.trend.se,
            "adjusted": one.facts.get("height_adjusted"),
            **{k: one.facts[k] for k in ("bouts_better", "bouts_se") if k in one.facts},
        }
    return row


def best_possible(scenario: str, days: int, settings: Settings, *, more: float = 1.0) -> float:
    """How often the rule would find healing if the noise were known exactly, no recovery were cut
    short and there were `more` times as many: what no estimator can exceed by being cleverer.

    Power of two one-sided normal tests with the errors of generalised least squares; their noise
    is independent here.
    """
    one = SCENARIOS[scenario].person
    # weights .4, .3, .3 of three measures leave this share of their own noise
    luck = LUCK + OWN * (0.4**2 + 0.3**2 + 0.3**2)
    nights = (1.0 - one.night_missing) * (1.0 - one.day_missing)
    resting = _gls_error(days * nights, one.phi, STATE / (STATE + luck), luck / (STATE + luck))
    seen = float(ndtr(np.log(HEIGHT_BPM / THRESHOLD_BPM) / HEIGHT_SD)) * one.per_day * more
    episode = (one.episode_sd**2 + MEASURED_SD**2) / seen
    recovering = _gls_error(days, one.phi, one.daily_sd**2, episode)
    bar = float(ndtri(settings.verdict.probable))
    found = [-one.half_time / recovering - bar, -one.baseline_sd / resting - bar]
    return float(np.prod(ndtr(found)))


def _gls_error(days: float, phi: float, state: float, white: float) -> float:
    """Standard error of the total change over so many successive days, noise known."""
    day = np.arange(round(days))
    total = state + white
    model = NoiseGrid(np.array([phi]), np.array([white / total]), np.ones(1), 1.0)
    design = np.column_stack([np.ones(day.size), day / (day.size - 1.0)])
    x = whitened(design, day, model)[0][0]
    return float(np.sqrt(total * np.linalg.inv(x.T @ x)[1, 1]))


def summed(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Counts of one cell: states, false claims, and how often each primary alone says better."""
    truth = SCENARIOS[rows[0]["scenario"]]
    alpha = 0.5 * ALPHA
    claims = [row.get("looks", [row["state"]]) for row in rows]
    healed = ["healing" in said for said in claims]
    flagged = ["fitness_possible" in row["qualifiers"] for row in rows]
    partial = [row["state"] == "partial" for row in rows]
    return {
        "states": dict(sorted(Counter(row["state"] for row in rows).items())),
        "supported": count([row["confidence"] == "supported" for row in rows]),
        "healing": count(healed),
        "false_healing": count(
            [
                h and (not truth.healing or (truth.fitness and not f))
                for h, f in zip(healed, flagged, strict=True)
            ]
        ),
        "false_worsening": count(["worsening" in said and not truth.worsening for said in claims]),
        "partial_unflagged": count(
            [p and not row["qualifiers"] for p, row in zip(partial, rows, strict=True)]
        ),
        "partial_which": dict(Counter(row["which"] for row in rows if row["state"] == "partial")),
        "qualifiers": dict(sorted(Counter(q for row in rows for q in row["qualifiers"]).items())),
        "better_alone": {
            name: count([_support(row[name]) >= 1.0 - alpha for row in rows]) for name in PRIMARIES
        },
    }


PRIMARIES = ("recovery_speed", "baseline_arousal")


def _support(told: Mapping[str, Any]) -> float:
    """One-sided support for a fall, 0 where nothing could be tested."""
    return float(told["fall"] or 0.0)
