"""The store: several people's recordings in one SQLite file."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from hrv import __version__, timeline
from hrv.errors import SettingsError, StoreError
from hrv.model import (
    DAY_S,
    InputSummary,
    MotionKind,
    Rating,
    Recording,
    Series,
    Source,
    Span,
    Timeline,
)
from hrv.store import answers, blocks, facts, schema
from hrv.store.nouns import (
    Check,
    Forgotten,
    Imported,
    PersonSummary,
    SavedAnalysis,
    Upload,
)
from hrv.store.reduced import ReducedDays, Row, Shelf
from hrv.timeline import Chunk, Cut, Packed, Stream

FILE = "history.sqlite3"
_WAIT_S = 60.0  # for another process that writes
_WIPE_WAIT_S = 5.0  # for another process that still reads what was deleted
_HELD_BYTES = 32 << 20  # collected before the writing begins
_CODE = re.compile(r"[^\W_][\w .@+-]{0,63}")
_OWN = "entered on the page"


def open_store(path: Path | None = None, *, create: bool = True) -> Store:
    """The store in the folder `path`, else in that of HRV_STORE, else in the user's data folder.

    Raises StoreError if it cannot be opened, or is not there and may not be made.
    """
    folder = path or _usual_folder()
    file = folder / FILE
    if not create and not file.exists():
        raise StoreError(
            "there is no store yet", where=str(folder), way_out="Begin with: hrv import INPUT"
        )
    try:
        _make_private(folder, file)
        db = sqlite3.connect(file, timeout=_WAIT_S, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"cannot be opened ({error})", where=str(folder)) from error
    try:
        _prepare(db)
    except sqlite3.Error as error:
        db.close()
        way_out = "If it was not made by hrv, choose another folder; if it was, use a backup"
        raise StoreError(f"cannot be read ({error})", where=str(file), way_out=way_out) from error
    except StoreError:
        db.close()
        raise
    return Store(db, file)


def there_is_one(path: Path | None = None) -> bool:
    """Whether `open_store` would find a store that was made before."""
    return ((path or _usual_folder()) / FILE).exists()


def _usual_folder() -> Path:
    told = os.environ.get("HRV_STORE")
    if told:
        return Path(told)
    from platformdirs import user_data_dir

    return Path(user_data_dir("hrv-recovery", appauthor=False))


def _make_private(folder: Path, file: Path) -> None:
    """A folder of ours opens to its owner alone; a foreign folder is left as it is."""
    if not folder.exists():
        folder.mkdir(parents=True, mode=0o700)
    elif file.exists() or not any(folder.iterdir()):
        folder.chmod(0o700)
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))


def _prepare(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA secure_delete = ON")
    if db.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        way_out = "Choose a folder on a local disk"
        raise StoreError("this disk cannot hold a write-ahead log", way_out=way_out)
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA temp_store = MEMORY")
    known = schema.number(db)
    ours = db.execute("PRAGMA application_id").fetchone()[0] == schema.APPLICATION
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and not ours:
        raise StoreError("another program's database", way_out="Choose another folder")
    if known > schema.SCHEMA:
        what = f"the store was written by a newer version (schema {known})"
        raise StoreError(what, way_out="Update hrv-recovery")
    schema.upgrade(db)
    db.execute("PRAGMA foreign_keys = ON")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Read:
    """One recording, encoded."""

    content: str
    reading: str
    source: Source
    facts: bytes
    blocks: tuple[blocks.Block, ...]
    days: frozenset[int]
    rows: int


class Store:
    """Recordings, entries and analyses of several people.

    Use it in the thread that opened it, and close it (or use `with`): a timeline reads from it
    for as long as it is used. Raises StoreError where the file cannot be read or written.
    """

    def __init__(self, db: sqlite3.Connection, file: Path) -> None:
        self._db, self.file = db, file

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    # ----------------------------------------------------------------------- in

    def add(
        self,
        recordings: Iterable[Recording],
        *,
        person: str,
        name: str,
        now_s: float | None = None,
    ) -> Imported:
        """Keep what is new of the recordings; all of it is durable on return, or none.

        A file is known by its bytes. One that was read differently before (another time zone,
        a newer reader) is replaced. Raises what reading the recordings raises.
        """
        code = checked_code(person)
        counts: Counter[str] = Counter()
        given: set[int] = set()
        seen: Counter[str] = Counter()
        waiting: list[_Read] = []
        size = 0
        before = len(self._days(code))
        with self._maybe_writing() as begin:
            upload: int | None = None
            for recording in recordings:
                found = _encode(recording, seen)
                given |= found.days
                waiting.append(found)
                size += sum(len(block.plain) for block in found.blocks)
                if size > _HELD_BYTES:
                    begin()
                    upload = upload or self._new_upload(code, name, now_s)
                    self._keep(code, upload, waiting, counts)
                    waiting, size = [], 0
            begin()
            upload = upload or self._new_upload(code, name, now_s)
            self._keep(code, upload, waiting, counts)
            if counts["new"] + counts["changed"] == 0:
                self._db.execute("DELETE FROM upload WHERE id = ?", (upload,))
                self._drop_empty_people()
                upload = None
            else:
                self._sweep()
                self._db.execute(
                    "UPDATE upload SET counts = ? WHERE id = ?", (json.dumps(counts), upload)
                )
        return Imported(
            upload=upload,
            person=code,
            files_new=counts["new"],
            files_known=counts["known"],
            files_changed=counts["changed"],
            blocks_added=counts["blocks"],
            blocks_known=counts["blocks_known"],
            rows_added=counts["rows"],
            days_before=before,
            days_after=len(self._days(code)),
            days_given=len(given),
        )

    def _new_upload(self, code: str, name: str, now_s: float | None) -> int:
        now = time.time() if now_s is None else now_s
        person = self._person(code, make=True, now_s=now)
        made = self._db.execute(
            "INSERT INTO upload (person_id, name, at_s, version, counts) VALUES (?, ?, ?, ?, '{}')",
            (person, name, now, __version__),
        )
        return int(made.lastrowid or 0)

    def _keep(self, code: str, upload: int, waiting: Sequence[_Read], counts: Counter[str]) -> None:
        person = self._person(code)
        for found in waiting:
            counts["position"] += 1
            old = self._db.execute(
                "SELECT id, reading FROM source WHERE person_id = ? AND content = ?",
                (person, found.content),
            ).fetchone()
            if old is not None and old[1] == found.reading:
                counts["known"] += 1
                counts["blocks_known"] += len(found.blocks)
                source = int(old[0])
                self._db.execute(
                    "UPDATE source SET name = ? WHERE id = ?", (found.source.name, source)
                )
            else:
                counts["changed" if old else "new"] += 1
                counts["rows"] += 0 if old else found.rows
                source = self._write(person, found, None if old is None else int(old[0]), counts)
            self._db.execute(
                "INSERT INTO held VALUES (?, ?, ?)", (upload, source, counts["position"])
            )

    def _write(self, person: int, found: _Read, source: int | None, counts: Counter[str]) -> int:
        """One source with its blocks, in the place of what was read from the file before."""
        given = found.source
        row = (person, found.content, found.reading, given.name, given.format, given.sha256,
               given.device, given.person, found.facts)  # fmt: skip
        if source is None:
            made = self._db.execute(
                "INSERT INTO source (person_id, content, reading, name, format, sha256, device,"
                " called, facts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            source = int(made.lastrowid or 0)
        else:
            self._db.execute("DELETE FROM part WHERE source_id = ?", (source,))
            self._db.execute("DELETE FROM covered WHERE source_id = ?", (source,))
            self._db.execute(
                "UPDATE source SET person_id = ?, content = ?, reading = ?, name = ?, format = ?,"
                " sha256 = ?, device = ?, called = ?, facts = ? WHERE id = ?",
                (*row, source),
            )
        for position, block in enumerate(found.blocks):
            held = self._block(person, block, counts)
            self._db.execute(
                "INSERT INTO part VALUES (?, ?, ?, ?)", (source, position, block.series, held)
            )
        self._db.executemany(
            "INSERT INTO covered VALUES (?, ?)", [(source, day) for day in sorted(found.days)]
        )
        return source

    def _block(self, person: int, block: blocks.Block, counts: Counter[str]) -> int:
        stream = self._stream(block.stream)
        key = (person, stream, block.utc_day, block.sha256)
        known = self._db.execute(
            "SELECT id FROM block"
            " WHERE person_id = ? AND stream_id = ? AND utc_day = ? AND sha256 = ?",
            key,
        ).fetchone()
        if known is not None:
            counts["blocks_known"] += 1
            return int(known[0])
        counts["blocks"] += 1
        made = self._db.execute(
            "INSERT INTO block (person_id, stream_id, utc_day, sha256, codec, samples, data)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*key, block.codec, block.samples, block.compressed()),
        )
        return int(made.lastrowid or 0)

    def _stream(self, stream: Stream) -> int:
        said = json.dumps(
            [stream.kind, stream.device, stream.optical, stream.motion, stream.vendor]
        )
        self._db.execute("INSERT OR IGNORE INTO stream (said) VALUES (?)", (said,))
        row = self._db.execute("SELECT id FROM stream WHERE said = ?", (said,)).fetchone()
        return int(row[0])

    # ----------------------------------------------------------------------- out

    def timeline(self, person: str, more: Iterable[Recording] = ()) -> Timeline:
        """Everything kept of one person; days are read when they are asked for.

        Equals what `timeline.build` makes of the same recordings, those of `more` last; these
        are not kept.
        """
        with self._reading() as db:
            one = self._person(person)
            streams = self._streams()
            parts: dict[int, list[tuple[int, str, int, int]]] = {}
            for source, block, sha256, stream, day in db.execute(
                "SELECT part.source_id, block_id, sha256, stream_id, utc_day"
                " FROM part JOIN block ON block.id = block_id WHERE person_id = ?"
                " ORDER BY part.source_id, part.position",
                (one,),
            ):
                parts.setdefault(source, []).append((block, sha256, stream, day))
            found = [
                self._packed(source, parts.get(source, []), streams)
                for source in self._sources(one)
            ]
            own = self._own_entries(person)
            whole = timeline.join([*_once(found), *own, *map(timeline.pack, more)], person=person)
            said = self.answers(person).get("questions", {})
            notes = (*whole.notes, *answers.notes(said))
            return replace(whole, notes=notes, answers=frozenset(answers.given(said)))

    def _sources(self, person: int) -> list[int]:
        """Sources in the order of the newest upload that holds them."""
        rows = self._db.execute(
            "SELECT source_id, upload_id, held.position FROM held"
            " JOIN upload ON upload.id = upload_id WHERE person_id = ?",
            (person,),
        )
        newest: dict[int, tuple[int, int]] = {}
        for source, upload, position in rows:
            newest[source] = max(newest.get(source, (0, 0)), (upload, position))
        return sorted(newest, key=newest.__getitem__)

    def _packed(
        self, source: int, parts: list[tuple[int, str, int, int]], streams: Mapping[int, Stream]
    ) -> Packed:
        name, format_id, device, data = self._db.execute(
            "SELECT name, format, device, facts FROM source WHERE id = ?", (source,)
        ).fetchone()
        known = facts.read(data)
        cuts: tuple[Cut, ...] = tuple(
            (day, streams[stream], _Later(self, block, sha256))
            for block, sha256, stream, day in parts
        )
        found = replace(facts.packed(known, name, format_id, device), cuts=cuts)
        return replace(found, whole=partial(self._recording, source)) if known["naive"] else found

    def _streams(self) -> dict[int, Stream]:
        found = {}
        for number, said in self._db.execute("SELECT id, said FROM stream"):
            kind, device, optical, motion, vendor = json.loads(said)
            found[int(number)] = Stream(
                kind=kind,
                device=device,
                optical=optical,
                motion=None if motion is None else MotionKind(motion),
                vendor=vendor,
            )
        return found

    def _recording(self, source: int) -> Recording:
        """A recording as it was read (times to 1/16 ms unless they were local)."""
        with self._reading() as db:
            name, format_id, sha256, device, called, data = db.execute(
                "SELECT name, format, sha256, device, called, facts FROM source WHERE id = ?",
                (source,),
            ).fetchone()
            streams = self._streams()
            series: dict[int, tuple[Stream, list[Any]]] = {}
            for number, stream, day, codec, block in db.execute(
                "SELECT series, stream_id, utc_day, codec, data"
                " FROM part JOIN block ON block.id = block_id WHERE source_id = ?"
                " ORDER BY part.position",
                (source,),
            ):
                t_s, value, period, after = blocks.samples(day, codec, block)
                period = np.zeros(t_s.size) if period is None else period
                after = np.empty(0) if after is None else after
                series.setdefault(number, (streams[stream], []))[1].append(
                    (t_s, value, period, after)
                )
        known = facts.read(data)
        found = [blocks.joined(*series[number]) for number in sorted(series)]
        packed = facts.packed(known, name, format_id, device)
        return Recording(
            source=Source(name=name, format=format_id, sha256=sha256, device=device, person=called),
            clock=packed.clock,
            **_by_kind(found),
            spans=packed.spans,
            day_values=packed.day_values,
            ratings=packed.ratings,
            rows_used=packed.summary.rows_used,
            refusals=packed.summary.refusals,
            notes=packed.notes,
        )

    def _load(self, block: int) -> Chunk:
        with self._reading() as db:
            row = db.execute(
                "SELECT utc_day, codec, data FROM block WHERE id = ?", (block,)
            ).fetchone()
            if row is None:
                raise StoreError("a day was forgotten while it was read", where=str(self.file))
            return blocks.chunk(*row)

    # ----------------------------------------------------------------------- what a person enters

    def set_spans(self, person: str, spans: Iterable[Span]) -> None:
        """Replace the tags that were entered on the page; those of files stay."""
        self._enter(person, "spans", facts.rows(list(spans)))

    def spans(self, person: str) -> tuple[Span, ...]:
        return facts.spans(self._entry(person, "spans") or [])

    def set_ratings(self, person: str, ratings: Iterable[Rating]) -> None:
        """Replace the ratings that were entered on the page; those of files stay."""
        self._enter(person, "ratings", facts.rows(list(ratings)))

    def ratings(self, person: str) -> tuple[Rating, ...]:
        return facts.nouns(Rating, self._entry(person, "ratings") or [])

    def set_answers(self, person: str, given: Mapping[str, Any]) -> None:
        """Replace a person's answers and choices: anything that JSON can hold.

        Those to the five questions, under `questions`, are told in every report.
        """
        self._enter(person, "answers", dict(given))

    def set_answer(self, person: str, name: str, value: Any) -> None:
        """Replace one of the answers and choices of somebody known; the others stay."""
        with self._writing() as db:
            text = json.dumps({**self.answers(person), name: value}, default=str)
            db.execute(
                "INSERT OR REPLACE INTO entry VALUES (?, 'answers', ?)",
                (self._person(person), text),
            )

    def answers(self, person: str) -> dict[str, Any]:
        return dict(self._entry(person, "answers") or {})

    def _enter(self, person: str, name: str, value: Any) -> None:
        text = json.dumps(value, default=str)
        with self._writing() as db:
            one = self._person(checked_code(person), make=True, now_s=time.time())
            db.execute("INSERT OR REPLACE INTO entry VALUES (?, ?, ?)", (one, name, text))

    def _entry(self, person: str, name: str) -> Any:
        with self._reading() as db:
            row = db.execute(
                "SELECT value FROM entry WHERE person_id = ? AND name = ?",
                (self._person(person), name),
            ).fetchone()
        return None if row is None else json.loads(row[0])

    def _own_entries(self, person: str) -> list[Packed]:
        spans, ratings = self.spans(person), self.ratings(person)
        if not spans and not ratings:
            return []
        entered = Recording(
            source=Source(name=_OWN, format="page"),
            spans=spans,
            ratings=ratings,
            rows_used=len(spans) + len(ratings),
        )
        return [timeline.pack(entered)]

    # ----------------------------------------------------------------------- analyses

    def save_analysis(
        self,
        person: str,
        settings_hash: str,
        record: str,
        *,
        standing: Mapping[str, Any] | None = None,
        pdf: bytes | None = None,
        now_s: float | None = None,
    ) -> int:
        """Keep a report.json; the same record is kept once. Gives its number.

        `standing` is what a list of people tells of it. Of each person only the newest `pdf` stays.
        """
        digest = hashlib.sha256(record.encode()).hexdigest()
        now = time.time() if now_s is None else now_s
        with self._writing() as db:
            one = self._person(checked_code(person), make=True, now_s=now)
            db.execute(
                "INSERT INTO analysis (person_id, settings, sha256, at_s, record)"
                " VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (person_id, settings, sha256) DO UPDATE SET at_s = excluded.at_s",
                (one, settings_hash, digest, now, zlib.compress(record.encode())),
            )
            row = db.execute(
                "SELECT id FROM analysis WHERE person_id = ? AND settings = ? AND sha256 = ?",
                (one, settings_hash, digest),
            ).fetchone()
            if standing is not None:
                self._show(one, int(row[0]), standing, pdf)
        return int(row[0])

    def _show(
        self, person: int, analysis: int, standing: Mapping[str, Any], pdf: bytes | None
    ) -> None:
        self._db.execute(
            "INSERT INTO shown VALUES (?, ?, ?) ON CONFLICT (analysis_id)"
            " DO UPDATE SET standing = excluded.standing, pdf = coalesce(excluded.pdf, pdf)",
            (analysis, json.dumps(dict(standing)), pdf),
        )
        if pdf is not None:
            self._db.execute(
                "UPDATE shown SET pdf = NULL WHERE analysis_id <> ? AND analysis_id IN"
                " (SELECT id FROM analysis WHERE person_id = ?)",
                (analysis, person),
            )

    def pdf(self, person: str) -> bytes | None:
        """The newest two pages kept of one person."""
        with self._reading() as db:
            row = db.execute(
                "SELECT pdf FROM shown JOIN analysis ON analysis.id = analysis_id"
                " WHERE person_id = ? AND pdf IS NOT NULL ORDER BY at_s DESC",
                (self._person(person),),
            ).fetchone()
        return None if row is None else bytes(row[0])

    def _standing(self, person: int) -> tuple[dict[str, Any], bool]:
        """Of the newest analysis, and whether a PDF of any is kept."""
        row = self._db.execute(
            "SELECT standing FROM analysis LEFT JOIN shown ON analysis.id = analysis_id"
            " WHERE person_id = ? ORDER BY at_s DESC, analysis.id DESC LIMIT 1",
            (person,),
        ).fetchone()
        papers = self._db.execute(
            "SELECT count(*) FROM shown JOIN analysis ON analysis.id = analysis_id"
            " WHERE person_id = ? AND pdf IS NOT NULL",
            (person,),
        ).fetchone()[0]
        return (json.loads(row[0]) if row and row[0] else {}), papers > 0

    def analyses(self, person: str, *, newest: int | None = None) -> tuple[SavedAnalysis, ...]:
        """Analyses kept of one person, the newest first."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT id, settings, at_s, record FROM analysis WHERE person_id = ?"
                " ORDER BY at_s DESC, id DESC LIMIT ?",
                (self._person(person), -1 if newest is None else newest),
            ).fetchall()
        return tuple(
            SavedAnalysis(
                id=number,
                person=person,
                settings_hash=settings,
                at_s=at_s,
                record=zlib.decompress(record).decode(),
            )
            for number, settings, at_s, record in rows
        )

    def reduced(self, person: str) -> ReducedDays:
        """What earlier analyses of the person computed; for `pipeline.analyse`."""
        with self._reading():
            one = self._person(person)

        def read_day(utc_day: int) -> tuple[str, bytes] | None:
            with self._reading() as db:
                row: tuple[str, bytes] | None = db.execute(
                    "SELECT made_of, data FROM reduced WHERE person_id = ? AND utc_day = ?",
                    (one, utc_day),
                ).fetchone()
                return row

        def write_days(rows: Iterable[Row]) -> None:
            with self._writing() as db:
                db.executemany(
                    "INSERT OR REPLACE INTO reduced (person_id, utc_day, made_of, data)"
                    " VALUES (?, ?, ?, ?)",
                    [(one, *row) for row in rows],
                )

        def read(name: str) -> tuple[str, bytes] | None:
            with self._reading() as db:
                row: tuple[str, bytes] | None = db.execute(
                    "SELECT made_of, data FROM derived WHERE person_id = ? AND name = ?",
                    (one, name),
                ).fetchone()
                return row

        def write(name: str, made_of: str, data: bytes) -> None:
            with self._writing() as db:
                db.execute(
                    "INSERT OR REPLACE INTO derived (person_id, name, made_of, data)"
                    " VALUES (?, ?, ?, ?)",
                    (one, name, made_of, data),
                )

        return ReducedDays(Shelf(read_day=read_day, write_days=write_days, read=read, write=write))

    # ----------------------------------------------------------------------- what is there

    def history(self, person: str | None = None) -> tuple[Upload, ...]:
        """Imports that brought something, the newest first; of one person or of all."""
        with self._reading() as db:
            wanted = None if person is None else self._person(person)
            rows = db.execute(
                "SELECT upload.id, code, name, upload.at_s, version, counts"
                " FROM upload JOIN person ON person.id = person_id"
                " WHERE ?1 IS NULL OR person_id = ?1 ORDER BY upload.at_s DESC, upload.id DESC",
                (wanted,),
            ).fetchall()
            found = []
            for number, code, name, at_s, version, said in rows:
                files = db.execute(
                    "SELECT count(*) FROM held WHERE upload_id = ?", (number,)
                ).fetchone()[0]
                days, first, last = db.execute(
                    "SELECT count(DISTINCT day), min(day), max(day) FROM covered"
                    " JOIN held USING (source_id) WHERE upload_id = ?",
                    (number,),
                ).fetchone()
                size = db.execute(_ALONE, {"upload": number}).fetchone()[0]
                counts = Counter(json.loads(said))
                found.append(
                    Upload(
                        id=number,
                        person=code,
                        name=name,
                        at_s=at_s,
                        version=version,
                        files=files,
                        files_new=counts["new"],
                        rows_added=counts["rows"],
                        days=days,
                        first_day=first,
                        last_day=last,
                        stored_bytes=size,
                    )
                )
        return tuple(found)

    def files(self, upload: int) -> tuple[InputSummary, ...]:
        """The files of an upload, as they were read."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT name, format, device, facts FROM source"
                " JOIN held ON source_id = source.id WHERE upload_id = ? ORDER BY held.position",
                (upload,),
            ).fetchall()
        return tuple(
            facts.packed(facts.read(data), name, format_id, device).summary
            for name, format_id, device, data in rows
        )

    def codes(self) -> tuple[str, ...]:
        """The code names of everyone in the store."""
        with self._reading() as db:
            return tuple(code for (code,) in db.execute("SELECT code FROM person ORDER BY code"))

    def people(self) -> tuple[PersonSummary, ...]:
        """Everyone in the store, by code."""
        with self._reading() as db:
            codes = db.execute("SELECT id, code FROM person ORDER BY code").fetchall()
            found = []
            for number, code in codes:
                uploads = db.execute(
                    "SELECT count(*) FROM upload WHERE person_id = ?", (number,)
                ).fetchone()[0]
                files = db.execute(
                    "SELECT count(*) FROM source WHERE person_id = ?", (number,)
                ).fetchone()[0]
                size = db.execute(
                    "SELECT (SELECT coalesce(sum(length(data)), 0) FROM block WHERE person_id = ?1)"
                    " + (SELECT coalesce(sum(length(facts)), 0) FROM source WHERE person_id = ?1)",
                    (number,),
                ).fetchone()[0]
                days = self._days(code)
                newest = self.analyses(code, newest=1)
                standing, pdf = self._standing(number)
                found.append(
                    PersonSummary(
                        code=code,
                        uploads=uploads,
                        files=files,
                        days=len(days),
                        first_day=min(days, default=None),
                        last_day=max(days, default=None),
                        streams=self._kinds(number),
                        stored_bytes=size,
                        record=newest[0].record if newest else None,
                        standing=standing,
                        pdf=pdf,
                    )
                )
        return tuple(found)

    def _kinds(self, person: int) -> tuple[str, ...]:
        kinds: set[str] = set()
        for (data,) in self._db.execute("SELECT facts FROM source WHERE person_id = ?", (person,)):
            kinds.update(facts.read(data)["streams"])
        return tuple(sorted(kinds))

    def check(self) -> Check:
        """Look at every page and every block; nothing is changed."""
        problems: list[str] = []
        with self._reading() as db:
            said = [row[0] for row in db.execute("PRAGMA integrity_check(20)")]
            problems += [] if said == ["ok"] else said
            broken = db.execute("PRAGMA foreign_key_check").fetchall()
            problems += [f"{len(broken)} rows point nowhere"] if broken else []
            people = db.execute("SELECT count(*) FROM person").fetchone()[0]
            count = 0
            for day, codec, sha256, data in db.execute(
                "SELECT utc_day, codec, sha256, data FROM block"
            ):
                count += 1
                if not blocks.sound(codec, sha256, data):
                    problems.append(f"the samples of UTC day {day} are damaged")
            number = schema.number(db)
        return Check(
            schema=number,
            people=people,
            blocks=count,
            file_bytes=self._size(),
            problems=tuple(problems),
        )

    def backup(self, path: Path) -> None:
        """A sound copy in one new file, made while the store may be in use."""
        if path.exists():
            raise StoreError("there is a file already", where=str(path), way_out="Name a new file")
        with self._reading() as db:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            db.execute("VACUUM INTO ?", (str(path),))

    # ----------------------------------------------------------------------- out of memory

    def forget(
        self,
        *,
        person: str | None = None,
        upload: int | None = None,
        before_day: int | None = None,
        everything: bool = False,
    ) -> Forgotten:
        """Delete for good: a person, an upload, what lies before a day, or everything.

        `before_day` (days since 1970-01-01) may be joined with `person`. A file that another
        upload holds too stays. Analyses and reduced days kept of those concerned go too.
        """
        wanted = (upload is not None) + (before_day is not None) + everything
        if wanted > 1 or (wanted == 0 and person is None) or (everything and person is not None):
            raise SettingsError(
                "what shall be forgotten?",
                way_out="Choose one of person, upload, before_day (also of one person), everything",
            )
        size, before = self._size(), self._counts()
        with self._writing() as db:
            if everything:
                db.execute("DELETE FROM person")
            elif upload is not None:
                self._forget_upload(upload, person)
            elif before_day is not None:
                codes = [person] if person else [code for (code,) in db.execute(
                    "SELECT code FROM person").fetchall()]  # fmt: skip
                for code in codes:
                    self._forget_before(self._person(code), before_day)
            else:
                db.execute("DELETE FROM person WHERE id = ?", (self._person(person or ""),))
            self._sweep()
            self._drop_empty_people()
            db.execute("DELETE FROM stream WHERE id NOT IN (SELECT stream_id FROM block)")
        complete = self._wipe()
        after = self._counts()
        gone = {name: before[name] - after[name] for name in before}
        return Forgotten(
            people=gone["person"],
            uploads=gone["upload"],
            files=gone["source"],
            blocks=gone["block"],
            bytes_before=size,
            bytes_after=self._size(),
            complete=complete,
        )

    def _forget_upload(self, upload: int, person: str | None) -> None:
        row = self._db.execute(
            "SELECT person_id, code FROM upload JOIN person ON person.id = person_id"
            " WHERE upload.id = ?",
            (upload,),
        ).fetchone()
        if row is None or (person is not None and row[1] != person):
            raise StoreError(f"no upload {upload}", way_out="'hrv history' lists them")
        self._db.execute("DELETE FROM upload WHERE id = ?", (upload,))
        self._forget_derived(int(row[0]))

    def _forget_derived(self, person: int) -> None:
        """What was made from the data would tell of them."""
        for table in ("analysis", "reduced", "derived"):
            self._db.execute(f"DELETE FROM {table} WHERE person_id = ?", (person,))

    def _forget_before(self, person: int, day: int) -> None:
        """Cut the past off each source; importing its file again brings it back."""
        self._forget_derived(person)
        rows = self._db.execute(
            "SELECT id, content FROM source WHERE person_id = ?", (person,)
        ).fetchall()
        for source, content in rows:
            whole = self._recording(source)
            later = _since(whole, day)
            if later is None:
                continue
            found = replace(_encode(later, Counter()), content=content, reading="")
            if found.days or later.spans or later.ratings:
                self._write(person, found, source, Counter())
            else:
                self._db.execute("DELETE FROM source WHERE id = ?", (source,))
        self._db.execute(
            "DELETE FROM upload WHERE person_id = ? AND id NOT IN (SELECT upload_id FROM held)",
            (person,),
        )
        code = self._db.execute("SELECT code FROM person WHERE id = ?", (person,)).fetchone()[0]
        for name, kept in (
            ("spans", [s for s in self.spans(code) if s.end_s >= day * DAY_S]),
            ("ratings", [r for r in self.ratings(code) if r.day >= day]),
        ):
            if self._entry(code, name):
                self._db.execute(
                    "UPDATE entry SET value = ? WHERE person_id = ? AND name = ?",
                    (json.dumps(facts.rows(kept), default=str), person, name),
                )

    def _sweep(self) -> None:
        """Sources that no upload holds, and blocks that no source holds."""
        self._db.execute("DELETE FROM source WHERE id NOT IN (SELECT source_id FROM held)")
        self._db.execute("DELETE FROM block WHERE id NOT IN (SELECT block_id FROM part)")

    def _drop_empty_people(self) -> None:
        self._db.execute(
            "DELETE FROM person WHERE id NOT IN (SELECT person_id FROM upload)"
            " AND id NOT IN (SELECT person_id FROM entry)"
            " AND id NOT IN (SELECT person_id FROM analysis)"
        )

    def _wipe(self) -> bool:
        """Write the file anew without the deleted pages, and empty the log; True if both worked."""
        with self._reading() as db:
            db.execute(f"PRAGMA busy_timeout = {_WIPE_WAIT_S * 1000:.0f}")
            try:
                db.execute("VACUUM")
                busy = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except sqlite3.OperationalError:
                return False
            finally:
                db.execute(f"PRAGMA busy_timeout = {_WAIT_S * 1000:.0f}")
        return not busy

    # ----------------------------------------------------------------------- the ground

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._db
        except (sqlite3.Error, zlib.error) as error:
            raise _ours(error, self.file) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._maybe_writing() as begin:
            begin()
            yield self._db

    @contextmanager
    def _maybe_writing(self) -> Iterator[Any]:
        """A transaction that begins when it is asked to; all or nothing."""

        def begin() -> None:
            if not self._db.in_transaction:
                self._db.execute("BEGIN IMMEDIATE")

        with self._reading():
            try:
                yield begin
                if self._db.in_transaction:
                    self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _person(self, code: str, *, make: bool = False, now_s: float = 0.0) -> int:
        row = self._db.execute("SELECT id FROM person WHERE code = ?", (code,)).fetchone()
        if row is not None:
            return int(row[0])
        if not make:
            known = [c for (c,) in self._db.execute("SELECT code FROM person ORDER BY code")]
            raise StoreError(
                f"nobody called {code!r} is in the store",
                way_out=f"There are: {', '.join(known[:20])}" if known else "It is empty",
            )
        made = self._db.execute("INSERT INTO person (code, at_s) VALUES (?, ?)", (code, now_s))
        return int(made.lastrowid or 0)

    def _days(self, code: str) -> set[int]:
        with self._reading() as db:
            rows = db.execute(
                "SELECT DISTINCT day FROM covered JOIN source ON source.id = source_id"
                " JOIN person ON person.id = person_id WHERE code = ?",
                (code,),
            )
            return {int(day) for (day,) in rows}

    def _counts(self) -> dict[str, int]:
        with self._reading() as db:
            return {
                table: int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
                for table in ("person", "upload", "source", "block")
            }

    def _size(self) -> int:
        """Bytes on disk, the log included."""
        log = self.file.with_name(self.file.name + "-wal")
        return sum(path.stat().st_size for path in (self.file, log) if path.exists())


_ALONE = """
SELECT (SELECT coalesce(sum(length(data)), 0) FROM block WHERE id IN (
    SELECT block_id FROM part JOIN held USING (source_id) WHERE upload_id = :upload
) AND id NOT IN (
    SELECT block_id FROM part JOIN held USING (source_id) WHERE upload_id <> :upload
)) + (SELECT coalesce(sum(length(facts)), 0) FROM source WHERE id IN (
    SELECT source_id FROM held WHERE upload_id = :upload
) AND id NOT IN (SELECT source_id FROM held WHERE upload_id <> :upload))
"""


@dataclass(frozen=True, slots=True)
class _Later:
    """Samples that are loaded when a timeline asks for their day."""

    store: Store
    block: int
    sha256: str

    def __call__(self) -> Chunk:
        return self.store._load(self.block)


def _once(parts: Iterable[Packed]) -> Iterator[Packed]:
    """A block that several files gave is read once; a time that stands twice counts once anyway."""
    seen: set[int] = set()
    for part in parts:
        fresh = [c for c in part.cuts if isinstance(c[2], _Later) and c[2].block not in seen]
        if part.whole is None:
            seen.update(c[2].block for c in fresh if isinstance(c[2], _Later))
            yield replace(part, cuts=tuple(fresh))
        else:
            yield part


def checked_code(person: str) -> str:
    """The code name of a person as the store takes it, or SettingsError."""
    code = person.strip()
    if not _CODE.fullmatch(code):
        raise SettingsError(
            f"{person!r} cannot be a code name",
            way_out="Take up to 64 letters, digits, spaces and . _ - @ +, a letter or digit first",
        )
    return code


def _ours(error: Exception, file: Path) -> StoreError:
    said = str(error)
    if "locked" in said or "busy" in said:
        way_out = "Another process is writing; try again when it has finished"
    elif "full" in said:
        way_out = "Make room on the disk"
    else:
        way_out = "'hrv doctor' looks at every part of it"
    return StoreError(said, where=str(file), way_out=way_out)


def _encode(recording: Recording, seen: Counter[str]) -> _Read:
    naive = timeline.is_naive(recording)
    packed = timeline.pack(recording)
    if naive:
        packed = replace(packed, steps=timeline.cut(recording)[1])
        found = tuple(blocks.exactly(recording))
    else:
        found = tuple(blocks.packed(recording, packed.cuts))
    said = facts.written(facts.facts(packed, recording))
    source = recording.source
    reading = hashlib.sha256(said)
    reading.update(json.dumps([source.format, source.device, source.person]).encode())
    for block in found:
        key = f"{block.series} {block.utc_day} {block.stream} {block.sha256}"
        reading.update(key.encode())
    digest = reading.hexdigest()
    content = source.sha256 or f"as read: {digest} {source.name}"
    seen[content] += 1
    days = {block.utc_day for block in found} | {value.day for value in recording.day_values}
    return _Read(
        content=content if seen[content] == 1 else f"{content} {seen[content]}",
        reading=digest,
        source=source,
        facts=said,
        blocks=found,
        days=frozenset(days),
        rows=recording.rows_used,
    )


_FIELD = {"rr": "rr", "heart_rate": "heart_rate", "motion": "motion", "stress": "stress",
          "rmssd": "rmssd"}  # fmt: skip


def _by_kind(found: Iterable[Series]) -> dict[str, Any]:
    """Series as the fields of a recording."""
    out: dict[str, list[Series]] = {name: [] for name in _FIELD.values()}
    for series in found:
        out[_FIELD[timeline.stream_of(series).kind]].append(series)
    return {name: tuple(of) for name, of in out.items()}


def _since(recording: Recording, day: int) -> Recording | None:
    """What lies on or after a day; None if all of it does."""
    from_s = day * DAY_S
    later = [_part_since(series, from_s) for series in recording.series()]
    found = replace(
        recording,
        **_by_kind(series for series in later if series.t_s.size),
        spans=tuple(span for span in recording.spans if span.end_s >= from_s),
        day_values=tuple(value for value in recording.day_values if value.day >= day),
        ratings=tuple(rating for rating in recording.ratings if rating.day >= day),
    )
    same = all(
        len(getattr(found, name)) == len(getattr(recording, name))
        for name in (*_FIELD.values(), "spans", "day_values", "ratings")
    ) and all(a.t_s.size == b.t_s.size for a, b in zip(recording.series(), later, strict=True))
    return None if same else found


def _part_since(series: Series, from_s: float) -> Series:
    keep = series.t_s >= from_s
    names = ("t_s", "rr_ms", "hr_bpm", "value", "period_s", "score", "rmssd_ms")
    changed = {name: getattr(series, name)[keep] for name in names if hasattr(series, name)}
    if hasattr(series, "recovering_s"):
        changed["recovering_s"] = series.recovering_s[series.recovering_s >= from_s]
    return replace(series, **changed)
