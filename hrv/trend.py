"""Direction: did an endpoint change over the window, by how much, and what could have been seen.

One engine for all: the total change from the first to the last day, its distribution averaged
over models of the autocorrelation (`hrv.stats.bagls`). Durations may be censored: an interrupted
recovery lasted at least so long, one faster than the sampling at most so long. Nothing is left
out for being imprecise, because slow recoveries are the imprecise ones.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from hrv.model import (
    BoolArray,
    Censored,
    DailySeries,
    Estimate,
    FloatArray,
    IntArray,
    Missing,
    RecoveryFit,
    Trend,
)
from hrv.settings import RecoverySettings, TrendSettings
from hrv.stats import (
    MixtureT,
    NoiseGrid,
    Step,
    aft_jackknife,
    bagls,
    bagls_imputed,
    censoring_shares,
    kaplan_meier,
    largest_step,
    median_imputed,
    turnbull,
)

DAYS_OF_WEEK = 7
YEAR_DAYS = 365.25
DAY_0_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0
SATURDAY = 5
MIN_POSTERIOR_SHARE = 0.3  # floor of what the data, not the prior, say on one half-time
TINY_S = 1.0
# For a level the noise is taken to be what nights and episodes of real life show, not anything at
# all: a flat prior over all models would make the interval of a first week useless.
LEVEL_PHI = (0.0, 0.3, 0.5, 0.7, 0.8)
LEVEL_NOISE = NoiseGrid.product(LEVEL_PHI, [0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0], 3.0)
DAILY_LEVEL_NOISE = NoiseGrid.product(LEVEL_PHI, [0.0, 0.25, 0.5, 0.75], 3.0)


class Endpoint(StrEnum):
    """What of an episode is followed."""

    HALF_TIME = "half_time"  # s
    SETTLED = "settled"  # from release until back in range, s
    ACTIVE = "active"  # from onset until back in range, s
    AMPLITUDE = "amplitude"  # bpm, seen only above the detection threshold


class Adjust(StrEnum):
    """What is held constant while looking for a change."""

    HOUR = "hour"
    WEEKEND = "weekend"
    LOAD = "load"
    ACTIVITY = "activity"


USUAL = (Adjust.HOUR, Adjust.WEEKEND)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CensoredLogs:
    """Logarithms known to lie in `[low, high]`, one per episode, in order of time.

    Seen values have `low == high` and a measurement `variance` (ln^2). The variances are not used
    as weights: they grow with the half-time, and together with censoring that changes over the
    window such weights make a trend out of nothing (`hrv calibrate` shows it).
    """

    day: IntArray
    hour: FloatArray
    low: FloatArray
    high: FloatArray
    variance: FloatArray
    load_bpm: FloatArray
    activity_met: FloatArray
    ln_amplitude: FloatArray

    def __len__(self) -> int:
        return int(self.day.size)

    @property
    def seen(self) -> BoolArray:
        return np.asarray(self.low == self.high)

    def where(self, keep: BoolArray) -> CensoredLogs:
        """The episodes under a mask."""
        return CensoredLogs(**{name: getattr(self, name)[keep] for name in self.__slots__})


# --------------------------------------------------------------------------- daily values


def daily(
    series: DailySeries,
    *,
    settings: TrendSettings,
    log: bool,
    worth_having: float | None = None,
    covariates: Mapping[str, ArrayLike] | None = None,
    breaks: Mapping[str, int] | None = None,
    window: tuple[int, int] | None = None,
) -> Trend | Missing:
    """Total change of one value a day, at equal weekend, covariates and known breaks.

    `log` says that the values are logarithms. `covariates` (n each) belong to the values;
    `breaks` are first days of a new level, by name (device, firmware, medicine). What goes along
    with time makes the question unanswerable: `Missing("confounded")`. `window` (first, last day)
    narrows the series.
    """
    keep = _inside(series.day, window)
    day, value = series.day[keep], series.value[keep]
    needed = settings.daily_min_values
    if day.size < needed:
        return Missing("too_few_days", {"n": int(day.size), "needed": needed})
    if day[-1] - day[0] + 1 < settings.daily_min_span_days:
        return Missing(
            "window_too_short",
            {"days": int(day[-1] - day[0] + 1), "needed": settings.daily_min_span_days},
        )
    if np.ptp(value) == 0:
        return Missing("no_variation", {"n": int(day.size)})
    held = {"weekend": _weekend(day), **_season(day), **_steps(day, breaks)}
    held |= {name: np.asarray(x, dtype=float)[keep] for name, x in (covariates or {}).items()}
    design = _design(day, held, settings)
    if isinstance(design, Missing):
        return design
    mixture = bagls(day, value, design, 1, exponent=settings.daily_lrv_exponent)
    return _trend(mixture, day, log, worth_having, "BA-GLS", settings)


def lasting_step(
    series: DailySeries,
    *,
    settings: TrendSettings,
    edge_days: int,
    rng: np.random.Generator,
    breaks: Mapping[str, int] | None = None,
    window: tuple[int, int] | None = None,
) -> Step | None:
    """The likeliest single step of the daily values beside the known breaks, tested for being the
    largest of all dates; None where there is no room for one."""
    keep = _inside(series.day, window)
    day, value = series.day[keep], series.value[keep]
    if day.size < 2 * edge_days:
        return None
    columns = {"weekend": _weekend(day), **_steps(day, breaks)}
    held = [c for c in columns.values() if np.ptp(c) > 0]
    return largest_step(
        day,
        value,
        edge_days=edge_days,
        rng=rng,
        held=np.column_stack(held) if held else None,
        exponent=settings.step_lrv_exponent,
    )


def daily_level(
    series: DailySeries, *, settings: TrendSettings, window: tuple[int, int] | None = None
) -> Estimate | Missing:
    """Mean of the daily values with an interval that knows their autocorrelation."""
    keep = _inside(series.day, window)
    day, value = series.day[keep], series.value[keep]
    if day.size < settings.level_min_values:
        return Missing("too_few_days", {"n": int(day.size), "needed": settings.level_min_values})
    if np.ptp(value) == 0:
        return Missing("no_variation", {"n": int(day.size)})
    mixture = bagls(day, value, np.ones((day.size, 1)), 0, noise=DAILY_LEVEL_NOISE)
    return _estimate(mixture, settings.level, day.size)


def daily_then_now(
    series: DailySeries, *, settings: TrendSettings, window: tuple[int, int] | None = None
) -> tuple[Estimate | Missing, Estimate | Missing]:
    """Levels of the first and of the last third of the days."""
    first, last = thirds(series.day[_inside(series.day, window)])
    return (
        daily_level(series, settings=settings, window=first),
        daily_level(series, settings=settings, window=last),
    )


def thirds(day: ArrayLike) -> tuple[tuple[int, int], tuple[int, int]]:
    """First and last third of the span of the days, as first and last day of each."""
    days = np.asarray(day, dtype=np.int64)
    if days.size == 0:
        return (0, -1), (0, -1)
    first, last = int(days.min()), int(days.max())
    third = (last - first + 1) // 3
    return (first, first + third - 1), (last - third + 1, last)


# --------------------------------------------------------------------------- episodes


def observed(
    fits: Sequence[RecoveryFit], endpoint: Endpoint, recovery: RecoverySettings
) -> CensoredLogs:
    """What the accepted fits say on a endpoint, censored where they are.

    The prior of the half-time's fit is divided out again: a trend of posterior means would be
    drawn towards the prior in the episodes that say least.
    """
    rows = []
    for fit in sorted(fits, key=lambda item: item.episode.start_s):
        bounds = _bounds(fit, endpoint, recovery) if fit.accepted else None
        if bounds is None:
            continue
        episode = fit.episode
        rise = fit.amplitude_bpm if fit.amplitude_bpm > 0 else episode.rise_bpm
        rows.append(
            (
                episode.day,
                episode.hour,
                *bounds,
                episode.load_before,
                episode.activity_before,
                np.log(rise) if rise > 0 else np.nan,
            )
        )
    table = np.array(rows, dtype=float).reshape(-1, 8)
    order = np.argsort(table[:, 0], kind="stable")
    day, *rest = table[order].T
    hour, low, high, variance, load, activity, amplitude = rest
    return CensoredLogs(
        day=day.astype(np.int64),
        hour=hour,
        low=low,
        high=high,
        variance=variance,
        load_bpm=load,
        activity_met=activity,
        ln_amplitude=amplitude,
    )


def _bounds(
    fit: RecoveryFit, endpoint: Endpoint, recovery: RecoverySettings
) -> tuple[float, float, float] | None:
    """Bounds of the logarithm and its measurement variance; None where nothing is known."""
    if endpoint is Endpoint.HALF_TIME:
        return _half_time_bounds(fit, recovery)
    if endpoint is Endpoint.AMPLITUDE:
        rise = fit.episode.rise_bpm
        return (float(np.log(rise)), float(np.log(rise)), 0.0) if rise > 0 else None
    if endpoint is Endpoint.SETTLED:
        value, censored = fit.settled_s, fit.settled_censored
        if censored:
            value = fit.settled_follow_up_s
    else:
        value, censored = fit.active_s, fit.active_censored
        if censored and not np.isfinite(value):
            value = fit.release_s - fit.onset_s + fit.settled_follow_up_s
    return _duration_bounds(value, censored, fit.resolution_s)


def _duration_bounds(
    value_s: float, censored: bool, resolution_s: float
) -> tuple[float, float, float] | None:
    if not np.isfinite(value_s) or value_s < 0 or (censored and value_s < TINY_S):
        return None
    if censored:
        return float(np.log(value_s)), np.inf, 0.0
    if value_s < max(resolution_s, TINY_S):
        return -np.inf, float(np.log(max(resolution_s, TINY_S))), 0.0
    return float(np.log(value_s)), float(np.log(value_s)), 0.0


def _half_time_bounds(
    fit: RecoveryFit, recovery: RecoverySettings
) -> tuple[float, float, float] | None:
    if fit.censored is not Censored.NO:
        if not fit.bound_s > 0:
            return None
        bound = float(np.log(fit.bound_s))
        return (bound, np.inf, 0.0) if fit.censored is Censored.RIGHT else (-np.inf, bound, 0.0)
    if not (np.isfinite(fit.ln_h) and fit.ln_h_sd > 0):
        return None
    value, variance = without_prior(
        fit.ln_h, fit.ln_h_sd, np.log(recovery.prior_median_s), recovery.prior_sd
    )
    return value, value, variance


def without_prior(
    mean: float, sd: float, prior_mean: float, prior_sd: float
) -> tuple[float, float]:
    """Mean and variance of the likelihood whose normal posterior under the prior is given."""
    share = max(1.0 - (sd / prior_sd) ** 2, MIN_POSTERIOR_SHARE)
    return float((mean - (1.0 - share) * prior_mean) / share), float(sd**2 / share)


def episodic(
    fits: Sequence[RecoveryFit],
    *,
    settings: TrendSettings,
    recovery: RecoverySettings,
    rng: np.random.Generator,
    endpoint: Endpoint | str = Endpoint.HALF_TIME,
    adjust: Collection[Adjust] = USUAL,
    adjust_height: bool = False,
    worth_having: float | None = None,
    breaks: Mapping[str, int] | None = None,
    window: tuple[int, int] | None = None,
    threshold_bpm: float | None = None,
) -> Trend | Missing:
    """Total change of a log half-time, duration or amplitude from episode to episode.

    Values of one day share the state of the day. `adjust_height` compares reactions of equal
    height, for a sensitivity analysis: the height seen is noisy. Amplitudes are seen only above
    the frozen detection threshold, which must be given: `threshold_bpm`.
    """
    endpoint = Endpoint(endpoint)
    if endpoint is Endpoint.AMPLITUDE and threshold_bpm is None:
        raise ValueError("amplitudes need the threshold above which they are seen")
    known = observed(fits, endpoint, recovery)
    known = known.where(_inside(known.day, window))
    if threshold_bpm is not None and endpoint is Endpoint.AMPLITUDE:
        known = known.where(known.low > np.log(threshold_bpm))
    if adjust_height:
        known = known.where(np.isfinite(known.ln_amplitude))
    trouble = too_little(known, settings)
    if trouble is not None:
        return trouble
    design = episode_design(known, adjust, adjust_height, breaks, settings)
    if isinstance(design, Missing):
        return design
    left, right = censoring_shares(known.low, known.high)
    if threshold_bpm is not None and endpoint is Endpoint.AMPLITUDE:
        mixture = _truncated_change(known, design, float(np.log(threshold_bpm)))
        if isinstance(mixture, Missing):
            return mixture
        method = "truncated regression, week jackknife"
    else:
        mixture = bagls_imputed(
            known.day,
            known.low,
            known.high,
            design,
            1,
            rng=rng,
            draws=settings.imputations,
            exponent=settings.episode_lrv_exponent,
        )
        method = "censored log-normal regression, BA-GLS over imputations"
    return _trend(
        mixture, known.day, True, worth_having, method, settings, censored_share=left + right
    )


def too_little(known: CensoredLogs, settings: TrendSettings) -> Missing | None:
    """Why no regression is possible, if it is not."""
    if len(known) < settings.episodes_min:
        return Missing("too_few_episodes", {"n": len(known), "needed": settings.episodes_min})
    days = int(np.unique(known.day).size)
    if days < settings.episode_min_days:
        return Missing("too_few_episode_days", {"days": days, "needed": settings.episode_min_days})
    span = int(known.day[-1] - known.day[0] + 1)
    if span < settings.daily_min_span_days:
        return Missing("window_too_short", {"days": span, "needed": settings.daily_min_span_days})
    unclear = unresolved(known, settings, settings.at_most_share_trend)
    if unclear is not None:
        return unclear
    if np.ptp(known.low[known.seen]) == 0:
        return Missing("no_variation", {"n": len(known)})
    return None


def unresolved(
    known: CensoredLogs, settings: TrendSettings, most_too_fast: float
) -> Missing | None:
    """Why the times are not known well enough, if they are not."""
    left, right = censoring_shares(known.low, known.high)
    seen = float(known.seen.mean())
    if left > most_too_fast:
        facts = {
            "share": left,
            "at_most_s": float(np.exp(known.high[np.isneginf(known.low)].max())),
        }
        return Missing("faster_than_sampling", facts)
    if seen < settings.seen_min_share or int(known.seen.sum()) < 3:
        return Missing("mostly_censored", {"share": 1.0 - seen, "right": right, "left": left})
    return None


def episode_design(
    known: CensoredLogs,
    adjust: Collection[Adjust],
    adjust_height: bool,
    breaks: Mapping[str, int] | None,
    settings: TrendSettings,
) -> FloatArray | Missing:
    """Columns (n, p): intercept, change over the window, what is held constant."""
    held = _confounders(known, adjust, adjust_height) | _season(known.day)
    held |= _steps(known.day, breaks)
    return _design(known.day, held, settings)


def _confounders(
    known: CensoredLogs, adjust: Collection[Adjust], adjust_height: bool
) -> dict[str, FloatArray]:
    """Columns to hold constant; the fewer episodes, the fewer harmonics of the hour."""
    columns: dict[str, FloatArray] = {}
    if Adjust.WEEKEND in adjust:
        columns["weekend"] = _weekend(known.day)
    if Adjust.HOUR in adjust:
        harmonics = 2 if len(known) >= 60 else 1 if len(known) >= 30 else 0
        for k in range(1, harmonics + 1):
            angle = 2.0 * np.pi * k * known.hour / 24.0
            columns |= {f"cos_{k}": np.cos(angle), f"sin_{k}": np.sin(angle)}
    if Adjust.LOAD in adjust:
        columns["load"] = known.load_bpm
    if Adjust.ACTIVITY in adjust:
        columns["activity"] = known.activity_met
    if adjust_height:
        columns["height"] = known.ln_amplitude
    return columns


def _truncated_change(
    known: CensoredLogs, design: FloatArray, ln_threshold: float
) -> MixtureT | Missing:
    weeks = (known.day - known.day[0]) // DAYS_OF_WEEK
    if np.unique(weeks).size < 4:
        return Missing("too_few_weeks", {"weeks": int(np.unique(weeks).size), "needed": 4})
    fit = aft_jackknife(weeks, known.low, known.high, design, 1, truncated_below=ln_threshold)
    if not (np.isfinite(fit.se) and fit.se > 0):
        return Missing("no_variation", {"n": len(known)})
    return fit.mixture()


def level(
    fits: Sequence[RecoveryFit],
    *,
    settings: TrendSettings,
    recovery: RecoverySettings,
    rng: np.random.Generator,
    endpoint: Endpoint | str = Endpoint.HALF_TIME,
    window: tuple[int, int] | None = None,
) -> Estimate | Missing:
    """Median half-time or duration, s, with an interval that knows days and censoring.

    Of all episodes, censored ones included; from day one on.
    """
    known = observed(fits, Endpoint(endpoint), recovery)
    known = known.where(_inside(known.day, window))
    if len(known) < recovery.day_one_episodes:
        return Missing("too_few_episodes", {"n": len(known), "needed": recovery.day_one_episodes})
    unclear = unresolved(known, settings, settings.at_most_share_level)
    if unclear is not None:
        return unclear
    if np.ptp(known.low[known.seen]) == 0:
        return Missing("no_variation", {"n": len(known)})
    mixture = median_imputed(
        known.day,
        known.low,
        known.high,
        rng=rng,
        draws=settings.imputations,
        exponent=settings.level_lrv_exponent,
        noise=LEVEL_NOISE,
    )
    logs = _estimate(mixture, settings.level, len(known))
    return Estimate(
        value=float(np.exp(logs.value)),
        low=float(np.exp(logs.low)),
        high=float(np.exp(logs.high)),
        level=logs.level,
        n=logs.n,
    )


def then_now(
    fits: Sequence[RecoveryFit],
    *,
    settings: TrendSettings,
    recovery: RecoverySettings,
    rng: np.random.Generator,
    endpoint: Endpoint | str = Endpoint.HALF_TIME,
    window: tuple[int, int] | None = None,
) -> tuple[Estimate | Missing, Estimate | Missing]:
    """Medians, s, of the first and of the last third of the days with episodes."""
    known = observed(fits, Endpoint(endpoint), recovery)
    first, last = thirds(known.day[_inside(known.day, window)])
    then, now = (
        level(
            fits,
            settings=settings,
            recovery=recovery,
            rng=rng,
            endpoint=endpoint,
            window=part,
        )
        for part in (first, last)
    )
    return then, now


def share_back(
    fits: Sequence[RecoveryFit],
    *,
    recovery: RecoverySettings,
    endpoint: Endpoint | str = Endpoint.HALF_TIME,
) -> tuple[FloatArray, FloatArray]:
    """Times, s, and the share of episodes not yet back: a survival curve for drawing."""
    known = observed(fits, Endpoint(endpoint), recovery)
    low, high = np.exp(known.low), np.exp(known.high)
    left = bool(np.any(np.isneginf(known.low)))
    curve = turnbull(low, high) if left else kaplan_meier(low, known.seen)
    return curve.time, curve.survival


# --------------------------------------------------------------------------- shared


def _inside(day: IntArray, window: tuple[int, int] | None) -> BoolArray:
    if window is None:
        return np.ones(day.size, dtype=bool)
    return np.asarray((day >= window[0]) & (day <= window[1]))


def _weekend(day: IntArray) -> FloatArray:
    return ((day + DAY_0_WEEKDAY) % DAYS_OF_WEEK >= SATURDAY).astype(float)


def _season(day: IntArray) -> dict[str, FloatArray]:
    """The year's first harmonic, where there is a whole year to tell it from a change."""
    if day[-1] - day[0] + 1 < int(YEAR_DAYS):
        return {}
    angle = 2.0 * np.pi * day / YEAR_DAYS
    return {"season_cos": np.cos(angle), "season_sin": np.sin(angle)}


def _steps(day: IntArray, breaks: Mapping[str, int] | None) -> dict[str, FloatArray]:
    return {name: (day >= first).astype(float) for name, first in (breaks or {}).items()}


def _design(
    day: IntArray, columns: Mapping[str, FloatArray], settings: TrendSettings
) -> FloatArray | Missing:
    """Intercept, time from 0 to 1 over the window (centred), then what is held constant.

    Columns that the ones before them already say are left out.
    """
    x = (day - day[0]) / (day[-1] - day[0])
    x = x - x.mean()
    basis = np.column_stack([np.ones(day.size) / np.sqrt(day.size), x / np.linalg.norm(x)])
    others = basis[:, :1]
    held = []
    for name, column in columns.items():
        centred = column - column.mean()
        size = float(np.linalg.norm(centred))
        if size == 0:
            continue
        correlation = float(basis[:, 1] @ centred) / size
        if abs(correlation) > settings.confounded_above:
            return Missing("confounded", {"label": name, "correlation": correlation})
        rest = _without(centred, basis)
        if np.linalg.norm(rest) > 1e-6 * size:
            held.append(centred * (np.sqrt(day.size) / size))
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
            new = _without(centred, others)
            others = np.column_stack([others, new / np.linalg.norm(new)])
    if day.size <= len(held) + 4:
        return Missing("too_few_values", {"n": int(day.size), "needed": len(held) + 5})
    together = float(np.linalg.norm(others.T @ basis[:, 1]))
    if together > settings.confounded_above:
        return Missing("confounded", {"label": "together", "correlation": together})
    return np.column_stack([np.ones(day.size), x, *held])


def _without(column: FloatArray, basis: FloatArray) -> FloatArray:
    """What an orthonormal basis does not explain; twice, for the last digits."""
    for _ in range(2):
        column = column - basis @ (basis.T @ column)
    return column


def _estimate(mixture: MixtureT, interval: float, n: int) -> Estimate:
    low, high = mixture.interval(interval)
    value = float(np.clip(mixture.estimate, low, high))
    return Estimate(value=value, low=low, high=high, level=interval, n=int(n))


def _trend(
    mixture: MixtureT,
    day: IntArray,
    log: bool,
    worth_having: float | None,
    method: str,
    settings: TrendSettings,
    censored_share: float | None = None,
) -> Trend:
    equivalent = None
    if worth_having is not None:
        tail = 0.5 * (1.0 - settings.equivalence)
        above, below = 1.0 - mixture.cdf(worth_having), mixture.cdf(-worth_having)
        equivalent = above < tail and below < tail
    return Trend(
        total=_estimate(mixture, settings.level, day.size),
        p_value=mixture.p_value(),
        p_fall=mixture.cdf(0.0),
        since_day=int(day[0]),
        until_day=int(day[-1]),
        n=int(day.size),
        se=mixture.sd,
        df=mixture.mean_df,
        method=method,
        log=log,
        smallest_change=mixture.smallest_detectable(settings.level),
        equivalent=equivalent,
        worth_having=worth_having,
        censored_share=censored_share,
    )
