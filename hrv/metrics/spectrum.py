"""Spectra of the intervals in true ms^2: Lomb on the beats themselves, Welch beside it."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np

from hrv.model import BoolArray, FloatArray, NNSeries, Spectrum

VLF_HZ = (0.0033, 0.04)
LF_HZ = (0.04, 0.15)
HF_HZ = (0.15, 0.40)

STEP_HZ = 1.0 / 1024.0
TOP_HZ = 0.5
SEGMENT_S = 300.0
LONGEST_S = 450.0  # one segment up to here


def lomb(nn: NNSeries) -> Spectrum:
    """Lomb periodogram at k/1024 Hz up to 0.5 Hz, as a density.

    Needs no resampling: beats are used at their own times, gaps cost nothing but beats. Scaled by
    2 T / N^2 with T the summed intervals, so that a sine of amplitude A has the power A^2 / 2
    whatever the heart rate. Series over 450 s are averaged over 300-s segments with half overlap,
    each with at least half of its time covered. The mean of a segment is taken off, no trend.

    Empty for fewer than 4 intervals. Reference: Lomb (1976), Astrophys Space Sci 39:447, eq. 4;
    Laguna et al. (1998), doi:10.1109/10.678605, for its use on beats.
    """
    k = np.arange(1, int(TOP_HZ / STEP_HZ) + 1)
    densities = [
        _periodogram(nn.t_s[part], nn.nn_ms[part], k.size) for part in _segments(nn, SEGMENT_S)
    ]
    if not densities:
        return Spectrum(frequency_hz=np.empty(0), density_ms2_per_hz=np.empty(0), method="lomb")
    return Spectrum(
        frequency_hz=np.asarray(k * STEP_HZ, dtype=np.float64),
        density_ms2_per_hz=np.mean(densities, axis=0),
        method=f"lomb, {len(densities)} segments, 1/1024 Hz",
    )


def _segments(nn: NNSeries, length_s: float) -> list[slice]:
    if nn.nn_ms.size < 4:
        return []
    begin, end = nn.t_s[0], nn.t_s[-1]
    if end - begin <= LONGEST_S:
        return [slice(0, nn.t_s.size)]
    starts = np.arange(begin, end - length_s, length_s / 2.0)
    total = np.concatenate(([0.0], np.cumsum(nn.nn_ms / 1000.0)))
    lo, hi = np.searchsorted(nn.t_s, starts), np.searchsorted(nn.t_s, starts + length_s)
    whole = total[hi] - total[lo] >= 0.5 * length_s
    return [slice(a, b) for a, b in zip(lo[whole].tolist(), hi[whole].tolist(), strict=True)]


def _periodogram(t_s: FloatArray, nn_ms: FloatArray, count: int) -> FloatArray:
    """Density at (1 .. count) * STEP_HZ.

    The phasors of frequency k = 32 a + b are products of two short tables, so that all sums over
    beats are one matrix product.
    """
    x = nn_ms - nn_ms.mean()
    fast = 32
    turn = np.exp(2j * np.pi * STEP_HZ * (t_s - t_s[0]))
    small = _powers(turn, fast)
    large = _powers(turn**fast, count // fast + 1)
    weight = np.zeros(small[0].shape)
    weight.ravel()[: x.size] = x
    sums = _over_beats(large * weight, small)[1 : count + 1]
    doubled = _over_beats(large * large, small * small)[1 : count + 1]
    n = x.size
    radius = np.minimum(np.abs(doubled), n * (1.0 - 1e-9))
    centred = sums * np.exp(-0.5j * np.angle(doubled))
    power = 0.5 * (centred.real**2 / (0.5 * (n + radius)) + centred.imag**2 / (0.5 * (n - radius)))
    density: FloatArray = power * 2.0 * nn_ms.sum() / 1000.0 / n
    return density


def _powers(z: np.ndarray, count: int) -> np.ndarray:
    """z^0 .. z^(count - 1), one row each, in blocks of 64 beats; 0 after the last beat."""
    out = np.zeros((count, -(-z.size // 64), 64), dtype=complex)
    flat = out.reshape(count, -1)[:, : z.size]
    flat[0] = 1.0
    for k in range(1, count):
        np.multiply(flat[k - 1], z, out=flat[k])
    return out


def _over_beats(large: np.ndarray, small: np.ndarray) -> np.ndarray:
    """Sums over beats of every product of a row of `large` and one of `small`, flat.

    Products of blocks stay on one thread; the threads of a large one cost more than they bring.
    """
    products = np.matmul(large.transpose(1, 0, 2), small.transpose(1, 2, 0))
    return np.asarray(products.sum(axis=0)).ravel()


def welch(
    nn: NNSeries, *, rate_hz: float = 4.0, segment_s: float = 256.0, trend: bool = True
) -> Spectrum:
    """Welch periodogram of the tachogram, resampled by cubic spline.

    Hann window, half overlap, the straight line of each segment taken off (`trend=False`: its
    mean). Only stretches without a gap are resampled; one shorter than the segment is a segment
    of its own where none is longer. Interpolation smooths: at a mean NN of 1,200 ms about 7 % of
    the power at 0.25 Hz is lost, so Lomb is the better absolute value.

    Empty where no stretch has 4 intervals. Reference: Welch (1967), doi:10.1109/TAU.1967.1161901;
    Task Force (1996) for the resampling.
    """
    from scipy.interpolate import splev, splrep

    per_segment = round(segment_s * rate_hz)
    grids = []
    for part in _unbroken(nn):
        t = nn.t_s[part] - nn.t_s[part][0]
        if t.size >= 4:
            clock = np.arange(int(t[-1] * rate_hz + 1e-9) + 1) / rate_hz
            grids.append(np.asarray(splev(clock, splrep(t, nn.nn_ms[part], s=0))))
    longest = max((grid.size for grid in grids), default=0)
    size = min(per_segment, longest)
    if size < 16:
        return Spectrum(frequency_hz=np.empty(0), density_ms2_per_hz=np.empty(0), method="welch")
    total, count = np.zeros(size // 2 + 1), 0
    for grid in grids:
        if grid.size >= size:
            power, n = _segment_powers(grid, size, trend)
            total, count = total + power, count + n
    window = _hann(size)
    density = total / count / (rate_hz * np.sum(window**2))
    density[1 : (size + 1) // 2] *= 2.0
    return Spectrum(
        frequency_hz=np.arange(density.size) * rate_hz / size,
        density_ms2_per_hz=density,
        method=f"welch, {rate_hz:g} Hz cubic, {size / rate_hz:g} s Hann, {count} segments",
    )


def _unbroken(nn: NNSeries) -> list[slice]:
    """Stretches without a gap; corrected beats do not end one, their time is filled."""
    if nn.t_s.size == 0:
        return []
    gap: BoolArray = np.abs(np.diff(nn.t_s) - nn.nn_ms[1:] / 1000.0) > 0.05
    bounds = [0, *(np.flatnonzero(gap) + 1).tolist(), nn.t_s.size]
    return [slice(a, b) for a, b in pairwise(bounds)]


@lru_cache(maxsize=16)
def _hann(size: int) -> FloatArray:
    return 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)


def _segment_powers(grid: FloatArray, size: int, trend: bool) -> tuple[FloatArray, int]:
    """Summed squared moduli of the windowed segments, and how many."""
    rows = np.lib.stride_tricks.sliding_window_view(grid, size)[:: max(size - size // 2, 1)]
    flat = rows - rows.mean(axis=1, keepdims=True)
    if trend:
        line = np.arange(size) - (size - 1) / 2.0
        flat -= np.outer(np.einsum("ij,j->i", flat, line) / (line @ line), line)
    moduli = np.abs(np.fft.rfft(flat * _hann(size), axis=1)) ** 2
    return moduli.sum(axis=0), rows.shape[0]


def peak_hz(spectrum: Spectrum, low_hz: float, high_hz: float) -> float:
    """Frequency of the highest local maximum in `[low_hz, high_hz)`, between grid points.

    NaN where there is none: at a band's edge power only falls or rises.
    """
    f, p = spectrum.frequency_hz, spectrum.density_ms2_per_hz
    if f.size < 3:
        return float("nan")
    top = np.flatnonzero((p[1:-1] > p[:-2]) & (p[1:-1] >= p[2:])) + 1
    top = top[(f[top] >= low_hz) & (f[top] < high_hz)]
    if top.size == 0:
        return float("nan")
    i = int(top[np.argmax(p[top])])
    bend = p[i - 1] - 2.0 * p[i] + p[i + 1]
    shift = 0.5 * (p[i - 1] - p[i + 1]) / bend if bend < 0 else 0.0
    return float(f[i] + shift * (f[1] - f[0]))
