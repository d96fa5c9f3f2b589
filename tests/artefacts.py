"""Artefacts put into clean beats, and how well correction undoes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hrv.clean import correct
from hrv.model import BeatLabel, BoolArray, Cleaned, FloatArray, IntArray, RRSeries
from hrv.settings import CleanSettings
from tests.hearts import column, words

KINDS = ("clean", "missed", "extra", "ectopic", "misaligned")
BEATS = 330


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Damaged intervals, the true ones, and the times (ms) of the beats that are wrong or gone."""

    kind: str
    rate: float
    true_ms: FloatArray
    rr_ms: FloatArray
    beat_ms: FloatArray


def injected(true_ms: FloatArray, kind: str, rate: float, rng: np.random.Generator) -> Case:
    """Beats lost, added, 25-40 % early (ectopic) or shifted by 8-15 % (misaligned).

    At least four beats lie between two artefacts and before the ends.
    """
    n = true_ms.size
    t = np.concatenate(([0.0], np.cumsum(true_ms)))
    if kind == "clean":
        return Case(kind, 0.0, true_ms, true_ms.copy(), np.empty(0))
    wanted, places = max(round(rate * n), 1), np.empty(0, dtype=np.int64)
    candidates = rng.permutation(np.arange(5, n - 5))
    chosen: list[int] = []
    for place in candidates.tolist():
        if all(abs(place - other) > 4 for other in chosen):
            chosen.append(place)
        if len(chosen) == wanted:
            break
    places = np.sort(chosen)
    if kind == "missed":
        beats, damaged = t[places], np.delete(t, places)
    elif kind == "extra":
        beats = t[places] + rng.uniform(0.2, 0.8, places.size) * true_ms[places]
        damaged = np.sort(np.concatenate((t, beats)))
    else:
        share = rng.uniform(0.25, 0.40, places.size)
        if kind == "misaligned":
            share = rng.uniform(0.08, 0.15, places.size) * rng.choice([-1, 1], places.size)
        damaged = t.copy()
        damaged[places] -= share * true_ms[places - 1]
        beats = damaged[places]
    return Case(kind, rate, true_ms, np.diff(damaged), beats)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Share of artefacts found, false flags per 1,000 beats, and RMSSD error in percent."""

    found: float
    false_per_1000: float
    rmssd_error: float


def recorded(case: Case) -> RRSeries:
    return RRSeries(np.cumsum(case.rr_ms) / 1000.0, case.rr_ms)


def rmssd(rr_ms: FloatArray) -> float:
    return float(np.sqrt(np.mean(np.diff(rr_ms) ** 2)))


def score(case: Case, flagged: BoolArray, rmssd_ms: float) -> Score:
    """`flagged` marks recorded intervals; a flag within one interval of the artefact finds it."""
    ends = np.cumsum(case.rr_ms)
    index = np.searchsorted(ends, case.beat_ms - 1e-6)
    near = np.zeros(ends.size, dtype=bool)
    hits = 0
    for i in index.tolist():
        lo, hi = max(i - 1, 0), i + 2
        near[max(i - 2, 0) : i + 3] = True
        hits += bool(flagged[lo:hi].any())
    return Score(
        found=hits / index.size if index.size else 1.0,
        false_per_1000=1000.0 * np.count_nonzero(flagged & ~near) / ends.size,
        rmssd_error=100.0 * abs(rmssd_ms / rmssd(case.true_ms) - 1.0),
    )


def ours(case: Case, settings: CleanSettings) -> tuple[Score, Cleaned]:
    cleaned = correct(recorded(case), settings)
    steps = cleaned.nn.successive_diff_ms()
    value = float(np.sqrt(np.mean(steps**2)))
    return score(case, cleaned.label != BeatLabel.NORMAL, value), cleaned


def clean_segments(folder: Path, count: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Segments of 330 beats: record nsr004 where all beats are labelled normal, and a rest."""
    path = folder / "rr" / "nsr004_24h.csv"
    rr, t = column(path, "rr_ms"), column(path, "t_s")
    start, end = (np.array(words(path, name)) for name in ("label_start", "label_end"))
    fine = (start == "N") & (end == "N") & (rr < 2000)
    fine &= np.abs(np.diff(t, prepend=t[0]) - rr / 1000.0) < 0.01
    rest = column(folder / "rr" / "hrv_rest_15min.csv", "rr_ms")
    yield rest[:BEATS]
    yield rest[BEATS : 2 * BEATS]
    found = 2
    while found < count:
        i = int(rng.integers(0, rr.size - BEATS))
        if fine[i : i + BEATS].all():
            yield rr[i : i + BEATS]
            found += 1


def labelled(path: Path) -> tuple[RRSeries, IntArray]:
    """A record, and the intervals that end with a beat not labelled normal."""
    rr = RRSeries(column(path, "t_s"), column(path, "rr_ms"))
    return rr, np.flatnonzero(np.array(words(path, "label_end")) != "N").astype(np.int64)
