"""Beats beside the foreign libraries: speed and memory, artefacts undone, values on real series.

Build their environment first (`make oracles`), then
`python -m tests.benchmarks.beats speed|artefacts|libraries FOLDER_OF_RECORDINGS`.
Tables go to `results/beats_*.md`. All runs of a table are made one after the other on one machine.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from hrv import clean, table
from hrv.metrics import BY_NAME, METRICS
from hrv.metrics.spectrum import lomb, welch
from hrv.metrics.windows import sliding
from hrv.model import BeatLabel, FloatArray, IntArray, NNSeries, RRSeries
from hrv.settings import CleanSettings
from tests.artefacts import KINDS, Case, clean_segments, injected, labelled, ours, score
from tests.benchmarks.beats_foreign import timed
from tests.hearts import column, untouched

HERE = Path(__file__).parent
FOREIGN = HERE.parents[1] / ".venv-oracles" / "bin" / "python"
RESULTS = HERE / "results"
SIZES = (350, 10_000, 100_000)
RECORDS = ("mitdb100_30min", "nsr004_24h")
TIME = tuple(m for m in METRICS if m.group == "time")
DAY = (*TIME, *(BY_NAME[n] for n in ("vlf_welch", "lf_welch", "hf_welch", "lf_hf_welch")),
       BY_NAME["dfa_alpha1"], BY_NAME["sample_entropy"])  # fmt: skip
# item: the libraries it is compared with, and the sizes they are given
RUNS: dict[str, tuple[tuple[str, tuple[int, ...]], ...]] = {
    "artefacts": (("neurokit2", SIZES),),
    "artefacts, one pass": (("neurokit2", SIZES),),
    "artefacts, detection": (("systole", SIZES),),
    "time domain": (("neurokit2", SIZES), ("systole", SIZES)),
    "Welch": (("neurokit2", SIZES), ("biosppy", SIZES), ("systole", SIZES)),
    "Lomb": (("neurokit2", SIZES[:2]), ("hrv-analysis", SIZES)),
    "DFA alpha 1": (("neurokit2", SIZES), ("nolds", SIZES[:2])),
    "sample entropy": (("neurokit2", SIZES[:2]),),
    "rolling": (("neurokit2", SIZES[1:]), ("hrv-analysis", SIZES[1:])),
    "breathing rate": (("heartpy", SIZES[:2]),),
    "day of windows": (("neurokit2", SIZES[2:]),),
}
GOALS = {
    "artefacts": "100 x NeuroKit2",
    "artefacts, one pass": "20 x NeuroKit2",
    "artefacts, detection": "",
    "time domain": "200 x NeuroKit2",
    "Welch": "3 x NeuroKit2",
    "Lomb": "3 x hrv-analysis",
    "DFA alpha 1": "100 x NeuroKit2",
    "sample entropy": "3 x NeuroKit2 at 10,000",
    "rolling": "500 x NeuroKit2",
    "breathing rate": "10 x HeartPy",
    "day of windows": "15 x NeuroKit2",
}


def foreign(*words: str) -> Any:
    """What the other side prints; None where it fails."""
    done = subprocess.run(
        [FOREIGN, HERE / "beats_foreign.py", *words], capture_output=True, text=True, check=False
    )
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def stamp(versions: dict[str, str]) -> list[str]:
    theirs = ", ".join(f"{name} {number}" for name, number in versions.items())
    return [
        f"Python {platform.python_version()}; ours on numpy {np.__version__},"
        f" scipy {scipy.__version__}.",
        f"Theirs, in an environment of their own: {theirs}.",
        "",
    ]


def lined(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        f"|{' --- |' * len(head)}",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
    ]


# --------------------------------------------------------------------------- speed


def own(item: str, rr: FloatArray) -> Callable[[], object]:
    """Our answer to an item, on beats already read."""
    series = RRSeries(np.cumsum(rr) / 1000.0, rr)
    nn = NNSeries.unbroken(rr)
    cleaned = untouched(nn)
    settings = CleanSettings()

    def day() -> None:
        for start in np.arange(0.0, nn.t_s[-1], 300.0):
            table.measured(nn.between(start, start + 300.0), DAY)

    jobs: dict[str, Callable[[], object]] = {
        "artefacts": lambda: clean.correct(series, settings),
        "artefacts, one pass": lambda: clean.correct(series, settings),
        "artefacts, detection": lambda: clean._detect(  # one look at all beats
            clean._in_blocks(clean._placed(series, settings), settings), settings, optical=False
        ),
        "time domain": lambda: table.measured(NNSeries.unbroken(rr), TIME),  # nothing kept
        "Welch": lambda: welch(nn),
        "Lomb": lambda: lomb(nn),
        "DFA alpha 1": lambda: BY_NAME["dfa_alpha1"].value(nn),
        "sample entropy": lambda: BY_NAME["sample_entropy"].formula(nn),
        "rolling": lambda: sliding(cleaned, 300.0, 300.0),
        "breathing rate": lambda: BY_NAME["respiration"].value(nn),
        "day of windows": day,
    }
    return jobs[item]


def measure_own(file: str) -> list[dict[str, float]]:
    """Our side of `beats_foreign.speed`: every job in one process, after a small run of each."""
    done = []
    for item, beats in json.loads(Path(file).read_text()):
        rr = np.load(beats)
        own(item, rr[:350])()
        done.append(timed(own(item, rr)))
    return done


def speed(folder: Path) -> list[str]:
    """CPU seconds (best of a few runs) and megabytes added at the largest size."""
    rr = column(folder / "rr" / "nsr004_24h.csv", "rr_ms")
    rows = []
    with tempfile.TemporaryDirectory() as room:
        files = {n: str(Path(room) / f"{n}.npy") for n in SIZES}
        for n, file in files.items():
            np.save(file, np.resize(rr, n))
        jobs: dict[str, list[tuple[str, int]]] = {"ours": []}
        for item, given in RUNS.items():
            jobs["ours"] += [(item, n) for n in sorted({n for _, sizes in given for n in sizes})]
            for library, sizes in given:
                jobs.setdefault(library, []).extend((item, n) for n in sizes)
        found: dict[str, dict[str, dict[int, Any]]] = {}
        for library, wanted in jobs.items():
            list_file = Path(room) / "jobs.json"
            list_file.write_text(json.dumps([(item, files[n]) for item, n in wanted]))
            answers = (
                subprocess_own(str(list_file))
                if library == "ours"
                else foreign("speed", library, str(list_file)) or [None] * len(wanted)
            )
            for (item, n), answer in zip(wanted, answers, strict=True):
                found.setdefault(library, {}).setdefault(item, {})[n] = answer
        for item, given in RUNS.items():
            mine = found["ours"][item]
            rows.append(speed_row(item, "ours", mine, {}))
            rows += [speed_row(item, lib, found[lib][item], mine) for lib, _ in given]
    head = ("item", "by", *(f"{n:,} beats, s" for n in SIZES), "MB added", "ours is faster by",
            "goal")  # fmt: skip
    return ["# Speed and memory on beats", "",
            "CPU seconds, the best of a few runs after imports; the beats are record nsr004,",
            "repeated to the size. Rolling: 5-min windows one after the other. Day of windows:",
            "time domain, Welch, DFA alpha 1, sample entropy of each 5-min window. Our artefact",
            "run is never a single pass: it looks at all beats once, then again round every repair",
            "until nothing is found. NeuroKit2 does so by default, and not in its one pass, so",
            "that row understates ours. Detection alone is what Systole's `rr_artefacts` does.", "",
            *lined(head, rows)]  # fmt: skip


def subprocess_own(jobs: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.beats", "own", jobs],
        capture_output=True, text=True, check=True, cwd=HERE.parents[1],
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def speed_row(item: str, by: str, found: dict[int, Any], mine: dict[int, Any]) -> list[str]:
    largest = max(n for n, value in found.items() if value) if any(found.values()) else 0
    ratios = [f"{found[n]['cpu_s'] / mine[n]['cpu_s']:.3g}" for n in SIZES if mine and found.get(n)]
    return [
        item,
        by,
        *(f"{found[n]['cpu_s']:.4f}" if found.get(n) else "-" for n in SIZES),
        f"{found[largest]['more_mb']:.0f}" if largest else "-",
        " / ".join(ratios) or "-",
        GOALS[item] if by == "ours" else "",
    ]


# --------------------------------------------------------------------------- artefacts


def committed(folder: Path) -> list[Case]:
    names = ("true_rr_ms", "rr_ms", "artefact_beat_ms")
    return [
        Case(c["kind"], c["rate"], *(np.array(c[name]) for name in names))
        for c in json.loads((folder / "rr" / "artefact_cases.json").read_text())
    ]


def fresh(folder: Path) -> list[Case]:
    rng = np.random.default_rng(2026)
    return [
        injected(segment, kind, rate, rng)
        for segment in clean_segments(folder, 8, rng)
        for kind in KINDS
        for rate in ((0.0,) if kind == "clean" else (0.01, 0.05))
    ]


def artefacts(folder: Path) -> list[str]:
    """Found, false flags and RMSSD error, by class and library."""
    lines = [
        "# Artefacts found and undone",
        "",
        "Found: share of artefacts with a flag within one interval. False: flags per 1,000 beats",
        "elsewhere. Error: RMSSD after correction / true RMSSD - 1, absolute, percent: median",
        "(95th percentile). The paper (Lipponen & Tarvainen 2019) gives: missed and extra 100 %,",
        "ectopic 96.96 %, specificity 99.94 %, errors under 2 %, of small misalignments under 8 %.",
        "NeuroKit2 by default repeats and then names only what its last pass found: no counts.",
        "",
    ]
    sets = {"90 committed cases": committed(folder), "Fresh seed, 8 segments": fresh(folder)}
    marked = {name: labelled(folder / "rr" / f"{name}.csv") for name in RECORDS}
    every = [case.rr_ms for cases in sets.values() for case in cases]
    every += [rr.rr_ms for rr, _ in marked.values()]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump([rr.tolist() for rr in every], file)
        file.flush()
        answered = foreign("correct", file.name) or {}
    first = 0
    for title, cases in sets.items():
        theirs = {library: found[first:] for library, found in answered.items()}
        first += len(cases)
        rows = []
        for kind, rate in dict.fromkeys((case.kind, case.rate) for case in cases):
            group = [i for i, case in enumerate(cases) if (case.kind, case.rate) == (kind, rate)]
            found = {"ours": [ours(cases[i], CleanSettings())[0] for i in group]}
            for library, answers in theirs.items():
                found[library] = [
                    score(cases[i], flags_of(cases[i], answers[i]["flags"]), answers[i]["rmssd"])
                    for i in group
                ]
            for library, scores in found.items():
                errors = [s.rmssd_error for s in scores]
                rows.append([
                    f"{kind} {100 * rate:g} %" if rate else kind,
                    library,
                    *(("-", "-") if library == "NeuroKit2" else (
                        f"{100 * np.mean([s.found for s in scores]):.1f} %",
                        f"{np.mean([s.false_per_1000 for s in scores]):.2f}",
                    )),
                    f"{np.median(errors):.1f} ({np.percentile(errors, 95):.1f})",
                ])  # fmt: skip
        lines += [f"## {title}", "", *lined(("class", "by", "found", "false", "error %"), rows)]
    theirs = {library: found[first:] for library, found in answered.items()}
    return [*lines, "## Records with labelled beats", "", *records(marked, theirs)]


def flags_of(case: Case, marks: list[int]) -> Any:
    flagged = np.zeros(case.rr_ms.size, dtype=bool)
    flagged[[i for i in marks if i < flagged.size]] = True
    return flagged


def records(marked: dict[str, tuple[RRSeries, IntArray]], theirs: dict[str, Any]) -> list[str]:
    """Ectopic beats found and specificity over all other beats, on annotated records."""
    rows = []
    for place, (name, (rr, beats)) in enumerate(marked.items()):
        case = Case("labelled", 0.0, rr.rr_ms, rr.rr_ms, np.empty(0))
        flagged = {"ours": clean.correct(rr, CleanSettings()).label != BeatLabel.NORMAL}
        flagged |= {
            library: flags_of(case, found[place]["flags"])
            for library, found in theirs.items()
            if found[place] is not None and library != "NeuroKit2"
        }
        near = np.zeros(rr.rr_ms.size, dtype=bool)
        for i in beats.tolist():
            near[i - 1 : i + 3] = True
        for library, flags in flagged.items():
            hits = sum(bool(flags[i - 1 : i + 3].any()) for i in beats.tolist())
            rows.append([name, library, f"{hits} of {beats.size}",
                         f"{100 * (1 - np.mean(flags[~near])):.3f} %"])  # fmt: skip
    return lined(("record", "by", "ectopic found", "specificity"), rows)


# --------------------------------------------------------------------------- values

WHY = {
    "lf": "theirs is power / (2 mean RR in s): the scale of a Lomb density is 2 T / N (Laguna"
    " 1998); the sine series of tests/standards/test_analytic_series.py settles it",
    "hf": "as LF",
    "lf_hf": "band edges: theirs integrates by trapezoid within each band, which drops the half"
             " steps at the edges; frequency grid of the library's own",
    "lf_welch": "resampling (hrv-analysis: linear), segment length (64 to 256 s) and trapezoid"
                " without the half steps at the band edges; Task Force (1996) leaves these open",
    "hf_welch": "linear resampling (hrv-analysis) smooths HF away; NeuroKit2 uses other segments",
    "dfa_alpha1": "NeuroKit2: scales 4 to 11 with half-overlapping boxes; Peng et al. (1995):"
                  " 4 to 16, disjoint",
    "sdsd": "n in place of n - 1 (hrv-analysis)",
    "pnn50": "divided by the number of intervals (NeuroKit2) or of differences (ours)",
    "pnn20": "as pNN50",
    "sd1": "from RMSSD in place of the SD of the differences",
    "sd2": "SD along the line for N - 1 points in place of 2 SDNN^2 - SDSD^2 / 2 (Brennan 2001)",
    "sample_entropy": "template bookkeeping",
}  # fmt: skip


def eight(folder: Path) -> Iterator[tuple[str, FloatArray]]:
    """Real series of about five minutes: straps, Holter, clinic, meditation, sleep."""
    rr = folder / "rr"
    yield "pyhrv_short", column(rr / "pyhrv_short_5min.csv", "rr_ms")
    yield "hrv_rest", column(rr / "hrv_rest_15min.csv", "rr_ms")
    day = column(rr / "nsr004_24h.csv", "rr_ms")
    yield "nsr004", day[np.cumsum(day) <= 300_000]
    vu, t = (column(rr / "wearables_p37" / "vu.csv", n) for n in ("rr_ms", "local_time_s"))
    yield "p37_vu", vu[(t >= 50_960) & (t < 51_260)]
    for name in ("C1med", "M2", "N2", "Y2pre"):
        beats = column(folder / "studies" / "meditation_rr" / "rr" / f"{name}.csv", "rr_ms")
        yield name, beats[30:][np.cumsum(beats[30:]) <= 300_000]


def libraries(folder: Path) -> list[str]:
    """Metric by library on eight series: largest difference, and why."""
    series = dict(eight(folder))
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({name: rr.tolist() for name, rr in series.items()}, file)
        file.flush()
        theirs = foreign("values", file.name)
    if theirs is None:
        raise SystemExit("the foreign environment does not answer: build it with 'make oracles'")
    worst: dict[tuple[str, str], list[float]] = {}
    for name, rr in series.items():
        mine = table.measured(NNSeries.unbroken(rr), [BY_NAME[m] for m in theirs[name]])
        for metric, row in theirs[name].items():
            value = mine[metric]
            for library, other in row.items():
                if isinstance(value, float) and value and np.isfinite(other):
                    worst.setdefault((metric, library), []).append(100 * (other / value - 1.0))
    rows = []
    for (metric, library), found in worst.items():
        largest = max(found, key=abs)
        small = abs(largest) <= 1.0
        rows.append([metric, library, str(len(found)), f"{np.median(found):+.3g}",
                     f"{largest:+.3g}",
                     "" if small else WHY.get(metric, "not explained")])  # fmt: skip
    head = ("metric", "library", "series", "median %", "largest %", "why, where over 1 %")
    names = ", ".join(f"{name} ({rr.size})" for name, rr in series.items())
    return ["# Metric by library on eight real series", "", f"Series (intervals): {names}.",
            "Differences are theirs over ours minus one, percent.", "",
            *lined(head, rows)]  # fmt: skip


def main(task: str, *rest: str) -> None:
    if task == "own":
        print("\n" + json.dumps(measure_own(*rest)))
        return
    lines = {"speed": speed, "artefacts": artefacts, "libraries": libraries}[task](Path(rest[0]))
    lines += stamp(foreign("versions") or {})
    text = "\n".join(lines)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"beats_{task}.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
