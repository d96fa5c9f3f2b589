"""BA-GLS: a regression coefficient under autocorrelated noise, averaged over the noise models.

Noise is an AR(1) state of the day plus white noise of the single value. Plugging in one estimated
autocorrelation makes intervals too narrow in short series; here every model of a grid is fitted
by generalised least squares, weighted by its restricted likelihood, and the t distributions are
averaged. Days without a value cost nothing and are bridged exactly (phi to the power of the gap).

Restricted likelihood: Harville (1977), doi:10.1080/01621459.1977.10480998. Averaging:
Hoeting et al. (1999), doi:10.1214/ss/1009212519. Effective sample size: Bayley & Hammersley
(1946), doi:10.2307/2983560.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr

from hrv.model import BoolArray, FloatArray, IntArray, owned
from hrv.stats.mixture import MixtureT


@dataclass(frozen=True, slots=True, eq=False)
class NoiseGrid:
    """Noise models: day-to-day correlation `phi`, share `white` of independent noise, prior."""

    phi: FloatArray
    white: FloatArray
    prior: FloatArray
    min_df: float

    def __post_init__(self) -> None:
        for name in ("phi", "white", "prior"):
            object.__setattr__(self, name, owned(getattr(self, name)))

    @classmethod
    def product(cls, phi: ArrayLike, white: ArrayLike, min_df: float) -> NoiseGrid:
        """All pairs, each of prior 1; pairs that mean the same model are one with their sum."""
        counts: dict[tuple[float, float], float] = {}
        for f in np.atleast_1d(phi):
            for w in np.atleast_1d(white):
                pair = (0.0, 1.0) if w == 1.0 else (float(f), float(w))
                counts[pair] = counts.get(pair, 0.0) + 1.0
        pairs = np.array(list(counts))
        return cls(pairs[:, 0], pairs[:, 1], np.array(list(counts.values())), min_df)

    @classmethod
    def daily(cls) -> NoiseGrid:
        """One value a day: without correlation the day's state is itself white."""
        mixed = cls.product(np.arange(1, 10) / 10.0, [0.0, 0.2, 0.4, 0.6, 0.8], 1.5)
        return cls(np.r_[0.0, mixed.phi], np.r_[0.0, mixed.white], np.r_[1.0, mixed.prior], 1.5)

    @classmethod
    def episodes(cls) -> NoiseGrid:
        """Several values a day that share the day's state."""
        return cls.product(
            [0.0, 0.2, 0.4, 0.6, 0.75, 0.9], [0.4, 0.55, 0.7, 0.8, 0.88, 0.94, 1.0], 2.0
        )

    def long_run_variance(self, per_day: float | FloatArray) -> FloatArray:
        """Variance of a long mean relative to independent values, for `per_day` values a day."""
        shape = np.shape(per_day)
        many = np.reshape(per_day, (*shape, 1))
        state = (1.0 - self.white) * many * (1.0 + self.phi) / (1.0 - self.phi)
        ratio: FloatArray = self.white + state
        return ratio


DAILY_NOISE = NoiseGrid.daily()
EPISODE_NOISE = NoiseGrid.episodes()


@dataclass(frozen=True, slots=True, eq=False)
class BatchFit:
    """Fits of one coefficient: replicates R by responses M by noise models G."""

    loc: FloatArray  # (R, M, G)
    scale: FloatArray  # (R, M, G)
    df: FloatArray  # (R, 1, G)
    weight: FloatArray  # (R, M, G), sums to 1 over G

    def cdf(self, value: float | FloatArray) -> FloatArray:
        """Support (R, M) for the coefficient lying below the value."""
        at = np.reshape(value, (*np.shape(value), 1))
        support: FloatArray = np.sum(
            self.weight * stdtr(self.df, (at - self.loc) / self.scale), axis=-1
        )
        return support

    def restored(self, scale: FloatArray, start: FloatArray) -> BatchFit:
        """Fits of residuals (`standardised`) put back: scale and first estimate, each (R, M)."""
        loc = start[..., None] + self.loc * scale[..., None]
        return BatchFit(loc, self.scale * scale[..., None], self.df, self.weight)

    def averaged(self) -> BatchFit:
        """Responses of each replicate (imputations) joined to one, (R, 1, M G)."""
        flat = (self.loc.shape[0], 1, -1)
        df = np.broadcast_to(self.df, self.loc.shape)
        return BatchFit(
            self.loc.reshape(flat),
            self.scale.reshape(flat),
            df.reshape(flat),
            self.weight.reshape(flat) / self.loc.shape[1],
        )

    def mixture(self, replicate: int = 0) -> MixtureT:
        """One replicate; the responses (imputations) are averaged."""
        one = self.averaged()
        return MixtureT(
            one.loc[replicate, 0],
            one.scale[replicate, 0],
            one.df[replicate, 0],
            one.weight[replicate, 0],
        )


def bagls(
    day: ArrayLike,
    y: ArrayLike,
    design: ArrayLike,
    column: int,
    *,
    noise: NoiseGrid = DAILY_NOISE,
    exponent: float = 0.0,
    relative_variance: ArrayLike | None = None,
) -> MixtureT:
    """Distribution of coefficient `column` of `y = design @ b + noise`.

    `day` (n) are whole days in any order; values of one day share its state. `y` is (n) or
    (n, imputations), whose distributions are averaged. `exponent` tilts the weights by the
    long-run variance to minus this power: negative is more cautious. `relative_variance` (n)
    scales the white part of each value, mean about 1.
    """
    order = np.argsort(np.asarray(day), kind="stable")
    days = np.asarray(day, dtype=np.int64)[order]
    x = np.asarray(design, dtype=float)[order]
    responses = np.asarray(y, dtype=float)[order]
    responses = responses[:, None] if responses.ndim == 1 else responses
    unit = np.ones(days.size) if relative_variance is None else np.asarray(relative_variance)[order]
    rest, scale, start = standardised(x[None], responses[None])
    nodes, index = np.unique(days, return_inverse=True)
    grouped = group_days(np.concatenate([x[None], rest], axis=2), index[None], nodes.size, unit)
    gap = np.diff(nodes, prepend=nodes[0])
    fit = fit_nodes(grouped, gap, x.shape[1], column, noise, exponent)
    return fit.restored(scale, start[:, column]).mixture()


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """Values reduced to their days: weighted means, relative white variance, what is left inside.

    `mean` (R, D, q); `variance` (R, D), infinite on a day without a value; `within` (R, q, q);
    `count` (R) values and `days` (R) days with a value.
    """

    mean: FloatArray
    variance: FloatArray
    within: FloatArray
    count: FloatArray
    days: FloatArray


def group_days(
    z: FloatArray, index: NDArray[np.intp] | IntArray, n_days: int, variance: ArrayLike
) -> Nodes:
    """Columns z (R, n, q) reduced to days `index` (R, n); a negative index is padding.

    Values of one day share its state, so their weighted mean and the scatter around it say all
    that the values say.
    """
    replicates, n, q = z.shape
    used = index >= 0
    flat = (np.arange(replicates)[:, None] * n_days + np.where(used, index, 0)).ravel()
    weight = np.where(used, 1.0 / np.broadcast_to(np.asarray(variance, float), (replicates, n)), 0)
    cells = replicates * n_days
    total = np.bincount(flat, weight.ravel(), cells)
    seen = total > 0
    mean = np.empty((cells, q))
    for k in range(q):
        sums = np.bincount(flat, (weight * z[:, :, k]).ravel(), cells)
        mean[:, k] = np.divide(sums, total, out=np.zeros(cells), where=seen)
    away = (z.reshape(-1, q) - mean[flat]).reshape(replicates, n, q)
    within = np.matmul((away * weight[..., None]).transpose(0, 2, 1), away)
    inverse = np.divide(1.0, total, out=np.full(cells, np.inf), where=seen)
    return Nodes(
        mean.reshape(replicates, n_days, q),
        inverse.reshape(replicates, n_days),
        within,
        used.sum(axis=1).astype(float),
        seen.reshape(replicates, n_days).sum(axis=1).astype(float),
    )


def fit_nodes(
    nodes: Nodes,
    gap: ArrayLike,
    columns: int,
    column: int,
    noise: NoiseGrid,
    exponent: float,
    chunk: int = 48,
) -> BatchFit:
    """Fit the responses (from column `columns` on) on the first `columns`, for every noise model.

    `gap` (D) are days since the node before; the first is not used. Replicates are taken
    `chunk` at a time, so that the working arrays stay in cache.
    """
    parts = [
        _fit_chunk(nodes, slice(i, i + chunk), np.asarray(gap), columns, column, noise, exponent)
        for i in range(0, nodes.mean.shape[0], chunk)
    ]
    return BatchFit(
        np.concatenate([part.loc for part in parts]),
        np.concatenate([part.scale for part in parts]),
        np.concatenate([part.df for part in parts]),
        np.concatenate([part.weight for part in parts]),
    )


def _fit_chunk(
    nodes: Nodes,
    rows: slice,
    gap: NDArray[np.int64],
    p: int,
    column: int,
    noise: NoiseGrid,
    exponent: float,
) -> BatchFit:
    white, log_f = _whiten(nodes.mean[rows], nodes.variance[rows], gap, noise)
    within = nodes.within[rows][:, None]
    repeated = (nodes.count - nodes.days)[rows][:, None]
    # With all noise in the state there is no scatter inside a day; such models only see single
    # values, so the division is by 1.
    share = np.where(noise.white > 0, noise.white, 1.0)[None, :, None, None]
    left = white[..., :p].swapaxes(-1, -2)
    xx = left @ white[..., :p] + within[..., :p, :p] / share
    xy = left @ white[..., p:] + within[..., :p, p:] / share
    inside = np.einsum("rgii->rgi", within[..., p:, p:] / share)
    yy = np.einsum("rgnm,rgnm->rgm", white[..., p:], white[..., p:]) + inside
    inverse = np.linalg.inv(xx)
    b = inverse @ xy
    free = (nodes.count[rows] - p)[:, None, None]
    s2 = np.maximum(yy - np.einsum("rgpm,rgpm->rgm", b, xy), 1e-300) / free
    log_det = np.linalg.slogdet(xx)[1]
    log_f = log_f + repeated * np.log(share[..., 0, 0])
    log_l = -0.5 * ((log_f + log_det)[..., None] + free * np.log(s2))
    long_run = noise.long_run_variance((nodes.count / nodes.days)[rows])
    log_w = log_l + (np.log(noise.prior) - exponent * np.log(long_run))[..., None]
    weight = np.exp(log_w - log_w.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    df = np.maximum(noise.min_df, nodes.count[rows][:, None] / long_run - p)
    return BatchFit(
        b[:, :, column].swapaxes(1, 2),
        np.sqrt(s2 * inverse[:, :, column, column][..., None]).swapaxes(1, 2),
        df[:, None],
        weight.swapaxes(1, 2),
    )


def whitened(z: ArrayLike, day: ArrayLike, noise: NoiseGrid) -> tuple[FloatArray, FloatArray]:
    """Columns z (n, q) of increasing days as independent values under each model, (G, n, q), and
    the logarithm of the determinant of its covariance (G)."""
    days = np.asarray(day, dtype=np.int64)
    columns = np.asarray(z, dtype=float)[None]
    white, log_f = _whiten(columns, np.ones((1, days.size)), np.diff(days, prepend=days[0]), noise)
    return white[0], log_f[0]


def _whiten(
    z: FloatArray, variance: FloatArray, gap: NDArray[np.int64], noise: NoiseGrid
) -> tuple[FloatArray, FloatArray]:
    """Kalman innovations of each column over their SD, (R, G, D, q), and the sum of ln F.

    Gains do not depend on the values, so they come first; what is left is one linear recursion.
    """
    seen = np.isfinite(variance).T[..., None]
    keep, gain, total = _gains(variance.T, seen, gap, noise)
    values = z.swapaxes(0, 1)[:, :, None]
    ahead = np.zeros((z.shape[1], *total.shape[1:], z.shape[2]))
    np.multiply(gain[:-1, ..., None], values[:-1], out=ahead[1:])
    buffer = np.empty_like(ahead[0])
    for i in range(1, z.shape[1] - 1):
        np.multiply(keep[i][..., None], ahead[i], out=buffer)
        ahead[i + 1] += buffer
    np.subtract(values, ahead, out=ahead)
    ahead *= (seen / np.sqrt(total))[..., None]
    return ahead.transpose(1, 2, 0, 3), np.sum(seen * np.log(total), axis=0)


def _gains(
    variance: FloatArray, seen: BoolArray, gap: NDArray[np.int64], noise: NoiseGrid
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """For each day (D, R, G): weights of the prediction and of the value in the next day's
    prediction, and the variance F of the innovation."""
    relative = np.where(seen[..., 0], variance, 1.0)
    state = 1.0 - noise.white
    decay = noise.phi ** np.append(gap[1:], 0)[:, None]
    fresh = state * (1.0 - decay**2)
    white = noise.white * relative[..., None]
    share, total = np.empty_like(white), np.empty_like(white)
    p = np.broadcast_to(state, white.shape[1:])
    for i in range(white.shape[0]):
        np.add(p, white[i], out=total[i])
        np.divide(p, total[i], out=share[i])
        share[i] *= seen[i]
        p = decay[i] ** 2 * (p - share[i] * p) + fresh[i]
    return decay[:, None] * (1.0 - share), decay[:, None] * share, total


def standardised(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Least-squares residuals of y (R, n, M) at unit SD, that SD (R, M), coefficients (R, p, M).

    Generalised least squares on the residuals gives the same answer without cancellation.
    """
    start = nearly_solved(x, y)
    rest = y - x @ start
    scale = np.sqrt(np.mean(rest**2, axis=1))
    scale = np.where(scale > 0, scale, 1.0)
    return rest / scale[:, None, :], scale, start


def nearly_solved(x: FloatArray, y: FloatArray) -> FloatArray:
    """Least-squares coefficients (R, p, M) with a trace of ridge, as a start only."""
    turned = x.swapaxes(1, 2)
    square = turned @ x
    ridge = 1e-9 * np.trace(square, axis1=1, axis2=2)[:, None, None] * np.eye(x.shape[2])
    start: FloatArray = np.linalg.solve(square + ridge, turned @ y)
    return start
