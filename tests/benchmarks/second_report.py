"""Seconds of a report after one more month of data, from what the earlier one kept and anew.

    python -m tests.benchmarks.second_report --days 150

A simulated watch's export is imported and reported; then the export of the same person, grown by
30 days, is imported, and reported with what was kept, and with nothing kept. Then a tag is added,
and the same is asked once more. Records are compared byte by byte.
Writes `results/second_report.md`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import date
from pathlib import Path

from hrv import ingest, pipeline, simulate
from hrv.model import ReadOptions, Span, SpanKind
from hrv.report.record import dumps
from hrv.settings import Settings
from hrv.store import ReducedDays, Store, open_store

OUT = Path(__file__).with_name("results") / "second_report.md"
GROWN_DAYS = 30
PERSON = "ada"
NOW_S = 4e9


def imported(store: Store, export: Path) -> tuple[float, int, int]:
    """CPU seconds, rows added, days added."""
    begun = time.process_time()
    read = ingest.read([export], ReadOptions(now_s=NOW_S), Settings().ingest)
    found = store.add(read, person=PERSON, name=export.name)
    return time.process_time() - begun, found.rows_added, found.days_added


def reported(store: Store, kept: ReducedDays | None) -> tuple[float, str]:
    """CPU seconds of opening the person and analysing, and the record."""
    question = pipeline.Question(self_test=True, as_of=date(2027, 1, 1))
    begun = time.process_time()
    analysis = pipeline.analyse(store.timeline(PERSON), question=question, kept=kept)
    return time.process_time() - begun, dumps(analysis)


def line(name: str, store: Store) -> str:
    """One row of the table: with what was kept, and anew."""
    with store.reduced(PERSON) as kept:
        spared_s, spared = reported(store, kept)
    fresh_s, fresh = reported(store, None)
    same = "yes" if spared == fresh else "NO"
    said = "yes" if kept.fits_found else "no"
    return (f"| {name} | {kept.found} of {kept.found + kept.made} | {said} | {spared_s:.1f} |"
            f" {fresh_s:.1f} | {same} |")  # fmt: skip


def main() -> None:
    ask = argparse.ArgumentParser()
    ask.add_argument("--days", type=int, default=150)
    given = ask.parse_args()
    with tempfile.TemporaryDirectory() as base, open_store(Path(base) / "store") as store:
        exports = [Path(base) / name for name in ("first", "grown")]
        for export, days in zip(exports, (given.days, given.days + GROWN_DAYS), strict=True):
            simulate.write("unchanged", export, days=days, seed=4, products=("fit",))
        imports = [imported(store, exports[0])]
        rows = [line("first report", store)]
        imports += [imported(store, exports[1]), imported(store, exports[1])]
        rows.append(line(f"{GROWN_DAYS} days more", store))
        rows.append(line("the same again", store))
        noon_s = store.timeline(PERSON).utc_days[-10] * 86_400.0 + 43_200.0
        tag = Span(kind=SpanKind.EVENT, start_s=noon_s, end_s=noon_s + 900, label="call",
                   origin="person")  # fmt: skip
        store.set_spans(PERSON, [tag])
        rows.append(line("an event tagged", store))
    names = ("first import", "grown export", "the same export again")
    told = [f"| {name} | {s:.1f} | {added} | {days} |"
            for name, (s, added, days) in zip(names, imports, strict=True)]  # fmt: skip
    text = "\n".join([
        "# A second report", "",
        f"`python -m tests.benchmarks.second_report --days {given.days}`; a simulated watch,",
        "heart rate every minute, CPU seconds, self-test included, nothing drawn. A month more",
        "changes the expected heart rate of every day, and with it every rise: days are reused",
        "then, recoveries are computed anew. They are reused where the samples stayed the same.",
        "",
        "| import | s | rows added | days added |", "|---|---|---|---|", *told, "",
        "| report | days reused | recoveries reused | s, with what was kept | s, anew"
        " | same bytes |", "|---|---|---|---|---|---|", *rows, "",
    ])  # fmt: skip
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
