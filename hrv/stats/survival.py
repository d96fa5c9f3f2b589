"""Times that are only partly known: censored log-normal regression, survival curves, tests.

A log time lies in `[low, high]`: equal when it was seen, `high` infinite when it was at least
`low` (right-censored), `low` minus infinite when it was at most `high` (left-censored).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_ndtr, ndtr, ndtri, stdtrit

from hrv.model import BoolArray, FloatArray, IntArray
from hrv.stats.bagls import (
    EPISODE_NOISE,
    BatchFit,
    NoiseGrid,
    fit_nodes,
    group_days,
    nearly_solved,
    standardised,
)
from hrv.stats.mixture import MixtureT

_LOG_ROOT_2PI = 0.5 * np.log(2.0 * np.pi)
_SMALL = 1e-300


# --------------------------------------------------------------------------- log-normal regression


@dataclass(frozen=True, slots=True, eq=False)
class AftFit:
    """Maximum-likelihood fit of `ln t = design @ beta + sd * N(0, 1)`, replicates R first."""

    beta: FloatArray  # (R, p)
    ln_sd: FloatArray  # (R)
    covariance: FloatArray  # (R, p + 1, p + 1), of beta and ln_sd, from the observed information
    log_likelihood: FloatArray  # (R)
    converged: BoolArray  # (R)

    @property
    def sd(self) -> FloatArray:
        return np.asarray(np.exp(self.ln_sd))


def aft_lognormal(
    low: ArrayLike,
    high: ArrayLike,
    design: ArrayLike,
    *,
    variance: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    truncated_below: float | None = None,
    near: AftFit | None = None,
) -> AftFit:
    """Log-normal accelerated failure time regression with any censoring.

    `low`, `high` (n) or (R, n): bounds of the log time; `design` (n, p) or (R, n, p).
    `variance` adds known measurement variances (ln^2); `weight` multiplies the terms of the
    log-likelihood, 0 for padding. `truncated_below` says that values under this bound could not
    have been seen (Tobin's truncated regression, Hausman & Wise 1977, doi:10.2307/1913592).
    `near` is a fit to start from. Newton's method with analytic derivatives, damped where the
    likelihood is not concave.
    """
    lows, highs = np.atleast_2d(np.asarray(low, float)), np.atleast_2d(np.asarray(high, float))
    x = np.asarray(design, dtype=float)
    x = x[None] if x.ndim == 2 else x
    given = np.ones((1, 1)) if weight is None else np.atleast_2d(np.asarray(weight, float))
    shape = np.broadcast_shapes(lows.shape, highs.shape, x.shape[:2], given.shape)
    extra = np.zeros(shape) if variance is None else np.broadcast_to(variance, shape)
    problem = _Problem(
        np.broadcast_to(lows, shape),
        np.broadcast_to(highs, shape),
        np.broadcast_to(x, (*shape, x.shape[2])),
        np.asarray(extra, dtype=float),
        np.broadcast_to(given, shape),
        truncated_below,
    )
    return _newton(problem, problem.start() if near is None else problem.start_at(near))


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    low: FloatArray
    high: FloatArray
    x: FloatArray
    variance: FloatArray
    weight: FloatArray
    floor: float | None

    def start(self) -> FloatArray:
        """Least squares through the finite bounds."""
        finite_low, finite_high = np.isfinite(self.low), np.isfinite(self.high)
        y = np.where(finite_low, self.low, np.where(finite_high, self.high, 0.0))
        both = finite_low & finite_high
        y = np.where(both, 0.5 * (y + np.where(both, self.high, y)), y)
        root = np.sqrt(self.weight)
        beta = nearly_solved(self.x * root[..., None], (y * root)[..., None])
        rest = (y - (self.x @ beta)[..., 0]) * root
        sd = np.sqrt((rest**2).sum(axis=1) / np.maximum(self.weight.sum(axis=1), 1.0))
        return np.concatenate([beta[..., 0], np.log(np.maximum(sd, 1e-3))[:, None]], axis=1)

    def start_at(self, near: AftFit) -> FloatArray:
        """Parameters of another fit for every replicate."""
        theta = np.concatenate([near.beta, near.ln_sd[:, None]], axis=1)
        return np.broadcast_to(theta, (self.low.shape[0], theta.shape[1])).copy()

    def value(self, theta: FloatArray) -> FloatArray:
        """Log-likelihood of each replicate."""
        mean, sd, _, _ = self._scales(theta)
        terms = _log_terms(self.low, self.high, mean, sd)
        if self.floor is not None:
            terms = terms - log_ndtr((mean - self.floor) / sd)
        total: FloatArray = np.sum(self.weight * terms, axis=1)
        return total

    def derivatives(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Gradient (R, p + 1) and Hessian (R, p + 1, p + 1)."""
        mean, sd, first, second = self._scales(theta)
        terms = _derivative_terms(self.low, self.high, mean, sd)
        if self.floor is not None:
            above = _tail_terms((self.floor - mean) / sd, -1.0)
            above[:2] /= sd
            above[2:] /= sd**2
            terms -= above
        d_m, d_s, d_mm, d_ms, d_ss = self.weight * terms
        gradient = np.concatenate(
            [np.einsum("rn,rnp->rp", d_m, self.x), (d_s * first).sum(axis=1)[:, None]], axis=1
        )
        p = self.x.shape[2]
        hessian = np.empty((mean.shape[0], p + 1, p + 1))
        hessian[:, :p, :p] = self.x.swapaxes(1, 2) @ (self.x * d_mm[..., None])
        cross = np.einsum("rn,rnp->rp", d_ms * first, self.x)
        hessian[:, :p, p] = cross
        hessian[:, p, :p] = cross
        hessian[:, p, p] = (d_ss * first**2 + d_s * second).sum(axis=1)
        return gradient, hessian

    def _scales(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Mean and SD of each value; first and second derivative of the SD in ln sd."""
        own = np.exp(2.0 * theta[:, -1:])
        mean = np.einsum("rnp,rp->rn", self.x, theta[:, :-1])
        sd = np.sqrt(own + self.variance)
        return mean, sd, own / sd, 2.0 * own / sd - own**2 / sd**3


def _newton(
    problem: _Problem, theta: FloatArray, steps: int = 60, tolerance: float = 1e-7
) -> AftFit:
    value = problem.value(theta)
    damping = np.full(value.shape, 1e-3)
    done = np.zeros(value.shape, dtype=bool)
    identity = np.eye(theta.shape[1])
    for _ in range(steps):
        gradient, hessian = problem.derivatives(theta)
        lowest = np.linalg.eigvalsh(-hessian)[:, 0]
        shift = np.maximum(0.0, 1e-6 - lowest) + np.where(lowest > 1e-6, 0.0, damping)
        step = np.linalg.solve(-hessian + shift[:, None, None] * identity, gradient[..., None])
        step = step[..., 0] * (3.0 / np.maximum(np.abs(step[..., 0]).max(axis=1), 3.0))[:, None]
        size = np.ones(value.shape)
        for _ in range(25):
            trial = theta + size[:, None] * step
            ahead = problem.value(trial)
            worse = ~(ahead >= value - 1e-12 * np.abs(value))
            if not worse.any():
                break
            size = np.where(worse, 0.5 * size, size)
        theta = np.where(worse[:, None], theta, trial)
        value = np.where(worse, value, ahead)
        damping = np.where(worse, 10.0 * damping, 0.3 * damping)
        done = np.abs(size[:, None] * step).max(axis=1) < tolerance
        if done.all():
            break
    _, hessian = problem.derivatives(theta)
    covariance = np.linalg.pinv(-hessian, hermitian=True)
    return AftFit(theta[:, :-1], theta[:, -1], np.asarray(covariance, float), value, done)


def _log_terms(low: FloatArray, high: FloatArray, mean: FloatArray, sd: FloatArray) -> FloatArray:
    """Log density of seen values, log probability of the others."""
    seen = low == high
    z = (np.where(seen, low, mean) - mean) / sd
    terms: FloatArray = -0.5 * z**2 - np.log(sd) - _LOG_ROOT_2PI
    hidden = ~seen
    mean, sd = mean[hidden], sd[hidden]
    terms[hidden] = _log_mass(*_folded((low[hidden] - mean) / sd, (high[hidden] - mean) / sd)[:2])
    return terms


def _folded(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Bounds mirrored to the lower tail, where probabilities keep their digits, and the sign."""
    flip = a + b > 0
    with np.errstate(invalid="ignore"):
        flip = np.where(np.isnan(a + b), False, flip)
    return np.where(flip, -b, a), np.where(flip, -a, b), np.where(flip, -1.0, 1.0)


def _log_mass(a: FloatArray, b: FloatArray) -> FloatArray:
    """ln(Phi(b) - Phi(a)) for bounds in the lower tail."""
    upper, lower = log_ndtr(b), log_ndtr(a)
    with np.errstate(divide="ignore", invalid="ignore"):
        mass = upper + np.log1p(-np.exp(np.minimum(lower - upper, -1e-16)))
    result: FloatArray = np.where(np.isneginf(lower), upper, mass)
    return result


def _derivative_terms(
    low: FloatArray, high: FloatArray, mean: FloatArray, sd: FloatArray
) -> FloatArray:
    """d/dm, d/ds, d2/dm2, d2/dmds, d2/ds2 of the log-likelihood of each value, stacked first."""
    seen = low == high
    z = (np.where(seen, low, mean) - mean) / sd
    terms = np.stack([z, z**2 - 1, -np.ones_like(z), -2 * z, 1 - 3 * z**2])
    for sign, hidden in ((-1.0, ~seen & np.isposinf(high)), (1.0, ~seen & np.isneginf(low))):
        if hidden.any():
            bound = low if sign < 0 else high
            terms[:, hidden] = _tail_terms((bound[hidden] - mean[hidden]) / sd[hidden], sign)
    between = ~seen & np.isfinite(high - low)
    if between.any():
        za, zb = ((bound[between] - mean[between]) / sd[between] for bound in (low, high))
        log_p = _log_mass(*_folded(za, zb)[:2])
        at_a, at_b = (_density_over(z_bound, log_p) for z_bound in (za, zb))
        terms[:, between] = _from_powers(*(zb**k * at_b - za**k * at_a for k in range(4)))
    terms[:2] /= sd
    terms[2:] /= sd**2
    return terms


def _tail_terms(z: FloatArray, sign: float) -> FloatArray:
    """The same for a value known to lie below (sign 1) or above (-1) a standardised bound."""
    at = sign * _density_over(z, log_ndtr(sign * z))
    return _from_powers(at, z * at, z**2 * at, z**3 * at)


def _from_powers(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> FloatArray:
    """Derivatives of ln(Phi(zb) - Phi(za)) from zb^k f(zb) - za^k f(za), k = 0 to 3, over it."""
    return np.stack([-a, -b, -b - a**2, a - c - a * b, 2 * b - d - b**2])


def _density_over(z: FloatArray, log_p: FloatArray) -> FloatArray:
    """Normal density over a probability."""
    ratio: FloatArray = np.exp(np.minimum(-0.5 * z**2 - _LOG_ROOT_2PI - log_p, 700.0))
    return ratio


# --------------------------------------------------------------------------- imputation


def impute(
    low: FloatArray,
    high: FloatArray,
    design: FloatArray,
    fit: AftFit,
    draws: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Log times (R, n, draws): seen values as they are, others drawn between their bounds.

    Each draw takes its own parameters from the fit's normal approximation, so that the spread
    between draws carries the uncertainty of the fit (Rubin 1987, doi:10.1002/9780470316696).
    """
    mean_sd = np.concatenate([fit.beta, fit.ln_sd[:, None]], axis=1)
    root = _square_root(fit.covariance)
    normal = rng.standard_normal((*mean_sd.shape, draws))
    theta = mean_sd[..., None] + root @ normal
    mean = np.einsum("rnp,rpm->rnm", design, theta[:, :-1])
    # A draw of ln sd far out would impute absurd times from a handful of episodes.
    around = fit.ln_sd[:, None]
    sd = np.exp(np.clip(theta[:, -1], around - np.log(2.0), around + np.log(2.0)))[:, None, :]
    z = _between((low[..., None] - mean) / sd, (high[..., None] - mean) / sd, rng)
    seen = (low == high)[..., None]
    values: FloatArray = np.where(seen, np.where(seen, low[..., None], 0.0), mean + sd * z)
    return values


def _square_root(covariance: FloatArray) -> FloatArray:
    values, vectors = np.linalg.eigh(covariance)
    root: FloatArray = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
    return root


def _between(a: FloatArray, b: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Standard normal draws between bounds."""
    low, high, sign = _folded(a, b)
    base = ndtr(low)
    mass = np.maximum(ndtr(high) - base, 0.0)
    u = rng.random(a.shape)
    with np.errstate(over="ignore"):
        z = ndtri(np.maximum(base + u * mass, _SMALL))
    inside: FloatArray = sign * np.clip(z, low, high)
    return inside


def bagls_imputed(
    day: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    design: ArrayLike,
    column: int,
    *,
    rng: np.random.Generator,
    variance: ArrayLike | None = None,
    draws: int = 8,
    exponent: float = -0.5,
    noise: NoiseGrid = EPISODE_NOISE,
) -> MixtureT:
    """BA-GLS for censored log times: the distribution of one coefficient, averaged over draws.

    Censored values are drawn from the log-normal regression; then the day's shared state and the
    autocorrelation of days are averaged over as in `bagls`. `variance` (n, ln^2) are measurement
    variances of the seen values; they weigh the values against their own scatter.
    """
    days = np.asarray(day, dtype=np.int64)
    order, index, gap = _by_day(days)
    lows, highs = (np.asarray(bound, dtype=float)[order][None] for bound in (low, high))
    extra = np.zeros(days.size) if variance is None else np.asarray(variance, float)[order]
    return bagls_imputed_batch(
        index,
        gap,
        lows,
        highs,
        np.asarray(design, dtype=float)[order][None],
        column,
        rng=rng,
        variance=extra[None],
        draws=draws,
        exponent=exponent,
        noise=noise,
    )[0].mixture()


def bagls_imputed_batch(
    index: IntArray,
    gap: ArrayLike,
    low: FloatArray,
    high: FloatArray,
    design: FloatArray,
    column: int,
    *,
    rng: np.random.Generator,
    variance: FloatArray,
    draws: int = 8,
    exponent: float = -0.5,
    noise: NoiseGrid = EPISODE_NOISE,
) -> tuple[BatchFit, AftFit]:
    """`bagls_imputed` for replicates R at once, and the censored regressions it started from.

    `index` (R, n) counts the days of a clock whose steps are `gap`; -1 is padding, whose row must
    hold finite bounds. Bounds and variance are (R, n), `design` (R, n, p).
    """
    used = index >= 0
    extra = np.where((low == high) & used, variance, 0.0)
    fit = aft_lognormal(low, high, design, variance=extra, weight=used.astype(float))
    values = impute(low, high, design, fit, draws, rng)
    total = fit.sd[:, None] ** 2 + extra
    relative = total / (np.sum(total * used, axis=1) / used.sum(axis=1))[:, None]
    return _bagls(index, gap, values, design, column, relative, noise, exponent), fit


def median_imputed(
    day: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    *,
    rng: np.random.Generator,
    draws: int,
    exponent: float,
    noise: NoiseGrid = EPISODE_NOISE,
) -> MixtureT:
    """Median of censored log times: its distribution, which knows days and censoring.

    Censored values are drawn as in `bagls_imputed`; of the values then known no law is assumed,
    so that a skewed one does not move the median towards its long side.
    """
    order, index, gap = _by_day(np.asarray(day, dtype=np.int64))
    lows, highs = (np.asarray(bound, dtype=float)[order][None] for bound in (low, high))
    return median_imputed_batch(
        index, gap, lows, highs, rng=rng, draws=draws, exponent=exponent, noise=noise
    ).mixture()


def median_imputed_batch(
    index: IntArray,
    gap: ArrayLike,
    low: FloatArray,
    high: FloatArray,
    *,
    rng: np.random.Generator,
    draws: int,
    exponent: float,
    noise: NoiseGrid = EPISODE_NOISE,
) -> BatchFit:
    """`median_imputed` for replicates R at once; arguments as of `bagls_imputed_batch`."""
    used = index >= 0
    one = used[..., None].astype(float)
    fit = aft_lognormal(low, high, one, weight=one[..., 0])
    values = about_median(impute(low, high, one, fit, draws, rng), used)
    return _bagls(index, gap, values, one, 0, np.ones(used.shape), noise, exponent)


def about_median(values: FloatArray, used: BoolArray) -> FloatArray:
    """Values (R, n, M) as what each contributes to the median: their mean is the median.

    Smoothed median: where a normal kernel estimate of the distribution passes one half, with the
    normal reference width. A value contributes the median plus its influence, whose scatter is
    that of the median's error.

    References: Nadaraya (1964), doi:10.1137/1109069; Silverman (1986), eq. 3.28; Hampel (1974),
    doi:10.1080/01621459.1974.10482962.
    """
    weight = used[..., None] / used.sum(axis=1)[:, None, None]
    middle = np.sum(weight * values, axis=1, keepdims=True)
    sd = np.sqrt(np.sum(weight * (values - middle) ** 2, axis=1, keepdims=True))
    width = np.maximum(1.06 * sd * used.sum(axis=1)[:, None, None] ** -0.2, 1e-12)
    for _ in range(50):
        z = (values - middle) / width
        above = ndtr(z) - 0.5
        density = np.sum(weight * np.exp(-0.5 * z**2 - _LOG_ROOT_2PI), axis=1, keepdims=True)
        step = width * np.sum(weight * above, axis=1, keepdims=True) / np.maximum(density, 1e-3)
        if np.all(np.abs(step) < 1e-9 * width):
            break
        middle = middle + np.clip(step, -width, width)
    contributed: FloatArray = middle + width * above / np.maximum(density, 1e-3)
    return contributed


def _by_day(days: IntArray) -> tuple[NDArray[np.intp], IntArray, IntArray]:
    """Order by day, number of each one's day (1, n), and days since the day before (D)."""
    order = np.argsort(days, kind="stable")
    nodes, index = np.unique(days[order], return_inverse=True)
    return order, index[None], np.diff(nodes, prepend=nodes[0])


def _bagls(
    index: IntArray,
    gap: ArrayLike,
    values: FloatArray,
    design: FloatArray,
    column: int,
    relative: FloatArray,
    noise: NoiseGrid,
    exponent: float,
) -> BatchFit:
    """BA-GLS of values (R, n, M) without censoring; a negative index is padding."""
    used = (index >= 0)[..., None]
    x = design * used
    rest, scale, start = standardised(x, values * used)
    grouped = group_days(np.concatenate([x, rest], axis=2), index, np.size(gap), relative)
    found = fit_nodes(grouped, gap, x.shape[2], column, noise, exponent)
    return found.restored(scale, start[:, column])


@dataclass(frozen=True, slots=True, kw_only=True)
class Jackknifed:
    """A coefficient with a standard error from leaving out one group after the other."""

    estimate: float
    se: float
    df: float

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Interval by the t distribution."""
        half = float(stdtrit(self.df, 0.5 + 0.5 * level)) * self.se
        return self.estimate - half, self.estimate + half

    def mixture(self) -> MixtureT:
        """The same as a distribution."""
        return MixtureT(
            np.array([self.estimate]), np.array([self.se]), np.array([self.df]), np.ones(1)
        )


def aft_jackknife(
    group: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    design: ArrayLike,
    column: int,
    *,
    variance: ArrayLike | None = None,
    truncated_below: float | None = None,
) -> Jackknifed:
    """Coefficient of the log-normal regression, its error by leaving out one group at a time.

    With groups of a week, correlation within weeks is taken as it comes. Degrees of freedom are
    groups - 2. Groups of unequal size: Busing et al. (1999), doi:10.1023/A:1008800423698.
    """
    _, index = np.unique(np.asarray(group), return_inverse=True)
    groups = int(index.max()) + 1
    if groups < 4:
        raise ValueError("four groups are needed to leave one out")
    whole = aft_lognormal(low, high, design, variance=variance, truncated_below=truncated_below)
    fit = aft_lognormal(
        low,
        high,
        design,
        variance=variance,
        weight=index[None, :] != np.arange(groups)[:, None],
        truncated_below=truncated_below,
        near=whole,
    )
    full, left_out = whole.beta[0, column], fit.beta[:, column]
    ratio = index.size / np.bincount(index)
    pseudo = ratio * full - (ratio - 1.0) * left_out
    centre = groups * full - np.sum((1.0 - 1.0 / ratio) * left_out)
    spread = float(np.mean((pseudo - centre) ** 2 / (ratio - 1.0)))
    return Jackknifed(estimate=float(full), se=float(np.sqrt(spread)), df=float(groups - 2))


# --------------------------------------------------------------------------- survival curves


@dataclass(frozen=True, slots=True, eq=False)
class SurvivalCurve:
    """Share not yet over after each time: a step function from 1 at time 0.

    `variance` is Greenwood's, of the survival; NaN where left-censoring forbids it.
    """

    time: FloatArray
    survival: FloatArray
    variance: FloatArray
    n: int

    def at(self, time: float) -> float:
        """Share not yet over just after the time."""
        index = int(np.searchsorted(self.time, time, side="right"))
        return 1.0 if index == 0 else float(self.survival[index - 1])

    def quantile(self, share: float = 0.5) -> float:
        """First time at which this share is over; infinite if that was never seen."""
        over = np.flatnonzero(self.survival <= 1.0 - share + 1e-12)
        return float(self.time[over[0]]) if over.size else float("inf")

    def interval(self, share: float = 0.5, level: float = 0.95) -> tuple[float, float]:
        """Interval of the quantile: times where the log-log test does not reject the share.

        Brookmeyer & Crowley (1982), doi:10.2307/2530286, on the log(-log) scale.
        """
        s = np.clip(self.survival, 1e-12, 1.0 - 1e-12)
        target = np.log(-np.log(1.0 - share))
        with np.errstate(divide="ignore", invalid="ignore"):
            se = np.sqrt(self.variance) / (s * np.abs(np.log(s)))
            z = (np.log(-np.log(s)) - target) / se
        bound = float(ndtri(0.5 + 0.5 * level))
        low = np.flatnonzero(z >= -bound)
        high = np.flatnonzero(z > bound)
        return (
            float(self.time[low[0]]) if low.size else float("inf"),
            float(self.time[high[0]]) if high.size else float("inf"),
        )


def kaplan_meier(time: ArrayLike, over: ArrayLike) -> SurvivalCurve:
    """Product-limit curve for times that were seen (`over`) or right-censored.

    Kaplan & Meier (1958), doi:10.1080/01621459.1958.10501452; variance by Greenwood's formula.
    """
    t = np.asarray(time, dtype=float)
    events = np.asarray(over, dtype=bool)
    steps = np.unique(t[events])
    at_risk = (t[None, :] >= steps[:, None]).sum(axis=1)
    deaths = ((t[None, :] == steps[:, None]) & events).sum(axis=1)
    survival = np.cumprod(1.0 - deaths / at_risk)
    left = at_risk - deaths
    terms = np.divide(deaths, at_risk * left, out=np.zeros(steps.size), where=left > 0)
    return SurvivalCurve(steps, survival, survival**2 * np.cumsum(terms), t.size)


def turnbull(low: ArrayLike, high: ArrayLike, tolerance: float = 1e-8) -> SurvivalCurve:
    """Survival curve for times known to lie in `(low, high]`, or equal where low == high.

    Self-consistency of Turnbull (1976), doi:10.1111/j.2517-6161.1976.tb01597.x; mass is put on
    the upper ends of the innermost intervals. Left-censored: low = 0; right: high infinite.
    """
    a, b = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    ends = np.unique(b)
    exact = a == b
    inside = (ends[None, :] <= b[:, None]) & (
        (ends[None, :] > a[:, None]) | (exact[:, None] & (ends[None, :] == a[:, None]))
    )
    mass = np.full(ends.size, 1.0 / ends.size)
    for _ in range(20_000):
        share = inside * mass
        update = (share / share.sum(axis=1, keepdims=True)).mean(axis=0)
        moved = float(np.abs(update - mass).max())
        mass = update
        if moved < tolerance:
            break
    finite = np.isfinite(ends)
    survival = 1.0 - np.cumsum(mass)[finite]
    return SurvivalCurve(ends[finite], survival, np.full(int(finite.sum()), np.nan), a.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRank:
    """Comparison of two survival curves; `observed_less_expected` is of the first group."""

    statistic: float  # chi-squared, 1 degree of freedom
    p_value: float
    observed_less_expected: float


def log_rank(time: ArrayLike, over: ArrayLike, first: ArrayLike) -> LogRank:
    """Log-rank test of two groups with right-censoring.

    Mantel (1966), hypergeometric variance.
    """
    t, events = np.asarray(time, dtype=float), np.asarray(over, dtype=bool)
    group = np.asarray(first, dtype=bool)
    steps = np.unique(t[events])
    risk = t[None, :] >= steps[:, None]
    dying = (t[None, :] == steps[:, None]) & events
    n, n1 = risk.sum(axis=1), (risk & group).sum(axis=1)
    d, d1 = dying.sum(axis=1), (dying & group).sum(axis=1)
    excess = float(np.sum(d1 - d * n1 / n))
    share = n1 / n
    variance = float(np.sum(d * share * (1 - share) * (n - d) / np.maximum(n - 1, 1)))
    if variance <= 0:
        return LogRank(statistic=0.0, p_value=1.0, observed_less_expected=excess)
    z = excess / np.sqrt(variance)
    return LogRank(
        statistic=float(z**2), p_value=float(2 * ndtr(-abs(z))), observed_less_expected=excess
    )


def truncated_regression(y: ArrayLike, design: ArrayLike, bound: float) -> AftFit:
    """Normal regression of values that are only seen above a bound."""
    values = np.asarray(y, dtype=float)
    if np.any(values < bound):
        raise ValueError("a value lies below the bound that hides such values")
    return aft_lognormal(values, values, design, truncated_below=bound)


def censoring_shares(low: ArrayLike, high: ArrayLike) -> tuple[float, float]:
    """Shares of left- and of right-censored values."""
    lows, highs = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    left: NDArray[np.bool_] = np.isneginf(lows)
    right: NDArray[np.bool_] = np.isposinf(highs)
    return float(left.mean()), float(right.mean())
