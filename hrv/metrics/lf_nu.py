"""LF in normalised units: the share of LF in LF + HF."""

from __future__ import annotations

from hrv.metrics.spectrum import HF_HZ, LF_HZ, lomb
from hrv.model import Metric, Spectrum


def lf_nu_percent(spectrum: Spectrum) -> float:
    """100 LF / (LF + HF), percent; NaN without power. HF in normalised units is the rest to 100."""
    lf, hf = spectrum.power_ms2(*LF_HZ), spectrum.power_ms2(*HF_HZ)
    return 100.0 * lf / (lf + hf) if lf + hf > 1e-9 else float("nan")


METRIC = Metric(
    name="lf_nu",
    label="LF, normalised units",
    unit="%",
    formula=lf_nu_percent,
    prepare=lomb,
    of=Spectrum,
    reference="Task Force (1996), table 2; Burr (2007), doi:10.1093/sleep/30.7.913",
    equation="100 * LF / (LF + HF)",
    min_span_s=120.0,
    group="frequency",
    caveat="carries the same single number as HF nu and LF/HF",
)
