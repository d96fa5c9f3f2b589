"""Makes this folder again: `make sample`, or `python sample_data/make.py`."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from hrv import simulate

HERE = Path(__file__).resolve().parent
TRUTH = HERE.parent / "tests" / "golden" / "sample_truth.json"
SCENARIO, DAYS, SEED, HALF_TIME_S = "healing", 112, 1, 120.0


def make(into: Path, truth: Path) -> None:
    """Write the export into `into` and what was put in into `truth`."""
    with TemporaryDirectory() as folder:
        export = simulate.write(SCENARIO, Path(folder) / "export", DAYS, SEED, HALF_TIME_S)
        shutil.rmtree(into / "GARMIN", ignore_errors=True)
        for made in sorted(export.iterdir()):
            shutil.move(made, into / made.name)
        shutil.move(Path(folder) / "export.truth.json", truth)


if __name__ == "__main__":
    make(HERE, TRUTH)
