"""SDANN: slow variability, over minutes to hours."""

from __future__ import annotations

import numpy as np

from hrv.metrics.segments import segments
from hrv.model import FloatArray, Metric


def sdann_ms(parts: tuple[FloatArray, FloatArray]) -> float:
    """SD (N - 1) of the means of 5-min segments, ms; NaN under two segments."""
    mean, _ = parts
    return float(np.std(mean, ddof=1)) if mean.size > 1 else float("nan")


METRIC = Metric(
    name="sdann",
    label="SDANN",
    unit="ms",
    formula=sdann_ms,
    prepare=segments,
    of=tuple,
    reference="Task Force (1996), table 1, doi:10.1161/01.CIR.93.5.1043",
    equation="SD of the 5-min means",
    min_span_s=3600.0,
    better="higher",
    caveat="defined for 24 h; mostly sleep against waking",
)
