"""How the tables of ordinary hours compare before and during."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from hrv.model import NNSeries
from tests.benchmarks import ordinary_days


def beats(mean_ms: float, seed: int, minutes: int = 40) -> NNSeries:
    rng = np.random.default_rng(seed)
    return NNSeries.unbroken(
        mean_ms + 30.0 * rng.standard_normal(round(60_000 * minutes / mean_ms))
    )


def test_a_heart_that_goes_faster_is_called_faster() -> None:
    heart, vagal = ordinary_days.contrasts(beats(900.0, 1), beats(700.0, 2))
    assert heart.endswith("faster")
    assert float(heart.split()[0]) == pytest.approx(60_000 / 700 - 60_000 / 900, abs=0.5)
    assert vagal.endswith("no clear difference")


def test_a_heart_that_goes_on_as_before_is_not_called_different() -> None:
    told = [
        ordinary_days.contrasts(beats(800.0, 2 * k), beats(800.0, 2 * k + 1))[0] for k in range(10)
    ]
    assert sum("no clear" in one for one in told) >= 8


def test_minutes_with_few_beats_are_left_out() -> None:
    lone = beats(1500.0, 3, minutes=2).between(0.0, 70.0)
    assert ordinary_days.by_minute(lone).shape == (1, 2)
    assert ordinary_days.by_minute(beats(2500.0, 3, minutes=3)).size == 0


def test_clear_differences_of_real_meditations_go_the_way_that_others_found(
    shared_data: Path,
) -> None:
    folder = shared_data / "studies" / "meditation_rr"
    with (folder / "pairs.csv").open(encoding="utf-8") as file:
        given = {
            row["subject"]: float(row["hr_mean_med"]) - float(row["hr_mean_pre"])
            for row in csv.DictReader(file)
        }
    clear = 0
    for row in list(ordinary_days.meditations(folder))[2:]:
        cells = [cell.strip() for cell in row.split("|")]
        heart = cells[6]
        clear += "no clear" not in heart
        if "no clear" not in heart:
            assert heart.endswith("faster" if given[cells[1].split()[0]] > 0 else "slower")
    assert clear >= 1
