"""SDSD: spread of the successive differences."""

from __future__ import annotations

import numpy as np

from hrv.model import Metric, NNSeries


def sdsd_ms(nn: NNSeries) -> float:
    """Standard deviation of the signed successive differences with N - 1, ms; NaN under two.

    Not of their absolute values, which is a smaller and different number.
    """
    steps = nn.successive_diff_ms()
    return float(np.std(steps, ddof=1)) if steps.size > 1 else float("nan")


METRIC = Metric(
    name="sdsd",
    label="SDSD",
    unit="ms",
    formula=sdsd_ms,
    reference="Task Force (1996), table 1, doi:10.1161/01.CIR.93.5.1043",
    equation="sqrt(sum((dNN - mean(dNN))^2) / (n - 1))",
    better="higher",
)
