"""CPU seconds from an analysis of a year to its files, and their sizes.

    python -m tests.benchmarks.render [EXPORT]

Without EXPORT a simulated year at one value a minute is written first. Times are CPU seconds of
this process after the analysis, the best of two; the table goes to results/render.md.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from hrv import __version__, pipeline, simulate
from hrv.model import Analysis
from hrv.report import FORMATS

RESULTS = Path(__file__).parent / "results"
DAYS = 364
FILES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("HTML", ("html",)),
    ("JSON", ("json",)),
    ("PDF", ("pdf",)),
    ("SVG, light and dark", ("svg",)),
    ("PNG, light and dark", ("png",)),
    ("everything", FORMATS),
)


def analysed(export: Path) -> Analysis:
    """All of the year judged."""
    timeline = pipeline.read(export)
    return pipeline.analyse(timeline, question=pipeline.Question(since=date(2000, 1, 1)))


def cost(analysis: Analysis, formats: Sequence[str], folder: Path) -> tuple[float, float]:
    """Best CPU seconds of two runs, and kB written."""
    best = float("inf")
    for _ in range(2):
        start = time.process_time()
        pipeline.render(analysis, folder, formats)
        best = min(best, time.process_time() - start)
    return best, sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e3


def main(arguments: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        export = Path(arguments[0]) if arguments else folder / "export"
        if not arguments:
            simulate.write("healing", export, days=DAYS, seed=30, products=("fit",))
        analysis = analysed(export)
        pipeline.render(analysis, folder / "warm", ("html", "pdf"))  # imports, fonts
        lines = [
            "# What it costs to write a report",
            "",
            f"Version {__version__}, Python {sys.version.split()[0]}, one core; made by "
            "`python -m tests.benchmarks.render`.",
            f"{analysis.coverage.days} days, {len(analysis.fits)} rises, "
            f"{len(analysis.inputs)} files; CPU seconds after the analysis, best of two.",
            "Goals: HTML under 4 s and 2,000 kB, everything under 15 s.",
            "",
            "| files | CPU s | kB |",
            "| --- | --- | --- |",
        ]
        for title, formats in FILES:
            seconds, size_kb = cost(analysis, formats, folder / title.split(",")[0])
            lines.append(f"| {title} | {seconds:.1f} | {size_kb:,.0f} |")
            print(lines[-1], flush=True)
    (RESULTS / "render.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
