"""Detrended fluctuation analysis: how variability grows with the stretch one looks at."""

from __future__ import annotations

import numpy as np

from hrv.model import FloatArray, Fluctuation, NNSeries

SHORT_BEATS = (4, 16)
LONG_BEATS = (16, 64)
SCALES = (*range(4, 17), 18, 20, 23, 26, 29, 33, 37, 42, 47, 53, 59, 64)


def fluctuation(nn: NNSeries) -> Fluctuation:
    """F(n) for boxes of 4 to 16 beats, every size, and on to 64 in even steps of log n.

    Disjoint boxes, laid from the start of every run of true neighbours: none holds a gap or a
    corrected beat. F(n) is the root mean square about each box's own straight line, over all
    boxes. Sizes with fewer than 4 boxes are left out.

    Reference: Peng et al. (1995), doi:10.1063/1.166141, eq. 2.
    """
    profiles = [np.cumsum(run - nn.nn_ms.mean()) for run in runs(nn) if run.size >= SCALES[0]]
    sizes, values = [], []
    for n in SCALES:
        boxes = [p[: p.size // n * n].reshape(-1, n) for p in profiles if p.size >= n]
        if sum(len(box) for box in boxes) >= 4:
            sizes.append(n)
            values.append(_residual(np.concatenate(boxes)))
    return Fluctuation(scale_beats=np.array(sizes), fluctuation_ms=np.array(values))


def runs(nn: NNSeries) -> list[FloatArray]:
    """The intervals of every run of true neighbours."""
    return np.split(nn.nn_ms, np.flatnonzero(~nn.joined)[1:])


def _residual(boxes: FloatArray) -> float:
    """Root mean square about the least-squares line of each row."""
    n = boxes.shape[1]
    flat = boxes - boxes.mean(axis=1, keepdims=True)
    line = np.arange(n) - (n - 1) / 2.0
    explained = np.sum(np.einsum("ij,j->i", flat, line) ** 2) / (line @ line)
    total = np.einsum("ij,ij->", flat, flat)
    return float(np.sqrt(max(total - explained, 0.0) / boxes.size))
