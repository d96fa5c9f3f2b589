"""Total power (Welch) up to 0.4 Hz."""

from __future__ import annotations

from hrv.metrics.spectrum import HF_HZ, VLF_HZ, welch
from hrv.model import Metric, Spectrum


def total_power_welch_ms2(spectrum: Spectrum) -> float:
    """Power from the VLF to the HF band, ms^2. In 5 min close to SDNN squared."""
    return spectrum.power_ms2(VLF_HZ[0], HF_HZ[1])


METRIC = Metric(
    name="total_power_welch",
    label="total power (Welch)",
    unit="ms²",
    formula=total_power_welch_ms2,
    prepare=welch,
    of=Spectrum,
    reference="Task Force (1996), table 2, doi:10.1161/01.CIR.93.5.1043",
    equation="integral of the Welch density over 0.0033 to 0.4 Hz",
    min_span_s=300.0,
    group="frequency",
    better="higher",
)
