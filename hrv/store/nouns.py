"""What the store answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import changed. Days are UTC days with samples and days with a daily figure."""

    upload: int | None  # None: everything was known already
    person: str
    files_new: int
    files_known: int
    files_changed: int  # known files that were read differently this time
    blocks_added: int
    blocks_known: int
    rows_added: int
    days_before: int
    days_after: int
    days_given: int  # days that the files cover

    @property
    def days_added(self) -> int:
        return self.days_after - self.days_before


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One import that brought something, and what is still kept of it."""

    id: int
    person: str
    name: str
    at_s: float
    version: str
    files: int
    files_new: int
    rows_added: int
    days: int
    first_day: int | None
    last_day: int | None
    stored_bytes: int  # of files and blocks that no other upload holds


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSummary:
    """One person of the store.

    `record` is the newest analysis kept, as JSON text; `standing` what a list of people tells of
    it; `pdf` says whether its two pages are kept.
    """

    code: str
    uploads: int
    files: int
    days: int
    first_day: int | None
    last_day: int | None
    streams: tuple[str, ...]
    stored_bytes: int
    record: str | None = None
    standing: Mapping[str, Any] = field(default_factory=dict)
    pdf: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was deleted. `complete` is False while another process keeps old pages open."""

    people: int
    uploads: int
    files: int
    blocks: int
    bytes_before: int
    bytes_after: int
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedAnalysis:
    """A report.json as it was; newest first in lists."""

    id: int
    person: str
    settings_hash: str
    at_s: float
    record: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Whether the store is sound; each problem is a sentence."""

    schema: int
    people: int
    blocks: int
    file_bytes: int
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.problems
