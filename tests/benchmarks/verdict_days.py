"""The verdict's confusion matrix at the level of days and episodes; resumable.

`python tests/benchmarks/verdict_days.py --people 300 --lengths 56,90,180` appends one line a
person to the results and prints the table; people already there are not run again. Length 365
is twelve monthly looks at the last half year, each false claim counted once a person.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from scipy.stats import beta

from hrv import __version__
from hrv.calibrate.verdicts import LENGTHS, SCENARIOS, YEAR, found, looks, rates
from hrv.settings import Settings

RESULTS = Path(__file__).parent / "results"


def clopper_pearson(k: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a share."""
    tail = 0.5 * (1.0 - level)
    low = 0.0 if k == 0 else float(beta.ppf(tail, k, n - k + 1))
    high = 1.0 if k == n else float(beta.ppf(1.0 - tail, k + 1, n - k))
    return low, high


def known(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def show(rows: list[dict[str, Any]], out: Any = sys.stdout) -> None:
    print(f"version {__version__}; counts of people", file=out)
    for name, cell in sorted(rates(rows).items()):
        n = cell["people"]
        parts = []
        for what in ("false_healing", "false_worsening"):
            low, high = clopper_pearson(cell[what], n)
            parts.append(f"{what} {cell[what] / n:.3f} ({low:.3f}-{high:.3f})")
        states = ", ".join(f"{s} {k}" for s, k in sorted(cell["states"].items()))
        print(f"{name:32s} n={n:4d}  {'; '.join(parts)}  | {states}", file=out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--lengths", default=",".join(str(n) for n in LENGTHS))
    parser.add_argument("--scenarios", default=",".join(SCENARIOS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--results", type=Path, default=RESULTS / "verdict_days.jsonl")
    given = parser.parse_args()
    rows = [r for r in known(given.results) if r["seed"] == given.seed]
    done = {(r["scenario"], r["days"], r["number"]) for r in rows}
    settings = Settings()
    given.results.parent.mkdir(exist_ok=True)
    with given.results.open("a", encoding="utf-8") as file:
        for number in range(given.people):
            for name in given.scenarios.split(","):
                for days in (int(n) for n in given.lengths.split(",")):
                    if (name, days, number) in done:
                        continue
                    if days == YEAR:
                        row = looks(name, number, given.seed, settings)
                    else:
                        row = found(name, days, number, given.seed, settings)
                    row["seed"] = given.seed
                    rows.append(row)
                    file.write(json.dumps(row) + "\n")
                    file.flush()
    show(rows)


if __name__ == "__main__":
    main()
