"""pNN20: how often neighbours differ by more than 20 ms."""

from __future__ import annotations

import numpy as np

from hrv.model import Metric, NNSeries


def pnn20_percent(nn: NNSeries) -> float:
    """Share of successive differences above 20 ms, percent of all differences; NaN without one.

    The Task Force divides by the number of intervals; differences are counted here because a
    gap removes some. In an unbroken series the two differ by the factor N / (N - 1).
    """
    steps = nn.successive_diff_ms()
    if not steps.size:
        return float("nan")
    return 100.0 * np.count_nonzero(np.abs(steps) > 20.0) / steps.size


METRIC = Metric(
    name="pnn20",
    label="pNN20",
    unit="%",
    formula=pnn20_percent,
    reference="Mietus et al. (2002), doi:10.1136/heart.88.4.378",
    equation="100 * count(|dNN| > 20 ms) / count(dNN)",
    better="higher",
)
