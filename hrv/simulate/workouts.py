"""Runs recorded with a chest strap: heart rate and beats every second, and the minutes after."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hrv.model import DAY_S, FloatArray
from hrv.simulate.beats import Artefacts, beat_times, spoilt
from hrv.simulate.heart import SimulatedDay
from hrv.simulate.outside import Life
from hrv.simulate.streams import Part

COOL_DOWN_S = 240.0  # the recording goes on after the effort
STRAP = Artefacts(missed=0.002, extra=0.001, misplaced=0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Workout:
    """One recorded run. Times are seconds since the first day's midnight."""

    start_s: float
    effort_end_s: float
    t_s: FloatArray  # of records, one a second
    hr_bpm: FloatArray
    strides_per_min: FloatArray  # 0 after the effort
    beat_s: FloatArray  # end of each interval
    rr_ms: FloatArray

    @property
    def running(self) -> NDArray[np.bool_]:
        """Records of the effort itself."""
        return self.t_s < self.effort_end_s


def workout(life: Life, day: SimulatedDay, bout: tuple[float, float]) -> Workout:
    """What watch and strap record of one bout."""
    rng = life.streams.of(Part.ARTEFACTS, day.index)
    start, effort_end = bout
    end = min(effort_end + COOL_DOWN_S, (day.index + 1) * DAY_S - 1.0)
    first, last = int(start - day.start_s), int(end - day.start_s)
    hr = np.rint(day.hr_bpm[first:last] + 0.5 * rng.standard_normal(last - first))
    t = np.asarray(start + np.arange(hr.size), np.float64)
    strides = np.where(t < effort_end, np.rint(0.8 * life.body.cadence_per_min), 0.0)
    strap = replace(STRAP, ectopic=life.scenario.ectopic_share)
    times, _ = spoilt(beat_times(day, life.body, life.streams, first, last), strap, rng)
    return Workout(
        start_s=start, effort_end_s=effort_end, t_s=t, hr_bpm=hr, strides_per_min=strides,
        beat_s=times[1:], rr_ms=np.rint(1000.0 * np.diff(times)),
    )  # fmt: skip


def by_second(work: Workout) -> tuple[FloatArray, FloatArray]:
    """Intervals that ended within each second, up to five a row, NaN where fewer; s."""
    second = np.floor(work.beat_s).astype(np.int64)
    keys, start, count = np.unique(second, return_index=True, return_counts=True)
    table = np.full((keys.size, 5), np.nan)
    within = np.arange(second.size) - np.repeat(start, count)
    row = np.repeat(np.arange(keys.size), count)
    fits = within < 5
    table[row[fits], within[fits]] = work.rr_ms[fits] / 1000.0
    return keys.astype(np.float64) + 1.0, table
