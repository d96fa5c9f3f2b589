"""One analysis in one process: `python -m hrv.web.worker FOLDER`.

Reads `job.json` in the folder and the upload two floors above, writes the report beside it and
`outcome.json` last. Asked for figures, it draws those of the analysis one floor above. Exit code 0
means that an outcome was written.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import re
import shutil
import sys
import threading
import time
import traceback
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hrv.asking import moments
from hrv.errors import HrvError
from hrv.web import names
from hrv.web.forms import of_a_person
from hrv.web.keep import ANALYSIS, FIGURES, Upload, read_json, write_json
from hrv.web.words import group

if TYPE_CHECKING:
    from hrv.holdings import Found, Holding
    from hrv.ingest import Identity
    from hrv.model import Analysis, LocalClock, ReadOptions, Span
    from hrv.pipeline import Question
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
_COMMANDS = re.compile(r"(?<![^.\n]) *[^.\n]*(?:'hrv [a-z]+'|--map)[^.\n]*\.?")
FORMATS = ("html", "json", "pdf")  # figures of their own are drawn when they are asked for
SHOWN_FILES, MOST_MARKS = 300, 2000
OWN = "upload"  # whose name recordings have in the upload's own store
_HOW_READ = ("tz", "start", "year", "person")


def main(folder: Path) -> int:
    job = read_json(folder / "job.json")
    threading.Thread(target=_end_with_the_page, daemon=True).start()
    _bound(job["limits"])
    try:
        outcome = (_drawn if job.get("figures") else _analysed)(folder, job)
    except HrvError as error:
        outcome = {"state": "failed", "code": "refused", "what": _on_the_page(error.what),
                   "where": error.where, "way_out": _on_the_page(error.way_out)}  # fmt: skip
    except MemoryError:
        outcome = {"state": "failed", "code": "memory"}
    except Exception as error:
        outcome = {"state": "failed", "code": "crashed", "at": _place(error)}
    finally:
        shutil.rmtree(folder / "view", ignore_errors=True)
    write_json(folder / "outcome.json", outcome)
    return 0


def _on_the_page(told: str) -> str:
    """Without the sentences that name a command of the terminal; the page has links instead."""
    return _COMMANDS.sub("", told).strip()


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
    from hrv import pipeline
    from hrv.store import open_store

    told = _progress(folder)
    told("start", None)
    upload = Upload(folder.parents[1].name, folder.parents[1])
    asked = upload.request
    seen = sorted(upload.entries())
    kept = str(asked.get("keep_person") or "")
    usual = Path(job["store"]) if job["store"] else None
    _let_go_if_read_otherwise(upload)
    with open_store(usual if kept else upload.folder / "store") as store:
        imported = _import(store, kept or OWN, upload, folder, told)
        if upload.person or not kept:
            _enter(store, kept or OWN, upload)
        timeline = store.timeline(kept or OWN)
        with store.reduced(kept or OWN) as spared:
            analysis = pipeline.analyse(
                timeline, question=_question(asked), on_progress=told, kept=spared
            )
        language = str(asked.get("language") or "en")
        told("writing the report", None)
        written = pipeline.render(analysis, folder, formats=FORMATS, language=language)
        with (folder / ANALYSIS).open("wb") as stream:
            pickle.dump((language, analysis), stream)
        if kept:
            pipeline.keep(store, kept, analysis, language=language, pdf=written["pdf"])
    write_json(folder / "answer.json", answer(analysis, language))
    write_json(folder / "moments.json", moments(analysis))
    write_json(folder / "marks.json", marks(analysis, upload))
    return {"state": "done", "added": seen, "imported": imported}


def _drawn(folder: Path, job: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a report that is there, from the analysis that a worker kept beside it."""
    from hrv import pipeline

    del job
    with (folder.parent / ANALYSIS).open("rb") as stream:
        language, analysis = pickle.load(stream)
    written = pipeline.render(analysis, folder, formats=("png",), language=language)
    _pack(written["png"], folder / FIGURES)
    return {"state": "done"}


def _let_go_if_read_otherwise(upload: Upload) -> None:
    """What was read for another person, or in another zone, is not joined with what comes now."""
    before = read_json(upload.folder / "understood.json") or {}
    if before.get("reading") != _reading(upload.request):
        shutil.rmtree(upload.folder / "store", ignore_errors=True)


def _question(asked: Mapping[str, Any]) -> Question:
    from hrv import pipeline

    return pipeline.Question(
        since=_date(asked.get("since")),
        until=_date(asked.get("until")),
        change_date=_date(asked.get("change_date")),
        change_label=str(asked.get("change_label") or ""),
        self_test=True,
        as_of=_date(asked.get("as_of")),
    )


def _import(
    store: Store, person: str, upload: Upload, folder: Path, told: Told
) -> dict[str, Any] | None:
    """Read the files into the store, unless it holds them already, read in the same way.

    Files for a person's history are let go of once they are in it.
    """
    from hrv import holdings, ingest
    from hrv.settings import Settings

    before = read_json(upload.folder / "understood.json") or {}
    files, reading = before.get("files"), _reading(upload.request)
    there = (upload.folder / "files").is_dir() and bool(upload.facts["files"])
    if not there or (before.get("reading") == reading and person in store.codes()):
        if files:
            write_json(folder / "files.json", files)
        return None
    paths, options = view(upload, folder / "view"), _options(upload.request)
    told("recognising", None)
    files = described(holdings.look(paths, options))
    write_json(folder / "files.json", files)

    def on_progress(name: str, done: int, total: int) -> None:
        del name
        told("reading files", done / total if total else None)

    found = store.add(
        ingest.read(paths, options, Settings().ingest, on_progress=on_progress),
        person=person,
        name=", ".join(names.shown(row["name"]) for row in upload.facts["files"][:3]),
    )
    write_json(upload.folder / "understood.json", {"reading": reading, "files": files})
    if person == OWN:
        return None
    if not store.answers(person).get("settings"):
        store.set_answer(person, "settings", of_a_person(upload.request))
    shutil.rmtree(upload.folder / "files")
    return {"days_given": found.days_given, "days_added": found.days_added,
            "files_new": found.files_new, "files_known": found.files_known}  # fmt: skip


def _reading(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What decides how files are read, and the version that reads them."""
    from hrv import __version__

    return {"version": __version__, **{name: asked.get(name) or "" for name in _HOW_READ}}


def _enter(store: Store, person: str, upload: Upload) -> None:
    """What was written on the page takes the place of what was written there before."""
    from hrv.model import Rating, as_day
    from hrv.store import answers

    added, clock = upload.added, store.timeline(person).clock
    told = {key: row for one in added["questions"] for key, row in one.items() if key != "id"}
    spans = [span_of(row, clock) for row in added["tags"]]
    store.set_spans(person, [*spans, *answers.spans(told, clock)])
    store.set_answer(person, "questions", told)
    store.set_ratings(
        person,
        [
            Rating(as_day(date.fromisoformat(row["date"])), row["scale"], row["value"])
            for row in added["ratings"]
        ],
    )


def marks(analysis: Analysis, upload: Upload) -> list[dict[str, Any]]:
    """Tags that came with files, as the page draws them: local start and end, kind, label."""
    clock = analysis.clock
    own = {(s.kind, s.start_s) for s in (span_of(row, clock) for row in upload.added["tags"])}
    return [
        {"start": _local(clock, span.start_s), "end": _local(clock, span.end_s),
         "kind": span.kind.value, "label": span.label}
        for span in analysis.spans
        if span.origin != "device" and (span.kind, span.start_s) not in own
    ][:MOST_MARKS]  # fmt: skip


def _local(clock: LocalClock, t_s: float) -> str:
    return datetime.fromtimestamp(float(clock.local_s(t_s)), UTC).strftime("%Y-%m-%dT%H:%M:%S")


def span_of(row: Mapping[str, Any], clock: LocalClock) -> Span:
    """A tag written in local time; a date alone covers the whole day."""
    from hrv.model import DAY_S, Span, SpanKind
    from hrv.store.answers import utc_s

    def instant(text: str, days_later: float = 0.0) -> float:
        local = datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
        return utc_s(local + days_later * DAY_S, clock)

    all_day = "T" not in row["start"]
    last = row["end"] or row["start"]
    return Span(
        kind=SpanKind(row["kind"]),
        start_s=instant(row["start"]),
        end_s=instant(last, 1.0 if all_day else 0.0),
        label=row["label"] or row["kind"],
        intensity=None if row["intensity"] == "" else float(row["intensity"]),
        all_day=all_day,
        origin="person",
    )


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
    return [folder / "files" / top for top in sorted({path.parts[0] for path in paths})]


# --------------------------------------------------------------------------- what the page shows


def described(found: Found) -> dict[str, Any]:
    """Each file as recognised or why not, like ones together; what all hold and what it allows."""
    groups: dict[tuple[str, ...], dict[str, Any]] = {}
    for item in found.files:
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
    files = sorted(groups.values(), key=lambda row: row["known"])
    return {
        "files": files[:SHOWN_FILES],
        "more": max(0, len(files) - SHOWN_FILES),
        "holdings": [_held(one) for one in (*found.sources, found.together)],
        "tier": f"tier.{found.together.tier.value}",
        "markers": [asdict(marker) for marker in found.together.markers],
    }


def _held(one: Holding) -> dict[str, Any]:
    """The line of a source; the one without a name is all of them together."""
    first, last = (
        None if day is None else _day(86_400.0 * day) for day in (one.first_day, one.last_day)
    )
    return {"source": one.source, "first": first, "last": last, "days": one.days, **one.by}


def _widen(row: dict[str, Any], item: Identity) -> None:
    if item.first_s is None or item.last_s is None:
        return
    first, last = _day(item.first_s), _day(item.last_s)
    row["first"] = min(filter(None, (row["first"], first)))
    row["last"] = max(filter(None, (row["last"], last)))


def _day(t_s: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(t_s))


def answer(analysis: Analysis, language: str = "en") -> dict[str, Any]:
    """The first screen of the report for the page: headline, three lines, what would settle it."""
    from hrv.report import wording
    from hrv.report.text import Words

    words = Words(language)
    heads = (words.say(f"ui.{name}") for name in ("recovery", "baseline", "together"))
    seen = analysis.coverage
    return {
        "language": language,
        "headline": wording.headline(words, analysis),
        "sure": [*wording.how_sure(words, analysis), *wording.what_now(words, analysis)],
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
