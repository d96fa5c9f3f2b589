"""The grids answer with the product's own code, can be resumed, and hold what they promise."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hrv import calibrate, trend
from hrv.calibrate import daily, episodes, levels, run_cell
from hrv.calibrate.counts import clopper_pearson, rate
from hrv.model import DailySeries, Trend
from hrv.settings import Settings

SETTINGS = Settings()


def test_the_grids_are_complete_and_their_names_differ() -> None:
    assert len({cell.name for cell in daily.cells()}) == 48
    assert len({cell.name for cell in episodes.cells()}) == 54


@pytest.mark.parametrize("heavy", [False, True])
def test_the_daily_grid_asks_the_product(heavy: bool) -> None:
    """Many series at once give what `trend.daily` gives one by one."""
    cell = daily.DailyCell(56, 0.5, True, heavy)
    rng = np.random.default_rng(1)
    values, weekend, seen = daily.simulate(cell, 4, rng)
    fits = daily.fit(values, weekend, seen, 0.0)
    below = fits.cdf(0.0).ravel()
    monday = next(d for d in range(20_000, 20_007) if _weekends(d, 56) == list(weekend))
    for r in range(4):
        day = monday + np.flatnonzero(seen[r])
        alone = trend.daily(DailySeries(day, values[r, seen[r]]), settings=SETTINGS.trend, log=True)
        assert isinstance(alone, Trend)
        assert below[r] == pytest.approx(alone.p_fall, abs=1e-9)


def _weekends(first: int, n: int) -> list[float]:
    return [float((first + i + 3) % 7 >= 5) for i in range(n)]


def test_daily_noise_has_the_promised_spread_and_memory() -> None:
    cell = daily.DailyCell(90, 0.7, False, False)
    noise = daily.noise(cell, 400, np.random.default_rng(2))
    assert noise.std() == pytest.approx(1.0, abs=0.03)
    assert np.mean(noise[:, 1:] * noise[:, :-1]) == pytest.approx(0.7, abs=0.04)


def test_episodes_are_censored_as_promised() -> None:
    cell = episodes.EpisodeCell(90, 0.5, "normal", 240.0, 75.0)
    data = episodes.simulate(cell, 60, np.random.default_rng(3))
    used = data.index >= 0
    first, last = used & (data.index < 15), used & (data.index >= 75)
    assert np.isposinf(data.high[first]).mean() == pytest.approx(0.42, abs=0.05)
    assert np.isposinf(data.high[last]).mean() == pytest.approx(0.19, abs=0.05)
    assert used.sum(axis=1).mean() == pytest.approx(90 * 3.2, rel=0.03)


@pytest.mark.parametrize("errors", ["normal", "weibull", "logistic"])
def test_errors_have_mean_0_and_variance_1(errors: str) -> None:
    drawn = episodes._errors(errors, (200, 200), np.random.default_rng(4))
    assert drawn.mean() == pytest.approx(0.0, abs=0.02)
    assert drawn.std() == pytest.approx(1.0, abs=0.02)


def test_levels_of_few_episodes_are_mostly_right_and_of_use(tmp_path: Path) -> None:
    """Four days, ten episodes or more: the interval reaches a factor 2.25 each way at most."""
    cell = next(c for c in levels.cells() if c.name == "levels/half-times/4d/ar0.5/normal")
    result = run_cell("levels", cell, 150, SETTINGS)
    missed, width = result["missed"], result["half_width"]
    assert isinstance(missed, dict)
    assert isinstance(width, float)
    assert rate(missed) < 0.08
    assert 0.3 < width < np.log(2.25)


def test_levels_have_a_table(tmp_path: Path) -> None:
    pages = calibrate.calibrate(
        tmp_path, parts=("levels",), runs=20, only=lambda name: "/7d/ar0.5" in name
    )
    page = pages[1].read_text()
    assert "mean of nights" in page
    assert "median half-time" in page


def test_what_was_run_is_not_run_again(tmp_path: Path) -> None:
    told: list[str] = []

    def run(runs: int, settings: Settings) -> None:
        calibrate.calibrate(
            tmp_path,
            parts=("trend_daily",),
            runs=runs,
            settings=settings,
            only=lambda name: name.startswith("daily/28d/ar0/"),
            told=lambda text, _: told.append(text),
        )

    run(20, SETTINGS)
    assert len(told) == 2
    page = (tmp_path / "trend_daily.md").read_text()
    assert "BA-GLS" in page
    assert "20 runs a cell, 2 of 48 cells" in page
    first = (tmp_path / "trend_daily.json").read_text()
    run(20, SETTINGS)
    assert len(told) == 2
    assert (tmp_path / "trend_daily.json").read_text() == first
    run(20, replace(SETTINGS, seed=1))
    assert len(told) == 4
    assert json.loads((tmp_path / "trend_daily.json").read_text())["seed"] == 1


def test_two_processes_find_what_one_finds(tmp_path: Path) -> None:
    def run(folder: str, workers: int) -> str:
        calibrate.calibrate(
            tmp_path / folder,
            parts=("trend_daily",),
            runs=10,
            workers=workers,
            only=lambda name: name.startswith("daily/28d/ar0/"),
        )
        return (tmp_path / folder / "trend_daily.json").read_text()

    assert run("one", 1) == run("two", 2)


def test_an_episode_cell_has_all_its_columns(tmp_path: Path) -> None:
    pages = calibrate.calibrate(
        tmp_path,
        parts=("trend_episodes",),
        runs=12,
        only=lambda name: name == "episodes/56d/ar0.5/normal/120s-of-75s",
    )
    page = pages[1].read_text()
    for method in ("BA-GLS, imputed", "AFT Wald", "Cox Wald", "AFT, week jackknife"):
        assert method in page


def test_half_times_too_fast_to_time_have_a_table(tmp_path: Path) -> None:
    pages = calibrate.calibrate(
        tmp_path,
        parts=("trend_fast",),
        runs=60,
        only=lambda name: name == "episodes/56d/ar0.5/normal/60s-of-75s",
    )
    told = json.loads(pages[0].read_text())["cells"]["episodes/56d/ar0.5/normal/60s-of-75s"]
    assert 0.6 < told["none"]["left_censored"] < told["30 % faster"]["left_censored"]
    assert told["none"]["missed"]["yes"] <= 8
    assert "too fast" in pages[1].read_text()


def test_steps_have_a_table(tmp_path: Path) -> None:
    pages = calibrate.calibrate(
        tmp_path, parts=("steps",), runs=12, only=lambda name: name == "step/90d/ar0/gauss"
    )
    told = json.loads(pages[0].read_text())["cells"]["step/90d/ar0/gauss"]
    assert told["none"]["clear"]["yes"] <= 2
    assert told["step"]["clear"]["yes"] >= 8
    assert "90d/ar0/gauss" in pages[1].read_text()


def test_least_squares_calls_correlated_noise_a_trend_and_the_product_does_not() -> None:
    cell = daily.DailyCell(56, 0.7, False, False)
    false = run_cell("trend_daily", cell, 250, SETTINGS)["false_alarms"]
    assert isinstance(false, dict)
    assert rate(false["OLS"]) > 0.25
    assert rate(false["BA-GLS"]) < 0.08


@pytest.mark.slow
def test_the_committed_worst_cells_hold() -> None:
    """Fresh seeds in the cells that were worst in the committed tables."""
    fresh = replace(SETTINGS, seed=7)
    committed = Path(__file__).parents[1] / "benchmarks" / "results"
    for part, method, limit in (
        ("trend_daily", "BA-GLS", 0.06),
        ("trend_episodes", "BA-GLS, imputed", 0.065),
    ):
        cells = json.loads((committed / f"{part}.json").read_text())["cells"]
        worst = max(cells, key=lambda name: rate(cells[name]["false_alarms"][method]))
        cell = next(c for c in calibrate.PARTS[part].cells() if c.name == worst)
        result = run_cell(part, cell, 500, fresh)["false_alarms"]
        assert isinstance(result, dict)
        assert clopper_pearson(result[method])[0] <= limit
