"""Exports to `Recording`s: files, folders and ZIPs of any vendor.

`read` gives one recording per file, skipped and refused ones included; `identify` explains what
each file is; `formats` lists what can be read.
"""

from __future__ import annotations

import csv
import hashlib
import io
import logging
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hrv.errors import HrvError, InputError, MalformedFileError, NothingUsableError, SettingsError
from hrv.ingest.specs import Format, formats
from hrv.model import LocalClock, Note, ReadOptions, Recording, Source, SpanKind

if TYPE_CHECKING:
    from hrv.ingest.archive import Member
    from hrv.ingest.exports import Export
    from hrv.ingest.plan import Decision, Failure
    from hrv.settings import IngestSettings

__all__ = ["Format", "Identity", "OnProgress", "formats", "identified", "identify", "read"]

log = logging.getLogger(__name__)

OnProgress = Callable[[str, int, int], None]  # file, bytes done, bytes in all
FOREIGN = (ValueError, LookupError, ArithmeticError, OSError, EOFError, struct.error, csv.Error,
           zlib.error, MemoryError, RecursionError)  # fmt: skip
SHOWN_FAILURES = 60
CACHED_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a file is, why, and what it holds."""

    file: str
    format: str | None
    title: str
    why: str
    score: float = 0.0
    streams: tuple[str, ...] = ()
    first_s: float | None = None
    last_s: float | None = None
    days: dict[str, frozenset[int]] = field(default_factory=dict)  # local days, by stream
    rows_used: int = 0
    rows_refused: int = 0
    refusals: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read(
    paths: Sequence[str | Path],
    options: ReadOptions,
    settings: IngestSettings,
    on_progress: OnProgress | None = None,
) -> Iterator[Recording]:
    """A recording per file; files that cannot be used give one without rows and a note.

    Raises NothingUsableError when no file gave a row (a single file's own error when it was the
    only one), SettingsError for a request that cannot work, and AmbiguousInputError at once when
    a table holds several people.
    """
    useful = False
    failures: list[Failure] = []
    seen: list[Recording] = []
    for decision, result in _results(paths, options, settings, on_progress):
        if isinstance(result, Recording):
            useful = useful or result.rows_used > 0
            if result.rows_used == 0:
                seen.append(result)
            yield result
        else:
            failures.append(result)
        del decision
    if not useful:
        raise _nothing(failures, seen)
    yield from _failed(failures)


def identify(
    paths: Sequence[str | Path], options: ReadOptions, settings: IngestSettings | None = None
) -> list[Identity]:
    """What each file is and why, with what it holds; nothing is analysed."""
    return [found for found, _ in identified(paths, options, settings)]


def identified(
    paths: Sequence[str | Path], options: ReadOptions, settings: IngestSettings | None = None
) -> Iterator[tuple[Identity, Recording | None]]:
    """What each file is, with its recording where it could be read."""
    from hrv.settings import IngestSettings as Defaults

    known = {item.id: item.title for item in formats()}
    clocks: dict[str, LocalClock] = {}
    for decision, result in _results(paths, options, settings or Defaults(), None):
        if isinstance(result, Recording):
            name, clock = result.source.format, result.clock
            if clock is not None and clock.known_by != "assumed":
                clocks[name] = clock
            clock = clock or clocks.get(name) or next(iter(clocks.values()), None)
            yield _identity(decision, result, known, clock), result
        else:
            why = result.error.what
            told = Identity(file=result.name, format=None, title="not recognised", why=why)
            yield told, None


def _results(
    paths: Sequence[str | Path],
    options: ReadOptions,
    settings: IngestSettings,
    on_progress: OnProgress | None,
) -> Iterator[tuple[Decision | None, Recording | Failure]]:
    from hrv.ingest.archive import Archives
    from hrv.ingest.exports import Export
    from hrv.ingest.plan import Decision, Failure, plan

    with Archives() as archives:
        decisions: list[Decision] = []
        for item in plan(archives, [Path(path) for path in paths], options):
            if isinstance(item, Decision):
                decisions.append(item)
            else:
                yield None, item
        decisions.sort(key=lambda decision: decision.rank)
        total = sum(decision.member.size for decision in decisions)
        done = 0
        export = Export()
        hashes: dict[str, str] = {}
        people: set[str] = set()
        for decision in decisions:
            member = decision.member
            try:
                recording = _one(decision, hashes, export, options, settings)
                _one_person(people, recording)
                yield decision, recording
            except SettingsError:
                raise
            except InputError as error:
                from hrv.ingest.tables import SeveralPeopleError

                if isinstance(error, SeveralPeopleError):
                    raise
                yield decision, Failure(name=member.name, error=error, given=member.given)
            done += member.size
            if on_progress is not None:
                on_progress(member.base, done, total)


def _one(
    decision: Decision,
    hashes: dict[str, str],
    export: Export,
    options: ReadOptions,
    settings: IngestSettings,
) -> Recording:
    """One member read, trimmed to what the export's better tables left over."""
    member = decision.member
    try:
        sha256, member = _hashed(member)
        source = Source(name=member.name, format=decision.format, sha256=sha256)
        if sha256 in hashes and member.size:
            text = "The same bytes as {other}; read once."
            return Recording(
                source=source, notes=(Note(member.base, text, {"other": hashes[sha256]}),)
            )
        hashes[sha256] = member.base
        recording = _parsed(replace_member(decision, member), source, export, options, settings)
        if recording.source.sha256 != sha256:
            recording = replace(recording, source=replace(recording.source, sha256=sha256))
        return export.take(recording, decision.table.id if decision.table else decision.format)
    except HrvError:
        raise
    except FOREIGN as error:
        log.debug("reading failed", exc_info=True)
        raise MalformedFileError(
            member.base, "content", f"cannot be read as {decision.format} ({type(error).__name__})"
        ) from error


def replace_member(decision: Decision, member: Member) -> Decision:
    """The same decision for a member held in memory."""
    return replace(decision, member=member)


def _parsed(
    decision: Decision,
    source: Source,
    export: Export,
    options: ReadOptions,
    settings: IngestSettings,
) -> Recording:
    from hrv.ingest.grid import grids
    from hrv.ingest.hooks import HOOKS
    from hrv.ingest.tables import read_table, wanted

    if decision.reader is not None:
        near = export.near(decision.format)
        return decision.reader.read(decision.member, source, options, settings, near)
    table, shape = decision.table, decision.shape
    if table is None or shape is None:
        raise InputError("no reader", where=decision.member.base)
    if table.ignored:
        note = Note(decision.member.base, "Recognised and not read: {why}.", {"why": table.ignored})
        return Recording(source=source, notes=(note,))
    if table.tz and options.tz is None:
        options = replace(options, tz=table.tz)
    chunks = grids(decision.member, shape, wanted(table))
    if table.hook:
        chunks = (HOOKS[table.hook](grid) for grid in chunks)
    return read_table(table, chunks, source, options, settings, export.near(table.format))


def _hashed(member: Member) -> tuple[str, Member]:
    """SHA-256 of a member, and the member itself, in memory where it is small."""
    from hrv.ingest.archive import Member as Held

    digest = hashlib.sha256()
    kept: list[bytes] | None = []
    size = 0
    with member.open() as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
            if kept is not None:
                kept.append(chunk)
                if size > CACHED_BYTES:
                    kept = None
    if kept is None:
        opener = member.opener
    else:
        data = b"".join(kept)

        def opener() -> io.BytesIO:
            return io.BytesIO(data)

    held = Held(name=member.name, root=member.root, size=size, opener=opener, given=member.given)
    return digest.hexdigest(), held


def _one_person(people: set[str], recording: Recording) -> None:
    """Several files may belong to several people; they are never joined."""
    if recording.source.person and recording.rows_used:
        people.add(recording.source.person)
        if len(people) > 1:
            from hrv.ingest.tables import SeveralPeopleError

            raise SeveralPeopleError(
                recording.source.name.rsplit("/", 1)[-1],
                "the files belong to several people",
                sorted(people),
                "Give the files of one person, or pick one with --person",
            )


def _nothing(failures: Sequence[Failure], seen: Sequence[Recording]) -> InputError:
    if len(failures) == 1 and not seen:
        return failures[0].error
    reasons = [str(failure.error) for failure in failures[:SHOWN_FAILURES]]
    for recording in seen[:SHOWN_FAILURES]:
        base = recording.source.name.rsplit("/", 1)[-1]
        why = [str(note) for note in recording.notes]
        why += [f"{refusal.rows} rows: {refusal.reason}" for refusal in recording.refusals]
        reasons.append(f"{base}: {'; '.join(why) or 'no rows'}")
    return NothingUsableError(reasons or ["there is no file"])


def _failed(failures: Sequence[Failure]) -> Iterator[Recording]:
    """Empty recordings that say why; many of one kind are counted together."""
    by_suffix: Counter[str] = Counter()
    shown = 0
    for failure in failures:
        base = failure.name.rsplit("/", 1)[-1]
        suffix = base.rsplit(".", 1)[-1].lower() if "." in base else "no suffix"
        if not failure.given and (shown >= SHOWN_FAILURES or suffix in QUIET):
            by_suffix[suffix] += 1
            continue
        shown += 1
        note = Note(base, "Not used: {why}.", {"why": failure.error.what})
        yield Recording(source=Source(name=failure.name, format="unknown"), notes=(note,))
    if by_suffix:
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in sorted(by_suffix.items()))
        note = Note("input", "Further files were not used: {kinds}.", {"kinds": kinds})
        yield Recording(source=Source(name="input", format="unknown"), notes=(note,))


QUIET = frozenset({
    "jpg", "jpeg", "png", "gif", "heic", "svg", "pdf", "html", "htm", "md", "css", "js", "mp4",
    "mov", "m4a", "gpx", "tcx", "kml", "vcf", "log", "db-wal", "db-shm", "toml", "py",
})  # fmt: skip


def _identity(
    decision: Decision | None,
    recording: Recording,
    known: dict[str, str],
    clock: LocalClock | None,
) -> Identity:
    """What a file is; its days by its own clock, else by that of the files before it."""
    import numpy as np

    streams: dict[str, set[int]] = {}
    edges: list[float] = []
    names = {
        "rr": "rr",
        "heart_rate": "hr",
        "motion": "motion",
        "stress": "stress",
        "rmssd": "rmssd",
    }
    for attribute, stream in names.items():
        for series in getattr(recording, attribute):
            if not series.t_s.size:
                continue
            edges += [float(series.t_s[0]), float(series.t_s[-1])]
            days = clock.day(series.t_s) if clock else np.floor(series.t_s / 86_400.0)
            found, count = np.unique(days, return_counts=True)
            if days.size > 1:  # the sample that ends the last minute of a day is of that day
                found = found[count > 1]
            streams.setdefault(stream, set()).update(int(day) for day in found)
    for span in recording.spans:
        edges += [span.start_s, span.end_s]
        at = span.end_s if span.kind in (SpanKind.SLEEP, SpanKind.SLEEP_STAGE) else span.start_s
        day = clock.day(at) if clock else at // 86_400.0  # nights belong to the day of waking
        streams.setdefault(span.kind.value, set()).add(int(day))
    for value in recording.day_values:
        edges += [value.day * 86_400.0]
        streams.setdefault(value.quantity.value, set()).add(value.day)
    for rating in recording.ratings:
        edges += [rating.day * 86_400.0]
        streams.setdefault(f"rating {rating.scale}", set()).add(rating.day)
    return Identity(
        file=recording.source.name,
        format=recording.source.format,
        title=known.get(recording.source.format, recording.source.format),
        why=decision.why if decision else "",
        score=decision.score if decision else 0.0,
        streams=tuple(streams),
        first_s=min(edges, default=None),
        last_s=max(edges, default=None),
        days={stream: frozenset(days) for stream, days in streams.items()},
        rows_used=recording.rows_used,
        rows_refused=recording.rows_refused,
        refusals=tuple(
            f"{r.rows} rows: {r.reason}" + (f" (first: {r.first_place})" if r.first_place else "")
            for r in recording.refusals
        ),
        notes=tuple(str(note) for note in recording.notes),
    )
