"""Mean heart rate: beats over the time they took."""

from __future__ import annotations

from hrv.model import Metric, NNSeries


def mean_hr_bpm(nn: NNSeries) -> float:
    """60,000 / mean NN, bpm.

    The harmonic form counts beats per time; the mean of 60,000 / NN would be higher by the
    square of the coefficient of variation.
    """
    return 60_000.0 / nn.mean_ms


METRIC = Metric(
    name="mean_hr",
    label="mean heart rate",
    unit="bpm",
    formula=mean_hr_bpm,
    reference="Task Force (1996), doi:10.1161/01.CIR.93.5.1043",
    equation="60000 / mean(NN)",
    min_span_s=10.0,
    min_beats=5,
    better="lower",
)
