"""Median heart rate."""

from __future__ import annotations

from hrv.model import Metric, NNSeries


def median_hr_bpm(nn: NNSeries) -> float:
    """60,000 / median NN, bpm."""
    return 60_000.0 / nn.quantile_ms(0.5)


METRIC = Metric(
    name="median_hr",
    label="median heart rate",
    unit="bpm",
    formula=median_hr_bpm,
    reference="Task Force (1996), doi:10.1161/01.CIR.93.5.1043",
    equation="60000 / median(NN)",
    min_span_s=10.0,
    min_beats=5,
    better="lower",
)
