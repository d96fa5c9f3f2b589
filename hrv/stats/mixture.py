"""Mixtures of t distributions: what is known about one number after averaging over noise models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, ndtri, stdtr

from hrv.model import FloatArray, owned

_STEPS = 80
_ROOT_2PI = float(np.sqrt(2.0 * np.pi))


@dataclass(frozen=True, slots=True, eq=False)
class MixtureT:
    """Confidence distribution of a parameter: `weight`-ed t variables `loc + scale * T(df)`."""

    loc: FloatArray
    scale: FloatArray
    df: FloatArray
    weight: FloatArray  # sums to 1

    def __post_init__(self) -> None:
        for name in ("loc", "scale", "df", "weight"):
            object.__setattr__(self, name, owned(getattr(self, name)))
        if not abs(float(self.weight.sum()) - 1.0) < 1e-9:
            raise ValueError("weights must sum to 1")

    @property
    def estimate(self) -> float:
        """Weighted mean of the centres."""
        return float(self.weight @ self.loc)

    @property
    def mean_df(self) -> float:
        """Weighted mean of the degrees of freedom."""
        return float(self.weight @ self.df)

    @property
    def sd(self) -> float:
        """Half the width of the central 68.27 %: a standard error that exists for any df."""
        return self.half_width(0.6827)

    def cdf(self, value: float) -> float:
        """Support for the parameter lying below the value."""
        return float(self.weight @ stdtr(self.df, (value - self.loc) / self.scale))

    def support(self, low: float, high: float) -> float:
        """Support for the parameter lying between two values."""
        return self.cdf(high) - self.cdf(low)

    def p_value(self, null: float = 0.0) -> float:
        """Two-sided p-value of a value."""
        below = self.cdf(null)
        return min(1.0, 2.0 * min(below, 1.0 - below))

    def quantile(self, probability: float) -> float:
        """Value below which the support is the probability."""
        return float(self.quantiles([probability])[0])

    def quantiles(self, probability: ArrayLike) -> FloatArray:
        """Values below which the support is each probability: Newton's method on the normal
        scale, where the distribution is nearly a line, kept inside a shrinking bracket."""
        target = ndtri(np.asarray(probability, dtype=float))
        one = self._of_weight()
        spread = float(one.weight @ np.hypot(one.scale, one.loc - self.estimate))
        value = self.estimate + target * spread
        low, high = np.full(value.shape, -np.inf), np.full(value.shape, np.inf)
        for _ in range(_STEPS):
            z = (value[:, None] - one.loc) / one.scale
            at = ndtri(stdtr(one.df, z) @ one.weight)
            below = at < target
            low, high = np.where(below, value, low), np.where(below, high, value)
            density = one._density(z)
            with np.errstate(all="ignore"):
                ahead = value - (at - target) * np.exp(-0.5 * at**2) / (_ROOT_2PI * density)
            reach = np.maximum(spread, np.abs(value - self.estimate))
            wide = np.where(below, value + reach, value - reach)
            middle = np.where(np.isfinite(high - low), 0.5 * (low + high), wide)
            inside = (ahead > low) & (ahead < high) & (np.abs(ahead - value) < 4.0 * reach)
            done = np.abs(ahead - value) <= 1e-13 * (spread + np.abs(value))
            value = np.where(done, value, np.where(inside, ahead, middle))
            if done.all():
                break
        return value

    def _of_weight(self) -> MixtureT:
        """The components that can be told from nothing."""
        kept = self.weight > 1e-17 * self.weight.max()
        if kept.all():
            return self
        weight = self.weight[kept]
        return MixtureT(self.loc[kept], self.scale[kept], self.df[kept], weight / weight.sum())

    def _density(self, z: FloatArray) -> FloatArray:
        """Density at standardised values (n, components)."""
        half = 0.5 * (self.df + 1.0)
        ln_c = gammaln(half) - gammaln(0.5 * self.df) - 0.5 * np.log(np.pi * self.df)
        kernel = np.exp(ln_c - half * np.log1p(z**2 / self.df))
        density: FloatArray = kernel @ (self.weight / self.scale)
        return density

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Central interval."""
        tail = 0.5 * (1.0 - level)
        low, high = self.quantiles([tail, 1.0 - tail]).tolist()
        return low, high

    def half_width(self, level: float = 0.95) -> float:
        """Half the width of the central interval."""
        low, high = self.interval(level)
        return 0.5 * (high - low)

    def smallest_detectable(self, level: float = 0.95, power: float = 0.8) -> float:
        """Size of a true change that the two-sided test at 1 - level finds with this power.

        Half-width of the interval plus the distance the estimate falls short of the truth in
        1 - power of all repetitions; 2.80 standard errors for a normal estimate.
        """
        tail = 0.5 * (1.0 - level)
        q = self.quantiles([tail, 1.0 - tail, 1.0 - power, power])
        return float(0.5 * (q[1] - q[0] + q[3] - q[2]))
