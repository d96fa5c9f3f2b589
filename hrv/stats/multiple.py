"""Many tests at once: Holm's and Benjamini & Hochberg's adjusted p-values."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from hrv.model import FloatArray


def holm(p_value: ArrayLike) -> FloatArray:
    """Adjusted p-values that keep the chance of any false claim at the level.

    Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    p = np.asarray(p_value, dtype=float)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(p.size)
    adjusted[order] = np.minimum(
        1.0, np.maximum.accumulate((p.size - np.arange(p.size)) * p[order])
    )
    return adjusted


def benjamini_hochberg(p_value: ArrayLike) -> FloatArray:
    """Adjusted p-values (q-values) that keep the expected share of false claims at the level.

    Benjamini & Hochberg (1995), doi:10.1111/j.2517-6161.1995.tb02031.x.
    """
    p = np.asarray(p_value, dtype=float)
    order = np.argsort(p, kind="stable")[::-1]
    rank = np.arange(p.size, 0, -1)
    adjusted = np.empty(p.size)
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(p.size / rank * p[order]))
    return adjusted
