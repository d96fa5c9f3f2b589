"""Two halves of the same month: how often the before/after section calls them different.

Nobody named a date and nothing is known to have happened: stretches of real people's days and of
simulated people who do not change, each with its middle given as the date of a change.

- real: lifesnaps (one row a day of a wrist watch), fitabase (heart rate every 5-15 s), in
  stretches that do not overlap. Lives go on meanwhile, so a true change may be among them.
- shuffled: the same days in random order; whatever they differ in then is chance.
- simulated: people at the level of days and episodes, with an autocorrelation of .5 and .7.

Run: `python -m tests.benchmarks.quiet_month FOLDER_OF_STUDIES [--people 200] [--write]`
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

import hrv
from hrv import pipeline
from hrv.calibrate.counts import ALPHA, clopper_pearson, count
from hrv.calibrate.people import FIRST_DAY, Person, context
from hrv.calibrate.tables import markdown
from hrv.markers.change import before_after
from hrv.model import Timeline, as_date
from hrv.settings import Settings

RESULTS = Path(__file__).parent / "results"
LENGTHS = (28, 42, 56)
LEAST_SHARE = 0.9  # of the days of a stretch that have a row at all
CALLED = ("improving", "worsening")
PRIMARIES = ("baseline_arousal", "recovery_speed")


@dataclass(slots=True)
class Tally:
    """What the sections of one kind of people said."""

    stretches: int = 0
    alone: dict[str, list[bool]] = field(default_factory=dict)  # p at most 5 %, by primary
    primaries: list[bool] = field(default_factory=list)  # either called changed, after Holm
    anything: list[bool] = field(default_factory=list)  # any row called changed

    def add(self, change: Mapping[str, Any] | None) -> None:
        self.stretches += 1
        rows = [] if change is None else change["markers"]
        answered = {row["id"]: row for row in rows if row["state"] != "unknown"}
        for name in PRIMARIES:
            if name in answered:
                self.alone.setdefault(name, []).append(answered[name]["p_value"] <= ALPHA)
        called = {name for name, row in answered.items() if row["state"] in CALLED}
        if any(name in answered for name in PRIMARIES):
            self.primaries.append(not called.isdisjoint(PRIMARIES))
        if answered:
            self.anything.append(bool(called))


# --------------------------------------------------------------------------- real people


def section(timeline: Timeline, first: int, days: int) -> Mapping[str, Any] | None:
    """The before/after section of a report of so many days with its middle as the date."""
    asked = pipeline.Question(
        since=as_date(first),
        until=as_date(first + days - 1),
        change_date=as_date(first + days // 2),
    )
    return pipeline.analyse(timeline, question=asked).change


def stretches(known: Iterable[int], days: int) -> Iterator[int]:
    """First days of stretches that do not overlap and have most of their days."""
    seen = sorted(set(known))
    first = seen[0] if seen else 0
    while seen and first + days - 1 <= seen[-1]:
        held = sum(first <= d < first + days for d in seen)
        if held >= LEAST_SHARE * days:
            yield first
            first += days
        else:
            first += 1


def watches(folder: Path) -> Iterator[Timeline]:
    """Everybody of lifesnaps, read as their export is."""
    table = folder / "lifesnaps_daily" / "daily.csv"
    with table.open(encoding="utf-8") as file:
        people = sorted({row["id"] for row in csv.DictReader(file)})
    for who in people:
        yield hrv.read([table], hrv.ReadOptions(person=who))


def streams(folder: Path) -> Iterator[Timeline]:
    """Both people of fitabase."""
    for path in sorted((folder / "fitabase_hr").glob("heartrate_*.csv.gz")):
        yield hrv.read([path], hrv.ReadOptions(tz="UTC"))


def shuffled(timeline: Timeline, first: int, days: int, seed: int) -> Timeline:
    """The same with the days of a stretch in random order."""
    rng = np.random.default_rng([seed, first])
    order = dict(enumerate(rng.permutation(days).tolist()))
    values = [
        replace(v, day=first + order[v.day - first])
        for v in timeline.day_values
        if first <= v.day < first + days
    ]
    return replace(timeline, day_values=tuple(sorted(values, key=lambda v: (v.day, v.quantity))))


def real(folder: Path, days: int) -> dict[str, Tally]:
    found = {name: Tally() for name in ("lifesnaps", "lifesnaps, shuffled", "fitabase")}
    for k, timeline in enumerate(watches(folder)):
        for first in stretches((v.day for v in timeline.day_values), days):
            found["lifesnaps"].add(section(timeline, first, days))
            mixed = shuffled(timeline, first, days, k)
            found["lifesnaps, shuffled"].add(section(mixed, first, days))
    for timeline in streams(folder):
        for first in stretches(timeline.utc_days, days):
            found["fitabase"].add(section(timeline, first, days))
    return found


# --------------------------------------------------------------------------- simulated people


def simulated(person: Person, days: int, people: int, seed: int = 6) -> Tally:
    """People without a change, at the level of days and episodes; no night is lost, so that
    14 days on each side are there."""
    whole = replace(person, night_missing=0.0, day_missing=0.0)
    found = Tally()
    for k in range(people):
        rng = np.random.default_rng([seed, days, round(10 * person.phi), k])
        found.add(before_after(context(whole, days, rng, change_day=FIRST_DAY + days // 2)))
    return found


# --------------------------------------------------------------------------- the table


def row(kind: str, days: int, found: Tally) -> list[str]:
    cells = [kind, str(days), str(found.stretches)]
    columns = [found.alone.get(name, []) for name in PRIMARIES]
    for said in (*columns, found.primaries, found.anything):
        if not said:
            cells.append("no answer")
            continue
        counted = count(said)
        low, high = clopper_pearson(counted)
        cells.append(f"{counted['yes']} of {counted['of']} [{low:.3f}, {high:.3f}]")
    return cells


def page(rows: Iterable[list[str]]) -> str:
    head = ["people", "days", "stretches", "resting level, p <= .05", "half-time, p <= .05"]
    head += ["either primary called changed", "anything called changed"]
    return "\n".join(
        [
            f"# Two halves of the same quiet time, version {hrv.__version__}",
            "",
            f"Seed {Settings().seed}. How often a report with the middle day given as the date of",
            "a change finds a difference, of those with an answer, with 95 % Clopper-Pearson",
            "intervals. Nominal: 5 % for each primary alone and for either after Holm, at most",
            "10 % for anything (the others by Benjamini-Hochberg beside them). An answer needs",
            "14 measured days and 12 rises on each side.",
            "",
            markdown(head, rows),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    rows = []
    for days in LENGTHS:
        for kind, found in real(given.folder, days).items():
            rows.append(row(kind, days, found))
            print(*rows[-1], sep=" | ", flush=True)
        for phi in (0.5, 0.7):
            found = simulated(Person(phi=phi), days, given.people)
            rows.append(row(f"simulated, autocorrelation {phi:g}", days, found))
            print(*rows[-1], sep=" | ", flush=True)
    if given.write:
        (RESULTS / "quiet_month.md").write_text(page(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
