"""RMSSD: beat-to-beat variability, the short-term vagal index."""

from __future__ import annotations

import numpy as np

from hrv.model import Metric, NNSeries


def rmssd_ms(nn: NNSeries) -> float:
    """Root mean square of successive differences, ms; NaN without a pair.

    Pairs across a gap or a corrected beat are left out: they would measure the correction, not
    the heart. Divides by the number of pairs.
    """
    steps = nn.successive_diff_ms()
    return float(np.sqrt(np.mean(steps**2))) if steps.size else float("nan")


METRIC = Metric(
    name="rmssd",
    label="RMSSD",
    unit="ms",
    formula=rmssd_ms,
    reference="Task Force (1996), table 1, doi:10.1161/01.CIR.93.5.1043",
    equation="sqrt(mean(dNN^2)), true neighbours only",
    better="higher",
)
