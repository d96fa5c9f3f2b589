"""One life handed in as the ZIP of every vendor: does the same truth come out of each?

    python -m tests.benchmarks.vendor_zips --days 180

A person who heals and one who does not, each written as every product, read and analysed on its
own together with the person's tags and ratings. The table goes to results/vendor_zips.md.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hrv import __version__

RESULTS = Path(__file__).parent / "results"
SCENARIOS = ("healing", "unchanged")
NOTES = {
    "garmin-zip": "a value stands at the end of its minute and so meets the motion of the next; "
    "refused are minutes without a stress score",
    "takeout": "5 s: half-times of single rises instead of settling",
    "samsung": "rises as zepp to the digit, RMSSD as well; refused are the hourly means of the "
    "same minutes",
    "zepp": "60 s; refused are nights not worn, which it writes as zeros",
    "apple": "5 min at rest: rises cannot be timed; refused are the steps that the phone counted "
    "again and time in bed",
    "polar": "5 min: rises cannot be timed; beats of the first hours of sleep give RMSSD",
    "oura": "5 min: rises cannot be timed",
    "whoop": "one value a day; lacks the still waking heart rate, which fell most in the one who "
    "heals; refused are journal "
    "questions answered with no",
}
HIGH_BPM = 12.0  # rises that are found are the higher ones, and those last longer


def truth(folder: Path) -> dict[str, float]:
    """What was put in: levels over the last 28 days and over the window's thirds."""
    told = json.loads(folder.with_name(folder.name + ".truth.json").read_text())
    rises = [e for e in told["episodes"] if e["visible"] and not e["technique"]]
    start, end = rises[0]["t_on"], rises[-1]["t_on"]
    third = (end - start) / 3.0
    first = [e["half_time_s"] for e in rises if e["t_on"] < start + third]
    last = [e["half_time_s"] for e in rises if e["t_on"] >= end - third]
    asleep = [d["mean_asleep_bpm"] for d in told["daily"] if d["mean_asleep_bpm"] is not None]
    base = [d["base_bpm"] for d in told["daily"]]
    return {
        "half_time_s": float(np.median([e["half_time_s"] for e in rises])),
        "half_time_of_high_s": float(
            np.median([e["half_time_s"] for e in rises if e["amplitude_bpm"] >= HIGH_BPM])
        ),
        "change_pct": 100.0 * (float(np.median(last)) / float(np.median(first)) - 1.0),
        "asleep_bpm": float(np.mean(asleep[-28:])),
        "base_change_bpm": float(np.mean(base[-60:]) - np.mean(base[:60])),
        "rises": len(rises),
    }


def handed_in(folder: Path, product: str) -> list[Path]:
    """The vendor's ZIP with what the person wrote."""
    from hrv.simulate.export import PRODUCTS

    module, _, name = PRODUCTS[product].where.partition(":")
    archive = getattr(__import__(f"hrv.simulate.{module}", fromlist=[name]), name).NAME
    return [folder / archive, folder / "tags.csv", folder / "ratings.csv"]


def one(job: tuple[str, str, str]) -> dict[str, Any]:
    """One product of one person: from the ZIP to what the report says."""
    from hrv import ReadOptions, analyse, read

    scenario, product, folder = job
    paths = handed_in(Path(folder), product)
    start = time.process_time()
    timeline = read(paths, ReadOptions())
    read_s = time.process_time() - start
    found = analyse(timeline)
    spent = time.process_time() - start
    recovery, baseline = found.recovery, found.baseline
    return {
        "scenario": scenario,
        "product": product,
        "megabytes": round(paths[0].stat().st_size / 1e6, 1),
        "rows": sum(item.rows_used for item in timeline.inputs),
        "refused": sum(item.rows_refused for item in timeline.inputs),
        "tier": found.coverage.tier.value,
        "days": found.coverage.days,
        "nights": found.coverage.nights,
        "state": found.verdict.state.value,
        "confidence": found.verdict.confidence,
        "scale": recovery.scale,
        "rises": recovery.n,
        "half_time_s": _level(recovery.half_time_s),
        "settling_min": _level(recovery.settling_min),
        "speed_pct": _percent(recovery.trend),
        "measure": baseline.measure,
        "night_bpm": _night(baseline.levels),
        "baseline_p": None if baseline.trend is None else baseline.trend.p_value,
        "baseline_sd": _percent(baseline.trend, percent=False),
        "read_s": round(read_s, 1),
        "cpu_s": round(spent, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _level(found: Any) -> Any:
    """Value and interval, or the code of what is missing."""
    if hasattr(found, "code"):
        return found.code
    return [round(float(getattr(found, name)), 2) for name in ("value", "low", "high")]


def _night(levels: Any) -> Any:
    """The level of the night: by our own measure, else by the vendor's; its name with it."""
    for name in ("night_hr_bpm", "vendor_night_hr_bpm", "vendor_resting_hr_bpm"):
        if name in levels:
            return [name, *_level(levels[name].value)]
    return None


def _percent(trend: Any, *, percent: bool = True) -> Any:
    """Total change over the window with its interval."""
    if trend is None:
        return None
    total = trend.percent() if percent else trend.total
    return None if total is None else _level(total)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """One table a person, the truth above it."""
    head = ["product", "ZIP, MB", "rows used", "refused", "kind", "days", "nights", "says",
            "rises", "half-time, s", "settling, min", "change, %", "night, bpm", "baseline, SD (p)",
            "read s", "all s", "MB", "why it differs"]  # fmt: skip
    lines = [
        f"# The same life as the ZIP of every vendor, version {__version__}",
        "",
        "Made by `python -m tests.benchmarks.vendor_zips`. Each ZIP is read with the person's",
        "tags.csv and ratings.csv. Intervals are 95 %; change is that of recovery over the window",
        "(of single rises where they can be timed, else of days until back); night is the level",
        "of the last weeks, by our own measure or by the vendor's; CPU seconds and peak memory of",
        "one process on a loaded machine.",
    ]
    for scenario in dict.fromkeys(row["scenario"] for row in rows):
        mine = [row for row in rows if row["scenario"] == scenario]
        told = mine[0]["truth"]
        lines += [
            "",
            f"## {scenario}",
            "",
            f"Put in: {told['rises']:.0f} visible rises without a technique, median half-time "
            f"{told['half_time_s']:.0f} s ({told['half_time_of_high_s']:.0f} s of those above "
            f"{HIGH_BPM:.0f} bpm: rises that are found are the higher ones, and those last "
            f"longer), {told['change_pct']:+.0f} % from the first to the last third; mean "
            f"heart rate asleep {told['asleep_bpm']:.1f} bpm in the last 28 days (its "
            f"lowest half hour, which the level means, lies some 3 bpm lower); resting level "
            f"{told['base_change_bpm']:+.1f} bpm from the first to the last 60 days.",
            "",
            "| " + " | ".join(head) + " |",
            "|" + " --- |" * len(head),
        ]
        lines += ["| " + " | ".join(_cells(row)) + " |" for row in mine]
    return "\n".join(lines) + "\n"


def _cells(row: dict[str, Any]) -> list[str]:
    says = row["state"] + (f", {row['confidence']}" if row["confidence"] else "")
    night = row["night_bpm"]
    shown = "" if night is None else _shown(night[1:], 1)
    if night is not None and night[0] != "night_hr_bpm":
        shown += " (vendor's)"
    p = row["baseline_p"]
    arousal = _shown(row["baseline_sd"], 2) + ("" if p is None else f", p {p:.3f}")
    change = _shown(row["speed_pct"], 0) + (" (days)" if row["scale"] == "days" else "")
    figures = (row["days"], row["nights"], says, row["rises"])
    cost = (row["read_s"], row["cpu_s"], row["peak_mb"])
    return [row["product"], str(row["megabytes"]), f"{row['rows']:,}", f"{row['refused']:,}",
            row["tier"], *map(str, figures), _shown(row["half_time_s"], 0),
            _shown(row["settling_min"], 1), change, shown,
            arousal, *map(str, cost), NOTES[row["product"]]]  # fmt: skip


def _shown(found: Any, digits: int) -> str:
    """Value (low to high)."""
    if not isinstance(found, list):
        return "-"
    value, low, high = (f"{x:.{digits}f}" for x in found)
    return f"{value} ({low} to {high})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=180)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--half-time", type=float, default=120.0)
    parser.add_argument("--scenarios", nargs="*", default=list(SCENARIOS))
    parser.add_argument("--products", nargs="*", default=list(NOTES))
    parser.add_argument("--folder", type=Path, help="Where the exports are, or are written to.")
    parser.add_argument("--log", type=Path, help="Rows of earlier runs, and where new ones go.")
    asked = parser.parse_args()
    rows = []
    if asked.log is not None and asked.log.exists():
        rows = [json.loads(line) for line in asked.log.read_text().splitlines()]
    done = {(row["scenario"], row["product"]) for row in rows}
    with tempfile.TemporaryDirectory() as made:
        base = asked.folder or Path(made)
        for scenario in asked.scenarios:
            wanted = [each for each in asked.products if (scenario, each) not in done]
            folder = base / scenario
            if wanted and not folder.exists():
                from hrv import simulate

                simulate.write(scenario, folder, asked.days, asked.seed, asked.half_time, wanted)
            for product in wanted:
                with multiprocessing.get_context("spawn").Pool(1) as pool:  # its own peak memory
                    row = pool.apply(one, ((scenario, product, str(folder)),))
                rows.append({**row, "truth": truth(folder)})
                print(json.dumps(rows[-1]), flush=True)
                if asked.log is not None:
                    with asked.log.open("a", encoding="utf-8") as log:
                        log.write(json.dumps(rows[-1]) + "\n")
    order = list(NOTES)
    rows.sort(key=lambda row: (SCENARIOS.index(row["scenario"]), order.index(row["product"])))
    (RESULTS / "vendor_zips.md").write_text(table(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
