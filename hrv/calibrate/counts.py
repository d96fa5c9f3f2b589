"""Counting how often a method said yes, with exact intervals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv

from hrv.model import BoolArray

ALPHA = 0.05

Count = dict[str, int]  # yes, of
Result = dict[str, object]


def count(said: ArrayLike) -> Count:
    """Yes out of all."""
    flags = np.asarray(said, dtype=bool)
    return {"yes": int(flags.sum()), "of": int(flags.size)}


def outside(below: ArrayLike) -> BoolArray:
    """Where the support below the truth lies outside the central 95 %."""
    support = np.asarray(below, dtype=float)
    return np.asarray((support < 0.5 * ALPHA) | (support > 1.0 - 0.5 * ALPHA))


def rate(counted: Mapping[str, int]) -> float:
    """Share of yes; NaN for nothing counted."""
    return counted["yes"] / counted["of"] if counted["of"] else float("nan")


def clopper_pearson(counted: Mapping[str, int], level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a share: Clopper & Pearson (1934), doi:10.1093/biomet/26.4.404."""
    yes, of = counted["yes"], counted["of"]
    tail = 0.5 * (1.0 - level)
    low = float(betaincinv(yes, of - yes + 1, tail)) if yes else 0.0
    high = float(betaincinv(yes + 1, of - yes, 1.0 - tail)) if yes < of else 1.0
    return low, high


def with_interval(counted: Mapping[str, int]) -> str:
    """A share and its interval for a table."""
    low, high = clopper_pearson(counted)
    return f"{rate(counted):.3f} [{low:.3f}, {high:.3f}]"
