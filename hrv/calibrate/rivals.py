"""Tests that others use for the same questions. Here only to be compared; the product has none."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, stdtr
from scipy.stats import rankdata

from hrv.model import BoolArray, FloatArray


def ols(y: FloatArray, design: FloatArray) -> float:
    """p-value of column 1 by ordinary least squares."""
    n, p = design.shape
    inverse = np.linalg.inv(design.T @ design)
    b = inverse @ design.T @ y
    rest = y - design @ b
    return _t_test(b[1], float(rest @ rest) / (n - p) * inverse[1, 1], n - p)


def newey_west(y: FloatArray, design: FloatArray, lags: int | None = None) -> float:
    """p-value of column 1 with autocorrelation-consistent errors.

    Newey & West (1987), doi:10.2307/1913610; lags 4 (n/100)^(2/9), small-sample factor n/(n - p).
    """
    n, p = design.shape
    reach = int(4.0 * (n / 100.0) ** (2.0 / 9.0)) if lags is None else lags
    inverse = np.linalg.inv(design.T @ design)
    b = inverse @ design.T @ y
    score = design * (y - design @ b)[:, None]
    middle = score.T @ score
    for k in range(1, reach + 1):
        shifted = score[k:].T @ score[:-k]
        middle = middle + (1.0 - k / (reach + 1.0)) * (shifted + shifted.T)
    variance = (inverse @ middle @ inverse)[1, 1] * n / (n - p)
    return _t_test(b[1], variance, n - p)


def _t_test(estimate: float, variance: float, df: float) -> float:
    return float(2.0 * stdtr(df, -abs(estimate) / np.sqrt(variance)))


def mann_kendall(y: FloatArray, variance_factor: float = 1.0) -> float:
    """p-value of Mann (1945) and Kendall for values without ties."""
    n = y.size
    i, j = np.triu_indices(n, 1)
    s = float(np.sign(y[j] - y[i]).sum())
    variance = n * (n - 1) * (2 * n + 5) / 18.0 * max(variance_factor, 1e-9)
    return float(2.0 * ndtr(-max(abs(s) - 1.0, 0.0) / np.sqrt(variance)))


def sen_slope(y: FloatArray) -> float:
    """Median slope per step."""
    i, j = np.triu_indices(y.size, 1)
    return float(np.median((y[j] - y[i]) / (j - i)))


def autocorrelation(y: FloatArray) -> FloatArray:
    """Autocorrelation from lag 1 on."""
    centred = y - y.mean()
    full = np.correlate(centred, centred, "full")[y.size - 1 :]
    return np.asarray(full[1:] / full[0])


def mk_hamed_rao(y: FloatArray) -> float:
    """Variance corrected by the significant rank correlations of the detrended values.

    Hamed & Rao (1998), doi:10.1016/S0022-1694(97)00125-X.
    """
    n = y.size
    r = autocorrelation(rankdata(y - sen_slope(y) * np.arange(n)))
    k = np.arange(1, n)
    weight = (n - k) * (n - k - 1.0) * (n - k - 2.0)
    total = np.sum(np.where(np.abs(r) > 1.96 / np.sqrt(n), weight * r, 0.0))
    return mann_kendall(y, 1.0 + 2.0 * float(total) / (n * (n - 1.0) * (n - 2.0)))


def mk_prewhitened(y: FloatArray) -> float:
    """Lag-1 correlation taken out first: von Storch (1995)."""
    r1 = autocorrelation(y)[0]
    return mann_kendall(y[1:] - r1 * y[:-1])


def mk_trend_free_prewhitened(y: FloatArray) -> float:
    """Slope taken out before prewhitening and put back: Yue et al. (2002), doi:10.1002/hyp.1095."""
    slope = sen_slope(y)
    t = np.arange(y.size)
    rest = y - slope * t
    r1 = autocorrelation(rest)[0]
    return mann_kendall(rest[1:] - r1 * rest[:-1] + slope * t[1:])


def cox(time: FloatArray, over: BoolArray, design: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Coefficients and standard errors of Cox (1972) regression, Breslow's ties."""
    order = np.argsort(-time, kind="stable")
    x, event, t = design[order], over[order], time[order]
    x = x - x.mean(axis=0)
    last = np.searchsorted(-t, -t, side="right") - 1
    beta = np.zeros(x.shape[1])
    products = x[:, :, None] * x[:, None, :]
    information = np.eye(beta.size)
    for _ in range(25):
        w = np.exp(x @ beta)
        s0 = np.cumsum(w)[last][event]
        s1 = np.cumsum(w[:, None] * x, axis=0)[last][event] / s0[:, None]
        s2 = np.cumsum(w[:, None, None] * products, axis=0)[last][event] / s0[:, None, None]
        information = (s2 - s1[:, :, None] * s1[:, None, :]).sum(axis=0)
        step = np.linalg.solve(information, (x[event] - s1).sum(axis=0))
        beta = beta + step
        if np.abs(step).max() < 1e-8:
            break
    return beta, np.sqrt(np.diag(np.linalg.inv(information)))
