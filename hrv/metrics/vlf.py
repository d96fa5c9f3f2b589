"""VLF power (Lomb): slow regulation and trends."""

from __future__ import annotations

from hrv.metrics.spectrum import VLF_HZ, lomb
from hrv.model import Metric, Spectrum


def vlf_ms2(spectrum: Spectrum) -> float:
    """Power in the VLF band, ms^2."""
    return spectrum.power_ms2(*VLF_HZ)


METRIC = Metric(
    name="vlf",
    label="VLF power (Lomb)",
    unit="ms²",
    formula=vlf_ms2,
    prepare=lomb,
    of=Spectrum,
    reference="Task Force (1996), table 2, doi:10.1161/01.CIR.93.5.1043",
    equation="integral of the Lomb density over {} to {} Hz".format(*VLF_HZ),
    min_span_s=300.0,
    group="frequency",
    caveat="needs a stationary 5 min or more; trends count as power",
)
