"""The error table: how often a method says "change" where there is none, and where there is one.

Every part is a grid of cells; a cell is simulated from its own seed, so that any of them can be
made again alone and a run that was stopped goes on where it ended. In the part of verdicts a
cell is many people, each with a seed of its own: more of them are added to those already there.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from hrv import __version__
from hrv.calibrate import daily, episodes, gates, levels, steps, tables, verdicts
from hrv.calibrate.counts import Result
from hrv.settings import Settings

SCHEMA = 1
Told = Callable[[str, float | None], None]


class Cell(Protocol):
    """One setting of a grid; its name fixes its random numbers."""

    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One grid, how a cell of it is run, its table, and the settings that it depends on."""

    name: str
    title: str
    cells: Callable[[], Iterator[Any]]
    run: Callable[[Any, int, Settings, np.random.Generator], Result]
    table: Callable[[Mapping[str, Mapping[str, Any]]], str]
    depends: tuple[str, ...]
    runs: int = 2000  # if nothing else is asked
    block: int = 0  # runs of one cell, where a cell is only some of them


PARTS = {
    part.name: part
    for part in (
        Part(
            name="trend_daily",
            title="Trend of daily values",
            cells=daily.cells,
            run=daily.run,
            table=tables.daily_table,
            depends=("trend.daily_lrv_exponent", "trend.level"),
        ),
        Part(
            name="trend_episodes",
            title="Trend of half-times",
            cells=episodes.cells,
            run=episodes.run,
            table=tables.episode_table,
            depends=("trend.episode_lrv_exponent", "trend.imputations", "trend.level"),
        ),
        Part(
            name="trend_fast",
            title="Trend of half-times that are mostly too fast to time",
            cells=episodes.fast_cells,
            run=episodes.run_fast,
            table=tables.fast_table,
            depends=(
                "trend.episode_lrv_exponent",
                "trend.imputations",
                "trend.at_most_share_trend",
            ),
            runs=1000,
        ),
        Part(
            name="levels",
            title="Levels from few and many days",
            cells=levels.cells,
            run=levels.run,
            table=tables.level_table,
            depends=("trend.level_lrv_exponent", "trend.imputations", "trend.level"),
        ),
        Part(
            name="steps",
            title="Lasting steps of daily values",
            cells=steps.cells,
            run=steps.run,
            table=tables.step_table,
            depends=("trend.step_lrv_exponent", "markers.step_edge_days"),
            runs=400,
        ),
        Part(
            name="verdict",
            title="The verdict at the level of days and episodes",
            cells=verdicts.cells,
            run=verdicts.run,
            table=tables.verdict_table,
            depends=("trend", "verdict"),
            runs=300,
            block=verdicts.BLOCK,
        ),
        Part(
            name="sensitivity",
            title="What the verdict hangs on",
            cells=gates.cells,
            run=gates.run,
            table=tables.gate_table,
            depends=("trend", "verdict"),
            runs=40,
            block=gates.BLOCK,
        ),
    )
}


def calibrate(
    out_dir: Path,
    *,
    parts: Sequence[str] = tuple(PARTS),
    runs: int | None = None,
    settings: Settings | None = None,
    workers: int = 1,
    told: Told | None = None,
    only: Callable[[str], bool] | None = None,
) -> list[Path]:
    """Run the grids and write one JSON and one Markdown table per part into a folder.

    Cells already there for the same runs, seed and settings are not run again, and stand in
    the table with the new ones. `only` picks cells by name.
    """
    rules = settings or Settings()
    out_dir.mkdir(parents=True, exist_ok=True)
    written = []
    for name in parts:
        part = PARTS[name]
        most = part.runs if runs is None else runs
        each = min(most, part.block or most)
        record = _Record.load(out_dir / f"{name}.json", part, each, rules)
        cells = [c for c in part.cells() if not part.block or c.first < most]
        wanted = [c for c in cells if only is None or only(c.name)]
        if not wanted:
            continue
        pending = [c for c in wanted if c.name not in record.cells]
        for done, (cell, result) in enumerate(_results(part, pending, each, rules, workers), 1):
            record.cells[cell.name] = result
            record.save()
            if told is not None:
                told(f"{cell.name} ({done} of {len(pending)})", done / len(pending))
        page = out_dir / f"{name}.md"
        shown = {c.name: record.cells[c.name] for c in cells if c.name in record.cells}
        told_of = f"{each} runs a cell, {len(shown)} of {len(cells)} cells"
        if part.block:
            told_of = f"{each * len(shown)} people"
        head = f"# {part.title}\n\n{told_of}, seed {rules.seed}, version {__version__}.\n\n"
        page.write_text(head + part.table(shown), encoding="utf-8")
        written += [record.path, page]
    return written


def run_cell(part: str, cell: Cell, runs: int, settings: Settings) -> Result:
    """One cell, from the seed that its name fixes."""
    rng = np.random.default_rng([settings.seed, zlib.crc32(cell.name.encode())])
    return PARTS[part].run(cell, runs, settings, rng)


def _results(
    part: Part, cells: Sequence[Any], runs: int, settings: Settings, workers: int
) -> Iterator[tuple[Any, Result]]:
    if workers <= 1:
        for cell in cells:
            yield cell, run_cell(part.name, cell, runs, settings)
        return
    # One thread of linear algebra per process: the matrices are small.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=workers, mp_context=spawn) as pool:
        waiting: dict[Future[Result], Any] = {
            pool.submit(run_cell, part.name, cell, runs, settings): cell for cell in cells
        }
        for future in as_completed(waiting):
            yield waiting[future], future.result()


@dataclass(slots=True)
class _Record:
    """Results of one part on disk, with what they depend on."""

    path: Path
    head: dict[str, Any]
    cells: dict[str, Any]

    @classmethod
    def load(cls, path: Path, part: Part, runs: int, settings: Settings) -> _Record:
        rules = {
            name: value
            for name, value in settings.as_dict().items()
            if name in part.depends or name.partition(".")[0] in part.depends
        }
        head = {"schema": SCHEMA, "runs": runs, "seed": settings.seed, "settings": rules}
        cells: dict[str, Any] = {}
        if path.is_file():
            old = json.loads(path.read_text(encoding="utf-8"))
            if {name: old.get(name) for name in head} == head:
                cells = old["cells"]
        return cls(path, head, cells)

    def save(self) -> None:
        text = json.dumps({**self.head, "cells": dict(sorted(self.cells.items()))}, indent=1)
        part = self.path.with_suffix(".part")
        part.write_text(text + "\n", encoding="utf-8")
        part.replace(self.path)
