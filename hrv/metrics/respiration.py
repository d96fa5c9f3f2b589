"""Breathing rate from the rhythm it leaves in the intervals."""

from __future__ import annotations

from hrv.metrics.spectrum import lomb, peak_hz
from hrv.model import Metric, Spectrum

USUAL_HZ = (0.15, 0.50)  # 9 to 30 breaths a minute
SLOW_HZ = (0.07, 0.15)
NEAR_HZ = 0.015
CLEAR_SHARE = 0.25  # of the power from 0.07 to 0.5 Hz within NEAR_HZ of the usual peak
PACED_SHARE = 0.60  # the same for slow breathing, where blood-pressure waves also live


def respiration_per_min(spectrum: Spectrum) -> float:
    """Breaths per minute; NaN where no rhythm stands out.

    The highest peak from 9 to 30 per minute counts if a quarter of the power lies at it. Slower
    breathing shares its band with blood-pressure waves, so a peak there counts only if it holds
    most of the power, as paced breathing does.

    Reference: Hirsch & Bishop (1981), doi:10.1152/ajpheart.1981.241.4.H620, for the rhythm; the
    thresholds are our own.
    """
    total = spectrum.power_ms2(SLOW_HZ[0], USUAL_HZ[1])
    if not total > 0:
        return float("nan")
    for band, needed in ((USUAL_HZ, CLEAR_SHARE), (SLOW_HZ, PACED_SHARE)):
        peak = peak_hz(spectrum, *band)
        if spectrum.power_ms2(peak - NEAR_HZ, peak + NEAR_HZ) >= needed * total:
            return 60.0 * peak
    return float("nan")


METRIC = Metric(
    name="respiration",
    label="breathing rate from RR",
    unit="1/min",
    formula=respiration_per_min,
    prepare=lomb,
    of=Spectrum,
    reference="Hirsch & Bishop (1981), doi:10.1152/ajpheart.1981.241.4.H620",
    equation="60 * peak of the Lomb density, 0.07 to 0.5 Hz",
    min_span_s=60.0,
    group="frequency",
    caveat="an estimate: needs visible respiratory arrhythmia",
)
