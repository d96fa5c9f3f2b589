"""A single step in a daily series: its date, its size, and whether chance alone makes such ones.

The date is searched for, so the test is of the largest of many: its null distribution is that of
the maximum over all dates in noise of the same memory. As in `bagls`, no single estimate of the
autocorrelation is trusted: the p-values of all likely noise models are averaged.

Andrews (1993), doi:10.2307/2951764, for the maximum over an unknown date; the step's date costs
one more free number when a step is compared with a straight line: Schwarz (1978),
doi:10.1214/aos/1176344136.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hrv.model import FloatArray
from hrv.stats.bagls import DAILY_NOISE, NoiseGrid, whitened

_LEAST_WEIGHT = 0.01  # of a noise model that is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The likeliest step: first day of the new level, size in the unit of the series."""

    day: int
    size: float
    p_value: float  # a step this clear anywhere, in noise of this memory without any
    over_line: float  # twice the log likelihood that a step has over a line, its date paid for


def largest_step(
    day: ArrayLike,
    value: ArrayLike,
    *,
    edge_days: int,
    rng: np.random.Generator,
    held: ArrayLike | None = None,
    exponent: float = 0.0,
    draws: int = 400,
    noise: NoiseGrid = DAILY_NOISE,
) -> Step | None:
    """The likeliest single step at least `edge_days` from both ends; None without room for one.

    `day` (n) increasing whole days, `value` (n); `held` (n, k) are held constant beside the mean.
    """
    days, values = np.asarray(day, dtype=np.int64), np.asarray(value, dtype=float)
    inner = (days >= days[0] + edge_days) & (days <= days[-1] - edge_days)
    starts = np.flatnonzero(inner)
    if starts.size < 5 or np.ptp(values) == 0:
        return None
    n = days.size
    fixed = np.ones((n, 1)) if held is None else np.column_stack([np.ones(n), held])
    after = (np.arange(n)[:, None] >= starts).astype(float)
    line = (days - days.mean())[:, None] / np.ptp(days)
    scale = float(np.std(values))
    columns = np.column_stack([fixed, after, line, (values - values.mean()) / scale])
    white, log_f = whitened(columns, days, noise)
    parts = [_searched(w, fixed.shape[1]) for w in white]
    log_l = -0.5 * (log_f + n * np.log([part.left for part in parts]))
    plain = -0.5 * (log_f + n * np.log([part.left_by_line for part in parts]))
    long_run = noise.long_run_variance(1.0)
    weight = noise.prior * np.exp(log_l - log_l.max()) * long_run**-exponent
    likely = np.flatnonzero(weight >= _LEAST_WEIGHT * weight.max())
    df = np.maximum(noise.min_df, n / long_run - fixed.shape[1] - 1)
    p = [_p_value(parts[g], float(df[g]), draws, rng) for g in likely]
    best = parts[int(np.argmax(weight))]
    over = _log_mean(log_l, noise.prior) - _log_mean(plain, noise.prior)
    return Step(
        day=int(days[starts[best.at]]),
        size=best.size * scale,
        p_value=float(weight[likely] @ p / weight[likely].sum()),
        over_line=float(2.0 * over - np.log(n)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """The best step under one noise model; all in whitened values."""

    at: int
    size: float
    statistic: float  # of the step: explained over the variance left
    left: float  # sum of squares beside the step
    left_by_line: float
    directions: FloatArray  # (n, K) unit vectors of the steps, what is held taken out


def _searched(white: FloatArray, held: int) -> _Search:
    basis = np.linalg.qr(white[:, :held])[0]
    rest = white[:, held:] - basis @ (basis.T @ white[:, held:])
    steps, line, y = rest[:, :-2], rest[:, -2], rest[:, -1]
    length = np.linalg.norm(steps, axis=0)
    directions = steps / length
    along = directions.T @ y
    at = int(np.argmax(np.abs(along)))
    total = float(y @ y)
    left = total - float(along[at] ** 2)
    return _Search(
        at=at,
        size=float(along[at] / length[at]),
        statistic=float(along[at] ** 2) / (left / (y.size - held - 1)),
        left=left,
        left_by_line=total - float(line @ y) ** 2 / float(line @ line),
        directions=directions,
    )


def _p_value(found: _Search, df: float, draws: int, rng: np.random.Generator) -> float:
    """How often noise of this model has a step somewhere that is as clear."""
    noise = rng.standard_normal((draws, found.directions.shape[0]))
    largest = np.max((noise @ found.directions) ** 2, axis=1)
    null = largest / (rng.chisquare(df, draws) / df)
    return float((1 + np.sum(null >= found.statistic)) / (draws + 1))


def _log_mean(log_l: FloatArray, prior: FloatArray) -> float:
    top = float(log_l.max())
    return top + float(np.log(np.sum(prior * np.exp(log_l - top)) / prior.sum()))
