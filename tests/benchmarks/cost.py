"""Seconds and memory from export files to a report: a year at 1 min, a week at 1 s, and growth.

    python -m tests.benchmarks.cost

Each line is one fresh process of `hrv report`; the table goes to results/cost.md.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from hrv import __version__, simulate

RESULTS = Path(__file__).parent / "results"
CASES = (
    ("half a year at 1 min, FIT", 182, "fit", ("--since", "2000-01-01")),
    ("a year at 1 min, FIT, the last 180 days judged", 364, "fit", ()),
    ("a year at 1 min, FIT, all of it judged", 364, "fit", ("--since", "2000-01-01")),
    ("a week at 1 s, CSV", 7, "csv:1", ()),
    ("a month at 1 s, CSV", 28, "csv:1", ()),
)


def measured(export: Path, out: Path, *options: str) -> tuple[float, float, str]:
    """CPU seconds, peak memory in MB and the answer of one run."""
    code = (
        "import resource, runpy, sys\n"
        "sys.argv = ['hrv', *sys.argv[1:]]\n"
        "try: runpy.run_module('hrv', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "report", str(export), "-o", str(out), *options],
        capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    seconds, peak = map(float, done.stderr.splitlines()[-1].split())
    return seconds, peak, done.stdout.splitlines()[0]


def main() -> None:
    lines = [
        "# What a report costs",
        "",
        f"Version {__version__}, Python {sys.version.split()[0]}, one core; made by "
        "`python -m tests.benchmarks.cost`. HTML, JSON and PNG written.",
        "",
        "| export | MB of files | CPU s | with self-test | peak MB |",
        "| --- | --- | --- | --- | --- |",
    ]
    for title, days, product, options in CASES:
        with tempfile.TemporaryDirectory() as folder:
            export = Path(folder) / "export"
            simulate.write("unchanged", export, days=days, seed=1, products=(product,))
            size = sum(path.stat().st_size for path in export.rglob("*") if path.is_file()) / 1e6
            plain, peak, _ = measured(export, Path(folder) / "a", "--no-self-test", *options)
            whole, most, _ = measured(export, Path(folder) / "b", *options)
        lines.append(
            f"| {title} | {size:.0f} | {plain:.1f} | {whole:.1f} | {max(peak, most):.0f} |"
        )
        print(lines[-1], flush=True)
    (RESULTS / "cost.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
