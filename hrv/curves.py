"""Recovery curves: how the heart-rate excess of one stress episode rises, stays and fades.

All curves have unit height, start at 0 before the onset and are continuous. Times broadcast, so
one call gives a whole grid of candidates. `half_time_s` is the time after the release at which
half of the level at the release is gone, whatever the shape.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hrv.model import FloatArray

RISE_TAU_S = 25.0
LOGISTIC_SHOULDER = 3.0  # midpoint of the fall in units of its own width


def risen(since_onset_s: ArrayLike, rise_tau_s: float = RISE_TAU_S) -> FloatArray:
    """Rise after the onset, 0 to 1: first order, as the heart rate answers a step."""
    u = np.maximum(np.asarray(since_onset_s, dtype=np.float64), 0.0)
    level: FloatArray = -np.expm1(-u / rise_tau_s)
    return level


def exponential_fall(since_release_s: ArrayLike, half_time_s: ArrayLike) -> FloatArray:
    """Share left after the release: first-order decay, 1 before the release.

    Reference: Bosquet et al. (2008), Int J Sports Med 29:238.
    """
    u = np.maximum(np.asarray(since_release_s, dtype=np.float64), 0.0)
    left: FloatArray = np.exp2(-u / np.asarray(half_time_s, dtype=np.float64))
    return left


def logistic_fall(since_release_s: ArrayLike, half_time_s: ArrayLike) -> FloatArray:
    """Share left after the release: a shoulder first, then the fall.

    One free shape parameter: the midpoint lies three widths after the release.
    Reference: Christenfeld, Glynn & Gerin (2000), Psychophysiology 37:543.
    """
    scale = 1.0 + np.exp(-LOGISTIC_SHOULDER)
    width_s = np.asarray(half_time_s, dtype=np.float64) / (
        LOGISTIC_SHOULDER + np.log(2.0 * scale - 1.0)
    )
    u = np.maximum(np.asarray(since_release_s, dtype=np.float64), 0.0)
    z = np.minimum(u / width_s - LOGISTIC_SHOULDER, 500.0)
    left: FloatArray = scale / (1.0 + np.exp(z))
    return left


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A shape of the fall, with its source."""

    name: str
    label: str
    fall: Callable[[ArrayLike, ArrayLike], FloatArray]
    reference: str

    def __call__(
        self,
        t_s: ArrayLike,
        onset_s: ArrayLike,
        release_s: ArrayLike,
        half_time_s: ArrayLike,
        rise_tau_s: float = RISE_TAU_S,
    ) -> FloatArray:
        """Excess of unit height at each time: rise and plateau until the release, then the fall."""
        t = np.asarray(t_s, dtype=np.float64)
        onset = np.asarray(onset_s, dtype=np.float64)
        release = np.asarray(release_s, dtype=np.float64)
        level = risen(np.minimum(t, release) - onset, rise_tau_s)
        excess: FloatArray = level * self.fall(t - release, half_time_s)
        return excess

    def in_bins(
        self,
        start_s: ArrayLike,
        step_s: float,
        onset_s: ArrayLike,
        release_s: ArrayLike,
        half_time_s: ArrayLike,
        points: int = 4,
    ) -> FloatArray:
        """Mean of the curve in each bin `[start, start + step)`, over midpoints of equal parts.

        Reading the curve at bin centres only would misplace its corners by up to half a bin.
        """
        part_s = step_s / points
        starts = np.asarray(start_s, dtype=np.float64)
        values = [
            self(starts + (k + 0.5) * part_s, onset_s, release_s, half_time_s)
            for k in range(points)
        ]
        mean: FloatArray = np.mean(values, axis=0)
        return mean


EXPONENTIAL = Curve(
    name="exponential",
    label="rise, plateau, exponential fall",
    fall=exponential_fall,
    reference="Bosquet et al. (2008)",
)
LOGISTIC = Curve(
    name="logistic",
    label="rise, plateau, logistic fall",
    fall=logistic_fall,
    reference="Christenfeld, Glynn & Gerin (2000)",
)
CURVES = (EXPONENTIAL, LOGISTIC)
