"""What pictures need of a whole history, reduced to a few numbers before it is let go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from hrv.model import (
    BoolArray,
    DayTrace,
    Expectation,
    FloatArray,
    Grid,
    HourMap,
    HrvWindows,
    LocalClock,
    RecoveryFit,
    Span,
)

STILL_MET = 0.2
BEATS = "beats"  # the source of windows that are made of beats


def hour_map(grid: Grid, expectation: Expectation) -> HourMap | None:
    """Mean heart rate of still, waking time by weekday and hour, above its own median."""
    seen = expectation.usable & grid.measured
    if not seen.any():
        return None
    hr = np.asarray(grid.hr_bpm[seen], dtype=float)
    cell = ((grid.day[seen] + 3) % 7) * 24 + np.asarray(grid.hour[seen], dtype=int)
    n = np.bincount(cell, minlength=168).astype(float)
    total = np.bincount(cell, weights=hr - np.median(hr), minlength=168)
    means = np.divide(total, n, out=np.zeros(168), where=n > 0)
    return HourMap(means.reshape(7, 24), (n * grid.step_s / 60.0).reshape(7, 24))


def typical_day(grid: Grid, fits: Sequence[RecoveryFit], window: tuple[int, int]) -> int | None:
    """The day of the window whose number of rises is the middle one among well covered days."""
    inside = (grid.day >= window[0]) & (grid.day <= window[1]) & grid.measured
    if not inside.any():
        return None
    days, counts = np.unique(grid.day[inside], return_counts=True)
    hours = counts * grid.step_s / 3600.0
    covered = days[hours >= 0.8 * hours.max()]
    rises = Counter(fit.episode.day for fit in fits if fit.accepted)
    numbers = np.array([rises[int(day)] for day in covered])
    middle = max(float(np.median(numbers)), 1.0)
    nearest = np.argmin(np.abs(numbers - middle)[::-1])  # of several alike, the latest
    return int(covered[::-1][nearest])


def day_trace(grid: Grid, expectation: Expectation, day: int) -> DayTrace | None:
    """One local day of the grid, in steps of a minute."""
    at = np.flatnonzero(grid.day == day)
    if at.size == 0 or not grid.measured[at].any():
        return None
    left_out = grid.measured & ~grid.asleep & ~grid.exercise & ~expectation.usable
    left_out &= ~(grid.motion_known & (grid.motion_met > STILL_MET))
    every = max(1, round(60.0 / grid.step_s))
    minutes = at[: at.size // every * every].reshape(-1, every)
    measured = grid.measured[minutes]
    n = measured.sum(axis=1)

    def mean(values: FloatArray) -> FloatArray:
        total = np.where(measured, values[minutes], 0.0).sum(axis=1)
        means: FloatArray = np.divide(total, n, out=np.full(n.size, np.nan), where=n > 0)
        return means

    def some(mask: BoolArray) -> BoolArray:
        found: BoolArray = np.asarray(np.any(mask[minutes], axis=1), dtype=bool)
        return found

    return DayTrace(
        day=day,
        hour=np.asarray(grid.hour[minutes[:, 0]], dtype=float),
        hr_bpm=mean(np.asarray(grid.hr_bpm, dtype=float)),
        expected_bpm=mean(np.asarray(grid.hr_bpm - expectation.excess_bpm, dtype=float)),
        moving=some(grid.motion_known & (grid.motion_met > STILL_MET)),
        asleep=some(grid.asleep),
        exercise=some(grid.exercise),
        left_out=some(left_out),
    )


def middle_window(
    hrv: HrvWindows, clock: LocalClock, day: int | None, efforts: Sequence[Span] = ()
) -> float | None:
    """End of the window of our own whose RMSSD is the middle one of its day.

    `day` if it has beats, else the day that has most of such windows; windows within an effort
    only where there are no others.
    """
    own = hrv.source == (hrv.sources.index(BEATS) if BEATS in hrv.sources else -1)
    if not own.any():
        return None
    calm = own.copy()
    for effort in efforts:
        calm &= (hrv.t_s <= effort.start_s) | (hrv.t_s >= effort.end_s)
    own = calm if calm.any() else own
    end_s, rmssd_ms = hrv.t_s[own], hrv.rmssd_ms[own]
    named = clock.day(end_s)
    days, counts = np.unique(named, return_counts=True)
    chosen = day if day is not None and day in days else int(days[np.argmax(counts)])
    here = np.flatnonzero(named == chosen)
    return float(end_s[here[np.argsort(rmssd_ms[here], kind="stable")[(here.size - 1) // 2]]])
