"""HF power (Welch): respiratory sinus arrhythmia."""

from __future__ import annotations

from hrv.metrics.spectrum import HF_HZ, welch
from hrv.model import Metric, Spectrum


def hf_welch_ms2(spectrum: Spectrum) -> float:
    """Power in the HF band, ms^2."""
    return spectrum.power_ms2(*HF_HZ)


METRIC = Metric(
    name="hf_welch",
    label="HF power (Welch)",
    unit="ms²",
    formula=hf_welch_ms2,
    prepare=welch,
    of=Spectrum,
    reference="Task Force (1996), table 2, doi:10.1161/01.CIR.93.5.1043",
    equation="integral of the Welch density over {} to {} Hz".format(*HF_HZ),
    min_span_s=60.0,
    group="frequency",
    better="higher",
    caveat="vagal only while breathing stays within 9 to 24 per minute",
)
