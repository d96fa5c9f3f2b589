"""Mixtures of t distributions: what is known about one number after averaging over noise models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import stdtr

from hrv.model import FloatArray, owned


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
        reach = float(np.max(self.scale))
        low, high = float(self.loc.min()) - reach, float(self.loc.max()) + reach
        while self.cdf(low) > probability:
            low, reach = low - reach, 2 * reach
        while self.cdf(high) < probability:
            high, reach = high + reach, 2 * reach
        exact = 1e-12 * (high - low)
        return float(brentq(lambda value: self.cdf(value) - probability, low, high, xtol=exact))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Central interval."""
        tail = 0.5 * (1.0 - level)
        return self.quantile(tail), self.quantile(1.0 - tail)

    def half_width(self, level: float = 0.95) -> float:
        """Half the width of the central interval."""
        low, high = self.interval(level)
        return 0.5 * (high - low)

    def smallest_detectable(self, level: float = 0.95, power: float = 0.8) -> float:
        """Size of a true change that the two-sided test at 1 - level finds with this power.

        Half-width of the interval plus the distance the estimate falls short of the truth in
        1 - power of all repetitions; 2.80 standard errors for a normal estimate.
        """
        return self.half_width(level) + self.half_width(2.0 * power - 1.0)
