"""One analysis in one process: `python -m hrv.web.worker FOLDER`.

Reads `job.json` in the folder and the upload two floors above, writes the report beside it and
`outcome.json` last. Exit code 0 means that an outcome was written.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import os
import shutil
import sys
import threading
import time
import traceback
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hrv.errors import HrvError
from hrv.web import names
from hrv.web.keep import Upload, read_json, write_json
from hrv.web.questions import moments
from hrv.web.words import group

if TYPE_CHECKING:
    from hrv.ingest import Identity
    from hrv.model import Analysis, LocalClock, ReadOptions, Span, Timeline
    from hrv.store import Store

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
Told = Callable[[str, float | None], None]
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
    seen = sorted(upload.entries())
    paths = view(upload, folder / "view")
    options = _options(asked)
    told("recognising", None)
    if paths:
        write_json(folder / "files.json", described(ingest.identify(paths, options)))
    kept = str(asked.get("keep_person") or "")
    imported: dict[str, Any] | None = None
    with ExitStack() as closing:
        if kept:
            store = closing.enter_context(_store(job))
            imported = _import(store, kept, upload, paths, options, told)
            _enter(store, kept, upload)
            timeline = store.timeline(kept)
        else:
            timeline = pipeline.read(paths, options, on_progress=told)
        analysis = _answered(timeline, asked, told, folder)
        if kept:
            record = (folder / "report.json").read_text(encoding="utf-8")
            store.save_analysis(kept, _hash(analysis), record)
    write_json(folder / "answer.json", answer(analysis))
    write_json(folder / "moments.json", moments(analysis))
    return {"state": "done", "added": seen, "imported": imported}


def _answered(timeline: Timeline, asked: Mapping[str, Any], told: Told, folder: Path) -> Analysis:
    """The analysis, with its report written into the folder."""
    from hrv import pipeline

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
    return analysis


def _store(job: Mapping[str, Any]) -> Store:
    from hrv.store import open_store

    return open_store(Path(job["store"]) if job["store"] else None)


def _import(
    store: Store,
    person: str,
    upload: Upload,
    paths: Sequence[Path],
    options: ReadOptions,
    told: Told,
) -> dict[str, Any] | None:
    """Keep what is new of the files, then let go of the files themselves."""
    from hrv import ingest
    from hrv.settings import Settings

    listed = upload.facts["files"]
    if not listed or not (upload.folder / "files").is_dir():
        return None

    def on_progress(name: str, done: int, total: int) -> None:
        del name
        told("reading files", done / total if total else None)

    found = store.add(
        ingest.read(paths, options, Settings().ingest, on_progress=on_progress),
        person=person,
        name=", ".join(names.shown(row["name"]) for row in listed[:3]),
    )
    shutil.rmtree(upload.folder / "files")
    return {"days_given": found.days_given, "days_added": found.days_added,
            "files_new": found.files_new, "files_known": found.files_known}  # fmt: skip


def _enter(store: Store, person: str, upload: Upload) -> None:
    """Tags and ratings written on a person's page take the place of the earlier ones."""
    from hrv.model import Rating, as_day

    if not upload.person:
        return
    added, clock = upload.added, store.timeline(person).clock
    store.set_spans(person, [span_of(row, clock) for row in added["tags"]])
    store.set_ratings(
        person,
        [
            Rating(as_day(date.fromisoformat(row["date"])), row["scale"], row["value"])
            for row in added["ratings"]
        ],
    )


def span_of(row: Mapping[str, Any], clock: LocalClock) -> Span:
    """A tag written in local time; a date alone covers the whole day."""
    from hrv.model import DAY_S, Span, SpanKind

    def instant(text: str, days_later: float = 0.0) -> float:
        local = datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() + days_later * DAY_S
        near = local - float(clock.offset_at(local))
        return local - float(clock.offset_at(near))

    all_day = "T" not in row["start"]
    last = row["end"] or row["start"]
    return Span(
        kind=SpanKind(row["kind"]),
        start_s=instant(row["start"]),
        end_s=instant(last, 1.0 if all_day else 0.0),
        label=row["label"],
        intensity=None if row["intensity"] == "" else float(row["intensity"]),
        all_day=all_day,
        origin="person",
    )


def _hash(analysis: Analysis) -> str:
    said = json.dumps(dict(analysis.settings), sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def _progress(folder: Path) -> Told:
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
    listed = upload.facts["files"] if (upload.folder / "files").is_dir() else []
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
    entered = _added(upload, folder / "page")
    return [*(folder / "files" / top for top in tops), *(() if upload.person else entered)]


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
