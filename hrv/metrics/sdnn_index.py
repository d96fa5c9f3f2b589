"""SDNN index: variability within five minutes."""

from __future__ import annotations

from hrv.metrics.segments import segments
from hrv.model import FloatArray, Metric


def sdnn_index_ms(parts: tuple[FloatArray, FloatArray]) -> float:
    """Mean of the SDNN of 5-min segments, ms; NaN without a segment."""
    _, sd = parts
    return float(sd.mean()) if sd.size else float("nan")


METRIC = Metric(
    name="sdnn_index",
    label="SDNN index",
    unit="ms",
    formula=sdnn_index_ms,
    prepare=segments,
    of=tuple,
    reference="Task Force (1996), table 1, doi:10.1161/01.CIR.93.5.1043",
    equation="mean of the 5-min SDNN",
    min_span_s=3600.0,
    better="higher",
)
