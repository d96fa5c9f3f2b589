"""LF / HF (Lomb): how the power is shared between the two bands."""

from __future__ import annotations

from hrv.metrics.spectrum import HF_HZ, LF_HZ, lomb
from hrv.model import Metric, Spectrum


def lf_hf(spectrum: Spectrum) -> float:
    """LF over HF power; NaN without HF power."""
    hf = spectrum.power_ms2(*HF_HZ)
    return spectrum.power_ms2(*LF_HZ) / hf if hf > 1e-9 else float("nan")


METRIC = Metric(
    name="lf_hf",
    label="LF/HF (Lomb)",
    unit="1",
    formula=lf_hf,
    prepare=lomb,
    of=Spectrum,
    reference="Billman (2013), doi:10.3389/fphys.2013.00026",
    equation="LF / HF",
    min_span_s=120.0,
    group="frequency",
    caveat="no balance of the two branches: LF is not sympathetic, and breathing moves it",
)
