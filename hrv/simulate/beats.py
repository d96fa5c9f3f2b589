"""Single beats by integral pulse frequency modulation, where a product or a test asks for them.

The integral of the momentary rate counts beats; each whole number is a beat.
Reference: Berger et al. (1986), IEEE Trans Biomed Eng 33:900.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hrv.model import FloatArray, IntArray
from hrv.simulate.body import Body
from hrv.simulate.heart import JITTER_MS, MAYER_SHARE, SimulatedDay
from hrv.simulate.streams import Part, Streams

GRID_HZ = 10.0  # linear inversion between grid points errs by less than 0.1 ms
GOOD, MISSED, EXTRA, ECTOPIC, MISPLACED = range(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefacts:
    """Shares of beats that a sensor or the heart itself gets wrong."""

    missed: float = 0.002
    extra: float = 0.001
    ectopic: float = 0.001
    misplaced: float = 0.001


NONE = Artefacts(missed=0.0, extra=0.0, ectopic=0.0, misplaced=0.0)


def beat_times(
    day: SimulatedDay,
    body: Body,
    streams: Streams,
    first_s: int,
    last_s: int,
    *,
    jitter_ms: float = JITTER_MS,
) -> FloatArray:
    """Times of true beats between two seconds of the day, since the first day's midnight.

    The rate's own fast waves come from the breathing amplitude here, so that RMSSD has its
    modelled value; the day's heart rate gives everything slower than 10 s.
    """
    rng = streams.of(Part.BEATS, day.index, first_s)
    seconds = np.arange(first_s, last_s)
    slow = _slow(day.hr_bpm, first_s, last_s)
    t = np.arange(first_s, last_s - 1, 1.0 / GRID_HZ)
    hz = np.interp(t, seconds + 0.5, slow) / 60.0
    share = np.interp(t, seconds + 0.5, day.breath_share[first_s:last_s])
    breath_hz = body.breath_hz * np.exp(
        0.04 * np.interp(t, seconds[::30] + 0.5, rng.standard_normal(seconds[::30].size))
    )
    angle = 2.0 * np.pi * (np.cumsum(breath_hz) / GRID_HZ + rng.random())
    mayer = 2.0 * np.pi * (0.1 * t + rng.random())
    rate = hz * (1.0 + share * np.sin(angle) + MAYER_SHARE * np.sin(mayer))
    count = np.cumsum(rate) / GRID_HZ
    beats = np.interp(np.arange(1, int(count[-1])), count, t)
    beats = beats + jitter_ms / 1000.0 * rng.standard_normal(beats.size)
    return day.start_s + np.maximum.accumulate(beats + 1e-6 * np.arange(beats.size))


def _slow(hr: NDArray[np.float32], first: int, last: int) -> FloatArray:
    """Mean over 20 s: whole waves of 10 s and whole breaths leave nothing."""
    padded = np.pad(hr[first:last].astype(np.float64), (10, 9), mode="edge")
    total = np.concatenate(([0.0], np.cumsum(padded)))
    mean: FloatArray = (total[20:] - total[:-20]) / 20.0
    return mean


def spoilt(
    beats: FloatArray, artefacts: Artefacts, rng: np.random.Generator
) -> tuple[FloatArray, IntArray]:
    """Beats as a sensor gives them, and what each one is."""
    n = beats.size
    u = rng.random(n)
    size = rng.random(n)
    label = np.zeros(n, np.int64)
    edges = np.cumsum((artefacts.missed, artefacts.extra, artefacts.ectopic, artefacts.misplaced))
    label[1:-1] = np.searchsorted(edges, u, side="right")[1:-1]
    label = np.select(
        [label == 0, label == 1, label == 2, label == 3], [MISSED, EXTRA, ECTOPIC, MISPLACED], GOOD
    )
    label[[0, -1]] = GOOD
    label[1:][label[1:] == label[:-1]] = GOOD  # never two of a kind in a row
    rr = np.diff(beats, prepend=beats[0] - 1.0)
    moved = beats.copy()
    early = label == ECTOPIC
    moved[early] -= (0.25 + 0.15 * size[early]) * rr[early]
    shifted = label == MISPLACED
    moved[shifted] += np.where(size[shifted] < 0.5, 0.10, -0.20) * rr[shifted]
    added = label == EXTRA
    extra = beats[added] - (0.3 + 0.4 * size[added]) * rr[added]
    kept = label != MISSED
    times = np.concatenate((moved[kept], extra))
    labels = np.concatenate((np.where(added, GOOD, label)[kept], np.full(extra.size, EXTRA)))
    order = np.argsort(times, kind="stable")
    return times[order], labels[order]
