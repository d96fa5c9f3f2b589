"""CPU seconds by stage and memory, from export files to a report, and how they grow with length.

    python -m tests.benchmarks.cost

Each case is one fresh process: read, analyse with the self-test, write HTML, JSON and PNG. The
table goes to results/cost.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hrv import __version__, simulate

RESULTS = Path(__file__).parent / "results"
CASES = (
    ("half a year at 1 min, FIT", 182, "fit"),
    ("a year at 1 min, FIT", 364, "fit"),
    ("a week at 1 s, CSV", 7, "csv:1"),
    ("two weeks at 1 s, CSV", 14, "csv:1"),
    ("a month at 1 s, CSV", 28, "csv:1"),
)
STAGES = ("files", "days", "episodes", "recoveries", "markers", "self-test", "report")
NAMES = {  # what the program tells of its progress
    "reading days": "days",
    "finding episodes": "episodes",
    "judging": "markers",
    "summing up": "markers",
}


class Clock:
    """CPU seconds and peak memory by stage."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self.peak_mb = dict.fromkeys(STAGES, 0.0)
        self.stage = "files"
        self.since_s = _used_s()

    def enter(self, stage: str) -> None:
        now_s = _used_s()
        self.seconds[self.stage] += now_s - self.since_s
        self.peak_mb[self.stage] = _peak_mb()
        self.stage, self.since_s = stage, now_s

    def told(self, name: str, share: float | None) -> None:
        del share
        if name in NAMES:
            self.enter(NAMES[name])

    @contextmanager
    def within(self, module: Any, name: str, stage: str) -> Iterator[None]:
        """Count what one function of a module uses as a stage of its own."""
        original: Callable[..., Any] = getattr(module, name)

        def counted(*given: Any, **named: Any) -> Any:
            outer = self.stage
            self.enter(stage)
            try:
                return original(*given, **named)
            finally:
                self.enter(outer)

        with patch.object(module, name, counted):
            yield


def _used_s() -> float:
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak_mb() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one(export: Path, out: Path) -> dict[str, dict[str, float]]:
    """The whole way for one export, all of its days judged."""
    from hrv import pipeline, recovery, selftest

    clock = Clock()
    with (
        clock.within(recovery, "fit", "recoveries"),
        clock.within(selftest, "spike_in", "self-test"),
    ):
        timeline = pipeline.read(export)
        question = pipeline.Question(since=date(2000, 1, 1), self_test=True)
        analysis = pipeline.analyse(timeline, question=question, on_progress=clock.told)
        clock.enter("report")
        pipeline.render(analysis, out)
        clock.enter("report")
    return {"seconds": clock.seconds, "peak_mb": clock.peak_mb}


def measured(export: Path, out: Path) -> dict[str, dict[str, float]]:
    """`one` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.cost", "--export", str(export), "--out", str(out)],
        capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    found: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--export", type=Path)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if given.export is not None:
        print(json.dumps(one(given.export, given.out)))
        return
    lines = [
        "# What a report costs",
        "",
        f"Version {__version__}, Python {sys.version.split()[0]}, one core; made by "
        "`python -m tests.benchmarks.cost`. CPU seconds by stage, all days judged, with the "
        "self-test (up to 200 rises put in, fewer in short recordings); HTML, JSON and PNG "
        "written.",
        "",
        f"| export | MB of files | {' | '.join(STAGES)} | all, CPU s | peak MB |",
        "| --- |" + " --- |" * (len(STAGES) + 3),
    ]
    for title, days, product in CASES:
        with tempfile.TemporaryDirectory() as folder:
            export = Path(folder) / "export"
            simulate.write("unchanged", export, days=days, seed=1, products=(product,))
            size = sum(path.stat().st_size for path in export.rglob("*") if path.is_file()) / 1e6
            found = measured(export, Path(folder) / "out")
        each = [found["seconds"][stage] for stage in STAGES]
        lines.append(
            f"| {title} | {size:.0f} | {' | '.join(f'{s:.1f}' for s in each)} "
            f"| {sum(each):.1f} | {max(found['peak_mb'].values()):.0f} |"
        )
        print(lines[-1], flush=True)
        (RESULTS / "cost.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
