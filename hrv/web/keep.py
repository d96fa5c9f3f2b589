"""What was uploaded, in a private folder: `uploads/ID/`, whole or not there at all.

incoming/           files still arriving; emptied at the start
trash/              on the way out; emptied at the start
uploads/ID/
    upload.json     what came, as it came
    request.json    time zone, language, period, change date
    added.json      tags, ratings and answers written on the page
    files/N         the bytes; their names stand in upload.json only
    store/          what was read from them, unless a person's history keeps it
    runs/N/         one finished analysis: outcome.json and the report
    runs/N.part/    one that is under way; runs/N/figures.part/ likewise
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

ID = re.compile(r"^[0-9a-f]{32}$")
EMPTY: Mapping[str, Any] = {"tags": [], "ratings": [], "questions": [], "asked": []}
IN_REPORTS = ("tags", "ratings", "questions")
FIGURES = "figures.zip"  # drawn when it is asked for, from
ANALYSIS = "analysis.pickle"  # which only a worker writes and reads


def write_json(path: Path, value: Any) -> None:
    """Whole or not at all, also when the power goes."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with part.open("w", encoding="utf-8") as stream:
        json.dump(value, stream, ensure_ascii=False)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)


def read_json(path: Path) -> Any:
    """The value, or None where there is none that can be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class Run:
    """One finished analysis."""

    number: int
    folder: Path

    def read(self, name: str) -> Any:
        return read_json(self.folder / name)

    @property
    def done(self) -> bool:
        outcome = self.read("outcome.json")
        return isinstance(outcome, dict) and outcome.get("state") == "done"

    @property
    def at_s(self) -> float:
        return (self.folder / "outcome.json").stat().st_mtime


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload and all that came of it."""

    id: str
    folder: Path

    @property
    def facts(self) -> dict[str, Any]:
        return read_json(self.folder / "upload.json") or {}

    @property
    def person(self) -> str:
        """Whose page this is, where it stands for a person of the store; else empty."""
        return str(self.facts.get("person", ""))

    @property
    def promised(self) -> bool:
        """Accepted for the store, and not in it yet."""
        return bool(self.request.get("keep_person")) and (self.folder / "files").is_dir()

    @property
    def request(self) -> dict[str, Any]:
        return read_json(self.folder / "request.json") or {}

    @property
    def added(self) -> dict[str, Any]:
        found = read_json(self.folder / "added.json") or {}
        return {name: found.get(name, []) for name in EMPTY}

    def entries(self) -> set[str]:
        """Ids of the tags and ratings that a report should know."""
        added = self.added
        return {row["id"] for kind in IN_REPORTS for row in added[kind]}

    def runs(self) -> list[Run]:
        """Finished ones, the newest first."""
        found = [
            Run(int(path.name), path)
            for path in (self.folder / "runs").glob("*")
            if path.name.isdecimal() and path.is_dir()
        ]
        return sorted(found, key=lambda run: -run.number)

    def run(self, number: int) -> Run | None:
        return next((run for run in self.runs() if run.number == number), None)

    def under_way(self) -> Path | None:
        return next((self.folder / "runs").glob("*.part"), None)


class Room:
    """The private folder of one page; two pages never share one."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self._lock = Lock()
        for name in ("", "incoming", "trash", "uploads"):
            folder = base / name
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
        self.clean()

    def clean(self) -> None:
        """Forget what a stopped page left half-done."""
        for folder in (self.base / "incoming", self.base / "trash"):
            for left in folder.iterdir():
                _remove(left)
        for parts in ("*/runs/*.part", "*/runs/*/*.part"):
            for part in (self.base / "uploads").glob(parts):
                _remove(part)

    def empty(self) -> list[Upload]:
        """Forget everything but what was accepted for the store and is not in it; gives those."""
        promised = []
        for path in (self.base / "uploads").iterdir():
            upload = self.upload(path.name)
            if upload is not None and upload.promised:
                promised.append(upload)
            else:
                self._discard(path)
        self.clean()
        return promised

    def free_bytes(self) -> int:
        return shutil.disk_usage(self.base).free

    def arrive(self) -> Path:
        """A new folder for the files of one request."""
        folder = self.base / "incoming" / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        return folder

    def keep(
        self, arrived: Path, files: Sequence[Mapping[str, Any]], request: Mapping[str, Any]
    ) -> Upload:
        """Files that have arrived (as `arrived/files/N`) become an upload in one step."""
        number = secrets.token_hex(16)
        (arrived / "runs").mkdir(mode=0o700)
        write_json(
            arrived / "upload.json", {"id": number, "at_s": time.time(), "files": list(files)}
        )
        write_json(arrived / "request.json", dict(request))
        target = self.base / "uploads" / number
        arrived.rename(target)
        return Upload(number, target)

    def person(
        self, number: str, code: str, added: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> Upload:
        """The page of a person of the store."""
        with self._lock:
            target = self.base / "uploads" / number
            if not target.is_dir():
                made = self.arrive()
                (made / "runs").mkdir(mode=0o700)
                facts = {"id": number, "at_s": time.time(), "files": [], "person": code}
                write_json(made / "upload.json", facts)
                write_json(made / "request.json", {**settings, "keep_person": code})
                write_json(made / "added.json", {**{name: [] for name in EMPTY}, **added})
                made.rename(target)
            return Upload(number, target)

    def upload(self, number: str) -> Upload | None:
        folder = self.base / "uploads" / number
        return Upload(number, folder) if ID.match(number) and folder.is_dir() else None

    def uploads(self) -> list[Upload]:
        """The newest first."""
        found = [
            Upload(path.name, path)
            for path in (self.base / "uploads").iterdir()
            if ID.match(path.name)
        ]
        return sorted(found, key=lambda upload: -float(upload.facts.get("at_s", 0.0)))

    def ask(self, upload: Upload, request: Mapping[str, Any]) -> None:
        write_json(upload.folder / "request.json", dict(request))

    def add(self, upload: Upload, kind: str, row: Mapping[str, Any]) -> str:
        """Keep a tag or a rating; gives its id."""
        with self._lock:
            added = upload.added
            number = secrets.token_hex(8)
            added[kind].append({"id": number, **row})
            write_json(upload.folder / "added.json", added)
        return number

    def change(self, upload: Upload, kind: str, old: str, row: Mapping[str, Any]) -> bool:
        """Put an entry in the place of an earlier one; False if that is not there."""
        with self._lock:
            added = upload.added
            places = [i for i, one in enumerate(added[kind]) if one["id"] == old]
            if not places:
                return False
            added[kind][places[0]] = {"id": secrets.token_hex(8), **row}
            write_json(upload.folder / "added.json", added)
        return True

    def answer(self, upload: Upload, answers: Mapping[str, Any]) -> None:
        """The five questions have one answer each: earlier ones go."""
        with self._lock:
            added = upload.added
            added["questions"] = [{"id": secrets.token_hex(8), **answers}] if answers else []
            write_json(upload.folder / "added.json", added)

    def drop(self, upload: Upload, number: str) -> None:
        with self._lock:
            added = upload.added
            for kind in EMPTY:
                added[kind] = [row for row in added[kind] if row["id"] != number]
            write_json(upload.folder / "added.json", added)

    def delete(self, number: str) -> None:
        """Gone in one step for everybody who looks, then from the disk."""
        upload = self.upload(number)
        if upload is not None:
            self._discard(upload.folder)

    def _discard(self, folder: Path) -> None:
        away = self.base / "trash" / secrets.token_hex(16)
        folder.rename(away)
        _remove(away)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
