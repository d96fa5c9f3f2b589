"""Beats for tests: small ones by hand, larger ones from seeded arithmetic."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from hrv.model import Cleaned, FloatArray, NNSeries, RRSeries


def steady(n: int = 400, seed: int = 1, mean_ms: float = 900.0) -> FloatArray:
    """Intervals with breathing, a slow wave and noise, ms."""
    rng = np.random.default_rng(seed)
    k = np.arange(n)
    wave = 30.0 * np.sin(2 * np.pi * k / 4.1) + 25.0 * np.sin(2 * np.pi * k / 11.3)
    return np.asarray(mean_ms + wave + rng.normal(0.0, 12.0, n))


def recorded(rr_ms: Any, start_s: float = 0.0, optical: bool | None = None) -> RRSeries:
    """Intervals that follow each other without a gap."""
    rr = np.asarray(rr_ms, dtype=float)
    return RRSeries(start_s + np.cumsum(rr) / 1000.0, rr, optical=optical)


def untouched(nn: NNSeries) -> Cleaned:
    """A series in which correction found nothing."""
    none = np.zeros(nn.nn_ms.size, dtype=bool)
    return Cleaned(nn, none, nn.t_s, nn.nn_ms, none.astype(np.uint8), none)


def waves(mean_ms: float, lf_ms: float = 40.0, hf_ms: float = 30.0, s: float = 300.0) -> FloatArray:
    """RR = M + a sin(2 pi 0.1 t) + b sin(2 pi 0.25 t): power a^2 / 2 and b^2 / 2."""
    t, out = 0.0, []
    while t < s:
        rr = mean_ms + lf_ms * np.sin(0.2 * np.pi * t) + hf_ms * np.sin(0.5 * np.pi * t)
        out.append(rr)
        t += rr / 1000.0
    return np.array(out)


def column(path: Path, name: str) -> FloatArray:
    """One column of a CSV file."""
    with path.open(newline="") as file:
        return np.array([float(row[name]) for row in csv.DictReader(file)])


def words(path: Path, name: str) -> list[str]:
    with path.open(newline="") as file:
        return [row[name] for row in csv.DictReader(file)]


@st.composite
def nn_series(draw: Any, least: int = 60, most: int = 300) -> NNSeries:
    """Plausible intervals with a few gaps and unjoined pairs."""
    n = draw(st.integers(least, most))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    mean, spread = draw(st.floats(400, 1500)), draw(st.floats(1, 100))
    nn = np.clip(mean + spread * rng.normal(size=n), 300, 2000)
    joined = rng.random(n) > draw(st.sampled_from([0.0, 0.05, 0.3]))
    pause = np.where(joined, 0.0, rng.choice([0.0, 1.0, 30.0], n))
    joined[0] = False
    return NNSeries(1e9 + np.cumsum(nn / 1000.0 + pause), nn, joined)


@st.composite
def rr_series(draw: Any, most: int = 250) -> RRSeries:
    """Any intervals at all: clean, noisy, absurd, with gaps, rounded to a second."""
    n = draw(st.integers(1, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from(["heart", "noise", "wild", "walk", "grid"]))
    rr = {
        "heart": 800 + rng.normal(0, draw(st.floats(0, 100)), n),
        "noise": rng.uniform(20, 3000, n),
        "wild": np.where(rng.random(n) < 0.2, rng.choice([150.0, 400, 1600, 2400], n), 800.0),
        "walk": 800 + np.cumsum(rng.normal(0, 20, n)),
        "grid": 50.0 * np.rint((800 + rng.normal(0, 60, n)) / 50.0),
    }[kind]
    rr = np.maximum(rr, 20.0)
    t = 1e9 + np.cumsum(rr) / 1000.0
    t += np.cumsum((rng.random(n) < 0.05) * rng.uniform(0, 400, n) * draw(st.booleans()))
    if draw(st.booleans()) and n > 1:
        rounded = np.rint(t)
        if np.all(np.diff(rounded) > 0):
            t = rounded
    return RRSeries(t, rr, optical=draw(st.sampled_from([None, True])))
