"""ln RMSSD: RMSSD on the scale on which people differ evenly."""

from __future__ import annotations

import numpy as np

from hrv.metrics.rmssd import rmssd_ms
from hrv.model import Metric, NNSeries


def ln_rmssd(nn: NNSeries) -> float:
    """Natural logarithm of RMSSD in ms; NaN where RMSSD is 0."""
    value = rmssd_ms(nn)
    return float(np.log(value)) if value > 0 else float("nan")


METRIC = Metric(
    name="ln_rmssd",
    label="ln RMSSD",
    unit="1",
    formula=ln_rmssd,
    reference="Plews et al. (2013), doi:10.1007/s40279-013-0071-8",
    equation="ln(RMSSD / 1 ms)",
    better="higher",
)
