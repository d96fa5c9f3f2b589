"""One analysis in one process: `python -m hrv.web.worker FOLDER`.

Reads `job.json` in the folder and the upload two floors above, writes the report beside it and
`outcome.json` last. Exit code 0 means that an outcome was written.
"""

from __future__ import annotations

import contextlib
import csv
import os
import shutil
import sys
import threading
import time
import traceback
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hrv.errors import HrvError
from hrv.web import names
from hrv.web.keep import Upload, read_json, write_json
from hrv.web.words import group

if TYPE_CHECKING:
    from hrv.ingest import Identity
    from hrv.model import Analysis, ReadOptions

# Where each stage begins and ends on the way from 0 to 1.
STAGES: Mapping[str, tuple[float, float]] = {
    "start": (0.0, 0.02),
    "recognising": (0.02, 0.2),
    "reading files": (0.2, 0.4),
    "reading days": (0.4, 0.6),
    "finding episodes": (0.6, 0.7),
    "judging": (0.7, 0.76),
    "summing up": (0.76, 0.8),
    "writing the report": (0.8, 0.99),
}
FORMATS = ("html", "json", "pdf", "png")
SHOWN_FILES = 300


def main(folder: Path) -> int:
    job = read_json(folder / "job.json")
    threading.Thread(target=_end_with_the_page, daemon=True).start()
    _bound(job["limits"])
    try:
        outcome = _analysed(folder, job)
    except HrvError as error:
        outcome = {"state": "failed", "code": "refused", "what": error.what,
                   "where": error.where, "way_out": error.way_out}  # fmt: skip
    except MemoryError:
        outcome = {"state": "failed", "code": "memory"}
    except Exception as error:
        outcome = {"state": "failed", "code": "crashed", "at": _place(error)}
    finally:
        shutil.rmtree(folder / "view", ignore_errors=True)
    write_json(folder / "outcome.json", outcome)
    return 0


def _end_with_the_page() -> None:
    """Standard input ends when the page is gone; then nobody waits for this work."""
    with contextlib.suppress(OSError):
        while os.read(0, 1):
            pass
    os._exit(3)


def _bound(limits: Mapping[str, Any]) -> None:
    """Memory, processor time and core files, where the system can bound them."""
    try:
        import resource
    except ImportError:
        return
    seconds = int(limits["wall_s"]) + 1
    for what, most in (
        (resource.RLIMIT_AS, int(limits["memory_bytes"])),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def _place(error: BaseException) -> str:
    """Kind of error and line of our code: no message, which could hold a value."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if f"{os.sep}hrv{os.sep}" in frame.filename]
    last = (ours or frames)[-1]
    return f"{type(error).__name__}, {Path(last.filename).name} line {last.lineno}"


# --------------------------------------------------------------------------- the way through


def _analysed(folder: Path, job: Mapping[str, Any]) -> dict[str, Any]:
    from hrv import ingest, pipeline

    told = _progress(folder)
    told("start", None)
    upload = Upload(folder.parents[1].name, folder.parents[1])
    asked = upload.request
    paths = view(upload, folder / "view")
    options = _options(asked)
    told("recognising", None)
    found = ingest.identify(paths, options)
    write_json(folder / "files.json", described(found))
    timeline = pipeline.read(paths, options, on_progress=told)
    question = pipeline.Question(
        since=_date(asked.get("since")),
        until=_date(asked.get("until")),
        change_date=_date(asked.get("change_date")),
        change_label=str(asked.get("change_label") or ""),
        self_test=True,
        as_of=_date(asked.get("as_of")),
    )
    analysis = pipeline.analyse(timeline, question=question, on_progress=told)
    told("writing the report", None)
    pipeline.render(analysis, folder, formats=FORMATS)
    _pack(folder / "figures", folder / "figures.zip")
    write_json(folder / "answer.json", answer(analysis))
    del job
    return {"state": "done", "added": _mark(upload)}


def _mark(upload: Upload) -> list[str]:
    """Which tags and ratings this report has seen."""
    return [row["id"] for rows in upload.added.values() for row in rows]


def _progress(folder: Path) -> Callable[[str, float | None], None]:
    last: list[Any] = [0.0, ""]

    def told(stage: str, share: float | None) -> None:
        now = time.monotonic()
        if stage == last[1] and now - last[0] < 0.25:
            return
        last[:] = [now, stage]
        low, high = STAGES.get(stage, (0.5, 0.5))
        done = low + (high - low) * (share or 0.0)
        write_json(folder / "progress.json", {"stage": stage, "share": round(done, 3)})

    return told


def _options(asked: Mapping[str, Any]) -> ReadOptions:
    from hrv.model import ReadOptions

    return ReadOptions(
        tz=asked.get("tz") or None,
        start=asked.get("start") or None,
        year=asked.get("year") or None,
        person=asked.get("person") or None,
        now_s=time.time(),
    )


def _date(text: Any) -> date | None:
    return date.fromisoformat(text) if text else None


def view(upload: Upload, folder: Path) -> list[Path]:
    """The uploaded files under names that formats can look at, linked, not copied."""
    folder.mkdir(mode=0o700)
    listed = upload.facts["files"]
    paths = names.unlike([names.safe(row["name"]) for row in listed])
    for row, path in zip(listed, paths, strict=True):
        target = folder / "files" / path
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        source = upload.folder / "files" / str(row["id"])
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)
    tops = sorted({path.parts[0] for path in paths})
    return [*(folder / "files" / top for top in tops), *_added(upload, folder / "page")]


def _added(upload: Upload, folder: Path) -> list[Path]:
    """Tags and ratings written on the page, as the files that a person could have written."""
    written = []
    folder.mkdir(mode=0o700)
    for kind, columns in (
        ("tags", ("start", "end", "kind", "label", "intensity")),
        ("ratings", ("date", "scale", "value")),
    ):
        rows = upload.added.get(kind, [])
        if rows:
            path = folder / f"{kind}.csv"
            _write_rows(path, columns, rows)
            written.append(path)
    return written


def _write_rows(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows([row.get(name, "") for name in columns] for row in rows)


# --------------------------------------------------------------------------- what the page shows


def described(found: Sequence[Identity]) -> dict[str, Any]:
    """Each file as recognised or why not, like ones together, and the coverage of all."""
    groups: dict[tuple[str, ...], dict[str, Any]] = {}
    coverage: dict[str, dict[str, Any]] = {}
    for item in found:
        parent = item.file.rpartition("/")[0]
        key = (parent, item.format, item.title) if item.format else ("", item.file)
        row = groups.setdefault(
            key,
            {
                "name": names.shown(item.file), "known": False,
                "title": item.title, "why": item.why, "count": 0, "streams": [], "first": None,
                "last": None, "used": 0, "refused": 0, "notes": [],
            },
        )  # fmt: skip
        row["count"] += 1
        row["known"] = row["known"] or item.rows_used > 0
        row["used"] += item.rows_used
        row["refused"] += item.rows_refused
        row["streams"] = sorted({*row["streams"], *map(group, item.streams)})
        row["notes"] = [*row["notes"], *item.refusals, *item.notes][:6]
        _widen(row, item)
        for stream in item.days:
            line = coverage.setdefault(group(stream), {"first": None, "last": None})
            _widen(line, item)
    files = sorted(groups.values(), key=lambda row: row["known"])
    return {
        "files": files[:SHOWN_FILES],
        "more": max(0, len(files) - SHOWN_FILES),
        "coverage": [{"stream": name, **line} for name, line in sorted(coverage.items())],
    }


def _widen(row: dict[str, Any], item: Identity) -> None:
    if item.first_s is None or item.last_s is None:
        return
    first, last = _day(item.first_s), _day(item.last_s)
    row["first"] = min(filter(None, (row["first"], first)))
    row["last"] = max(filter(None, (row["last"], last)))


def _day(t_s: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(t_s))


def answer(analysis: Analysis) -> dict[str, Any]:
    """The first screen of the report for the page: headline, three lines, what would settle it."""
    from hrv.report import wording
    from hrv.report.text import Words

    words = Words()
    heads = (words.say(f"ui.{name}") for name in ("recovery", "baseline", "together"))
    seen = analysis.coverage
    return {
        "headline": wording.headline(words, analysis),
        "sure": wording.how_sure(words, analysis),
        "lines": [
            {"name": head, "text": " ".join(line.first), "more": " ".join(line.more),
             "state": words.say(f"state.{line.state}") if line.state else ""}
            for head, line in zip(heads, wording.lines(words, analysis), strict=True)
        ],
        "needs": wording.needs(words, analysis),
        "coverage": {**asdict(seen), "tier": seen.tier.value},
        "tier": words.say(f"tier.{seen.tier.value}"),
        "window": analysis.window and [_day(86_400.0 * day) for day in analysis.window],
    }  # fmt: skip


def _pack(folder: Path, target: Path) -> None:
    """All figures as one download; the same figures give the same bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.glob("*.png")):
            archive.writestr(zipfile.ZipInfo(path.name), path.read_bytes())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
