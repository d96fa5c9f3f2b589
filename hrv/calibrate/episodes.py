"""Half-times of episodes: false alarms, coverage and power of the episodic trend.

ln h = ln median + change x + height + hour + day effect + error, as in daily life: about three
episodes a day, a day effect of SD 0.20 with correlation phi, an error of SD 0.40 of its own and a
measurement error that grows with the half-time. Interruptions censor 45 % of the recoveries at
first and 17 % at last; recoveries faster than the sampling resolves are left-censored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from hrv.calibrate import rivals
from hrv.calibrate.counts import ALPHA, Result, count, outside
from hrv.calibrate.daily import IMPROVEMENTS, smallest_changes
from hrv.model import FloatArray, IntArray, Missing
from hrv.settings import Settings, TrendSettings
from hrv.stats.bagls import BatchFit
from hrv.stats.survival import AftFit, aft_jackknife, bagls_imputed_batch
from hrv.trend import USUAL, CensoredLogs, episode_design, too_little

EPISODES_A_DAY = 3.2
DAY_SD = 0.20
ERROR_SD = 0.40
HEIGHT_EFFECT = 0.12  # per SD of the reaction's height
SOFTENING_SD = 0.8  # fall of the reaction's height over the window
HOUR_EFFECT = 0.10
FOLLOW_UP_SD = 0.8
FOLLOW_UP_FIRST, FOLLOW_UP_LAST = 0.12, 0.93  # ln of median follow-up over median half-time
START_DAY = 20_003  # a Wednesday
JACKKNIFED = 40  # replicates; it fits every week left out
RIVALS = 250  # replicates that the slower rivals are asked about
WEIGHTED = 200  # replicates with precision weights, to show what they do


@dataclass(frozen=True, slots=True)
class EpisodeCell:
    """One setting of the null grid."""

    days: int
    phi: float
    errors: str  # normal, weibull, logistic
    median_s: float
    at_most_s: float  # shortest half-time that the sampling resolves
    softening: bool = False  # reactions soften; their height is held constant

    @property
    def name(self) -> str:
        soft = "/softening" if self.softening else ""
        return (
            f"episodes/{self.days}d/ar{self.phi:g}/{self.errors}"
            f"/{self.median_s:g}s-of-{self.at_most_s:g}s{soft}"
        )


def cells() -> Iterator[EpisodeCell]:
    """The null settings: six kinds of noise, three kinds of people, three lengths."""
    people = ((60.0, 18.75, False), (120.0, 75.0, False), (240.0, 75.0, True))
    noise = [(phi, "normal") for phi in (0.5, 0.7, 0.0, 0.3)]
    for phi, errors in (*noise, (0.5, "logistic"), (0.5, "weibull")):
        for median_s, at_most_s, softening in people:
            for days in (56, 90, 180):
                yield EpisodeCell(days, phi, errors, median_s, at_most_s, softening)


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """Padded replicates (R, n): `index` is the day from 0 on, -1 for padding."""

    index: IntArray
    low: FloatArray
    high: FloatArray
    variance: FloatArray
    hour: FloatArray
    height: FloatArray

    def logs(self, replicate: int) -> CensoredLogs:
        """One replicate as the product sees it."""
        used = self.index[replicate] >= 0
        zeros = np.zeros(int(used.sum()))
        return CensoredLogs(
            day=START_DAY + self.index[replicate, used],
            hour=self.hour[replicate, used],
            low=self.low[replicate, used],
            high=self.high[replicate, used],
            variance=self.variance[replicate, used],
            load_bpm=zeros,
            activity_met=zeros,
            ln_amplitude=self.height[replicate, used],
        )


def simulate(
    cell: EpisodeCell, runs: int, rng: np.random.Generator, change: float = 0.0
) -> Simulated:
    """Replicates of one person's half-times with a total change of ln h."""
    drawn = _draw(cell, runs, rng, change)
    reach = FOLLOW_UP_FIRST + (FOLLOW_UP_LAST - FOLLOW_UP_FIRST) * drawn.x
    stop = np.log(cell.median_s) + reach + FOLLOW_UP_SD * rng.standard_normal(drawn.x.shape)
    return _censored(cell, drawn, stop)


def uncensored(cell: EpisodeCell, runs: int, rng: np.random.Generator) -> FloatArray:
    """Log half-times as they would be measured if every recovery were followed to its end."""
    drawn = _draw(cell, runs, rng, 0.0)
    return np.asarray(drawn.value[drawn.index >= 0])


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    index: IntArray
    x: FloatArray
    value: FloatArray
    variance: FloatArray
    hour: FloatArray
    height: FloatArray


def _draw(cell: EpisodeCell, runs: int, rng: np.random.Generator, change: float) -> _Drawn:
    counts = rng.poisson(EPISODES_A_DAY, (runs, cell.days))
    n = int(counts.sum(axis=1).max())
    days = np.arange(cell.days)
    index = np.full((runs, n), -1)
    for r in range(runs):
        index[r, : counts[r].sum()] = np.repeat(days, counts[r])
    used = index >= 0
    x = np.where(used, index, 0) / (cell.days - 1.0)
    state = _day_states(cell, runs, rng)
    hour = rng.uniform(8.0, 22.0, index.shape)
    height = rng.standard_normal(index.shape) - cell.softening * SOFTENING_SD * x
    true = (
        np.log(cell.median_s)
        + change * x
        + cell.softening * HEIGHT_EFFECT * height
        + HOUR_EFFECT * np.cos(2.0 * np.pi * (hour - 16.0) / 24.0)
        + np.take_along_axis(state, np.where(used, index, 0), axis=1)
        + ERROR_SD * _errors(cell.errors, index.shape, rng)
    )
    slow = ndtr((true - np.log(cell.median_s)) / 0.5)
    measured_sd = 0.15 + 0.30 * slow
    value = true + measured_sd * rng.standard_normal(index.shape)
    return _Drawn(index, x, value, measured_sd**2, hour, height)


def _censored(cell: EpisodeCell, drawn: _Drawn, stop: FloatArray) -> Simulated:
    used = drawn.index >= 0
    bound = np.log(cell.at_most_s)
    stop = np.maximum(stop, bound)
    low = np.minimum(drawn.value, stop)
    high = np.where(drawn.value > stop, np.inf, drawn.value)
    fast = drawn.value < bound
    low, high = np.where(fast, -np.inf, low), np.where(fast, bound, high)
    return Simulated(
        drawn.index,
        np.where(used, low, 0.0),
        np.where(used, high, 0.0),
        np.where(used & (low == high), drawn.variance, 0.0),
        drawn.hour,
        drawn.height,
    )


def _day_states(cell: EpisodeCell, runs: int, rng: np.random.Generator) -> FloatArray:
    shocks = rng.standard_normal((cell.days, runs))
    state = np.empty_like(shocks)
    state[0] = shocks[0]
    for i in range(1, cell.days):
        state[i] = cell.phi * state[i - 1] + np.sqrt(1.0 - cell.phi**2) * shocks[i]
    return np.asarray(DAY_SD * state.T)


def _errors(kind: str, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    """Errors of mean 0 and variance 1."""
    if kind == "weibull":
        gumbel = np.log(rng.standard_exponential(shape))
        return np.asarray((gumbel + np.euler_gamma) / (np.pi / np.sqrt(6.0)))
    if kind == "logistic":
        return np.asarray(rng.logistic(size=shape) / (np.pi / np.sqrt(3.0)))
    return rng.standard_normal(shape)


def designs(
    cell: EpisodeCell, data: Simulated, settings: TrendSettings
) -> tuple[FloatArray, IntArray]:
    """Designs (r, n, p) of the replicates that the product answers, and which these are."""
    built, answered = [], []
    for r in range(data.index.shape[0]):
        known = data.logs(r)
        if too_little(known, settings) is not None:
            continue
        design = episode_design(known, USUAL, cell.softening, None, settings)
        if not isinstance(design, Missing):
            padded = np.zeros((data.index.shape[1], design.shape[1]))
            padded[: len(known)] = design
            built.append(padded)
            answered.append(r)
    return np.array(built), np.array(answered, dtype=np.int64)


def fit(
    cell: EpisodeCell,
    data: Simulated,
    design: FloatArray,
    rows: IntArray,
    settings: TrendSettings,
    rng: np.random.Generator,
    weighted: bool = False,
) -> tuple[BatchFit, AftFit]:
    """The product's episodic trend for many people at once; `weighted` by measurement variance."""
    return bagls_imputed_batch(
        data.index[rows],
        np.ones(cell.days, dtype=np.int64),
        data.low[rows],
        data.high[rows],
        design,
        1,
        rng=rng,
        variance=data.variance[rows] * weighted,
        draws=settings.imputations,
        exponent=settings.episode_lrv_exponent,
    )


def fast_cells() -> Iterator[EpisodeCell]:
    """People whose recoveries are mostly too fast for one-minute data to time."""
    for phi, errors in ((0.5, "normal"), (0.7, "normal"), (0.5, "weibull")):
        for median_s in (75.0, 60.0, 48.0):
            for days in (56, 90, 180):
                yield EpisodeCell(days, phi, errors, median_s, 75.0)


def run_fast(cell: EpisodeCell, runs: int, settings: Settings, rng: np.random.Generator) -> Result:
    """False alarms without a change; coverage, bias and power under one of 30 %."""
    found: Result = {}
    for name, change in (("none", 0.0), ("30 % faster", float(np.log(0.7)))):
        data = simulate(cell, runs, rng, change)
        design, rows = designs(cell, data, settings.trend)
        used = data.index >= 0
        told: dict[str, object] = {
            "answered": {"yes": int(rows.size), "of": runs},
            "left_censored": float(np.mean(np.isneginf(data.low[used]))),
        }
        if rows.size:
            one = fit(cell, data, design, rows, settings.trend, rng)[0].averaged()
            told |= {
                "missed": count(outside(one.cdf(change))),
                "bias": float(np.mean(np.sum(one.weight * one.loc, axis=-1)) - change),
                "seen": count(one.cdf(0.0) > 1.0 - 0.5 * ALPHA),
            }
        found[name] = told
    return found


def run(cell: EpisodeCell, runs: int, settings: Settings, rng: np.random.Generator) -> Result:
    """How often each method sees a change: none is there, or one of known size."""
    data = simulate(cell, runs, rng)
    design, rows = designs(cell, data, settings.trend)
    seed = int(rng.integers(2**32))
    found, regression = fit(cell, data, design, rows, settings.trend, np.random.default_rng(seed))
    one = found.averaged()
    some = rows[:WEIGHTED]
    weighted = fit(
        cell,
        data,
        design[:WEIGHTED],
        some,
        settings.trend,
        np.random.default_rng(seed),
        weighted=True,
    )[0].averaged()
    wald = regression.beta[:, 1] / np.sqrt(regression.covariance[:, 1, 1])
    false = {
        "BA-GLS, imputed": count(outside(one.cdf(0.0))),
        "the same, weighted by precision": count(outside(weighted.cdf(0.0))),
        "AFT Wald": count(np.abs(wald) > 1.96),
    }
    for name, rejected in _rivals(data, design, rows).items():
        false[name] = count(rejected)
    changes = np.log1p(-np.array(IMPROVEMENTS))
    used = data.index >= 0
    return {
        "false_alarms": false,
        "power": {"BA-GLS, imputed": [count(one.cdf(-change) > 0.975) for change in changes]},
        "bias": {
            "BA-GLS, imputed": float(np.mean(np.sum(one.weight * one.loc, axis=-1))),
            "the same, weighted by precision": float(
                np.mean(np.sum(weighted.weight * weighted.loc, axis=-1))
            ),
        },
        **smallest_changes(one, settings.trend.level, 100),
        "answered": {"yes": int(rows.size), "of": runs},
        "left_censored": float(np.mean(np.isneginf(data.low[used]))),
        "right_censored": float(np.mean(np.isposinf(data.high[used]))),
    }


def _rivals(data: Simulated, design: FloatArray, rows: IntArray) -> dict[str, list[bool]]:
    """Whether each rival rejects."""
    said: dict[str, list[bool]] = {}
    for k, r in enumerate(rows[:RIVALS]):
        known = data.logs(int(r))
        x = design[k, : len(known)]
        bound = np.where(np.isneginf(known.low), known.high, known.low)
        beta, se = rivals.cox(np.exp(bound), np.isfinite(known.high), x[:, 1:])
        answers = {
            "OLS, censored dropped": rivals.ols(bound[known.seen], x[known.seen]) < 0.05,
            "OLS, censored taken as seen": rivals.ols(bound, x) < 0.05,
            "Cox Wald": bool(abs(beta[0] / se[0]) > 1.96),
        }
        if k < JACKKNIFED:
            weeks = (known.day - known.day[0]) // 7
            low, high = aft_jackknife(weeks, known.low, known.high, x, 1).interval()
            answers["AFT, week jackknife"] = not low <= 0.0 <= high
        for name, rejected in answers.items():
            said.setdefault(name, []).append(bool(rejected))
    return said
