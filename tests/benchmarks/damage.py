"""What damaged exports come to: read, refused, uncaught, too slow; and whether the rows add up.

    python -m tests.benchmarks.damage ../shared/data --cases 20000

Every input is made from the seed and its number alone (`tests.ingest.damage`) and read in a
worker through `hrv.ingest.read`, then joined into a timeline whose days are all opened. A worker
that spends 10 s of CPU, or a minute of wall time, on one input is killed and the run goes on with
the next. Rows are counted apart from the readers (`tests.ingest.row_counts`). Writes
`results/damage.md`.
"""

from __future__ import annotations

import argparse
import json
import platform
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

from hrv.errors import HrvError
from hrv.ingest import plan, read
from hrv.ingest.archive import Archives
from hrv.model import Recording
from hrv.settings import IngestSettings
from hrv.timeline import build
from tests.ingest.damage import Case, case
from tests.ingest.row_counts import row_counts

OUT = Path(__file__).with_name("results") / "damage.md"
FULL = 20_000
LIMIT_CPU_S, LIMIT_WALL_S = 10, 60
WHOLE, PART, UNCAUGHT, SLOW = "read whole", "read in part", "uncaught", "over 10 s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one damaged input came to."""

    number: int
    group: str
    damage: str
    result: str  # read whole, read in part, the name of the error, uncaught
    used: int = 0
    refused: int = 0
    set_aside: int = 0  # rows of tables and copies that are recognised and not read
    counted: bool = False  # whether the rows of every file that was read could be counted apart
    adds_up: bool = True
    cpu_s: float = 0.0
    told: str = ""


def tried(wanted: Case, folder: Path) -> Outcome:
    """Reads one damaged input as a person would give it."""
    path = folder / wanted.name
    path.write_bytes(wanted.data)
    begun = time.process_time()
    told = ""
    recordings: list[Recording] = []
    try:
        recordings = list(read([path], wanted.options, IngestSettings()))
        for block in build(recordings).blocks():
            del block
        refused = any(r.rows_refused or r.source.format == "unknown" for r in recordings)
        result = PART if refused else WHOLE
    except HrvError as error:
        result = type(error).__name__
    except Exception:  # what this run is there to find
        result, told = UNCAUGHT, traceback.format_exc()
    spent = time.process_time() - begun
    counts = _accounts(wanted, path, recordings) if recordings and not told else (0, True, "")
    path.unlink()
    return Outcome(
        number=wanted.number, group=wanted.group, damage=wanted.damage, result=result,
        used=sum(r.rows_used for r in recordings),
        refused=sum(r.rows_refused for r in recordings),
        set_aside=counts[0], counted=bool(recordings), adds_up=counts[1], cpu_s=spent,
        told=told or counts[2],
    )  # fmt: skip


def _accounts(wanted: Case, path: Path, recordings: list[Recording]) -> tuple[int, bool, str]:
    """Rows set aside, and whether rows in = used + refused in every file that was read."""
    found = {r.source.name: r for r in recordings if r.source.format != "unknown"}
    aside, wrong = 0, []
    with Archives() as archives:
        for decision in plan.plan(archives, [path], wanted.options):
            name = decision.member.name if isinstance(decision, plan.Decision) else ""
            if not isinstance(decision, plan.Decision) or name not in found:
                continue
            recording = found[name]
            try:
                counts = row_counts(decision)
            except HrvError:  # refused in the middle, and said so
                continue
            said = recording.rows_used + recording.rows_refused
            if not said and recording.notes:
                aside += max(counts, default=0)
            elif counts and said not in counts:
                wrong.append(f"{recording.source.name} ({decision.format}): {said} of {counts}")
    return aside, not wrong, "; ".join(wrong)


def worker(seed: int, first: int, last: int, shared: Path | None) -> None:
    """Outcomes as lines of JSON; the default action of both timers ends the process."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(first, last):
            wanted = case(seed, number, shared)
            print(json.dumps({"begun": number, "group": wanted.group}), flush=True)
            signal.setitimer(signal.ITIMER_PROF, LIMIT_CPU_S)
            signal.setitimer(signal.ITIMER_REAL, LIMIT_WALL_S)
            outcome = tried(wanted, Path(folder))
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
            print(json.dumps(asdict(outcome)), flush=True)


def run(seed: int, first: int, cases: int, shared: Path | None) -> Iterator[Outcome]:
    """Every outcome; a killed worker is replaced and its input counted as too slow."""
    while first < cases:
        command = [sys.executable, "-m", "tests.benchmarks.damage", str(shared or ""), "--worker",
                   str(first), "--cases", str(cases), "--seed", str(seed)]  # fmt: skip
        begun, group = first, "?"
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            for line in child.stdout or ():
                said = json.loads(line)
                if "begun" in said:
                    begun, group = said["begun"], said["group"]
                else:
                    yield Outcome(**said)
        if child.returncode == 0:
            return
        killed = child.returncode in (-signal.SIGPROF, -signal.SIGALRM)
        yield Outcome(
            number=begun,
            group=group,
            damage="",
            result=SLOW if killed else UNCAUGHT,
            told=f"the worker ended: {child.returncode}",
        )
        first = begun + 1


def table(outcomes: list[Outcome], seed: int) -> str:
    """The outcomes by group and by kind of damage."""
    refusals = sorted(
        {o.result for o in outcomes} - {WHOLE, PART, UNCAUGHT, SLOW},
        key=lambda name: -sum(o.result == name for o in outcomes),
    )
    kinds = [WHOLE, PART, *refusals, UNCAUGHT, SLOW]
    lines = [
        "# Damaged inputs",
        "",
        f"{len(outcomes):,} inputs, seed {seed}, Python {platform.python_version()}: "
        "`python -m tests.benchmarks.damage ../shared/data`. Each is one file or archive with bit "
        "flips, noise, lost stretches, cuts, blocks, lines or columns moved, odd cells, another "
        "encoding, or as a spreadsheet saves it; 15 % have a second damage, 8 % lie in a ZIP or "
        "gzip. `fit` holds every message we know and small real files. Read through "
        "`hrv.ingest.read` and joined into a timeline. An input is read in part when rows or "
        "files of it were refused with a reason.",
        "",
        f"- uncaught exceptions: {sum(o.result == UNCAUGHT for o in outcomes)}",
        f"- over {LIMIT_CPU_S} s of CPU: {sum(o.result == SLOW for o in outcomes)} "
        f"(slowest {max(o.cpu_s for o in outcomes):.1f} s, "
        f"median {sorted(o.cpu_s for o in outcomes)[len(outcomes) // 2] * 1000:.0f} ms)",
        f"- rows in = used + refused + set aside, in all that were read: "
        f"{sum(o.counted and o.adds_up for o in outcomes):,} of "
        f"{sum(o.counted for o in outcomes):,}",
        f"- rows: {sum(o.used for o in outcomes):,} used, "
        f"{sum(o.refused for o in outcomes):,} refused, "
        f"{sum(o.set_aside for o in outcomes):,} in tables that are recognised and not read",
        f"- {sum(o.cpu_s for o in outcomes):.0f} s of CPU in reading",
        "",
    ]
    for title in ("group", "damage"):
        names = sorted({_first(o, title) for o in outcomes})
        lines += [f"| {title} | inputs | {' | '.join(kinds)} | rows add up |",
                  "|---|" + "---:|" * (len(kinds) + 2)]  # fmt: skip
        for name in names:
            mine = [o for o in outcomes if _first(o, title) == name]
            count = Counter(o.result for o in mine)
            cells = " | ".join(str(count[kind]) for kind in kinds)
            seen = [o for o in mine if o.counted]
            right = f"{sum(o.adds_up for o in seen)} of {len(seen)}"
            lines.append(f"| {name} | {len(mine)} | {cells} | {right} |")
        lines.append("")
    return "\n".join(lines)


def _first(outcome: Outcome, title: str) -> str:
    """The format or archive, or the first damage."""
    return str(getattr(outcome, title)).split(",")[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", nargs="?", default="")
    parser.add_argument("--cases", type=int, default=FULL)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worker", type=int)
    parser.add_argument("--log", type=Path, help="outcomes are kept here, and a run goes on there")
    asked = parser.parse_args()
    shared = Path(asked.shared) if asked.shared else None
    if asked.worker is not None:
        worker(asked.seed, asked.worker, asked.cases, shared)
        return
    outcomes = kept(asked.log)
    with asked.log.open("a") if asked.log else nullcontext() as log:
        for outcome in run(asked.seed, len(outcomes), asked.cases, shared):
            outcomes.append(outcome)
            if log:
                print(json.dumps(asdict(outcome)), file=log, flush=True)
            if outcome.result in (UNCAUGHT, SLOW) or not outcome.adds_up:
                print(f"{outcome.number} {outcome.group} ({outcome.damage}): {outcome.result}\n"
                      f"{outcome.told}", flush=True)  # fmt: skip
    print(table(outcomes, asked.seed))
    if len(outcomes) >= FULL:
        OUT.write_text(table(outcomes, asked.seed) + "\n")


def kept(log: Path | None) -> list[Outcome]:
    """The outcomes of a run that was broken off, in order from the first."""
    if log is None or not log.exists():
        return []
    found = [Outcome(**json.loads(line)) for line in log.read_text().splitlines()]
    return [outcome for number, outcome in enumerate(found) if outcome.number == number]


if __name__ == "__main__":
    main()
