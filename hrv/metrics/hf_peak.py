"""HF peak: the frequency of most power in the HF band."""

from __future__ import annotations

from hrv.metrics.spectrum import HF_HZ, lomb, peak_hz
from hrv.model import Metric, Spectrum


def hf_peak_hz(spectrum: Spectrum) -> float:
    """Frequency of the highest peak inside the band, Hz; NaN where power only falls or rises."""
    return peak_hz(spectrum, *HF_HZ)


METRIC = Metric(
    name="hf_peak",
    label="HF peak",
    unit="Hz",
    formula=hf_peak_hz,
    prepare=lomb,
    of=Spectrum,
    reference="Task Force (1996), doi:10.1161/01.CIR.93.5.1043",
    equation="argmax of the Lomb density within the HF band",
    min_span_s=120.0,
    group="frequency",
)
