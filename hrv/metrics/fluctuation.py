"""Detrended fluctuation analysis: how variability grows with the stretch one looks at."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

import numpy as np

from hrv.model import FloatArray, Fluctuation, NNSeries

SHORT_BEATS = (4, 16)
LONG_BEATS = (16, 64)
SCALES = (*range(4, 17), 18, 20, 23, 26, 29, 33, 37, 42, 47, 53, 59, 64)


def fluctuation(nn: NNSeries, scales: tuple[int, ...] = SCALES) -> Fluctuation:
    """F(n) for boxes of 4 to 16 beats, every size, and on to 64 in even steps of log n.

    Disjoint boxes, laid from the start of every run of true neighbours: none holds a gap or a
    corrected beat. F(n) is the root mean square about each box's own straight line, over all
    boxes. Sizes with fewer than 4 boxes are left out.

    Reference: Peng et al. (1995), doi:10.1063/1.166141, eq. 2.
    """
    profiles = [np.cumsum(run - nn.mean_ms) for run in runs(nn) if run.size >= scales[0]]
    sizes, values = [], []
    for n in scales:
        boxes = [p[: p.size // n * n].reshape(-1, n) for p in profiles if p.size >= n]
        if sum(len(box) for box in boxes) >= 4:
            sizes.append(n)
            values.append(_residual(boxes[0] if len(boxes) == 1 else np.concatenate(boxes)))
    return Fluctuation(scale_beats=np.array(sizes), fluctuation_ms=np.array(values))


def short_fluctuation(nn: NNSeries) -> Fluctuation:
    """Only the boxes of alpha 1."""
    return fluctuation(nn, tuple(n for n in SCALES if n <= SHORT_BEATS[1]))


def long_fluctuation(nn: NNSeries) -> Fluctuation:
    """Only the boxes of alpha 2."""
    return fluctuation(nn, tuple(n for n in SCALES if n >= LONG_BEATS[0]))


def runs(nn: NNSeries) -> list[FloatArray]:
    """The intervals of every run of true neighbours."""
    bounds = [*np.flatnonzero(~nn.joined).tolist(), nn.nn_ms.size]
    return [nn.nn_ms[lo:hi] for lo, hi in pairwise(bounds)]


def _residual(boxes: FloatArray) -> float:
    """Root mean square about the least-squares line of each row."""
    rise = boxes - boxes[:, :1]
    lines = np.einsum("ij,kj->ik", rise, _level_and_slope(boxes.shape[1]))
    rest = np.einsum("ij,ij->", rise, rise) - np.einsum("ij,ij->", lines, lines)
    return math.sqrt(max(rest, 0.0) / rise.size)


@lru_cache(maxsize=64)
def _level_and_slope(n: int) -> FloatArray:
    """A level and a slope of n values, both of unit length."""
    line = np.arange(n) - (n - 1) / 2.0
    return np.stack((np.full(n, 1.0 / np.sqrt(n)), line / np.sqrt(line @ line)))
