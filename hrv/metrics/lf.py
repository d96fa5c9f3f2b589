"""LF power (Lomb): blood-pressure waves, both branches."""

from __future__ import annotations

from hrv.metrics.spectrum import LF_HZ, lomb
from hrv.model import Metric, Spectrum


def lf_ms2(spectrum: Spectrum) -> float:
    """Power in the LF band, ms^2."""
    return spectrum.power_ms2(*LF_HZ)


METRIC = Metric(
    name="lf",
    label="LF power (Lomb)",
    unit="ms²",
    formula=lf_ms2,
    prepare=lomb,
    of=Spectrum,
    reference="Task Force (1996), table 2, doi:10.1161/01.CIR.93.5.1043",
    equation="integral of the Lomb density over {} to {} Hz".format(*LF_HZ),
    min_span_s=120.0,
    group="frequency",
    caveat="no measure of sympathetic drive; slow breathing falls in this band",
)
