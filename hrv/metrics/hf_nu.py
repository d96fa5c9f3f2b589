"""HF in normalised units: the share of HF in LF + HF."""

from __future__ import annotations

from hrv.metrics.lf_nu import lf_nu_percent
from hrv.metrics.spectrum import lomb
from hrv.model import Metric, Spectrum


def hf_nu_percent(spectrum: Spectrum) -> float:
    """100 HF / (LF + HF), percent; NaN without power."""
    return 100.0 - lf_nu_percent(spectrum)


METRIC = Metric(
    name="hf_nu",
    label="HF, normalised units",
    unit="%",
    formula=hf_nu_percent,
    prepare=lomb,
    of=Spectrum,
    reference="Task Force (1996), table 2; Burr (2007), doi:10.1093/sleep/30.7.913",
    equation="100 * HF / (LF + HF)",
    min_span_s=120.0,
    group="frequency",
    caveat="carries the same single number as LF nu and LF/HF",
)
