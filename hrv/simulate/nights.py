"""Nights of a watch that writes by day: the evening of one day and the morning of the next."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hrv.model import DAY_S, FloatArray
from hrv.simulate.device import Observed
from hrv.simulate.heart import AWAKE, DEEP, LIGHT, REM

Piece = tuple[FloatArray, NDArray[np.int8], FloatArray, FloatArray, FloatArray, FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Night:
    """One night as the watch saw it, named by the day of waking. Stages hold until the next."""

    index: int
    stage_t_s: FloatArray
    stage: NDArray[np.int8]
    rmssd_t_s: FloatArray
    rmssd_ms: FloatArray
    asleep_bpm: float  # mean heart rate from falling asleep to waking

    @property
    def onset_s(self) -> float:
        """Falling asleep."""
        return float(self.stage_t_s[0])

    @property
    def wake_s(self) -> float:
        """Waking up."""
        return float(self.stage_t_s[-1])

    def minutes(self, level: int) -> float:
        """Time in one stage, min."""
        length = np.diff(self.stage_t_s)
        return float(length[self.stage[:-1] == level].sum()) / 60.0

    @property
    def asleep_min(self) -> float:
        """Time asleep, min."""
        return self.minutes(LIGHT) + self.minutes(DEEP) + self.minutes(REM)


@dataclass(slots=True)
class Nights:
    """Joins evenings with mornings."""

    _evening: Piece | None = field(default=None)

    def of(self, seen: Observed) -> Night | None:
        """The night that ended on this day; None without the watch."""
        noon = seen.index * DAY_S + 43_200.0
        morning, evening = _pieces(seen, noon)
        before, self._evening = self._evening, evening
        pieces = [morning] if before is None else [before, morning]
        t, stage, rmssd_t, rmssd, hr_t, hr = (
            np.concatenate([piece[k] for piece in pieces]) for k in range(6)
        )
        new = np.diff(stage, prepend=AWAKE) != 0
        t, stage = t[new], stage[new]
        if t.size < 2:
            return None
        inside = (hr_t >= t[0]) & (hr_t <= t[-1])
        mean = float(hr[inside].mean()) if inside.any() else float("nan")
        return Night(
            index=seen.index,
            stage_t_s=t,
            stage=stage.astype(np.int8),
            rmssd_t_s=rmssd_t,
            rmssd_ms=rmssd,
            asleep_bpm=mean,
        )


def _pieces(seen: Observed, noon: float) -> tuple[Piece, Piece]:
    stage, rmssd, hr = seen.stage_t_s < noon, seen.rmssd_t_s < noon, seen.hr_t_s < noon
    hr_bpm = seen.hr_bpm.astype(np.float64)
    return (
        (
            seen.stage_t_s[stage],
            seen.stage[stage],
            seen.rmssd_t_s[rmssd],
            seen.rmssd_ms[rmssd],
            seen.hr_t_s[hr],
            hr_bpm[hr],
        ),
        (
            seen.stage_t_s[~stage],
            seen.stage[~stage],
            seen.rmssd_t_s[~rmssd],
            seen.rmssd_ms[~rmssd],
            seen.hr_t_s[~hr],
            hr_bpm[~hr],
        ),
    )
