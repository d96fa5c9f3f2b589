"""Who claims every public header line, and what becomes of it in other shapes.

    python -m tests.benchmarks.detection ../shared/data

Each of the header lines of `csv/headers.tsv` must be claimed by its own format alone. Rewritten,
it must get the same answer (format and table) or none. Dates as a spreadsheet shows them need
rows: there the samples of all formats are read, and nothing may lie at another time. Writes
`results/detection.md`.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from tests.ingest.headers import (
    DATES,
    HEADER_SHAPES,
    Header,
    agrees,
    answer,
    headers,
    reading,
    redated,
    rewritten,
)
from tests.ingest.samples import all_samples

OUT = Path(__file__).with_name("results") / "detection.md"


def outcomes(every: list[Header], how: str) -> tuple[Counter[str], list[str]]:
    """How many shapes get the same answer, none, or a wrong one; and the wrong ones."""
    count: Counter[str] = Counter()
    wrong = []
    for header in every:
        true = answer(header.name, header.text.encode() + b"\n")
        for name, head in rewritten(header, how):
            found = answer(name, head)
            kind = "same" if found == true else "wrong" if found else "unknown"
            count[kind] += 1
            if kind == "wrong":
                wrong.append(f"{header.id} ({how}): {sorted(found)}, not {sorted(true)}")
    return count, wrong


def dates(folder: Path) -> tuple[Counter[str], list[str]]:
    """The same for samples whose dates were rewritten by a spreadsheet."""
    count: Counter[str] = Counter()
    wrong = []
    for sample in all_samples():
        if sample.path.suffix not in {".csv", ".txt"} or not sample.rows_used:
            continue
        true = reading(sample, sample.path)
        for form in DATES:
            text = redated(sample, form)
            if text is None or true is None:
                continue
            path = folder / sample.path.name
            path.write_text(text, encoding="utf-8")
            found = reading(sample, path)
            if found is None:
                count["unknown"] += 1
            elif {r.source.format for r in found} == {sample.format} and agrees(found, true):
                count["same"] += 1
            else:
                count["wrong"] += 1
                wrong.append(f"{sample.file} ({form})")
    return count, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path)
    every = headers(parser.parse_args().shared / "csv" / "headers.tsv")
    alone = [
        header for header in every
        if {name for name, _ in answer(header.name, header.text.encode() + b"\n")}
        == {header.format}
    ]  # fmt: skip
    lines = ["# Detection", "",
             f"{len(alone)} of {len(every)} public header lines are claimed by their own format "
             "and no other: `python -m tests.benchmarks.detection ../shared/data`. Rewritten "
             "(shuffled in 5 orders; each optional column dropped in turn):", "",
             "| shape | cases | same answer | unknown or refused | wrong |",
             "|---|---:|---:|---:|---:|"]  # fmt: skip
    every_wrong = []
    with tempfile.TemporaryDirectory() as folder:
        found = [(how, *outcomes(every, how)) for how in HEADER_SHAPES]
        found.append(("dates of a spreadsheet (samples, 3 forms)", *dates(Path(folder))))
    for how, count, wrong in found:
        every_wrong += wrong
        cells = " | ".join(str(count[kind]) for kind in ("same", "unknown", "wrong"))
        lines.append(f"| {how} | {count.total()} | {cells} |")
    lines += ["", *(f"- {text}" for text in every_wrong), ""]
    OUT.write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
