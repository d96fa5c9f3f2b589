"""The whole program on people with a known truth: export files in, states of the report out.

    python tests/benchmarks/end_to_end.py --seeds 10 --days 168

Writes each person's export to a temporary folder, reads it back, and counts what the report says.
Resumable: people done are not done again. The table goes to results/end_to_end.md.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from hrv import __version__
from hrv.calibrate.counts import count, with_interval
from hrv.model import State
from hrv.simulate.scenarios import SCENARIOS
from hrv.verdict import FITNESS_POSSIBLE

RESULTS = Path(__file__).parent / "results"
STATES = (
    "healing",
    "partial",
    "mixed",
    "coping",
    "unchanged",
    "undetermined",
    "worsening",
    "insufficient",
)
Job = tuple[str, int, int, float, tuple[str, ...]]


def one(job: Job) -> dict[str, Any]:
    """One person: from the written export to what report.json says."""
    from hrv import ReadOptions, analyse, read, render, simulate

    scenario, seed, days, half_time_s, products = job
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder) / "export"
        simulate.write(
            scenario, export, days=days, seed=seed, half_time_s=half_time_s, products=products
        )
        start = time.process_time()
        timeline = read([export], ReadOptions())
        read_s = time.process_time() - start
        analysis = analyse(timeline)
        spent = time.process_time() - start
        written = render(analysis, Path(folder) / "report", formats=("json",))
        report = json.loads(written["json"].read_text(encoding="utf-8"))
    recovery, baseline = report["recovery"], report["baseline"]
    faster, calmer = recovery["trend"] or {}, baseline["trend"] or {}
    return {
        "scenario": scenario,
        "seed": seed,
        "days": days,
        "half_time_s": half_time_s,
        "products": list(products),
        "state": report["verdict"]["state"],
        "confidence": report["verdict"]["confidence"],
        "qualifiers": report["verdict"]["qualifiers"],
        "recovery": [recovery["scale"], faster.get("p_value"), recovery["state"]],
        "recovery_percent_per_30_days": faster.get("percent_per_30_days"),
        "baseline": [baseline["measure"], calmer.get("p_value"), baseline["state"]],
        "markers": {m["id"]: m["state"] for m in report["markers"]},
        "episodes": sum(e["accepted"] and e["kind"] != "exercise" for e in report["episodes"]),
        "tier": report["coverage"]["tier"],
        "read_s": round(read_s, 2),
        "cpu_s": round(spent, 2),
    }


def wrong(row: dict[str, Any], state: State) -> bool:
    """Whether the report claims `state` of a person of whom it is not true.

    A gain in fitness that is named beside the claim of healing makes it no false one.
    """
    if row["state"] != state.value:
        return False
    if state is State.HEALING and row["scenario"] == "fitness_gain":
        return FITNESS_POSSIBLE not in row["qualifiers"]
    return state in SCENARIOS[row["scenario"]].never


def table(rows: Iterable[dict[str, Any]]) -> str:
    """Counts of states per scenario, half-time and product, as Markdown."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        key = (row["scenario"], row["days"], row["half_time_s"], "+".join(row["products"]))
        groups.setdefault(key, []).append(row)
    head = ["scenario", "days", "half-time s", "files", "people", *STATES, "flags"]
    head += ["false healing", "false worsening"]
    lines = [
        f"# From export files to report.json, version {__version__}",
        "",
        "`healing` counts supported / probable. False claims with 95 % Clopper-Pearson intervals:",
        "healing where the body did not change (under a gain in fitness: healing without the",
        "fitness flag), worsening where it did not become worse.",
        "",
        "`starts_in_crisis` looks from the worst month of four years on. What was bad fades over",
        "months: within the half year the body does change, and only a longer look tells that",
        "from healing.",
        "",
        "| " + " | ".join(head) + " |",
        "|" + " --- |" * len(head),
    ]
    for key in sorted(groups):
        people = groups[key]
        counts = Counter(row["state"] for row in people)
        supported = sum(row["confidence"] == "supported" for row in people)
        cells = [str(counts[state] or "") for state in STATES]
        if counts["healing"]:
            cells[0] = f"{supported} / {counts['healing'] - supported}"
        flags = Counter(flag for row in people for flag in row["qualifiers"])
        cells.append(", ".join(f"{flag} {n}" for flag, n in sorted(flags.items())))
        cells += [
            with_interval(count([wrong(row, state) for row in people]))
            for state in (State.HEALING, State.WORSENING)
        ]
        lines.append("| " + " | ".join([*map(str, key), str(len(people)), *cells]) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenarios", nargs="*", default=sorted(SCENARIOS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=168)
    parser.add_argument("--half-time", type=float, default=120.0)
    parser.add_argument("--products", nargs="*", default=["fit"])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--name", default="end_to_end")
    asked = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    log = RESULTS / f"{asked.name}.jsonl"
    rows = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    done = {
        (r["scenario"], r["seed"], r["days"], r["half_time_s"], tuple(r["products"])) for r in rows
    }
    seeds = range(asked.first_seed, asked.first_seed + asked.seeds)
    jobs: list[Job] = [
        (scenario, seed, asked.days, asked.half_time, tuple(asked.products))
        for seed in seeds
        for scenario in asked.scenarios
    ]
    jobs = [job for job in jobs if job not in done]
    with ProcessPoolExecutor(asked.workers) as pool, log.open("a", encoding="utf-8") as out:
        for row in pool.map(one, jobs):
            out.write(json.dumps(row) + "\n")
            out.flush()
            rows.append(row)
            shown = (
                "scenario",
                "seed",
                "state",
                "confidence",
                "qualifiers",
                "recovery",
                "baseline",
            )
            print(*(row[name] for name in shown), f"{row['cpu_s']} s", flush=True)
    text = table(rows)
    (RESULTS / f"{asked.name}.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
