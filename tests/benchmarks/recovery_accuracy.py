"""Half-times against known truth, by sampling, height and median half-time.

Sitting days with reactions at random times; detection and fit as in the product. A reaction is
found if an episode overlaps it; a recovery is that of the last reaction inside its episode, so of
reactions found as one, the earlier have no half-time of their own. One row per cell: reactions put
in; share found; share that ran into the next one; of the others found, share with a half-time, "at
most" and "at least"; median |error| and rmse of ln h of the half-times given; coverage of their
95 % interval; median error of ln h by tertile of the true half-time, as the trend gets it (weak
prior divided out, censored values at their fitted place).

Run: `python -m tests.benchmarks.recovery_accuracy [--days 10] [--seeds 3] [--write]`
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

import hrv
from hrv import recovery
from hrv.episodes import detect, expect
from hrv.model import Censored, FloatArray
from hrv.recovery import fit
from hrv.settings import Settings
from hrv.trend import without_prior
from tests.grids import life

RESULTS = Path(__file__).parent / "results"
STEPS = {5: "1 s (5-s bins)", 15: "15 s", 60: "60 s", 120: "120 s", 180: "180 s"}
COLUMNS = (
    "median h, s | sampling | height, bpm | n | found | merged | answered | at most | at least "
    "| median abs error | rmse ln h | coverage | bias by tertile"
)

LIMIT = (
    "The same, where the fit is told the law from which the person's half-times and plateaus were "
    "drawn: what is then missing to 20 % and 0.35 at "
    "10 bpm lies in the noise of the heart, not in what was learned of the person."
)


def cell(step_s: int, median_s: float, height: float, days: int, seeds: int) -> FloatArray:
    """Rows of [ln true, ln h as the trend gets it, ln estimate, low, high, censored, found].

    `found` is 0, 1, or 2 for one that ran into the next.
    """
    settings = Settings()
    rules = settings.recovery
    rows = []
    for seed in range(seeds):
        grid, rises = life(days, 1000 + seed, step_s, median_s, (0.8 * height, 1.25 * height))
        expectation = expect(grid, settings)
        fits = fit(detect(grid, expectation, (), settings), grid, expectation, settings)
        begins = np.array([f.episode.start_s for f in fits])
        ends = np.array([f.episode.end_s for f in fits])
        owner = np.full(len(fits), -1)
        best = np.full(len(rises), -1)
        for k, rise in enumerate(rises):
            on_s, off_s = grid.t0_s + rise.on_s, grid.t0_s + rise.off_s
            shared = np.minimum(ends, off_s) - np.maximum(begins, on_s)
            if shared.size and shared.max() > 0:
                best[k] = int(np.argmax(shared))
                owner[best[k]] = k
        for k, rise in enumerate(rises):
            row = [np.log(rise.half_s)] + 6 * [np.nan]
            row[6] = 0.0 if best[k] < 0 else 1.0 if owner[best[k]] == k else 2.0
            f = fits[best[k]] if row[6] == 1.0 else None
            if f is not None and f.accepted:
                row[1] = without_prior(
                    f.ln_h, f.ln_h_sd, np.log(rules.prior_median_s), rules.prior_sd
                )[0]
                row[5] = {Censored.NO: 0.0, Censored.LEFT: -1.0, Censored.RIGHT: 1.0}[f.censored]
                if f.half_time_s is not None:
                    row[2:5] = np.log(
                        [f.half_time_s.value, max(f.half_time_s.low, 1.0), f.half_time_s.high]
                    )
            rows.append(row)
    return np.array(rows)


def knowing(median_s: float) -> Any:
    """The fit told what the simulated person's half-times and plateaus are like.

    What is then left of error is in the signal, not in what was learned of the person.
    """

    def told(likelihood: FloatArray, plan: Any, rules: Any) -> recovery._Traits:
        laws = [
            np.exp(-0.5 * ((x - np.log(centre_s)) / 0.5) ** 2)[None]
            for x, centre_s in ((np.log(plan.half_s), median_s), (recovery.LN_PLATEAUS, 300.0))
        ]
        evidence = 0.0 if plan.curve.name == "exponential" else -np.inf
        return recovery._Traits(np.ones((1, 1)), laws[0], laws[1], evidence)

    return patch.object(recovery, "_traits", told)


def line(step_s: int, median_s: float, height: float, rows: FloatArray) -> str:
    truth, trend, value, low, high, censored, hit = rows.T
    found = np.isfinite(censored)
    answered = np.isfinite(value)
    head = (
        f"| {median_s:.0f} | {STEPS[step_s]} | {height:.0f} | {truth.size} "
        f"| {np.mean(hit > 0):.2f} | {np.mean(hit == 2.0):.2f} "
    )
    if answered.sum() < 8:
        shares = f"| {answered.sum() / max(found.sum(), 1):.2f} " if found.any() else "| - "
        left = f"| {np.mean(censored[found] < 0):.2f} " if found.any() else "| - "
        return head + shares + left + "| - | - | - | - | - |"
    error = (value - truth)[answered]
    inside = ((low <= truth) & (truth <= high))[answered]
    third = np.digitize(truth[found], np.quantile(truth[found], [1 / 3, 2 / 3]))
    bias = [float(np.median((trend - truth)[found][third == k])) for k in range(3)]
    return head + (
        f"| {answered.sum() / found.sum():.2f} | {np.mean(censored[found] < 0):.2f} "
        f"| {np.mean(censored[found] > 0):.2f} | {np.median(np.abs(np.expm1(error))):.0%} "
        f"| {np.sqrt(np.mean(error**2)):.2f} | {inside.mean():.2f} "
        f"| {' / '.join(f'{b:+.2f}' for b in bias)} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--fine-seeds", type=int, default=2)
    parser.add_argument("--step", type=int, nargs="*", default=list(STEPS))
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    lines = [
        f"# Accuracy of half-times, version {hrv.__version__}",
        "",
        f"{given.seeds} people of {given.days} sitting days each ({given.fine_seeds} at 15 s and "
        "finer), seeds from 1000 on; heights scatter from 0.8 to 1.25 of the one named; "
        "ln h SD 0.5.",
        "",
        f"| {COLUMNS} |",
        "|" + "---|" * 13,
    ]
    print("\n".join(lines))
    for median_s, step_s, height in product((60.0, 120.0, 240.0), given.step, (5.0, 10.0, 20.0)):
        seeds = given.fine_seeds if step_s <= 15 else given.seeds
        rows = cell(step_s, median_s, height, given.days, seeds)
        lines.append(line(step_s, median_s, height, rows))
        print(lines[-1], flush=True)
    lines += ["", LIMIT, "", f"| {COLUMNS} |", "|" + "---|" * 13]
    print("\n".join(lines[-5:]))
    for height in (10.0, 20.0):
        with knowing(240.0):
            rows = cell(60, 240.0, height, given.days, given.seeds)
        lines.append(line(60, 240.0, height, rows))
        print(lines[-1], flush=True)
    if given.write:
        (RESULTS / "recovery_accuracy.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
